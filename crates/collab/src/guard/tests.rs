mod attacks;
mod fuzz;
mod lead;
mod merge;
mod order;

use attacks::attacks;
use consilium_domain::AccountId;
use proptest::{prelude::*, test_runner::TestRng};
use uuid::Uuid;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, Text,
    TextPrelim, TextRef, any, updates::encoder::Encode,
};

use super::*;
use crate::{
    document::{ANNOTATIONS, DISCUSSION, NOTES, OPINIONS, PRESENTER, SESSION},
    wire::{put_buffer, put_var},
};

const ALL: RoomRights = RoomRights {
    annotate: true,
    opine: true,
    discuss: true,
    preside: true,
    notes: false,
};
const EXPERT: RoomRights = RoomRights {
    preside: false,
    ..ALL
};

fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

fn ann(x: i64) -> Any {
    any!({"kind": "length", "image": {"series": "s", "instance": "i", "frame": 0}, "points": [[x, 2], [3, 4.5]], "label": "l", "at_ms": 5})
}

/// A stock document, as any Yjs program would hold it.
struct Peer {
    doc: Doc,
}

impl Peer {
    fn new(client: u64, room: &Room) -> Self {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        let peer = Self {
            doc: Doc::with_options(options),
        };
        peer.pull(room);
        peer
    }

    fn pull(&self, room: &Room) {
        let mut txn = self.doc.transact_mut();
        let update = room.missing_for(&txn.state_vector().encode_v1()).unwrap();
        txn.apply_update(Update::decode_v1(&update).unwrap()).unwrap();
        assert!(txn.prune_pending().is_none());
    }

    fn edit(&self, change: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        change(&mut txn);
        txn.commit();
        txn.encode_update_v1()
    }
}

fn root(txn: &mut TransactionMut<'_>, name: &str) -> MapRef {
    txn.get_or_insert_map(name)
}

fn inner<T: TryFrom<Out>>(txn: &mut TransactionMut<'_>, name: &str, owner: AccountId) -> T {
    let out = root(txn, name).get(txn, &owner.to_string()).unwrap();
    out.try_into().ok().unwrap()
}

/// A room in which the first account (client 11) has drawn, written and spoken, the second (client 22)
/// has drawn, and the first presents.
fn room() -> Room {
    let mut room = Room::new();
    for (n, fresh) in [(1, 901), (2, 902)] {
        room.prepare(account(n), fresh).unwrap().unwrap();
    }
    let one = Peer::new(11, &room);
    let me = account(1);
    let update = one.edit(|txn| {
        let annotations: MapRef = inner(txn, ANNOTATIONS, me);
        annotations.insert(txn, "a", ann(1));
        let opinion: TextRef = inner(txn, OPINIONS, me);
        opinion.insert(txn, 0, "opinion of one");
        let lines: ArrayRef = inner(txn, DISCUSSION, me);
        lines.push_back(txn, any!({"id": "1", "text": "hello", "at_ms": 1}));
        root(txn, SESSION).insert(txn, PRESENTER, me.to_string());
    });
    let applied = room.apply(me, ALL, &update).unwrap().unwrap();
    assert_eq!((applied.new_clients, applied.client), (vec![11], Some(11)));
    let two = Peer::new(22, &room);
    let update = two.edit(|txn| {
        let annotations: MapRef = inner(txn, ANNOTATIONS, account(2));
        annotations.insert(txn, "b", ann(2));
    });
    room.apply(account(2), EXPERT, &update).unwrap().unwrap();
    room
}

fn vector(room: &Room) -> StateVector {
    room.document().doc().transact().state_vector()
}

fn var(value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_var(&mut out, value);
    out
}

/// Two encodings of one document differ in the order of keys inside values only.
fn same(a: &[u8], b: &[u8]) -> bool {
    parse(a).unwrap() == parse(b).unwrap()
}

#[test]
fn attacks_leave_no_trace() {
    for (name, rights, build, expected) in attacks() {
        let mut room = room();
        let attack = build(&room);
        let (vector, state) = (vector(&room), room.document().encode());
        let got = room.apply(account(2), rights, &attack);
        assert_eq!(got, Err(expected), "{name}");
        assert_eq!(self::vector(&room), vector, "{name}");
        assert!(same(&room.document().encode(), &state), "{name}");
        // The room lives: an honest edit and a newcomer work as before.
        let two = Peer::new(22, &room);
        let update = two.edit(|txn| {
            let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
            mine.insert(txn, "after", ann(4));
        });
        assert!(
            matches!(room.apply(account(2), EXPERT, &update), Ok(Some(_))),
            "{name}"
        );
        Peer::new(99, &room);
    }
}

