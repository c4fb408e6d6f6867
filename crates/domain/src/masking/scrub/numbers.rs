//! Numbers that tell by their form what they are: resident identity numbers, phones, bank cards; and e-mail
//! addresses. Numbers with a word before them are found by `labels`.

use super::{
    Span,
    text::{Text, between_digits, invisible},
};
use crate::{
    MaskKind,
    person::{BirthDate, IdNumber, Phone, known_province},
};

pub(super) fn find(text: &Text, spans: &mut Vec<Span>) {
    let mut at = 0;
    while at < text.plain.len() {
        let found = email(text, at)
            .or_else(|| foreign_phone(text, at))
            .or_else(|| {
                let starts = text.digit(at) && !text.digit_before(at);
                starts.then(|| resident(text, at)).flatten()
            })
            .or_else(|| {
                let starts = (text.digit(at) || text.at(at) == Some('(')) && !text.digit_before(at);
                (starts && !text.in_uid(at)).then(|| {
                    old_resident(text, at)
                        .or_else(|| mobile(text, at))
                        .or_else(|| landline(text, at))
                        .or_else(|| bank_card(text, at))
                })?
            });
        match found {
            Some(span) => {
                at = span.end;
                spans.push(span);
            }
            None => at += 1,
        }
    }
}

/// Digits from a position on, with how they are grouped. At most two separators between two digits.
pub(super) struct Digits {
    pub(super) digits: String,
    /// Position after each digit.
    ends: Vec<usize>,
    /// Lengths of the groups of adjacent digits so far, by digit.
    groups: Vec<usize>,
}

impl Digits {
    pub(super) fn read(text: &Text, start: usize, max: usize, separator: impl Fn(char) -> bool) -> Self {
        let mut read = Self {
            digits: String::new(),
            ends: Vec::new(),
            groups: Vec::new(),
        };
        let mut at = start;
        let mut group = 0;
        while read.ends.len() < max {
            let next = text.skip(at, 2, &separator);
            let Some(c) = text.at(next).filter(char::is_ascii_digit) else {
                break;
            };
            if next > at || read.ends.is_empty() {
                group += 1;
            }
            read.digits.push(c);
            read.groups.push(group);
            at = next + 1;
            read.ends.push(at);
        }
        read
    }

    pub(super) fn end(&self, count: usize) -> Option<usize> {
        self.ends.get(count.checked_sub(1)?).copied()
    }

    /// Lengths of the groups that the first `count` digits fall into.
    fn shape(&self, count: usize) -> Vec<usize> {
        let mut shape: Vec<usize> = Vec::new();
        let mut last = 0;
        for &group in self.groups.iter().take(count) {
            match shape.last_mut() {
                Some(len) if group == last => *len += 1,
                _ => shape.push(1),
            }
            last = group;
        }
        shape
    }

    fn singles(&self, count: usize) -> bool {
        self.shape(count).iter().all(|&len| len == 1)
    }
}

fn id_separator(c: char) -> bool {
    between_digits(c) || matches!(c, '\n' | '\r')
}

/// 18 characters that check, in any spacing; or that only look right, written as such numbers are.
fn resident(text: &Text, start: usize) -> Option<Span> {
    let read = Digits::read(text, start, 18, id_separator);
    let head = read.digits.get(..17)?;
    let seventeenth = read.end(17)?;
    let (number, end) = match read.end(18) {
        Some(end) => (read.digits.clone(), end),
        None => {
            let last = text.skip(seventeenth, 2, id_separator);
            (text.at(last) == Some('x')).then_some((format!("{head}X"), last + 1))?
        }
    };
    if text.digit(end) {
        return None;
    }
    let shape = read.shape(17);
    let usual = shape.len() == 1
        || matches!(
            shape.as_slice(),
            [6, 8, ..] | [6, 4, 4, ..] | [3, 3, 4, 4, ..] | [6, 4, 2, 2, ..]
        );
    let looks_right =
        || known_province(head) && head.get(6..14).is_some_and(|date| BirthDate::parse(date).is_ok());
    (IdNumber::parse(&number).is_ok() || usual && looks_right()).then_some(Span {
        start,
        end,
        kind: MaskKind::IdNumber,
        value: number,
    })
}

/// The form before 1999: 15 digits without a check character.
fn old_resident(text: &Text, start: usize) -> Option<Span> {
    let read = Digits::read(text, start, 16, between_digits);
    let number = read.digits.get(..15)?;
    let end = read.end(15)?;
    let usual = matches!(read.shape(15).as_slice(), [15] | [6, 6, 3] | [6, 2, 2, 2, 3]);
    let date = format!("19{}", number.get(6..12)?);
    (usual && !text.digit(end) && known_province(number) && BirthDate::parse(&date).is_ok()).then(|| Span {
        start,
        end,
        kind: MaskKind::IdNumber,
        value: number.to_owned(),
    })
}

fn phone_separator(c: char) -> bool {
    between_digits(c) || matches!(c, '.' | '·')
}

