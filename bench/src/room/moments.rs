//! What is not a steady load: many joining at once, rooms where nothing happens, a reader that stops.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use consilium_collab::frame;
use futures::StreamExt as _;
use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{client::Client, servers::Running, wire::Kind};

/// How long a whole scenario may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// A storm of joins.
#[derive(Clone, Debug)]
pub(super) struct Storm {
    /// Clients that have the whole document.
    pub(super) synced: usize,
    /// Until the last had it, seconds.
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
    /// Idle, at the end, MiB.
    pub(super) memory: (f64, f64),
    /// Bytes of one answer.
    pub(super) bytes: usize,
}

/// `joins` clients at once into `rooms` documents of about 267 KB, each open for one who wrote it.
pub(super) async fn storm(server: Arc<Running>, rooms: usize, joins: usize) -> Result<Storm> {
    let idle = server.memory().0;
    let mut writers = Vec::new();
    for room in 0..rooms {
        server.make(room).await?;
        let mut writer = Client::join(&server, room, room).await?;
        // Some 20 bytes a point.
        let update = writer.copy.draw(46, 282, "")?;
        writer.send_content(frame::update(&update)).await?;
        writers.push(writer);
    }
    // A second client sees all of it: the server has taken it.
    let mut bytes = 0;
    for room in 0..rooms {
        let wanted = writers
            .get(room)
            .map(|writer| (writer.copy.client(), writer.copy.clock(writer.copy.client())))
            .context("a writer")?;
        bytes = whole(&server, room, joins + room, wanted).await?;
    }
    // The writers read on, as pages do.
    let mut readers = JoinSet::new();
    for mut writer in writers {
        readers.spawn(async move { while writer.take().await.is_ok() {} });
    }
    let cpu = server.cpu_seconds();
    let started = Instant::now();
    let mut joining = JoinSet::new();
    for at in 0..joins {
        let server = Arc::clone(&server);
        joining.spawn(async move {
            let mut client = Client::open(&server, at % rooms, rooms + at).await?;
            let answer = client.answer_bytes().await?;
            anyhow::Ok((client, answer))
        });
    }
    let mut there = Vec::new();
    let mut last = started.elapsed();
    let deadline = timeout(PATIENCE, async {
        while let Some(joined) = joining.join_next().await {
            if let Ok(Ok((client, answer))) = joined
                && answer * 10 >= bytes * 9
            {
                there.push(client);
                last = started.elapsed();
            }
        }
    });
    let _some_hang = deadline.await;
    Ok(Storm {
        synced: there.len(),
        seconds: last.as_secs_f64(),
        cpu_seconds: server.cpu_seconds() - cpu,
        memory: (idle, server.memory().0),
        bytes,
    })
}

