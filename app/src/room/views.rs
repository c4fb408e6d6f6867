//! The parts of the room's screen.

mod case;
mod discussion;
mod findings;
mod icon;
mod opinions;
pub(super) use opinions::DRAFT_ID;
pub(super) mod panel;
pub(super) mod stage;
pub(super) mod strip;
mod tools;
pub(super) mod top;
