//! Whether two records are of one person (clause 4.2.1 b). A link is made without a person only when nothing is left
//! to doubt; everything else goes to two persons who confirm it.

use super::Ratio;
use crate::{
    Clear, Sex,
    element::resident_id,
    person::{BirthDate, IdNumber},
};

/// What one record says of a person.
#[derive(Clone, Debug)]
pub struct IdentityClaim {
    /// Name.
    pub name: Clear<String>,
    /// Resident identity number, in 18 or the former 15 digits; empty when there is none.
    pub number: Clear<String>,
    /// Birth date.
    pub birth_date: Option<BirthDate>,
    /// Sex.
    pub sex: Option<Sex>,
}

/// Why two records need a person to look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// A number is missing.
    NumberMissing,
    /// A number is wrong.
    NumberInvalid,
    /// Both numbers are right, and they differ though all else agrees.
    NumbersDiffer,
    /// The names differ.
    NameDiffers,
    /// The birth dates differ from each other or from the number.
    BirthDiffers,
    /// The sexes differ from each other or from the number.
    SexDiffers,
}

/// Whether two records are of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Linked without a person.
    Same,
    /// Surely not.
    Different,
    /// Two persons must confirm or refuse.
    Doubtful(Vec<Doubt>),
}

/// Compares two records. The same only if both identity numbers are valid and equal, the names are equal after
/// normalisation, and neither birth date nor sex contradicts. A number of 15 digits counts as the one of 18 digits
/// that replaced it.
#[must_use]
pub fn identity_match(a: &IdentityClaim, b: &IdentityClaim) -> Match {
    let names_equal = normal_name(a.name.expose()) == normal_name(b.name.expose());
    let births_differ = a.birth_date.zip(b.birth_date).is_some_and(|(x, y)| x != y);
    let sexes_differ = a.sex.zip(b.sex).is_some_and(|(x, y)| contradict(x, y));
    let mut doubts = Vec::new();
    if !names_equal {
        doubts.push(Doubt::NameDiffers);
    }
    match (number(a, &mut doubts), number(b, &mut doubts)) {
        (Some(x), Some(y)) if x == y => {
            if [a, b].iter().any(|claim| birth_against(claim, &x)) {
                doubts.push(Doubt::BirthDiffers);
            }
            if [a, b].iter().any(|claim| sex_against(claim, &x)) {
                doubts.push(Doubt::SexDiffers);
            }
        }
        (Some(_), Some(_)) => {
            // Two valid numbers are two persons, unless everything else says one: then one number may be another's.
            if !names_equal || births_differ || sexes_differ {
                return Match::Different;
            }
            doubts.push(Doubt::NumbersDiffer);
        }
        _ => {
            if !names_equal && (births_differ || sexes_differ) {
                return Match::Different;
            }
            if births_differ {
                doubts.push(Doubt::BirthDiffers);
            }
            if sexes_differ {
                doubts.push(Doubt::SexDiffers);
            }
        }
    }
    doubts.sort();
    doubts.dedup();
    if doubts.is_empty() {
        Match::Same
    } else {
        Match::Doubtful(doubts)
    }
}

fn number(claim: &IdentityClaim, doubts: &mut Vec<Doubt>) -> Option<IdNumber> {
    let text = claim.number.expose();
    if text.trim().is_empty() {
        doubts.push(Doubt::NumberMissing);
        return None;
    }
    let number = resident_id(text).ok();
    if number.is_none() {
        doubts.push(Doubt::NumberInvalid);
    }
    number.map(|(number, _)| number)
}

fn birth_against(claim: &IdentityClaim, number: &IdNumber) -> bool {
    claim.birth_date.is_some() && claim.birth_date != number.birth_date()
}

fn sex_against(claim: &IdentityClaim, number: &IdNumber) -> bool {
    claim.sex.is_some_and(|sex| contradict(sex, number.sex()))
}

fn contradict(a: Sex, b: Sex) -> bool {
    let definite = |sex| matches!(sex, Sex::Male | Sex::Female);
    definite(a) && definite(b) && a != b
}

/// Half width, upper case, without white space and the points between the parts of a name.
fn normal_name(name: &str) -> String {
    crate::person::canonical_number(name)
        .chars()
        .filter(|c| !matches!(c, '·' | '•' | '・' | '‧' | '.'))
        .collect()
}

/// How well links were made on a set whose truth is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkAccuracy {
    /// Right links out of the links made without a person: must be all (clause 4.2.1 b).
    pub right: Ratio,
    /// Links not made, neither at once nor for a person to confirm, out of the true links.
    pub missed: Ratio,
    /// Pairs left to persons out of all pairs.
    pub doubtful: Ratio,
}

/// Counts decisions, each with the truth.
pub fn link_accuracy<'a>(decisions: impl IntoIterator<Item = (&'a Match, bool)>) -> LinkAccuracy {
    let mut result = LinkAccuracy::default();
    for (decision, truly_same) in decisions {
        if *decision == Match::Same {
            result.right.count(truly_same);
        }
        if truly_same {
            result.missed.count(*decision == Match::Different);
        }
        result.doubtful.count(matches!(decision, Match::Doubtful(_)));
    }
    result
}
