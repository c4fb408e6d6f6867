//! The life of a consultation: draft, invitations, session, cancellation (clauses 7.2 and 7.3).

use consilium_domain::{
    ClockKind, ConsultationId, ConsultationState, InstitutionId, InvitationState, Timestamp,
    consultation::{Command, Facts, Refusal, apply},
    permission::{Action, may_create},
};
use consilium_protocol::{
    FieldError, codes,
    consultation::{Consultation, ConsultationInput},
    exchange::Body,
    limits,
    page::Draft,
};
use consilium_storage::{Consultation as Stored, WriteTx};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        clocks, consents, invitations,
        masking::Texts,
        opinions, packages, patients, views, worklist,
    },
    state::App,
};

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        let state = match &refusal {
            Refusal::WrongState { state, .. } => Some(*state),
            _ => None,
        };
        let errors = match &refusal {
            Refusal::OpinionsMissing(institutions) => institutions
                .iter()
                .map(|id| FieldError::new(format!("waivers.{id}"), codes::OPINIONS_MISSING))
                .collect(),
            _ => Vec::new(),
        };
        Self::Refused {
            code: refusal.code(),
            state,
            errors,
        }
    }
}

/// Whether an answer is still to come.
#[must_use]
pub const fn is_pending(state: InvitationState) -> bool {
    matches!(
        state,
        InvitationState::Sent | InvitationState::Delivered | InvitationState::Reconfirming
    )
}

/// The facts the guards look at, as far as the rows of the consultation and its invitations tell them.
#[must_use]
pub fn facts(case: &Case) -> Facts {
    let c = &case.consultation;
    Facts {
        chosen: c.chosen.len(),
        pending: case.invitations.iter().filter(|i| is_pending(i.state)).count(),
        accepted: case
            .invitations
            .iter()
            .filter(|i| i.state == InvitationState::Accepted)
            .count(),
        consent_active: c.consent.is_some(),
        scheduled_at: c.scheduled_at,
        overridden: c.override_reason.is_some(),
        suspended_from: c.suspended_from,
        paused: c.paused_at.is_some(),
        ..Facts::default()
    }
}

/// Applies a command to a case, auditing a refusal.
///
/// # Errors
/// The refusal (409, the state named), or the store fails.
pub async fn step(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    command: Command,
    facts: &Facts,
) -> Result<ConsultationState, ServiceError> {
    match apply(case.consultation.state, command, facts, ctx.now()) {
        Ok(state) => Ok(state),
        Err(refusal) => {
            let mut tx = app.store.begin().await?;
            let id = case.consultation.id;
            let action = format!("consultation.{}", command.code());
            tx.audit(ctx.event(&action, format!("consultation/{id}"), refusal.code(), Some(id)))
                .await?;
            tx.commit().await?;
            Err(refusal.into())
        }
    }
}

