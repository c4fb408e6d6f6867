//! What goes wrong in rooms elsewhere (docs/room.md), and does not here.

use std::{sync::atomic::Ordering, time::Duration};

use consilium_collab::client::{ClientRoom, Outcome, Saved};
use consilium_domain::permission::RoomRights;
use consilium_protocol::{
    limits::ROOM_FRAME_BYTES,
    live::{Annotation, AnnotationKind, CLOSE_NOT_ALLOWED, CLOSE_UNAVAILABLE},
};
use futures::future::join_all;
use tokio::time::timeout;

use super::{
    content, stored,
    world::{Page, RIGHTS, World, account, consultation, join, length},
};
use crate::live::{Join, Rooms};

async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), wait).await.expect(what);
}

/// F2: a copy of an earlier life of the document is dropped, never merged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_began_anew_takes_nothing_from_old_copies() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    page.write("of the first life").await;
    rooms.shutdown().await;
    for table in ["room_log", "room_snapshots", "room_clients", "rooms"] {
        world.sql(&format!("DELETE FROM {table}")).await;
    }
    world.now.fetch_add(1, Ordering::SeqCst);
    let rooms = world.rooms();
    let mut page = Page::reconnect(&rooms, page.cut(), join(1)).await;
    assert!(page.outcomes.contains(&Outcome::EpochChanged));
    page.until(|page| page.outcomes.iter().any(|o| matches!(o, Outcome::Lost(_))))
        .await;
    assert_eq!(page.room.document().opinion(account(1)), "");
    page.write("of the second").await;
    assert_eq!(
        stored(&rooms).await.0.document().opinion(account(1)),
        "of the second"
    );
}

/// F5: who joins while others write gets everything once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_while_others_write_leaves_no_gap() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut writer = Page::open(&rooms, 101, join(1)).await;
    let joining = join_all((0..40_u64).map(|n| {
        let rooms = rooms.clone();
        async move { Page::open(&rooms, 1000 + n, join(u128::from(n % 18) + 2)).await }
    }));
    let writing = async {
        for round in 0..120 {
            let frames = writer
                .room
                .put_annotation(&format!("a{}", round % 40), &length(f64::from(round)))
                .unwrap();
            writer.send_all(frames).await;
            if round % 10 == 0 {
                writer.until_saved().await;
            }
        }
        writer.until_saved().await;
    };
    let (mut pages, ()) = tokio::join!(joining, writing);
    let expected = content(writer.room.document());
    for page in &mut pages {
        page.until(|page| content(page.room.document()) == expected).await;
        assert_eq!(page.resyncs, 0, "nothing ever lacked what comes before it");
    }
}

/// F11: what was written offline and is no longer allowed is refused, recorded, and shown to its author.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offline_edits_after_the_signature_are_refused_and_kept() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    page.write("signed").await;
    let mut copy = page.cut();
    copy.set_opinion("signed, then changed offline").unwrap();
    assert_eq!(copy.saved(), Saved::Offline(1));
    let submitted = RoomRights {
        opine: false,
        ..RIGHTS
    };
    let late = Join {
        rights: submitted,
        ..join(1)
    };
    let mut page = Page::connect_with(&rooms, copy, late.clone()).await;
    assert_eq!(page.until_closed().await, CLOSE_NOT_ALLOWED);
    assert_eq!(world.audited_times("room.refuse", 1).await, ["live.not_allowed"]);
    let mut page = Page::reconnect(&rooms, page.cut(), late).await;
    page.until(|page| page.outcomes.iter().any(|o| matches!(o, Outcome::Lost(_))))
        .await;
    let lost = page.outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Lost(lost) => lost.opinion.clone(),
        _ => None,
    });
    assert_eq!(lost.as_deref(), Some("signed, then changed offline"));
    assert_eq!(page.room.document().opinion(account(1)), "signed");
}

/// F13: an old socket that ends late does not end the new one, and nobody is there twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_end_of_an_old_socket_harms_nobody() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut watcher = Page::open(&rooms, 900, join(3)).await;
    let mut old = Page::open(&rooms, 101, join(1)).await;
    let shown = old.room.set_drawing(Some(length(1.0))).unwrap();
    old.send(shown).await;
    let here = |page: &Page| page.room.others().iter().filter(|(c, _)| *c == 101).count();
    watcher.until(|page| here(page) == 1).await;
    // The page is back on a new socket before the server knows that the old one is dead.
    let mut copy = std::mem::replace(&mut old.room, ClientRoom::new(5, account(1)));
    copy.on_close();
    let mut new = Page::reconnect(&rooms, copy, join(1)).await;
    new.write("on the new socket").await;
    drop(old);
    until("the old one is gone", || rooms.stats().connections == 2).await;
    new.write("still here").await;
    watcher
        .until(|page| page.room.document().opinion(account(1)) == "still here")
        .await;
    assert_eq!(here(&watcher), 1);
    drop(new);
    watcher.until(|page| here(page) == 0).await;
}

