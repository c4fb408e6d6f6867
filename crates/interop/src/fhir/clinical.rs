//! `Condition`, `Composition`, `AllergyIntolerance` into the clinical part of the form.

use std::collections::BTreeMap;

use consilium_domain::{element::ElementId, person::icd10_well_formed};
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
    let mut sections = Sections::read(own);
    let conditions = Conditions::read(own);
    let (diagnosis, diagnosis_code) = conditions.diagnosis();
    let past = sections
        .take(PAST_HISTORY)
        .unwrap_or_else(|| conditions.history());
    let mut section =
        |element: ElementId, chars: usize| clip(&sections.take(element).unwrap_or_default(), chars);
    Clinical {
        preliminary_diagnosis: match diagnosis {
            Some(names) => clip(&names, limits::DIAGNOSIS_CHARS),
            None => section(DIAGNOSIS, limits::DIAGNOSIS_CHARS),
        },
        diagnosis_code,
        need: section(PURPOSE, limits::NEED_CHARS),
        chief_complaint: section(CHIEF_COMPLAINT, limits::NEED_CHARS),
        present_illness: section(PRESENT_ILLNESS, limits::NEED_CHARS),
        past_history: join_lines(
            past.lines().map(str::to_owned).chain(allergies(own)),
            limits::NEED_CHARS,
        ),
        treatment: treatment::read(own, all),
        lab_summary: laboratory::read(own),
        personal_history: section(PERSONAL_HISTORY, limits::NEED_CHARS),
        family_history: section(FAMILY_HISTORY, limits::NEED_CHARS),
        physical_exam: section(PHYSICAL_EXAM, limits::NEED_CHARS),
        diagnosis_basis: section(DIAGNOSIS_BASIS, limits::NEED_CHARS),
        purpose: String::new(),
        wanted_specialty: String::new(),
    }
}

pub(super) struct Condition<'a> {
    pub(super) body: &'a Value,
    pub(super) date: &'a str,
    at: i64,
    active: bool,
}

pub(super) struct Conditions<'a>(Vec<Condition<'a>>);

impl<'a> Conditions<'a> {
    /// Newest first; refuted and mistaken ones are left out.
    pub(super) fn read(own: &[&Resource<'a>]) -> Self {
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
            .and_then(|c| icd10(c.body.get("code")?))
            .unwrap_or_default()
            .to_owned();
        (Some(names.join("；")).filter(|n| !n.is_empty()), code)
    }

    /// Conditions that are over, one a line.
    fn history(&self) -> String {
        let lines = self.0.iter().filter(|c| !c.active).filter_map(Condition::line);
        join_lines(lines, limits::NEED_CHARS)
    }

    /// The newest active condition, or the newest of all.
    pub(super) fn main(&self) -> Option<&Condition<'a>> {
        self.0.iter().find(|c| c.active).or_else(|| self.0.first())
    }

    /// All others, one a line.
    pub(super) fn besides(&self, main: Option<&Condition<'a>>) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .filter(move |c| main.is_none_or(|main| !std::ptr::eq(*c, main)))
            .filter_map(Condition::line)
    }
}

impl Condition<'_> {
    fn line(&self) -> Option<String> {
        let name = display(self.body.get("code")?)?;
        Some(format!("{} {name}", day(self.date)).trim().to_owned())
    }
}

/// The ICD-10 code of a `CodeableConcept`.
pub(super) fn icd10(concept: &Value) -> Option<&str> {
    codings(concept)
        .find(|(system, code)| is_icd10(system) && icd10_well_formed(code))
        .map(|(_, code)| code)
}

fn is_icd10(system: &str) -> bool {
    system == "2.16.156.10011.2.3.3.11" || system.trim_end_matches('/').ends_with("hl7.org/fhir/sid/icd-10")
}

pub(super) fn allergies(own: &[&Resource<'_>]) -> Vec<String> {
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

/// 主诉
pub(super) const CHIEF_COMPLAINT: ElementId = ElementId::row(2, 1);
/// 现病史
pub(super) const PRESENT_ILLNESS: ElementId = ElementId::row(2, 2);
/// 既往史
pub(super) const PAST_HISTORY: ElementId = ElementId::row(2, 3);
/// 个人史
pub(super) const PERSONAL_HISTORY: ElementId = ElementId::row(2, 4);
/// 家族史
pub(super) const FAMILY_HISTORY: ElementId = ElementId::row(2, 5);
/// 体格检查
pub(super) const PHYSICAL_EXAM: ElementId = ElementId::row(2, 6);
/// 初步诊断名称
pub(super) const DIAGNOSIS: ElementId = ElementId::row(2, 8);
/// 诊断依据
pub(super) const DIAGNOSIS_BASIS: ElementId = ElementId::row(2, 11);
/// 会诊目的; its row of the dictionary has parts, the section of a document has not.
pub(super) const PURPOSE: ElementId = ElementId::row(6, 1);

/// Sections by LOINC and by national data element.
static SECTIONS: [(ElementId, &[&str]); 9] = [
    (CHIEF_COMPLAINT, &["10154-3", "DE04.01.119.00"]),
    (PRESENT_ILLNESS, &["10164-2", "DE02.10.071.00"]),
    (PAST_HISTORY, &["11348-0", "DE02.10.099.00"]),
    (PERSONAL_HISTORY, &["29762-2", "DE02.10.097.00"]),
    (FAMILY_HISTORY, &["10157-6", "DE02.10.103.00"]),
    (PHYSICAL_EXAM, &["29545-1", "DE04.10.258.00"]),
    (DIAGNOSIS, &["29548-5", "DE05.01.025.00"]),
    (DIAGNOSIS_BASIS, &["DE05.01.070.00"]),
    (PURPOSE, &["DE06.00.214.00"]),
];

/// Narrative sections of documents.
#[derive(Default)]
pub(super) struct Sections(BTreeMap<ElementId, String>);

impl Sections {
    pub(super) fn read(own: &[&Resource<'_>]) -> Self {
        let mut sections = Self::default();
        for composition in own.iter().filter(|r| r.kind == "Composition") {
            sections.collect(list(composition.body, "section"), SECTION_DEPTH);
        }
        sections
    }

    /// The text of a section, once.
    pub(super) fn take(&mut self, element: ElementId) -> Option<String> {
        self.0.remove(&element)
    }

    /// All of them, but for the purpose, which belongs to another row.
    pub(super) fn into_table(mut self) -> BTreeMap<ElementId, String> {
        self.0.remove(&PURPOSE);
        self.0
    }

    fn collect(&mut self, sections: &[Value], depth: u8) {
        let Some(deeper) = depth.checked_sub(1) else {
            return;
        };
        for section in sections {
            let code = section.get("code").unwrap_or(&Value::Null);
            let known = SECTIONS
                .iter()
                .find(|(_, names)| names.iter().any(|name| has_code(code, name)));
            if let (Some((element, _)), Some(div)) = (known, section.get("text").and_then(|t| text(t, "div")))
            {
                let plain = narrative::plain(div);
                if !plain.is_empty() {
                    self.0.entry(element.clone()).or_insert(plain);
                }
            }
            self.collect(list(section, "section"), deeper);
        }
    }
}
