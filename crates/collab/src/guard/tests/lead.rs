//! What the lead hides, what lines may carry, and private notes.

use consilium_protocol::live::{Citation, CitationKind, DiscussionLine};

use super::*;
use crate::document::{Hidden, HiddenKind};

fn hidden(id: &str) -> Hidden {
    Hidden {
        kind: HiddenKind::Annotation,
        author: account(1),
        id: id.to_owned(),
    }
}

/// Applies what a copy of the room does as one client.
fn act(
    room: &mut Room,
    who: u128,
    client: u64,
    rights: RoomRights,
    change: impl FnOnce(&RoomDoc) -> Option<Vec<u8>>,
) -> Result<Option<Applied>, Violation> {
    let copy = RoomDoc::new(client);
    copy.apply(&room.document().encode()).unwrap();
    room.apply(account(who), rights, &change(&copy).expect("a change"))
}

#[test]
fn the_lead_hides_and_shows_and_it_is_told() {
    let mut room = room();
    let what = Hidden {
        kind: HiddenKind::Line,
        ..hidden("1")
    };
    let applied = act(&mut room, 3, 33, ALL, |doc| doc.set_hidden(&what, true))
        .unwrap()
        .unwrap();
    assert_eq!(applied.acts, [Act::Hide(what.clone())]);
    assert_eq!(room.document().hidden(), [what.clone()].into());
    assert_eq!(room.document().discussion().len(), 1, "it stays in the document");
    // Another of the lead shows it again, and hands over the chair in the same breath.
    let applied = act(&mut room, 4, 44, ALL, |doc| doc.set_hidden(&what, false))
        .unwrap()
        .unwrap();
    assert_eq!(applied.acts, [Act::Unhide(what)]);
    assert!(room.document().hidden().is_empty());
    let applied = act(&mut room, 4, 45, ALL, |doc| doc.set_presenter(None))
        .unwrap()
        .unwrap();
    assert_eq!(applied.acts, [Act::Present(None)]);
    let applied = act(&mut room, 2, 46, EXPERT, |doc| doc.set_opinion(account(2), "x"))
        .unwrap()
        .unwrap();
    assert_eq!(applied.acts, []);
}

#[test]
fn nobody_else_hides_and_nothing_else_is_hidden() {
    let set = |key: &str, value: Any| {
        let key = key.to_owned();
        move |room: &Room| {
            Peer::new(2222, room).edit(|txn| {
                root(txn, SESSION).insert(txn, key, value);
            })
        }
    };
    let key = hidden("a").key();
    let mut room = room();
    let state = room.document().encode();
    let cases: Vec<(RoomRights, String, Any, Violation)> = vec![
        (EXPERT, key.clone(), Any::Bool(true), Violation::NotAllowed),
        (ALL, key.clone(), Any::Bool(false), Violation::Shape),
        (ALL, key.clone(), any!("yes"), Violation::Shape),
        (
            ALL,
            key.replace("annotation", "opinion"),
            Any::Bool(true),
            Violation::NotYours,
        ),
        (
            ALL,
            "hidden/annotation/somebody/a".to_owned(),
            Any::Bool(true),
            Violation::NotYours,
        ),
        (
            ALL,
            format!("hidden/line/{}/", account(1)),
            Any::Bool(true),
            Violation::NotYours,
        ),
        (
            ALL,
            format!("{key}{}", "x".repeat(80)),
            Any::Bool(true),
            Violation::NotYours,
        ),
    ];
    for (rights, key, value, expected) in cases {
        let update = set(&key, value)(&room);
        assert_eq!(room.apply(account(2), rights, &update), Err(expected), "{key}");
    }
    assert!(same(&room.document().encode(), &state));
    // The value of one key may not become that of the other.
    let lead = act(&mut room, 2, 22, ALL, |doc| doc.set_hidden(&hidden("a"), true));
    assert!(matches!(lead, Ok(Some(_))));
}

