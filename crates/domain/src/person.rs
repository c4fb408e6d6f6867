//! Patient identity: validated forms (rules V1 and V2 of the data-element dictionary). How they are shown
//! masked is in [`crate::masking`].

use serde::{Deserialize, Serialize};

use crate::{
    Clear, Masked, Sex,
    masking::{Profile, RuleSet},
};

/// Why a value of a person was refused. The code is stable; sentences are the application's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// Not 18 characters of the resident identity number form.
    #[error("identity number has not the form of GB 11643")]
    IdNumberForm,
    /// Check character does not fit (ISO 7064 MOD 11-2).
    #[error("identity number has a wrong check character")]
    IdNumberChecksum,
    /// First two digits are no province, or digits 7-14 no date.
    #[error("identity number has an unknown province or an impossible birth date")]
    IdNumberContent,
    /// Not a mobile or landline number.
    #[error("phone number has not a known form")]
    PhoneForm,
    /// Empty, too long, or with characters names do not have.
    #[error("name must have 2 to 50 letters")]
    NameForm,
    /// Not a real calendar date, or in the future.
    #[error("birth date is not a past calendar date")]
    BirthDate,
}

impl PersonError {
    /// Stable code for the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::IdNumberForm => "person.id_number_form",
            Self::IdNumberChecksum => "person.id_number_checksum",
            Self::IdNumberContent => "person.id_number_content",
            Self::PhoneForm => "person.phone_form",
            Self::NameForm => "person.name_form",
            Self::BirthDate => "person.birth_date",
        }
    }
}

/// A calendar date without time, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate(time::Date);

impl BirthDate {
    /// Reads `YYYY-MM-DD` or `YYYYMMDD`.
    ///
    /// # Errors
    /// [`PersonError::BirthDate`] when it is no calendar date.
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let shape_ok = text.len() == 8 && digits.len() == 8
            || text.len() == 10
                && digits.len() == 8
                && text.char_indices().all(|(i, c)| (i == 4 || i == 7) == (c == '-'));
        if !shape_ok {
            return Err(PersonError::BirthDate);
        }
        let number = |range: std::ops::Range<usize>| -> Result<u16, PersonError> {
            digits
                .get(range)
                .and_then(|d| d.parse().ok())
                .ok_or(PersonError::BirthDate)
        };
        let month = u8::try_from(number(4..6)?)
            .ok()
            .and_then(|m| time::Month::try_from(m).ok())
            .ok_or(PersonError::BirthDate)?;
        let day = u8::try_from(number(6..8)?).map_err(|_| PersonError::BirthDate)?;
        let date = time::Date::from_calendar_date(i32::from(number(0..4)?), month, day)
            .map_err(|_| PersonError::BirthDate)?;
        if date.year() < 1880 {
            return Err(PersonError::BirthDate);
        }
        Ok(Self(date))
    }

    /// Year of birth: the only part that leaves the home institution.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.year()
    }

    /// Whole years and months at `now` (China Standard Time), or `None` before birth.
    #[must_use]
    pub fn age_at(self, now: crate::Timestamp) -> Option<Age> {
        let (y, m, d, ..) = now.display_parts();
        let (by, bm, bd) = (self.0.year(), u8::from(self.0.month()), self.0.day());
        let mut months = (y - by) * 12 + i32::from(m) - i32::from(bm);
        if d < bd {
            months -= 1;
        }
        u32::try_from(months)
            .ok()
            .map(|months| Age { months })
            .filter(|_| (y, m, d) >= (by, bm, bd))
    }
}

impl TryFrom<String> for BirthDate {
    type Error = PersonError;
    fn try_from(text: String) -> Result<Self, PersonError> {
        Self::parse(&text)
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> Self {
        format!(
            "{:04}-{:02}-{:02}",
            date.0.year(),
            u8::from(date.0.month()),
            date.0.day()
        )
    }
}

/// Age in whole months; shown in years from the first birthday on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Age {
    /// Whole months since birth.
    pub months: u32,
}

impl Age {
    /// Whole years.
    #[must_use]
    pub const fn years(self) -> u32 {
        self.months / 12
    }
}

/// A resident identity number (GB 11643), canonical: 18 characters, upper-case X.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdNumber(Clear<String>);

const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECK: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
const PROVINCES: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
];

/// Whether an identity number starts with the code of a province.
pub(crate) fn known_province(number: &str) -> bool {
    number
        .get(..2)
        .is_some_and(|p| PROVINCES.contains(&p) || p == "83")
}

