//! Entering, leaving, rights.

use std::{collections::HashMap, sync::Arc};

use axum::body::Bytes;
use consilium_collab::{awareness::encode, frame};
use consilium_domain::{AccountId, permission::RoomRights};
use consilium_protocol::live::{CLOSE_REVOKED, CLOSE_TOO_SLOW, ServerFrame};
use consilium_storage::RoomKey;

use super::{Actor, Join, Outbox, Seat};

fn may_write(rights: RoomRights) -> bool {
    rights != RoomRights::default()
}

/// What of somebody's rights counts in this document.
fn of_document(key: RoomKey, rights: RoomRights) -> RoomRights {
    if key.owner.is_some() {
        rights.private()
    } else {
        rights.shared()
    }
}

/// A client id that nobody has drawn before, with all likelihood.
fn fresh_client() -> Option<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok()?;
    // The upper half of what JavaScript can hold: stock clients draw 32 bits.
    Some((u64::from_le_bytes(bytes) >> 11) | 1 << 52)
}

impl Actor {
    pub(super) fn join(&mut self, connection: u64, join: Arc<Join>, outbox: Arc<Outbox>) {
        let account = join.person.id;
        let rights = of_document(self.key, join.rights);
        outbox.push(frame::sync_step_1(&self.room.state_vector()).into());
        let present = self.awareness.all();
        if !present.is_empty() {
            outbox.push(frame::awareness(&encode(&present)).into());
        }
        self.seats.insert(
            connection,
            Seat {
                join,
                rights,
                outbox,
                hello: false,
                received: 0,
                after: None,
                dirty: false,
                gaps: 0,
                question: None,
            },
        );
        if may_write(rights) {
            self.prepare(account, rights);
        }
    }

    /// Makes sure the account's containers exist before any of its pages writes.
    fn prepare(&mut self, account: AccountId, rights: RoomRights) {
        if self.read_only.is_some() {
            return;
        }
        let Some(client) = fresh_client() else { return };
        match self.room.prepare_for(account, rights, client) {
            Ok(Some(applied)) => self.accept(None, account, applied),
            Ok(None) => {}
            Err(violation) => {
                tracing::error!(%violation, room.key = %self.key, "a place could not be prepared");
            }
        }
    }

    pub(super) fn leave(&mut self, connection: u64) {
        let Some(seat) = self.seats.remove(&connection) else {
            return;
        };
        if seat.outbox.closed_with() == Some(CLOSE_TOO_SLOW) {
            self.resyncs += 1;
        }
        self.hang_up(connection);
        let gone = self.awareness.leave(connection);
        self.show(gone, None);
    }

    /// Puts rights in force; the accounts present that are not named.
    pub(super) fn set_rights(
        &mut self,
        rights: &HashMap<AccountId, Option<RoomRights>>,
        changed: &str,
    ) -> Vec<AccountId> {
        let mut missing = Vec::new();
        let mut writers = Vec::new();
        let key = self.key;
        for seat in self.seats.values_mut() {
            let account = seat.join.person.id;
            let known = rights
                .get(&account)
                .map(|rights| rights.map(|rights| of_document(key, rights)));
            match known {
                None => missing.push(account),
                Some(None) => seat.outbox.close(CLOSE_REVOKED, "access ended"),
                Some(Some(rights)) if rights != seat.rights => {
                    seat.rights = rights;
                    if may_write(rights) {
                        writers.push((account, rights));
                    }
                    if seat.hello {
                        let frame = ServerFrame::Rights { rights };
                        seat.outbox.push(frame::server_frame(&frame).into());
                    }
                }
                Some(Some(_)) => {}
            }
        }
        for (account, rights) in writers {
            self.prepare(account, rights);
        }
        // Whoever has a private document open has the shared one open as well, and hears it there.
        if !changed.is_empty() && key.owner.is_none() {
            self.tell(&ServerFrame::Changed {
                what: changed.to_owned(),
            });
        }
        missing
    }

    /// Sends one of our frames to all who understand it.
    pub(super) fn tell(&self, frame: &ServerFrame) {
        let frame: Bytes = frame::server_frame(frame).into();
        for seat in self.seats.values().filter(|seat| seat.hello) {
            seat.outbox.push(frame.clone());
        }
    }
}
