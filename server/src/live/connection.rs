//! One connection: frames from the socket to the room, from the outbox to the socket. Works on any stream
//! and sink of WebSocket messages.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use axum::{
    Error,
    body::Bytes,
    extract::ws::{CloseFrame, Message},
};
use consilium_collab::frame::{self, Frame};
use consilium_protocol::{
    limits::{AWARENESS_PER_SECOND, ROOM_FRAME_BYTES, SIGNALS_PER_SECOND, UPDATES_PER_SECOND},
    live::{
        CLOSE_EXPIRED, CLOSE_MALFORMED, CLOSE_REVOKED, CLOSE_TOO_MANY, CLOSE_TOO_SLOW, CLOSE_UNAVAILABLE,
    },
};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    CLOSE_RESTART, Connected, GOODBYE, Join, LiveError, Rooms,
    accounts::Pass,
    actor::Command,
    bucket::Bucket,
    lock,
    outbox::{Next, Outbox},
};

/// How often expiry and silence are looked at.
const TICK: Duration = Duration::from_secs(1);
/// Frames written before the socket is flushed.
const WRITE_AT_ONCE: usize = 64;

/// Serves one connection until it ends.
pub(super) async fn run<I, O>(rooms: &Rooms, sink: O, mut stream: I, join: Join)
where
    I: Stream<Item = Result<Message, Error>> + Send + Unpin,
    O: Sink<Message> + Send + Unpin + 'static,
{
    let outbox = Arc::new(Outbox::default());
    let mut sending = tokio::spawn(send(sink, Arc::clone(&outbox), rooms.0.timing.ping));
    let id = rooms.0.next_connection.fetch_add(1, Ordering::Relaxed);
    let connected = Connected {
        session: join.session,
        outbox: Arc::clone(&outbox),
    };
    lock(&rooms.0.connections).insert(id, connected);
    let join = Arc::new(join);
    let entered = match rooms.0.accounts.enter(join.person.id) {
        Some(pass) => enter(rooms, id, &join, &outbox).await.map(|room| (room, pass)),
        None => Err(LiveError::TooMany),
    };
    match entered {
        Ok((room, pass)) => {
            receive(rooms, (id, &room), (&join, &pass), &outbox, &mut stream).await;
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
    // Both at once: a peer that must first get rid of what it is sending, and one that no longer reads.
    // The peer answers the close; going away before would reset the connection and lose the code.
    let farewell = async {
        if timeout(GOODBYE, &mut sending).await.is_err() {
            outbox.close(CLOSE_TOO_SLOW, "too slow");
            let _panicked = (&mut sending).await;
        }
    };
    let drain = async { while let Some(Ok(_)) = stream.next().await {} };
    let ((), _peer_silent) = tokio::join!(farewell, timeout(GOODBYE, drain));
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
    if let Some(recheck) = rooms.0.recheck.get().cloned() {
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
async fn receive<I>(
    rooms: &Rooms,
    (id, room): (u64, &mpsc::Sender<Command>),
    (join, pass): (&Arc<Join>, &Pass),
    outbox: &Arc<Outbox>,
    stream: &mut I,
) where
    I: Stream<Item = Result<Message, Error>> + Send + Unpin,
{
    let mut updates = Bucket::per_second(UPDATES_PER_SECOND);
    let mut awareness = Bucket::per_second(AWARENESS_PER_SECOND);
    let mut signals = Bucket::per_second(SIGNALS_PER_SECOND);
    let mut ticks = interval(TICK.min(rooms.0.timing.dead));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        let message = tokio::select! {
            biased;
            () = outbox.closing() => return,
            _ = ticks.tick() => {
                if rooms.now() >= join.expires_at {
                    outbox.close(CLOSE_EXPIRED, "session expired");
                } else if heard.elapsed() >= rooms.0.timing.dead {
                    outbox.close(1001, "no answer");
                }
                continue;
            }
            message = stream.next() => message,
        };
        heard = Instant::now();
        let bytes = match message {
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) | None => return,
            // A text, a frame beyond the limit, or a broken socket, which does not mind being told.
            Some(Ok(Message::Text(_)) | Err(_)) => {
                refuse(rooms, join, outbox, "live.malformed", CLOSE_MALFORMED).await;
                return;
            }
        };
        if bytes.len() > ROOM_FRAME_BYTES {
            refuse(rooms, join, outbox, "live.too_large", CLOSE_MALFORMED).await;
            return;
        }
        match frame::decode(&bytes) {
            Err(_) => {
                refuse(rooms, join, outbox, "live.malformed", CLOSE_MALFORMED).await;
                return;
            }
            Ok(Frame::Awareness(_)) => {
                if !awareness.take() {
                    continue;
                }
            }
            Ok(Frame::Consilium(_)) => {
                if !signals.take() {
                    refuse(rooms, join, outbox, "live.too_many", CLOSE_TOO_MANY).await;
                    return;
                }
            }
            Ok(_) => {
                if !updates.take() || !pass.change() {
                    refuse(rooms, join, outbox, "live.too_many", CLOSE_TOO_MANY).await;
                    return;
                }
            }
        }
        let command = Command::Frame {
            connection: id,
            bytes,
        };
        if room.send(command).await.is_err() {
            outbox.finish(CLOSE_UNAVAILABLE, "room ended");
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

/// Sends what the outbox says until it says close.
async fn send<O>(mut sink: O, outbox: Arc<Outbox>, ping: Duration)
where
    O: Sink<Message> + Send + Unpin + 'static,
{
    let mut pings = interval(ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.tick().await;
    loop {
        let message = tokio::select! {
            next = outbox.next() => match next {
                Next::Send(bytes) => Message::Binary(bytes),
                Next::Close(code, reason) => {
                    let close = CloseFrame { code, reason: reason.into() };
                    let goodbye = async {
                        if sink.send(Message::Close(Some(close))).await.is_ok() {
                            let _peer_gone = sink.close().await;
                        }
                    };
                    let _peer_stuck = timeout(GOODBYE, goodbye).await;
                    return;
                }
            },
            _ = pings.tick() => Message::Ping(Bytes::new()),
        };
        let sent = tokio::select! {
            biased;
            sent = write(&mut sink, message, &outbox) => sent.is_ok(),
            // The reader does not read: the frame is half sent at best, the close may still get through.
            () = outbox.killed() => true,
        };
        if !sent {
            outbox.close(1006, "");
            return;
        }
    }
}

/// Writes a message and whatever else waits, then flushes once: a record and a system call for all of them.
async fn write<O>(sink: &mut O, first: Message, outbox: &Outbox) -> Result<(), O::Error>
where
    O: Sink<Message> + Send + Unpin + 'static,
{
    sink.feed(first).await?;
    for _ in 1..WRITE_AT_ONCE {
        match outbox.frame() {
            Some(frame) => sink.feed(Message::Binary(frame)).await?,
            None => break,
        }
    }
    sink.flush().await
}
