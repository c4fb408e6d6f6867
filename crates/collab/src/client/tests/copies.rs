//! What a page keeps on its device, and how it finds what was lost on the way.

use super::*;

#[test]
fn a_closed_page_loses_nothing() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    let frames = page.set_opinion("已保存。").unwrap();
    server.talk(&mut page, frames);
    let frames = page.put_annotation("old", &length()).unwrap();
    server.talk(&mut page, frames);
    assert_eq!(page.export(), None, "nothing is kept while all is durable");
    page.on_close();
    page.set_opinion("已保存。离线写的。").unwrap();
    page.put_annotation("new", &length()).unwrap();
    page.remove_annotation("old").unwrap();
    let copy = page.export().unwrap();
    drop(page);

    let mut again = ClientRoom::new(78, account(1));
    assert_eq!(again.restore(&copy), Ok(None));
    assert_eq!(again.saved(), Saved::Offline(3));
    server.open(&mut again);
    assert_eq!(again.saved(), Saved::Saved);
    let there = server.room.document();
    assert_eq!(there.opinion(account(1)), "已保存。离线写的。");
    assert!(there.annotation(account(1), "old").is_none());
    assert!(there.annotation(account(1), "new").is_some());
    assert_eq!(again.export(), None);
}

#[test]
fn copies_of_two_pages_come_together() {
    let mut server = Server::new();
    let copies: Vec<_> = [(77, "a"), (78, "b")]
        .into_iter()
        .map(|(client, id)| {
            let mut page = ClientRoom::new(client, account(1));
            server.open(&mut page);
            page.on_close();
            page.put_annotation(id, &length()).unwrap();
            page.export().unwrap()
        })
        .collect();
    let mut again = ClientRoom::new(79, account(1));
    for copy in &copies {
        assert_eq!(again.restore(copy), Ok(None));
    }
    server.open(&mut again);
    assert_eq!(server.room.document().annotations().len(), 2);
}

#[test]
fn a_copy_of_another_life_is_shown_and_never_merged() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    page.on_close();
    page.set_opinion("旧会诊室里写的").unwrap();
    let old = page.export().unwrap();
    server.room = Room::new();
    server.room.prepare(account(1), 901).unwrap();
    server.epoch = 2;
    // Alone: the greeting tells that the copy is of another life.
    let mut alone = ClientRoom::new(78, account(1));
    alone.restore(&old).unwrap();
    let out = server.open(&mut alone);
    assert!(
        out.iter()
            .any(|o| matches!(o, Outcome::Lost(lost) if lost.opinion.as_deref() == Some("旧会诊室里写的")))
    );
    assert_eq!(server.room.document().opinion(account(1)), "");
    // Beside a newer one: it comes back at once.
    let mut newer = ClientRoom::new(79, account(1));
    server.open(&mut newer);
    newer.on_close();
    newer.put_annotation("a", &length()).unwrap();
    let new = newer.export().unwrap();
    let mut both = ClientRoom::new(80, account(1));
    both.restore(&new).unwrap();
    let lost = both.restore(&old).unwrap().unwrap();
    assert_eq!(lost.opinion.as_deref(), Some("旧会诊室里写的"));
    server.open(&mut both);
    assert_eq!(server.room.document().opinion(account(1)), "");
    assert!(server.room.document().annotation(account(1), "a").is_some());
}

#[test]
fn offline_edits_without_the_right_any_more_are_shown() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    page.on_close();
    page.set_opinion("离线").unwrap();
    page.put_annotation("a", &length()).unwrap();
    let copy = page.export().unwrap();
    // The room does not let the person in again.
    let lost = page.give_up().unwrap();
    assert_eq!(
        (lost.opinion.as_deref(), lost.annotations.len()),
        (Some("离线"), 1)
    );
    assert_eq!(page.give_up(), None);
    // It lets them read only.
    server.rights = RoomRights::default();
    let mut again = ClientRoom::new(78, account(1));
    again.restore(&copy).unwrap();
    let mut out = server.open(&mut again);
    again.on_close();
    out.extend(server.open(&mut again));
    assert!(out.iter().any(|o| matches!(o, Outcome::Refused { .. })));
    assert!(
        out.iter()
            .any(|o| matches!(o, Outcome::Lost(lost) if lost.opinion.as_deref() == Some("离线")))
    );
}

#[test]
fn nonsense_is_no_copy() {
    let mut page = ClientRoom::new(77, account(1));
    for bytes in [&b""[..], b"\x02", b"\x01\x05{}", b"\x01\x02{}\x01\xff"] {
        assert_eq!(page.restore(bytes), Err(NotACopy));
    }
    assert_eq!(page.document().encode(), RoomDoc::new(77).encode());
}

