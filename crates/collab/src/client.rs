//! What our own page does with frames and edits. No sockets, no timers: the page opens a socket, hands
//! over what arrives and sends what comes back.
//!
//! ```text
//! socket open   -> on_open()        -> send each frame
//! socket frame  -> on_frame(bytes)  -> Outcome::Send frames, what changed
//! socket closed -> on_close()
//! an edit       -> put_annotation() … -> send each frame
//! every 15 s    -> renew()          -> send the frame (stock clients forget the silent after 30 s)
//! every 10 s    -> digest()         -> send the frame (what was lost on the way is found and healed)
//! every 3 s     -> overdue()        -> when it says so: digest(), and connect again when stalled()
//! ```
//! Edits made while offline stay in the document and travel by state vector after the next open. What is not
//! yet durable can be kept on the device by [`ClientRoom::export`] and taken up again by [`ClientRoom::restore`].

mod edits;
mod heal;
mod local;
mod presence;
mod undo;
mod write;

use std::collections::VecDeque;

use consilium_domain::{AccountId, permission::RoomRights};
use consilium_protocol::live::{
    AwarenessState, CallPeer, ClientFrame, IceServer, Media, Person, ServerFrame,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::{edits::LostEdits, local::NotACopy};
use self::{edits::Own, heal::Digests, presence::Presence, undo::History};
use crate::{
    document::RoomDoc,
    frame::{self, Frame},
};

/// Digests without an acknowledgement after which a connection with edits on their way counts as broken.
const STALLED_DIGESTS: u32 = 4;

/// What follows from a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Send this now.
    Send(Vec<u8>),
    /// The document changed: read it again.
    DocumentChanged,
    /// Pointers, views or strokes of others changed.
    AwarenessChanged,
    /// The server greets.
    Welcome {
        /// Whom it takes us for.
        you: Person,
        /// What we may change.
        rights: RoomRights,
        /// Last durable sequence number.
        seq: i64,
        /// This connection, as others see it in a call.
        peer: u64,
    },
    /// The local copy now has all the server has; edits are possible from the first time on.
    Synced,
    /// Edits became durable: read [`ClientRoom::saved`] again.
    Acked {
        /// Sequence number of the newest.
        seq: i64,
    },
    /// A digest has shown that edits are durable: read [`ClientRoom::saved`] again.
    Confirmed,
    /// The last edit was refused; the connection ends. [`Outcome::Lost`] follows after the next sync.
    Refused {
        /// Code of the reason.
        code: String,
    },
    /// These own edits did not survive a refusal or a new epoch. Show them, never drop them.
    Lost(LostEdits),
    /// The room began anew: the local copy was dropped.
    EpochChanged,
    /// Rights changed.
    Rights(RoomRights),
    /// A signed row changed: read the page data again.
    Changed(String),
    /// Who is in the call now.
    Call(Vec<CallPeer>),
    /// By which servers the others in the call are reached.
    Ice(Vec<IceServer>),
    /// A WebRTC description or candidate of another connection in the call.
    Signal {
        /// The connection.
        from: u64,
        /// JSON of the browser's own object.
        payload: String,
    },
    /// The room cannot store now (`true`), or can again.
    ReadOnly(bool),
}

/// Whether one's own edits are safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// All durable on the server.
    Saved,
    /// So many edits are on their way.
    Saving(usize),
    /// So many edits wait for a connection.
    Offline(usize),
}

/// Why an edit was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// The room has not been read yet.
    #[error("the room has not been read yet")]
    NotReady,
    /// The rights do not allow it.
    #[error("not allowed")]
    NotAllowed,
    /// Beyond a limit of [`crate::guard::shape`].
    #[error("too long")]
    TooLong,
}

impl EditError {
    /// Stable code for the reader's language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotReady => "live.not_ready",
            Self::NotAllowed => "live.not_allowed",
            Self::TooLong => "live.too_long",
        }
    }
}

/// What an own edit was about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An annotation was written or changed.
    Annotation(String),
    /// An annotation was removed.
    Removal(String),
    /// The own draft opinion.
    Opinion,
    /// The own private notes.
    Notes,
    /// A line of the discussion.
    Line(String),
    /// What the lead sets for all.
    Session,
}

/// An own edit that is not acknowledged.
struct Unsaved {
    what: What,
    /// The frame it went with; `None` while not sent.
    sent: Option<u64>,
    /// Its place among the own edits of this page, from 1.
    number: u64,
    /// A state vector shows it: it has content. One that only deletes does not.
    shown: bool,
}

