//! One audit record and the rules it must meet.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Operator of an act done before anybody signed in.
pub const ANONYMOUS: &str = "anonymous";
/// Operator of an act done by the system itself (timers, recovery).
pub const SYSTEM: &str = "system";
/// Device of a caller who did not name one.
pub const UNKNOWN_DEVICE: &str = "unknown";
/// Longest device text kept, in characters.
pub const DEVICE_CHARS_MAX: usize = 200;
/// Longest text of any field, in bytes.
pub const FIELD_BYTES_MAX: usize = 1024;

/// The plain columns of an audit row, as read from a table.
///
/// Holds whatever was stored; [`AuditRecord::new`] decides whether it is a valid record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditFields {
    /// Place in the log, counted from 1 without gaps.
    pub seq: i64,
    /// When it happened, milliseconds since 1970-01-01 UTC (clause 8.4: time).
    pub at_ms: i64,
    /// Who acted: an account id, [`ANONYMOUS`] or [`SYSTEM`] (clause 8.4: operator).
    pub operator: String,
    /// User name of the operator, may be empty; never the name of a patient.
    pub operator_name: String,
    /// What was done, a dotted code such as `session.sign_in` (clause 8.4: content).
    pub action: String,
    /// What it was done to, as `type/id`; never patient data (clause 8.4: content).
    pub target: String,
    /// `ok` or the code of the refusal (clause 8.4: result).
    pub result: String,
    /// Address of the caller (clause 8.4: IP address).
    pub ip: String,
    /// User agent of the caller, at most [`DEVICE_CHARS_MAX`] characters
    /// (clause 8.4: device).
    pub device: String,
    /// Institution of the operator; empty for acts outside any institution.
    pub institution: String,
    /// The consultation concerned, if any.
    pub consultation: Option<String>,
    /// Number of the request, as in logs and error answers.
    pub request_id: String,
}

impl AuditFields {
    /// Every text column by name, in the order of the canonical encoding.
    pub(crate) fn texts(&self) -> [(&'static str, &str); 10] {
        [
            ("operator", &self.operator),
            ("operator_name", &self.operator_name),
            ("action", &self.action),
            ("target", &self.target),
            ("result", &self.result),
            ("ip", &self.ip),
            ("device", &self.device),
            ("institution", &self.institution),
            ("consultation", self.consultation.as_deref().unwrap_or("")),
            ("request_id", &self.request_id),
        ]
    }

    pub(crate) fn check(&self) -> Result<(), RecordError> {
        if self.seq < 1 {
            return Err(RecordError::Sequence(self.seq));
        }
        if self.at_ms <= 0 {
            return Err(RecordError::Time(self.at_ms));
        }
        for (field, text) in self.texts() {
            if text.len() > FIELD_BYTES_MAX {
                return Err(RecordError::TooLong { field });
            }
            if text.chars().any(char::is_control) {
                return Err(RecordError::ControlCharacter { field });
            }
        }
        let mandatory = [
            ("operator", &self.operator),
            ("action", &self.action),
            ("target", &self.target),
            ("result", &self.result),
            ("ip", &self.ip),
            ("device", &self.device),
        ];
        for (field, text) in mandatory {
            if text.trim().is_empty() {
                return Err(RecordError::Empty { field });
            }
        }
        if self.consultation.as_deref() == Some("") {
            return Err(RecordError::Empty {
                field: "consultation",
            });
        }
        if !is_dotted_code(&self.action) {
            return Err(RecordError::Action);
        }
        if self.device.chars().count() > DEVICE_CHARS_MAX {
            return Err(RecordError::TooLong { field: "device" });
        }
        Ok(())
    }
}

/// Why columns do not make an audit record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordError {
    /// A field clause 8.4 demands is missing.
    #[error("audit field {field} is empty")]
    Empty {
        /// Name of the column.
        field: &'static str,
    },
    /// A field is longer than its limit.
    #[error("audit field {field} is too long")]
    TooLong {
        /// Name of the column.
        field: &'static str,
    },
    /// A field holds a line break or another control character.
    #[error("audit field {field} holds a control character")]
    ControlCharacter {
        /// Name of the column.
        field: &'static str,
    },
    /// The action is not a dotted code in lower case.
    #[error("audit action is not a dotted code")]
    Action,
    /// Sequence numbers start at 1.
    #[error("audit sequence number {0} is below 1")]
    Sequence(i64),
    /// The time is not after 1970.
    #[error("audit time {0} ms is not after 1970")]
    Time(i64),
}

