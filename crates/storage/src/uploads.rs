//! Resumable uploads: what was announced, how much is durable, and what became of the content. File names and
//! answers are sealed.

use consilium_domain::{
    AccountId, ConsultationId, Timestamp, UploadId, UploadKind, UploadPurpose, UploadState,
};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, LockType},
};
use serde_json::Value;

use crate::{
    Reader, Result, StoreError, WriteTx, convert,
    entity::{account, audit, upload},
};

const TABLE: &str = "uploads";

/// States in which bytes are kept.
const HOLDING: [UploadState; 3] = [UploadState::Open, UploadState::Received, UploadState::Unconfirmed];

/// One upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Id.
    pub id: UploadId,
    /// Who sends it; nobody else may.
    pub account: AccountId,
    /// Whole, a part, or put together from parts.
    pub kind: UploadKind,
    /// What it is for; absent for a part.
    pub purpose: Option<UploadPurpose>,
    /// The consultation it belongs to; absent for a part.
    pub consultation: Option<ConsultationId>,
    /// Where it stands.
    pub state: UploadState,
    /// Bytes announced.
    pub length: i64,
    /// Bytes that are durable.
    pub received: i64,
    /// Pieces they came in.
    pub pieces: i32,
    /// How often the content was tried.
    pub attempts: i32,
    /// What the sender said of it; sealed. Gone once it is over.
    pub detail: Option<Value>,
    /// What became of the content; sealed.
    pub outcome: Option<Value>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What unfinished uploads hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Uploads of the account.
    pub count: u64,
    /// Bytes they announce.
    pub account_bytes: u64,
    /// Bytes the uploads of all accounts announce.
    pub total_bytes: u64,
}

fn held(now: Timestamp) -> Condition {
    Condition::all()
        .add(upload::Column::State.is_in(HOLDING.map(UploadState::code)))
        .add(upload::Column::ExpiresAt.gt(now.ms()))
}

impl Reader<'_> {
    fn upload_of(&self, row: upload::Model) -> Result<Upload> {
        let id = row.id.to_string();
        let json = |column: &str, sealed: Option<Vec<u8>>| -> Result<Option<Value>> {
            sealed
                .map(|sealed| self.open_json(TABLE, column, &id, &sealed))
                .transpose()
        };
        Ok(Upload {
            id: row.id.into(),
            account: row.account.into(),
            kind: convert::code(TABLE, "kind", &row.kind)?,
            purpose: row
                .purpose
                .map(|code| convert::code(TABLE, "purpose", &code))
                .transpose()?,
            consultation: row.consultation.map(ConsultationId),
            state: convert::code(TABLE, "state", &row.state)?,
            length: row.length,
            received: row.received,
            pieces: row.pieces,
            attempts: row.attempts,
            detail: json("detail", row.detail)?,
            outcome: json("outcome", row.outcome)?,
            created_at: Timestamp::from_ms(row.created_at),
            expires_at: Timestamp::from_ms(row.expires_at),
        })
    }

    /// One upload.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn upload(&self, id: UploadId) -> Result<Option<Upload>> {
        let row = self
            .locking(upload::Entity::find_by_id(id.0))
            .one(&self.db)
            .await?;
        row.map(|row| self.upload_of(row)).transpose()
    }

    /// The uploads of an account that are neither ended nor expired, newest first, at most `limit`; of one
    /// consultation only when it is given.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn uploads_of(
        &self,
        account: AccountId,
        consultation: Option<ConsultationId>,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Upload>> {
        use upload::Column;
        let over = [UploadState::Removed, UploadState::Expired];
        let mut select = upload::Entity::find()
            .filter(Column::Account.eq(account.0))
            .filter(Column::State.is_not_in(over.map(UploadState::code)))
            .filter(Column::ExpiresAt.gt(now.ms()));
        if let Some(consultation) = consultation {
            select = select.filter(Column::Consultation.eq(consultation.0));
        }
        let rows = select
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.upload_of(row)).collect()
    }

    /// Uploads whose bytes are all there and whose content nobody has taken yet, oldest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn uploads_to_take(&self, now: Timestamp, limit: u64) -> Result<Vec<UploadId>> {
        use upload::Column;
        let ids: Vec<Uuid> = upload::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::State.eq(UploadState::Received.code()))
            .filter(Column::Kind.ne(UploadKind::Partial.code()))
            .filter(Column::ExpiresAt.gt(now.ms()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(ids.into_iter().map(UploadId).collect())
    }

    /// Uploads whose time is over and that are not marked so, and those marked that may be forgotten because
    /// they ended before `forget`.
    ///
    /// # Errors
    /// The store fails.
    pub async fn uploads_over(
        &self,
        now: Timestamp,
        forget: Timestamp,
        limit: u64,
    ) -> Result<Vec<(UploadId, UploadState)>> {
        use upload::Column;
        let marked = [UploadState::Removed, UploadState::Expired].map(UploadState::code);
        let due = Condition::any()
            .add(
                Condition::all()
                    .add(Column::State.is_not_in(marked))
                    .add(Column::ExpiresAt.lte(now.ms())),
            )
            .add(
                Condition::all()
                    .add(Column::State.is_in(marked))
                    .add(Column::ExpiresAt.lte(forget.ms())),
            );
        let rows: Vec<(Uuid, String)> = upload::Entity::find()
            .select_only()
            .column(Column::Id)
            .column(Column::State)
            .filter(due)
            .order_by_asc(Column::ExpiresAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|(id, state)| Ok((UploadId(id), convert::code(TABLE, "state", &state)?)))
            .collect()
    }

    /// Target of the newest `action` that succeeded in a consultation under the number of a request. The
    /// record was committed together with what it tells of, so it says whether that has happened.
    ///
    /// # Errors
    /// The store fails.
    pub async fn effect_of(
        &self,
        consultation: ConsultationId,
        request: &str,
        action: &str,
    ) -> Result<Option<String>> {
        use audit::Column;
        Ok(audit::Entity::find()
            .select_only()
            .column(Column::Target)
            .filter(Column::Consultation.eq(consultation.to_string()))
            .filter(Column::RequestId.eq(request))
            .filter(Column::Action.eq(action))
            .filter(Column::Result.eq("ok"))
            .order_by_desc(Column::Seq)
            .into_tuple::<String>()
            .one(&self.db)
            .await?)
    }
}

