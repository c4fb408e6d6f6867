//! Everything that can go wrong in the vault.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why the vault refused or failed. No message holds a secret.
#[derive(Debug, Error)]
pub enum VaultError {
    /// A file of the vault could not be read or written.
    #[error("vault file {path} cannot be used")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Somebody besides the owner may read or write the path.
    #[error(
        "{path} has mode {mode:o}: only its owner may have access \
         (chmod 700 for the folder, 600 for the file)"
    )]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The path exists but is not what belongs there.
    #[error("{path} is not a {expected}")]
    WrongKind {
        /// The path.
        path: PathBuf,
        /// `regular file` or `folder`.
        expected: &'static str,
    },
    /// The root key file is cut short or otherwise not a root key.
    #[error("{path} is not a whole root key file; restore it from its safe copy")]
    RootKeyDamaged {
        /// The root key file.
        path: PathBuf,
    },
    /// There is a keyring but no root key to open it.
    #[error("{path} is missing although a keyring exists; restore it from its safe copy")]
    RootKeyMissing {
        /// The root key file.
        path: PathBuf,
    },
    /// There is a root key but no keyring. A new one would make all sealed data unreadable.
    #[error("{path} is missing although a root key exists; restore it from the backup")]
    KeyringMissing {
        /// The keyring file.
        path: PathBuf,
    },
    /// The keyring was altered, is damaged or belongs to another root key.
    #[error("the keyring does not open: {reason}")]
    KeyringDamaged {
        /// What was found.
        reason: &'static str,
    },
    /// The value names a key-encryption key that is not in the keyring.
    #[error("key-encryption key {kek} is not in the keyring")]
    UnknownKek {
        /// Number of the missing key.
        kek: u32,
    },
    /// The bytes are not a sealed value of a known version.
    #[error("not a sealed value of a known version")]
    Malformed,
    /// The value was changed, moved, cut short or sealed under another key.
    #[error("sealed value does not open")]
    DoesNotOpen,
    /// The input is longer than the format allows.
    #[error("too long to seal")]
    TooLong,
    /// The stored password hash is not one this server may compute.
    #[error("stored password hash is not usable")]
    PasswordHash,
    /// The signature is not one of ours over these bytes in this domain.
    #[error("signature does not match")]
    BadSignature,
    /// The operating system gave no random bytes.
    #[error("no random numbers from the operating system")]
    Random(#[source] getrandom::Error),
}
