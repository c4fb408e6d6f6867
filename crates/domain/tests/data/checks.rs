//! Bad input: each fault has its code, at its element, and nothing else is reported.

use consilium_domain::{
    AbsentReason, Severity,
    element::{CheckContext, Dictionary, Record, check_record, codes},
    person::Age,
};
use proptest::prelude::*;

use crate::builder::{
    absent, check, clinical, codes as codes_of, consultation, context, exam, imaging, lab, now, patient,
    treatment, whole_package, with,
};

#[test]
fn a_whole_package_has_no_finding() {
    for record in whole_package() {
        assert_eq!(check(&record), [], "{}", record.key);
    }
}

/// Changes one element of a row and expects exactly one finding, there.
#[track_caller]
fn expect(record: Record, element: &str, value: &str, code: &'static str) {
    let findings = check(&with(record, element, value));
    assert_eq!(codes_of(&findings), [(element.to_owned(), code)], "{value}");
}

#[test]
fn patient_basics() {
    expect(patient(), "1.1", "0123", codes::FORM);
    expect(
        patient(),
        "1.3",
        "110105194912310021",
        "person.id_number_checksum",
    );
    expect(patient(), "1.3", "11010519491231", "person.id_number_form");
    expect(patient(), "1.5", "不详", codes::PLACEHOLDER);
    expect(patient(), "1.5", "<b>", "person.name_form");
    expect(patient(), "1.6", "1", codes::SEX_MISMATCH);
    expect(patient(), "1.6", "3", codes::NOT_IN_LIST);
    expect(patient(), "1.7", "75", codes::AGE_MISMATCH);
    expect(patient(), "1.7", "151", codes::RANGE);
    expect(patient(), "1.7", "七十六", codes::NUMBER);
    expect(patient(), "1.10", "1381234", "person.phone_form");
    expect(patient(), "1.11", "57", codes::NOT_IN_LIST);
    expect(patient(), "1.12", "火星", codes::REGION);
    expect(patient(), "1.12", "无", codes::PLACEHOLDER);
    expect(patient(), "1.12", "", codes::REQUIRED);
    expect(patient(), "1.15", "maybe", codes::FORM);
    assert_eq!(check(&with(patient(), "1.12", "330100")), []);
    assert_eq!(check(&with(patient(), "1.6", "9")), []);
}

#[test]
fn birth_dates() {
    // The age follows the date, so two faults may come of one.
    let find = |value: &str| codes_of(&check(&with(with(patient(), "1.9", value), "1.7", "76")));
    assert!(find("20491231").contains(&("1.9".to_owned(), "person.birth_date")));
    assert!(find("19491330").contains(&("1.9".to_owned(), "person.birth_date")));
    assert_eq!(find("19491230"), [("1.9".to_owned(), codes::BIRTH_MISMATCH)]);
}

#[test]
fn another_document_and_the_former_number() {
    let passport = with(with(patient(), "1.2", "03"), "1.3", "E12345678");
    assert_eq!(check(&passport), []);
    let findings = check(&with(patient(), "1.3", "110105491231002"));
    assert_eq!(codes_of(&findings), [("1.3".to_owned(), codes::ID_15_DIGITS)]);
    assert_eq!(findings[0].severity, Severity::Warning);
}

#[test]
fn infants_have_months_instead_of_years() {
    let ctx = CheckContext {
        applicable: consilium_domain::element::Applicability {
            age: Some(Age { months: 3 }),
            ..context().applicable
        },
        ..context()
    };
    let infant = with(with(with(patient(), "1.7", ""), "1.3", ""), "1.9", "20260810");
    let codes_with = |age: &str| {
        let record = absent(with(infant.clone(), "1.8", age), "1.3", AbsentReason::NotAsked);
        codes_of(&check_record(Dictionary::builtin(), &record, &ctx))
    };
    assert_eq!(codes_with("3 12/30"), []);
    assert_eq!(codes_with("3 30/30"), [("1.8".to_owned(), codes::FORM)]);
    assert_eq!(codes_with("12 1/30"), [("1.8".to_owned(), codes::FORM)]);
    assert_eq!(codes_with(""), [("1.8".to_owned(), codes::REQUIRED)]);
}

