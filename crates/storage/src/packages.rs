//! Versions of case packages (clause 7.2 g). Once frozen, a version's content and hash never change; only
//! its state moves on.

use consilium_domain::{ConsultationId, PackageId, PackageState, Timestamp};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, sea_query::Expr,
};

use crate::{
    Reader, Result, StoreError, WriteTx, convert,
    entity::{package, package_content},
};

const TABLE: &str = "packages";
const CONTENTS: &str = "package_contents";

/// One version of a case package, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Id.
    pub id: PackageId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Version, from 1.
    pub version: i32,
    /// State.
    pub state: PackageState,
    /// Digest over what it was built from, hex: tells whether anything has changed since.
    pub source_hash: String,
    /// SHA-256 of its manifest, hex; empty before it is frozen.
    pub manifest_hash: String,
    /// Core elements present and valid, and those that apply.
    pub core: (i64, i64),
    /// The same of the others.
    pub non_core: (i64, i64),
    /// Rows in it.
    pub items: i32,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was frozen.
    pub frozen_at: Option<Timestamp>,
}

fn from_row(row: package::Model) -> Result<Package> {
    Ok(Package {
        id: row.id.into(),
        consultation: row.consultation.into(),
        version: row.version,
        state: convert::code(TABLE, "state", &row.state)?,
        source_hash: row.source_hash,
        manifest_hash: row.manifest_hash,
        core: (row.core_part, row.core_whole),
        non_core: (row.non_core_part, row.non_core_whole),
        items: row.items,
        created_at: Timestamp::from_ms(row.created_at),
        frozen_at: row.frozen_at.map(Timestamp::from_ms),
    })
}

fn to_row(package: &Package) -> package::Model {
    package::Model {
        id: package.id.0,
        consultation: package.consultation.0,
        version: package.version,
        state: package.state.code().to_owned(),
        source_hash: package.source_hash.clone(),
        manifest_hash: package.manifest_hash.clone(),
        core_part: package.core.0,
        core_whole: package.core.1,
        non_core_part: package.non_core.0,
        non_core_whole: package.non_core.1,
        items: package.items,
        created_at: package.created_at.ms(),
        frozen_at: package.frozen_at.map(Timestamp::ms),
    }
}

impl Reader<'_> {
    /// All versions of a consultation's package, newest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn packages(&self, consultation: ConsultationId) -> Result<Vec<Package>> {
        let rows = package::Entity::find()
            .filter(package::Column::Consultation.eq(consultation.0))
            .order_by_desc(package::Column::Version)
            .all(&self.db)
            .await?;
        rows.into_iter().map(from_row).collect()
    }

    /// What a version holds, as it was given.
    ///
    /// # Errors
    /// The store fails, or the sealed column does not open.
    pub async fn package_content(&self, id: PackageId) -> Result<Option<Vec<u8>>> {
        let row = package_content::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.open(CONTENTS, "content", &id.to_string(), &row.content))
            .transpose()
    }
}

impl WriteTx {
    /// Adds a version with what it holds, which is sealed.
    ///
    /// # Errors
    /// The version exists, or the store fails.
    pub async fn insert_package(&mut self, package: &Package, content: &[u8]) -> Result<()> {
        let sealed = self.seal(CONTENTS, "content", &package.id.to_string(), content)?;
        self.insert(to_row(package)).await?;
        self.insert(package_content::Model {
            package: package.id.0,
            content: sealed,
        })
        .await
    }

    /// Replaces a version that is not frozen yet, and what it holds.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is frozen or gone, or the store fails.
    pub async fn replace_package(&mut self, package: &Package, content: &[u8]) -> Result<()> {
        let open = [PackageState::Building.code(), PackageState::Validated.code()];
        let done = package::Entity::update_many()
            .set(to_row(package).into_active_model().reset_all())
            .filter(package::Column::Id.eq(package.id.0))
            .filter(package::Column::State.is_in(open))
            .exec(&self.reader.db)
            .await?;
        if done.rows_affected != 1 {
            return Err(StoreError::Conflict("the package is frozen".to_owned()));
        }
        let sealed = self.seal(CONTENTS, "content", &package.id.to_string(), content)?;
        package_content::Entity::update_many()
            .col_expr(package_content::Column::Content, Expr::value(sealed))
            .filter(package_content::Column::Package.eq(package.id.0))
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }

    /// Moves a version on from the state it is in.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is in another state, or the store fails.
    pub async fn move_package(&mut self, id: PackageId, from: PackageState, to: PackageState) -> Result<()> {
        let done = package::Entity::update_many()
            .col_expr(package::Column::State, Expr::value(to.code()))
            .filter(package::Column::Id.eq(id.0))
            .filter(package::Column::State.eq(from.code()))
            .exec(&self.reader.db)
            .await?;
        if done.rows_affected == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict("the package is in another state".to_owned()))
        }
    }
}
