//! The number of a data element in Table 1.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A data element by its row in Table 1: `2.1`, or a part of a row: `2.7.temperature`. Ordered by number, so
/// `1.9` comes before `1.10`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId {
    category: u8,
    row: u8,
    part: String,
}

/// A text that is no element number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no element number such as 1.3 or 2.7.temperature")]
pub struct ElementIdError(pub String);

impl ElementId {
    /// A whole row, such as `1.3`.
    #[must_use]
    pub const fn row(category: u8, row: u8) -> Self {
        Self {
            category,
            row,
            part: String::new(),
        }
    }

    /// A part of a row, such as `2.7.temperature`.
    #[must_use]
    pub fn part(category: u8, row: u8, part: &str) -> Self {
        Self {
            category,
            row,
            part: part.to_owned(),
        }
    }

    /// The row without the part.
    #[must_use]
    pub const fn whole_row(&self) -> Self {
        Self::row(self.category, self.row)
    }

    /// Number of the data category, 1 to 6.
    #[must_use]
    pub const fn category(&self) -> u8 {
        self.category
    }
}

impl fmt::Display for ElementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.category, self.row)?;
        if self.part.is_empty() {
            Ok(())
        } else {
            write!(f, ".{}", self.part)
        }
    }
}

impl fmt::Debug for ElementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ElementId {
    type Err = ElementIdError;

    fn from_str(text: &str) -> Result<Self, ElementIdError> {
        let wrong = || ElementIdError(text.chars().take(40).collect());
        let mut pieces = text.splitn(3, '.');
        let mut number = || {
            pieces
                .next()
                .filter(|n| n.bytes().all(|b| b.is_ascii_digit()) && !n.starts_with('0'))
                .and_then(|n| n.parse().ok())
                .ok_or_else(wrong)
        };
        let (category, row) = (number()?, number()?);
        let part = pieces.next().unwrap_or_default();
        let legal = part
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !legal || text.ends_with('.') || part.len() > 40 {
            return Err(wrong());
        }
        Ok(Self::part(category, row, part))
    }
}

impl Serialize for ElementId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ElementId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{
            ObjectBuilder, RefOr,
            schema::{Schema, Type},
        },
    };

    impl PartialSchema for super::ElementId {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new().schema_type(Type::String).into()
        }
    }

    impl ToSchema for super::ElementId {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_order_and_round_trip() {
        let mut ids: Vec<ElementId> = ["1.10", "2.7.pulse", "1.9", "2.7", "1.1"]
            .iter()
            .map(|t| t.parse().unwrap())
            .collect();
        ids.sort();
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["1.1", "1.9", "1.10", "2.7", "2.7.pulse"]);
        assert_eq!(
            serde_json::from_str::<ElementId>("\"2.7.pulse\"").unwrap(),
            ids[4]
        );
        assert_eq!(ids[4].whole_row(), ids[3]);
        for bad in [
            "", "1", "1.", "a.1", "1.2.", "1.2.A", "1.300", "01.2", "+1.2", "1.2.b.c", "1.2.中",
        ] {
            assert!(bad.parse::<ElementId>().is_err(), "{bad}");
        }
    }
}
