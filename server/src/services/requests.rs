//! Data requests (clauses 7.2 e and f): what the lead asks of one participant, item by item; whether that is
//! legitimate is checked the moment it comes, by rule, and then by a person.

mod inbox;

use consilium_domain::{
    ClockKind, ConsultationId, ConsultationState, DataCategory, DataRequestId, DataRequestState,
    InstitutionId, InvitationState, Timestamp,
    clock::{DataDue, DataDuePolicy},
    machine::{Actor, Verb as _},
    permission::{Action, Relation},
    preparation::data_request::{Claim, Command, Illegitimate, MACHINE, legitimate},
};
use consilium_protocol::{
    codes,
    exchange::Body,
    limits,
    preparation::{DataRequest, RequestBody, RequestInput, RequestItem},
};
use consilium_storage::{Consultation, DataRequest as Stored, Invitation, WriteTx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use inbox::{overdue, receive, rescheduled, submitted};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        clocks, consents,
        masking::Texts,
        packages, patients, submissions,
        views::Directory,
    },
    state::App,
};

/// Longest purpose, characters.
const PURPOSE_CHARS: usize = 50;

/// What a request asks, as it lies sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Content {
    items: Vec<RequestItem>,
    data_from: Option<Timestamp>,
    reason: String,
    purpose: String,
}

fn content(stored: &Stored) -> Result<Content, ServiceError> {
    Ok(serde_json::from_value(stored.content.clone())?)
}

/// The categories a request asks for.
///
/// # Errors
/// What is stored is no request.
pub fn categories(stored: &Stored) -> Result<Vec<DataCategory>, ServiceError> {
    Ok(content(stored)?
        .items
        .into_iter()
        .map(|item| item.category)
        .collect())
}

/// Where people act on requests, data and corrections.
#[must_use]
pub fn link(id: ConsultationId) -> String {
    format!("/consultations/{id}/data")
}

fn refused(code: &'static str) -> ServiceError {
    ServiceError::Refused {
        code,
        state: None,
        errors: Vec::new(),
    }
}

/// Whether anything may be done about requests in this state of the consultation.
const fn open(state: ConsultationState) -> bool {
    matches!(
        state,
        ConsultationState::Inviting
            | ConsultationState::Preparing
            | ConsultationState::Ready
            | ConsultationState::InSession
    )
}

/// Where a request stands for an institution; nothing when it may not know of it.
fn state_for(case: &Case, reader: InstitutionId, stored: &Stored) -> Option<DataRequestState> {
    match case.relation(reader) {
        Relation::Lead => Some(stored.state),
        Relation::Participant(_) if stored.institution == reader => stored.source_state,
        // Its own query of the session.
        Relation::Participant(_) if stored.asked_by == Some(reader) => Some(stored.state),
        Relation::Participant(_) | Relation::None => None,
    }
}

/// When the data of a request is due that is sent now: in session at once (clause 7.3 e), before it by the
/// session's time.
fn due(app: &App, consultation: &Consultation, now: Timestamp) -> DataDue {
    if consultation.state == ConsultationState::InSession {
        DataDuePolicy::live(now)
    } else {
        let policy = app.policy.data_due;
        policy.due(consultation.scheduled_at, consultation.urgency)
    }
}

/// What a legality check looks at, for a request that `from` signed.
fn check(
    consultation: &Consultation,
    invitations: &[Invitation],
    institution: InstitutionId,
    from: InstitutionId,
    asked: &Content,
    now: Timestamp,
) -> Result<Result<(), Illegitimate>, ServiceError> {
    let consent = consents::Stored::of(consultation)?;
    let invitation = invitations.iter().find(|i| i.institution == institution);
    // In session any institution may query what another one has.
    let queries = consultation.state == ConsultationState::InSession
        && invitations
            .iter()
            .any(|i| i.institution == from && Relation::Participant(i.state).inside());
    let categories: Vec<DataCategory> = asked.items.iter().map(|item| item.category).collect();
    Ok(legitimate(
        &Claim {
            // The exchange takes no message in with a wrong signature.
            signature_valid: true,
            sender_leads: from == consultation.lead || queries,
            invitation: invitation.map(|i| i.state),
            consultation: consultation.state,
            consent: consent
                .as_ref()
                .map_or(consilium_domain::ConsentState::Draft, |c| c.state(now)),
            purpose_is_treatment: asked.purpose == consents::TREATMENT
                && consent.as_ref().is_some_and(|c| c.purpose == consents::TREATMENT),
            consent_until: consent.and_then(|c| c.valid_until),
            agreed: invitation.map_or(&[], |i| i.can_provide.as_slice()),
            agreed_from: invitation.and_then(|i| i.data_from),
            asked: &categories,
            asked_from: asked.data_from,
        },
        now,
    ))
}

