//! One connection: frames from the socket to the room, from the outbox to the socket, in one task. Works on
//! any duplex of WebSocket messages.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use consilium_collab::frame::{self, Frame};
use consilium_protocol::{
    limits::{AWARENESS_PER_SECOND, ROOM_FRAME_BYTES, SIGNALS_PER_SECOND, UPDATES_PER_SECOND},
    live::{CLOSE_MALFORMED, CLOSE_REVOKED, CLOSE_TOO_MANY, CLOSE_TOO_SLOW, CLOSE_UNAVAILABLE},
};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _, task::AtomicWaker};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};

use super::{
    CLOSE_RESTART, Connected, GOODBYE, Join, LiveError, Rooms, accounts::Pass, actor::Command,
    bucket::Bucket, lock, outbox::Outbox, pulse::Pulse,
};

/// Messages written before the socket is flushed: one record and one system call for all of them.
const WRITE_AT_ONCE: usize = 64;

/// Serves one connection until it ends.
pub(super) async fn run<S>(rooms: &Rooms, socket: S, join: Join)
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message> + Send + Unpin,
{
    let outbox = Arc::new(Outbox::default());
    let pulse = Arc::new(Pulse::default());
    let id = rooms.0.next_connection.fetch_add(1, Ordering::Relaxed);
    let connected = Connected {
        session: join.session,
        expires_at: join.expires_at,
        outbox: Arc::clone(&outbox),
        pulse: Arc::clone(&pulse),
    };
    lock(&rooms.0.connections).insert(id, connected);
    let join = Arc::new(join);
    let mut link = Link::new(socket, Arc::clone(&outbox));
    let entered = match rooms.0.accounts.enter(join.person.id) {
        Some(pass) => enter(rooms, id, &join, &outbox).await.map(|room| (room, pass)),
        None => Err(LiveError::TooMany),
    };
    match entered {
        Ok((room, pass)) => {
            receive(rooms, (id, &room), (&join, &pass), &mut link, &pulse).await;
            let _room_gone = room.send(Command::Leave { connection: id }).await;
            let result = outbox
                .closed_with()
                .map_or_else(|| "ok".to_owned(), |code| code.to_string());
            let _logged_by_the_writer = rooms.audit(&join, "room.leave", &result, false).await;
        }
        Err(error) => {
            tracing::warn!(%error, room.key = %join.key(), "a live room could not be entered");
            let (code, reason) = match error {
                LiveError::Closed => (CLOSE_RESTART, "restarting"),
                LiveError::Full => (CLOSE_TOO_MANY, "room full"),
                LiveError::TooMany => (CLOSE_TOO_MANY, "too many connections"),
                LiveError::Store(_) | LiveError::Damaged(_) | LiveError::Unavailable => {
                    (CLOSE_UNAVAILABLE, "store unavailable")
                }
            };
            outbox.finish(code, reason);
        }
    }
    lock(&rooms.0.connections).remove(&id);
    rooms.0.left.notify_waiters();
    if outbox.closed_with() == Some(CLOSE_TOO_SLOW) {
        rooms.0.counters.too_slow.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("consilium_room_resyncs_total", "reason" => "too_slow").increment(1);
    }
    outbox.finish(1000, "");
    link.farewell().await;
}

/// Loads the room, records the entry, then takes part.
async fn enter(
    rooms: &Rooms,
    id: u64,
    join: &Arc<Join>,
    outbox: &Arc<Outbox>,
) -> Result<mpsc::Sender<Command>, LiveError> {
    rooms.wake(join.key()).await?;
    rooms.audit(join, "room.join", "ok", true).await?;
    let room = take_seat(rooms, id, join, outbox).await?;
    // Rights that changed since they were read were put in force before this seat was taken.
    if rooms.changes() != join.as_of
        && let Some(recheck) = rooms.0.recheck.get().cloned()
    {
        let rights = recheck(join.consultation, join.person.id, join.session).await;
        if rights.is_none() {
            outbox.close(CLOSE_REVOKED, "access ended");
        } else if rights != Some(join.rights) {
            let (reply, done) = oneshot::channel();
            let command = Command::Rights {
                rights: [(join.person.id, rights)].into(),
                changed: String::new(),
                reply,
            };
            room.send(command).await.map_err(|_| LiveError::Closed)?;
            let _others_are_not_asked = done.await;
        }
    }
    Ok(room)
}

