//! What our own page does with frames and edits. No sockets, no timers: the page opens a socket, hands
//! over what arrives and sends what comes back.
//!
//! ```text
//! socket open   -> on_open()        -> send each frame
//! socket frame  -> on_frame(bytes)  -> Outcome::Send frames, what changed
//! socket closed -> on_close()
//! an edit       -> put_annotation() … -> send each frame
//! every 15 s    -> renew()          -> send the frame (stock clients forget the silent after 30 s)
//! ```
//! Edits made while offline stay in the document and travel by state vector after the next open.

mod edits;
mod presence;

use std::collections::VecDeque;

use consilium_domain::{AccountId, permission::RoomRights};
use consilium_protocol::live::{
    Annotation, AwarenessState, CallPeer, ClientFrame, Cursor, DiscussionLine, Person, ServerFrame, Viewport,
};
use thiserror::Error;

pub use self::edits::LostEdits;
use self::{edits::Own, presence::Presence};
use crate::{
    document::RoomDoc,
    frame::{self, Frame},
    guard::shape,
};

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
    },
    /// The local copy now has all the server has; edits are possible from the first time on.
    Synced,
    /// Edits became durable: read [`ClientRoom::saved`] again.
    Acked {
        /// Sequence number of the newest.
        seq: i64,
    },
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
    /// Beyond a limit of [`shape`].
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
    /// Edits not acknowledged: the frame they went with, `None` while not sent.
    unsaved: VecDeque<Option<u64>>,
    /// Own content to look for after the next sync.
    doubtful: Option<Own>,
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
            doubtful: None,
        }
    }

    /// The socket is open: frames to send, in order.
    pub fn on_open(&mut self) -> Vec<Vec<u8>> {
        self.forget_connection();
        self.connected = true;
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
        for edit in &mut self.unsaved {
            *edit = None;
        }
    }

    /// A binary frame arrived. Frames that are not understood change nothing.
    pub fn on_frame(&mut self, bytes: &[u8]) -> Vec<Outcome> {
        match frame::decode_unbounded(bytes) {
            Ok(Frame::SyncStep1(vector)) => {
                self.question = Some(vector.to_vec());
                if self.welcomed { self.answer() } else { Vec::new() }
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
                ..
            } => {
                let mut out = Vec::new();
                if self.epoch.is_some_and(|known| known != epoch) {
                    self.restart();
                    self.stale_answers = 1;
                    out.push(Outcome::EpochChanged);
                    out.push(Outcome::Send(frame::sync_step_1(&self.doc.state_vector())));
                }
                self.epoch = Some(epoch);
                self.rights = rights;
                self.read_only = false;
                self.welcomed = true;
                out.push(Outcome::Welcome { you, rights, seq });
                out.extend(self.answer());
                out
            }
            ServerFrame::Ack { received, seq, .. } => {
                while self
                    .unsaved
                    .front()
                    .is_some_and(|edit| edit.is_some_and(|sent_as| sent_as <= received))
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
        self.unsaved.clear();
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
            *edit = Some(self.sent);
        }
        self.answered = true;
        vec![Outcome::Send(frame::sync_step_2(&update))]
    }

    fn merge(&mut self, update: &[u8], complete: bool) -> Vec<Outcome> {
        if complete && self.stale_answers > 0 {
            self.stale_answers -= 1;
            return Vec::new();
        }
        let Ok(changed) = self.doc.apply(update) else {
            return vec![Outcome::Send(frame::sync_step_1(&self.doc.state_vector()))];
        };
        let mut out = Vec::new();
        if changed {
            out.push(Outcome::DocumentChanged);
        }
        if complete {
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

    /// Writes one's own annotation; frames to send.
    ///
    /// # Errors
    /// Not ready, not allowed, or beyond the limits.
    pub fn put_annotation(&mut self, id: &str, annotation: &Annotation) -> Result<Vec<Vec<u8>>, EditError> {
        self.may(self.rights.annotate)?;
        if !shape::id_is_sound(id) || !shape::annotation_is_sound(annotation) {
            return Err(EditError::TooLong);
        }
        let update = self.doc.put_annotation(self.me, id, annotation);
        Ok(self.edited(update))
    }

    /// Removes one's own annotation; frames to send.
    ///
    /// # Errors
    /// Not ready or not allowed.
    pub fn remove_annotation(&mut self, id: &str) -> Result<Vec<Vec<u8>>, EditError> {
        self.may(self.rights.annotate)?;
        let update = self.doc.remove_annotation(self.me, id);
        Ok(self.edited(update))
    }

    /// Sets one's own draft opinion; frames to send.
    ///
    /// # Errors
    /// Not ready, not allowed, or too long.
    pub fn set_opinion(&mut self, text: &str) -> Result<Vec<Vec<u8>>, EditError> {
        self.may(self.rights.opine)?;
        if text.encode_utf16().count() > usize::try_from(shape::OPINION_UNITS_MAX).unwrap_or(usize::MAX) {
            return Err(EditError::TooLong);
        }
        let update = self.doc.set_opinion(self.me, text);
        Ok(self.edited(update))
    }

    /// Adds one's own discussion line; frames to send.
    ///
    /// # Errors
    /// Not ready, not allowed, or too long.
    pub fn say(&mut self, line: &DiscussionLine) -> Result<Vec<Vec<u8>>, EditError> {
        self.may(self.rights.discuss)?;
        if !shape::line_is_sound(line) {
            return Err(EditError::TooLong);
        }
        let update = self.doc.say(self.me, line);
        Ok(self.edited(update))
    }

    /// Names the presenter; frames to send.
    ///
    /// # Errors
    /// Not ready or not allowed.
    pub fn set_presenter(&mut self, presenter: Option<AccountId>) -> Result<Vec<Vec<u8>>, EditError> {
        self.may(self.rights.preside)?;
        let update = self.doc.set_presenter(presenter);
        Ok(self.edited(update))
    }

    fn may(&self, right: bool) -> Result<(), EditError> {
        if !self.ready {
            Err(EditError::NotReady)
        } else if right {
            Ok(())
        } else {
            Err(EditError::NotAllowed)
        }
    }

    fn edited(&mut self, update: Option<Vec<u8>>) -> Vec<Vec<u8>> {
        let Some(update) = update else {
            return Vec::new();
        };
        if !self.answered {
            self.unsaved.push_back(None);
            return Vec::new();
        }
        self.sent = self.sent.saturating_add(1);
        self.unsaved.push_back(Some(self.sent));
        vec![frame::update(&update)]
    }

    /// Shows others where one points; the frame to send, `None` while not connected or unchanged.
    pub fn set_cursor(&mut self, cursor: Option<Cursor>) -> Option<Vec<u8>> {
        self.presence.change(self.connected, |own| {
            let changed = own.cursor != cursor;
            own.cursor = cursor;
            changed
        })
    }

    /// Shows others what one looks at.
    pub fn set_viewport(&mut self, viewport: Option<Viewport>) -> Option<Vec<u8>> {
        self.presence.change(self.connected, |own| {
            let changed = own.viewport != viewport;
            own.viewport = viewport;
            changed
        })
    }

    /// Shows others a stroke in progress.
    pub fn set_drawing(&mut self, drawing: Option<Annotation>) -> Option<Vec<u8>> {
        self.presence.change(self.connected, |own| {
            let changed = own.drawing != drawing;
            own.drawing = drawing;
            changed
        })
    }

    /// Sends one's own state again; the page calls this every 15 s.
    pub fn renew(&mut self) -> Option<Vec<u8>> {
        self.presence.change(self.connected, |_| true)
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
