//! Accounts and the counting of sign-in attempts (clause 8.1.1).

use std::fmt;

use consilium_domain::{AccountId, Clear, InstitutionId, Role, Timestamp, permission::Subject};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, LockType},
};

use crate::{Reader, Result, StoreError, WriteTx, convert, entity::account};

const TABLE: &str = "accounts";

/// A person who can sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// User name in its one spelling, unique.
    pub username: String,
    /// Institution.
    pub institution: InstitutionId,
    /// What the account may be used for.
    pub role: Role,
    /// Name shown to others.
    pub display_name: String,
    /// Department.
    pub department: String,
    /// Professional title (职称); Table 1 row 6.2.
    pub title: String,
    /// Number of the licence to practise; Table 1 row 6.2.
    pub licence: String,
    /// PHC string.
    pub password_hash: String,
    /// Secret shared with the authenticator.
    pub totp_secret: Clear<Vec<u8>>,
    /// Last step a code was accepted for.
    pub totp_last_step: i64,
    /// Attempts since the last success.
    pub failed: i32,
    /// Locked before this time.
    pub locked_until: Option<Timestamp>,
    /// May sign in.
    pub active: bool,
}

impl Account {
    /// For permission rules.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        Subject {
            account: self.id,
            institution: self.institution,
            role: self.role,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("institution", &self.institution)
            .field("role", &self.role)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// Whether a password may be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Counted as failed until [`WriteTx::attempt_succeeded`] says otherwise.
    Proceed {
        /// Attempts counted before this one.
        failed_before: i32,
    },
    /// Too many failed.
    Locked {
        /// First moment at which the next may be tried.
        until: Timestamp,
    },
}

impl Reader<'_> {
    fn account_from(&self, row: account::Model) -> Result<Account> {
        let secret = self.open(TABLE, "totp_secret", &row.id.to_string(), &row.totp_secret)?;
        Ok(Account {
            id: row.id.into(),
            username: row.username,
            institution: row.institution.into(),
            role: convert::code(TABLE, "role", &row.role)?,
            display_name: row.display_name,
            department: row.department,
            title: row.title,
            licence: row.licence,
            password_hash: row.password_hash,
            totp_secret: Clear::new(secret),
            totp_last_step: row.totp_last_step,
            failed: row.failed,
            locked_until: row.locked_until.map(Timestamp::from_ms),
            active: row.active,
        })
    }

    /// One account.
    ///
    /// # Errors
    /// The store fails.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        let row = account::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.account_from(row)).transpose()
    }

    /// The account with this user name in its one spelling.
    ///
    /// # Errors
    /// The store fails.
    pub async fn account_by_username(&self, canonical: &str) -> Result<Option<Account>> {
        let row = account::Entity::find()
            .filter(account::Column::Username.eq(canonical))
            .one(&self.db)
            .await?;
        row.map(|row| self.account_from(row)).transpose()
    }

    /// All accounts of an institution by user name.
    ///
    /// # Errors
    /// The store fails.
    pub async fn accounts_of(&self, institution: InstitutionId) -> Result<Vec<Account>> {
        let rows = account::Entity::find()
            .filter(account::Column::Institution.eq(institution.0))
            .order_by_asc(account::Column::Username)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.account_from(row)).collect()
    }

    /// All accounts by user name.
    ///
    /// # Errors
    /// The store fails.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let rows = account::Entity::find()
            .order_by_asc(account::Column::Username)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.account_from(row)).collect()
    }
}

impl WriteTx {
    /// Adds an account.
    ///
    /// # Errors
    /// The user name is taken, the institution unknown, or the store fails.
    pub async fn insert_account(&mut self, account: &Account) -> Result<()> {
        let secret = account.totp_secret.expose();
        let totp_secret = self.seal(TABLE, "totp_secret", &account.id.to_string(), secret)?;
        self.insert(account::Model {
            id: account.id.0,
            username: account.username.clone(),
            institution: account.institution.0,
            role: account.role.code().to_owned(),
            display_name: account.display_name.clone(),
            department: account.department.clone(),
            title: account.title.clone(),
            licence: account.licence.clone(),
            password_hash: account.password_hash.clone(),
            totp_secret,
            totp_last_step: account.totp_last_step,
            failed: account.failed,
            locked_until: account.locked_until.map(Timestamp::ms),
            active: account.active,
        })
        .await
    }

    /// Counts an attempt before the password is looked at, so that any number of parallel attempts pass
    /// `max` times at most. The one that reaches `max` locks the account for `lock_ms` milliseconds; when
    /// the lock has run out the count starts again.
    ///
    /// # Errors
    /// No such account, or the store fails.
    pub async fn reserve_attempt(
        &mut self,
        id: AccountId,
        now: Timestamp,
        max: i32,
        lock_ms: i64,
    ) -> Result<Attempt> {
        let row = account::Entity::find_by_id(id.0)
            .lock(LockType::NoKeyUpdate)
            .one(&self.reader.db)
            .await?
            .ok_or(StoreError::NotFound)?;
        let failed_before = match row.locked_until.map(Timestamp::from_ms) {
            Some(until) if now < until => return Ok(Attempt::Locked { until }),
            Some(_) => 0,
            None => row.failed,
        };
        let failed = failed_before.saturating_add(1);
        let locked_until = (failed >= max).then(|| now.plus_ms(lock_ms).ms());
        account::Entity::update_many()
            .col_expr(account::Column::Failed, Expr::value(failed))
            .col_expr(account::Column::LockedUntil, Expr::value(locked_until))
            .filter(account::Column::Id.eq(id.0))
            .exec(&self.reader.db)
            .await?;
        Ok(Attempt::Proceed { failed_before })
    }

    /// Forgets the failed attempts and uses up a one-time code. `false`, and nothing changes, when the code
    /// of this step or a later one was used before.
    ///
    /// # Errors
    /// The store fails.
    pub async fn attempt_succeeded(&mut self, id: AccountId, totp_step: i64) -> Result<bool> {
        let done = account::Entity::update_many()
            .col_expr(account::Column::Failed, Expr::value(0))
            .col_expr(account::Column::LockedUntil, Expr::value(None::<i64>))
            .col_expr(account::Column::TotpLastStep, Expr::value(totp_step))
            .filter(account::Column::Id.eq(id.0))
            .filter(account::Column::TotpLastStep.lt(totp_step))
            .exec(&self.reader.db)
            .await?;
        Ok(done.rows_affected == 1)
    }
}
