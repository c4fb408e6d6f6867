//! Answers to sync steps 1. Encoding a document costs milliseconds: what many ask for is encoded once.

use std::{sync::atomic::Ordering, time::Duration};

use axum::body::Bytes;
use consilium_collab::{frame, guard};
use consilium_protocol::live::CLOSE_MALFORMED;
use tokio::time::Instant;

use super::{Actor, What, after};

/// The state vector of who has nothing.
const NOTHING: &[u8] = &[0];
/// How long the whole document is kept for the next who enters.
const WHOLE_KEPT: Duration = Duration::from_secs(3);

/// The document as an update (v1), and as the frame that carries it once somebody has asked.
pub(super) struct Whole {
    update: Vec<u8>,
    frame: Option<Bytes>,
    until: Instant,
}

impl Actor {
    /// Answers a state vector, once everything the answer shows is durable. The first of a connection is
    /// its entry; later ones are digests: they find what was lost on the way, in both directions.
    pub(super) fn question(&mut self, connection: u64, vector: Bytes) {
        let Ok(standing) = self.room.standing(&vector) else {
            return self.refuse(connection, "live.malformed", CLOSE_MALFORMED);
        };
        let Some(seat) = self.seats.get_mut(&connection) else {
            return;
        };
        let digest = seat.after.is_some();
        if !seat.outbox.promise_catch_up() {
            return;
        }
        seat.after.get_or_insert(self.seq);
        if digest && standing.ahead {
            // What it sent did not all arrive, or is not taken now: no acknowledgement until it has said it
            // again. An answer without this question tells a page that all it has is durable.
            seat.dirty = true;
            let ask = frame::sync_step_1(&self.room.state_vector());
            seat.outbox.push(ask.into());
        }
        if digest && (standing.ahead || standing.behind) {
            self.resyncs += 1;
            self.rooms.0.counters.digests.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("consilium_room_resyncs_total", "reason" => "digest").increment(1);
        }
        let answer = if !standing.behind {
            self.equal_answer()
        } else if vector.as_ref() == NOTHING {
            self.whole_answer()
        } else {
            match self.room.missing_for(&vector) {
                Ok(missing) => frame::sync_step_2(&missing).into(),
                Err(_) => return self.refuse(connection, "live.malformed", CLOSE_MALFORMED),
            }
        };
        self.hold(What::Answer {
            to: connection,
            question: vector,
            frame: answer,
        });
    }

    /// What one gets who lacks no change: the deletions, which state vectors do not show; nothing at all in
    /// a room without any. Encoded once for all who ask.
    fn equal_answer(&mut self) -> Bytes {
        if let Some(known) = &self.equal {
            return known.clone();
        }
        let own = self.room.state_vector();
        let nothing = vec![0, 0];
        let missing = self.room.missing_for(&own).unwrap_or(nothing);
        let answer: Bytes = frame::sync_step_2(&missing).into();
        self.equal = Some(answer.clone());
        answer
    }

    /// What one gets who has nothing: the document, encoded for the first of many who enter.
    fn whole_answer(&mut self) -> Bytes {
        let until = after(WHOLE_KEPT);
        let whole = self.whole.get_or_insert_with(|| Whole {
            update: self.room.whole(),
            frame: None,
            until,
        });
        whole.until = until;
        let frame = whole
            .frame
            .get_or_insert_with(|| frame::sync_step_2(&whole.update).into());
        frame.clone()
    }

    /// A change was accepted: answers made before do not show it. Whoever enters changes the document by
    /// the own containers; the kept document takes that in.
    pub(super) fn note_change(&mut self, update: &[u8]) {
        self.equal = None;
        self.whole = self.whole.take().and_then(|whole| {
            Some(Whole {
                update: guard::with_newcomer(&whole.update, update)?,
                frame: None,
                until: whole.until,
            })
        });
    }

    /// The document is another: no answer made before is good.
    pub(super) fn forget_answers(&mut self) {
        self.equal = None;
        self.whole = None;
    }

    /// When the kept document goes.
    pub(super) fn whole_until(&self) -> Option<Instant> {
        self.whole.as_ref().map(|whole| whole.until)
    }

    /// Lets the kept document go when nobody has asked for it for a while.
    pub(super) fn drop_whole(&mut self) {
        if self.whole_until().is_some_and(|until| until <= Instant::now()) {
            self.whole = None;
        }
    }
}