/// One person's page in one room.
pub struct ClientRoom {
    client_id: u64,
    me: AccountId,
    doc: RoomDoc,
    presence: Presence,
    epoch: Option<i64>,
    rights: RoomRights,
    ready: bool,
    read_only: bool,
    connected: bool,
    welcomed: bool,
    /// Whether this connection's sync step 1 of the server was answered: from then on edits are sent.
    answered: bool,
    /// The server's state vector, kept until the welcome tells that the epoch is ours.
    question: Option<Vec<u8>>,
    /// Answers to questions asked by a dropped copy, still to come.
    stale_answers: u32,
    /// Sync frames with content sent on this connection.
    sent: u64,
    /// Edits not acknowledged, in order.
    unsaved: VecDeque<Unsaved>,
    /// Own edits made by this page.
    made: u64,
    /// Questions of this connection that are still to be answered.
    digests: Digests,
    /// The oldest edit on its way at the last look.
    oldest: Option<u64>,
    /// Digests since the last acknowledgement, while something waits for one.
    waited: u32,
    /// This connection's catch-up has arrived.
    synced: bool,
    /// Own content to look for after the next sync.
    doubtful: Option<Own>,
    history: History,
    /// The caller's clock, ms.
    now_ms: i64,
}

impl ClientRoom {
    /// A page that writes as `client_id`: random, below 2^53, new for each page load.
    #[must_use]
    pub fn new(client_id: u64, me: AccountId) -> Self {
        Self {
            client_id,
            me,
            doc: RoomDoc::new(client_id),
            presence: Presence::new(client_id),
            epoch: None,
            rights: RoomRights::default(),
            ready: false,
            read_only: false,
            connected: false,
            welcomed: false,
            answered: false,
            question: None,
            stale_answers: 0,
            sent: 0,
            unsaved: VecDeque::new(),
            made: 0,
            digests: Digests::default(),
            oldest: None,
            waited: 0,
            synced: false,
            doubtful: None,
            history: History::default(),
            now_ms: 0,
        }
    }

    /// The socket is open: frames to send, in order.
    pub fn on_open(&mut self) -> Vec<Vec<u8>> {
        self.forget_connection();
        self.connected = true;
        self.digests.asked_for_all();
        vec![
            frame::client_frame(&ClientFrame::Hello { epoch: self.epoch }),
            frame::sync_step_1(&self.doc.state_vector()),
            self.presence.renew(),
        ]
    }

    /// The socket is closed, for whatever reason.
    pub fn on_close(&mut self) {
        self.forget_connection();
        self.presence.clear();
    }

    fn forget_connection(&mut self) {
        self.connected = false;
        self.welcomed = false;
        self.answered = false;
        self.question = None;
        self.stale_answers = 0;
        self.sent = 0;
        self.digests = Digests::default();
        self.oldest = None;
        self.waited = 0;
        self.synced = false;
        for edit in &mut self.unsaved {
            edit.sent = None;
        }
    }

    /// A binary frame arrived. Frames that are not understood change nothing.
    pub fn on_frame(&mut self, bytes: &[u8]) -> Vec<Outcome> {
        match frame::decode_unbounded(bytes) {
            Ok(Frame::SyncStep1(vector)) => {
                self.question = Some(vector.to_vec());
                let again = self.answered;
                let mut out = if self.welcomed { self.answer() } else { Vec::new() };
                if again {
                    out.extend(self.ask_again());
                }
                out
            }
            Ok(Frame::SyncStep2(update)) => self.merge(update, true),
            Ok(Frame::Update(update)) => self.merge(update, false),
            Ok(Frame::Awareness(states)) => {
                if self.presence.merge(states) {
                    vec![Outcome::AwarenessChanged]
                } else {
                    Vec::new()
                }
            }
            Ok(Frame::QueryAwareness) => vec![Outcome::Send(self.presence.renew())],
            Ok(Frame::Consilium(text)) => {
                frame::parse(text).map_or_else(|_| Vec::new(), |f| self.on_server(f))
            }
            Ok(Frame::Denied(_)) | Err(_) => Vec::new(),
        }
    }

    fn on_server(&mut self, frame: ServerFrame) -> Vec<Outcome> {
        match frame {
            ServerFrame::Welcome {
                epoch,
                seq,
                you,
                rights,
                peer,
            } => {
                let mut out = Vec::new();
                if self.epoch.is_some_and(|known| known != epoch) {
                    self.restart();
                    self.stale_answers = 1;
                    out.push(Outcome::EpochChanged);
                    self.digests = Digests::default();
                    self.digests.asked_for_all();
                    out.push(Outcome::Send(frame::sync_step_1(&self.doc.state_vector())));
                }
                self.epoch = Some(epoch);
                self.rights = rights;
                self.read_only = false;
                self.welcomed = true;
                out.push(Outcome::Welcome {
                    you,
                    rights,
                    seq,
                    peer,
                });
                out.extend(self.answer());
                out
            }
            ServerFrame::Ack { received, seq, .. } => {
                self.waited = 0;
                self.digests.acknowledged(received);
                while self
                    .unsaved
                    .front()
                    .is_some_and(|edit| edit.sent.is_some_and(|sent_as| sent_as <= received))
                {
                    self.unsaved.pop_front();
                }
                vec![Outcome::Acked { seq }]
            }
            ServerFrame::Refused { code } => {
                self.restart();
                vec![Outcome::Refused { code }]
            }
            ServerFrame::Rights { rights } => {
                self.rights = rights;
                vec![Outcome::Rights(rights)]
            }
            ServerFrame::Changed { what } => vec![Outcome::Changed(what)],
            ServerFrame::Call { peers } => vec![Outcome::Call(peers)],
            ServerFrame::Ice { servers } => vec![Outcome::Ice(servers)],
            ServerFrame::Signal { from, payload } => vec![Outcome::Signal { from, payload }],
            ServerFrame::ReadOnly { on } => {
                self.read_only = on;
                vec![Outcome::ReadOnly(on)]
            }
        }
    }

