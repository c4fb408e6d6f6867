//! What each message does at its receiver: the service that owns the matter decides.

use consilium_domain::{NoticeKind, Timestamp, clock::OPINION_WITHIN_MS};
use consilium_protocol::exchange::{Body, Envelope};
use consilium_storage::WriteTx;

use crate::{
    error::ServiceError,
    services::{
        invitations::{self, Given},
        issues, packages, questions, requests, submissions,
    },
    state::App,
};

/// Lets a message have its effect, in the transaction that takes it in. The consultation's row is locked.
///
/// # Errors
/// The service refuses the message for good ([`ServiceError::Refused`] and its like), or fails for now.
pub(super) async fn apply(app: &App, tx: &mut WriteTx, envelope: &Envelope) -> Result<(), ServiceError> {
    let (kind, at) = match &envelope.body {
        Body::Invitation(parts) => return invitations::receive(app, tx, envelope, parts).await,
        Body::InvitationAnswer {
            invitation_id,
            scheduled_at,
            answer,
            answered_at,
            experts,
            data_from,
        } => {
            let given = Given {
                invitation: *invitation_id,
                scheduled_at: *scheduled_at,
                answer,
                answered_at: *answered_at,
                experts,
                data_from: *data_from,
            };
            return invitations::receive_answer(app, tx, envelope, given).await;
        }
        Body::InvitationWithdrawn {
            invitation_id,
            reason,
        } => return invitations::receive_withdrawal(app, tx, envelope, *invitation_id, reason).await,
        Body::Reschedule {
            invitation_id,
            answer_within_ms,
            ..
        } => {
            return invitations::receive_reschedule(app, tx, envelope, *invitation_id, *answer_within_ms)
                .await;
        }
        Body::DataRequest(_)
        | Body::DataRequestAnswer { .. }
        | Body::DataRequestCancelled { .. }
        | Body::SubmissionResult { .. } => return requests::receive(app, tx, envelope).await,
        Body::Submission { .. } => return submissions::receive(app, tx, envelope).await,
        Body::Correction(_) | Body::CorrectionResult { .. } => {
            return issues::receive(app, tx, envelope).await;
        }
        Body::Question(_) | Body::Answer(_) | Body::QuestionWithdrawn { .. } => {
            return questions::receive(app, tx, envelope).await;
        }
        Body::InvitationRevoked { .. } => (NoticeKind::InvitationRevoked, None),
        Body::Package {
            version,
            manifest_hash,
            shared,
            ..
        } => return packages::receive(app, tx, envelope, *version, manifest_hash, *shared).await,
        Body::Session { started: true, at } => (NoticeKind::SessionStarted, Some(*at)),
        // The notice names the time by which the opinions are due.
        Body::Session { started: false, at } => {
            (NoticeKind::SessionEnded, Some(at.plus_ms(OPINION_WITHIN_MS)))
        }
        Body::Cancelled { .. } => (NoticeKind::ConsultationCancelled, None),
        Body::Opinion { .. } => (NoticeKind::OpinionSubmitted, None),
        Body::Report { .. } => (NoticeKind::ReportSigned, None),
        Body::Suspension { suspended, at, .. } => (suspension(*suspended), Some(*at)),
    };
    news(app, tx, envelope, kind, at).await
}

async fn news(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    kind: NoticeKind,
    at: Option<Timestamp>,
) -> Result<(), ServiceError> {
    invitations::receive_news(app, tx, envelope, kind, at).await
}

/// What the pages of a live room read again after a message had its effect; empty for nothing.
#[must_use]
pub(super) const fn seen_in_room(body: &Body) -> &'static str {
    match body {
        Body::Question(_) | Body::Answer(_) | Body::QuestionWithdrawn { .. } => "questions",
        Body::DataRequest(_)
        | Body::DataRequestAnswer { .. }
        | Body::DataRequestCancelled { .. }
        | Body::Submission { .. }
        | Body::SubmissionResult { .. } => "data",
        _ => "",
    }
}

const fn suspension(suspended: bool) -> NoticeKind {
    if suspended {
        NoticeKind::ExchangeSuspended
    } else {
        NoticeKind::ExchangeResumed
    }
}
