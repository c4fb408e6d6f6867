//! The request for the consultation, its task, the consent, and what the session brought.

use consilium_domain::{
    ConsentSigner, ConsentState, ConsultationState, RecordKind, Urgency,
    element::{Dictionary, ElementId},
};
use consilium_protocol::preparation::Item;

use super::{
    Document,
    sections::{self, Group},
    text,
    values::{ICD10, LOINC, coding, concept, date_time, hl7, reference},
};
use crate::tree::Object;

const NUMBER: &str = "urn:consilium:consultation";

pub(super) fn write(out: &mut Document<'_>) {
    let row = out.given.consultation;
    let number = || {
        vec![
            Object::new()
                .with("system", NUMBER)
                .with("value", row.number.as_str()),
        ]
    };
    let priority = match row.urgency {
        Urgency::Routine => "routine",
        Urgency::Urgent => "urgent",
    };
    let participants: Vec<Object> = super::participants(row)
        .map(|p| out.organization(p.institution.id))
        .collect();
    let minutes = i64::from(out.given.duration_minutes) * 60_000;
    let session = Object::new()
        .with("start", row.scheduled_at.to_string())
        .with("end", row.scheduled_at.plus_ms(minutes).to_string());
    // Of the rows, which are masked; the form's own words are not.
    let rows = out
        .given
        .package
        .items
        .iter()
        .filter(|item| item.stored && !item.superseded);
    let diagnosis = rows.filter_map(|item| text(item, &ElementId::row(2, 8))).next();
    let request = Object::new()
        .with("identifier", number())
        .with("status", request_status(row.state))
        .with("intent", "order")
        .with(
            "category",
            vec![concept(
                vec![coding("urn:consilium:consultation-kind", row.kind.code(), "")],
                "",
            )],
        )
        .with("priority", priority)
        .with(
            "code",
            concept(
                vec![coding("http://snomed.info/sct", "11429006", "Consultation")],
                "远程医疗多中心会诊",
            ),
        )
        .with("subject", out.patient())
        .with("occurrencePeriod", session)
        .with("requester", out.organization(row.lead.id))
        .with("performer", participants)
        .with(
            "reasonCode",
            diagnosis.map(|name| vec![concept(Vec::new(), name)]),
        );
    let request = out.add("ServiceRequest", "", request);
    let task = Object::new()
        .with("identifier", number())
        .with("basedOn", vec![reference(request)])
        .with("status", task_status(row.state))
        .with(
            "businessStatus",
            concept(
                vec![coding("urn:consilium:consultation-state", row.state.code(), "")],
                "",
            ),
        )
        .with("intent", "order")
        .with("priority", priority)
        .with("focus", reference(request))
        .with("for", out.patient())
        .with("lastModified", row.updated_at.to_string())
        .with("requester", out.organization(row.lead.id))
        .with("owner", out.organization(row.lead.id));
    let task = out.add("Task", "", task);
    out.sections.put(Group::Request, request);
    out.sections.put(Group::Request, task);
    consent(out);
}

/// States of the request: it lives until there is a report.
const fn request_status(state: ConsultationState) -> &'static str {
    use ConsultationState as S;
    match state {
        S::Draft => "draft",
        S::Inviting | S::Preparing | S::Ready | S::InSession | S::Summarising => "active",
        S::Suspended => "on-hold",
        S::Concluded | S::Archived => "completed",
        S::Cancelled => "revoked",
    }
}

/// The coarse state of the task; the fine one is its `businessStatus`.
const fn task_status(state: ConsultationState) -> &'static str {
    use ConsultationState as S;
    match state {
        S::Draft => "draft",
        S::Inviting => "requested",
        S::Preparing => "accepted",
        S::Ready => "ready",
        S::InSession | S::Summarising => "in-progress",
        S::Suspended => "on-hold",
        S::Concluded | S::Archived => "completed",
        S::Cancelled => "cancelled",
    }
}

