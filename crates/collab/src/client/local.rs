//! The local copy of a room: what a page keeps on its device while something is not yet durable on the server.
//!
//! ```text
//! version (1) | length of the header | header: JSON {epoch, unsaved} | length | whole document, update v1
//! ```
//! The page seals the bytes before it stores them; this module knows nothing of keys.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ClientRoom, LostEdits, Unsaved, What};
use crate::{
    document::RoomDoc,
    wire::{Reader, put_buffer},
};

/// Version of the form.
const VERSION: u8 = 1;

/// Bytes that are not a local copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a local copy of a room")]
pub struct NotACopy;

#[derive(Serialize, Deserialize)]
struct Header {
    epoch: Option<i64>,
    unsaved: Vec<What>,
}

impl ClientRoom {
    /// The local copy with what is not yet durable; `None` when all is durable and nothing need be kept.
    #[must_use]
    pub fn export(&self) -> Option<Vec<u8>> {
        if self.unsaved.is_empty() {
            return None;
        }
        let header = Header {
            epoch: self.epoch,
            unsaved: self.unsaved.iter().map(|edit| edit.what.clone()).collect(),
        };
        let header = serde_json::to_vec(&header).ok()?;
        let mut out = vec![VERSION];
        put_buffer(&mut out, &header);
        put_buffer(&mut out, &self.doc.encode());
        Some(out)
    }

    /// Takes in a copy that an earlier page kept; call it before the first connection, once for each copy. What
    /// was not durable travels with the next sync. A copy from another life of the room than the first one
    /// cannot be merged: its own unsaved content comes back, to be shown.
    ///
    /// # Errors
    /// The bytes are not a copy; nothing was taken.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<Option<LostEdits>, NotACopy> {
        let (header, update) = read(bytes)?;
        let known = !self.unsaved.is_empty() || self.epoch.is_some();
        if known && self.epoch != header.epoch {
            let copy = RoomDoc::new(self.client_id);
            copy.apply(update).map_err(|_| NotACopy)?;
            return Ok(LostEdits::of(&copy, self.me, header.unsaved.iter()));
        }
        self.doc.apply(update).map_err(|_| NotACopy)?;
        self.epoch = header.epoch;
        self.unsaved
            .extend(header.unsaved.into_iter().map(|what| Unsaved {
                what,
                sent: None,
                number: 0,
                shown: false,
            }));
        Ok(None)
    }

    /// Own edits that are not durable, for a page that will not connect again; `None` when there are none.
    #[must_use]
    pub fn give_up(&mut self) -> Option<LostEdits> {
        let lost = LostEdits::of(&self.doc, self.me, self.unsaved.iter().map(|edit| &edit.what));
        self.unsaved.clear();
        lost
    }
}

fn read(bytes: &[u8]) -> Result<(Header, &[u8]), NotACopy> {
    let mut r = Reader::new(bytes);
    if r.byte().map_err(|_| NotACopy)? != VERSION {
        return Err(NotACopy);
    }
    let header = r.buffer().map_err(|_| NotACopy)?;
    let update = r.buffer().map_err(|_| NotACopy)?;
    let header = serde_json::from_slice(header).map_err(|_| NotACopy)?;
    if r.is_empty() {
        Ok((header, update))
    } else {
        Err(NotACopy)
    }
}
