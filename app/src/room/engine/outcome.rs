//! What follows from a frame of the server.

use consilium_collab::client::{Outcome, Saved};
use consilium_protocol::{consultation::Consultation, imaging::Series, live::Viewport};
use leptos::{prelude::*, task::spawn_local};

use super::{Engine, http};
use crate::room::model::{SavedState, set};

impl Engine {
    pub(super) fn on_outcomes(&mut self, outcomes: Vec<Outcome>) {
        let (mut document, mut others) = (false, false);
        for outcome in outcomes {
            match outcome {
                Outcome::Send(frame) => self.send(&[frame]),
                Outcome::DocumentChanged => document = true,
                Outcome::AwarenessChanged => others = true,
                Outcome::Welcome { you, peer, .. } => {
                    self.call.peer = peer;
                    self.backoff.reset();
                    if self.was_connected {
                        self.read_rows();
                    }
                    self.was_connected = true;
                    self.directory.meet(&you);
                    self.tell_rights();
                    self.send_media();
                    // Where we are now, not where we were before.
                    self.send_awareness();
                }
                Outcome::Synced => {
                    set(self.room.ready, true);
                    document = true;
                }
                Outcome::Acked { .. } | Outcome::Confirmed => self.refused = false,
                Outcome::Refused { code } => {
                    self.refused = true;
                    self.tell(self.refusal(&code));
                    set(self.room.ready, false);
                    document = true;
                }
                Outcome::EpochChanged => {
                    set(self.room.ready, false);
                    document = true;
                }
                Outcome::Lost(lost) => self.lose(Some(lost)),
                Outcome::Rights(_) => self.tell_rights(),
                Outcome::Changed(what) if what == "images" => self.read_series(),
                Outcome::Changed(what) if what == "questions" => self.read_questions(),
                Outcome::Changed(what) if what == "data" => {
                    self.read_data();
                    self.read_series();
                }
                Outcome::Changed(_) => self.read_consultation(),
                Outcome::Call(peers) => self.on_call(peers),
                Outcome::Ice(servers) => self.call.servers = servers,
                Outcome::Signal { from, payload } => self.on_signal(from, &payload),
                Outcome::ReadOnly(_) => {}
            }
        }
        if others {
            self.read_others();
        }
        if document {
            self.read_document();
        }
    }

    /// Reads again what is beside the document: nobody has told this page of changes while it was away.
    fn read_rows(&self) {
        self.read_consultation();
        self.read_questions();
        self.read_data();
        self.read_series();
    }

    /// Says whether one's words are safe.
    pub(super) fn tell_saved(&mut self) {
        let state = match self.client.saved() {
            _ if self.refused => SavedState::Refused,
            _ if self.client.read_only() && self.client.connected() => SavedState::ReadOnly,
            Saved::Saving(edits) => SavedState::Saving(edits),
            Saved::Offline(edits) => SavedState::Offline(edits),
            Saved::Saved if !self.was_connected => SavedState::Connecting,
            Saved::Saved if !self.client.connected() => SavedState::Offline(0),
            Saved::Saved if !self.client.ready() => SavedState::Connecting,
            Saved::Saved => SavedState::Saved,
        };
        let state = match (state, self.private.client.saved()) {
            (SavedState::Saved, Saved::Saving(edits)) => SavedState::Saving(edits),
            (SavedState::Saved, Saved::Offline(edits)) => SavedState::Offline(edits),
            (SavedState::Offline(here), Saved::Saving(there) | Saved::Offline(there)) => {
                SavedState::Offline(here + there)
            }
            (state, _) => state,
        };
        set(self.room.saved, state);
        self.keep();
    }

    /// Pointers, views and strokes of others are others now.
    pub(super) fn read_others(&mut self) {
        self.others = self.client.others();
        let mut news = false;
        for (_, state) in &self.others {
            if let Some(person) = &state.user {
                news |= self.directory.meet(person);
            }
        }
        self.tell_people();
        if news {
            self.tell_rows();
        }
        self.follow_presenter(false);
        self.dirty.layer = true;
    }

    /// Shows what the presenter shows, when one follows; `again` even when that is not new.
    pub(super) fn follow_presenter(&mut self, again: bool) {
        let presenter = self
            .client
            .document()
            .presenter()
            .filter(|presenter| *presenter != self.me);
        let mut shown: Vec<(u64, Viewport)> = Vec::new();
        for (client, state) in &self.others {
            if presenter.is_some()
                && state.user.as_ref().map(|person| person.id) == presenter
                && let Some(viewport) = state.viewport
            {
                shown.push((*client, viewport));
            }
        }
        let news = shown
            .iter()
            .find(|(client, viewport)| self.followed.get(client) != Some(viewport));
        let target = news
            .or_else(|| shown.first().filter(|_| again))
            .map(|(_, viewport)| *viewport);
        self.followed = shown.into_iter().collect();
        if let Some(viewport) = target.filter(|_| self.room.following.get_untracked()) {
            if self.own_view.is_none() {
                self.own_view = self.viewing.viewport();
            }
            let before = self.viewing.image();
            if self.viewing.follow(&viewport) {
                if self.viewing.image() != before {
                    if self.hand.cancel().is_some() || self.stroke.is_some() {
                        self.draw_stroke(None);
                    }
                    self.plan();
                }
                self.dirty.picture = true;
                self.tell_view();
            }
        }
    }

    /// The reader moved by hand while somebody presents: stop following.
    pub(super) fn leave_presenter(&mut self) {
        let presenter = self.room.presenter.get_untracked();
        if presenter.is_some_and(|presenter| presenter != self.me) {
            set(self.room.following, false);
            // The view one has now is the own one.
            self.own_view = None;
        }
    }

    /// Reads the consultation again.
    pub(super) fn read_consultation(&self) {
        let (controls, id) = (self.controls, self.consultation);
        spawn_local(async move {
            let read = http::get::<Consultation>(&format!("/api/v1/consultations/{id}")).await;
            if let Some(consultation) = read {
                controls.with(move |engine| engine.take_consultation(consultation));
            }
        });
    }

    fn take_consultation(&mut self, consultation: Consultation) {
        for person in &consultation.people {
            self.directory.meet(person);
        }
        for opinion in &consultation.opinions {
            self.directory.read(opinion);
        }
        set(self.room.consultation, consultation);
        self.read_document();
    }

    pub(super) fn read_series(&self) {
        let (controls, id) = (self.controls, self.consultation);
        spawn_local(async move {
            let read = http::get::<Vec<Series>>(&format!("/api/v1/consultations/{id}/series")).await;
            if let Some(series) = read {
                controls.with(move |engine| engine.replace_series(&series));
            }
        });
    }
}
