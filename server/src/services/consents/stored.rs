//! A consent as it lies sealed beside its consultation.

use consilium_domain::{ConsentSigner, ConsentState, FileId, Timestamp};
use consilium_protocol::{consultation::Consent, preparation::Guardian};
use consilium_storage::Consultation;
use serde::{Deserialize, Serialize};

use crate::error::ServiceError;

/// The only purpose data may be used for (clause 8.3.2).
pub const TREATMENT: &str = "treatment";
/// In force this long when nothing else was agreed, ms.
pub const VALID_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// A scanned form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// The sealed file.
    pub file: FileId,
    /// SHA-256 of the file as it came, hex.
    pub sha256: String,
    /// Its type by content.
    pub media: String,
}

/// A consent. The first versions of this program stored signer and text version only; such a consent is in
/// force and has no end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Where it stood when it was last written; see [`Stored::state`].
    #[serde(default = "in_force")]
    pub state: ConsentState,
    /// Version of the text.
    pub text_version: String,
    /// Who signs.
    pub signer: ConsentSigner,
    /// The guardian, in clear.
    #[serde(default)]
    pub guardian: Option<Guardian>,
    /// Purpose of use.
    #[serde(default = "treatment")]
    pub purpose: String,
    /// When it was signed.
    #[serde(default)]
    pub signed_at: Option<Timestamp>,
    /// In force until.
    #[serde(default)]
    pub valid_until: Option<Timestamp>,
    /// The scanned form.
    #[serde(default)]
    pub form: Option<Form>,
    /// Withdrawn at, and why.
    #[serde(default)]
    pub withdrawn: Option<(Timestamp, String)>,
    /// Recorded on its own, not with the request form: the form does not take it away.
    #[serde(default)]
    pub recorded: bool,
}

const fn in_force() -> ConsentState {
    ConsentState::Active
}

fn treatment() -> String {
    TREATMENT.to_owned()
}

/// Names nobody.
impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Stored {
    /// The consent of a consultation, if one is on record.
    ///
    /// # Errors
    /// What is stored is none.
    pub fn of(consultation: &Consultation) -> Result<Option<Self>, ServiceError> {
        Self::read(consultation.consent.as_ref())
    }

    /// Reads the sealed column.
    ///
    /// # Errors
    /// What is stored is none.
    pub fn read(value: Option<&serde_json::Value>) -> Result<Option<Self>, ServiceError> {
        Ok(value.cloned().map(serde_json::from_value).transpose()?)
    }

    /// Where it stands at `now`: what has run out is no longer in force, whether the clock job has come by
    /// or not.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ConsentState {
        let over = self.valid_until.is_some_and(|until| now >= until);
        match self.state {
            ConsentState::Active if over => ConsentState::Inactive,
            other => other,
        }
    }

    /// In force, and for treatment.
    #[must_use]
    pub fn active(&self, now: Timestamp) -> bool {
        self.state(now) == ConsentState::Active && self.purpose == TREATMENT
    }

    /// As pages and the request form show it: who signed what.
    #[must_use]
    pub fn brief(&self) -> Consent {
        Consent {
            signer: self.signer,
            text_version: self.text_version.clone(),
        }
    }

    /// When the clock must end it.
    #[must_use]
    pub fn term(&self) -> Option<Timestamp> {
        self.valid_until.filter(|_| self.state == ConsentState::Active)
    }
}

/// Whether the patient's consent is in force now.
#[must_use]
pub fn active(consultation: &Consultation, now: Timestamp) -> bool {
    matches!(Stored::of(consultation), Ok(Some(consent)) if consent.active(now))
}

/// What the request form makes of the consent on record: it can sign one, and take back what it signed
/// itself, but not what was recorded on its own with guardian, period and scanned form.
///
/// # Errors
/// What is stored is no consent.
pub fn of_form(
    before: Option<&serde_json::Value>,
    given: Option<&Consent>,
    now: Timestamp,
) -> Result<Option<serde_json::Value>, ServiceError> {
    let before = Stored::read(before)?;
    let after = match (before, given) {
        (Some(stored), _) if stored.recorded => Some(stored),
        (Some(stored), Some(given))
            if stored.text_version == given.text_version && stored.signer == given.signer =>
        {
            Some(stored)
        }
        (_, Some(given)) => Some(Stored {
            state: ConsentState::Active,
            text_version: given.text_version.clone(),
            signer: given.signer,
            guardian: None,
            purpose: treatment(),
            signed_at: Some(now),
            valid_until: Some(now.plus_ms(VALID_MS)),
            form: None,
            withdrawn: None,
            recorded: false,
        }),
        (_, None) => None,
    };
    Ok(after.map(serde_json::to_value).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_consent_of_the_first_versions_is_in_force() {
        let old = serde_json::json!({"signer": "patient", "text_version": "free words"});
        let read = Stored::read(Some(&old)).unwrap().unwrap();
        assert!(read.active(at(i64::MAX)));
        assert_eq!(read.term(), None);
    }

    #[test]
    fn it_runs_out_to_the_millisecond_and_only_treatment_counts() {
        let given = Consent {
            signer: ConsentSigner::Patient,
            text_version: "2026-01".to_owned(),
        };
        let value = of_form(None, Some(&given), at(5)).unwrap();
        let stored = Stored::read(value.as_ref()).unwrap().unwrap();
        let end = at(5 + VALID_MS);
        assert_eq!(stored.term(), Some(end));
        assert!(stored.active(end.plus_ms(-1)) && !stored.active(end));
        let other = Stored {
            purpose: "marketing".to_owned(),
            ..stored
        };
        assert!(!other.active(at(6)));
    }

    #[test]
    fn the_form_takes_back_only_what_it_signed() {
        let given = Consent {
            signer: ConsentSigner::Patient,
            text_version: "2026-01".to_owned(),
        };
        let signed = of_form(None, Some(&given), at(5)).unwrap();
        assert_eq!(of_form(signed.as_ref(), Some(&given), at(9)).unwrap(), signed);
        assert_eq!(of_form(signed.as_ref(), None, at(9)).unwrap(), None);
        let recorded = Stored {
            recorded: true,
            ..Stored::read(signed.as_ref()).unwrap().unwrap()
        };
        let recorded = Some(serde_json::to_value(recorded).unwrap());
        assert_eq!(of_form(recorded.as_ref(), None, at(9)).unwrap(), recorded);
    }
}
