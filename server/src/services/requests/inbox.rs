//! Messages about data requests, and what their clock does.

use consilium_domain::{
    ClockKind, ConsultationState, DataRequestId, DataRequestState, InstitutionId, NoticeKind, Timestamp,
    Urgency,
    machine::{Actor, Refused},
    preparation::data_request::{Command, MACHINE},
};
use consilium_protocol::{
    codes,
    exchange::{Body, Envelope},
    preparation::RequestBody,
};
use consilium_storage::{Consultation, DataRequest as Stored, WriteTx};
use uuid::Uuid;

use super::{Content, check, link, refused};
use crate::{
    ctx::by_system,
    error::ServiceError,
    exchange,
    services::{
        clocks,
        notices::{self, Tell, To},
    },
    state::App,
};

/// Takes a message about a data request in. The consultation's row is locked.
///
/// # Errors
/// The message is refused for good, or the store fails.
pub async fn receive(app: &App, tx: &mut WriteTx, envelope: &Envelope) -> Result<(), ServiceError> {
    match &envelope.body {
        Body::DataRequest(body) => asked(app, tx, envelope, body).await,
        Body::DataRequestAnswer {
            request_id,
            verified,
            code,
            reason,
        } => answered(app, tx, envelope, *request_id, (*verified, code, reason)).await,
        Body::DataRequestCancelled { request_id, reason } => {
            cancelled(app, tx, envelope, *request_id, reason).await
        }
        Body::SubmissionResult {
            request_id: Some(request_id),
            accepted,
            reason,
            ..
        } => judged(app, tx, envelope, *request_id, *accepted, reason).await,
        _ => Err(refused(codes::DATA_REQUEST_NOT_PARTY)),
    }
}

