//! The forms of masked values. Each takes a clear text and says what is left of it.

use serde::Deserialize;

/// Which parts of a name are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameShape {
    /// The first and, from three characters on, the last.
    FirstLast,
    /// The first.
    First,
}

/// Settings of the name rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    compound_surname_is_one: bool,
    compound_surnames: String,
    fill_short: String,
    fill_long: String,
}

impl Names {
    /// The surname of a name in Han characters.
    pub(super) fn surname<'a>(&self, name: &'a str) -> &'a str {
        let compound = self
            .compound_surnames
            .split_whitespace()
            .find(|surname| name.strip_prefix(surname).is_some_and(|given| !given.is_empty()));
        let end = compound.map_or_else(|| name.chars().next().map_or(0, char::len_utf8), str::len);
        name.get(..end).unwrap_or(name)
    }
}

/// A name by rule V5. Masking a masked name changes nothing.
pub(super) fn name(name: &str, shape: NameShape, names: &Names) -> String {
    if name.chars().any(|c| c.is_ascii_alphabetic()) {
        return latin_name(name, shape, names);
    }
    let first = if names.compound_surname_is_one {
        names.surname(name)
    } else {
        name.get(..name.chars().next().map_or(0, char::len_utf8))
            .unwrap_or_default()
    };
    let given: Vec<char> = name.chars().skip(first.chars().count()).collect();
    match (shape, given.as_slice()) {
        (_, []) => names.fill_short.clone(),
        (NameShape::First, _) => format!("{first}{}", names.fill_long),
        (NameShape::FirstLast, [_]) => format!("{first}{}", names.fill_short),
        (NameShape::FirstLast, [_, last]) => format!("{first}{}{last}", names.fill_short),
        (NameShape::FirstLast, [.., last]) => format!("{first}{}{last}", names.fill_long),
    }
}

fn latin_name(name: &str, shape: NameShape, names: &Names) -> String {
    let parts: Vec<String> = name
        .split([' ', '\u{3000}', '·', '•', ',', '-'])
        .filter_map(|part| part.chars().next())
        .map(|initial| format!("{initial}{}", names.fill_long))
        .collect();
    match (shape, parts.as_slice()) {
        (NameShape::FirstLast, [first, .., last]) => format!("{first} {last}"),
        (_, [first, ..]) => first.clone(),
        (_, []) => names.fill_short.clone(),
    }
}

/// The first `head` and the last `tail` characters around `fill`; `fill` alone when that would hide fewer
/// than `hidden_min`.
pub(super) fn edges(text: &str, head: usize, tail: usize, hidden_min: usize, fill: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let kept = chars.len().checked_sub(tail).and_then(|from| {
        let hidden = from.checked_sub(head)?;
        (hidden >= hidden_min).then_some(())?;
        Some((chars.get(..head)?, chars.get(from..)?))
    });
    kept.map_or_else(
        || fill.to_owned(),
        |(first, last)| {
            let mut out: String = first.iter().collect();
            out.push_str(fill);
            out.extend(last);
            out
        },
    )
}

/// A phone number. The extension of a landline is dropped; a number of no known form keeps its end at most.
pub(super) fn phone(text: &str, head: usize, tail: usize, area_code: bool, fill: &str) -> String {
    let number = crate::person::canonical_number(text);
    let number = number
        .strip_prefix("+86")
        .or_else(|| number.strip_prefix("0086"))
        .unwrap_or(&number);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let foreign = number.starts_with('+');
    if !foreign && digits.len() == 11 && digits.starts_with('1') {
        return edges(&digits, head, tail, 4, fill);
    }
    if !foreign && let Some((area, local)) = landline(number, &digits) {
        let local = edges(&local, 0, tail, 3, fill);
        return if area_code {
            format!("{area}-{local}")
        } else {
            local
        };
    }
    edges(&digits, 0, tail, 4, fill)
}

/// Area code and local number of a landline, without its extension.
fn landline(number: &str, digits: &str) -> Option<(String, String)> {
    let area_len = match digits.get(..2)? {
        "01" | "02" => 3,
        start if start.starts_with('0') => 4,
        _ => return None,
    };
    let area = digits.get(..area_len)?.to_owned();
    let plain = number
        .trim_start_matches('(')
        .replace(')', "-")
        .replace("--", "-");
    let parts: Vec<&str> = plain.split('-').collect();
    let local = match parts.as_slice() {
        [first, local, ..] if *first == area => (*local).to_owned(),
        [first, ..] => first.get(area_len..)?.to_owned(),
        [] => return None,
    };
    let digits = local.chars().all(|c| c.is_ascii_digit());
    (local.len() >= 7 && digits).then_some((area, local))
}

/// The year a date begins with, or nothing.
pub(super) fn year(text: &str) -> String {
    let year: String = text.chars().take(4).collect();
    if year.len() == 4 && year.chars().all(|c| c.is_ascii_digit()) {
        year
    } else {
        String::new()
    }
}

/// An age in years up to a limit; what is no number is not shown.
pub(super) fn cap(text: &str, limit: u32) -> String {
    match text.parse::<u32>() {
        Ok(years) if years >= limit => format!("≥{limit}"),
        Ok(years) => years.to_string(),
        Err(_) => String::new(),
    }
}

/// Whether a canonical number has the form of a resident identity number, right or mistyped.
pub(super) fn resident_form(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    match number.len() {
        18 => digits == 18 || digits == 17 && number.ends_with('X'),
        15 => digits == 15,
        _ => false,
    }
}