    /// Drops the local copy and remembers what was own, to see after the next sync what is missing.
    fn restart(&mut self) {
        if self.doubtful.is_none() {
            self.doubtful = Some(Own::read(&self.doc, self.me));
        }
        self.doc = RoomDoc::new(self.client_id);
        self.ready = false;
        self.synced = false;
        self.unsaved.clear();
        self.history = History::default();
    }

    /// Answers the server's state vector with all it lacks.
    fn answer(&mut self) -> Vec<Outcome> {
        let Some(vector) = self.question.take() else {
            return Vec::new();
        };
        let Ok(update) = self.doc.missing_for(&vector) else {
            return Vec::new();
        };
        self.sent = self.sent.saturating_add(1);
        for edit in &mut self.unsaved {
            edit.sent = Some(self.sent);
        }
        self.answered = true;
        vec![Outcome::Send(frame::sync_step_2(&update))]
    }

    fn merge(&mut self, update: &[u8], complete: bool) -> Vec<Outcome> {
        if complete && self.stale_answers > 0 {
            self.stale_answers -= 1;
            return Vec::new();
        }
        let before = self.history.has_text().then(|| self.own_text());
        let proof = if complete { self.digests.answered() } else { None };
        let Ok(changed) = self.doc.apply(update) else {
            self.digests.asked_for_all();
            return vec![Outcome::Send(frame::sync_step_1(&self.doc.state_vector()))];
        };
        let mut out = Vec::new();
        if proof.is_some_and(|proof| self.confirm(proof)) {
            out.push(Outcome::Confirmed);
        }
        if changed {
            if let Some(before) = before {
                let now = self.own_text();
                self.history.text_changed(&before, &now);
            }
            out.push(Outcome::DocumentChanged);
        }
        // Answers to digests are complete too; only the first of a connection is news.
        if complete && !self.synced {
            self.synced = true;
            self.ready = true;
            out.push(Outcome::Synced);
            if let Some(lost) = self
                .doubtful
                .take()
                .and_then(|own| own.missing_in(&self.doc, self.me))
            {
                out.push(Outcome::Lost(lost));
            }
        }
        out
    }

    /// The document, to read.
    #[must_use]
    pub const fn document(&self) -> &RoomDoc {
        &self.doc
    }

    /// Whether edits are possible.
    #[must_use]
    pub const fn ready(&self) -> bool {
        self.ready
    }

    /// Whether a socket is open and greeted.
    #[must_use]
    pub const fn connected(&self) -> bool {
        self.connected && self.welcomed
    }

    /// Whether the server cannot store now.
    #[must_use]
    pub const fn read_only(&self) -> bool {
        self.read_only
    }

    /// What one may change.
    #[must_use]
    pub const fn rights(&self) -> RoomRights {
        self.rights
    }

    /// Whether one's own edits are safe.
    #[must_use]
    pub fn saved(&self) -> Saved {
        match self.unsaved.len() {
            0 => Saved::Saved,
            n if self.connected() => Saved::Saving(n),
            n => Saved::Offline(n),
        }
    }

    /// The others: client id and state, by client id. One person may have several pages.
    #[must_use]
    pub fn others(&self) -> Vec<(u64, AwarenessState)> {
        self.presence.others()
    }

    /// What is not yet durable, oldest first.
    pub fn unsaved(&self) -> impl Iterator<Item = &What> {
        self.unsaved.iter().map(|edit| &edit.what)
    }

    /// Joins the call of the room, changes what is sent in it, or leaves it (`None`); the frame to send.
    #[must_use]
    pub fn call(&self, media: Option<Media>) -> Option<Vec<u8>> {
        self.connected()
            .then(|| frame::client_frame(&ClientFrame::Call { media }))
    }

    /// Carries a WebRTC description or candidate to another connection; the frame to send.
    #[must_use]
    pub fn signal(&self, to: u64, payload: String) -> Option<Vec<u8>> {
        self.connected()
            .then(|| frame::client_frame(&ClientFrame::Signal { to, payload }))
    }
}

impl std::fmt::Debug for ClientRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientRoom")
            .field("client_id", &self.client_id)
            .field("saved", &self.saved())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
