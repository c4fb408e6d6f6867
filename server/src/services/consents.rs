//! Informed consent (clause 8.3.2): recorded before any data is collected, proved by a scanned form,
//! withdrawn at any time. Without one in force no data is collected and no other institution reads any;
//! signed reports stay.

mod stored;
pub mod texts;

use bytes::Bytes;
use consilium_domain::{
    ConsentSigner, ConsentState, ConsultationId, ConsultationState, NoticeKind, Role, Timestamp,
    masking::{Profile, RuleSet},
    permission::{Action, Relation},
    person::{PersonName, Phone},
    preparation::consent::{Command, MACHINE, signer_suffices},
};
use consilium_protocol::{
    codes, limits,
    preparation::{ConsentInput, ConsentRecord, Guardian},
};
use consilium_storage::{Consultation, Patient, WriteTx};

pub use stored::{Form, Stored, TREATMENT, VALID_MS, active, of_form};

use crate::{
    admin,
    ctx::Ctx,
    error::ServiceError,
    services::{
        access::{self, Case},
        consultations, media,
        notices::{self, Tell, To},
        opinions, patients,
    },
    state::App,
};

/// Consents ended by one round of the clock.
const ENDED_AT_ONCE: u64 = 100;

/// Notes in the index of terms when the consent of a consultation runs out. Called wherever the sealed
/// column is written.
///
/// # Errors
/// What is stored is no consent, or the store fails.
pub async fn note(tx: &mut WriteTx, consultation: &Consultation) -> Result<(), ServiceError> {
    let term = Stored::of(consultation)?.and_then(|consent| consent.term());
    Ok(tx.set_consent_term(consultation.id, term).await?)
}

/// Lets an institution other than the lead read data of the case only while consent is in force. The lead
/// keeps what the law makes it keep.
///
/// # Errors
/// 403 `consultation.no_consent`, audited.
pub async fn require_to_read(app: &App, ctx: &Ctx, case: &Case) -> Result<(), ServiceError> {
    if case.relation(ctx.institution.id) == Relation::Lead || active(&case.consultation, ctx.now()) {
        return Ok(());
    }
    let id = case.consultation.id;
    access::refuse(app, ctx, "ReadData", id, Some(id), codes::NO_CONSENT).await?;
    Err(ServiceError::Denied(codes::NO_CONSENT))
}

/// Lets data be collected only while consent is in force.
///
/// # Errors
/// 409 `consultation.no_consent`, audited.
pub async fn require_to_collect(app: &App, ctx: &Ctx, case: &Case) -> Result<(), ServiceError> {
    if active(&case.consultation, ctx.now()) {
        return Ok(());
    }
    let id = case.consultation.id;
    access::refuse(app, ctx, "Collect", id, Some(id), codes::NO_CONSENT).await?;
    Err(ServiceError::Refused {
        code: codes::NO_CONSENT,
        state: None,
        errors: Vec::new(),
    })
}

