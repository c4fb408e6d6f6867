//! Words of a case as keyed hashes: what the search finds by, without the database holding a word in clear.
//! Chinese is cut into pairs of neighbouring characters, other scripts into words, codes of ICD-10 into
//! their beginnings.

use std::collections::BTreeSet;

use consilium_domain::person::icd10_well_formed;
use consilium_protocol::consultation::Clinical;
use consilium_vault::Vault;

/// Terms of one case; what comes after is not found.
const TERMS_MAX: usize = 2_000;
/// Shortest beginning of a code that is found: the category of three characters.
const CODE_CHARS_MIN: usize = 3;

/// Half width, lower case: the form in which texts are compared.
#[must_use]
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => u32::from(c)
                .checked_sub(0xfee0)
                .and_then(char::from_u32)
                .unwrap_or(c),
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// Written without spaces between words.
const fn ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The tokens of a text.
fn tokens(text: &str, into: &mut BTreeSet<String>) {
    let text = plain(text);
    let mut word = String::new();
    let mut before: Option<char> = None;
    for c in text.chars().chain(std::iter::once(' ')) {
        if ideograph(c) {
            if let Some(before) = before {
                into.insert(format!("{before}{c}"));
            }
            before = Some(c);
        } else {
            before = None;
        }
        if c.is_alphanumeric() && !ideograph(c) {
            word.push(c);
        } else if !word.is_empty() {
            into.insert(std::mem::take(&mut word));
        }
    }
}

fn code_tokens(code: &str, into: &mut BTreeSet<String>) {
    let code = plain(code.trim());
    for (end, _) in code.char_indices().skip(CODE_CHARS_MIN) {
        into.extend(code.get(..end).map(|start| format!("icd {start}")));
    }
    if code.chars().count() >= CODE_CHARS_MIN {
        into.insert(format!("icd {code}"));
    }
}

fn keyed(vault: &Vault, tokens: impl IntoIterator<Item = String>) -> Vec<i64> {
    tokens
        .into_iter()
        .filter_map(|token| {
            let hash = vault.patient_identifier("search", &token);
            u64::from_str_radix(hash.get(..16)?, 16)
                .ok()
                .map(u64::cast_signed)
        })
        .collect()
}

/// The terms of a case: its diagnosis, need and complaint, and after signing the conclusion.
#[must_use]
pub(crate) fn of_case(vault: &Vault, clinical: &Clinical, conclusion: Option<(&str, &str)>) -> Vec<i64> {
    let mut found = BTreeSet::new();
    for text in texts(clinical) {
        tokens(text, &mut found);
    }
    code_tokens(&clinical.diagnosis_code, &mut found);
    if let Some((text, code)) = conclusion {
        tokens(text, &mut found);
        code_tokens(code, &mut found);
    }
    keyed(vault, found.into_iter().take(TERMS_MAX))
}

/// The texts of a form that are searched.
fn texts(clinical: &Clinical) -> [&str; 3] {
    [
        &clinical.preliminary_diagnosis,
        &clinical.need,
        &clinical.chief_complaint,
    ]
}

/// What somebody searches for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Words, all of which must stand in the case.
    words: Vec<String>,
    /// A code or the beginning of one.
    code: Option<String>,
    /// Part of a number.
    pub number: Option<String>,
}

impl Wanted {
    /// Reads what was typed; `None` when it is blank.
    #[must_use]
    pub(crate) fn read(q: &str) -> Option<Self> {
        let q = q.trim();
        if q.is_empty() {
            return None;
        }
        let upper = plain(q).to_uppercase();
        let number = (upper.len() >= 3
            && upper.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && upper.chars().any(|c| c.is_ascii_digit()))
        .then(|| upper.clone());
        let start = icd10_well_formed(&upper)
            || icd10_well_formed(&format!("{upper}0"))
            || icd10_well_formed(upper.trim_end_matches('.'));
        Some(Self {
            words: plain(q).split_whitespace().map(str::to_owned).collect(),
            code: start.then(|| plain(q)),
            number,
        })
    }

