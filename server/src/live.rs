//! Live rooms: a registry of room actors and the connections to them.
//!
//! One task per room ([`actor`]) owns its document and its people. What it accepts goes to one writer task
//! for all rooms ([`writer`]), which appends the pending entries of every room in one transaction with
//! fsync; only then it is acknowledged and sent on. A connection is a bounded [`outbox`] and a small
//! task ([`connection`]); one task looks after the time of all of them ([`pulse`]). Nothing here decides on rights: they come with [`Join`] and
//! [`Rooms::refresh`], and `consilium_collab::guard` enforces them.

mod accounts;
mod actor;
mod bucket;
mod connection;
mod history;
mod outbox;
mod pulse;
mod replay;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use consilium_collab::document::RoomDoc;
use consilium_domain::{AccountId, ConsultationId, Timestamp, permission::RoomRights};
use consilium_protocol::{
    limits,
    live::{Annotation, CLOSE_REVOKED, Person},
    room::RoomStatus,
};
use consilium_storage::{AuditEntry, RoomKey, Store, StoreError};
use futures::future::BoxFuture;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use self::{
    accounts::Accounts,
    actor::{Actor, Command},
    outbox::Outbox,
    pulse::Pulse,
    writer::{Job, Writer},
};
use crate::{call::Calls, clock::Clock, http::upgrade::Socket};

pub use self::replay::Log;

/// Hash of a session's token: which sign-in a connection belongs to.
pub type SessionKey = [u8; 32];

/// WebSocket close code of a server that stops.
const CLOSE_RESTART: u16 = 1012;
/// How long a closing handshake may take.
const GOODBYE: Duration = Duration::from_secs(3);
/// Logs replayed at once.
const REPLAYS_AT_ONCE: usize = 2;

/// Why a room could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The store does not answer, or refuses.
    #[error("the room's store does not answer")]
    Store(#[from] StoreError),
    /// The stored history does not make a document, or its hash chain is broken.
    #[error("the room's history is damaged: {0}")]
    Damaged(String),
    /// The room could not be loaded; the cause is in the log.
    #[error("the room could not be loaded")]
    Unavailable,
    /// As many connections as a room may have.
    #[error("the room is full")]
    Full,
    /// The account has, or opens, too many connections.
    #[error("too many connections of one account")]
    TooMany,
    /// The server is stopping, or the room ended meanwhile.
    #[error("the room is closed")]
    Closed,
}

/// Someone who was let in by the services, before the room knows of it.
#[derive(Clone, Debug)]
pub struct Join {
    /// Which room.
    pub consultation: ConsultationId,
    /// Into the own private document instead of the shared one. There is no way to name another's.
    pub private: bool,
    /// Who; stamped into everything the others see.
    pub person: Person,
    /// What may be changed.
    pub rights: RoomRights,
    /// The sign-in.
    pub session: SessionKey,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// [`Rooms::changes`] before sign-in and rights were read: they are read again when it has moved.
    pub as_of: u64,
    /// Address of the caller, for the audit.
    pub ip: String,
    /// User agent, for the audit.
    pub device: String,
    /// Number of the request, for the audit.
    pub request_id: String,
}

impl Join {
    /// The document it is about.
    pub(crate) const fn key(&self) -> RoomKey {
        RoomKey {
            consultation: self.consultation,
            owner: if self.private { Some(self.person.id) } else { None },
        }
    }
}

/// Numbers for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomStats {
    /// Rooms in memory.
    pub rooms: usize,
    /// Open connections.
    pub connections: usize,
    /// Document changes made durable since the start.
    pub updates: u64,
    /// Frames refused since the start.
    pub refused: u64,
    /// Readers closed because they were too slow, since the start.
    pub too_slow: u64,
    /// Digests that found something missing on either side, since the start.
    pub digests: u64,
    /// Bytes of changes made durable since the start.
    pub log_bytes: u64,
    /// Rooms that are read-only because their store does not answer.
    pub read_only: usize,
    /// Frames waiting in the fullest queue of a connection.
    pub queue_frames: usize,
    /// Bytes waiting in the fullest queue of a connection.
    pub queue_bytes: usize,
}

