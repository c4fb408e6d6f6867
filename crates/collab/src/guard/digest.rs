//! What a peer has and lacks, by state vectors, and changes put together.

use std::panic::{AssertUnwindSafe, catch_unwind};

use yrs::{ReadTxn, Transact};

use super::{Room, parse::parse};
use crate::{
    document::{ApplyError, decode_state_vector},
    wire::{Reader, put_var},
};

/// How a peer stands to the room. Deletions are not in state vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// It lacks changes.
    pub behind: bool,
    /// It has changes the room lacks.
    pub ahead: bool,
}

impl Room {
    /// Compares a peer's encoded state vector with the room's.
    ///
    /// # Errors
    /// The bytes are not a state vector.
    pub fn standing(&self, state_vector: &[u8]) -> Result<Standing, ApplyError> {
        let theirs = decode_state_vector(state_vector)?;
        let ours = self.document().doc().transact().state_vector();
        Ok(Standing {
            behind: ours.iter().any(|(client, clock)| *clock > theirs.get(client)),
            ahead: theirs.iter().any(|(client, clock)| *clock > ours.get(client)),
        })
    }
}

/// One update that says the same as several that follow each other; `None` when it cannot be had, which
/// only makes more frames. It has no holes: some Yjs versions lose text behind one.
#[must_use]
pub fn merge(updates: &[&[u8]]) -> Option<Vec<u8>> {
    let merged = catch_unwind(AssertUnwindSafe(|| {
        yrs::merge_updates_v1(updates.iter().copied()).ok()
    }));
    merged.ok().flatten().filter(|update| parse(update).is_ok())
}

/// A whole document with the first change of a client id that has nothing in it yet (the containers of
/// somebody who enters); `None` when the change is another. Costs a copy, where encoding the document
/// again costs milliseconds.
#[must_use]
pub fn with_newcomer(whole: &[u8], change: &[u8]) -> Option<Vec<u8>> {
    let parsed = parse(change).ok()?;
    let mut clients = parsed.blocks.values();
    let first = clients.next()?.first()?;
    if clients.next().is_some() || first.start != 0 || !parsed.deletes.is_empty() {
        return None;
    }
    // One client in front, no deletions behind: what is between is its section.
    let section = change.strip_prefix(&[1])?.strip_suffix(&[0])?;
    let mut rest = Reader::new(whole);
    let clients = rest.var().ok()?;
    let mut all = Vec::with_capacity(whole.len() + section.len() + 1);
    put_var(&mut all, clients.checked_add(1)?);
    all.extend_from_slice(section);
    all.extend_from_slice(rest.rest());
    Some(all)
}
