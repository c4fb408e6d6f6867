//! What a hostile client may try.

use super::*;

pub(super) type Attack = (&'static str, RoomRights, fn(&Room) -> Vec<u8>, Violation);

/// Everything the second account (client 22) must not be able to do.
pub(super) fn attacks() -> Vec<Attack> {
    fn two(room: &Room, change: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        Peer::new(22, room).edit(change)
    }
    let known: Vec<Attack> = vec![
        (
            "change another's annotation",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: MapRef = inner(txn, ANNOTATIONS, account(1));
                    theirs.insert(txn, "a", ann(9));
                })
            },
            Violation::NotYours,
        ),
        (
            "add under another's name",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: MapRef = inner(txn, ANNOTATIONS, account(1));
                    theirs.insert(txn, "new", ann(9));
                })
            },
            Violation::NotYours,
        ),
        (
            "delete another's annotation",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: MapRef = inner(txn, ANNOTATIONS, account(1));
                    theirs.remove(txn, "a");
                })
            },
            Violation::NotYours,
        ),
        (
            "clear another's map",
            EXPERT,
            |room| two(room, |txn| root(txn, ANNOTATIONS).clear(txn)),
            Violation::NotYours,
        ),
        (
            "overwrite another's map",
            EXPERT,
            |room| {
                two(room, |txn| {
                    root(txn, ANNOTATIONS).insert(txn, account(1).to_string(), MapPrelim::default());
                })
            },
            Violation::NotYours,
        ),
        (
            "overwrite another's map without having seen it",
            EXPERT,
            |_| {
                Peer::new(22_000, &Room::new()).edit(|txn| {
                    root(txn, ANNOTATIONS).insert(txn, account(1).to_string(), MapPrelim::default());
                })
            },
            Violation::NotYours,
        ),
        (
            "write into another's opinion",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: TextRef = inner(txn, OPINIONS, account(1));
                    theirs.insert(txn, 3, "not ");
                })
            },
            Violation::NotYours,
        ),
        (
            "append to another's opinion",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: TextRef = inner(txn, OPINIONS, account(1));
                    theirs.push(txn, "!");
                })
            },
            Violation::NotYours,
        ),
        (
            "write and delete inside another's opinion at once",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: TextRef = inner(txn, OPINIONS, account(1));
                    theirs.insert(txn, 3, "x");
                    theirs.remove_range(txn, 3, 1);
                })
            },
            Violation::NotYours,
        ),
        (
            "delete from another's opinion",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: TextRef = inner(txn, OPINIONS, account(1));
                    theirs.remove_range(txn, 0, 4);
                })
            },
            Violation::NotYours,
        ),
        (
            "speak for another",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let theirs: ArrayRef = inner(txn, DISCUSSION, account(1));
                    theirs.push_back(txn, any!({"id": "x", "text": "I agree", "at_ms": 1}));
                })
            },
            Violation::NotYours,
        ),
        (
            "a new root",
            EXPERT,
            |room| {
                two(room, |txn| {
                    txn.get_or_insert_map("other").insert(txn, "k", 1_i64);
                })
            },
            Violation::UnknownRoot,
        ),
        (
            "a root as a text",
            EXPERT,
            |_| {
                Peer::new(22_000, &Room::new()).edit(|txn| {
                    let text = txn.get_or_insert_text(OPINIONS);
                    text.insert(txn, 0, "flat");
                })
            },
            Violation::UnknownRoot,
        ),
        (
            "a root as an array",
            EXPERT,
            |_| {
                Peer::new(22_000, &Room::new()).edit(|txn| {
                    let array = txn.get_or_insert_array(ANNOTATIONS);
                    array.push_back(txn, 1_i64);
                })
            },
            Violation::UnknownRoot,
        ),
        (
            "another's client id",
            EXPERT,
            |room| {
                let forger = Peer::new(11, room);
                forger.edit(|txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    mine.insert(txn, "forged", ann(3));
                })
            },
            Violation::ForeignClient,
        ),
        (
            "presenter by one who does not lead",
            EXPERT,
            |room| {
                two(room, |txn| {
                    root(txn, SESSION).insert(txn, PRESENTER, account(2).to_string());
                })
            },
            Violation::NotAllowed,
        ),
        (
            "presenter removed by one who does not lead",
            EXPERT,
            |room| {
                two(room, |txn| {
                    root(txn, SESSION).remove(txn, PRESENTER);
                })
            },
            Violation::NotAllowed,
        ),
        (
            "another key of the session",
            ALL,
            |room| {
                two(room, |txn| {
                    root(txn, SESSION).insert(txn, "rule", "mine");
                })
            },
            Violation::NotYours,
        ),
        (
            "a presenter who is no account",
            ALL,
            |room| {
                two(room, |txn| {
                    root(txn, SESSION).insert(txn, PRESENTER, "me");
                })
            },
            Violation::Shape,
        ),
        (
            "opinion after submission",
            RoomRights {
                opine: false,
                ..EXPERT
            },
            |room| {
                two(room, |txn| {
                    let mine: TextRef = inner(txn, OPINIONS, account(2));
                    mine.push(txn, "late");
                })
            },
            Violation::NotAllowed,
        ),
        (
            "opinion replaced after submission",
            RoomRights {
                opine: false,
                ..EXPERT
            },
            |room| {
                two(room, |txn| {
                    root(txn, OPINIONS).insert(txn, account(2).to_string(), TextPrelim::new("late"));
                })
            },
            Violation::NotAllowed,
        ),
        (
            "annotation without the right",
            RoomRights {
                annotate: false,
                ..EXPERT
            },
            |room| {
                two(room, |txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    mine.remove(txn, "b");
                })
            },
            Violation::NotAllowed,
        ),
        (
            "a gap in one's own history",
            EXPERT,
            |room| {
                let peer = Peer::new(22, room);
                let write = |id: &str| {
                    peer.edit(|txn| {
                        let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                        mine.insert(txn, id, ann(3));
                    })
                };
                write("x");
                write("y")
            },
            Violation::Gap,
        ),
        (
            "a neighbour nobody has",
            EXPERT,
            |room| {
                let mut update = [var(1), var(1), var(22), var(u64::from(room.clock(22)))].concat();
                update.extend([0x84]);
                update.extend([var(777), var(5), vec![1, b'x', 0]].concat());
                update
            },
            Violation::Gap,
        ),
        (
            "a deletion of what nobody has",
            EXPERT,
            |_| [vec![0, 1], var(22), vec![1], var(500), var(1)].concat(),
            Violation::Gap,
        ),
        (
            "a hole in the middle",
            EXPERT,
            |room| {
                [
                    var(1),
                    var(1),
                    var(22),
                    var(u64::from(room.clock(22))),
                    vec![10, 5, 0],
                ]
                .concat()
            },
            Violation::Gap,
        ),
        (
            "a huge update",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: TextRef = inner(txn, OPINIONS, account(2));
                    mine.insert(txn, 0, &"x".repeat(ROOM_FRAME_BYTES + 1));
                })
            },
            Violation::TooLarge,
        ),
        (
            "an endless opinion",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: TextRef = inner(txn, OPINIONS, account(2));
                    mine.insert(txn, 0, &"x".repeat(30_000));
                })
            },
            Violation::Shape,
        ),
        (
            "an annotation of an unknown kind",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    mine.insert(txn, "x", any!({"kind": "virus", "image": {"series": "s", "instance": "i"}, "points": [[1, 2]]}));
                })
            },
            Violation::Shape,
        ),
        (
            "an annotation with too many points",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    let points: Vec<Any> = (0..4097_i64).map(|i| any!([i, 1])).collect();
                    mine.insert(txn, "x", any!({"kind": "freehand", "image": {"series": "s", "instance": "i"}, "points": Any::Array(points.into())}));
                })
            },
            Violation::Shape,
        ),
        (
            "an annotation that is not a number",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    mine.insert(txn, "x", any!({"kind": "length", "image": {"series": "s", "instance": "i"}, "points": [[(f64::NAN), 1], [2, 2]]}));
                })
            },
            Violation::Shape,
        ),
        (
            "an annotation with an endless label",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    mine.insert(txn, "x", any!({"kind": "length", "image": {"series": "s", "instance": "i"}, "points": [[1, 1], [2, 2]], "label": ("x".repeat(501))}));
                })
            },
            Violation::Shape,
        ),
        (
            "a shared map that is no annotation",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    mine.insert(txn, "x", MapPrelim::from([("kind", "length")]));
                })
            },
            Violation::Shape,
        ),
        (
            "an array where a map belongs",
            EXPERT,
            |_| {
                Peer::new(22_000, &Room::new()).edit(|txn| {
                    root(txn, ANNOTATIONS).insert(txn, account(2).to_string(), ArrayPrelim::default());
                })
            },
            Violation::Shape,
        ),
        (
            "formatting in an opinion",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: TextRef = inner(txn, OPINIONS, account(2));
                    mine.insert_with_attributes(txn, 0, "b", [("bold".into(), true.into())].into());
                })
            },
            Violation::Shape,
        ),
        (
            "a subdocument",
            EXPERT,
            |room| {
                two(room, |txn| {
                    let mine: MapRef = inner(txn, ANNOTATIONS, account(2));
                    mine.insert(txn, "doc", Doc::new());
                })
            },
            Violation::Shape,
        ),
        (
            "values nested without end",
            EXPERT,
            |room| {
                let mut update = [var(1), var(1), var(22), var(u64::from(room.clock(22)))].concat();
                update.extend([0x28, 1]);
                put_buffer(&mut update, ANNOTATIONS.as_bytes());
                put_buffer(&mut update, account(2).to_string().as_bytes());
                update.push(1);
                update.extend([117, 1].repeat(400_000));
                update.extend([127, 0]);
                update
            },
            Violation::Malformed,
        ),
        (
            "more clients than bytes",
            EXPERT,
            |_| var(u64::from(u32::MAX)),
            Violation::Malformed,
        ),
        (
            "no update at all",
            EXPERT,
            |_| b"hello".to_vec(),
            Violation::Malformed,
        ),
    ];
    known.into_iter().chain(order::attacks()).collect()
}
