//! The published masking rules against golden files: masks of single values, texts in which nothing clinical
//! may change, and texts in which everything planted must be gone.

#![expect(clippy::unwrap_used, reason = "strategies of tests")]

use std::collections::BTreeMap;

use consilium_domain::{
    Clear, MaskKind,
    masking::{KnownPerson, MaskingError, Profile, RuleSet, ScrubError},
    person::{Age, id_check_character},
};
use proptest::prelude::*;

const DOCUMENT: &str = include_str!("../data/masking.v1.json");
/// Changing the rules means a new version, since every message carries this hash.
const HASH: &str = "963c1953a70da2cd70c0fe722e5e3b5dee54bb7174feefcefb5030a11cb7c4c7";

fn rules() -> &'static RuleSet {
    RuleSet::builtin()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn clear(values: &[&str]) -> Vec<Clear<String>> {
    values.iter().map(|v| Clear::new((*v).to_owned())).collect()
}

fn known() -> KnownPerson {
    KnownPerson {
        names: clear(&["张三", "李秀英", "阿卜杜拉·买买提", "Jane Doe"]),
        record_numbers: clear(&["ZY20261101007"]),
        documents: clear(&["11010519491231002X"]),
        phones: clear(&["13812341234"]),
        addresses: clear(&["浙江省杭州市西湖区翠苑三区5幢302"]),
    }
}

#[test]
fn the_built_in_document_is_the_published_one() {
    let parsed = RuleSet::parse(DOCUMENT).unwrap();
    assert_eq!(rules().version(), "1.0.0");
    assert_eq!(rules().hash(), parsed.hash());
    assert_eq!(rules().published(), DOCUMENT);
    assert_eq!(rules().hash(), HASH, "the rules changed: give them a new version");
    assert!(rules().same_as("1.0.0", HASH));
    assert!(!rules().same_as("1.0.1", HASH) && !rules().same_as("1.0.0", "00") && !rules().same_as("", ""));
}

#[test]
fn layout_does_not_change_the_hash_and_a_rule_does() {
    let value: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
    let packed = RuleSet::parse(&value.to_string()).unwrap();
    assert!(rules().same_as(packed.version(), packed.hash()));
    let other = DOCUMENT.replacen("\"head\": 6", "\"head\": 3", 1);
    assert!(!rules().same_as("1.0.0", RuleSet::parse(&other).unwrap().hash()));
}

#[test]
fn a_document_that_would_show_a_patient_is_refused() {
    let unknown = DOCUMENT.replacen("\"rule\": \"year\"", "\"rule\": \"decade\"", 1);
    let error = RuleSet::parse(&unknown).unwrap_err();
    assert!(error.to_string().contains("decade"), "{error}");
    let mut value: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
    value["kinds"]["phone"]["exchange"] = serde_json::json!({"rule": "keep"});
    assert!(matches!(
        RuleSet::parse(&value.to_string()).unwrap_err(),
        MaskingError::Clear {
            kind: MaskKind::Phone,
            profile: Profile::Exchange
        }
    ));
    value["kinds"].as_object_mut().unwrap().remove("phone");
    assert!(matches!(
        RuleSet::parse(&value.to_string()).unwrap_err(),
        MaskingError::Missing(MaskKind::Phone)
    ));
    assert!(RuleSet::parse("{}").is_err() && RuleSet::parse("no").is_err());
}

