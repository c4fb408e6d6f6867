//! Opening, creating and rotating.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use zeroize::Zeroizing;

use crate::{KekInfo, Result, VaultError, key::Key, keyring::Keyring, password, private_fs};

const ROOT_FILE: &str = "root.key";
const KEYRING_FILE: &str = "keyring.json";
/// The keyring of a creation that has not finished yet.
const FIRST_KEYRING_FILE: &str = "keyring.first.json";
const LOCK_FILE: &str = "lock";
const ROOT_TITLE: &str = "consilium root key 1\n";

/// All keys of one installation. Share it as `Arc<Vault>`.
pub struct Vault {
    folder: PathBuf,
    keyring: RwLock<Arc<Keyring>>,
    dummy_password_hash: String,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("folder", &self.folder)
            .field("active_kek", &self.keyring().active_id())
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault in `folder`, or makes a new one when the folder is empty or absent.
    /// `now_ms` (milliseconds since 1970 UTC) becomes the age of new keys.
    ///
    /// A creation that was cut short is finished or started again; nothing can have been
    /// sealed before it was finished.
    ///
    /// # Errors
    /// Refuses a folder or root key that others can read, a root key that is damaged, one
    /// of the two files without the other, and a keyring that does not open.
    pub fn open_or_create(folder: &Path, now_ms: i64) -> Result<Self> {
        private_fs::private_folder(folder)?;
        let _lock = private_fs::lock(&folder.join(LOCK_FILE))?;
        let keyring_path = folder.join(KEYRING_FILE);
        let first_path = folder.join(FIRST_KEYRING_FILE);
        let keyring = private_fs::read_private(&keyring_path)?;
        let root = read_root(folder)?;
        let keyring = match (root, keyring) {
            (Some(root), Some(bytes)) => Keyring::open(&root, &bytes)?,
            (Some(root), None) => {
                let bytes = private_fs::read_private(&first_path)?
                    .ok_or(VaultError::KeyringMissing { path: keyring_path })?;
                let keyring = Keyring::open(&root, &bytes)?;
                private_fs::rename(&first_path, &folder.join(KEYRING_FILE))?;
                keyring
            }
            (None, Some(_)) => {
                return Err(VaultError::RootKeyMissing {
                    path: folder.join(ROOT_FILE),
                });
            }
            (None, None) => {
                // The root key comes second, so that a root key without any keyring is
                // always a loss and never the trace of a crash.
                let root = Key::random()?;
                let bytes = Keyring::create(&root, now_ms)?;
                private_fs::write_private(&first_path, &bytes)?;
                write_root(folder, &root)?;
                private_fs::rename(&first_path, &keyring_path)?;
                Keyring::open(&root, &bytes)?
            }
        };
        Ok(Self {
            folder: folder.into(),
            keyring: RwLock::new(Arc::new(keyring)),
            dummy_password_hash: password::dummy_hash()?,
        })
    }

    /// Makes a new active key-encryption key. The one before only opens from now on; what
    /// it sealed stays readable. Safe while other threads and processes seal and open;
    /// other processes call [`Vault::reload`]. Gives the number of the new key.
    ///
    /// # Errors
    /// When the root key or the keyring cannot be read, or the new keyring not written; the
    /// old keys then stay in use.
    pub fn rotate_kek(&self, now_ms: i64) -> Result<u32> {
        let _lock = private_fs::lock(&self.folder.join(LOCK_FILE))?;
        // From disk, not from memory: another process may have rotated.
        let (root, current) = self.read_keyring()?;
        let bytes = current.rotated(&root, now_ms)?;
        let next = Keyring::open(&root, &bytes)?;
        private_fs::write_private(&self.folder.join(KEYRING_FILE), &bytes)?;
        let active = next.active_id();
        self.replace(next);
        Ok(active)
    }

    /// Reads the keyring again, after another process rotated it.
    ///
    /// # Errors
    /// As [`Vault::open_or_create`]; the keys in memory then stay in use.
    pub fn reload(&self) -> Result<()> {
        let _lock = private_fs::lock(&self.folder.join(LOCK_FILE))?;
        let (_, keyring) = self.read_keyring()?;
        self.replace(keyring);
        Ok(())
    }

    /// All key-encryption keys, oldest first, for monitoring their age.
    #[must_use]
    pub fn keks(&self) -> Vec<KekInfo> {
        self.keyring().kek_infos()
    }

    /// Hashes a password with argon2id (46 MiB, one pass) over HMAC with the pepper. Gives
    /// a PHC string. Takes tens of milliseconds and 46 MiB: call it on a blocking thread,
    /// behind a limit. Check the length first with [`crate::check_password`].
    ///
    /// # Errors
    /// When no random numbers or not enough memory are to be had.
    pub fn hash_password(&self, password: &str) -> Result<String> {
        password::hash(&self.keyring().pepper, password)
    }

    /// Whether the password is the one hashed. Same cost as [`Vault::hash_password`].
    ///
    /// # Errors
    /// [`VaultError::PasswordHash`] when the stored hash is damaged or would cost more than
    /// this server allows.
    pub fn verify_password(&self, password: &str, stored: &str) -> Result<bool> {
        password::verify(&self.keyring().pepper, password, stored)
    }

    /// Does the work of [`Vault::verify_password`] for an account that does not exist, so
    /// that the time of the answer does not tell.
    ///
    /// # Errors
    /// As [`Vault::verify_password`].
    pub fn verify_dummy(&self, password: &str) -> Result<()> {
        self.verify_password(password, &self.dummy_password_hash)
            .map(|_| ())
    }

    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        // The value behind the lock is only ever replaced whole, so a panic elsewhere
        // cannot have left it half done.
        Arc::clone(&self.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, keyring: Keyring) {
        *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyring);
    }

    fn read_keyring(&self) -> Result<(Key, Keyring)> {
        let root = read_root(&self.folder)?.ok_or_else(|| VaultError::RootKeyMissing {
            path: self.folder.join(ROOT_FILE),
        })?;
        let path = self.folder.join(KEYRING_FILE);
        let bytes = private_fs::read_private(&path)?.ok_or(VaultError::KeyringMissing { path })?;
        let keyring = Keyring::open(&root, &bytes)?;
        Ok((root, keyring))
    }
}

fn read_root(folder: &Path) -> Result<Option<Key>> {
    let path = folder.join(ROOT_FILE);
    let Some(text) = private_fs::read_private(&path)? else {
        return Ok(None);
    };
    let key = text
        .strip_prefix(ROOT_TITLE.as_bytes())
        .and_then(|rest| rest.strip_suffix(b"\n"))
        .and_then(|line| hex::decode(line).ok())
        .map(Zeroizing::new)
        .and_then(|bytes| Key::from_slice(&bytes));
    match key {
        Some(key) => Ok(Some(key)),
        None => Err(VaultError::RootKeyDamaged { path }),
    }
}

fn write_root(folder: &Path, root: &Key) -> Result<()> {
    let line = Zeroizing::new(hex::encode(root.bytes()));
    let text = Zeroizing::new(format!("{ROOT_TITLE}{}\n", line.as_str()));
    private_fs::write_private(&folder.join(ROOT_FILE), text.as_bytes())
}
