//! Codes of findings. Where a value of a person is wrong, the code is the one of [`crate::person::PersonError`];
//! where a form field has the same fault, the code is the form's.

/// A mandatory element has no value and no reason for it.
pub const REQUIRED: &str = "element.required";
/// A placeholder instead of content (rule V6).
pub const PLACEHOLDER: &str = "field.placeholder";
/// Longer than the element may be.
pub const TOO_LONG: &str = "field.too_long";
/// Not one of the values of its list.
pub const NOT_IN_LIST: &str = "field.unknown";
/// ICD-10 form (rule V3).
pub const ICD10: &str = "field.icd10";
/// Sex does not fit digit 17 of the identity number.
pub const SEX_MISMATCH: &str = "person.sex_mismatch";
/// Birth date does not fit digits 7 to 14 of the identity number.
pub const BIRTH_MISMATCH: &str = "person.birth_mismatch";
/// A 15-digit identity number: upgraded, but to be replaced.
pub const ID_15_DIGITS: &str = "element.id_15_digits";
/// Shorter than the element must be.
pub const TOO_SHORT: &str = "element.too_short";
/// The dictionary has no such element for this kind of row.
pub const UNKNOWN: &str = "element.unknown";
/// "Not applicable" where the element always applies.
pub const ABSENT_REASON: &str = "element.absent_reason";
/// Not written in the form of its type (boolean, pseudonym, age of an infant …).
pub const FORM: &str = "element.form";
/// In clear where only the masked form may be.
pub const NOT_MASKED: &str = "element.not_masked";
/// Not a number.
pub const NUMBER: &str = "element.number";
/// Outside the possible range.
pub const RANGE: &str = "element.range";
/// Not a unit of UCUM, nor a known spelling of one.
pub const UNIT_UNKNOWN: &str = "element.unit_unknown";
/// A unit of another dimension than the element has, or two units for one value.
pub const UNIT_MISMATCH: &str = "element.unit_mismatch";
/// Lower limit of the reference range not below its upper limit.
pub const RANGE_INVERTED: &str = "element.range_inverted";
/// The reference range cannot be read.
pub const RANGE_UNREADABLE: &str = "element.range_unreadable";
/// The abnormal flag contradicts value and reference range.
pub const FLAG_MISMATCH: &str = "element.flag_mismatch";
/// A LOINC code with a wrong check digit.
pub const LOINC: &str = "element.loinc";
/// A code of the source's own that is not mapped.
pub const CODE_UNMAPPED: &str = "element.code_unmapped";
/// Neither a unified social credit code nor a code by WS 218 (rule V4).
pub const INSTITUTION_CODE: &str = "element.institution_code";
/// Not a date or time.
pub const DATE: &str = "element.date";
/// In the future.
pub const FUTURE: &str = "element.future";
/// Before the birth of the patient.
pub const BEFORE_BIRTH: &str = "element.before_birth";
/// Times in an impossible order.
pub const ORDER: &str = "element.order";
/// Age does not fit the birth date.
pub const AGE_MISMATCH: &str = "element.age_mismatch";
/// Not a DICOM unique identifier.
pub const UID: &str = "element.uid";
/// Not a procedure code of ICD-9-CM-3 form.
pub const PROCEDURE_CODE: &str = "element.procedure_code";
/// No known province or region code.
pub const REGION: &str = "element.region";

/// Every code that only findings have.
pub const ALL: &[&str] = &[
    REQUIRED,
    ID_15_DIGITS,
    TOO_SHORT,
    UNKNOWN,
    ABSENT_REASON,
    FORM,
    NOT_MASKED,
    NUMBER,
    RANGE,
    UNIT_UNKNOWN,
    UNIT_MISMATCH,
    RANGE_INVERTED,
    RANGE_UNREADABLE,
    FLAG_MISMATCH,
    LOINC,
    CODE_UNMAPPED,
    INSTITUTION_CODE,
    DATE,
    FUTURE,
    BEFORE_BIRTH,
    ORDER,
    AGE_MISMATCH,
    UID,
    PROCEDURE_CODE,
    REGION,
];