    /// The terms a case must have. Empty when the words are too short to be found by.
    #[must_use]
    pub(crate) fn terms(&self, vault: &Vault) -> Vec<i64> {
        let mut found = BTreeSet::new();
        match &self.code {
            Some(code) => {
                found.insert(format!("icd {}", code.trim_end_matches('.')));
            }
            None => self.words.iter().for_each(|word| tokens(word, &mut found)),
        }
        keyed(vault, found)
    }

    /// Whether the case really has it: terms say that the pairs are there, not that they follow each other.
    #[must_use]
    pub(crate) fn in_case(
        &self,
        number: &str,
        clinical: &Clinical,
        conclusion: Option<(&str, &str)>,
    ) -> bool {
        if self
            .number
            .as_ref()
            .is_some_and(|part| number.contains(part.as_str()))
        {
            return true;
        }
        let codes = [
            Some(clinical.diagnosis_code.as_str()),
            conclusion.map(|(_, code)| code),
        ];
        if let Some(code) = &self.code {
            return codes
                .into_iter()
                .flatten()
                .any(|known| plain(known).starts_with(code.as_str()));
        }
        let text = plain(&texts(clinical).join("\n"));
        let conclusion = conclusion.map(|(text, _)| plain(text)).unwrap_or_default();
        self.words
            .iter()
            .all(|word| text.contains(word.as_str()) || conclusion.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        tokens(text, &mut found);
        found.into_iter().collect()
    }

    #[test]
    fn texts_are_cut_into_pairs_and_words() {
        assert_eq!(cut("左额叶占位"), ["占位", "叶占", "左额", "额叶"]);
        assert_eq!(cut("ＣＴ 示 Glioma，IV级"), ["ct", "glioma", "iv"]);
        assert_eq!(cut("癌"), Vec::<String>::new());
        assert_eq!(cut("，。 -"), Vec::<String>::new());
    }

    #[test]
    fn codes_are_found_by_their_beginning() {
        let mut found = BTreeSet::new();
        code_tokens("D43.0", &mut found);
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(found, ["icd d43", "icd d43.", "icd d43.0"]);
    }

    #[test]
    fn what_is_typed_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_or_create(&folder.path().join("keys"), 1).unwrap();
        let clinical = Clinical {
            preliminary_diagnosis: "左额叶占位，胶质瘤可能".to_owned(),
            diagnosis_code: "D43.0".to_owned(),
            need: "Is resection possible".to_owned(),
            ..Clinical::default()
        };
        let terms: BTreeSet<i64> = of_case(&vault, &clinical, None).into_iter().collect();
        let number = "HZ-20261123-0042";
        for q in [
            "额叶占位",
            "胶质瘤",
            "d43",
            "D43.0",
            "D43.",
            "RESECTION",
            "占位 胶质",
            "ｄ４３",
        ] {
            let wanted = Wanted::read(q).unwrap();
            let needed = wanted.terms(&vault);
            assert!(
                !needed.is_empty() && needed.iter().all(|t| terms.contains(t)),
                "{q}"
            );
            assert!(wanted.in_case(number, &clinical, None), "{q}");
        }
        for q in ["额叶胶质", "D44", "excision", "癌"] {
            assert!(!Wanted::read(q).unwrap().in_case(number, &clinical, None), "{q}");
        }
        for q in ["0042", "hz-20261123-0042", "20261123"] {
            let wanted = Wanted::read(q).unwrap();
            assert!(
                wanted.number.is_some() && wanted.in_case(number, &clinical, None),
                "{q}"
            );
        }
        assert_eq!(Wanted::read("  "), None);
        // Without the key the terms say nothing: another vault has others.
        let other = tempfile::tempdir().unwrap();
        let other = Vault::open_or_create(&other.path().join("keys"), 1).unwrap();
        assert!(
            of_case(&other, &clinical, None)
                .iter()
                .all(|t| !terms.contains(t))
        );
    }
}
