//! The data of a consultation: dictionary, checks of rows, quality numbers (clauses 4.2.1 and 6).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod builder;
mod checks;
mod completeness;
mod consistency;
mod dictionary;
mod identity;
