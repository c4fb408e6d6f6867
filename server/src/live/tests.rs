//! Rooms over a real store, with channels in place of sockets.

mod calls;
mod crowd;
mod digest;
mod faults;
mod large;
mod private;
mod random;
mod replay;
mod world;

use std::{sync::atomic::Ordering, time::Duration};

use consilium_collab::{
    awareness::{Entry, encode},
    client::{Outcome, Saved},
    document::RoomDoc,
    frame,
    guard::Room,
};
use consilium_domain::{Timestamp, permission::RoomRights};
use consilium_protocol::{
    limits::ROOM_FRAME_BYTES,
    live::{
        CLOSE_EXPIRED, CLOSE_MALFORMED, CLOSE_NOT_ALLOWED, CLOSE_REVOKED, CLOSE_TOO_MANY, CLOSE_TOO_SLOW,
        CLOSE_UNAVAILABLE, DiscussionLine,
    },
};
use futures::future::join_all;
use tokio_tungstenite::tungstenite::Message;

use self::world::{EXPERTS, Page, RIGHTS, World, account, consultation, join, length, person};
use super::{Join, Rooms, history};

type Content = (
    Vec<consilium_collab::document::PlacedAnnotation>,
    Vec<(consilium_domain::AccountId, String)>,
    Vec<(consilium_domain::AccountId, DiscussionLine)>,
);

fn content(doc: &RoomDoc) -> Content {
    (doc.annotations(), doc.opinions(), doc.discussion())
}

async fn stored(rooms: &Rooms) -> (Room, i64) {
    let loaded = history::load(rooms, consultation().into()).await.unwrap();
    (loaded.room, loaded.seq)
}

