//! Laboratory numbers and reference ranges.

use super::unit::normalise_unit;

/// How a laboratory number is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// The number itself.
    Equal,
    /// `<`
    Below,
    /// `≤`
    AtMost,
    /// `>`
    Above,
    /// `≥`
    AtLeast,
}

/// A number as a laboratory reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabNumber {
    /// How it is meant.
    pub comparator: Comparator,
    /// The number.
    pub value: f64,
}

const COMPARATORS: [(&str, Comparator); 12] = [
    ("<=", Comparator::AtMost),
    (">=", Comparator::AtLeast),
    ("≤", Comparator::AtMost),
    ("≦", Comparator::AtMost),
    ("⩽", Comparator::AtMost),
    ("≥", Comparator::AtLeast),
    ("≧", Comparator::AtLeast),
    ("⩾", Comparator::AtLeast),
    ("<", Comparator::Below),
    (">", Comparator::Above),
    ("＜", Comparator::Below),
    ("＞", Comparator::Above),
];

fn comparator(text: &str) -> (Comparator, &str) {
    COMPARATORS
        .iter()
        .find_map(|(sign, comparator)| text.strip_prefix(sign).map(|rest| (*comparator, rest)))
        .unwrap_or((Comparator::Equal, text))
}

impl LabNumber {
    /// Reads `5.2`, `<0.01`, `≥ 40`, `+1.5`, `5.2↑`; `None` for a text such as `1:80` or `阴性`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (comparator, rest) = comparator(text.trim());
        let rest = rest.trim().trim_end_matches(['↑', '↓']).trim_end();
        let (value, after) = number(rest)?;
        after.is_empty().then_some(Self { comparator, value })
    }

    /// Where the number lies, when that is sure.
    #[must_use]
    pub fn position(&self, range: &ReferenceRange) -> Option<Position> {
        use Comparator::{Above, AtLeast, AtMost, Below, Equal};
        let (low, high) = range.limits()?;
        let v = self.value;
        let over = |limit: Bound| match self.comparator {
            Equal => limit.is_exceeded_by(v),
            Above => v >= limit.value,
            AtLeast => limit.is_exceeded_by(v),
            Below | AtMost => false,
        };
        let under = |limit: Bound| match self.comparator {
            Equal => limit.is_undercut_by(v),
            Below => v <= limit.value,
            AtMost => limit.is_undercut_by(v),
            Above | AtLeast => false,
        };
        if high.is_some_and(over) {
            Some(Position::Above)
        } else if low.is_some_and(under) {
            Some(Position::Below)
        } else {
            let open = match self.comparator {
                Equal => false,
                // Sure only when the open side has no limit.
                Below | AtMost => low.is_some() || high.is_some_and(|h| h.is_exceeded_by(v) && v != h.value),
                Above | AtLeast => high.is_some() || low.is_some_and(|l| l.is_undercut_by(v) && v != l.value),
            };
            (!open).then_some(Position::Within)
        }
    }
}

/// A decimal number at the start, and what follows it.
fn number(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix(['+', '-', '−']).unwrap_or(text);
    let sign = if text.starts_with(['-', '−']) { -1.0 } else { 1.0 };
    let integer = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = match unsigned.get(integer..) {
        Some(rest) if rest.starts_with('.') => {
            1 + rest.bytes().skip(1).take_while(u8::is_ascii_digit).count()
        }
        _ => 0,
    };
    if integer == 0 || integer > 15 || fraction == 1 {
        return None;
    }
    let (digits, rest) = unsigned.split_at_checked(integer + fraction)?;
    Some((sign * digits.parse::<f64>().ok()?, rest))
}

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The limit.
    pub value: f64,
    /// The limit itself is within.
    pub inclusive: bool,
}

impl Bound {
    fn is_exceeded_by(self, v: f64) -> bool {
        v > self.value || v == self.value && !self.inclusive
    }

    fn is_undercut_by(self, v: f64) -> bool {
        v < self.value || v == self.value && !self.inclusive
    }
}

/// Where a result lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Below the lower limit.
    Below,
    /// Inside.
    Within,
    /// Above the upper limit.
    Above,
}

/// A reference range.
#[derive(Clone, Debug, PartialEq)]
pub enum ReferenceRange {
    /// At least one limit.
    Limits {
        /// Lower limit.
        low: Option<Bound>,
        /// Upper limit.
        high: Option<Bound>,
        /// UCUM unit, when the range names one.
        unit: Option<String>,
    },
    /// A text, such as `阴性` or one range for each sex.
    Text(String),
}

/// Why a reference range cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeError {
    /// Lower limit not below the upper.
    Inverted,
    /// Neither a range nor a text.
    Unreadable,
}

impl ReferenceRange {
    /// Reads `3.5-9.5`, `3.5～9.5 10^9/L`, `<5.2`, `≥40`, `-2--1`, `阴性`.
    ///
    /// # Errors
    /// [`RangeError`].
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        let text = text.trim();
        let bare = text
            .strip_prefix(['(', '[', '（', '【'])
            .and_then(|t| t.strip_suffix([')', ']', '）', '】']))
            .unwrap_or(text)
            .trim();
        if let Some(range) = limits(bare) {
            return match range {
                Self::Limits {
                    low: Some(low),
                    high: Some(high),
                    ..
                } if low.value >= high.value => Err(RangeError::Inverted),
                range => Ok(range),
            };
        }
        // A titre such as 1:80 is a text too.
        if bare.chars().any(char::is_alphabetic) || bare.contains(':') || is_sign(bare) {
            Ok(Self::Text(text.to_owned()))
        } else {
            Err(RangeError::Unreadable)
        }
    }

    fn limits(&self) -> Option<(Option<Bound>, Option<Bound>)> {
        match self {
            Self::Limits { low, high, .. } => Some((*low, *high)),
            Self::Text(_) => None,
        }
    }
}

