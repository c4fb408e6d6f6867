//! Private documents, and what the lead does to all.

use std::sync::Arc;

use consilium_collab::{
    client::Outcome,
    document::{Hidden, HiddenKind, RoomDoc},
    frame,
};
use consilium_domain::permission::RoomRights;
use consilium_protocol::live::{CLOSE_NOT_ALLOWED, CLOSE_REVOKED};
use consilium_storage::RoomKey;

use super::world::{Page, RIGHTS, World, account, consultation, join};
use crate::live::Join;

const ALL: RoomRights = RoomRights {
    preside: true,
    notes: true,
    ..RIGHTS
};

fn private(n: u128) -> Join {
    Join {
        private: true,
        rights: ALL,
        ..join(n)
    }
}

/// Sends a change and waits until it is durable.
async fn act(page: &mut Page, change: impl FnOnce(&RoomDoc) -> Option<Vec<u8>>) {
    let update = change(page.room.document()).expect("a change");
    let acked = |page: &Page| {
        let outcomes = page.outcomes.iter();
        outcomes.filter(|o| matches!(o, Outcome::Acked { .. })).count()
    };
    let before = acked(page);
    page.send(frame::update(&update)).await;
    page.until(|page| acked(page) > before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_are_seen_by_their_owner_only() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut mine = Page::open(&rooms, 101, private(1)).await;
    let mut again = Page::open(&rooms, 102, private(1)).await;
    let mut theirs = Page::open(&rooms, 103, private(2)).await;
    let mut shared = Page::open(&rooms, 104, join(2)).await;
    assert_eq!(mine.room.rights(), ALL.private());
    assert!(!shared.room.rights().notes);
    act(&mut mine, |doc| doc.set_notes(account(1), "胶质瘤？")).await;
    act(&mut mine, |doc| doc.set_opinion(account(1), "未共享的草稿")).await;
    again
        .until(|page| page.room.document().opinion(account(1)) == "未共享的草稿")
        .await;
    assert_eq!(again.room.document().notes(account(1)), "胶质瘤？");
    theirs.write("theirs").await;
    shared.write("for all").await;
    for page in [&theirs, &shared] {
        assert_eq!(page.room.document().notes(account(1)), "");
        assert_eq!(page.room.document().opinion(account(1)), "");
    }
    assert_eq!(rooms.draft_opinion(consultation(), account(1)).await.unwrap(), "");
    // Their logs are their own, numbers and chains included.
    let reader = world.store.reader();
    for key in [
        RoomKey::shared(consultation()),
        RoomKey::private(consultation(), account(1)),
        RoomKey::private(consultation(), account(2)),
    ] {
        assert!(reader.room(key).await.unwrap().unwrap().seq > 0, "{key}");
    }
    rooms.shutdown().await;
    let next = world.rooms();
    let mine = Page::open(&next, 105, private(1)).await;
    assert_eq!(mine.room.document().notes(account(1)), "胶质瘤？");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_document_takes_nothing_but_opinion_and_notes() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut mine = Page::open(&rooms, 101, private(1)).await;
    let presenter = mine.room.document().set_presenter(Some(account(1))).unwrap();
    mine.send(frame::update(&presenter)).await;
    assert_eq!(mine.until_closed().await, CLOSE_NOT_ALLOWED);
    // Nor are notes taken where all can read, whatever rights one came with.
    let mut shared = Page::open(
        &rooms,
        102,
        Join {
            private: false,
            ..private(1)
        },
    )
    .await;
    let notes = shared.room.document().set_notes(account(1), "oops").unwrap();
    shared.send(frame::update(&notes)).await;
    assert_eq!(shared.until_closed().await, CLOSE_NOT_ALLOWED);
    let refused = world.audited_times("room.refuse", 2).await;
    assert_eq!(refused, ["live.not_allowed", "live.not_allowed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_and_sign_outs_reach_private_documents() {
    let world = World::new().await;
    let rooms = world.rooms();
    rooms.set_recheck(Arc::new(|_, _, _| Box::pin(async { Some(ALL) })));
    let mut mine = Page::open(&rooms, 101, private(1)).await;
    let mut theirs = Page::open(&rooms, 102, private(2)).await;
    let submitted = RoomRights { opine: false, ..ALL };
    let rights = |who| (who == account(1)).then_some(submitted);
    rooms.refresh(consultation(), &rights, "opinions").await;
    assert_eq!(theirs.until_closed().await, CLOSE_REVOKED);
    mine.until(|page| page.outcomes.contains(&Outcome::Rights(submitted.private())))
        .await;
    act(&mut mine, |doc| doc.set_notes(account(1), "still mine")).await;
    rooms.close_session(join(1).session).await;
    assert_eq!(mine.until_closed().await, CLOSE_REVOKED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_lead_does_to_all_is_recorded() {
    let world = World::new().await;
    let rooms = world.rooms();
    let lead = Join {
        rights: ALL,
        ..join(1)
    };
    let mut lead = Page::open(&rooms, 101, lead).await;
    let mut other = Page::open(&rooms, 102, join(2)).await;
    act(&mut lead, |doc| doc.set_presenter(Some(account(2)))).await;
    let what = Hidden {
        kind: HiddenKind::Annotation,
        author: account(2),
        id: "0f-1".to_owned(),
    };
    act(&mut lead, |doc| doc.set_hidden(&what, true)).await;
    other
        .until(|page| !page.room.document().hidden().is_empty())
        .await;
    act(&mut lead, |doc| doc.set_hidden(&what, false)).await;
    world.audited_times("room.unhide", 1).await;
    let filter = consilium_storage::AuditFilter::default();
    let page = world.store.reader().audit_page(filter, None, 100).await.unwrap();
    let mut acts: Vec<_> = page
        .iter()
        .map(|record| record.fields())
        .filter(|fields| ["room.present", "room.hide", "room.unhide"].contains(&fields.action.as_str()))
        .map(|fields| (fields.action.clone(), fields.target.clone()))
        .collect();
    acts.reverse();
    let room = format!("room/{}", consultation());
    let hidden = format!("{room}/annotation/{}/0f-1", account(2));
    assert_eq!(
        acts,
        [
            (
                "room.present".to_owned(),
                format!("{room}/presenter/{}", account(2))
            ),
            ("room.hide".to_owned(), hidden.clone()),
            ("room.unhide".to_owned(), hidden),
        ]
    );
    other.until(|page| page.room.document().hidden().is_empty()).await;
    // One who may not preside is refused, and that is recorded as well.
    let update = other.room.document().set_hidden(&what, true).unwrap();
    other.send(frame::update(&update)).await;
    assert_eq!(other.until_closed().await, CLOSE_NOT_ALLOWED);
    assert_eq!(world.audited_times("room.refuse", 1).await, ["live.not_allowed"]);
}
