//! Why the store did not do what it was asked.

use consilium_ledger::RecordError;
use consilium_vault::VaultError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// Outcome of a store call.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Everything that can go wrong in the store. No message holds patient data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row to change does not exist.
    #[error("no such row")]
    NotFound,
    /// Somebody else was first: a version has moved on, a unique value is taken, or a row is referred to.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The database cannot be reached, is full, or gave up waiting.
    #[error("database unavailable")]
    Unavailable(#[source] DbErr),
    /// A stored value is not what this version writes.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A value could not be sealed or does not open.
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// The audit record is not complete (clause 8.4).
    #[error("audit record refused: {0}")]
    Audit(#[from] RecordError),
    /// A transaction without an audit record may not be committed.
    #[error("nothing was audited: not committed")]
    NotAudited,
    /// The database is not one this server may use.
    #[error("database not usable: {0}")]
    Unsupported(String),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            // The database's own words may quote a value, so they stay here.
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                return Self::Conflict("the value is already taken".to_owned());
            }
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                return Self::Conflict("the row refers to one that is missing, or is referred to".to_owned());
            }
            _ => {}
        }
        if let DbErr::Query(RuntimeErr::SqlxError(inner)) = &error
            && matches!(**inner, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
        {
            return Self::Corrupt("a column does not hold what its type says".to_owned());
        }
        match error {
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::NotFound,
            DbErr::Type(_) | DbErr::TryIntoErr { .. } | DbErr::Json(_) => {
                Self::Corrupt("a column has another type than expected".to_owned())
            }
            other => Self::Unavailable(other),
        }
    }
}

pub(crate) fn corrupt(table: &str, column: &str) -> StoreError {
    StoreError::Corrupt(format!("{table}.{column}"))
}
