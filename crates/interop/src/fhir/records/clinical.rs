//! The clinical row: sections of documents, conditions, vital signs, allergies, family history.

use std::collections::BTreeMap;

use consilium_domain::{
    RecordKind,
    RecordKind::Clinical,
    element::{Dictionary, ElementId, ElementValue},
};
use serde_json::Value;

use super::{Elements, Reading, put};
use crate::fhir::{
    clinical::{self, Conditions, DIAGNOSIS, PAST_HISTORY, Sections},
    element::{Resource, codings, day, display, has_code, join_lines, list, text, when},
    laboratory,
};

/// Longest lists in one element, characters.
const HISTORY_CHARS: usize = 1000;
const VITAL_TIMES: &[&str] = &[
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "issued",
];

pub(super) fn read(reading: &mut Reading<'_, '_>) {
    let own: Vec<&Resource<'_>> = reading
        .all
        .iter()
        .filter(|r| r.is_about(reading.patient) && !super::is_void(r.body))
        .collect();
    let mut elements = Elements::new();
    let mut used: Vec<&Resource<'_>> = Vec::new();
    used.extend(own.iter().filter(|r| {
        matches!(
            r.kind,
            "Composition" | "Condition" | "AllergyIntolerance" | "FamilyMemberHistory"
        )
    }));

    for (element, words) in Sections::read(&own).into_table() {
        put(&mut elements, element, Some(words));
    }
    conditions(&own, &mut elements);
    let allergies = clinical::allergies(&own);
    put(
        &mut elements,
        ElementId::row(2, 12),
        Some(join_lines(allergies, HISTORY_CHARS)),
    );
    if !elements.contains_key(&clinical::FAMILY_HISTORY) {
        put(&mut elements, clinical::FAMILY_HISTORY, Some(family(&own)));
    }
    used.extend(vital_signs(&own, &mut elements));
    if elements.is_empty() {
        return;
    }
    let written = used
        .iter()
        .filter(|r| r.kind == "Composition")
        .find_map(|r| text(r.body, "date"));
    if reading
        .add(
            RecordKind::Clinical,
            "summary",
            elements,
            &[written.unwrap_or_default()],
        )
        .is_ok()
    {
        for resource in used {
            reading.use_up(resource);
        }
    }
}

/// The first condition is the diagnosis, with its own code and date; all others are history.
fn conditions(own: &[&Resource<'_>], elements: &mut Elements) {
    let conditions = Conditions::read(own);
    let main = conditions.main();
    if let Some(main) = main {
        put(elements, DIAGNOSIS, main.body.get("code").and_then(display));
        put(
            elements,
            ElementId::row(2, 9),
            main.body.get("code").and_then(clinical::icd10),
        );
        put(elements, ElementId::part(2, 10, "date"), Some(day(main.date)));
        put(elements, ElementId::part(2, 10, "order"), Some("1"));
    }
    if !elements.contains_key(&PAST_HISTORY) {
        put(
            elements,
            PAST_HISTORY,
            Some(join_lines(conditions.besides(main), HISTORY_CHARS)),
        );
    }
}

fn family(own: &[&Resource<'_>]) -> String {
    let lines = own.iter().filter(|r| r.kind == "FamilyMemberHistory").map(|r| {
        let who = r.body.get("relationship").and_then(display).unwrap_or_default();
        let what: Vec<&str> = list(r.body, "condition")
            .iter()
            .filter_map(|c| display(c.get("code")?))
            .collect();
        format!("{who} {}", what.join("、")).trim().to_owned()
    });
    join_lines(lines.filter(|line| !line.is_empty()), HISTORY_CHARS)
}

/// The newest of each vital sign the dictionary has, by LOINC; gives every observation that is one.
fn vital_signs<'r, 'a>(own: &[&'r Resource<'a>], elements: &mut Elements) -> Vec<&'r Resource<'a>> {
    let dictionary = Dictionary::builtin().of_kind(Clinical);
    let wanted: BTreeMap<&str, &ElementId> = dictionary
        .iter()
        .filter(|e| e.id.whole_row() == ElementId::row(2, 7))
        .filter_map(|e| Some((e.loinc.as_deref()?, &e.id)))
        .collect();
    let mut newest: BTreeMap<&ElementId, i64> = BTreeMap::new();
    let mut used = Vec::new();
    for resource in own.iter().filter(|r| r.kind == "Observation") {
        let categories = list(resource.body, "category");
        if !categories.is_empty() && !categories.iter().any(|c| has_code(c, "vital-signs")) {
            continue;
        }
        let (_, at) = when(resource.body, VITAL_TIMES);
        let holders = std::iter::once(resource.body).chain(list(resource.body, "component"));
        let mut is_one = false;
        for holder in holders {
            let code = holder.get("code").unwrap_or(&Value::Null);
            let Some(id) = codings(code).find_map(|(_, code)| wanted.get(code)) else {
                continue;
            };
            let Some((value, unit)) = laboratory::exact(holder) else {
                continue;
            };
            is_one = true;
            if newest.get(id).is_none_or(|then| *then < at) {
                newest.insert(id, at);
                let value = match unit {
                    Some(unit) => ElementValue::quantity(value, unit),
                    None => ElementValue::new(value),
                };
                elements.insert((*id).clone(), value);
            }
        }
        if is_one {
            used.push(*resource);
        }
    }
    used
}
