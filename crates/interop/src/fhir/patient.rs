//! `Patient` into the identity part of the form.

use consilium_domain::{
    Sex, Timestamp,
    person::{BirthDate, IdNumber, PersonName, Phone},
};
use consilium_protocol::{FieldError, codes, consultation::PatientInput};
use serde_json::Value;

use super::element::{Resource, clip, codings, display, extension_name, has_code, list, text};

/// Root of the resident identity number (GB 11643).
const ID_CARD: &str = "2.16.156.10011.1.3";
/// Sex by GB/T 2261.1.
const SEX: &str = "2.16.156.10011.2.3.3.4";
/// Ethnicity by GB/T 3304.
const ETHNICITY: &str = "2.16.156.10011.2.3.3.3";
/// Longest free identifier kept, characters.
const IDENTIFIER_CHARS: usize = 64;
/// Longest ethnicity kept, characters.
const ETHNICITY_CHARS: usize = 30;
/// Longest address and place kept, characters (DE02.01.009).
const PLACE_CHARS: usize = 70;

/// Reads the patient; mandatory elements that are missing or wrong are added to `errors`.
pub(super) fn read(resource: &Resource<'_>, now: Timestamp, errors: &mut Vec<FieldError>) -> PatientInput {
    let path = resource.path();
    let body = resource.body;
    let mut fail =
        |element: &str, code: &str| errors.push(FieldError::new(format!("{path}.{element}"), code));

    let name = match name(body) {
        None => {
            fail("name", codes::FIELD_REQUIRED);
            String::new()
        }
        Some(given) => PersonName::parse(&given).map_or_else(
            |error| {
                fail("name", error.code());
                String::new()
            },
            |name| name.expose().to_owned(),
        ),
    };
    let sex = match sex(body) {
        Ok(sex) => Some(sex),
        Err(code) => {
            fail("gender", code);
            None
        }
    };
    let identifiers = Identifiers::read(body);
    if identifiers.is_empty() {
        fail("identifier", codes::FIELD_REQUIRED);
    }
    let id_number = identifiers.id_card.and_then(|(index, value)| {
        IdNumber::parse(value)
            .map_err(|error| fail(&format!("identifier[{index}].value"), error.code()))
            .ok()
    });
    let birth_date = match text(body, "birthDate").map(BirthDate::parse) {
        Some(Ok(date)) if date.age_at(now).is_some() => Some(date),
        Some(_) => {
            fail("birthDate", codes::BIRTH_DATE);
            None
        }
        None => {
            let from_number = id_number.as_ref().and_then(IdNumber::birth_date);
            if from_number.is_none() {
                fail("birthDate", codes::FIELD_REQUIRED);
            }
            from_number
        }
    };
    if let Some(number) = &id_number {
        if birth_date.is_some() && number.birth_date() != birth_date {
            fail("birthDate", codes::FIELD_BIRTH_MISMATCH);
        }
        if matches!(sex, Some(Sex::Male | Sex::Female)) && sex != Some(number.sex()) {
            fail("gender", codes::FIELD_SEX_MISMATCH);
        }
    }
    PatientInput {
        name,
        sex,
        birth_date,
        other_number: if id_number.is_some() {
            String::new()
        } else {
            identifiers.other()
        },
        id_number: id_number.map(|n| n.expose().to_owned()).unwrap_or_default(),
        phone: phone(body),
        ethnicity: ethnicity(body),
        native_place: native_place(body),
        address: best(list(body, "address")).map(address).unwrap_or_default(),
        record_number: clip(identifiers.record.unwrap_or_default(), IDENTIFIER_CHARS),
        infectious: false,
    }
}

/// The entry in force: `official` or `home` or `mobile` first, `old` and `temp` last.
fn best(items: &[Value]) -> Option<&Value> {
    items.iter().min_by_key(|item| match text(item, "use") {
        Some("official" | "mobile") => 0,
        Some("usual" | "home") => 1,
        None | Some("work") => 2,
        Some("nickname" | "anonymous" | "maiden" | "temp" | "billing") => 3,
        Some(_) => 4,
    })
}

pub(super) fn name(body: &Value) -> Option<String> {
    let name = best(list(body, "name"))?;
    if let Some(whole) = text(name, "text") {
        return Some(whole.to_owned());
    }
    let family = text(name, "family").unwrap_or_default();
    let given: Vec<&str> = list(name, "given")
        .iter()
        .filter_map(Value::as_str)
        .map(str::trim)
        .collect();
    let latin = family.is_ascii() && given.iter().all(|part| part.is_ascii());
    let joined = if latin {
        format!("{} {family}", given.join(" "))
    } else {
        format!("{family}{}", given.concat())
    };
    Some(joined.trim().to_owned()).filter(|n| !n.is_empty())
}

pub(super) fn sex(body: &Value) -> Result<Sex, &'static str> {
    let national = body
        .get("_gender")
        .map(|g| list(g, "extension"))
        .unwrap_or_default()
        .iter()
        .filter_map(|e| e.get("valueCoding"))
        .find(|c| text(c, "system").is_some_and(|s| s.ends_with(SEX)))
        .and_then(|c| text(c, "code"));
    match (national, text(body, "gender")) {
        (Some("0"), _) => Ok(Sex::Unknown),
        (Some("1"), _) | (_, Some("male")) => Ok(Sex::Male),
        (Some("2"), _) | (_, Some("female")) => Ok(Sex::Female),
        (Some("9"), _) | (_, Some("other")) => Ok(Sex::Unstated),
        (_, Some("unknown")) => Ok(Sex::Unknown),
        (None, None) => Err(codes::FIELD_REQUIRED),
        _ => Err(codes::FIELD_UNKNOWN),
    }
}

