//! Rule V6: text that fills a field without saying anything.

/// Words that fill a field without saying anything, in lower case.
const PLACEHOLDERS: [&str; 26] = [
    "无",
    "不详",
    "未知",
    "不清楚",
    "不明",
    "未填",
    "未填写",
    "暂无",
    "暂缺",
    "待填",
    "待补充",
    "同上",
    "na",
    "n/a",
    "n.a.",
    "nil",
    "null",
    "none",
    "unknown",
    "tbd",
    "test",
    "测试",
    "xxx",
    "-",
    "/",
    "—",
];

/// Whether a text is a placeholder: one of the known words, punctuation only, or one character over and over.
/// A blank text is missing, which is another fault. Full-width forms count as their half-width ones.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    // Every listed word is short; a longer text can only be one character repeated.
    let mut chars = text.chars().map(half_width);
    let Some(first) = chars.next() else {
        return false;
    };
    let mut count = 1_u32;
    let mut same = true;
    let mut says = says_something(first);
    for c in chars {
        count += 1;
        same &= c == first;
        says |= says_something(c);
        if !same && says && count > 8 {
            return false;
        }
    }
    if !says {
        return true;
    }
    if same && count >= 3 && !first.is_numeric() {
        return true;
    }
    let word: String = text
        .trim_end_matches(['。', '.'])
        .chars()
        .map(half_width)
        .flat_map(char::to_lowercase)
        .collect();
    PLACEHOLDERS.contains(&word.as_str()) || PLACEHOLDERS.contains(&format!("{word}.").as_str())
}

/// Plus signs are laboratory results.
fn says_something(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '+' | '±')
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn placeholders() {
        for text in [
            "无",
            " NA ",
            "ＮＡ",
            "n/a",
            "N.A.",
            "xxx",
            "...",
            "。。",
            "--",
            "——",
            "不详",
            "不详。",
            "test",
            "Test",
            "哈哈哈",
            "？",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "",
            "  ",
            "头痛三天",
            "111",
            "无发热",
            "否认",
            "否认肝炎、结核病史",
            "O",
            "阴性",
            "5.2",
            "-1",
            "+",
            "(+)",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
