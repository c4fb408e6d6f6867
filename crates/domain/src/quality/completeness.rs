//! Completeness (clause 4.2.1 a): applicable items that are present in valid form, out of the applicable items.
//!
//! What is counted are the items of Table 1, 37 of them core or of the treatment group, and the further items of the
//! dictionary. Every laboratory result, exam and study counts its items anew; a kind of row that is mandatory and has
//! no row counts its items as missing once. An item in several parts is complete when all parts that it needs are.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Ratio;
use crate::{
    AbsentReason, DataCategory, RecordKind, Severity,
    element::{Applicability, Dictionary, Element, ElementId, Finding, Record, Tier, is_given, is_numeric},
};

/// A row with what the check found.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    /// The row.
    pub record: &'a Record,
    /// What [`crate::element::check_record`] found in it.
    pub findings: &'a [Finding],
}

/// An item that is not complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The row; empty when there is no row at all.
    pub record_key: String,
    /// The element that lacks or is wrong.
    pub element: ElementId,
    /// Category of Table 1.
    pub category: DataCategory,
    /// Which limit it counts for.
    pub tier: Tier,
    /// It is there, and wrong.
    pub invalid: bool,
    /// Why it is missing, when the source says so.
    pub explained: Option<AbsentReason>,
}

/// The numbers of one category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CategoryScore {
    /// Core items.
    pub core: Ratio,
    /// Other items.
    pub non_core: Ratio,
}

/// Completeness of a package, or of what one institution gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Completeness {
    /// Core items; compare with [`super::CORE_MIN`].
    pub core: Ratio,
    /// Other items; compare with [`super::NON_CORE_MIN`].
    pub non_core: Ratio,
    /// Items that are missing with a reason. They count as missing.
    pub explained_missing: u64,
    /// Every incomplete item.
    pub missing: Vec<Missing>,
    /// By category of Table 1.
    pub by_category: BTreeMap<DataCategory, CategoryScore>,
}

/// Completeness of a package.
#[must_use]
pub fn completeness(dictionary: &Dictionary, rows: &[Checked<'_>], package: &Applicability) -> Completeness {
    count(dictionary, rows, package, true)
}

/// Completeness of what one institution gave: kinds of rows it has none of are not asked of it.
#[must_use]
pub fn contribution(dictionary: &Dictionary, rows: &[Checked<'_>], package: &Applicability) -> Completeness {
    count(dictionary, rows, package, false)
}

fn count(
    dictionary: &Dictionary,
    rows: &[Checked<'_>],
    package: &Applicability,
    all_kinds: bool,
) -> Completeness {
    let mut result = Completeness::default();
    let mut by_kind: BTreeMap<RecordKind, Vec<Checked<'_>>> = BTreeMap::new();
    for row in rows {
        by_kind.entry(row.record.kind).or_default().push(*row);
    }
    for kind in RecordKind::ALL {
        let of_kind = by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        if of_kind.is_empty() && !all_kinds {
            continue;
        }
        let items = items(dictionary, *kind);
        if kind.is_row() && !of_kind.is_empty() {
            for row in of_kind.chunks(1) {
                result.count_items(&items, row, package);
            }
        } else {
            result.count_items(&items, of_kind, package);
        }
    }
    result
}

/// The items of a kind of row, each with its elements.
fn items(dictionary: &Dictionary, kind: RecordKind) -> Vec<Vec<&Element>> {
    let mut items: BTreeMap<ElementId, Vec<&Element>> = BTreeMap::new();
    for element in dictionary.of_kind(kind) {
        items.entry(element.item()).or_default().push(element);
    }
    items.into_values().collect()
}

/// How one element stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    NotApplicable,
    Valid,
    Invalid,
    Missing(Option<AbsentReason>),
}

impl Completeness {
    /// Counts the items of one row, or of all rows that make up one part of the package together.
    fn count_items(&mut self, items: &[Vec<&Element>], rows: &[Checked<'_>], package: &Applicability) {
        let numeric = rows.iter().any(|row| is_numeric(row.record));
        for elements in items {
            let Some((element, standing)) = item_standing(elements, rows, package, numeric) else {
                continue;
            };
            let complete = standing == Standing::Valid;
            let score = self.by_category.entry(element.category).or_default();
            let (total, category) = match element.tier {
                Tier::Core => (&mut self.core, &mut score.core),
                Tier::NonCore => (&mut self.non_core, &mut score.non_core),
            };
            total.count(complete);
            category.count(complete);
            if complete {
                continue;
            }
            let explained = match standing {
                Standing::Missing(reason) => reason,
                Standing::NotApplicable | Standing::Valid | Standing::Invalid => None,
            };
            self.explained_missing += u64::from(explained.is_some());
            self.missing.push(Missing {
                record_key: rows.first().map(|row| row.record.key.clone()).unwrap_or_default(),
                element: element.id.clone(),
                category: element.category,
                tier: element.tier,
                invalid: standing == Standing::Invalid,
                explained,
            });
        }
    }
}

/// How an item stands, and the element that decided; `None` when it does not apply.
fn item_standing<'e>(
    elements: &[&'e Element],
    rows: &[Checked<'_>],
    package: &Applicability,
    numeric: bool,
) -> Option<(&'e Element, Standing)> {
    let mut applies = false;
    let mut any_needed = false;
    let mut valid = None;
    let mut missing = None;
    for element in elements {
        if !element.applies(package, numeric) {
            continue;
        }
        any_needed |= element.needed;
        match standing(element, rows) {
            // A wrong value spoils the item, needed or not.
            Standing::Invalid => return Some((element, Standing::Invalid)),
            Standing::NotApplicable => {}
            Standing::Valid => {
                applies |= element.needed;
                valid = valid.or(Some(*element));
            }
            absent @ Standing::Missing(_) => {
                applies |= element.needed;
                let first = missing.is_none_or(|(other, _): (&Element, _)| element.needed && !other.needed);
                if first {
                    missing = Some((*element, absent));
                }
            }
        }
    }
    if any_needed {
        // Without a needed element that applies, the parts that may be added do not make the item apply.
        let lacking = missing.filter(|(element, _)| element.needed);
        return applies
            .then(|| lacking.or(valid.map(|element| (element, Standing::Valid))))
            .flatten();
    }
    valid.map(|element| (element, Standing::Valid)).or(missing)
}

/// How one element stands in all rows that may hold it: one valid value is enough.
fn standing(element: &Element, rows: &[Checked<'_>]) -> Standing {
    let mut invalid = false;
    let mut reason = None;
    for row in rows {
        let wrong = row
            .findings
            .iter()
            .any(|f| f.severity == Severity::Error && f.element == element.id);
        if is_given(row.record, element) {
            if !wrong {
                return Standing::Valid;
            }
            invalid = true;
        } else {
            let given = row
                .record
                .elements
                .get(&element.id)
                .and_then(|value| value.absent);
            reason = reason.or(given);
        }
    }
    let may_not_apply = element.may_not_apply || !element.must_be_given();
    match reason {
        _ if invalid => Standing::Invalid,
        Some(AbsentReason::NotApplicable) if may_not_apply => Standing::NotApplicable,
        // "Not applicable" is no explanation where the element always applies.
        Some(AbsentReason::NotApplicable) => Standing::Missing(None),
        reason => Standing::Missing(reason),
    }
}
