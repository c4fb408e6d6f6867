//! One room: its document, its people, what is not durable yet.
//!
//! Frames are taken one after the other. An accepted change gets its place in the log at once and goes to
//! the writer with whatever else waits; acknowledgement, broadcast and answers to sync step 1 stand in one
//! queue behind the change they may show, so nobody ever sees what could still be lost.

mod acts;
mod broadcast;
mod calls;
mod catch_up;
mod frames;
mod people;
mod storing;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::body::Bytes;
use consilium_collab::{awareness::Table, document::RoomDoc, guard::Room};
use consilium_domain::{AccountId, permission::RoomRights};
use consilium_protocol::{
    limits::{BATCH_CONNECTIONS, BATCH_MS, ROOM_CONNECTIONS},
    room::RoomStatus,
};
use consilium_storage::{AuditEntry, LogEntry, RoomKey, StoreError};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use self::{broadcast::Pointers, calls::Call, catch_up::Whole};
use super::{
    CLOSE_RESTART, Join, LiveError, Rooms,
    history::{self, Loaded},
    outbox::Outbox,
};

/// Entries waiting for the writer before no more frames are taken.
const BACKLOG_MAX: usize = 1024;

/// What a room is asked.
pub(super) enum Command {
    /// Tells when the room is loaded and has a free seat.
    Wake(oneshot::Sender<Result<(), LiveError>>),
    /// Somebody enters.
    Join {
        connection: u64,
        join: Arc<Join>,
        outbox: Arc<Outbox>,
        reply: oneshot::Sender<Result<(), LiveError>>,
    },
    /// A binary message.
    Frame { connection: u64, bytes: Bytes },
    /// A connection ended.
    Leave { connection: u64 },
    /// New rights by account; answers with the accounts present that are not named.
    Rights {
        rights: HashMap<AccountId, Option<RoomRights>>,
        changed: String,
        reply: oneshot::Sender<Vec<AccountId>>,
    },
    /// Reads the document once all of it is durable.
    Read(Box<dyn FnOnce(&RoomDoc) + Send>),
    /// Tells how the room is.
    Status(oneshot::Sender<RoomStatus>),
    /// Flush, close all, end.
    Shutdown(oneshot::Sender<()>),
}

/// One connection.
struct Seat {
    join: Arc<Join>,
    rights: RoomRights,
    outbox: Arc<Outbox>,
    /// Speaks our frames.
    hello: bool,
    /// Sync frames with content so far.
    received: u64,
    /// Changes up to this number are in the answer to its first sync step 1; `None` before.
    after: Option<i64>,
    /// A frame was not taken: no acknowledgement until a sync step 2 has healed it.
    dirty: bool,
    /// Frames that did not follow what is here.
    gaps: u32,
    /// A question that could not be answered because what it would show was taken back.
    question: Option<Bytes>,
}

/// What happens once everything up to `upto` is durable.
struct Held {
    upto: i64,
    what: What,
}

enum What {
    /// A change: acknowledge to the sender, send on to the others.
    Change {
        from: Option<u64>,
        received: u64,
        update: Vec<u8>,
    },
    /// A frame that changed nothing.
    Ack { to: u64, received: u64 },
    /// The answer to a sync step 1.
    Answer { to: u64, question: Bytes, frame: Bytes },
    /// Somebody wants to read.
    Read(Box<dyn FnOnce(&RoomDoc) + Send>),
}

type Outcome = Result<Result<(), StoreError>, oneshot::error::RecvError>;

/// Entries on their way to the store.
struct InFlight {
    entries: usize,
    bytes: usize,
    seq: i64,
    clients: Vec<u64>,
    done: oneshot::Receiver<Result<(), StoreError>>,
}

