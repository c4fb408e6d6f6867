//! Patients, consultations, invitations, images, opinions, reports.

use consilium_domain::{Clear, ConsultationState, DataCategory, InvitationState, Sex};
use consilium_storage::{
    Instance, Invitation, Opinion, Report, Series, SourcePatientLink, StoreError, StoredFile,
};

use crate::world::{NOW, World, account, consultation, id, institution, patient};

fn invitation(n: u128, institution: u128) -> Invitation {
    Invitation {
        id: id(n),
        consultation: id(31),
        institution: id(institution),
        state: InvitationState::Delivered,
        sent_at: NOW,
        due_at: NOW.plus_ms(1_000),
        answered_at: None,
        answered_by: None,
        can_provide: vec![],
        reason: None,
        delivered_at: Some(NOW),
        answer_sent_at: None,
        experts: vec![],
        data_from: None,
    }
}

pub(crate) async fn patients_round_trip(world: World) {
    world.people().await;
    let reader = world.store.reader();
    assert_eq!(reader.patient(id(21)).await.unwrap().unwrap(), patient(21));
    assert_eq!(reader.patient(id(22)).await.unwrap(), None);
    let mut changed = patient(21);
    let mut identity = changed.identity.expose().clone();
    identity.phone = "13900000000".to_owned();
    identity.birth_date = None;
    changed.identity = Clear::new(identity);
    changed.sex = Sex::Unknown;
    let mut tx = world.store.begin().await.unwrap();
    tx.update_patient(&changed).await.unwrap();
    assert!(matches!(
        tx.update_patient(&patient(22)).await,
        Err(StoreError::NotFound)
    ));
    tx.commit_technical().await.unwrap();
    assert_eq!(reader.patient(id(21)).await.unwrap().unwrap(), changed);
    let shown = format!("{changed:?}");
    assert!(!shown.contains(crate::world::NAME), "{shown}");
}

pub(crate) async fn consultations_round_trip(world: World) {
    world.people().await;
    let reader = world.store.reader();
    assert_eq!(
        reader.consultation(id(31)).await.unwrap().unwrap(),
        consultation(31)
    );
    let mut changed = consultation(31);
    changed.state = ConsultationState::InSession;
    changed.consent = None;
    changed.started_at = Some(NOW);
    changed.due_at = None;
    let mut tx = world.store.begin().await.unwrap();
    tx.update_consultation(&changed, 1).await.unwrap();
    tx.commit_technical().await.unwrap();
    changed.version = 2;
    assert_eq!(reader.consultation(id(31)).await.unwrap().unwrap(), changed);
    let found = reader
        .consultations_in(&[ConsultationState::InSession, ConsultationState::Ready])
        .await
        .unwrap();
    assert_eq!(found, [changed]);
    let none = reader
        .consultations_in(&[ConsultationState::Ready])
        .await
        .unwrap();
    assert_eq!(none, []);
    assert_eq!(reader.consultations_in(&[]).await.unwrap(), []);
}

pub(crate) async fn consultations_are_listed_by_page(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    // Several share a time, so that the id decides.
    for n in 32..=37 {
        let mut consultation = consultation(n);
        consultation.updated_at = NOW.plus_ms(i64::try_from(n / 4).unwrap());
        tx.insert_consultation(&consultation).await.unwrap();
    }
    for (n, of, to, state) in [
        (41, 33, 2, InvitationState::Delivered),
        (42, 34, 2, InvitationState::Declined),
        (43, 35, 2, InvitationState::Revoked),
    ] {
        let invitation = Invitation {
            consultation: id(of),
            state,
            ..invitation(n, to)
        };
        tx.insert_invitation(&invitation).await.unwrap();
    }
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let page = reader.consultations_for(id(1), cursor, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some((last.updated_at, last.id));
        seen.extend(page.iter().map(|c| c.id));
    }
    assert_eq!(seen, [37, 36, 35, 34, 33, 32, 31].map(id));
    let invited = reader.consultations_for(id(2), None, 10).await.unwrap();
    assert_eq!(invited.iter().map(|c| c.id).collect::<Vec<_>>(), [34, 33].map(id));
    assert_eq!(reader.consultations_for(id(3), None, 10).await.unwrap(), []);
}

