//! The log, snapshots, and what happens when the store does not take them.

use std::sync::atomic::Ordering;

use axum::body::Bytes;
use consilium_collab::{frame, guard::Applied};
use consilium_domain::AccountId;
use consilium_protocol::live::{CLOSE_UNAVAILABLE, ServerFrame};
use consilium_storage::{LogEntry, Snapshot};

use super::{Actor, InFlight, Outcome, What, after, history};
use crate::live::writer::Job;

impl Actor {
    /// Numbers and links an accepted change.
    pub(super) fn log(&mut self, author: AccountId, applied: Applied) {
        let place = history::Place {
            key: self.key,
            epoch: self.epoch,
            seq: self.seq + 1,
            author,
            client_id: applied
                .client
                .and_then(|client| i64::try_from(client).ok())
                .unwrap_or(0),
            at: self.rooms.now(),
        };
        let hash = history::hash(&self.head, &place, &applied.update);
        self.unwritten.push(LogEntry {
            key: place.key,
            epoch: place.epoch,
            seq: place.seq,
            author,
            client_id: place.client_id,
            at: place.at,
            update: applied.update,
            prev_hash: self.head,
            hash,
        });
        self.unwritten_clients
            .extend(applied.new_clients.into_iter().map(|client| (client, author)));
        self.seq = place.seq;
        self.head = hash;
    }

    /// Gives the writer what waits, unless something is on its way.
    pub(super) async fn flush(&mut self) {
        if self.in_flight.is_some() || self.unwritten.is_empty() {
            return;
        }
        let entries = std::mem::take(&mut self.unwritten);
        let clients = std::mem::take(&mut self.unwritten_clients);
        let acts = std::mem::take(&mut self.unwritten_acts);
        let bytes: usize = entries.iter().map(|entry| entry.update.len()).sum();
        let flight = (
            entries.len(),
            self.seq,
            clients.iter().map(|(client, _)| *client).collect(),
        );
        let job = Job::Entries {
            entries,
            clients,
            acts,
        };
        let done = self.rooms.0.writer.send(job).await;
        let (entries, seq, clients) = flight;
        self.in_flight = Some(InFlight {
            entries,
            bytes,
            seq,
            clients,
            done,
        });
    }

    /// The writer has answered.
    pub(super) async fn written(&mut self, outcome: Outcome) {
        let Some(flight) = self.in_flight.take() else {
            return;
        };
        if matches!(outcome, Ok(Ok(()))) {
            let count = u64::try_from(flight.entries).unwrap_or(0);
            let bytes = u64::try_from(flight.bytes).unwrap_or(0);
            self.rooms.0.counters.updates.fetch_add(count, Ordering::Relaxed);
            self.rooms
                .0
                .counters
                .log_bytes
                .fetch_add(bytes, Ordering::Relaxed);
            self.room.confirm(flight.entries, &flight.clients);
            self.durable = flight.seq;
            self.since_snapshot = self.since_snapshot.saturating_add(count);
            self.release();
            self.snapshot(false).await;
        } else {
            self.fall_back();
        }
    }

    /// Nothing more is taken until the store answers; what was not durable is taken back. The pages keep
    /// it and offer it again.
    fn fall_back(&mut self) {
        self.unwritten.clear();
        self.unwritten_clients.clear();
        self.unwritten_acts.clear();
        self.forget_answers();
        self.read_only = Some(after(self.rooms.0.timing.retry));
        self.rooms.0.counters.read_only.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.room.revert() {
            tracing::error!(%error, room.key = %self.key, "a room cannot be rebuilt");
        }
        self.seq = self.durable;
        let held = std::mem::take(&mut self.held);
        for held in held {
            match held.what {
                What::Change { from, .. } => {
                    if let Some(seat) = from.and_then(|from| self.seats.get_mut(&from)) {
                        seat.dirty = true;
                    }
                }
                What::Ack { .. } => {}
                // What the answer showed is gone: answered again after the recovery.
                What::Answer { to, question, .. } => {
                    if let Some(seat) = self.seats.get_mut(&to) {
                        seat.outbox.no_catch_up();
                        seat.question = Some(question);
                    }
                }
                // Nobody reads a document that may be behind its store: the asker gets an error.
                What::Read(_) => {}
            }
        }
        for seat in self.seats.values_mut() {
            // Numbers after this one will mean other changes.
            seat.after = seat.after.map(|after| after.min(self.durable));
        }
        self.tell(&ServerFrame::ReadOnly { on: true });
    }

    /// Tries the store again: a write that changes nothing, then the room as the store has it, which may
    /// be more than we know when a commit succeeded without saying so.
    pub(super) async fn recover(&mut self) {
        self.read_only = Some(after(self.rooms.0.timing.retry));
        let Ok(state) = self.room.durable_snapshot() else {
            return;
        };
        let probe = Job::Snapshot(Snapshot {
            key: self.key,
            epoch: self.epoch,
            seq: self.durable,
            state,
        });
        if !matches!(self.rooms.0.writer.send(probe).await.await, Ok(Ok(()))) {
            return;
        }
        let Ok(loaded) = history::load(&self.rooms, self.key).await else {
            return;
        };
        let before = self.room.state_vector();
        if loaded.epoch != self.epoch || loaded.seq < self.durable {
            tracing::error!(room.key = %self.key, "a room's store went back in time");
            for seat in self.seats.values() {
                seat.outbox.close(CLOSE_UNAVAILABLE, "store restored");
            }
        }
        self.room = loaded.room;
        self.forget_answers();
        self.epoch = loaded.epoch;
        self.seq = loaded.seq;
        self.durable = loaded.seq;
        self.head = loaded.head;
        self.since_snapshot = loaded.since_snapshot;
        self.read_only = None;
        self.rooms.0.counters.read_only.fetch_sub(1, Ordering::Relaxed);
        self.resume(&before);
    }

    /// Everybody gets what the store had more, is asked for what it lacks, and may write again.
    fn resume(&mut self, before: &[u8]) {
        let more: Option<Bytes> = self
            .room
            .missing_for(before)
            .ok()
            .filter(|update| update != &[0, 0])
            .map(|update| frame::update(&update).into());
        let question: Bytes = frame::sync_step_1(&self.room.state_vector()).into();
        let mut open = Vec::new();
        for (connection, seat) in &mut self.seats {
            if let (Some(more), Some(_)) = (&more, seat.after) {
                seat.outbox.push(more.clone());
                seat.after = Some(self.seq);
            }
            seat.outbox.push(question.clone());
            if let Some(vector) = seat.question.take() {
                open.push((*connection, vector));
            }
            for claimed in self.awareness.clients(*connection) {
                self.room.claim(claimed, seat.join.person.id);
            }
        }
        for (connection, vector) in open {
            self.question(connection, vector);
        }
        self.tell(&ServerFrame::ReadOnly { on: false });
    }

    /// Stores the document when enough has come since the last time, or at all when the room ends.
    pub(super) async fn snapshot(&mut self, ends: bool) {
        let due = if ends {
            1
        } else {
            self.rooms.0.timing.snapshot_every
        };
        if self.since_snapshot < due {
            return;
        }
        let Ok(state) = self.room.durable_snapshot() else {
            return;
        };
        let snapshot = Snapshot {
            key: self.key,
            epoch: self.epoch,
            seq: self.durable,
            state,
        };
        self.since_snapshot = 0;
        let done = self.rooms.0.writer.send(Job::Snapshot(snapshot)).await;
        // The log has everything: a snapshot that fails only makes the next load longer.
        if ends {
            let _outcome = done.await;
        }
    }
}
