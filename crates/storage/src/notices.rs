//! Notices to people, who is told when one was written, and the addresses they are mailed to.

use consilium_domain::{
    AccountId, Clear, ClockKind, ConsultationId, InstitutionId, NoticeId, NoticeKind, Role, Timestamp,
};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, prelude::Uuid, sea_query::Expr,
};

use crate::{
    Reader, Result, WriteTx, convert,
    entity::{account, mail_address, notice},
    error::corrupt,
};

const TABLE: &str = "notices";
const ADDRESSES: &str = "mail_addresses";

/// What happened in a transaction that somebody connected may want to know at once. Sent after the commit
/// only: see [`Store::wakes`](crate::Store::wakes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A notice was written.
    Told(AccountId, NoticeId),
    /// Notices of the account were read, or its sessions ended.
    Account(AccountId),
    /// The session with this key ended.
    Session([u8; 32]),
}

/// One notice to one person. It holds no patient data: kinds, codes, times, ids and paths only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Id.
    pub id: NoticeId,
    /// Whom it tells.
    pub account: AccountId,
    /// What it tells.
    pub kind: NoticeKind,
    /// Consultation.
    pub consultation: Option<ConsultationId>,
    /// The institution it is about or from.
    pub institution: Option<InstitutionId>,
    /// The clock it is about.
    pub clock: Option<ClockKind>,
    /// A moment it names.
    pub at: Option<Timestamp>,
    /// A code it names.
    pub code: Option<String>,
    /// What it names: an element, a message kind.
    pub item: Option<String>,
    /// Where to act: a path of this site.
    pub link: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// Where an account's notices are mailed.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress {
    /// The address; sealed.
    pub address: Clear<String>,
    /// Language of the mail: `zh-CN` or `en`.
    pub locale: String,
}

impl std::fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailAddress")
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

/// A mail that is due.
#[derive(Clone, Debug)]
pub struct DueMail {
    /// What it tells.
    pub notice: Notice,
    /// Tries already made.
    pub tries: u32,
}

impl Notice {
    fn from_row(row: notice::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            account: row.account.into(),
            kind: convert::code(TABLE, "kind", &row.kind)?,
            consultation: row.consultation.map(Into::into),
            institution: row.institution.map(Into::into),
            clock: row
                .clock
                .map(|clock| convert::code(TABLE, "clock", &clock))
                .transpose()?,
            at: row.at.map(Timestamp::from_ms),
            code: row.code,
            item: row.item,
            link: row.link,
            created_at: Timestamp::from_ms(row.created_at),
            read_at: row.read_at.map(Timestamp::from_ms),
        })
    }
}