/// Saves a new draft and issues its number (clause 7.2 a).
///
/// # Errors
/// Not allowed, wrong fields, or the store fails.
pub async fn create(app: &App, ctx: &Ctx, input: ConsultationInput) -> Result<Consultation, ServiceError> {
    if !may_create(ctx.account.role) {
        let mut tx = app.store.begin().await?;
        tx.audit(ctx.event(
            "consultation.create",
            "consultation/new".to_owned(),
            codes::FORBIDDEN,
            None,
        ))
        .await?;
        tx.commit().await?;
        return Err(ServiceError::Forbidden);
    }
    let identity = patients::check_form(&input, ctx)?;
    check_participants(app, &input).await?;
    let sex = input.patient.sex.unwrap_or(consilium_domain::Sex::Unknown);
    let patient = patients::record(app, ctx, None, identity, sex);
    let now = ctx.now();
    let mut tx = app.store.begin().await?;
    let day = now.display_day();
    let running = tx.next_consultation_number(&day).await?;
    let id = ConsultationId(Uuid::now_v7());
    let stored = Stored {
        id,
        number: format!("HZ-{day}-{running:04}"),
        kind: input.kind,
        urgency: input.urgency,
        state: ConsultationState::Draft,
        lead: ctx.institution.id,
        patient: patient.id,
        clinical: serde_json::to_value(&input.clinical)?,
        scheduled_at: input.scheduled_at,
        duration_minutes: i32::from(input.duration_minutes),
        chosen: input.participants,
        wanted: input.wanted,
        consent: consents::of_form(None, input.consent.as_ref(), now)?,
        started_at: None,
        ended_at: None,
        due_at: None,
        suspended_from: None,
        override_reason: None,
        paused_at: None,
        pause_reason: None,
        created_by: ctx.account.id,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    tx.insert_patient(&patient).await?;
    tx.insert_consultation(&stored).await?;
    consents::note(&mut tx, &stored).await?;
    worklist::index(app, &mut tx, &stored, None).await?;
    tx.audit(ctx.event(
        "consultation.create",
        format!("consultation/{id}"),
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    read(app, ctx, id).await
}

async fn check_participants(app: &App, input: &ConsultationInput) -> Result<(), ServiceError> {
    for id in &input.participants {
        let known = app.store.reader().institution(*id).await?;
        if known.is_none_or(|i| i.platform) {
            return Err(ServiceError::field("participants", codes::FIELD_UNKNOWN));
        }
    }
    Ok(())
}

/// Replaces a draft. `version` is the one the form was read at.
///
/// # Errors
/// Not a draft, not allowed, wrong fields, changed meanwhile.
pub async fn edit(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    version: i64,
    input: ConsultationInput,
) -> Result<Consultation, ServiceError> {
    let case = access::open(app, ctx, id, Action::Edit).await?;
    let state = step(app, ctx, &case, Command::Edit, &facts(&case)).await?;
    let identity = patients::check_form(&input, ctx)?;
    check_participants(app, &input).await?;
    let sex = input.patient.sex.unwrap_or(consilium_domain::Sex::Unknown);
    let patient = patients::record(app, ctx, Some(case.consultation.patient), identity, sex);
    let stored = Stored {
        kind: input.kind,
        urgency: input.urgency,
        state,
        clinical: serde_json::to_value(&input.clinical)?,
        scheduled_at: input.scheduled_at,
        duration_minutes: i32::from(input.duration_minutes),
        chosen: input.participants,
        wanted: input.wanted,
        consent: consents::of_form(
            case.consultation.consent.as_ref(),
            input.consent.as_ref(),
            ctx.now(),
        )?,
        updated_at: ctx.now(),
        ..case.consultation
    };
    let mut tx = app.store.begin().await?;
    tx.update_patient(&patient).await?;
    tx.update_consultation(&stored, version).await?;
    consents::note(&mut tx, &stored).await?;
    worklist::index(app, &mut tx, &stored, None).await?;
    tx.audit(ctx.event("consultation.edit", format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    read(app, ctx, id).await
}

/// A draft for its own institution's form, the patient in clear; nothing when it is no draft any more.
/// Reading the clear identity is an event of its own.
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn draft(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Option<Draft>, ServiceError> {
    let case = access::open(app, ctx, id, Action::Edit).await?;
    let stored = case.consultation;
    if stored.state != ConsultationState::Draft {
        return Ok(None);
    }
    let patient = app
        .store
        .reader()
        .patient(stored.patient)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(
        "patient.read_identity",
        format!("patient/{}", patient.id),
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    Ok(Some(Draft {
        id,
        number: stored.number,
        version: stored.version,
        input: ConsultationInput {
            kind: stored.kind,
            urgency: stored.urgency,
            patient: patients::form(&patient),
            clinical: serde_json::from_value(stored.clinical)?,
            scheduled_at: stored.scheduled_at,
            duration_minutes: u16::try_from(stored.duration_minutes).unwrap_or(60),
            participants: stored.chosen,
            wanted: stored.wanted,
            consent: consents::Stored::read(stored.consent.as_ref())?
                .filter(|consent| consent.state == consilium_domain::ConsentState::Active)
                .map(|consent| consent.brief()),
        },
    }))
}

/// Sends the invitations (clause 7.2 b). Institutions that declined or let the term pass before are
/// invited anew.
///
/// # Errors
/// Not allowed or not possible now; what an invitation must hold is missing, each element named.
pub async fn invite(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Consultation, ServiceError> {
    let case = access::open(app, ctx, id, Action::Conduct).await?;
    let missing = patients::missing_for_invitation(app, &case.consultation).await?;
    let mut facts = facts(&case);
    facts.consent_active = consents::active(&case.consultation, ctx.now());
    facts.form_incomplete = !missing.is_empty();
    let state = match step(app, ctx, &case, Command::Invite, &facts).await {
        Err(ServiceError::Refused { code, state, .. }) if code == codes::FORM_INCOMPLETE => {
            return Err(ServiceError::Refused {
                code,
                state,
                errors: missing,
            });
        }
        other => other?,
    };
    let now = ctx.now();
    let mut tx = app.store.begin().await?;
    lock(&mut tx, id).await?;
    for institution in &case.consultation.chosen {
        let before = case.invitations.iter().find(|i| i.institution == *institution);
        if before.is_some_and(|i| i.state == InvitationState::Accepted) {
            continue;
        }
        invitations::send(app, &mut tx, ctx, &case.consultation, *institution, before).await?;
    }
    for dropped in case
        .invitations
        .iter()
        .filter(|i| !case.consultation.chosen.contains(&i.institution) && i.state != InvitationState::Revoked)
    {
        invitations::take_back(app, &mut tx, ctx, &case.consultation, dropped, "").await?;
    }
    let stored = Stored {
        state,
        due_at: Some(now.plus_ms(invitations::term_ms(case.consultation.urgency))),
        updated_at: now,
        ..case.consultation
    };
    save(&mut tx, ctx, &stored, Command::Invite).await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    read(app, ctx, id).await
}

/// Declares ready. Where no case package is frozen yet, it is built, checked and frozen first. With less
/// than 99 % of the core elements or with open correction notices, the lead gives a reason, which package
/// and report show (clauses 4.2.1 a and 7.2 g).
///
/// # Errors
/// Not allowed or not possible now.
pub async fn ready(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    override_reason: &str,
) -> Result<Consultation, ServiceError> {
    let case = access::open(app, ctx, id, Action::Conduct).await?;
    let mut check = patients::Check::default();
    let reason = override_reason.trim();
    if !reason.is_empty() {
        check.required("override_reason", reason, limits::REASON_CHARS);
    }
    check.finish()?;
    let mut facts = facts(&case);
    facts.overridden = !reason.is_empty();
    if case.consultation.state == ConsultationState::Preparing
        && facts.pending == 0
        && facts.accepted >= consilium_domain::consultation::PARTICIPANTS_MIN
    {
        packages::ready(app, ctx, &case).await?;
    }
    let known = packages::facts(app, &case).await?;
    facts.package = known.state;
    facts.package_complete = known.complete;
    facts.issues_open = known.issues_open;
    let state = step(app, ctx, &case, Command::Ready, &facts).await?;
    let needed = !facts.package_complete || facts.issues_open > 0;
    let mut tx = app.store.begin().await?;
    let current = unmoved(&tx, &case).await?;
    let stored = Stored {
        state,
        override_reason: needed.then(|| reason.to_owned()),
        updated_at: ctx.now(),
        ..current
    };
    save(&mut tx, ctx, &stored, Command::Ready).await?;
    tx.commit().await?;
    read(app, ctx, id).await
}

/// Starts, pauses, continues, ends or cancels. Pauses are told in the room, all else to every participant by
/// message.
///
/// # Errors
/// Not allowed or not possible now; cancelling needs a reason, a pause may have one.
pub async fn conduct(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    command: Command,
    reason: &str,
) -> Result<Consultation, ServiceError> {
    let case = access::open(app, ctx, id, Action::Conduct).await?;
    let state = step(app, ctx, &case, command, &facts(&case)).await?;
    if command == Command::Cancel {
        let mut check = patients::Check::default();
        check.required("reason", reason, limits::REASON_CHARS);
        check.finish()?;
    }
    let now = ctx.now();
    let pause_reason = match command {
        Command::Pause => pause_reason(app, &case, reason, now).await?,
        _ => None,
    };
    let mut tx = app.store.begin().await?;
    let current = unmoved(&tx, &case).await?;
    let mut stored = Stored {
        state,
        updated_at: now,
        ..current
    };
    match command {
        Command::Start => stored.started_at = Some(now),
        Command::Pause => {
            stored.paused_at = Some(now);
            stored.pause_reason = pause_reason;
        }
        Command::Continue => go_on(&mut tx, &mut stored, now).await?,
        Command::End => {
            go_on(&mut tx, &mut stored, now).await?;
            stored.ended_at = Some(now);
        }
        Command::Cancel => go_on(&mut tx, &mut stored, now).await?,
        _ => {}
    }
    save(&mut tx, ctx, &stored, command).await?;
    follow(app, &mut tx, &case, command, reason, now).await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    opinions::refresh_room(app, id, "state").await?;
    read(app, ctx, id).await
}

/// Why the session is paused, masked: all in the room read it.
async fn pause_reason(
    app: &App,
    case: &Case,
    reason: &str,
    now: Timestamp,
) -> Result<Option<String>, ServiceError> {
    let reason = reason.trim();
    let mut check = patients::Check::default();
    check.optional("reason", reason, limits::REASON_CHARS);
    check.finish()?;
    if reason.is_empty() {
        return Ok(None);
    }
    let texts = Texts::for_exchange(app, case, now).await?;
    Ok(Some(texts.text(reason.to_owned())))
}

/// A pause is over: the clocks of questions stood still meanwhile.
async fn go_on(tx: &mut WriteTx, stored: &mut Stored, now: Timestamp) -> Result<(), ServiceError> {
    if let Some(from) = stored.paused_at.take() {
        tx.shift_deadlines_of(stored.id, ClockKind::Question, from, now)
            .await?;
    }
    stored.pause_reason = None;
    Ok(())
}

/// The consultation's row, locked, if it is still where the caller found it. What else of it changed
/// meanwhile (a clock struck, an answer came) is no conflict.
async fn unmoved(tx: &WriteTx, case: &Case) -> Result<Stored, ServiceError> {
    let current = tx
        .consultation(case.consultation.id)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let paused = |of: &Stored| of.paused_at.is_some();
    if current.state == case.consultation.state && paused(&current) == paused(&case.consultation) {
        Ok(current)
    } else {
        Err(ServiceError::Conflict)
    }
}

/// What follows from a step for the other institutions and for the clocks.
async fn follow(
    app: &App,
    tx: &mut WriteTx,
    case: &Case,
    command: Command,
    reason: &str,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let id = case.consultation.id;
    let mut told: Vec<InstitutionId> = case.participants().collect();
    let content = match command {
        Command::Start => {
            packages::share(app, tx, case, now).await?;
            Body::Session {
                started: true,
                at: now,
            }
        }
        Command::End => {
            // Images that came in the last moments belong to what was discussed.
            packages::supplement(app, tx, id).await?;
            for invitation in &case.invitations {
                if invitation.state == InvitationState::Accepted {
                    opinions::ask(tx, &case.consultation, invitation.institution, now).await?;
                }
            }
            opinions::ask(tx, &case.consultation, case.consultation.lead, now).await?;
            Body::Session {
                started: false,
                at: now,
            }
        }
        Command::Cancel => {
            clocks::stop_all(tx, id, now).await?;
            told.extend(
                case.invitations
                    .iter()
                    .filter(|i| i.state == InvitationState::Delivered)
                    .map(|i| i.institution),
            );
            Body::Cancelled {
                reason: reason.trim().to_owned(),
            }
        }
        _ => return Ok(()),
    };
    for institution in told {
        exchange::post(
            app,
            tx,
            id,
            case.consultation.lead,
            institution,
            now,
            content.clone(),
        )
        .await?;
    }
    Ok(())
}

/// Takes the consultation's row first. Every transaction that also writes invitations, reports or events
/// does so, so that none waits for another in a circle.
///
/// # Errors
/// Not there, or the store fails.
pub async fn lock(tx: &mut WriteTx, id: ConsultationId) -> Result<(), ServiceError> {
    tx.consultation(id)
        .await?
        .map(|_| ())
        .ok_or(ServiceError::NotFound)
}

/// Writes the changed consultation with its audit event.
///
/// # Errors
/// Changed meanwhile, or the store fails.
pub async fn save(
    tx: &mut WriteTx,
    ctx: &Ctx,
    stored: &Stored,
    command: Command,
) -> Result<(), ServiceError> {
    tx.update_consultation(stored, stored.version).await?;
    let action = format!("consultation.{}", command.code());
    tx.audit(ctx.event(
        &action,
        format!("consultation/{}", stored.id),
        "ok",
        Some(stored.id),
    ))
    .await?;
    Ok(())
}

/// One consultation for a reader: the reading is audited (clause 8.4, data query).
///
/// # Errors
/// Not there for the caller.
pub async fn read_audited(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Consultation, ServiceError> {
    let consultation = read(app, ctx, id).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("consultation.read", format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(consultation)
}

/// One consultation, as the answer to an act that is audited itself.
///
/// # Errors
/// Not there for the caller.
pub async fn read(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Consultation, ServiceError> {
    let case = access::open(app, ctx, id, Action::Read).await?;
    views::detail(app, ctx, &case).await
}
