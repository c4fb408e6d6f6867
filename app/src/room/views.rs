//! The parts of the room's screen.

pub mod call;
pub mod case;
pub mod discussion;
pub mod findings;
pub mod icon;
pub mod lost;
pub mod notes;
pub mod opinions;
pub mod own;
pub(super) use own::DRAFT_ID;
pub mod panel;
pub mod past;
pub mod people;
pub mod query;
pub mod questions;
pub mod requests;
pub mod stage;
pub mod strip;
pub mod supply;
pub mod tools;
pub mod top;
