//! Resumable uploads (`domain.md` 4.2.10) by tus 1.0.0. Bytes are durable before they are acknowledged and
//! sealed from the first one on; nothing of a content is visible before it is whole, and then it goes the way
//! of the direct route. Only the account that began an upload may go on with it.

mod checksum;
mod locks;
mod metadata;
mod receive;
mod taking;

use consilium_domain::{ConsultationId, Role, Timestamp, UploadId, UploadKind, UploadPurpose, UploadState};
use consilium_protocol::{FieldError, codes, limits, upload::Upload as View};
use consilium_storage::{Upload, WriteTx};
use serde::Deserialize as _;
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use uuid::Uuid;

pub use checksum::{ALGORITHMS, Checksum};
pub use metadata::Metadata;
pub use receive::Sent;
pub use taking::resume;

use crate::{
    ctx::{Ctx, by_system},
    error::ServiceError,
    services::access,
    state::App,
};
use locks::Locks;
use metadata::Detail;
use taking::{Outcome, detail, remove_pieces};

/// What the server keeps in memory for uploads.
#[derive(Debug)]
pub struct Uploads {
    locks: Locks,
    /// Places for contents in memory.
    taking: Semaphore,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            locks: Locks::default(),
            taking: Semaphore::new(limits::UPLOADS_TAKEN_AT_ONCE),
        }
    }
}

impl Uploads {
    /// Whether a request or a job has this upload in hand now.
    #[must_use]
    pub fn in_hand(&self, id: UploadId) -> bool {
        self.locks.contains(id)
    }
}

/// How an upload relates to others (`Upload-Concat`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Concat {
    /// It does not.
    #[default]
    None,
    /// It is a part.
    Partial,
    /// It is put together from these, in order.
    Final(Vec<UploadId>),
}

/// What is announced.
#[derive(Debug)]
pub struct Begin {
    /// Bytes; not said of what is put together.
    pub length: Option<u64>,
    /// Parts and wholes.
    pub concat: Concat,
    /// What it is.
    pub metadata: Metadata,
}

/// Work that goes on when its request does not: what has arrived is kept, what was begun is finished.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
) -> Result<T, ServiceError> {
    tokio::spawn(work.in_current_span()).await?
}

async fn note(
    app: &App,
    ctx: &Ctx,
    action: &str,
    target: String,
    result: &str,
    consultation: Option<ConsultationId>,
) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(action, target, result, consultation)).await?;
    Ok(tx.commit().await?)
}

/// An upload of the caller; strangers learn nothing of it.
async fn own(app: &App, ctx: &Ctx, id: UploadId) -> Result<Upload, ServiceError> {
    let found = app.store.reader().upload(id).await?;
    let Some(upload) = found.filter(|upload| upload.account == ctx.account.id) else {
        note(
            app,
            ctx,
            "access.refused.upload",
            format!("upload/{id}"),
            codes::NOT_FOUND,
            None,
        )
        .await?;
        return Err(ServiceError::NotFound);
    };
    let over = matches!(upload.state, UploadState::Removed | UploadState::Expired);
    if over || upload.expires_at <= ctx.now() {
        return Err(ServiceError::Gone(codes::UPLOAD_GONE));
    }
    Ok(upload)
}

/// Begins an upload, and takes its first bytes when they come along.
///
/// # Errors
/// Not allowed for that consultation and purpose; larger than the direct route takes; too many or too much
/// under way; parts that are not complete or not the caller's; and what [`append`] says of the first bytes.
pub async fn begin(app: &App, ctx: &Ctx, begin: Begin, first: Option<Sent>) -> Result<View, ServiceError> {
    let about = match begin.concat {
        Concat::Partial => None,
        Concat::None | Concat::Final(_) => {
            let (consultation, purpose, detail) = begin.metadata.about()?;
            access::open(app, ctx, consultation, metadata::action(purpose)).await?;
            Some((consultation, purpose, detail))
        }
    };
    let consultation = about.as_ref().map(|(id, ..)| *id);
    let id = UploadId(Uuid::now_v7());
    let begun = announce(app, ctx, id, begin, about).await;
    if let Err(error) = &begun {
        let target = format!("upload/{id}");
        note(app, ctx, "upload.create", target, error.code().0, consultation).await?;
    }
    let upload = begun?;
    let sent = first.filter(|_| upload.state == UploadState::Open);
    let whole = upload.state == UploadState::Received;
    if let Some(sent) = sent {
        let sent = append(app, ctx, id, 0, sent).await;
        if sent.is_err() {
            // Its address was never told.
            terminate(app, ctx, id).await?;
        }
        return sent;
    }
    if whole && upload.kind != UploadKind::Partial {
        let (app, ctx) = (app.clone(), ctx.clone());
        return detached(async move {
            let _held = app.uploads.locks.hold(id).await?;
            match own(&app, &ctx, id).await? {
                upload if upload.state == UploadState::Received => finish(&app, &ctx, upload).await,
                upload => view(&upload, true),
            }
        })
        .await;
    }
    view(&upload, true)
}

