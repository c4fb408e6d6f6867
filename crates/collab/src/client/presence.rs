//! One's own awareness state and what is known of the others.

use std::collections::HashMap;

use consilium_domain::AccountId;
use consilium_protocol::live::{Annotation, AwarenessState, Cursor, Viewport, Writing};

use super::ClientRoom;
use crate::{
    awareness::{Entry, decode, encode},
    frame,
};

pub(super) struct Presence {
    client_id: u64,
    clock: u32,
    own: AwarenessState,
    others: HashMap<u64, (u32, Option<AwarenessState>)>,
}

impl Presence {
    pub(super) fn new(client_id: u64) -> Self {
        Self {
            client_id,
            clock: 0,
            own: AwarenessState::default(),
            others: HashMap::new(),
        }
    }

    /// Changes the own state; the frame to send when something changed and somebody listens.
    pub(super) fn change(
        &mut self,
        connected: bool,
        change: impl FnOnce(&mut AwarenessState) -> bool,
    ) -> Option<Vec<u8>> {
        (change(&mut self.own) && connected).then(|| self.renew())
    }

    pub(super) fn renew(&mut self) -> Vec<u8> {
        self.clock = self.clock.saturating_add(1);
        frame::awareness(&encode(&[Entry {
            client: self.client_id,
            clock: self.clock,
            state: serde_json::to_string(&self.own).unwrap_or_else(|_| "{}".to_owned()),
        }]))
    }

    /// Takes what others show; `true` when something changed.
    pub(super) fn merge(&mut self, states: &[u8]) -> bool {
        let Ok(entries) = decode(states) else {
            return false;
        };
        let mut changed = false;
        for entry in entries {
            if entry.client == self.client_id {
                // The server remembers us from before: stay ahead of it.
                self.clock = self.clock.max(entry.clock);
                continue;
            }
            let gone = entry.state == "null";
            let known = self.others.get(&entry.client);
            let news = known.is_none_or(|(clock, state)| {
                entry.clock > *clock || (entry.clock == *clock && gone && state.is_some())
            });
            let state = if gone {
                None
            } else {
                serde_json::from_str(&entry.state).ok()
            };
            if news && (gone || state.is_some()) {
                self.others.insert(entry.client, (entry.clock, state));
                changed = true;
            }
        }
        changed
    }

    pub(super) fn others(&self) -> Vec<(u64, AwarenessState)> {
        let mut all: Vec<_> = self
            .others
            .iter()
            .filter_map(|(client, (_, state))| Some((*client, state.clone()?)))
            .collect();
        all.sort_by_key(|(client, _)| *client);
        all
    }

    /// Nobody is known any more: the connection is gone.
    pub(super) fn clear(&mut self) {
        self.others.clear();
    }
}

impl ClientRoom {
    /// Shows others where one points; the frame to send, `None` while not connected or unchanged.
    pub fn set_cursor(&mut self, cursor: Option<Cursor>) -> Option<Vec<u8>> {
        self.show(|own| replace(&mut own.cursor, cursor))
    }

    /// Shows others what one looks at.
    pub fn set_viewport(&mut self, viewport: Option<Viewport>) -> Option<Vec<u8>> {
        self.show(|own| replace(&mut own.viewport, viewport))
    }

    /// Shows others a stroke in progress.
    pub fn set_drawing(&mut self, drawing: Option<Annotation>) -> Option<Vec<u8>> {
        self.show(|own| replace(&mut own.drawing, drawing))
    }

    /// Raises one's hand at a time (ms since the epoch), or lowers it.
    pub fn set_hand(&mut self, at_ms: Option<i64>) -> Option<Vec<u8>> {
        self.show(|own| replace(&mut own.hand_at_ms, at_ms))
    }

    /// Tells whose view this page follows.
    pub fn set_following(&mut self, whom: Option<AccountId>) -> Option<Vec<u8>> {
        self.show(|own| replace(&mut own.following, whom))
    }

    /// Tells where one is writing.
    pub fn set_writing(&mut self, writing: Option<Writing>) -> Option<Vec<u8>> {
        self.show(|own| replace(&mut own.writing, writing))
    }

    /// Sends one's own state again; the page calls this every 15 s.
    pub fn renew(&mut self) -> Option<Vec<u8>> {
        self.show(|_| true)
    }

    /// What one shows oneself.
    #[must_use]
    pub const fn shown(&self) -> &AwarenessState {
        &self.presence.own
    }

    fn show(&mut self, change: impl FnOnce(&mut AwarenessState) -> bool) -> Option<Vec<u8>> {
        self.presence.change(self.connected, change)
    }
}

fn replace<T: PartialEq>(slot: &mut T, value: T) -> bool {
    let changed = *slot != value;
    *slot = value;
    changed
}