#[test]
fn guardian_only_when_one_acts() {
    let mut ctx = context();
    ctx.applicable.guardian_needed = true;
    let found = codes_of(&check_record(Dictionary::builtin(), &patient(), &ctx));
    let missing: Vec<&str> = found.iter().map(|(element, _)| element.as_str()).collect();
    assert_eq!(missing, ["1.14.name", "1.14.phone", "1.14.relation"]);
}

#[test]
fn clinical_diagnosis() {
    for placeholder in ["无", "不详", "NA", "test", "哈哈哈哈"] {
        expect(clinical(), "2.1", placeholder, codes::PLACEHOLDER);
    }
    expect(clinical(), "2.2", "头痛三天", codes::TOO_SHORT);
    expect(
        clinical(),
        "2.1",
        &"痛"
            .repeat(51)
            .chars()
            .chain("苦".repeat(50).chars())
            .collect::<String>(),
        codes::TOO_LONG,
    );
    expect(clinical(), "2.9", "d32", codes::ICD10);
    expect(clinical(), "2.9", "I10.", codes::ICD10);
    expect(clinical(), "2.9", "", codes::REQUIRED);
    expect(clinical(), "2.7.temperature", "29.9|Cel", codes::RANGE);
    expect(clinical(), "2.7.temperature", "36.8", codes::UNIT_UNKNOWN);
    expect(clinical(), "2.7.temperature", "36.8|kg", codes::UNIT_MISMATCH);
    expect(clinical(), "2.7.temperature", "high|Cel", codes::NUMBER);
    expect(clinical(), "2.7.systolic", "84|mmHg", codes::ORDER);
    expect(clinical(), "2.7.systolic", "10|kPa", codes::ORDER);
    assert_eq!(check(&with(clinical(), "2.7.temperature", "98.2|℉")), []);
    assert_eq!(check(&with(clinical(), "2.7.systolic", "17.6|kPa")), []);
    expect(clinical(), "2.10.date", "20261123", codes::FUTURE);
    expect(clinical(), "2.10.date", "19491230", codes::BEFORE_BIRTH);
    expect(clinical(), "2.10.date", "2026-13-01", codes::DATE);
}

#[test]
fn laboratory_results() {
    expect(lab("a"), "3.2", "6690-3", codes::LOINC);
    expect(lab("a"), "3.4", "10^9 per liter", codes::UNIT_UNKNOWN);
    expect(lab("a"), "3.4", "", codes::REQUIRED);
    expect(lab("a"), "3.5", "9.5-3.5", codes::RANGE_INVERTED);
    expect(lab("a"), "3.5", "3.5-", codes::RANGE_UNREADABLE);
    expect(lab("a"), "3.5", "3.5-9.5 mmol/L", codes::UNIT_MISMATCH);
    expect(lab("a"), "3.6", "H", codes::FLAG_MISMATCH);
    expect(lab("a"), "3.9", "91350100M000100Y44", codes::INSTITUTION_CODE);
    expect(lab("a"), "3.3", "5.2.1", codes::NUMBER);
    let tomorrow = with(with(lab("a"), "3.7.report", ""), "3.7", "20261123");
    assert_eq!(codes_of(&check(&tomorrow)), [("3.7".to_owned(), codes::FUTURE)]);
    // Sample after result, result after report.
    let late = with(lab("a"), "3.8.time", "20261121T095000");
    assert_eq!(codes_of(&check(&late)), [("3.7".to_owned(), codes::ORDER)]);
    let reported = with(lab("a"), "3.7.report", "20261121T090000");
    assert_eq!(codes_of(&check(&reported)), [("3.7".to_owned(), codes::ORDER)]);
    // Outside the limits of life: 6200 instead of 6.2.
    let mistyped = with(with(lab("a"), "3.3", "6200"), "3.6", "H");
    assert_eq!(codes_of(&check(&mistyped)), [("3.3".to_owned(), codes::RANGE)]);
    let own = check(&with(lab("a"), "3.2", "WBC"));
    assert_eq!(
        (own[0].code, own[0].severity),
        (codes::CODE_UNMAPPED, Severity::Warning)
    );
}

