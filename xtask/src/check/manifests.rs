//! Every member takes its lints and the versions of its dependencies from the root manifest.

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Findings;
use crate::workspace::Workspace;

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Reads the root manifest and every member's.
pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let root = read(workspace, "Cargo.toml")?;
    let members = root
        .get("workspace")
        .and_then(|table| table.get("members"))
        .and_then(Value::as_array)
        .context("the root manifest lists no members")?;
    let mut findings = Findings::new();
    for member in members.iter().filter_map(Value::as_str) {
        let path = format!("{member}/Cargo.toml");
        findings.extend(check_member(&path, &read(workspace, &path)?));
    }
    Ok(findings)
}

fn read(workspace: &Workspace, path: &str) -> Result<Table> {
    let text = std::fs::read_to_string(workspace.path(path)).with_context(|| format!("reading {path}"))?;
    text.parse().with_context(|| format!("{path} is not TOML"))
}

fn check_member(path: &str, manifest: &Table) -> Findings {
    let mut findings = Findings::new();
    if !inherits(manifest.get("lints")) {
        findings.push(format!("{path}: `[lints] workspace = true` is missing"));
    }
    let package = manifest.get("package");
    for key in ["version", "edition", "rust-version", "license", "publish"] {
        if !inherits(package.and_then(|table| table.get(key))) {
            findings.push(format!("{path}: `{key}.workspace = true` is missing"));
        }
    }
    let mut tables: Vec<&Table> = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    for table in tables {
        for section in SECTIONS {
            let Some(dependencies) = table.get(section).and_then(Value::as_table) else {
                continue;
            };
            for (name, value) in dependencies {
                // A package that switches its own feature on for its tests names itself by path.
                let itself = package
                    .and_then(|table| table.get("name"))
                    .and_then(Value::as_str)
                    == Some(name);
                if !itself && !inherits(Some(value)) {
                    findings.push(format!(
                        "{path}: `{name}` is not taken from [workspace.dependencies]"
                    ));
                }
            }
        }
    }
    findings
}

fn inherits(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n[lints]\nworkspace = true\n";

    #[test]
    fn a_member_that_inherits_is_fine() {
        let text = format!(
            "{GOOD}[dependencies]\nserde.workspace = true\na = {{ workspace = true, features = [] }}\n[dev-dependencies]\nx = {{ path = \".\" }}\n"
        );
        assert_eq!(check_member("x", &text.parse().unwrap()), Findings::new());
    }

    #[test]
    fn own_versions_and_missing_lints_are_found() {
        let text = format!("{GOOD}[target.'cfg(unix)'.dependencies]\nserde = \"1\"\n")
            .replace("[lints]\nworkspace = true\n", "");
        let found = check_member("x/Cargo.toml", &text.parse().unwrap());
        assert_eq!(
            found,
            [
                "x/Cargo.toml: `[lints] workspace = true` is missing",
                "x/Cargo.toml: `serde` is not taken from [workspace.dependencies]"
            ]
        );
    }
}
