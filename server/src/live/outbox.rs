//! What waits to be sent to one connection: bounded, and never a reason for others to wait.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
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
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::lock;

/// What the connection does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Send(Bytes),
    Close(u16, &'static str),
}

struct Waiting {
    frame: Bytes,
    /// An answer to a sync step 1: as large as the document may be, but one at a time.
    catch_up: bool,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Waiting>,
    bytes: usize,
    catching_up: bool,
    /// The latest state of each client; older ones are never sent.
    awareness: BTreeMap<u64, Arc<Entry>>,
    close: Option<(u16, &'static str)>,
}

/// One connection's queue.
#[derive(Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    changed: Notify,
    closing: CancellationToken,
    killed: CancellationToken,
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
        self.changed.notify_one();
    }

    /// Queues an answer to a sync step 1. Its size is not held against the reader, a second one is.
    pub(super) fn push_catch_up(&self, frame: Bytes) {
        let mut state = lock(&self.state);
        if state.close.is_some() {
            return;
        }
        if state.catching_up {
            self.shut(&mut state, CLOSE_TOO_SLOW, "too slow: resync");
            return;
        }
        state.catching_up = true;
        state.frames.push_back(Waiting {
            frame,
            catch_up: true,
        });
        drop(state);
        self.changed.notify_one();
    }

    /// Shows somebody's state when there is time.
    pub(super) fn show(&self, entries: &[Arc<Entry>]) {
        let mut state = lock(&self.state);
        if state.close.is_some() {
            return;
        }
        for entry in entries {
            state.awareness.insert(entry.client, Arc::clone(entry));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Closes now; what waits is dropped.
    pub(super) fn close(&self, code: u16, reason: &'static str) {
        self.shut(&mut lock(&self.state), code, reason);
    }

    /// Closes after what waits.
    pub(super) fn finish(&self, code: u16, reason: &'static str) {
        let mut state = lock(&self.state);
        state.awareness.clear();
        state.close.get_or_insert((code, reason));
        drop(state);
        self.closing.cancel();
        self.changed.notify_one();
    }

    fn shut(&self, state: &mut State, code: u16, reason: &'static str) {
        state.close.get_or_insert((code, reason));
        state.frames.clear();
        state.awareness.clear();
        self.closing.cancel();
        self.killed.cancel();
        self.changed.notify_one();
    }

    /// The code the connection is being closed with.
    pub(super) fn closed_with(&self) -> Option<u16> {
        lock(&self.state).close.map(|(code, _)| code)
    }

    /// Resolves when nothing more is taken from the connection.
    pub(super) async fn closing(&self) {
        self.closing.cancelled().await;
    }

    /// Resolves when a frame being sent is not worth waiting for.
    pub(super) async fn killed(&self) {
        self.killed.cancelled().await;
    }

    fn take(&self) -> Option<Next> {
        let mut state = lock(&self.state);
        if let Some(next) = state.frames.pop_front() {
            if next.catch_up {
                state.catching_up = false;
            } else {
                state.bytes = state.bytes.saturating_sub(next.frame.len());
            }
            return Some(Next::Send(next.frame));
        }
        if let Some((code, reason)) = state.close {
            return Some(Next::Close(code, reason));
        }
        if state.awareness.is_empty() {
            return None;
        }
        let shown = std::mem::take(&mut state.awareness);
        drop(state);
        let entries: Vec<Entry> = shown.into_values().map(|entry| (*entry).clone()).collect();
        Some(Next::Send(frame::awareness(&encode(&entries)).into()))
    }

    /// Waits for the next thing to do.
    pub(super) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Bytes {
        vec![7; len].into()
    }

    #[tokio::test]
    async fn frames_first_then_the_latest_states() {
        let outbox = Outbox::default();
        let entry = |clock| {
            Arc::new(Entry {
                client: 1,
                clock,
                state: "{}".to_owned(),
            })
        };
        outbox.show(&[entry(1)]);
        outbox.show(&[entry(2)]);
        outbox.push(bytes(3));
        assert_eq!(outbox.next().await, Next::Send(bytes(3)));
        let latest = frame::awareness(&encode(&[(*entry(2)).clone()]));
        assert_eq!(outbox.next().await, Next::Send(latest.into()));
        outbox.push(bytes(4));
        outbox.finish(4400, "bye");
        outbox.push(bytes(5));
        assert_eq!(outbox.next().await, Next::Send(bytes(4)));
        assert_eq!(outbox.next().await, Next::Close(4400, "bye"));
    }

    #[tokio::test]
    async fn a_full_queue_closes() {
        let many = Outbox::default();
        for _ in 0..=ROOM_QUEUE_FRAMES {
            many.push(bytes(1));
        }
        assert_eq!(many.next().await, Next::Close(CLOSE_TOO_SLOW, "too slow: resync"));
        let large = Outbox::default();
        large.push_catch_up(bytes(5 * ROOM_QUEUE_BYTES));
        large.push(bytes(ROOM_QUEUE_BYTES + 9));
        assert_eq!(large.closed_with(), None);
        large.push(bytes(1));
        assert_eq!(large.closed_with(), Some(CLOSE_TOO_SLOW));
        let twice = Outbox::default();
        twice.push_catch_up(bytes(1));
        twice.push_catch_up(bytes(1));
        assert_eq!(twice.closed_with(), Some(CLOSE_TOO_SLOW));
    }
}
