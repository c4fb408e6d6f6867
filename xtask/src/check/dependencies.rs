//! Who may depend on whom.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Findings;
use crate::command::{cargo, run_quiet};
use crate::workspace::Workspace;

/// The code map of ARCHITECTURE.md: each package of ours and the packages of ours it may use.
const MAY_USE: [(&str, &[&str]); 15] = [
    ("consilium-domain", &[]),
    ("consilium-protocol", &["consilium-domain"]),
    ("consilium-collab", &["consilium-domain", "consilium-protocol"]),
    ("consilium-imaging", &["consilium-domain"]),
    ("consilium-interop", &["consilium-domain", "consilium-protocol"]),
    ("consilium-vault", &["consilium-domain"]),
    ("consilium-ledger", &["consilium-domain"]),
    ("consilium-migrations", &[]),
    (
        "consilium-storage",
        &[
            "consilium-domain",
            "consilium-vault",
            "consilium-ledger",
            "consilium-migrations",
        ],
    ),
    (
        "consilium-app",
        &[
            "consilium-domain",
            "consilium-protocol",
            "consilium-collab",
            "consilium-imaging",
        ],
    ),
    ("frontend", &["consilium-app"]),
    (
        "consilium-server",
        &[
            "consilium-app",
            "consilium-collab",
            "consilium-domain",
            "consilium-imaging",
            "consilium-interop",
            "consilium-ledger",
            "consilium-migrations",
            "consilium-protocol",
            "consilium-storage",
            "consilium-vault",
        ],
    ),
    (
        "consilium-testkit",
        &[
            "consilium-app",
            "consilium-collab",
            "consilium-domain",
            "consilium-imaging",
            "consilium-interop",
            "consilium-ledger",
            "consilium-migrations",
            "consilium-protocol",
            "consilium-server",
            "consilium-storage",
            "consilium-vault",
        ],
    ),
    (
        "consilium-bench",
        &[
            "consilium-collab",
            "consilium-domain",
            "consilium-imaging",
            "consilium-protocol",
            "consilium-server",
            "consilium-storage",
            "consilium-testkit",
            // Sessions of hundreds of people, made where the program would check their passwords.
            "consilium-vault",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that only some of ours may name, whatever the kind of dependency.
const ONLY: [(&[&str], &[&str]); 3] = [
    (
        &[
            "sea-orm",
            "sea-orm-migration",
            "sea-query",
            "sqlx",
            "rusqlite",
            "tokio-postgres",
        ],
        // The test kit looks into rows, and damages them, behind the repositories' back.
        &["consilium-storage", "consilium-migrations", "consilium-testkit"],
    ),
    (
        &["axum", "axum-extra", "axum-server", "tower-http", "utoipa-axum"],
        &["consilium-server", "consilium-testkit"],
    ),
    (
        &["leptos", "leptos_router", "leptos_meta"],
        &["consilium-app", "frontend", "consilium-server"],
    ),
];

/// A test helper: only tests may depend on it.
const DEV_ONLY: &str = "consilium-testkit";

/// One `[dependencies]` entry.
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    dev: bool,
}

/// Asks `cargo metadata`.
pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let text = run_quiet(&mut cargo(
        &workspace.root,
        &["metadata", "--format-version", "1", "--no-deps"],
    ))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    Ok(judge(&edges(&metadata)?))
}

fn edges(metadata: &Value) -> Result<Vec<Edge<'_>>> {
    let mut edges = Vec::new();
    for package in metadata
        .get("packages")
        .and_then(Value::as_array)
        .context("cargo metadata lists no packages")?
    {
        let from = package
            .get("name")
            .and_then(Value::as_str)
            .context("a package without name")?;
        for dependency in package
            .get("dependencies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let to = dependency
                .get("name")
                .and_then(Value::as_str)
                .context("a dependency without name")?;
            let dev = dependency.get("kind").and_then(Value::as_str) == Some("dev");
            edges.push(Edge { from, to, dev });
        }
    }
    Ok(edges)
}

fn judge(edges: &[Edge<'_>]) -> Findings {
    let mut findings = Findings::new();
    for Edge { from, to, dev } in edges {
        for (libraries, users) in ONLY {
            if libraries.contains(to) && !users.contains(from) {
                findings.push(format!("{from} depends on {to}; only {} may", users.join(", ")));
            }
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| name == from) else {
            findings.push(format!("{from} is not in the table of xtask/src/check/dependencies.rs: add it there and to ARCHITECTURE.md"));
            continue;
        };
        if !MAY_USE.iter().any(|(name, _)| name == to) {
            continue;
        }
        let tests_may = *dev && *to != "frontend" && *to != "xtask";
        if *to == DEV_ONLY && !dev && *from != "consilium-bench" {
            findings.push(format!("{from} depends on {to} outside its tests"));
        } else if !allowed.contains(to) && !tests_may {
            findings.push(format!(
                "{from} must not depend on {to} (ARCHITECTURE.md, code map)"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge_one(from: &str, to: &str, dev: bool) -> Findings {
        judge(&[Edge { from, to, dev }])
    }

    #[test]
    fn allowed_edges_pass() {
        assert!(judge_one("consilium-protocol", "consilium-domain", false).is_empty());
        assert!(judge_one("consilium-app", "consilium-imaging", false).is_empty());
        assert!(judge_one("consilium-storage", "sea-orm", false).is_empty());
        assert!(judge_one("consilium-storage", "consilium-testkit", true).is_empty());
        assert!(judge_one("consilium-domain", "serde", false).is_empty());
    }

    #[test]
    fn forbidden_edges_are_named() {
        let cases = [
            (
                "consilium-domain",
                "consilium-protocol",
                false,
                "must not depend on",
            ),
            ("consilium-server", "frontend", false, "must not depend on"),
            ("consilium-server", "sea-orm", true, "only consilium-storage"),
            ("consilium-app", "axum", false, "only consilium-server"),
            (
                "consilium-storage",
                "consilium-testkit",
                false,
                "outside its tests",
            ),
            ("consilium-vault", "xtask", true, "must not depend on"),
            ("consilium-new", "serde", false, "is not in the table"),
        ];
        for (from, to, dev, expected) in cases {
            let found = judge_one(from, to, dev);
            assert!(
                found.iter().any(|finding| finding.contains(expected)),
                "{from} -> {to}: {found:?}"
            );
        }
    }

    #[test]
    fn metadata_gives_edges_with_their_kind() {
        let metadata: Value = serde_json::from_str(
            r#"{"packages":[{"name":"a","dependencies":[{"name":"b","kind":null},{"name":"c","kind":"dev"}]}]}"#,
        )
        .unwrap();
        let found: Vec<(&str, &str, bool)> = edges(&metadata)
            .unwrap()
            .iter()
            .map(|e| (e.from, e.to, e.dev))
            .collect();
        assert_eq!(found, [("a", "b", false), ("a", "c", true)]);
    }
}
