//! Rows of data the demo's hospitals exchange: laboratory results, an examination, an imaging report.

use std::collections::BTreeMap;

use consilium_domain::{
    RecordKind, Timestamp,
    element::{ElementId, ElementValue, Record},
};

/// One laboratory result: name, LOINC, value, unit, reference range.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Results by case; the last of each comes from the second hospital.
const RESULTS: [&[Row]; 6] = [
    &[
        ("白细胞计数", "6690-2", "7.2", "10*9/L", "3.5-9.5"),
        ("血红蛋白", "718-7", "141", "g/L", "130-175"),
        ("葡萄糖", "2345-7", "5.8", "mmol/L", "3.9-6.1"),
        ("肌酐", "2160-0", "74", "umol/L", "57-111"),
    ],
    &[
        ("白细胞计数", "6690-2", "15.6", "10*9/L", "3.5-9.5"),
        ("C反应蛋白", "1988-5", "168", "mg/L", "0-8"),
        ("降钙素原", "33959-8", "3.2", "ng/mL", "<0.05"),
    ],
    &[
        ("血红蛋白", "718-7", "128", "g/L", "110-160"),
        ("N末端脑钠肽前体", "33762-6", "1240", "pg/mL", "<300"),
        ("肌酐", "2160-0", "38", "umol/L", "19-44"),
    ],
    &[
        ("血红蛋白", "718-7", "78", "g/L", "115-150"),
        ("平均红细胞体积", "787-2", "68", "fL", "82-100"),
        ("铁蛋白", "2276-4", "4.1", "ng/mL", "13-150"),
    ],
    &[
        ("癌胚抗原", "2039-6", "11.3", "ng/mL", "<5"),
        ("肌酐", "2160-0", "79", "umol/L", "57-111"),
        ("血红蛋白", "718-7", "139", "g/L", "130-175"),
    ],
    &[
        ("补体C3", "4485-9", "0.41", "g/L", "0.79-1.52"),
        ("白蛋白", "1751-7", "27", "g/L", "40-55"),
        ("肌酐", "2160-0", "96", "umol/L", "41-73"),
    ],
];

/// Examinations by case: name, findings, impression.
const EXAMS: [(&str, &str, &str); 6] = [
    (
        "头颅CT平扫",
        "左额叶见类圆形低密度影，边界欠清，周围见片状水肿，中线结构右移约4 mm。",
        "左额叶占位性病变，胶质瘤可能，建议增强磁共振检查。",
    ),
    (
        "胸部CT平扫",
        "右下肺见大片实变影，可见支气管充气征，右侧胸腔少量积液。",
        "右下肺炎伴少量胸腔积液。",
    ),
    (
        "超声心动图",
        "膜周部室间隔回声中断约9 mm，左向右分流，三尖瓣反流法估测肺动脉收缩压58 mmHg。",
        "先天性心脏病，室间隔缺损（膜周部），肺动脉高压。",
    ),
    (
        "胃镜检查",
        "胃窦黏膜散在充血，未见溃疡及出血灶，十二指肠球部及降部未见异常。",
        "慢性浅表性胃炎。",
    ),
    (
        "胸部CT增强",
        "右肺上叶见分叶状结节，长径约34 mm，边缘毛刺，增强后中度不均匀强化。",
        "右肺上叶周围型肺癌可能，右肺门淋巴结肿大。",
    ),
    (
        "肾穿刺活检病理",
        "弥漫性毛细血管内细胞增生，可见白金耳样改变及细胞性新月体。",
        "狼疮肾炎Ⅳ型。",
    ),
];

/// Codes of the demo's hospitals as legal persons (GB 32100), invented with valid check characters.
const LEAD_CODE: &str = "12330000470050001Y";
const EAST_CODE: &str = "12330000470050017J";

const MINUTE_MS: i64 = 60_000;

fn values(pairs: &[((u8, u8), &str)]) -> BTreeMap<ElementId, ElementValue> {
    pairs
        .iter()
        .map(|((category, row), value)| (ElementId::row(*category, *row), ElementValue::new(*value)))
        .collect()
}

fn result(case: usize, at: usize, row: Row, by: &str, now: Timestamp) -> Record {
    let (name, loinc, value, unit, range) = row;
    let tested = now.plus_ms(-120 * MINUTE_MS).to_string();
    Record {
        kind: RecordKind::Lab,
        key: format!("lab-{case}-{at}"),
        elements: values(&[
            ((3, 1), name),
            ((3, 2), loinc),
            ((3, 3), value),
            ((3, 4), unit),
            ((3, 5), range),
            ((3, 7), &tested),
            ((3, 9), by),
        ]),
        available_at: now.plus_ms(-10 * MINUTE_MS),
    }
}

/// What the lead gives: most results and the examination.
pub(super) fn of_lead(case: usize, now: Timestamp) -> Vec<Record> {
    let results = RESULTS.get(case).copied().unwrap_or_default();
    let own = results.len().saturating_sub(1);
    let mut rows: Vec<Record> = results
        .iter()
        .take(own)
        .enumerate()
        .map(|(at, row)| result(case, at, *row, LEAD_CODE, now))
        .collect();
    if let Some((name, findings, impression)) = EXAMS.get(case) {
        let done = now.plus_ms(-180 * MINUTE_MS).to_string();
        let mut elements = values(&[
            ((3, 10), name),
            ((3, 13), &format!("2.25.33010047{case:04}")),
            ((3, 14), &done),
            ((3, 15), LEAD_CODE),
        ]);
        elements.insert(ElementId::part(3, 12, "findings"), ElementValue::new(*findings));
        elements.insert(
            ElementId::part(3, 12, "impression"),
            ElementValue::new(*impression),
        );
        rows.push(Record {
            kind: RecordKind::Exam,
            key: format!("exam-{case}"),
            elements,
            available_at: now.plus_ms(-15 * MINUTE_MS),
        });
    }
    rows
}

/// What the second hospital gives: its own results.
pub(super) fn of_east(case: usize, now: Timestamp) -> Vec<Record> {
    let results = RESULTS.get(case).copied().unwrap_or_default();
    results
        .last()
        .map(|row| result(case, results.len() - 1, *row, EAST_CODE, now))
        .into_iter()
        .collect()
}

/// A row with a unit nobody knows: to be corrected on the data desk.
pub(super) fn wrong(case: usize, now: Timestamp) -> Option<Record> {
    let mut row = of_east(case, now).pop()?;
    row.key = format!("lab-{case}-wrong");
    row.elements
        .insert(ElementId::row(3, 4), ElementValue::new("每毫升"));
    Some(row)
}

/// The study behind the phantom images, with its report.
pub(super) fn study(case: usize, now: Timestamp) -> Option<Record> {
    let (_, findings, impression) = EXAMS.get(case)?;
    Some(Record {
        kind: RecordKind::Imaging,
        key: format!("study-{case}"),
        elements: values(&[
            ((4, 1), &format!("2.25.33010047{case:04}")),
            ((4, 2), &format!("{findings}{impression}")),
            ((4, 3), "尚无标注"),
        ]),
        available_at: now.plus_ms(-15 * MINUTE_MS),
    })
}
