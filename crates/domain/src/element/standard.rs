//! One spelling for one value (clauses 7.2 d and f): full-width characters, units, codes and dates, before a
//! row is checked and compared. What cannot be read stays as it is, for the check to name.

use super::{Dictionary, Element, ElementValue, Moment, Record, Rule, unit::normalise_unit};
use crate::{MaskKind, person::BirthDate};

const DAY_MS: i64 = 86_400_000;

/// The row in the standard spelling. Elements the dictionary does not know are left alone.
#[must_use]
pub fn standardise(dictionary: &Dictionary, record: &Record) -> Record {
    let mut out = record.clone();
    for (id, given) in &mut out.elements {
        if let Some(element) = dictionary.of_row(record.kind, id) {
            standard_value(element, given);
        }
    }
    out
}

fn standard_value(element: &Element, given: &mut ElementValue) {
    given.value = given.value.trim().to_owned();
    if let Some(unit) = &given.unit {
        let unit = unit.trim();
        given.unit = normalise_unit(unit)
            .or_else(|| Some(unit.to_owned()))
            .filter(|u| !u.is_empty());
    }
    if element.mask == MaskKind::FreeText || given.value.is_empty() {
        return;
    }
    given.value = given.value.chars().map(half_width).collect();
    for rule in &element.rules {
        let standard = match rule {
            Rule::Ucum {} => normalise_unit(&given.value),
            // Only the letter in front: an `x` of the national edition is lower case.
            Rule::Icd10 {} => first_upper(&given.value),
            Rule::Uscc {} => Some(given.value.to_ascii_uppercase()),
            Rule::Boolean {} => boolean(&given.value),
            Rule::BirthDate {} => BirthDate::parse(&given.value).ok().map(String::from),
            Rule::Moment {} => moment(&given.value),
            _ => None,
        };
        if let Some(standard) = standard {
            given.value = standard;
        }
    }
}

/// Digits, Latin letters and the signs between them; Chinese punctuation stays.
fn half_width(c: char) -> char {
    match c {
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        '．' => '.',
        '－' => '-',
        '＋' => '+',
        '／' => '/',
        '％' => '%',
        '＜' => '<',
        '＞' => '>',
        '\u{3000}' => ' ',
        other => other,
    }
}

fn first_upper(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let first = chars.next()?.to_ascii_uppercase();
    Some(std::iter::once(first).chain(chars).collect())
}

fn boolean(text: &str) -> Option<String> {
    match text {
        "T" | "1" | "true" => Some("true".to_owned()),
        "F" | "0" | "false" => Some("false".to_owned()),
        _ => None,
    }
}

/// A day as `YYYY-MM-DD`, a time exact to the second as RFC 3339 in UTC. A time exact to the minute keeps
/// its form, which says so.
fn moment(text: &str) -> Option<String> {
    let moment = Moment::parse(text)?;
    match moment.latest.since_ms(moment.earliest) {
        span if span == DAY_MS - 1 => {
            let (year, month, day, ..) = moment.earliest.display_parts();
            Some(format!("{year:04}-{month:02}-{day:02}"))
        }
        span if span < 1_000 => Some(moment.earliest.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{RecordKind, Timestamp, element::ElementId};

    fn standard(kind: RecordKind, id: &str, value: ElementValue) -> ElementValue {
        let id: ElementId = id.parse().unwrap();
        let record = Record {
            kind,
            key: "r".to_owned(),
            elements: BTreeMap::from([(id.clone(), value)]),
            available_at: Timestamp::from_ms(0),
        };
        standardise(Dictionary::builtin(), &record).elements[&id].clone()
    }

    #[test]
    fn one_spelling_for_one_value() {
        for (kind, id, given, expected) in [
            (RecordKind::Lab, "3.3", " ５．６ ", "5.6"),
            (RecordKind::Lab, "3.3", "＜０．０１", "<0.01"),
            (RecordKind::Lab, "3.4", "×10^9/L", "10*9/L"),
            (RecordKind::Lab, "3.4", "μmol/L", "umol/L"),
            (RecordKind::Lab, "3.4", "no unit at all", "no unit at all"),
            (RecordKind::Lab, "3.7", "20261101", "2026-11-01"),
            (RecordKind::Lab, "3.7", "20261101T083015", "2026-11-01T00:30:15Z"),
            (
                RecordKind::Lab,
                "3.7",
                "2026-11-01T08:30:15+08:00",
                "2026-11-01T00:30:15Z",
            ),
            (RecordKind::Lab, "3.7", "2026-11-01 08:30", "2026-11-01 08:30"),
            (RecordKind::Lab, "3.7", "yesterday", "yesterday"),
            (RecordKind::Clinical, "2.9", "d50.900", "D50.900"),
            (RecordKind::Clinical, "2.9", "ｉ10.x00x002", "I10.x00x002"),
            (RecordKind::Patient, "1.9", "19491231", "1949-12-31"),
            (RecordKind::Patient, "1.15", "T", "true"),
            (RecordKind::Lab, "3.1", "血红蛋白（ＨＧＢ）", "血红蛋白（HGB）"),
        ] {
            assert_eq!(
                standard(kind, id, ElementValue::new(given)).value,
                expected,
                "{id} {given}"
            );
        }
        let pressure = standard(
            RecordKind::Clinical,
            "2.7.systolic",
            ElementValue::quantity("１２０", "mmHg"),
        );
        assert_eq!(pressure, ElementValue::quantity("120", "mm[Hg]"));
        let text = "　患者３天前起病";
        assert_eq!(
            standard(RecordKind::Clinical, "2.2", ElementValue::new(text)).value,
            "患者３天前起病",
            "what people wrote is theirs"
        );
    }
}