/// `-`, `(-)`, `±`: the sign of a negative or doubtful result.
fn is_sign(text: &str) -> bool {
    matches!(text, "-" | "+" | "±" | "+/-" | "-/+")
}

fn limits(text: &str) -> Option<ReferenceRange> {
    let (comparator, rest) = comparator(text);
    let (first, after) = number(rest.trim_start())?;
    let bound = |value, inclusive| Some(Bound { value, inclusive });
    let one_sided = match comparator {
        Comparator::Below => Some((None, bound(first, false))),
        Comparator::AtMost => Some((None, bound(first, true))),
        Comparator::Above => Some((bound(first, false), None)),
        Comparator::AtLeast => Some((bound(first, true), None)),
        Comparator::Equal => None,
    };
    let (low, high, rest) = if let Some((low, high)) = one_sided {
        (low, high, after)
    } else {
        let after = after.trim_start();
        let second = ["--", "——", "-", "~", "～", "—", "–", "−", "至", "to"]
            .iter()
            .find_map(|separator| number(after.strip_prefix(separator)?.trim_start()));
        // `-2--1` is from minus two to minus one: the first hyphen separates.
        let negative = after
            .strip_prefix("--")
            .and_then(number)
            .map(|(n, rest)| (-n, rest));
        let (high, rest) = match negative {
            Some(found) if first < 0.0 => found,
            _ => second?,
        };
        (bound(first, true), bound(high, true), rest)
    };
    let unit = match rest.trim() {
        "" => None,
        unit => Some(normalise_unit(unit)?),
    };
    Some(ReferenceRange::Limits { low, high, unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> ReferenceRange {
        ReferenceRange::parse(text).unwrap()
    }

    #[test]
    fn ranges_as_laboratories_write_them() {
        let between = |low: f64, high: f64, unit: Option<&str>| ReferenceRange::Limits {
            low: Some(Bound {
                value: low,
                inclusive: true,
            }),
            high: Some(Bound {
                value: high,
                inclusive: true,
            }),
            unit: unit.map(str::to_owned),
        };
        for text in [
            "3.5-9.5",
            "3.5～9.5",
            "3.5~9.5",
            "3.5 -- 9.5",
            "3.5—9.5",
            "3.5–9.5",
            "(3.5-9.5)",
            "3.5至9.5",
            "[3.5-9.5]",
        ] {
            assert_eq!(range(text), between(3.5, 9.5, None), "{text}");
        }
        assert_eq!(range("3.5-9.5 10^9/L"), between(3.5, 9.5, Some("10*9/L")));
        assert_eq!(range("3.9-6.1mmol/L"), between(3.9, 6.1, Some("mmol/L")));
        assert_eq!(range("-2-3"), between(-2.0, 3.0, None));
        assert_eq!(range("-2--1"), between(-2.0, -1.0, None));
        for text in [
            "阴性",
            "<1:80",
            "阴性(-)",
            "男:130-175 女:115-150",
            "Negative",
            "(-)",
            "3.5-9.5 unknownunit",
        ] {
            assert!(matches!(range(text), ReferenceRange::Text(_)), "{text}");
        }
        for text in ["9.5-3.5", "5-5", "-1--2"] {
            assert_eq!(ReferenceRange::parse(text), Err(RangeError::Inverted), "{text}");
        }
        for text in ["", "3.5-", "3.5-9.5-10", "3.5", "..", "1,2"] {
            assert_eq!(ReferenceRange::parse(text), Err(RangeError::Unreadable), "{text}");
        }
    }

    #[test]
    fn numbers_with_comparators() {
        for (text, comparator, value) in [
            ("5.2", Comparator::Equal, 5.2),
            ("<0.01", Comparator::Below, 0.01),
            ("≥ 40", Comparator::AtLeast, 40.0),
            ("<= 3", Comparator::AtMost, 3.0),
            ("＞1000", Comparator::Above, 1000.0),
            ("5.2↑", Comparator::Equal, 5.2),
            ("-1.5", Comparator::Equal, -1.5),
        ] {
            assert_eq!(
                LabNumber::parse(text),
                Some(LabNumber { comparator, value }),
                "{text}"
            );
        }
        for text in [
            "", "阴性", "1:80", "5.", "1e9", "5,2", "NaN", "inf", "--5", "5 mmol/L",
        ] {
            assert_eq!(LabNumber::parse(text), None, "{text}");
        }
    }

    #[test]
    fn positions() {
        use Position::{Above, Below, Within};
        for (result, reference, expected) in [
            ("5", "3-9", Some(Within)),
            ("3", "3-9", Some(Within)),
            ("9.1", "3-9", Some(Above)),
            ("2", "3-9", Some(Below)),
            ("5.2", "<5.2", Some(Above)),
            ("5.1", "<5.2", Some(Within)),
            ("5.2", "≤5.2", Some(Within)),
            ("<0.01", "<0.5", Some(Within)),
            ("<0.01", "0.05-1", Some(Below)),
            ("<3", "3-9", Some(Below)),
            ("<10", "3-9", None),
            (">9", "3-9", Some(Above)),
            (">5", "3-9", None),
            (">50", "≥40", Some(Within)),
            ("<50", "≥40", None),
            ("≤3", "3-9", None),
            ("5", "阴性", None),
        ] {
            assert_eq!(
                LabNumber::parse(result).unwrap().position(&range(reference)),
                expected,
                "{result} in {reference}"
            );
        }
    }
}
