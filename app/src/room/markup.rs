//! Writing the plain markup of opinions (`consilium_domain::markup` reads it): what the buttons above the field do to
//! the selected words.

/// The point of a list in a line: its number, if it has one, and its text.
fn point(line: &str) -> Option<(Option<u32>, &str)> {
    let line = line.trim_start();
    if let Some(rest) = line.strip_prefix("- ") {
        return Some((None, rest));
    }
    let (number, rest) = line.split_once(". ")?;
    let sound = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    Some((Some(number.parse().ok().filter(|_| sound)?), rest))
}

/// A text with a selection, in UTF-16 units as browsers count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Text.
    pub text: String,
    /// Where the selection begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn byte_at(text: &str, at: usize) -> usize {
    let mut count = 0;
    text.char_indices()
        .find(|(_, c)| {
            let here = count >= at;
            count += c.len_utf16();
            here
        })
        .map_or(text.len(), |(index, _)| index)
}

impl Selected {
    fn parts(&self) -> (&str, &str, &str) {
        let from = byte_at(&self.text, self.from.min(self.to));
        let to = byte_at(&self.text, self.to.max(self.from)).max(from);
        let (head, tail) = self.text.split_at_checked(to).unwrap_or((&self.text, ""));
        let (before, inside) = head.split_at_checked(from).unwrap_or((head, ""));
        (before, inside, tail)
    }

    fn of(before: &str, inside: &str, after: &str) -> Self {
        let from = units(before);
        Self {
            text: format!("{before}{inside}{after}"),
            from,
            to: from + units(inside),
        }
    }

    /// Makes the selection bold, or no longer bold.
    #[must_use]
    pub fn bold(&self) -> Self {
        let (before, inside, after) = self.parts();
        if let (Some(before), Some(after)) = (before.strip_suffix("**"), after.strip_prefix("**")) {
            return Self::of(before, inside, after);
        }
        let open = format!("{before}**");
        Self::of(&open, inside, &format!("**{after}"))
    }

    /// Makes the selected lines points of a list, or plain lines again.
    #[must_use]
    pub fn list(&self, ordered: bool) -> Self {
        let (before, inside, after) = self.parts();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').unwrap_or(after.len());
        let (head, line_start) = before.split_at_checked(start).unwrap_or((before, ""));
        let (line_end, tail) = after.split_at_checked(end).unwrap_or((after, ""));
        let lines = format!("{line_start}{inside}{line_end}");
        let already = lines
            .lines()
            .all(|line| point(line).is_some_and(|(number, _)| number.is_some() == ordered));
        let made: Vec<String> = lines
            .split('\n')
            .enumerate()
            .map(|(at, line)| {
                let plain = point(line).map_or(line, |(_, rest)| rest);
                match (already && !lines.is_empty(), ordered) {
                    (true, _) => plain.to_owned(),
                    (false, true) => format!("{}. {plain}", at + 1),
                    (false, false) => format!("- {plain}"),
                }
            })
            .collect();
        let made = made.join("\n");
        let at = units(head) + units(&made);
        Self {
            text: format!("{head}{made}{tail}"),
            from: at,
            to: at,
        }
    }

    /// Puts `text` in place of the selection, on lines of its own.
    #[must_use]
    pub fn block(&self, text: &str) -> Self {
        let (before, _, after) = self.parts();
        let gap = |edge: bool| if edge { "" } else { "\n" };
        let open = format!("{before}{}", gap(before.is_empty() || before.ends_with('\n')));
        let close = format!("{}{after}", gap(after.is_empty() || after.starts_with('\n')));
        let mut put = Self::of(&open, text, &close);
        put.from = put.to;
        put
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_goes_on_and_off() {
        let text = Selected {
            text: "建议😀手术".to_owned(),
            from: 4,
            to: 6,
        };
        let on = text.bold();
        assert_eq!((on.text.as_str(), on.from, on.to), ("建议😀**手术**", 6, 8));
        assert_eq!(on.bold(), text);
    }

    #[test]
    fn lines_become_points_and_lines_again() {
        let text = Selected {
            text: "头\n甲\n乙\n尾".to_owned(),
            from: 3,
            to: 4,
        };
        let on = text.list(true);
        assert_eq!(on.text, "头\n1. 甲\n2. 乙\n尾");
        let other = Selected {
            from: 3,
            to: 9,
            ..on.clone()
        };
        assert_eq!(other.list(false).text, "头\n- 甲\n- 乙\n尾");
        assert_eq!(other.list(true).text, "头\n甲\n乙\n尾");
        let empty = Selected {
            text: String::new(),
            from: 0,
            to: 0,
        };
        assert_eq!(empty.list(false).text, "- ");
    }

    #[test]
    fn blocks_stand_on_lines_of_their_own() {
        let text = Selected {
            text: "前后".to_owned(),
            from: 1,
            to: 1,
        };
        let put = text.block("诊断：");
        assert_eq!((put.text.as_str(), put.from), ("前\n诊断：\n后", 5));
    }
}
