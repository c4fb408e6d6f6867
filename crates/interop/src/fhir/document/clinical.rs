//! Diagnosis, vital signs, allergies; everything else of the clinical row is narrative.

use consilium_domain::{
    RecordKind,
    element::{Dictionary, Element, ElementId, Rule},
};
use consilium_protocol::preparation::Item;

use super::{
    Document,
    people::observation,
    sections::{self, Group},
    text,
    values::{self, ICD10, coding, concept, date_time, hl7, test_code},
};
use crate::tree::Object;

pub(super) fn item(out: &mut Document<'_>, item: &Item) {
    for element in Dictionary::builtin().of_kind(RecordKind::Clinical) {
        let row = element.id.whole_row();
        if row == ElementId::row(2, 7) {
            vital_sign(out, item, element);
        } else if element.loinc.is_some() || row == ElementId::row(2, 11) {
            sections::narrative(out, item, &element.id);
        }
    }
    condition(out, item);
    allergy(out, item);
}

fn vital_sign(out: &mut Document<'_>, item: &Item, element: &Element) {
    let Some(given) = item.elements.get(&element.id) else {
        return;
    };
    // Without a unit of its own it is in that of the dictionary.
    let of_dictionary = element.rules.iter().find_map(|rule| match rule {
        Rule::Quantity { unit, .. } => unit.as_deref(),
        _ => None,
    });
    let unit = given.unit.as_deref().or(of_dictionary);
    let code = test_code(element.loinc.as_deref(), &element.name_zh);
    let head = observation(out, code, "vital-signs")
        .with("effectiveDateTime", item.reference.available_at.to_string())
        .with("performer", vec![out.organization(item.institution.id)]);
    let fields = values::value(head, Some(given), unit);
    let id = out.add("Observation", &element.id.to_string(), fields);
    out.sections.put(Group::Vitals, id);
}

fn condition(out: &mut Document<'_>, item: &Item) {
    let name = text(item, &ElementId::row(2, 8));
    let code = text(item, &ElementId::row(2, 9));
    if name.is_none() && code.is_none() {
        return;
    }
    let codings = code.map(|code| coding(ICD10, code, "")).into_iter().collect();
    let basis = text(item, &ElementId::row(2, 11));
    let fields = Object::new()
        .with("clinicalStatus", hl7("condition-clinical", "active"))
        .with("verificationStatus", hl7("condition-ver-status", "provisional"))
        .with("category", vec![hl7("condition-category", "encounter-diagnosis")])
        .with("code", concept(codings, name.unwrap_or_default()))
        .with("subject", out.patient())
        .with(
            "recordedDate",
            text(item, &ElementId::part(2, 10, "date")).and_then(date_time),
        )
        .with(
            "evidence",
            basis.map(|words| vec![Object::new().with("code", vec![concept(Vec::new(), words)])]),
        );
    let id = out.add("Condition", "", fields);
    out.sections.put(Group::Diagnosis, id);
}

fn allergy(out: &mut Document<'_>, item: &Item) {
    let Some(words) = text(item, &ElementId::row(2, 12)) else {
        return;
    };
    let none = matches!(words, "无" | "否认" | "无过敏史" | "否认过敏史");
    let code = if none {
        concept(
            vec![coding("http://snomed.info/sct", "716186003", "No known allergy")],
            words,
        )
    } else {
        concept(Vec::new(), words)
    };
    let fields = Object::new()
        .with("clinicalStatus", hl7("allergyintolerance-clinical", "active"))
        .with(
            "verificationStatus",
            hl7("allergyintolerance-verification", "unconfirmed"),
        )
        .with("code", code)
        .with("patient", out.patient());
    let id = out.add("AllergyIntolerance", "", fields);
    out.sections.put(Group::Allergies, id);
}
