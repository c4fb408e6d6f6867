//! Agreement between institutions (clause 4.2.1 c): what two or more hold of the same result is compared after units
//! and codes were brought into one form.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Ratio;
use crate::{
    InstitutionId, RecordKind, Timestamp,
    element::{
        ElementId, LabNumber, Moment, Record, loinc_valid,
        unit::{Analyte, Unit, analyte, normalise_unit, same_code},
    },
};

/// Two times at most this far apart are one time.
const SAME_TIME_MS: i64 = 60_000;

/// What one institution holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldValue {
    /// The institution.
    pub institution: InstitutionId,
    /// The row there.
    pub record_key: String,
    /// The value with its unit, as the institution wrote it.
    pub value: String,
}

/// Institutions that hold different values of one result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Code under which the values were compared: LOINC, or the name where there is no code.
    pub code: String,
    /// Time of the result.
    pub time: Option<Timestamp>,
    /// What each holds.
    pub values: Vec<HeldValue>,
}

/// Agreement of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Consistency {
    /// Results that agree out of the results compared; compare with [`super::CONSISTENCY_MIN`].
    pub equal: Ratio,
    /// Those that do not.
    pub conflicts: Vec<Conflict>,
}

/// A row, read once.
struct Item<'a> {
    institution: InstitutionId,
    record: &'a Record,
    time: Option<Timestamp>,
    value: Value<'a>,
}

/// A value in the form in which it is compared.
enum Value<'a> {
    Number {
        text: &'a str,
        number: LabNumber,
        unit: Option<(String, Option<Unit>)>,
        analyte: Option<&'static Analyte>,
    },
    Text(String),
}

/// Compares the rows of one patient: laboratory results of one code within a minute of each other or with one id, and
/// exams with one id. Only what two or more institutions hold is compared. Linear but for sorting.
#[must_use]
pub fn consistency(rows: &[(InstitutionId, &Record)]) -> Consistency {
    let mut by_code: BTreeMap<(RecordKind, String), Vec<Item<'_>>> = BTreeMap::new();
    for (institution, record) in rows {
        if let Some((code, item)) = read(*institution, record) {
            by_code.entry((record.kind, code)).or_default().push(item);
        }
    }
    let mut result = Consistency::default();
    for ((_, code), mut items) in by_code {
        items.sort_by(|a, b| {
            (a.time, a.institution, &a.record.key).cmp(&(b.time, b.institution, &b.record.key))
        });
        for group in groups(&items) {
            result.compare(&code, &group);
        }
    }
    result
}

/// The code under which a row is compared, and its value; `None` when the row has none.
fn read(institution: InstitutionId, record: &Record) -> Option<(String, Item<'_>)> {
    let text = |category, row| record.text(&ElementId::row(category, row));
    let time = |row| text(3, row).and_then(Moment::parse).map(|moment| moment.earliest);
    let (code, time, value) = match record.kind {
        RecordKind::Lab => {
            let code = match text(3, 2) {
                Some(code) if loinc_valid(code) => same_code(code).to_owned(),
                _ => plain(text(3, 1)?),
            };
            (code, time(7), lab_value(record)?)
        }
        RecordKind::Exam => {
            let impression = record.text(&ElementId::part(3, 12, "impression"))?;
            // Exams have no common code: only the id tells that two are one.
            (record.key.clone(), time(14), Value::Text(plain(impression)))
        }
        RecordKind::Patient
        | RecordKind::Clinical
        | RecordKind::Imaging
        | RecordKind::Treatment
        | RecordKind::Consultation => return None,
    };
    let item = Item {
        institution,
        record,
        time,
        value,
    };
    Some((code, item))
}

fn lab_value(record: &Record) -> Option<Value<'_>> {
    let result = record.elements.get(&ElementId::row(3, 3))?;
    let text = result.text()?;
    let Some(number) = LabNumber::parse(text) else {
        return Some(Value::Text(qualitative(text)));
    };
    let own = result
        .unit
        .as_deref()
        .map(str::trim)
        .filter(|unit| !unit.is_empty());
    let unit = own.or_else(|| record.text(&ElementId::row(3, 4))).map(|given| {
        let ucum = normalise_unit(given).unwrap_or_else(|| given.to_owned());
        let parsed = Unit::parse(&ucum);
        (ucum, parsed)
    });
    Some(Value::Number {
        text,
        number,
        unit,
        analyte: record.text(&ElementId::row(3, 2)).and_then(analyte),
    })
}

/// Half width, lower case, without white space.
fn plain(text: &str) -> String {
    crate::person::canonical_number(text).to_lowercase()
}

/// One spelling for negative and positive.
fn qualitative(text: &str) -> String {
    let text = plain(text);
    match text.as_str() {
        "阴性" | "阴性(-)" | "neg" | "negative" | "(-)" | "-" | "未检出" => "negative".to_owned(),
        "阳性" | "阳性(+)" | "pos" | "positive" | "(+)" | "+" | "检出" => "positive".to_owned(),
        _ => text,
    }
}

