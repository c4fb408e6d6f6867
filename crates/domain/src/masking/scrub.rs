//! Free text (rule V7): finds what identifies a person, replaces it by its masked form and keeps where it
//! was, so that a person can look the hits over. Clinical content is left alone.

mod known;
mod labels;
mod numbers;
mod places;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Profile, Rule, RuleSet};
use crate::{Clear, MaskKind, Masked, element::is_placeholder};
use text::Text;

/// What is known of the patient and those around them; looked for literally.
#[derive(Clone, Debug, Default)]
pub struct KnownPerson {
    /// Names of the patient, the guardian, relatives.
    pub names: Vec<Clear<String>>,
    /// Numbers of the record in hospitals.
    pub record_numbers: Vec<Clear<String>>,
    /// Identity and other document numbers.
    pub documents: Vec<Clear<String>>,
    /// Phone numbers.
    pub phones: Vec<Clear<String>>,
    /// Addresses.
    pub addresses: Vec<Clear<String>>,
}

/// One thing that was found and replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// What it was taken for.
    pub kind: MaskKind,
    /// Where it starts in the clear text, in characters from 0.
    pub start_char: u32,
    /// How many characters of the clear text it covers.
    pub len_chars: u32,
    /// What stands there now.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub masked: Masked<String>,
}

/// A text after scanning. The clear text stays inside for the review and is never serialised.
#[derive(Clone, Debug)]
pub struct Scrubbed {
    /// The text that may leave.
    pub text: Masked<String>,
    /// What was replaced, in the order of the text.
    pub hits: Vec<Hit>,
    source: Clear<String>,
}

/// Why a hit cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScrubError {
    /// There is no hit of this number.
    #[error("no such hit")]
    NoSuchHit,
    /// A reason is missing or says nothing.
    #[error("undoing a hit needs a reason")]
    NoReason,
}

/// Word lists of the published document; a list is one text, its words separated by spaces.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    removed: String,
    labels: BTreeMap<MaskKind, String>,
    field_words: String,
    not_names: String,
    living_at: String,
    not_places: String,
    care_sites: String,
    clinical_words: String,
    eponym_followers: String,
}

/// The word lists, ready for comparing.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    pub(super) removed: String,
    /// Longest first.
    labels: Vec<(MaskKind, Vec<char>)>,
    field_words: Vec<Vec<char>>,
    not_names: Vec<Vec<char>>,
    living_at: Vec<Vec<char>>,
    not_places: Vec<Vec<char>>,
    care_sites: Vec<Vec<char>>,
    clinical_words: Vec<Vec<char>>,
    eponym_followers: Vec<Vec<char>>,
}

impl Lexicon {
    pub(super) fn new(words: &Words) -> Self {
        let mut labels: Vec<(MaskKind, Vec<char>)> = words
            .labels
            .iter()
            .flat_map(|(&kind, list)| split(list).into_iter().map(move |word| (kind, word)))
            .collect();
        labels.sort_by_key(|(_, word)| std::cmp::Reverse(word.len()));
        Self {
            removed: words.removed.clone(),
            labels,
            field_words: split(&words.field_words),
            not_names: split(&words.not_names),
            living_at: split(&words.living_at),
            not_places: split(&words.not_places),
            care_sites: split(&words.care_sites),
            clinical_words: split(&words.clinical_words),
            eponym_followers: split(&words.eponym_followers),
        }
    }
}

/// An underscore in a word stands for a space.
fn split(list: &str) -> Vec<Vec<char>> {
    list.split_whitespace()
        .map(|word| word.replace('_', " ").chars().collect())
        .collect()
}

/// A stretch of the text that identifies, with the value in a form the mask rules read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    kind: MaskKind,
    value: String,
}

impl RuleSet {
    /// Scans a text and replaces what identifies somebody, by the rules of a profile.
    #[must_use]
    pub fn scrub(&self, profile: Profile, clear: &str, known: &KnownPerson) -> Scrubbed {
        let source = Clear::new(clear.to_owned());
        if self.words.removed.is_empty() {
            // The closed rule set: nothing is known to be safe.
            return Scrubbed {
                text: Masked::new(String::new()),
                hits: Vec::new(),
                source,
            };
        }
        let text = Text::new(clear);
        let mut spans = Vec::new();
        known::find(&text, known, &self.words, &self.areas, &mut spans);
        labels::find(&text, &self.words, &mut spans);
        numbers::find(&text, &mut spans);
        places::find(&text, &self.areas, &self.words, &mut spans);
        let hits = without_overlaps(spans)
            .into_iter()
            .map(|span| Hit {
                kind: span.kind,
                start_char: u32::try_from(span.start).unwrap_or(u32::MAX),
                len_chars: u32::try_from(span.end - span.start).unwrap_or(u32::MAX),
                masked: self.replacement(span.kind, profile, &span.value),
            })
            .collect::<Vec<_>>();
        Scrubbed {
            text: rebuilt(clear, &hits),
            hits,
            source,
        }
    }

    fn replacement(&self, kind: MaskKind, profile: Profile, value: &str) -> Masked<String> {
        let masked = match self.rule(kind, profile) {
            Rule::Scrub => Masked::new(String::new()),
            _ if matches!(kind, MaskKind::IdNumber | MaskKind::Document) => self.number(profile, value),
            _ => self.mask(kind, profile, value),
        };
        if masked.get().is_empty() {
            Masked::new(self.words.removed.clone())
        } else {
            masked
        }
    }
}

impl Scrubbed {
    /// Takes back false hits, by their index: the words stay in clear. The caller writes the reason to the
    /// audit log.
    ///
    /// # Errors
    /// No such hit, or the reason says nothing.
    pub fn undo(&self, hits: &[u32], reason: &str) -> Result<Self, ScrubError> {
        if reason.trim().is_empty() || is_placeholder(reason) {
            return Err(ScrubError::NoReason);
        }
        let count = u32::try_from(self.hits.len()).unwrap_or(u32::MAX);
        if hits.iter().any(|&hit| hit >= count) {
            return Err(ScrubError::NoSuchHit);
        }
        let kept: Vec<Hit> = (0_u32..)
            .zip(&self.hits)
            .filter(|(at, _)| !hits.contains(at))
            .map(|(_, hit)| hit.clone())
            .collect();
        Ok(Self {
            text: rebuilt(self.source.expose(), &kept),
            hits: kept,
            source: self.source.clone(),
        })
    }
}

/// Earliest first, longest first; what overlaps is joined to what came before, so that no tail is left over.
fn without_overlaps(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

fn rebuilt(clear: &str, hits: &[Hit]) -> Masked<String> {
    let mut out = String::with_capacity(clear.len());
    let mut hits = hits.iter().peekable();
    let mut skip_until = 0_u32;
    for (at, c) in (0_u32..).zip(clear.chars()) {
        if let Some(hit) = hits.next_if(|hit| hit.start_char == at) {
            out.push_str(hit.masked.get());
            skip_until = at + hit.len_chars;
        }
        if at >= skip_until {
            out.push(c);
        }
    }
    Masked::new(out)
}
