//! The log and snapshots of a live room.

use consilium_domain::ConsultationId;
use consilium_storage::{LogEntry, Room, RoomKey, Snapshot, StoreError};

use crate::world::{NOW, World, id};

fn shared() -> RoomKey {
    RoomKey::shared(id(31))
}

fn entry(seq: u8) -> LogEntry {
    LogEntry {
        key: shared(),
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
            key: shared(),
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
        key: shared(),
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
    tx.create_room(shared(), 1).await.unwrap();
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

/// The private document of somebody and the shared one know nothing of each other.
pub(crate) async fn private_documents_are_rooms_of_their_own(world: World) {
    world.people().await;
    let (mine, theirs) = (RoomKey::private(id(31), id(11)), RoomKey::private(id(31), id(12)));
    let at = |key, seq| LogEntry { key, ..entry(seq) };
    let mut tx = world.store.begin().await.unwrap();
    for key in [shared(), mine, theirs] {
        tx.create_room(key, 1).await.unwrap();
    }
    tx.append_log(&[at(shared(), 1), at(mine, 1), at(mine, 2)])
        .await
        .unwrap();
    tx.put_snapshot(&Snapshot {
        key: mine,
        epoch: 1,
        seq: 2,
        state: vec![7; 9],
    })
    .await
    .unwrap();
    assert!(tx.bind_client(mine, 5, id(11)).await.unwrap());
    assert!(
        tx.bind_client(shared(), 5, id(12)).await.unwrap(),
        "client ids are of one document"
    );
    tx.commit_technical().await.unwrap();

    let reader = world.store.reader();
    let seq = async |key| reader.room(key).await.unwrap().unwrap().seq;
    assert_eq!(
        (seq(shared()).await, seq(mine).await, seq(theirs).await),
        (1, 2, 0)
    );
    assert_eq!(reader.log_after(shared(), 1, 0, 10).await.unwrap(), [entry(1)]);
    assert_eq!(
        reader.log_after(mine, 1, 0, 10).await.unwrap(),
        [at(mine, 1), at(mine, 2)]
    );
    assert_eq!(reader.log_after(theirs, 1, 0, 10).await.unwrap(), []);
    assert_eq!(reader.latest_snapshot(shared()).await.unwrap(), None);
    assert_eq!(reader.latest_snapshot(mine).await.unwrap().unwrap().state, [7; 9]);
    assert_eq!(reader.client_owners(mine).await.unwrap(), [(5, id(11))]);

    // What is sealed in one document does not open in another.
    world
        .execute(
            "UPDATE room_log SET \"update\" = (SELECT l.\"update\" FROM room_log l JOIN rooms r ON r.owner = l.owner WHERE r.seq = 2 AND l.seq = 1) WHERE owner = (SELECT owner FROM rooms WHERE seq = 1)",
            vec![],
        )
        .await;
    assert!(reader.log_after(shared(), 1, 0, 10).await.is_err());
}

/// What was written before there were private documents is the shared one, and stays it on the way back.
pub(crate) async fn older_rooms_become_shared_ones(world: World) {
    world.people().await;
    let mine = RoomKey::private(id(31), id(11));
    let mut tx = world.store.begin().await.unwrap();
    for key in [shared(), mine] {
        tx.create_room(key, 1).await.unwrap();
        tx.append_log(&[LogEntry { key, ..entry(1) }]).await.unwrap();
    }
    assert!(tx.bind_client(shared(), 5, id(11)).await.unwrap());
    tx.commit_technical().await.unwrap();
    let has_owner = async || {
        let sql = if world.sqlite {
            "SELECT name FROM pragma_table_info('rooms') WHERE name = 'owner'"
        } else {
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'rooms' AND column_name = 'owner'"
        };
        !world.query(sql, vec![]).await.is_empty()
    };
    while has_owner().await {
        world.store.migrate_back(1).await.unwrap();
    }
    assert_eq!(
        world.query("SELECT seq FROM room_log", vec![]).await.len(),
        1,
        "the older tables have no place for private ones"
    );
    world.store.migrate().await.unwrap();
    let reader = world.store.reader();
    assert_eq!(reader.room(shared()).await.unwrap().unwrap().seq, 1);
    assert_eq!(reader.log_after(shared(), 1, 0, 9).await.unwrap(), [entry(1)]);
    assert_eq!(reader.client_owners(shared()).await.unwrap(), [(5, id(11))]);
    assert_eq!(reader.room(mine).await.unwrap(), None);
}