#[test]
fn what_was_said_stays_said() {
    let mut room = room();
    let one = Peer::new(11, &room);
    let state = room.document().encode();
    let erase = one.edit(|txn| {
        let lines: ArrayRef = inner(txn, DISCUSSION, account(1));
        lines.remove(txn, 0);
    });
    assert_eq!(room.apply(account(1), ALL, &erase), Err(Violation::NotAllowed));
    let replace = Peer::new(11, &room).edit(|txn| {
        root(txn, DISCUSSION).insert(txn, account(1).to_string(), ArrayPrelim::default());
    });
    assert_eq!(room.apply(account(1), ALL, &replace), Err(Violation::NotAllowed));
    assert!(same(&room.document().encode(), &state));
    // An empty array may be replaced: a stock program may create its own without looking.
    let replace = Peer::new(22, &room).edit(|txn| {
        let mine = root(txn, DISCUSSION).insert(txn, account(2).to_string(), ArrayPrelim::default());
        mine.push_back(txn, any!({"text": "loose"}));
    });
    assert!(matches!(room.apply(account(2), EXPERT, &replace), Ok(Some(_))));
    assert_eq!(room.document().discussion().len(), 2);
}

#[test]
fn a_second_lead_may_take_over_the_chair() {
    let mut room = room();
    let lead = Peer::new(33, &room);
    let update = lead.edit(|txn| {
        root(txn, SESSION).insert(txn, PRESENTER, account(2).to_string());
    });
    assert!(matches!(room.apply(account(3), ALL, &update), Ok(Some(_))));
    assert_eq!(room.document().presenter(), Some(account(2)));
}

#[test]
fn a_full_answer_of_a_stock_client_changes_nothing() {
    let mut room = room();
    let two = Peer::new(22, &room);
    let mine = two.edit(|txn| {
        let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
        mine.insert(txn, "b", ann(7));
    });
    room.apply(account(2), EXPERT, &mine).unwrap().unwrap();
    // Everything it knows, deletions of all included.
    let one = Peer::new(11, &room);
    let everything = one.doc.transact().encode_diff_v1(&StateVector::default());
    assert_eq!(
        room.apply(account(1), RoomRights::default(), &everything),
        Ok(None)
    );
    // Known and new together.
    one.edit(|txn| {
        let opinion: TextRef = inner(txn, OPINIONS, account(1));
        opinion.push(txn, " and more");
        opinion.remove_range(txn, 0, 3);
    });
    let everything = one.doc.transact().encode_diff_v1(&StateVector::default());
    let applied = room.apply(account(1), EXPERT, &everything).unwrap().unwrap();
    assert!(applied.update.len() < everything.len());
    assert_eq!(room.document().opinion(account(1)), "nion of one and more");
}

#[test]
fn unsaved_updates_are_taken_back() {
    let mut room = room();
    room.confirm(4, &[11, 22, 901, 902]);
    let before = room.document().encode();
    let peer = Peer::new(22, &room);
    let write = |id: &str| {
        peer.edit(|txn| {
            let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
            mine.insert(txn, id, ann(3));
        })
    };
    let (first, second) = (write("x"), write("y"));
    room.apply(account(2), EXPERT, &first).unwrap().unwrap();
    room.revert().unwrap();
    assert_eq!(room.clock(22), 1);
    assert!(same(&room.document().encode(), &before));
    assert_eq!(room.apply(account(2), EXPERT, &second), Err(Violation::Gap));
    room.apply(account(2), EXPERT, &first).unwrap().unwrap();
    room.apply(account(2), EXPERT, &second).unwrap().unwrap();
}

#[test]
fn a_loaded_room_judges_as_before() {
    let original = room();
    let owners = [
        (11, account(1)),
        (22, account(2)),
        (901, account(1)),
        (902, account(2)),
    ];
    let loaded = Room::load(Some(&original.snapshot()), Vec::new(), owners).unwrap();
    assert!(same(&loaded.document().encode(), &original.document().encode()));
    for (name, rights, build, expected) in attacks() {
        let mut room = Room::load(Some(&original.snapshot()), Vec::new(), owners).unwrap();
        let attack = build(&room);
        assert_eq!(room.apply(account(2), rights, &attack), Err(expected), "{name}");
    }
    let logged = Room::load(None, original.tail.clone(), owners).unwrap();
    assert!(same(&logged.document().encode(), &original.document().encode()));
    assert_eq!(
        Room::load(Some(b"junk"), Vec::new(), owners).unwrap_err(),
        LoadError::Snapshot
    );
}

