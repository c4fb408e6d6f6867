//! A text for scanning: its characters, and beside each the plain form that comparisons use.

/// Same length both: position `n` of one is position `n` of the other.
pub(super) struct Text {
    /// As written.
    pub(super) chars: Vec<char>,
    /// Half width, ASCII lower case, written-out digits as digits.
    pub(super) plain: Vec<char>,
}

/// Dots from which a token of digits is an object identifier (DICOM UID) and none of its parts a number of
/// its own.
const UID_DOTS_MIN: usize = 4;
/// So many numerals in a row are a number spelled out, not a count.
const SPELLED_MIN: usize = 7;

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut plain: Vec<char> = chars.iter().map(|&c| plain(c)).collect();
        let mut at = 0;
        while at < plain.len() {
            let run = plain
                .iter()
                .skip(at)
                .take_while(|&&c| spelled(c).is_some())
                .count();
            if run >= SPELLED_MIN {
                for c in plain.iter_mut().skip(at).take(run) {
                    *c = spelled(*c).unwrap_or(*c);
                }
            }
            at += run.max(1);
        }
        Self { chars, plain }
    }

    /// The plain character at a position.
    pub(super) fn at(&self, at: usize) -> Option<char> {
        self.plain.get(at).copied()
    }

    /// The plain character before a position.
    pub(super) fn before(&self, at: usize) -> Option<char> {
        at.checked_sub(1).and_then(|at| self.at(at))
    }

    pub(super) fn digit(&self, at: usize) -> bool {
        self.at(at).is_some_and(|c| c.is_ascii_digit())
    }

    pub(super) fn digit_before(&self, at: usize) -> bool {
        self.before(at).is_some_and(|c| c.is_ascii_digit())
    }

    /// Whether the plain text goes on with a word at a position.
    pub(super) fn has(&self, at: usize, word: &[char]) -> bool {
        self.plain.get(at..).is_some_and(|rest| rest.starts_with(word))
    }

    /// The longest of the words at a position: its length.
    pub(super) fn any_of(&self, at: usize, words: &[Vec<char>]) -> Option<usize> {
        words.iter().filter(|w| self.has(at, w)).map(Vec::len).max()
    }

    /// The position of the first character from `at` on that is not a separator; at most `max` are skipped.
    pub(super) fn skip(&self, at: usize, max: usize, separator: impl Fn(char) -> bool) -> usize {
        at + self
            .plain
            .iter()
            .skip(at)
            .take(max)
            .take_while(|&&c| separator(c))
            .count()
    }

    /// Whether a position lies in an object identifier.
    pub(super) fn in_uid(&self, at: usize) -> bool {
        let part = |c: &&char| c.is_ascii_digit() || **c == '.';
        let before = self
            .plain
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(part);
        let after = self.plain.get(at..).unwrap_or_default().iter().take_while(part);
        before.chain(after).filter(|c| **c == '.').count() >= UID_DOTS_MIN
    }

    /// Plain characters of a stretch.
    pub(super) fn slice(&self, start: usize, end: usize) -> String {
        self.plain.get(start..end).unwrap_or_default().iter().collect()
    }

    /// Characters of a stretch as written.
    pub(super) fn written(&self, start: usize, end: usize) -> String {
        self.chars.get(start..end).unwrap_or_default().iter().collect()
    }
}

fn plain(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '–' | '—' | '‐' | '‑' | '−' | '﹣' => '-',
        '：' | '﹕' => ':',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .map_or(c, |c| c.to_ascii_lowercase()),
        _ => c.to_ascii_lowercase(),
    }
}

fn spelled(c: char) -> Option<char> {
    Some(match c {
        '〇' | '零' => '0',
        '一' | '幺' => '1',
        '二' => '2',
        '三' => '3',
        '四' => '4',
        '五' => '5',
        '六' => '6',
        '七' => '7',
        '八' => '8',
        '九' => '9',
        _ => return None,
    })
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '〇')
}

/// Characters that come along unseen when text is copied.
pub(super) const fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
}

/// What people put between the digits of one number.
pub(super) const fn between_digits(c: char) -> bool {
    matches!(c, ' ' | '-' | '\t') || invisible(c)
}
