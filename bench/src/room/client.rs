//! One load client: joins, writes and points at its own pace, and looks for everybody else's markers in the
//! raw frames.

use std::{
    collections::VecDeque,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use consilium_collab::frame;
use futures::{SinkExt as _, StreamExt as _};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    copy::Copy,
    servers::{Running, Socket},
    wire::{self, Dialect, Kind},
};

/// How long joining may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client in a room.
pub(super) struct Client {
    pub(super) socket: Socket,
    pub(super) copy: Copy,
    dialect: Dialect,
    document: String,
    clock: u32,
    /// Sync frames with content sent on this connection: what acknowledgements count.
    pub(super) contents: u64,
}

/// A number nobody has drawn before, as a stock client draws it.
pub(super) fn client_id() -> u64 {
    RandomState::new().hash_one(0_u8) >> 32
}

impl Client {
    /// Connects and asks for the document; does not wait for it.
    pub(super) async fn open(server: &Running, room: usize, person: usize) -> Result<Self> {
        let copy = Copy::new(client_id(), server.author(person)?);
        Self::open_with(server, room, person, copy).await
    }

    /// As [`Client::open`], with the copy of an earlier connection.
    pub(super) async fn open_with(server: &Running, room: usize, person: usize, copy: Copy) -> Result<Self> {
        let socket = server.connect(room, person).await?;
        let mut client = Self {
            socket,
            copy,
            dialect: server.kind.dialect(),
            document: server.document(room)?,
            clock: 0,
            contents: 0,
        };
        if let Some(opening) = client.dialect.opening(&client.document) {
            client.socket.send(Message::binary(opening)).await?;
        }
        let question = frame::sync_step_1(&client.copy.state_vector());
        client.send(question).await?;
        Ok(client)
    }

    /// Connects, has the document and a place to write in it.
    pub(super) async fn join(server: &Running, room: usize, person: usize) -> Result<Self> {
        let joined = timeout(PATIENCE, async {
            let mut client = Self::open(server, room, person).await?;
            client.synced().await?;
            if !server.kind.ours() && !client.copy.ready() {
                let places = client.copy.make_places();
                client.send_content(frame::update(&places)).await?;
            }
            while !client.copy.ready() {
                client.take().await?;
            }
            Ok(client)
        });
        joined.await.with_context(|| {
            format!(
                "{}: room {room}, person {person}: no entry in time",
                server.kind.name()
            )
        })?
    }

    /// Sends a change, or the answer to a question.
    pub(super) async fn send_content(&mut self, frame: Vec<u8>) -> Result<()> {
        self.contents += 1;
        self.send(frame).await
    }

    /// Sends a frame in the server's dialect.
    pub(super) async fn send(&mut self, frame: Vec<u8>) -> Result<()> {
        let frame = self.dialect.wrap(&self.document, frame);
        Ok(self.socket.send(Message::binary(frame)).await?)
    }

    /// Waits for the answer to the first question; its bytes.
    pub(super) async fn synced(&mut self) -> Result<usize> {
        loop {
            if let Some(bytes) = self.take().await? {
                return Ok(bytes);
            }
        }
    }

    /// Takes one message into the copy; the size of an answer when it was one.
    pub(super) async fn take(&mut self) -> Result<Option<usize>> {
        match self.socket.next().await {
            Some(Ok(Message::Binary(bytes))) => match self.dialect.read(&bytes) {
                Kind::Answer(update) => {
                    self.copy.apply(update)?;
                    return Ok(Some(update.len()));
                }
                Kind::Update(update) => self.copy.apply(update)?,
                Kind::Question(vector) => {
                    let answer = frame::sync_step_2(&self.copy.missing_for(vector)?);
                    self.send_content(answer).await?;
                }
                Kind::Awareness | Kind::Ours(_) | Kind::Other => {}
            },
            Some(Ok(Message::Close(why))) => bail!("closed: {why:?}"),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => bail!("ended"),
        }
        Ok(None)
    }

    /// Reads a message in the server's dialect.
    pub(super) fn read<'a>(&self, bytes: &'a [u8]) -> Kind<'a> {
        self.dialect.read(bytes)
    }

    fn pointer(&mut self) -> Vec<u8> {
        self.clock += 1;
        let (client, clock) = (self.copy.client(), self.clock);
        wire::cursor(client, clock, "Expert", clock % 512, (clock * 7) % 512)
    }
}

/// When a load runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Joining,
    /// Writing; what is written between the two moments counts.
    Writing {
        from: Instant,
        until: Instant,
    },
    Over,
}

/// Counts of a whole load, to know when everything has arrived.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) expected: AtomicU64,
    pub(super) delivered: AtomicU64,
}

/// What one client does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// The number in its markers.
    pub(super) writer: u32,
    /// The first number of its room, and how many are in it.
    pub(super) room: (u32, u32),
    pub(super) updates_per_s: f64,
    pub(super) cursors_per_s: f64,
    /// Share of a period after which it begins, so that not all write at once.
    pub(super) shift: f64,
}

/// What one client saw.
#[derive(Default)]
pub(super) struct Seen {
    /// Of markers written in the counted time by others, microseconds.
    pub(super) latencies: Vec<u32>,
    /// Of acknowledgements, microseconds.
    pub(super) acks: Vec<u32>,
    pub(super) frames: u64,
    /// Why the connection ended early.
    pub(super) ended: Option<String>,
}