/// One honest step of a random history.
fn honest(peer: &Peer, me: AccountId, step: u8, value: u16) -> Vec<u8> {
    peer.edit(|txn| match step % 6 {
        0 => {
            let mine: MapRef = inner(txn, ANNOTATIONS, me);
            mine.insert(txn, format!("{}", value % 5), ann(i64::from(value)));
        }
        1 => {
            let mine: MapRef = inner(txn, ANNOTATIONS, me);
            mine.remove(txn, &format!("{}", value % 5));
        }
        2 => {
            let mine: TextRef = inner(txn, OPINIONS, me);
            let len = mine.len(txn);
            mine.insert(txn, u32::from(value) % (len + 1), "ab中");
        }
        3 => {
            let mine: TextRef = inner(txn, OPINIONS, me);
            let len = mine.len(txn);
            let at = u32::from(value) % (len + 1);
            let count = (len - at).min(2);
            if count > 0 {
                mine.remove_range(txn, at, count);
            }
        }
        4 => {
            let mine: ArrayRef = inner(txn, DISCUSSION, me);
            mine.push_back(
                txn,
                any!({"id": "x", "text": "line", "at_ms": (i64::from(value))}),
            );
        }
        _ => {
            root(txn, SESSION).insert(txn, PRESENTER, me.to_string());
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Four pages of three people edit with delays and hang-ups; all end with the room's document, and so
    /// does a room loaded from any mixture of snapshot and log.
    #[test]
    fn honest_histories_converge(steps in proptest::collection::vec((0_usize..4, any::<u8>(), any::<u16>(), any::<bool>()), 1..60), cut in 0_usize..60) {
        let mut room = Room::new();
        let mut log = Vec::new();
        let people = [account(1), account(2), account(3), account(1)];
        for (n, fresh) in [(1, 901), (2, 902), (3, 903)] {
            log.push(room.prepare(account(n), fresh).unwrap().unwrap().update);
        }
        let peers: Vec<Peer> = (0..4).map(|i| Peer::new(100 + i, &room)).collect();
        let mut snapshot = None;
        for (count, (who, step, value, online)) in steps.into_iter().enumerate() {
            let (peer, me) = (&peers[who], people[who]);
            honest(peer, me, step, value);
            if online {
                let missing = {
                    let txn = peer.doc.transact();
                    let vector = StateVector::decode_v1(&room.state_vector()).unwrap();
                    txn.encode_diff_v1(&vector)
                };
                if let Some(applied) = room.apply(me, ALL, &missing).unwrap() {
                    log.push(applied.update);
                }
                peer.pull(&room);
            }
            if count == cut {
                snapshot = Some((room.snapshot(), log.len()));
            }
        }
        for (peer, me) in peers.iter().zip(people) {
            let missing = peer.doc.transact().encode_diff_v1(&StateVector::default());
            if let Some(applied) = room.apply(me, ALL, &missing).unwrap() {
                log.push(applied.update);
            }
        }
        for peer in &peers {
            peer.pull(&room);
            prop_assert_eq!(peer.doc.transact().state_vector(), room.document().doc().transact().state_vector());
            let text = peer.doc.get_or_insert_map(OPINIONS);
            let txn = peer.doc.transact();
            for me in people {
                let Some(Out::YText(text)) = text.get(&txn, &me.to_string()) else { panic!("no text") };
                prop_assert_eq!(text.get_string(&txn), room.document().opinion(me));
            }
        }
        let owners: Vec<_> = room.owners.iter().map(|(client, owner)| (*client, *owner)).collect();
        let (base, from) = snapshot.map_or((None, 0), |(state, from)| (Some(state), from));
        let loaded = Room::load(base.as_deref(), log.split_off(from), owners).unwrap();
        prop_assert_eq!(vector(&loaded), vector(&room));
        prop_assert_eq!(loaded.document().annotations(), room.document().annotations());
        prop_assert_eq!(loaded.document().opinions(), room.document().opinions());
        prop_assert_eq!(loaded.document().discussion(), room.document().discussion());
        prop_assert_eq!(loaded.document().presenter(), room.document().presenter());
    }
}

/// 20,000 damaged updates with a fixed seed: no panic, nothing of the first account changes, newcomers
/// can still join.
#[test]
fn damaged_updates_do_no_harm() {
    let mut rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let mut room = room();
    let mut corpus: Vec<Vec<u8>> = attacks()
        .into_iter()
        .map(|(_, _, build, _)| build(&room))
        .filter(|bytes| bytes.len() < 2000)
        .collect();
    let peer = Peer::new(22, &room);
    for step in 0..12_u8 {
        corpus.push(honest(&peer, account(2), step, 3));
    }
    let theirs = (
        room.document().opinion(account(1)),
        room.document().annotation(account(1), "a"),
    );
    let (mut taken, mut refused) = (0, 0);
    for round in 0..20_000_usize {
        let mut bytes = corpus[round % corpus.len()].clone();
        for _ in 0..=rng.next_u32() % 3 {
            let at = usize::try_from(rng.next_u32()).unwrap() % bytes.len().max(1);
            match rng.next_u32() % 4 {
                0 => bytes[at] = rng.next_u32().to_le_bytes()[0],
                1 => bytes[at] ^= 1 << (rng.next_u32() % 8),
                2 => bytes.insert(at, rng.next_u32().to_le_bytes()[0]),
                _ => {
                    bytes.remove(at);
                }
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        match room.apply(account(2), EXPERT, &bytes) {
            Ok(_) => taken += 1,
            Err(_) => refused += 1,
        }
        if round % 500 == 0 {
            let newcomer = Peer::new(500_000, &room);
            assert_eq!(
                newcomer.doc.transact().state_vector(),
                room.document().doc().transact().state_vector()
            );
        }
    }
    assert!(refused > 10_000, "taken {taken}, refused {refused}");
    assert_eq!(room.document().opinion(account(1)), theirs.0);
    assert_eq!(room.document().annotation(account(1), "a"), theirs.1);
    Room::load(Some(&room.snapshot()), Vec::new(), []).unwrap();
}
