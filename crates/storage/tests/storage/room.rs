//! The log and snapshots of a live room.

use consilium_domain::ConsultationId;
use consilium_storage::{LogEntry, Room, Snapshot, StoreError};

use crate::world::{NOW, World, id};

fn entry(seq: u8) -> LogEntry {
    LogEntry {
        consultation: id(31),
        epoch: 1,
        seq: seq.into(),
        author: id(11),
        client_id: i64::from(u32::MAX),
        at: NOW.plus_ms(seq.into()),
        update: vec![seq; 40],
        prev_hash: [seq - 1; 32],
        hash: [seq; 32],
    }
}

pub(crate) async fn log_and_snapshots_round_trip(world: World) {
    world.people().await;
    let consultation: ConsultationId = id(31);
    let reader = world.store.reader();
    assert_eq!(reader.room(consultation).await.unwrap(), None);
    let mut tx = world.store.begin().await.unwrap();
    let room = tx.create_room(consultation, 1).await.unwrap();
    assert_eq!(
        room,
        Room {
            consultation,
            epoch: 1,
            seq: 0,
            head: [0; 32]
        }
    );
    tx.append_log(&[entry(1), entry(2)]).await.unwrap();
    tx.append_log(&[entry(3)]).await.unwrap();
    tx.append_log(&[]).await.unwrap();
    tx.commit_technical().await.unwrap();

    let room = reader.room(consultation).await.unwrap().unwrap();
    assert_eq!((room.seq, room.head), (3, [3; 32]));
    assert_eq!(
        reader.log_after(consultation, 1, 1, 10).await.unwrap(),
        [entry(2), entry(3)]
    );
    assert_eq!(reader.log_after(consultation, 1, 0, 1).await.unwrap(), [entry(1)]);
    assert_eq!(reader.log_after(consultation, 2, 0, 10).await.unwrap(), []);

    let snapshot = |seq: i64, state: u8| Snapshot {
        consultation,
        epoch: 1,
        seq,
        state: vec![state; 9],
    };
    assert_eq!(reader.latest_snapshot(consultation).await.unwrap(), None);
    let mut tx = world.store.begin().await.unwrap();
    for (seq, state) in [(3, 1), (2, 2), (3, 3)] {
        tx.put_snapshot(&snapshot(seq, state)).await.unwrap();
    }
    tx.commit_technical().await.unwrap();
    assert_eq!(
        reader.latest_snapshot(consultation).await.unwrap().unwrap(),
        snapshot(3, 3)
    );
}

pub(crate) async fn updates_must_follow_the_log(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    let closed = tx.append_log(&[entry(1)]).await;
    assert!(matches!(closed, Err(StoreError::NotFound)));
    tx.create_room(id(31), 1).await.unwrap();
    tx.append_log(&[entry(1)]).await.unwrap();
    tx.commit_technical().await.unwrap();

    let other_head = LogEntry {
        prev_hash: [9; 32],
        ..entry(2)
    };
    let other_epoch = LogEntry { epoch: 2, ..entry(2) };
    for wrong in [entry(1), entry(3), other_head, other_epoch] {
        let mut tx = world.store.begin().await.unwrap();
        let refused = tx.append_log(std::slice::from_ref(&wrong)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{wrong:?}");
    }
    // Two writers that both saw number 1: one is too late.
    let mut tx = world.store.begin().await.unwrap();
    tx.append_log(&[entry(2)]).await.unwrap();
    tx.commit_technical().await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    assert!(tx.append_log(&[entry(2)]).await.is_err());
}
