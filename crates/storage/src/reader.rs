//! What reads have in common: a connection or transaction, and the vault to open sealed columns.

use std::sync::Arc;

use consilium_vault::{FieldContext, Vault};
use sea_orm::{DatabaseExecutor, EntityTrait, QuerySelect as _, Select, sea_query::LockType};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Result,
    convert::{from_json, to_json},
};

/// Queries. Obtained from [`Store::reader`](crate::Store::reader); a [`WriteTx`](crate::WriteTx)
/// dereferences to one that reads inside the transaction. There, reading a consultation, its invitations,
/// a patient or a room also keeps others from changing it until the transaction ends.
pub struct Reader<'s> {
    pub(crate) db: DatabaseExecutor<'s>,
    pub(crate) vault: Arc<Vault>,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

impl Reader<'_> {
    /// Locks the rows a transaction reads in order to change them. Outside a transaction it does nothing;
    /// SQLite has one writer at a time and needs no row locks.
    pub(crate) fn locking<E: EntityTrait>(&self, select: Select<E>) -> Select<E> {
        match self.db {
            DatabaseExecutor::OwnedTransaction(_) => select.lock(LockType::NoKeyUpdate),
            DatabaseExecutor::Connection(_) | DatabaseExecutor::Transaction(_) => select,
        }
    }

    pub(crate) fn seal(&self, table: &str, column: &str, row: &str, clear: &[u8]) -> Result<Vec<u8>> {
        Ok(self
            .vault
            .seal_field(&FieldContext { table, column, row }, clear)?)
    }

    pub(crate) fn open(&self, table: &str, column: &str, row: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let clear = self
            .vault
            .open_field(&FieldContext { table, column, row }, sealed)?;
        Ok(clear.to_vec())
    }

    /// Seals a text that may be missing.
    pub(crate) fn seal_text(
        &self,
        table: &str,
        column: &str,
        row: &str,
        clear: Option<&str>,
    ) -> Result<Option<Vec<u8>>> {
        clear
            .map(|text| self.seal(table, column, row, text.as_bytes()))
            .transpose()
    }

    /// Opens a text that may be missing.
    pub(crate) fn open_text(
        &self,
        table: &str,
        column: &str,
        row: &str,
        sealed: Option<Vec<u8>>,
    ) -> Result<Option<String>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let clear = self.open(table, column, row, &sealed)?;
        String::from_utf8(clear)
            .map(Some)
            .map_err(|_| crate::error::corrupt(table, column))
    }

    pub(crate) fn seal_json<T: Serialize>(
        &self,
        table: &str,
        column: &str,
        row: &str,
        value: &T,
    ) -> Result<Vec<u8>> {
        self.seal(table, column, row, to_json(table, column, value)?.as_bytes())
    }

    pub(crate) fn open_json<T: DeserializeOwned>(
        &self,
        table: &str,
        column: &str,
        row: &str,
        sealed: &[u8],
    ) -> Result<T> {
        let clear = self
            .vault
            .open_field(&FieldContext { table, column, row }, sealed)?;
        from_json(table, column, &clear)
    }
}
