//! Dates and times of data elements, which may be exact to the day only.

use crate::{Timestamp, person::BirthDate};

const DAY_MS: i64 = 86_400_000;

/// A date, or a date and time: the span of time it may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// First millisecond.
    pub earliest: Timestamp,
    /// Last millisecond.
    pub latest: Timestamp,
}

impl Moment {
    /// Reads `YYYYMMDD`, `YYYY-MM-DD`, `YYYYMMDDhhmmss`, `YYYYMMDDThhmmss` (WS 363 DT15), the same with separators
    /// and with or without seconds, and RFC 3339. Without an offset the time is China Standard Time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let offset = text
            .get(10..)
            .is_some_and(|time| time.contains(['Z', 'z', '+', '-']));
        if offset {
            let exact = Timestamp::parse_rfc3339(text).ok()?;
            return Some(Self {
                earliest: exact,
                latest: exact,
            });
        }
        let (date, time) = if text.get(4..5) == Some("-") {
            text.split_at_checked(10)?
        } else {
            text.split_at_checked(8)?
        };
        let day = start_of_day(BirthDate::parse(date).ok()?)?;
        if time.is_empty() {
            return Some(Self {
                earliest: day,
                latest: day.plus_ms(DAY_MS - 1),
            });
        }
        let (of_day_ms, span_ms) = time_of_day(time.strip_prefix(['T', ' ']).unwrap_or(time))?;
        Some(Self {
            earliest: day.plus_ms(of_day_ms),
            latest: day.plus_ms(of_day_ms + span_ms - 1),
        })
    }

    /// Surely before `other`.
    #[must_use]
    pub fn before(self, other: Self) -> bool {
        self.latest < other.earliest
    }

    /// The day of a birth.
    pub(super) fn of_birth(date: BirthDate) -> Option<Self> {
        let day = start_of_day(date)?;
        Some(Self {
            earliest: day,
            latest: day.plus_ms(DAY_MS - 1),
        })
    }
}

/// Days from the epoch by the civil calendar, as a time at 00:00 +08:00.
fn start_of_day(date: BirthDate) -> Option<Timestamp> {
    let text = String::from(date);
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Years that begin in March put the leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468;
    let offset_ms = i64::from(crate::time::DISPLAY_OFFSET_HOURS) * 3_600_000;
    Some(Timestamp::from_ms(days * DAY_MS - offset_ms))
}

/// Milliseconds since midnight and how many the text leaves open.
fn time_of_day(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits: String = whole.chars().filter(|c| *c != ':').collect();
    let legal = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let separated = whole.len() != digits.len();
    let shape = if separated {
        whole
            .bytes()
            .enumerate()
            .all(|(at, b)| (b == b':') == (at % 3 == 2))
    } else {
        true
    };
    if !legal(&digits) || !shape || !legal(fraction) || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let number = |range: std::ops::Range<usize>, below: i64| {
        digits.get(range)?.parse::<i64>().ok().filter(|n| *n < below)
    };
    let minutes = number(0..2, 24)? * 60 + number(2..4, 60)?;
    match digits.len() {
        4 => Some((minutes * 60_000, 60_000)),
        6 => Some(((minutes * 60 + number(4..6, 60)?) * 1000, 1000)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_and_keeps_precision() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        for (text, earliest, latest) in [
            (
                "20261101",
                "2026-11-01T00:00:00+08:00",
                "2026-11-01T23:59:59.999+08:00",
            ),
            (
                "2026-11-01",
                "2026-11-01T00:00:00+08:00",
                "2026-11-01T23:59:59.999+08:00",
            ),
            (
                "20261101T083015",
                "2026-11-01T08:30:15+08:00",
                "2026-11-01T08:30:15.999+08:00",
            ),
            (
                "20261101083015",
                "2026-11-01T08:30:15+08:00",
                "2026-11-01T08:30:15.999+08:00",
            ),
            (
                "2026-11-01 08:30",
                "2026-11-01T08:30:00+08:00",
                "2026-11-01T08:30:59.999+08:00",
            ),
            (
                "2026-11-01T08:30:15Z",
                "2026-11-01T08:30:15Z",
                "2026-11-01T08:30:15Z",
            ),
            (
                "20000229",
                "2000-02-29T00:00:00+08:00",
                "2000-02-29T23:59:59.999+08:00",
            ),
            (
                "1969-12-31",
                "1969-12-31T00:00:00+08:00",
                "1969-12-31T23:59:59.999+08:00",
            ),
        ] {
            let moment = Moment::parse(text).unwrap();
            assert_eq!(
                (moment.earliest, moment.latest),
                (at(earliest), at(latest)),
                "{text}"
            );
        }
        for bad in [
            "",
            "2026",
            "20261301",
            "2026-02-29",
            "20261101T25",
            "2026-11-01T24:00",
            "2026-11-01 8:30",
            "2026/11/01",
            "昨天",
            "2026-11-01T08:30:15+99:00",
            "20261101T0830156",
        ] {
            assert!(Moment::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_day_and_an_hour_of_it_are_in_no_order() {
        let [day, hour, next] =
            ["20261101", "2026-11-01T08:30", "20261102"].map(|t| Moment::parse(t).unwrap());
        assert!(!day.before(hour) && !hour.before(day));
        assert!(day.before(next) && hour.before(next) && !next.before(hour));
    }
}