fn bytes(sum: Option<i64>) -> u64 {
    sum.and_then(|sum| u64::try_from(sum).ok()).unwrap_or(0)
}

impl WriteTx {
    /// What is reserved now. Takes the account's row, so that two uploads begun at the same time are counted
    /// one after the other. What is put together from parts reserves nothing of its own.
    ///
    /// # Errors
    /// No such account, or the store fails.
    pub async fn uploads_reserved(&mut self, account: AccountId, now: Timestamp) -> Result<Reserved> {
        use upload::Column;
        account::Entity::find_by_id(account.0)
            .lock(LockType::NoKeyUpdate)
            .one(&self.reader.db)
            .await?
            .ok_or(StoreError::NotFound)?;
        let holding = upload::Entity::find().filter(held(now));
        let own = holding.clone().filter(Column::Account.eq(account.0));
        // A sum of big integers is a decimal in PostgreSQL.
        let sum = || Column::Length.sum().cast_as("bigint");
        let with_bytes = Column::Kind.ne(UploadKind::Final.code());
        let of_account = own
            .clone()
            .select_only()
            .column_as(sum(), "bytes")
            .filter(with_bytes.clone())
            .into_tuple::<Option<i64>>()
            .one(&self.reader.db)
            .await?;
        let of_all = holding
            .select_only()
            .column_as(sum(), "bytes")
            .filter(with_bytes)
            .into_tuple::<Option<i64>>()
            .one(&self.reader.db)
            .await?;
        Ok(Reserved {
            count: own.count(&self.reader.db).await?,
            account_bytes: bytes(of_account.flatten()),
            total_bytes: bytes(of_all.flatten()),
        })
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_upload(&mut self, new: &Upload) -> Result<()> {
        let id = new.id.to_string();
        let seal = |column: &str, value: &Option<Value>| {
            value
                .as_ref()
                .map(|value| self.seal_json(TABLE, column, &id, value))
                .transpose()
        };
        self.insert(upload::Model {
            id: new.id.0,
            account: new.account.0,
            kind: new.kind.code().to_owned(),
            purpose: new.purpose.map(|purpose| purpose.code().to_owned()),
            consultation: new.consultation.map(|id| id.0),
            state: new.state.code().to_owned(),
            length: new.length,
            received: new.received,
            pieces: new.pieces,
            attempts: new.attempts,
            detail: seal("detail", &new.detail)?,
            outcome: seal("outcome", &new.outcome)?,
            created_at: new.created_at.ms(),
            expires_at: new.expires_at.ms(),
        })
        .await
    }

    /// Notes what was received: `received`, `pieces` and `state` of `upload`, which stood at `before`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not open there any more.
    pub async fn advance_upload(&mut self, upload: &Upload, before: i64) -> Result<()> {
        use upload::Column;
        let done = upload::Entity::update_many()
            .col_expr(Column::Received, Expr::value(upload.received))
            .col_expr(Column::Pieces, Expr::value(upload.pieces))
            .col_expr(Column::State, Expr::value(upload.state.code()))
            .filter(Column::Id.eq(upload.id.0))
            .filter(Column::State.eq(UploadState::Open.code()))
            .filter(Column::Received.eq(before))
            .exec(&self.reader.db)
            .await?;
        changed(done.rows_affected)
    }

    /// Notes what becomes of the content: `state`, `attempts`, `detail` and `outcome` of `upload`, which was
    /// in state `before`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not in that state any more.
    pub async fn update_upload(&mut self, upload: &Upload, before: UploadState) -> Result<()> {
        use upload::Column;
        let id = upload.id.to_string();
        let seal = |column: &str, value: &Option<Value>| {
            value
                .as_ref()
                .map(|value| self.seal_json(TABLE, column, &id, value))
                .transpose()
        };
        let done = upload::Entity::update_many()
            .col_expr(Column::State, Expr::value(upload.state.code()))
            .col_expr(Column::Attempts, Expr::value(upload.attempts))
            .col_expr(Column::Detail, Expr::value(seal("detail", &upload.detail)?))
            .col_expr(Column::Outcome, Expr::value(seal("outcome", &upload.outcome)?))
            .filter(Column::Id.eq(upload.id.0))
            .filter(Column::State.eq(before.code()))
            .exec(&self.reader.db)
            .await?;
        changed(done.rows_affected)
    }

    /// Forgets an upload.
    ///
    /// # Errors
    /// The store fails.
    pub async fn delete_upload(&mut self, id: UploadId) -> Result<()> {
        upload::Entity::delete_by_id(id.0).exec(&self.reader.db).await?;
        Ok(())
    }
}

fn changed(rows: u64) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict("the upload has moved on".to_owned()))
    }
}
