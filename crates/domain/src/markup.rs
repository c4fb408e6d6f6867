//! The plain markup of opinions and answers: paragraphs are lines, `- ` begins an item, `1. ` a numbered one, and
//! `**` on both sides makes words strong. Texts are stored and signed as written; this reads them to be shown.

/// A stretch of text within a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The words.
    pub text: String,
    /// They stand out.
    pub strong: bool,
}

/// Part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// One line.
    Paragraph(Vec<Span>),
    /// Items without an order.
    Items(Vec<Vec<Span>>),
    /// Items with their numbers as written.
    Numbered(Vec<(u32, Vec<Span>)>),
}

enum Line<'a> {
    Empty,
    Plain(&'a str),
    Item(&'a str),
    Numbered(u32, &'a str),
}

fn line(text: &str) -> Line<'_> {
    let text = text.trim();
    if text.is_empty() {
        return Line::Empty;
    }
    if let Some(item) = text.strip_prefix("- ") {
        return Line::Item(item.trim());
    }
    if text == "-" {
        return Line::Item("");
    }
    let number = text
        .split_once(". ")
        .or_else(|| text.strip_suffix('.').map(|number| (number, "")));
    match number {
        // At most three digits: `2026. ` begins a sentence, not an item.
        Some((digits, item)) if digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()) => digits
            .parse()
            .map_or(Line::Plain(text), |n| Line::Numbered(n, item.trim())),
        _ => Line::Plain(text),
    }
}

/// The stretches of a line. A `**` without its partner stands for itself.
fn spans(text: &str) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let mut push = |text: &str, strong: bool| {
        if !text.is_empty() {
            out.push(Span {
                text: text.to_owned(),
                strong,
            });
        }
    };
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once("**") {
        let Some((strong, after)) = opened.split_once("**").filter(|(inner, _)| !inner.is_empty()) else {
            break;
        };
        push(before, false);
        push(strong, true);
        rest = after;
    }
    push(rest, false);
    out
}

/// Reads a text. Nothing in it is lost but the marks and empty lines; no text is refused.
#[must_use]
pub fn parse(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    // An empty line ends a list.
    let mut open = false;
    for of in text.lines() {
        match (line(of), out.last_mut().filter(|_| open)) {
            (Line::Empty, _) => {
                open = false;
                continue;
            }
            (Line::Item(item), Some(Block::Items(items))) => items.push(spans(item)),
            (Line::Item(item), _) => out.push(Block::Items(vec![spans(item)])),
            (Line::Numbered(n, item), Some(Block::Numbered(items))) => items.push((n, spans(item))),
            (Line::Numbered(n, item), _) => out.push(Block::Numbered(vec![(n, spans(item))])),
            (Line::Plain(text), _) => out.push(Block::Paragraph(spans(text))),
        }
        open = true;
    }
    out
}

/// A text for readers that show plain lines: the marks of strong words are gone, items keep theirs.
#[must_use]
pub fn plain(text: &str) -> String {
    let words = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
    let mut lines: Vec<String> = Vec::new();
    for block in parse(text) {
        match block {
            Block::Paragraph(spans) => lines.push(words(&spans)),
            Block::Items(items) => lines.extend(items.iter().map(|item| format!("- {}", words(item)))),
            Block::Numbered(items) => {
                lines.extend(items.iter().map(|(n, item)| format!("{n}. {}", words(item))));
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Span {
        Span {
            text: text.to_owned(),
            strong: false,
        }
    }

    fn strong(text: &str) -> Span {
        Span {
            strong: true,
            ..span(text)
        }
    }

    #[test]
    fn paragraphs_lists_and_strong_words() {
        let text =
            "**诊断**：胶质瘤\n\n1. 增强扫描\n2. 手术 **尽快**\n- 血压\n- 血糖\n\n- 另一组\n2026. 年初复查";
        assert_eq!(
            parse(text),
            [
                Block::Paragraph(vec![strong("诊断"), span("：胶质瘤")]),
                Block::Numbered(vec![
                    (1, vec![span("增强扫描")]),
                    (2, vec![span("手术 "), strong("尽快")]),
                ]),
                Block::Items(vec![vec![span("血压")], vec![span("血糖")]]),
                Block::Items(vec![vec![span("另一组")]]),
                Block::Paragraph(vec![span("2026. 年初复查")]),
            ]
        );
        assert_eq!(
            plain(text),
            "诊断：胶质瘤\n1. 增强扫描\n2. 手术 尽快\n- 血压\n- 血糖\n- 另一组\n2026. 年初复查"
        );
    }

    #[test]
    fn what_is_no_mark_stands_for_itself() {
        for text in ["2 ** 3", "**", "****", "-5 mm", "1.5 mm", "<b>x</b>", "*x*"] {
            assert_eq!(parse(text), [Block::Paragraph(vec![span(text)])], "{text}");
        }
        assert_eq!(parse(""), []);
        assert_eq!(parse("-"), [Block::Items(vec![vec![]])]);
        assert_eq!(parse("3."), [Block::Numbered(vec![(3, vec![])])]);
    }
}
