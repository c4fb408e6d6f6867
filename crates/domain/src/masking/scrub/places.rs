//! Addresses in running text. An area alone stays (it is what the rules keep); an area, or a word such as
//! 家住, with a street, a village or a house number after it is an address.

use super::{
    super::Areas,
    Lexicon, Span,
    text::{Text, is_han},
};
use crate::MaskKind;

/// Longest name of a street or an estate.
const NAME_CHARS_MAX: usize = 10;
/// Longest name of a street when nothing says where it begins.
const BARE_NAME_CHARS_MAX: usize = 4;
/// How far ahead a word such as 医院 makes a place one of care.
const CARE_SITE_CHARS: usize = 5;

/// Ends of names of places below the district.
const PLACES: [&str; 30] = [
    "街道办事处",
    "街道",
    "办事处",
    "大道",
    "小区",
    "社区",
    "居委会",
    "村委会",
    "花园",
    "新村",
    "公寓",
    "家园",
    "大厦",
    "胡同",
    "苏木",
    "嘎查",
    "开发区",
    "工业园",
    "自然村",
    "镇",
    "乡",
    "村",
    "路",
    "街",
    "巷",
    "弄",
    "苑",
    "屯",
    "寨",
    "庄",
];
/// Ends of numbers of houses, staircases and rooms.
const NUMBERED: [&str; 16] = [
    "号楼", "号院", "号", "栋", "幢", "座", "单元", "室", "楼", "层", "户", "组", "队", "弄", "段", "区",
];
/// Characters that no name of a place has, as far as running text goes.
const NOT_IN_NAMES: &str =
    "因患病痛诊疗术走出现后前时无有不可被由向在至到于及从经曾约近每其该当，。；、：（）";
/// Where the name of a street with nothing before it begins at the latest.
const NOT_BEFORE_STREETS: &str = "住院通道是自往来回";

pub(super) fn find(text: &Text, areas: &Areas, words: &Lexicon, spans: &mut Vec<Span>) {
    let mut at = 0;
    while at < text.plain.len() {
        let found = in_area(text, at, areas, words)
            .or_else(|| after_word(text, at, areas, words))
            .or_else(|| bare(text, at, words))
            .or_else(|| western(text, at));
        match found {
            Some(span) => {
                at = span.end;
                spans.push(span);
            }
            None => at += 1,
        }
    }
}

fn span(text: &Text, start: usize, end: usize) -> Span {
    Span {
        start,
        end,
        kind: MaskKind::Address,
        value: text.written(start, end),
    }
}

fn in_area(text: &Text, start: usize, areas: &Areas, words: &Lexicon) -> Option<Span> {
    if !text.at(start).is_some_and(is_han) {
        return None;
    }
    let parsed = areas.parse_at(&text.plain, start);
    if !parsed.found() {
        return None;
    }
    let end = details(text, start + parsed.chars, words, true)?;
    Some(span(text, start, end))
}

/// `家住…`: the word stays, the address behind it goes.
fn after_word(text: &Text, at: usize, areas: &Areas, words: &Lexicon) -> Option<Span> {
    let len = text.any_of(at, &words.living_at)?;
    let start = text.skip(at + len, 3, |c| {
        matches!(c, ' ' | ':' | '在' | '于' | '是' | '为')
    });
    if text.at(start) == Some('院') {
        return None;
    }
    let parsed = areas.parse_at(&text.plain, start);
    let end = details(text, start + parsed.chars, words, false)?;
    Some(span(text, start, end))
}

/// Streets, villages and numbers from a position on: where they end. `None` when there are none, or when
/// they belong to the name of a hospital.
fn details(text: &Text, start: usize, words: &Lexicon, in_area: bool) -> Option<usize> {
    let mut end = start;
    let first = text.skip(start, 2, |c| c == ' ');
    let mut named = false;
    let mut numbered = false;
    loop {
        let next = text.skip(end, 2, |c| matches!(c, ' ' | ',' | '，' | '-' | '、' | '(' | ')'));
        if let Some(stop) = number(text, next) {
            numbered = true;
            end = stop;
        } else if let Some(stop) =
            name(text, if named || numbered { next } else { first }, words).or_else(|| {
                (in_area && !named && !numbered)
                    .then(|| estate(text, first, words))
                    .flatten()
            })
        {
            if care_site(text, stop, words) {
                break;
            }
            named = true;
            end = stop;
        } else {
            break;
        }
    }
    let found = if in_area { named || numbered } else { named };
    (found && !care_site(text, end, words)).then(|| rest_of_number(text, end))
}

