//! `Observation` into rows of laboratory results; a panel into a row for each of its parts.

use consilium_domain::{
    RecordKind,
    element::{ElementId, ElementValue},
};
use consilium_protocol::codes;
use serde_json::Value;

use super::{Elements, Reading, absent_reason, put};
use crate::fhir::{
    element::{Resource, codings, display, has_code, list, text, when},
    laboratory,
};

pub(super) fn read<'a>(reading: &mut Reading<'_, 'a>, resource: &Resource<'a>) -> Result<(), &'static str> {
    let body = resource.body;
    if !laboratory::is_laboratory(body) {
        return Err(codes::FHIR_NOT_USED);
    }
    let id = text(body, "id").unwrap_or_default();
    let parts = list(body, "component");
    let mut rows = Vec::new();
    if has_value(body) || parts.is_empty() {
        rows.push((id.to_owned(), body));
    }
    for (at, part) in parts.iter().enumerate() {
        rows.push((
            if id.is_empty() {
                String::new()
            } else {
                format!("{id}.{at}")
            },
            part,
        ));
    }
    let mut added = Err(codes::FHIR_NO_VALUE);
    for (id, holder) in rows {
        let mut elements = result(holder);
        if !elements.contains_key(&ElementId::row(3, 3)) {
            continue;
        }
        context(reading, body, &mut elements);
        let issued = text(body, "issued").unwrap_or_default();
        let (effective, _) = when(body, TIMES);
        added = match (
            reading.add(RecordKind::Lab, &id, elements, &[issued, effective]),
            added,
        ) {
            (Err(code), Err(_)) => Err(code),
            _ => Ok(()),
        };
    }
    added
}

const TIMES: &[&str] = &[
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "issued",
];

fn has_value(body: &Value) -> bool {
    laboratory::exact(body).is_some() || body.get("dataAbsentReason").is_some()
}

/// What an observation and a part of one have alike.
fn result(holder: &Value) -> Elements {
    let mut elements = Elements::new();
    let code = holder.get("code").unwrap_or(&Value::Null);
    let row = ElementId::row;
    put(&mut elements, row(3, 1), display(code));
    let loinc = codings(code).find(|(system, _)| system.trim_end_matches('/').ends_with("loinc.org"));
    put(
        &mut elements,
        row(3, 2),
        loinc.or_else(|| codings(code).next()).map(|(_, code)| code),
    );
    match laboratory::exact(holder) {
        Some((value, unit)) => {
            put(&mut elements, row(3, 3), Some(value));
            put(&mut elements, row(3, 4), unit);
        }
        None => {
            let reason = holder.get("dataAbsentReason").and_then(|r| codings(r).next());
            if let Some((_, reason)) = reason {
                elements.insert(row(3, 3), ElementValue::absent(absent_reason(reason)));
            }
        }
    }
    let range = list(holder, "referenceRange").first().and_then(laboratory::range);
    put(&mut elements, row(3, 5), range);
    let flag = list(holder, "interpretation").iter().flat_map(codings).next();
    put(&mut elements, row(3, 6), flag.map(|(_, code)| code));
    elements
}

/// Times, sample and laboratory.
fn context<'a>(reading: &Reading<'_, 'a>, body: &'a Value, elements: &mut Elements) {
    let row = ElementId::row;
    put(elements, row(3, 7), Some(when(body, TIMES).0));
    put(elements, ElementId::part(3, 7, "report"), text(body, "issued"));
    let specimen = body
        .get("specimen")
        .and_then(|reference| reading.target(body, reference, "Specimen"));
    if let Some(specimen) = specimen {
        put(
            elements,
            ElementId::part(3, 8, "kind"),
            specimen.get("type").and_then(display),
        );
        let collected = specimen
            .get("collection")
            .map(|c| when(c, &["collectedDateTime", "collectedPeriod"]).0);
        put(elements, ElementId::part(3, 8, "time"), collected);
    }
    let laboratory = reading
        .institution(body, list(body, "performer"))
        .or_else(|| of_report(reading, body));
    put(elements, row(3, 9), laboratory);
}

/// The laboratory of the report that holds the result.
fn of_report<'a>(reading: &Reading<'_, 'a>, body: &Value) -> Option<String> {
    let id = text(body, "id")?;
    let result = reading
        .all
        .iter()
        .find(|r| r.kind == "Observation" && text(r.body, "id") == Some(id))?;
    reading
        .own("DiagnosticReport")
        .find(|report| {
            let results = list(report.body, "result");
            results
                .iter()
                .filter_map(|r| text(r, "reference"))
                .any(|name| result.is_named_by(name))
        })
        .and_then(|report| reading.institution(report.body, list(report.body, "performer")))
}

/// A report of the laboratory: its results are rows of their own.
pub(super) fn is_laboratory_report(body: &Value) -> bool {
    list(body, "category").iter().any(|c| {
        ["LAB", "laboratory", "CH", "HM", "MB", "SR", "UR", "BLB", "IMM"]
            .iter()
            .any(|code| has_code(c, code))
    })
}