/// The check character of 17 digits by ISO 7064 MOD 11-2, or `None` when they are not 17 digits.
#[must_use]
pub fn id_check_character(digits: &str) -> Option<char> {
    if digits.len() != 17 {
        return None;
    }
    let mut sum = 0;
    for (c, weight) in digits.chars().zip(ID_WEIGHTS) {
        sum += c.to_digit(10)? * weight;
    }
    usize::try_from(sum % 11)
        .ok()
        .and_then(|i| ID_CHECK.get(i).copied())
}

/// Full-width digits and letters to half width, spaces removed, upper case.
#[must_use]
pub fn canonical_number(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match u32::from(c) {
            code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .flat_map(char::to_uppercase)
        .collect()
}

impl IdNumber {
    /// Validates by rule V1.
    ///
    /// # Errors
    /// Form, checksum or content, each its own [`PersonError`].
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let number = canonical_number(text);
        let (digits, check) = number.split_at_checked(17).ok_or(PersonError::IdNumberForm)?;
        let mut check = check.chars();
        let (Some(given), None) = (check.next(), check.next()) else {
            return Err(PersonError::IdNumberForm);
        };
        let expected = id_check_character(digits).ok_or(PersonError::IdNumberForm)?;
        if !(given.is_ascii_digit() || given == 'X') {
            return Err(PersonError::IdNumberForm);
        }
        if given != expected {
            return Err(PersonError::IdNumberChecksum);
        }
        let birth = digits.get(6..14).ok_or(PersonError::IdNumberForm)?;
        if !known_province(digits) || BirthDate::parse(birth).is_err() {
            return Err(PersonError::IdNumberContent);
        }
        Ok(Self(Clear::new(number)))
    }

    /// The canonical 18 characters in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Birth date in digits 7-14.
    #[must_use]
    pub fn birth_date(&self) -> Option<BirthDate> {
        self.expose().get(6..14).and_then(|d| BirthDate::parse(d).ok())
    }

    /// Sex by the parity of digit 17.
    #[must_use]
    pub fn sex(&self) -> Sex {
        match self.expose().chars().nth(16).and_then(|c| c.to_digit(10)) {
            Some(d) if d % 2 == 1 => Sex::Male,
            Some(_) => Sex::Female,
            None => Sex::Unknown,
        }
    }

    /// `110101********1233`, by the published rules.
    #[must_use]
    pub fn masked(&self, profile: Profile) -> Masked<String> {
        RuleSet::builtin().number(profile, self.expose())
    }
}

/// A phone number by rule V2, digits and inner hyphens only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phone(Clear<String>);

impl Phone {
    /// Accepts mainland mobile and landline numbers; `+86`, spaces and full-width digits are normalised.
    ///
    /// # Errors
    /// [`PersonError::PhoneForm`].
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let number = canonical_number(text);
        let number = number.strip_prefix("+86").unwrap_or(&number);
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        let only = number.chars().all(|c| c.is_ascii_digit() || c == '-');
        let mobile =
            number.len() == 11 && number.starts_with('1') && digits.get(1).is_some_and(|c| *c >= '3');
        let parts: Vec<&str> = number.split('-').collect();
        let landline = match parts.as_slice() {
            [one] => one.starts_with('0') && (10..=12).contains(&one.len()),
            [area, local] | [area, local, _] => {
                area.starts_with('0')
                    && (3..=4).contains(&area.len())
                    && (7..=8).contains(&local.len())
                    && parts.get(2).is_none_or(|ext| (1..=6).contains(&ext.len()))
            }
            _ => false,
        };
        if only && (mobile || landline) {
            Ok(Self(Clear::new(number.to_owned())))
        } else {
            Err(PersonError::PhoneForm)
        }
    }

    /// The number in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// `138****1234` or `0571-****1234`.
    #[must_use]
    pub fn masked(&self, profile: Profile) -> Masked<String> {
        RuleSet::builtin().phone(profile, self.expose())
    }
}

/// A person's name: 2 to 50 characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonName(Clear<String>);

impl PersonName {
    /// Accepts letters of any script, spaces, `·`, `.`, `'`, `-` and digits inside (synthetic data has them).
    ///
    /// # Errors
    /// [`PersonError::NameForm`].
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let name = text.trim();
        let count = name.chars().count();
        let legal = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '·' | '.' | '\'' | '-' | '•');
        if !(2..=50).contains(&count) || !name.chars().all(legal) || !name.chars().any(char::is_alphabetic) {
            return Err(PersonError::NameForm);
        }
        Ok(Self(Clear::new(name.to_owned())))
    }

    /// The name in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// `张*`, `张*三`, `欧**娜`; Latin names keep the initials: `D** F**`.
    #[must_use]
    pub fn masked(&self, profile: Profile) -> Masked<String> {
        RuleSet::builtin().name(profile, self.expose())
    }
}

