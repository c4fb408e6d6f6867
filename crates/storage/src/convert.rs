//! Between columns and types.

use std::str::FromStr;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Result, error::corrupt};

/// A closed list's value from its code.
pub(crate) fn code<T: FromStr>(table: &str, column: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| corrupt(table, column))
}

/// A 32-byte hash.
pub(crate) fn hash(table: &str, column: &str, bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| corrupt(table, column))
}

/// JSON as text.
pub(crate) fn to_json<T: Serialize>(table: &str, column: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| corrupt(table, column))
}

/// A value from JSON text. The parser's words may quote data and are dropped.
pub(crate) fn from_json<T: DeserializeOwned>(table: &str, column: &str, text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|_| corrupt(table, column))
}