#[test]
fn lines_answer_address_and_cite_within_limits() {
    let cite = |chars: usize, reference: usize| Citation {
        kind: CitationKind::Element,
        reference: "r".repeat(reference),
        text: "文".repeat(chars),
    };
    let line = |mentions: usize, cites: Vec<Citation>, reply_to: &str| DiscussionLine {
        id: "l".to_owned(),
        text: "t".to_owned(),
        at_ms: 1,
        reply_to: reply_to.to_owned(),
        mentions: vec![account(1); mentions],
        cites,
    };
    let mut room = room();
    let full = line(20, vec![cite(200, 300); 10], &"x".repeat(64));
    assert!(shape::line_is_sound(&full));
    assert!(matches!(
        act(&mut room, 2, 22, EXPERT, |doc| doc.say(account(2), &full)),
        Ok(Some(_))
    ));
    assert_eq!(room.document().discussion()[1].1, full);
    for wrong in [
        line(21, vec![], ""),
        line(0, vec![cite(1, 1); 11], ""),
        line(0, vec![cite(201, 1)], ""),
        line(0, vec![cite(1, 301)], ""),
        line(0, vec![cite(1, 0)], ""),
        line(0, vec![], &"x".repeat(65)),
    ] {
        let said = act(&mut room, 2, 23, EXPERT, |doc| doc.say(account(2), &wrong));
        assert_eq!(said, Err(Violation::Shape), "{wrong:?}");
    }
    // Fields of another kind than ours writes.
    for wrong in [
        any!({"text": "t", "mentions": "all"}),
        any!({"text": "t", "mentions": ["somebody"]}),
        any!({"text": "t", "cites": [{"kind": "patient", "reference": "1", "text": ""}]}),
        any!({"text": "t", "cites": [{"kind": "element", "reference": "1"}]}),
        any!({"text": "t", "reply_to": 7}),
    ] {
        let said = Peer::new(24, &room).edit(|txn| {
            let lines: ArrayRef = inner(txn, DISCUSSION, account(2));
            lines.push_back(txn, wrong.clone());
        });
        assert_eq!(
            room.apply(account(2), EXPERT, &said),
            Err(Violation::Shape),
            "{wrong:?}"
        );
    }
    assert_eq!(room.document().discussion().len(), 2);
}

#[test]
fn notes_need_their_right_and_their_owner() {
    const PRIVATE: RoomRights = RoomRights {
        annotate: false,
        opine: true,
        discuss: false,
        preside: false,
        notes: true,
    };
    let mut shared = room();
    assert_eq!(
        act(&mut shared, 2, 22, ALL, |doc| doc.set_notes(account(2), "mine")),
        Err(Violation::NotAllowed)
    );
    let mut own = Room::new();
    own.prepare_for(account(1), PRIVATE, 900).unwrap().unwrap();
    assert_eq!(own.prepare_for(account(1), PRIVATE, 901), Ok(None));
    act(&mut own, 1, 11, PRIVATE, |doc| {
        doc.set_notes(account(1), "想一想")
    })
    .unwrap()
    .unwrap();
    act(&mut own, 1, 12, PRIVATE, |doc| {
        doc.set_opinion(account(1), "draft")
    })
    .unwrap()
    .unwrap();
    assert_eq!(own.document().notes(account(1)), "想一想");
    assert_eq!(
        act(&mut own, 2, 22, PRIVATE, |doc| doc
            .set_notes(account(1), "not mine")),
        Err(Violation::NotYours)
    );
    let drawn = Peer::new(13, &own).edit(|txn| {
        root(txn, ANNOTATIONS).insert(txn, account(1).to_string(), MapPrelim::default());
    });
    assert_eq!(own.apply(account(1), PRIVATE, &drawn), Err(Violation::NotAllowed));
    let long = "x".repeat(usize::try_from(shape::NOTES_UNITS_MAX).unwrap() + 1);
    assert_eq!(
        act(&mut own, 1, 14, PRIVATE, |doc| doc.set_notes(account(1), &long)),
        Err(Violation::Shape)
    );
    // It is read back from a snapshot and what follows.
    let again = Room::load(
        Some(&own.snapshot()),
        vec![],
        [(11, account(1)), (12, account(1))],
    )
    .unwrap();
    assert_eq!(again.document().notes(account(1)), "想一想");
    assert!(
        again
            .document()
            .doc()
            .transact()
            .root_refs()
            .any(|(name, _)| name == NOTES)
    );
}

#[test]
fn a_digest_tells_both_ways_and_merged_changes_say_the_same() {
    let mut room = Room::new();
    let standing = |room: &Room, doc: &RoomDoc| {
        let standing = room.standing(&doc.state_vector()).unwrap();
        (standing.behind, standing.ahead)
    };
    let (one, two) = (RoomDoc::new(11), RoomDoc::new(22));
    let mut taken = Vec::new();
    for round in 0..6 {
        for (doc, who) in [(&one, 1), (&two, 2)] {
            let update = doc.set_opinion(account(who), &"字".repeat(round + 1)).unwrap();
            assert_eq!(standing(&room, doc), (who == 2, true));
            taken.push(room.apply(account(who), EXPERT, &update).unwrap().unwrap().update);
        }
        let late = [&taken[taken.len() - 2][..], &taken[taken.len() - 1][..]];
        let merged = merge(&late).unwrap();
        for doc in [&one, &two] {
            doc.apply(&merged).unwrap();
            assert_eq!(standing(&room, doc), (false, false));
        }
    }
    assert_eq!(one.opinions(), two.opinions());
    let all: Vec<&[u8]> = taken.iter().map(Vec::as_slice).collect();
    let copy = RoomDoc::new(33);
    copy.apply(&merge(&all).unwrap()).unwrap();
    assert_eq!(copy.opinions(), one.opinions());
    assert!(room.standing(b"rubbish").is_err());
}