async fn announce(
    app: &App,
    ctx: &Ctx,
    id: UploadId,
    begin: Begin,
    about: Option<(ConsultationId, UploadPurpose, Detail)>,
) -> Result<Upload, ServiceError> {
    if about.is_none() && !matches!(ctx.account.role, Role::Admin | Role::Operator | Role::Expert) {
        return Err(ServiceError::Forbidden);
    }
    let (consultation, purpose, mut detail) = match about {
        Some((consultation, purpose, detail)) => (Some(consultation), Some(purpose), detail),
        None => (None, None, begin.metadata.detail()),
    };
    let mut tx = app.store.begin().await?;
    let reserved = tx.uploads_reserved(ctx.account.id, ctx.now()).await?;
    let (kind, length) = match (begin.concat, begin.length) {
        (Concat::None, Some(length)) => (UploadKind::Whole, length),
        (Concat::Partial, Some(length)) => (UploadKind::Partial, length),
        (Concat::Final(parts), None) => {
            detail.parts = join(&mut tx, ctx, parts).await?;
            let sum = detail.parts.iter().map(|(_, bytes)| *bytes).sum::<i64>();
            (UploadKind::Final, u64::try_from(sum).unwrap_or(u64::MAX))
        }
        _ => return Err(ServiceError::Malformed),
    };
    if length > metadata::length_max(purpose) {
        return Err(ServiceError::TooLarge);
    }
    if reserved.count >= limits::UPLOADS_PER_ACCOUNT {
        return Err(ServiceError::Limited(codes::UPLOAD_TOO_MANY));
    }
    let more = if kind == UploadKind::Final { 0 } else { length };
    if reserved.account_bytes.saturating_add(more) > limits::UPLOADS_ACCOUNT_BYTES
        || reserved.total_bytes.saturating_add(more) > limits::UPLOADS_TOTAL_BYTES
    {
        return Err(ServiceError::Limited(codes::UPLOAD_NO_ROOM));
    }
    let length = i64::try_from(length).map_err(|_| ServiceError::TooLarge)?;
    let complete = kind == UploadKind::Final || length == 0;
    let upload = Upload {
        id,
        account: ctx.account.id,
        kind,
        purpose,
        consultation,
        state: if complete {
            UploadState::Received
        } else {
            UploadState::Open
        },
        length,
        received: if complete { length } else { 0 },
        pieces: 0,
        attempts: 0,
        detail: Some(serde_json::to_value(detail.from(ctx))?),
        outcome: None,
        created_at: ctx.now(),
        expires_at: ctx.now().plus_ms(limits::UPLOAD_MS),
    };
    tx.insert_upload(&upload).await?;
    tx.audit(ctx.event("upload.create", format!("upload/{id}"), "ok", consultation))
        .await?;
    tx.commit().await?;
    Ok(upload)
}

/// Takes complete parts of the caller for a whole; each can be used once.
async fn join(
    tx: &mut WriteTx,
    ctx: &Ctx,
    parts: Vec<UploadId>,
) -> Result<Vec<(UploadId, i64)>, ServiceError> {
    let wrong = || ServiceError::Refused {
        code: codes::UPLOAD_PARTS,
        state: None,
        errors: vec![FieldError::new("Upload-Concat", codes::UPLOAD_PARTS)],
    };
    if parts.is_empty() || parts.len() > limits::UPLOAD_PARTS {
        return Err(wrong());
    }
    let mut joined = Vec::with_capacity(parts.len());
    for id in parts {
        let mut part = tx
            .upload(id)
            .await?
            .filter(|part| {
                part.account == ctx.account.id
                    && part.kind == UploadKind::Partial
                    && part.state == UploadState::Received
                    && part.expires_at > ctx.now()
            })
            .ok_or_else(wrong)?;
        joined.push((id, part.length));
        part.state = UploadState::Removed;
        part.detail = None;
        tx.update_upload(&part, UploadState::Received).await?;
    }
    Ok(joined)
}

