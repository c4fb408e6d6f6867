//! Many in one room, many of one account, and what operators see.

use consilium_collab::document::RoomDoc;
use consilium_protocol::{
    limits::BATCH_CONNECTIONS,
    live::{CLOSE_TOO_MANY, Cursor},
};
use consilium_storage::RoomKey;

use super::{
    content, stored,
    world::{EXPERTS, Page, World, account, consultation, join, length},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_room_sends_bundles_that_say_the_same() {
    const CHANGES: usize = 60;
    let world = World::new().await;
    let rooms = world.rooms();
    let mut pages = Vec::new();
    for n in 0..=BATCH_CONNECTIONS {
        let n = u64::try_from(n).unwrap();
        pages.push(Page::open(&rooms, 100 + n, join(u128::from(n) % EXPERTS + 1)).await);
    }
    let mut one = pages.remove(0);
    let mut two = pages.remove(0);
    let mut reader = pages.remove(0);
    let before = reader.updates;
    // Faster than they are written: what waits goes out together.
    for n in 0..CHANGES / 2 {
        for page in [&mut one, &mut two] {
            let frames = page.room.put_annotation(&format!("a{n}"), &length(1.0)).unwrap();
            page.send_all(frames).await;
        }
    }
    one.until_saved().await;
    two.until_saved().await;
    for page in [&mut reader, &mut one, &mut two] {
        page.until(|page| page.room.document().annotations().len() == CHANGES)
            .await;
    }
    assert_eq!(content(reader.room.document()), content(one.room.document()));
    assert_eq!(content(reader.room.document()), content(two.room.document()));
    assert!(reader.updates - before < CHANGES, "{}", reader.updates - before);
    assert_eq!(reader.resyncs + one.resyncs + two.resyncs, 0);
    // Each change has its own place in the log, with its author.
    let log = rooms.history(consultation(), 0, 1000).await.unwrap();
    for who in [account(1), account(2)] {
        let made = log.entries.iter().filter(|entry| entry.author == who);
        assert!(made.count() >= CHANGES / 2);
    }
    assert_eq!(
        content(stored(&rooms).await.0.document()),
        content(one.room.document())
    );

    // Pointers: the last one arrives, whatever was left out between.
    let image = length(0.0).image;
    for n in 0..50 {
        let cursor = Cursor {
            image,
            x: f64::from(n),
            y: 0.0,
        };
        let frame = one.room.set_cursor(Some(cursor)).unwrap();
        one.send(frame).await;
    }
    reader
        .until(|page| {
            let others = page.room.others();
            let state = others.iter().find(|(client, _)| *client == 100);
            state.is_some_and(|(_, state)| state.cursor.is_some_and(|cursor| cursor.x > 48.5))
        })
        .await;
    drop(one);
    reader
        .until(|page| page.room.others().iter().all(|(client, _)| *client != 100))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_has_so_many_connections() {
    let mut world = World::new().await;
    world.timing.per_account = 3;
    let rooms = world.rooms();
    let mut pages = Vec::new();
    for n in 0..3 {
        pages.push(Page::open(&rooms, 100 + n, join(1)).await);
    }
    let mut fourth = Page::connect(&rooms, 200, join(1));
    assert_eq!(fourth.until_closed().await, CLOSE_TOO_MANY);
    Page::open(&rooms, 201, join(2)).await.write("others may").await;
    drop(pages.pop());
    let freed = async {
        while rooms.stats().connections > 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), freed)
        .await
        .unwrap();
    Page::open(&rooms, 202, join(1)).await.write("again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_numbers_and_nothing_else() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    page.write("机密内容").await;
    let notes = RoomDoc::new(102).set_notes(account(2), "x").unwrap();
    let mut hostile = Page::open(&rooms, 102, join(2)).await;
    hostile.send(consilium_collab::frame::update(&notes)).await;
    hostile.until_closed().await;
    let statuses = rooms.statuses().await;
    let (key, status) = statuses.first().unwrap();
    assert_eq!((statuses.len(), *key), (1, RoomKey::shared(consultation())));
    assert_eq!(
        (
            status.connections,
            status.refused,
            status.read_only,
            status.private
        ),
        (1, 1, false, false)
    );
    let (_, seq) = stored(&rooms).await;
    assert!(status.seq == seq && status.document_bytes > 0 && status.unwritten == 0);
    assert!(rooms.stats().log_bytes > 0);
    assert!(!format!("{statuses:?}").contains("机密"));
}
