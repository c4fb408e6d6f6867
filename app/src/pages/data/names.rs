//! Names of elements and of the values of their lists, as the dictionary has them.

use consilium_domain::{
    RecordKind, Timestamp,
    element::{ElementId, ElementValue},
};
use consilium_protocol::{page::Locale, preparation::FormElement};
use leptos::prelude::*;

use crate::i18n::preparation;

/// The elements of the dictionary, for every component of the page.
#[derive(Clone, Copy)]
pub struct Names(StoredValue<Vec<FormElement>>);

impl Names {
    /// Gives them to everything below.
    #[must_use]
    pub fn provide(elements: Vec<FormElement>) -> Self {
        let names = Self(StoredValue::new(elements));
        provide_context(names);
        names
    }

    /// Those of the page.
    #[must_use]
    pub fn get() -> Self {
        use_context::<Self>().unwrap_or_else(|| Self(StoredValue::new(Vec::new())))
    }

    /// The elements of one kind of row.
    #[must_use]
    pub fn of_kind(self, kind: RecordKind) -> Vec<FormElement> {
        self.0
            .with_value(|all| all.iter().filter(|of| of.kind == kind).cloned().collect())
    }

    /// Kinds of rows that have elements.
    #[must_use]
    pub fn kinds(self) -> Vec<RecordKind> {
        RecordKind::ALL
            .iter()
            .copied()
            .filter(|kind| self.0.with_value(|all| all.iter().any(|of| of.kind == *kind)))
            .collect()
    }

    /// The name of an element, or its number.
    #[must_use]
    pub fn name(self, id: &ElementId, locale: Locale) -> String {
        self.0.with_value(|all| {
            all.iter()
                .find(|of| of.id == *id)
                .map_or_else(|| id.to_string(), |of| name(of, locale))
        })
    }

    /// A value in words.
    #[must_use]
    pub fn value(self, id: &ElementId, value: &ElementValue, locale: Locale) -> String {
        if let Some(reason) = value.absent {
            let why = preparation::absent(reason, locale);
            return if value.value.is_empty() {
                format!("({why})")
            } else {
                format!("({why}) {}", value.value)
            };
        }
        let text = self.0.with_value(|all| {
            let choice = all
                .iter()
                .find(|of| of.id == *id)
                .and_then(|of| of.choices.iter().find(|(code, ..)| *code == value.value));
            choice.map_or_else(|| moment(&value.value), |choice| choice_text(choice, locale))
        });
        match &value.unit {
            Some(unit) => format!("{text} {unit}"),
            None => text,
        }
    }
}

/// A date with a time as clocks in the hospital show it; anything else as it is.
fn moment(value: &str) -> String {
    let time = value
        .contains('T')
        .then(|| Timestamp::parse_rfc3339(value).ok())
        .flatten();
    time.map_or_else(|| value.to_owned(), |at| at.display())
}

/// The name of an element in the reader's language.
#[must_use]
pub fn name(of: &FormElement, locale: Locale) -> String {
    match locale {
        Locale::ZhCn => of.name_zh.clone(),
        Locale::En => of.name_en.clone(),
    }
}

/// A value of a list in the reader's language.
#[must_use]
pub fn choice_text((code, zh, en): &(String, String, String), locale: Locale) -> String {
    let text = match locale {
        Locale::ZhCn => zh,
        Locale::En => en,
    };
    if text.is_empty() {
        code.clone()
    } else {
        text.clone()
    }
}
