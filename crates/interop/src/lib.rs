//! Foreign formats at the border of the system: reads what hospital systems send and turns it into
//! the shapes of `consilium_protocol`.
//!
//! Pure: bytes and the time go in, a value or a list of what is wrong comes out. It opens no socket
//! and no file, and no error text or `Debug` output here contains a value of a patient, only places
//! and codes.
//!
//! Enter at [`fhir::import_bundle`] and [`fhir::records`] for what comes in, [`fhir::document`] and [`plain::xml`]
//! for what goes out.

pub mod fhir;
pub mod plain;
mod tree;
pub mod xml;
