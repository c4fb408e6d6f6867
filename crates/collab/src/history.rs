//! The document as it was after a change, from its log; the same bytes each time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use yrs::{Transact, Update, WriteTxn, updates::decoder::Decode};

use crate::{
    document::{ApplyError, RoomDoc},
    wire::{Reader, WireError, put_buffer, put_var},
};

/// Levels of nesting in one value.
const DEPTH_MAX: u32 = 16;

/// A document that is built again, change after change.
#[derive(Debug)]
pub struct Replay(RoomDoc);

impl Default for Replay {
    fn default() -> Self {
        Self(RoomDoc::new(0))
    }
}

impl Replay {
    /// The next change (v1).
    ///
    /// # Errors
    /// It does not follow; the replay is of no use after that.
    pub fn apply(&mut self, update: &[u8]) -> Result<(), ApplyError> {
        catch_unwind(AssertUnwindSafe(|| {
            let update = Update::decode_v1(update).map_err(|_| ApplyError::Malformed)?;
            let mut txn = self.0.doc().transact_mut();
            txn.apply_update(update).map_err(|_| ApplyError::Malformed)?;
            if txn.prune_pending().is_some() {
                return Err(ApplyError::Missing);
            }
            Ok(())
        }))
        .unwrap_or(Err(ApplyError::Malformed))
    }

    /// The document, to read.
    #[must_use]
    pub const fn document(&self) -> &RoomDoc {
        &self.0
    }

    /// The state now (v1), the same bytes for the same changes: yrs writes the keys of a value in an order
    /// that differs from run to run, here they are sorted.
    ///
    /// # Errors
    /// The state is not what a room may hold.
    pub fn state(&self) -> Result<Vec<u8>, ApplyError> {
        canonical(&self.0.encode()).map_err(|_| ApplyError::Malformed)
    }
}

/// Writes an update with the keys of all values in order.
fn canonical(update: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut r = Reader::new(update);
    let mut out = Vec::with_capacity(update.len());
    let clients = r.count(4)?;
    put_len(&mut out, clients);
    for _ in 0..clients {
        let blocks = r.count(2)?;
        put_len(&mut out, blocks);
        numbers(&mut r, &mut out, 2)?;
        for _ in 0..blocks {
            block(&mut r, &mut out)?;
        }
    }
    // Deletions are sorted by client and clock as they are.
    out.extend_from_slice(r.rest());
    Ok(out)
}

fn block(r: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    let info = r.byte()?;
    out.push(info);
    if matches!(info, 0 | 10) {
        return numbers(r, out, 1);
    }
    let (left, right) = (info & 0x80 != 0, info & 0x40 != 0);
    if left {
        numbers(r, out, 2)?;
    }
    if right {
        numbers(r, out, 2)?;
    }
    if !left && !right {
        let by_name = r.var()?;
        put_var(out, by_name);
        if by_name == 1 {
            put_buffer(out, r.buffer()?);
        } else {
            numbers(r, out, 2)?;
        }
        if info & 0x20 != 0 {
            put_buffer(out, r.buffer()?);
        }
    }
    match info & 0x1f {
        1 | 7 => numbers(r, out, 1),
        4 => {
            put_buffer(out, r.buffer()?);
            Ok(())
        }
        8 => {
            let count = r.count(1)?;
            put_len(out, count);
            for _ in 0..count {
                value(r, out, 0)?;
            }
            Ok(())
        }
        other => Err(WireError::Tag(other)),
    }
}

fn value(r: &mut Reader<'_>, out: &mut Vec<u8>, depth: u32) -> Result<(), WireError> {
    if depth > DEPTH_MAX {
        return Err(WireError::Deep);
    }
    let tag = r.byte()?;
    out.push(tag);
    match tag {
        120 | 121 | 126 | 127 => {}
        122 | 123 => out.extend_from_slice(r.bytes(8)?),
        124 => out.extend_from_slice(r.bytes(4)?),
        125 => loop {
            let byte = r.byte()?;
            out.push(byte);
            if byte & 0x80 == 0 {
                break;
            }
        },
        116 | 119 => put_buffer(out, r.buffer()?),
        117 => {
            let count = r.count(1)?;
            put_len(out, count);
            for _ in 0..count {
                value(r, out, depth + 1)?;
            }
        }
        118 => {
            let count = r.count(2)?;
            put_len(out, count);
            let mut entries = Vec::new();
            for _ in 0..count {
                let key = r.buffer()?;
                let mut written = Vec::new();
                value(r, &mut written, depth + 1)?;
                entries.push((key, written));
            }
            entries.sort();
            for (key, written) in entries {
                put_buffer(out, key);
                out.extend_from_slice(&written);
            }
        }
        other => return Err(WireError::Tag(other)),
    }
    Ok(())
}

fn numbers(r: &mut Reader<'_>, out: &mut Vec<u8>, count: usize) -> Result<(), WireError> {
    for _ in 0..count {
        put_var(out, r.var()?);
    }
    Ok(())
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    put_var(out, u64::try_from(len).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use consilium_domain::AccountId;
    use consilium_protocol::live::DiscussionLine;
    use uuid::Uuid;

    use super::*;

    /// Drawing, writing, erasing and speaking, as a log of changes.
    fn log() -> Vec<Vec<u8>> {
        let doc = RoomDoc::new(7);
        let me = AccountId(Uuid::from_u128(1));
        let mut log = Vec::new();
        for n in 0..40_i64 {
            let line = DiscussionLine {
                id: n.to_string(),
                text: "看第三幅".to_owned(),
                at_ms: 1_763_000_000_000 + n,
                mentions: vec![me; 2],
                ..DiscussionLine::default()
            };
            log.extend(doc.say(me, &line));
            log.extend(doc.set_opinion(
                me,
                &"考虑胶质瘤 and more ".repeat(usize::try_from(n % 4).unwrap()),
            ));
            log.extend(doc.set_presenter((n % 3 == 0).then_some(me)));
        }
        log
    }

    #[test]
    fn the_same_changes_give_the_same_bytes() {
        let log = log();
        let (mut one, mut differently_encoded) = (Replay::default(), false);
        for (place, update) in log.iter().enumerate() {
            one.apply(update).unwrap();
            let mut again = Replay::default();
            for update in log.iter().take(place + 1) {
                again.apply(update).unwrap();
            }
            differently_encoded |= one.document().encode() != again.document().encode();
            let state = one.state().unwrap();
            assert_eq!(state, again.state().unwrap());
            // It is still an update that says the same.
            let copy = RoomDoc::new(9);
            copy.apply(&state).unwrap();
            assert_eq!(copy.discussion(), one.document().discussion());
            assert_eq!(copy.opinions(), one.document().opinions());
            assert_eq!(copy.state_vector(), one.document().state_vector());
        }
        assert!(differently_encoded, "or there would be no need of any of this");
    }

    #[test]
    fn a_change_that_does_not_follow_is_refused() {
        let log = log();
        let mut replay = Replay::default();
        assert_eq!(replay.apply(&log[5]), Err(ApplyError::Missing));
        assert_eq!(Replay::default().apply(b"rubbish"), Err(ApplyError::Malformed));
    }
}