/// Runs a client through a load.
pub(super) async fn run(
    mut client: Client,
    task: Task,
    epoch: Instant,
    mut phase: watch::Receiver<Phase>,
    progress: Arc<Progress>,
) -> Seen {
    let mut seen = Seen::default();
    let outcome = client
        .through(task, epoch, &mut phase, &progress, &mut seen)
        .await;
    seen.ended = outcome.err().map(|error| format!("{error:#}"));
    seen
}

impl Client {
    async fn through(
        &mut self,
        task: Task,
        epoch: Instant,
        phase: &mut watch::Receiver<Phase>,
        progress: &Progress,
        seen: &mut Seen,
    ) -> Result<()> {
        let mut now = *phase.borrow_and_update();
        let period = |rate: f64| (rate > 0.0).then(|| Duration::from_secs_f64(1.0 / rate));
        let (updates, cursors) = (period(task.updates_per_s), period(task.cursors_per_s));
        let mut next_update: Option<Instant> = None;
        let mut next_cursor: Option<Instant> = None;
        let mut last = vec![0_u32; usize::try_from(task.room.1)?];
        let mut number = 0_u32;
        let mut unacknowledged: VecDeque<(u64, u64)> = VecDeque::new();
        let far = Instant::now() + Duration::from_secs(3600);
        let timer = sleep_until(far);
        tokio::pin!(timer);
        loop {
            tokio::select! {
                biased;
                changed = phase.changed() => {
                    changed?;
                    now = *phase.borrow_and_update();
                    match now {
                        Phase::Over => return Ok(()),
                        Phase::Writing { .. } => {
                            let begin = Instant::now();
                            next_update = updates.map(|period| begin + period.mul_f64(task.shift));
                            next_cursor = cursors.map(|period| begin + period.mul_f64(task.shift));
                        }
                        Phase::Joining => {}
                    }
                }
                () = &mut timer, if next_update.is_some() || next_cursor.is_some() => {
                    let at = Instant::now();
                    if let (Some(due), Some(period)) = (next_cursor, cursors) && due <= at {
                        let frame = self.pointer();
                        self.send(frame).await?;
                        next_cursor = Some(due + period);
                    }
                    if let (Some(due), Some(period)) = (next_update, updates) && due <= at {
                        number += 1;
                        let micros = u64::try_from(epoch.elapsed().as_micros())?;
                        let stamp = epoch + Duration::from_micros(micros);
                        let update = self.copy.write(&wire::marker(task.writer, number, micros))?;
                        if let Phase::Writing { from, until } = now && stamp >= from && stamp < until {
                            let others = u64::from(task.room.1.saturating_sub(1));
                            progress.expected.fetch_add(others, Ordering::Relaxed);
                        }
                        if self.dialect == Dialect::Consilium {
                            unacknowledged.push_back((self.contents + 1, micros));
                        }
                        self.send_content(frame::update(&update)).await?;
                        next_update = Some(due + period);
                    }
                    if let Phase::Writing { until, .. } = now && at >= until {
                        (next_update, next_cursor) = (None, None);
                    }
                }
                message = self.socket.next() => {
                    let bytes = match message {
                        Some(Ok(Message::Binary(bytes))) => bytes,
                        Some(Ok(Message::Close(why))) => bail!("closed: {why:?}"),
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => return Err(error.into()),
                        None => bail!("ended"),
                    };
                    seen.frames += 1;
                    match self.dialect.read(&bytes) {
                        Kind::Update(update) | Kind::Answer(update) => {
                            let micros = u64::try_from(epoch.elapsed().as_micros())?;
                            wire::markers(update, |found| {
                                let place = found.writer.wrapping_sub(task.room.0);
                                let Some(known) = usize::try_from(place).ok().and_then(|p| last.get_mut(p)) else { return };
                                if found.writer == task.writer || found.number <= *known {
                                    return;
                                }
                                *known = found.number;
                                if let Phase::Writing { from, until } = now {
                                    let written = epoch + Duration::from_micros(found.micros);
                                    if written >= from && written < until {
                                        let took = micros.saturating_sub(found.micros);
                                        seen.latencies.push(u32::try_from(took).unwrap_or(u32::MAX));
                                        progress.delivered.fetch_add(1, Ordering::Relaxed);
                                    }
                                }
                            });
                        }
                        Kind::Question(vector) => {
                            let answer = frame::sync_step_2(&self.copy.missing_for(vector)?);
                            self.send_content(answer).await?;
                        }
                        Kind::Ours(json) => {
                            if let Some(upto) = acknowledged(json) {
                                let micros = u64::try_from(epoch.elapsed().as_micros())?;
                                while let Some((frame, sent)) = unacknowledged.front().copied() && frame <= upto {
                                    seen.acks.push(u32::try_from(micros.saturating_sub(sent)).unwrap_or(u32::MAX));
                                    unacknowledged.pop_front();
                                }
                            }
                        }
                        Kind::Awareness | Kind::Other => {}
                    }
                }
            }
            if let Some(next) = next_update.into_iter().chain(next_cursor).min()
                && timer.deadline() != next
            {
                timer.as_mut().reset(next);
            }
        }
    }
}

/// The count in an acknowledgement.
pub(super) fn acknowledged(json: &[u8]) -> Option<u64> {
    let frame: consilium_protocol::live::ServerFrame = serde_json::from_slice(json).ok()?;
    match frame {
        consilium_protocol::live::ServerFrame::Ack { received, .. } => Some(received),
        _ => None,
    }
}
