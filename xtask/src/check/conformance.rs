//! `docs/conformance.md` has one row a requirement, in the order of `docs/conformance-ids.txt`, and its claims point at
//! files that exist.

use anyhow::{Context, Result};

use super::Findings;
use crate::workspace::Workspace;

const TABLE: &str = "docs/conformance.md";
const IDS: &str = "docs/conformance-ids.txt";

/// What a row may claim. Anything but the first must say where.
const STATUS: [&str; 3] = ["not yet", "partly", "done"];

/// One line of the table: `| id | clause | duty | status | where | test |`.
struct Row<'a> {
    line: u32,
    id: &'a str,
    status: &'a str,
    location: &'a str,
    test: &'a str,
}

/// Reads both files.
pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let read =
        |path: &str| std::fs::read_to_string(workspace.path(path)).with_context(|| format!("reading {path}"));
    let exists = |path: &str| workspace.path(path).exists();
    Ok(judge(&read(TABLE)?, &read(IDS)?, exists))
}

fn judge(table: &str, ids: &str, exists: impl Fn(&str) -> bool) -> Findings {
    let mut findings = Findings::new();
    let rows: Vec<Row<'_>> = (1_u32..)
        .zip(table.lines())
        .filter_map(|(line, text)| row(line, text))
        .collect();
    let wanted: Vec<&str> = ids
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    for id in &wanted {
        let count = rows.iter().filter(|row| row.id == *id).count();
        if count != 1 {
            findings.push(format!("{TABLE}: {id} has {count} rows"));
        }
    }
    for Row {
        line,
        id,
        status,
        location,
        test,
    } in rows
    {
        if !wanted.contains(&id) {
            findings.push(format!("{TABLE}:{line}: {id} is no requirement of {IDS}"));
        }
        if !STATUS.contains(&status) {
            findings.push(format!(
                "{TABLE}:{line}: status `{status}` is none of {}",
                STATUS.join(", ")
            ));
        } else if status != "not yet" && paths(location).next().is_none() {
            findings.push(format!(
                "{TABLE}:{line}: {id} is `{status}` but names no file where"
            ));
        }
        if status == "done" && paths(test).next().is_none() {
            findings.push(format!("{TABLE}:{line}: {id} is `done` but names no test"));
        }
        for path in paths(location).chain(paths(test)).filter(|path| !exists(path)) {
            findings.push(format!(
                "{TABLE}:{line}: {id} names `{path}`, which does not exist"
            ));
        }
    }
    findings
}

fn row(line: u32, text: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = text
        .strip_prefix('|')?
        .strip_suffix('|')?
        .split('|')
        .map(str::trim)
        .collect();
    match cells.as_slice() {
        [id, _clause, _duty, status, location, test] if id.starts_with("R-") => Some(Row {
            line,
            id,
            status,
            location,
            test,
        }),
        _ => None,
    }
}

/// The texts in backticks, each a path from the root; what follows `::` is a name inside the file.
fn paths(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|text| text.split("::").next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "| id | clause | duty | status | where | test |\n|---|---|---|---|---|---|\n";

    fn judge_rows(rows: &str) -> Findings {
        judge(&format!("{HEAD}{rows}"), "R-1-a\nR-1-b\n", |path| path == "a.rs")
    }

    #[test]
    fn a_whole_table_passes() {
        let rows = "| R-1-a | 1 | x | not yet | | |\n| R-1-b | 1 | y | done | `a.rs` | `a.rs::tests::z` |\n";
        assert_eq!(judge_rows(rows), Findings::new());
    }

    #[test]
    fn missing_doubled_and_unknown_rows_are_found() {
        let rows = "| R-1-a | 1 | x | not yet | | |\n| R-1-a | 1 | x | not yet | | |\n| R-9 | 9 | x | not yet | | |\n";
        let found = judge_rows(rows);
        assert_eq!(
            found,
            [
                "docs/conformance.md: R-1-a has 2 rows",
                "docs/conformance.md: R-1-b has 0 rows",
                "docs/conformance.md:5: R-9 is no requirement of docs/conformance-ids.txt",
            ]
        );
    }

    #[test]
    fn claims_need_existing_files() {
        let rows = "| R-1-a | 1 | x | done | `b.rs` | |\n| R-1-b | 1 | y | nearly | | |\n";
        let found = judge_rows(rows).join("\n");
        assert!(found.contains("R-1-a is `done` but names no test"), "{found}");
        assert!(
            found.contains("R-1-a names `b.rs`, which does not exist"),
            "{found}"
        );
        assert!(found.contains("status `nearly` is none of"), "{found}");
    }
}
