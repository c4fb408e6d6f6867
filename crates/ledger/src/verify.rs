//! Walking a stored log.

use thiserror::Error;

use crate::{AuditFields, Checkpoint, Hash, Link, chain::hash_fields};

/// What is wrong at the place named by [`Broken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakKind {
    /// The row with this number is not there (removed or moved).
    Missing,
    /// A row with this number was already read (added, repeated or moved).
    OutOfOrder,
    /// The row does not link to the row before; one of the two was replaced.
    PreviousHash,
    /// The content of the row does not match its hash.
    Content,
    /// The log up to here is sound in itself but is not the one the checkpoint saw.
    Checkpoint,
    /// The log ends before the checkpoint: from this number on rows were cut off.
    Truncated,
}

/// The first bad row of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("audit log broken at record {seq}: {kind:?}")]
pub struct Broken {
    /// Sequence number of the first record that cannot be trusted.
    pub seq: i64,
    /// What was found there.
    pub kind: BreakKind,
}

/// Verifies rows one at a time, in flat memory.
///
/// Feed every row in the order of its number, then call [`Verifier::finish`]. Contents
/// are hashed anew; stored hashes are never trusted.
#[derive(Debug, Clone)]
pub struct Verifier {
    size: i64,
    head: Hash,
    /// Not yet reached, smallest size last.
    expected: Vec<Checkpoint>,
    broken: Option<Broken>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Starts before the first record.
    #[must_use]
    pub fn new() -> Self {
        Self::resume(Checkpoint::EMPTY)
    }

    /// Starts after a part of the log already verified and ended at `checkpoint`.
    #[must_use]
    pub fn resume(checkpoint: Checkpoint) -> Self {
        Self {
            size: checkpoint.size,
            head: checkpoint.head,
            expected: Vec::new(),
            broken: None,
        }
    }

    /// Demands that the log passes through `checkpoint`. May be called for several.
    #[must_use]
    pub fn expecting(mut self, checkpoint: Checkpoint) -> Self {
        self.expected.push(checkpoint);
        self.expected
            .sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
        // One that lies at or before the starting point is decided here.
        let reached = self.check_expected();
        self.broken = self.broken.or(reached.err());
        self
    }

    /// Verifies the next row.
    ///
    /// # Errors
    /// [`Broken`] for the first bad row; every later call repeats it.
    pub fn feed(&mut self, row: &AuditFields, link: &Link) -> Result<(), Broken> {
        let outcome = match self.broken {
            Some(broken) => Err(broken),
            None => self.check_row(row, link),
        };
        self.broken = outcome.err();
        outcome
    }

    /// Ends the log.
    ///
    /// # Errors
    /// [`Broken`] when a row was bad or the log is shorter than a checkpoint demands.
    pub fn finish(self) -> Result<Checkpoint, Broken> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        if self.expected.is_empty() {
            Ok(self.progress())
        } else {
            Err(Broken {
                seq: self.size.saturating_add(1),
                kind: BreakKind::Truncated,
            })
        }
    }

    /// The point up to which the log is sound.
    #[must_use]
    pub fn progress(&self) -> Checkpoint {
        Checkpoint {
            size: self.size,
            head: self.head,
        }
    }

    fn check_row(&mut self, row: &AuditFields, link: &Link) -> Result<(), Broken> {
        let next = self.size.saturating_add(1);
        let at = |seq, kind| Err(Broken { seq, kind });
        if row.seq > next {
            return at(next, BreakKind::Missing);
        }
        if row.seq < next {
            return at(row.seq, BreakKind::OutOfOrder);
        }
        if link.prev_hash != self.head {
            return at(next, BreakKind::PreviousHash);
        }
        if row.check().is_err() || hash_fields(&self.head, row) != link.hash {
            return at(next, BreakKind::Content);
        }
        self.size = next;
        self.head = link.hash;
        self.check_expected()
    }

    fn check_expected(&mut self) -> Result<(), Broken> {
        while let Some(checkpoint) = self.expected.last().copied() {
            if checkpoint.size > self.size {
                break;
            }
            self.expected.pop();
            if checkpoint != self.progress() {
                return Err(Broken {
                    seq: checkpoint.size,
                    kind: BreakKind::Checkpoint,
                });
            }
        }
        Ok(())
    }
}
