//! The private document: what only its author reads, an unshared draft and notes. A second room of the same
//! kind, with a socket of its own.

use std::time::Duration;

use consilium_collab::client::{ClientRoom, EditError, Outcome};
use consilium_domain::AccountId;
use consilium_protocol::live::{CLOSE_EXPIRED, CLOSE_REVOKED, CLOSE_ROOM_CLOSED, Writing};
use leptos::prelude::*;

use super::{
    Engine,
    socket::{Socket, SocketEvent},
    warn,
};
use crate::room::{backoff::Backoff, model::set, text::RoomTexts};

/// The private document and the way to it.
pub(super) struct Private {
    pub(super) client: ClientRoom,
    socket: Option<Socket>,
    generation: u32,
    backoff: Backoff,
    closed: bool,
    known_notes: String,
}

impl Private {
    pub(super) fn new(client_id: u64, me: AccountId) -> Self {
        Self {
            client: ClientRoom::new(client_id, me),
            socket: None,
            generation: 0,
            backoff: Backoff::default(),
            closed: false,
            known_notes: String::new(),
        }
    }

    fn send(&self, frames: &[Vec<u8>]) {
        let Some(socket) = &self.socket else { return };
        for frame in frames {
            if let Err(error) = socket.send(frame) {
                warn("send", Err(error));
                break;
            }
        }
    }
}

impl Engine {
    pub(super) fn connect_private(&mut self) {
        if self.private.closed {
            return;
        }
        self.private.generation = self.private.generation.wrapping_add(1);
        let (controls, generation) = (self.controls, self.private.generation);
        self.private.socket = None;
        let opened = Socket::open(self.consultation, "live/notes", move |event| {
            controls.with(move |engine| {
                if engine.private.generation == generation {
                    engine.on_private(event);
                }
            });
        });
        match opened {
            Ok(socket) => self.private.socket = Some(socket),
            Err(error) => {
                warn("open the private document", Err(error));
                self.come_back_private();
            }
        }
    }

    fn come_back_private(&mut self) {
        let wait_ms = self.private.backoff.next_ms(js_sys::Math::random());
        let (controls, generation) = (self.controls, self.private.generation);
        let wait = Duration::from_millis(u64::from(wait_ms.unsigned_abs()));
        set_timeout(
            move || {
                controls.with(move |engine| {
                    if engine.private.generation == generation {
                        engine.connect_private();
                    }
                });
            },
            wait,
        );
    }

    pub(super) fn private_online(&mut self) {
        if self.entered && !self.private.client.connected() {
            self.connect_private();
        }
    }

    pub(super) fn look_again_private(&mut self) {
        if let Some(frame) = self.private.client.digest() {
            self.private.send(&[frame]);
        }
        if self.private.client.stalled() {
            self.private.client.on_close();
            self.connect_private();
        }
    }

