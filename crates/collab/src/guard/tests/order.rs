//! Items whose neighbours never stood beside each other, and honest histories in which nobody is refused.

use yrs::{
    Assoc, ID, StickyIndex,
    undo::{Options as UndoOptions, UndoManager},
};

use super::{super::order::Chain, attacks::Attack, *};
use crate::document::RoomDoc;

/// What client 22 writes at the end of its history, each item by its neighbours.
enum Item<'a> {
    /// Text in the container with this id.
    First((u64, u32), &'a str),
    /// Text between two.
    Text(Option<(u64, u32)>, Option<(u64, u32)>, &'a str),
    /// A line between two.
    Line(Option<(u64, u32)>, Option<(u64, u32)>),
    /// The first line in the container with this id.
    FirstLine((u64, u32)),
    /// A drawing under a key of the container with this id.
    Drawn((u64, u32), &'a str),
    /// Another drawing between two.
    Again(Option<(u64, u32)>, Option<(u64, u32)>),
}

fn put_id(out: &mut Vec<u8>, (client, clock): (u64, u32)) {
    put_var(out, client);
    put_var(out, u64::from(clock));
}

fn put_any(out: &mut Vec<u8>, any: &Any) {
    let mut written = yrs::updates::encoder::EncoderV1::new();
    any.encode(&mut written);
    out.extend(yrs::updates::encoder::Encoder::to_vec(written));
}

/// An update with these items by this client from this clock on.
fn written(client: u64, clock: u32, items: &[Item<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    put_var(&mut out, 1);
    put_var(&mut out, u64::try_from(items.len()).unwrap());
    put_var(&mut out, client);
    put_var(&mut out, u64::from(clock));
    for item in items {
        let (left, right, parent, key) = match item {
            Item::First(parent, _) | Item::FirstLine(parent) => (None, None, Some(*parent), None),
            Item::Drawn(parent, key) => (None, None, Some(*parent), Some(*key)),
            Item::Text(left, right, _) | Item::Line(left, right) | Item::Again(left, right) => {
                (*left, *right, None, None)
            }
        };
        let content = match item {
            Item::First(..) | Item::Text(..) => 4,
            _ => 8,
        };
        let flags = [
            (left.is_some(), 0x80),
            (right.is_some(), 0x40),
            (key.is_some(), 0x20),
        ];
        out.push(flags.iter().filter(|(is, _)| *is).map(|(_, bit)| bit).sum::<u8>() | content);
        for id in [left, right].into_iter().flatten() {
            put_id(&mut out, id);
        }
        if let Some(parent) = parent {
            put_var(&mut out, 0);
            put_id(&mut out, parent);
            if let Some(key) = key {
                put_buffer(&mut out, key.as_bytes());
            }
        }
        match item {
            Item::First(_, text) | Item::Text(.., text) => put_buffer(&mut out, text.as_bytes()),
            Item::FirstLine(_) | Item::Line(..) => {
                put_var(&mut out, 1);
                put_any(&mut out, &any!({"id": "l", "text": "line", "at_ms": 1}));
            }
            Item::Drawn(..) | Item::Again(..) => {
                put_var(&mut out, 1);
                put_any(&mut out, &ann(5));
            }
        }
    }
    put_var(&mut out, 0);
    out
}

/// The second account's containers: annotations, opinion, discussion.
const DRAWN: (u64, u32) = (902, 0);
const OPINION: (u64, u32) = (902, 1);
const SPOKEN: (u64, u32) = (902, 2);

pub(super) fn attacks() -> Vec<Attack> {
    fn two(room: &Room, items: impl Fn(u32) -> Vec<Item<'static>>) -> Vec<u8> {
        let clock = room.clock(22);
        written(22, clock, &items(clock))
    }
    fn by(clock: u32) -> Option<(u64, u32)> {
        Some((22, clock))
    }
    let mut all: Vec<Attack> = Vec::new();
    let mut add = |name, build| all.push((name, EXPERT, build, Violation::Malformed));
    add("a right neighbour that stands to the left", |room: &Room| {
        two(room, |n| {
            vec![Item::First(OPINION, "ab"), Item::Text(by(n + 1), by(n), "x")]
        })
    });
    add("one neighbour on both sides", |room: &Room| {
        two(room, |n| {
            vec![Item::First(OPINION, "ab"), Item::Text(by(n), by(n), "x")]
        })
    });
    add("past what a neighbour builds on", |room: &Room| {
        two(room, |n| {
            vec![Item::First(OPINION, "abc"), Item::Text(by(n), by(n + 2), "x")]
        })
    });
    add("to the front past what the neighbour builds on", |room: &Room| {
        two(room, |n| {
            vec![Item::First(OPINION, "abc"), Item::Text(None, by(n + 2), "x")]
        })
    });
    add("a line before the line before", |room: &Room| {
        two(room, |n| {
            vec![
                Item::FirstLine(SPOKEN),
                Item::Line(by(n), None),
                Item::Line(by(n + 1), by(n)),
            ]
        })
    });
    add("between two keys", |room: &Room| {
        two(room, |n| {
            vec![
                Item::Drawn(DRAWN, "x"),
                Item::Drawn(DRAWN, "y"),
                Item::Again(by(n), by(n + 1)),
            ]
        })
    });
    add("before what was drawn before", |room: &Room| {
        two(room, |n| {
            vec![
                Item::Drawn(DRAWN, "x"),
                Item::Again(by(n), None),
                Item::Again(by(n + 1), by(n)),
            ]
        })
    });
    all
}

#[test]
fn neighbours_that_others_came_between_are_honest() {
    let mut room = room();
    let start = written(22, room.clock(22), &[Item::First(OPINION, "ad")]);
    let at = room.clock(22);
    room.apply(account(2), EXPERT, &start).unwrap().unwrap();
    // Two other pages of the same person write at the same place without knowing of each other.
    for (client, text) in [(24, "bb"), (23, "c")] {
        let between = Item::Text(Some((22, at)), Some((22, at + 1)), text);
        let update = written(client, 0, &[between]);
        room.apply(account(2), EXPERT, &update).unwrap().unwrap();
    }
    assert_eq!(room.document().opinion(account(2)), "acbbd");
    // Who knows what stands there may not pretend otherwise.
    let blind = written(
        24,
        2,
        &[
            Item::Text(Some((23, 0)), Some((24, 0)), "-"),
            Item::Text(Some((24, 2)), Some((22, at + 1)), "!"),
        ],
    );
    assert_eq!(room.apply(account(2), EXPERT, &blind), Err(Violation::Malformed));
    assert_eq!(room.document().opinion(account(2)), "acbbd");
    let seen = written(24, 2, &[Item::Text(Some((23, 0)), Some((24, 0)), "-")]);
    room.apply(account(2), EXPERT, &seen).unwrap().unwrap();
    assert_eq!(room.document().opinion(account(2)), "ac-bbd");
}

#[test]
fn one_update_takes_no_longer_than_an_update_may() {
    let mut room = room();
    let at = room.clock(22);
    let start = written(22, at, &[Item::First(OPINION, "ad")]);
    room.apply(account(2), EXPERT, &start).unwrap().unwrap();
    // Each pretends to know of no other: all stand between the two, and are looked at again and again.
    let between = || Item::Text(Some((22, at)), Some((22, at + 1)), "x");
    let items = |count: usize| written(23, 0, &(0..count).map(|_| between()).collect::<Vec<_>>());
    let before = room.document().opinion(account(2));
    assert_eq!(
        room.apply(account(2), EXPERT, &items(10_000)),
        Err(Violation::TooLarge)
    );
    assert_eq!(room.document().opinion(account(2)), before);
    room.apply(account(2), EXPERT, &items(500)).unwrap().unwrap();
    same_order(&room, OPINION);
}

#[test]
fn a_full_text_may_be_changed_and_shortened() {
    let me = account(2);
    let mut room = room();
    let most = usize::try_from(shape::OPINION_UNITS_MAX).unwrap();
    let page = Peer::new(44, &room);
    let change = |room: &mut Room, at: u32, remove: u32, insert: &str| {
        let update = page.edit(|txn| {
            let mine: TextRef = inner(txn, OPINIONS, me);
            mine.remove_range(txn, at, remove);
            mine.insert(txn, at, insert);
        });
        room.apply(me, EXPERT, &update)
    };
    // Written, half of it taken back and written again, all in one update.
    let update = page.edit(|txn| {
        let mine: TextRef = inner(txn, OPINIONS, me);
        mine.insert(txn, 0, &"x".repeat(most));
        mine.remove_range(txn, 5, 10_000);
        mine.insert(txn, 7, &"y".repeat(10_000));
    });
    room.apply(me, EXPERT, &update).unwrap().unwrap();
    assert_eq!(room.index.length(OPINION), shape::OPINION_UNITS_MAX);
    change(&mut room, 100, 3, "abc").unwrap().unwrap();
    change(&mut room, 200, 10, "").unwrap().unwrap();
    // Ten are free. One deletion named twice, or one of what is gone already, makes no room.
    let clock = room.clock(44);
    let forged = |deletes: &[(u32, u32)]| {
        let mut update = written(45, 0, &[Item::Text(Some((44, 0)), Some((44, 1)), "elevenunits")]);
        update.pop();
        update.extend([vec![1], var(44), var(u64::try_from(deletes.len()).unwrap())].concat());
        for (clock, len) in deletes {
            update.extend([var(u64::from(*clock)), var(u64::from(*len))].concat());
        }
        update
    };
    for deletes in [&[(6, 10)][..], &[(clock, 1)], &[(6, 10), (6, 10)]] {
        assert!(room.apply(me, EXPERT, &forged(deletes)).is_err());
    }
    assert_eq!(room.apply(me, EXPERT, &forged(&[])), Err(Violation::Shape));
    assert_eq!(room.index.length(OPINION), shape::OPINION_UNITS_MAX - 10);
    room.apply(me, EXPERT, &forged(&[(0, 1), (0, 1)]))
        .unwrap()
        .unwrap();
    assert_eq!(room.index.length(OPINION), shape::OPINION_UNITS_MAX);
    same_order(&room, OPINION);
    let loaded = Room::load(Some(&room.snapshot()), Vec::new(), []).unwrap();
    assert_eq!(loaded.index.length(OPINION), shape::OPINION_UNITS_MAX);
}

/// The order of a text as the guard has it is the order yrs has.
fn same_order(room: &Room, container: (u64, u32)) {
    let txn = room.doc.doc().transact();
    let mut expected = 0;
    for (client, start, end) in room.orders.read(&Chain::Item(container, None)) {
        for clock in start..end {
            let sticky = StickyIndex::from_id(ID::new(ClientID::new(client), clock), Assoc::After);
            let offset = sticky.get_offset(&txn).unwrap();
            assert_eq!(offset.index, expected, "{client}:{clock}");
            let there = !room.index.alive(client, clock, clock + 1).is_empty();
            expected += u32::from(there);
        }
    }
    assert_eq!(expected, room.index.length(container));
}

/// One page with its way back.
struct Writer {
    peer: Peer,
    undo: UndoManager<()>,
}

impl Writer {
    fn new(client: u64, room: &Room, me: AccountId) -> Self {
        let peer = Peer::new(client, room);
        let opinions = peer.doc.get_or_insert_map(OPINIONS);
        let Some(Out::YText(text)) = opinions.get(&peer.doc.transact(), &me.to_string()) else {
            panic!("no text")
        };
        let options = UndoOptions {
            capture_timeout_millis: 0,
            ..UndoOptions::default()
        };
        let mut undo = UndoManager::with_options(options);
        undo.expand_scope(&peer.doc, &text);
        Self { peer, undo }
    }

    fn step(&mut self, me: AccountId, kind: u8, value: u16) {
        match kind % 10 {
            0 => drop(self.undo.undo_blocking()),
            1 => drop(self.undo.redo_blocking()),
            2..5 => {
                self.peer.edit(|txn| {
                    let mine: TextRef = inner(txn, OPINIONS, me);
                    let len = mine.len(txn);
                    let at = u32::from(value) % (len + 1);
                    let count = (len - at).min(1 + u32::from(kind) % 5);
                    if count > 0 {
                        mine.remove_range(txn, at, count);
                    }
                });
            }
            5 => drop(honest(&self.peer, me, 0, value)),
            6 => drop(honest(&self.peer, me, 4, value)),
            _ => {
                self.peer.edit(|txn| {
                    let mine: TextRef = inner(txn, OPINIONS, me);
                    let len = mine.len(txn);
                    let text = ["x", "ab", "中文字", "😀"][usize::from(kind) % 4];
                    mine.insert(txn, u32::from(value) % (len + 1), text);
                });
            }
        }
    }

    fn push(&self, room: &mut Room, me: AccountId) {
        let vector = StateVector::decode_v1(&room.state_vector()).unwrap();
        let missing = self.peer.doc.transact().encode_diff_v1(&vector);
        let taken = room.apply(me, EXPERT, &missing);
        assert!(taken.is_ok(), "an honest change was refused: {taken:?}");
    }
}

/// What somebody reads who has the document from its state, by either encoding.
fn newcomers(room: &Room, me: AccountId) -> [String; 2] {
    let copy = RoomDoc::new(77);
    copy.apply(&room.document().encode()).unwrap();
    let stored = Room::load(Some(&room.snapshot()), Vec::new(), []).unwrap();
    [copy.opinion(me), stored.document().opinion(me)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Three pages of one person write, delete, undo and redo in one text, mostly offline; nothing is refused,
    /// and the guard has the order yrs has, also after it was loaded again.
    #[test]
    fn nothing_honest_is_refused(steps in proptest::collection::vec((0_usize..3, any::<u8>(), any::<u16>(), 0_u8..4), 1..80)) {
        let me = account(1);
        let mut room = Room::new();
        room.prepare(me, 901).unwrap().unwrap();
        let mut writers: Vec<Writer> = (0..3).map(|n| Writer::new(100 - n, &room, me)).collect();
        for (who, kind, value, net) in steps {
            writers[who].step(me, kind, value);
            match net {
                0 => writers[who].push(&mut room, me),
                1 => {
                    writers[who].push(&mut room, me);
                    writers[who].peer.pull(&room);
                }
                2 if kind % 16 == 0 => {
                    let owners: Vec<_> = room.owners.iter().map(|(client, owner)| (*client, *owner)).collect();
                    room = Room::load(Some(&room.snapshot()), Vec::new(), owners).unwrap();
                }
                _ => {}
            }
        }
        for writer in &writers {
            writer.push(&mut room, me);
        }
        same_order(&room, (901, 1));
        let text = room.document().opinion(me);
        prop_assert_eq!(newcomers(&room, me), [text.clone(), text.clone()]);
        let loaded = Room::load(Some(&room.snapshot()), Vec::new(), []).unwrap();
        same_order(&loaded, (901, 1));
        for writer in &writers {
            writer.peer.pull(&room);
            let opinions = writer.peer.doc.get_or_insert_map(OPINIONS);
            let txn = writer.peer.doc.transact();
            let Some(Out::YText(theirs)) = opinions.get(&txn, &me.to_string()) else { panic!("no text") };
            prop_assert_eq!(theirs.get_string(&txn), text.clone());
        }
    }

    /// Whatever neighbours an item names: it is refused, or all who come later read what the room reads.
    #[test]
    fn what_is_accepted_reads_the_same_for_all(steps in proptest::collection::vec((0_u64..4, any::<u16>(), any::<u16>(), any::<bool>()), 1..40)) {
        let me = account(1);
        let mut room = Room::new();
        room.prepare(me, 901).unwrap().unwrap();
        let mut ids: Vec<(u64, u32)> = Vec::new();
        let (mut taken, mut refused) = (0, 0);
        for (n, left, right, delete) in steps {
            let pick = |n: u16| ids.get(usize::from(n) % (ids.len() + 1)).copied();
            let (client, clock) = (30 + n, room.clock(30 + n));
            let letter = char::from(b'a' + u8::try_from(ids.len() % 26).unwrap()).to_string();
            let text = letter.repeat(1 + usize::from(left % 3));
            let item = match (pick(left), pick(right)) {
                (None, None) => Item::First((901, 1), &text),
                (left, right) => Item::Text(left, right, &text),
            };
            let mut update = written(client, clock, &[item]);
            if delete && let Some((client, clock)) = pick(left) {
                update.pop();
                update.extend([vec![1], var(client), vec![1], var(u64::from(clock)), vec![1]].concat());
            }
            let before = room.document().opinion(me);
            match room.apply(me, EXPERT, &update) {
                Ok(_) => {
                    taken += 1;
                    for clock in clock..room.clock(client) {
                        ids.push((client, clock));
                    }
                }
                Err(violation) => {
                    refused += 1;
                    prop_assert_eq!(violation, Violation::Malformed);
                    prop_assert_eq!(room.document().opinion(me), before);
                }
            }
            let text = room.document().opinion(me);
            prop_assert_eq!(newcomers(&room, me), [text.clone(), text]);
        }
        same_order(&room, (901, 1));
        prop_assert!(taken + refused > 0);
    }
}
