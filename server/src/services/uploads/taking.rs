//! When all bytes are there the content goes the way of the direct route, exactly once.
//!
//! The act is done under the number of the upload in place of the request's. Its audit record is committed
//! with the act itself, so after a crash the record tells whether it has happened.

use bytes::Bytes;
use consilium_domain::{ConsultationId, InstanceId, UploadId, UploadKind, UploadPurpose, UploadState};
use consilium_protocol::{Problem, codes, imaging::Uploaded, limits, page::Locale};
use consilium_storage::Upload;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::Instrument as _;

use super::{
    locks::Held,
    metadata::Detail,
    receive::{content, folder},
};
use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    services::{
        attachments, consents,
        imaging::{self, Incoming},
        submissions::{self, Media},
    },
    state::App,
};

/// What became of a content; sealed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// What the direct route answered.
    pub(super) result: Option<Value>,
    /// Why it did not take it, without sentences.
    pub(super) problem: Option<Problem>,
}

/// What is remembered of an upload.
pub(super) fn detail(upload: &Upload) -> Result<Detail, ServiceError> {
    match &upload.detail {
        Some(detail) => Ok(Detail::deserialize(detail)?),
        None => Ok(Detail::default()),
    }
}

/// Lets the service of the direct route take the content of a complete upload. When something fails on our
/// side it stays as it is, to be tried again by [`resume`].
///
/// # Errors
/// The store fails.
pub(super) async fn take(app: &App, ctx: &Ctx, mut upload: Upload) -> Result<Upload, ServiceError> {
    let (Some(purpose), Some(consultation)) = (upload.purpose, upload.consultation) else {
        return Ok(upload);
    };
    let ctx = Ctx {
        request: Request {
            id: upload.id.0.simple().to_string(),
            ..ctx.request.clone()
        },
        ..ctx.clone()
    };
    let last = upload.attempts >= limits::UPLOAD_ATTEMPTS;
    let answer = match done(app, &ctx, &upload, purpose, consultation).await? {
        Some(result) => Ok(result),
        // It was tried as often as it may be, and the last try did not even come back.
        None if last => Err(ServiceError::Internal("the content cannot be taken".to_owned())),
        None => {
            upload.attempts = upload.attempts.saturating_add(1);
            let mut tx = app.store.begin().await?;
            tx.update_upload(&upload, UploadState::Received).await?;
            tx.commit_technical().await?;
            match act(app, &ctx, &upload, purpose, consultation).await {
                Ok(result) => Ok(result),
                // It may have been committed all the same.
                Err(error) => done(app, &ctx, &upload, purpose, consultation)
                    .await?
                    .ok_or(error),
            }
        }
    };
    match answer {
        Err(error) if transient(&error) && upload.attempts < limits::UPLOAD_ATTEMPTS => {
            tracing::warn!(upload.id = %upload.id, %error, "the content is tried again later");
            Ok(upload)
        }
        answer => close(app, &ctx, upload, answer).await,
    }
}

fn transient(error: &ServiceError) -> bool {
    matches!(error, ServiceError::Conflict) || error.code().1.is_server_error()
}

/// Writes down what became of the content; its bytes go, unless a person has to say whose they are.
async fn close(
    app: &App,
    ctx: &Ctx,
    mut upload: Upload,
    answer: Result<Value, ServiceError>,
) -> Result<Upload, ServiceError> {
    let (action, code, outcome) = match answer {
        Ok(result) => {
            upload.state = UploadState::Stored;
            let outcome = Outcome {
                result: Some(result),
                problem: None,
            };
            ("upload.complete", "ok", outcome)
        }
        Err(error) => {
            let code = error.code().0;
            upload.state = if code == codes::DICOM_PATIENT_UNCONFIRMED {
                UploadState::Unconfirmed
            } else {
                UploadState::Refused
            };
            let outcome = Outcome {
                result: None,
                problem: Some(error.problem()),
            };
            ("upload.refuse", code, outcome)
        }
    };
    upload.outcome = Some(serde_json::to_value(outcome)?);
    let mut tx = app.store.begin().await?;
    tx.update_upload(&upload, UploadState::Received).await?;
    tx.audit(ctx.event(action, format!("upload/{}", upload.id), code, upload.consultation))
        .await?;
    tx.commit().await?;
    metrics::counter!("consilium_uploads_total", "outcome" => upload.state.code()).increment(1);
    if upload.state != UploadState::Unconfirmed {
        remove_pieces(app, &upload).await;
    }
    Ok(upload)
}

/// Takes the bytes of an upload and of its parts away. What fails here is done when the upload is forgotten.
pub(super) async fn remove_pieces(app: &App, upload: &Upload) {
    let parts = detail(upload).map(|detail| detail.parts).unwrap_or_default();
    for id in parts.into_iter().map(|(id, _)| id).chain([upload.id]) {
        if let Err(error) = app.files.remove_pieces(&folder(id)).await {
            tracing::warn!(upload.id = %id, %error, "pieces are left behind for now");
        }
    }
}

