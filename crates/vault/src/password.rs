//! Password hashes.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{self, phc::PasswordHash},
};
use thiserror::Error;

use crate::{
    Result, VaultError,
    key::{Key, fill_random},
};

/// Fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most characters of a password.
pub const PASSWORD_CHARS_MAX: usize = 128;

const MEMORY_KIB: u32 = 46 * 1024;
const PASSES: u32 = 1;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;

/// A stored hash may ask for this much and no more: whoever can write the table must not be
/// able to use up the server's memory.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 8;
const LANES_MAX: u32 = 4;

/// Why a new password is refused. There are no rules on composition and no forced change:
/// both make passwords worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordRefusal {
    /// Below [`PASSWORD_CHARS_MIN`].
    #[error("the password has fewer than {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// Above [`PASSWORD_CHARS_MAX`].
    #[error("the password has more than {PASSWORD_CHARS_MAX} characters")]
    TooLong,
}

/// Checks a new password.
///
/// # Errors
/// [`PasswordRefusal`] says which rule it breaks.
pub fn check_password(password: &str) -> Result<(), PasswordRefusal> {
    match password.chars().count() {
        ..PASSWORD_CHARS_MIN => Err(PasswordRefusal::TooShort),
        PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX => Ok(()),
        _ => Err(PasswordRefusal::TooLong),
    }
}

/// Whether a stored hash was made with other parameters than those in use now. Hash the
/// password anew after the next success.
#[must_use]
pub fn needs_rehash(stored: &str) -> bool {
    match parse(stored) {
        Ok((hash, params)) => {
            hash.version != Some(Version::V0x13.into())
                || (params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
        }
        Err(_) => true,
    }
}

pub(crate) fn hash(pepper: &Key, password: &str) -> Result<String> {
    let mut salt = [0; SALT_BYTES];
    fill_random(&mut salt)?;
    let hash: PasswordHash = hasher()?
        .hash_password_with_salt(peppered(pepper, password).as_slice(), &salt)
        .map_err(|_| VaultError::PasswordHash)?;
    Ok(hash.to_string())
}

pub(crate) fn verify(pepper: &Key, password: &str, stored: &str) -> Result<bool> {
    let (hash, _) = parse(stored)?;
    match hasher()?.verify_password(peppered(pepper, password).as_slice(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(VaultError::PasswordHash),
    }
}

/// A hash with the parameters in use now that no password is known for.
pub(crate) fn dummy_hash() -> Result<String> {
    let (mut salt, mut output) = ([0; SALT_BYTES], [0; OUTPUT_BYTES]);
    fill_random(&mut salt)?;
    fill_random(&mut output)?;
    Ok(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        data_encoding::BASE64_NOPAD.encode(&salt),
        data_encoding::BASE64_NOPAD.encode(&output),
    ))
}

fn peppered(pepper: &Key, password: &str) -> zeroize::Zeroizing<[u8; 32]> {
    pepper.hmac(&[password.as_bytes()])
}

fn hasher() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).map_err(|_| VaultError::PasswordHash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn parse(stored: &str) -> Result<(PasswordHash, Params)> {
    let refused = |_| VaultError::PasswordHash;
    let hash = PasswordHash::new(stored).map_err(refused)?;
    let params = Params::try_from(&hash).map_err(|_| VaultError::PasswordHash)?;
    let whole = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.salt.is_some()
        && hash.hash.as_ref().is_some_and(|h| h.len() == OUTPUT_BYTES);
    let affordable =
        params.m_cost() <= MEMORY_KIB_MAX && params.t_cost() <= PASSES_MAX && params.p_cost() <= LANES_MAX;
    if whole && affordable {
        Ok((hash, params))
    } else {
        Err(VaultError::PasswordHash)
    }
}