/// Adds bytes at the end, `offset`; when they are the last, the content is taken. Goes on when the request is
/// broken off: what arrived is kept.
///
/// # Errors
/// Not the caller's, over, put together from parts, at another offset, more than announced, another checksum,
/// broken off, or in the hands of a request that does not let go.
pub async fn append(
    app: &App,
    ctx: &Ctx,
    id: UploadId,
    offset: u64,
    sent: Sent,
) -> Result<View, ServiceError> {
    own(app, ctx, id).await?;
    let (app, ctx) = (app.clone(), ctx.clone());
    detached(async move {
        let held = app.uploads.locks.hold(id).await?;
        let upload = own(&app, &ctx, id).await?;
        if upload.kind == UploadKind::Final {
            return Err(ServiceError::Denied(codes::UPLOAD_FINAL));
        }
        if u64::try_from(upload.received).ok() != Some(offset) {
            return Err(ServiceError::Refused {
                code: codes::UPLOAD_OFFSET,
                state: None,
                errors: Vec::new(),
            });
        }
        let open = upload.state == UploadState::Open;
        let (upload, broken) = receive::receive(&app, upload, sent, &held.stop).await?;
        let answer = if open && upload.state == UploadState::Received {
            finish(&app, &ctx, upload).await?
        } else {
            view(&upload, true)?
        };
        broken.map_or(Ok(answer), Err)
    })
    .await
}

/// Has the content taken. A failure on our side is not the sender's: the bytes are there and it is tried again.
async fn finish(app: &App, ctx: &Ctx, upload: Upload) -> Result<View, ServiceError> {
    match taking::take(app, ctx, upload.clone()).await {
        Ok(upload) => view(&upload, true),
        Err(error) => {
            tracing::error!(upload.id = %upload.id, %error, "an upload could not be finished");
            view(&upload, true)
        }
    }
}

/// Where an upload stands, for its sender to go on. A request that still writes to it is stopped, so that the
/// answer holds.
///
/// # Errors
/// Not the caller's, over, or in the hands of a request that does not let go.
pub async fn status(app: &App, ctx: &Ctx, id: UploadId) -> Result<(View, Standing), ServiceError> {
    let mut upload = own(app, ctx, id).await?;
    if upload.state == UploadState::Open {
        let _held = app.uploads.locks.hold(id).await?;
        upload = own(app, ctx, id).await?;
    }
    let detail = detail(&upload)?;
    let standing = Standing {
        metadata: detail.metadata,
        parts: detail.parts.into_iter().map(|(id, _)| id).collect(),
    };
    Ok((view(&upload, false)?, standing))
}

/// What only the protocol's own answer repeats.
#[derive(Debug)]
pub struct Standing {
    /// `Upload-Metadata` as it came.
    pub metadata: String,
    /// What it is put together from.
    pub parts: Vec<UploadId>,
}

/// An upload with what became of its content.
///
/// # Errors
/// Not the caller's, over, or the caller may not see such data of the consultation any more.
pub async fn read(app: &App, ctx: &Ctx, id: UploadId) -> Result<View, ServiceError> {
    let upload = own(app, ctx, id).await?;
    if let (Some(consultation), Some(purpose)) = (upload.consultation, upload.purpose)
        && upload.outcome.is_some()
        && upload.state != UploadState::Refused
    {
        access::open(app, ctx, consultation, metadata::action(purpose)).await?;
    }
    view(&upload, true)
}

/// The caller's uploads that are not over, newest first, without what became of them.
///
/// # Errors
/// The store fails.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    consultation: Option<ConsultationId>,
) -> Result<Vec<View>, ServiceError> {
    let reader = app.store.reader();
    let limit = limits::PAGE_ROWS_MAX.into();
    let found = reader
        .uploads_of(ctx.account.id, consultation, ctx.now(), limit)
        .await?;
    found.iter().map(|upload| view(upload, false)).collect()
}