async fn act(
    app: &App,
    ctx: &Ctx,
    upload: &Upload,
    purpose: UploadPurpose,
    id: ConsultationId,
) -> Result<Value, ServiceError> {
    let detail = detail(upload)?;
    let _place = app
        .uploads
        .taking
        .acquire()
        .await
        .map_err(|_| ServiceError::Busy)?;
    let sources = match upload.kind {
        UploadKind::Final => detail.parts.clone(),
        UploadKind::Whole | UploadKind::Partial => vec![(upload.id, upload.length)],
    };
    let bytes: Bytes = content(app, upload, &sources).await?;
    Ok(match purpose {
        UploadPurpose::Dicom => {
            let file = Incoming {
                file_name: detail.file_name,
                bytes,
                confirm_patient: detail.confirm_patient,
            };
            serde_json::to_value(imaging::upload(app, ctx, id, file).await?)?
        }
        UploadPurpose::Submission => {
            let media = Media::of(&detail.media)
                .ok_or_else(|| ServiceError::field("Upload-Metadata.filetype", codes::FIELD_UNKNOWN))?;
            serde_json::to_value(submissions::submit(app, ctx, id, media, detail.request, bytes).await?)?
        }
        UploadPurpose::ConsentForm => serde_json::to_value(consents::put_form(app, ctx, id, bytes).await?)?,
        UploadPurpose::Attachment => {
            let file = attachments::Incoming {
                file_name: detail.file_name,
                bytes,
                confirm_masked: detail.confirm_masked,
            };
            serde_json::to_value(attachments::add(app, ctx, id, file).await?)?
        }
    })
}

/// The answer to an act that was committed before, if it was.
async fn done(
    app: &App,
    ctx: &Ctx,
    upload: &Upload,
    purpose: UploadPurpose,
    id: ConsultationId,
) -> Result<Option<Value>, ServiceError> {
    if upload.attempts == 0 {
        return Ok(None);
    }
    let reader = app.store.reader();
    let action = match purpose {
        UploadPurpose::Dicom => "image.upload",
        UploadPurpose::Submission => "submission.submit",
        UploadPurpose::ConsentForm => "consent.form",
        UploadPurpose::Attachment => "attachment.add",
    };
    let Some(target) = reader.effect_of(id, &ctx.request.id, action).await? else {
        return Ok(None);
    };
    let target = target.split_once('/').map_or("", |(_, id)| id);
    let answer = match purpose {
        UploadPurpose::Dicom => {
            let instance: InstanceId = target.parse().map_err(|_| ServiceError::NotFound)?;
            let instance = reader.instance(instance).await?.ok_or(ServiceError::NotFound)?;
            serde_json::to_value(Uploaded {
                series_id: instance.series,
                instance_id: instance.id,
                duplicate: false,
                sha256: hex::encode(instance.sha256),
            })?
        }
        UploadPurpose::Submission => {
            let submission = target.parse().map_err(|_| ServiceError::NotFound)?;
            readable(submissions::read(app, ctx, id, submission).await)?
        }
        UploadPurpose::ConsentForm => readable(consents::read(app, ctx, id).await)?,
        UploadPurpose::Attachment => {
            let attachment = target.parse().map_err(|_| ServiceError::NotFound)?;
            let found = reader.attachment(attachment).await?.into_iter().collect();
            serde_json::to_value(attachments::view(app, found).await?.pop())?
        }
    };
    Ok(Some(answer))
}

/// What was taken stays taken, even when its sender may not read it any more.
fn readable<T: Serialize>(answer: Result<T, ServiceError>) -> Result<Value, ServiceError> {
    match answer {
        Ok(answer) => Ok(serde_json::to_value(answer)?),
        Err(error) if transient(&error) => Err(error),
        Err(_) => Ok(Value::Null),
    }
}

/// Goes on where a stop, a kill or a failure came between the last byte and the answer. Returns at once; tells
/// how many uploads are being taken now.
///
/// # Errors
/// The store fails.
pub async fn resume(app: &App) -> Result<usize, ServiceError> {
    let waiting = app
        .store
        .reader()
        .uploads_to_take(app.now(), limits::UPLOADS_BATCH)
        .await?;
    let mut count = 0;
    for id in waiting {
        let Some(held) = app.uploads.locks.try_hold(id) else {
            continue;
        };
        count += 1;
        let app = app.clone();
        let work = async move {
            if let Err(error) = resume_one(&app, id, held).await {
                tracing::error!(upload.id = %id, %error, "an upload could not be finished");
            }
        };
        tokio::spawn(work.in_current_span());
    }
    Ok(count)
}

async fn resume_one(app: &App, id: UploadId, _held: Held) -> Result<(), ServiceError> {
    let reader = app.store.reader();
    let upload = match reader.upload(id).await? {
        Some(upload) if upload.state == UploadState::Received => upload,
        _ => return Ok(()),
    };
    let account = reader
        .account(upload.account)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let institution = reader
        .institution(account.institution)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let detail = detail(&upload)?;
    let now = app.now();
    let ctx = Ctx {
        request: Request {
            id: id.0.simple().to_string(),
            ip: detail.ip.unwrap_or([0, 0, 0, 0].into()),
            device: detail.device,
            locale: Locale::default(),
            now,
        },
        account,
        institution,
        // There is no session behind this; what would be opened for one is not.
        session: [0; 32],
        expires_at: now,
    };
    if ctx.account.active {
        take(app, &ctx, upload).await?;
    } else {
        close(app, &ctx, upload, Err(ServiceError::Forbidden)).await?;
    }
    Ok(())
}
