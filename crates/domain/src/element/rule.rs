//! The rules a dictionary may name. A rule is data: a name and parameters; the checks are in `check`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ElementId;

/// What the value of an element must obey, written `{"rule": "length", "min": 2, "max": 100}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Number of characters.
    Length {
        /// At least.
        #[serde(default)]
        min: u32,
        /// At most.
        max: u32,
    },
    /// Rule V6.
    NoPlaceholder {
        /// Placeholders that say something here, such as "无" of an allergy.
        #[serde(default)]
        allow: Vec<String>,
    },
    /// Exactly this many lower-case hexadecimal characters.
    Hex {
        /// Number of characters.
        len: u32,
    },
    /// One of these values.
    InList {
        /// The list.
        values: Vec<String>,
    },
    /// `true`/`false`, `T`/`F`, `1`/`0`.
    Boolean {},
    /// A person's name; in exchange its masked form.
    PersonName {},
    /// Resident identity number (rule V1) when the document type says so.
    ResidentId {
        /// Element with the document type.
        kind: ElementId,
        /// Document type that is a resident identity card.
        is: String,
    },
    /// Equals the parity of digit 17 of the identity number.
    SexFitsId {
        /// Element with the identity number.
        id: ElementId,
    },
    /// Equals digits 7 to 14 of the identity number.
    BirthFitsId {
        /// Element with the identity number.
        id: ElementId,
    },
    /// Equals the birth date at the time of the check.
    AgeFitsBirth {
        /// Element with the birth date.
        birth: ElementId,
    },
    /// Age of an infant: `m d/30`, d below 30.
    InfantAge {},
    /// A birth date: real, in the past, at most 150 years ago; in exchange the year.
    BirthDate {},
    /// Phone (rule V2); in exchange its masked form.
    Phone {},
    /// Starts with a known province, or is a code of GB/T 2260 of one.
    Region {
        /// Names of the provinces, without their ending.
        names: Vec<String>,
        /// First two digits of the codes.
        codes: Vec<String>,
    },
    /// ICD-10 (rule V3).
    Icd10 {},
    /// ICD-9-CM-3 form.
    Icd9cm3 {},
    /// A LOINC code has the right check digit; any other code is the source's own and noted.
    LoincCheckDigit {},
    /// A unit of UCUM or a known spelling of one.
    Ucum {},
    /// A number; limits count in `unit`, the value may have any commensurable unit.
    Quantity {
        /// UCUM unit; absent for a plain number.
        #[serde(default)]
        unit: Option<String>,
        /// At least.
        #[serde(default)]
        min: Option<f64>,
        /// At most.
        #[serde(default)]
        max: Option<f64>,
        /// More than.
        #[serde(default)]
        above: Option<f64>,
    },
    /// A whole number.
    Integer {
        /// At least.
        min: i64,
        /// At most.
        max: i64,
    },
    /// Larger than the value of another element, when both are numbers.
    GreaterThan {
        /// The other element.
        than: ElementId,
    },
    /// A laboratory result: a number, a comparator and a number, or a text. Numbers keep the physiologic limits
    /// of the dictionary.
    LabResult {
        /// Element with the LOINC code.
        code: ElementId,
        /// Element with the unit.
        unit: ElementId,
    },
    /// `3.5-9.5`, `<5.2`, `≥40` or a text; low below high.
    ReferenceRange {},
    /// The flag agrees with result and reference range.
    FlagFitsRange {
        /// Element with the result.
        result: ElementId,
        /// Element with the range.
        range: ElementId,
    },
    /// A date, or a date and time.
    Moment {},
    /// Not after the time of the check.
    NotFuture {},
    /// Not before the patient's birth.
    NotBeforeBirth {},
    /// Times in order, as far as their precision tells.
    Order {
        /// Not before the time in this element.
        #[serde(default)]
        not_before: Option<ElementId>,
        /// Not after the time in this element.
        #[serde(default)]
        not_after: Option<ElementId>,
    },
    /// Unified social credit code or code by WS 218 (rule V4).
    Uscc {},
    /// DICOM unique identifier.
    DicomUid {},
}

impl Rule {
    /// Every name a dictionary may use.
    pub const NAMES: &'static [&'static str] = &[
        "length",
        "no_placeholder",
        "hex",
        "in_list",
        "boolean",
        "person_name",
        "resident_id",
        "sex_fits_id",
        "birth_fits_id",
        "age_fits_birth",
        "infant_age",
        "birth_date",
        "phone",
        "region",
        "icd10",
        "icd9cm3",
        "loinc_check_digit",
        "ucum",
        "quantity",
        "integer",
        "greater_than",
        "lab_result",
        "reference_range",
        "flag_fits_range",
        "moment",
        "not_future",
        "not_before_birth",
        "order",
        "uscc",
        "dicom_uid",
    ];

    /// Other elements the rule looks at.
    #[must_use]
    pub fn refers_to(&self) -> Vec<&ElementId> {
        match self {
            Self::ResidentId { kind: other, .. }
            | Self::SexFitsId { id: other }
            | Self::BirthFitsId { id: other }
            | Self::AgeFitsBirth { birth: other }
            | Self::GreaterThan { than: other } => vec![other],
            Self::LabResult { code: a, unit: b } | Self::FlagFitsRange { result: a, range: b } => vec![a, b],
            Self::Order {
                not_before,
                not_after,
            } => not_before.iter().chain(not_after).collect(),
            Self::Length { .. }
            | Self::NoPlaceholder { .. }
            | Self::Hex { .. }
            | Self::InList { .. }
            | Self::Boolean {}
            | Self::PersonName {}
            | Self::InfantAge {}
            | Self::BirthDate {}
            | Self::Phone {}
            | Self::Region { .. }
            | Self::Icd10 {}
            | Self::Icd9cm3 {}
            | Self::LoincCheckDigit {}
            | Self::Ucum {}
            | Self::Quantity { .. }
            | Self::Integer { .. }
            | Self::ReferenceRange {}
            | Self::Moment {}
            | Self::NotFuture {}
            | Self::NotBeforeBirth {}
            | Self::Uscc {}
            | Self::DicomUid {} => Vec::new(),
        }
    }
}

/// Name and parameters in one line, such as `length max=100 min=2`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(serde_json::Value::Object(members)) = serde_json::to_value(self) else {
            return Err(fmt::Error);
        };
        let name = members.get("rule").and_then(|v| v.as_str()).unwrap_or_default();
        f.write_str(name)?;
        for (key, value) in &members {
            match value {
                serde_json::Value::Null => {}
                // A list would not fit into a line.
                serde_json::Value::Array(values) if values.len() > 9 => {
                    write!(f, " {key}=({})", values.len())?
                }
                serde_json::Value::String(text) if key != "rule" => write!(f, " {key}={text}")?,
                serde_json::Value::String(_) => {}
                other => write!(f, " {key}={other}")?,
            }
        }
        Ok(())
    }
}