/// A person has compared the patient of the images with the patient of the consultation: the content is
/// tried once more.
///
/// # Errors
/// Not the caller's, over, or nothing waits to be confirmed.
pub async fn confirm(app: &App, ctx: &Ctx, id: UploadId) -> Result<View, ServiceError> {
    own(app, ctx, id).await?;
    let (app, ctx) = (app.clone(), ctx.clone());
    detached(async move {
        let _held = app.uploads.locks.hold(id).await?;
        let mut upload = own(&app, &ctx, id).await?;
        if upload.state != UploadState::Unconfirmed {
            let target = format!("upload/{id}");
            let code = codes::UPLOAD_WRONG_STATE;
            note(&app, &ctx, "upload.confirm", target, code, upload.consultation).await?;
            return Err(ServiceError::Refused {
                code,
                state: None,
                errors: Vec::new(),
            });
        }
        let detail = Detail {
            confirm_patient: true,
            ..detail(&upload)?
        };
        upload.state = UploadState::Received;
        upload.attempts = 0;
        upload.detail = Some(serde_json::to_value(detail.from(&ctx))?);
        upload.outcome = None;
        let mut tx = app.store.begin().await?;
        tx.update_upload(&upload, UploadState::Unconfirmed).await?;
        tx.audit(ctx.event(
            "upload.confirm",
            format!("upload/{id}"),
            "ok",
            upload.consultation,
        ))
        .await?;
        tx.commit().await?;
        finish(&app, &ctx, upload).await
    })
    .await
}

/// Ends an upload; its bytes go. What was taken stays.
///
/// # Errors
/// Not the caller's, over, or in the hands of a request that does not let go.
pub async fn terminate(app: &App, ctx: &Ctx, id: UploadId) -> Result<(), ServiceError> {
    own(app, ctx, id).await?;
    let _held = app.uploads.locks.hold(id).await?;
    let upload = own(app, ctx, id).await?;
    let mut tx = app.store.begin().await?;
    over(&mut tx, &upload, UploadState::Removed).await?;
    tx.audit(ctx.event(
        "upload.terminate",
        format!("upload/{id}"),
        "ok",
        upload.consultation,
    ))
    .await?;
    tx.commit().await?;
    remove_pieces(app, &upload).await;
    Ok(())
}

/// Leaves of an upload only that it was there.
async fn over(tx: &mut WriteTx, upload: &Upload, state: UploadState) -> Result<(), ServiceError> {
    let after = Upload {
        state,
        detail: None,
        outcome: None,
        ..upload.clone()
    };
    Ok(tx.update_upload(&after, upload.state).await?)
}

/// Ends the uploads whose time is over, removes their bytes, and forgets those that ended long ago. Tells how
/// many.
///
/// # Errors
/// The store fails; what was done before stays done.
pub async fn expire(app: &App) -> Result<usize, ServiceError> {
    let now = app.now();
    let forget = now.plus_ms(-limits::UPLOAD_REMEMBERED_MS);
    let due = app
        .store
        .reader()
        .uploads_over(now, forget, limits::UPLOADS_BATCH)
        .await?;
    let mut count = 0;
    for (id, state) in due {
        let Some(_held) = app.uploads.locks.try_hold(id) else {
            continue;
        };
        if matches!(state, UploadState::Removed | UploadState::Expired) {
            // Whatever could not be removed before, and parts that were used up.
            app.files.remove_pieces(&receive::folder(id)).await?;
            let mut tx = app.store.begin().await?;
            tx.delete_upload(id).await?;
            tx.commit_technical().await?;
        } else {
            expire_one(app, id, now).await?;
        }
        count += 1;
    }
    Ok(count)
}

async fn expire_one(app: &App, id: UploadId, now: Timestamp) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    let Some(upload) = tx.upload(id).await?.filter(|upload| upload.expires_at <= now) else {
        return Ok(());
    };
    over(&mut tx, &upload, UploadState::Expired).await?;
    let event = by_system(
        now,
        "upload.expire",
        format!("upload/{id}"),
        "ok",
        upload.consultation,
    );
    tx.audit(event).await?;
    tx.commit().await?;
    remove_pieces(app, &upload).await;
    Ok(())
}

fn view(upload: &Upload, with_outcome: bool) -> Result<View, ServiceError> {
    let bytes = |n: i64| u64::try_from(n).unwrap_or(0);
    let outcome = match &upload.outcome {
        Some(outcome) if with_outcome => Outcome::deserialize(outcome)?,
        _ => Outcome::default(),
    };
    Ok(View {
        id: upload.id,
        kind: upload.kind,
        state: upload.state,
        purpose: upload.purpose,
        consultation_id: upload.consultation,
        filename: detail(upload)?.file_name,
        offset: bytes(upload.received),
        length: bytes(upload.length),
        created_at: upload.created_at,
        expires_at: upload.expires_at,
        result: outcome.result,
        problem: outcome.problem,
    })
}
