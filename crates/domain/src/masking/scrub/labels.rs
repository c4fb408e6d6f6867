//! Values that a word before them gives away: `联系电话：…`, `Passport No. …`, `姓名：…`.

use super::{
    Lexicon, Span,
    text::{Text, between_digits, invisible, is_han},
};
use crate::{MaskKind, person::BirthDate};

/// Longest name in Han characters without a dot.
const NAME_CHARS_MAX: usize = 4;
/// Longest name with dots, as some peoples write them.
const DOTTED_NAME_CHARS_MAX: usize = 20;
/// Longest address read after a word.
const ADDRESS_CHARS_MAX: usize = 80;

pub(super) fn find(text: &Text, words: &Lexicon, spans: &mut Vec<Span>) {
    let mut at = 0;
    while at < text.plain.len() {
        let label = words
            .labels
            .iter()
            .find_map(|(kind, word)| Some((*kind, label_end(text, at, word)?)));
        let Some((kind, end)) = label else {
            at += 1;
            continue;
        };
        at = end;
        let value = after_label(text, end);
        let Some(first) = read(text, words, kind, value.from, value.marked) else {
            continue;
        };
        at = first.end;
        spans.push(first);
        if kind == MaskKind::Phone {
            at = more_phones(text, words, at, spans);
        }
    }
}

/// Several phones after one word; tells where the last ends.
fn more_phones(text: &Text, words: &Lexicon, mut at: usize, spans: &mut Vec<Span>) -> usize {
    loop {
        let from = text.skip(at, 3, |c| {
            matches!(c, '/' | '、' | ',' | '，' | '或' | ' ' | ';' | '；')
        });
        let next = (from > at).then(|| read(text, words, MaskKind::Phone, from, true));
        let Some(next) = next.flatten() else {
            return at;
        };
        at = next.end;
        spans.push(next);
    }
}

/// Where a label ends, if it stands here as a word of its own. A space in it may be written in any way or
/// left out.
fn label_end(text: &Text, at: usize, word: &[char]) -> Option<usize> {
    let latin = word.first()?.is_ascii_alphabetic();
    if latin && text.before(at).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut end = at;
    for &c in word {
        if c == ' ' {
            end = text.skip(end, 2, |c| matches!(c, ' ' | '_' | '-' | '.' | '\''));
        } else {
            // 姓　名, as forms are set.
            let gap = |c: char| invisible(c) || !latin && end > at && c == ' ';
            end = text.skip(end, 4, gap);
            (text.at(end) == Some(c)).then_some(())?;
            end += 1;
        }
    }
    let latin_end = word.last()?.is_ascii_alphabetic();
    (!(latin_end && text.at(end).is_some_and(|c| c.is_ascii_alphabetic()))).then_some(end)
}

struct Value {
    from: usize,
    /// There was a colon or a word that says the same.
    marked: bool,
}

/// Skips what stands between a label and its value.
fn after_label(text: &Text, end: usize) -> Value {
    let mut from = end;
    let mut marked = false;
    // A remark in brackets, as in `联系电话(家属)：`.
    if text.at(from) == Some('(') {
        let close = text.skip(from, 10, |c| c != ')');
        if text.at(close) == Some(')') && matches!(text.at(close + 1), Some(':' | ' ')) {
            from = close + 1;
        }
    }
    for _ in 0..8 {
        match text.at(from) {
            Some(':' | '=' | '#' | '为' | '是' | '\t') => marked = true,
            Some('号' | '码' | '.' | '"' | '“' | '”' | '(' | '【' | '[' | '_' | '-') => {}
            Some(c) if c == ' ' || invisible(c) => {}
            Some('i') if text.has(from, &['i', 's', ' ']) => {
                marked = true;
                from += 1;
            }
            Some('n') if text.has(from, &['n', 'o']) => from += 1,
            _ => break,
        }
        from += 1;
    }
    Value { from, marked }
}

fn read(text: &Text, words: &Lexicon, kind: MaskKind, from: usize, marked: bool) -> Option<Span> {
    let (end, value) = match kind {
        MaskKind::Name => name(text, words, from, marked)?,
        MaskKind::Phone => number(text, from, |c| c.is_ascii_digit(), 7, 20)?,
        MaskKind::IdNumber => number(text, from, |c| c.is_ascii_digit() || c == 'x', 8, 24)?,
        MaskKind::Document | MaskKind::RecordNumber => series_number(text, from, marked)?,
        MaskKind::Account => account(text, from)?,
        MaskKind::BirthDate => date(text, from)?,
        MaskKind::Address => address(text, words, from, marked)?,
        _ => return None,
    };
    Some(Span {
        start: from,
        end,
        kind,
        value,
    })
}

