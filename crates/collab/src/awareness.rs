//! Who points where. The server keeps the table, takes from a connection only what is its own, keeps
//! only the fields it knows and stamps the person; nobody can appear as somebody else.

use std::collections::HashMap;

use consilium_domain::AccountId;
use consilium_protocol::{
    limits::AWARENESS_BYTES,
    live::{AwarenessState, Person},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::{
    guard::shape,
    wire::{Reader, WireError, put_buffer, put_var},
};

/// Most entries read from one frame. A stock client echoes what it learnt, so a full room fits.
const ENTRIES_MAX: usize = 1024;
/// Clients of one connection; a page has one.
const CLIENTS_PER_CONNECTION: usize = 4;
/// Clients remembered after they left.
const REMEMBERED_MAX: usize = 10_000;

/// State of a client as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Client.
    pub client: u64,
    /// Counts up with each change.
    pub clock: u32,
    /// JSON; `null` when the client is gone.
    pub state: String,
}

/// An awareness frame that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("malformed awareness update")]
pub struct Malformed;

impl From<WireError> for Malformed {
    fn from(_: WireError) -> Self {
        Self
    }
}

/// Reads the payload of an awareness frame.
///
/// # Errors
/// Not an awareness update, too many entries or too large a state.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, Malformed> {
    let mut r = Reader::new(bytes);
    let count = r.count(3)?;
    if count > ENTRIES_MAX {
        return Err(Malformed);
    }
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let client = r.var()?;
        let clock = r.var_u32()?;
        let state = r.text()?;
        // The stamped person comes on top of what the client may send.
        if state.len() > 2 * AWARENESS_BYTES {
            return Err(Malformed);
        }
        entries.push(Entry {
            client,
            clock,
            state: state.to_owned(),
        });
    }
    if r.is_empty() { Ok(entries) } else { Err(Malformed) }
}

/// Writes the payload of an awareness frame.
#[must_use]
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    put_var(&mut out, u64::try_from(entries.len()).unwrap_or(u64::MAX));
    for entry in entries {
        put_var(&mut out, entry.client);
        put_var(&mut out, u64::from(entry.clock));
        put_buffer(&mut out, entry.state.as_bytes());
    }
    out
}

struct Row {
    connection: u64,
    account: AccountId,
    clock: u32,
    /// `None` after leaving; the clock stays so that an echo does not bring the client back.
    state: Option<String>,
}

/// The server's table of one room.
#[derive(Default)]
pub struct Table {
    rows: HashMap<u64, Row>,
}

fn field<T: DeserializeOwned>(state: &Value, name: &str) -> Option<T> {
    serde_json::from_value(state.get(name)?.clone()).ok()
}

/// The known fields of a client's state with the person stamped on, as JSON; `None` when the client
/// says it is gone.
fn stamp(json: &str, person: &Person) -> Result<Option<String>, Malformed> {
    if json.len() > AWARENESS_BYTES {
        return Err(Malformed);
    }
    let state: Value = serde_json::from_str(json).map_err(|_| Malformed)?;
    if state.is_null() {
        return Ok(None);
    }
    if !state.is_object() {
        return Err(Malformed);
    }
    let stamped = AwarenessState {
        user: Some(person.clone()),
        cursor: field(&state, "cursor"),
        viewport: field(&state, "viewport"),
        drawing: field(&state, "drawing").filter(shape::stroke_is_sound),
        hand_at_ms: field(&state, "hand_at_ms"),
        following: field(&state, "following"),
        writing: field(&state, "writing"),
    };
    serde_json::to_string(&stamped).map(Some).map_err(|_| Malformed)
}

impl Table {
    /// Takes a frame from a connection and returns what the others should get. `may_claim` tells
    /// whether a client id may belong to the person (nobody else wrote with it). Entries of others
    /// (stock clients echo them) are dropped; the frame as a whole is refused when malformed.
    ///
    /// # Errors
    /// The frame is malformed; nothing was taken from it.
    pub fn accept(
        &mut self,
        connection: u64,
        person: &Person,
        bytes: &[u8],
        mut may_claim: impl FnMut(u64) -> bool,
    ) -> Result<Vec<Entry>, Malformed> {
        let mut taken = Vec::new();
        for entry in decode(bytes)? {
            if let Some(row) = self.rows.get(&entry.client) {
                let newer = entry.clock > row.clock;
                let gone = entry.clock == row.clock && entry.state == "null" && row.state.is_some();
                let own = row.account == person.id && (row.connection == connection || newer);
                if !own || !(newer || gone) {
                    continue;
                }
            } else if entry.state == "null"
                || self.claimed(connection) >= CLIENTS_PER_CONNECTION
                || self.rows.len() >= REMEMBERED_MAX
                || !may_claim(entry.client)
            {
                continue;
            }
            let state = stamp(&entry.state, person)?;
            taken.push((entry.client, entry.clock, state));
        }
        Ok(taken
            .into_iter()
            .map(|(client, clock, state)| {
                let json = state.clone().unwrap_or_else(|| "null".to_owned());
                self.rows.insert(
                    client,
                    Row {
                        connection,
                        account: person.id,
                        clock,
                        state,
                    },
                );
                Entry {
                    client,
                    clock,
                    state: json,
                }
            })
            .collect())
    }

    /// The client ids a connection shows itself with.
    #[must_use]
    pub fn clients(&self, connection: u64) -> Vec<u64> {
        self.rows
            .iter()
            .filter(|(_, row)| row.connection == connection)
            .map(|(client, _)| *client)
            .collect()
    }

    fn claimed(&self, connection: u64) -> usize {
        self.rows
            .values()
            .filter(|row| row.connection == connection)
            .count()
    }

    /// Everybody present, for one who joins or asks.
    #[must_use]
    pub fn all(&self) -> Vec<Entry> {
        self.rows
            .iter()
            .filter_map(|(client, row)| {
                Some(Entry {
                    client: *client,
                    clock: row.clock,
                    state: row.state.clone()?,
                })
            })
            .collect()
    }

    /// The connection is gone: what the others should get.
    pub fn leave(&mut self, connection: u64) -> Vec<Entry> {
        self.rows
            .iter_mut()
            .filter(|(_, row)| row.connection == connection && row.state.is_some())
            .map(|(client, row)| {
                row.clock = row.clock.saturating_add(1);
                row.state = None;
                Entry {
                    client: *client,
                    clock: row.clock,
                    state: "null".to_owned(),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