/// Joins and leaves; the size of the document once it holds what is wanted.
async fn whole(server: &Running, room: usize, person: usize, wanted: (u64, u32)) -> Result<usize> {
    let read = timeout(PATIENCE, async {
        loop {
            let mut client = Client::open(server, room, person).await?;
            let bytes = client.synced().await?;
            if client.copy.clock(wanted.0) >= wanted.1 {
                return anyhow::Ok(bytes);
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    read.await.context("the document did not arrive")?
}

impl Client {
    /// Waits for the answer to the first question without taking it in: the size is all that is asked.
    async fn answer_bytes(&mut self) -> Result<usize> {
        loop {
            let message = self.socket.next().await.context("ended")??;
            if let Message::Binary(bytes) = message
                && let Kind::Answer(update) = self.read(&bytes)
            {
                return Ok(update.len());
            }
        }
    }
}

impl Client {
    /// Reads on without looking, but answers questions.
    async fn pass(&mut self) -> Result<()> {
        self.keep(&mut Vec::new()).await
    }

    /// Reads on and keeps the changes for later.
    async fn keep(&mut self, updates: &mut Vec<Vec<u8>>) -> Result<()> {
        let message = self.socket.next().await.context("ended")??;
        match message {
            Message::Binary(bytes) => match self.read(&bytes) {
                Kind::Update(update) | Kind::Answer(update) => updates.push(update.to_vec()),
                Kind::Question(vector) => {
                    let answer = frame::sync_step_2(&self.copy.missing_for(vector)?);
                    self.send_content(answer).await?;
                }
                _ => {}
            },
            Message::Close(why) => anyhow::bail!("closed: {why:?}"),
            _ => {}
        }
        Ok(())
    }

    /// Joins again with what it has.
    async fn again(mut self, server: &Running, person: usize, updates: Vec<Vec<u8>>) -> Result<Self> {
        self.copy.apply_all(&updates)?;
        let mut again = Self::open_with(server, 0, person, self.copy).await?;
        again.synced().await?;
        Ok(again)
    }
}

/// Rooms in which nobody does anything.
#[derive(Clone, Debug)]
pub(super) struct Idle {
    pub(super) memory: (f64, f64),
    pub(super) cpu: f64,
}

/// One person in each of `rooms`, for `measure`.
pub(super) async fn idle(server: Arc<Running>, rooms: usize, measure: Duration) -> Result<Idle> {
    let before = server.memory().0;
    let mut readers = JoinSet::new();
    for room in 0..rooms {
        server.make(room).await?;
        let mut client = Client::join(&server, room, room).await?;
        readers.spawn(async move { while client.take().await.is_ok() {} });
    }
    let cpu = server.cpu_seconds();
    sleep(measure).await;
    Ok(Idle {
        cpu: (server.cpu_seconds() - cpu) / measure.as_secs_f64() * 100.0,
        memory: (before, server.memory().0),
    })
}

/// A reader that stopped.
#[derive(Clone, Debug)]
pub(super) struct Stopped {
    /// Bytes that were written for it.
    pub(super) pushed: u64,
    /// Idle, most while it stood still, MiB.
    pub(super) memory: (f64, f64),
    /// What became of it.
    pub(super) fate: &'static str,
    /// Reading on or joining again, until it had everything, seconds.
    pub(super) healed: Option<f64>,
    /// How often one who did read was sent to join again.
    pub(super) cuts: u32,
    /// Another reader of the room had everything.
    pub(super) other: bool,
}

/// Four write 74 MB into a room while one reader stands still and another reads.
pub(super) async fn stopped(server: Arc<Running>, drawings: usize) -> Result<Stopped> {
    const WRITERS: usize = 4;
    const POINTS: usize = 4000;
    server.make(0).await?;
    let mut writers = Vec::new();
    for person in 0..WRITERS {
        writers.push(Client::join(&server, 0, person).await?);
    }
    let mut still = Client::join(&server, 0, WRITERS).await?;
    let mut other = Client::join(&server, 0, WRITERS + 1).await?;
    let idle = server.memory().0;
    let watcher = Arc::clone(&server);
    let reading = tokio::spawn(async move {
        let mut cut = 0_u32;
        let mut updates = Vec::new();
        loop {
            match timeout(Duration::from_secs(5), other.keep(&mut updates)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    cut += 1;
                    // As a page does: back at once, with what it has.
                    other = other
                        .again(&watcher, WRITERS + 1, std::mem::take(&mut updates))
                        .await?;
                }
                Err(_) => {
                    other.copy.apply_all(&updates)?;
                    return anyhow::Ok((other, cut));
                }
            }
        }
    });
    let mut writing: JoinSet<Result<(Client, u64, u32)>> = JoinSet::new();
    for (person, mut writer) in writers.into_iter().enumerate() {
        let server = Arc::clone(&server);
        writing.spawn(async move {
            let (mut pushed, mut cut, mut pace) = (0, 0_u32, interval(Duration::from_millis(40)));
            for _ in 0..drawings {
                // Reads while it waits, as a page does.
                let mut alive = true;
                while alive {
                    tokio::select! {
                        biased;
                        _ = pace.tick() => break,
                        passed = writer.pass() => alive = passed.is_ok(),
                    }
                }
                let update = writer.copy.draw(1, POINTS, "")?;
                pushed += u64::try_from(update.len())?;
                if !alive || writer.send_content(frame::update(&update)).await.is_err() {
                    cut += 1;
                    writer = writer.again(&server, person, Vec::new()).await?;
                }
            }
            Ok((writer, pushed, cut))
        });
    }
    let mut most = idle;
    let (mut pushed, mut cuts) = (0, 0);
    let mut done = Vec::new();
    let mut look = interval(Duration::from_millis(50));
    while !writing.is_empty() {
        tokio::select! {
            _ = look.tick() => most = most.max(server.memory().0),
            Some(ended) = writing.join_next() => {
                let (writer, bytes, cut) = ended??;
                pushed += bytes;
                cuts += cut;
                done.push(writer);
            }
        }
    }
    let clocks: Vec<(u64, u32)> = done
        .iter()
        .map(|writer| (writer.copy.client(), writer.copy.clock(writer.copy.client())))
        .collect();
    let mut keep = JoinSet::new();
    for mut writer in done {
        keep.spawn(async move { while writer.pass().await.is_ok() {} });
    }
    most = most.max(server.memory().0);
    let newcomer = complete(&server, WRITERS + 2, &clocks).await?;
    most = most.max(server.memory().0);
    let (other, cut) = reading.await??;
    cuts += cut;
    let other = other.copy.same_as(&newcomer);

    // It reads again: everything that waited, until nothing comes or it is closed.
    let resumed = Instant::now();
    let has_all = |client: &Client| clocks.iter().all(|(id, clock)| client.copy.clock(*id) >= *clock);
    let fate = loop {
        if has_all(&still) {
            break "kept, whole";
        }
        match timeout(Duration::from_secs(5), still.take()).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => break "closed, whole after joining again",
            Err(_) => break "connected and silently incomplete",
        }
    };
    let healed = match fate {
        "kept, whole" => Some(resumed.elapsed().as_secs_f64()),
        "connected and silently incomplete" => None,
        _ => {
            let again = Instant::now();
            complete(&server, WRITERS, &clocks).await?;
            Some(again.elapsed().as_secs_f64())
        }
    };
    Ok(Stopped {
        pushed,
        memory: (idle, most),
        fate,
        healed,
        cuts,
        other,
    })
}

/// Joins until everything that was written is there.
async fn complete(server: &Running, person: usize, clocks: &[(u64, u32)]) -> Result<super::copy::Copy> {
    let read = timeout(PATIENCE, async {
        let mut client = Client::open(server, 0, person).await?;
        client.synced().await?;
        while !clocks.iter().all(|(id, clock)| client.copy.clock(*id) >= *clock) {
            client.take().await?;
        }
        anyhow::Ok(client.copy)
    });
    read.await.context("a newcomer never had everything")?
}
