//! Drugs and operations, a row each.

use consilium_domain::{
    RecordKind,
    element::{ElementId, ElementValue},
};
use consilium_protocol::codes;
use serde_json::Value;

use super::{Elements, Reading, put};
use crate::fhir::{
    element::{Resource, codings, day, display, list, text, when},
    treatment,
};

pub(super) fn medication<'a>(
    reading: &mut Reading<'_, 'a>,
    resource: &Resource<'a>,
) -> Result<(), &'static str> {
    let body = resource.body;
    let drug = match body.get("medicationCodeableConcept").and_then(display) {
        Some(name) => name,
        None => treatment::referenced(body, reading.all).ok_or(codes::FHIR_NO_VALUE)?,
    };
    let part = |name: &str| ElementId::part(5, 2, name);
    let mut elements = Elements::new();
    put(&mut elements, part("drug"), Some(drug));
    let dosages = list(body, "dosageInstruction").iter().chain(list(body, "dosage"));
    let dosage = dosages.clone().next().unwrap_or(&Value::Null);
    let dose = list(dosage, "doseAndRate")
        .first()
        .and_then(|d| d.get("doseQuantity"));
    if let Some(amount) = dose.and_then(|d| d.get("value")).and_then(Value::as_number) {
        let unit = dose.and_then(|d| text(d, "unit").or_else(|| text(d, "code")));
        let value = match unit {
            Some(unit) => ElementValue::quantity(amount.to_string(), unit),
            None => ElementValue::new(amount.to_string()),
        };
        elements.insert(part("dose"), value);
    }
    put(
        &mut elements,
        part("route"),
        dosage.get("route").and_then(display),
    );
    put(
        &mut elements,
        part("frequency"),
        dosage.get("timing").and_then(frequency),
    );
    let (start, _) = when(
        body,
        &[
            "effectiveDateTime",
            "effectivePeriod",
            "authoredOn",
            "dateAsserted",
        ],
    );
    put(&mut elements, part("start"), Some(day(start)));
    let end = body.get("effectivePeriod").and_then(|p| text(p, "end"));
    put(&mut elements, part("end"), end.map(day));
    let words: Vec<&str> = dosages.filter_map(|d| text(d, "text")).collect();
    if !words.is_empty() {
        put(
            &mut elements,
            ElementId::row(5, 1),
            Some(format!("{drug}：{}", words.join("；"))),
        );
    }
    let id = text(body, "id").unwrap_or_default();
    let times = [text(body, "authoredOn"), text(body, "dateAsserted")].map(Option::unwrap_or_default);
    reading.add(RecordKind::Treatment, id, elements, &times)
}

/// `bid`, or `2/1d`: times a period.
fn frequency(timing: &Value) -> Option<String> {
    if let Some(code) = timing.get("code").and_then(display) {
        return Some(code.to_owned());
    }
    let repeat = timing.get("repeat")?;
    let number = |name: &str| repeat.get(name).and_then(Value::as_number);
    let unit = text(repeat, "periodUnit")?;
    Some(format!("{}/{}{unit}", number("frequency")?, number("period")?))
}

pub(super) fn operation<'a>(
    reading: &mut Reading<'_, 'a>,
    resource: &Resource<'a>,
) -> Result<(), &'static str> {
    let body = resource.body;
    let code = body.get("code").unwrap_or(&Value::Null);
    let name = display(code).ok_or(codes::FHIR_NO_VALUE)?;
    let part = |name: &str| ElementId::part(5, 3, name);
    let mut elements = Elements::new();
    put(&mut elements, part("name"), Some(name));
    let icd9 = codings(code).find(|(system, _)| {
        *system == "2.16.156.10011.2.3.3.12"
            || system
                .trim_end_matches('/')
                .ends_with("hl7.org/fhir/sid/icd-9-cm")
    });
    put(&mut elements, part("code"), icd9.map(|(_, code)| code));
    let (performed, _) = when(body, &["performedDateTime", "performedPeriod"]);
    put(&mut elements, part("date"), Some(day(performed)));
    reading.add(
        RecordKind::Treatment,
        text(body, "id").unwrap_or_default(),
        elements,
        &[performed],
    )
}
