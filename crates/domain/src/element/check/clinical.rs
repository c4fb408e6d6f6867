//! Rules of numbers, units, ranges and times.

use super::{Case, Verdict, codes, error, require, unit_with_result, warning};
use crate::element::{
    ElementId, LabNumber, Moment, ReferenceRange,
    checksum::loinc_shaped,
    loinc_valid,
    range::{Comparator, Position, RangeError},
    unit::{Unit, analyte, normalise_unit},
};

/// How far beyond a limit a value may lie and still be within, to absorb rounding in conversions.
const ROUNDING: f64 = 1e-9;

impl Case<'_> {
    pub(super) fn loinc(&self) -> Verdict {
        if loinc_valid(self.text) {
            Ok(())
        } else if loinc_shaped(self.text) {
            error(codes::LOINC)
        } else {
            warning(codes::CODE_UNMAPPED)
        }
    }

    /// The unit element; the result may carry a unit of its own, which must be the same.
    pub(super) fn ucum(&self) -> Verdict {
        let Some(unit) = normalise_unit(self.text) else {
            return error(codes::UNIT_UNKNOWN);
        };
        let other = unit_with_result(self.record, self.element).and_then(normalise_unit);
        require(other.is_none_or(|other| other == unit), codes::UNIT_MISMATCH)
    }

    pub(super) fn quantity(
        &self,
        unit: Option<&str>,
        min: Option<f64>,
        max: Option<f64>,
        above: Option<f64>,
    ) -> Verdict {
        let Some(LabNumber {
            comparator: Comparator::Equal,
            value,
        }) = LabNumber::parse(self.text)
        else {
            return error(codes::NUMBER);
        };
        let given = match self
            .given
            .unit
            .as_deref()
            .map(str::trim)
            .filter(|u| !u.is_empty())
        {
            Some(text) => match normalise_unit(text).and_then(|ucum| Unit::parse(&ucum)) {
                Some(unit) => Some(unit),
                None => return error(codes::UNIT_UNKNOWN),
            },
            None => None,
        };
        let value = match unit.and_then(Unit::parse) {
            None => value,
            Some(expected) => match given.map(|given| given.convert(value, &expected)) {
                Some(Some(converted)) => converted,
                Some(None) => return error(codes::UNIT_MISMATCH),
                // A vital sign without its unit cannot be trusted: 37 or 98.6.
                None => return error(codes::UNIT_UNKNOWN),
            },
        };
        let slack = ROUNDING * value.abs().max(1.0);
        let within = min.is_none_or(|min| value >= min - slack)
            && max.is_none_or(|max| value <= max + slack)
            && above.is_none_or(|above| value > above);
        require(within, codes::RANGE)
    }

    pub(super) fn integer(&self, min: i64, max: i64) -> Verdict {
        match self.text.parse::<i64>() {
            Ok(number) => require((min..=max).contains(&number), codes::RANGE),
            Err(_) => error(codes::NUMBER),
        }
    }

    pub(super) fn greater_than(&self, than: &ElementId) -> Verdict {
        let number = |given: &crate::element::ElementValue| {
            let value = LabNumber::parse(given.text()?)?.value;
            let unit = given
                .unit
                .as_deref()
                .and_then(normalise_unit)
                .and_then(|u| Unit::parse(&u));
            Some((value, unit))
        };
        let pair = number(self.given).zip(self.record.elements.get(than).and_then(number));
        let larger = match pair {
            Some(((a, Some(unit)), (b, Some(other)))) => other.convert(b, &unit).is_none_or(|b| a > b),
            Some(((a, _), (b, _))) => a > b,
            None => true,
        };
        require(larger, codes::ORDER)
    }

    /// The row's unit, from the result or from the unit element.
    fn result_unit(&self, unit: &ElementId) -> Option<&str> {
        let own = self
            .given
            .unit
            .as_deref()
            .map(str::trim)
            .filter(|u| !u.is_empty());
        own.or_else(|| self.other(unit))
    }

    pub(super) fn lab_result(&self, code: &ElementId, unit: &ElementId) -> Verdict {
        let Some(number) = LabNumber::parse(self.text) else {
            // A text result; a number that cannot be read is none.
            let broken = self.text.starts_with(|c: char| c.is_ascii_digit())
                && !self.text.contains([':', '/', '-', '~', '+'])
                && !self.text.chars().any(char::is_alphabetic);
            return require(!broken, codes::NUMBER);
        };
        let given_unit = match self.result_unit(unit).map(normalise_unit) {
            Some(None) if self.given.unit.is_some() => return error(codes::UNIT_UNKNOWN),
            known => known.flatten(),
        };
        let (Some(code), Some(given_unit)) = (self.other(code), given_unit) else {
            return Ok(());
        };
        let Some(limit) = self.dictionary.limit(code) else {
            return Ok(());
        };
        let (Some(from), Some(to)) = (Unit::parse(&given_unit), Unit::parse(&limit.unit)) else {
            return Ok(());
        };
        let converted = match analyte(code) {
            Some(analyte) => from.convert_of(number.value, &to, analyte),
            None => from.convert(number.value, &to),
        };
        match converted {
            None => error(codes::UNIT_MISMATCH),
            Some(value) => {
                let slack = ROUNDING * value.abs().max(1.0);
                let too_low = value < limit.low - slack
                    && !matches!(number.comparator, Comparator::Below | Comparator::AtMost);
                let too_high = value > limit.high + slack
                    && !matches!(number.comparator, Comparator::Above | Comparator::AtLeast);
                require(!too_low && !too_high, codes::RANGE)
            }
        }
    }

    /// Reads the range; when it names a unit, that must be commensurable with the row's.
    pub(super) fn reference_range(&self) -> Verdict {
        let range = match ReferenceRange::parse(self.text) {
            Ok(range) => range,
            Err(RangeError::Inverted) => return error(codes::RANGE_INVERTED),
            Err(RangeError::Unreadable) => return error(codes::RANGE_UNREADABLE),
        };
        let ReferenceRange::Limits { unit: Some(own), .. } = range else {
            return Ok(());
        };
        let result = self.record.elements.get(&ElementId::row(3, 3));
        let row = result
            .and_then(|r| r.unit.as_deref())
            .or_else(|| self.other(&ElementId::row(3, 4)))
            .and_then(normalise_unit);
        require(row.is_none_or(|row| row == own), codes::UNIT_MISMATCH)
    }

    pub(super) fn flag_fits_range(&self, result: &ElementId, range: &ElementId) -> Verdict {
        let number = self.other(result).and_then(LabNumber::parse);
        let range = self.other(range).and_then(|r| ReferenceRange::parse(r).ok());
        let Some(position) = number.zip(range).and_then(|(n, r)| n.position(&r)) else {
            return Ok(());
        };
        let fits = match self.text {
            "N" | "1" => position == Position::Within,
            "H" | "HH" | "HU" | ">" => position == Position::Above,
            "L" | "LL" | "LU" | "<" => position == Position::Below,
            "A" | "AA" | "2" => position != Position::Within,
            _ => true,
        };
        require(fits, codes::FLAG_MISMATCH)
    }

    pub(super) fn not_future(&self) -> Verdict {
        let moment = Moment::parse(self.text);
        require(moment.is_none_or(|m| m.earliest <= self.ctx.now), codes::FUTURE)
    }

    pub(super) fn not_before_birth(&self) -> Verdict {
        let birth = self.ctx.birth_date.and_then(Moment::of_birth);
        let early = Moment::parse(self.text)
            .zip(birth)
            .is_some_and(|(m, birth)| m.before(birth));
        require(!early, codes::BEFORE_BIRTH)
    }

    pub(super) fn order(&self, not_before: Option<&ElementId>, not_after: Option<&ElementId>) -> Verdict {
        let Some(own) = Moment::parse(self.text) else {
            return Ok(());
        };
        let other = |id: Option<&ElementId>| id.and_then(|id| self.other(id)).and_then(Moment::parse);
        let early = other(not_before).is_some_and(|start| own.before(start));
        let late = other(not_after).is_some_and(|end| end.before(own));
        require(!early && !late, codes::ORDER)
    }
}