pub(super) struct Actor {
    rooms: Rooms,
    key: RoomKey,
    room: Room,
    epoch: i64,
    /// Number and hash of the last entry, durable or not.
    seq: i64,
    head: [u8; 32],
    /// Number of the last durable entry.
    durable: i64,
    since_snapshot: u64,
    seats: HashMap<u64, Seat>,
    awareness: Table,
    call: Call,
    /// States on their way to everybody.
    pointers: Pointers,
    /// The answer to a digest that finds nothing missing: deletions only. Good for one state.
    equal: Option<Bytes>,
    /// The answer to who has nothing, while many enter.
    whole: Option<Whole>,
    /// Entries not given to the writer yet, and the client ids they bind.
    unwritten: Vec<LogEntry>,
    unwritten_clients: Vec<(u64, AccountId)>,
    /// Acts in them that are to be recorded.
    unwritten_acts: Vec<AuditEntry>,
    in_flight: Option<InFlight>,
    /// When the entries of a large room are written, and when some were last.
    write_at: Option<Instant>,
    wrote: Option<Instant>,
    held: VecDeque<Held>,
    /// The store failed; when to try again.
    read_only: Option<Instant>,
    idle_since: Option<Instant>,
    /// Frames refused, and readers sent to resync, since it was loaded.
    refused: u64,
    resyncs: u64,
}

impl Actor {
    /// Loads the room and serves it until nobody needs it.
    pub(super) async fn run(rooms: Rooms, key: RoomKey, mut commands: mpsc::Receiver<Command>) {
        rooms.0.counters.loads.fetch_add(1, Ordering::Relaxed);
        match history::load(&rooms, key).await {
            Ok(loaded) => Self::new(rooms, key, loaded).serve(commands).await,
            Err(error) => {
                tracing::error!(%error, room.key = %key, "a live room could not be loaded");
                // Those who waited are told; those who come later make a new attempt.
                rooms.forget(key);
                commands.close();
                while let Some(command) = commands.recv().await {
                    match command {
                        Command::Wake(reply) | Command::Join { reply, .. } => {
                            let _asker_gone = reply.send(Err(LiveError::Unavailable));
                        }
                        Command::Shutdown(reply) => {
                            let _asker_gone = reply.send(());
                        }
                        Command::Frame { .. }
                        | Command::Leave { .. }
                        | Command::Rights { .. }
                        | Command::Status(_)
                        | Command::Read(_) => {}
                    }
                }
            }
        }
    }

    fn new(rooms: Rooms, key: RoomKey, loaded: Loaded) -> Self {
        Self {
            rooms,
            key,
            room: loaded.room,
            epoch: loaded.epoch,
            seq: loaded.seq,
            head: loaded.head,
            durable: loaded.seq,
            since_snapshot: loaded.since_snapshot,
            seats: HashMap::new(),
            awareness: Table::default(),
            call: Call::default(),
            pointers: Pointers::default(),
            whole: None,
            equal: None,
            unwritten: Vec::new(),
            unwritten_clients: Vec::new(),
            unwritten_acts: Vec::new(),
            in_flight: None,
            write_at: None,
            wrote: None,
            held: VecDeque::new(),
            read_only: None,
            idle_since: Some(Instant::now()),
            refused: 0,
            resyncs: 0,
        }
    }