/// `POST …/data-requests`: writes a request and, unless it is a draft, sends it.
///
/// # Errors
/// Not the lead's administrator; no item, no reason, an institution that was not invited.
pub async fn create(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: RequestInput,
) -> Result<DataRequest, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    let target = "data_request/new".to_owned();
    let command = sending(&case, ctx);
    let sent = access::step(
        app,
        ctx,
        &case,
        &MACHINE,
        DataRequestState::Drafted,
        command,
        target,
    )
    .await?;
    check_input(&input, &case, ctx)?;
    let invitation = case
        .invitations
        .iter()
        .find(|i| i.institution == input.institution_id);
    let now = ctx.now();
    let c = &case.consultation;
    // Another institution reads it: no more of the patient than in everything else.
    let texts = Texts::for_exchange(app, &case, now).await?;
    let scrub = |text: &str| texts.text(text.trim().to_owned());
    let items = input.items.into_iter().map(|item| RequestItem {
        description: scrub(&item.description),
        ..item
    });
    let asked = Content {
        items: items.collect(),
        // Without a date of its own a request asks for what was agreed.
        data_from: input.data_from.or(invitation.and_then(|i| i.data_from)),
        reason: scrub(&input.reason),
        purpose: input.purpose.trim().to_owned(),
    };
    let stored = Stored {
        id: DataRequestId(Uuid::now_v7()),
        consultation: id,
        institution: input.institution_id,
        state: if input.draft {
            DataRequestState::Drafted
        } else {
            sent
        },
        source_state: None,
        content: serde_json::to_value(&asked)?,
        due: due(app, c, now),
        sent_at: (!input.draft).then_some(now),
        delivered_at: None,
        overdue_at: None,
        refused_code: None,
        answer_reason: None,
        asked_by: (ctx.institution.id != c.lead).then_some(ctx.institution.id),
        created_by: ctx.account.id,
        created_at: now,
        version: 1,
    };
    let mut tx = app.store.begin().await?;
    super::consultations::lock(&mut tx, id).await?;
    tx.insert_data_request(&stored).await?;
    let verb = if input.draft { "draft" } else { command.code() };
    if !input.draft {
        post_request(app, &mut tx, c, &stored, now).await?;
    }
    tx.audit(ctx.event(
        &format!("data_request.{verb}"),
        format!("data_request/{}", stored.id),
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    read(app, ctx, id, stored.id).await
}

/// How the caller sends a request now: as the lead, or in the session as somebody who takes part.
fn sending(case: &Case, ctx: &Ctx) -> Command {
    let in_session = case.consultation.state == ConsultationState::InSession;
    match case.actor(ctx) {
        Actor::LeadExpert | Actor::ParticipantAdmin | Actor::ParticipantExpert if in_session => {
            Command::Query
        }
        _ => Command::Send,
    }
}

fn check_input(input: &RequestInput, case: &Case, ctx: &Ctx) -> Result<(), ServiceError> {
    let mut check = patients::Check::default();
    if input.institution_id == ctx.institution.id {
        check.error("institution_id", codes::FIELD_UNKNOWN);
    }
    // A query of the session is sent or not: only the lead keeps drafts.
    if input.draft && sending(case, ctx) == Command::Query {
        check.error("draft", codes::FIELD_UNKNOWN);
    }
    if !case
        .invitations
        .iter()
        .any(|i| i.institution == input.institution_id && i.state != InvitationState::Revoked)
    {
        check.error("institution_id", codes::FIELD_UNKNOWN);
    }
    if input.items.is_empty() {
        check.error("items", codes::FIELD_REQUIRED);
    }
    if input.items.len() > limits::REQUEST_ITEMS {
        check.error("items", codes::FIELD_TOO_LONG);
    }
    for (at, item) in input.items.iter().enumerate().take(limits::REQUEST_ITEMS) {
        let field = format!("items[{at}].description");
        check.optional(&field, &item.description, limits::ITEM_CHARS);
    }
    check.required("reason", &input.reason, limits::REASON_CHARS);
    check.required("purpose", &input.purpose, PURPOSE_CHARS);
    check.finish()
}

async fn post_request(
    app: &App,
    tx: &mut WriteTx,
    consultation: &Consultation,
    stored: &Stored,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let asked = content(stored)?;
    let body = Body::DataRequest(Box::new(RequestBody {
        request_id: stored.id,
        items: asked.items,
        data_from: asked.data_from,
        reason: asked.reason,
        purpose: asked.purpose,
        due: stored.due,
    }));
    let (id, from) = (consultation.id, stored.asked_by.unwrap_or(consultation.lead));
    exchange::post(app, tx, id, from, stored.institution, now, body).await?;
    Ok(())
}

/// `POST …/data-requests/{rid}/{verb}`.
///
/// # Errors
/// Not there for the caller, not its duty, not possible now; a reason is needed for refusing, returning and
/// taking back.
pub async fn act(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    request_id: DataRequestId,
    command: Command,
    reason: &str,
) -> Result<DataRequest, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    let own = ctx.institution.id;
    let found = app
        .store
        .reader()
        .data_request(request_id)
        .await?
        .filter(|r| r.consultation == id);
    let seen = found.and_then(|r| state_for(&case, own, &r).map(|state| (r, state)));
    let Some((stored, state)) = seen else {
        access::refuse(app, ctx, "DataRequest", id, Some(id), codes::NOT_FOUND).await?;
        return Err(ServiceError::NotFound);
    };
    let target = format!("data_request/{request_id}");
    let next = access::step(app, ctx, &case, &MACHINE, state, command, target.clone()).await?;
    let mut check = patients::Check::default();
    if matches!(command, Command::Refuse | Command::Return | Command::Cancel) {
        check.required("reason", reason, limits::REASON_CHARS);
    }
    check.finish()?;
    let mut tx = app.store.begin().await?;
    let case = access::within(&tx, id, ctx.now()).await?;
    match moved(app, &mut tx, ctx, &case, stored, command, next, reason.trim()).await {
        Ok(()) => {}
        Err(error @ (ServiceError::Refused { .. } | ServiceError::Invalid(_))) => {
            drop(tx);
            let mut tx = app.store.begin().await?;
            tx.audit(ctx.event(
                &format!("data_request.{}", command.verb()),
                target,
                error.code().0,
                Some(id),
            ))
            .await?;
            tx.commit().await?;
            return Err(error);
        }
        Err(other) => return Err(other),
    }
    tx.audit(ctx.event(
        &format!("data_request.{}", command.verb()),
        target,
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    read(app, ctx, id, request_id).await
}

#[expect(clippy::too_many_arguments, reason = "the parts of one move")]
async fn moved(
    app: &App,
    tx: &mut WriteTx,
    ctx: &Ctx,
    case: &Case,
    mut stored: Stored,
    command: Command,
    next: DataRequestState,
    reason: &str,
) -> Result<(), ServiceError> {
    let now = ctx.now();
    let c = &case.consultation;
    let own = ctx.institution.id;
    let asker = stored.asked_by.unwrap_or(c.lead);
    if !open(c.state) && !matches!(command, Command::Cancel | Command::Send) {
        return Err(ServiceError::Refused {
            code: codes::DATA_REQUEST_CONSULTATION_STATE,
            state: Some(c.state),
            errors: Vec::new(),
        });
    }
    let said = (!reason.is_empty()).then(|| reason.to_owned());
    let answer = |verified: bool| Body::DataRequestAnswer {
        request_id: stored.id,
        verified,
        code: String::new(),
        reason: reason.to_owned(),
    };
    let (body, to) = match command {
        Command::Send | Command::Query => {
            stored.state = next;
            stored.sent_at = Some(now);
            stored.due = due(app, c, now);
            tx.update_data_request(&stored).await?;
            return post_request(app, tx, c, &stored, now).await;
        }
        Command::Verify => {
            check(c, &case.invitations, own, asker, &content(&stored)?, now)?
                .map_err(|ground| refused(ground.code()))?;
            stored.source_state = Some(next);
            (answer(true), asker)
        }
        Command::Refuse => {
            stored.source_state = Some(next);
            stored.answer_reason = said;
            clocks::cancel(tx, ClockKind::DataProvision, stored.id.0, now).await?;
            (answer(false), asker)
        }
        Command::Extract => {
            stored.source_state = Some(next);
            return Ok(tx.update_data_request(&stored).await?);
        }
        Command::Submit => {
            if !consents::active(c, now) {
                return Err(refused(codes::SUBMISSION_NO_CONSENT));
            }
            stored.source_state = Some(next);
            tx.update_data_request(&stored).await?;
            return submissions::release(app, tx, case, &stored, now).await;
        }
        Command::Accept | Command::Return => {
            let accepted = command == Command::Accept;
            stored.state = next;
            stored.answer_reason = said;
            if accepted {
                clocks::stop(tx, ClockKind::DataProvision, stored.id.0, now).await?;
            }
            let newest = tx
                .submissions(c.id)
                .await?
                .into_iter()
                .rfind(|s| s.request == Some(stored.id) && s.received_at.is_some())
                .ok_or(ServiceError::NotFound)?;
            // What was taken belongs to the shared package; nothing happens when it is in it already.
            if accepted && c.state == ConsultationState::InSession {
                packages::supplement(app, tx, c.id).await?;
            }
            let body = Body::SubmissionResult {
                submission_id: newest.id,
                request_id: Some(stored.id),
                accepted,
                reason: reason.to_owned(),
            };
            (body, stored.institution)
        }
        Command::Cancel => {
            let was_sent = stored.sent_at.is_some();
            stored.state = next;
            stored.answer_reason = said;
            clocks::cancel(tx, ClockKind::DataProvision, stored.id.0, now).await?;
            if !was_sent {
                return Ok(tx.update_data_request(&stored).await?);
            }
            let body = Body::DataRequestCancelled {
                request_id: stored.id,
                reason: reason.to_owned(),
            };
            (body, stored.institution)
        }
    };
    tx.update_data_request(&stored).await?;
    exchange::post(app, tx, c.id, own, to, now, body).await?;
    Ok(())
}

/// Data for a request begins to come: it is being collected, if it was not yet.
///
/// # Errors
/// Somebody changed it meanwhile, or the store fails.
pub async fn extracting(tx: &mut WriteTx, mut stored: Stored) -> Result<(), ServiceError> {
    let Some(state) = stored.source_state else {
        return Ok(());
    };
    if let Ok(next) = MACHINE.step(state, Command::Extract, Actor::System)
        && next != state
    {
        stored.source_state = Some(next);
        tx.update_data_request(&stored).await?;
    }
    Ok(())
}

fn view(
    ctx: &Ctx,
    case: &Case,
    directory: &Directory,
    stored: Stored,
    state: DataRequestState,
) -> Result<DataRequest, ServiceError> {
    use DataRequestState as S;
    let asked = content(&stored)?;
    let actor = case.actor(ctx);
    let met = matches!(
        state,
        S::Submitted | S::Accepted | S::Refused | S::Cancelled | S::Drafted
    );
    let possible = |command: Command| {
        command != Command::Query
            && MACHINE.step(state, command, actor).is_ok()
            && (open(case.consultation.state) || command == Command::Cancel)
    };
    Ok(DataRequest {
        id: stored.id,
        consultation_id: stored.consultation,
        institution: directory.get(stored.institution)?,
        asked_by: stored.asked_by.map(|id| directory.get(id)).transpose()?,
        state,
        items: asked.items,
        data_from: asked.data_from,
        reason: asked.reason,
        purpose: asked.purpose,
        due: stored.due,
        overdue: !met && (stored.overdue_at.is_some() || ctx.now() > stored.due.target_at),
        sent_at: stored.sent_at,
        refused_code: stored.refused_code,
        answer_reason: stored.answer_reason,
        allowed: Command::ALL
            .iter()
            .filter(|command| possible(**command))
            .map(|command| command.code().to_owned())
            .collect(),
        version: stored.version,
    })
}

/// The requests the reader's institution may know of.
///
/// # Errors
/// Stored data cannot be read.
pub async fn visible(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    directory: &Directory,
) -> Result<Vec<DataRequest>, ServiceError> {
    let found = app.store.reader().data_requests(case.consultation.id).await?;
    let mut out = Vec::new();
    for stored in found {
        if let Some(state) = state_for(case, ctx.institution.id, &stored) {
            out.push(view(ctx, case, directory, stored, state)?);
        }
    }
    Ok(out)
}

/// `GET …/data-requests`.
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn list(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Vec<DataRequest>, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    let directory = Directory::load(app).await?;
    let out = visible(app, ctx, &case, &directory).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("data_request.list", format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(out)
}

/// One request as the answer to an act that is audited itself.
async fn read(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    request: DataRequestId,
) -> Result<DataRequest, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    let stored = app
        .store
        .reader()
        .data_request(request)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let state = state_for(&case, ctx.institution.id, &stored).ok_or(ServiceError::NotFound)?;
    view(ctx, &case, &Directory::load(app).await?, stored, state)
}

/// A verb of an address.
///
/// # Errors
/// No such verb.
pub fn command(verb: &str) -> Result<Command, ServiceError> {
    Command::ALL
        .iter()
        .copied()
        .find(|command| command.code() == verb)
        .ok_or(ServiceError::NotFound)
}
