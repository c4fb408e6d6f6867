use consilium_domain::{AccountId, InstanceId, SeriesId};
use consilium_protocol::live::{AnnotationKind, ImageRef};
use uuid::Uuid;
use yrs::{MapPrelim, WriteTxn, any};

use yrs::Any;

use super::*;

fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

fn length() -> Annotation {
    Annotation {
        kind: AnnotationKind::Length,
        image: ImageRef {
            series: SeriesId(Uuid::from_u128(1)),
            instance: InstanceId(Uuid::from_u128(2)),
            frame: 0,
        },
        points: vec![[1.5, 2.0], [30.0, 40.25]],
        label: "结节".to_owned(),
        at_ms: 1_763_000_000_000,
    }
}

#[test]
fn what_is_written_is_read() {
    let doc = RoomDoc::new(7);
    let me = account(1);
    assert!(doc.put_annotation(me, "a", &length()).is_some());
    assert_eq!(doc.put_annotation(me, "a", &length()), None);
    assert_eq!(doc.annotation(me, "a"), Some(length()));
    doc.set_opinion(me, "右肺😀结节").unwrap();
    doc.set_opinion(me, "右肺😁上叶结节").unwrap();
    assert_eq!(doc.opinion(me), "右肺😁上叶结节");
    assert_eq!(doc.set_opinion(account(2), ""), None);
    for (who, at_ms) in [(1, 30), (2, 20), (1, 40)] {
        let line = DiscussionLine {
            id: format!("{at_ms}"),
            text: "看第12层".to_owned(),
            at_ms,
            ..DiscussionLine::default()
        };
        doc.say(account(who), &line).unwrap();
    }
    let order: Vec<_> = doc.discussion().into_iter().map(|(_, line)| line.at_ms).collect();
    assert_eq!(order, [20, 30, 40]);
    doc.set_presenter(Some(me)).unwrap();
    assert_eq!(doc.presenter(), Some(me));
    let copy = RoomDoc::new(8);
    assert_eq!(copy.apply(&doc.encode()), Ok(true));
    assert_eq!(copy.apply(&doc.encode()), Ok(false));
    assert_eq!(copy.annotations(), doc.annotations());
    assert_eq!(copy.discussion(), doc.discussion());
    doc.remove_annotation(me, "a").unwrap();
    doc.set_presenter(None).unwrap();
    assert_eq!((doc.annotations().len(), doc.presenter()), (0, None));
}

#[test]
fn stock_shapes_are_read_and_nonsense_is_skipped() {
    let doc = RoomDoc::new(7);
    let me = account(1).to_string();
    let mut txn = doc.doc().transact_mut();
    let annotations = txn.get_or_insert_map(ANNOTATIONS);
    let mine = annotations.insert(&mut txn, me.as_str(), MapPrelim::default());
    let series = Uuid::from_u128(1).to_string();
    // JavaScript writes whole numbers beyond 31 bits as floats, and may nest shared maps.
    let entry = mine.insert(&mut txn, "map", MapPrelim::default());
    entry.insert(&mut txn, "kind", "arrow");
    entry.insert(
        &mut txn,
        "image",
        any!({"series": series.as_str(), "instance": series.as_str()}),
    );
    entry.insert(&mut txn, "points", any!([[1, 2], [3, 4]]));
    entry.insert(
        &mut txn,
        "at_ms",
        Any::Number(yrs::Number::Float(1_763_000_000_000.0)),
    );
    mine.insert(&mut txn, "text", "nonsense");
    mine.insert(&mut txn, "half", any!({"kind": "arrow"}));
    annotations.insert(&mut txn, "nobody", MapPrelim::default());
    annotations.insert(&mut txn, account(2).to_string(), 12_i64);
    let opinions = txn.get_or_insert_map(OPINIONS);
    opinions.insert(&mut txn, me.as_str(), "not a text");
    let discussion = txn.get_or_insert_map(DISCUSSION);
    let lines = discussion.insert(&mut txn, me.as_str(), yrs::ArrayPrelim::default());
    lines.push_back(&mut txn, any!({"text": "loose"}));
    lines.push_back(&mut txn, 5_i64);
    let session = txn.get_or_insert_map(SESSION);
    session.insert(&mut txn, PRESENTER, "somebody");
    drop(txn);
    let all = doc.annotations();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].annotation.at_ms, 1_763_000_000_000);
    assert_eq!(doc.opinions(), []);
    assert_eq!(doc.discussion().len(), 1);
    assert_eq!(doc.presenter(), None);
    // Our writers put the right type in place of nonsense.
    doc.set_opinion(account(1), "a").unwrap();
    assert_eq!(doc.opinion(account(1)), "a");
}

#[test]
fn state_vectors_are_bounded() {
    assert!(decode_state_vector(&[]).is_err());
    assert!(decode_state_vector(&[0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
    assert!(decode_state_vector(&[0, 0]).is_err());
    let doc = RoomDoc::new(7);
    doc.set_opinion(account(1), "abc").unwrap();
    assert!(doc.missing_for(&doc.state_vector()).is_ok());
    assert_eq!(doc.apply(&[1, 1]), Err(ApplyError::Malformed));
}