pub(crate) async fn a_stale_version_conflicts(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    tx.update_consultation(&consultation(31), 1).await.unwrap();
    tx.commit_technical().await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    let stale = tx.update_consultation(&consultation(31), 1).await;
    assert!(matches!(stale, Err(StoreError::Conflict(_))));
    let missing = tx.update_consultation(&consultation(99), 1).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));
    tx.update_consultation(&consultation(31), 2).await.unwrap();
}

pub(crate) async fn invitations_round_trip(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_invitation(&invitation(41, 2)).await.unwrap();
    tx.insert_invitation(&invitation(42, 3)).await.unwrap();
    let mut answered = invitation(42, 3);
    answered.state = InvitationState::Accepted;
    answered.answered_at = Some(NOW.plus_ms(1));
    answered.answered_by = Some(id(13));
    answered.can_provide = vec![DataCategory::Imaging];
    answered.reason = Some("设备检修".to_owned());
    answered.experts = vec![id(13)];
    answered.data_from = Some(NOW);
    answered.answer_sent_at = Some(NOW.plus_ms(2));
    tx.update_invitation(&answered).await.unwrap();
    let missing = tx.update_invitation(&invitation(49, 3)).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));
    tx.commit_technical().await.unwrap();

    let reader = world.store.reader();
    let expected = [invitation(41, 2), answered.clone()];
    assert_eq!(reader.invitations(id(31)).await.unwrap(), expected);
    let many = reader.invitations_of_many(&[id(30), id(31)]).await.unwrap();
    assert_eq!(many, expected);
    assert_eq!(reader.invitations_of_many(&[]).await.unwrap(), []);

    assert_eq!(reader.invitation(id(42)).await.unwrap().unwrap(), answered);
    let from = consultation(31).scheduled_at;
    let held = reader.engagements(id(3), from, from).await.unwrap();
    assert_eq!(
        held,
        [(answered, reader.consultation(id(31)).await.unwrap().unwrap())]
    );
    assert_eq!(reader.engagements(id(2), from, from).await.unwrap(), []);
    assert_eq!(
        reader
            .engagements(id(3), from.plus_ms(1), from.plus_ms(2))
            .await
            .unwrap(),
        []
    );
}

fn file(n: u128) -> StoredFile {
    StoredFile {
        id: id(n),
        purpose: "dicom".to_owned(),
        bytes: 1 << 40,
        sha256: [7; 32],
        path: format!("00/{n}"),
        created_at: NOW,
    }
}

pub(crate) async fn images_round_trip(world: World) {
    world.people().await;
    let series = Series {
        id: id(51),
        consultation: id(31),
        institution: id(1),
        series_key: vec![1; 16],
        meta: serde_json::json!({ "modality": "CT" }),
        received_at: NOW,
    };
    let instance = |n: u128, position: i32| Instance {
        id: id(n),
        series: id(51),
        sop_key: vec![u8::try_from(n).unwrap(); 16],
        position,
        meta: serde_json::json!({ "rows": 512 }),
        original: id(61),
        frames: id(62),
        sha256: [8; 32],
    };
    let link = |hash: u8| SourcePatientLink {
        consultation: id(31),
        institution: id(1),
        source_hash: vec![hash; 32],
    };
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_file(&file(61)).await.unwrap();
    tx.insert_file(&file(62)).await.unwrap();
    tx.insert_series(&series).await.unwrap();
    tx.insert_instance(&instance(71, 2)).await.unwrap();
    tx.insert_instance(&instance(72, 1)).await.unwrap();
    tx.link_source_patient(&link(1)).await.unwrap();
    tx.link_source_patient(&link(1)).await.unwrap();
    let other = tx.link_source_patient(&link(2)).await;
    assert!(matches!(other, Err(StoreError::Conflict(_))));
    tx.commit_technical().await.unwrap();

    let reader = world.store.reader();
    assert_eq!(reader.file(id(61)).await.unwrap().unwrap(), file(61));
    assert_eq!(reader.files().await.unwrap(), [file(61), file(62)]);
    assert_eq!(
        reader.source_patient(id(31), id(1)).await.unwrap(),
        Some(vec![1; 32])
    );
    assert_eq!(reader.source_patient(id(31), id(2)).await.unwrap(), None);
    assert_eq!(reader.series(id(51)).await.unwrap().unwrap(), series);
    let by_key = reader.series_by_key(id(31), &[1; 16]).await.unwrap();
    assert_eq!(by_key.unwrap(), series);
    assert_eq!(reader.series_by_key(id(31), &[2; 16]).await.unwrap(), None);
    assert_eq!(reader.series_of(id(31)).await.unwrap(), [series]);
    let ordered = [instance(72, 1), instance(71, 2)];
    assert_eq!(reader.instances_of(id(51)).await.unwrap(), ordered);
    assert_eq!(reader.instances_of_consultation(id(31)).await.unwrap(), ordered);
    assert_eq!(reader.count_instances(id(31)).await.unwrap(), 2);
    assert_eq!(reader.count_instances(id(32)).await.unwrap(), 0);
    assert_eq!(reader.instance(id(71)).await.unwrap().unwrap(), instance(71, 2));
    let by_key = reader.instance_by_key(id(51), &[72; 16]).await.unwrap();
    assert_eq!(by_key.unwrap(), instance(72, 1));
}

