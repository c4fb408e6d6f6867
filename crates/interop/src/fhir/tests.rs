//! Own small bundles, random damage, and real files where they are at hand.

use consilium_domain::{Sex, Timestamp};
use consilium_protocol::codes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::ImportError;

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00+08:00").unwrap()
}

fn import_bundle(json: &[u8], now: Timestamp) -> Result<super::FhirImport, ImportError> {
    super::import_bundle(json, super::Media::Json, now)
}

fn coded(system: &str, code: &str, words: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}], "text": words})
}

fn patient() -> Value {
    json!({
        "resourceType": "Patient", "id": "p1",
        "name": [{"use": "old", "text": "李旧名"}, {"use": "official", "family": "欧阳", "given": ["娜娜"]}],
        "gender": "female",
        "identifier": [
            {"system": "urn:oid:2.16.156.10011.1.3", "value": "11010519491231002x"},
            {"type": coded("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", ""), "value": "ZY-000017"}
        ],
        "telecom": [{"system": "phone", "value": "010-1"}, {"system": "phone", "use": "mobile", "value": "+86 138 1234 1234"}],
        "address": [{"state": "浙江省", "city": "杭州市", "district": "西湖区", "line": ["文三路1号"]}],
        "extension": [
            {"url": "http://hl7.org.cn/fhir/StructureDefinition/ext-ethnicGroup", "valueCodeableConcept": coded("urn:oid:2.16.156.10011.2.3.3.3", "01", "汉族")},
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"state": "浙江省", "city": "绍兴市"}}
        ]
    })
}

fn about(mut resource: Value) -> Value {
    resource["subject"] = json!({"reference": "Patient/p1"});
    resource
}

