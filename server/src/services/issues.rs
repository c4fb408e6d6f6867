//! Correction notices (clause 7.5 b): the receiver of data names element, value seen and rule; the source
//! corrects within its term by sending the row again; the lead verifies. Old versions stay.

mod inbox;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use consilium_domain::{
    ClockKind, ConsultationId, ConsultationState, InstitutionId, IssueId, IssueState, ItemId, Timestamp,
    Urgency, clock,
    element::{Dictionary, ElementId},
    machine::{Actor, Verb as _},
    permission::{Action, Relation},
    preparation::issue::{Command, MACHINE, is_open},
};
use consilium_protocol::{
    codes,
    exchange::Body,
    limits,
    preparation::{Issue, IssueBody, IssueInput},
};
use consilium_storage::{Consultation, Issue as Stored, IssueContent, ItemsOf, StoredItem, WriteTx};
use uuid::Uuid;

pub use inbox::{answered, corrected, overdue, receive};

use crate::{
    ctx::{Ctx, by_system},
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        clocks, consents,
        masking::Texts,
        patients, requests,
        views::Directory,
    },
    state::App,
};

/// Characters of a value that a notice quotes.
const SEEN_CHARS: usize = 100;

/// Something a check found wrong with data of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The row.
    pub item: ItemId,
    /// The element.
    pub element: ElementId,
    /// The rule that was broken.
    pub rule: String,
    /// The code of the check; a person's words when one raises it.
    pub code: String,
}

fn refused(code: &'static str) -> ServiceError {
    ServiceError::Refused {
        code,
        state: None,
        errors: Vec::new(),
    }
}

/// How long a source has to correct data.
#[must_use]
pub const fn term_ms(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Routine => clock::CORRECT_WITHIN_MS,
        Urgency::Urgent => clock::CORRECT_WITHIN_URGENT_MS,
    }
}

/// Whether data is still being corrected in this state of the consultation.
const fn open(state: ConsultationState) -> bool {
    matches!(
        state,
        ConsultationState::Inviting
            | ConsultationState::Preparing
            | ConsultationState::Ready
            | ConsultationState::InSession
            | ConsultationState::Summarising
    )
}

/// Whether an institution reads the data of others: the lead as it comes, the participants once the session
/// has opened the package to them (domain.md section 2.4).
const fn receives(relation: Relation, state: ConsultationState) -> bool {
    match relation {
        Relation::Lead => true,
        Relation::Participant(_) => {
            relation.inside()
                && matches!(
                    state,
                    ConsultationState::InSession | ConsultationState::Summarising
                )
        }
        Relation::None => false,
    }
}

