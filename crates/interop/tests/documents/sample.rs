//! Generated packages: every element of the dictionary, every reason of absence, every state, awkward text.

use std::collections::BTreeMap;

use consilium_domain::{
    AbsentReason, ConsultationState, DataCategory, PackageState, RecordKind, Timestamp,
    element::{Dictionary, ElementId, ElementValue, Record, Rule},
};
use consilium_interop::fhir::SignedOpinion;
use consilium_protocol::{
    consultation::ConsultationRow,
    preparation::{ConsentRecord, Item, ItemReference, Package, SeriesReference},
    session::Institution,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// A package with what its document needs besides.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) package: Package,
    pub(crate) consultation: ConsultationRow,
    pub(crate) consent: Option<ConsentRecord>,
    pub(crate) opinions: Vec<SignedOpinion>,
}

impl Sample {
    /// An invitation as plain XML.
    pub(crate) fn invitation(&self) -> String {
        let row = &self.consultation;
        let body: consilium_protocol::exchange::InvitationBody = serde_json::from_value(json!({
            "invitation_id": id(20), "number": row.number, "patient": row.patient, "scheduled_at": row.scheduled_at, "duration_minutes": 60,
            "need": "是否手术？\n<请> & 会诊", "preliminary_diagnosis": row.preliminary_diagnosis, "wanted": ["lab_exam", "imaging"],
            "kind": row.kind, "urgency": row.urgency, "answer_within_ms": 86_400_000
        }))
        .unwrap();
        consilium_interop::plain::xml("invitation", &body).unwrap()
    }

    /// A report as plain XML.
    pub(crate) fn report(&self) -> String {
        let body: consilium_protocol::report::Report = serde_json::from_value(json!({
            "id": id(30), "consultation_id": id(10), "version": 1, "consultation": self.consultation,
            "session": ["2026-11-25T06:00:00Z", null], "conclusion": "胶质瘤可能", "diagnosis_code": "C71.1", "advice": "择期手术",
            "opinions": [{"id": id(31), "author_id": id(101), "author": "李主任", "department": "神经外科", "institution": institution(1),
                "version": 1, "text": "同意手术", "dissent": false, "cites": ["a1"], "submitted_at": "2026-11-25T07:00:00Z",
                "content_hash": "ab", "signature_valid": true}],
            "waivers": [{"institution_id": id(3), "reason": "停电"}],
            "annotations": [{"id": "a1", "author": "李主任", "institution": institution(1), "place": "CT 3/28", "value": "46.2 mm", "at": "2026-11-25T06:30:00Z",
                "annotation": {"kind": "length", "image": {"series": id(900), "instance": id(901), "frame": 0},
                    "points": [[1.5, 2.0], [3.0, 4.25]], "label": "最大径", "at_ms": 1_700_000_000_000_i64}}],
            "signed_by": "赵主任", "signed_at": "2026-11-25T08:00:00Z", "content_hash": "cd", "check_code": "K7QF", "signature_valid": true
        }))
        .unwrap();
        consilium_interop::plain::xml("report", &body).unwrap()
    }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | n)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn institution(n: u128) -> Value {
    let (code, zh, en) = [
        ("lead", "牵头医院", "Lead Hospital"),
        ("east", "东院", "East <Hospital> & \"Sons\""),
        ("west", "西院", ""),
    ][usize::try_from(n).unwrap()];
    json!({"id": id(n + 1), "code": code, "name_zh": zh, "name_en": en, "colour": n + 1})
}

