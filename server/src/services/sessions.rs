//! Signing in with password and dynamic code, sessions, lock after failures (clause 8.1.1).

use consilium_domain::Timestamp;
use consilium_protocol::{
    codes, limits,
    session::{Me, SignIn},
};
use consilium_storage::{Account, Attempt, Session};
use consilium_vault::{TotpSecret, new_token, token_hash};

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    services::views,
    state::App,
};

/// A new session: the token goes into the cookie, nothing but its hash is stored.
pub struct Started {
    /// For the cookie.
    pub token: String,
    /// Who signed in.
    pub ctx: Ctx,
}

/// One spelling of a user name, so that spellings cannot multiply attempts: half width, lower case, no
/// spaces around.
#[must_use]
pub fn canonical_username(text: &str) -> String {
    consilium_domain::person::canonical_number(text)
        .to_lowercase()
        .chars()
        .take(100)
        .collect()
}

/// Signs in. Wrong name, password, code and a locked account all give the same answer after the same
/// work: one audited attempt, one argon2 run, one audited result.
///
/// # Errors
/// [`ServiceError::SignInRefused`], [`ServiceError::Busy`] when too many wait, or the store fails.
pub async fn sign_in(app: &App, request: &Request, given: SignIn) -> Result<Started, ServiceError> {
    let _place = app.password_queue.try_acquire().map_err(|_| ServiceError::Busy)?;
    let username = canonical_username(&given.username);
    let account = app.store.reader().account_by_username(&username).await?;

    let mut attempt = app.store.begin().await?;
    let allowed = match &account {
        Some(account) => {
            let reserved = attempt
                .reserve_attempt(
                    account.id,
                    request.now,
                    limits::SIGN_IN_FAILURES_MAX,
                    limits::LOCK_MS,
                )
                .await?;
            account.active && matches!(reserved, Attempt::Proceed { .. })
        }
        None => false,
    };
    let target = account
        .as_ref()
        .map_or_else(|| "account/unknown".to_owned(), |a| format!("account/{}", a.id));
    attempt
        .audit(request.event("session.attempt", target.clone(), "ok"))
        .await?;
    attempt.commit().await?;

    let password_fits = check_password(app, given.password, account.as_ref()).await?;
    let step = account.as_ref().and_then(|account| {
        TotpSecret::from_bytes(account.totp_secret.expose())?.verify(
            &given.totp,
            request.now.ms(),
            account.totp_last_step,
        )
    });

    let mut tx = app.store.begin().await?;
    if let (Some(account), Some(step), true, true) = (account, step, password_fits, allowed)
        && tx.attempt_succeeded(account.id, step).await?
    {
        let institution = tx
            .institution(account.institution)
            .await?
            .ok_or(ServiceError::NotFound)?;
        let (token, hash) = new_token()?;
        let expires_at = request.now.plus_ms(limits::SESSION_ABSOLUTE_MS);
        let live = tx.live_sessions_of(account.id, request.now).await?;
        let excess = (live.len() + 1)
            .saturating_sub(usize::try_from(limits::SESSIONS_PER_ACCOUNT).unwrap_or(usize::MAX));
        let mut oldest = live;
        oldest.sort_by_key(|s| s.last_seen_at);
        for session in oldest.iter().take(excess) {
            tx.revoke_session(&session.token_hash, request.now).await?;
        }
        tx.insert_session(&Session {
            token_hash: hash,
            account: account.id,
            created_at: request.now,
            expires_at,
            last_seen_at: request.now,
            ip: request.ip.to_string(),
            device: request.device.clone(),
            revoked_at: None,
        })
        .await?;
        let ctx = Ctx {
            request: request.clone(),
            account,
            institution,
            session: hash,
            expires_at,
        };
        tx.audit(ctx.event("session.sign_in", target, "ok", None)).await?;
        tx.commit().await?;
        for session in oldest.into_iter().take(excess) {
            app.rooms.close_session(session.token_hash).await;
        }
        return Ok(Started { token, ctx });
    }
    tx.audit(request.event("session.sign_in", target, codes::SIGN_IN_REFUSED))
        .await?;
    tx.commit().await?;
    metrics::counter!("consilium_sign_in_refused_total").increment(1);
    Err(ServiceError::SignInRefused)
}