/// The request a message is about; the institution it names is its other end.
async fn about(
    tx: &WriteTx,
    envelope: &Envelope,
    id: DataRequestId,
    institution: InstitutionId,
) -> Result<(Consultation, Stored), ServiceError> {
    let consultation = tx
        .consultation(envelope.consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let stored = tx
        .data_request(id)
        .await?
        .filter(|r| r.consultation == consultation.id && r.institution == institution)
        .ok_or_else(|| refused(codes::DATA_REQUEST_NOT_PARTY))?;
    Ok((consultation, stored))
}

async fn tell(
    tx: &mut WriteTx,
    now: Timestamp,
    to: InstitutionId,
    about: (&Consultation, InstitutionId),
    kind: NoticeKind,
    (at, code): (Option<Timestamp>, Option<String>),
) -> Result<(), ServiceError> {
    let (consultation, institution) = about;
    let to = To::Role {
        institution: to,
        roles: notices::DATA_DESK,
    };
    let what = Tell {
        kind,
        consultation: Some(consultation.id),
        institution: Some(institution),
        at,
        code,
        link: link(consultation.id),
        ..Tell::default()
    };
    notices::tell(tx, now, to, what).await
}

/// A request has come. Whether it is legitimate is decided at once, by rule (R-7.2f-1): one that is not
/// reaches nobody's desk, and its sender learns the ground.
async fn asked(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    body: &RequestBody,
) -> Result<(), ServiceError> {
    let (consultation, mut stored) = about(tx, envelope, body.request_id, envelope.to).await?;
    if stored.source_state.is_some() || stored.state == DataRequestState::Cancelled {
        return Ok(());
    }
    let now = app.now();
    let source = stored.institution;
    let invitations = tx.invitations(consultation.id).await?;
    let claim = Content {
        items: body.items.clone(),
        data_from: body.data_from,
        reason: body.reason.clone(),
        purpose: body.purpose.clone(),
    };
    let target = format!("data_request/{}", stored.id);
    let verdict = check(&consultation, &invitations, source, envelope.from, &claim, now)?;
    let event = |action: &str, result: &str| consilium_storage::AuditEntry {
        institution: source.to_string(),
        ..by_system(now, action, target.clone(), result, Some(consultation.id))
    };
    let step = |state, command| MACHINE.step(state, command, Actor::System).map_err(wrong);
    stored.delivered_at = Some(now);
    let answer = |verified: bool, code: &str| Body::DataRequestAnswer {
        request_id: body.request_id,
        verified,
        code: code.to_owned(),
        reason: String::new(),
    };
    if let Err(ground) = verdict {
        stored.source_state = Some(step(DataRequestState::Sent, Command::Refuse)?);
        stored.refused_code = Some(ground.code().to_owned());
        tx.update_data_request(&stored).await?;
        let said = answer(false, ground.code());
        exchange::post(app, tx, consultation.id, source, envelope.from, now, said).await?;
        tx.audit(event("data_request.refuse", ground.code())).await?;
        return Ok(());
    }
    stored.source_state = Some(DataRequestState::Sent);
    start(app, tx, &consultation, &stored, now).await?;
    if app.policy.auto_verify {
        stored.source_state = Some(step(DataRequestState::Sent, Command::Verify)?);
        let said = answer(true, "");
        exchange::post(app, tx, consultation.id, source, envelope.from, now, said).await?;
        tx.audit(event("data_request.verify", "ok")).await?;
    }
    tx.update_data_request(&stored).await?;
    let about = (&consultation, envelope.from);
    // Asked for after the target: what counts is the session itself.
    let due = stored.due;
    let at = Some(if now < due.target_at {
        due.target_at
    } else {
        due.hard_at
    });
    tell(
        tx,
        now,
        source,
        about,
        NoticeKind::DataRequestReceived,
        (at, None),
    )
    .await
}

fn wrong(_: Refused<DataRequestState>) -> ServiceError {
    refused(codes::DATA_REQUEST_WRONG_STATE)
}

/// Starts the clock of the data. It ends at the target, or at the hard stop where the policy still counts
/// what comes in between as in time (D1).
async fn start(
    app: &App,
    tx: &mut WriteTx,
    consultation: &Consultation,
    stored: &Stored,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let due_at = if app.policy.data_due.late_counts_in_time {
        stored.due.hard_at
    } else {
        stored.due.target_at
    };
    clocks::start(
        tx,
        clocks::Start {
            kind: ClockKind::DataProvision,
            consultation: consultation.id,
            institution: stored.institution,
            subject: stored.id.0,
            // What is asked in session is urgent, whatever the consultation is.
            urgency: match consultation.state {
                ConsultationState::InSession => Urgency::Urgent,
                _ => consultation.urgency,
            },
            started_at: now,
            due_at,
            link: link(consultation.id),
        },
    )
    .await
}

/// The participant's answer has come to the lead.
async fn answered(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    id: DataRequestId,
    (verified, code, reason): (bool, &str, &str),
) -> Result<(), ServiceError> {
    let (consultation, mut stored) = about(tx, envelope, id, envelope.from).await?;
    let command = if verified {
        Command::Verify
    } else {
        Command::Refuse
    };
    // Taken back meanwhile: the answer is of no use.
    let Ok(state) = MACHINE.step(stored.state, command, Actor::System) else {
        return Ok(());
    };
    stored.state = state;
    if !verified {
        stored.refused_code = Some(code.to_owned()).filter(|code| !code.is_empty());
        stored.answer_reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    }
    tx.update_data_request(&stored).await?;
    let kind = if verified {
        NoticeKind::DataRequestVerified
    } else {
        NoticeKind::DataRequestRefused
    };
    let about = (&consultation, stored.institution);
    let now = app.now();
    let asker = stored.asked_by.unwrap_or(consultation.lead);
    tell(tx, now, asker, about, kind, (None, stored.refused_code.clone())).await
}

/// The lead has taken the request back.
async fn cancelled(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    id: DataRequestId,
    reason: &str,
) -> Result<(), ServiceError> {
    let (consultation, mut stored) = about(tx, envelope, id, envelope.to).await?;
    if stored.source_state == Some(DataRequestState::Refused) {
        return Ok(());
    }
    stored.source_state = Some(DataRequestState::Cancelled);
    stored.answer_reason = Some(reason.to_owned());
    tx.update_data_request(&stored).await?;
    let now = app.now();
    clocks::cancel(tx, ClockKind::DataProvision, stored.id.0, now).await?;
    let about = (&consultation, consultation.lead);
    tell(
        tx,
        now,
        stored.institution,
        about,
        NoticeKind::DataRequestCancelled,
        (None, None),
    )
    .await
}

/// The lead has taken the data, or sends it back.
async fn judged(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    id: DataRequestId,
    accepted: bool,
    reason: &str,
) -> Result<(), ServiceError> {
    let (consultation, mut stored) = about(tx, envelope, id, envelope.to).await?;
    if stored.source_state != Some(DataRequestState::Submitted) {
        return Ok(());
    }
    let (state, kind) = if accepted {
        (DataRequestState::Accepted, NoticeKind::SubmissionAccepted)
    } else {
        (DataRequestState::Returned, NoticeKind::SubmissionReturned)
    };
    stored.source_state = Some(state);
    stored.answer_reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    tx.update_data_request(&stored).await?;
    let about = (&consultation, consultation.lead);
    tell(tx, app.now(), stored.institution, about, kind, (None, None)).await
}

/// The data of a request has come to the lead, in the transaction that takes it in.
///
/// # Errors
/// The request is not of this source, or the store fails.
pub async fn submitted(
    tx: &mut WriteTx,
    consultation: &Consultation,
    source: InstitutionId,
    id: DataRequestId,
    now: Timestamp,
) -> Result<(), ServiceError> {
    use DataRequestState as S;
    let mut stored = tx
        .data_request(id)
        .await?
        .filter(|r| r.consultation == consultation.id && r.institution == source)
        .ok_or_else(|| refused(codes::DATA_REQUEST_NOT_PARTY))?;
    // The lead does not see the collecting in between.
    if matches!(stored.state, S::Sent | S::Verified | S::Extracting | S::Returned) {
        stored.state = S::Submitted;
        tx.update_data_request(&stored).await?;
    }
    // The lead is told of all data; who queried it in session learns that it is in the shared package.
    match stored.asked_by {
        Some(asker) => {
            let about = (consultation, source);
            tell(
                tx,
                now,
                asker,
                about,
                NoticeKind::SubmissionReceived,
                (None, None),
            )
            .await
        }
        None => Ok(()),
    }
}

/// The clock of a request has ended: the row says so; the notices are the clock's.
///
/// # Errors
/// The store fails.
pub async fn overdue(tx: &mut WriteTx, subject: Uuid, now: Timestamp) -> Result<(), ServiceError> {
    let Some(mut stored) = tx.data_request(DataRequestId(subject)).await? else {
        return Ok(());
    };
    stored.overdue_at = Some(now);
    tx.update_data_request(&stored).await?;
    let target = format!("data_request/{subject}");
    tx.audit(by_system(
        now,
        "data_request.overdue",
        target,
        "ok",
        Some(stored.consultation),
    ))
    .await?;
    Ok(())
}

/// The session has a new time: so has the data. Clocks that run start anew.
///
/// # Errors
/// The store fails.
pub async fn rescheduled(
    app: &App,
    tx: &mut WriteTx,
    consultation: &Consultation,
) -> Result<(), ServiceError> {
    use DataRequestState as S;
    if consultation.state == ConsultationState::Draft {
        return Ok(());
    }
    let now = app.now();
    for mut stored in tx.data_requests(consultation.id).await? {
        if matches!(stored.state, S::Accepted | S::Refused | S::Cancelled) {
            continue;
        }
        stored.due = app
            .policy
            .data_due
            .due(consultation.scheduled_at, consultation.urgency);
        stored.overdue_at = None;
        let running = stored
            .source_state
            .is_some_and(|state| !matches!(state, S::Refused | S::Cancelled));
        if running {
            start(app, tx, consultation, &stored, now).await?;
        }
        tx.update_data_request(&stored).await?;
    }
    Ok(())
}