#[test]
fn golden_masks() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in lines(include_str!("masking/golden.tsv")) {
        let mut cells = line.split('\t').map(str::trim);
        let kind = cells.next().unwrap();
        let clear = cells.next().unwrap();
        *seen.entry(kind).or_default() += 1;
        for profile in Profile::ALL {
            let want = cells.next().unwrap_or("");
            let masked = match kind {
                // The way callers go: the kind of document is found from its form.
                "id_number" | "document" => rules().number(profile, clear),
                _ => rules().mask(kind.parse().unwrap(), profile, clear),
            };
            if masked.get() != want {
                wrong.push(format!(
                    "{kind} {} {clear}: got {masked}, want {want}",
                    profile.code()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for &kind in MaskKind::ALL {
        assert!(
            kind == MaskKind::FreeText || seen.contains_key(kind.code()),
            "{}",
            kind.code()
        );
    }
}

#[test]
fn special_groups_are_hidden_more_and_never_less() {
    let age = |years: u32| Some(Age { months: years * 12 });
    for asked in Profile::ALL {
        assert_eq!(rules().profile(asked, age(14), false), asked);
        assert_eq!(rules().profile(asked, None, false), asked);
        let strict = asked.max(Profile::Strict);
        assert_eq!(rules().profile(asked, age(13), false), strict);
        assert_eq!(rules().profile(asked, age(40), true), strict);
    }
}

#[test]
fn nothing_clinical_is_altered() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in lines(include_str!("masking/clinical.txt")) {
        count += 1;
        for profile in Profile::ALL {
            let scrubbed = rules().scrub(profile, line, &known());
            if scrubbed.text.get() != line {
                wrong.push(scrubbed.text.get().clone());
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count >= 40, "{count}");
}

/// Letters and digits only, in one form, so that other spacing or width does not hide a leak.
fn bare(text: &str) -> String {
    text.chars()
        .map(|c| match u32::from(c) {
            code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[test]
fn everything_planted_is_gone() {
    let mut planted = 0;
    let mut wrong = Vec::new();
    for line in lines(include_str!("masking/leaks.txt")) {
        let text = line.replace(['⟦', '⟧'], "");
        let mut outside = Vec::new();
        let mut inside = Vec::new();
        for part in line.split('⟦') {
            match part.split_once('⟧') {
                Some((secret, rest)) => {
                    inside.push(secret);
                    outside.push(rest);
                }
                None => outside.push(part),
            }
        }
        planted += inside.len();
        for profile in Profile::ALL {
            let scrubbed = rules().scrub(profile, &text, &known());
            let got = scrubbed.text.get();
            let leaked = inside.iter().any(|secret| bare(got).contains(&bare(secret)));
            let mut rest = got.as_str();
            let kept = outside.iter().all(|part| {
                let found = rest.split_once(*part);
                rest = found.map_or("", |(_, after)| after);
                found.is_some()
            });
            if leaked || !kept || scrubbed.hits.is_empty() {
                wrong.push(format!("{}: {text} -> {got}", profile.code()));
                break;
            }
            let chars: Vec<char> = text.chars().collect();
            for hit in &scrubbed.hits {
                let count = |n: u32| usize::try_from(n).unwrap();
                let (start, len) = (count(hit.start_char), count(hit.len_chars));
                let value: String = chars[start..start + len].iter().collect();
                assert!(
                    inside.iter().any(|s| bare(s).contains(&bare(&value))),
                    "{text}: {value}"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(planted >= 60, "{planted}");
}

#[test]
fn a_false_hit_can_be_taken_back_with_a_reason() {
    let text = "患者张三，手机13812341234，张力性疼痛。";
    let scrubbed = rules().scrub(Profile::Exchange, text, &known());
    assert_eq!(scrubbed.text.get(), "患者张*，手机138****1234，张力性疼痛。");
    assert_eq!(scrubbed.hits.len(), 2);
    let phone = &scrubbed.hits[1];
    assert_eq!(
        (phone.kind, phone.start_char, phone.len_chars),
        (MaskKind::Phone, 7, 11)
    );
    let undone = scrubbed.undo(&[0], "张三为药名缩写").unwrap();
    assert_eq!(undone.text.get(), "患者张三，手机138****1234，张力性疼痛。");
    assert_eq!(undone.hits.len(), 1);
    assert_eq!(scrubbed.undo(&[0], " ").unwrap_err(), ScrubError::NoReason);
    assert_eq!(scrubbed.undo(&[0], "不详").unwrap_err(), ScrubError::NoReason);
    assert_eq!(scrubbed.undo(&[2], "误判").unwrap_err(), ScrubError::NoSuchHit);
    assert!(!format!("{scrubbed:?}").contains("13812341234"));
}

fn id_number() -> impl Strategy<Value = String> {
    let province = prop::sample::select(vec!["11", "31", "33", "44", "51", "65"]);
    (
        province,
        0_u32..10_000,
        1920_u32..2025,
        1_u32..13,
        1_u32..29,
        0_u32..1000,
    )
        .prop_map(|(province, area, year, month, day, serial)| {
            let digits = format!("{province}{area:04}{year}{month:02}{day:02}{serial:03}");
            let check = id_check_character(&digits).unwrap();
            format!("{digits}{check}")
        })
}

fn name() -> impl Strategy<Value = String> {
    let surname = prop::sample::select(vec!["张", "王", "李", "欧阳", "赵", "诸葛", "司"]);
    let given = prop::sample::select(vec!["伟", "芳", "秀英", "建国", "梓涵", "雨桐", "志强"]);
    (surname, given).prop_map(|(surname, given)| format!("{surname}{given}"))
}

fn address() -> impl Strategy<Value = (String, String)> {
    let area = prop::sample::select(vec![
        "浙江省杭州市西湖区",
        "广西壮族自治区南宁市青秀区",
        "内蒙古自治区锡林郭勒盟正蓝旗",
        "北京市海淀区",
        "广东省东莞市",
        "湖北省仙桃市",
    ]);
    let street = prop::sample::select(vec![
        "文三路",
        "民族大道",
        "上都镇",
        "翠苑小区",
        "解放街",
        "前进巷",
    ]);
    (area, street, 1_u32..999, 1_u32..30).prop_map(|(area, street, house, room)| {
        let detail = format!("{street}{house}号{room}室");
        (format!("{area}{detail}"), detail)
    })
}

fn spelled(number: &str, style: u8) -> String {
    match style {
        0 => number.to_owned(),
        1 => number
            .chars()
            .map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap())
            .collect(),
        2 => number
            .chars()
            .flat_map(|c| [c, ' '])
            .collect::<String>()
            .trim()
            .to_owned(),
        _ => format!("{}\u{200b}{}", &number[..6], &number[6..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_identifier_of_a_generated_patient_survives(
        name in name(),
        relative in name(),
        id in id_number(),
        mobile in "1[3-9][0-9]{9}",
        record in "ZY20[0-9]{9}",
        (address, detail) in address(),
        style in 0_u8..4,
        order in Just((0_usize..6).collect::<Vec<_>>()).prop_shuffle(),
        filler in prop::sample::select(vec!["，胸痛2小时，血压130/80mmHg，", "。查体无特殊。", "；WBC 12.5×10^9/L；", "，"]),
        profile in prop::sample::select(Profile::ALL.to_vec()),
    ) {
        let known = KnownPerson {
            names: vec![Clear::new(name.clone()), Clear::new(relative.clone())],
            record_numbers: vec![Clear::new(record.clone())],
            ..KnownPerson::default()
        };
        let parts = [
            format!("患者{name}"),
            format!("家属{relative}女士"),
            format!("身份证{}", spelled(&id, style)),
            format!("电话{}", spelled(&mobile, style)),
            format!("住院号{record}"),
            format!("家住{address}"),
        ];
        let text: String = order.iter().map(|&at| format!("{}{filler}", parts[at])).collect();
        let scrubbed = rules().scrub(profile, &text, &known);
        let got = bare(scrubbed.text.get());
        for secret in [&name, &relative, &id, &mobile, &record, &address, &detail] {
            prop_assert!(!got.contains(&bare(secret)), "{text} -> {got}");
        }
        // The clinical words between are as they were, once for each part.
        prop_assert_eq!(scrubbed.text.get().matches(filler).count(), text.matches(filler).count());
    }

    #[test]
    fn any_text_is_scanned_without_failing(text in "\\PC{0,200}") {
        for profile in Profile::ALL {
            let scrubbed = rules().scrub(profile, &text, &known());
            let again = scrubbed.undo(&(0..u32::try_from(scrubbed.hits.len()).unwrap()).collect::<Vec<_>>(), "误判，均非身份信息").unwrap();
            prop_assert_eq!(again.text.get(), &text);
        }
    }

    #[test]
    fn masks_do_not_tell_lengths_and_masking_twice_changes_no_name(name in name(), id in id_number()) {
        for profile in [Profile::Staff, Profile::Exchange, Profile::Strict] {
            let once = rules().name(profile, &name);
            let twice = rules().name(profile, once.get());
            prop_assert_eq!(twice.get(), once.get());
            prop_assert_eq!(rules().number(profile, &id).get().len(), 18);
            prop_assert_ne!(once.get(), &name);
        }
        prop_assert_eq!(rules().name(Profile::Strict, &name).get().chars().count(), 3);
    }
}