impl Reader<'_> {
    /// Active accounts of an institution in one of these roles, by id.
    ///
    /// # Errors
    /// The store fails.
    pub async fn accounts_in_roles(
        &self,
        institution: InstitutionId,
        roles: &[Role],
    ) -> Result<Vec<AccountId>> {
        use account::Column;
        let rows = account::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Institution.eq(institution.0))
            .filter(Column::Role.is_in(roles.iter().map(|role| role.code())))
            .filter(Column::Active.eq(true))
            .order_by_asc(Column::Id)
            .into_tuple::<Uuid>()
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Notices of an account, newest first. `before` is the last one of the page before.
    ///
    /// # Errors
    /// The store fails.
    pub async fn notices(
        &self,
        account: AccountId,
        before: Option<(Timestamp, NoticeId)>,
        limit: u64,
    ) -> Result<Vec<Notice>> {
        use notice::Column;
        let mut select = notice::Entity::find().filter(Column::Account.eq(account.0));
        if let Some((at, id)) = before {
            select = select.filter(
                Condition::any().add(Column::CreatedAt.lt(at.ms())).add(
                    Condition::all()
                        .add(Column::CreatedAt.eq(at.ms()))
                        .add(Column::Id.lt(id.0)),
                ),
            );
        }
        let rows = select
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Notice::from_row).collect()
    }

    /// Notices of an account written at `from` or later, oldest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn notices_since(
        &self,
        account: AccountId,
        from: Timestamp,
        limit: u64,
    ) -> Result<Vec<Notice>> {
        use notice::Column;
        let rows = notice::Entity::find()
            .filter(Column::Account.eq(account.0))
            .filter(Column::CreatedAt.gte(from.ms()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Notice::from_row).collect()
    }

    /// One notice of an account.
    ///
    /// # Errors
    /// The store fails.
    pub async fn notice(&self, account: AccountId, id: NoticeId) -> Result<Option<Notice>> {
        let row = notice::Entity::find_by_id(id.0)
            .filter(notice::Column::Account.eq(account.0))
            .one(&self.db)
            .await?;
        row.map(Notice::from_row).transpose()
    }

    /// How many notices an account has not read.
    ///
    /// # Errors
    /// The store fails.
    pub async fn unread_notices(&self, account: AccountId) -> Result<u64> {
        Ok(notice::Entity::find()
            .filter(notice::Column::Account.eq(account.0))
            .filter(notice::Column::ReadAt.is_null())
            .count(&self.db)
            .await?)
    }

    /// Numbers of consultations.
    ///
    /// # Errors
    /// The store fails.
    pub async fn numbers_of(&self, ids: &[ConsultationId]) -> Result<Vec<(ConsultationId, String)>> {
        use crate::entity::consultation::{Column, Entity};
        let rows = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Number])
            .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
            .into_tuple::<(Uuid, String)>()
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|(id, number)| (id.into(), number)).collect())
    }

    /// Where an account's notices are mailed.
    ///
    /// # Errors
    /// The store fails, or the address does not open.
    pub async fn mail_address(&self, account: AccountId) -> Result<Option<MailAddress>> {
        let Some(row) = mail_address::Entity::find_by_id(account.0).one(&self.db).await? else {
            return Ok(None);
        };
        let clear = self.open(ADDRESSES, "address", &account.to_string(), &row.address)?;
        Ok(Some(MailAddress {
            address: Clear::new(String::from_utf8(clear).map_err(|_| corrupt(ADDRESSES, "address"))?),
            locale: row.locale,
        }))
    }

    /// Mails whose time has come, the oldest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn mails_due(&self, now: Timestamp, limit: u64) -> Result<Vec<DueMail>> {
        use notice::Column;
        let rows = notice::Entity::find()
            .filter(Column::MailNextAt.lte(now.ms()))
            .order_by_asc(Column::MailNextAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                let tries = u32::try_from(row.mail_tries).map_err(|_| corrupt(TABLE, "mail_tries"))?;
                Ok(DueMail {
                    notice: Notice::from_row(row)?,
                    tries,
                })
            })
            .collect()
    }
}

