//! Changes that go out in bundles: whoever reads bundles has what whoever reads them one by one has.

use std::collections::BTreeMap;

use consilium_protocol::live::DiscussionLine;

use super::*;
use crate::{document::value, guard::digest::merge, history::Replay};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

/// One edit of a writer in its own places, or of the lead's map.
fn edit(doc: &RoomDoc, me: AccountId, random: &mut Random) -> Option<Vec<u8>> {
    match random.below(6) {
        0 | 1 => {
            // Somewhere in the middle, so that items split.
            let mut text: Vec<char> = doc.opinion(me).chars().collect();
            let at = random.below(text.len() + 1);
            let end = (at + random.below(4)).min(text.len());
            text.splice(at..end, "意见ab".chars().take(random.below(5)));
            doc.set_opinion(me, &text.into_iter().collect::<String>())
        }
        2 => doc.say(
            me,
            &DiscussionLine {
                id: random.below(1000).to_string(),
                text: "看第三幅".to_owned(),
                ..DiscussionLine::default()
            },
        ),
        3 => doc.set_presenter((random.below(2) == 0).then_some(me)),
        _ => {
            let mut txn = doc.doc().transact_mut();
            let mine: MapRef = inner(&mut txn, ANNOTATIONS, me);
            let key = random.below(4).to_string();
            if random.below(3) == 0 {
                mine.remove(&mut txn, &key);
            } else {
                mine.insert(&mut txn, key, ann(i64::try_from(random.below(9)).unwrap()));
            }
            txn.commit();
            Some(txn.encode_update_v1())
        }
    }
}

/// All annotations, whatever they look like.
fn drawn(doc: &RoomDoc) -> BTreeMap<(u128, String), Any> {
    let txn = doc.doc().transact();
    let [annotations, ..] = doc.roots();
    let mut all = BTreeMap::new();
    for n in 1..=3 {
        if let Some(Out::YMap(mine)) = annotations.get(&txn, &account(n).to_string()) {
            let entries = mine.iter(&txn);
            all.extend(
                entries.filter_map(|(id, out)| Some(((n, id.to_string()), value::plain(&out, &txn)?))),
            );
        }
    }
    all
}

#[test]
fn bundles_say_what_their_changes_say() {
    let mut whole = 0;
    for seed in 0..150 {
        let mut random = Random(seed);
        let mut room = Room::new();
        let mut log: Vec<Vec<u8>> = Vec::new();
        for n in 1..=3 {
            let fresh = 900 + u64::try_from(n).unwrap();
            log.push(room.prepare(account(n), fresh).unwrap().unwrap().update);
        }
        let start: Vec<Vec<u8>> = log.clone();
        let writers: Vec<(AccountId, RoomDoc)> = (1..=3_u8)
            .map(|n| {
                let doc = RoomDoc::new(u64::from(n) * 11);
                doc.apply(&room.document().encode()).unwrap();
                (account(n.into()), doc)
            })
            .collect();
        let reader = RoomDoc::new(99);
        for update in &start {
            reader.apply(update).unwrap();
        }
        for _ in 0..12 {
            let from = log.len();
            for _ in 0..=random.below(9) {
                let (me, doc) = &writers[random.below(3)];
                if let Some(update) = edit(doc, *me, &mut random)
                    && let Some(applied) = room.apply(*me, ALL, &update).unwrap()
                {
                    log.push(applied.update);
                }
            }
            let pieces: Vec<&[u8]> = log[from..].iter().map(Vec::as_slice).collect();
            if pieces.is_empty() {
                continue;
            }
            // The bundle goes to all, also to those whose changes are in it.
            let bundle = merge(&pieces);
            whole += usize::from(bundle.is_some());
            let frames = bundle.map_or_else(|| log[from..].to_vec(), |bundle| vec![bundle]);
            for doc in writers.iter().map(|(_, doc)| doc).chain([&reader]) {
                for frame in &frames {
                    doc.apply(frame).unwrap();
                }
                assert_eq!(doc.opinions(), room.document().opinions(), "seed {seed}");
                assert_eq!(doc.presenter(), room.document().presenter(), "seed {seed}");
            }
        }
        let mut replay = Replay::default();
        for update in &log {
            replay.apply(update).unwrap();
        }
        for doc in writers
            .iter()
            .map(|(_, doc)| doc)
            .chain([&reader, replay.document()])
        {
            assert_eq!(doc.discussion(), room.document().discussion(), "seed {seed}");
            assert_eq!(drawn(doc), drawn(room.document()), "seed {seed}");
            let standing = room.standing(&doc.state_vector()).unwrap();
            assert!(!standing.ahead && !standing.behind, "seed {seed}");
        }
    }
    assert!(whole > 1000, "most changes can be bundled: {whole}");
}

/// A document with somebody's containers put into its bytes is the document in which they were made.
#[test]
fn a_newcomer_is_put_into_the_encoded_document() {
    let mut room = Room::new();
    let mut whole = room.whole();
    for n in 1..=5_u64 {
        let author = account(u128::from(n));
        let made = room.prepare(author, 1000 + n).unwrap().unwrap();
        whole = with_newcomer(&whole, &made.update).unwrap();
        let copy = RoomDoc::new(7);
        copy.apply(&whole).unwrap();
        assert_eq!(copy.state_vector(), room.state_vector());
        // Further changes of the same client id are no newcomer's.
        let writer = RoomDoc::new(u64::MAX >> 12);
        writer.apply(&whole).unwrap();
        let written = writer.set_opinion(author, "第一句").unwrap();
        room.apply(author, ALL, &written).unwrap().unwrap();
        whole = room.whole();
        let more = writer.set_opinion(author, "第一句，第二句").unwrap();
        assert_eq!(with_newcomer(&whole, &more), None);
        let copy = RoomDoc::new(8);
        copy.apply(&whole).unwrap();
        assert_eq!(copy.opinion(author), "第一句");
        room = Room::load(None, vec![whole.clone()], []).unwrap();
    }
    assert_eq!(with_newcomer(&whole, b"rubbish"), None);
}
