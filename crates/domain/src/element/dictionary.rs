//! The data-element dictionary: Table 1 as data, with a version and a hash.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Applicability, ElementId, Rule, unit::Unit};
use crate::{
    DataCategory, MaskKind, RecordKind,
    canonical::{canonical_json, sha256_hex},
};

/// Whether Table 1 asks for an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// 必选
    Mandatory,
    /// 按需必选: when its condition holds.
    Conditional,
    /// 可选
    Optional,
}

/// Which of the two completeness limits of clause 4.2.1 a an element counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// At least 99 %.
    Core,
    /// At least 95 %.
    NonCore,
}

/// When an element applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The data list asks for images.
    ImagingNeeded,
    /// The session is over.
    Concluded,
    /// A guardian acts for the patient.
    GuardianNeeded,
    /// The patient is under one year old.
    UnderOneYear,
    /// The patient is one year old or more, or the age is not known.
    OneYearOrMore,
    /// The result of the row is a number.
    NumericResult,
    /// The values are in the form of the home institution, not in that for exchange.
    AtHome,
}

impl Condition {
    /// Whether it holds for a package; `numeric` tells whether the row's result is a number.
    #[must_use]
    pub fn holds(self, package: &Applicability, numeric: bool) -> bool {
        let infant = package.age.is_some_and(|age| age.months < 12);
        match self {
            Self::ImagingNeeded => package.imaging_needed,
            Self::Concluded => package.concluded,
            Self::GuardianNeeded => package.guardian_needed,
            Self::UnderOneYear => infant,
            Self::OneYearOrMore => !infant,
            Self::NumericResult => numeric,
            Self::AtHome => !package.masked,
        }
    }
}

/// One data element: a row of Table 1, or a part of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// Number.
    pub id: ElementId,
    /// The item of Table 1 it counts for; by default its own row. A diagnosis and its code are one item, a
    /// result and its unit are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ElementId>,
    /// Category of Table 1.
    pub category: DataCategory,
    /// The kind of row it is in.
    pub record: RecordKind,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Identifier in WS 363; empty when there is none.
    #[serde(default)]
    pub de: String,
    /// Format in WS 363 notation, such as `AN..2000`.
    #[serde(default)]
    pub format: String,
    /// Code system of coded values.
    #[serde(default)]
    pub code_system: String,
    /// LOINC code of the element itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loinc: Option<String>,
    /// Place in FHIR R4.
    #[serde(default)]
    pub fhir_path: String,
    /// Whether Table 1 asks for it.
    pub requirement: Requirement,
    /// Which completeness limit it counts for.
    pub tier: Tier,
    /// When it applies; always, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// The item is incomplete without it. An item of which no element is needed is complete with any of them.
    #[serde(default = "yes")]
    pub needed: bool,
    /// "Not applicable" may be given as the reason why it is absent.
    #[serde(default)]
    pub may_not_apply: bool,
    /// What a value must obey.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// How it is masked in exchange.
    pub mask: MaskKind,
}

const fn yes() -> bool {
    true
}

impl Element {
    /// The item of Table 1 it counts for.
    #[must_use]
    pub fn item(&self) -> ElementId {
        self.item.clone().unwrap_or_else(|| self.id.whole_row())
    }

    /// Whether it applies to a package.
    #[must_use]
    pub fn applies(&self, package: &Applicability, numeric: bool) -> bool {
        self.condition
            .is_none_or(|condition| condition.holds(package, numeric))
    }

    /// Whether a row without it is wrong, given that it applies.
    #[must_use]
    pub const fn must_be_given(&self) -> bool {
        self.needed && !matches!(self.requirement, Requirement::Optional)
    }
}

/// Physiologic limits of one laboratory item: what lies outside is a wrong entry, not an illness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// LOINC code.
    pub loinc: String,
    /// UCUM unit of the limits.
    pub unit: String,
    /// Lowest possible value.
    pub low: f64,
    /// Highest possible value.
    pub high: f64,
}

