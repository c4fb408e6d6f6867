//! Points in time: milliseconds since the Unix epoch, UTC, shown as RFC 3339.

use std::fmt;

use ::time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A point in time in milliseconds since 1970-01-01T00:00:00Z. Clocks are stored in UTC and shown
/// in +08:00 by default.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The offset in which times are shown by default (China Standard Time).
pub const DISPLAY_OFFSET_HOURS: i8 = 8;

impl Timestamp {
    /// From milliseconds since the epoch, UTC.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch, UTC.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This time moved by `ms` milliseconds (may be negative), saturating.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this time; negative when this time is before it.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339, with or without fractions, in any offset.
    ///
    /// # Errors
    /// The text is not an RFC 3339 time.
    pub fn parse_rfc3339(text: &str) -> Result<Self, ::time::error::Parse> {
        OffsetDateTime::parse(text, &Rfc3339).map(Self::from)
    }

    fn at(self, offset: UtcOffset) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .to_offset(offset)
    }

    /// Date and time of day in China Standard Time: `(year, month, day, hour, minute, second)`.
    #[must_use]
    pub fn display_parts(self) -> (i32, u8, u8, u8, u8, u8) {
        let offset = UtcOffset::from_hms(DISPLAY_OFFSET_HOURS, 0, 0).unwrap_or(UtcOffset::UTC);
        let t = self.at(offset);
        (
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
        )
    }

    /// `2026-11-22 14:05` in China Standard Time.
    #[must_use]
    pub fn display(self) -> String {
        let (y, mo, d, h, mi, _) = self.display_parts();
        format!("{y:04}-{mo:02}-{d:02} {h:02}:{mi:02}")
    }

    /// `20261122` in China Standard Time: the day part of a consultation number.
    #[must_use]
    pub fn display_day(self) -> String {
        let (y, mo, d, ..) = self.display_parts();
        format!("{y:04}{mo:02}{d:02}")
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(t: OffsetDateTime) -> Self {
        Self(i64::try_from(t.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at(UtcOffset::UTC).format(&Rfc3339) {
            Ok(text) => f.write_str(&text),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).map_err(D::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{
            KnownFormat, ObjectBuilder, RefOr, SchemaFormat,
            schema::{Schema, Type},
        },
    };

    impl PartialSchema for super::Timestamp {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .into()
        }
    }

    impl ToSchema for super::Timestamp {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_china_time_and_round_trips() {
        let t = Timestamp::parse_rfc3339("2026-11-22T16:30:00Z").unwrap();
        assert_eq!(t.display(), "2026-11-23 00:30");
        assert_eq!(t.display_day(), "20261123");
        assert_eq!(Timestamp::parse_rfc3339(&t.to_string()).unwrap(), t);
        assert_eq!(Timestamp::parse_rfc3339("2026-11-23T00:30:00+08:00").unwrap(), t);
        assert!(Timestamp::parse_rfc3339("yesterday").is_err());
    }
}