/// The consent of a consultation; the guardian masked. Reading is audited.
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn read(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<ConsentRecord, ServiceError> {
    let case = access::open(app, ctx, id, Action::Consent).await?;
    let record = record(app, ctx, &case).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("consent.read", format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(record)
}

/// What there is on record; for readers already authorised.
///
/// # Errors
/// The store fails.
pub(crate) async fn record(app: &App, ctx: &Ctx, case: &Case) -> Result<ConsentRecord, ServiceError> {
    let now = ctx.now();
    let patient = patient(app, case).await?;
    let identity = patient.identity.expose();
    let stored = Stored::of(&case.consultation)?;
    let state = stored.as_ref().map_or(ConsentState::Draft, |s| s.state(now));
    let over = over(case.consultation.state);
    let allowed = Command::ALL
        .iter()
        .filter(|command| **command == Command::Withdraw || !over)
        .filter(|command| MACHINE.step(state, **command, case.actor(ctx)).is_ok())
        .map(|command| command.code().to_owned())
        .collect();
    let profile = patients::profile(identity, Profile::Staff, now);
    let guardian_needed = !signer_suffices(ConsentSigner::Patient, identity.birth_date, now);
    let newest = || texts::all().last().map(|t| t.version.clone()).unwrap_or_default();
    let Some(stored) = stored else {
        let text_version = newest();
        return Ok(ConsentRecord {
            state,
            text: texts::of(&text_version, ctx.request.locale),
            text_version,
            signer: if guardian_needed {
                ConsentSigner::Guardian
            } else {
                ConsentSigner::Patient
            },
            guardian: None,
            purpose: TREATMENT.to_owned(),
            signed_at: None,
            valid_until: None,
            form_sha256: None,
            withdrawn: None,
            guardian_needed,
            allowed,
        });
    };
    Ok(ConsentRecord {
        state,
        text: texts::of(&stored.text_version, ctx.request.locale),
        text_version: stored.text_version,
        signer: stored.signer,
        guardian: stored.guardian.map(|guardian| masked(&guardian, profile)),
        purpose: stored.purpose,
        signed_at: stored.signed_at,
        valid_until: stored.valid_until,
        form_sha256: stored.form.map(|form| form.sha256),
        withdrawn: stored.withdrawn,
        guardian_needed,
        allowed,
    })
}

fn masked(guardian: &Guardian, profile: Profile) -> Guardian {
    let rules = RuleSet::builtin();
    Guardian {
        name: rules.name(profile, &guardian.name).get().clone(),
        relation: guardian.relation,
        phone: rules.phone(profile, &guardian.phone).get().clone(),
    }
}

async fn patient(app: &App, case: &Case) -> Result<Patient, ServiceError> {
    app.store
        .reader()
        .patient(case.consultation.patient)
        .await?
        .ok_or(ServiceError::NotFound)
}

/// Nothing is collected any more: a new consent has no use.
const fn over(state: ConsultationState) -> bool {
    matches!(
        state,
        ConsultationState::Cancelled | ConsultationState::Concluded | ConsultationState::Archived
    )
}

/// Records what the patient or guardian has said: laid before them, signed, or refused.
///
/// # Errors
/// Not allowed; not possible now; an unpublished text, another purpose than treatment, a patient who
/// cannot sign alone, a guardian not named, a period that has passed.
pub async fn put(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: ConsentInput,
) -> Result<ConsentRecord, ServiceError> {
    let case = access::open(app, ctx, id, Action::Consent).await?;
    let before = Stored::of(&case.consultation)?;
    let command = match input.state {
        ConsentState::Proposed => Command::Propose,
        ConsentState::Active => Command::Sign,
        ConsentState::Rejected => Command::Reject,
        ConsentState::Draft | ConsentState::Inactive => {
            return Err(ServiceError::field("state", codes::FIELD_UNKNOWN));
        }
    };
    if over(case.consultation.state) {
        access::refuse(app, ctx, "Consent", id, Some(id), codes::WRONG_STATE).await?;
        return Err(ServiceError::Refused {
            code: codes::WRONG_STATE,
            state: Some(case.consultation.state),
            errors: Vec::new(),
        });
    }
    let now = ctx.now();
    let from = before.as_ref().map_or(ConsentState::Draft, |s| s.state(now));
    let target = format!("consultation/{id}");
    let state = access::step(app, ctx, &case, &MACHINE, from, command, target).await?;
    let guardian = check(app, ctx, &case, &input).await?;
    let signed = state == ConsentState::Active;
    let form = before.and_then(|s| s.form);
    let after = Stored {
        state,
        text_version: input.text_version,
        signer: input.signer,
        guardian,
        purpose: input.purpose,
        signed_at: signed.then_some(now),
        valid_until: signed.then(|| input.valid_until.unwrap_or(now.plus_ms(VALID_MS))),
        form,
        withdrawn: None,
        recorded: true,
    };
    let mut tx = app.store.begin().await?;
    let case = write(&mut tx, ctx, case, &after, command).await?;
    tx.commit().await?;
    record(app, ctx, &case).await
}

/// Checks the fields; gives the guardian in canonical form.
async fn check(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    input: &ConsentInput,
) -> Result<Option<Guardian>, ServiceError> {
    let now = ctx.now();
    let mut check = patients::Check::default();
    if !texts::published(&input.text_version) {
        check.error("text_version", codes::FIELD_UNKNOWN);
    }
    if input.purpose != TREATMENT {
        check.error("purpose", codes::CONSENT_PURPOSE);
    }
    if input.valid_until.is_some_and(|until| until <= now) {
        check.error("valid_until", codes::FIELD_PAST);
    }
    let patient = patient(app, case).await?;
    if !signer_suffices(input.signer, patient.identity.expose().birth_date, now) {
        check.error("signer", codes::FIELD_GUARDIAN);
    }
    let guardian = (input.signer == ConsentSigner::Guardian)
        .then(|| check_guardian(&mut check, &input.guardian.clone().unwrap_or_default()));
    check.finish()?;
    Ok(guardian)
}

fn check_guardian(check: &mut patients::Check, given: &Guardian) -> Guardian {
    let mut guardian = Guardian {
        relation: given.relation,
        ..Guardian::default()
    };
    match PersonName::parse(&given.name) {
        Ok(name) => guardian.name = name.expose().to_owned(),
        Err(_) if given.name.trim().is_empty() => check.error("guardian.name", codes::FIELD_REQUIRED),
        Err(error) => check.error("guardian.name", error.code()),
    }
    if given.relation.is_none() {
        check.error("guardian.relation", codes::FIELD_REQUIRED);
    }
    if !given.phone.trim().is_empty() {
        match Phone::parse(&given.phone) {
            Ok(phone) => guardian.phone = phone.expose().to_owned(),
            Err(error) => check.error("guardian.phone", error.code()),
        }
    }
    guardian
}

/// Writes the consent of a case that nobody changed meanwhile, with its audit event.
async fn write(
    tx: &mut WriteTx,
    ctx: &Ctx,
    case: Case,
    after: &Stored,
    command: Command,
) -> Result<Case, ServiceError> {
    let id = case.consultation.id;
    consultations::lock(tx, id).await?;
    let consultation = Consultation {
        consent: Some(serde_json::to_value(after)?),
        updated_at: ctx.now(),
        ..case.consultation
    };
    tx.update_consultation(&consultation, consultation.version)
        .await?;
    note(tx, &consultation).await?;
    let action = format!("consent.{}", command.code());
    tx.audit(ctx.event(&action, format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    Ok(Case {
        consultation: Consultation {
            version: consultation.version.saturating_add(1),
            ..consultation
        },
        ..case
    })
}

/// Takes the consent back, with a reason. From this moment nothing more is collected and no other
/// institution reads; all of them are told.
///
/// # Errors
/// Not allowed, none in force, or no reason.
pub async fn withdraw(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    reason: &str,
) -> Result<ConsentRecord, ServiceError> {
    let case = access::open(app, ctx, id, Action::Consent).await?;
    let now = ctx.now();
    let before = Stored::of(&case.consultation)?;
    let from = before.as_ref().map_or(ConsentState::Draft, |s| s.state(now));
    let target = format!("consultation/{id}");
    let state = access::step(app, ctx, &case, &MACHINE, from, Command::Withdraw, target).await?;
    let mut check = patients::Check::default();
    check.required("reason", reason, limits::REASON_CHARS);
    check.finish()?;
    let after = Stored {
        state,
        withdrawn: Some((now, reason.trim().to_owned())),
        recorded: true,
        ..before.ok_or(ServiceError::NotFound)?
    };
    let mut tx = app.store.begin().await?;
    let case = write(&mut tx, ctx, case, &after, Command::Withdraw).await?;
    tell_ended(&mut tx, &case, now).await?;
    tx.commit().await?;
    opinions::refresh_room(app, id, "consent").await?;
    record(app, ctx, &case).await
}

async fn tell_ended(tx: &mut WriteTx, case: &Case, now: Timestamp) -> Result<(), ServiceError> {
    let id = case.consultation.id;
    let lead = case.consultation.lead;
    for institution in case.inside() {
        let what = Tell {
            kind: NoticeKind::ConsentEnded,
            consultation: Some(id),
            institution: Some(lead),
            at: Some(now),
            link: if institution == lead {
                format!("/consultations/{id}/consent")
            } else {
                format!("/consultations/{id}")
            },
            ..Tell::default()
        };
        let to = To::Role {
            institution,
            roles: &[Role::Admin, Role::Operator],
        };
        notices::tell(tx, now, to, what).await?;
    }
    Ok(())
}

/// Ends the consents whose period has passed: called by the clock job. Each in its own transaction, once,
/// however many call this. Tells how many ended.
///
/// # Errors
/// The store fails.
pub async fn expire(app: &App) -> Result<usize, ServiceError> {
    let now = app.now();
    let mut count = 0;
    for id in app.store.reader().consents_ended(now, ENDED_AT_ONCE).await? {
        let mut tx = app.store.begin().await?;
        let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
        let invitations = tx.invitations(id).await?;
        let case = Case {
            consultation,
            invitations,
        };
        let Some(mut stored) = Stored::of(&case.consultation)? else {
            continue;
        };
        // Another worker was first, or the period was changed meanwhile.
        if stored.term().is_none_or(|until| now < until) {
            continue;
        }
        stored.state = ConsentState::Inactive;
        let consultation = Consultation {
            consent: Some(serde_json::to_value(&stored)?),
            updated_at: now,
            ..case.consultation
        };
        tx.update_consultation(&consultation, consultation.version)
            .await?;
        note(&mut tx, &consultation).await?;
        let case = Case { consultation, ..case };
        tell_ended(&mut tx, &case, now).await?;
        let mut event = admin::event(now, "consent.expire", format!("consultation/{id}"), "");
        event.consultation = Some(id);
        tx.audit(event).await?;
        tx.commit().await?;
        opinions::refresh_room(app, id, "consent").await?;
        count += 1;
    }
    Ok(count)
}

/// Keeps the scanned form: PDF, PNG or JPEG by its content.
///
/// # Errors
/// Not allowed, no consent to prove, too large, or another type.
pub async fn put_form(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    bytes: Bytes,
) -> Result<ConsentRecord, ServiceError> {
    let case = access::open(app, ctx, id, Action::Consent).await?;
    if bytes.len() > limits::CONSENT_FORM_BYTES {
        return Err(ServiceError::TooLarge);
    }
    let media = media::by_content(&bytes).ok_or(ServiceError::Content {
        code: codes::CONSENT_FORM_TYPE,
        errors: Vec::new(),
    })?;
    let Some(before) = Stored::of(&case.consultation)? else {
        access::refuse(app, ctx, "Consent", id, Some(id), MACHINE.wrong_state).await?;
        return Err(ServiceError::Refused {
            code: MACHINE.wrong_state,
            state: None,
            errors: Vec::new(),
        });
    };
    let file = app.files.put("consent", bytes, ctx.now()).await?;
    let after = Stored {
        form: Some(Form {
            file: file.id,
            sha256: hex::encode(file.sha256),
            media: media.to_owned(),
        }),
        recorded: true,
        ..before
    };
    let written = async {
        let mut tx = app.store.begin().await?;
        consultations::lock(&mut tx, id).await?;
        tx.insert_file(&file).await?;
        let consultation = Consultation {
            consent: Some(serde_json::to_value(&after)?),
            updated_at: ctx.now(),
            ..case.consultation.clone()
        };
        tx.update_consultation(&consultation, consultation.version)
            .await?;
        tx.audit(ctx.event("consent.form", format!("file/{}", file.id), "ok", Some(id)))
            .await?;
        tx.commit().await?;
        Ok::<_, ServiceError>(consultation)
    }
    .await;
    match written {
        Ok(consultation) => record(app, ctx, &Case { consultation, ..case }).await,
        Err(error) => {
            app.files.discard(std::slice::from_ref(&file)).await;
            Err(error)
        }
    }
}

/// The scanned form and its type. Reading is audited.
///
/// # Errors
/// Not there for the caller, or none was kept.
pub async fn form(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<(String, Bytes), ServiceError> {
    let case = access::open(app, ctx, id, Action::Consent).await?;
    let form = Stored::of(&case.consultation)?
        .and_then(|s| s.form)
        .ok_or(ServiceError::NotFound)?;
    let file = app
        .store
        .reader()
        .file(form.file)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let bytes = app.files.get(&file).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("consent.read_form", format!("file/{}", form.file), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok((form.media, bytes))
}
