//! What must not be written anywhere, and how long a file may be.

use anyhow::Result;

use super::Findings;
use crate::files;
use crate::workspace::Workspace;

/// Style asks for a seam at 400 lines; this is where it stops being a matter of taste.
const LINES_MAX: usize = 600;

/// The only file that opens transactions.
const TRANSACTION_FILE: &str = "crates/storage/src/transaction.rs";

/// A text that must not occur in a line.
struct Forbidden {
    text: &'static str,
    why: &'static str,
    /// Which files are searched.
    within: fn(&str) -> bool,
    /// Whole words only, and comments are searched too: for texts that are no code.
    word: bool,
}

// The texts are put together from halves so that this file does not find itself.
const FORBIDDEN: [Forbidden; 17] = [
    code(
        concat!("#[al", "low("),
        "must be #[expect(lint, reason = \"..\")]",
        rust,
    ),
    code(
        concat!("#![al", "low("),
        "must be #![expect(lint, reason = \"..\")]",
        rust,
    ),
    code(concat!("to", "do!("), "is unfinished work", rust),
    code(concat!("unimple", "mented!("), "is unfinished work", rust),
    code(concat!("#[ig", "nore"), "hides a test that does not run", rust),
    code(
        concat!("inner_", "html"),
        "puts markup into a page; text reaches it as text only",
        in_app,
    ),
    code(
        concat!("SystemTime::", "now"),
        "reads a clock; time is an argument here",
        pure,
    ),
    code(
        concat!("Instant::", "now"),
        "reads a clock; time is an argument here",
        pure,
    ),
    code(
        concat!("::now_", "utc"),
        "reads a clock; time is an argument here",
        pure,
    ),
    code(
        concat!("Uuid::new", "_v4"),
        "is random; ids are arguments here",
        pure,
    ),
    code(
        concat!("Uuid::now", "_v7"),
        "is random; ids are arguments here",
        pure,
    ),
    word(concat!("TO", "DO"), "is unfinished work; open an issue", program),
    word(concat!("FIX", "ME"), "is unfinished work; open an issue", program),
    word(concat!("/ro", "ot/"), "is a path of one machine", any),
    word(concat!("/ho", "me/"), "is a path of one machine", any),
    word(concat!("/Us", "ers/"), "is a path of one machine", any),
    word(concat!("/wo", "rk/"), "is a path of one machine", any),
];

const fn code(text: &'static str, why: &'static str, within: fn(&str) -> bool) -> Forbidden {
    Forbidden {
        text,
        why,
        within,
        word: false,
    }
}

const fn word(text: &'static str, why: &'static str, within: fn(&str) -> bool) -> Forbidden {
    Forbidden {
        text,
        why,
        within,
        word: true,
    }
}

fn any(_: &str) -> bool {
    true
}

fn rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn program(path: &str) -> bool {
    [".rs", ".css", ".js", ".mjs", ".ts"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

/// Elsewhere the dependency check keeps sea-orm away, so a `begin` there is somebody else's.
fn may_name_sea_orm(path: &str) -> bool {
    rust(path)
        && path != TRANSACTION_FILE
        && ["crates/storage/", "migrations/"]
            .iter()
            .any(|start| path.starts_with(start))
}

fn in_app(path: &str) -> bool {
    rust(path) && path.starts_with("app/src/")
}

fn pure(path: &str) -> bool {
    rust(path)
        && ["domain", "protocol", "collab"]
            .iter()
            .any(|name| path.starts_with(&format!("crates/{name}/src/")))
}

/// Reads every text file of the checkout.
pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let mut findings = Findings::new();
    for file in files::below(&workspace.root)? {
        let path = files::relative(&workspace.root, &file);
        // What the browser test leaves there is not kept.
        if path.starts_with("e2e/output/") {
            continue;
        }
        // Not UTF-8: a picture or a DICOM object.
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        findings.extend(check_file(&path, &text));
    }
    Ok(findings)
}

fn check_file(path: &str, text: &str) -> Findings {
    let mut findings = Findings::new();
    if path == "mod.rs" || path.ends_with("/mod.rs") {
        findings.push(format!(
            "{path}: name the file after its module instead of mod.rs"
        ));
    }
    let lines = text.lines().count();
    if program(path) && lines > LINES_MAX {
        findings.push(format!(
            "{path}: {lines} lines, more than {LINES_MAX}; look for the seam"
        ));
    }
    let mut line_before = "";
    for (number, line) in (1_u32..).zip(text.lines()) {
        let comment = line.trim_start().starts_with("//");
        for rule in FORBIDDEN.iter().filter(|rule| (rule.within)(path)) {
            if if rule.word {
                has_word(line, rule.text)
            } else {
                !comment && line.contains(rule.text)
            } {
                findings.push(format!("{path}:{number}: `{}` {}", rule.text, rule.why));
            }
        }
        if may_name_sea_orm(path) && !comment && has_bare_begin(line_before, line) {
            findings.push(format!(
                "{path}:{number}: opens a transaction by itself; use the store's helper in {TRANSACTION_FILE}"
            ));
        }
        line_before = line;
        if in_app(path) && !comment && has_inline_style(line) {
            findings.push(format!(
                "{path}:{number}: inline style; the Content-Security-Policy forbids it, use a class"
            ));
        }
    }
    findings
}

/// Whether `text` occurs neither after nor before a letter, digit, `_`, or (for a path) after another path part.
fn has_word(line: &str, text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '}' | '.');
    let path = text.ends_with('/');
    line.match_indices(text).any(|(at, _)| {
        let before = line.get(..at).and_then(|start| start.chars().next_back());
        let after = line.get(at + text.len()..).and_then(|rest| rest.chars().next());
        !before.is_some_and(part) && (path || !after.is_some_and(part))
    })
}