/// Rows of one code that are one result: neighbours in time, or with one id.
fn groups<'i, 'r>(items: &'i [Item<'r>]) -> Vec<Vec<&'i Item<'r>>> {
    // Number of the group of each row; groups that one id joins take the lower number.
    let mut by_time: Vec<usize> = Vec::with_capacity(items.len());
    let mut start: Option<Timestamp> = None;
    let mut count = 0_usize;
    for item in items {
        let same = item
            .time
            .zip(start)
            .is_some_and(|(t, s)| t.since_ms(s) <= SAME_TIME_MS);
        if !same {
            count += 1;
            start = item.time;
        }
        by_time.push(count - 1);
    }
    let mut joined: Vec<usize> = (0..count).collect();
    let mut by_key: BTreeMap<&str, usize> = BTreeMap::new();
    for (item, group) in items.iter().zip(&by_time) {
        let root = find(&joined, *group);
        let other = *by_key.entry(item.record.key.as_str()).or_insert(root);
        let other = find(&joined, other);
        if let Some(parent) = joined.get_mut(root.max(other)) {
            *parent = root.min(other);
        }
    }
    let mut result: BTreeMap<usize, Vec<&Item<'_>>> = BTreeMap::new();
    for (item, group) in items.iter().zip(&by_time) {
        result.entry(find(&joined, *group)).or_default().push(item);
    }
    result.into_values().collect()
}

/// Follows a group to the one it was joined to.
fn find(joined: &[usize], mut group: usize) -> usize {
    while let Some(parent) = joined.get(group).copied().filter(|parent| *parent != group) {
        group = parent;
    }
    group
}

impl Consistency {
    fn compare(&mut self, code: &str, group: &[&Item<'_>]) {
        let Some(first) = group.first() else { return };
        let mut by_institution: BTreeMap<InstitutionId, Vec<&Item<'_>>> = BTreeMap::new();
        for item in group {
            by_institution.entry(item.institution).or_default().push(item);
        }
        if by_institution.len() < 2 {
            return;
        }
        // Several rows of one institution may be one result to the minute: each must have its like elsewhere.
        let reference = by_institution
            .values()
            .next()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let has_like =
            |item: &Item<'_>, others: &[&Item<'_>]| others.iter().any(|o| item.value.equals(&o.value));
        let equal = by_institution.values().skip(1).all(|others| {
            others.iter().all(|item| has_like(item, reference))
                && reference.iter().all(|item| has_like(item, others))
        });
        self.equal.count(equal);
        if !equal {
            self.conflicts.push(Conflict {
                code: code.to_owned(),
                time: first.time,
                values: group.iter().map(|item| item.held()).collect(),
            });
        }
    }
}

impl Item<'_> {
    fn held(&self) -> HeldValue {
        let value = match &self.value {
            Value::Number {
                text,
                unit: Some((unit, _)),
                ..
            } => format!("{text} {unit}"),
            Value::Number { text, unit: None, .. } => (*text).to_owned(),
            Value::Text(text) => text.chars().take(80).collect(),
        };
        HeldValue {
            institution: self.institution,
            record_key: self.record.key.clone(),
            value,
        }
    }
}

impl Value<'_> {
    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (
                Self::Number {
                    text: text_a,
                    number: a,
                    unit: unit_a,
                    analyte: analyte_a,
                },
                Self::Number {
                    text: text_b,
                    number: b,
                    unit: unit_b,
                    analyte: analyte_b,
                },
            ) => {
                if a.comparator != b.comparator {
                    return false;
                }
                match (unit_a, unit_b) {
                    // In one unit the numbers must agree, but urea as a whole and as its nitrogen are two ways to weigh.
                    (Some((ucum_a, Some(ua))), Some((ucum_b, Some(ub))))
                        if ucum_a != ucum_b || analyte_a.map(mass) != analyte_b.map(mass) =>
                    {
                        let there = convert(a.value, ua, *analyte_a, ub, *analyte_b);
                        let back = convert(b.value, ub, *analyte_b, ua, *analyte_a);
                        within_rounding(there, b.value, text_b) || within_rounding(back, a.value, text_a)
                    }
                    (Some((ucum_a, _)), Some((ucum_b, _))) if ucum_a != ucum_b => false,
                    _ => same_number(a.value, b.value),
                }
            }
            (Self::Text(_), Self::Number { .. }) | (Self::Number { .. }, Self::Text(_)) => false,
        }
    }
}

/// Molar mass as bits, to compare.
fn mass(analyte: &Analyte) -> u64 {
    analyte.molar_mass.to_bits()
}

fn convert(
    value: f64,
    from: &Unit,
    from_as: Option<&Analyte>,
    to: &Unit,
    to_as: Option<&Analyte>,
) -> Option<f64> {
    match (from_as, to_as) {
        (Some(from_as), Some(to_as)) => from.convert_between(value, from_as, to, to_as),
        _ => from.convert(value, to),
    }
}

fn same_number(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Whether a converted number rounds to the one written in `text`.
fn within_rounding(converted: Option<f64>, value: f64, text: &str) -> bool {
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| {
        fraction.bytes().take_while(u8::is_ascii_digit).count()
    });
    let half_step = i32::try_from(decimals).map_or(0.0, |d| 0.5 * 10_f64.powi(-d));
    converted.is_some_and(|c| (c - value).abs() <= half_step * (1.0 + 1e-9))
}