/// Times and bounds that tests and operators change.
#[derive(Clone, Copy, Debug)]
struct Timing {
    /// A room without connections leaves memory.
    idle: Duration,
    /// A room that could not store tries again.
    retry: Duration,
    /// The server pings.
    ping: Duration,
    /// A silent connection is dead.
    dead: Duration,
    /// Log entries between snapshots.
    snapshot_every: u64,
    /// Connections of one account, over all rooms; other bounds of an account follow from it.
    per_account: usize,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            idle: Duration::from_millis(limits::ROOM_IDLE_MS),
            retry: Duration::from_secs(2),
            ping: Duration::from_millis(limits::PING_MS),
            dead: Duration::from_millis(limits::DEAD_MS),
            snapshot_every: limits::SNAPSHOT_EVERY,
            per_account: limits::CONNECTIONS_PER_ACCOUNT,
        }
    }
}

#[derive(Default)]
struct Counters {
    updates: AtomicU64,
    refused: AtomicU64,
    too_slow: AtomicU64,
    digests: AtomicU64,
    log_bytes: AtomicU64,
    read_only: AtomicUsize,
    loads: AtomicU64,
}

struct Connected {
    session: SessionKey,
    expires_at: Timestamp,
    outbox: Arc<Outbox>,
    pulse: Arc<Pulse>,
}

/// Answers what an account may do in a room now, read afresh; `None` when it may not be there.
pub type Recheck =
    dyn Fn(ConsultationId, AccountId, SessionKey) -> BoxFuture<'static, Option<RoomRights>> + Send + Sync;

struct Shared {
    store: Store,
    clock: Clock,
    timing: Timing,
    calls: Calls,
    writer: Writer,
    rooms: Mutex<HashMap<RoomKey, mpsc::Sender<Command>>>,
    connections: Mutex<HashMap<u64, Connected>>,
    /// A connection ended.
    left: Notify,
    next_connection: AtomicU64,
    closing: AtomicBool,
    recheck: OnceLock<Arc<Recheck>>,
    counters: Counters,
    accounts: Accounts,
    /// Replays of logs running at once.
    replays: Semaphore,
    /// Calls of [`Rooms::refresh`] and [`Rooms::close_session`].
    changes: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All live rooms of this server. Cheap to clone.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

impl Rooms {
    /// Rooms over a store. Rooms are loaded when somebody enters. Needs a Tokio runtime.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self::with_timing(store, clock, Timing::default(), Calls::default())
    }

    /// As [`Rooms::new`], with another number of connections that one account may have over all rooms, and with
    /// settings of calls.
    #[must_use]
    pub fn with_settings(store: Store, clock: Clock, per_account: usize, calls: Calls) -> Self {
        let timing = Timing {
            per_account,
            ..Timing::default()
        };
        Self::with_timing(store, clock, timing, calls)
    }

    fn with_timing(store: Store, clock: Clock, timing: Timing, calls: Calls) -> Self {
        let shared = Arc::new(Shared {
            writer: Writer::start(store.clone()),
            store,
            clock,
            timing,
            calls,
            rooms: Mutex::default(),
            connections: Mutex::default(),
            left: Notify::new(),
            next_connection: AtomicU64::new(1),
            closing: AtomicBool::new(false),
            recheck: OnceLock::new(),
            counters: Counters::default(),
            accounts: Accounts::new(timing.per_account),
            replays: Semaphore::new(REPLAYS_AT_ONCE),
            changes: AtomicU64::new(0),
        });
        pulse::start(&shared);
        Self(shared)
    }

