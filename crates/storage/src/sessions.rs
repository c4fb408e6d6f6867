//! Sessions, known by the hash of their token.

use consilium_domain::{AccountId, Timestamp};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::Expr};

use crate::{Reader, Result, Wake, WriteTx, convert, entity::session};

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token; the token itself is only in the cookie.
    pub token_hash: [u8; 32],
    /// Account.
    pub account: AccountId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Last request.
    pub last_seen_at: Timestamp,
    /// Address at sign-in.
    pub ip: String,
    /// User agent at sign-in.
    pub device: String,
    /// When it was ended before its time.
    pub revoked_at: Option<Timestamp>,
}

impl Session {
    fn from_row(row: session::Model) -> Result<Self> {
        Ok(Self {
            token_hash: convert::hash("sessions", "token_hash", &row.token_hash)?,
            account: row.account.into(),
            created_at: Timestamp::from_ms(row.created_at),
            expires_at: Timestamp::from_ms(row.expires_at),
            last_seen_at: Timestamp::from_ms(row.last_seen_at),
            ip: row.ip,
            device: row.device,
            revoked_at: row.revoked_at.map(Timestamp::from_ms),
        })
    }
}

impl Reader<'_> {
    /// The session of a token, also when it has ended: the caller looks at the times.
    ///
    /// # Errors
    /// The store fails.
    pub async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>> {
        let row = session::Entity::find_by_id(token_hash.to_vec())
            .one(&self.db)
            .await?;
        row.map(Session::from_row).transpose()
    }

    /// Sessions of an account that are neither revoked nor expired, oldest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn live_sessions_of(&self, account: AccountId, now: Timestamp) -> Result<Vec<Session>> {
        let rows = session::Entity::find()
            .filter(session::Column::Account.eq(account.0))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now.ms()))
            .order_by_asc(session::Column::CreatedAt)
            .order_by_asc(session::Column::TokenHash)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Session::from_row).collect()
    }
}

impl WriteTx {
    /// Begins a session.
    ///
    /// # Errors
    /// The account is unknown, or the store fails.
    pub async fn insert_session(&mut self, session: &Session) -> Result<()> {
        self.insert(session::Model {
            token_hash: session.token_hash.to_vec(),
            account: session.account.0,
            created_at: session.created_at.ms(),
            expires_at: session.expires_at.ms(),
            last_seen_at: session.last_seen_at.ms(),
            ip: session.ip.clone(),
            device: session.device.clone(),
            revoked_at: session.revoked_at.map(Timestamp::ms),
        })
        .await
    }

    /// Notes a request. Never moves the time back.
    ///
    /// # Errors
    /// The store fails.
    pub async fn touch_session(&mut self, token_hash: &[u8; 32], now: Timestamp) -> Result<()> {
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(now.ms()))
            .filter(session::Column::TokenHash.eq(token_hash.to_vec()))
            .filter(session::Column::LastSeenAt.lt(now.ms()))
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }

    /// Ends a session; `false` when there is none to end.
    ///
    /// # Errors
    /// The store fails.
    pub async fn revoke_session(&mut self, token_hash: &[u8; 32], now: Timestamp) -> Result<bool> {
        let done = session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(now.ms()))
            .filter(session::Column::TokenHash.eq(token_hash.to_vec()))
            .filter(session::Column::RevokedAt.is_null())
            .exec(&self.reader.db)
            .await?;
        self.wake(Wake::Session(*token_hash));
        Ok(done.rows_affected == 1)
    }

    /// Ends all sessions of an account and says how many.
    ///
    /// # Errors
    /// The store fails.
    pub async fn revoke_sessions_of(&mut self, account: AccountId, now: Timestamp) -> Result<u64> {
        let done = session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(now.ms()))
            .filter(session::Column::Account.eq(account.0))
            .filter(session::Column::RevokedAt.is_null())
            .exec(&self.reader.db)
            .await?;
        self.wake(Wake::Account(account));
        Ok(done.rows_affected)
    }

    /// Removes sessions that expired before `t` and says how many.
    ///
    /// # Errors
    /// The store fails.
    pub async fn delete_sessions_before(&mut self, t: Timestamp) -> Result<u64> {
        let done = session::Entity::delete_many()
            .filter(session::Column::ExpiresAt.lt(t.ms()))
            .exec(&self.reader.db)
            .await?;
        Ok(done.rows_affected)
    }
}
