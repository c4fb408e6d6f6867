//! Who is behind an account id in the room document: the signed-in person, everybody met in the room,
//! and the authors of signed opinions.

use std::collections::HashMap;

use consilium_domain::AccountId;
use consilium_protocol::{
    consultation::Opinion,
    live::Person,
    page::Locale,
    session::{Institution, Me},
};

use crate::{i18n, ui::badge::colour_class};

/// What is shown of an author.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Institution in the reader's language, and the department.
    pub place: String,
    /// First character of the institution, for an avatar.
    pub initial: String,
    /// Class of the institution's colour.
    pub colour: &'static str,
}

/// Known people.
#[derive(Clone, Debug)]
pub struct Directory {
    locale: Locale,
    people: HashMap<AccountId, Author>,
}

impl Directory {
    /// Knows the reader.
    #[must_use]
    pub fn new(me: &Me, locale: Locale) -> Self {
        let mut directory = Self {
            locale,
            people: HashMap::new(),
        };
        directory.put(me.account_id, &me.display_name, &me.department, &me.institution);
        directory
    }

    /// Learns a person of the room; whether that was news.
    pub fn meet(&mut self, person: &Person) -> bool {
        self.put(person.id, &person.name, &person.department, &person.institution)
    }

    /// Learns the author of an opinion; whether that was news.
    pub fn read(&mut self, opinion: &Opinion) -> bool {
        self.put(
            opinion.author_id,
            &opinion.author,
            &opinion.department,
            &opinion.institution,
        )
    }

    fn put(&mut self, id: AccountId, name: &str, department: &str, institution: &Institution) -> bool {
        let author = author(name, department, institution, self.locale);
        self.people.insert(id, author.clone()) != Some(author)
    }

    /// The author; `None` when nobody met them yet.
    #[must_use]
    pub fn get(&self, id: AccountId) -> Option<&Author> {
        self.people.get(&id)
    }
}

/// An author in the reader's language.
#[must_use]
pub fn author(name: &str, department: &str, institution: &Institution, locale: Locale) -> Author {
    let house = i18n::institution_name(institution, locale);
    let initial = house.chars().next().map(String::from).unwrap_or_default();
    let place = if department.is_empty() {
        house
    } else {
        format!("{house} · {department}")
    };
    Author {
        name: name.to_owned(),
        place,
        initial,
        colour: colour_class(institution),
    }
}
