//! Encrypted files (clause 8.2.2): every file is sealed before it reaches the object store and is
//! acknowledged only after fsync.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

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
    folder: PathBuf,
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
            folder: folder.to_owned(),
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

    /// Seals a piece of something that is not whole yet and stores it at a place of the caller's choice, to
    /// which it is bound; what was there before is replaced. Durable when this returns.
    ///
    /// # Errors
    /// Sealing or the store fails.
    pub async fn put_piece(&self, place: &str, plaintext: Vec<u8>) -> Result<(), ServiceError> {
        let vault = Arc::clone(&self.vault);
        let bound = place.to_owned();
        let sealed = tokio::task::spawn_blocking(move || vault.seal_file(&bound, &plaintext)).await??;
        self.store
            .put(&Key::from(place), sealed.into())
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    /// Reads a piece.
    ///
    /// # Errors
    /// The piece is gone, altered, or the store fails.
    pub async fn get_piece(&self, place: &str) -> Result<Vec<u8>, ServiceError> {
        let sealed = self.store.get(&Key::from(place)).await.map_err(unavailable)?;
        let sealed = sealed.bytes().await.map_err(unavailable)?;
        let vault = Arc::clone(&self.vault);
        let bound = place.to_owned();
        Ok(tokio::task::spawn_blocking(move || vault.open_file(&bound, &sealed)).await??)
    }

    /// Takes away all pieces below a place, and what a kill left half written among them. Nothing there is
    /// no error.
    ///
    /// # Errors
    /// The store fails.
    pub async fn remove_pieces(&self, place: &str) -> Result<(), ServiceError> {
        match tokio::fs::remove_dir_all(self.folder.join(place)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(ServiceError::Internal(format!("file store: {}", error.kind())))
            }
            _ => Ok(()),
        }
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
    #[tokio::test]
    async fn pieces_are_sealed_bound_to_their_place_and_go_together() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Arc::new(Vault::open_or_create(&dir.path().join("keys"), 1).unwrap());
        let folder = dir.path().join("files");
        let files = Files::open(&folder, vault).unwrap();
        let secret = b"planted name in a piece".to_vec();
        files.put_piece("uploads/a/0", vec![0; 9]).await.unwrap();
        files.put_piece("uploads/a/0", secret.clone()).await.unwrap();
        assert_eq!(files.get_piece("uploads/a/0").await.unwrap(), secret);
        let raw = std::fs::read(folder.join("uploads/a/0")).unwrap();
        assert!(!raw.windows(12).any(|w| w == b"planted name"));
        std::fs::rename(folder.join("uploads/a/0"), folder.join("uploads/a/1")).unwrap();
        assert!(files.get_piece("uploads/a/1").await.is_err());
        assert!(files.get_piece("uploads/a/0").await.is_err());
        files.remove_pieces("uploads/a").await.unwrap();
        files.remove_pieces("uploads/a").await.unwrap();
        assert!(!folder.join("uploads/a").exists());
    }
}
