//! Who is here, whose hand is up, who follows whom, who is writing.

use std::time::Duration;

use consilium_domain::AccountId;
use consilium_protocol::live::{AwarenessState, Writing};
use leptos::prelude::*;

use super::{Engine, clock_ms, now_ms};
use crate::room::model::{Seat, set};

/// One is seen writing for this long after the last word, ms.
const WRITING_MS: f64 = 4_000.0;
/// How often that is looked at, ms.
const WRITING_LOOK_MS: u64 = 2_000;

impl Engine {
    /// Fills the list of people: oneself first, then the others as they came.
    pub(super) fn tell_people(&self) {
        let own = std::iter::once((self.me, self.client.shown()));
        let others = self
            .others
            .iter()
            .filter_map(|(_, state)| Some((state.user.as_ref()?.id, state)));
        let mut hands: Vec<(i64, AccountId)> = Vec::new();
        let mut seats: Vec<Seat> = Vec::new();
        for (id, state) in own.chain(others) {
            let Some(author) = self.directory.get(id) else {
                continue;
            };
            if let Some(at_ms) = state.hand_at_ms
                && hands.iter().all(|(_, raised)| *raised != id)
            {
                hands.push((at_ms, id));
            }
            match seats.iter_mut().find(|seat| seat.id == id) {
                // Several pages of one person are one seat.
                Some(seat) => join(seat, state),
                None => seats.push(Seat {
                    id,
                    author: author.clone(),
                    hand: 0,
                    follows: state.following,
                    writing: state.writing,
                }),
            }
        }
        hands.sort_unstable();
        for (place, (_, id)) in hands.iter().enumerate() {
            if let Some(seat) = seats.iter_mut().find(|seat| seat.id == *id) {
                seat.hand = place + 1;
            }
        }
        set(self.room.people, seats);
    }

    pub(super) fn raise_hand(&mut self) {
        let up = self.client.shown().hand_at_ms.is_none();
        let frame = self.client.set_hand(up.then(clock_ms));
        self.send(&frame.into_iter().collect::<Vec<_>>());
        set(self.room.hand, up);
        self.tell_people();
    }

    /// Somebody else presents and one follows.
    pub(super) fn follows(&self) -> bool {
        self.room.following.get_untracked()
            && self
                .room
                .presenter
                .get_untracked()
                .is_some_and(|presenter| presenter != self.me)
    }

    /// Follows the presenter, or comes back to the own view as it was.
    pub(super) fn follow(&mut self, on: bool) {
        set(self.room.following, on);
        if on {
            self.own_view = self.viewing.viewport();
            self.follow_presenter(true);
        } else if let Some(view) = self.own_view.take() {
            let before = self.viewing.image();
            if self.viewing.follow(&view) {
                if self.viewing.image() != before {
                    self.plan();
                }
                self.dirty.picture = true;
            }
        }
        self.tell_view();
    }

    /// One is writing: the others see it for a while.
    pub(super) fn writes(&mut self, writing: Writing) {
        let before = self.writing.replace((now_ms(), writing));
        if before.is_none() {
            self.writing_ends();
        }
        if before.map(|(_, writing)| writing) != Some(writing) {
            self.tell_view();
        }
    }

    /// Ends what [`Self::writes`] began, some time after the last word.
    fn writing_ends(&self) {
        let controls = self.controls;
        let look = move || {
            controls.with(|engine| match engine.writing {
                Some((since, _)) if now_ms() - since < WRITING_MS => engine.writing_ends(),
                _ => {
                    engine.writing = None;
                    engine.tell_view();
                }
            });
        };
        set_timeout(look, Duration::from_millis(WRITING_LOOK_MS));
    }
}

fn join(seat: &mut Seat, state: &AwarenessState) {
    seat.follows = seat.follows.or(state.following);
    seat.writing = seat.writing.or(state.writing);
}