/// A call of sea-orm's `begin…`. Our own helper is `begin()` of the store, so a receiver called `store` is fine.
fn has_bare_begin(line_before: &str, line: &str) -> bool {
    let call = concat!(".beg", "in");
    line.match_indices(call).any(|(at, _)| {
        let after = line.get(at + call.len()..).unwrap_or_default();
        let start = line.get(..at).unwrap_or_default();
        let receiver = if start.trim().is_empty() {
            line_before.trim_end()
        } else {
            start
        };
        after.starts_with("_with") || (after.starts_with("()") && !receiver.ends_with("store"))
    })
}

/// `style="…"` or Leptos's `style:width=…` as an attribute: after white space, before `=` or a property's name.
fn has_inline_style(line: &str) -> bool {
    line.match_indices("style").any(|(at, name)| {
        let before = line.get(..at).and_then(|start| start.chars().next_back());
        let mut after = line.get(at + name.len()..).unwrap_or_default().chars();
        let attribute = match after.next() {
            Some('=') => true,
            Some(':') => after.next().is_some_and(|c| c.is_ascii_lowercase()),
            _ => false,
        };
        attribute && before.is_none_or(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_texts_are_found_with_their_line() {
        let cases = [
            (
                "crates/storage/src/audit.rs",
                concat!("let t = db.beg", "in().await?;"),
                1,
            ),
            (
                "crates/storage/src/transaction.rs",
                concat!("let t = db.beg", "in().await?;"),
                0,
            ),
            (
                "crates/storage/src/audit.rs",
                concat!("let t = db\n    .beg", "in()\n    .await?;"),
                1,
            ),
            ("crates/testkit/src/a.rs", concat!("case.beg", "in().await?;"), 0),
            ("migrations/src/a.rs", concat!("db.beg", "in_with_config(a)"), 1),
            (
                "crates/storage/src/a.rs",
                concat!("// never .beg", "in() here"),
                0,
            ),
            (
                "server/src/a.rs",
                concat!("let t = app.store.beg", "in().await?;"),
                0,
            ),
            (
                "server/src/a.rs",
                concat!("let t = app.store\n    .beg", "in()\n    .await?;"),
                0,
            ),
            ("server/src/a.rs", concat!("#[al", "low(dead_code)]"), 1),
            ("server/src/a.rs", concat!("// TO", "DO later"), 1),
            ("server/src/a.rs", concat!("let AUTO", "DOC = 1;"), 0),
            ("app/src/a.rs", concat!("view! { <p inner_", "html=x/> }"), 1),
            ("server/src/a.rs", concat!("inner_", "html"), 0),
            (
                "crates/domain/src/a.rs",
                concat!("std::time::SystemTime::", "now()"),
                1,
            ),
            ("server/src/a.rs", concat!("std::time::SystemTime::", "now()"), 0),
            ("README.md", concat!("see /ro", "ot/x"), 1),
            ("README.md", concat!("see crates/wo", "rk/x"), 0),
            ("server/src/mod.rs", "", 1),
        ];
        for (path, text, count) in cases {
            assert_eq!(check_file(path, text).len(), count, "{path}: {text}");
        }
        assert!(
            check_file("a.rs", concat!("\n#[ig", "nore]"))
                .iter()
                .any(|finding| finding.starts_with("a.rs:2: "))
        );
    }

    #[test]
    fn inline_style_is_an_attribute() {
        for line in [
            "<p style=\"a\">",
            "<p  style=move || x>",
            "<p style:width=w>",
            "style:width=w",
        ] {
            assert!(has_inline_style(line), "{line}");
        }
        for line in [
            "style: Style,",
            "let style = 1;",
            "font-style=1",
            "map-style:x",
            "Self { style: x }",
            "style::x",
        ] {
            assert!(!has_inline_style(line), "{line}");
        }
    }

    #[test]
    fn long_files_are_found() {
        assert_eq!(check_file("a.rs", &"x\n".repeat(601)).len(), 1);
        assert_eq!(check_file("a.rs", &"x\n".repeat(600)).len(), 0);
        assert_eq!(check_file("a.md", &"x\n".repeat(601)).len(), 0);
    }
}
