//! What two institutions hold of one result (clause 4.2.1 c).

use consilium_domain::{
    element::Record,
    quality::{Consistency, Ratio, consistency},
};

use crate::builder::{exam, institution, lab, with};

/// A result as code, value with unit, and minute of the day.
fn result(key: &str, code: &str, value: &str, minute: u32) -> Record {
    let record = with(with(lab(key), "3.2", code), "3.3", value);
    let time = format!("2026-11-21 {:02}:{:02}", minute / 60, minute % 60);
    with(with(record, "3.4", ""), "3.7", &time)
}

fn compare(a: &[Record], b: &[Record]) -> Consistency {
    let rows: Vec<_> = a
        .iter()
        .map(|r| (institution(1), r))
        .chain(b.iter().map(|r| (institution(2), r)))
        .collect();
    consistency(&rows)
}

/// R-4.2.1c-1: three planted differences, one of them only in the unit: exactly two are conflicts.
#[test]
fn planted_conflicts() {
    let codes = [
        "6690-2", "789-8", "718-7", "777-3", "2951-2", "2823-3", "1742-6", "1920-8",
    ];
    let a: Vec<Record> = codes
        .iter()
        .zip(0..)
        .map(|(code, i)| result(&format!("a{i}"), code, &format!("{}.5|g/L", 10 + i), 540 + i))
        .collect();
    let mut b: Vec<Record> = codes
        .iter()
        .zip(0..)
        .map(|(code, i)| result(&format!("b{i}"), code, &format!("{}.5|g/L", 10 + i), 540 + i))
        .collect();
    assert_eq!(compare(&a, &b).equal, Ratio::new(8, 8));
    b[1] = result("b1", "789-8", "11.6|g/L", 541);
    b[4] = result("b4", "2951-2", "4.15|g/L", 544);
    b[6] = result("b6", "1742-6", "1.65|g/dL", 546);
    let found = compare(&a, &b);
    assert_eq!(found.equal, Ratio::new(6, 8));
    let codes: Vec<&str> = found.conflicts.iter().map(|c| c.code.as_str()).collect();
    assert_eq!(codes, ["2951-2", "789-8"]);
    let held = &found.conflicts[1].values;
    assert_eq!(
        (held[0].value.as_str(), held[1].value.as_str()),
        ("11.5 g/L", "11.6 g/L")
    );
    assert_eq!(
        (held[0].institution, held[1].record_key.as_str()),
        (institution(1), "b1")
    );
    assert!(found.conflicts[1].time.is_some());
}

#[test]
fn mass_and_amount_under_two_codes_are_one_result() {
    for (a, b, equal) in [
        // Glucose: 90 mg/dL is 4.9957 mmol/L, which a laboratory writes 5.0.
        (("2345-7", "90|mg/dL"), ("14749-6", "5.0|mmol/L"), true),
        (("2345-7", "90|mg/dL"), ("14749-6", "5.2|mmol/L"), false),
        (("2160-0", "1.0|mg/dL"), ("14682-9", "88|umol/L"), true),
        (("2160-0", "1.0|mg/dL"), ("14682-9", "107|umol/L"), false),
        (("3094-0", "14|mg/dL"), ("22664-7", "5.0|mmol/L"), true),
        (("3094-0", "14|mg/dL"), ("3091-6", "30|mg/dL"), true),
        (("3094-0", "14|mg/dL"), ("3091-6", "14|mg/dL"), false),
        (("1975-2", "1.2|mg/dL"), ("14631-6", "20.5|μmol/L"), true),
        (("2093-3", "200|mg/dL"), ("14647-2", "5.17|mmol/L"), true),
        (("2951-2", "140|mEq/L"), ("2951-2", "140|mmol/L"), true),
        (("6690-2", "6.2|10^9/L"), ("6690-2", "6.20|×10⁹/L"), true),
        (("6690-2", "6.2|10^9/L"), ("6690-2", "6200|/uL"), true),
        (("6690-2", "6.2|10^9/L"), ("6690-2", "6.3|10^9/L"), false),
        (("6690-2", "<0.1|10^9/L"), ("6690-2", "0.1|10^9/L"), false),
        (("6690-2", "6.2|10^9/L"), ("6690-2", "6.2|mmol/L"), false),
        (("5196-1", "阴性"), ("5196-1", "Negative"), true),
        (("5196-1", "阴性"), ("5196-1", "阳性(+)"), false),
        (("5196-1", "阴性"), ("5196-1", "0.01|[iU]/mL"), false),
    ] {
        let found = compare(&[result("a", a.0, a.1, 540)], &[result("b", b.0, b.1, 540)]);
        assert_eq!(found.equal, Ratio::new(u64::from(equal), 1), "{a:?} {b:?}");
    }
}

