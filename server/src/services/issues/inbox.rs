//! Messages about correction notices, the corrections themselves, and what their clock does.

use std::collections::{BTreeMap, HashSet};

use consilium_domain::{
    ClockKind, InstitutionId, IssueId, IssueState, ItemId, NoticeKind, Timestamp,
    machine::Actor,
    preparation::issue::{Command, MACHINE},
};
use consilium_protocol::{
    codes,
    exchange::{Body, Envelope},
    preparation::IssueBody,
};
use consilium_storage::{Consultation, Issue, WriteTx};
use uuid::Uuid;

use super::{link, refused};
use crate::{
    ctx::by_system,
    error::ServiceError,
    services::{
        clocks,
        notices::{self, Tell, To},
    },
    state::App,
};

/// Takes a message about a correction notice in. The consultation's row is locked.
///
/// # Errors
/// The message is refused for good, or the store fails.
pub async fn receive(app: &App, tx: &mut WriteTx, envelope: &Envelope) -> Result<(), ServiceError> {
    let consultation = tx
        .consultation(envelope.consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    match &envelope.body {
        Body::Correction(body) => raised(app, tx, envelope, &consultation, body).await,
        Body::CorrectionResult {
            issue_id,
            result,
            reason,
        } => judged(app, tx, envelope, &consultation, *issue_id, (result, reason)).await,
        _ => Err(refused(codes::DATA_REQUEST_NOT_PARTY)),
    }
}

async fn about(tx: &WriteTx, envelope: &Envelope, id: IssueId) -> Result<Issue, ServiceError> {
    tx.issue(id)
        .await?
        .filter(|issue| issue.consultation == envelope.consultation && issue.institution == envelope.to)
        .ok_or_else(|| refused(codes::DATA_REQUEST_NOT_PARTY))
}

async fn raised(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    consultation: &Consultation,
    body: &IssueBody,
) -> Result<(), ServiceError> {
    let issue = about(tx, envelope, body.issue_id).await?;
    if issue.raised_by != envelope.from || issue.item != body.item_id || issue.element != body.element {
        return Err(refused(codes::SUBMISSION_MISMATCH));
    }
    notified(tx, consultation, issue, body.correct_within_ms, app.now()).await
}

/// The notice is at its source: the clock starts.
pub(super) async fn notified(
    tx: &mut WriteTx,
    consultation: &Consultation,
    mut issue: Issue,
    term_ms: i64,
    now: Timestamp,
) -> Result<(), ServiceError> {
    // Done without while it was on its way, or corrected already.
    let Ok(state) = MACHINE.step(issue.state, Command::Notify, Actor::System) else {
        return Ok(());
    };
    let due_at = now.plus_ms(term_ms);
    issue.state = state;
    issue.source_state = Some(state);
    issue.due_at = Some(due_at);
    tx.update_issue(&issue).await?;
    clocks::start(
        tx,
        clocks::Start {
            kind: ClockKind::Correction,
            consultation: consultation.id,
            institution: issue.institution,
            subject: issue.id.0,
            urgency: consultation.urgency,
            started_at: now,
            due_at,
            link: link(consultation.id),
        },
    )
    .await?;
    let kind = NoticeKind::CorrectionRequested;
    tell(tx, consultation, &issue, issue.institution, kind, now).await
}

async fn tell(
    tx: &mut WriteTx,
    consultation: &Consultation,
    issue: &Issue,
    institution: InstitutionId,
    kind: NoticeKind,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let to = To::Role {
        institution,
        roles: notices::DATA_DESK,
    };
    let other = if institution == issue.institution {
        issue.raised_by
    } else {
        issue.institution
    };
    let what = Tell {
        kind,
        consultation: Some(consultation.id),
        institution: Some(other),
        at: issue.due_at.filter(|_| kind == NoticeKind::CorrectionRequested),
        item: Some(issue.element.to_string()),
        link: link(consultation.id),
        ..Tell::default()
    };
    notices::tell(tx, now, to, what).await
}

async fn judged(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    consultation: &Consultation,
    id: IssueId,
    (result, reason): (&str, &str),
) -> Result<(), ServiceError> {
    let mut issue = about(tx, envelope, id).await?;
    if envelope.from != consultation.lead {
        return Err(refused(codes::DATA_REQUEST_NOT_PARTY));
    }
    let (state, kind) = match result {
        "verified" => (IssueState::Verified, NoticeKind::CorrectionVerified),
        "rejected" => (IssueState::Notified, NoticeKind::CorrectionRejected),
        "waived" => (IssueState::Waived, NoticeKind::CorrectionWaived),
        _ => return Err(refused(codes::ISSUE_WRONG_STATE)),
    };
    issue.source_state = Some(state);
    issue.answer_reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    tx.update_issue(&issue).await?;
    tell(tx, consultation, &issue, issue.institution, kind, app.now()).await
}

/// The source gives rows again: notices about them count as corrected there. Tells which rows were asked
/// for.
///
/// # Errors
/// The store fails.
pub async fn answered(
    tx: &mut WriteTx,
    consultation: &Consultation,
    source: InstitutionId,
    rows: &BTreeMap<&str, ItemId>,
) -> Result<HashSet<String>, ServiceError> {
    let mut keys = HashSet::new();
    if rows.is_empty() {
        return Ok(keys);
    }
    for mut issue in tx.issues(consultation.id).await? {
        let asked = issue.institution == source && rows.contains_key(issue.key_hash.as_str());
        // A correction may be corrected again before it was looked at.
        if !asked
            || !matches!(
                issue.source_state,
                Some(IssueState::Notified | IssueState::Corrected)
            )
        {
            continue;
        }
        keys.insert(issue.key_hash.clone());
        if issue.source_state == Some(IssueState::Notified) {
            issue.source_state = Some(IssueState::Corrected);
            tx.update_issue(&issue).await?;
        }
    }
    Ok(keys)
}

/// New versions of rows are at the lead: notices about them are corrected, and the lead has to look.
/// Tells how many rows were asked for.
///
/// # Errors
/// The store fails.
pub async fn corrected(
    tx: &mut WriteTx,
    consultation: &Consultation,
    source: InstitutionId,
    rows: &BTreeMap<&str, ItemId>,
    now: Timestamp,
) -> Result<usize, ServiceError> {
    let mut asked = HashSet::new();
    for mut issue in tx.issues(consultation.id).await? {
        let Some(new) = rows
            .get(issue.key_hash.as_str())
            .filter(|new| issue.institution == source && **new != issue.item)
        else {
            continue;
        };
        if issue.state == IssueState::Corrected {
            asked.insert(issue.key_hash.clone());
            issue.corrected_by = Some(*new);
            tx.update_issue(&issue).await?;
            continue;
        }
        let Ok(state) = MACHINE.step(issue.state, Command::Correct, Actor::System) else {
            continue;
        };
        asked.insert(issue.key_hash.clone());
        issue.state = state;
        issue.source_state = Some(state);
        issue.corrected_by = Some(*new);
        tx.update_issue(&issue).await?;
        let kind = NoticeKind::CorrectionReceived;
        tell(tx, consultation, &issue, consultation.lead, kind, now).await?;
        if issue.raised_by != consultation.lead {
            tell(tx, consultation, &issue, issue.raised_by, kind, now).await?;
        }
    }
    Ok(asked.len())
}

/// The clock of a notice has ended: the row says so; the source's and the lead's coordinators are told by
/// the clock (clause 7.5 b).
///
/// # Errors
/// The store fails.
pub async fn overdue(tx: &mut WriteTx, subject: Uuid, now: Timestamp) -> Result<(), ServiceError> {
    let Some(mut issue) = tx.issue(IssueId(subject)).await? else {
        return Ok(());
    };
    issue.overdue_at = Some(now);
    tx.update_issue(&issue).await?;
    let target = format!("issue/{subject}");
    tx.audit(by_system(
        now,
        "issue.overdue",
        target,
        "ok",
        Some(issue.consultation),
    ))
    .await?;
    Ok(())
}
