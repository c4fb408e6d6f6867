//! The call of a room.

use std::sync::atomic::Ordering;

use consilium_collab::{client::Outcome, frame};
use consilium_protocol::{
    limits::{CALL_PEERS, SIGNAL_BYTES, SIGNALS_PER_SECOND},
    live::{CLOSE_MALFORMED, CLOSE_TOO_MANY, CallPeer, ClientFrame, IceServer, Media},
};

use super::world::{Page, World, account, join, person};
use crate::{call::Calls, config, live::Join};

const SOUND: Media = Media {
    audio: true,
    video: false,
};

async fn say(page: &mut Page, frame: ClientFrame) {
    page.send(frame::client_frame(&frame)).await;
}

async fn enter(page: &mut Page, media: Option<Media>) {
    say(page, ClientFrame::Call { media }).await;
}

fn peers(page: &Page) -> Vec<CallPeer> {
    let calls = page.outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Call(peers) => Some(peers.clone()),
        _ => None,
    });
    calls.unwrap_or_default()
}

fn signals(page: &Page) -> Vec<(u64, String)> {
    let signals = page.outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Signal { from, payload } => Some((*from, payload.clone())),
        _ => None,
    });
    signals.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_may_call_and_only_they_are_heard() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut pages = Vec::new();
    for n in 1..=8 {
        let client = 100 + u64::try_from(n).unwrap();
        pages.push(Page::open(&rooms, client, join(n)).await);
    }
    for (n, page) in pages.iter_mut().take(CALL_PEERS).enumerate() {
        enter(page, Some(SOUND)).await;
        page.until(|page| peers(page).len() == n + 1).await;
    }
    let call = peers(&pages[CALL_PEERS - 1]);
    for (n, peer) in call.iter().enumerate() {
        let who = u128::try_from(n).unwrap() + 1;
        assert_eq!(
            (&peer.person, peer.media),
            (&person(who), SOUND),
            "stamped by the server, in order of entry"
        );
    }
    // The seventh is told who is in it, and is not.
    let mut late = pages.pop().unwrap();
    enter(&mut late, Some(SOUND)).await;
    late.until(|page| peers(page).len() == CALL_PEERS).await;
    assert!(!peers(&late).iter().any(|peer| peer.person == person(8)));

    let to = |peer: usize, payload: &str| ClientFrame::Signal {
        to: call[peer].peer,
        payload: payload.to_owned(),
    };
    say(&mut pages[0], to(1, "offer")).await;
    pages[1].until(|page| !signals(page).is_empty()).await;
    assert_eq!(signals(&pages[1]), [(call[0].peer, "offer".to_owned())]);
    // Who is not in the call reaches nobody, and nobody is reached who is not in it.
    say(&mut late, to(1, "from outside")).await;
    say(
        &mut pages[0],
        ClientFrame::Signal {
            to: 9999,
            payload: "to nobody".to_owned(),
        },
    )
    .await;
    say(&mut pages[0], to(0, "to oneself")).await;
    say(&mut pages[2], to(1, "last")).await;
    pages[1].until(|page| signals(page).len() == 2).await;
    assert_eq!(signals(&pages[1])[1], (call[2].peer, "last".to_owned()));
    assert!(signals(&late).is_empty());

    // Media change, leaving by word and by going away.
    let seen = Media {
        audio: true,
        video: true,
    };
    enter(&mut pages[0], Some(seen)).await;
    pages[5]
        .until(|page| peers(page).first().is_some_and(|peer| peer.media == seen))
        .await;
    enter(&mut pages[0], None).await;
    pages[5].until(|page| peers(page).len() == CALL_PEERS - 1).await;
    drop(pages.remove(1));
    let last = &mut pages[4];
    last.until(|page| peers(page).len() == CALL_PEERS - 2).await;
    // A late comer is told with the welcome; then there is room again.
    let mut newcomer = Page::open(&rooms, 300, join(9)).await;
    newcomer.until(|page| peers(page).len() == CALL_PEERS - 2).await;
    enter(&mut late, Some(SOUND)).await;
    late.until(|page| peers(page).len() == CALL_PEERS - 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_are_bounded() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut long = Page::open(&rooms, 101, join(1)).await;
    enter(&mut long, Some(SOUND)).await;
    say(
        &mut long,
        ClientFrame::Signal {
            to: 1,
            payload: "x".repeat(SIGNAL_BYTES + 1),
        },
    )
    .await;
    assert_eq!(long.until_closed().await, CLOSE_MALFORMED);
    let mut many = Page::open(&rooms, 102, join(2)).await;
    for _ in 0..SIGNALS_PER_SECOND * 20 {
        enter(&mut many, Some(SOUND)).await;
    }
    assert_eq!(many.until_closed().await, CLOSE_TOO_MANY);
}

fn servers(page: &Page) -> Vec<Vec<IceServer>> {
    let told = page.outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Ice(servers) => Some(servers.clone()),
        _ => None,
    });
    told.collect()
}

fn calls(settings: config::Call) -> Calls {
    Calls::new(&settings).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_is_in_the_call_is_told_the_servers_and_credentials_are_renewed() {
    let mut world = World::new().await;
    world.calls = calls(config::Call {
        ice_servers: vec!["turn:turn.example".to_owned()],
        secret: Some("a secret of the house".into()),
        ..config::Call::default()
    });
    let rooms = world.rooms();
    let mut first = Page::open(&rooms, 101, join(1)).await;
    let mut second = Page::open(&rooms, 102, join(2)).await;
    let mut outside = Page::open(&rooms, 103, join(3)).await;
    enter(&mut first, Some(SOUND)).await;
    first.until(|page| peers(page).len() == 1).await;
    assert_eq!(servers(&first).len(), 1, "before the list");
    world.now.fetch_add(3_600_000, Ordering::SeqCst);
    enter(&mut second, Some(SOUND)).await;
    for page in [&mut first, &mut second] {
        page.until(|page| peers(page).len() == 2).await;
    }
    let (early, late) = (&servers(&first)[0][0], &servers(&first)[1][0]);
    assert_eq!(early.urls, ["turn:turn.example"]);
    let ends = |of: &IceServer| {
        let name = of.username.as_deref().unwrap();
        let (ends, whose) = name.split_once(':').unwrap();
        assert_eq!(whose, account(1).to_string());
        ends.parse::<i64>().unwrap()
    };
    assert_eq!(ends(late) - ends(early), 3600);
    assert_ne!(
        servers(&second)[0][0].credential,
        late.credential,
        "each has an own one"
    );
    outside.until(|page| peers(page).len() == 2).await;
    assert!(servers(&outside).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_call_where_the_hospital_has_its_own_system() {
    let mut world = World::new().await;
    world.calls = calls(config::Call {
        link: Some("https://meet.example/{consultation}".to_owned()),
        ..config::Call::default()
    });
    let rooms = world.rooms();
    let mut page = Page::open(&rooms, 101, join(1)).await;
    enter(&mut page, Some(SOUND)).await;
    page.digest().await;
    page.until(|page| page.answers.len() == 2).await;
    assert!(peers(&page).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_call_in_a_private_document() {
    let world = World::new().await;
    let rooms = world.rooms();
    let private = Join {
        private: true,
        ..join(1)
    };
    let mut page = Page::open(&rooms, 101, private).await;
    enter(&mut page, Some(SOUND)).await;
    page.digest().await;
    page.until(|page| page.answers.len() == 2).await;
    assert!(peers(&page).is_empty());
}
