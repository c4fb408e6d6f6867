//! Own bundles in both forms, and real files where they are at hand.

use consilium_domain::{
    AbsentReason, RecordKind, Timestamp,
    element::{CheckContext, Dictionary, Record, check_record},
};
use consilium_protocol::codes;
use serde_json::{Value, json};

use super::{ImportError, RecordImport, records};
use crate::fhir::Media;

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00+08:00").unwrap()
}

fn coded(system: &str, code: &str, words: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}], "text": words})
}

fn about(mut resource: Value) -> Value {
    resource["subject"] = json!({"reference": "Patient/p1"});
    resource
}

fn bundle(resources: &[Value]) -> Value {
    let patient = json!({"resourceType": "Patient", "id": "p1", "name": [{"text": "王小明"}], "gender": "male", "birthDate": "1979-11-01",
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": "11010519791101003X"},
            {"type": coded("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", ""), "value": "ZY-17"}],
        "telecom": [{"system": "phone", "value": "13812341234"}],
        "extension": [{"url": "http://hl7.org.cn/fhir/StructureDefinition/ext-ethnicGroup",
            "valueCodeableConcept": coded("urn:oid:2.16.156.10011.2.3.3.3", "01", "汉族")}]});
    let entries: Vec<Value> = std::iter::once(&patient)
        .chain(resources)
        .enumerate()
        .map(|(i, r)| json!({"fullUrl": format!("urn:uuid:{i}"), "resource": r}))
        .collect();
    json!({"resourceType": "Bundle", "type": "collection", "timestamp": "2026-11-22T09:00:00+08:00", "entry": entries})
}

fn read(bundle: &Value) -> RecordImport {
    records(bundle.to_string().as_bytes(), Media::Json, now()).unwrap()
}

fn of(import: &RecordImport, kind: RecordKind) -> Vec<&Record> {
    import.records.iter().filter(|r| r.kind == kind).collect()
}

fn value<'a>(record: &'a Record, id: &str) -> &'a str {
    record.text(&id.parse().unwrap()).unwrap_or_default()
}

/// `path code` of everything left out.
fn skipped(import: &RecordImport) -> Vec<String> {
    import
        .skipped
        .iter()
        .map(|s| format!("{} {}", s.field, s.code))
        .collect()
}

fn lab(id: &str) -> Value {
    about(
        json!({"resourceType": "Observation", "id": id, "status": "final", "category": [coded("", "laboratory", "")],
        "code": coded("http://loinc.org", "718-7", "血红蛋白"), "effectiveDateTime": "2026-11-20T08:00:00+08:00",
        "issued": "2026-11-20T09:10:00+08:00", "specimen": {"reference": "Specimen/s"}, "performer": [{"reference": "Organization/o"}],
        "valueQuantity": {"value": 92.5, "comparator": "<", "unit": "克/升", "system": "http://unitsofmeasure.org", "code": "g/L"},
        "referenceRange": [{"low": {"value": 130}, "high": {"value": 175}}], "interpretation": [coded("", "L", "")]}),
    )
}

#[test]
fn a_result_has_all_its_elements_and_passes_the_checks() {
    let got = read(&bundle(&[
        lab("r1"),
        json!({"resourceType": "Specimen", "id": "s", "type": coded("", "BLD", "静脉血"), "collection": {"collectedDateTime": "2026-11-20T07:30:00+08:00"}}),
        json!({"resourceType": "Organization", "id": "o", "name": "东院", "identifier": [{"value": "x"}, {"value": "91350100M000100Y43"}]}),
    ]));
    let [row] = of(&got, RecordKind::Lab)[..] else {
        panic!("{got:?}")
    };
    assert_eq!(row.key, "lab-r1");
    assert_eq!(
        row.available_at,
        Timestamp::parse_rfc3339("2026-11-20T01:10:00Z").unwrap()
    );
    let shown: Vec<String> = row
        .elements
        .iter()
        .map(|(id, v)| format!("{id}={}", v.value))
        .collect();
    assert_eq!(
        shown,
        [
            "3.1=血红蛋白",
            "3.2=718-7",
            "3.3=<92.5",
            "3.4=g/L",
            "3.5=130-175",
            "3.6=L",
            "3.7=2026-11-20T08:00:00+08:00",
            "3.7.report=2026-11-20T09:10:00+08:00",
            "3.8.kind=静脉血",
            "3.8.time=2026-11-20T07:30:00+08:00",
            "3.9=91350100M000100Y43",
        ]
    );
    let findings = check_record(Dictionary::builtin(), row, &CheckContext::at(now()));
    assert!(findings.is_empty(), "{findings:?}");
    let [patient] = of(&got, RecordKind::Patient)[..] else {
        panic!()
    };
    let shown: Vec<String> = patient
        .elements
        .iter()
        .map(|(id, v)| format!("{id}={}", v.value))
        .collect();
    assert_eq!(
        shown,
        [
            "1.2=01",
            "1.3=11010519791101003X",
            "1.4=ZY-17",
            "1.5=王小明",
            "1.6=1",
            "1.9=1979-11-01",
            "1.10=13812341234",
            "1.11=01"
        ]
    );
    assert!(skipped(&got).is_empty(), "{:?}", skipped(&got));
}

