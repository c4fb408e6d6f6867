//! The history of a room: any moment of it, with authors and times, or a refusal.

use std::sync::atomic::Ordering;

use consilium_collab::{document::RoomDoc, history::Replay};
use consilium_domain::Timestamp;

use super::world::{Page, World, account, consultation, join};
use crate::live::LiveError;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_can_be_had_again() {
    let mut world = World::new().await;
    // Snapshots in between take nothing from the log.
    world.timing.snapshot_every = 5;
    let rooms = world.rooms();
    assert_eq!(rooms.history(consultation(), 0, 10).await.unwrap().seq, 0);
    assert_eq!(rooms.state_at(consultation(), 0).await.unwrap(), None);
    let mut one = Page::open(&rooms, 101, join(1)).await;
    let mut two = Page::open(&rooms, 202, join(2)).await;
    let began = world.now.load(Ordering::SeqCst);
    for round in 0..12_i64 {
        world.now.store(began + round * 1000, Ordering::SeqCst);
        one.draw(&format!("a{}", round % 3)).await;
        two.write(&"考虑胶质瘤".repeat(usize::try_from(round % 5).unwrap() + 1))
            .await;
    }
    let log = rooms.history(consultation(), 0, 1000).await.unwrap();
    assert_eq!(i64::try_from(log.entries.len()).unwrap(), log.seq);
    let mut replay = Replay::default();
    for (place, entry) in log.entries.iter().enumerate() {
        assert_eq!(entry.seq, i64::try_from(place).unwrap() + 1);
        replay.apply(&entry.update).unwrap();
        let state = rooms.state_at(consultation(), entry.seq).await.unwrap().unwrap();
        assert_eq!(state, replay.state().unwrap(), "the same bytes at {}", entry.seq);
    }
    let newest = RoomDoc::new(9);
    newest
        .apply(&rooms.state_at(consultation(), log.seq).await.unwrap().unwrap())
        .unwrap();
    assert_eq!(super::content(&newest), super::content(two.room.document()));
    assert_eq!(rooms.state_at(consultation(), log.seq + 1).await.unwrap(), None);
    assert_eq!(rooms.state_at(consultation(), -1).await.unwrap(), None);
    // Who and when.
    let last = log.entries.last().unwrap();
    assert_eq!(
        (last.author, last.at),
        (account(2), Timestamp::from_ms(began + 11_000))
    );
    assert!(log.entries.iter().any(|entry| entry.author == account(1)));
    // In pieces, each linked to the one before.
    let mut pieces = Vec::new();
    while let Some(piece) = Some(
        rooms
            .history(consultation(), pieces.len().try_into().unwrap(), 7)
            .await
            .unwrap(),
    )
    .filter(|piece| !piece.entries.is_empty())
    {
        assert!(piece.entries.len() <= 7);
        pieces.extend(piece.entries);
    }
    assert_eq!(pieces, log.entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_touched_is_not_shown() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    for round in 0..6 {
        page.draw(&format!("a{round}")).await;
    }
    let seq = rooms.history(consultation(), 0, 100).await.unwrap().seq;
    let damaged = async |after, limit| {
        let log = rooms.history(consultation(), after, limit).await;
        matches!(log, Err(LiveError::Damaged(_)))
    };
    assert!(!damaged(0, 100).await);
    world.sql("UPDATE room_log SET at = at + 1 WHERE seq = 4").await;
    assert!(damaged(0, 100).await && damaged(3, 1).await && damaged(4, 1).await);
    assert!(!damaged(0, 3).await, "what stands before it is as it was");
    assert!(matches!(
        rooms.state_at(consultation(), seq).await,
        Err(LiveError::Damaged(_))
    ));
    assert!(rooms.state_at(consultation(), 3).await.unwrap().is_some());
    world.sql("UPDATE room_log SET at = at - 1 WHERE seq = 4").await;
    assert!(!damaged(0, 100).await);
    world.sql("DELETE FROM room_log WHERE seq = 5").await;
    assert!(damaged(0, 100).await && damaged(4, 100).await && damaged(5, 100).await);
    // The newest ones taken away: the head of the room tells.
    world
        .sql(&format!("DELETE FROM room_log WHERE seq = {seq}"))
        .await;
    assert!(damaged(seq - 1, 100).await && damaged(seq, 100).await);
}