#[test]
fn only_what_two_hold_at_one_time_is_compared() {
    let one = |minute| [result("a", "6690-2", "6.2|10*9/L", minute)];
    let other = |minute| [result("b", "6690-2", "7.7|10*9/L", minute)];
    assert_eq!(compare(&one(540), &other(541)).equal, Ratio::new(0, 1));
    assert_eq!(compare(&one(540), &other(542)).equal, Ratio::new(0, 0));
    assert_eq!(compare(&one(540), &[]).equal, Ratio::new(0, 0));
    // Two rows of one institution are nobody's conflict.
    let own = [
        result("a", "6690-2", "6.2|10*9/L", 540),
        result("b", "6690-2", "7.7|10*9/L", 540),
    ];
    assert_eq!(compare(&own, &[]).equal, Ratio::new(0, 0));
    // Other codes at the same minute are other results.
    assert_eq!(
        compare(&one(540), &[result("b", "777-3", "200|10*9/L", 540)])
            .equal
            .whole,
        0
    );
    // One id is one result, whatever the clocks say.
    let late = [result("a", "6690-2", "7.7|10*9/L", 700)];
    assert_eq!(compare(&one(540), &late).equal, Ratio::new(0, 1));
}

#[test]
fn a_series_on_one_day_is_compared_value_by_value() {
    let day = |key: &str, value: &str| with(result(key, "2345-7", value, 0), "3.7", "20261121");
    let a = [day("a1", "5.1|mmol/L"), day("a2", "7.8|mmol/L")];
    let b = [day("b1", "7.8|mmol/L"), day("b2", "5.1|mmol/L")];
    assert_eq!(compare(&a, &b).equal, Ratio::new(1, 1));
    assert_eq!(
        compare(&a, &[day("b1", "7.9|mmol/L"), day("b2", "5.1|mmol/L")]).equal,
        Ratio::new(0, 1)
    );
}

#[test]
fn local_codes_are_compared_by_name_and_exams_by_id() {
    let local = |key: &str, name: &str, value: &str| with(result(key, "WBC", value, 540), "3.1", name);
    let found = compare(
        &[local("a", "白细胞", "6|10*9/L")],
        &[local("b", "白细胞 ", "7|10*9/L")],
    );
    assert_eq!(found.conflicts[0].code, "白细胞");
    let same = compare(&[exam("E1")], &[exam("E1"), exam("E2")]);
    assert_eq!(same.equal, Ratio::new(1, 1));
    let changed = with(exam("E1"), "3.12.impression", "转移瘤不除外");
    assert_eq!(compare(&[exam("E1")], &[changed]).equal, Ratio::new(0, 1));
}

#[test]
fn ten_institutions_that_agree() {
    let records: Vec<Record> = (0..10)
        .map(|i| result(&format!("r{i}"), "6690-2", "6.2|10*9/L", 540))
        .collect();
    let rows: Vec<_> = (1..).map(institution).zip(&records).collect();
    assert_eq!(consistency(&rows).equal, Ratio::new(1, 1));
}
