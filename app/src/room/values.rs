//! The rows of the case package as the room shows and cites them.

use consilium_domain::{DataCategory, RecordKind};
use consilium_protocol::{
    live::{Citation, CitationKind},
    page::Locale,
    preparation::{Item, Package, Submission},
};

use super::text::SupplyTexts;
use crate::{
    format,
    i18n::{self, fill},
    pages::data::names::Names,
    ui::badge::colour_class,
};

/// Longest text of a citation, characters.
const CITE_CHARS: usize = 200;
/// Refused rows whose reasons are told.
const REASONS_MAX: usize = 5;
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

/// What became of rows that were sent: how many were taken, and why others were not.
#[must_use]
pub fn outcome(given: &Submission, names: Names, locale: Locale) -> String {
    let words = SupplyTexts::of(locale);
    let mut text = fill(
        words.rows_taken,
        &[&given.stored.to_string(), &given.refused.to_string()],
    );
    let wrong = |item: &&Item| !item.stored && !item.duplicate;
    for item in given.items.iter().filter(wrong).take(REASONS_MAX) {
        let errors = item.findings.iter().filter(|finding| finding.error);
        let errors = errors.map(|finding| {
            let name = names.name(&finding.element, locale);
            format!("{name}{}{}", words.colon, i18n::sentence(&finding.code, locale))
        });
        let errors = errors.collect::<Vec<_>>().join(" ");
        text.push_str(&format!("\n{} · {errors}", item.reference.key));
    }
    text
}

/// Elements that programs need and readers do not: codes of tests, of houses, of studies and files.
const FOR_PROGRAMS: [&str; 6] = ["3.2", "3.9", "3.13", "3.15", "4.1", "4.3"];
/// A result as it is read: name, value, unit, range, flag.
const RESULT: [&str; 5] = ["3.1", "3.3", "3.4", "3.5", "3.6"];

/// What a row says, in the order in which it is read.
fn text(item: &Item, names: Names, locale: Locale) -> String {
    let of = |wanted: &str| {
        let (id, value) = item.elements.iter().find(|(id, _)| id.to_string() == wanted)?;
        Some(names.value(id, value, locale)).filter(|text| !text.is_empty())
    };
    let mut parts = Vec::new();
    let result = of("3.1").zip(of("3.3"));
    if let Some((name, value)) = &result {
        let mut first = format!("{name} {value}");
        if let Some(unit) = of("3.4").filter(|unit| !value.ends_with(unit.as_str())) {
            first.push(' ');
            first.push_str(&unit);
        }
        if let Some(range) = of("3.5") {
            first.push_str(&format!(" ({range})"));
        }
        parts.push(powers(&first));
        parts.extend(of("3.6"));
    }
    let rest = item.elements.iter().filter(|(id, _)| {
        let id = id.to_string();
        !FOR_PROGRAMS.contains(&id.as_str()) && (result.is_none() || !RESULT.contains(&id.as_str()))
    });
    parts.extend(rest.map(|(id, value)| {
        let (name, value) = (names.name(id, locale), names.value(id, value, locale));
        format!("{name} {value}")
    }));
    parts.join(" · ")
}

/// Powers of ten as people write them: `10*9/L` is 10⁹/L.
fn powers(text: &str) -> String {
    let mut parts = text.split("10*");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_digit).count();
        if digits == 0 {
            out.push_str("10*");
        } else {
            out.push_str("10");
        }
        out.extend(part.chars().enumerate().map(|(n, c)| match c {
            _ if n >= digits => c,
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            _ => '⁹',
        }));
    }
    out
}

/// The rows that count, by category and the newest first.
#[must_use]
pub fn rows(package: &Package, names: Names, locale: Locale) -> Vec<ValueRow> {
    let mut items: Vec<&Item> = package
        .items
        .iter()
        // What the request says, and who the patient is, stands above the rows already.
        .filter(|item| item.stored && !item.superseded && item.category != DataCategory::Consultation)
        .filter(|item| item.reference.kind != RecordKind::Patient)
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
    let text = text(item, names, locale);
    // A row of identifiers alone says nothing to a reader here; the package's own page has it.
    (!text.is_empty()).then(|| ValueRow {
        reference: format!("{}/{first}/{}", item.institution.id, item.reference.key),
        category: item.category,
        text,
        source: i18n::institution_name(&item.institution, locale),
        colour: colour_class(&item.institution),
        time: format::short(item.reference.available_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_are_written_as_people_do() {
        assert_eq!(
            powers("白细胞计数 5.6 10*9/L (3.5-9.5)"),
            "白细胞计数 5.6 10⁹/L (3.5-9.5)"
        );
        assert_eq!(powers("4.1 10*12/L"), "4.1 10¹²/L");
        assert_eq!(powers("10*x 10*"), "10*x 10*");
    }
}
