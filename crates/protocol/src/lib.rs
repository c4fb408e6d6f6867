//! What crosses a boundary: HTTP data-transfer objects, live-room frames, error codes and every size
//! limit. Serde only; shared by server, browser and tests.

pub mod codes;
pub mod consultation;
pub mod exchange;
mod flat;
pub mod imaging;
pub mod limits;
pub mod live;
pub mod masking;
pub mod notice;
pub mod page;
pub mod preparation;
pub mod problem;
pub mod report;
pub mod room;
pub mod session;
pub mod upload;

pub use problem::{FieldError, Problem};