fn acked(page: &Page) -> Option<i64> {
    page.outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Acked { seq } => Some(*seq),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_means_stored() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    for round in 0..20 {
        page.write(&format!("意见{round}")).await;
        let seq = acked(&page).unwrap();
        let stored = stored(&rooms).await;
        assert!(stored.1 >= seq);
        assert_eq!(stored.0.document().opinion(account(1)), format!("意见{round}"));
    }
    assert_eq!(world.audited("room.join").await, ["ok"]);
    assert_eq!(rooms.stats().connections, 1);
    assert_eq!(
        rooms.draft_opinion(consultation(), account(1)).await.unwrap(),
        "意见19"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_converge_and_a_restart_restores() {
    let mut world = World::new().await;
    world.timing.snapshot_every = 7;
    let rooms = world.rooms();
    let mut one = Page::open(&rooms, 101, join(1)).await;
    let mut two = Page::open(&rooms, 202, join(2)).await;
    for round in 0..12 {
        one.draw(&format!("a{round}")).await;
        two.write(&format!("text {round}")).await;
        let line = DiscussionLine {
            id: format!("{round}"),
            text: "看这里".to_owned(),
            at_ms: round,
            ..DiscussionLine::default()
        };
        let frames = two.room.say(&line).unwrap();
        two.send_all(frames).await;
    }
    two.until_saved().await;
    one.until(|page| page.room.document().discussion().len() == 12)
        .await;
    two.until(|page| page.room.document().annotations().len() == 12)
        .await;
    let expected = content(one.room.document());
    assert_eq!(content(two.room.document()), expected);
    assert_eq!(rooms.annotations(consultation()).await.unwrap().len(), 12);
    assert!(
        world
            .store
            .reader()
            .latest_snapshot(consultation())
            .await
            .unwrap()
            .is_some()
    );

    // The machine dies: nobody shuts down anything. Then an orderly restart.
    let after_crash = world.rooms();
    let third = Page::open(&after_crash, 303, join(3)).await;
    assert_eq!(content(third.room.document()), expected);
    after_crash.shutdown().await;
    let again = world.rooms();
    let fourth = Page::open(&again, 404, join(3)).await;
    assert_eq!(content(fourth.room.document()), expected);
    let (room, _) = stored(&again).await;
    assert_eq!(content(room.document()), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_closed_and_the_others_go_on() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut writer = Page::open(&rooms, 101, join(1)).await;
    let mut reader = Page::open(&rooms, 202, join(2)).await;
    // It reads nothing from now on; 1.4 MB of text changes pass by.
    for round in 0..80_u8 {
        let letter = char::from(b'a' + round % 26);
        writer.write(&letter.to_string().repeat(18_000)).await;
    }
    assert_eq!(reader.until_closed().await, CLOSE_TOO_SLOW);
    writer.draw("still here").await;
    let resynced = Page::open(&rooms, 203, join(2)).await;
    assert_eq!(content(resynced.room.document()), content(writer.room.document()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_frames_close_only_their_sender() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut honest = Page::open(&rooms, 101, join(1)).await;
    honest.write("mine").await;
    let forge = |client| {
        let copy = RoomDoc::new(client);
        copy.apply(&honest.room.document().encode()).unwrap();
        copy
    };
    let others_opinion = forge(666).set_opinion(account(1), "not mine").unwrap();
    let others_client = forge(101).set_opinion(account(2), "text").unwrap();
    let cases: Vec<(Message, u16)> = vec![
        (
            Message::Binary(frame::update(&others_opinion).into()),
            CLOSE_NOT_ALLOWED,
        ),
        (
            Message::Binary(frame::sync_step_2(&others_client).into()),
            CLOSE_NOT_ALLOWED,
        ),
        (Message::Binary(frame::update(b"rubbish").into()), CLOSE_MALFORMED),
        (Message::Binary(vec![9, 9, 9].into()), CLOSE_MALFORMED),
        (
            Message::Binary(vec![0; ROOM_FRAME_BYTES + 1].into()),
            CLOSE_MALFORMED,
        ),
        (Message::Text("hello".into()), CLOSE_MALFORMED),
    ];
    let count = cases.len();
    for (number, (message, code)) in cases.into_iter().enumerate() {
        let client = 700 + u64::try_from(number).unwrap();
        let mut hostile = Page::open(&rooms, client, join(2)).await;
        hostile.send_message(message).await;
        assert_eq!(hostile.until_closed().await, code, "case {number}");
        honest.write(&format!("mine {number}")).await;
    }
    assert_eq!(rooms.stats().refused, u64::try_from(count).unwrap());
    let refused = world.audited("room.refuse").await;
    assert!(
        refused.iter().any(|result| result == "live.not_yours"),
        "{refused:?}"
    );
    assert!(
        refused.iter().any(|result| result == "live.foreign_client"),
        "{refused:?}"
    );
    let newcomer = Page::open(&rooms, 999, join(3)).await;
    assert_eq!(
        newcomer.room.document().opinion(account(1)),
        format!("mine {}", count - 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_change_at_once() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut one = Page::open(&rooms, 101, join(1)).await;
    let mut two = Page::open(&rooms, 202, join(2)).await;
    let mut three = Page::open(&rooms, 303, join(3)).await;
    one.write("draft").await;
    let submitted = RoomRights {
        opine: false,
        ..RIGHTS
    };
    let rights = |who| match who {
        who if who == account(1) => Some(submitted),
        who if who == account(2) => Some(RIGHTS),
        _ => None,
    };
    let late = one.room.set_opinion("draft and more").unwrap();
    rooms.refresh(consultation(), &rights, "opinions").await;
    assert_eq!(three.until_closed().await, CLOSE_REVOKED);
    one.until(|page| page.outcomes.contains(&Outcome::Rights(submitted)))
        .await;
    two.until(|page| page.outcomes.contains(&Outcome::Changed("opinions".to_owned())))
        .await;
    // Sent after the change: refused, and shown to the author after the next sync.
    one.send_all(late).await;
    assert_eq!(one.until_closed().await, CLOSE_NOT_ALLOWED);
    assert!(one.outcomes.contains(&Outcome::Refused {
        code: "live.not_allowed".to_owned()
    }));
    two.write("still writing").await;
    assert_eq!(
        rooms.draft_opinion(consultation(), account(1)).await.unwrap(),
        "draft"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_are_read_again_after_entering() {
    let world = World::new().await;
    let rooms = world.rooms();
    rooms.set_recheck(std::sync::Arc::new(|_, who, _| {
        Box::pin(async move { (who == account(1)).then_some(RoomRights::default()) })
    }));
    // Nothing has changed since the rights of this one were read.
    let zero = Page::open(&rooms, 100, join(1)).await;
    assert_eq!(zero.room.rights(), RIGHTS);
    rooms.refresh(consultation(), &|_| Some(RIGHTS), "").await;
    let mut one = Page::open(&rooms, 101, join(1)).await;
    one.until(|page| page.room.rights() == RoomRights::default())
        .await;
    let mut two = Page::connect(&rooms, 202, join(2));
    assert_eq!(two.until_closed().await, CLOSE_REVOKED);
    let fresh = Join {
        as_of: rooms.changes(),
        ..join(2)
    };
    assert_eq!(Page::open(&rooms, 203, fresh).await.room.rights(), RIGHTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_open_a_cold_room_with_one_load() {
    let world = World::new().await;
    let warm = world.rooms();
    Page::open(&warm, 101, join(1))
        .await
        .write("written before")
        .await;
    warm.shutdown().await;
    let rooms = world.rooms();
    let pages = join_all((0..200).map(|n| {
        let rooms = rooms.clone();
        async move { Page::open(&rooms, 1000 + n, join(u128::from(n) % EXPERTS + 1)).await }
    }))
    .await;
    assert_eq!(rooms.0.counters.loads.load(Ordering::SeqCst), 1);
    for page in &pages {
        assert_eq!(page.room.document().opinion(account(1)), "written before");
    }
    let mut late = Page::connect(&rooms, 5000, join(1));
    assert_eq!(late.until_closed().await, CLOSE_TOO_MANY, "the room is full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_appears_as_somebody_else() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut one = Page::open(&rooms, 101, join(1)).await;
    let mut two = Page::open(&rooms, 202, join(2)).await;
    let frame = one.room.set_drawing(Some(length(1.0))).unwrap();
    one.send(frame).await;
    two.until(|page| {
        let others = page.room.others();
        others
            .iter()
            .any(|(client, state)| *client == 101 && state.drawing.is_some())
    })
    .await;
    // In the first one's client id, and with the first one's name under its own.
    let spoof = serde_json::json!({ "user": person(1) }).to_string();
    let entry = |client, state: &str| Entry {
        client,
        clock: 50,
        state: state.to_owned(),
    };
    two.send(frame::awareness(&encode(&[entry(101, &spoof)]))).await;
    two.send(frame::awareness(&encode(&[entry(101, "null")]))).await;
    two.send(frame::awareness(&encode(&[entry(202, &spoof)]))).await;
    let mut three = Page::open(&rooms, 303, join(3)).await;
    three
        .until(|page| {
            let others = page.room.others();
            let who = |client| {
                let found = others.iter().find(|(known, _)| *known == client);
                found.and_then(|(_, state)| state.user.clone())
            };
            who(101) == Some(person(1)) && who(202) == Some(person(2))
        })
        .await;
    // The one who leaves is gone for all, and no echo brings it back.
    drop(one);
    three
        .until(|page| page.room.others().iter().all(|(client, _)| *client != 101))
        .await;
    two.send(frame::awareness(&encode(&[entry(101, "{}")]))).await;
    two.write("after the echo").await;
    let mut four = Page::open(&rooms, 404, join(3)).await;
    four.until(|page| !page.room.others().is_empty()).await;
    assert!(four.room.others().iter().all(|(client, _)| *client != 101));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_store_makes_the_room_read_only_until_it_answers() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut one = Page::open(&rooms, 101, join(1)).await;
    let mut two = Page::open(&rooms, 202, join(2)).await;
    one.write("kept").await;
    world.sql("ALTER TABLE rooms RENAME TO rooms_gone").await;
    let frames = one.room.set_opinion("kept, then lost?").unwrap();
    one.send_all(frames).await;
    one.until(|page| page.room.read_only()).await;
    two.until(|page| page.room.read_only()).await;
    assert_eq!(one.room.saved(), Saved::Saving(1));
    assert_eq!(
        two.room.document().opinion(account(1)),
        "kept",
        "nobody saw what was not stored"
    );
    assert_eq!(rooms.stats().read_only, 1);
    let more = one.room.set_opinion("kept, then lost? no").unwrap();
    one.send_all(more).await;
    world.sql("ALTER TABLE rooms_gone RENAME TO rooms").await;
    one.until(|page| !page.room.read_only()).await;
    one.until_saved().await;
    two.until(|page| page.room.document().opinion(account(1)) == "kept, then lost? no")
        .await;
    one.write("on we go").await;
    assert_eq!(rooms.stats().read_only, 0);
    let (room, _) = stored(&rooms).await;
    assert_eq!(room.document().opinion(account(1)), "on we go");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_cannot_be_loaded_is_not_opened_blank() {
    let world = World::new().await;
    let first = world.rooms();
    Page::open(&first, 101, join(1)).await.write("precious").await;
    world.sql("ALTER TABLE room_log RENAME TO room_log_gone").await;
    let rooms = world.rooms();
    let mut page = Page::connect(&rooms, 102, join(1));
    assert_eq!(page.until_closed().await, CLOSE_UNAVAILABLE);
    assert!(rooms.annotations(consultation()).await.is_err());
    world.sql("ALTER TABLE room_log_gone RENAME TO room_log").await;
    let page = Page::open(&rooms, 103, join(1)).await;
    assert_eq!(page.room.document().opinion(account(1)), "precious");

    // A history that was tampered with is not opened either.
    world.sql("UPDATE room_log SET author = (SELECT id FROM accounts WHERE username = 'expert.2') WHERE seq = 2").await;
    let rooms = world.rooms();
    let mut page = Page::connect(&rooms, 104, join(1));
    assert_eq!(page.until_closed().await, CLOSE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_ends_its_connections() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut one = Page::open(&rooms, 101, join(1)).await;
    let mut two = Page::open(&rooms, 202, join(2)).await;
    let late = one.room.set_opinion("too late").unwrap();
    rooms.close_session(join(1).session).await;
    one.send_all(late).await;
    assert_eq!(one.until_closed().await, CLOSE_REVOKED);
    two.write("unmoved").await;
    assert_eq!(rooms.draft_opinion(consultation(), account(1)).await.unwrap(), "");
    world.now.fetch_add(3_600_000, Ordering::SeqCst);
    assert_eq!(two.until_closed().await, CLOSE_EXPIRED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_hears_only_the_yjs_protocol() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut stock = Page::connect(&rooms, 101, join(1));
    let hello: Vec<_> = stock.room.on_open().into_iter().skip(1).collect();
    stock.send_all(hello).await;
    let mut other = Page::open(&rooms, 202, join(2)).await;
    other.write("for all").await;
    rooms.refresh(consultation(), &|_| Some(RIGHTS), "state").await;
    other.draw("a").await;
    stock
        .until(|page| page.room.document().annotations().len() == 1)
        .await;
    assert_eq!(stock.room.document().opinion(account(2)), "for all");
    assert!(stock.types.iter().all(|kind| *kind <= 3), "{:?}", stock.types);
    // It writes without ever being acknowledged, and all see it.
    let copy = RoomDoc::new(101);
    copy.apply(&stock.room.document().encode()).unwrap();
    let update = copy.set_opinion(account(1), "plain").unwrap();
    stock.send(frame::update(&update)).await;
    other
        .until(|page| page.room.document().opinion(account(1)) == "plain")
        .await;
    for _ in 0..2000 {
        stock.send(frame::update(&update)).await;
    }
    assert_eq!(stock.until_closed().await, CLOSE_TOO_MANY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_room_leaves_memory_and_comes_back() {
    let mut world = World::new().await;
    world.timing.idle = Duration::from_millis(20);
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    page.write("remember").await;
    drop(page);
    let gone = async {
        while rooms.stats().rooms > 0 || rooms.stats().connections > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
    let snapshot = world
        .store
        .reader()
        .latest_snapshot(consultation())
        .await
        .unwrap()
        .unwrap();
    let page = Page::open(&rooms, 102, join(1)).await;
    assert_eq!(page.room.document().opinion(account(1)), "remember");
    // More than twice when the store takes longer to record the entry than the room stays idle.
    assert!(rooms.0.counters.loads.load(Ordering::SeqCst) >= 2);
    let (_, seq) = stored(&rooms).await;
    assert!(seq >= snapshot.seq);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_says_so_and_loses_nothing() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    page.write("before the end").await;
    rooms.shutdown().await;
    assert_eq!(page.until_closed().await, super::CLOSE_RESTART);
    assert_eq!(rooms.stats().rooms, 0);
    let mut late = Page::connect(&rooms, 102, join(1));
    assert_eq!(late.until_closed().await, super::CLOSE_RESTART);
    assert_eq!(world.audited("room.leave").await.len(), 1);
    let next = world.rooms();
    let page = Page::open(&next, 103, join(1)).await;
    assert_eq!(page.room.document().opinion(account(1)), "before the end");
    assert!(Timestamp::from_ms(world.now.load(Ordering::SeqCst)) < join(1).expires_at);
}
