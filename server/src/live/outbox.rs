//! What waits to be sent to one connection: bounded, and never a reason for others to wait.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    task::Waker,
};

use axum::body::Bytes;
use consilium_collab::{
    awareness::{Entry, encode},
    frame,
};
use consilium_protocol::{
    limits::{ROOM_QUEUE_BYTES, ROOM_QUEUE_FRAMES},
    live::CLOSE_TOO_SLOW,
};
use futures::task::AtomicWaker;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::lock;

/// Answers to sync steps 1 on their way to one reader: its entry and one more, as when its copy was of
/// another life of the document.
const CATCH_UPS: usize = 2;

/// Longer frames are written in pieces: the socket copies what it writes, and keeps the room for it.
const PIECE_BYTES: usize = 32 * 1024;

struct Waiting {
    frame: Bytes,
    /// An answer to a sync step 1: as large as the document may be, but few at a time.
    catch_up: bool,
}

/// Awareness states on their way to many: encoded once.
#[derive(Clone)]
pub(super) struct Shown {
    entries: Arc<[Arc<Entry>]>,
    frame: Bytes,
}

impl Shown {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let frame = frame::awareness(&encode(&entries)).into();
        Self {
            entries: entries.into_iter().map(Arc::new).collect(),
            frame,
        }
    }
}

#[derive(Default)]
struct State {
    frames: VecDeque<Waiting>,
    /// What is left of a frame that is being written in pieces.
    rest: Bytes,
    bytes: usize,
    /// Answers to sync steps 1 that were promised and have not been taken up.
    catch_ups: usize,
    /// States that came while none waited: sent as they are.
    shown: Option<Shown>,
    /// States that came while others waited, the latest of each client; older ones are never sent.
    awareness: BTreeMap<u64, Arc<Entry>>,
    /// The peer is to show that it lives.
    ping: bool,
    close: Option<(u16, &'static str)>,
}

impl State {
    /// The first piece of something; the rest is kept for the next time.
    fn piece(&mut self, kind: Data, mut whole: Bytes) -> Message {
        let piece = whole.split_to(whole.len().min(PIECE_BYTES));
        let last = whole.is_empty();
        self.rest = whole;
        Message::Frame(Frame::message(piece, OpCode::Data(kind), last))
    }
}

/// One connection's queue.
#[derive(Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// The connection's task.
    task: AtomicWaker,
}

impl Outbox {
    /// Queues a frame. A reader who has let too much pile up is closed; it resyncs after reconnecting.
    pub(super) fn push(&self, frame: Bytes) {
        let mut state = lock(&self.state);
        if state.close.is_some() {
            return;
        }
        let full = state.frames.len() >= ROOM_QUEUE_FRAMES
            || state.bytes > 0 && state.bytes.saturating_add(frame.len()) > ROOM_QUEUE_BYTES;
        if full {
            self.shut(&mut state, CLOSE_TOO_SLOW, "too slow: resync");
            return;
        }
        state.bytes += frame.len();
        state.frames.push_back(Waiting {
            frame,
            catch_up: false,
        });
        drop(state);
        self.task.wake();
    }

    /// Promises an answer to a sync step 1; `false` when enough of them are on their way, and the question
    /// is then let go: they will show what it asks for, or the next one will.
    pub(super) fn promise_catch_up(&self) -> bool {
        let mut state = lock(&self.state);
        if state.catch_ups >= CATCH_UPS {
            return false;
        }
        state.catch_ups += 1;
        true
    }

    /// Takes a promise back.
    pub(super) fn no_catch_up(&self) {
        let mut state = lock(&self.state);
        state.catch_ups = state.catch_ups.saturating_sub(1);
    }

    /// Queues an answer that was promised. Its size is not held against the reader.
    pub(super) fn push_catch_up(&self, frame: Bytes) {
        let mut state = lock(&self.state);
        if state.close.is_some() {
            return;
        }
        state.frames.push_back(Waiting {
            frame,
            catch_up: true,
        });
        drop(state);
        self.task.wake();
    }

    /// Shows states when there is time.
    pub(super) fn show(&self, shown: &Shown) {
        let mut state = lock(&self.state);
        if state.close.is_some() {
            return;
        }
        if state.shown.is_none() && state.awareness.is_empty() {
            state.shown = Some(shown.clone());
        } else {
            let older = state.shown.take();
            for entry in older.iter().chain([shown]).flat_map(|shown| shown.entries.iter()) {
                state.awareness.insert(entry.client, Arc::clone(entry));
            }
        }
        drop(state);
        self.task.wake();
    }

