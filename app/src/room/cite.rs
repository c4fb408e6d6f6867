//! Citing annotations in an opinion. A citation is plain text with a fixed form, so it survives in the
//! draft; which annotations an opinion cites is read from its text.

use consilium_protocol::live::{Citation, CitationKind};

use super::model::AnnotationRow;

/// The text that stands for an annotation: `[Length 46.2 mm · Slice 15]`.
#[must_use]
pub fn marker(row: &AnnotationRow) -> String {
    let said = if row.value.is_empty() {
        &row.label
    } else {
        &row.value
    };
    let what = if said.is_empty() {
        row.kind.clone()
    } else {
        format!("{} {said}", row.kind)
    };
    format!("[{what} · {}]", row.slice)
}

/// An annotation as a line of the discussion cites it.
#[must_use]
pub fn citation(row: &AnnotationRow) -> Citation {
    let text = marker(row);
    let text = text.trim_start_matches('[').trim_end_matches(']');
    Citation {
        kind: CitationKind::Annotation,
        reference: format!("{}/{}", row.key.author, row.key.id),
        text: text.chars().take(200).collect(),
    }
}

/// Ids of the annotations that `text` cites, in the order of `rows`.
#[must_use]
pub fn cited(text: &str, rows: &[AnnotationRow]) -> Vec<String> {
    rows.iter()
        .filter(|row| text.contains(&marker(row)))
        .map(|row| row.key.id.clone())
        .collect()
}

/// `text` with `insert` put at UTF-16 offset `at` (the end when it is beyond), with single spaces around.
#[must_use]
pub fn insert(text: &str, at: usize, insert: &str) -> String {
    let mut units = 0;
    let split = text
        .char_indices()
        .find(|(_, c)| {
            let here = units >= at;
            units += c.len_utf16();
            here
        })
        .map_or(text.len(), |(index, _)| index);
    let (before, after) = text.split_at_checked(split).unwrap_or((text, ""));
    let gap = |side: &str, edge: Option<char>| {
        if side.is_empty() || edge.is_none_or(char::is_whitespace) {
            ""
        } else {
            " "
        }
    };
    let left = gap(before, before.chars().next_back());
    let right = gap(after, after.chars().next());
    format!("{before}{left}{insert}{right}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::model::AnnotationKey;
    use consilium_domain::AccountId;
    use uuid::Uuid;

    fn row(id: &str, value: &str, label: &str) -> AnnotationRow {
        AnnotationRow {
            key: AnnotationKey {
                author: AccountId(Uuid::nil()),
                id: id.to_owned(),
            },
            author: None,
            kind: "长度".to_owned(),
            value: value.to_owned(),
            label: label.to_owned(),
            slice: "层 15".to_owned(),
            series: String::new(),
            time: String::new(),
            mine: true,
            hidden: false,
        }
    }

    #[test]
    fn citations_are_found_again_in_the_text() {
        let rows = [
            row("a", "46.2 mm", ""),
            row("b", "", "水肿？"),
            row("c", "9.0 mm", ""),
        ];
        let text = format!("最大径 {}，另见 {}。", marker(&rows[0]), marker(&rows[1]));
        assert_eq!(marker(&rows[0]), "[长度 46.2 mm · 层 15]");
        assert_eq!(cited(&text, &rows), ["a", "b"]);
        assert!(cited("46.2 mm", &rows).is_empty());
    }

    #[test]
    fn insertion_counts_as_the_browser_does() {
        assert_eq!(insert("", 0, "[x]"), "[x]");
        assert_eq!(insert("肺😀节", 3, "[x]"), "肺😀 [x] 节");
        assert_eq!(insert("a b", 99, "[x]"), "a b [x]");
        assert_eq!(insert("a b", 2, "[x]"), "a [x] b");
    }
}
