//! Many at once: a cold room whose load takes its time, a server that comes back, an account that is shut
//! out while it writes.

use std::{sync::atomic::Ordering, time::Duration};

use futures::future::join_all;
use tokio::time::timeout;

use super::{
    content, stored,
    world::{EXPERTS, Page, RIGHTS, World, account, consultation, join, length},
};
use crate::live::{CLOSE_RESTART, CLOSE_REVOKED, Rooms, lock};

/// Orders that wait in the room's mailbox.
fn waiting(rooms: &Rooms) -> usize {
    lock(&rooms.0.rooms)
        .values()
        .map(|mailbox| mailbox.max_capacity() - mailbox.capacity())
        .sum()
}

/// F4: the load is held until two hundred wait for it; it is one load, and all get what was stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_wait_for_one_slow_load() {
    let world = World::new().await;
    let warm = world.rooms();
    Page::open(&warm, 101, join(1))
        .await
        .write("written before")
        .await;
    warm.shutdown().await;
    let held = world.store.hold_readers().await.unwrap();
    let rooms = world.rooms();
    let opening: Vec<_> = (0..200)
        .map(|n| {
            let rooms = rooms.clone();
            tokio::spawn(async move { Page::open(&rooms, 1000 + n, join(u128::from(n) % EXPERTS + 1)).await })
        })
        .collect();
    let all_wait = async {
        while waiting(&rooms) < 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), all_wait)
        .await
        .expect("all wait in the mailbox");
    assert!(opening.iter().all(|page| !page.is_finished()));
    drop(held);
    for page in join_all(opening).await {
        assert_eq!(
            page.unwrap().room.document().opinion(account(1)),
            "written before"
        );
    }
    assert_eq!(rooms.0.counters.loads.load(Ordering::SeqCst), 1);
}

/// F17: after a restart all pages come back at once, each with changes the server never saw; all end with
/// one document and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_come_back_after_a_restart() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut pages = join_all((0..120_u64).map(|n| {
        let rooms = rooms.clone();
        async move { Page::open(&rooms, 1000 + n, join(u128::from(n) % EXPERTS + 1)).await }
    }))
    .await;
    for (n, page) in pages.iter_mut().enumerate().take(40) {
        page.draw(&format!("before-{n}")).await;
    }
    let (_, closed) = tokio::join!(
        rooms.shutdown(),
        join_all(pages.iter_mut().map(Page::until_closed))
    );
    assert!(closed.iter().all(|code| *code == CLOSE_RESTART), "{closed:?}");
    let rooms = world.rooms();
    let back = pages.into_iter().enumerate().map(|(n, page)| {
        let rooms = rooms.clone();
        async move {
            let mut copy = page.cut();
            copy.put_annotation(&format!("between-{n}"), &length(2.0))
                .unwrap();
            let who = u128::try_from(n).unwrap() % EXPERTS + 1;
            let mut page = Page::reconnect(&rooms, copy, join(who)).await;
            page.until_saved().await;
            page
        }
    });
    let mut pages = join_all(back).await;
    for page in &mut pages {
        page.until(|page| page.room.document().annotations().len() == 160)
            .await;
    }
    let expected = content(stored(&rooms).await.0.document());
    assert_eq!(expected.0.len(), 160);
    for page in &pages {
        assert_eq!(content(page.room.document()), expected);
    }
    assert_eq!(rooms.0.counters.loads.load(Ordering::SeqCst), 1);
}

/// F10: once the change of rights has returned, not one more change of that account is taken, however many
/// are under way, and its connections close. The others write on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_after_a_revocation() {
    let world = World::new().await;
    for round in 0..8_u64 {
        let rooms = world.rooms();
        let mut other = Page::open(&rooms, 900 + round, join(2)).await;
        let mut page = Page::open(&rooms, 100 + round, join(1)).await;
        let writing = tokio::spawn(async move {
            // As many as a connection may send in one go.
            for n in 0..200 {
                let Ok(frames) = page.room.put_annotation(&format!("r{round}-{n}"), &length(1.0)) else {
                    break;
                };
                page.send_all(frames).await;
                if page.room.unsaved().count() > 20 {
                    page.until(|page| page.closed.is_some() || page.room.unsaved().count() < 10)
                        .await;
                }
                if page.closed.is_some() {
                    break;
                }
            }
            page.until_closed().await
        });
        let of_this_round = format!("r{round}-");
        let seen = |page: &Page| {
            let all = page.room.document().annotations();
            all.iter()
                .filter(|placed| placed.id.starts_with(&of_this_round))
                .count()
        };
        other.until(|page| seen(page) >= 10).await;
        rooms
            .refresh(consultation(), &|who| (who != account(1)).then_some(RIGHTS), "")
            .await;
        let mine = |rooms: &Rooms| {
            let rooms = rooms.clone();
            async move {
                let all = rooms.annotations(consultation()).await.unwrap();
                all.into_iter().filter(|(who, ..)| *who == account(1)).count()
            }
        };
        let at_return = mine(&rooms).await;
        assert_eq!(writing.await.unwrap(), CLOSE_REVOKED);
        other.draw(&format!("after-{round}")).await;
        assert_eq!(mine(&rooms).await, at_return);
        let (room, _) = stored(&rooms).await;
        let kept = room.document().annotations();
        assert_eq!(
            kept.iter().filter(|placed| placed.author == account(1)).count(),
            at_return
        );
        rooms.shutdown().await;
    }
}
