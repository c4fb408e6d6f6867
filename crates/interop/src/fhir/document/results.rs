//! Laboratory results, examinations, images.

use std::collections::BTreeMap;

use consilium_domain::element::{ElementId, ElementValue};
use consilium_protocol::preparation::{Item, SeriesReference};
use uuid::Uuid;

use super::{
    Document,
    people::observation,
    sections::Group,
    text,
    values::{self, concept, date_time, instant, reference, test_code},
};
use crate::tree::Object;

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";

pub(super) fn laboratory(out: &mut Document<'_>, item: &Item) {
    let row = |n: u8| text(item, &ElementId::row(3, n));
    let result = item.elements.get(&ElementId::row(3, 3));
    let unit = row(4).or_else(|| result.and_then(|r| r.unit.as_deref()));
    let specimen = specimen(out, item);
    let flag = row(6).map(|flag| match flag {
        "1" => "N",
        "2" => "A",
        "3" => "IND",
        code => code,
    });
    let reported = text(item, &ElementId::part(3, 7, "report")).and_then(instant);
    let head = observation(out, test_code(row(2), row(1).unwrap_or("检验项目")), "laboratory")
        .with("effectiveDateTime", row(7).and_then(date_time))
        .with(
            "issued",
            reported.unwrap_or_else(|| item.reference.available_at.to_string()),
        )
        .with("performer", vec![out.organization(item.institution.id)]);
    let fields = values::value(head, result, unit)
        .with(
            "interpretation",
            flag.map(|code| vec![values::hl7("v3-ObservationInterpretation", code)]),
        )
        .with("specimen", specimen.map(reference))
        .with(
            "referenceRange",
            row(5).map(|range| vec![values::range(range, unit)]),
        );
    let id = out.add("Observation", "", fields);
    out.sections.put(Group::Laboratory, id);
}

fn specimen(out: &mut Document<'_>, item: &Item) -> Option<Uuid> {
    let kind = text(item, &ElementId::part(3, 8, "kind"));
    let taken = text(item, &ElementId::part(3, 8, "time")).and_then(date_time);
    if kind.is_none() && taken.is_none() {
        return None;
    }
    let fields = Object::new()
        .with("type", kind.map(|kind| concept(Vec::new(), kind)))
        .with("subject", out.patient())
        .with(
            "collection",
            taken.map(|at| Object::new().with("collectedDateTime", at)),
        );
    Some(out.add("Specimen", "", fields))
}

pub(super) fn exam(out: &mut Document<'_>, item: &Item) {
    let row = |n: u8| text(item, &ElementId::row(3, n));
    let part = |n: u8, name: &str| text(item, &ElementId::part(3, n, name));
    let images = row(13).map(|uid| study(out, item, uid, "exam", part(11, "kind")));
    let findings = part(12, "findings");
    // R4 has no element for what was seen, only for what it means.
    let conclusion = match (findings, part(12, "impression")) {
        (Some(seen), Some(meant)) => Some(format!("检查所见：{seen}\n检查结论：{meant}")),
        (Some(seen), None) => Some(format!("检查所见：{seen}")),
        (None, meant) => meant.map(str::to_owned),
    };
    let category: Vec<Object> = [part(11, "kind"), part(11, "method"), part(11, "site")]
        .into_iter()
        .flatten()
        .map(|words| concept(Vec::new(), words))
        .collect();
    let reported = part(14, "report").and_then(instant);
    let fields = Object::new()
        .with("status", "final")
        .with("category", category)
        .with("code", concept(Vec::new(), row(10).unwrap_or("检查")))
        .with("subject", out.patient())
        .with("effectiveDateTime", row(14).and_then(date_time))
        .with(
            "issued",
            reported.unwrap_or_else(|| item.reference.available_at.to_string()),
        )
        .with("performer", vec![out.organization(item.institution.id)])
        .with("imagingStudy", images.map(|id| vec![reference(id)]))
        .with("conclusion", conclusion);
    let id = out.add("DiagnosticReport", "", fields);
    out.sections.put(Group::Exams, id);
}

