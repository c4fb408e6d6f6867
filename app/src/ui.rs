//! Components that pages are made of. Each has a label, a visible focus and a keyboard path.

pub mod ask;
pub mod badge;
pub mod bell;
pub mod button;
pub mod chip;
pub mod field;
pub mod frame;
pub mod notice;
pub mod phase;
pub mod prose;
pub mod show;

pub use ask::{AskReason, Doing, Outcome};
pub use badge::{DueTime, InstitutionTag, colour_class};
pub use button::{Button, ButtonKind, LinkButton};
pub use chip::{CheckChip, ChoiceChip};
pub use field::{DateField, FormErrors, SelectField, TextArea, TextField};
pub use frame::Frame;
pub use notice::{ConfirmBar, Notice, Tone};
pub use phase::PhaseBar;
pub use prose::Prose;
pub use show::{Empty, Facts, InstitutionName, Lines};
