//! Clear text reaches no table, and ciphertext opens only in its place.

use consilium_domain::{Clear, InvitationState};
use consilium_storage::{
    Invitation, LogEntry, Opinion, Question, Report, RoomKey, Series, Snapshot, StoreError,
};

use crate::world::{COMPLAINT, ID_NUMBER, NAME, NOW, World, event, id, patient};

fn shared() -> RoomKey {
    RoomKey::shared(id(31))
}

/// Puts a planted value into every sealed column there is.
async fn plant(world: &World) {
    world.people().await;
    let planted = || serde_json::json!({ "planted": NAME, "number": ID_NUMBER });
    let mut tx = world.store.begin().await.unwrap();
    tx.update_patient(&patient(21)).await.unwrap();
    tx.insert_invitation(&Invitation {
        id: id(41),
        consultation: id(31),
        institution: id(2),
        state: InvitationState::Declined,
        sent_at: NOW,
        due_at: NOW,
        answered_at: None,
        answered_by: None,
        can_provide: vec![],
        reason: Some(format!("{NAME} {COMPLAINT}")),
        delivered_at: None,
        answer_sent_at: None,
        experts: vec![],
        data_from: None,
    })
    .await
    .unwrap();
    tx.insert_series(&Series {
        id: id(51),
        consultation: id(31),
        institution: id(1),
        series_key: vec![1; 16],
        meta: planted(),
        received_at: NOW,
    })
    .await
    .unwrap();
    tx.insert_opinion(&Opinion {
        id: id(81),
        consultation: id(31),
        author: id(12),
        institution: id(2),
        version: 1,
        text: Clear::new(format!("{NAME} {ID_NUMBER}")),
        dissent: false,
        cites: vec![],
        submitted_at: NOW,
        content_hash: [3; 32],
        signature: vec![],
        key_id: "k1".to_owned(),
        reopened_at: None,
    })
    .await
    .unwrap();
    tx.insert_question(&Question {
        answer: Some(planted()),
        ..crate::session::question(101, NAME)
    })
    .await
    .unwrap();
    let (file, attachment) = crate::session::attachment(111, &format!("{NAME}.pdf"));
    tx.insert_file(&file).await.unwrap();
    tx.insert_attachment(&attachment).await.unwrap();
    tx.insert_report(&Report {
        id: id(91),
        consultation: id(31),
        version: 1,
        content: planted(),
        signed_by: id(11),
        signed_at: NOW,
        content_hash: [5; 32],
        signature: vec![],
        key_id: "k1".to_owned(),
    })
    .await
    .unwrap();
    tx.create_room(shared(), 1).await.unwrap();
    let entry = |seq: u8| LogEntry {
        key: shared(),
        epoch: 1,
        seq: seq.into(),
        author: id(11),
        client_id: 1,
        at: NOW,
        update: format!("{NAME} {COMPLAINT}").into_bytes(),
        prev_hash: [seq - 1; 32],
        hash: [seq; 32],
    };
    tx.append_log(&[entry(1), entry(2)]).await.unwrap();
    tx.put_snapshot(&Snapshot {
        key: shared(),
        epoch: 1,
        seq: 2,
        state: NAME.as_bytes().to_vec(),
    })
    .await
    .unwrap();
    tx.audit(event("demo.plant", "demo/2")).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn no_planted_value_is_in_the_files(world: World) {
    plant(&world).await;
    if !world.sqlite {
        // The same columns, as the server gives them out.
        let columns = [
            ("patients", "identity"),
            ("consultations", "clinical"),
            ("consultations", "consent"),
            ("invitations", "reason"),
            ("series", "meta"),
            ("opinions", "text"),
            ("reports", "content"),
            ("questions", "content"),
            ("questions", "answer"),
            ("attachments", "name"),
            ("room_log", "update"),
            ("room_snapshots", "state"),
            ("accounts", "totp_secret"),
        ];
        for (table, column) in columns {
            let rows = world
                .query(&format!("SELECT \"{column}\" AS v FROM {table}"), vec![])
                .await;
            assert!(!rows.is_empty());
            for row in rows {
                let stored: Vec<u8> = row.try_get("", "v").unwrap();
                assert!(clear_of_plants(&stored), "{table}.{column}");
            }
        }
        return;
    }
    let name = |suffix: &str| world.folder.path().join(format!("consilium.db{suffix}"));
    let mut read = 0;
    let mut control = 0;
    for suffix in ["", "-wal", "-shm"] {
        let bytes = std::fs::read(name(suffix)).unwrap();
        assert!(clear_of_plants(&bytes), "consilium.db{suffix}");
        read += bytes.len();
        // What is not sealed is found, so the search works.
        control += usize::from(contains(&bytes, patient(21).platform_id.as_bytes()));
    }
    assert!(read > 100_000 && control > 0, "{read} bytes, {control} files");
    let main = name("");
    let World { store, folder, .. } = world;
    store.close().await.unwrap();
    let bytes = std::fs::read(main).unwrap();
    assert!(clear_of_plants(&bytes) && contains(&bytes, patient(21).platform_id.as_bytes()));
    drop(folder);
}

fn clear_of_plants(bytes: &[u8]) -> bool {
    let plants = [
        NAME,
        ID_NUMBER,
        COMPLAINT,
        "植入地址",
        "13812341234",
        "MRN-0021",
        "twenty bytes secret",
    ];
    plants.iter().all(|plant| !contains(bytes, plant.as_bytes()))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

pub(crate) async fn a_moved_ciphertext_does_not_open(world: World) {
    plant(&world).await;
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_patient(&patient(22)).await.unwrap();
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    assert!(reader.patient(id(22)).await.unwrap().is_some());
    let (from, to) = (uuid::Uuid::from_u128(21), uuid::Uuid::from_u128(22));
    let moved = world
        .execute(
            "UPDATE patients SET identity = (SELECT identity FROM patients WHERE id = ?) WHERE id = ?",
            vec![from.into(), to.into()],
        )
        .await;
    assert_eq!(moved, 1);
    assert!(matches!(reader.patient(id(22)).await, Err(StoreError::Vault(_))));
    assert!(reader.patient(id(21)).await.unwrap().is_some());

    // Between columns of one row, and between places of one log.
    world
        .execute("UPDATE consultations SET consent = clinical", vec![])
        .await;
    let consultation = reader.consultation(id(31)).await;
    assert!(matches!(consultation, Err(StoreError::Vault(_))));
    let sql =
        "UPDATE room_log SET \"update\" = (SELECT \"update\" FROM room_log WHERE seq = 1) WHERE seq = 2";
    assert_eq!(world.execute(sql, vec![]).await, 1);
    assert!(reader.log_after(shared(), 1, 0, 1).await.is_ok());
    let log = reader.log_after(shared(), 1, 0, 2).await;
    assert!(matches!(log, Err(StoreError::Vault(_))));
}
