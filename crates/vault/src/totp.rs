//! Time-based one-time codes (RFC 6238): SHA-1, six digits, thirty seconds.

use std::fmt;

use totp_rs::Totp;
use zeroize::Zeroizing;

use crate::{
    Result, Vault, VaultError,
    cipher::{self, Prefix, algorithm},
    key::{fill_random, framed},
};

/// Seconds a code lasts.
pub const TOTP_STEP_SECONDS: i64 = 30;

const STEP_MS: i64 = TOTP_STEP_SECONDS * 1000;
const DIGITS: usize = 6;
const SECRET_BYTES: usize = 20;

/// The secret shared with an authenticator: 160 bits, wiped when dropped, never shown.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(hidden)")
    }
}

impl TotpSecret {
    /// A random secret.
    ///
    /// # Errors
    /// When no random numbers are to be had.
    pub fn new_secret() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        fill_random(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// A secret of exactly 20 bytes; `None` for any other length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        if bytes.len() != SECRET_BYTES {
            return None;
        }
        secret.copy_from_slice(bytes);
        Some(Self(secret))
    }

    /// A secret from the text shown to the user; case and spaces do not matter.
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        let text: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|c| *c != ' ')
                .map(|c| c.to_ascii_uppercase())
                .collect(),
        );
        let bytes = data_encoding::BASE32_NOPAD.decode(text.as_bytes()).ok()?;
        Self::from_bytes(&Zeroizing::new(bytes))
    }

    /// The secret as 32 characters to type into an authenticator.
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(data_encoding::BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// The 20 bytes, for sealing. Every call site is a place to review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The address an authenticator reads from a two-dimensional code. Colons, which would
    /// split the label, are dropped from both names.
    #[must_use]
    pub fn provisioning_uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}\
             &algorithm=SHA1&digits={DIGITS}&period={TOTP_STEP_SECONDS}",
            self.base32().as_str(),
        ))
    }

    /// Checks a code at `now_ms` (milliseconds since 1970 UTC), allowing one step of clock
    /// difference either way, and gives the step it belongs to.
    ///
    /// A step counts only once: pass the last one accepted (0 if none), and store the one
    /// given in the same act, with `last_step < given` as its condition.
    #[must_use]
    pub fn verify(&self, code: &str, now_ms: i64, last_step: i64) -> Option<i64> {
        if code.len() != DIGITS || !code.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let totp = self.totp(0)?;
        let now_step = now_ms.div_euclid(STEP_MS);
        let mut matched = None;
        // Always three comparisons, so that time does not tell which step it was.
        for step in now_step.saturating_sub(1)..=now_step.saturating_add(1) {
            let hit = step_seconds(step).and_then(|seconds| totp.check(code, seconds));
            if hit.is_some() && step > last_step && matched.is_none() {
                matched = Some(step);
            }
        }
        matched
    }

    /// The code at `now_ms`, as an authenticator shows it. For tests and demonstrations;
    /// `None` before 1970.
    #[must_use]
    pub fn code_at(&self, now_ms: i64) -> Option<String> {
        let seconds = step_seconds(now_ms.div_euclid(STEP_MS))?;
        Some(self.totp(0)?.generate(seconds).to_string())
    }

    fn totp(&self, skew: u16) -> Option<Totp> {
        totp_rs::Builder::new()
            .with_secret(*self.0)
            .with_skew(skew)
            .build()
            .ok()
    }
}

/// First second of a step.
fn step_seconds(step: i64) -> Option<u64> {
    step.checked_mul(TOTP_STEP_SECONDS)?.try_into().ok()
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes().filter(|b| *b != b':' && !b.is_ascii_control()) {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Vault {
    /// Seals the secret of one account under the key kept for this purpose.
    ///
    /// # Errors
    /// When no random numbers are to be had.
    pub fn seal_totp(&self, account_id: &str, secret: &TotpSecret) -> Result<Vec<u8>> {
        let aad = seed_context(account_id);
        let sealed = cipher::seal_siv(&self.keyring().totp, &aad, secret.0.as_slice())?;
        Ok([PREFIX.to_bytes().as_slice(), &sealed].concat())
    }

    /// Opens a secret sealed for the same account.
    ///
    /// # Errors
    /// When it was changed, belongs to another account, or is no sealed secret.
    pub fn open_totp(&self, account_id: &str, sealed: &[u8]) -> Result<TotpSecret> {
        let (prefix, rest) = Prefix::split(sealed, algorithm::AES_256_GCM_SIV)?;
        if prefix != PREFIX {
            return Err(VaultError::Malformed);
        }
        let bytes = cipher::open_siv(&self.keyring().totp, &seed_context(account_id), rest)?;
        TotpSecret::from_bytes(&bytes).ok_or(VaultError::DoesNotOpen)
    }
}

/// Number 0 stands for a purpose key, which rotation leaves as it is.
const PREFIX: Prefix = Prefix {
    algorithm: algorithm::AES_256_GCM_SIV,
    kek: 0,
};

fn seed_context(account_id: &str) -> Vec<u8> {
    framed(&[b"consilium.vault.v1.totp", account_id.as_bytes()])
}
