//! What goes out once it is durable, in bundles where many are in the room.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use axum::body::Bytes;
use consilium_collab::{awareness::Entry, frame, guard};
use consilium_protocol::{
    limits::{AWARENESS_BATCH_MS, AWARENESS_SMALL_BATCH_MS, BATCH_MS},
    live::ServerFrame,
};
use tokio::time::Instant;

use super::{Actor, Held, What};
use crate::live::outbox::Shown;

/// Bytes of changes put into one frame.
const BUNDLE_BYTES: usize = 64 * 1024;

/// Changes that became durable together.
#[derive(Default)]
struct Bundle {
    /// Number, sender and content, in order.
    changes: Vec<(i64, Option<u64>, Vec<u8>)>,
    /// How far each sender's frames are durable, and as of which number.
    acks: HashMap<u64, (u64, i64)>,
}

/// States on their way to everybody, the latest of each client.
#[derive(Default)]
pub(super) struct Pointers {
    waiting: BTreeMap<u64, Entry>,
    /// The one connection they came from, which has them.
    but: Option<u64>,
    /// When they go out.
    pub(super) at: Option<Instant>,
    /// When some went out last.
    sent: Option<Instant>,
}

impl Actor {
    /// Does what waited for changes that are durable now.
    pub(super) fn release(&mut self) {
        let mut bundle = Bundle::default();
        while self.held.front().is_some_and(|held| held.upto <= self.durable) {
            let Some(Held { upto, what }) = self.held.pop_front() else {
                break;
            };
            match what {
                What::Change {
                    from,
                    received,
                    update,
                } => {
                    bundle.changes.push((upto, from, update));
                    if let Some(from) = from {
                        bundle.acks.insert(from, (received, upto));
                    }
                }
                What::Ack { to, received } => {
                    bundle.acks.insert(to, (received, upto));
                }
                What::Answer { to, frame, .. } => {
                    self.send(std::mem::take(&mut bundle));
                    if let Some(seat) = self.seats.get(&to) {
                        seat.outbox.push_catch_up(frame);
                    }
                }
                What::Read(read) => read(self.room.document()),
            }
        }
        let changed = !bundle.changes.is_empty();
        self.send(bundle);
        if changed {
            self.hurry_pointers();
        }
    }

    /// Sends states that are almost due along with a change, which is written to the same sockets now.
    fn hurry_pointers(&mut self) {
        let now = Instant::now();
        let soon = now + Duration::from_millis(BATCH_MS);
        if let Some(at) = &mut self.pointers.at
            && *at <= soon
        {
            *at = now;
            self.send_pointers();
        }
    }

    /// Sends changes on and acknowledges them.
    fn send(&self, bundle: Bundle) {
        let started = std::time::Instant::now();
        let changed = !bundle.changes.is_empty();
        let total: usize = bundle.changes.iter().map(|(.., update)| update.len()).sum();
        let merged = (bundle.changes.len() > 1 && total <= BUNDLE_BYTES)
            .then(|| {
                let updates: Vec<&[u8]> = bundle.changes.iter().map(|(.., u)| u.as_slice()).collect();
                guard::merge(&updates)
            })
            .flatten();
        if let (Some(update), Some((upto, first, _))) = (merged, bundle.changes.last()) {
            // One's own changes come back in a bundle with those of others, and change nothing.
            let alone = bundle.changes.iter().all(|(_, from, _)| from == first);
            self.send_change(*upto, first.filter(|_| alone), &update);
        } else {
            for (upto, from, update) in &bundle.changes {
                self.send_change(*upto, *from, update);
            }
        }
        for (to, (received, upto)) in bundle.acks {
            self.acknowledge(to, received, upto);
        }
        if changed {
            let seconds = started.elapsed().as_secs_f64();
            metrics::histogram!("consilium_room_broadcast_seconds").record(seconds);
        }
    }

    /// To all but the sender and those whose catch-up has it.
    fn send_change(&self, upto: i64, from: Option<u64>, update: &[u8]) {
        let frame: Bytes = frame::update(update).into();
        for (connection, seat) in &self.seats {
            let has_it = seat.after.is_none_or(|after| upto <= after);
            if Some(*connection) != from && !has_it {
                seat.outbox.push(frame.clone());
            }
        }
    }

    fn acknowledge(&self, to: u64, received: u64, seq: i64) {
        if let Some(seat) = self.seats.get(&to)
            && seat.hello
            && !seat.dirty
        {
            let frame = ServerFrame::Ack {
                received,
                epoch: self.epoch,
                seq,
            };
            seat.outbox.push(frame::server_frame(&frame).into());
        }
    }

    /// Shows awareness states to all but one: at once when none went out lately, otherwise with the next
    /// bundle. While several people point, a bundle is one frame for all of them.
    pub(super) fn show(&mut self, entries: Vec<Entry>, but: Option<u64>) {
        if entries.is_empty() {
            return;
        }
        let every = Duration::from_millis(if self.bundles() {
            AWARENESS_BATCH_MS
        } else {
            AWARENESS_SMALL_BATCH_MS
        });
        let pointers = &mut self.pointers;
        if pointers.waiting.is_empty() {
            let now = Instant::now();
            let due = pointers.sent.map_or(now, |sent| sent + every);
            pointers.at = Some(due.max(now));
            pointers.but = but;
        } else if pointers.but != but {
            pointers.but = None;
        }
        for entry in entries {
            pointers.waiting.insert(entry.client, entry);
        }
        self.send_pointers();
    }

    /// Sends the states that wait when their time has come.
    pub(super) fn send_pointers(&mut self) {
        let now = Instant::now();
        if self.pointers.at.is_none_or(|at| now < at) {
            return;
        }
        let Pointers { waiting, but, .. } = std::mem::take(&mut self.pointers);
        self.pointers.sent = Some(now);
        let shown = Shown::new(waiting.into_values().collect());
        for (connection, seat) in &self.seats {
            if Some(*connection) != but {
                seat.outbox.show(&shown);
            }
        }
    }
}
