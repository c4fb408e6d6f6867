//! The audit log as a hash chain.
//!
//! Clause 8.4 asks for a record of every act with operator, time, content, result,
//! IP address and device. [`AuditRecord`] is such a record, complete by construction;
//! [`seal`] links it to the record before; [`Verifier`] walks a stored log and names the
//! first row that was changed, removed, added or moved.
//!
//! The chain alone cannot show that its tail was cut off or that everything after some
//! row was rewritten: whoever can write all rows can also compute all hashes. A
//! [`Checkpoint`] kept (and signed) elsewhere closes that gap.
//!
//! This crate is pure: no clock, no random numbers, no storage. It compiles to WebAssembly
//! so that a log can be verified in a browser without the server that wrote it.

mod chain;
mod hash_text;
mod record;
mod verify;

pub use chain::{Checkpoint, GENESIS, Hash, Link, link, seal};
pub use record::{
    ANONYMOUS, AuditFields, AuditRecord, DEVICE_CHARS_MAX, FIELD_BYTES_MAX, RecordError, SYSTEM,
    UNKNOWN_DEVICE,
};
pub use verify::{BreakKind, Broken, Verifier};
