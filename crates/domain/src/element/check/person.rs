//! Rules of a person: name, numbers, age. In the form for exchange, the masked forms count and the clear ones are
//! faults.

use super::{Case, Fault, Verdict, codes, error, require, warning};
use crate::{
    Severity, Sex,
    element::{ElementId, checksum::resident_id},
    person::{BirthDate, IdNumber, PersonError, PersonName, Phone},
};

impl From<PersonError> for Fault {
    fn from(wrong: PersonError) -> Self {
        Self {
            code: wrong.code(),
            severity: Severity::Error,
        }
    }
}

fn is_masked(text: &str) -> bool {
    text.contains('*')
}

/// Whether a sex stands against another; unknown and unstated stand against none.
fn contradict(a: Sex, b: Sex) -> bool {
    let definite = |sex| matches!(sex, Sex::Male | Sex::Female);
    definite(a) && definite(b) && a != b
}

impl Case<'_> {
    /// In exchange: is it masked? `None` at home.
    fn masked_form(&self) -> Option<Verdict> {
        self.ctx
            .applicable
            .masked
            .then(|| require(is_masked(self.text), codes::NOT_MASKED))
    }

    pub(super) fn person_name(&self) -> Verdict {
        match self.masked_form() {
            Some(verdict) => verdict,
            None => Ok(PersonName::parse(self.text).map(drop)?),
        }
    }

    pub(super) fn phone(&self) -> Verdict {
        match self.masked_form() {
            Some(verdict) => verdict,
            None => Ok(Phone::parse(self.text).map(drop)?),
        }
    }

    pub(super) fn resident_id(&self, kind: &ElementId, is: &str) -> Verdict {
        if let Some(verdict) = self.masked_form() {
            return verdict;
        }
        if self.other(kind).is_some_and(|kind| kind != is) {
            return Ok(());
        }
        let (_, upgraded) = resident_id(self.text)?;
        if upgraded {
            warning(codes::ID_15_DIGITS)
        } else {
            Ok(())
        }
    }

    /// The identity number of the row, when it is a valid one in clear.
    fn id_number(&self, id: &ElementId) -> Option<IdNumber> {
        resident_id(self.other(id)?).ok().map(|(number, _)| number)
    }

    pub(super) fn sex_fits_id(&self, id: &ElementId) -> Verdict {
        let Some(sex) = Sex::from_gb(self.text) else {
            return error(codes::NOT_IN_LIST);
        };
        let against_id = self
            .id_number(id)
            .is_some_and(|number| contradict(sex, number.sex()));
        let against_lead = self.ctx.sex.is_some_and(|known| contradict(sex, known));
        require(!against_id && !against_lead, codes::SEX_MISMATCH)
    }

    pub(super) fn birth_fits_id(&self, id: &ElementId) -> Verdict {
        let Ok(birth) = BirthDate::parse(self.text) else {
            return Ok(());
        };
        let by_number = self.id_number(id).and_then(|number| number.birth_date());
        require(by_number.is_none_or(|b| b == birth), codes::BIRTH_MISMATCH)
    }

    pub(super) fn birth_date(&self) -> Verdict {
        if self.ctx.applicable.masked {
            let year_only = self.text.len() == 4 && self.text.bytes().all(|b| b.is_ascii_digit());
            return require(year_only || is_masked(self.text), codes::NOT_MASKED);
        }
        let birth = BirthDate::parse(self.text)?;
        let possible = birth.age_at(self.ctx.now).is_some_and(|age| age.years() <= 150);
        if possible {
            Ok(())
        } else {
            Err(PersonError::BirthDate.into())
        }
    }

    pub(super) fn age_fits_birth(&self, birth: &ElementId) -> Verdict {
        let Ok(years) = self.text.parse::<u32>() else {
            return Ok(());
        };
        let known = self
            .other(birth)
            .and_then(|b| BirthDate::parse(b).ok())
            .or(self.ctx.birth_date);
        let Some(birth) = known else {
            return Ok(());
        };
        let fits = [Some(self.ctx.now), self.ctx.consultation_at]
            .into_iter()
            .flatten()
            .any(|at| birth.age_at(at).is_some_and(|age| age.years() == years));
        require(fits, codes::AGE_MISMATCH)
    }

    /// `3 12/30`: whole months below twelve, days below thirty.
    pub(super) fn infant_age(&self) -> Verdict {
        let parts = self.text.strip_suffix("/30").and_then(|t| t.split_once(' '));
        let number = |t: &str| {
            t.parse::<u8>()
                .ok()
                .filter(|_| t.bytes().all(|b| b.is_ascii_digit()))
        };
        let right = parts.is_some_and(|(months, days)| {
            number(months).is_some_and(|m| m < 12) && number(days).is_some_and(|d| d < 30)
        });
        require(right, codes::FORM)
    }

    pub(super) fn region(&self, names: &[String], region_codes: &[String]) -> Verdict {
        let text = self.text;
        let code = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        let known = if code {
            region_codes.iter().any(|c| text.starts_with(c.as_str()))
        } else {
            names.iter().any(|name| text.starts_with(name.as_str()))
        };
        require(known, codes::REGION)
    }
}