#[derive(Default)]
pub(super) struct Identifiers<'a> {
    /// Place in the list, and value.
    pub(super) id_card: Option<(usize, &'a str)>,
    pub(super) record: Option<&'a str>,
    pub(super) passport: Option<&'a str>,
    any: Option<&'a str>,
}

impl<'a> Identifiers<'a> {
    pub(super) fn read(body: &'a Value) -> Self {
        let mut found = Self::default();
        for (index, identifier) in list(body, "identifier").iter().enumerate() {
            let Some(value) = text(identifier, "value") else {
                continue;
            };
            if text(identifier, "use") == Some("old") {
                continue;
            }
            let system = text(identifier, "system").unwrap_or_default();
            let kind = identifier.get("type").unwrap_or(&Value::Null);
            let national = system.strip_prefix("urn:oid:").unwrap_or(system) == ID_CARD
                || has_code(kind, "NNCHN")
                || codings(kind).any(|(s, code)| s.ends_with("CV02.01.101") && code == "01");
            if national {
                found.id_card.get_or_insert((index, value));
            } else if has_code(kind, "MR") {
                found.record.get_or_insert(value);
            } else if has_code(kind, "PPN") {
                found.passport.get_or_insert(value);
            }
            found.any.get_or_insert(value);
        }
        found
    }

    /// A number that is neither identity card, passport nor record.
    pub(super) fn document(&self) -> Option<&'a str> {
        self.any.filter(|any| self.record != Some(any))
    }

    const fn is_empty(&self) -> bool {
        self.any.is_none()
    }

    /// The number that identifies the person when there is no resident identity number.
    fn other(&self) -> String {
        clip(
            self.passport.or(self.record).or(self.any).unwrap_or_default(),
            IDENTIFIER_CHARS,
        )
    }
}

/// Numbers in use, mobile ones first.
fn phones(body: &Value) -> impl Iterator<Item = &str> {
    let mut phones: Vec<&Value> = list(body, "telecom")
        .iter()
        .filter(|t| matches!(text(t, "system"), Some("phone" | "sms")) && text(t, "use") != Some("old"))
        .collect();
    phones.sort_by_key(|t| text(t, "use") != Some("mobile"));
    phones.into_iter().filter_map(|t| text(t, "value"))
}

/// A phone as written: a well-formed one, or else the first.
pub(super) fn any_phone(body: &Value) -> Option<&str> {
    phones(body)
        .find(|value| Phone::parse(value).is_ok())
        .or_else(|| phones(body).next())
}

/// The home address.
pub(super) fn home(body: &Value) -> Option<String> {
    best(list(body, "address")).map(address)
}

/// The ethnicity's code of GB/T 3304, or its name where there is no code.
pub(super) fn ethnicity_code(body: &Value) -> Option<String> {
    let coded = list(body, "extension").iter().find_map(|e| {
        let concept = e.get("valueCodeableConcept").into_iter().flat_map(codings);
        let coding = e
            .get("valueCoding")
            .into_iter()
            .filter_map(|c| Some((text(c, "system")?, text(c, "code")?)));
        concept
            .chain(coding)
            .find(|(system, _)| system.ends_with(ETHNICITY))
            .map(|(_, code)| code.to_owned())
    });
    coded.or_else(|| Some(ethnicity(body)).filter(|name| !name.is_empty()))
}

fn phone(body: &Value) -> String {
    phones(body)
        .find_map(|value| Phone::parse(value).ok())
        .map(|phone| phone.expose().to_owned())
        .unwrap_or_default()
}

fn ethnicity(body: &Value) -> String {
    let wanted = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("ethnic") || name.contains("nationality")
    };
    list(body, "extension")
        .iter()
        .filter(|e| wanted(extension_name(e)))
        .find_map(|e| {
            text(e, "valueString")
                .or_else(|| e.get("valueCodeableConcept").and_then(display))
                .or_else(|| {
                    e.get("valueCoding")
                        .and_then(|c| text(c, "display").or_else(|| text(c, "code")))
                })
                .or_else(|| {
                    list(e, "extension")
                        .iter()
                        .find_map(|inner| text(inner, "valueString"))
                })
                .or_else(|| {
                    list(e, "extension")
                        .iter()
                        .find_map(|inner| text(inner.get("valueCoding")?, "display"))
                })
        })
        .map(|value| clip(value, ETHNICITY_CHARS))
        .unwrap_or_default()
}

pub(super) fn native_place(body: &Value) -> String {
    list(body, "extension")
        .iter()
        .filter(|e| {
            let name = extension_name(e).to_ascii_lowercase();
            name.contains("birthplace") || name.contains("nativeplace")
        })
        .find_map(|e| {
            text(e, "valueString")
                .map(|place| clip(place, PLACE_CHARS))
                .or_else(|| e.get("valueAddress").map(address))
        })
        .unwrap_or_default()
}

fn address(address: &Value) -> String {
    if let Some(whole) = text(address, "text") {
        return clip(whole, PLACE_CHARS);
    }
    let lines: Vec<&str> = list(address, "line")
        .iter()
        .filter_map(Value::as_str)
        .map(str::trim)
        .collect();
    let parts: Vec<&str> = ["state", "city", "district"]
        .iter()
        .filter_map(|name| text(address, name))
        .chain(lines)
        .filter(|part| !part.is_empty())
        .collect();
    // Chinese addresses run from the largest part to the smallest, without separators.
    let joined = if parts.iter().all(|part| part.is_ascii()) {
        parts.iter().rev().copied().collect::<Vec<_>>().join(", ")
    } else {
        parts.concat()
    };
    clip(&joined, PLACE_CHARS)
}
