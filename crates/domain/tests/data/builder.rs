//! Rows of a package without a fault.

use consilium_domain::{
    AbsentReason, InstitutionId, RecordKind, Timestamp,
    element::{Applicability, CheckContext, Dictionary, ElementValue, Finding, Record, check_record},
    person::{Age, BirthDate},
};
use uuid::Uuid;

/// Sample of GB 32100.
pub(crate) const HOSPITAL: &str = "91350100M000100Y43";

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00+08:00").unwrap()
}

pub(crate) fn context() -> CheckContext {
    CheckContext {
        birth_date: Some(BirthDate::parse("1949-12-31").unwrap()),
        applicable: package(),
        ..CheckContext::at(now())
    }
}

pub(crate) fn package() -> Applicability {
    Applicability {
        imaging_needed: true,
        concluded: true,
        age: Some(Age { months: 76 * 12 }),
        ..Applicability::default()
    }
}

pub(crate) fn institution(number: u128) -> InstitutionId {
    InstitutionId(Uuid::from_u128(number))
}

/// A row from pairs of element and value; `value|unit` gives a unit.
pub(crate) fn row(kind: RecordKind, key: &str, values: &[(&str, &str)]) -> Record {
    Record {
        kind,
        key: key.to_owned(),
        elements: values
            .iter()
            .map(|(id, value)| {
                let value = match value.split_once('|') {
                    Some((value, unit)) => ElementValue::quantity(value, unit),
                    None => ElementValue::new(*value),
                };
                (id.parse().unwrap(), value)
            })
            .collect(),
        available_at: now(),
    }
}

/// The row with one element changed; an empty value removes it.
pub(crate) fn with(mut record: Record, element: &str, value: &str) -> Record {
    let id = element.parse().unwrap();
    record.elements.remove(&id);
    if !value.is_empty() {
        let more = row(record.kind, "", &[(element, value)]);
        record.elements.extend(more.elements);
    }
    record
}

pub(crate) fn absent(mut record: Record, element: &str, reason: AbsentReason) -> Record {
    record
        .elements
        .insert(element.parse().unwrap(), ElementValue::absent(reason));
    record
}

pub(crate) fn patient() -> Record {
    row(
        RecordKind::Patient,
        "patient",
        &[
            ("1.1", "0123456789abcdef0123456789abcdef"),
            ("1.2", "01"),
            ("1.3", "11010519491231002X"),
            ("1.4", "ZY20261122"),
            ("1.5", "张秀英"),
            ("1.6", "2"),
            ("1.7", "76"),
            ("1.9", "19491231"),
            ("1.10", "13812341234"),
            ("1.11", "01"),
            ("1.12", "浙江省杭州市"),
            ("1.13", "浙江省杭州市西湖区文三路1号"),
            ("1.15", "false"),
        ],
    )
}

pub(crate) fn clinical() -> Record {
    row(
        RecordKind::Clinical,
        "clinical",
        &[
            ("2.1", "头痛三天"),
            ("2.2", "三天前无明显诱因出现头痛，伴恶心，无呕吐。"),
            ("2.3", "否认"),
            ("2.4", "不吸烟，不饮酒"),
            ("2.5", "父亲患高血压"),
            ("2.6", "神志清楚，双侧瞳孔等大等圆"),
            ("2.7.temperature", "36.8|℃"),
            ("2.7.systolic", "132|mmHg"),
            ("2.7.diastolic", "84|mmHg"),
            ("2.8", "脑膜瘤"),
            ("2.9", "D32.000"),
            ("2.10.date", "20261120"),
            ("2.11", "头颅MRI见右额占位，边界清"),
            ("2.12", "无"),
        ],
    )
}

pub(crate) fn lab(key: &str) -> Record {
    row(
        RecordKind::Lab,
        key,
        &[
            ("3.1", "白细胞计数"),
            ("3.2", "6690-2"),
            ("3.3", "6.2"),
            ("3.4", "10^9/L"),
            ("3.5", "3.5-9.5"),
            ("3.6", "N"),
            ("3.7", "20261121T093000"),
            ("3.7.report", "2026-11-21 10:30"),
            ("3.8.kind", "血"),
            ("3.8.time", "20261121T083000"),
            ("3.9", HOSPITAL),
        ],
    )
}

pub(crate) fn exam(key: &str) -> Record {
    row(
        RecordKind::Exam,
        key,
        &[
            ("3.10", "头颅MRI平扫"),
            ("3.11.kind", "MR"),
            ("3.12.findings", "右额叶见类圆形占位"),
            ("3.12.impression", "右额脑膜瘤可能"),
            ("3.13", "1.2.826.0.1.3680043.8.498.1"),
            ("3.14", "20261120"),
            ("3.14.report", "20261121"),
            ("3.15", HOSPITAL),
        ],
    )
}

pub(crate) fn imaging() -> Record {
    row(
        RecordKind::Imaging,
        "study",
        &[
            ("4.1", "1.2.826.0.1.3680043.8.498.1"),
            ("4.2", "右额占位，考虑脑膜瘤"),
            ("4.3", "暂未标注病灶"),
        ],
    )
}

pub(crate) fn treatment() -> Record {
    row(
        RecordKind::Treatment,
        "treatment",
        &[
            ("5.1", "甘露醇脱水降颅压"),
            ("5.2.drug", "甘露醇"),
            ("5.2.dose", "125|mL"),
            ("5.2.start", "20261120"),
            ("5.2.end", "20261122"),
            ("5.3.name", "阑尾切除术"),
            ("5.3.code", "47.0900"),
            ("5.3.date", "19800501"),
            ("5.4", "2"),
        ],
    )
}

pub(crate) fn consultation() -> Record {
    row(
        RecordKind::Consultation,
        "consultation",
        &[
            ("6.1.number", "HZ20261122-0001"),
            ("6.1.kind", "general"),
            ("6.1.reason", "明确占位性质"),
            ("6.1.purpose", "手术指征评估"),
            ("6.1.summary", "右额占位，头痛三天"),
            ("6.1.time", "2026-11-24T09:00:00+08:00"),
            ("6.1.urgency", "routine"),
            ("6.2.name", "李明"),
            ("6.2.institution", "省立医院"),
            ("6.2.department", "神经外科"),
            ("6.2.title", "主任医师"),
            ("6.2.licence", "110330100012345"),
            ("6.3.text", "建议手术切除，术前完善血管成像。"),
            ("6.3.time", "2026-11-22T09:30:00+08:00"),
            ("6.3.signer", "李明"),
            ("6.4.text", "右额脑膜瘤"),
            ("6.4.code", "D32.000"),
            ("6.5", "择期手术，术后三个月复查"),
        ],
    )
}

/// A package in which nothing is missing.
pub(crate) fn whole_package() -> Vec<Record> {
    vec![
        patient(),
        clinical(),
        lab("lab-1"),
        exam("exam-1"),
        imaging(),
        treatment(),
        consultation(),
    ]
}

/// What the built-in dictionary finds.
pub(crate) fn check(record: &Record) -> Vec<Finding> {
    check_record(Dictionary::builtin(), record, &context())
}

/// Element and code of each finding.
pub(crate) fn codes(findings: &[Finding]) -> Vec<(String, &'static str)> {
    findings.iter().map(|f| (f.element.to_string(), f.code)).collect()
}
