//! Ten write while the program is killed with -9, again and again: what was acknowledged must be there.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use consilium_collab::frame;
use futures::StreamExt as _;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    client::{self, Client},
    copy::Copy,
    load,
    random::Random,
    servers::{Kind, Running, World},
    wire,
};

/// Writers in the room.
pub(super) const WRITERS: usize = 10;
/// Kills before another room is taken; at the end all are looked at again.
pub(super) const A_ROOM: usize = 10;
/// Markers in a text before its beginning is deleted: a text has a limit.
const LONG: usize = 600;
/// Markers it keeps then.
const SHORT: usize = 200;
/// Changes of one writer that wait for their acknowledgement.
const WINDOW: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a writer's text had come with a change.
#[derive(Clone, Copy, Default)]
struct Come {
    clock: u32,
    /// Markers written.
    written: usize,
    /// How many of them, from the first on, were deleted again.
    deleted: usize,
}

/// What one writer was promised.
struct Promised {
    person: usize,
    client: u64,
    acked: Come,
    /// Deleted, perhaps without an answer.
    deleted: usize,
}

struct Writer {
    person: usize,
    copy: Copy,
    acked: Come,
    sent: Come,
    micros: Vec<u32>,
}

/// Kills so often.
pub(super) async fn run(world: &Arc<World>, kills: u32) -> Result<()> {
    let mut server = Running::start(Kind::ConsiliumTls, world).await?;
    let mut random = Random::new(u64::from(kills));
    let mut promised: Vec<Vec<Promised>> = Vec::new();
    let (mut acks, mut lost, mut acknowledged, mut written) = (Vec::new(), 0_usize, 0_usize, 0_usize);
    let mut writers: Vec<Writer> = Vec::new();
    let started = Instant::now();
    for kill in 0..usize::try_from(kills)? {
        let room = kill / A_ROOM;
        if kill % A_ROOM == 0 {
            writers = (0..WRITERS)
                .map(|person| {
                    Ok(Writer {
                        person,
                        copy: Copy::new(client::client_id(), server.author(person)?),
                        acked: Come::default(),
                        sent: Come::default(),
                        micros: Vec::new(),
                    })
                })
                .collect::<Result<_>>()?;
        }
        let mut writing = JoinSet::new();
        for writer in writers.drain(..) {
            let client = Client::rejoin(&server, room, writer.person, writer.copy).await?;
            writing.spawn(write(client, writer.person, writer.acked, writer.sent));
        }
        sleep(Duration::from_millis(u64::from(60 + random.below(340)))).await;
        server = server.kill_and_restart().await?;
        while let Some(ended) = writing.join_next().await {
            writers.push(ended?);
        }
        let there = whole(&server, room).await?;
        for writer in &mut writers {
            acks.append(&mut writer.micros);
            let promise = writer.promise();
            if !kept(&there, &promise, &server)? {
                lost += 1;
                println!("kill {kill}: writer {} lost acknowledged changes", writer.person);
            }
        }
        if kill % A_ROOM == A_ROOM - 1 || kill + 1 == usize::try_from(kills)? {
            promised.push(writers.iter().map(Writer::promise).collect());
            acknowledged += writers.iter().map(|writer| writer.acked.written).sum::<usize>();
            written += writers.iter().map(|writer| writer.sent.written).sum::<usize>();
        }
    }
    // Once more at the end: nothing of an earlier room went with a later kill.
    for (room, promised) in promised.iter().enumerate() {
        let there = whole(&server, room).await?;
        for promise in promised {
            if !kept(&there, promise, &server)? {
                lost += 1;
                println!("room {room}: writer {} lost acknowledged changes", promise.person);
            }
        }
    }
    let count = u64::try_from(acks.len())?;
    let acks = load::latency(acks, count);
    println!(
        "{kills} times kill -9 in {:.0} s: {written} changes written, {acknowledged} acknowledged, {lost} writers lost any",
        started.elapsed().as_secs_f64()
    );
    println!(
        "acknowledgement: {} of them, p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        acks.delivered, acks.p50, acks.p95, acks.p99
    );
    ensure!(acknowledged > 0, "nothing was acknowledged");
    ensure!(lost == 0, "acknowledged changes were lost");
    server.end().await
}

impl Writer {
    fn promise(&self) -> Promised {
        Promised {
            person: self.person,
            client: self.copy.client(),
            acked: self.acked,
            deleted: self.sent.deleted,
        }
    }
}

