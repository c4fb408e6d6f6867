//! The patient as the sending system names them.

/// Identifying data of the source. Has no `Serialize`, and its `Debug` shows nothing: the caller
/// must move each field on purpose.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SourcePatient {
    /// Patient ID.
    pub id: String,
    /// Issuer of Patient ID.
    pub issuer: String,
    /// Patient's Name with all component groups: `Wang^XiaoDong=王^小东`.
    pub name: String,
    /// Patient's Birth Date, `YYYYMMDD`, or empty.
    pub birth_date: String,
    /// Patient's Sex: `M`, `F`, `O` or empty.
    pub sex: String,
}

impl std::fmt::Debug for SourcePatient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SourcePatient([redacted])")
    }
}
