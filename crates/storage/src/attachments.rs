//! Documents and pictures added in a session (clause 7.3 b). Never changed; the content is a sealed file.

use consilium_domain::{AccountId, AttachmentId, ConsultationId, FileId, InstitutionId, Timestamp};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _};

use crate::{Reader, Result, WriteTx, convert, entity::attachment};

const TABLE: &str = "attachments";

/// A document or picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Id.
    pub id: AttachmentId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Whose it is.
    pub institution: InstitutionId,
    /// Who added it.
    pub added_by: AccountId,
    /// The content.
    pub file: FileId,
    /// Its name, masked; sealed.
    pub name: String,
    /// Its type.
    pub media: String,
    /// Bytes.
    pub bytes: i64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// When it was added.
    pub added_at: Timestamp,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment")
            .field("id", &self.id)
            .field("media", &self.media)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    fn attachment_from(&self, row: attachment::Model) -> Result<Attachment> {
        let name = self.open_text(TABLE, "name", &row.id.to_string(), Some(row.name))?;
        Ok(Attachment {
            id: row.id.into(),
            consultation: row.consultation.into(),
            institution: row.institution.into(),
            added_by: row.added_by.into(),
            file: row.file.into(),
            name: name.unwrap_or_default(),
            media: row.media,
            bytes: row.bytes,
            sha256: convert::hash(TABLE, "sha256", &row.sha256)?,
            added_at: Timestamp::from_ms(row.added_at),
        })
    }

    /// One document or picture.
    ///
    /// # Errors
    /// The store fails, or the sealed column does not open.
    pub async fn attachment(&self, id: AttachmentId) -> Result<Option<Attachment>> {
        let row = attachment::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.attachment_from(row)).transpose()
    }

    /// The documents and pictures of a consultation in the order of adding.
    ///
    /// # Errors
    /// The store fails, or the sealed column does not open.
    pub async fn attachments(&self, consultation: ConsultationId) -> Result<Vec<Attachment>> {
        let rows = attachment::Entity::find()
            .filter(attachment::Column::Consultation.eq(consultation.0))
            .order_by_asc(attachment::Column::AddedAt)
            .order_by_asc(attachment::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.attachment_from(row)).collect()
    }

    /// How many documents and pictures a consultation has.
    ///
    /// # Errors
    /// The store fails.
    pub async fn count_attachments(&self, consultation: ConsultationId) -> Result<u64> {
        let of = attachment::Entity::find().filter(attachment::Column::Consultation.eq(consultation.0));
        Ok(of.count(&self.db).await?)
    }
}

impl WriteTx {
    /// Adds a document or picture whose file row is there.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_attachment(&mut self, of: &Attachment) -> Result<()> {
        let name = self.seal(TABLE, "name", &of.id.to_string(), of.name.as_bytes())?;
        self.insert(attachment::Model {
            id: of.id.0,
            consultation: of.consultation.0,
            institution: of.institution.0,
            added_by: of.added_by.0,
            file: of.file.0,
            name,
            media: of.media.clone(),
            bytes: of.bytes,
            sha256: of.sha256.to_vec(),
            added_at: of.added_at.ms(),
        })
        .await
    }
}
