//! One style sheet from `style/*.css`: tokens first, or in the order that `style/order.txt` gives; lightly minified.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::files;

/// Joins and minifies every style sheet of `folder`; none gives an empty sheet.
pub(super) fn sheet(folder: &Path) -> Result<String> {
    let present: Vec<String> = files::below(folder)?
        .iter()
        .map(|file| files::relative(folder, file))
        .filter(|name| name.ends_with(".css"))
        .collect();
    let order = std::fs::read_to_string(folder.join("order.txt")).ok();
    let mut joined = String::new();
    for name in ordered(present, order.as_deref())? {
        let text =
            std::fs::read_to_string(folder.join(&name)).with_context(|| format!("reading style/{name}"))?;
        joined.push_str(&minify(&text));
        joined.push('\n');
    }
    Ok(joined)
}

/// `order.txt` has one file a line and must name each exactly once; without it tokens.css comes first.
fn ordered(mut present: Vec<String>, order: Option<&str>) -> Result<Vec<String>> {
    let Some(order) = order else {
        present.sort_by_key(|name| (name != "tokens.css", name.clone()));
        return Ok(present);
    };
    let wanted: Vec<String> = order
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let mut sorted = wanted.clone();
    sorted.sort();
    present.sort();
    ensure!(
        sorted == present,
        "style/order.txt names {sorted:?} but style/ holds {present:?}"
    );
    Ok(wanted)
}

/// Drops comments and white space that has no meaning. Strings stay as they are; `a :hover` keeps its blank.
fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut quote = None;
    let mut blank = false;
    let mut chars = css.chars().peekable();
    while let Some(c) = chars.next() {
        if let Some(open) = quote {
            out.push(c);
            if c == '\\' {
                out.extend(chars.next());
            } else if c == open {
                quote = None;
            }
            continue;
        }
        if c == '/' && chars.peek() == Some(&'*') {
            chars.next();
            let mut last = ' ';
            for inner in chars.by_ref() {
                if last == '*' && inner == '/' {
                    break;
                }
                last = inner;
            }
            blank = true;
            continue;
        }
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        let tight = |c: char| matches!(c, '{' | '}' | ';' | ',');
        if blank && !tight(c) && !out.is_empty() && !out.ends_with(tight) {
            out.push(' ');
        }
        blank = false;
        if c == '}' && out.ends_with(';') {
            out.pop();
        }
        if c == '"' || c == '\'' {
            quote = Some(c);
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minify_keeps_meaning() {
        let cases = [
            ("a {\n  color: red;\n}\n", "a{color: red}"),
            (
                "a :hover, b > c { margin: 0 auto }",
                "a :hover,b > c{margin: 0 auto}",
            ),
            (
                "/* x */ a { width: calc(1px + 2px); }",
                "a{width: calc(1px + 2px)}",
            ),
            (
                "a::before { content: \"/* ; } \\\" */ x\"; }",
                "a::before{content: \"/* ; } \\\" */ x\"}",
            ),
            (
                "@layer base, page;\n@media (width < 10px) { a { b: c; } }",
                "@layer base,page;@media (width < 10px){a{b: c}}",
            ),
            ("a/**/b{c:d}", "a b{c:d}"),
        ];
        for (css, small) in cases {
            assert_eq!(minify(css), small);
        }
    }

    #[test]
    fn tokens_come_first() {
        let names = ["button.css", "tokens.css", "app.css"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            ordered(names, None).unwrap(),
            ["tokens.css", "app.css", "button.css"]
        );
    }

    #[test]
    fn order_file_must_name_each_once() {
        let names = || vec!["a.css".to_owned(), "b.css".to_owned()];
        assert_eq!(
            ordered(names(), Some("# order\nb.css\na.css\n")).unwrap(),
            ["b.css", "a.css"]
        );
        assert!(ordered(names(), Some("a.css\n")).is_err());
        assert!(ordered(names(), Some("a.css\nb.css\nb.css\n")).is_err());
    }
}