/// A token of allowed characters, with separators inside, that has enough digits.
fn number(
    text: &Text,
    from: usize,
    allowed: impl Fn(char) -> bool,
    digits_min: usize,
    chars_max: usize,
) -> Option<(usize, String)> {
    let mut value = String::new();
    let mut end = from;
    let mut at = from + usize::from(text.at(from) == Some('+'));
    while value.len() < chars_max {
        let next = text.skip(at, 2, |c| between_digits(c) || matches!(c, '(' | ')' | '.' | '*'));
        let Some(c) = text.at(next).filter(|&c| allowed(c)) else {
            break;
        };
        // A letter after a space begins another word.
        if next > at && c.is_ascii_alphabetic() && c != 'x' && !value.is_empty() {
            break;
        }
        value.push(c.to_ascii_uppercase());
        at = next + 1;
        end = at;
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    (digits >= digits_min && value.len() >= 4).then_some((end, value))
}

/// A number that may have a series in Han characters before it, as in 南字第12345678.
fn series_number(text: &Text, from: usize, marked: bool) -> Option<(usize, String)> {
    let series = if marked { text.skip(from, 4, is_han) } else { from };
    let (end, value) = number(text, series, |c| c.is_ascii_alphanumeric(), 3, 30)?;
    Some((end, format!("{}{value}", text.slice(from, series))))
}

/// Cards have digits, messenger names letters.
fn account(text: &Text, from: usize) -> Option<(usize, String)> {
    number(text, from, |c| c.is_ascii_digit(), 5, 24).or_else(|| {
        let end = text.skip(from, 40, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let value = text.slice(from, end);
        let numbered = value.chars().any(|c| c.is_ascii_digit() || c == '_');
        (value.len() >= 5 && numbered).then_some((end, value))
    })
}

/// `1949-12-31`, `1949年12月31日`, `1949.1.3`, `19491231`.
fn date(text: &Text, from: usize) -> Option<(usize, String)> {
    let mut parts: Vec<String> = Vec::new();
    let mut at = from;
    for max in [4, 2, 2] {
        let start = text.skip(at, 2, |c| matches!(c, '-' | '/' | '.' | '年' | '月' | ' '));
        let end = text.skip(start, max, |c| c.is_ascii_digit());
        parts.push(text.slice(start, end));
        at = end;
    }
    let end = at + usize::from(text.at(at) == Some('日'));
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let date = format!("{year}-{month:0>2}-{day:0>2}");
    BirthDate::parse(&date).is_ok().then_some((end, date))
}

/// A name in Han characters needs a colon or a space before it, since the label may be part of a sentence.
fn name(text: &Text, words: &Lexicon, from: usize, marked: bool) -> Option<(usize, String)> {
    let spaced = text.before(from).is_some_and(|c| c == ' ' || invisible(c));
    if text.any_of(from, &words.field_words).is_some() {
        return None;
    }
    if text.at(from).is_some_and(|c| c.is_ascii_alphabetic()) {
        return marked.then(|| latin_name(text, words, from))?;
    }
    let mut end = from;
    let mut dotted = false;
    while let Some(c) = text.at(end) {
        let gap = text.skip(end, 2, |c| c == ' ' || invisible(c));
        if is_han(c) {
            if text.any_of(end, &words.field_words).is_some() && end > from {
                break;
            }
            end += 1;
        } else if matches!(c, '·' | '•' | '・') {
            dotted = true;
            end += 1;
        } else if gap > end && end == from + 1 && text.at(gap).is_some_and(is_han) {
            // 李 四
            end = gap;
        } else {
            break;
        }
        if end - from >= DOTTED_NAME_CHARS_MAX {
            break;
        }
    }
    if !dotted {
        end = end.min(from + NAME_CHARS_MAX + 1);
    }
    let value = text.slice(from, end);
    // 患者姓名李敏性别女: the next field shows that it is a form.
    let form = text.any_of(end, &words.field_words).is_some();
    if !(marked || spaced || form) {
        return None;
    }
    let han = value.chars().filter(|&c| is_han(c)).count();
    let word = (from..end).any(|at| text.any_of(at, &words.not_names).is_some());
    (han >= 2 && !word).then(|| (end, value.chars().filter(|c| !c.is_whitespace()).collect()))
}

/// Up to four words that begin with a capital.
fn latin_name(text: &Text, words: &Lexicon, from: usize) -> Option<(usize, String)> {
    let mut end = from;
    let mut at = from;
    for _ in 0..4 {
        if !text.chars.get(at).is_some_and(char::is_ascii_uppercase) {
            break;
        }
        end = text.skip(at, 30, |c| c.is_alphanumeric() || matches!(c, '\'' | '-' | '.'));
        at = text.skip(end, 2, |c| matches!(c, ' ' | ','));
        if text.at(end) != Some(' ') && text.at(end) != Some(',') {
            break;
        }
    }
    let value = text.written(from, end);
    let word = text
        .any_of(from, &words.not_names)
        .is_some_and(|len| from + len >= end);
    (end > from + 1 && !word).then_some((end, value))
}

/// To the end of the clause.
fn address(text: &Text, words: &Lexicon, from: usize, marked: bool) -> Option<(usize, String)> {
    if !marked {
        return None;
    }
    let latin = text.at(from).is_some_and(|c| c.is_ascii_alphanumeric());
    let mut end = from;
    while let Some(c) = text.at(end) {
        let stop = match c {
            '\n' | '\r' | ';' | '；' | '。' | '?' | '!' => true,
            ',' | '，' => !latin,
            '.' => latin && text.at(end + 1).is_none_or(|c| c.is_whitespace()) && !abbreviation(text, end),
            ' ' | '\t' => {
                let next = text.skip(end, 4, |c| c == ' ' || c == '\t');
                words
                    .labels
                    .iter()
                    .any(|(_, word)| word.len() > 1 && label_end(text, next, word).is_some())
                    || (2..=6).any(|len| text.at(next + len) == Some(':'))
            }
            _ => false,
        };
        if stop || end - from >= ADDRESS_CHARS_MAX {
            break;
        }
        end += 1;
    }
    let value = text.written(from, end);
    (value.chars().count() >= 4).then_some((end, value))
}

/// `St.`, `Rd.`, `No.`: the point does not end the sentence.
fn abbreviation(text: &Text, point: usize) -> bool {
    ["st", "rd", "no", "apt", "ave", "blvd"].iter().any(|word| {
        point
            .checked_sub(word.len())
            .is_some_and(|at| text.slice(at, point) == *word)
    })
}
