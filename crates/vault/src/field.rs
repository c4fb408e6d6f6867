//! Sealed fields: single values in table columns.

use zeroize::Zeroizing;

use crate::{
    Result, Vault,
    cipher::{self, Prefix, algorithm},
    key::framed,
};

/// Where a sealed value lives. A value opens only in the place it was sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldContext<'a> {
    /// Table name.
    pub table: &'a str,
    /// Column name.
    pub column: &'a str,
    /// Id of the row.
    pub row: &'a str,
}

impl FieldContext<'_> {
    fn associated_data(&self, prefix: Prefix) -> Vec<u8> {
        framed(&[
            b"consilium.vault.v1.field",
            &prefix.to_bytes(),
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
        ])
    }
}

impl Vault {
    /// Seals a value with AES-256-GCM-SIV for one place. The result is version (1 byte),
    /// algorithm (1), number of the key-encryption key (4, big-endian), nonce (12),
    /// ciphertext and tag (16): 34 bytes longer than the value.
    ///
    /// # Errors
    /// When no random numbers are to be had, or the value is longer than 64 GiB.
    pub fn seal_field(&self, context: &FieldContext<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
        let keyring = self.keyring();
        let (kek, keys) = keyring.active()?;
        let prefix = Prefix {
            algorithm: algorithm::AES_256_GCM_SIV,
            kek,
        };
        let aad = context.associated_data(prefix);
        let sealed = cipher::seal_siv(&keys.field, &aad, plaintext)?;
        Ok([prefix.to_bytes().as_slice(), &sealed].concat())
    }

    /// Opens a value sealed by [`Vault::seal_field`] for the same place.
    ///
    /// # Errors
    /// When the value was changed, moved from another place, or is no sealed value.
    pub fn open_field(&self, context: &FieldContext<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (prefix, rest) = Prefix::split(sealed, algorithm::AES_256_GCM_SIV)?;
        let keyring = self.keyring();
        let keys = keyring.kek(prefix.kek)?;
        cipher::open_siv(&keys.field, &context.associated_data(prefix), rest)
    }
}