/// An `ImagingStudy` by its (replaced) unique identifier.
fn study(out: &mut Document<'_>, item: &Item, uid: &str, name: &str, kind: Option<&str>) -> Uuid {
    let modality =
        kind.filter(|code| (2..=4).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase()));
    let fields = Object::new()
        .with(
            "identifier",
            vec![
                Object::new()
                    .with("system", "urn:dicom:uid")
                    .with("value", format!("urn:oid:{uid}")),
            ],
        )
        .with("status", "available")
        .with(
            "modality",
            modality.map(|code| vec![Object::new().with("system", DICOM).with("code", code)]),
        )
        .with("subject", out.patient())
        .with(
            "started",
            item.elements
                .get(&ElementId::row(3, 14))
                .and_then(ElementValue::text)
                .and_then(date_time),
        );
    let id = out.add("ImagingStudy", name, fields);
    out.sections.put(Group::Imaging, id);
    id
}

pub(super) fn imaging(out: &mut Document<'_>, item: &Item) {
    let images = text(item, &ElementId::row(4, 1)).map(|uid| study(out, item, uid, "study", None));
    let report = text(item, &ElementId::row(4, 2));
    if let Some(words) = report {
        let fields = Object::new()
            .with("status", "final")
            .with("code", concept(Vec::new(), "影像报告"))
            .with("subject", out.patient())
            .with("issued", item.reference.available_at.to_string())
            .with("performer", vec![out.organization(item.institution.id)])
            .with("imagingStudy", images.map(|id| vec![reference(id)]))
            .with("conclusion", words);
        let id = out.add("DiagnosticReport", "imaging", fields);
        out.sections.put(Group::Exams, id);
    }
    if let Some(words) = text(item, &ElementId::row(4, 3)) {
        let fields =
            observation(out, concept(Vec::new(), "影像标注信息"), "imaging").with("valueString", words);
        let id = out.add("Observation", "annotation", fields);
        out.sections.put(Group::Imaging, id);
    }
}

/// The image series of each institution as one study.
pub(super) fn series(out: &mut Document<'_>) {
    let mut of: BTreeMap<_, Vec<&SeriesReference>> = BTreeMap::new();
    for series in &out.given.package.series {
        of.entry(series.institution.id).or_default().push(series);
    }
    for (institution, all) in of {
        let id = out.id(&format!("ImagingStudy/{institution}"));
        let modalities: std::collections::BTreeSet<&str> = all.iter().map(|s| s.modality.as_str()).collect();
        let coded = |code: &str| Object::new().with("system", DICOM).with("code", code);
        let instances = all.iter().fold(0_u32, |sum, s| sum.saturating_add(s.instances));
        let list: Vec<Object> = all
            .iter()
            .map(|series| {
                Object::new()
                    // A UUID as a DICOM identifier (PS3.5 B.2).
                    .with("uid", format!("2.25.{}", series.series_id.0.as_u128()))
                    .with("modality", coded(&series.modality))
                    .with("description", series.description.as_str())
                    .with("numberOfInstances", series.instances)
                    .with(
                        "performer",
                        vec![Object::new().with("actor", out.organization(institution))],
                    )
            })
            .collect();
        let fields = Object::new()
            .with(
                "identifier",
                vec![
                    Object::new()
                        .with("system", "urn:dicom:uid")
                        .with("value", format!("urn:oid:2.25.{}", id.as_u128())),
                ],
            )
            .with("status", "available")
            .with("modality", modalities.into_iter().map(coded).collect::<Vec<_>>())
            .with("subject", out.patient())
            .with("numberOfSeries", u32::try_from(all.len()).unwrap_or(u32::MAX))
            .with("numberOfInstances", instances)
            .with("series", list);
        out.add_as(id, "ImagingStudy", fields);
        out.sections.put(Group::Imaging, id);
    }
}
