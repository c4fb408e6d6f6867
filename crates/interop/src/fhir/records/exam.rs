//! `DiagnosticReport` into rows of examinations, `ImagingStudy` into rows of imaging.

use consilium_domain::{RecordKind, element::ElementId};
use consilium_protocol::codes;
use serde_json::Value;

use super::{Elements, Reading, lab, put};
use crate::fhir::{
    element::{Resource, codings, display, has_code, list, text, when},
    narrative,
};

/// The consultation's own report is no examination.
const CONSULT_NOTE: &str = "11488-4";

pub(super) fn report<'a>(reading: &mut Reading<'_, 'a>, resource: &Resource<'a>) -> Result<(), &'static str> {
    let body = resource.body;
    let code = body.get("code").unwrap_or(&Value::Null);
    if has_code(code, CONSULT_NOTE) {
        return Err(codes::FHIR_NOT_USED);
    }
    if lab::is_laboratory_report(body) {
        return Ok(());
    }
    let mut elements = Elements::new();
    let row = ElementId::row;
    let part = |name: &str| ElementId::part(3, 11, name);
    put(&mut elements, row(3, 10), display(code));
    let study = list(body, "imagingStudy")
        .iter()
        .find_map(|reference| reading.target(body, reference, "ImagingStudy"));
    let kind = study.and_then(modality).or_else(|| {
        let category = list(body, "category").first()?;
        codings(category)
            .next()
            .map(|(_, code)| code)
            .or_else(|| display(category))
    });
    put(&mut elements, part("kind"), kind);
    put(
        &mut elements,
        part("method"),
        study.and_then(|s| list(s, "procedureCode").iter().find_map(display)),
    );
    put(&mut elements, part("site"), study.and_then(site));
    let findings = body
        .get("text")
        .and_then(|t| text(t, "div"))
        .map(narrative::plain);
    put(&mut elements, ElementId::part(3, 12, "findings"), findings);
    put(
        &mut elements,
        ElementId::part(3, 12, "impression"),
        conclusion(body),
    );
    put(&mut elements, row(3, 13), study.and_then(uid));
    let (performed, _) = when(body, &["effectiveDateTime", "effectivePeriod"]);
    put(&mut elements, row(3, 14), Some(performed));
    put(
        &mut elements,
        ElementId::part(3, 14, "report"),
        text(body, "issued"),
    );
    let performers = list(body, "performer");
    put(&mut elements, row(3, 15), reading.institution(body, performers));
    let id = text(body, "id").unwrap_or_default();
    let issued = text(body, "issued").unwrap_or_default();
    reading.add(RecordKind::Exam, id, elements, &[issued, performed])
}

pub(super) fn study<'a>(reading: &mut Reading<'_, 'a>, resource: &Resource<'a>) -> Result<(), &'static str> {
    let body = resource.body;
    let Some(uid) = uid(body) else {
        return Err(codes::FHIR_NO_VALUE);
    };
    let report = reading.own("DiagnosticReport").find(|report| {
        let studies = list(report.body, "imagingStudy");
        studies
            .iter()
            .filter_map(|s| text(s, "reference"))
            .any(|name| resource.is_named_by(name))
    });
    let mut elements = Elements::new();
    put(&mut elements, ElementId::row(4, 1), Some(uid));
    put(
        &mut elements,
        ElementId::row(4, 2),
        report.and_then(|r| conclusion(r.body)),
    );
    let started = text(body, "started").unwrap_or_default();
    reading.add(
        RecordKind::Imaging,
        text(body, "id").unwrap_or_default(),
        elements,
        &[started],
    )
}

fn conclusion(report: &Value) -> Option<&str> {
    text(report, "conclusion").or_else(|| list(report, "conclusionCode").iter().find_map(display))
}

/// Study Instance UID.
fn uid(study: &Value) -> Option<&str> {
    let identifiers = list(study, "identifier");
    let dicom = identifiers
        .iter()
        .find(|i| text(i, "system") == Some("urn:dicom:uid"));
    let uid = dicom.and_then(|i| text(i, "value"))?;
    Some(uid.strip_prefix("urn:oid:").unwrap_or(uid))
}

/// DICOM modality of a study, or of its first series. A `Coding`, not a concept.
fn modality(study: &Value) -> Option<&str> {
    let of = |holder: &'_ Value| {
        list(holder, "modality")
            .first()
            .and_then(|c| text(c, "code").map(str::len))
            .is_some()
    };
    let holder = if of(study) {
        Some(study)
    } else {
        list(study, "series").first()
    };
    holder
        .and_then(|h| list(h, "modality").first())
        .and_then(|c| text(c, "code"))
}

fn site(study: &Value) -> Option<&str> {
    list(study, "series").iter().find_map(|series| {
        let site = series.get("bodySite")?;
        text(site, "display").or_else(|| text(site, "code"))
    })
}
