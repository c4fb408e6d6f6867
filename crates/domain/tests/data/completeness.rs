//! Completeness of seeded packages equals the truth (clause 4.2.1 a, Table 1).

use consilium_domain::{
    AbsentReason, DataCategory,
    element::{Applicability, Dictionary, Finding, Record},
    quality::{CORE_MIN, Checked, Completeness, Ratio, completeness, contribution},
};
use proptest::prelude::*;

use crate::builder::{absent, check, clinical, exam, imaging, lab, package, patient, whole_package, with};

fn score(records: &[Record], package: &Applicability) -> Completeness {
    let findings: Vec<Vec<Finding>> = records.iter().map(check).collect();
    let rows: Vec<Checked<'_>> = records
        .iter()
        .zip(&findings)
        .map(|(record, findings)| Checked { record, findings })
        .collect();
    completeness(Dictionary::builtin(), &rows, package)
}

fn missing(result: &Completeness) -> Vec<String> {
    result
        .missing
        .iter()
        .map(|m| format!("{}:{}", m.record_key, m.element))
        .collect()
}

#[test]
fn whole_package_by_category() {
    let result = score(&whole_package(), &package());
    assert_eq!(result.core, Ratio::new(33, 33));
    let by = |category| result.by_category[&category].core.whole;
    assert_eq!(
        [
            by(DataCategory::PatientBasics),
            by(DataCategory::Diagnosis),
            by(DataCategory::LabExam),
            by(DataCategory::Imaging),
            by(DataCategory::Treatment),
            by(DataCategory::Consultation),
        ],
        [7, 8, 10, 3, 0, 5]
    );
    assert_eq!(
        result.by_category[&DataCategory::Treatment].non_core,
        Ratio::new(4, 4)
    );
    assert_eq!(result.explained_missing, 0);
    assert_eq!(missing(&result), Vec::<String>::new());
}

/// R-6-4: three more items when images are asked for.
#[test]
fn thirty_always_and_three_with_images() {
    let without = Applicability {
        imaging_needed: false,
        ..package()
    };
    let records = whole_package();
    assert_eq!(score(&records, &without).core.whole, 30);
    assert_eq!(score(&records, &package()).core.whole, 33);
    // Before the session nobody can have an opinion, a conclusion or advice.
    let before = Applicability {
        concluded: false,
        ..without
    };
    assert_eq!(score(&records, &before).core, Ratio::new(27, 27));
    assert_eq!(score(&[], &without).core, Ratio::new(0, 30));
}

/// R-6-1 to R-6-6: each item of Table 1 that is taken away is one item missing, and it is named.
#[test]
fn each_item_of_table_1_counts_once() {
    let items = [
        ("1.1", 0),
        ("1.5", 0),
        ("1.6", 0),
        ("1.7", 0),
        ("1.10", 0),
        ("1.11", 0),
        ("1.12", 0),
        ("2.1", 1),
        ("2.2", 1),
        ("2.3", 1),
        ("2.4", 1),
        ("2.5", 1),
        ("2.6", 1),
        ("2.8", 1),
        ("2.11", 1),
        ("3.1", 2),
        ("3.3", 2),
        ("3.5", 2),
        ("3.7", 2),
        ("3.9", 2),
        ("3.10", 3),
        ("3.12.impression", 3),
        ("3.13", 3),
        ("3.14", 3),
        ("3.15", 3),
        ("4.1", 4),
        ("4.2", 4),
        ("4.3", 4),
        ("6.1.purpose", 6),
        ("6.2.title", 6),
        ("6.3.text", 6),
        ("6.4.code", 6),
        ("6.5", 6),
    ];
    assert_eq!(items.len(), 33);
    for (element, at) in items {
        let mut records = whole_package();
        records[at] = with(records[at].clone(), element, "");
        let result = score(&records, &package());
        assert_eq!(result.core, Ratio::new(32, 33), "{element}");
        assert_eq!(missing(&result), [format!("{}:{element}", records[at].key)]);
        assert!(!result.core.at_least(CORE_MIN));
    }
    // A diagnosis and its code are one item, a result and its unit are one.
    let mut records = whole_package();
    records[1] = with(with(records[1].clone(), "2.8", ""), "2.9", "");
    records[2] = with(with(records[2].clone(), "3.3", ""), "3.4", "");
    assert_eq!(score(&records, &package()).core, Ratio::new(31, 33));
    // Treatment is optional and counts with the other elements.
    let mut records = whole_package();
    records.remove(5);
    let result = score(&records, &package());
    assert_eq!(result.core, Ratio::new(33, 33));
    assert_eq!(
        result.by_category[&DataCategory::Treatment].non_core,
        Ratio::new(0, 4)
    );
}