/// Why a dictionary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DictionaryError {
    /// Not JSON, or not of the form.
    #[error("the dictionary has not the expected form: {0}")]
    Form(#[from] serde_json::Error),
    /// A rule this version does not know.
    #[error("element {element} names the unknown rule {rule:?}")]
    UnknownRule {
        /// The element.
        element: String,
        /// The rule.
        rule: String,
    },
    /// The parameters of a rule are wrong.
    #[error("element {element}, rule {rule}: {source}")]
    RuleForm {
        /// The element.
        element: String,
        /// The rule.
        rule: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Two elements have one number.
    #[error("element {0} is there twice")]
    Twice(ElementId),
    /// The elements of a kind of row are not together, or one refers to an element that is not in the row.
    #[error("element {element} refers to {other}, which is not in the same row")]
    Reference {
        /// The element.
        element: ElementId,
        /// What it refers to.
        other: ElementId,
    },
    /// A unit that is not of UCUM.
    #[error("{0:?} is not a UCUM unit")]
    Unit(String),
    /// Nothing describes a kind of row.
    #[error("no element for rows of kind {0}")]
    Empty(&'static str),
}

/// The dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    /// Version of the dictionary; grows with every change.
    pub version: u32,
    /// Edition of the standards its identifiers come from.
    pub edition: String,
    /// SHA-256 over the canonical JSON, 64 hexadecimal characters.
    pub hash: String,
    elements: Vec<Element>,
    kinds: Vec<(RecordKind, Range<usize>)>,
    limits: Vec<Limit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    edition: String,
    elements: Vec<Element>,
    #[serde(default)]
    limits: Vec<Limit>,
}

impl Dictionary {
    /// Reads a dictionary.
    ///
    /// # Errors
    /// [`DictionaryError`]; an unknown rule is named.
    pub fn parse(text: &str) -> Result<Self, DictionaryError> {
        let value: Value = serde_json::from_str(text)?;
        check_rule_names(&value)?;
        let hash = sha256_hex(canonical_json(&value).as_bytes());
        let mut file: File = serde_json::from_value(value)?;
        file.elements
            .sort_by(|a, b| (a.record, &a.id).cmp(&(b.record, &b.id)));
        file.limits.sort_by(|a, b| a.loinc.cmp(&b.loinc));
        let mut kinds = Vec::new();
        for kind in RecordKind::ALL {
            let start = file.elements.partition_point(|e| e.record < *kind);
            let end = file.elements.partition_point(|e| e.record <= *kind);
            if start == end {
                return Err(DictionaryError::Empty(kind.code()));
            }
            kinds.push((*kind, start..end));
        }
        let dictionary = Self {
            version: file.version,
            edition: file.edition,
            hash,
            elements: file.elements,
            kinds,
            limits: file.limits,
        };
        dictionary.check()?;
        Ok(dictionary)
    }

    /// The dictionary that comes with the program.
    #[must_use]
    #[expect(
        clippy::panic,
        reason = "the file is part of the program, and a test reads it"
    )]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Dictionary> =
            LazyLock::new(
                || match Dictionary::parse(include_str!("../../data/dictionary.v1.json")) {
                    Ok(dictionary) => dictionary,
                    Err(error) => panic!("dictionary.v1.json: {error}"),
                },
            );
        &BUILTIN
    }

    fn check(&self) -> Result<(), DictionaryError> {
        let mut seen = BTreeSet::new();
        for element in &self.elements {
            if !seen.insert(&element.id) {
                return Err(DictionaryError::Twice(element.id.clone()));
            }
            for rule in &element.rules {
                for other in rule.refers_to() {
                    if self.of_row(element.record, other).is_none() {
                        return Err(DictionaryError::Reference {
                            element: element.id.clone(),
                            other: other.clone(),
                        });
                    }
                }
                if let Rule::Quantity { unit: Some(unit), .. } = rule {
                    Unit::parse(unit).ok_or_else(|| DictionaryError::Unit(unit.clone()))?;
                }
            }
        }
        for limit in &self.limits {
            Unit::parse(&limit.unit).ok_or_else(|| DictionaryError::Unit(limit.unit.clone()))?;
        }
        Ok(())
    }

    /// Every element, by kind of row and number.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The elements of one kind of row, by number.
    #[must_use]
    pub fn of_kind(&self, kind: RecordKind) -> &[Element] {
        self.kinds
            .iter()
            .find(|(k, _)| *k == kind)
            .and_then(|(_, range)| self.elements.get(range.clone()))
            .unwrap_or_default()
    }

    /// One element by its number.
    #[must_use]
    pub fn element(&self, id: &ElementId) -> Option<&Element> {
        self.kinds.iter().find_map(|(kind, _)| self.of_row(*kind, id))
    }

    /// One element of one kind of row.
    #[must_use]
    pub fn of_row(&self, kind: RecordKind, id: &ElementId) -> Option<&Element> {
        let elements = self.of_kind(kind);
        elements
            .binary_search_by(|e| e.id.cmp(id))
            .ok()
            .and_then(|at| elements.get(at))
    }

    /// Physiologic limits of a LOINC code.
    #[must_use]
    pub fn limit(&self, loinc: &str) -> Option<&Limit> {
        self.limits
            .binary_search_by(|limit| limit.loinc.as_str().cmp(loinc))
            .ok()
            .and_then(|at| self.limits.get(at))
    }
}

/// Finds unknown rules before serde does, to name the element too.
fn check_rule_names(file: &Value) -> Result<(), DictionaryError> {
    let elements = file.get("elements").and_then(Value::as_array);
    for element in elements.into_iter().flatten() {
        let id = || {
            element
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or("?")
                .to_owned()
        };
        for rule in element
            .get("rules")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let name = rule
                .get("rule")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            if !Rule::NAMES.contains(&name.as_str()) {
                return Err(DictionaryError::UnknownRule {
                    element: id(),
                    rule: name,
                });
            }
            Rule::deserialize(rule).map_err(|source| DictionaryError::RuleForm {
                element: id(),
                rule: name,
                source,
            })?;
        }
    }
    Ok(())
}