fn bundle(resources: &[Value]) -> Value {
    let entries: Vec<Value> = resources
        .iter()
        .enumerate()
        .map(|(i, r)| json!({"fullUrl": format!("urn:uuid:{i}"), "resource": r}))
        .collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

fn import(bundle: &Value) -> Result<super::FhirImport, ImportError> {
    import_bundle(bundle.to_string().as_bytes(), now())
}

fn missing(bundle: &Value) -> Vec<(String, String)> {
    match import(bundle) {
        Err(error @ ImportError::Incomplete(_)) => {
            assert_eq!(error.code(), codes::FHIR_INCOMPLETE);
            error
                .errors()
                .iter()
                .map(|e| (e.field.clone(), e.code.clone()))
                .collect()
        }
        other => panic!("expected a list of missing elements, got {other:?}"),
    }
}

fn pair(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}

#[test]
fn a_complete_bundle_fills_the_form() {
    let section =
        |code: &str, div: &str| json!({"code": coded("http://loinc.org", code, ""), "text": {"div": div}});
    let full = bundle(&[
        json!({"resourceType": "Composition", "subject": {"reference": "urn:uuid:1"}, "section": [
            section("10154-3", "<div><p>头痛3周</p></div>"),
            {"section": [section("10164-2", "<div>渐进性加重</div>"), section("11348-0", "<div>高血压10年</div>")]},
            {"code": coded("urn:oid:2.16.156.10011.2.2.1", "DE06.00.214.00", ""), "text": {"div": "<p>是否手术</p>"}}
        ]}),
        patient(),
        about(
            json!({"resourceType": "Condition", "clinicalStatus": coded("", "resolved", ""), "recordedDate": "2026-11-21",
            "code": coded("http://snomed.info/sct", "1", "感冒")}),
        ),
        about(
            json!({"resourceType": "Condition", "clinicalStatus": coded("", "active", ""), "recordedDate": "2026-11-20",
            "code": coded("http://hl7.org/fhir/sid/icd-10", "C71.1", "左额叶占位")}),
        ),
        about(
            json!({"resourceType": "Condition", "clinicalStatus": coded("", "active", ""), "recordedDate": "2026-11-01",
            "verificationStatus": coded("", "refuted", ""), "code": coded("", "X", "误诊")}),
        ),
        about(
            json!({"resourceType": "Observation", "category": [coded("", "laboratory", "")], "code": coded("http://loinc.org", "718-7", "血红蛋白"),
            "effectiveDateTime": "2026-11-01", "valueQuantity": {"value": 130, "unit": "g/L"}}),
        ),
        about(
            json!({"resourceType": "Observation", "category": [coded("", "laboratory", "")], "code": coded("http://loinc.org", "718-7", "血红蛋白"),
            "effectiveDateTime": "2026-11-20T08:00:00+08:00", "valueQuantity": {"value": 92, "unit": "g/L"},
            "referenceRange": [{"low": {"value": 130}, "high": {"value": 175}}], "interpretation": [coded("", "L", "")]}),
        ),
        about(
            json!({"resourceType": "Observation", "category": [coded("", "vital-signs", "")], "code": coded("", "8867-4", "脉搏"),
            "valueQuantity": {"value": 80, "unit": "/min"}}),
        ),
        about(
            json!({"resourceType": "MedicationStatement", "status": "active", "effectivePeriod": {"start": "2020-01"},
            "medicationReference": {"reference": "Medication/m"}, "dosage": [{"text": "5 mg qd"}]}),
        ),
        json!({"resourceType": "Medication", "id": "m", "code": coded("", "a", "氨氯地平")}),
        about(
            json!({"resourceType": "Procedure", "status": "completed", "performedDateTime": "2015-03-02", "code": coded("", "b", "阑尾切除术")}),
        ),
        json!({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"}, "code": coded("", "c", "青霉素"),
            "reaction": [{"manifestation": [coded("", "d", "皮疹")]}]}),
        json!({"resourceType": "Condition", "subject": {"reference": "Patient/another"}, "recordedDate": "2026-11-22", "code": coded("", "e", "别人的病")}),
    ]);
    let got = import(&full).unwrap();
    let p = &got.patient;
    assert_eq!((p.name.as_str(), p.sex), ("欧阳娜娜", Some(Sex::Female)));
    assert_eq!(p.birth_date.map(String::from).as_deref(), Some("1949-12-31"));
    assert_eq!(
        (p.id_number.as_str(), p.other_number.as_str()),
        ("11010519491231002X", "")
    );
    assert_eq!(
        (p.phone.as_str(), p.record_number.as_str()),
        ("13812341234", "ZY-000017")
    );
    assert_eq!(
        (p.ethnicity.as_str(), p.native_place.as_str()),
        ("汉族", "浙江省绍兴市")
    );
    assert_eq!(p.address, "浙江省杭州市西湖区文三路1号");
    let c = &got.clinical;
    assert_eq!(
        (c.preliminary_diagnosis.as_str(), c.diagnosis_code.as_str()),
        ("左额叶占位", "C71.1")
    );
    assert_eq!(
        (c.chief_complaint.as_str(), c.present_illness.as_str()),
        ("头痛3周", "渐进性加重")
    );
    assert_eq!(
        (c.past_history.as_str(), c.need.as_str()),
        ("高血压10年\n过敏：青霉素（皮疹）", "是否手术")
    );
    assert_eq!(c.lab_summary, "血红蛋白 92 g/L (130-175) ↓ 2026-11-20");
    assert_eq!(c.treatment, "2020-01 氨氯地平; 5 mg qd\n2015-03-02 阑尾切除术");
    assert_eq!(got.to_complete, Vec::<String>::new());
    let conditions = got.read.iter().find(|r| r.resource_type == "Condition").unwrap();
    assert_eq!(conditions.count, 3, "another patient's condition is not read");
}

#[test]
fn what_is_missing_is_listed_all_at_once() {
    let at = |e: &str| format!("Bundle.entry[0].resource.{e}");
    assert_eq!(
        missing(&json!({"resourceType": "Bundle"})),
        [
            pair("Bundle.type", codes::FIELD_REQUIRED),
            pair("Bundle.entry", codes::FIELD_REQUIRED),
            pair("Bundle.entry.resource.ofType(Patient)", codes::FIELD_REQUIRED)
        ]
    );
    assert_eq!(
        missing(&bundle(&[json!({"resourceType": "Patient"})])),
        [
            pair(&at("name"), codes::FIELD_REQUIRED),
            pair(&at("gender"), codes::FIELD_REQUIRED),
            pair(&at("identifier"), codes::FIELD_REQUIRED),
            pair(&at("birthDate"), codes::FIELD_REQUIRED)
        ]
    );
    assert_eq!(
        missing(&bundle(&[patient(), patient()])),
        [pair("Bundle.entry[1].resource", codes::INVALID)]
    );
}

#[test]
fn wrong_identity_elements_are_named_without_their_values() {
    for (element, value, field, code) in [
        ("gender", json!("m"), "gender", codes::FIELD_UNKNOWN),
        ("gender", json!("male"), "gender", codes::FIELD_SEX_MISMATCH),
        (
            "birthDate",
            json!("1949-12-30"),
            "birthDate",
            codes::FIELD_BIRTH_MISMATCH,
        ),
        ("birthDate", json!("2027-01-01"), "birthDate", codes::BIRTH_DATE),
        ("birthDate", json!("1949"), "birthDate", codes::BIRTH_DATE),
        ("name", json!([{"text": "张*丰"}]), "name", codes::NAME_FORM),
    ] {
        let mut p = patient();
        p[element] = value;
        let got = missing(&bundle(&[p]));
        assert!(
            got.contains(&pair(&format!("Bundle.entry[0].resource.{field}"), code)),
            "{got:?}"
        );
    }
    let mut p = patient();
    p["identifier"][0]["value"] = json!("110105194912310021");
    let error = import(&bundle(&[p])).unwrap_err();
    assert!(
        error
            .errors()
            .iter()
            .any(|e| e.field == "Bundle.entry[0].resource.identifier[0].value"
                && e.code == codes::ID_NUMBER_CHECKSUM)
    );
    let shown = format!("{error} {error:?}");
    for secret in ["110105", "欧阳", "13812341234", "ZY-000017"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn what_is_no_bundle_is_said_so() {
    let code = |json: &[u8]| import_bundle(json, now()).unwrap_err().code();
    assert_eq!(code(b"{\"resourceType\": \"Bun"), codes::MALFORMED);
    assert_eq!(code(b"[]"), codes::FHIR_NOT_BUNDLE);
    assert_eq!(code(b"{\"resourceType\": \"Patient\"}"), codes::FHIR_NOT_BUNDLE);
    assert_eq!(code(&vec![b' '; 16 * 1024 * 1024 + 1]), codes::TOO_LARGE);
    let many = vec![json!({}); super::ENTRIES_MAX + 1];
    assert_eq!(
        code(
            json!({"resourceType": "Bundle", "entry": many})
                .to_string()
                .as_bytes()
        ),
        codes::TOO_LARGE
    );
    let deep = format!("{{\"resourceType\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(code(deep.as_bytes()), codes::MALFORMED);
}

#[test]
fn the_form_fields_a_bundle_lacks_are_listed() {
    let mut p = patient();
    p["telecom"] = json!([{"system": "phone", "value": "138****1234"}]);
    let got = import(&bundle(&[p])).unwrap();
    for field in [
        "patient.phone",
        "clinical.need",
        "clinical.preliminary_diagnosis",
        "clinical.chief_complaint",
    ] {
        assert!(got.to_complete.iter().any(|f| f == field), "{field}");
    }
    assert!(!format!("{got:?}").contains("欧阳"));
}

/// Replaces, removes or wraps the `at`-th value of the tree.
fn damage(value: &mut Value, at: &mut usize, with: &Value) -> bool {
    if *at == 0 {
        *value = with.clone();
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| damage(item, at, with)),
        Value::Object(map) => map.values_mut().any(|item| damage(item, at, with)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bundles_never_panic_nor_leak(
        places in prop::collection::vec((0_usize..120, 0_usize..8), 1..6),
        cut in 0_usize..4000,
        flips in prop::collection::vec((0_usize..4000, any::<u8>()), 0..4),
    ) {
        let replacements = [
            json!(null), json!([]), json!({}), json!(""), json!(-1.5e300), json!("张"), json!([[{"coding": 7}]]), json!(true),
        ];
        let mut tree = bundle(&[
            patient(),
            about(json!({"resourceType": "Condition", "code": coded("http://hl7.org/fhir/sid/icd-10", "C71", "占位")})),
            about(json!({"resourceType": "Observation", "code": coded("a", "b", "c"), "valueQuantity": {"value": 1.5}})),
            about(json!({"resourceType": "MedicationRequest", "contained": [{"id": "m", "code": {}}], "medicationReference": {"reference": "#m"}})),
        ]);
        for (at, with) in places {
            damage(&mut tree, &mut at.clone(), &replacements[with]);
        }
        let mut bytes = tree.to_string().into_bytes();
        let whole = import_bundle(&bytes, now());
        let shown = format!("{whole:?}");
        prop_assert!(!shown.contains("11010519491231002"));
        for (at, byte) in flips {
            if let Some(b) = bytes.get_mut(at) {
                *b = byte;
            }
        }
        bytes.truncate(cut);
        let torn = import_bundle(&bytes, now());
        let shown = format!("{torn:?}");
        prop_assert!(!shown.contains("11010519491231002"));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(import_bundle(&bytes, now()).is_err());
    }
}

/// Files outside the repository, by name; `None` when they are not there.
pub(super) fn shared(group: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/fhir");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("left out: {group} (no ../shared/data/fhir)");
        return None;
    };
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|e| e.path().extension().is_some_and(|x| x == "json"))
        .map(|e| {
            (
                e.file_name().into_string().unwrap(),
                std::fs::read(e.path()).unwrap(),
            )
        })
        .collect();
    files.sort();
    Some(files)
}

#[test]
fn synthea_bundles_import() {
    let Some(files) = shared("Synthea bundles") else {
        return;
    };
    let synthea: Vec<_> = files
        .iter()
        .filter(|(name, _)| !name.starts_with("consultation"))
        .collect();
    assert_eq!(synthea.len(), 3);
    for (name, bytes) in synthea {
        let got = import_bundle(bytes, now()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let first = name.split('_').next().unwrap();
        assert!(got.patient.name.starts_with(first), "{name}");
        assert!(
            got.patient.birth_date.is_some() && got.patient.sex == Some(Sex::Male),
            "{name}"
        );
        assert!(
            !got.patient.record_number.is_empty() && !got.patient.other_number.is_empty(),
            "{name}"
        );
        assert!(!got.clinical.preliminary_diagnosis.is_empty(), "{name}");
        assert!(!got.clinical.lab_summary.is_empty() && got.clinical.lab_summary.chars().count() <= 2000);
        assert!(!got.clinical.treatment.is_empty(), "{name}");
        assert!(got.to_complete.iter().any(|f| f == "clinical.need"), "{name}");
    }
}

#[test]
fn a_masked_document_is_refused_element_by_element() {
    let Some(files) = shared("Chinese consultation report") else {
        return;
    };
    let (_, bytes) = files
        .iter()
        .find(|(name, _)| name.starts_with("consultation"))
        .unwrap();
    let error = import_bundle(bytes, now()).unwrap_err();
    let at = |e: &str| format!("Bundle.entry[1].resource.{e}");
    let got: Vec<_> = error
        .errors()
        .iter()
        .map(|e| (e.field.clone(), e.code.clone()))
        .collect();
    assert_eq!(
        got,
        [
            pair(&at("name"), codes::NAME_FORM),
            pair(&at("identifier[1].value"), codes::ID_NUMBER_FORM),
            pair(&at("birthDate"), codes::FIELD_REQUIRED)
        ]
    );
}