/// Whether the room has what was promised: the clock, every marker not deleted since, none whose deletion
/// was acknowledged.
fn kept(there: &Copy, promise: &Promised, server: &Running) -> Result<bool> {
    let mut numbers = Vec::new();
    let text = there.text_of(&server.author(promise.person)?);
    wire::markers(text.as_bytes(), |found| numbers.push(found.number));
    let (from, to) = (
        u32::try_from(promise.deleted)?,
        u32::try_from(promise.acked.written)?,
    );
    let first = u32::try_from(promise.acked.deleted)?;
    let kept = numbers
        .iter()
        .copied()
        .filter(|number| (from..to).contains(number));
    Ok(there.clock(promise.client) >= promise.acked.clock
        && kept.eq(from..to)
        && numbers.iter().all(|number| *number >= first))
}

impl Client {
    /// Joins with the copy of an earlier connection, whose unsaved changes go to the server now.
    async fn rejoin(server: &Running, room: usize, person: usize, copy: Copy) -> Result<Self> {
        let joined = timeout(PATIENCE, async {
            let mut client = Self::open_with(server, room, person, copy).await?;
            client.synced().await?;
            while !client.copy.ready() || client.contents == 0 {
                client.take().await?;
            }
            anyhow::Ok(client)
        });
        joined.await.context("no entry in time")?
    }
}

/// Writes as fast as it is acknowledged until the connection dies.
async fn write(mut client: Client, person: usize, acked: Come, sent: Come) -> Writer {
    let mut writer = Writer {
        person,
        copy: Copy::new(client.copy.client(), String::new()),
        acked,
        sent,
        micros: Vec::new(),
    };
    let epoch = Instant::now();
    let outcome = until_dead(&mut client, &mut writer, epoch).await;
    debug_assert!(outcome.is_err(), "only the end of the connection ends it");
    writer.copy = client.copy;
    writer
}

/// The next change: a marker at the end, or the beginning deleted when the text is long.
fn next(copy: &mut Copy, writer: &mut Writer, epoch: Instant) -> Result<Vec<u8>> {
    let sent = &mut writer.sent;
    let update = if sent.written - sent.deleted >= LONG {
        let surplus = sent.written - sent.deleted - SHORT;
        sent.deleted += surplus;
        copy.shorten(u32::try_from(surplus * wire::MARKER)?)?
    } else {
        let micros = u64::try_from(epoch.elapsed().as_micros())?;
        let (person, number) = (u32::try_from(writer.person)?, u32::try_from(sent.written)?);
        sent.written += 1;
        copy.write(&wire::marker(person, number, micros))?
    };
    sent.clock = copy.clock(copy.client());
    Ok(update)
}

async fn until_dead(client: &mut Client, writer: &mut Writer, epoch: Instant) -> Result<()> {
    // What earlier connections left unacknowledged went with the answer to the first question.
    let mut waiting = VecDeque::from([(client.contents, None, writer.sent)]);
    loop {
        while waiting.len() < WINDOW {
            let update = next(&mut client.copy, writer, epoch)?;
            client.send_content(frame::update(&update)).await?;
            waiting.push_back((client.contents, Some(Instant::now()), writer.sent));
        }
        let message = client.socket.next().await.context("ended")??;
        let Message::Binary(bytes) = message else { continue };
        match client.read(&bytes) {
            wire::Kind::Ours(json) => {
                let Some(upto) = client::acknowledged(json) else {
                    continue;
                };
                while let Some((frame, sent, come)) = waiting.front().copied()
                    && frame <= upto
                {
                    writer.acked = come;
                    if let Some(sent) = sent {
                        let micros = sent.elapsed().as_micros();
                        writer.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
                    }
                    waiting.pop_front();
                }
            }
            wire::Kind::Question(vector) => {
                let answer = frame::sync_step_2(&client.copy.missing_for(vector)?);
                client.send_content(answer).await?;
            }
            _ => {}
        }
    }
}

/// The room as somebody new sees it.
async fn whole(server: &Running, room: usize) -> Result<Copy> {
    let read = timeout(PATIENCE, async {
        let mut client = Client::open(server, room, 0).await?;
        client.synced().await?;
        anyhow::Ok(client.copy)
    });
    read.await.context("no entry in time")?
}