async fn take_seat(
    rooms: &Rooms,
    id: u64,
    join: &Arc<Join>,
    outbox: &Arc<Outbox>,
) -> Result<mpsc::Sender<Command>, LiveError> {
    // A room that just left memory drops the command: its successor takes it.
    for _ in 0..8 {
        let room = rooms.mailbox(join.key())?;
        let (reply, entered) = oneshot::channel();
        let command = Command::Join {
            connection: id,
            join: Arc::clone(join),
            outbox: Arc::clone(outbox),
            reply,
        };
        if room.send(command).await.is_ok()
            && let Ok(outcome) = entered.await
        {
            return outcome.map(|()| room);
        }
    }
    Err(LiveError::Closed)
}

/// Hands frames to the room until either side ends.
async fn receive<S>(
    rooms: &Rooms,
    (id, room): (u64, &mpsc::Sender<Command>),
    (join, pass): (&Arc<Join>, &Pass),
    link: &mut Link<S>,
    pulse: &Pulse,
) where
    S: Stream<Item = Result<Message, Error>> + Sink<Message> + Send + Unpin,
{
    let outbox = Arc::clone(&link.outbox);
    let mut updates = Bucket::per_second(UPDATES_PER_SECOND);
    let mut awareness = Bucket::per_second(AWARENESS_PER_SECOND);
    let mut signals = Bucket::per_second(SIGNALS_PER_SECOND);
    while let Some(message) = link.next().await {
        pulse.beat();
        let bytes = match message {
            Ok(Message::Binary(bytes)) => bytes,
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
            Ok(Message::Close(_)) => return,
            // A text, a frame beyond the limit, or a broken socket, which does not mind being told.
            Ok(Message::Text(_)) | Err(_) => {
                refuse(rooms, join, &outbox, "live.malformed", CLOSE_MALFORMED).await;
                return;
            }
        };
        let verdict = if bytes.len() > ROOM_FRAME_BYTES {
            Err(("live.too_large", CLOSE_MALFORMED))
        } else {
            match frame::decode(&bytes) {
                Err(_) => Err(("live.malformed", CLOSE_MALFORMED)),
                Ok(Frame::Awareness(_)) if !awareness.take() => continue,
                Ok(Frame::Awareness(_)) => Ok(()),
                Ok(Frame::Consilium(_)) if signals.take() => Ok(()),
                Ok(Frame::Consilium(_)) => Err(("live.too_many", CLOSE_TOO_MANY)),
                Ok(_) if updates.take() && pass.change() => Ok(()),
                Ok(_) => Err(("live.too_many", CLOSE_TOO_MANY)),
            }
        };
        if let Err((reason, code)) = verdict {
            refuse(rooms, join, &outbox, reason, code).await;
            return;
        }
        let command = Command::Frame {
            connection: id,
            bytes,
        };
        if !link.hand_over(room, command).await {
            return;
        }
    }
}

/// Records and closes.
async fn refuse(rooms: &Rooms, join: &Join, outbox: &Outbox, reason: &'static str, code: u16) {
    rooms.0.counters.refused.fetch_add(1, Ordering::Relaxed);
    metrics::counter!("consilium_room_refused_total", "reason" => reason).increment(1);
    outbox.finish(code, reason);
    let _logged_by_the_writer = rooms.audit(join, "room.refuse", reason, false).await;
}