fn consultation(state: ConsultationState) -> ConsultationRow {
    let participant = |n: u128| {
        json!({"institution": institution(n), "state": "accepted", "due_at": null, "answered_at": "2026-11-20T02:00:00Z",
            "can_provide": ["lab_exam"], "reason": null, "data_from": null, "delivered_at": null, "answer_under_way": false, "opinion_submitted": false,
            "experts": [{"account_id": id(100 + n), "name": "李主任", "department": "神经外科", "title": "主任医师"},
                {"account_id": id(200), "name": "王专家", "department": "", "title": ""}]})
    };
    serde_json::from_value(json!({
        "id": id(10), "number": "HZ-20261122-000017", "kind": "general", "urgency": "urgent", "state": state,
        "patient": {"platform_id": "0123456789abcdef0123456789abcdef", "name": "张*三", "sex": "male", "age": {"months": 688},
            "number": "110101********1233", "phone": "138****1234", "ethnicity": "汉族", "native_place": "浙江省绍兴市", "minor": false, "infectious": true},
        "preliminary_diagnosis": "左额叶占位性病变", "lead": institution(0), "participants": [participant(1), participant(2)],
        "scheduled_at": "2026-11-25T06:00:00Z", "my_move": false, "allowed": [], "due_at": null, "updated_at": "2026-11-22T03:00:00.250Z"
    }))
    .unwrap()
}

fn consent() -> ConsentRecord {
    serde_json::from_value(json!({
        "state": "active", "text_version": "2026-1", "text": "…", "signer": "patient", "guardian": null, "purpose": "treatment",
        "signed_at": "2026-11-20T01:00:00Z", "valid_until": "2027-02-18T01:00:00Z", "form_sha256": null, "withdrawn": null,
        "guardian_needed": false, "allowed": []
    }))
    .unwrap()
}

fn package(name: &str, state: PackageState, records: Vec<(u128, Record)>) -> Package {
    let items = records
        .into_iter()
        .enumerate()
        .map(|(n, (source, record))| item(n, source, record))
        .collect();
    let series = vec![
        SeriesReference {
            series_id: id(900).into(),
            institution: serde_json::from_value::<Institution>(institution(1)).unwrap(),
            modality: "CT".to_owned(),
            description: "头部平扫 5mm".to_owned(),
            instances: 28,
            hash: "ab".repeat(32),
        };
        2
    ];
    let frozen = !matches!(state, PackageState::Building | PackageState::Validated);
    let seed = u128::from(
        name.bytes()
            .fold(7_u32, |a, b| a.wrapping_mul(31).wrapping_add(u32::from(b))),
    );
    serde_json::from_value(json!({
        "id": id(seed << 32), "consultation_id": id(10), "number": "HZ-20261122-000017", "version": 1, "state": state,
        "created_at": "2026-11-22T02:00:00Z", "frozen_at": frozen.then_some("2026-11-22T03:00:00.125Z"),
        "manifest_hash": if frozen { "cd".repeat(32) } else { String::new() }, "rules": {"version": "1", "hash": "ef".repeat(32)},
        "dictionary_version": "1", "quality": quality(), "by_category": [["lab_exam", quality()]],
        "by_institution": [[institution(0), quality()]],
        "missing": [{"key": "lab-1", "element": "3.9", "core": true, "institution": institution(1), "code": "element.required"}],
        "conflicts": [{"code": "718-7", "at": null, "values": [[institution(1), "92 g/L"], [institution(2), "95 g/L"]], "items": [id(1000)]}],
        "issues_open": 0, "complete": true, "override_reason": null, "items": [], "series": [], "allowed": ["freeze"]
    }))
    .map(|package: Package| Package { items, series, ..package })
    .unwrap()
}

fn quality() -> Value {
    let share = json!({"part": 9, "whole": 10});
    json!({"core": share, "non_core": share, "explained_missing": 1, "errors": share, "consistent": share, "in_time": share,
        "delay_p95_ms": 1000, "delay_max_ms": null})
}

