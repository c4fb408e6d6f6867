//! Medical institutions.

use consilium_domain::InstitutionId;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::{Reader, Result, WriteTx, entity::institution, error::corrupt};

/// A medical institution (医疗机构).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// Id.
    pub id: InstitutionId,
    /// Its code, unique.
    pub code: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Number of its colour in the palette.
    pub colour: u8,
    /// Runs the platform and is never invited.
    pub platform: bool,
}

impl Institution {
    fn from_row(row: institution::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            code: row.code,
            name_zh: row.name_zh,
            name_en: row.name_en,
            colour: row
                .colour
                .try_into()
                .map_err(|_| corrupt("institutions", "colour"))?,
            platform: row.platform,
        })
    }
}

impl Reader<'_> {
    /// One institution.
    ///
    /// # Errors
    /// The store fails.
    pub async fn institution(&self, id: InstitutionId) -> Result<Option<Institution>> {
        let row = institution::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(Institution::from_row).transpose()
    }

    /// The institution with this code.
    ///
    /// # Errors
    /// The store fails.
    pub async fn institution_by_code(&self, code: &str) -> Result<Option<Institution>> {
        let row = institution::Entity::find()
            .filter(institution::Column::Code.eq(code))
            .one(&self.db)
            .await?;
        row.map(Institution::from_row).transpose()
    }

    /// All institutions by code.
    ///
    /// # Errors
    /// The store fails.
    pub async fn institutions(&self) -> Result<Vec<Institution>> {
        let rows = institution::Entity::find()
            .order_by_asc(institution::Column::Code)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Institution::from_row).collect()
    }
}

impl WriteTx {
    /// Adds an institution.
    ///
    /// # Errors
    /// The code is taken, or the store fails.
    pub async fn insert_institution(&mut self, institution: &Institution) -> Result<()> {
        self.insert(institution::Model {
            id: institution.id.0,
            code: institution.code.clone(),
            name_zh: institution.name_zh.clone(),
            name_en: institution.name_en.clone(),
            colour: institution.colour.into(),
            platform: institution.platform,
        })
        .await
    }
}
