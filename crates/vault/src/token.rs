//! Session tokens.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    Result,
    key::{KEY_BYTES, fill_random},
};

/// A new token of 256 random bits as 43 URL-safe characters for the client, and its hash
/// to store. The token itself is not to be stored.
///
/// # Errors
/// When no random numbers are to be had.
pub fn new_token() -> Result<(String, [u8; 32])> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    fill_random(bytes.as_mut_slice())?;
    let token = BASE64URL_NOPAD.encode(bytes.as_slice());
    let hash = token_hash(&token);
    Ok((token, hash))
}

/// SHA-256 of a token as the client sent it. A slow hash would add nothing: 256 random bits
/// cannot be guessed.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_are_long_and_differ() {
        let tokens: HashSet<String> = (0..1000).map(|_| new_token().unwrap().0).collect();
        assert_eq!(tokens.len(), 1000);
        for token in tokens {
            assert_eq!(token.len(), 43);
            assert!(
                token
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            );
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(
            hex::encode(token_hash("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let (token, hash) = new_token().unwrap();
        assert_eq!(token_hash(&token), hash);
    }
}
