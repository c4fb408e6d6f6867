//! The rows of the case package as the room shows and cites them.

use consilium_domain::DataCategory;
use consilium_protocol::{
    live::{Citation, CitationKind},
    page::Locale,
    preparation::{Item, Package},
};

use crate::{format, i18n, pages::data::names::Names, ui::badge::colour_class};

/// Longest text of a citation, characters.
const CITE_CHARS: usize = 200;
/// Rows shown.
const ROWS_MAX: usize = 2_000;

/// A row of the package.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValueRow {
    /// `{institution}/{element}/{row key}`, as citations name it.
    pub reference: String,
    /// Category.
    pub category: DataCategory,
    /// What it says.
    pub text: String,
    /// Source.
    pub source: String,
    /// Class of the source's colour.
    pub colour: &'static str,
    /// When the source had it ready.
    pub time: String,
}

impl ValueRow {
    /// The row as a citation.
    #[must_use]
    pub fn citation(&self) -> Citation {
        let whole = format!("{} · {}", self.text, self.source);
        Citation {
            kind: CitationKind::Element,
            reference: self.reference.clone(),
            text: whole.chars().take(CITE_CHARS).collect(),
        }
    }

    /// The row as it is cited in an opinion: `[…]`.
    #[must_use]
    pub fn marker(&self) -> String {
        format!("[{}]", self.citation().text)
    }
}

/// The rows that count, by category and the newest first.
#[must_use]
pub fn rows(package: &Package, names: Names, locale: Locale) -> Vec<ValueRow> {
    let mut items: Vec<&Item> = package
        .items
        .iter()
        // What the request says stands above the rows already.
        .filter(|item| item.stored && !item.superseded && item.category != DataCategory::Consultation)
        .collect();
    // Results first: they are what is cited most.
    let place = |category| match category {
        DataCategory::LabExam => 0,
        DataCategory::Imaging => 1,
        DataCategory::Treatment => 2,
        DataCategory::Diagnosis => 3,
        DataCategory::PatientBasics => 4,
        DataCategory::Consultation => 5,
    };
    items.sort_by(|a, b| {
        (place(a.category), b.reference.available_at, &a.reference.key).cmp(&(
            place(b.category),
            a.reference.available_at,
            &b.reference.key,
        ))
    });
    items
        .into_iter()
        .take(ROWS_MAX)
        .filter_map(|item| row(item, names, locale))
        .collect()
}

fn row(item: &Item, names: Names, locale: Locale) -> Option<ValueRow> {
    let (first, _) = item.elements.iter().next()?;
    let parts: Vec<String> = item
        .elements
        .iter()
        .map(|(id, value)| format!("{} {}", names.name(id, locale), names.value(id, value, locale)))
        .collect();
    Some(ValueRow {
        reference: format!("{}/{first}/{}", item.institution.id, item.reference.key),
        category: item.category,
        text: parts.join(" · "),
        source: i18n::institution_name(&item.institution, locale),
        colour: colour_class(&item.institution),
        time: format::short(item.reference.available_at),
    })
}
