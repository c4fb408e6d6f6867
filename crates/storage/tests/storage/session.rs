//! Questions, documents, opinions taken up again, and clocks that stand still in a pause.

use consilium_domain::{Clear, ClockKind, QuestionState, Timestamp, Urgency};
use consilium_storage::{
    Attachment, BoardFilter, Consultation, Deadline, DeadlineState, Opinion, Question, StoreError, StoredFile,
};
use uuid::Uuid;

use crate::world::{NOW, World, consultation, event, id};

const MINUTE: i64 = 60_000;

pub(crate) fn question(n: u128, text: &str) -> Question {
    Question {
        id: id(n),
        consultation: id(31),
        asked_by: id(11),
        asking: id(1),
        asked: id(2),
        state: QuestionState::Open,
        asked_state: None,
        content: serde_json::json!({ "text": text }),
        answer: None,
        answered_by: None,
        asked_at: NOW,
        within_ms: 30 * MINUTE,
        delivered_at: None,
        answered_at: None,
        version: 1,
    }
}

pub(crate) async fn questions_round_trip(world: World) {
    world.people().await;
    let asked = question(101, "是否做过增强扫描");
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_question(&asked).await.unwrap();
    tx.insert_question(&Question {
        asked_at: NOW.plus_ms(-1),
        ..question(102, "先问的")
    })
    .await
    .unwrap();
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    assert_eq!(reader.question(id(101)).await.unwrap().unwrap(), asked);
    let all = reader.questions(id(31)).await.unwrap();
    assert_eq!(all.iter().map(|of| of.id).collect::<Vec<_>>(), [id(102), id(101)]);

    let answered = Question {
        state: QuestionState::Answered,
        asked_state: Some(QuestionState::Answered),
        answer: Some(serde_json::json!({ "text": "未做过" })),
        answered_by: Some(id(12)),
        delivered_at: Some(NOW),
        answered_at: Some(NOW.plus_ms(1)),
        ..asked.clone()
    };
    let mut tx = world.store.begin().await.unwrap();
    tx.update_question(&answered).await.unwrap();
    let stale = tx.update_question(&answered).await;
    assert!(matches!(stale, Err(StoreError::Conflict(_))), "{stale:?}");
    tx.commit_technical().await.unwrap();
    let read = world.store.reader().question(id(101)).await.unwrap().unwrap();
    assert_eq!(
        read,
        Question {
            version: 2,
            ..answered
        }
    );
    assert!(!format!("{read:?}").contains("未做过"), "not in logs");
}

pub(crate) fn attachment(n: u128, name: &str) -> (StoredFile, Attachment) {
    let file = StoredFile {
        id: id(n + 1000),
        purpose: "attachment".to_owned(),
        bytes: 12,
        sha256: [7; 32],
        path: format!("aa/{n}"),
        created_at: NOW,
    };
    let attachment = Attachment {
        id: id(n),
        consultation: id(31),
        institution: id(2),
        added_by: id(12),
        file: file.id,
        name: name.to_owned(),
        media: "application/pdf".to_owned(),
        bytes: 12,
        sha256: [7; 32],
        added_at: NOW,
    };
    (file, attachment)
}

pub(crate) async fn documents_and_revisions_round_trip(world: World) {
    world.people().await;
    let (file, added) = attachment(111, "出院小结.pdf");
    let signed = Opinion {
        id: id(81),
        consultation: id(31),
        author: id(12),
        institution: id(2),
        version: 1,
        text: Clear::new("考虑脑膜瘤".to_owned()),
        dissent: false,
        cites: vec![],
        submitted_at: NOW,
        content_hash: [3; 32],
        signature: vec![4; 64],
        key_id: "k1".to_owned(),
        reopened_at: None,
    };
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_file(&file).await.unwrap();
    tx.insert_attachment(&added).await.unwrap();
    tx.insert_opinion(&signed).await.unwrap();
    tx.reopen_opinion(signed.id, NOW.plus_ms(5)).await.unwrap();
    tx.audit(event("attachment.add", "attachment/111")).await.unwrap();
    tx.commit().await.unwrap();
    let reader = world.store.reader();
    assert_eq!(reader.attachment(added.id).await.unwrap().unwrap(), added);
    assert_eq!(reader.attachments(id(31)).await.unwrap(), [added]);
    assert_eq!(reader.count_attachments(id(31)).await.unwrap(), 1);
    assert_eq!(reader.count_attachments(id(32)).await.unwrap(), 0);
    let read = reader.opinions(id(31)).await.unwrap();
    assert_eq!(
        read,
        [Opinion {
            reopened_at: Some(NOW.plus_ms(5)),
            ..signed.clone()
        }]
    );
    let mut tx = world.store.begin().await.unwrap();
    assert!(tx.reopen_opinion(signed.id, NOW).await.is_err(), "once");
}