#[test]
fn a_digest_heals_what_was_lost_on_the_way() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    assert_eq!(page.digest(), None);
    server.open(&mut page);
    // From the server: somebody's edit never arrived here.
    server.room.prepare(account(2), 902).unwrap();
    let mut other = ClientRoom::new(88, account(2));
    server.open(&mut other);
    server.received = 1;
    let frames = other.set_opinion("没有收到").unwrap();
    server.talk(&mut other, frames);
    assert_eq!(page.document().opinion(account(2)), "");
    let digest = page.digest().unwrap();
    let out = server.talk(&mut page, vec![digest]);
    assert_eq!(out, [Outcome::DocumentChanged], "no second greeting");
    assert_eq!(page.document().opinion(account(2)), "没有收到");
    // From here: a frame was lost, the server asks, nothing is left open.
    server.received = page.sent;
    let _lost = page.set_opinion("没有送到").unwrap();
    assert_eq!(page.saved(), Saved::Saving(1));
    let digest = page.digest().unwrap();
    let out = server.talk(&mut page, vec![digest]);
    assert_eq!(out.last(), Some(&Outcome::Confirmed));
    assert_eq!(server.room.document().opinion(account(1)), "没有送到");
    assert_eq!(page.saved(), Saved::Saved);
    // The server has counted one frame less; page and server count alike again.
    let frames = page.set_opinion("没有送到，又送到了").unwrap();
    server.talk(&mut page, frames);
    assert_eq!(page.saved(), Saved::Saved);
}

#[test]
fn a_deletion_that_was_lost_is_healed_by_coming_back() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    let frames = page.put_annotation("a", &length()).unwrap();
    server.talk(&mut page, frames);
    let _lost = page.remove_annotation("a").unwrap();
    assert!(!page.overdue(), "just made");
    for _ in 0..STALLED_DIGESTS {
        assert!(page.overdue() && !page.stalled());
        // No state vector shows it, so no digest may say that it is there.
        let digest = page.digest().unwrap();
        server.talk(&mut page, vec![digest]);
        assert_eq!(page.saved(), Saved::Saving(1));
    }
    assert!(page.stalled());
    page.on_close();
    server.open(&mut page);
    assert_eq!((page.saved(), page.stalled()), (Saved::Saved, false));
    assert!(server.room.document().annotations().is_empty() && !page.overdue());
}

#[test]
fn an_answer_confirms_no_more_than_was_asked() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    let early = page.digest().unwrap();
    let _lost = page.set_opinion("没有送到").unwrap();
    let _lost_too = page.digest().unwrap();
    // The answer to the first digest, then to a third: each counts for an earlier one at most.
    server.talk(&mut page, vec![early]);
    assert_eq!(page.saved(), Saved::Saving(1));
    assert!(!page.overdue() && page.overdue());
    let digest = page.digest().unwrap();
    let answers = server.handle(account(1), &digest);
    let [question, answer] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    let told = page.on_frame(question);
    assert_eq!(
        told.len(),
        2,
        "all it has, and whether that is there now: {told:?}"
    );
    page.on_frame(answer);
    assert_eq!(page.saved(), Saved::Saving(1), "that was lost as well");
    // Every question that was lost makes the proof come one answer later.
    let mut digests = 0;
    while page.saved() != Saved::Saved {
        digests += 1;
        assert!(digests <= 3);
        let digest = page.digest().unwrap();
        server.talk(&mut page, vec![digest]);
        assert_eq!(server.room.document().opinion(account(1)), "没有送到");
    }
}

#[test]
fn hands_views_and_writing_are_shown() {
    use consilium_protocol::live::{Media, Writing};
    let mut page = ClientRoom::new(77, account(1));
    let mut other = ClientRoom::new(88, account(2));
    page.on_open();
    other.on_open();
    let frames = [
        other.set_hand(Some(5)),
        other.set_following(Some(account(1))),
        other.set_writing(Some(Writing::Opinion)),
    ];
    for frame in frames {
        page.on_frame(&frame.unwrap());
    }
    assert_eq!(other.set_writing(Some(Writing::Opinion)), None, "unchanged");
    let seen = &page.others()[0].1;
    assert_eq!(
        (seen.hand_at_ms, seen.following, seen.writing),
        (Some(5), Some(account(1)), Some(Writing::Opinion))
    );
    assert_eq!(page.call(Some(Media::default())), None, "not greeted yet");
    assert_eq!(page.signal(3, "{}".to_owned()), None);
}
