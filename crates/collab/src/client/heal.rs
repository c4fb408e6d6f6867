//! Edits whose acknowledgement does not come. Acknowledgements count frames, and a frame that was lost on the
//! way is missing in the server's count for ever; so besides them a digest proves what has arrived: the server
//! answers one only when everything its answer shows is durable, and asks back when the page has more.

use std::collections::VecDeque;

use super::{ClientRoom, Outcome, STALLED_DIGESTS};
use crate::frame;

/// What the page had when it asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// Own edits made.
    made: u64,
    /// Frames with content sent.
    sent: u64,
}

/// Questions to the server without an answer yet, in order; `None` for one that proves nothing. A question or
/// an answer that is lost makes later answers count for earlier questions, which prove less and never more.
#[derive(Debug, Default)]
pub(super) struct Digests {
    waiting: VecDeque<Option<Proof>>,
    /// The server has asked back since the last regular digest, and was asked again at once.
    again: bool,
    /// Frames the server has last acknowledged.
    acknowledged: u64,
}

impl Digests {
    /// The page asks for everything it lacks; the answer proves nothing of its own edits.
    pub(super) fn asked_for_all(&mut self) {
        self.waiting.push_back(None);
    }

    fn asked(&mut self, proof: Proof) {
        self.waiting.push_back(Some(proof));
    }

    pub(super) const fn acknowledged(&mut self, received: u64) {
        self.acknowledged = received;
    }

    /// An answer has come: what it proves.
    pub(super) fn answered(&mut self) -> Option<Proof> {
        self.waiting.pop_front().flatten()
    }

    /// The server lacks something: what it was asked before proves nothing.
    fn doubted(&mut self) {
        self.waiting.iter_mut().for_each(|proof| *proof = None);
    }
}

impl ClientRoom {
    /// Asks for what may have been lost on the way, and lets the server ask for what it lacks; the page calls
    /// this every [`consilium_protocol::limits::DIGEST_MS`], and sooner when [`ClientRoom::overdue`] says so.
    /// `None` while not connected.
    pub fn digest(&mut self) -> Option<Vec<u8>> {
        if !self.connected || !self.answered {
            return None;
        }
        if !self.unsaved.is_empty() && !self.read_only {
            self.waited = self.waited.saturating_add(1);
        }
        self.digests.again = false;
        Some(self.inquiry())
    }

    /// Whether an edit that was on its way at the last call still is; the page calls this every
    /// [`consilium_protocol::limits::OVERDUE_MS`] and, when it is so, sends a digest.
    pub fn overdue(&mut self) -> bool {
        let sent = self.unsaved.iter().find(|edit| edit.sent.is_some());
        let oldest = sent.map(|edit| edit.number);
        let still = oldest.is_some() && oldest == self.oldest;
        self.oldest = oldest;
        still
    }

    /// Edits are on their way and nothing was acknowledged for several digests: connect again.
    #[must_use]
    pub const fn stalled(&self) -> bool {
        self.waited >= STALLED_DIGESTS
    }

    fn inquiry(&mut self) -> Vec<u8> {
        self.digests.asked(Proof {
            made: self.made,
            sent: self.sent,
        });
        frame::sync_step_1(&self.doc.state_vector())
    }

    /// The server has asked back and was told everything: asks at once whether that has arrived, but once only
    /// between two digests, so that a server that refuses is not asked for ever.
    pub(super) fn ask_again(&mut self) -> Option<Outcome> {
        self.digests.doubted();
        if std::mem::replace(&mut self.digests.again, true) {
            return None;
        }
        Some(Outcome::Send(self.inquiry()))
    }

    /// Takes what a digest has proved off the edits that are not safe; whether there was any.
    pub(super) fn confirm(&mut self, proof: Proof) -> bool {
        let before = self.unsaved.len();
        self.unsaved
            .retain(|edit| !edit.shown || edit.number > proof.made);
        let any = self.unsaved.len() < before;
        if any {
            self.waited = 0;
        }
        // Everything sent is there, and its acknowledgements came before this answer: both count alike again.
        if self.unsaved.is_empty() && proof.sent == self.sent {
            self.sent = self.digests.acknowledged;
        }
        any
    }
}
