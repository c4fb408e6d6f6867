//! A 256-bit secret and what is computed from it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Result, VaultError, cipher};

pub(crate) const KEY_BYTES: usize = 32;
const HMAC_BLOCK_BYTES: usize = 64;

/// A secret of 256 bits, wiped when dropped, never shown.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl Key {
    pub(crate) fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        fill_random(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// A key for one use, independent of those for other uses: the expand step of HKDF
    /// (RFC 5869) for one block, with the label as `info`.
    pub(crate) fn derive(&self, label: &str) -> Self {
        Self(self.hmac(&[label.as_bytes(), &[1]]))
    }

    /// HMAC-SHA-256 over the parts one after the other.
    pub(crate) fn hmac(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.mac(parts).finalize().into_bytes().into())
    }

    /// Compares in constant time.
    pub(crate) fn hmac_matches(&self, parts: &[&[u8]], expected: &[u8]) -> bool {
        self.mac(parts).verify_slice(expected).is_ok()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        // HMAC pads a short key with zeros to the block size; doing it here makes the
        // length a matter of types.
        let mut block = Zeroizing::new([0; HMAC_BLOCK_BYTES]);
        for (to, from) in block.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        for part in parts {
            mac.update(part);
        }
        mac
    }

    /// Wraps another key under this one, bound to `context`.
    pub(crate) fn wrap(&self, context: &[u8], inner: &Self) -> Result<Vec<u8>> {
        cipher::seal_siv(self, context, inner.bytes())
    }

    pub(crate) fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Self> {
        let inner = cipher::open_siv(self, context, wrapped)?;
        Self::from_slice(&inner).ok_or(VaultError::DoesNotOpen)
    }
}

pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(VaultError::Random)
}

/// The parts, each preceded by its length, so that no two lists give the same bytes.
pub(crate) fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len().saturating_add(8)).sum();
    let mut bytes = Vec::with_capacity(length);
    for part in parts {
        // usize is at most 64 bits wide on every target Rust supports.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        // Test cases 1 and 2; their short keys are zero-padded by HMAC itself.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hex::encode(Key::from_slice(&key).unwrap().hmac(&[b"Hi There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let key = Key::from_slice(&key).unwrap();
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(
            hex::encode(key.hmac(&parts)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(key.hmac_matches(&parts, key.hmac(&parts).as_slice()));
        assert!(!key.hmac_matches(&parts, &[0; 32]));
        assert!(!key.hmac_matches(&parts, &[]));
    }

    #[test]
    fn derivation_agrees_with_rfc_5869() {
        // Test case 3: the pseudorandom key, empty info, first 32 bytes of the output.
        let prk = hex::decode("19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04").unwrap();
        let key = Key::from_slice(&prk).unwrap().derive("");
        assert_eq!(
            hex::encode(key.bytes()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        let key = Key::from_slice(&[0xab; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "Key(hidden)");
    }

    #[test]
    fn wrapping_is_bound_to_its_context() {
        let (outer, inner) = (Key::random().unwrap(), Key::random().unwrap());
        let wrapped = outer.wrap(b"one", &inner).unwrap();
        assert_eq!(outer.unwrap(b"one", &wrapped).unwrap().bytes(), inner.bytes());
        assert!(outer.unwrap(b"two", &wrapped).is_err());
        assert!(inner.unwrap(b"one", &wrapped).is_err());
    }

    #[test]
    fn frames_do_not_run_together() {
        assert_ne!(framed(&[b"ab", b"c"]), framed(&[b"a", b"bc"]));
        assert_ne!(framed(&[b"", b""]), framed(&[b""]));
    }
}
