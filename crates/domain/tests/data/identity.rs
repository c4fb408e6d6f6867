//! The gold set of identity matching (clause 4.2.1 b): no false link, doubtful pairs go to persons.

use consilium_domain::{
    Clear, Sex,
    person::{BirthDate, id_check_character},
    quality::{Doubt, IdentityClaim, Match, Ratio, identity_match, link_accuracy},
};
use proptest::prelude::*;

/// A valid number of 18 characters.
fn number(area: &str, birth: &str, sequence: u32) -> String {
    let digits = format!("{area}{birth}{sequence:03}");
    format!("{digits}{}", id_check_character(&digits).unwrap())
}

fn claim(name: &str, number: &str, birth: &str, sex: Sex) -> IdentityClaim {
    IdentityClaim {
        name: Clear::new(name.to_owned()),
        number: Clear::new(number.to_owned()),
        birth_date: BirthDate::parse(birth).ok(),
        sex: Some(sex),
    }
}

const AREAS: [&str; 5] = ["110105", "330106", "440305", "510107", "610113"];
const SURNAMES: [&str; 6] = ["王", "李", "张", "刘", "陈", "欧阳"];

/// The person of a number: names repeat, so that many share one.
fn person(i: u32) -> IdentityClaim {
    let birth = format!("19{:02}{:02}{:02}", 30 + i % 70, 1 + i % 12, 1 + i % 28);
    let sequence = 1 + i % 900;
    let sex = if sequence % 2 == 1 { Sex::Male } else { Sex::Female };
    let area = AREAS[usize::try_from(i).unwrap() % AREAS.len()];
    let name = format!("{}伟", SURNAMES[usize::try_from(i / 3).unwrap() % SURNAMES.len()]);
    claim(&name, &number(area, &birth, sequence), &birth, sex)
}

/// R-4.2.1b-1.
#[test]
fn gold_set_has_no_false_match() {
    let mut pairs: Vec<(IdentityClaim, IdentityClaim, bool)> = Vec::new();
    for i in 0..200 {
        let p = person(i);
        let (name, id, sex) = (p.name.expose().clone(), p.number.expose().clone(), p.sex.unwrap());
        let birth = String::from(p.birth_date.unwrap());
        // The same person in another spelling.
        let spaced = format!(" {} {} ", &id[..6], id[6..].to_lowercase());
        pairs.push((p.clone(), claim(&format!("{name} "), &spaced, &birth, sex), true));
        // The same person with the number of before 1999.
        let former = format!("{}{}", &id[..6], &id[8..17]);
        pairs.push((p.clone(), claim(&name, &former, &birth, sex), true));
        // A twin: born the same day in the same place, of the same sex, another given name.
        let sequence: u32 = id[14..17].parse().unwrap();
        let twin = number(&id[..6], &id[6..14], sequence + 2);
        pairs.push((p.clone(), claim(&format!("{name}强"), &twin, &birth, sex), false));
        // A namesake born the same day.
        pairs.push((p.clone(), claim(&name, &twin, &birth, sex), false));
        // A namesake born another day.
        let other = number(&id[..6], "19550505", sequence);
        pairs.push((p.clone(), claim(&name, &other, "19550505", sex), false));
        // A wrong check character: perhaps the same person, perhaps not.
        let check = if id.ends_with('1') { '2' } else { '1' };
        let wrong = format!("{}{check}", &id[..17]);
        if wrong != id {
            pairs.push((p.clone(), claim(&name, &wrong, &birth, sex), i % 2 == 0));
        }
        // The number of somebody else under this name, and this number under somebody else's name.
        pairs.push((p.clone(), claim("赵云", &id, &birth, sex), false));
        // No number at all.
        pairs.push((p.clone(), claim(&name, "", &birth, sex), i % 2 == 0));
    }
    let decisions: Vec<(Match, bool)> = pairs
        .iter()
        .map(|(a, b, same)| (identity_match(a, b), *same))
        .collect();
    let result = link_accuracy(decisions.iter().map(|(decision, same)| (decision, *same)));
    assert_eq!(result.right, Ratio::new(400, 400), "no false match");
    assert_eq!(result.missed.part, 0, "no true pair is refused");
    assert!(result.doubtful.part > 0);
    for ((a, b, _), (decision, _)) in pairs.iter().zip(&decisions) {
        assert_eq!(identity_match(b, a), *decision, "symmetric");
    }
}

#[test]
fn doubts_are_named() {
    let p = person(4);
    let (name, id, sex) = (p.name.expose().clone(), p.number.expose().clone(), p.sex.unwrap());
    let birth = String::from(p.birth_date.unwrap());
    let other_sex = if sex == Sex::Male { Sex::Female } else { Sex::Male };
    for (other, doubts) in [
        (claim("别人", &id, &birth, sex), vec![Doubt::NameDiffers]),
        (claim(&name, &id, "19010101", sex), vec![Doubt::BirthDiffers]),
        (claim(&name, &id, &birth, other_sex), vec![Doubt::SexDiffers]),
        (claim(&name, "", &birth, sex), vec![Doubt::NumberMissing]),
        (claim(&name, "123", &birth, sex), vec![Doubt::NumberInvalid]),
        (
            claim(
                &name,
                &number("110105", &birth.replace('-', ""), 777),
                &birth,
                sex,
            ),
            vec![Doubt::NumbersDiffer],
        ),
    ] {
        assert_eq!(identity_match(&p, &other), Match::Doubtful(doubts));
    }
    assert_eq!(identity_match(&p, &p), Match::Same);
    assert_eq!(
        identity_match(&p, &claim("别人", "", "19010101", sex)),
        Match::Different
    );
    // An unstated sex contradicts nothing.
    assert_eq!(
        identity_match(&p, &claim(&name, &id, &birth, Sex::Unstated)),
        Match::Same
    );
}

#[test]
fn names_are_compared_after_normalisation() {
    let id = number("650102", "19800101", 1);
    let a = claim("买买提·艾力", &id, "19800101", Sex::Male);
    assert_eq!(
        identity_match(&a, &claim("买买提•艾力", &id, "19800101", Sex::Male)),
        Match::Same
    );
    let latin = claim("John  SMITH", &id, "19800101", Sex::Male);
    assert_eq!(
        identity_match(&latin, &claim("Ｊｏｈｎ Smith", &id, "19800101", Sex::Male)),
        Match::Same
    );
}

proptest! {
    /// Two persons whose numbers differ are never linked without a person.
    #[test]
    fn different_numbers_never_link(i in 0_u32..10_000, j in 0_u32..10_000) {
        let (a, b) = (person(i), person(j));
        let same = a.number.expose() == b.number.expose();
        prop_assert_eq!(identity_match(&a, &b) == Match::Same, same && a.name == b.name);
    }
}