/// A complete audit record: all six fields of clause 8.4 are present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AuditFields", into = "AuditFields")]
pub struct AuditRecord(AuditFields);

impl AuditRecord {
    /// Checks the columns and builds the record.
    ///
    /// The device comes straight from a request header, so it is made to fit: control
    /// characters are dropped and it is cut to [`DEVICE_CHARS_MAX`] characters. Nothing
    /// else is altered.
    ///
    /// # Errors
    /// [`RecordError`] names the first rule that is not met.
    pub fn new(mut fields: AuditFields) -> Result<Self, RecordError> {
        fields.device = fields
            .device
            .chars()
            .filter(|c| !c.is_control())
            .take(DEVICE_CHARS_MAX)
            .collect();
        fields.check()?;
        Ok(Self(fields))
    }

    /// The columns, to read.
    #[must_use]
    pub fn fields(&self) -> &AuditFields {
        &self.0
    }

    /// The columns, to store.
    #[must_use]
    pub fn into_fields(self) -> AuditFields {
        self.0
    }

    /// Place in the log.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.0.seq
    }
}

impl TryFrom<AuditFields> for AuditRecord {
    type Error = RecordError;

    fn try_from(fields: AuditFields) -> Result<Self, RecordError> {
        Self::new(fields)
    }
}

impl From<AuditRecord> for AuditFields {
    fn from(record: AuditRecord) -> Self {
        record.0
    }
}

fn is_dotted_code(action: &str) -> bool {
    action.contains('.')
        && action.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample(seq: i64) -> AuditFields {
        AuditFields {
            seq,
            at_ms: 1_700_000_000_000 + seq,
            operator: format!("account-{seq}"),
            operator_name: "wang.min".into(),
            action: "session.sign_in".into(),
            target: format!("session/{seq}"),
            result: "ok".into(),
            ip: "192.0.2.7".into(),
            device: "Mozilla/5.0".into(),
            institution: "H001".into(),
            consultation: (seq % 2 == 0).then(|| format!("c-{seq}")),
            request_id: format!("r-{seq}"),
        }
    }

    #[test]
    fn each_mandatory_field_is_demanded() {
        type Clear = fn(&mut AuditFields);
        let clears: [(&str, Clear); 6] = [
            ("operator", |f| f.operator.clear()),
            ("action", |f| f.action.clear()),
            ("target", |f| f.target = "  ".into()),
            ("result", |f| f.result.clear()),
            ("ip", |f| f.ip.clear()),
            ("device", |f| f.device = "\n\t".into()),
        ];
        for (field, clear) in clears {
            let mut fields = sample(1);
            clear(&mut fields);
            assert_eq!(AuditRecord::new(fields), Err(RecordError::Empty { field }));
        }
        let mut fields = sample(1);
        fields.at_ms = 0;
        assert_eq!(AuditRecord::new(fields), Err(RecordError::Time(0)));
        assert_eq!(AuditRecord::new(sample(0)), Err(RecordError::Sequence(0)));
    }

    #[test]
    fn the_device_is_cut_and_the_rest_is_refused() {
        let mut fields = sample(1);
        fields.device = "会".repeat(300);
        let record = AuditRecord::new(fields).unwrap();
        assert_eq!(record.fields().device.chars().count(), DEVICE_CHARS_MAX);

        let mut fields = sample(1);
        fields.target = "x".repeat(FIELD_BYTES_MAX + 1);
        assert_eq!(
            AuditRecord::new(fields),
            Err(RecordError::TooLong { field: "target" })
        );
        let mut fields = sample(1);
        fields.result = "ok\nforged line".into();
        assert_eq!(
            AuditRecord::new(fields),
            Err(RecordError::ControlCharacter { field: "result" })
        );
    }

    #[test]
    fn actions_are_dotted_codes() {
        for (action, good) in [
            ("session.sign_in", true),
            ("a.b.c2", true),
            ("session", false),
            ("Session.sign", false),
            ("session..in", false),
            ("session.sign in", false),
        ] {
            let mut fields = sample(1);
            fields.action = action.into();
            assert_eq!(AuditRecord::new(fields).is_ok(), good, "{action}");
        }
    }

    #[test]
    fn json_reading_keeps_the_rules() {
        let record = AuditRecord::new(sample(2)).unwrap();
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<AuditRecord>(&text).unwrap(), record);
        let emptied = text.replace("192.0.2.7", "");
        assert!(serde_json::from_str::<AuditRecord>(&emptied).is_err());
    }
}
