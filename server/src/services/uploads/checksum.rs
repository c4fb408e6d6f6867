//! Checksums of what one request sends (tus 1.0.0, checksum extension).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::error::ServiceError;

/// The algorithms, as `Tus-Checksum-Algorithm` lists them.
pub const ALGORITHMS: &str = "sha256,sha1";

/// What was announced, and what came so far.
#[derive(Clone, Debug)]
pub struct Checksum {
    expected: Vec<u8>,
    hasher: Hasher,
}

#[derive(Clone, Debug)]
enum Hasher {
    Sha256(Sha256),
    Sha1(Sha1),
}

impl Checksum {
    /// Reads `Upload-Checksum`: the algorithm and the base64 of the digest.
    ///
    /// # Errors
    /// 400 for another algorithm or something that is no digest of it.
    pub fn parse(header: &str) -> Result<Self, ServiceError> {
        let (algorithm, digest) = header.split_once(' ').ok_or(ServiceError::Malformed)?;
        let (hasher, length) = match algorithm {
            "sha256" => (Hasher::Sha256(Sha256::new()), 32),
            "sha1" => (Hasher::Sha1(Sha1::new()), 20),
            _ => return Err(ServiceError::Malformed),
        };
        let expected = STANDARD
            .decode(digest.trim())
            .map_err(|_| ServiceError::Malformed)?;
        if expected.len() != length {
            return Err(ServiceError::Malformed);
        }
        Ok(Self { expected, hasher })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.hasher {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sha1(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn fits(self) -> bool {
        match self.hasher {
            Hasher::Sha256(hasher) => hasher.finalize().as_slice() == self.expected,
            Hasher::Sha1(hasher) => hasher.finalize().as_slice() == self.expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(header: &str, parts: &[&[u8]]) -> bool {
        let mut checksum = Checksum::parse(header).unwrap();
        for part in parts {
            checksum.update(part);
        }
        checksum.fits()
    }

    #[test]
    fn digests_are_compared_over_all_parts() {
        let sha1 = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=";
        assert!(fits(sha1, &[b"hello ", b"world"]));
        assert!(!fits(sha1, &[b"hello world."]));
        let sha256 = "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=";
        assert!(fits(sha256, &[b"hello world"]));
        assert!(!fits(sha256, &[]));
        for wrong in [
            "",
            "sha1",
            "md5 XrY7u+Ae7tCTyyK7j1rNww==",
            "sha256 AAAA",
            "sha1 no base64",
        ] {
            assert!(Checksum::parse(wrong).is_err(), "{wrong}");
        }
    }
}