#[test]
fn results_that_are_right_in_other_ways() {
    for (result, unit, range, flag) in [
        ("<0.1", "10*9/L", "3.5-9.5", "L"),
        ("6.2", "×10⁹/L", "3.5～9.5 10^9/L", "N"),
        ("12.1↑", "G/L", "≤9.5", "H"),
        ("阴性", "", "阴性", ""),
        ("1:80", "", "<1:40", "A"),
        ("4+", "", "阴性", "A"),
    ] {
        let mut record = with(with(with(lab("a"), "3.3", result), "3.4", unit), "3.5", range);
        record = with(record, "3.6", flag);
        assert_eq!(check(&record), [], "{result}");
    }
    // The unit may come with the result.
    assert_eq!(check(&with(with(lab("a"), "3.4", ""), "3.3", "6.2|10^9/L")), []);
    let two = check(&with(lab("a"), "3.3", "6.2|10*6/L"));
    assert_eq!(codes_of(&two), [("3.4".to_owned(), codes::UNIT_MISMATCH)]);
    // Limits count after conversion between mass and amount.
    let glucose = |value: &str, unit: &str| {
        let record = with(with(with(lab("a"), "3.2", "2345-7"), "3.3", value), "3.4", unit);
        codes_of(&check(&with(with(record, "3.5", ""), "3.6", "")))
            .into_iter()
            .filter(|(element, _)| element == "3.3")
            .count()
    };
    assert_eq!(
        (
            glucose("90", "mg/dL"),
            glucose("90", "mmol/L"),
            glucose("9000", "mg/dL")
        ),
        (0, 0, 1)
    );
    assert_eq!(glucose("5", "U/L"), 1);
}

#[test]
fn exams_images_treatment_consultation() {
    expect(exam("a"), "3.12.impression", "", codes::REQUIRED);
    expect(exam("a"), "3.13", "1.02.3", codes::UID);
    expect(exam("a"), "3.14", "20261122", codes::ORDER);
    expect(exam("a"), "3.15", "省立医院", codes::INSTITUTION_CODE);
    expect(imaging(), "4.1", "study", codes::UID);
    expect(imaging(), "4.2", "", codes::REQUIRED);
    expect(treatment(), "5.2.dose", "0|mg", codes::RANGE);
    expect(treatment(), "5.2.dose", "1|spoonful", codes::UNIT_UNKNOWN);
    expect(treatment(), "5.2.start", "20261123", codes::FUTURE);
    let ended = check(&with(treatment(), "5.2.end", "20261119"));
    assert_eq!(codes_of(&ended), [("5.2.start".to_owned(), codes::ORDER)]);
    expect(treatment(), "5.3.code", "47-09", codes::PROCEDURE_CODE);
    expect(treatment(), "5.4", "0", codes::NOT_IN_LIST);
    expect(consultation(), "6.1.kind", "chat", codes::NOT_IN_LIST);
    expect(consultation(), "6.2.licence", "", codes::REQUIRED);
    expect(consultation(), "6.3.text", "同意", codes::TOO_SHORT);
    expect(consultation(), "6.4.code", "meningioma", codes::ICD10);
}

#[test]
fn absence_with_a_reason_is_no_error_unless_the_reason_is_impossible() {
    assert_eq!(check(&absent(clinical(), "2.5", AbsentReason::Refused)), []);
    assert_eq!(check(&absent(exam("a"), "3.13", AbsentReason::NotApplicable)), []);
    let findings = check(&absent(clinical(), "2.1", AbsentReason::NotApplicable));
    assert_eq!(codes_of(&findings), [("2.1".to_owned(), codes::ABSENT_REASON)]);
}

#[test]
fn an_element_of_another_row_is_unknown() {
    expect(lab("a"), "2.1", "头痛", codes::UNKNOWN);
    expect(lab("a"), "9.9", "x", codes::UNKNOWN);
}

#[test]
fn a_supplement_need_not_be_whole_but_a_result_must() {
    let ctx = CheckContext {
        whole: false,
        ..context()
    };
    let history = crate::builder::row(clinical().kind, "more", &[("2.3", "高血压十年")]);
    assert_eq!(check_record(Dictionary::builtin(), &history, &ctx), []);
    let result = with(lab("a"), "3.5", "");
    assert_eq!(
        codes_of(&check_record(Dictionary::builtin(), &result, &ctx)),
        [("3.5".to_owned(), codes::REQUIRED)]
    );
}