fn opinion(n: u128, version: i32) -> Opinion {
    Opinion {
        id: id(n),
        consultation: id(31),
        author: id(12),
        institution: id(2),
        version,
        text: Clear::new("考虑脑膜瘤".to_owned()),
        dissent: true,
        cites: vec!["a-1".to_owned(), "a-2".to_owned()],
        submitted_at: NOW,
        content_hash: [3; 32],
        signature: vec![4; 64],
        key_id: "k1".to_owned(),
        reopened_at: None,
    }
}

fn report(n: u128, version: i32) -> Report {
    Report {
        id: id(n),
        consultation: id(31),
        version,
        content: serde_json::json!({ "conclusion": "脑膜瘤" }),
        signed_by: id(11),
        signed_at: NOW,
        content_hash: [5; 32],
        signature: vec![6; 64],
        key_id: "k1".to_owned(),
    }
}

pub(crate) async fn opinions_and_reports_round_trip(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_opinion(&opinion(81, 1)).await.unwrap();
    tx.insert_opinion(&opinion(82, 2)).await.unwrap();
    tx.insert_report(&report(91, 1)).await.unwrap();
    tx.insert_report(&report(92, 2)).await.unwrap();
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    assert_eq!(
        reader.opinions(id(31)).await.unwrap(),
        [opinion(81, 1), opinion(82, 2)]
    );
    assert_eq!(
        reader.reports(id(31)).await.unwrap(),
        [report(92, 2), report(91, 1)]
    );
}

/// Expects the second of two calls to conflict, in a transaction of its own.
macro_rules! taken {
    ($world:ident, $($insert:ident($value:expr)),+ $(,)?) => {$(
        let mut tx = $world.store.begin().await.unwrap();
        let refused = tx.$insert($value).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{}: {refused:?}", stringify!($insert));
        drop(tx);
    )+};
}

pub(crate) async fn taken_values_conflict(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_invitation(&invitation(41, 2)).await.unwrap();
    tx.insert_opinion(&opinion(81, 1)).await.unwrap();
    tx.insert_report(&report(91, 1)).await.unwrap();
    tx.insert_file(&file(61)).await.unwrap();
    tx.commit_technical().await.unwrap();

    let mut code = institution(4);
    code.code = "H001".to_owned();
    let mut username = account(14, 1);
    username.username = "expert.11".to_owned();
    let mut number = consultation(39);
    number.number = consultation(31).number;
    let mut stranger = patient(29);
    stranger.institution = id(99);
    let mut path = file(69);
    path.path = file(61).path;
    taken!(
        world,
        insert_institution(&code),
        insert_institution(&institution(1)),
        insert_account(&username),
        insert_consultation(&number),
        insert_invitation(&invitation(42, 2)),
        insert_opinion(&opinion(82, 1)),
        insert_report(&report(92, 1)),
        insert_file(&path),
        insert_patient(&stranger),
    );
}
