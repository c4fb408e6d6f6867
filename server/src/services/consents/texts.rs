//! The published texts of consent: use range and purpose, in both languages (clause 8.3.2). Data, not code:
//! a changed text is a new version, and the old ones stay so that what was signed can be shown.

use std::sync::LazyLock;

use consilium_protocol::{page::Locale, preparation::ConsentText};

static TEXTS: LazyLock<Vec<ConsentText>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/consent-texts.v1.json")).unwrap_or_default()
});

/// All versions, the newest last.
#[must_use]
pub fn all() -> &'static [ConsentText] {
    &TEXTS
}

/// Whether a version was published.
#[must_use]
pub fn published(version: &str) -> bool {
    TEXTS.iter().any(|text| text.version == version)
}

/// A version in the reader's language; empty for texts from before versions were published.
#[must_use]
pub fn of(version: &str, locale: Locale) -> String {
    TEXTS
        .iter()
        .find(|text| text.version == version)
        .map(|text| match locale {
            Locale::ZhCn => text.zh.clone(),
            Locale::En => text.en.clone(),
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_say_range_and_purpose_in_both_languages() {
        assert!(!all().is_empty());
        for text in all() {
            for words in ["目的", "范围", "撤回", "监护人"] {
                assert!(text.zh.contains(words), "{}: {words}", text.version);
            }
            for words in ["Purpose", "What is collected", "withdraw", "guardian"] {
                assert!(text.en.contains(words), "{}: {words}", text.version);
            }
            assert!(published(&text.version));
        }
        assert_eq!(of("none", Locale::En), "");
    }
}