#[test]
fn in_exchange_clear_values_are_the_fault() {
    let mut ctx = context();
    ctx.applicable.masked = true;
    let clear = codes_of(&check_record(Dictionary::builtin(), &patient(), &ctx));
    let elements: Vec<&str> = clear
        .iter()
        .filter(|(_, code)| *code == codes::NOT_MASKED)
        .map(|(e, _)| e.as_str())
        .collect();
    assert_eq!(elements, ["1.3", "1.5", "1.9", "1.10"]);
    let mut masked = with(with(patient(), "1.3", "110105********002X"), "1.5", "张*英");
    masked = with(
        with(with(masked, "1.9", "1949"), "1.10", "138****1234"),
        "1.4",
        "",
    );
    assert_eq!(check_record(Dictionary::builtin(), &masked, &ctx), []);
}

#[test]
fn findings_show_no_identity_and_no_free_text() {
    for (element, value) in [
        ("1.3", "110105194912310021"),
        ("1.5", "张"),
        ("1.9", "20991231"),
        ("1.10", "1381234"),
        ("1.12", "火星"),
    ] {
        let findings = check(&with(patient(), element, value));
        assert!(
            findings
                .iter()
                .all(|f| f.seen.is_empty() || f.element.to_string() == "1.7"),
            "{element}"
        );
    }
    let long = "患者张秀英诉头痛。".repeat(20);
    let findings = check(&with(clinical(), "2.1", &long));
    assert_eq!(
        (findings[0].seen.as_str(), findings[0].rule.as_str()),
        ("180", "length max=100 min=2")
    );
    assert_eq!(check(&with(clinical(), "2.1", "不详"))[0].seen, "不详");
    assert_eq!(
        check(&with(lab("a"), "3.4", "10^9 per liter"))[0].seen,
        "10^9 per liter"
    );
    assert!(!format!("{:?}", patient()).contains("张秀英"));
}

#[test]
fn rows_travel_as_json() {
    for record in whole_package() {
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
    assert!(
        serde_json::to_string(&lab("a"))
            .unwrap()
            .contains("\"3.7.report\":{\"value\":")
    );
}

proptest! {
    /// No text breaks the checks, and a finding never shows an identifying value.
    #[test]
    fn any_text_anywhere(text in "\\PC{0,60}", at in 0_usize..200) {
        for record in whole_package() {
            let ids: Vec<_> = record.elements.keys().cloned().collect();
            let id = &ids[at % ids.len()];
            let changed = with(record, &id.to_string(), &text);
            for finding in check(&changed) {
                prop_assert!(finding.seen.chars().count() <= 40);
                prop_assert!(finding.element.category() != 1 || !matches!(finding.element.to_string().as_str(), "1.3" | "1.5" | "1.9" | "1.10" | "1.13") || finding.seen.is_empty());
            }
        }
    }

    /// Every identity number with one digit changed is refused.
    #[test]
    fn one_wrong_digit_is_always_found(at in 0_usize..18, digit in 0_u32..10) {
        let right = "11010519491231002X";
        let wrong: String = right
            .chars()
            .enumerate()
            .map(|(i, c)| if i == at { char::from_digit(digit, 10).unwrap() } else { c })
            .collect();
        prop_assume!(wrong != right);
        let findings = check(&with(patient(), "1.3", &wrong));
        prop_assert!(findings.iter().any(|f| f.element.to_string() == "1.3"));
    }

    #[test]
    fn times_in_order_pass_and_out_of_order_fail(minutes in 1_i64..10_000, gap in 1_i64..600) {
        let at = |back: i64| now().plus_ms(-back * 60_000).to_string();
        let record = |sample: i64, result: i64| {
            let record = with(with(lab("a"), "3.7.report", ""), "3.8.time", &at(sample));
            codes_of(&check(&with(record, "3.7", &at(result))))
        };
        prop_assert_eq!(record(minutes + gap, minutes), []);
        prop_assert_eq!(record(minutes, minutes + gap), [("3.7".to_owned(), codes::ORDER)]);
    }
}
