//! Keys, sealed values, passwords, one-time codes, tokens and signatures.
//!
//! Clause 8.2.2 asks for three levels of keys, and they are:
//!
//! 1. the **root key**, alone in a file only its owner can read. It is read when the vault
//!    is opened or its keys are rotated and is not kept in memory in between;
//! 2. **key-encryption keys** (KEK), numbered, wrapped by the root key in the keyring file.
//!    One is active and seals; the older ones only open. See [`Vault::rotate_kek`];
//! 3. **data keys**: one for all fields sealed under a KEK, derived from it by
//!    HMAC-SHA-256; one for each file, random, wrapped under the KEK in the file's header;
//!    and one for each purpose (patient index, password pepper, one-time code seeds,
//!    signatures), random, wrapped under the KEK in the keyring.
//!
//! Start at [`Vault::open_or_create`]. The crate runs on Unix servers only, because it
//! relies on file modes. It has no clock: times are arguments, in milliseconds since 1970
//! UTC. It must never log, and no `Debug` here shows a secret.

mod cipher;
mod error;
mod field;
mod file;
mod key;
mod keyring;
mod local;
mod password;
mod patient;
mod private_fs;
mod signature;
mod token;
mod totp;
mod vault;

pub use error::VaultError;
pub use field::FieldContext;
pub use file::{CHUNK_BYTES, FILE_HEADER_BYTES, FileOpener, FileSealer, sealed_file_bytes};
pub use keyring::{KekInfo, KekState};
pub use password::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, PasswordRefusal, check_password, needs_rehash};
pub use patient::canonical_number;
pub use signature::{PublicKey, Signature};
pub use token::{new_token, token_hash};
pub use totp::{TOTP_STEP_SECONDS, TotpSecret};
pub use vault::Vault;

/// Outcome of a vault call.
pub type Result<T, E = VaultError> = std::result::Result<T, E>;
