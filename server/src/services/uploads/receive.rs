//! From the socket to the disk: bytes are sealed and synced piece by piece and count only then.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use consilium_domain::{UploadId, UploadState};
use consilium_protocol::{codes, limits};
use consilium_storage::Upload;
use futures::StreamExt as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::checksum::Checksum;
use crate::{error::ServiceError, state::App};

/// What one request sends.
#[derive(Debug)]
pub struct Sent {
    /// The bytes.
    pub body: Body,
    /// How many there will be, when the request says so.
    pub announced: Option<u64>,
    /// What they must hash to.
    pub checksum: Option<Checksum>,
}

/// Where the pieces of an upload lie.
pub(super) fn folder(id: UploadId) -> String {
    format!("uploads/{}", id.0.simple())
}

/// Where the piece lies that begins at `offset`.
pub(super) fn place(id: UploadId, offset: i64) -> String {
    format!("{}/{offset:020}", folder(id))
}

/// Takes what is sent. Tells where the upload stands then and, when the request did not come to its end,
/// why: without a checksum everything that arrived is kept, with one nothing.
///
/// # Errors
/// More than was announced, or in too many pieces; another checksum; the store fails. What was committed
/// before stays.
pub(super) async fn receive(
    app: &App,
    upload: Upload,
    sent: Sent,
    stop: &CancellationToken,
) -> Result<(Upload, Option<ServiceError>), ServiceError> {
    let left = u64::try_from(upload.length.saturating_sub(upload.received)).unwrap_or(0);
    if sent.announced.is_some_and(|bytes| bytes > left) {
        return Err(ServiceError::TooLarge);
    }
    let mut body = sent.body.into_data_stream();
    let mut writer = Writer::new(app, upload, sent.checksum);
    let silence = Duration::from_millis(limits::UPLOAD_SILENCE_MS);
    let broken = loop {
        let next = tokio::select! {
            () = stop.cancelled() => break Some(ServiceError::Locked(codes::UPLOAD_LOCKED)),
            next = timeout(silence, body.next()) => next,
        };
        match next {
            Ok(Some(Ok(bytes))) => writer.add(bytes).await?,
            Ok(None) => break None,
            Ok(Some(Err(_))) | Err(_) => break Some(ServiceError::Malformed),
        }
    };
    let upload = writer.finish(broken.is_none()).await?;
    Ok((upload, broken))
}

struct Writer<'a> {
    app: &'a App,
    /// As committed.
    upload: Upload,
    /// With what is on disk and not yet committed.
    staged: i64,
    staged_pieces: i32,
    buffer: Vec<u8>,
    checksum: Option<Checksum>,
}

impl<'a> Writer<'a> {
    fn new(app: &'a App, upload: Upload, checksum: Option<Checksum>) -> Self {
        Self {
            app,
            staged: upload.received,
            staged_pieces: upload.pieces,
            upload,
            buffer: Vec::new(),
            checksum,
        }
    }

    async fn add(&mut self, mut bytes: Bytes) -> Result<(), ServiceError> {
        let after = self.buffer.len().saturating_add(bytes.len());
        let left = self.upload.length.saturating_sub(self.staged);
        if i64::try_from(after).map_or(true, |after| after > left) {
            return Err(ServiceError::TooLarge);
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(&bytes);
        }
        while !bytes.is_empty() {
            let room = limits::UPLOAD_PIECE_BYTES.saturating_sub(self.buffer.len());
            self.buffer
                .extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.buffer.len() >= limits::UPLOAD_PIECE_BYTES {
                self.stage().await?;
                if self.checksum.is_none() {
                    self.commit().await?;
                }
            }
        }
        Ok(())
    }

    async fn finish(mut self, whole: bool) -> Result<Upload, ServiceError> {
        if let Some(checksum) = self.checksum.take() {
            if !whole {
                return Ok(self.upload);
            }
            if !checksum.fits() {
                return Err(ServiceError::Checksum);
            }
        }
        self.stage().await?;
        self.commit().await?;
        Ok(self.upload)
    }

    /// Puts the buffer on disk. What is there and was never committed is written over by the next try.
    async fn stage(&mut self) -> Result<(), ServiceError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.staged_pieces >= limits::UPLOAD_PIECES {
            return Err(ServiceError::Limited(codes::UPLOAD_TOO_MANY));
        }
        let piece = std::mem::take(&mut self.buffer);
        let bytes = i64::try_from(piece.len()).map_err(|_| ServiceError::TooLarge)?;
        let place = place(self.upload.id, self.staged);
        self.app.files.put_piece(&place, piece).await?;
        self.staged = self.staged.saturating_add(bytes);
        self.staged_pieces = self.staged_pieces.saturating_add(1);
        Ok(())
    }

    /// From here on the bytes count.
    async fn commit(&mut self) -> Result<(), ServiceError> {
        let before = self.upload.received;
        if self.staged == before {
            return Ok(());
        }
        let mut after = self.upload.clone();
        after.received = self.staged;
        after.pieces = self.staged_pieces;
        if after.received == after.length {
            after.state = UploadState::Received;
        }
        let mut tx = self.app.store.begin().await?;
        tx.advance_upload(&after, before).await?;
        tx.commit_technical().await?;
        self.upload = after;
        Ok(())
    }
}

/// The content of a complete upload out of the pieces of `sources`, in order.
///
/// # Errors
/// A piece is gone or altered, or the store fails.
pub(super) async fn content(
    app: &App,
    upload: &Upload,
    sources: &[(UploadId, i64)],
) -> Result<Bytes, ServiceError> {
    let length = usize::try_from(upload.length).map_err(|_| ServiceError::TooLarge)?;
    let mut whole = Vec::with_capacity(length);
    for (id, bytes) in sources {
        let mut at = 0;
        while at < *bytes {
            let piece = app.files.get_piece(&place(*id, at)).await?;
            at = match i64::try_from(piece.len()) {
                Ok(0) | Err(_) => return Err(damaged(upload)),
                Ok(bytes) => at.saturating_add(bytes),
            };
            whole.extend_from_slice(&piece);
        }
        if at != *bytes {
            return Err(damaged(upload));
        }
    }
    if whole.len() == length {
        Ok(whole.into())
    } else {
        Err(damaged(upload))
    }
}

fn damaged(upload: &Upload) -> ServiceError {
    ServiceError::Internal(format!("the pieces of upload {} do not fit together", upload.id))
}
