//! Encrypted files (clause 8.2.2): every file is sealed before it reaches the object store and is
//! acknowledged only after fsync.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use consilium_domain::{FileId, Timestamp};
use consilium_storage::StoredFile;
use consilium_vault::Vault;
use object_store::{ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path as Key};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::ServiceError;

/// The object store with sealing in front.
#[derive(Clone, Debug)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    vault: Arc<Vault>,
}

impl Files {
    /// Opens (and makes) the folder.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(folder: &Path, vault: Arc<Vault>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            vault,
        })
    }

    /// Seals and stores; the row is the caller's to insert in its transaction. When that fails the
    /// caller takes the file away with [`Files::discard`].
    ///
    /// # Errors
    /// Sealing or the store fails.
    pub async fn put(
        &self,
        purpose: &str,
        plaintext: Bytes,
        now: Timestamp,
    ) -> Result<StoredFile, ServiceError> {
        let id = FileId(Uuid::now_v7());
        let vault = Arc::clone(&self.vault);
        let bytes = i64::try_from(plaintext.len()).map_err(|_| ServiceError::TooLarge)?;
        let (sealed, sha256) = tokio::task::spawn_blocking(move || {
            let digest: [u8; 32] = Sha256::digest(&plaintext).into();
            vault
                .seal_file(&id.to_string(), &plaintext)
                .map(|sealed| (sealed, digest))
        })
        .await??;
        let text = id.0.simple().to_string();
        // The tail of a v7 id is random, its head is time: spread over folders by the tail.
        let path = format!("{}/{text}", text.get(30..).unwrap_or("00"));
        self.store
            .put(&Key::from(path.as_str()), sealed.into())
            .await
            .map_err(unavailable)?;
        Ok(StoredFile {
            id,
            purpose: purpose.to_owned(),
            bytes,
            sha256,
            path,
            created_at: now,
        })
    }

    /// Reads, opens and checks the digest.
    ///
    /// # Errors
    /// The file is gone, altered, or the store fails.
    pub async fn get(&self, file: &StoredFile) -> Result<Bytes, ServiceError> {
        let sealed = self
            .store
            .get(&Key::from(file.path.as_str()))
            .await
            .map_err(unavailable)?
            .bytes()
            .await
            .map_err(unavailable)?;
        let vault = Arc::clone(&self.vault);
        let (id, sha256) = (file.id, file.sha256);
        tokio::task::spawn_blocking(move || {
            let plaintext = vault.open_file(&id.to_string(), &sealed)?;
            let digest: [u8; 32] = Sha256::digest(&plaintext).into();
            if digest != sha256 {
                return Err(ServiceError::Internal(format!(
                    "file {id} has another digest than recorded"
                )));
            }
            Ok(Bytes::from(plaintext))
        })
        .await?
    }

    /// Takes away files whose rows were never committed. Failure leaves an orphan, which is logged.
    pub async fn discard(&self, files: &[StoredFile]) {
        for file in files {
            if let Err(error) = self.store.delete(&Key::from(file.path.as_str())).await {
                tracing::warn!(file.id = %file.id, %error, "an uncommitted file is left behind");
            }
        }
    }
}

fn unavailable(error: object_store::Error) -> ServiceError {
    ServiceError::Internal(format!("object store: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stores_sealed_and_finds_alteration() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Arc::new(Vault::open_or_create(&dir.path().join("keys"), 1).unwrap());
        let files = Files::open(&dir.path().join("files"), vault).unwrap();
        let secret = b"planted name in a file".repeat(100);
        let stored = files
            .put("test", Bytes::from(secret.clone()), Timestamp::from_ms(1))
            .await
            .unwrap();
        assert_eq!(files.get(&stored).await.unwrap(), secret);
        let path = dir.path().join("files").join(&stored.path);
        let mut raw = std::fs::read(&path).unwrap();
        assert!(!raw.windows(12).any(|w| w == b"planted name"));
        let last = raw.len() - 20;
        raw[last] ^= 1;
        std::fs::write(&path, &raw).unwrap();
        assert!(files.get(&stored).await.is_err());
        files.discard(std::slice::from_ref(&stored)).await;
        assert!(!path.exists());
    }
}