fn item(n: usize, source: u128, record: Record) -> Item {
    let category = match record.kind {
        RecordKind::Patient => DataCategory::PatientBasics,
        RecordKind::Clinical => DataCategory::Diagnosis,
        RecordKind::Lab | RecordKind::Exam => DataCategory::LabExam,
        RecordKind::Imaging => DataCategory::Imaging,
        RecordKind::Treatment => DataCategory::Treatment,
        RecordKind::Consultation => DataCategory::Consultation,
    };
    Item {
        reference: ItemReference {
            item_id: id(1000 + n as u128).into(),
            kind: record.kind,
            key: record.key,
            version: 1,
            available_at: record.available_at,
            hash: format!("{n:064x}"),
        },
        category,
        institution: serde_json::from_value(institution(source)).unwrap(),
        stored: true,
        superseded: false,
        duplicate: false,
        elements: record.elements,
        findings: Vec::new(),
        received_at: at("2026-11-21T03:00:00Z"),
    }
}

/// A value that an element may have.
fn value(rules: &[Rule], id: &ElementId) -> ElementValue {
    let named = match id.to_string().as_str() {
        "3.2" => Some("718-7"),
        "3.3" => Some("<92.50"),
        "3.4" => Some("g/L"),
        "3.5" => Some("130-175"),
        "3.6" => Some("L"),
        "3.11.kind" => Some("CT"),
        _ => None,
    };
    if let Some(text) = named {
        return ElementValue::new(text);
    }
    for rule in rules {
        let text = match rule {
            Rule::Hex { .. } => "0123456789abcdef0123456789abcdef",
            Rule::InList { values } => values.first().map_or("", String::as_str),
            Rule::Boolean {} => "true",
            Rule::PersonName {} => "张*三",
            Rule::BirthDate {} => "1968",
            Rule::Phone {} => "138****1234",
            Rule::Icd10 {} => "C71.100",
            Rule::Icd9cm3 {} => "47.09",
            Rule::Quantity { unit, .. } => {
                return ElementValue::quantity("37.5", unit.clone().unwrap_or_else(|| "mg".to_owned()));
            }
            Rule::Integer { .. } => "3",
            Rule::InfantAge {} => "3 5/30",
            Rule::Moment {} => "2026-11-20T08:30:00+08:00",
            Rule::Uscc {} => "91350100M000100Y43",
            Rule::DicomUid {} => "2.25.1234567890",
            _ => continue,
        };
        return ElementValue::new(text);
    }
    ElementValue::new("渐进性头痛三周，伴恶心。\n既往体健 & <无> \"手术\" 史")
}

fn row(kind: RecordKind, key: &str, each: impl Fn(&[Rule], &ElementId) -> ElementValue) -> Record {
    let elements: BTreeMap<ElementId, ElementValue> = Dictionary::builtin()
        .of_kind(kind)
        .iter()
        .map(|e| (e.id.clone(), each(&e.rules, &e.id)))
        .collect();
    Record {
        kind,
        key: key.to_owned(),
        elements,
        available_at: at("2026-11-20T03:00:00Z"),
    }
}

fn every_kind(each: impl Fn(&[Rule], &ElementId) -> ElementValue) -> Vec<(u128, Record)> {
    let kinds = RecordKind::ALL.iter().enumerate();
    kinds
        .map(|(n, kind)| (n as u128 % 3, row(*kind, &format!("{}-1", kind.code()), &each)))
        .collect()
}

fn sample(name: &str, state: PackageState, of: ConsultationState, records: Vec<(u128, Record)>) -> Sample {
    Sample {
        name: name.to_owned(),
        package: package(name, state, records),
        consultation: consultation(of),
        consent: (state != PackageState::Building).then(consent),
        opinions: if of == ConsultationState::Preparing || of == ConsultationState::InSession {
            opinions()
        } else {
            Vec::new()
        },
    }
}

