//! Messages about questions of the session, and what their clock does.

use consilium_domain::{
    ClockKind, ConsultationId, InstitutionId, NoticeKind, QuestionId, QuestionState, Timestamp,
    machine::Actor,
    session::question::{Command, MACHINE},
};
use consilium_protocol::{
    codes,
    exchange::{Body, Envelope},
};
use consilium_storage::{Question as Stored, WriteTx};
use uuid::Uuid;

use super::SPEAKERS;
use crate::{
    ctx::by_system,
    error::ServiceError,
    services::{
        clocks,
        notices::{self, Tell, To},
    },
    state::App,
};

fn refused(code: &'static str) -> ServiceError {
    ServiceError::Refused {
        code,
        state: None,
        errors: Vec::new(),
    }
}

fn link(id: ConsultationId) -> String {
    format!("/consultations/{id}/room")
}

/// Takes a message about a question in. The consultation's row is locked.
///
/// # Errors
/// The message is refused for good, or the store fails.
pub async fn receive(app: &App, tx: &mut WriteTx, envelope: &Envelope) -> Result<(), ServiceError> {
    let now = app.now();
    match &envelope.body {
        Body::Question(body) => {
            let stored = about(tx, envelope, body.question_id, (envelope.from, envelope.to)).await?;
            asked(tx, envelope, stored, body.answer_within_ms, now).await
        }
        Body::Answer(body) => {
            let mut stored = about(tx, envelope, body.question_id, (envelope.to, envelope.from)).await?;
            let Ok(state) = MACHINE.step(stored.state, Command::Answer, Actor::System) else {
                return Ok(());
            };
            stored.state = state;
            tx.update_question(&stored).await?;
            let to = To::Account(stored.asked_by);
            tell(tx, now, envelope, to, NoticeKind::QuestionAnswered, None).await
        }
        Body::QuestionWithdrawn { question_id } => {
            let mut stored = about(tx, envelope, *question_id, (envelope.from, envelope.to)).await?;
            // Answered meanwhile: the answer is on its way and counts.
            let step = |state| MACHINE.step(state, Command::Withdraw, Actor::System).ok();
            let Some(state) = stored.asked_state.and_then(step) else {
                return Ok(());
            };
            stored.asked_state = Some(state);
            tx.update_question(&stored).await?;
            clocks::cancel(tx, ClockKind::Question, stored.id.0, now).await?;
            let to = speakers(envelope.to);
            tell(tx, now, envelope, to, NoticeKind::QuestionWithdrawn, None).await
        }
        _ => Err(refused(codes::QUESTION_NOT_PARTY)),
    }
}

/// The question a message is about, between the institutions it names: asking, asked.
async fn about(
    tx: &WriteTx,
    envelope: &Envelope,
    id: QuestionId,
    (asking, asked): (InstitutionId, InstitutionId),
) -> Result<Stored, ServiceError> {
    tx.question(id)
        .await?
        .filter(|of| of.consultation == envelope.consultation && of.asking == asking && of.asked == asked)
        .ok_or_else(|| refused(codes::QUESTION_NOT_PARTY))
}

/// A question has come: its clock starts.
async fn asked(
    tx: &mut WriteTx,
    envelope: &Envelope,
    mut stored: Stored,
    within_ms: i64,
    now: Timestamp,
) -> Result<(), ServiceError> {
    if stored.asked_state.is_some() {
        return Ok(());
    }
    let consultation = tx
        .consultation(envelope.consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let due_at = now.plus_ms(within_ms);
    stored.asked_state = Some(QuestionState::Open);
    stored.delivered_at = Some(now);
    tx.update_question(&stored).await?;
    clocks::start(
        tx,
        clocks::Start {
            kind: ClockKind::Question,
            consultation: consultation.id,
            institution: stored.asked,
            subject: stored.id.0,
            urgency: consultation.urgency,
            started_at: now,
            due_at,
            link: link(consultation.id),
        },
    )
    .await?;
    let to = speakers(stored.asked);
    tell(tx, now, envelope, to, NoticeKind::QuestionAsked, Some(due_at)).await
}

fn speakers(institution: InstitutionId) -> To {
    To::Role {
        institution,
        roles: SPEAKERS,
    }
}

async fn tell(
    tx: &mut WriteTx,
    now: Timestamp,
    envelope: &Envelope,
    to: To,
    kind: NoticeKind,
    at: Option<Timestamp>,
) -> Result<(), ServiceError> {
    let what = Tell {
        kind,
        consultation: Some(envelope.consultation),
        institution: Some(envelope.from),
        at,
        link: link(envelope.consultation),
        ..Tell::default()
    };
    notices::tell(tx, now, to, what).await
}

/// The two institutions of a question whose clock has ended, asking first: both are told.
///
/// # Errors
/// The store fails.
pub async fn overdue(
    tx: &mut WriteTx,
    subject: Uuid,
    now: Timestamp,
) -> Result<Vec<InstitutionId>, ServiceError> {
    let Some(stored) = tx.question(QuestionId(subject)).await? else {
        return Ok(Vec::new());
    };
    let target = format!("question/{subject}");
    let event = by_system(now, "question.overdue", target, "ok", Some(stored.consultation));
    tx.audit(event).await?;
    Ok(vec![stored.asking, stored.asked])
}
