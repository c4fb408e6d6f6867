//! Data elements of Table 1 (clause 6): the dictionary that describes them, the rows that hold them, and the
//! checks. The dictionary is data (`data/dictionary.v1.json`); the rules it names are the code in here.
//!
//! Enter at [`Dictionary::builtin`] and [`check_record`].

mod check;
mod checksum;
pub mod codes;
mod dictionary;
mod id;
mod moment;
mod placeholder;
mod range;
mod rule;
mod standard;
pub mod unit;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

pub use check::{CheckContext, check_record};
pub(crate) use check::{is_given, is_numeric};
pub use checksum::{
    dicom_uid_well_formed, icd9_well_formed, loinc_valid, resident_id, uscc_valid, ws218_valid,
};
pub use dictionary::{Condition, Dictionary, DictionaryError, Element, Limit, Requirement, Tier};
pub use id::{ElementId, ElementIdError};
pub use moment::Moment;
pub use placeholder::is_placeholder;
pub use range::{Bound, Comparator, LabNumber, Position, RangeError, ReferenceRange};
pub use rule::Rule;
pub use standard::standardise;

use crate::{AbsentReason, RecordKind, Severity, Timestamp, person::Age};

/// What a row holds for one element. All values are text; the dictionary gives them their type.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ElementValue {
    /// The value; empty when there is none.
    #[serde(default)]
    pub value: String,
    /// Unit of a quantity, as the source spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<AbsentReason>,
}

impl ElementValue {
    /// A value without unit.
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..Self::default()
        }
    }

    /// A quantity.
    pub fn quantity(value: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            unit: Some(unit.into()),
            absent: None,
        }
    }

    /// No value, and why.
    #[must_use]
    pub const fn absent(reason: AbsentReason) -> Self {
        Self {
            value: String::new(),
            unit: None,
            absent: Some(reason),
        }
    }

    /// The value without surrounding space, or `None` when it is blank.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        Some(self.value.trim()).filter(|text| !text.is_empty())
    }
}

/// Shows no value: it may identify a patient.
impl fmt::Debug for ElementValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ElementValue({} bytes, {:?})", self.value.len(), self.absent)
    }
}

/// One row at its source: a patient, one lab result, one exam, one study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Record {
    /// What the row is.
    pub kind: RecordKind,
    /// Stable id of the row at its source, such as `lab-20261101-7`.
    pub key: String,
    /// What it holds.
    pub elements: BTreeMap<ElementId, ElementValue>,
    /// When the source had it ready: the start of the 30 minutes of clause 4.2.1 d.
    pub available_at: Timestamp,
}

impl Record {
    /// The text of an element, or `None` when it is missing or blank.
    #[must_use]
    pub fn text(&self, element: &ElementId) -> Option<&str> {
        self.elements.get(element).and_then(ElementValue::text)
    }
}

/// Something wrong with one element of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The row.
    pub record_key: String,
    /// The element.
    pub element: ElementId,
    /// Stable code, see [`codes`].
    pub code: &'static str,
    /// Whether the value counts as wrong.
    pub severity: Severity,
    /// The value seen, cut short; empty when it may identify the patient.
    pub seen: String,
    /// The rule that was broken, with its parameters.
    pub rule: String,
}

/// What decides which elements apply to a package. What does not apply is never counted (section 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applicability {
    /// The data list asks for images: category 4 is mandatory ("按需必选").
    pub imaging_needed: bool,
    /// The session is over: opinions, conclusion and advice (6.3 to 6.5) are due.
    pub concluded: bool,
    /// A guardian acts for the patient: under 14, or unable.
    pub guardian_needed: bool,
    /// Age at the consultation; decides between age in years and age in months.
    pub age: Option<Age>,
    /// The values are in the form for exchange (clause 8.3.1): masked, the local record number removed.
    pub masked: bool,
}