    /// How often rights were changed or sessions ended so far: to be read before the rights of a [`Join`].
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::SeqCst)
    }

    /// Sets how rights are read again when some changed between the check of the request and the entry.
    /// Without it, such a change is seen at the next [`Rooms::refresh`] only. Set once.
    pub fn set_recheck(&self, recheck: Arc<Recheck>) {
        let _already = self.0.recheck.set(recheck);
    }

    /// Serves one upgraded socket until it closes.
    pub async fn serve(&self, socket: Socket, join: Join) {
        connection::run(self, socket, join).await;
    }

    /// New rights for everybody in the room and in the private documents beside it (its state changed, an
    /// opinion was submitted): `rights` is asked for each account present; `None` closes its connections
    /// with `CLOSE_REVOKED`. `changed` tells the pages what to read again; empty for nothing. When this
    /// returns the rights are in force.
    pub async fn refresh(
        &self,
        consultation: ConsultationId,
        rights: &(dyn Fn(AccountId) -> Option<RoomRights> + Send + Sync),
        changed: &str,
    ) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
        let rooms: Vec<_> = lock(&self.0.rooms)
            .iter()
            .filter(|(key, _)| key.consultation == consultation)
            .map(|(_, room)| room.clone())
            .collect();
        for room in rooms {
            refresh_one(&room, rights, changed).await;
        }
    }

    /// Closes every connection of a session (signed out, revoked). Nothing it sent and that was not yet
    /// taken is taken after this returns.
    pub async fn close_session(&self, session: SessionKey) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
        for connected in lock(&self.0.connections).values() {
            if connected.session == session {
                connected.outbox.close(CLOSE_REVOKED, "session ended");
            }
        }
    }

    /// All finished annotations (author, id, annotation); loads the room if needed.
    ///
    /// # Errors
    /// The room cannot be read.
    pub async fn annotations(
        &self,
        consultation: ConsultationId,
    ) -> Result<Vec<(AccountId, String, Annotation)>, LiveError> {
        self.read(consultation, |doc| {
            doc.annotations()
                .into_iter()
                .map(|placed| (placed.author, placed.id, placed.annotation))
                .collect()
        })
        .await
    }

    /// One author's draft opinion; empty when there is none.
    ///
    /// # Errors
    /// The room cannot be read.
    pub async fn draft_opinion(
        &self,
        consultation: ConsultationId,
        author: AccountId,
    ) -> Result<String, LiveError> {
        self.read(consultation, move |doc| doc.opinion(author)).await
    }

    /// Reads the shared document once everything in it is durable.
    async fn read<T: Send + 'static>(
        &self,
        consultation: ConsultationId,
        read: impl FnOnce(&RoomDoc) -> T + Send + 'static,
    ) -> Result<T, LiveError> {
        let key = RoomKey::shared(consultation);
        self.wake(key).await?;
        let (reply, answer) = oneshot::channel();
        let read = Box::new(move |doc: &RoomDoc| {
            let _asker_gone = reply.send(read(doc));
        });
        self.send(key, Command::Read(read)).await?;
        answer.await.map_err(|_| LiveError::Closed)
    }

    /// Flushes and closes all rooms; connections get 1012. Nobody enters afterwards.
    pub async fn shutdown(&self) {
        self.0.closing.store(true, Ordering::SeqCst);
        let rooms: Vec<_> = lock(&self.0.rooms).values().cloned().collect();
        let mut done = Vec::new();
        for room in rooms {
            let (reply, finished) = oneshot::channel();
            if room.send(Command::Shutdown(reply)).await.is_ok() {
                done.push(finished);
            }
        }
        for finished in done {
            let _ended_otherwise = finished.await;
        }
        // The connections still record that they ended.
        let all_gone = async {
            loop {
                let left = self.0.left.notified();
                if lock(&self.0.connections).is_empty() {
                    return;
                }
                left.await;
            }
        };
        let _some_hang = tokio::time::timeout(GOODBYE, all_gone).await;
        self.0.writer.stop().await;
    }

    /// Numbers for `/metrics`.
    #[must_use]
    pub fn stats(&self) -> RoomStats {
        let counters = &self.0.counters;
        let (connections, queues) = {
            let connections = lock(&self.0.connections);
            let queues: Vec<_> = connections.values().map(|c| c.outbox.waiting()).collect();
            (connections.len(), queues)
        };
        RoomStats {
            rooms: lock(&self.0.rooms).len(),
            connections,
            queue_frames: queues.iter().map(|(frames, _)| *frames).max().unwrap_or(0),
            queue_bytes: queues.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0),
            digests: counters.digests.load(Ordering::Relaxed),
            log_bytes: counters.log_bytes.load(Ordering::Relaxed),
            updates: counters.updates.load(Ordering::Relaxed),
            refused: counters.refused.load(Ordering::Relaxed),
            too_slow: counters.too_slow.load(Ordering::Relaxed),
            read_only: counters.read_only.load(Ordering::Relaxed),
        }
    }

    /// Every room in memory as its operators see it, without anything of its content; the numbers of the
    /// consultations are the caller's to fill in.
    pub async fn statuses(&self) -> Vec<(RoomKey, RoomStatus)> {
        let rooms: Vec<_> = lock(&self.0.rooms)
            .iter()
            .map(|(key, room)| (*key, room.clone()))
            .collect();
        let mut asked = Vec::with_capacity(rooms.len());
        for (key, room) in rooms {
            let (reply, status) = oneshot::channel();
            if room.send(Command::Status(reply)).await.is_ok() {
                asked.push((key, status));
            }
        }
        let mut all = Vec::with_capacity(asked.len());
        for (key, status) in asked {
            if let Ok(status) = status.await {
                all.push((key, status));
            }
        }
        all
    }

    /// The room's mailbox; starts the room when it is not in memory. All who ask while it loads wait in
    /// the one mailbox, so there is one load.
    fn mailbox(&self, key: RoomKey) -> Result<mpsc::Sender<Command>, LiveError> {
        if self.0.closing.load(Ordering::SeqCst) {
            return Err(LiveError::Closed);
        }
        let mut rooms = lock(&self.0.rooms);
        if let Some(room) = rooms.get(&key)
            && !room.is_closed()
        {
            return Ok(room.clone());
        }
        let (mailbox, commands) = mpsc::channel(limits::ROOM_MAILBOX);
        rooms.insert(key, mailbox.clone());
        tokio::spawn(Actor::run(self.clone(), key, commands));
        Ok(mailbox)
    }

    async fn send(&self, key: RoomKey, command: Command) -> Result<(), LiveError> {
        let mut command = command;
        // A room that just left memory no longer takes commands: its successor does.
        for _ in 0..8 {
            match self.mailbox(key)?.send(command).await {
                Ok(()) => return Ok(()),
                Err(mpsc::error::SendError(returned)) => command = returned,
            }
        }
        Err(LiveError::Closed)
    }

    /// Waits until the room is loaded.
    async fn wake(&self, key: RoomKey) -> Result<(), LiveError> {
        for _ in 0..8 {
            let (reply, ready) = oneshot::channel();
            self.send(key, Command::Wake(reply)).await?;
            if let Ok(outcome) = ready.await {
                return outcome;
            }
        }
        Err(LiveError::Closed)
    }

    /// Takes a room that leaves memory off the list, unless somebody wrote to it meanwhile.
    fn retire(&self, key: RoomKey, commands: &mpsc::Receiver<Command>) -> bool {
        let mut rooms = lock(&self.0.rooms);
        if !commands.is_empty() {
            return false;
        }
        rooms.remove(&key);
        true
    }

    fn forget(&self, key: RoomKey) {
        lock(&self.0.rooms).remove(&key);
    }

    fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Records an act of somebody in a room; waits until it is durable when `wait`.
    async fn audit(&self, join: &Join, action: &str, result: &str, wait: bool) -> Result<(), LiveError> {
        let entry = self.record(join, action, format!("room/{}", join.key()), result);
        let done = self.0.writer.send(Job::Audit(Box::new(entry))).await;
        if !wait {
            return Ok(());
        }
        done.await
            .map_err(|_| LiveError::Closed)?
            .map_err(LiveError::from)
    }

    /// The record of an act.
    fn record(&self, join: &Join, action: &str, target: String, result: &str) -> AuditEntry {
        AuditEntry {
            at: self.now(),
            operator: join.person.id.to_string(),
            operator_name: join.person.name.clone(),
            action: action.to_owned(),
            target,
            result: result.to_owned(),
            ip: join.ip.clone(),
            device: join.device.clone(),
            institution: join.person.institution.id.to_string(),
            consultation: Some(join.consultation),
            request_id: join.request_id.clone(),
        }
    }
}

async fn refresh_one(
    room: &mpsc::Sender<Command>,
    rights: &(dyn Fn(AccountId) -> Option<RoomRights> + Send + Sync),
    changed: &str,
) {
    let mut known: HashMap<AccountId, Option<RoomRights>> = HashMap::new();
    let mut changed = changed.to_owned();
    // Somebody may enter between the question and the answer: ask until nobody is left out.
    loop {
        let (reply, missing) = oneshot::channel();
        let command = Command::Rights {
            rights: known.clone(),
            changed: std::mem::take(&mut changed),
            reply,
        };
        if room.send(command).await.is_err() {
            return;
        }
        match missing.await {
            Ok(missing) if !missing.is_empty() => {
                known = missing
                    .into_iter()
                    .map(|account| (account, rights(account)))
                    .collect();
            }
            _ => return,
        }
    }
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rooms")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