/// F15: rooms leave memory, also when joins fail. `CONSILIUM_ROOM_ROUNDS` asks for more rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_and_closing_leaves_nothing_behind() {
    let mut world = World::new().await;
    world.timing.idle = Duration::from_millis(1);
    // Nobody is held back for coming often.
    world.timing.per_account = 1000;
    let rooms = world.rooms();
    let rounds = std::env::var("CONSILIUM_ROOM_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok());
    for round in 0..rounds.unwrap_or(2000_u64) {
        let broken = round % 10 == 7;
        if broken {
            world.sql("ALTER TABLE room_log RENAME TO room_log_gone").await;
        }
        let mut page = Page::connect(&rooms, 1000 + round, join(u128::from(round % 18) + 1));
        let frames = page.room.on_open();
        page.send_all(frames).await;
        if broken {
            // A room still in memory lets in; one that must be loaded does not.
            page.until(|page| page.closed.is_some() || page.room.ready())
                .await;
            assert!(page.closed.is_none_or(|code| code == CLOSE_UNAVAILABLE));
            world.sql("ALTER TABLE room_log_gone RENAME TO room_log").await;
        } else {
            page.until(|page| page.room.ready()).await;
        }
        drop(page);
        if round % 3 == 0 {
            until("it leaves memory", || rooms.stats().rooms == 0).await;
        }
    }
    until("nothing is left", || {
        let stats = rooms.stats();
        stats.rooms == 0 && stats.connections == 0 && stats.read_only == 0
    })
    .await;
}

/// F19: one frame beyond the limit is refused for good; a catch-up of many is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_catch_up_works() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut writer = Page::open(&rooms, 101, join(1)).await;
    let points: Vec<[f64; 2]> = (0..4096)
        .map(|n| [f64::from(n) + 0.25, f64::from(n) / 3.0])
        .collect();
    for n in 0..40 {
        let region = Annotation {
            kind: AnnotationKind::Freehand,
            points: points.clone(),
            ..length(0.0)
        };
        let frames = writer.room.put_annotation(&format!("r{n}"), &region).unwrap();
        writer.send_all(frames).await;
        writer.until_saved().await;
    }
    let late = Page::open(&rooms, 202, join(2)).await;
    let caught_up: usize = late.answers.iter().map(Vec::len).sum();
    assert!(caught_up > 2 * ROOM_FRAME_BYTES, "{caught_up}");
    assert_eq!(content(late.room.document()), content(writer.room.document()));
    assert_eq!(rooms.stats().too_slow, 0);
}

/// F20: two servers on one store cannot fork a room: the log takes each number once, and who is behind
/// reads what the other wrote before it writes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_owners_of_one_room_never_both_write() {
    let world = World::new().await;
    let (east, west) = (world.rooms(), world.rooms());
    let mut one = Page::open(&east, 101, join(1)).await;
    one.write("east 0").await;
    let mut two = Page::open(&west, 202, join(2)).await;
    for round in 1..6 {
        two.write(&format!("west {round}")).await;
        one.write(&format!("east {round}")).await;
    }
    let written = |rooms: &Rooms| rooms.stats().updates;
    assert!(written(&east) > 0 && written(&west) > 0);
    let fresh = world.rooms();
    let log = fresh.history(consultation(), 0, 1000).await.unwrap();
    assert_eq!(
        i64::try_from(log.entries.len()).unwrap(),
        log.seq,
        "no number twice"
    );
    let (room, _) = stored(&fresh).await;
    assert_eq!(room.document().opinion(account(1)), "east 5");
    assert_eq!(room.document().opinion(account(2)), "west 5");
}

/// F22: a full disk makes the room read-only; nothing is acknowledged; it recovers without a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_writing_and_nothing_else() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut one = Page::open(&rooms, 101, join(1)).await;
    let mut two = Page::open(&rooms, 202, join(2)).await;
    one.write("before").await;
    // SQLite may use no further page: its own word for a disk that is full.
    world.sql("PRAGMA max_page_count = 1").await;
    let points = (0..4000).map(|n| [f64::from(n) + 0.5, 0.1]).collect();
    let region = Annotation {
        kind: AnnotationKind::Freehand,
        points,
        ..length(0.0)
    };
    let frames = one.room.put_annotation("large", &region).unwrap();
    one.send_all(frames).await;
    one.until(|page| page.room.read_only()).await;
    two.until(|page| page.room.read_only()).await;
    assert_eq!(one.room.saved(), Saved::Saving(1));
    assert!(two.room.document().annotations().is_empty());
    world.sql("PRAGMA max_page_count = 1073741823").await;
    one.until(|page| !page.room.read_only()).await;
    one.until_saved().await;
    two.until(|page| page.room.document().annotations().len() == 1)
        .await;
    assert_eq!(rooms.stats().read_only, 0);
    assert_eq!(stored(&rooms).await.0.document().annotations().len(), 1);
}
