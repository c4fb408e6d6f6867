//! Ed25519 signatures (RFC 8032) over bytes in a named domain.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::{Result, Vault, VaultError, key::framed};

/// A signature and the key it was made with. Written as `key id:signature`, the latter in
/// URL-safe base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Which key: see [`PublicKey::key_id`].
    pub key_id: String,
    /// The 64 bytes of Ed25519.
    pub bytes: [u8; 64],
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key_id, BASE64URL_NOPAD.encode(&self.bytes))
    }
}

impl FromStr for Signature {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self> {
        let (key_id, bytes) = text.split_once(':').ok_or(VaultError::BadSignature)?;
        let bytes = BASE64URL_NOPAD
            .decode(bytes.as_bytes())
            .map_err(|_| VaultError::BadSignature)?;
        Ok(Self {
            key_id: key_id.into(),
            bytes: bytes.try_into().map_err(|_| VaultError::BadSignature)?,
        })
    }
}

/// What others need to check our signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The first 64 bits of the SHA-256 of the key, as 16 hexadecimal characters.
    pub key_id: String,
    /// The 32 bytes of Ed25519.
    pub bytes: [u8; 32],
    /// When the key was made, milliseconds since 1970 UTC.
    pub created_at_ms: i64,
}

impl PublicKey {
    fn new(key: &VerifyingKey, created_at_ms: i64) -> Self {
        let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let (kept, _) = hash.split_at_checked(8).unwrap_or_default();
        Self {
            key_id: hex::encode(kept),
            bytes: key.to_bytes(),
            created_at_ms,
        }
    }

    /// Checks a signature without a vault.
    ///
    /// # Errors
    /// [`VaultError::BadSignature`] when key, domain or bytes are not those signed.
    pub fn verify(&self, domain: &str, message: &[u8], signature: &Signature) -> Result<()> {
        if signature.key_id != self.key_id {
            return Err(VaultError::BadSignature);
        }
        VerifyingKey::from_bytes(&self.bytes)
            .and_then(|key| {
                let signature = ed25519_dalek::Signature::from_bytes(&signature.bytes);
                key.verify_strict(&signed_bytes(domain, message), &signature)
            })
            .map_err(|_| VaultError::BadSignature)
    }
}

fn signed_bytes(domain: &str, message: &[u8]) -> Vec<u8> {
    framed(&[b"consilium.vault.v1.signature", domain.as_bytes(), message])
}

impl Vault {
    /// Signs `message`. `domain` names its kind, such as `audit.checkpoint` or
    /// `opinion.final`: a signature for one kind never passes for another.
    #[must_use]
    pub fn sign(&self, domain: &str, message: &[u8]) -> Signature {
        let keyring = self.keyring();
        let signature = keyring.signing.sign(&signed_bytes(domain, message));
        let key = PublicKey::new(&keyring.signing.verifying_key(), 0);
        Signature {
            key_id: key.key_id,
            bytes: signature.to_bytes(),
        }
    }

    /// Checks a signature of this installation.
    ///
    /// # Errors
    /// [`VaultError::BadSignature`] when key, domain or bytes are not those signed.
    pub fn verify_signature(&self, domain: &str, message: &[u8], signature: &Signature) -> Result<()> {
        self.public_keys()
            .iter()
            .find(|key| key.key_id == signature.key_id)
            .ok_or(VaultError::BadSignature)?
            .verify(domain, message, signature)
    }

    /// All keys whose signatures are valid, to publish.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let keyring = self.keyring();
        let key = keyring.signing.verifying_key();
        vec![PublicKey::new(&key, keyring.signing_created_at_ms)]
    }
}