#[test]
fn every_kind_of_row() {
    let got = read(&bundle(&[
        about(
            json!({"resourceType": "Composition", "date": "2026-11-21", "section": [
            {"code": coded("http://loinc.org", "10154-3", ""), "text": {"div": "<div>头痛3周</div>"}}]}),
        ),
        about(
            json!({"resourceType": "Condition", "clinicalStatus": coded("", "active", ""), "recordedDate": "2026-11-20",
            "code": coded("http://hl7.org/fhir/sid/icd-10", "C71.1", "左额叶占位")}),
        ),
        about(
            json!({"resourceType": "Condition", "clinicalStatus": coded("", "active", ""), "recordedDate": "2016-11-20",
            "code": coded("http://hl7.org/fhir/sid/icd-10", "I10", "高血压")}),
        ),
        about(
            json!({"resourceType": "Observation", "category": [coded("", "vital-signs", "")], "effectiveDateTime": "2026-11-01",
            "code": coded("http://loinc.org", "8867-4", "脉搏"), "valueQuantity": {"value": 99, "unit": "/min"}}),
        ),
        about(
            json!({"resourceType": "Observation", "category": [coded("", "vital-signs", "")], "effectiveDateTime": "2026-11-20",
            "code": coded("http://loinc.org", "8867-4", "脉搏"), "valueQuantity": {"value": 80, "unit": "/min"}}),
        ),
        about(
            json!({"resourceType": "Observation", "category": [coded("", "vital-signs", "")], "code": coded("http://loinc.org", "85354-9", "血压"),
            "component": [{"code": coded("http://loinc.org", "8480-6", ""), "valueQuantity": {"value": 138, "unit": "mm[Hg]"}},
                {"code": coded("http://loinc.org", "8462-4", ""), "valueQuantity": {"value": 88, "unit": "mm[Hg]"}}]}),
        ),
        about(
            json!({"resourceType": "ImagingStudy", "id": "i1", "started": "2026-11-19T15:00:00+08:00",
            "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"}], "modality": [{"code": "CT"}],
            "series": [{"bodySite": {"display": "头部"}}]}),
        ),
        about(
            json!({"resourceType": "DiagnosticReport", "id": "d1", "code": coded("", "x", "头颅CT"), "imagingStudy": [{"reference": "ImagingStudy/i1"}],
            "effectiveDateTime": "2026-11-19", "issued": "2026-11-19T17:00:00+08:00", "conclusion": "占位", "text": {"div": "<div>见肿块</div>"},
            "performer": [{"display": "西院"}]}),
        ),
        about(
            json!({"resourceType": "MedicationStatement", "id": "m1", "status": "active", "effectivePeriod": {"start": "2020-01-01T00:00:00Z", "end": "2026-01-01"},
            "medicationCodeableConcept": coded("", "a", "氨氯地平"),
            "dosage": [{"text": "晨服", "route": coded("", "PO", "口服"), "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}]}),
        ),
        about(
            json!({"resourceType": "Procedure", "id": "o1", "status": "completed", "performedDateTime": "2015-03-02T10:00:00Z",
            "code": coded("urn:oid:2.16.156.10011.2.3.3.12", "47.09", "阑尾切除术")}),
        ),
        json!({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"}, "code": coded("", "c", "青霉素")}),
        json!({"resourceType": "FamilyMemberHistory", "patient": {"reference": "Patient/p1"}, "relationship": coded("", "FTH", "父亲"),
            "condition": [{"code": coded("", "x", "糖尿病")}]}),
    ]));
    let [row] = of(&got, RecordKind::Clinical)[..] else {
        panic!("{got:?}")
    };
    for (id, wanted) in [
        ("2.1", "头痛3周"),
        ("2.3", "2016-11-20 高血压"),
        ("2.5", "父亲 糖尿病"),
        ("2.7.pulse", "80"),
        ("2.7.systolic", "138"),
        ("2.7.diastolic", "88"),
        ("2.8", "左额叶占位"),
        ("2.9", "C71.1"),
        ("2.10.date", "2026-11-20"),
        ("2.12", "过敏：青霉素"),
    ] {
        assert_eq!(value(row, id), wanted, "{id}");
    }
    let [row] = of(&got, RecordKind::Exam)[..] else {
        panic!("{got:?}")
    };
    for (id, wanted) in [
        ("3.10", "头颅CT"),
        ("3.11.kind", "CT"),
        ("3.11.site", "头部"),
        ("3.12.findings", "见肿块"),
        ("3.12.impression", "占位"),
        ("3.13", "1.2.3.4"),
        ("3.14", "2026-11-19"),
        ("3.15", "西院"),
    ] {
        assert_eq!(value(row, id), wanted, "{id}");
    }
    let [row] = of(&got, RecordKind::Imaging)[..] else {
        panic!("{got:?}")
    };
    assert_eq!((value(row, "4.1"), value(row, "4.2")), ("1.2.3.4", "占位"));
    let [drug, operation] = of(&got, RecordKind::Treatment)[..] else {
        panic!("{got:?}")
    };
    for (id, wanted) in [
        ("5.1", "氨氯地平：晨服"),
        ("5.2.drug", "氨氯地平"),
        ("5.2.dose", "5"),
        ("5.2.route", "口服"),
        ("5.2.frequency", "1/1d"),
        ("5.2.start", "2020-01-01"),
        ("5.2.end", "2026-01-01"),
    ] {
        assert_eq!(value(drug, id), wanted, "{id}");
    }
    assert_eq!(
        drug.elements[&"5.2.dose".parse().unwrap()].unit.as_deref(),
        Some("mg")
    );
    assert_eq!(
        (
            value(operation, "5.3.name"),
            value(operation, "5.3.code"),
            value(operation, "5.3.date")
        ),
        ("阑尾切除术", "47.09", "2015-03-02")
    );
    assert!(skipped(&got).is_empty(), "{:?}", skipped(&got));
    let read: u32 = got.read.iter().map(|r| r.count).sum();
    assert_eq!(read, 13);
}

#[test]
fn nothing_is_lost_unseen() {
    let mut of_other = lab("r3");
    of_other["subject"] = json!({"reference": "Patient/other"});
    let mut void = lab("r4");
    void["status"] = json!("entered-in-error");
    let mut empty = lab("r5");
    empty.as_object_mut().unwrap().remove("valueQuantity");
    let mut unknown = empty.clone();
    unknown["id"] = json!("r6");
    unknown["dataAbsentReason"] = coded("", "temp-unknown", "");
    let mut panel = empty.clone();
    panel["id"] = json!("r7");
    panel["component"] = json!([
        {"code": coded("http://loinc.org", "2160-0", "肌酐"), "valueQuantity": {"value": 88, "code": "umol/L"}},
        {"code": coded("", "x", "无值")},
        {"code": coded("", "y", "尿蛋白"), "valueCodeableConcept": coded("", "POS", "阳性")}]);
    let mut nameless = lab("");
    nameless.as_object_mut().unwrap().remove("id");
    let got = read(&bundle(&[
        lab("r1"),
        lab("r1"),
        of_other,
        void,
        empty,
        unknown,
        panel,
        nameless,
        about(json!({"resourceType": "Encounter", "id": "e"})),
        about(
            json!({"resourceType": "Observation", "category": [coded("", "social-history", "")], "valueString": "x"}),
        ),
    ]));
    assert_eq!(
        skipped(&got),
        [
            "Bundle.entry[2].resource fhir.duplicate",
            "Bundle.entry[3].resource fhir.other_subject",
            "Bundle.entry[4].resource fhir.void",
            "Bundle.entry[5].resource fhir.no_value",
            "Bundle.entry[9].resource fhir.not_used",
            "Bundle.entry[10].resource fhir.not_used",
        ]
    );
    let labs = of(&got, RecordKind::Lab);
    let keys: Vec<&str> = labs.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(keys[..4], ["lab-r1", "lab-r6", "lab-r7.0", "lab-r7.2"]);
    assert_eq!(
        (keys[4].len(), keys.len()),
        (36, 5),
        "a digest where the source gives no id"
    );
    assert_eq!(
        labs[1].elements[&"3.3".parse().unwrap()].absent,
        Some(AbsentReason::Pending)
    );
    assert_eq!((value(labs[2], "3.1"), value(labs[3], "3.3")), ("肌酐", "阳性"));
}

#[test]
fn who_is_meant_must_be_clear() {
    let missing = |bundle: Value| match records(bundle.to_string().as_bytes(), Media::Json, now()) {
        Err(ImportError::Incomplete(errors)) => errors
            .into_iter()
            .map(|e| format!("{} {}", e.field, e.code))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        missing(json!({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": lab("r1")}]})),
        [format!(
            "Bundle.entry.resource.ofType(Patient) {}",
            codes::FIELD_REQUIRED
        )]
    );
    assert_eq!(
        missing(bundle(&[json!({"resourceType": "Patient"})])),
        [format!("Bundle.entry[1].resource {}", codes::INVALID)]
    );
}

#[test]
fn xml_gives_the_same_rows() {
    let xml = r#"<?xml version="1.0" encoding="UTF-8"?><Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>
        <timestamp value="2026-11-22T09:00:00+08:00"/>
        <entry><resource><Patient><id value="p1"/><name><text value="王小明"/></name><gender value="male"/></Patient></resource></entry>
        <entry><resource><Observation><id value="r1"/><status value="final"/><code><coding><system value="http://loinc.org"/><code value="718-7"/></coding>
        <text value="血红蛋白"/></code><subject><reference value="Patient/p1"/></subject><effectiveDateTime value="2026-11-20"/>
        <valueQuantity><value value="92"/><unit value="g/L"/></valueQuantity>
        <referenceRange><low><value value="130"/></low><high><value value="175"/></high></referenceRange></Observation></resource></entry></Bundle>"#;
    let json = json!({"resourceType": "Bundle", "type": "collection", "timestamp": "2026-11-22T09:00:00+08:00", "entry": [
        {"resource": {"resourceType": "Patient", "id": "p1", "name": [{"text": "王小明"}], "gender": "male"}},
        {"resource": {"resourceType": "Observation", "id": "r1", "status": "final", "code": coded("http://loinc.org", "718-7", "血红蛋白"),
            "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-11-20", "valueQuantity": {"value": 92, "unit": "g/L"},
            "referenceRange": [{"low": {"value": 130}, "high": {"value": 175}}]}}]});
    let from_xml = records(xml.as_bytes(), Media::Xml, now()).unwrap();
    assert_eq!(from_xml.records, read(&json).records);
    assert_eq!(from_xml.records.len(), 2);
}

#[test]
fn real_bundles_become_rows() {
    let Some(files) = crate::fhir::tests::shared("rows of real bundles") else {
        return;
    };
    let mut labs = 0;
    for (name, bytes) in &files {
        let got = records(bytes, Media::Json, now()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(of(&got, RecordKind::Patient).len(), 1, "{name}");
        labs += of(&got, RecordKind::Lab).len();
        let entries: Value = serde_json::from_slice(bytes).unwrap();
        let all = entries["entry"].as_array().unwrap().len();
        let used: u32 = got.read.iter().map(|r| r.count).sum();
        let named = [
            "Organization",
            "Practitioner",
            "Medication",
            "Specimen",
            "PractitionerRole",
        ];
        let by_name = entries["entry"].as_array().unwrap().iter();
        let by_name = by_name
            .filter(|e| named.contains(&e["resource"]["resourceType"].as_str().unwrap()))
            .count();
        assert_eq!(
            usize::try_from(used).unwrap() + got.skipped.len() + by_name,
            all,
            "{name}: every resource is accounted for"
        );
        let findings = got
            .records
            .iter()
            .filter(|r| r.kind == RecordKind::Lab)
            .flat_map(|r| check_record(Dictionary::builtin(), r, &CheckContext::at(now())));
        let wrong: Vec<_> = findings
            .filter(|f| f.severity == consilium_domain::Severity::Error)
            .filter(|f| f.code != "element.required")
            .collect();
        println!(
            "{name}: {} rows, {} left out, {} wrong elements",
            got.records.len(),
            got.skipped.len(),
            wrong.len()
        );
        assert!(
            wrong.iter().all(|f| f.element.to_string() == "3.9"),
            "{name}: {wrong:?}"
        );
    }
    assert_eq!(labs, 91);
}
