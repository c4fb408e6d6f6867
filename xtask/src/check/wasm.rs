//! Which crates run in the browser, what they must not reach there, and that they compile for it.

use anyhow::Result;

use super::Findings;
use crate::command::{cargo, run, run_quiet};
use crate::steps::Done;
use crate::workspace::Workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// Two builds: the pure crates without any feature of the pages' (a feature that the pages switch on could hide that
/// a crate needs it), and the pages.
const BUILDS: [&[&str]; 2] = [
    &[
        "--package",
        "consilium-domain",
        "--package",
        "consilium-protocol",
        "--package",
        "consilium-collab",
        "--package",
        "consilium-imaging",
        "--no-default-features",
    ],
    &[
        "--package",
        "consilium-app",
        "--package",
        "frontend",
        "--features",
        "consilium-app/hydrate",
    ],
];

/// Each alone, with the features the browser uses.
const ROOTS: [(&str, &[&str]); 5] = [
    ("consilium-domain", &[]),
    ("consilium-protocol", &[]),
    ("consilium-collab", &[]),
    ("consilium-imaging", &["--no-default-features"]),
    ("consilium-app", &["--features", "hydrate"]),
];

/// Libraries of the server. Of tokio only the parts with a runtime or a socket matter, but nobody needs the rest.
const SERVER_ONLY: [&str; 13] = [
    "aws-lc-rs",
    "aws-lc-sys",
    "axum",
    "hyper",
    "mio",
    "object_store",
    "ring",
    "rustls",
    "sea-orm",
    "socket2",
    "sqlx",
    "tokio",
    "tower-http",
];

/// Random sources; nothing that only `domain` reaches may have one.
const RANDOM: [&str; 4] = ["fastrand", "getrandom", "rand", "rand_core"];

/// Compiles both sets for the browser.
pub(super) fn compile(workspace: &Workspace) -> Result<Done> {
    for build in BUILDS {
        let mut arguments = vec!["check", "--target", TARGET];
        arguments.extend(build);
        run(&mut cargo(&workspace.root, &arguments))?;
    }
    Ok(Done::Did)
}

/// The same through clippy, warnings being errors.
pub(super) fn lint(workspace: &Workspace) -> Result<Done> {
    for build in BUILDS {
        let mut arguments = vec!["clippy", "--target", TARGET];
        arguments.extend(build);
        arguments.extend(["--", "-D", "warnings"]);
        run(&mut cargo(&workspace.root, &arguments))?;
    }
    Ok(Done::Did)
}

/// Walks what each crate pulls in for the browser.
pub(super) fn reach(workspace: &Workspace) -> Result<Findings> {
    let mut findings = Findings::new();
    for (package, features) in ROOTS {
        let mut arguments = vec![
            "tree",
            "--package",
            package,
            "--target",
            TARGET,
            "--edges",
            "normal",
        ];
        arguments.extend(["--prefix", "none", "--format", "{p}"]);
        arguments.extend(features);
        let tree = run_quiet(&mut cargo(&workspace.root, &arguments))?;
        findings.extend(forbidden_in(package, &tree, &SERVER_ONLY));
        if package == "consilium-domain" {
            findings.extend(forbidden_in(package, &tree, &RANDOM));
        }
    }
    Ok(findings)
}

fn forbidden_in(package: &str, tree: &str, forbidden: &[&str]) -> Findings {
    let mut found: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| forbidden.contains(name))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
        .iter()
        .map(|name| {
            format!("{package} reaches {name} in the browser; `cargo tree -p {package} --target {TARGET} -i {name}` says how")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_server_library_once() {
        let tree =
            "consilium-app v0.1.0 (app)\ntokio v1.0.0\nserde v1.0.0\ntokio v1.0.0 (*)\ntokio-stream v0.1.0\n";
        let found = forbidden_in("consilium-app", tree, &SERVER_ONLY);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("consilium-app reaches tokio in the browser"));
    }
}