fn clock(n: u128, kind: ClockKind, started_at: Timestamp) -> Deadline {
    let mut of = Deadline {
        id: id(n),
        kind,
        consultation: id(31),
        institution: id(2),
        subject: Uuid::from_u128(n),
        urgency: Urgency::Routine,
        started_at,
        due_at: started_at.plus_ms(30 * MINUTE),
        given: 0,
        next_at: None,
        state: DeadlineState::Running,
        ended_at: None,
        link: "/consultations/31/room".to_owned(),
    };
    of.next_at = Some(of.next().at());
    of
}

pub(crate) async fn clocks_of_questions_stand_still_in_a_pause(world: World) {
    world.people().await;
    let paused_at = NOW.plus_ms(10 * MINUTE);
    let before = consultation(31);
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_deadline(&clock(121, ClockKind::Question, NOW))
        .await
        .unwrap();
    // Came while the session was paused.
    let late = NOW.plus_ms(20 * MINUTE);
    tx.insert_deadline(&clock(122, ClockKind::Question, late))
        .await
        .unwrap();
    tx.insert_deadline(&clock(123, ClockKind::Opinion, NOW))
        .await
        .unwrap();
    let paused = Consultation {
        paused_at: Some(paused_at),
        pause_reason: Some("等待复查".to_owned()),
        ..before.clone()
    };
    tx.update_consultation(&paused, before.version).await.unwrap();
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    let read = reader.consultation(id(31)).await.unwrap().unwrap();
    assert_eq!(
        (read.paused_at, read.pause_reason),
        (Some(paused_at), paused.pause_reason.clone())
    );
    let due = reader.deadlines_due(NOW.plus_ms(600 * MINUTE), 9).await.unwrap();
    assert_eq!(
        due.iter().map(|of| of.id).collect::<Vec<_>>(),
        [id(123)],
        "only what runs"
    );
    let board = reader.board(&BoardFilter::default(), 9).await.unwrap();
    let held: Vec<bool> = board.iter().map(|row| row.held).collect();
    assert_eq!(held.iter().filter(|held| **held).count(), 2);

    // A suspension within the pause moves the others only; the pause moves its own by all of it.
    let (until, stop) = (NOW.plus_ms(40 * MINUTE), NOW.plus_ms(15 * MINUTE));
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(
        tx.shift_deadlines(stop, NOW.plus_ms(25 * MINUTE)).await.unwrap(),
        1
    );
    let moved = tx
        .shift_deadlines_of(id(31), ClockKind::Question, paused_at, until)
        .await;
    assert_eq!(moved.unwrap(), 2);
    tx.commit_technical().await.unwrap();
    let ends = async |n: u128| {
        let of = world.store.reader().deadline(id(n)).await.unwrap().unwrap();
        of.due_at.since_ms(NOW) / MINUTE
    };
    assert_eq!((ends(121).await, ends(122).await, ends(123).await), (60, 70, 40));
    let of = world
        .store
        .reader()
        .deadlines_of(id(31), ClockKind::Question)
        .await
        .unwrap();
    assert_eq!(of.iter().map(|of| of.id).collect::<Vec<_>>(), [id(121), id(122)]);
}
