//! What is known of the patient and their relatives, looked for in every spelling people use.

use super::{
    super::Areas,
    KnownPerson, Lexicon, Span,
    text::{Text, between_digits, invisible, is_han},
};
use crate::MaskKind;

/// Shorter numbers would be found everywhere.
const NUMBER_CHARS_MIN: usize = 4;
/// Shorter parts of a Latin name are words of the language.
const LATIN_PART_CHARS_MIN: usize = 4;
/// Shorter ends of an address are words of the language.
const ADDRESS_CHARS_MIN: usize = 4;

pub(super) fn find(text: &Text, known: &KnownPerson, words: &Lexicon, areas: &Areas, spans: &mut Vec<Span>) {
    for name in &known.names {
        let name = name.expose().trim();
        if name.chars().any(|c| c.is_ascii_alphabetic()) {
            latin_name(text, name, words, spans);
        } else {
            han_name(text, name, words, spans);
        }
    }
    let numbers = [
        (MaskKind::RecordNumber, &known.record_numbers),
        (MaskKind::Document, &known.documents),
        (MaskKind::Phone, &known.phones),
    ];
    for (kind, values) in numbers {
        for value in values {
            number(text, kind, value.expose(), spans);
        }
    }
    for address in &known.addresses {
        let address: Vec<char> = Text::new(address.expose().trim()).plain;
        let parsed = areas.parse_at(&address, 0);
        let rest: Vec<char> = address.get(parsed.chars..).unwrap_or_default().to_vec();
        literal(text, &rest, ADDRESS_CHARS_MIN, MaskKind::Address, spans);
    }
}

/// The position after `needle`, with gaps allowed between its characters.
fn spaced(text: &Text, at: usize, needle: &[char], gap: impl Fn(char) -> bool) -> Option<usize> {
    let mut end = at;
    for (count, &c) in needle.iter().enumerate() {
        let next = if count == 0 { end } else { text.skip(end, 2, &gap) };
        (text.at(next) == Some(c)).then_some(())?;
        end = next + 1;
    }
    Some(end)
}

fn literal(text: &Text, needle: &[char], chars_min: usize, kind: MaskKind, spans: &mut Vec<Span>) {
    let needle: Vec<char> = needle.iter().copied().filter(|c| !c.is_whitespace()).collect();
    if needle.len() < chars_min {
        return;
    }
    for start in 0..text.plain.len() {
        if let Some(end) = spaced(text, start, &needle, |c| c == ' ' || invisible(c)) {
            spans.push(Span {
                start,
                end,
                kind,
                value: text.written(start, end),
            });
        }
    }
}

/// `张三`, `张 三`, `张·三`; not inside a clinical word such as 肌张力.
fn han_name(text: &Text, name: &str, words: &Lexicon, spans: &mut Vec<Span>) {
    let dot = |c: char| matches!(c, '·' | '•' | '・' | '.');
    let needle: Vec<char> = Text::new(name)
        .plain
        .into_iter()
        .filter(|&c| !c.is_whitespace() && !dot(c) && !invisible(c))
        .collect();
    if needle.len() < 2 {
        return;
    }
    for start in 0..text.plain.len() {
        let Some(end) = spaced(text, start, &needle, |c| c == ' ' || dot(c) || invisible(c)) else {
            continue;
        };
        if !inside_clinical_word(text, start, end, words) {
            spans.push(Span {
                start,
                end,
                kind: MaskKind::Name,
                value: needle.iter().collect(),
            });
        }
    }
}

fn inside_clinical_word(text: &Text, start: usize, end: usize, words: &Lexicon) -> bool {
    let longest = words.clinical_words.iter().map(Vec::len).max().unwrap_or(0);
    (start.saturating_sub(longest)..=start).any(|at| {
        words
            .clinical_words
            .iter()
            .any(|word| word.len() > end - start && at + word.len() >= end && text.has(at, word))
    })
}

/// The whole name in either order, and each longer part of it on its own, as a word with a capital.
fn latin_name(text: &Text, name: &str, words: &Lexicon, spans: &mut Vec<Span>) {
    let plain: String = Text::new(name).plain.iter().collect();
    let parts: Vec<Vec<char>> = plain
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|part| !part.is_empty())
        .map(|part| part.chars().collect())
        .collect();
    let mut at = 0;
    while at < text.plain.len() {
        let end = whole(text, at, parts.iter())
            .or_else(|| whole(text, at, parts.iter().rev()))
            .or_else(|| {
                let capital = text.chars.get(at).is_some_and(|c| c.is_uppercase());
                let long = parts.iter().filter(|part| part.len() >= LATIN_PART_CHARS_MIN);
                let end = long.filter_map(|part| word_end(text, at, part)).max()?;
                (capital && !eponym(text, end, words)).then_some(end)
            });
        match end {
            Some(end) => {
                spans.push(Span {
                    start: at,
                    end,
                    kind: MaskKind::Name,
                    value: text.written(at, end),
                });
                at = end;
            }
            None => at += 1,
        }
    }
}

/// All parts one after the other; they may be glued together.
fn whole<'a>(text: &Text, start: usize, parts: impl Iterator<Item = &'a Vec<char>>) -> Option<usize> {
    if text.before(start).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut end = start;
    for (count, part) in parts.enumerate() {
        let next = if count == 0 {
            end
        } else {
            text.skip(end, 3, |c| {
                matches!(c, ' ' | ',' | '.' | '-' | '^' | '_' | '·') || invisible(c)
            })
        };
        end = spaced(text, next, part, invisible)?;
    }
    let open = text.at(end).is_some_and(|c| c.is_ascii_alphanumeric());
    (end > start && !open).then_some(end)
}

fn word_end(text: &Text, at: usize, word: &[char]) -> Option<usize> {
    let inside = |c: char| c.is_ascii_alphanumeric();
    let end = spaced(text, at, word, invisible)?;
    (!text.before(at).is_some_and(inside) && !text.at(end).is_some_and(inside)).then_some(end)
}

/// `Graves disease`, `Bell's palsy`: the name of a disease.
fn eponym(text: &Text, end: usize, words: &Lexicon) -> bool {
    let possessive = text.skip(end, 2, |c| matches!(c, '\'' | '’' | 's'));
    let next = text.skip(possessive, 2, |c| matches!(c, ' ' | '-'));
    next > end && text.any_of(next, &words.eponym_followers).is_some()
}

/// A number with any separators between its characters.
fn number(text: &Text, kind: MaskKind, value: &str, spans: &mut Vec<Span>) {
    let needle: Vec<char> = Text::new(value)
        .plain
        .into_iter()
        .filter(|c| c.is_alphanumeric())
        .collect();
    if needle.len() < NUMBER_CHARS_MIN {
        return;
    }
    let joined = |c: char| c.is_ascii_alphanumeric() && !is_han(c);
    let mut at = 0;
    while at < text.plain.len() {
        let found = (!text.before(at).is_some_and(joined) && !text.in_uid(at))
            .then(|| {
                spaced(text, at, &needle, |c| {
                    between_digits(c) || matches!(c, '.' | '/' | '_' | '(' | ')')
                })
            })
            .flatten()
            .filter(|&end| !text.at(end).is_some_and(joined));
        match found {
            Some(end) => {
                spans.push(Span {
                    start: at,
                    end,
                    kind,
                    value: needle.iter().collect::<String>().to_uppercase(),
                });
                at = end;
            }
            None => at += 1,
        }
    }
}