    /// Frames and bytes that wait.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.frames.len(), state.bytes)
    }

    /// Closes now; what waits is dropped.
    pub(super) fn close(&self, code: u16, reason: &'static str) {
        self.shut(&mut lock(&self.state), code, reason);
    }

    /// Closes after what waits.
    pub(super) fn finish(&self, code: u16, reason: &'static str) {
        let mut state = lock(&self.state);
        state.shown = None;
        state.awareness.clear();
        state.close.get_or_insert((code, reason));
        drop(state);
        self.task.wake();
    }

    /// Asks the peer for a sign of life.
    pub(super) fn ping(&self) {
        lock(&self.state).ping = true;
        self.task.wake();
    }

    fn shut(&self, state: &mut State, code: u16, reason: &'static str) {
        state.close.get_or_insert((code, reason));
        state.frames.clear();
        state.rest.clear();
        state.bytes = 0;
        state.shown = None;
        state.awareness.clear();
        self.task.wake();
    }

    /// The code the connection is being closed with.
    pub(super) fn closed_with(&self) -> Option<u16> {
        self.close_reason().map(|(code, _)| code)
    }

    /// Why the connection is being closed: nothing more is taken from it.
    pub(super) fn close_reason(&self) -> Option<(u16, &'static str)> {
        lock(&self.state).close
    }

    /// Wakes this task, and no other any more, when something is added or the connection is being closed.
    pub(super) fn register(&self, task: &Waker) {
        self.task.register(task);
    }

    /// The next message, if one waits.
    pub(super) fn message(&self) -> Option<Message> {
        let mut state = lock(&self.state);
        if !state.rest.is_empty() {
            let rest = std::mem::take(&mut state.rest);
            return Some(state.piece(Data::Continue, rest));
        }
        if let Some(next) = state.frames.pop_front() {
            if next.catch_up {
                state.catch_ups = state.catch_ups.saturating_sub(1);
            } else {
                state.bytes = state.bytes.saturating_sub(next.frame.len());
            }
            return Some(if next.frame.len() > PIECE_BYTES {
                state.piece(Data::Binary, next.frame)
            } else {
                Message::Binary(next.frame)
            });
        }
        if let Some(shown) = state.shown.take() {
            return Some(Message::Binary(shown.frame));
        }
        if std::mem::take(&mut state.ping) {
            return Some(Message::Ping(Bytes::new()));
        }
        if state.close.is_some() || state.awareness.is_empty() {
            return None;
        }
        let shown = std::mem::take(&mut state.awareness);
        drop(state);
        let entries: Vec<Entry> = shown.into_values().map(|entry| (*entry).clone()).collect();
        Some(Message::Binary(frame::awareness(&encode(&entries)).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Bytes {
        vec![7; len].into()
    }

    #[test]
    fn frames_first_then_the_latest_states() {
        let outbox = Outbox::default();
        let entry = |client, clock| Entry {
            client,
            clock,
            state: "{}".to_owned(),
        };
        let show = |entries: &[Entry]| outbox.show(&Shown::new(entries.to_vec()));
        let sent = |entries: &[Entry]| Some(Message::Binary(frame::awareness(&encode(entries)).into()));
        let content = |len| Some(Message::Binary(bytes(len)));
        show(&[entry(2, 1)]);
        show(&[entry(1, 1)]);
        show(&[entry(1, 2)]);
        outbox.push(bytes(3));
        assert_eq!(outbox.waiting(), (1, 3));
        assert_eq!(outbox.message(), content(3));
        assert_eq!(outbox.message(), sent(&[entry(1, 2), entry(2, 1)]));
        show(&[entry(7, 7)]);
        assert_eq!(outbox.message(), sent(&[entry(7, 7)]));
        outbox.ping();
        assert_eq!(outbox.message(), Some(Message::Ping(Bytes::new())));
        outbox.push(bytes(4));
        outbox.finish(4400, "bye");
        outbox.push(bytes(5));
        assert_eq!(outbox.message(), content(4));
        assert_eq!(outbox.message(), None);
        assert_eq!(outbox.close_reason(), Some((4400, "bye")));
    }

    #[test]
    fn a_full_queue_closes() {
        let many = Outbox::default();
        for _ in 0..=ROOM_QUEUE_FRAMES {
            many.push(bytes(1));
        }
        assert_eq!(many.message(), None);
        assert_eq!(many.close_reason(), Some((CLOSE_TOO_SLOW, "too slow: resync")));
        let pieces = Outbox::default();
        pieces.push(bytes(2 * PIECE_BYTES + 1));
        pieces.push(bytes(1));
        let piece = |kind, len, last| Frame::message(bytes(len), OpCode::Data(kind), last);
        for frame in [
            piece(Data::Binary, PIECE_BYTES, false),
            piece(Data::Continue, PIECE_BYTES, false),
            piece(Data::Continue, 1, true),
        ] {
            assert_eq!(pieces.message(), Some(Message::Frame(frame)));
        }
        assert_eq!(pieces.message(), Some(Message::Binary(bytes(1))));
        let large = Outbox::default();
        large.push_catch_up(bytes(5 * ROOM_QUEUE_BYTES));
        large.push(bytes(ROOM_QUEUE_BYTES + 9));
        assert_eq!(large.closed_with(), None);
        large.push(bytes(1));
        assert_eq!(large.closed_with(), Some(CLOSE_TOO_SLOW));
        let asks = Outbox::default();
        assert!(asks.promise_catch_up() && asks.promise_catch_up() && !asks.promise_catch_up());
        asks.no_catch_up();
        assert!(asks.promise_catch_up());
        asks.push_catch_up(bytes(1));
        assert!(!asks.promise_catch_up());
        assert_eq!(asks.message(), Some(Message::Binary(bytes(1))));
        assert!(asks.promise_catch_up());
        assert_eq!(asks.closed_with(), None);
    }
}
