//! Frames that were lost on the way are found, in both directions (F16).

use consilium_collab::client::Saved;
use consilium_domain::AccountId;

use super::world::{Page, World, account, join};

fn opinion(page: &Page, who: AccountId) -> String {
    page.room.document().opinion(who)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_reader_lost_comes_with_the_next_digest() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut writer = Page::open(&rooms, 101, join(1)).await;
    let mut reader = Page::open(&rooms, 202, join(2)).await;
    reader.digest().await;
    reader.until(|page| page.answers.len() == 2).await;
    assert_eq!(reader.answers[1], [0, 0], "nothing lacks, nothing is said");
    assert_eq!(rooms.stats().digests, 0);

    reader.lose = 1;
    writer.write("lost on the way").await;
    reader.until(|page| page.lose == 0).await;
    assert_eq!(opinion(&reader, account(1)), "");
    reader.digest().await;
    reader
        .until(|page| opinion(page, account(1)) == "lost on the way")
        .await;
    assert_eq!(rooms.stats().digests, 1);

    // A deletion does not show in a state vector.
    reader.lose = 1;
    writer.write("lost").await;
    reader.until(|page| page.lose == 0).await;
    assert_eq!(opinion(&reader, account(1)), "lost on the way");
    reader.digest().await;
    reader.until(|page| opinion(page, account(1)) == "lost").await;
    assert_eq!(rooms.stats().digests, 1, "that is told to everybody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_lost_is_asked_for() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut writer = Page::open(&rooms, 101, join(1)).await;
    let mut reader = Page::open(&rooms, 202, join(2)).await;
    writer.write("first").await;
    // The change is made here and never arrives there.
    let lost = writer.room.set_opinion("first and second").unwrap();
    assert_eq!(lost.len(), 1);
    assert_eq!(writer.room.saved(), Saved::Saving(1));
    writer.digest().await;
    // It says again what the server lacks, and asks at once whether that is there now.
    writer.until_saved().await;
    reader
        .until(|page| opinion(page, account(1)) == "first and second")
        .await;
    assert_eq!(rooms.stats().digests, 1);
    assert_eq!((writer.resyncs, writer.answers.len()), (1, 3));
    // Both count alike again: what is written next needs no digest.
    writer.write("first, second and third").await;
    assert_eq!(writer.answers.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_cannot_store_confirms_nothing() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut writer = Page::open(&rooms, 101, join(1)).await;
    writer.write("first").await;
    world
        .sql("CREATE TRIGGER full BEFORE INSERT ON room_log BEGIN SELECT RAISE(ABORT, 'full'); END")
        .await;
    let frames = writer.room.set_opinion("first and second").unwrap();
    writer.send_all(frames).await;
    writer.until(|page| page.room.read_only()).await;
    let answers = writer.answers.len();
    writer.digest().await;
    // The answer to the digest, and to the one that follows what the server asked back.
    writer.until(|page| page.answers.len() == answers + 2).await;
    assert_eq!(writer.room.saved(), Saved::Saving(1));
    world.sql("DROP TRIGGER full").await;
    writer.until_saved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_in_a_hundred_lost_is_healed() {
    let world = World::new().await;
    let rooms = world.rooms();
    let mut writer = Page::open(&rooms, 101, join(1)).await;
    let mut readers = Vec::new();
    for n in 0..3 {
        readers.push(Page::open(&rooms, 202 + n, join(2)).await);
    }
    for round in 0_u32..150 {
        let text = "字".repeat(usize::try_from(round % 17).unwrap()) + &round.to_string();
        writer.write(&text).await;
        for (n, reader) in readers.iter_mut().enumerate() {
            // Each loses others.
            if (round + 30 * u32::try_from(n).unwrap()) % 50 == 0 {
                reader.lose += 1;
            }
        }
    }
    let expected = opinion(&writer, account(1));
    for reader in &mut readers {
        // Until the answer to this digest is here, everything sent before is.
        let answers = reader.answers.len();
        reader.digest().await;
        reader.until(|page| page.answers.len() > answers).await;
        reader.until(|page| opinion(page, account(1)) == expected).await;
        assert_eq!(reader.lose, 0);
    }
}