/// Whether the socket may have something to read: most wakes of a connection are for writing, and looking
/// at a socket costs as much as a small frame.
struct Readable {
    raised: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Readable {
    fn wake(self: Arc<Self>) {
        self.raised.store(true, Ordering::Release);
        self.task.wake();
    }
}

/// A socket with the queue that is written to it.
struct Link<S> {
    socket: S,
    outbox: Arc<Outbox>,
    readable: Arc<Readable>,
    /// Raises `readable` and wakes the task.
    reader: Waker,
    unflushed: bool,
}

impl<S> Link<S>
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message> + Send + Unpin,
{
    fn new(socket: S, outbox: Arc<Outbox>) -> Self {
        let readable = Arc::new(Readable {
            raised: AtomicBool::new(true),
            task: AtomicWaker::new(),
        });
        Self {
            socket,
            outbox,
            reader: Arc::clone(&readable).into(),
            readable,
            unflushed: false,
        }
    }

    /// Reads, when there may be something.
    fn poll_read(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        self.readable.task.register(cx.waker());
        if !self.readable.raised.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let message = self
            .socket
            .poll_next_unpin(&mut Context::from_waker(&self.reader));
        if message.is_ready() {
            self.readable.raised.store(true, Ordering::Release);
        }
        message
    }

    /// Writes what waits, as far as the socket takes it, and wakes the task when there is more to do. Ready
    /// when everything is written or the socket is broken.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.outbox.register(cx.waker());
        loop {
            let mut written = 0;
            let mut stuck = false;
            while written < WRITE_AT_ONCE {
                match self.socket.poll_ready_unpin(cx) {
                    Poll::Ready(ready) => ready?,
                    Poll::Pending => {
                        stuck = true;
                        break;
                    }
                }
                let Some(message) = self.outbox.message() else {
                    break;
                };
                self.socket.start_send_unpin(message)?;
                self.unflushed = true;
                written += 1;
            }
            if self.unflushed {
                match self.socket.poll_flush_unpin(cx) {
                    Poll::Ready(flushed) => flushed?,
                    Poll::Pending => return Poll::Pending,
                }
                self.unflushed = false;
            }
            if stuck {
                return Poll::Pending;
            }
            if written < WRITE_AT_ONCE {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes, and says whether the connection goes on; a socket that breaks closes it.
    fn poll_goes_on(&mut self, cx: &mut Context<'_>) -> bool {
        if let Poll::Ready(Err(_)) = self.poll_write(cx) {
            self.outbox.close(1006, "");
        }
        self.outbox.close_reason().is_none()
    }

    /// The next message of the peer, writing meanwhile; `None` when either side ends the connection.
    async fn next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| {
            if self.poll_goes_on(cx) {
                self.poll_read(cx)
            } else {
                Poll::Ready(None)
            }
        })
        .await
    }

    /// Gives the room a command, writing meanwhile; `false` when the connection ended.
    async fn hand_over(&mut self, room: &mpsc::Sender<Command>, command: Command) -> bool {
        let given = match room.try_send(command) {
            Ok(()) => Some(true),
            Err(TrySendError::Closed(_)) => Some(false),
            Err(TrySendError::Full(command)) => {
                let mut sending = pin!(room.send(command));
                poll_fn(|cx| {
                    if self.poll_goes_on(cx) {
                        sending.as_mut().poll(cx).map(|sent| Some(sent.is_ok()))
                    } else {
                        Poll::Ready(None)
                    }
                })
                .await
            }
        };
        if given == Some(false) {
            self.outbox.finish(CLOSE_UNAVAILABLE, "room ended");
        }
        given == Some(true)
    }

    /// Writes what waits, says why it ends, and gives the peer time to answer: going away before would
    /// reset the connection and lose the code. A peer that does not read gets the code at best.
    async fn farewell(mut self) {
        let rest = poll_fn(|cx| {
            let written = self.poll_write(cx);
            if written.is_pending() {
                // A peer that must first get rid of what it is sending.
                while let Poll::Ready(Some(Ok(_))) = self.poll_read(cx) {}
            }
            written
        });
        if !matches!(timeout(GOODBYE, rest).await, Ok(Ok(()))) {
            self.outbox.close(CLOSE_TOO_SLOW, "too slow");
        }
        let goodbye = async {
            let (code, reason) = self.outbox.close_reason().unwrap_or((1000, ""));
            let close = CloseFrame {
                code: code.into(),
                reason: reason.into(),
            };
            if self.socket.send(Message::Close(Some(close))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
            let _peer_gone = self.socket.close().await;
        };
        let _peer_stuck = timeout(GOODBYE, goodbye).await;
    }
}
