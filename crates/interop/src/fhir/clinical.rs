//! `Condition`, `Composition`, `AllergyIntolerance` into the clinical part of the form.

use consilium_domain::person::icd10_well_formed;
use consilium_protocol::{consultation::Clinical, limits};
use serde_json::Value;

use super::{
    element::{Resource, clip, codings, day, display, has_code, join_lines, list, text, when},
    laboratory, narrative, treatment,
};

/// Sections inside sections are followed this deep.
const SECTION_DEPTH: u8 = 8;
/// Active conditions named in the diagnosis text.
const DIAGNOSES_MAX: usize = 3;

/// Reads everything clinical that is about the patient; `all` is there to resolve references.
pub(super) fn read(own: &[&Resource<'_>], all: &[Resource<'_>]) -> Clinical {
    let sections = Sections::read(own);
    let conditions = Conditions::read(own);
    let (diagnosis, diagnosis_code) = conditions.diagnosis();
    let past = match sections.past_history {
        Some(history) => history,
        None => conditions.history(),
    };
    Clinical {
        preliminary_diagnosis: clip(
            &diagnosis.or(sections.diagnosis).unwrap_or_default(),
            limits::DIAGNOSIS_CHARS,
        ),
        diagnosis_code,
        need: clip(&sections.need.unwrap_or_default(), limits::NEED_CHARS),
        chief_complaint: clip(&sections.chief_complaint.unwrap_or_default(), limits::NEED_CHARS),
        present_illness: clip(&sections.present_illness.unwrap_or_default(), limits::NEED_CHARS),
        past_history: join_lines(
            past.lines().map(str::to_owned).chain(allergies(own)),
            limits::NEED_CHARS,
        ),
        treatment: treatment::read(own, all),
        lab_summary: laboratory::read(own),
    }
}

struct Condition<'a> {
    body: &'a Value,
    date: &'a str,
    at: i64,
    active: bool,
}

struct Conditions<'a>(Vec<Condition<'a>>);

impl<'a> Conditions<'a> {
    /// Newest first; refuted and mistaken ones are left out.
    fn read(own: &[&Resource<'a>]) -> Self {
        let status = |body: &'a Value, name: &str, codes: &[&str]| {
            body.get(name)
                .is_some_and(|concept| codes.iter().any(|code| has_code(concept, code)))
        };
        let mut found: Vec<Condition<'a>> = own
            .iter()
            .filter(|r| r.kind == "Condition")
            .map(|r| r.body)
            .filter(|body| !status(body, "verificationStatus", &["refuted", "entered-in-error"]))
            .map(|body| {
                let (date, at) = when(body, &["recordedDate", "onsetDateTime", "onsetPeriod"]);
                Condition {
                    body,
                    date,
                    at,
                    active: body.get("clinicalStatus").is_none()
                        || status(body, "clinicalStatus", &["active", "recurrence", "relapse"]),
                }
            })
            .collect();
        found.sort_by_key(|c| std::cmp::Reverse(c.at));
        Self(found)
    }

    /// Text and ICD-10 code: the active conditions, or the newest of all when none is active. The
    /// code is that of the first named condition.
    fn diagnosis(&self) -> (Option<String>, String) {
        let mut chosen: Vec<&Condition<'_>> =
            self.0.iter().filter(|c| c.active).take(DIAGNOSES_MAX).collect();
        if chosen.is_empty() {
            chosen.extend(self.0.first());
        }
        let names: Vec<&str> = chosen
            .iter()
            .filter_map(|c| c.body.get("code").and_then(display))
            .collect();
        let code = chosen
            .first()
            .and_then(|c| c.body.get("code"))
            .and_then(|concept| {
                codings(concept).find(|(system, code)| is_icd10(system) && icd10_well_formed(code))
            })
            .map(|(_, code)| code.to_owned())
            .unwrap_or_default();
        (Some(names.join("；")).filter(|n| !n.is_empty()), code)
    }

    /// Conditions that are over, one a line.
    fn history(&self) -> String {
        let lines = self.0.iter().filter(|c| !c.active).filter_map(|c| {
            let name = display(c.body.get("code")?)?;
            Some(format!("{} {name}", day(c.date)).trim().to_owned())
        });
        join_lines(lines, limits::NEED_CHARS)
    }
}

fn is_icd10(system: &str) -> bool {
    system == "2.16.156.10011.2.3.3.11" || system.trim_end_matches('/').ends_with("hl7.org/fhir/sid/icd-10")
}

fn allergies(own: &[&Resource<'_>]) -> Vec<String> {
    own.iter()
        .filter(|r| r.kind == "AllergyIntolerance")
        .filter(|r| {
            !r.body
                .get("verificationStatus")
                .is_some_and(|s| has_code(s, "refuted") || has_code(s, "entered-in-error"))
        })
        .filter_map(|r| {
            let name = display(r.body.get("code")?)?;
            let reaction = list(r.body, "reaction")
                .iter()
                .flat_map(|reaction| list(reaction, "manifestation"))
                .filter_map(display)
                .collect::<Vec<_>>()
                .join("、");
            Some(if reaction.is_empty() {
                format!("过敏：{name}")
            } else {
                format!("过敏：{name}（{reaction}）")
            })
        })
        .collect()
}

/// Narrative sections of documents, by LOINC or national data element.
#[derive(Default)]
struct Sections {
    chief_complaint: Option<String>,
    present_illness: Option<String>,
    past_history: Option<String>,
    diagnosis: Option<String>,
    need: Option<String>,
}

impl Sections {
    fn read(own: &[&Resource<'_>]) -> Self {
        let mut sections = Self::default();
        for composition in own.iter().filter(|r| r.kind == "Composition") {
            sections.collect(list(composition.body, "section"), SECTION_DEPTH);
        }
        sections
    }

    fn collect(&mut self, sections: &[Value], depth: u8) {
        let Some(deeper) = depth.checked_sub(1) else {
            return;
        };
        for section in sections {
            let code = section.get("code").unwrap_or(&Value::Null);
            let is = |codes: &[&str]| codes.iter().any(|wanted| has_code(code, wanted));
            let slot = if is(&["10154-3", "DE04.01.119.00"]) {
                Some(&mut self.chief_complaint)
            } else if is(&["10164-2", "DE02.10.071.00"]) {
                Some(&mut self.present_illness)
            } else if is(&["11348-0", "DE02.10.099.00"]) {
                Some(&mut self.past_history)
            } else if is(&["29548-5", "DE05.01.025.00"]) {
                Some(&mut self.diagnosis)
            } else if is(&["DE06.00.214.00"]) {
                Some(&mut self.need)
            } else {
                None
            };
            if let (Some(slot), Some(div)) = (slot, section.get("text").and_then(|t| text(t, "div"))) {
                let plain = narrative::plain(div);
                if !plain.is_empty() {
                    slot.get_or_insert(plain);
                }
            }
            self.collect(list(section, "section"), deeper);
        }
    }
}
