//! AES-256-GCM-SIV (RFC 8452) with a random nonce in front of the ciphertext.
//!
//! Used wherever many short values share one key: should a nonce ever repeat, only the
//! equality of two values shows.

use aes_gcm_siv::{
    Aes256GcmSiv, KeyInit,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use crate::{
    Result, VaultError,
    key::{Key, fill_random},
};

pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// Version of every sealed value this crate writes.
pub(crate) const VERSION: u8 = 1;

/// Numbers of the ciphers in sealed values. 3 is kept for SM4-GCM.
pub(crate) mod algorithm {
    pub(crate) const AES_256_GCM: u8 = 1;
    pub(crate) const AES_256_GCM_SIV: u8 = 2;
}

/// Gives nonce, ciphertext and tag, one after the other.
pub(crate) fn seal_siv(key: &Key, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce)?;
    let sealed = encrypt(key, &nonce, aad, plaintext)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

pub(crate) fn open_siv(key: &Key, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(VaultError::Malformed)?;
    let payload = Payload { msg: sealed, aad };
    Aes256GcmSiv::new(key.bytes().into())
        .decrypt(nonce.into(), payload)
        .map(Zeroizing::new)
        .map_err(|_| VaultError::DoesNotOpen)
}

fn encrypt(key: &Key, nonce: &[u8; NONCE_BYTES], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
    let payload = Payload { msg: plaintext, aad };
    Aes256GcmSiv::new(key.bytes().into())
        .encrypt(nonce.into(), payload)
        .map_err(|_| VaultError::TooLong)
}

/// The first six bytes of every sealed value: version, algorithm, number of the KEK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prefix {
    pub(crate) algorithm: u8,
    pub(crate) kek: u32,
}

impl Prefix {
    pub(crate) const BYTES: usize = 6;

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d] = self.kek.to_be_bytes();
        [VERSION, self.algorithm, a, b, c, d]
    }

    /// Splits the prefix off; refuses other versions and ciphers.
    pub(crate) fn split(sealed: &[u8], algorithm: u8) -> Result<(Self, &[u8])> {
        match sealed.split_first_chunk::<{ Self::BYTES }>() {
            Some(([VERSION, found, a, b, c, d], rest)) if *found == algorithm => {
                let kek = u32::from_be_bytes([*a, *b, *c, *d]);
                Ok((Self { algorithm, kek }, rest))
            }
            _ => Err(VaultError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    #[test]
    fn encryption_agrees_with_rfc_8452() {
        // Appendix C.2 (AEAD_AES_256_GCM_SIV): plaintext, associated data, result.
        let mut key = [0; 32];
        key[0] = 1;
        let key = Key::from_slice(&key).unwrap();
        let mut nonce = [0; NONCE_BYTES];
        nonce[0] = 3;
        for (plaintext, aad, result) in [
            ("", "", "07f5f4169bbf55a8400cd47ea6fd400f"),
            (
                "0100000000000000",
                "",
                "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28",
            ),
            (
                "010000000000000000000000",
                "",
                "9aab2aeb3faa0a34aea8e2b18ca50da9ae6559e48fd10f6e5c9ca17e",
            ),
            (
                "0200000000000000",
                "01",
                "1de22967237a813291213f267e3b452f02d01ae33e4ec854",
            ),
        ] {
            let sealed = encrypt(&key, &nonce, &unhex(aad), &unhex(plaintext)).unwrap();
            assert_eq!(hex::encode(&sealed), result);
            let framed = [nonce.as_slice(), &sealed].concat();
            assert_eq!(*open_siv(&key, &unhex(aad), &framed).unwrap(), unhex(plaintext));
        }
    }

    #[test]
    fn equal_values_seal_differently() {
        let key = Key::random().unwrap();
        let one = seal_siv(&key, b"", b"value").unwrap();
        assert_ne!(one, seal_siv(&key, b"", b"value").unwrap());
        assert_eq!(one.len(), NONCE_BYTES + 5 + TAG_BYTES);
    }

    #[test]
    fn the_prefix_is_read_strictly() {
        let prefix = Prefix {
            algorithm: algorithm::AES_256_GCM_SIV,
            kek: 0x0102_0304,
        };
        let bytes = prefix.to_bytes();
        assert_eq!(bytes, [1, 2, 1, 2, 3, 4]);
        assert_eq!(Prefix::split(&bytes, 2).unwrap().0, prefix);
        assert!(Prefix::split(&bytes, 1).is_err());
        assert!(Prefix::split(&bytes[..5], 2).is_err());
        assert!(Prefix::split(&[2, 2, 1, 2, 3, 4], 2).is_err());
    }
}
