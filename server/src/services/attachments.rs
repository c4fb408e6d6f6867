//! Documents and pictures that are not DICOM, added in a session (clause 7.3 b): sealed, marked with their
//! source, readable by all inside, part of the case package.

use bytes::Bytes;
use consilium_domain::{AttachmentId, ConsultationId, ConsultationState, permission::Action};
use consilium_protocol::{codes, limits, room::Attachment};
use consilium_storage::{Attachment as Stored, StoredFile};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{access, consents, masking::Texts, media, opinions, packages, views},
    state::App,
};

/// One file on its way in.
#[derive(Debug)]
pub struct Incoming {
    /// Name as the sender knows it.
    pub file_name: String,
    /// The file.
    pub bytes: Bytes,
    /// The sender has looked: it shows no identity of the patient. No rule can read a scan.
    pub confirm_masked: bool,
}

fn refused(code: &'static str, state: Option<ConsultationState>) -> ServiceError {
    ServiceError::Refused {
        code,
        state,
        errors: Vec::new(),
    }
}

/// `POST …/attachments`: takes a PDF, PNG or JPEG. What a picture says of its maker, place and time is taken
/// off. The same content again is the one that is there.
///
/// # Errors
/// Not allowed, not in session, no consent; too large, too many, another type, or nobody has confirmed that it
/// shows no identity.
pub async fn add(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    file: Incoming,
) -> Result<Attachment, ServiceError> {
    let case = access::open(app, ctx, id, Action::Upload).await?;
    consents::require_to_collect(app, ctx, &case).await?;
    match take(app, ctx, &case, file).await {
        Ok(stored) => {
            exchange::flush(app, id).await;
            opinions::refresh_room(app, id, "data").await?;
            view(app, vec![stored]).await?.pop().ok_or(ServiceError::NotFound)
        }
        Err(error) => {
            let mut tx = app.store.begin().await?;
            let target = format!("consultation/{id}");
            tx.audit(ctx.event("attachment.add", target, error.code().0, Some(id)))
                .await?;
            tx.commit().await?;
            Err(error)
        }
    }
}

async fn take(app: &App, ctx: &Ctx, case: &access::Case, file: Incoming) -> Result<Stored, ServiceError> {
    let c = &case.consultation;
    if c.state != ConsultationState::InSession {
        return Err(refused(codes::WRONG_STATE, Some(c.state)));
    }
    if file.bytes.len() > limits::ATTACHMENT_BYTES {
        return Err(ServiceError::TooLarge);
    }
    let wrong_type = || ServiceError::Content {
        code: codes::ATTACHMENT_TYPE,
        errors: Vec::new(),
    };
    let media = media::by_content(&file.bytes).ok_or_else(wrong_type)?;
    let given = file.bytes;
    let kept = tokio::task::spawn_blocking(move || {
        let bytes = media::stripped(media, &given)?;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        Some((bytes, sha256))
    });
    let (bytes, sha256) = kept.await?.ok_or_else(wrong_type)?;
    if !file.confirm_masked {
        return Err(refused(codes::ATTACHMENT_UNCONFIRMED, None));
    }
    let known = app.store.reader().attachments(c.id).await?;
    let same = |of: &Stored| of.sha256 == sha256 && of.institution == ctx.institution.id;
    if let Some(known) = known.into_iter().find(same) {
        return Ok(known);
    }
    let texts = Texts::for_exchange(app, case, ctx.now()).await?;
    let sealed = app.files.put("attachment", bytes, ctx.now()).await?;
    let stored = Stored {
        id: AttachmentId(Uuid::now_v7()),
        consultation: c.id,
        institution: ctx.institution.id,
        added_by: ctx.account.id,
        file: sealed.id,
        name: name(&texts, &file.file_name),
        media: media.to_owned(),
        bytes: sealed.bytes,
        sha256,
        added_at: ctx.now(),
    };
    let written = write(app, ctx, &stored, &sealed).await;
    if written.is_err() {
        app.files.discard(std::slice::from_ref(&sealed)).await;
    }
    written.map(|()| stored)
}

/// A name fit for others: masked, without control characters, and never too long.
fn name(texts: &Texts, given: &str) -> String {
    let plain: String = given.chars().filter(|c| !c.is_control()).collect();
    let masked = texts.text(plain.trim().to_owned());
    masked.chars().take(limits::FILE_NAME_CHARS).collect()
}

async fn write(app: &App, ctx: &Ctx, stored: &Stored, file: &StoredFile) -> Result<(), ServiceError> {
    let id = stored.consultation;
    let mut tx = app.store.begin().await?;
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    // What was true when the file was read may not be any more.
    if consultation.state != ConsultationState::InSession {
        return Err(refused(codes::WRONG_STATE, Some(consultation.state)));
    }
    if tx.count_attachments(id).await? >= limits::ATTACHMENTS_MAX {
        return Err(refused(codes::ATTACHMENT_TOO_MANY, None));
    }
    tx.insert_file(file).await?;
    tx.insert_attachment(stored).await?;
    packages::supplement(app, &mut tx, id).await?;
    let target = format!("attachment/{}", stored.id);
    tx.audit(ctx.event("attachment.add", target, "ok", Some(id)))
        .await?;
    Ok(tx.commit().await?)
}

/// Documents and pictures as all inside see them.
///
/// # Errors
/// The store fails.
pub async fn view(app: &App, rows: Vec<Stored>) -> Result<Vec<Attachment>, ServiceError> {
    let authors: Vec<_> = rows.iter().map(|of| of.added_by).collect();
    let people = views::accounts(app, &authors).await?;
    let directory = views::Directory::load(app).await?;
    rows.into_iter()
        .map(|of| {
            Ok(Attachment {
                id: of.id,
                institution: directory.get(of.institution)?,
                added_by_name: people
                    .get(&of.added_by)
                    .map(|author| author.display_name.clone())
                    .unwrap_or_default(),
                name: of.name,
                media: of.media,
                bytes: u64::try_from(of.bytes).unwrap_or(0),
                sha256: hex::encode(of.sha256),
                added_at: of.added_at,
            })
        })
        .collect()
}

/// `GET …/attachments`: all, in the order of adding. Reading is audited.
///
/// # Errors
/// Not there for the caller, not its duty, or consent has ended.
pub async fn list(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Vec<Attachment>, ServiceError> {
    let case = access::open(app, ctx, id, Action::ViewImages).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let out = view(app, app.store.reader().attachments(id).await?).await?;
    let mut tx = app.store.begin().await?;
    let target = format!("consultation/{id}");
    tx.audit(ctx.event("attachment.list", target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(out)
}

/// `GET …/attachments/{attachment}`: type, name and content. Reading is audited.
///
/// # Errors
/// Not there for the caller, not its duty, or consent has ended.
pub async fn content(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    attachment: AttachmentId,
) -> Result<(String, String, Bytes), ServiceError> {
    let case = access::open(app, ctx, id, Action::ViewImages).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let reader = app.store.reader();
    let found = reader.attachment(attachment).await?;
    let Some(stored) = found.filter(|of| of.consultation == id) else {
        access::refuse(app, ctx, "Attachment", id, Some(id), codes::NOT_FOUND).await?;
        return Err(ServiceError::NotFound);
    };
    let file = reader.file(stored.file).await?.ok_or(ServiceError::NotFound)?;
    let bytes = app.files.get(&file).await?;
    let mut tx = app.store.begin().await?;
    let target = format!("attachment/{attachment}");
    tx.audit(ctx.event("attachment.read", target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok((stored.media, stored.name, bytes))
}
