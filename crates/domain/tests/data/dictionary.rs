//! The dictionary: complete, and honest about what it cannot read.

use std::collections::{BTreeMap, BTreeSet};

use consilium_domain::{
    DataCategory, RecordKind,
    element::{Condition, Dictionary, DictionaryError, Requirement, Rule, Tier},
};
use serde_json::Value;

fn file() -> Value {
    serde_json::from_str(include_str!("../../data/dictionary.v1.json")).unwrap()
}

fn parse(value: &Value) -> Result<Dictionary, DictionaryError> {
    Dictionary::parse(&value.to_string())
}

#[test]
fn core_items_are_those_of_table_1() {
    let mut items: BTreeMap<DataCategory, BTreeSet<_>> = BTreeMap::new();
    for e in Dictionary::builtin().elements() {
        if e.tier == Tier::Core || e.category == DataCategory::Treatment {
            items.entry(e.category).or_default().insert(e.item());
        }
    }
    let counts: Vec<usize> = items.values().map(BTreeSet::len).collect();
    assert_eq!(counts, [7, 8, 10, 3, 4, 5]);
    assert_eq!(counts.iter().sum::<usize>(), 37);
}

#[test]
fn every_row_of_the_specification_is_there() {
    let rows: BTreeSet<String> = Dictionary::builtin()
        .elements()
        .iter()
        .map(|e| e.id.whole_row().to_string())
        .collect();
    let expected: BTreeSet<String> = [(1, 15), (2, 12), (3, 15), (4, 3), (5, 4), (6, 5)]
        .into_iter()
        .flat_map(|(category, last)| (1..=last).map(move |row| format!("{category}.{row}")))
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn imaging_is_conditional_and_treatment_optional() {
    for e in Dictionary::builtin().elements() {
        match e.category {
            DataCategory::Imaging => {
                assert_eq!(
                    (e.requirement, e.condition),
                    (Requirement::Conditional, Some(Condition::ImagingNeeded))
                );
            }
            DataCategory::Treatment => {
                assert_eq!((e.requirement, e.tier), (Requirement::Optional, Tier::NonCore))
            }
            DataCategory::PatientBasics
            | DataCategory::Diagnosis
            | DataCategory::LabExam
            | DataCategory::Consultation => {}
        }
        assert!(!e.name_zh.is_empty() && !e.name_en.is_empty(), "{}", e.id);
        if let Some(loinc) = &e.loinc {
            assert!(consilium_domain::element::loinc_valid(loinc), "{}", e.id);
        }
    }
    for limit in file()["limits"].as_array().unwrap() {
        let loinc = limit["loinc"].as_str().unwrap();
        assert!(consilium_domain::element::loinc_valid(loinc), "{loinc}");
        assert!(Dictionary::builtin().limit(loinc).is_some_and(|l| l.low < l.high));
    }
}

#[test]
fn each_kind_of_row_has_its_elements_in_order() {
    let dictionary = Dictionary::builtin();
    let mut total = 0;
    for kind in RecordKind::ALL {
        let elements = dictionary.of_kind(*kind);
        total += elements.len();
        assert!(elements.is_sorted_by(|a, b| a.id < b.id));
        for e in elements {
            assert_eq!(dictionary.element(&e.id), Some(e));
        }
    }
    assert_eq!(total, dictionary.elements().len());
}

#[test]
fn the_hash_is_of_the_content_not_of_the_spelling() {
    let builtin = Dictionary::builtin();
    assert_eq!(builtin.hash.len(), 64);
    // Written without white space and in another order: the same rules.
    assert_eq!(parse(&file()).unwrap().hash, builtin.hash);
    let mut changed = file();
    changed["elements"][20]["rules"] = serde_json::json!([]);
    assert_ne!(parse(&changed).unwrap().hash, builtin.hash);
}

#[test]
fn an_unknown_rule_is_named() {
    let mut bad = file();
    bad["elements"][3]["rules"] = serde_json::json!([{"rule": "telepathy"}]);
    let text = parse(&bad).unwrap_err().to_string();
    assert!(text.contains("1.4") && text.contains("telepathy"), "{text}");
}

#[test]
fn what_does_not_fit_is_refused() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 8] = [
        (
            |v| v["elements"][0]["rules"] = serde_json::json!([{"rule": "length", "max": "x"}]),
            "length",
        ),
        (
            |v| v["elements"][0]["rules"] = serde_json::json!([{"rule": "phone", "country": 1}]),
            "country",
        ),
        (|v| v["elements"][1]["id"] = "1.1".into(), "twice"),
        (|v| v["elements"][0]["id"] = "one".into(), "element number"),
        (
            |v| v["elements"][5]["rules"] = serde_json::json!([{"rule": "sex_fits_id", "id": "3.3"}]),
            "3.3",
        ),
        (
            |v| v["elements"][6]["rules"] = serde_json::json!([{"rule": "quantity", "unit": "foo"}]),
            "UCUM",
        ),
        (|v| v["limits"][0]["unit"] = "10^9 per L".into(), "UCUM"),
        (|v| v["surprise"] = 1.into(), "surprise"),
    ];
    for (change, expected) in cases {
        let mut bad = file();
        change(&mut bad);
        let text = parse(&bad).unwrap_err().to_string();
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(Dictionary::parse("{").is_err());
    let mut bad = file();
    bad["elements"]
        .as_array_mut()
        .unwrap()
        .retain(|e| e["record"] != "imaging");
    assert!(parse(&bad).unwrap_err().to_string().contains("imaging"));
}

#[test]
fn every_rule_name_is_one_the_program_reads() {
    let used: BTreeSet<String> = file()["elements"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|e| e["rules"].as_array().unwrap().clone())
        .map(|r| r["rule"].as_str().unwrap().to_owned())
        .collect();
    let known: BTreeSet<String> = Rule::NAMES.iter().map(|n| (*n).to_owned()).collect();
    assert_eq!(used, known);
}