/// `文三路100-1`, `3幢501`: the number after the last name belongs to it.
fn rest_of_number(text: &Text, end: usize) -> usize {
    let stop = text.skip(end, 12, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '#'));
    let digits = text.slice(end, stop).chars().filter(char::is_ascii_digit).count();
    if digits > 0 { stop } else { end }
}

fn number(text: &Text, at: usize) -> Option<usize> {
    let numeral = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '#' | '第' | '甲' | '乙' | '之')
            || "一二三四五六七八九十百〇零".contains(c)
    };
    let end = text.skip(at, 8, numeral);
    if end == at {
        return None;
    }
    let suffix = NUMBERED
        .iter()
        .find(|suffix| text.has(end, &suffix.chars().collect::<Vec<_>>()))?;
    Some(end + suffix.chars().count())
}

/// The shortest name of a place that begins here.
fn name(text: &Text, at: usize, words: &Lexicon) -> Option<usize> {
    for len in 1..=NAME_CHARS_MAX {
        let c = text.at(at + len - 1)?;
        if !(is_han(c) || c.is_ascii_digit()) || NOT_IN_NAMES.contains(c) {
            return None;
        }
        let suffix = PLACES
            .iter()
            .find(|suffix| text.has(at + len, &suffix.chars().collect::<Vec<_>>()));
        if let Some(suffix) = suffix {
            let end = at + len + suffix.chars().count();
            let ordinary = words
                .not_places
                .iter()
                .any(|word| text.has(at, word) && at + word.len() == end);
            return (!ordinary).then_some(end);
        }
    }
    None
}

/// A name of any kind right after the area, with a number of a house: `科技园南区3栋`.
fn estate(text: &Text, at: usize, words: &Lexicon) -> Option<usize> {
    let in_name = |c: char| is_han(c) && !NOT_IN_NAMES.contains(c);
    let end = text.skip(at, NAME_CHARS_MAX, in_name);
    let cared_for = (at..end).any(|at| text.any_of(at, &words.care_sites).is_some());
    (end > at + 1 && !cared_for && number(text, end).is_some()).then_some(end)
}

fn care_site(text: &Text, at: usize, words: &Lexicon) -> bool {
    (at..at + CARE_SITE_CHARS)
        .take_while(|&at| text.at(at).is_some_and(is_han))
        .any(|at| text.any_of(at, &words.care_sites).is_some())
}

/// A street or an estate with a house number, with nothing before it that says where.
fn bare(text: &Text, at: usize, words: &Lexicon) -> Option<Span> {
    let suffix = [
        "大道", "路", "街", "巷", "胡同", "弄", "小区", "花园", "新村", "苑", "公寓", "村", "家园",
    ]
    .iter()
    .find(|suffix| text.has(at, &suffix.chars().collect::<Vec<_>>()))?;
    let in_name = |c: &&char| is_han(**c) && !NOT_IN_NAMES.contains(**c) && !NOT_BEFORE_STREETS.contains(**c);
    let before = text.plain.get(..at)?.iter().rev().take(BARE_NAME_CHARS_MAX);
    let len = before.take_while(in_name).count();
    if len == 0
        || text
            .before(at)
            .is_some_and(|c| matches!(c, '通' | '尿' | '气' | '回' | '电' | '线' | '旁'))
    {
        return None;
    }
    let mut end = at + suffix.chars().count();
    let mut numbers = 0_u32;
    while let Some(stop) = number(text, text.skip(end, 1, |c| c == ' ')) {
        end = stop;
        numbers += 1;
    }
    (numbers > 0 && !care_site(text, end, words)).then(|| span(text, at - len, rest_of_number(text, end)))
}

/// `12 Baker Street`.
fn western(text: &Text, at: usize) -> Option<Span> {
    if !text.digit(at)
        || text
            .before(at)
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '.')
    {
        return None;
    }
    let mut end = text.skip(at, 5, |c| c.is_ascii_digit());
    for _ in 0..4 {
        let word = text.skip(end, 1, |c| c == ' ');
        if word == end || !text.chars.get(word).is_some_and(char::is_ascii_uppercase) {
            return None;
        }
        end = text.skip(word, 20, |c| c.is_ascii_alphabetic());
        let kind = text.slice(word, end);
        if matches!(
            kind.as_str(),
            "street" | "st" | "road" | "rd" | "avenue" | "ave" | "lane" | "boulevard" | "blvd"
        ) {
            return Some(span(text, at, end));
        }
    }
    None
}
