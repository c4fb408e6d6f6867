//! Data types: codings, references, quantities, times, reasons for absence.

use consilium_domain::{
    AbsentReason, Timestamp,
    element::{
        Comparator, ElementValue, LabNumber, Moment, ReferenceRange, loinc_valid, unit::normalise_unit,
    },
};
use uuid::Uuid;

use crate::tree::{Object, Tree};

pub(super) const LOINC: &str = "http://loinc.org";
pub(super) const UCUM: &str = "http://unitsofmeasure.org";
/// Data elements of WS 363.
pub(super) const WS363: &str = "urn:oid:2.16.156.10011.2.2.1";
pub(super) const ICD10: &str = "urn:oid:2.16.156.10011.2.3.3.11";
const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
/// Codes of a source's own.
const LOCAL: &str = "urn:consilium:local-code";

pub(super) fn coding(system: &str, code: &str, display: &str) -> Object {
    Object::new()
        .with("system", system)
        .with("code", code)
        .with("display", display)
}

pub(super) fn concept(codings: Vec<Object>, text: &str) -> Object {
    Object::new().with("coding", codings).with("text", text)
}

/// A code of one of HL7's own systems.
pub(super) fn hl7(system: &str, code: &str) -> Object {
    let url = format!("http://terminology.hl7.org/CodeSystem/{system}");
    concept(vec![Object::new().with("system", url).with("code", code)], "")
}

pub(super) fn reference(id: Uuid) -> Object {
    Object::new().with("reference", format!("urn:uuid:{id}"))
}

/// A code that is LOINC when its check digit says so, or else the source's own.
pub(super) fn test_code(code: Option<&str>, name: &str) -> Object {
    let codings = code
        .map(|code| {
            let system = if loinc_valid(code) { LOINC } else { LOCAL };
            Object::new().with("system", system).with("code", code)
        })
        .into_iter()
        .collect();
    concept(codings, name)
}

/// `data-absent-reason` of R4.
pub(super) const fn absent_code(reason: AbsentReason) -> &'static str {
    match reason {
        AbsentReason::NotAsked => "not-asked",
        AbsentReason::AskedUnknown => "asked-unknown",
        AbsentReason::Refused => "asked-declined",
        AbsentReason::NotApplicable => "not-applicable",
        AbsentReason::NotPerformed => "not-performed",
        AbsentReason::Pending => "temp-unknown",
        AbsentReason::Masked => "masked",
        AbsentReason::Unsupported => "unsupported",
        AbsentReason::UnknownExplained => "unknown",
    }
}

/// The concept for `dataAbsentReason`.
pub(super) fn absent_concept(reason: Option<AbsentReason>) -> Object {
    hl7("data-absent-reason", reason.map_or("unknown", absent_code))
}

/// What stands beside a primitive without a value.
pub(super) fn absent_extension(code: &str) -> Object {
    let extension = Object::new().with("url", ABSENT).with("valueCode", code);
    Object::new().with("extension", vec![extension])
}

/// A number as JSON writes one: as it was written where that is possible.
fn decimal(text: &str, value: f64) -> Tree {
    let digits: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
        .collect();
    let as_written = digits.parse::<f64>().is_ok_and(|v| v == value)
        && serde_json::from_str::<serde_json::Number>(&digits).is_ok();
    Tree::Number(if as_written { digits } else { value.to_string() })
}

/// A `Quantity`, when the text is a number.
pub(super) fn quantity(text: &str, unit: Option<&str>) -> Option<Object> {
    let number = LabNumber::parse(text)?;
    let comparator = match number.comparator {
        Comparator::Equal => None,
        Comparator::Below => Some("<"),
        Comparator::AtMost => Some("<="),
        Comparator::Above => Some(">"),
        Comparator::AtLeast => Some(">="),
    };
    let ucum = unit.and_then(normalise_unit);
    let quantity = Object::new()
        .with("value", decimal(text, number.value))
        .with("comparator", comparator)
        .with("unit", unit);
    Some(match ucum {
        Some(code) => quantity.with("system", UCUM).with("code", code),
        None => quantity,
    })
}

/// `valueQuantity`, `valueString` or `dataAbsentReason`, each at its place.
pub(super) fn value(resource: Object, given: Option<&ElementValue>, unit: Option<&str>) -> Object {
    let text = given.and_then(ElementValue::text);
    match text.map(|text| (text, quantity(text, unit))) {
        Some((_, Some(quantity))) => resource.with("valueQuantity", quantity),
        Some((text, None)) => resource.with("valueString", text),
        None => resource.with("dataAbsentReason", absent_concept(given.and_then(|v| v.absent))),
    }
}

/// `referenceRange`.
pub(super) fn range(text: &str, unit: Option<&str>) -> Object {
    let range = Object::new();
    let with_limits = match ReferenceRange::parse(text) {
        Ok(ReferenceRange::Limits { low, high, unit: own }) => {
            let unit = own.as_deref().or(unit);
            let limit = |value: f64| quantity(&value.to_string(), unit);
            range
                .with("low", low.and_then(|bound| limit(bound.value)))
                .with("high", high.and_then(|bound| limit(bound.value)))
        }
        Ok(ReferenceRange::Text(_)) | Err(_) => range,
    };
    with_limits.with("text", text)
}

/// `dateTime`: a day stays a day.
pub(super) fn date_time(text: &str) -> Option<String> {
    let moment = Moment::parse(text)?;
    Some(if moment.latest.since_ms(moment.earliest) >= 60 * 60 * 1000 {
        day(moment.earliest)
    } else {
        moment.earliest.to_string()
    })
}

/// `instant`; of a day its beginning.
pub(super) fn instant(text: &str) -> Option<String> {
    Moment::parse(text).map(|moment| moment.earliest.to_string())
}

fn day(at: Timestamp) -> String {
    at.display().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(object: Object) -> String {
        Tree::Object(object).to_json()
    }

    #[test]
    fn quantities_keep_what_was_written() {
        let of = |text, unit| quantity(text, unit).map(json);
        assert_eq!(
            of("<7.40", Some("10^9/L")).unwrap(),
            r#"{"value":7.40,"comparator":"<","unit":"10^9/L","system":"http://unitsofmeasure.org","code":"10*9/L"}"#
        );
        assert_eq!(of("−1.5", None).unwrap(), r#"{"value":-1.5}"#);
        assert_eq!(
            of("007", Some("unheard-of")).unwrap(),
            r#"{"value":7,"unit":"unheard-of"}"#
        );
        assert_eq!(of("阴性", None), None);
        assert_eq!(
            json(range("3.5-9.5", Some("g/L"))),
            "{\"low\":{\"value\":3.5,\"unit\":\"g/L\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"g/L\"},\
             \"high\":{\"value\":9.5,\"unit\":\"g/L\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"g/L\"},\"text\":\"3.5-9.5\"}"
        );
        assert_eq!(json(range("阴性", Some("g/L"))), r#"{"text":"阴性"}"#);
    }

    #[test]
    fn days_stay_days() {
        assert_eq!(date_time("20261120").unwrap(), "2026-11-20");
        assert_eq!(
            date_time("2026-11-20T08:00:00+08:00").unwrap(),
            "2026-11-20T00:00:00Z"
        );
        assert_eq!(instant("2026-11-20").unwrap(), "2026-11-19T16:00:00Z");
        assert_eq!(date_time("昨天"), None);
    }
}
