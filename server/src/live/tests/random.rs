//! A seeded random life of a room: joins, cuts, offline edits, hostile frames, failing stores, restarts and
//! compactions. In the end everybody has the same, nobody lost anything, and the log says how it came about.
//! `CONSILIUM_SEED` repeats a run that failed.

use std::{env, time::Duration};

use consilium_collab::{
    client::{ClientRoom, Outcome},
    frame,
    history::Replay,
};
use consilium_protocol::live::DiscussionLine;

use super::{
    content, stored,
    world::{Page, World, consultation, join, length},
};
use crate::live::Rooms;

const STEPS: u32 = 160;
const PEOPLE: usize = 4;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

enum Place {
    Online(Box<Page>),
    Offline(Box<ClientRoom>),
}

fn who(n: usize) -> u128 {
    u128::try_from(n).unwrap() + 1
}

/// One edit; the frames to send, none while offline.
fn edit(room: &mut ClientRoom, random: &mut Random, step: u32) -> Vec<Vec<u8>> {
    let id = format!("a{}", random.below(6));
    let made = match random.below(4) {
        0 => room.put_annotation(&id, &length(f64::from(step))),
        1 => room.remove_annotation(&id),
        2 => room.set_opinion(&"考虑胶质瘤 ".repeat(usize::try_from(random.below(30)).unwrap())),
        _ => room.say(&DiscussionLine {
            id: format!("l{step}"),
            text: "请看第三幅".to_owned(),
            at_ms: i64::from(step),
            ..DiscussionLine::default()
        }),
    };
    made.expect("allowed")
}

/// A real frame with some of it changed.
fn hostile(room: &ClientRoom, random: &mut Random) -> Vec<u8> {
    let mut bytes = frame::sync_step_2(&room.document().encode());
    for _ in 0..=random.below(8) {
        let at = usize::try_from(random.below(u64::try_from(bytes.len()).unwrap())).unwrap();
        bytes[at] = u8::try_from(random.below(256)).unwrap();
    }
    bytes
}

async fn online(rooms: &Rooms, place: Place, n: usize) -> Page {
    match place {
        Place::Online(page) => *page,
        Place::Offline(copy) => Page::reconnect(rooms, *copy, join(who(n))).await,
    }
}

async fn run(seed: u64) {
    let mut random = Random(seed);
    let mut world = World::new().await;
    world.timing.snapshot_every = 9;
    world.timing.idle = Duration::from_millis(5);
    world.timing.per_account = 1000;
    let mut rooms = world.rooms();
    let mut places: Vec<Place> = Vec::new();
    for n in 0..PEOPLE {
        let client = 1000 + u64::try_from(n).unwrap();
        places.push(Place::Online(Box::new(
            Page::open(&rooms, client, join(who(n))).await,
        )));
    }
    for step in 0..STEPS {
        let n = usize::try_from(random.below(4)).unwrap();
        let place = places.remove(n);
        let place = match (random.below(20), place) {
            (0..=10, Place::Online(mut page)) => {
                let frames = edit(&mut page.room, &mut random, step);
                page.send_all(frames).await;
                Place::Online(page)
            }
            (0..=10, Place::Offline(mut copy)) => {
                assert!(edit(&mut copy, &mut random, step).is_empty());
                Place::Offline(copy)
            }
            (11..=12, Place::Online(page)) => Place::Offline(Box::new(page.cut())),
            (11..=14, place) => Place::Online(Box::new(online(&rooms, place, n).await)),
            (15..=16, place) => {
                let mut page = online(&rooms, place, n).await;
                page.until_saved().await;
                Place::Online(Box::new(page))
            }
            (17, place) => {
                let client = 50_000 + u64::from(step);
                let mut bad = Page::open(&rooms, client, join(10)).await;
                let bytes = hostile(&bad.room, &mut random);
                bad.send(bytes).await;
                Place::Online(Box::new(online(&rooms, place, n).await))
            }
            (18, place) => {
                world.sql("ALTER TABLE rooms RENAME TO rooms_gone").await;
                let place = match place {
                    Place::Online(mut page) => {
                        let frames = edit(&mut page.room, &mut random, step);
                        page.send_all(frames).await;
                        Place::Online(page)
                    }
                    offline @ Place::Offline(_) => offline,
                };
                world.sql("ALTER TABLE rooms_gone RENAME TO rooms").await;
                place
            }
            (_, place) => {
                rooms.shutdown().await;
                rooms = world.rooms();
                let cut = |place| match place {
                    Place::Online(page) => Place::Offline(Box::new(page.cut())),
                    offline @ Place::Offline(_) => offline,
                };
                places = places.into_iter().map(cut).collect();
                cut(place)
            }
        };
        places.insert(n, place);
    }
    let mut pages = Vec::new();
    for (n, place) in places.into_iter().enumerate() {
        let mut page = online(&rooms, place, n).await;
        page.until_saved().await;
        pages.push(page);
    }
    let expected = content(stored(&rooms).await.0.document());
    for (n, page) in pages.iter_mut().enumerate() {
        page.until(|page| content(page.room.document()) == expected).await;
        let lost = page.outcomes.iter().any(|o| matches!(o, Outcome::Lost(_)));
        let refused = page.outcomes.iter().any(|o| matches!(o, Outcome::Refused { .. }));
        assert!(!lost && !refused, "person {n} lost something");
    }
    let log = rooms.history(consultation(), 0, 1000).await.unwrap();
    let mut replay = Replay::default();
    for entry in &log.entries {
        replay.apply(&entry.update).unwrap();
    }
    assert_eq!(content(replay.document()), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_random_life_ends_with_one_document() {
    let given = env::var("CONSILIUM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = given.map_or_else(|| vec![1, 2, 3], |seed: u64| vec![seed]);
    for seed in seeds {
        println!("CONSILIUM_SEED={seed}");
        run(seed).await;
    }
}
