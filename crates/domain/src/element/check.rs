//! Checks one row against the dictionary.

mod clinical;
mod person;
mod text;

use super::{
    Applicability, Dictionary, Element, ElementValue, Finding, LabNumber, Record, Requirement, Rule, codes,
};
use crate::{AbsentReason, MaskKind, Severity, Sex, Timestamp, person::BirthDate};

/// Characters of a wrong value that a finding shows.
const SEEN_CHARS_MAX: usize = 40;

/// What a row is checked against, besides itself.
#[derive(Clone, Copy, Debug)]
pub struct CheckContext {
    /// Time of the check.
    pub now: Timestamp,
    /// Time of the consultation, when it is set: an age may be the one of that day.
    pub consultation_at: Option<Timestamp>,
    /// The patient's sex as the lead has it, to compare.
    pub sex: Option<Sex>,
    /// The patient's birth date, for times that cannot be before it.
    pub birth_date: Option<BirthDate>,
    /// What decides which elements apply.
    pub applicable: Applicability,
    /// The row is all there is of its kind: what is missing is an error. A supplement to a row that another
    /// institution holds is not whole; a laboratory result, exam or study always is.
    pub whole: bool,
}

impl CheckContext {
    /// A context with nothing known but the time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            consultation_at: None,
            sex: None,
            birth_date: None,
            applicable: Applicability::default(),
            whole: true,
        }
    }
}

/// One broken rule, before it is written down.
struct Fault {
    code: &'static str,
    severity: Severity,
}

type Verdict = Result<(), Fault>;

const fn error(code: &'static str) -> Verdict {
    Err(Fault {
        code,
        severity: Severity::Error,
    })
}

const fn warning(code: &'static str) -> Verdict {
    Err(Fault {
        code,
        severity: Severity::Warning,
    })
}

const fn require(holds: bool, code: &'static str) -> Verdict {
    if holds { Ok(()) } else { error(code) }
}

/// What a rule may look at.
struct Case<'a> {
    dictionary: &'a Dictionary,
    record: &'a Record,
    ctx: &'a CheckContext,
    element: &'a Element,
    given: &'a ElementValue,
    /// The value without surrounding space, not empty.
    text: &'a str,
}

/// Everything wrong with one row, in the order of its elements. Linear in the size of the row.
#[must_use]
pub fn check_record(dictionary: &Dictionary, record: &Record, ctx: &CheckContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    let elements = dictionary.of_kind(record.kind);
    let numeric = is_numeric(record);
    for id in record.elements.keys() {
        if elements.binary_search_by(|e| e.id.cmp(id)).is_err() {
            findings.push(Finding {
                record_key: record.key.clone(),
                element: id.clone(),
                code: codes::UNKNOWN,
                severity: Severity::Error,
                seen: String::new(),
                rule: "dictionary".to_owned(),
            });
        }
    }
    for element in elements {
        check_element(dictionary, record, ctx, element, numeric, &mut findings);
    }
    findings
}

/// Whether the row's result is a number.
pub(crate) fn is_numeric(record: &Record) -> bool {
    record.kind == crate::RecordKind::Lab
        && record
            .text(&super::ElementId::row(3, 3))
            .is_some_and(|text| LabNumber::parse(text).is_some())
}

/// The value of an element; the unit of a result may be given with the result.
pub(crate) fn is_given(record: &Record, element: &Element) -> bool {
    record.text(&element.id).is_some() || unit_with_result(record, element).is_some()
}

/// The unit that came with the result, when `element` is the unit of the result.
fn unit_with_result<'a>(record: &'a Record, element: &Element) -> Option<&'a str> {
    let is_unit = element.rules.iter().any(|rule| matches!(rule, Rule::Ucum {}));
    let result = record.elements.get(&element.item()).filter(|_| is_unit)?;
    result
        .unit
        .as_deref()
        .map(str::trim)
        .filter(|unit| !unit.is_empty())
}

