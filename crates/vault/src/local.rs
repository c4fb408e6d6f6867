//! Keys for what a page keeps on its own device.

use zeroize::Zeroizing;

use crate::{Vault, key::framed};

impl Vault {
    /// The key under which a page of `account` seals its copy of the document `document`: HKDF (RFC 5869,
    /// expand) below the index key, so the same at each call and after a rotation, and of no use for
    /// anything else or anybody else.
    #[must_use]
    pub fn local_copy_key(&self, account: &str, document: &str) -> Zeroizing<[u8; 32]> {
        let info = framed(&[account.as_bytes(), document.as_bytes()]);
        let keyring = self.keyring();
        // What the index key itself is used for starts with a length; this label cannot be one.
        let copies = keyring.patient_index.derive("consilium.vault.v1.local_copy");
        copies.hmac(&[&info, &[1]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_for_one_account_and_document() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Vault::open_or_create(&folder.path().join("keys"), 1).unwrap();
        let vault = open();
        let key = |account, document| *vault.local_copy_key(account, document);
        assert_eq!(key("a", "c"), key("a", "c"));
        let others = [key("a", "d"), key("b", "c"), key("ac", ""), key("", "ac")];
        assert!(others.iter().all(|other| *other != key("a", "c")));
        vault.rotate_kek(2).unwrap();
        assert_eq!(*vault.local_copy_key("a", "c"), *open().local_copy_key("a", "c"));
    }
}