/// Validates an ICD-10 code by rule V3 (form only; the national list is loaded by the site).
#[must_use]
pub fn icd10_well_formed(code: &str) -> bool {
    let b = code.as_bytes();
    let digit = |i: usize| b.get(i).is_some_and(u8::is_ascii_digit);
    let digit_or_x = |i: usize| digit(i) || b.get(i) == Some(&b'x');
    if !(b.first().is_some_and(u8::is_ascii_uppercase) && digit(1) && digit(2)) {
        return false;
    }
    if b.len() == 3 {
        return true;
    }
    if b.get(3) != Some(&b'.') || !digit_or_x(4) {
        return false;
    }
    let mut end = 5;
    while end < 7 && digit(end) {
        end += 1;
    }
    if b.len() == end {
        return true;
    }
    // extension "x" and three digits, after at most two more digits
    b.get(end) == Some(&b'x') && b.len() == end + 4 && (end + 1..end + 4).all(digit)
        || b.get(5) == Some(&b'0')
            && b.get(6) == Some(&b'0')
            && b.get(7) == Some(&b'x')
            && b.len() == 11
            && (8..11).all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers() {
        let good = IdNumber::parse("11010519491231002x").unwrap();
        assert_eq!(good.expose(), "11010519491231002X");
        assert_eq!(good.sex(), Sex::Female);
        assert_eq!(String::from(good.birth_date().unwrap()), "1949-12-31");
        assert_eq!(good.masked(Profile::Exchange).get(), "110105********002X");
        assert_eq!(
            IdNumber::parse("１１０１０５１９４９１２３１００２Ｘ").unwrap(),
            good
        );
        assert_eq!(
            IdNumber::parse("110105194912310021").unwrap_err(),
            PersonError::IdNumberChecksum
        );
        assert_eq!(
            IdNumber::parse("1101051949123100").unwrap_err(),
            PersonError::IdNumberForm
        );
        assert_eq!(
            IdNumber::parse("1101051949123100张三").unwrap_err(),
            PersonError::IdNumberForm
        );
        let bad_day = format!(
            "11010519491331002{}",
            id_check_character("11010519491331002").unwrap()
        );
        assert_eq!(
            IdNumber::parse(&bad_day).unwrap_err(),
            PersonError::IdNumberContent
        );
        assert_eq!(format!("{good:?}"), "IdNumber(Clear(..))");
    }

    #[test]
    fn phones() {
        for (given, masked) in [
            ("13812341234", "138****1234"),
            ("+86 138 1234 1234", "138****1234"),
            ("0571-87654321", "0571-****4321"),
            ("057187654321", "0571-****4321"),
            ("0571-8765432-12", "0571-****5432"),
        ] {
            assert_eq!(
                Phone::parse(given).unwrap().masked(Profile::Exchange).get(),
                masked,
                "{given}"
            );
        }
        for bad in ["", "12812341234", "1381234123", "phone", "0571-", "0571-123"] {
            assert!(Phone::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names() {
        for (given, masked) in [
            ("张三", "张*"),
            ("张大三", "张*三"),
            ("欧阳娜娜", "欧**娜"),
            ("Damion480 Frami345", "D** F**"),
        ] {
            assert_eq!(
                PersonName::parse(given).unwrap().masked(Profile::Exchange).get(),
                masked
            );
        }
        for bad in ["", "张", "<b>x</b>", "12", &"张".repeat(51)] {
            assert!(PersonName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ages() {
        let birth = BirthDate::parse("2020-02-29").unwrap();
        let at = |t: &str| birth.age_at(crate::Timestamp::parse_rfc3339(t).unwrap());
        assert_eq!(at("2026-02-28T12:00:00+08:00").unwrap().years(), 5);
        assert_eq!(at("2026-03-01T00:00:00+08:00").unwrap().years(), 6);
        assert_eq!(at("2020-02-28T23:00:00+08:00"), None);
        assert_eq!(BirthDate::parse("20200229").unwrap(), birth);
        for bad in ["2021-02-29", "1700-01-01", "2020/02/28", "today", "2020-2-028"] {
            assert!(BirthDate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn icd10() {
        for good in ["D50", "D50.9", "D50.900", "I10.x00x002", "C71.1"] {
            assert!(icd10_well_formed(good), "{good}");
        }
        for bad in ["", "I10.", "d50", "D5", "D50.", "D50.9000", "D50 9", "张50"] {
            assert!(!icd10_well_formed(bad), "{bad}");
        }
    }
}