/// A mobile number, with or without the country's prefix.
fn mobile(text: &Text, start: usize) -> Option<Span> {
    let prefix: usize = ["+86", "(+86)", "0086", "86", "(86)", "0"]
        .iter()
        .filter(|prefix| text.has(start, &prefix.chars().collect::<Vec<_>>()))
        .map(|prefix| prefix.chars().count())
        .find(|&len| mobile_digits(text, text.skip(start + len, 2, phone_separator)).is_some())
        .unwrap_or(0);
    let from = text.skip(start + prefix, if prefix > 0 { 2 } else { 0 }, phone_separator);
    let (value, end) = mobile_digits(text, from)?;
    Some(Span {
        start,
        end,
        kind: MaskKind::Phone,
        value,
    })
}

fn mobile_digits(text: &Text, at: usize) -> Option<(String, usize)> {
    let read = Digits::read(text, at, 11, phone_separator);
    let end = read.end(11)?;
    let usual = matches!(
        read.shape(11).as_slice(),
        [11] | [3, 4, 4] | [3, 8] | [7, 4] | [4, 4, 3] | [4, 3, 4] | [5, 6]
    ) || read.singles(11);
    (usual && !text.digit(end) && read.digits.starts_with('1') && Phone::parse(&read.digits).is_ok())
        .then_some((read.digits, end))
}

/// Area code and local number; the extension belongs to it.
fn landline(text: &Text, start: usize) -> Option<Span> {
    let bracket = text.at(start) == Some('(');
    let at = start + usize::from(bracket);
    let code = Digits::read(text, at, 4, |_| false);
    let area = match code.digits.get(..2)? {
        "01" => code.digits.get(..3).filter(|a| *a == "010")?,
        "02" => code.digits.get(..3)?,
        "03" | "04" | "05" | "06" | "07" | "08" | "09" => code.digits.get(..4)?,
        _ => return None,
    };
    let after = at + area.len();
    let closed = !bracket || text.at(after) == Some(')');
    let from = text.skip(after, 2, |c| between_digits(c) || c == ')');
    let local = Digits::read(text, from, 8, between_digits);
    let count = local.digits.len();
    let usual = matches!(local.shape(count).as_slice(), [7 | 8] | [4, 4] | [3, 4]);
    // Without anything between, only whole numbers: 11 or 12 digits.
    let glued = from == after
        && !(count + area.len() >= 11
            && text
                .plain
                .get(at..after + count)
                .is_some_and(|d| d.iter().all(char::is_ascii_digit)));
    let mut end = local.end(count)?;
    if !closed || !usual || glued || text.digit(end) {
        return None;
    }
    let mark = text.skip(end, 3, |c| matches!(c, '-' | ' ' | '转'));
    let extension = Digits::read(text, mark, 6, |_| false);
    if mark > end && !extension.digits.is_empty() && (text.at(mark - 1) != Some(' ')) {
        end = extension.end(extension.digits.len())?;
    }
    Some(Span {
        start,
        end,
        kind: MaskKind::Phone,
        value: format!("{area}-{}", local.digits),
    })
}

/// `+` and a country code other than 86.
fn foreign_phone(text: &Text, start: usize) -> Option<Span> {
    if text.at(start) != Some('+') || !text.digit(start + 1) {
        return None;
    }
    if text.has(start, &['+', '8', '6']) {
        return mobile(text, start).or_else(|| {
            let from = text.skip(start + 3, 2, phone_separator);
            landline(text, from).map(|span| Span { start, ..span })
        });
    }
    let read = Digits::read(text, start + 1, 15, |c| {
        phone_separator(c) || matches!(c, '(' | ')')
    });
    let count = read.digits.len();
    (count >= 9 && !read.digits.starts_with('0')).then(|| Span {
        start,
        end: read.end(count).unwrap_or(start),
        kind: MaskKind::Phone,
        value: format!("+{}", read.digits),
    })
}

/// 16 to 19 digits that pass the check of payment cards, together or in fours.
fn bank_card(text: &Text, start: usize) -> Option<Span> {
    let read = Digits::read(text, start, 20, between_digits);
    let count = read.digits.len();
    let issuer = read.digits.starts_with(['3', '4', '5', '6']);
    let shape = read.shape(count);
    let usual = shape.len() == 1
        || shape.iter().rev().skip(1).all(|&len| len == 4)
        || matches!(shape.as_slice(), [6, 13]);
    (issuer && (16..=19).contains(&count) && usual && luhn(&read.digits)).then(|| Span {
        start,
        end: read.end(count).unwrap_or(start),
        kind: MaskKind::Account,
        value: read.digits.clone(),
    })
}

/// ISO/IEC 7812-1 check digit.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn email(text: &Text, start: usize) -> Option<Span> {
    let user =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-') || invisible(c);
    let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-') || invisible(c);
    if !text.at(start).is_some_and(|c| c.is_ascii_alphanumeric()) || text.before(start).is_some_and(user) {
        return None;
    }
    let at = text.skip(start, 64, user);
    let sign = text.skip(at, 1, |c| c == ' ');
    if text.at(sign) != Some('@') {
        return None;
    }
    let from = text.skip(sign + 1, 1, |c| c == ' ');
    let mut end = text.skip(from, 255, host);
    while end > from && text.before(end).is_some_and(|c| matches!(c, '.' | '-')) {
        end -= 1;
    }
    text.slice(from, end).contains('.').then(|| Span {
        start,
        end,
        kind: MaskKind::Email,
        value: text.slice(start, end),
    })
}