/// An expert's with a second version, and one of somebody who is not named as an expert.
fn opinions() -> Vec<SignedOpinion> {
    let given = [
        (41, 101, 1, 1, "考虑胶质瘤。\n建议 <增强> & 复查", false, true),
        (42, 103, 0, 1, "不同意：\"脱髓鞘\" 可能", true, false),
        (43, 101, 1, 2, "补充：同意手术 𠮷", false, false),
    ];
    let signed = given.map(|(of, author, institution_of, version, text, dissent, superseded)| SignedOpinion {
        opinion: serde_json::from_value(json!({"id": id(of), "author_id": id(author), "author": "李主任", "department": "神经外科",
            "institution": institution(institution_of), "version": version, "text": text, "dissent": dissent, "cites": [],
            "submitted_at": format!("2026-11-25T07:00:{of}Z"), "content_hash": "ab".repeat(32), "signature_valid": true, "superseded": superseded}))
        .unwrap(),
        signature: "MEUCIQDabc0=".to_owned(),
        key_id: "k1".to_owned(),
    });
    signed.into()
}

/// All of them.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = vec![
        sample(
            "full",
            PackageState::Frozen,
            ConsultationState::Preparing,
            every_kind(value),
        ),
        sample(
            "empty",
            PackageState::Building,
            ConsultationState::Inviting,
            Vec::new(),
        ),
        sample(
            "bare-rows",
            PackageState::Validated,
            ConsultationState::Preparing,
            every_kind(|_, _| ElementValue::default()),
        ),
        sample(
            "awkward-text",
            PackageState::Shared,
            ConsultationState::InSession,
            every_kind(|rules, id| match value(rules, id) {
                free if rules
                    .iter()
                    .all(|r| matches!(r, Rule::Length { .. } | Rule::NoPlaceholder { .. })) =>
                {
                    ElementValue::new(format!(
                        "{}\u{0}\u{b}\u{fffe}]]>\r\n\t&#0;&lt;<b>𠮷</b>\u{2028}",
                        free.value
                    ))
                }
                coded => coded,
            }),
        ),
    ];
    for (n, reason) in AbsentReason::ALL.iter().enumerate() {
        let state = ConsultationState::ALL[n % ConsultationState::ALL.len()];
        let records = every_kind(|_, _| ElementValue::absent(*reason));
        samples.push(sample(
            &format!("absent-{}", reason.code()),
            PackageState::Sealed,
            state,
            records,
        ));
    }
    let results = [
        "92", "7.40", "<0.01", "≥ 40", "阴性", "1:80", "+++", "-1.5", "1000000",
    ];
    let units = ["g/L", "10^9/L", "umol/L", "%", "IU/ml", "unheard-of", ""];
    let ranges = ["130-175", "<5.2", "≥40", "阴性", "男:130-175 女:115-150", "9-3"];
    let many = (0..1500_usize).map(|n| {
        let mut lab = row(RecordKind::Lab, &format!("lab-{n}"), value);
        let mut set =
            |id: &str, text: &str| lab.elements.insert(id.parse().unwrap(), ElementValue::new(text));
        set("3.3", results[n % results.len()]);
        set("3.4", units[n % units.len()]);
        set("3.5", ranges[n % ranges.len()]);
        set("3.2", ["718-7", "2160-0", "LOCAL-1"][n % 3]);
        (n as u128 % 3, lab)
    });
    samples.push(sample(
        "many-results",
        PackageState::Frozen,
        ConsultationState::Ready,
        many.collect(),
    ));
    samples
}

/// Samples of real bundles, where they are at hand.
pub(crate) fn real() -> Vec<Sample> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/fhir");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("left out: documents of real bundles (no ../shared/data/fhir)");
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    paths
        .iter()
        .enumerate()
        .map(|(n, path)| {
            let bytes = std::fs::read(path).unwrap();
            let rows = consilium_interop::fhir::records(
                &bytes,
                consilium_interop::fhir::Media::Json,
                at("2026-11-22T00:00:00Z"),
            )
            .unwrap();
            let records = rows.records.into_iter().map(|record| (1, record)).collect();
            sample(
                &format!("real-{n}"),
                PackageState::Frozen,
                ConsultationState::Ready,
                records,
            )
        })
        .collect()
}
