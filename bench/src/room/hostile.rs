//! Hostile updates from a seed: what a member of the room might send who does not keep to the rules.

use consilium_collab::document::{ANNOTATIONS, DISCUSSION, OPINIONS, PRESENTER, SESSION};
use consilium_domain::AccountId;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, ClientID, Doc, Map, MapPrelim, MapRef, OffsetKind, Options, Out, Text,
    TextPrelim, TextRef, Transact as _, TransactionMut, Update, WriteTxn as _, any,
    updates::decoder::Decode as _,
};

use super::random::Random;

/// Kinds of attack, by name.
pub(super) const KINDS: [&str; 20] = [
    "draws in another's name",
    "erases another's drawing",
    "writes into another's opinion",
    "deletes from another's opinion",
    "speaks in another's name",
    "unsays another's line",
    "unsays an own line",
    "replaces another's drawings",
    "removes another's place",
    "makes a new root",
    "takes the chair",
    "uses another's client id",
    "draws a wrong shape",
    "says a wrong shape",
    "hides a shared type in a drawing",
    "hides a document in a drawing",
    "leaves out an earlier change",
    "breaks off",
    "names a drawing wrongly",
    "writes beyond the limit",
];

/// One more than fits in an opinion.
pub(super) const TOO_MUCH: usize = 20_001;

/// Who attacks whom.
#[derive(Clone, Copy)]
pub(super) struct Cast<'a> {
    /// The whole document, encoded.
    pub(super) state: &'a [u8],
    pub(super) attacker: AccountId,
    /// The victims, and a client id each of them has used.
    pub(super) victims: &'a [(AccountId, u64)],
}