/// One argon2 run behind the gate, of the real hash or of a dummy.
async fn check_password(
    app: &App,
    password: String,
    account: Option<&Account>,
) -> Result<bool, ServiceError> {
    let stored = account.map(|a| a.password_hash.clone());
    let store = app.store.clone();
    let _permit = app
        .password_gate
        .acquire()
        .await
        .map_err(|_| ServiceError::Busy)?;
    tokio::task::spawn_blocking(move || match stored {
        Some(stored) => store.vault().verify_password(&password, &stored),
        None => store.vault().verify_dummy(&password).map(|()| false),
    })
    .await?
    .map_err(Into::into)
}

/// The signed-in person behind a token, or `Unauthenticated`. Touches the idle clock at most once a
/// minute.
///
/// # Errors
/// No such session, expired, idle too long, revoked, account disabled; or the store fails.
pub async fn authenticate(app: &App, request: &Request, token: &str) -> Result<Ctx, ServiceError> {
    by_hash(app, request, token_hash(token)).await
}

/// The signed-in person behind a session key (a redeemed ticket).
///
/// # Errors
/// As [`authenticate`].
pub async fn by_hash(app: &App, request: &Request, hash: [u8; 32]) -> Result<Ctx, ServiceError> {
    let reader = app.store.reader();
    let session = reader
        .session(&hash)
        .await?
        .ok_or(ServiceError::Unauthenticated)?;
    let now = request.now;
    if session.revoked_at.is_some() || now >= session.expires_at || idle(&session, now) {
        return Err(ServiceError::Unauthenticated);
    }
    let account = reader
        .account(session.account)
        .await?
        .filter(|a| a.active)
        .ok_or(ServiceError::Unauthenticated)?;
    let institution = reader
        .institution(account.institution)
        .await?
        .ok_or(ServiceError::Unauthenticated)?;
    if now.since_ms(session.last_seen_at) > 60_000 {
        let mut tx = app.store.begin().await?;
        tx.touch_session(&hash, now).await?;
        tx.commit_technical().await?;
    }
    Ok(Ctx {
        request: request.clone(),
        account,
        institution,
        session: hash,
        expires_at: session.expires_at,
    })
}

/// Whether a session still lasts, for what stays open longer than a request. Looking is no activity of the
/// person: the idle clock is not touched.
///
/// # Errors
/// The store fails.
pub async fn lasts(app: &App, hash: &[u8; 32]) -> Result<bool, ServiceError> {
    let reader = app.store.reader();
    let now = app.now();
    let Some(session) = reader.session(hash).await? else {
        return Ok(false);
    };
    if session.revoked_at.is_some() || now >= session.expires_at || idle(&session, now) {
        return Ok(false);
    }
    let account = reader.account(session.account).await?;
    Ok(account.is_some_and(|account| account.active))
}

const fn idle(session: &Session, now: Timestamp) -> bool {
    now.since_ms(session.last_seen_at) > limits::SESSION_IDLE_MS
}

/// Ends the session and its live connections.
///
/// # Errors
/// The store fails.
pub async fn sign_out(app: &App, ctx: &Ctx) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.revoke_session(&ctx.session, ctx.now()).await?;
    tx.audit(ctx.event(
        "session.sign_out",
        format!("account/{}", ctx.account.id),
        "ok",
        None,
    ))
    .await?;
    tx.commit().await?;
    app.rooms.close_session(ctx.session).await;
    Ok(())
}

/// Who am I.
#[must_use]
pub fn me(ctx: &Ctx) -> Me {
    Me {
        account_id: ctx.account.id,
        username: ctx.account.username.clone(),
        display_name: ctx.account.display_name.clone(),
        role: ctx.account.role,
        department: ctx.account.department.clone(),
        institution: views::institution(&ctx.institution),
        expires_at: ctx.expires_at,
    }
}
