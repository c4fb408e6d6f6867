//! Rows: repositories over SQLite and PostgreSQL with the same code.
//!
//! Enter at [`Store`]. Reads go through [`Store::reader`]; writes through the one [`WriteTx`] that
//! [`Store::begin`] opens, which also offers every read. A transaction commits only when it holds an audit
//! record ([`WriteTx::audit`]); dropping it takes everything back.
//!
//! Whatever identifies a patient or quotes a chart is sealed and opened inside this crate, bound to its
//! table, column and row: callers never see ciphertext and no clear text reaches a table. Tables are
//! private; callers see plain structs. The crate has no clock: times are arguments.

mod accounts;
mod attachments;
mod audit;
mod consultations;
mod convert;
mod deadlines;
mod entity;
mod error;
mod exchange;
mod files;
mod images;
mod institutions;
mod invitations;
mod issues;
mod notices;
mod opinions;
mod packages;
mod patients;
mod questions;
mod reader;
mod reports;
mod requests;
mod rooms;
mod sessions;
mod store;
mod submissions;
mod suspensions;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod unmasking;
mod uploads;
mod worklist;

pub use accounts::{Account, Attempt};
pub use attachments::Attachment;
pub use audit::{AuditEntry, AuditFilter};
pub use consultations::Consultation;
pub use deadlines::{BoardFilter, BoardRow, Deadline, DeadlineState};
pub use error::{Result, StoreError};
pub use exchange::{Lane, LaneEnd, Outgoing, Received};
pub use files::StoredFile;
pub use images::{Instance, Series, SourcePatientLink};
pub use institutions::Institution;
pub use invitations::Invitation;
pub use issues::{Issue, IssueContent};
pub use notices::{DueMail, MailAddress, Notice, Wake};
pub use opinions::Opinion;
pub use packages::Package;
pub use patients::{Patient, PatientIdentity};
pub use questions::Question;
pub use reader::Reader;
pub use reports::Report;
pub use requests::DataRequest;
pub use rooms::{LogEntry, Room, RoomKey, Snapshot};
pub use sessions::Session;
pub use store::Store;
pub use submissions::{ItemFinding, ItemHead, ItemsOf, StoredItem, Submission};
pub use suspensions::Suspension;
pub use transaction::WriteTx;
pub use unmasking::Unmasking;
pub use uploads::{Reserved, Upload};
pub use worklist::WorklistFilter;
