//! Signed opinions (阶段性会诊意见). Never changed: a new version is a new row.

use std::collections::HashMap;

use consilium_domain::{AccountId, Clear, ConsultationId, InstitutionId, OpinionId, Timestamp};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::{
    Reader, Result, WriteTx, convert,
    entity::{opinion, opinion_revision},
    error::corrupt,
};

const TABLE: &str = "opinions";

/// A signed opinion of one expert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// Id.
    pub id: OpinionId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Who signed it.
    pub author: AccountId,
    /// The author's institution.
    pub institution: InstitutionId,
    /// Version of this author's opinion, from 1.
    pub version: i32,
    /// Text; sealed.
    pub text: Clear<String>,
    /// Differs from the majority.
    pub dissent: bool,
    /// Annotations it cites.
    pub cites: Vec<String>,
    /// When it was signed.
    pub submitted_at: Timestamp,
    /// SHA-256 of the signed content.
    pub content_hash: [u8; 32],
    /// Signature over the content.
    pub signature: Vec<u8>,
    /// Key that signed.
    pub key_id: String,
    /// When its author took it up again to write a new version; not part of what was signed.
    pub reopened_at: Option<Timestamp>,
}

impl Reader<'_> {
    pub(crate) fn opinion_from(&self, row: opinion::Model) -> Result<Opinion> {
        let text = self.open(TABLE, "text", &row.id.to_string(), &row.text)?;
        Ok(Opinion {
            id: row.id.into(),
            consultation: row.consultation.into(),
            author: row.author.into(),
            institution: row.institution.into(),
            version: row.version,
            text: Clear::new(String::from_utf8(text).map_err(|_| corrupt(TABLE, "text"))?),
            dissent: row.dissent,
            cites: convert::from_json(TABLE, "cites", row.cites.as_bytes())?,
            submitted_at: Timestamp::from_ms(row.submitted_at),
            content_hash: convert::hash(TABLE, "content_hash", &row.content_hash)?,
            signature: row.signature,
            key_id: row.key_id,
            reopened_at: None,
        })
    }

    /// All opinions of a consultation, every version, in the order of signing.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn opinions(&self, consultation: ConsultationId) -> Result<Vec<Opinion>> {
        let rows = opinion::Entity::find()
            .filter(opinion::Column::Consultation.eq(consultation.0))
            .order_by_asc(opinion::Column::SubmittedAt)
            .order_by_asc(opinion::Column::Version)
            .order_by_asc(opinion::Column::Id)
            .all(&self.db)
            .await?;
        let opened: HashMap<_, _> = opinion_revision::Entity::find()
            .filter(opinion_revision::Column::Opinion.is_in(rows.iter().map(|row| row.id)))
            .all(&self.db)
            .await?
            .into_iter()
            .map(|row| (row.opinion, row.opened_at))
            .collect();
        rows.into_iter()
            .map(|row| {
                let reopened_at = opened.get(&row.id).copied().map(Timestamp::from_ms);
                Ok(Opinion {
                    reopened_at,
                    ..self.opinion_from(row)?
                })
            })
            .collect()
    }
}

impl WriteTx {
    /// Adds an opinion.
    ///
    /// # Errors
    /// The author already has this version, a reference is unknown, or the store fails.
    pub async fn insert_opinion(&mut self, opinion: &Opinion) -> Result<()> {
        let text = opinion.text.expose().as_bytes();
        let text = self.seal(TABLE, "text", &opinion.id.to_string(), text)?;
        self.insert(opinion::Model {
            id: opinion.id.0,
            consultation: opinion.consultation.0,
            author: opinion.author.0,
            institution: opinion.institution.0,
            version: opinion.version,
            text,
            dissent: opinion.dissent,
            cites: convert::to_json(TABLE, "cites", &opinion.cites)?,
            submitted_at: opinion.submitted_at.ms(),
            content_hash: opinion.content_hash.to_vec(),
            signature: opinion.signature.clone(),
            key_id: opinion.key_id.clone(),
        })
        .await
    }

    /// Notes that the author of a signed opinion writes a new version.
    ///
    /// # Errors
    /// It was noted before, or the store fails.
    pub async fn reopen_opinion(&mut self, opinion: OpinionId, at: Timestamp) -> Result<()> {
        self.insert(opinion_revision::Model {
            opinion: opinion.0,
            opened_at: at.ms(),
        })
        .await
    }
}