    fn on_private(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Open => {
                let frames = self.private.client.on_open();
                self.private.send(&frames);
            }
            SocketEvent::Frame(bytes) => {
                for outcome in self.private.client.on_frame(&bytes) {
                    match outcome {
                        Outcome::Send(frame) => self.private.send(&[frame]),
                        Outcome::Welcome { .. } => self.private.backoff.reset(),
                        Outcome::Lost(lost) => self.lose(Some(lost)),
                        Outcome::Refused { code } => {
                            self.refused = true;
                            self.tell(self.refusal(&code));
                        }
                        _ => {}
                    }
                }
                self.read_private();
            }
            SocketEvent::Closed(code) => {
                self.private.client.on_close();
                self.private.socket = None;
                if matches!(code, CLOSE_EXPIRED | CLOSE_REVOKED | CLOSE_ROOM_CLOSED) {
                    self.private.closed = true;
                    let lost = self.private.client.give_up();
                    self.lose(lost);
                } else {
                    self.come_back_private();
                }
            }
        }
        self.tell_saved();
    }

    /// Reads the private document again.
    pub(super) fn read_private(&mut self) {
        let notes = self.private.client.document().notes(self.me);
        if self.private.client.ready() && notes != self.private.known_notes {
            self.private.known_notes.clone_from(&notes);
            set(self.room.notes, notes);
        }
        set(
            self.room.may_note,
            self.private.client.ready() && self.private.client.rights().notes,
        );
        self.read_draft();
    }

    /// The own draft is where it is written: in the shared document or in the private one.
    pub(super) fn read_draft(&mut self) {
        let shared = self.client.document().opinion(self.me);
        let hidden = self.private.client.document().opinion(self.me);
        if !self.draft_chosen && self.client.ready() && self.private.client.ready() {
            self.draft_chosen = true;
            set(self.room.sharing, !shared.is_empty() || hidden.is_empty());
        }
        let (text, ready) = if self.room.sharing.get_untracked() {
            (shared, self.client.ready())
        } else {
            (hidden, self.private.client.ready())
        };
        if ready && text != self.known_draft {
            self.known_draft.clone_from(&text);
            set(self.room.draft, text);
        }
    }

    pub(super) fn write_draft(&mut self, text: String) {
        let sharing = self.room.sharing.get_untracked();
        self.known_draft.clone_from(&text);
        if sharing {
            self.writes(Writing::Opinion);
            self.client.tick(super::clock_ms());
            let written = self.client.set_opinion(&text);
            // Also when it could not be stored: words are never taken out of the field.
            set(self.room.draft, text);
            self.edited(written);
        } else {
            self.private.client.tick(super::clock_ms());
            let written = self.private.client.set_opinion(&text);
            set(self.room.draft, text);
            self.edited_private(written);
        }
    }

    pub(super) fn write_notes(&mut self, text: String) {
        self.private.client.tick(super::clock_ms());
        let written = self.private.client.set_notes(&text);
        self.private.known_notes.clone_from(&text);
        set(self.room.notes, text);
        self.edited_private(written);
    }

    /// The draft moves to the shared document, or out of it. Words that already stand where it goes are kept
    /// above it.
    pub(super) fn share(&mut self, on: bool) {
        if on == self.room.sharing.get_untracked() {
            return;
        }
        let words = RoomTexts::of(self.locale);
        if !self.client.ready() || !self.private.client.ready() {
            return self.tell(words.edit_not_ready);
        }
        let (from, to) = (self.draft_in(!on), self.draft_in(on));
        let text = if to.trim().is_empty() || to == from {
            from
        } else if from.trim().is_empty() {
            to
        } else {
            format!("{to}\n{from}")
        };
        // First where it goes, then away from where it was: at no time is it nowhere.
        let (target, source) = if on {
            (&mut self.client, &mut self.private.client)
        } else {
            (&mut self.private.client, &mut self.client)
        };
        let moved = target
            .set_opinion(&text)
            .and_then(|put| source.set_opinion("").map(|cleared| (put, cleared)));
        match moved {
            Ok((put, cleared)) => {
                // A step back in one place would take the words out of both.
                self.client.forget_words();
                self.private.client.forget_words();
                let (shared, hidden) = if on { (put, cleared) } else { (cleared, put) };
                set(self.room.sharing, on);
                self.known_draft.clone_from(&text);
                set(self.room.draft, text);
                self.edited_private(Ok(hidden));
                self.edited(Ok(shared));
            }
            Err(error) => {
                self.edited(Err(error));
            }
        }
    }

    fn draft_in(&self, shared: bool) -> String {
        let client = if shared {
            &self.client
        } else {
            &self.private.client
        };
        client.document().opinion(self.me)
    }

    pub(super) fn edited_private(&mut self, edit: Result<Vec<Vec<u8>>, EditError>) -> bool {
        match edit {
            Ok(frames) => {
                self.private.send(&frames);
                self.edits = self.edits.wrapping_add(1);
                self.read_private();
                self.tell_undo();
                self.tell_saved();
                true
            }
            Err(error) => self.edited(Err(error)),
        }
    }

    /// Takes back the newest own act, or does it again: in the private document while the draft is there and
    /// the field has the focus, else in the room.
    pub(super) fn undo(&mut self, redo: bool) {
        let private = !self.room.sharing.get_untracked()
            && self.private.client.can_undo(redo)
            && (self.drafting() || !self.client.can_undo(redo));
        if private {
            let done = self.private.client.undo(redo);
            self.edited_private(done);
        } else {
            let done = self.client.undo(redo);
            self.edited(done);
        }
        self.tell_undo();
    }

    fn drafting(&self) -> bool {
        document()
            .active_element()
            .is_some_and(|element| element.id() == crate::room::views::DRAFT_ID)
    }

    pub(super) fn tell_undo(&self) {
        let can = |redo| self.client.can_undo(redo) || self.private.client.can_undo(redo);
        set(self.room.undo, (can(false), can(true)));
    }
}
