//! Sections of the note: narrative of single elements, and groups of resources.

use std::collections::BTreeMap;

use consilium_domain::{
    AbsentReason,
    element::{Dictionary, ElementId},
};
use consilium_protocol::preparation::Item;
use uuid::Uuid;

use super::{
    Document,
    values::{LOINC, WS363, coding, concept, reference},
};
use crate::tree::{Object, escape};

/// Groups of resources, in the order of the note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Request,
    Basics,
    Diagnosis,
    Vitals,
    Allergies,
    Laboratory,
    Exams,
    Imaging,
    Medication,
    Procedures,
    Outcome,
    Opinions,
}

impl Group {
    /// LOINC code with its name, and the title.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Request => ("42349-1", "Reason for referral", "会诊申请"),
            Self::Basics => ("", "", "患者基本信息"),
            Self::Diagnosis => ("29548-5", "Diagnosis", "初步诊断"),
            Self::Vitals => ("8716-3", "Vital signs", "生命体征"),
            Self::Allergies => ("48765-2", "Allergies and adverse reactions", "过敏史"),
            Self::Laboratory => (
                "30954-2",
                "Relevant diagnostic tests and/or laboratory data",
                "检验",
            ),
            Self::Exams => ("55111-9", "Current imaging procedure descriptions", "检查"),
            Self::Imaging => ("18748-4", "Diagnostic imaging study", "影像"),
            Self::Medication => ("10160-0", "History of medication use", "用药史"),
            Self::Procedures => ("47519-4", "History of procedures", "手术史"),
            Self::Outcome => ("", "", "疗效评价"),
            Self::Opinions => ("", "", "会诊意见与结论"),
        }
    }
}

#[derive(Default)]
pub(super) struct Sections {
    narrative: Vec<Object>,
    groups: BTreeMap<Group, Vec<Uuid>>,
}

impl Sections {
    pub(super) fn put(&mut self, group: Group, id: Uuid) {
        self.groups.entry(group).or_default().push(id);
    }

    pub(super) fn write(&self) -> Vec<Object> {
        let groups = self.groups.iter().map(|(group, ids)| {
            let (loinc, name, title) = group.names();
            let codings = if loinc.is_empty() {
                Vec::new()
            } else {
                vec![coding(LOINC, loinc, name)]
            };
            Object::new()
                .with("title", title)
                .with("code", concept(codings, title))
                .with("entry", ids.iter().map(|id| reference(*id)).collect::<Vec<_>>())
        });
        self.narrative.iter().cloned().chain(groups).collect()
    }
}

/// A section of the text of an element, or of the reason why there is none.
pub(super) fn narrative(out: &mut Document<'_>, item: &Item, id: &ElementId) {
    let Some(value) = item.elements.get(id) else {
        return;
    };
    let Some(element) = Dictionary::builtin().of_row(item.reference.kind, id) else {
        return;
    };
    let empty = match (value.text(), value.absent) {
        (Some(_), _) => None,
        (None, Some(reason)) => Some(reason),
        (None, None) => return,
    };
    let codings = element
        .loinc
        .iter()
        .map(|code| coding(LOINC, code, &element.name_en))
        .chain((!element.de.is_empty()).then(|| coding(WS363, &element.de, &element.name_zh)))
        .collect();
    let words = value.text().unwrap_or("未提供");
    let section = Object::new()
        .with("title", element.name_zh.as_str())
        .with("code", concept(codings, &element.name_zh))
        .with("author", vec![out.organization(item.institution.id)])
        .with(
            "text",
            Object::new().with("status", "generated").with("div", div(words)),
        )
        .with("emptyReason", empty.map(empty_reason));
    out.sections.narrative.push(section);
}

/// Text as XHTML, a paragraph a line.
fn div(words: &str) -> String {
    let mut div = String::from("<div xmlns=\"http://www.w3.org/1999/xhtml\">");
    for line in words.lines().map(str::trim).filter(|line| !line.is_empty()) {
        div.push_str("<p>");
        escape(line, &mut div);
        div.push_str("</p>");
    }
    div.push_str("</div>");
    div
}

fn empty_reason(reason: AbsentReason) -> Object {
    let code = match reason {
        AbsentReason::NotAsked => "notasked",
        AbsentReason::Refused | AbsentReason::Masked => "withheld",
        AbsentReason::Pending | AbsentReason::NotPerformed => "notstarted",
        AbsentReason::NotApplicable => "nilknown",
        AbsentReason::AskedUnknown | AbsentReason::Unsupported | AbsentReason::UnknownExplained => {
            "unavailable"
        }
    };
    super::values::hl7("list-empty-reason", code)
}
