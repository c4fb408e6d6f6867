//! Terms, states and rules of a telemedicine multi-center consultation. Pure: no clock, no random
//! source, no I/O. `now` and ids are always arguments, so every rule can be tested to the second.
//!
//! Enter at [`consultation`] for the workflow, [`permission`] for who may do what, [`person`] for
//! patient identity and its masked form.

pub mod canonical;
pub mod clock;
pub mod consultation;
pub mod element;
pub mod ids;
pub mod invitation;
pub mod machine;
pub mod markup;
pub mod masking;
pub mod permission;
pub mod person;
pub mod preparation;
pub mod privacy;
pub mod quality;
pub mod session;
pub mod term;
pub mod time;

pub use ids::*;
pub use privacy::{Clear, Masked};
pub use term::*;
pub use time::Timestamp;
