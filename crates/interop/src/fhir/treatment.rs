//! `MedicationRequest`, `MedicationStatement` and `Procedure` as short lines.

use std::collections::HashSet;

use consilium_protocol::limits;
use serde_json::Value;

use super::element::{Resource, day, display, join_lines, list, text, when};

/// Lines of `day what; dosage`, newest first, each drug and procedure once.
pub(super) fn read(own: &[&Resource<'_>], all: &[Resource<'_>]) -> String {
    let mut given: Vec<(i64, &str, String)> = own
        .iter()
        .filter(|r| {
            !matches!(
                text(r.body, "status"),
                Some("entered-in-error" | "cancelled" | "draft" | "not-done" | "not-taken")
            )
        })
        .filter_map(|r| {
            let (date, at) = match r.kind {
                "MedicationRequest" => when(r.body, &["authoredOn"]),
                "MedicationStatement" => {
                    when(r.body, &["effectiveDateTime", "effectivePeriod", "dateAsserted"])
                }
                "Procedure" => when(r.body, &["performedDateTime", "performedPeriod"]),
                _ => return None,
            };
            let what = match r.kind {
                "Procedure" => display(r.body.get("code")?)?.to_owned(),
                _ => medication(r.body, all)?,
            };
            Some((at, date, what))
        })
        .collect();
    given.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let mut seen = HashSet::new();
    let lines = given.into_iter().filter_map(|(_, date, what)| {
        let line = format!("{} {what}", day(date)).trim().to_owned();
        seen.insert(what).then_some(line)
    });
    join_lines(lines, limits::NEED_CHARS)
}

fn medication(body: &Value, all: &[Resource<'_>]) -> Option<String> {
    let name = match body.get("medicationCodeableConcept").and_then(display) {
        Some(name) => name,
        None => referenced(body, all)?,
    };
    let dosage = list(body, "dosageInstruction")
        .iter()
        .chain(list(body, "dosage"))
        .filter_map(|d| text(d, "text"))
        .collect::<Vec<_>>()
        .join(", ");
    Some(if dosage.is_empty() {
        name.to_owned()
    } else {
        format!("{name}; {dosage}")
    })
}

/// The drug of a `medicationReference`: contained in the resource or elsewhere in the bundle.
pub(super) fn referenced<'a>(body: &'a Value, all: &[Resource<'a>]) -> Option<&'a str> {
    let reference = body.get("medicationReference")?;
    let target = text(reference, "reference").unwrap_or_default();
    let medication = match target.strip_prefix('#') {
        Some(id) => list(body, "contained").iter().find(|c| text(c, "id") == Some(id)),
        None => all
            .iter()
            .find(|r| r.kind == "Medication" && r.is_named_by(target))
            .map(|r| r.body),
    };
    medication
        .and_then(|m| display(m.get("code")?))
        .or_else(|| text(reference, "display"))
}