/// R-4.2.1a: a seeded package with known gaps.
#[test]
fn seeded_gaps_equal_the_truth() {
    // 7 + 8 + 30 results of 5 + 4 exams of 5 + 2 studies of 3 + 5 = 196 core items.
    let mut records = vec![
        patient(),
        clinical(),
        crate::builder::consultation(),
        crate::builder::treatment(),
    ];
    records.extend((0..30).map(|i| lab(&format!("lab-{i}"))));
    records.extend((0..4).map(|i| exam(&format!("exam-{i}"))));
    records.extend((0..2).map(|i| Record {
        key: format!("study-{i}"),
        ..imaging()
    }));
    assert_eq!(score(&records, &package()).core, Ratio::new(196, 196));
    let find = |key: &str| records.iter().position(|r| r.key == key).unwrap();
    let (a, b, c, d) = (find("lab-3"), find("lab-7"), find("exam-2"), find("study-1"));
    records[a] = with(records[a].clone(), "3.5", "");
    // Wrong values count as missing: an unknown unit, a placeholder.
    records[b] = with(records[b].clone(), "3.4", "furlong");
    records[1] = with(records[1].clone(), "2.5", "不详");
    // Explained: missing all the same, and reported apart.
    records[d] = absent(records[d].clone(), "4.2", AbsentReason::Pending);
    // Not applicable: not counted.
    records[c] = absent(records[c].clone(), "3.13", AbsentReason::NotApplicable);
    let result = score(&records, &package());
    assert_eq!(result.core, Ratio::new(191, 195));
    assert_eq!(result.core.percent(), Some(97.94));
    assert_eq!(result.explained_missing, 1);
    assert_eq!(
        missing(&result),
        ["clinical:2.5", "lab-3:3.5", "lab-7:3.4", "study-1:4.2"]
    );
    assert_eq!(
        result.missing.iter().map(|m| m.invalid).collect::<Vec<_>>(),
        [true, false, true, false]
    );
    assert_eq!(result.missing[3].explained, Some(AbsentReason::Pending));
    assert!(!result.core.at_least(CORE_MIN));
}

/// R-4.2.1a-2.
#[test]
fn elements_beyond_the_core() {
    let full = score(&whole_package(), &package()).non_core;
    assert_eq!(full.part, full.whole);
    // 1.2 1.3 1.4 1.9 1.13 1.15, 2.7 2.10 2.12, 3.2 3.6 3.8, 3.11, 5.1 to 5.4.
    assert_eq!(full.whole, 17);
    let mut records = whole_package();
    for part in ["temperature", "systolic", "diastolic"] {
        records[1] = with(records[1].clone(), &format!("2.7.{part}"), "");
    }
    records[0] = with(records[0].clone(), "1.4", "");
    assert_eq!(score(&records, &package()).non_core, Ratio::new(15, 17));
    // The local record number does not leave its hospital.
    let exchange = Applicability {
        masked: true,
        ..package()
    };
    assert_eq!(score(&whole_package(), &exchange).non_core.whole, 16);
    // A wrong vital sign spoils the vital signs.
    let mut records = whole_package();
    records[1] = with(records[1].clone(), "2.7.temperature", "98|Cel");
    assert_eq!(score(&records, &package()).non_core, Ratio::new(16, 17));
    let guardian = Applicability {
        guardian_needed: true,
        ..package()
    };
    assert_eq!(score(&whole_package(), &guardian).non_core, Ratio::new(17, 18));
}

#[test]
fn not_applicable_cannot_hide_what_always_applies() {
    let mut records = whole_package();
    records[1] = absent(records[1].clone(), "2.1", AbsentReason::NotApplicable);
    let result = score(&records, &package());
    assert_eq!(result.core, Ratio::new(32, 33));
    assert_eq!(result.explained_missing, 0);
}

#[test]
fn several_institutions_make_one_record_together() {
    let mut records = whole_package();
    records[1] = with(records[1].clone(), "2.3", "");
    records.push(crate::builder::row(
        clinical().kind,
        "other",
        &[("2.3", "高血压十年")],
    ));
    // The supplement alone is found wanting, and is not asked to be whole.
    let ctx = consilium_domain::element::CheckContext {
        whole: false,
        ..crate::builder::context()
    };
    let findings: Vec<Vec<Finding>> = records
        .iter()
        .map(|r| consilium_domain::element::check_record(Dictionary::builtin(), r, &ctx))
        .collect();
    let rows: Vec<Checked<'_>> = records
        .iter()
        .zip(&findings)
        .map(|(record, findings)| Checked { record, findings })
        .collect();
    assert_eq!(
        completeness(Dictionary::builtin(), &rows, &package()).core,
        Ratio::new(33, 33)
    );
    // What one institution gave is counted by itself.
    let own = [rows[2], rows[3]];
    let result = contribution(Dictionary::builtin(), &own, &package());
    assert_eq!(result.core, Ratio::new(10, 10));
    assert_eq!(result.by_category.len(), 1);
}

proptest! {
    /// Whatever is taken away: the whole stays, and each incomplete item is named once.
    #[test]
    fn the_whole_does_not_depend_on_what_is_missing(gone in prop::collection::vec((0_usize..7, 0_usize..20), 0..40)) {
        let mut records = whole_package();
        for (at, element) in gone {
            let ids: Vec<_> = records[at].elements.keys().cloned().collect();
            // Whether there is a number decides whether there must be a unit, not how many items there are.
            if let Some(id) = ids.get(element) {
                records[at].elements.remove(id);
            }
        }
        let result = score(&records, &package());
        prop_assert_eq!((result.core.whole, result.non_core.whole), (33, 17));
        let lacking = result.core.whole - result.core.part + result.non_core.whole - result.non_core.part;
        prop_assert_eq!(u64::try_from(result.missing.len()).unwrap(), lacking);
        let sum = result.by_category.values().fold(Ratio::default(), |sum, c| sum + c.core);
        prop_assert_eq!(sum, result.core);
    }
}
