//! Encrypted files. The bytes are in the object store; here is where and what they are.

use consilium_domain::{FileId, Timestamp};
use sea_orm::{EntityTrait as _, QueryOrder as _};

use crate::{Reader, Result, WriteTx, convert, entity::file};

/// One encrypted file in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Id, to which the encryption is bound.
    pub id: FileId,
    /// What it is for.
    pub purpose: String,
    /// Length of the clear content.
    pub bytes: i64,
    /// SHA-256 of the clear content.
    pub sha256: [u8; 32],
    /// Where it lies in the object store, unique.
    pub path: String,
    /// When it was stored.
    pub created_at: Timestamp,
}

impl StoredFile {
    fn from_row(row: file::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            purpose: row.purpose,
            bytes: row.bytes,
            sha256: convert::hash("files", "sha256", &row.sha256)?,
            path: row.path,
            created_at: Timestamp::from_ms(row.created_at),
        })
    }
}

impl Reader<'_> {
    /// One file.
    ///
    /// # Errors
    /// The store fails.
    pub async fn file(&self, id: FileId) -> Result<Option<StoredFile>> {
        let row = file::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(StoredFile::from_row).transpose()
    }

    /// All files, oldest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn files(&self) -> Result<Vec<StoredFile>> {
        let rows = file::Entity::find()
            .order_by_asc(file::Column::CreatedAt)
            .order_by_asc(file::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(StoredFile::from_row).collect()
    }
}

impl WriteTx {
    /// Records a file.
    ///
    /// # Errors
    /// The id or path is taken, or the store fails.
    pub async fn insert_file(&mut self, file: &StoredFile) -> Result<()> {
        self.insert(file::Model {
            id: file.id.0,
            purpose: file.purpose.clone(),
            bytes: file.bytes,
            sha256: file.sha256.to_vec(),
            path: file.path.clone(),
            created_at: file.created_at.ms(),
        })
        .await
    }
}
