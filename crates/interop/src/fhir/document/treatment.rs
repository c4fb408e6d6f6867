//! Drugs, operations, outcome.

use consilium_domain::element::ElementId;
use consilium_protocol::preparation::Item;

use super::{
    Document,
    people::observation,
    sections::{self, Group},
    text,
    values::{coding, concept, date_time, quantity},
};
use crate::tree::Object;

const ICD9: &str = "urn:oid:2.16.156.10011.2.3.3.12";
const OUTCOME: &str = "urn:oid:2.16.156.10011.2.2.1";

pub(super) fn item(out: &mut Document<'_>, item: &Item) {
    sections::narrative(out, item, &ElementId::row(5, 1));
    medication(out, item);
    operation(out, item);
    if let Some(code) = text(item, &ElementId::row(5, 4)) {
        let fields = observation(
            out,
            concept(vec![coding(OUTCOME, "DE05.10.113.00", "疗效评价")], "疗效评价"),
            "exam",
        )
        .with("effectiveDateTime", item.reference.available_at.to_string())
        .with("valueString", code);
        let id = out.add("Observation", "outcome", fields);
        out.sections.put(Group::Outcome, id);
    }
}

fn medication(out: &mut Document<'_>, item: &Item) {
    let part = |name: &str| text(item, &ElementId::part(5, 2, name));
    let Some(drug) = part("drug") else { return };
    let date = |name: &str| part(name).and_then(date_time);
    let ended = part("end").is_some();
    let period = Object::new()
        .with("start", date("start"))
        .with("end", date("end"));
    let given = item.elements.get(&ElementId::part(5, 2, "dose"));
    let dose = part("dose").and_then(|dose| quantity(dose, given.and_then(|g| g.unit.as_deref())));
    let words = |name: &str| part(name).map(|words| concept(Vec::new(), words));
    let dosage = Object::new()
        .with(
            "timing",
            words("frequency").map(|code| Object::new().with("code", code)),
        )
        .with("route", words("route"))
        .with(
            "doseAndRate",
            dose.map(|dose| vec![Object::new().with("doseQuantity", dose)]),
        );
    let fields = Object::new()
        .with("status", if ended { "completed" } else { "active" })
        .with("medicationCodeableConcept", concept(Vec::new(), drug))
        .with("subject", out.patient())
        .with("effectivePeriod", period)
        .with("informationSource", out.organization(item.institution.id))
        .with(
            "dosage",
            Some(vec![dosage]).filter(|d| d.iter().any(|d| !d.0.is_empty())),
        );
    let id = out.add("MedicationStatement", "", fields);
    out.sections.put(Group::Medication, id);
}

fn operation(out: &mut Document<'_>, item: &Item) {
    let part = |name: &str| text(item, &ElementId::part(5, 3, name));
    let (name, code) = (part("name"), part("code"));
    if name.is_none() && code.is_none() {
        return;
    }
    let codings = code.map(|code| coding(ICD9, code, "")).into_iter().collect();
    let fields = Object::new()
        .with("status", "completed")
        .with("code", concept(codings, name.unwrap_or_default()))
        .with("subject", out.patient())
        .with("performedDateTime", part("date").and_then(date_time))
        .with(
            "performer",
            vec![Object::new().with("actor", out.organization(item.institution.id))],
        );
    let id = out.add("Procedure", "", fields);
    out.sections.put(Group::Procedures, id);
}