impl WriteTx {
    /// Adds a notice, to be mailed when the account has an address, and keeps at most `kept` notices of its
    /// account: read ones go first, then the oldest. Whoever is connected learns of it after the commit.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_notice(&mut self, notice: &Notice, kept: u64) -> Result<()> {
        let mailed = mail_address::Entity::find_by_id(notice.account.0)
            .select_only()
            .column(mail_address::Column::Account)
            .into_tuple::<Uuid>()
            .one(&self.reader.db)
            .await?
            .is_some();
        self.insert(notice::Model {
            id: notice.id.0,
            account: notice.account.0,
            kind: notice.kind.code().to_owned(),
            consultation: notice.consultation.map(|id| id.0),
            institution: notice.institution.map(|id| id.0),
            clock: notice.clock.map(|clock| clock.code().to_owned()),
            at: notice.at.map(Timestamp::ms),
            code: notice.code.clone(),
            item: notice.item.clone(),
            link: notice.link.clone(),
            created_at: notice.created_at.ms(),
            read_at: notice.read_at.map(Timestamp::ms),
            mail_tries: 0,
            mail_next_at: mailed.then_some(notice.created_at.ms()),
        })
        .await?;
        self.trim_notices(notice.account, kept).await?;
        self.wake(Wake::Told(notice.account, notice.id));
        Ok(())
    }

    async fn trim_notices(&mut self, account: AccountId, kept: u64) -> Result<()> {
        use notice::Column;
        let own = || notice::Entity::find().filter(Column::Account.eq(account.0));
        let count = own().count(&self.reader.db).await?;
        if count <= kept {
            return Ok(());
        }
        // A tenth more than needed, so that this is rare.
        let excess = count.saturating_sub(kept).saturating_add(kept / 10);
        let ids = own()
            .select_only()
            .column(Column::Id)
            .order_by_asc(Column::ReadAt.is_null())
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(excess)
            .into_tuple::<Uuid>()
            .all(&self.reader.db)
            .await?;
        notice::Entity::delete_many()
            .filter(Column::Id.is_in(ids))
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }

    /// Marks one notice of an account as read, or all when `id` is absent; says how many were unread.
    ///
    /// # Errors
    /// The store fails.
    pub async fn read_notices(
        &mut self,
        account: AccountId,
        id: Option<NoticeId>,
        now: Timestamp,
    ) -> Result<u64> {
        use notice::Column;
        let mut update = notice::Entity::update_many()
            .col_expr(Column::ReadAt, Expr::value(now.ms()))
            .filter(Column::Account.eq(account.0))
            .filter(Column::ReadAt.is_null());
        if let Some(id) = id {
            update = update.filter(Column::Id.eq(id.0));
        }
        let done = update.exec(&self.reader.db).await?;
        if done.rows_affected > 0 {
            self.wake(Wake::Account(account));
        }
        Ok(done.rows_affected)
    }

    /// Sets or removes where an account's notices are mailed. What waited for a removed address is not
    /// mailed.
    ///
    /// # Errors
    /// The account is unknown, or the store fails.
    pub async fn set_mail_address(&mut self, account: AccountId, given: Option<&MailAddress>) -> Result<()> {
        mail_address::Entity::delete_by_id(account.0)
            .exec(&self.reader.db)
            .await?;
        let Some(given) = given else {
            notice::Entity::update_many()
                .col_expr(notice::Column::MailNextAt, Expr::value(None::<i64>))
                .filter(notice::Column::Account.eq(account.0))
                .exec(&self.reader.db)
                .await?;
            return Ok(());
        };
        let sealed = self.seal(
            ADDRESSES,
            "address",
            &account.to_string(),
            given.address.expose().as_bytes(),
        )?;
        self.insert(mail_address::Model {
            account: account.0,
            address: sealed,
            locale: given.locale.clone(),
        })
        .await
    }

    /// Takes up a due mail: counts the try before it is made and sets when the next may be, `None` when this
    /// is the last. `false` when somebody else took it up.
    ///
    /// # Errors
    /// The store fails.
    pub async fn take_mail(&mut self, mail: &DueMail, next_at: Option<Timestamp>) -> Result<bool> {
        use notice::Column;
        let tries = i32::try_from(mail.tries).map_err(|_| corrupt(TABLE, "mail_tries"))?;
        let done = notice::Entity::update_many()
            .col_expr(Column::MailTries, Expr::value(tries.saturating_add(1)))
            .col_expr(Column::MailNextAt, Expr::value(next_at.map(Timestamp::ms)))
            .filter(Column::Id.eq(mail.notice.id.0))
            .filter(Column::MailTries.eq(tries))
            .filter(Column::MailNextAt.is_not_null())
            .exec(&self.reader.db)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Notes that a mail was sent, or that it will not be.
    ///
    /// # Errors
    /// The store fails.
    pub async fn end_mail(&mut self, id: NoticeId) -> Result<()> {
        notice::Entity::update_many()
            .col_expr(notice::Column::MailNextAt, Expr::value(None::<i64>))
            .filter(notice::Column::Id.eq(id.0))
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }
}
