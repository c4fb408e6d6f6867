//! What connections send.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use axum::body::Bytes;
use consilium_collab::{
    awareness::encode,
    frame::{self, Frame},
    guard::{Applied, Violation},
};
use consilium_domain::AccountId;
use consilium_protocol::live::{CLOSE_MALFORMED, CLOSE_NOT_ALLOWED, ClientFrame, ServerFrame};

use super::{Actor, Held, What, acts};

/// Frames out of order that one connection may send before it is closed.
const GAPS_MAX: u32 = 32;

impl Actor {
    pub(super) fn frame(&mut self, connection: u64, bytes: &Bytes) {
        // A closed connection is not listened to, whatever was on its way.
        let Some(seat) = self.seats.get_mut(&connection) else {
            return;
        };
        if seat.outbox.closed_with().is_some() {
            return;
        }
        match frame::decode(bytes) {
            Ok(Frame::SyncStep1(vector)) => self.question(connection, bytes.slice_ref(vector)),
            Ok(Frame::SyncStep2(update)) => self.content(connection, update, true),
            Ok(Frame::Update(update)) => self.content(connection, update, false),
            Ok(Frame::Awareness(states)) => {
                let account = seat.join.person.id;
                let room = &mut self.room;
                let taken = self
                    .awareness
                    .accept(connection, &seat.join.person, states, |client| {
                        room.claim(client, account)
                    });
                if let Ok(entries) = taken {
                    self.show(entries, Some(connection));
                }
            }
            Ok(Frame::QueryAwareness) => {
                let all = frame::awareness(&encode(&self.awareness.all()));
                seat.outbox.push(all.into());
            }
            Ok(Frame::Consilium(text)) => match frame::parse(text) {
                Ok(ClientFrame::Hello { .. }) => self.welcome(connection),
                Ok(ClientFrame::Call { media }) if seat.hello => self.call(connection, media),
                Ok(ClientFrame::Signal { to, payload }) if seat.hello => self.signal(connection, to, payload),
                // Frames of a newer client are not for this server.
                Ok(_) | Err(_) => {}
            },
            Ok(Frame::Denied(_)) => {}
            Err(_) => self.refuse(connection, "live.malformed", CLOSE_MALFORMED),
        }
    }

    fn welcome(&mut self, connection: u64) {
        let read_only = self.read_only.is_some();
        let call = self.has_call().then(|| self.call_frame());
        let Some(seat) = self.seats.get_mut(&connection) else {
            return;
        };
        seat.hello = true;
        let welcome = ServerFrame::Welcome {
            epoch: self.epoch,
            seq: self.durable,
            you: seat.join.person.clone(),
            rights: seat.rights,
            peer: connection,
        };
        let read_only = read_only.then_some(ServerFrame::ReadOnly { on: true });
        for frame in [Some(welcome), read_only, call].into_iter().flatten() {
            seat.outbox.push(frame::server_frame(&frame).into());
        }
    }

    /// A change, or everything the peer has that we lack.
    fn content(&mut self, connection: u64, update: &[u8], complete: bool) {
        let Some(seat) = self.seats.get_mut(&connection) else {
            return;
        };
        seat.received += 1;
        let (received, rights, account) = (seat.received, seat.rights, seat.join.person.id);
        if self.read_only.is_some() {
            seat.dirty = true;
            return;
        }
        let started = Instant::now();
        let outcome = self.room.apply(account, rights, update);
        metrics::histogram!("consilium_room_apply_seconds").record(started.elapsed().as_secs_f64());
        match outcome {
            Ok(applied) => {
                if complete {
                    seat.dirty = false;
                }
                match applied {
                    Some(applied) => self.accept(Some((connection, received)), account, applied),
                    None => self.hold(What::Ack {
                        to: connection,
                        received,
                    }),
                }
            }
            Err(Violation::Gap) if seat.gaps < GAPS_MAX => {
                seat.gaps += 1;
                seat.dirty = true;
                let question = frame::sync_step_1(&self.room.state_vector());
                seat.outbox.push(question.into());
            }
            Err(violation) => {
                let close = match violation {
                    Violation::Malformed | Violation::TooLarge | Violation::Gap => CLOSE_MALFORMED,
                    _ => CLOSE_NOT_ALLOWED,
                };
                self.refuse(connection, violation.code(), close);
            }
        }
    }

    /// Gives an accepted change its place in the log.
    pub(super) fn accept(&mut self, from: Option<(u64, u64)>, author: AccountId, applied: Applied) {
        self.note_change(&applied.update);
        let update = applied.update.clone();
        if let Some(seat) = from.and_then(|(connection, _)| self.seats.get(&connection)) {
            for act in &applied.acts {
                self.unwritten_acts
                    .push(acts::record(&self.rooms, &seat.join, act));
            }
        }
        self.log(author, applied);
        self.hold(What::Change {
            from: from.map(|(connection, _)| connection),
            received: from.map_or(0, |(_, received)| received),
            update,
        });
    }

    /// Tells the sender, records, closes; the others notice nothing.
    pub(super) fn refuse(&mut self, connection: u64, code: &'static str, close: u16) {
        let Some(seat) = self.seats.get(&connection) else {
            return;
        };
        self.refused += 1;
        self.rooms.0.counters.refused.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("consilium_room_refused_total", "reason" => code).increment(1);
        if seat.hello {
            let frame = ServerFrame::Refused {
                code: code.to_owned(),
            };
            seat.outbox.push(frame::server_frame(&frame).into());
        }
        seat.outbox.finish(close, code);
        let (rooms, join) = (self.rooms.clone(), Arc::clone(&seat.join));
        tokio::spawn(async move {
            let _logged_by_the_writer = rooms.audit(&join, "room.refuse", code, true).await;
        });
        self.leave(connection);
    }

    /// Puts something behind all changes so far, and does what nothing stands before any more.
    pub(super) fn hold(&mut self, what: What) {
        self.held.push_back(Held { upto: self.seq, what });
        self.release();
    }
}