fn check_element(
    dictionary: &Dictionary,
    record: &Record,
    ctx: &CheckContext,
    element: &Element,
    numeric: bool,
    findings: &mut Vec<Finding>,
) {
    let given = record.elements.get(&element.id);
    let mut note = |fault: Fault, rule: &str, text: &str| {
        findings.push(Finding {
            record_key: record.key.clone(),
            element: element.id.clone(),
            code: fault.code,
            severity: fault.severity,
            seen: seen(element, fault.code, text),
            rule: rule.to_owned(),
        });
    };
    let Some((given, text)) = given.and_then(|given| Some((given, given.text()?))) else {
        let reason = given.and_then(|given| given.absent);
        let whole = ctx.whole || element.record.is_row();
        let missing = element.must_be_given()
            && whole
            && element.applies(&ctx.applicable, numeric)
            && !is_given(record, element);
        if reason == Some(AbsentReason::NotApplicable) && missing && !element.may_not_apply {
            note(
                Fault {
                    code: codes::ABSENT_REASON,
                    severity: Severity::Error,
                },
                "absent",
                AbsentReason::NotApplicable.code(),
            );
        } else if missing && reason.is_none() {
            note(
                Fault {
                    code: codes::REQUIRED,
                    severity: Severity::Error,
                },
                match element.requirement {
                    Requirement::Mandatory => "mandatory",
                    Requirement::Conditional | Requirement::Optional => "conditional",
                },
                "",
            );
        }
        return;
    };
    let case = Case {
        dictionary,
        record,
        ctx,
        element,
        given,
        text,
    };
    for rule in &element.rules {
        if let Err(fault) = case.obeys(rule) {
            note(fault, &rule.to_string(), text);
            // What follows would repeat the same fault in other words.
            break;
        }
    }
}

/// The value for the person who has to correct it. An identifying value is not shown; of free text only its length,
/// unless all of it is a placeholder.
fn seen(element: &Element, code: &'static str, text: &str) -> String {
    match element.mask {
        MaskKind::Keep | MaskKind::Age | MaskKind::Ethnicity | MaskKind::Uid => {
            text.chars().take(SEEN_CHARS_MAX).collect()
        }
        MaskKind::FreeText if code == codes::PLACEHOLDER => text.chars().take(SEEN_CHARS_MAX).collect(),
        MaskKind::FreeText if matches!(code, codes::TOO_LONG | codes::TOO_SHORT) => {
            text.chars().count().to_string()
        }
        MaskKind::FreeText
        | MaskKind::Pseudonym
        | MaskKind::Name
        | MaskKind::IdNumber
        | MaskKind::Document
        | MaskKind::Email
        | MaskKind::Account
        | MaskKind::Phone
        | MaskKind::Address
        | MaskKind::NativePlace
        | MaskKind::BirthDate
        | MaskKind::RecordNumber => String::new(),
    }
}

impl Case<'_> {
    fn other(&self, id: &super::ElementId) -> Option<&str> {
        self.record.text(id)
    }

    fn obeys(&self, rule: &Rule) -> Verdict {
        match rule {
            Rule::Length { min, max } => text::length(self.text, *min, *max),
            Rule::NoPlaceholder { allow } => text::no_placeholder(self.text, allow),
            Rule::Hex { len } => text::hex(self.text, *len),
            Rule::InList { values } => require(values.iter().any(|v| v == self.text), codes::NOT_IN_LIST),
            Rule::Boolean {} => require(
                matches!(self.text, "true" | "false" | "T" | "F" | "1" | "0"),
                codes::FORM,
            ),
            Rule::Icd10 {} => require(crate::person::icd10_well_formed(self.text), codes::ICD10),
            Rule::Icd9cm3 {} => require(super::icd9_well_formed(self.text), codes::PROCEDURE_CODE),
            Rule::Uscc {} => require(
                super::uscc_valid(self.text) || super::ws218_valid(self.text),
                codes::INSTITUTION_CODE,
            ),
            Rule::DicomUid {} => require(super::dicom_uid_well_formed(self.text), codes::UID),
            Rule::PersonName {} => self.person_name(),
            Rule::ResidentId { kind, is } => self.resident_id(kind, is),
            Rule::SexFitsId { id } => self.sex_fits_id(id),
            Rule::BirthFitsId { id } => self.birth_fits_id(id),
            Rule::AgeFitsBirth { birth } => self.age_fits_birth(birth),
            Rule::InfantAge {} => self.infant_age(),
            Rule::BirthDate {} => self.birth_date(),
            Rule::Phone {} => self.phone(),
            Rule::Region { names, codes } => self.region(names, codes),
            Rule::LoincCheckDigit {} => self.loinc(),
            Rule::Ucum {} => self.ucum(),
            Rule::Quantity {
                unit,
                min,
                max,
                above,
            } => self.quantity(unit.as_deref(), *min, *max, *above),
            Rule::Integer { min, max } => self.integer(*min, *max),
            Rule::GreaterThan { than } => self.greater_than(than),
            Rule::LabResult { code, unit } => self.lab_result(code, unit),
            Rule::ReferenceRange {} => self.reference_range(),
            Rule::FlagFitsRange { result, range } => self.flag_fits_range(result, range),
            Rule::Moment {} => require(super::Moment::parse(self.text).is_some(), codes::DATE),
            Rule::NotFuture {} => self.not_future(),
            Rule::NotBeforeBirth {} => self.not_before_birth(),
            Rule::Order {
                not_before,
                not_after,
            } => self.order(not_before.as_ref(), not_after.as_ref()),
        }
    }
}