    async fn serve(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            self.write().await;
            let idle_at = self.idle_since.map(|since| since + self.rooms.0.timing.idle);
            let wake_at = self.read_only.or(idle_at);
            let bundle_at = [self.write_at, self.pointers.at, self.whole_until()];
            tokio::select! {
                // Times before commands, or a busy room would never get to them.
                biased;
                outcome = written(&mut self.in_flight) => self.written(outcome).await,
                () = until(bundle_at.into_iter().flatten().min()) => {
                    self.send_pointers();
                    self.drop_whole();
                }
                () = until(wake_at) => {
                    if self.read_only.is_some() {
                        self.recover().await;
                    } else if self.leave_memory(&mut commands).await {
                        return;
                    }
                }
                // A store that is slow slows down those who write, not the memory.
                command = commands.recv(), if self.unwritten.len() < BACKLOG_MAX => match command {
                    Some(Command::Shutdown(reply)) => {
                        self.shut_down().await;
                        self.rooms.forget(self.key);
                        let _asker_gone = reply.send(());
                        return;
                    }
                    Some(command) => {
                        self.idle_since = None;
                        self.take(command);
                    }
                    None => return,
                },
            }
            self.note_idle();
        }
    }

    /// Whether so many are here that changes and pointers go out in bundles.
    fn bundles(&self) -> bool {
        self.seats.len() >= BATCH_CONNECTIONS
    }

    /// Gives the writer what waits, unless something is on its way. In a large room not more often than
    /// every [`BATCH_MS`].
    async fn write(&mut self) {
        self.write_at = None;
        if self.in_flight.is_some() || self.unwritten.is_empty() {
            return;
        }
        if self.bundles()
            && let Some(wrote) = self.wrote
        {
            let due = wrote + Duration::from_millis(BATCH_MS);
            if Instant::now() < due {
                self.write_at = Some(due);
                return;
            }
        }
        self.wrote = Some(Instant::now());
        self.flush().await;
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Wake(reply) => {
                let _asker_gone = reply.send(self.has_seat());
            }
            Command::Join {
                connection,
                join,
                outbox,
                reply,
            } => {
                let outcome = self.has_seat();
                if outcome.is_ok() {
                    self.join(connection, join, outbox);
                }
                let _asker_gone = reply.send(outcome);
            }
            Command::Frame { connection, bytes } => self.frame(connection, &bytes),
            Command::Leave { connection } => self.leave(connection),
            Command::Rights {
                rights,
                changed,
                reply,
            } => {
                let missing = self.set_rights(&rights, &changed);
                let _asker_gone = reply.send(missing);
            }
            Command::Read(read) => self.hold(What::Read(read)),
            Command::Status(reply) => {
                let _asker_gone = reply.send(self.status());
            }
            Command::Shutdown(_) => {}
        }
    }

    fn has_seat(&self) -> Result<(), LiveError> {
        if self.seats.len() < ROOM_CONNECTIONS {
            Ok(())
        } else {
            Err(LiveError::Full)
        }
    }

    fn status(&self) -> RoomStatus {
        let queues: Vec<_> = self.seats.values().map(|seat| seat.outbox.waiting()).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let bytes = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let in_flight = self.in_flight.as_ref().map_or(0, |flight| flight.entries);
        RoomStatus {
            number: String::new(),
            private: self.key.owner.is_some(),
            connections: count(self.seats.len()),
            seq: self.durable,
            document_bytes: bytes(self.room.size()),
            unwritten: count(self.unwritten.len() + in_flight),
            queue_frames: count(queues.iter().map(|(frames, _)| *frames).max().unwrap_or(0)),
            queue_bytes: bytes(queues.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0)),
            refused: self.refused,
            resyncs: self.resyncs,
            read_only: self.read_only.is_some(),
        }
    }

    /// Whether everything is durable.
    fn is_clean(&self) -> bool {
        self.in_flight.is_none() && self.unwritten.is_empty() && self.held.is_empty()
    }

    fn note_idle(&mut self) {
        if !self.seats.is_empty() || !self.is_clean() || self.read_only.is_some() {
            self.idle_since = None;
        } else if self.idle_since.is_none() {
            self.idle_since = Some(Instant::now());
        }
    }

    /// Ends an idle room: a last snapshot, then off the list, unless somebody came meanwhile.
    async fn leave_memory(&mut self, commands: &mut mpsc::Receiver<Command>) -> bool {
        self.snapshot(true).await;
        self.idle_since = Some(Instant::now());
        if !self.rooms.retire(self.key, commands) {
            return false;
        }
        // Who still holds the mailbox finds it closed and starts the room anew.
        commands.close();
        true
    }

    async fn shut_down(&mut self) {
        self.flush().await;
        while self.in_flight.is_some() {
            let outcome = written(&mut self.in_flight).await;
            self.written(outcome).await;
            self.flush().await;
        }
        if self.read_only.is_none() {
            self.snapshot(true).await;
        } else {
            self.rooms.0.counters.read_only.fetch_sub(1, Ordering::Relaxed);
        }
        for seat in self.seats.values() {
            seat.outbox.finish(CLOSE_RESTART, "restarting");
        }
    }
}

async fn written(in_flight: &mut Option<InFlight>) -> Outcome {
    match in_flight {
        Some(flight) => (&mut flight.done).await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A moment from now.
fn after(wait: Duration) -> Instant {
    Instant::now() + wait
}
