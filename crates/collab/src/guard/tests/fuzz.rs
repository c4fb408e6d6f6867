//! Mutated frames against a room (F7), and a room that is drawn in all the time (F9).
//! `CONSILIUM_FUZZ_FRAMES` asks for more of them, `CONSILIUM_SEED` for others.

use std::env;

use consilium_protocol::live::{ClientFrame, DiscussionLine};

use super::*;
use crate::{
    awareness::{self, Table},
    frame::{self, Frame},
};

/// Frames in an ordinary run.
const FRAMES: u64 = 100_000;
/// A newcomer reads the room after so many.
const NEWCOMER_EVERY: u64 = 10_000;

fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(default)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// Frames as honest pages of the second account send them now.
fn honest(room: &Room, random: &mut Random) -> Vec<u8> {
    let client = u64::try_from(5000 + random.below(64)).unwrap();
    let copy = RoomDoc::new(client);
    copy.apply(&room.document().encode()).unwrap();
    let me = account(2);
    match random.below(8) {
        0 => frame::sync_step_1(&copy.state_vector()),
        1 => frame::sync_step_2(&copy.encode()),
        2 => frame::awareness(&awareness::encode(&[awareness::Entry {
            client,
            clock: 1,
            state: r#"{"hand_at_ms":5,"writing":"opinion"}"#.to_owned(),
        }])),
        3 => frame::client_frame(&ClientFrame::Signal {
            to: 3,
            payload: "{}".to_owned(),
        }),
        4 => frame::update(
            &copy
                .say(
                    me,
                    &DiscussionLine {
                        id: "l".to_owned(),
                        text: "看第三幅".to_owned(),
                        ..DiscussionLine::default()
                    },
                )
                .unwrap(),
        ),
        5 => frame::update(
            &copy
                .set_opinion(me, &"字".repeat(1 + random.below(40)))
                .unwrap_or_else(|| vec![0, 0]),
        ),
        _ => {
            let update = Peer::new(client, room).edit(|txn| {
                let mine: MapRef = inner(txn, ANNOTATIONS, me);
                mine.insert(txn, random.byte().to_string(), ann(7));
            });
            frame::update(&update)
        }
    }
}

fn mutated(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.byte(),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, random.byte()),
            4 => {
                let from = random.below(other.len());
                let tail = other.get(from..).unwrap_or_default().to_vec();
                bytes.splice(at.., tail);
            }
            _ => {
                let end = bytes.len().min(at + random.below(12));
                let piece = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn mutated_frames_never_kill_a_room() {
    let seed = number("CONSILIUM_SEED", 7);
    let frames = number("CONSILIUM_FUZZ_FRAMES", FRAMES);
    let mut random = Random(seed);
    let mut room = room();
    let mut table = Table::default();
    let theirs = |room: &Room| {
        let doc = room.document();
        let drawn: Vec<_> = doc
            .discussion()
            .into_iter()
            .filter(|(who, _)| *who == account(1))
            .collect();
        (doc.opinion(account(1)), drawn)
    };
    let before = theirs(&room);
    let person: consilium_protocol::live::Person = serde_json::from_value(serde_json::json!({
        "id": account(2), "name": "n", "role": "expert", "department": "",
        "institution": {"id": Uuid::from_u128(9), "code": "east", "name_zh": "东院", "name_en": "East", "colour": 1}
    }))
    .unwrap();
    let mut pool: Vec<Vec<u8>> = Vec::new();
    let (mut taken, mut refused) = (0_u64, 0_u64);
    for n in 0..frames {
        if n % 50 == 0 {
            pool.push(honest(&room, &mut random));
            if pool.len() > 40 {
                pool.remove(0);
            }
        }
        let (one, other) = (random.below(pool.len()), random.below(pool.len()));
        let bytes = mutated(&pool[one], &pool[other], &mut random);
        match frame::decode(&bytes) {
            Ok(Frame::SyncStep1(vector)) => {
                let _ = room.standing(vector).and_then(|_| room.missing_for(vector));
            }
            Ok(Frame::SyncStep2(update) | Frame::Update(update)) => {
                match room.apply(account(2), EXPERT, update) {
                    Ok(applied) => {
                        taken += u64::from(applied.is_some());
                        room.confirm(usize::from(applied.is_some()), &[]);
                    }
                    Err(_) => refused += 1,
                }
            }
            Ok(Frame::Awareness(states)) => {
                let _ = table.accept(n % 5, &person, states, |client| room.claim(client, account(2)));
            }
            Ok(Frame::Consilium(text)) => {
                let _ = frame::parse::<ClientFrame>(text);
            }
            Ok(_) | Err(_) => refused += 1,
        }
        if (n + 1) % NEWCOMER_EVERY == 0 {
            let newcomer = RoomDoc::new(1);
            newcomer.apply(&room.document().encode()).unwrap();
            assert_eq!(
                newcomer.opinions(),
                room.document().opinions(),
                "seed {seed}, frame {n}"
            );
            let stored = Room::load(Some(&room.snapshot()), vec![], []).unwrap();
            assert_eq!(stored.document().discussion(), newcomer.discussion());
        }
    }
    assert_eq!(
        theirs(&room),
        before,
        "nobody else's place was touched; seed {seed}"
    );
    assert!(
        refused > frames / 10 && taken > 0,
        "{taken} taken, {refused} refused"
    );
    println!("seed {seed}: {frames} frames, {taken} taken, {refused} refused");
}

#[test]
fn an_annotation_that_is_changed_all_the_time_stays_small() {
    // A drag travels as awareness; should a page write every step of it all the same, thirty a second for
    // five minutes, only the last one stays.
    let mut room = Room::new();
    room.prepare(account(1), 900).unwrap().unwrap();
    room.confirm(1, &[900]);
    let doc = RoomDoc::new(11);
    doc.apply(&room.document().encode()).unwrap();
    for step in 0..9000_u32 {
        let drawn = consilium_protocol::live::Annotation {
            kind: consilium_protocol::live::AnnotationKind::Length,
            image: consilium_protocol::live::ImageRef {
                series: consilium_domain::SeriesId(Uuid::from_u128(1)),
                instance: consilium_domain::InstanceId(Uuid::from_u128(2)),
                frame: 0,
            },
            points: vec![[f64::from(step), 0.0], [1.0, 1.0]],
            label: String::new(),
            at_ms: 1,
        };
        let update = doc.put_annotation(account(1), "a", &drawn).unwrap();
        room.apply(account(1), EXPERT, &update).unwrap().unwrap();
        room.confirm(1, &[]);
    }
    let (state, size) = (room.document().encode().len(), room.size());
    assert!(state < 64 * 1024, "{state}");
    assert!(size < 512 * 1024, "{size}");
    assert_eq!(room.document().annotations().len(), 1);
}
