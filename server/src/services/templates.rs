//! Skeletons of opinions by specialty: data, not code. A hospital may put its own file in their place.

use std::{collections::HashSet, path::Path};

use anyhow::{Context as _, ensure};
use consilium_protocol::{limits, room::OpinionTemplate};

use crate::{ctx::Ctx, state::App};

/// File of the data folder that takes the place of what comes with the program.
pub const FILE: &str = "opinion-templates.json";
/// Longest code and title, characters.
const WORD_CHARS: usize = 60;

/// What comes with the program, or the hospital's own file when there is one.
///
/// # Errors
/// The file is there and cannot be read, or a template in it is not fit for use: it is named.
pub fn load(folder: &Path) -> anyhow::Result<Vec<OpinionTemplate>> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return read(include_str!("../../data/opinion-templates.v1.json"));
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    ensure!(
        text.len() <= limits::TEMPLATES_BYTES,
        "{} is too large",
        path.display()
    );
    read(&text).with_context(|| format!("{} cannot be used", path.display()))
}

fn read(text: &str) -> anyhow::Result<Vec<OpinionTemplate>> {
    let templates: Vec<OpinionTemplate> = serde_json::from_str(text)?;
    let mut codes = HashSet::new();
    for of in &templates {
        let word = |text: &str| !text.trim().is_empty() && text.chars().count() <= WORD_CHARS;
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= limits::OPINION_CHARS;
        ensure!(word(&of.code) && codes.insert(&of.code), "code {:?}", of.code);
        ensure!(word(&of.title_zh) && word(&of.title_en), "title of {}", of.code);
        ensure!(fits(&of.text_zh) && fits(&of.text_en), "text of {}", of.code);
    }
    Ok(templates)
}

/// All templates, those of the reader's own department first, then those for everybody.
#[must_use]
pub fn list(app: &App, ctx: &Ctx) -> Vec<OpinionTemplate> {
    let mut out = app.templates.clone();
    out.sort_by_key(|of| rank(&of.specialty, &ctx.account.department));
    out
}

fn rank(specialty: &str, department: &str) -> u8 {
    match specialty {
        "" => 1,
        own if department.contains(own) => 0,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_specialty_has_a_structure_in_both_languages() {
        let folder = tempfile::tempdir().unwrap();
        let templates = load(folder.path()).unwrap();
        let codes: Vec<&str> = templates.iter().map(|of| of.code.as_str()).collect();
        for code in [
            "radiology",
            "neurosurgery",
            "neurology",
            "oncology",
            "cardiology",
            "paediatrics",
            "infectious_disease",
            "general",
        ] {
            assert!(codes.contains(&code), "{code}");
        }
        for of in &templates {
            let headings = |text: &str| text.lines().filter(|line| line.starts_with("**")).count();
            assert!(headings(&of.text_zh) >= 4, "{}", of.code);
            assert_eq!(headings(&of.text_zh), headings(&of.text_en), "{}", of.code);
            assert!(
                !of.text_zh.contains('！') && !of.text_en.contains('!'),
                "{}",
                of.code
            );
        }
    }

    #[test]
    fn a_hospital_may_have_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let own = r#"[{"code":"own","specialty":"","title_zh":"本院","title_en":"Own","text_zh":"一","text_en":"one"}]"#;
        std::fs::write(folder.path().join(FILE), own).unwrap();
        assert_eq!(load(folder.path()).unwrap().len(), 1);
        for wrong in [
            "{",
            &own.replace("本院", ""),
            &own.replace("]", &own.replace('[', ",")),
        ] {
            std::fs::write(folder.path().join(FILE), wrong).unwrap();
            let error = format!("{:#}", load(folder.path()).unwrap_err());
            assert!(error.contains(FILE), "{error}");
        }
    }

    #[test]
    fn the_own_department_comes_first() {
        let mut specialties = ["放射科", "", "神经外科"];
        specialties.sort_by_key(|of| rank(of, "神经外科二病区"));
        assert_eq!(specialties, ["神经外科", "", "放射科"]);
    }
}