fn copy(state: &[u8], client: u64) -> Doc {
    let mut options = Options::with_client_id(ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    let doc = Doc::with_options(options);
    if let Ok(update) = Update::decode_v1(state) {
        let _own_state = doc.transact_mut().apply_update(update);
    }
    doc
}

fn edit(doc: &Doc, change: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
    let mut txn = doc.transact_mut();
    change(&mut txn);
    txn.commit();
    txn.encode_update_v1()
}

fn place<T: TryFrom<Out>>(txn: &mut TransactionMut<'_>, root: &str, owner: AccountId) -> Option<T> {
    txn.get_or_insert_map(root)
        .get(txn, &owner.to_string())
        .and_then(|out| out.try_into().ok())
}

/// A drawing as it should be.
pub(super) fn drawing(random: &mut Random) -> Any {
    let mut number = || f64::from(random.below(4000)) / 8.0;
    let points: Vec<Any> = (0..2)
        .map(|_| Any::from(vec![Any::from(number()), Any::from(number())]))
        .collect();
    any!({"kind": "length", "image": {"series": "s", "instance": "i", "frame": 0}, "points": points, "label": "l", "at_ms": 5})
}

fn wrong_drawing(random: &mut Random) -> Any {
    match random.below(6) {
        0 => Any::from("text"),
        1 => Any::from(f64::from(random.below(1000))),
        2 => any!({"kind": "length", "image": {"series": "s", "instance": "i"}, "points": [[1, 2]]}),
        3 => any!({"kind": "circle", "image": {"series": "s", "instance": "i"}, "points": [[1, 2], [3, 4]]}),
        4 => any!({"kind": "arrow", "points": [[1, 2], [3, 4]]}),
        _ => {
            any!({"kind": "length", "image": {"series": "s", "instance": "i"}, "points": [["x", 2], [3, 4]]})
        }
    }
}

fn wrong_line(random: &mut Random) -> Any {
    match random.below(4) {
        0 => Any::from("loose text"),
        1 => any!({"id": "1"}),
        2 => any!({"id": "1", "text": 5}),
        _ => any!({"id": "1", "text": ("长".repeat(2001)), "at_ms": 1}),
    }
}

fn word(random: &mut Random, len: u32) -> String {
    (0..=random.below(len))
        .map(|_| char::from(b'a' + u8::try_from(random.below(26)).unwrap_or(0)))
        .collect()
}

/// The hostile update number `kind % KINDS`.
pub(super) fn attack(cast: Cast<'_>, kind: usize, random: &mut Random) -> Vec<u8> {
    let many = u32::try_from(cast.victims.len()).unwrap_or(1);
    let chosen = usize::try_from(random.below(many)).unwrap_or(0);
    let Some((victim, their_client)) = cast.victims.get(chosen).copied() else {
        return Vec::new();
    };
    let own = 1 << 40 | random.number() >> 32;
    let doc = copy(cast.state, if kind == 11 { their_client } else { own });
    let me = cast.attacker;
    let key = word(random, 12);
    match kind {
        0 => edit(&doc, |txn| {
            let drawn = drawing(random);
            if let Some(theirs) = place::<MapRef>(txn, ANNOTATIONS, victim) {
                theirs.insert(txn, key, drawn);
            }
        }),
        1 => edit(&doc, |txn| {
            if let Some(theirs) = place::<MapRef>(txn, ANNOTATIONS, victim) {
                theirs.remove(txn, &format!("d{}", random.below(5)));
            }
        }),
        2 => edit(&doc, |txn| {
            if let Some(theirs) = place::<TextRef>(txn, OPINIONS, victim) {
                let at = random.below(theirs.len(txn) + 1);
                theirs.insert(txn, at, &key);
            }
        }),
        3 => edit(&doc, |txn| {
            if let Some(theirs) = place::<TextRef>(txn, OPINIONS, victim) {
                let len = theirs.len(txn);
                let at = random.below(len);
                theirs.remove_range(txn, at, 1 + random.below(len - at));
            }
        }),
        4 => edit(&doc, |txn| {
            if let Some(theirs) = place::<ArrayRef>(txn, DISCUSSION, victim) {
                theirs.push_back(txn, any!({"id": "f", "text": "forged", "at_ms": 1}));
            }
        }),
        5 | 6 => edit(&doc, |txn| {
            let whose = if kind == 5 { victim } else { me };
            if let Some(lines) = place::<ArrayRef>(txn, DISCUSSION, whose) {
                let at = random.below(lines.len(txn));
                lines.remove(txn, at);
            }
        }),
        7 => edit(&doc, |txn| {
            let root = txn.get_or_insert_map(ANNOTATIONS);
            root.insert(txn, victim.to_string(), MapPrelim::default());
        }),
        8 => edit(&doc, |txn| {
            let name = [ANNOTATIONS, OPINIONS, DISCUSSION]
                .get(usize::try_from(random.below(3)).unwrap_or(0))
                .copied()
                .unwrap_or(OPINIONS);
            txn.get_or_insert_map(name).remove(txn, &victim.to_string());
        }),
        9 => edit(&doc, |txn| {
            let name = format!("x{key}");
            match random.below(3) {
                0 => {
                    txn.get_or_insert_map(name.as_str()).insert(txn, key, 1.0);
                }
                1 => txn.get_or_insert_text(name.as_str()).insert(txn, 0, &key),
                _ => {
                    txn.get_or_insert_array(name.as_str()).push_back(txn, 1.0);
                }
            }
        }),
        10 => edit(&doc, |txn| {
            let chair = if random.below(2) == 0 { me } else { victim };
            txn.get_or_insert_map(SESSION)
                .insert(txn, PRESENTER, chair.to_string());
        }),
        11 => edit(&doc, |txn| {
            let drawn = drawing(random);
            if let Some(mine) = place::<MapRef>(txn, ANNOTATIONS, me) {
                mine.insert(txn, key, drawn);
            }
        }),
        12 => edit(&doc, |txn| {
            let drawn = wrong_drawing(random);
            if let Some(mine) = place::<MapRef>(txn, ANNOTATIONS, me) {
                mine.insert(txn, key, drawn);
            }
        }),
        13 => edit(&doc, |txn| {
            let said = wrong_line(random);
            if let Some(mine) = place::<ArrayRef>(txn, DISCUSSION, me) {
                mine.push_back(txn, said);
            }
        }),
        14 => edit(&doc, |txn| {
            if let Some(mine) = place::<MapRef>(txn, ANNOTATIONS, me) {
                match random.below(3) {
                    0 => drop(mine.insert(txn, key, MapPrelim::from([("kind", "length")]))),
                    1 => drop(mine.insert(txn, key, ArrayPrelim::default())),
                    _ => drop(mine.insert(txn, key, TextPrelim::new("t"))),
                }
            }
        }),
        15 => edit(&doc, |txn| {
            if let Some(mine) = place::<MapRef>(txn, ANNOTATIONS, me) {
                mine.insert(txn, key, Doc::new());
            }
        }),
        16 => {
            let draw = |txn: &mut TransactionMut<'_>, key: String, drawn: Any| {
                if let Some(mine) = place::<MapRef>(txn, ANNOTATIONS, me) {
                    mine.insert(txn, key, drawn);
                }
            };
            let (first, second) = (drawing(random), drawing(random));
            let _left_out = edit(&doc, |txn| draw(txn, key.clone(), first));
            edit(&doc, |txn| draw(txn, format!("{key}2"), second))
        }
        17 => {
            let drawn = drawing(random);
            let mut whole = edit(&doc, |txn| {
                if let Some(mine) = place::<MapRef>(txn, ANNOTATIONS, me) {
                    mine.insert(txn, key, drawn);
                }
            });
            let len = u32::try_from(whole.len()).unwrap_or(1);
            whole.truncate(usize::try_from(random.below(len)).unwrap_or(0));
            whole
        }
        18 => edit(&doc, |txn| {
            let drawn = drawing(random);
            if let Some(mine) = place::<MapRef>(txn, ANNOTATIONS, me) {
                let name = if random.below(2) == 0 {
                    format!("{key}\u{7}")
                } else {
                    key.repeat(65)
                };
                mine.insert(txn, name, drawn);
            }
        }),
        _ => edit(&doc, |txn| {
            if let Some(mine) = place::<TextRef>(txn, OPINIONS, me) {
                mine.insert(txn, 0, &key.repeat(TOO_MUCH));
            }
        }),
    }
}
