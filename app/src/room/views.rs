//! The parts of the room's screen.

pub mod case;
pub mod discussion;
pub mod findings;
pub mod icon;
pub mod opinions;
pub(super) use opinions::DRAFT_ID;
pub mod panel;
pub mod stage;
pub mod strip;
pub mod tools;
pub mod top;