fn consent(out: &mut Document<'_>) {
    let Some(given) = out.given.consent else {
        return;
    };
    let status = match given.state {
        ConsentState::Draft => "draft",
        ConsentState::Proposed => "proposed",
        ConsentState::Active => "active",
        ConsentState::Inactive => "inactive",
        ConsentState::Rejected => "rejected",
    };
    let period = Object::new()
        .with("start", given.signed_at.map(|at| at.to_string()))
        .with("end", given.valid_until.map(|at| at.to_string()));
    let signer = match given.signer {
        ConsentSigner::Patient => vec![out.patient()],
        // The guardian is named in the record of the lead, not here.
        ConsentSigner::Guardian => Vec::new(),
    };
    let purpose = Object::new()
        .with("system", "http://terminology.hl7.org/CodeSystem/v3-ActReason")
        .with("code", "TREAT");
    let fields = Object::new()
        .with("status", status)
        .with("scope", hl7("consentscope", "patient-privacy"))
        .with(
            "category",
            vec![concept(
                vec![coding(LOINC, "59284-0", "Patient Consent")],
                "远程会诊知情同意",
            )],
        )
        .with("patient", out.patient())
        .with("dateTime", given.signed_at.map(|at| at.to_string()))
        .with("performer", signer)
        .with(
            "organization",
            vec![out.organization(out.given.consultation.lead.id)],
        )
        .with(
            "policyRule",
            concept(
                vec![coding("urn:consilium:consent-text", &given.text_version, "")],
                "",
            ),
        )
        .with(
            "provision",
            Object::new()
                .with("type", "permit")
                .with("period", period)
                .with("purpose", vec![purpose]),
        );
    let id = out.add("Consent", "", fields);
    out.sections.put(Group::Request, id);
}

/// The request form in words; opinions, conclusion and advice where the package has them.
pub(super) fn item(out: &mut Document<'_>, item: &Item) {
    for element in Dictionary::builtin().of_kind(RecordKind::Consultation) {
        if element.id.whole_row() == ElementId::row(6, 1) {
            sections::narrative(out, item, &element.id);
        }
    }
    let date = |id: ElementId| text(item, &id).and_then(date_time);
    if let Some(words) = text(item, &ElementId::part(6, 3, "text")) {
        let fields = Object::new()
            .with("status", "completed")
            .with("description", text(item, &ElementId::part(6, 3, "stage")))
            .with("subject", out.patient())
            .with("date", date(ElementId::part(6, 3, "time")))
            .with("summary", words);
        let id = out.add("ClinicalImpression", "", fields);
        out.sections.put(Group::Opinions, id);
    }
    if let Some(words) = text(item, &ElementId::part(6, 4, "text")) {
        let code = text(item, &ElementId::part(6, 4, "code"));
        let fields = Object::new()
            .with("status", "final")
            .with(
                "code",
                concept(vec![coding(LOINC, "11488-4", "Consult note")], "会诊结论"),
            )
            .with("subject", out.patient())
            .with("performer", vec![out.organization(item.institution.id)])
            .with("conclusion", words)
            .with(
                "conclusionCode",
                code.map(|code| vec![concept(vec![coding(ICD10, code, "")], "")]),
            );
        let id = out.add("DiagnosticReport", "conclusion", fields);
        out.sections.put(Group::Opinions, id);
    }
    if let Some(words) = text(item, &ElementId::row(6, 5)) {
        let fields = Object::new()
            .with("status", "active")
            .with("intent", "proposal")
            .with("title", "后续治疗建议")
            .with("description", words)
            .with("subject", out.patient());
        let id = out.add("CarePlan", "", fields);
        out.sections.put(Group::Opinions, id);
    }
    let expert = |name: &str| text(item, &ElementId::part(6, 2, name));
    if let Some(name) = expert("name") {
        let fields = Object::new().with("name", vec![Object::new().with("text", name)]);
        let practitioner = out.add("Practitioner", "expert", fields);
        let words = |text: Option<&str>| text.map(|text| vec![concept(Vec::new(), text)]);
        let role = Object::new()
            .with("practitioner", reference(practitioner))
            .with("organization", out.organization(item.institution.id))
            .with("code", words(expert("title")))
            .with("specialty", words(expert("department")));
        let id = out.add("PractitionerRole", "expert", role);
        out.sections.put(Group::Request, id);
    }
}