/// `POST …/issues`: asks the source of a row to correct an element.
///
/// # Errors
/// Not there for the caller, not its duty, no such element, a notice about it is open, no consent.
pub async fn raise(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: IssueInput,
) -> Result<Issue, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let own = ctx.institution.id;
    let state = case.consultation.state;
    if !receives(case.relation(own), state) {
        access::refuse(app, ctx, "RaiseIssue", id, Some(id), codes::FORBIDDEN).await?;
        return Err(ServiceError::Forbidden);
    }
    if !open(state) {
        access::refuse(app, ctx, "RaiseIssue", id, Some(id), codes::ISSUE_WRONG_STATE).await?;
        return Err(ServiceError::Refused {
            code: codes::ISSUE_WRONG_STATE,
            state: Some(state),
            errors: Vec::new(),
        });
    }
    let found = app
        .store
        .reader()
        .items(ItemsOf::Ids(vec![input.item_id]))
        .await?
        .into_iter()
        .next()
        .filter(|item| {
            let head = &item.head;
            head.consultation == id && head.stored && !head.superseded && head.received_at.is_some()
        });
    let Some(item) = found else {
        access::refuse(app, ctx, "Item", id, Some(id), codes::NOT_FOUND).await?;
        return Err(ServiceError::NotFound);
    };
    if item.head.institution == own && own != case.consultation.lead {
        // What is its own an institution corrects without being asked.
        access::refuse(app, ctx, "RaiseIssue", id, Some(id), codes::FORBIDDEN).await?;
        return Err(ServiceError::Forbidden);
    }
    let mut check = patients::Check::default();
    check.required("reason", &input.reason, limits::REASON_CHARS);
    if Dictionary::builtin()
        .of_row(item.head.kind, &input.element)
        .is_none()
    {
        check.error("element", codes::ISSUE_NO_ELEMENT);
    }
    check.finish()?;
    let now = ctx.now();
    let texts = Texts::for_exchange(app, &case, now).await?;
    let found = Found {
        item: item.head.id,
        element: input.element,
        rule: String::new(),
        code: texts.text(input.reason.trim().to_owned()),
    };
    let mut tx = app.store.begin().await?;
    let case = access::within(&tx, id, now).await?;
    let before = tx.issues(id).await?;
    if before
        .iter()
        .any(|i| i.key_hash == item.head.key_hash && i.element == found.element && is_open(i.state))
    {
        drop(tx);
        access::refuse(app, ctx, "RaiseIssue", id, Some(id), codes::ISSUE_OPEN_ALREADY).await?;
        return Err(refused(codes::ISSUE_OPEN_ALREADY));
    }
    let issue = new_issue(&item, found, own, Some(ctx), now);
    let issue_id = issue.id;
    send(app, &mut tx, &case.consultation, vec![issue], now).await?;
    tx.audit(ctx.event("issue.raise", format!("issue/{issue_id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    read(app, ctx, id, issue_id).await
}

fn new_issue(
    item: &StoredItem,
    found: Found,
    raised_by: InstitutionId,
    ctx: Option<&Ctx>,
    now: Timestamp,
) -> Stored {
    let seen = item
        .elements
        .get(&found.element)
        .map(|value| value.value.chars().take(SEEN_CHARS).collect())
        .unwrap_or_default();
    Stored {
        id: IssueId(Uuid::now_v7()),
        consultation: item.head.consultation,
        institution: item.head.institution,
        raised_by,
        account: ctx.map(|ctx| ctx.account.id),
        item: item.head.id,
        key_hash: item.head.key_hash.clone(),
        kind: item.head.kind,
        element: found.element,
        state: IssueState::Open,
        source_state: None,
        content: IssueContent {
            key: item.key.clone(),
            seen,
            rule: found.rule,
            reason: found.code,
        },
        answer_reason: None,
        corrected_by: None,
        created_at: now,
        due_at: None,
        overdue_at: None,
    }
}

/// Stores notices and sends them to their sources; what is the own institution's is there at once.
async fn send(
    app: &App,
    tx: &mut WriteTx,
    consultation: &Consultation,
    issues: Vec<Stored>,
    now: Timestamp,
) -> Result<(), ServiceError> {
    tx.insert_issues(&issues).await?;
    let term_ms = term_ms(consultation.urgency);
    for issue in issues {
        if issue.institution == issue.raised_by {
            inbox::notified(tx, consultation, issue, term_ms, now).await?;
            continue;
        }
        let body = Body::Correction(Box::new(IssueBody {
            issue_id: issue.id,
            item_id: issue.item,
            element: issue.element,
            seen: issue.content.seen,
            rule: issue.content.rule,
            reason: issue.content.reason,
            correct_within_ms: term_ms,
        }));
        exchange::post(
            app,
            tx,
            consultation.id,
            issue.raised_by,
            issue.institution,
            now,
            body,
        )
        .await?;
    }
    Ok(())
}

/// Raises notices for what a check has found, in the transaction of the check; the lead is their sender.
/// What was raised before about the same version of a row is not raised again, whatever became of it.
///
/// # Errors
/// A row is unknown, or the store fails.
pub async fn raise_found(
    app: &App,
    tx: &mut WriteTx,
    consultation: &Consultation,
    found: Vec<Found>,
    now: Timestamp,
) -> Result<(), ServiceError> {
    if found.is_empty() {
        return Ok(());
    }
    let before = tx.issues(consultation.id).await?;
    let mut known: HashSet<(ItemId, ElementId)> = before
        .iter()
        .map(|issue| (issue.item, issue.element.clone()))
        .collect();
    let open: HashSet<(&str, &ElementId)> = before
        .iter()
        .filter(|issue| is_open(issue.state))
        .map(|issue| (issue.key_hash.as_str(), &issue.element))
        .collect();
    let ids: BTreeSet<ItemId> = found.iter().map(|found| found.item).collect();
    let items: BTreeMap<ItemId, StoredItem> = tx
        .items(ItemsOf::Ids(ids.into_iter().collect()))
        .await?
        .into_iter()
        .map(|item| (item.head.id, item))
        .collect();
    let mut new = Vec::new();
    for found in found {
        let item = items
            .get(&found.item)
            .filter(|item| item.head.consultation == consultation.id)
            .ok_or(ServiceError::NotFound)?;
        if open.contains(&(item.head.key_hash.as_str(), &found.element))
            || !known.insert((found.item, found.element.clone()))
        {
            continue;
        }
        new.push(new_issue(item, found, consultation.lead, None, now));
    }
    let targets: Vec<IssueId> = new.iter().map(|issue| issue.id).collect();
    send(app, tx, consultation, new, now).await?;
    for issue in targets {
        let target = format!("issue/{issue}");
        tx.audit(by_system(now, "issue.raise", target, "ok", Some(consultation.id)))
            .await?;
    }
    Ok(())
}

/// `POST …/issues/{iid}/{verb}`: the lead verifies a correction, refuses it, or does without.
///
/// # Errors
/// Not there for the caller, not its duty, not possible now; refusing and doing without need a reason.
pub async fn act(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    issue_id: IssueId,
    command: Command,
    reason: &str,
) -> Result<Issue, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    let reader = app.store.reader();
    let found = reader.issue(issue_id).await?.filter(|i| i.consultation == id);
    let seen = found.and_then(|i| state_for(&case, ctx.institution.id, &i).map(|state| (i, state)));
    let Some((before, state)) = seen else {
        access::refuse(app, ctx, "Issue", id, Some(id), codes::NOT_FOUND).await?;
        return Err(ServiceError::NotFound);
    };
    let target = format!("issue/{issue_id}");
    let next = access::step(app, ctx, &case, &MACHINE, state, command, target.clone()).await?;
    let mut check = patients::Check::default();
    if matches!(command, Command::Reject | Command::Waive) {
        check.required("reason", reason, limits::REASON_CHARS);
    }
    check.finish()?;
    let now = ctx.now();
    let mut tx = app.store.begin().await?;
    let case = access::within(&tx, id, now).await?;
    let mut issue = tx.issue(issue_id).await?.ok_or(ServiceError::NotFound)?;
    if issue.state != before.state {
        return Err(ServiceError::Conflict);
    }
    issue.state = next;
    issue.answer_reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    match command {
        Command::Verify => clocks::stop(&mut tx, ClockKind::Correction, issue_id.0, now).await?,
        Command::Waive => clocks::cancel(&mut tx, ClockKind::Correction, issue_id.0, now).await?,
        _ => {}
    }
    let lead = case.consultation.lead;
    if issue.institution == lead {
        issue.source_state = Some(next);
    } else {
        let body = Body::CorrectionResult {
            issue_id,
            result: result(command).to_owned(),
            reason: reason.trim().to_owned(),
        };
        exchange::post(app, &mut tx, id, lead, issue.institution, now, body).await?;
    }
    tx.update_issue(&issue).await?;
    tx.audit(ctx.event(&format!("issue.{}", command.verb()), target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    read(app, ctx, id, issue_id).await
}

/// How a message says what became of a correction.
const fn result(command: Command) -> &'static str {
    match command {
        Command::Verify => "verified",
        Command::Reject => "rejected",
        Command::Notify | Command::Correct | Command::Waive => "waived",
    }
}

/// Where a notice stands for an institution; nothing when it may not know of it.
fn state_for(case: &Case, reader: InstitutionId, issue: &Stored) -> Option<IssueState> {
    match case.relation(reader) {
        Relation::Lead => Some(issue.state),
        Relation::Participant(_) if issue.institution == reader => issue.source_state,
        // Who raised it may see what became of it.
        Relation::Participant(_) if issue.raised_by == reader => Some(issue.state),
        Relation::Participant(_) | Relation::None => None,
    }
}

fn view(
    ctx: &Ctx,
    case: &Case,
    directory: &Directory,
    issue: Stored,
    state: IssueState,
) -> Result<Issue, ServiceError> {
    let actor: Actor = case.actor(ctx);
    let to_correct = issue.institution == ctx.institution.id;
    let possible = |command: Command| {
        open(case.consultation.state)
            && MACHINE.step(state, command, actor).is_ok()
            && (command != Command::Correct || to_correct)
    };
    let due = matches!(state, IssueState::Notified | IssueState::Corrected);
    Ok(Issue {
        id: issue.id,
        consultation_id: issue.consultation,
        institution: directory.get(issue.institution)?,
        item_id: issue.item,
        kind: issue.kind,
        key: issue.content.key,
        element: issue.element,
        seen: issue.content.seen,
        rule: issue.content.rule,
        reason: issue.content.reason,
        state,
        automatic: issue.account.is_none(),
        created_at: issue.created_at,
        due_at: issue.due_at,
        overdue: due && issue.overdue_at.is_some(),
        corrected_by: issue.corrected_by,
        answer_reason: issue.answer_reason,
        allowed: Command::ALL
            .iter()
            .filter(|command| possible(**command))
            .map(|command| command.code().to_owned())
            .collect(),
    })
}

/// The notices the reader's institution may know of.
///
/// # Errors
/// Stored data cannot be read.
pub async fn visible(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    directory: &Directory,
) -> Result<Vec<Issue>, ServiceError> {
    let mut out = Vec::new();
    for issue in app.store.reader().issues(case.consultation.id).await? {
        if let Some(state) = state_for(case, ctx.institution.id, &issue) {
            out.push(view(ctx, case, directory, issue, state)?);
        }
    }
    Ok(out)
}

/// `GET …/issues`.
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn list(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Vec<Issue>, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let out = visible(app, ctx, &case, &Directory::load(app).await?).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("issue.list", format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(out)
}

/// One notice as the answer to an act that is audited itself.
async fn read(app: &App, ctx: &Ctx, id: ConsultationId, issue: IssueId) -> Result<Issue, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    let stored = app
        .store
        .reader()
        .issue(issue)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let state = state_for(&case, ctx.institution.id, &stored).ok_or(ServiceError::NotFound)?;
    view(ctx, &case, &Directory::load(app).await?, stored, state)
}

/// A verb of an address. A correction is no verb: it is the row sent again.
///
/// # Errors
/// No such verb.
pub fn command(verb: &str) -> Result<Command, ServiceError> {
    [Command::Verify, Command::Reject, Command::Waive]
        .into_iter()
        .find(|command| command.code() == verb)
        .ok_or(ServiceError::NotFound)
}

/// Where the source acts on it.
fn link(id: ConsultationId) -> String {
    requests::link(id)
}
