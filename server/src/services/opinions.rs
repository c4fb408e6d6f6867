//! Submitted opinions: the draft of the live room frozen into a signed row (clause 7.3 d).

use std::collections::HashMap;

use consilium_domain::{
    AccountId, Clear, ClockKind, ConsultationId, InstitutionId, OpinionId, Timestamp,
    clock::OPINION_WITHIN_MS, permission::Action,
};
use consilium_protocol::{
    codes,
    consultation::{Opinion, OpinionInput},
    exchange::Body,
    limits,
};
use consilium_storage::{Consultation, Opinion as Stored, WriteTx};
use consilium_vault::Signature;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{access, clocks, patients, views},
    state::App,
};

/// Whether an author has signed and does not write a new version: then the draft is read-only.
#[must_use]
pub fn settled(opinions: &[Stored], author: AccountId) -> bool {
    newest(opinions, author).is_some_and(|of| of.reopened_at.is_none())
}

/// An author's newest version.
#[must_use]
pub fn newest(opinions: &[Stored], author: AccountId) -> Option<&Stored> {
    let own = opinions.iter().filter(|of| of.author == author);
    own.max_by_key(|of| of.version)
}

/// Signature domain: an opinion's signature is good for nothing else.
const SIGNATURE_DOMAIN: &str = "consilium/opinion/v1";

/// What is signed: everything that carries responsibility, in a fixed order.
fn content(stored: &Stored) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&(
        stored.id,
        stored.consultation,
        stored.author,
        stored.institution,
        stored.version,
        stored.text.expose(),
        stored.dissent,
        &stored.cites,
        stored.submitted_at.ms(),
    ))
}

/// Whether the stored opinion is what its author signed.
#[must_use]
pub fn signature_valid(app: &App, stored: &Stored) -> bool {
    let Ok(content) = content(stored) else {
        return false;
    };
    let hash: [u8; 32] = Sha256::digest(&content).into();
    hash == stored.content_hash
        && verified(app, SIGNATURE_DOMAIN, &content, &stored.key_id, &stored.signature)
}

/// Whether a stored signature is one of ours over these bytes.
pub(super) fn verified(app: &App, domain: &str, content: &[u8], key_id: &str, bytes: &[u8]) -> bool {
    let Ok(bytes) = bytes.try_into() else { return false };
    let signature = Signature {
        key_id: key_id.to_owned(),
        bytes,
    };
    app.store
        .vault()
        .verify_signature(domain, content, &signature)
        .is_ok()
}

/// The version of the next opinion of an author: the first, or one that takes the place of the newest, which was
/// taken up again or is named.
fn next_version(newest: Option<&Stored>, supersedes: Option<OpinionId>) -> Result<i32, &'static str> {
    match (newest, supersedes) {
        (None, None) => Ok(1),
        (Some(before), None) if before.reopened_at.is_none() => Err(codes::OPINION_SUBMITTED),
        (Some(before), named) if named.is_none_or(|named| named == before.id) => {
            Ok(before.version.saturating_add(1))
        }
        _ => Err(codes::OPINION_NOT_NEWEST),
    }
}

/// Writes down that an act on an opinion is not possible, and says so.
async fn refuse<T>(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    action: &str,
    code: &'static str,
) -> Result<T, ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(action, format!("consultation/{id}"), code, Some(id)))
        .await?;
    tx.commit().await?;
    Err(ServiceError::Refused {
        code,
        state: None,
        errors: Vec::new(),
    })
}

/// Takes the caller's signed opinion up again: the draft can be written, and the next submission is a new version
/// (R-7.3d). What was signed stays as it is.
///
/// # Errors
/// Not allowed, not open, not there or somebody else's, not the newest, or in revision already.
pub async fn revise(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    opinion: OpinionId,
) -> Result<Opinion, ServiceError> {
    let case = access::open(app, ctx, id, Action::SubmitOpinion).await?;
    if !access::opinions_open(case.consultation.state) {
        access::refuse(app, ctx, "revise_opinion", id, Some(id), codes::WRONG_STATE).await?;
        return Err(ServiceError::Refused {
            code: codes::WRONG_STATE,
            state: Some(case.consultation.state),
            errors: Vec::new(),
        });
    }
    let given = app.store.reader().opinions(id).await?;
    let Some(stored) = given.iter().find(|of| of.id == opinion) else {
        access::refuse(app, ctx, "Opinion", id, Some(id), codes::NOT_FOUND).await?;
        return Err(ServiceError::NotFound);
    };
    if stored.author != ctx.account.id {
        access::refuse(app, ctx, "revise_opinion", id, Some(id), codes::FORBIDDEN).await?;
        return Err(ServiceError::Forbidden);
    }
    if newest(&given, stored.author).is_none_or(|of| of.id != opinion) {
        return refuse(app, ctx, id, "opinion.revise", codes::OPINION_NOT_NEWEST).await;
    }
    if stored.reopened_at.is_some() {
        return refuse(app, ctx, id, "opinion.revise", codes::OPINION_IN_REVISION).await;
    }
    let mut tx = app.store.begin().await?;
    let now_open = tx
        .consultation(id)
        .await?
        .is_some_and(|c| access::opinions_open(c.state));
    if !now_open {
        return Err(ServiceError::Conflict);
    }
    tx.reopen_opinion(stored.id, ctx.now()).await?;
    tx.audit(ctx.event("opinion.revise", format!("opinion/{}", stored.id), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    refresh_room(app, id, "opinions").await?;
    let stored = Stored {
        reopened_at: Some(ctx.now()),
        ..stored.clone()
    };
    views::opinion(app, &stored, &ctx.account, &views::Directory::load(app).await?)
}

/// Submits the caller's opinion, or a new version of it. The draft becomes read-only and everybody in the room
/// is told.
///
/// # Errors
/// Not allowed, not open, submitted before and not taken up again, empty or too long.
pub async fn submit(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: OpinionInput,
) -> Result<Opinion, ServiceError> {
    let case = access::open(app, ctx, id, Action::SubmitOpinion).await?;
    if !access::opinions_open(case.consultation.state) {
        access::refuse(app, ctx, "submit_opinion", id, Some(id), codes::WRONG_STATE).await?;
        return Err(ServiceError::Refused {
            code: codes::WRONG_STATE,
            state: Some(case.consultation.state),
            errors: Vec::new(),
        });
    }
    let mut check = patients::Check::default();
    check.required("text", &input.text, limits::OPINION_CHARS);
    if input.cites.len() > 100 || input.cites.iter().any(|c| c.len() > 100) {
        check.error("cites", codes::FIELD_TOO_LONG);
    }
    check.finish()?;
    let given = app.store.reader().opinions(id).await?;
    let version = match next_version(newest(&given, ctx.account.id), input.supersedes) {
        Ok(version) => version,
        Err(code) => return refuse(app, ctx, id, "opinion.submit", code).await,
    };
    let mut stored = Stored {
        id: OpinionId(Uuid::now_v7()),
        consultation: id,
        author: ctx.account.id,
        institution: ctx.institution.id,
        version,
        text: Clear::new(input.text.trim().to_owned()),
        dissent: input.dissent,
        cites: input.cites,
        submitted_at: ctx.now(),
        content_hash: [0; 32],
        signature: Vec::new(),
        key_id: String::new(),
        reopened_at: None,
    };
    let content = content(&stored)?;
    let signature = app.store.vault().sign(SIGNATURE_DOMAIN, &content);
    stored.content_hash = Sha256::digest(&content).into();
    stored.signature = signature.bytes.to_vec();
    stored.key_id = signature.key_id;
    let mut tx = app.store.begin().await?;
    // Checked again inside: two windows may submit in the same instant.
    let now_open = tx
        .consultation(id)
        .await?
        .is_some_and(|c| access::opinions_open(c.state));
    let before = tx.opinions(id).await?;
    let first = newest(&before, ctx.account.id).map(|of| of.version)
        == newest(&given, ctx.account.id).map(|of| of.version);
    if !now_open || !first {
        return Err(ServiceError::Conflict);
    }
    tx.insert_opinion(&stored).await?;
    let subject = clock_subject(id, ctx.institution.id);
    clocks::stop(&mut tx, ClockKind::Opinion, subject, ctx.now()).await?;
    let told: Vec<_> = case.inside().filter(|i| *i != ctx.institution.id).collect();
    for institution in told {
        let content = Body::Opinion {
            opinion_id: stored.id,
            content_hash: hex::encode(stored.content_hash),
        };
        exchange::post(
            app,
            &mut tx,
            id,
            ctx.institution.id,
            institution,
            ctx.now(),
            content,
        )
        .await?;
    }
    tx.audit(ctx.event("opinion.submit", format!("opinion/{}", stored.id), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    refresh_room(app, id, "opinions").await?;
    views::opinion(app, &stored, &ctx.account, &views::Directory::load(app).await?)
}

/// Asks the experts of an institution for their final opinion: the clock of two hours starts (clause
/// 4.2.1 d). Nothing is asked of an institution that has given one.
///
/// # Errors
/// The store fails.
pub async fn ask(
    tx: &mut WriteTx,
    consultation: &Consultation,
    institution: InstitutionId,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let given = tx.opinions(consultation.id).await?;
    if given.iter().any(|o| o.institution == institution) {
        return Ok(());
    }
    clocks::start(
        tx,
        clocks::Start {
            kind: ClockKind::Opinion,
            consultation: consultation.id,
            institution,
            subject: clock_subject(consultation.id, institution),
            urgency: consultation.urgency,
            started_at: now,
            due_at: now.plus_ms(OPINION_WITHIN_MS),
            link: format!("/consultations/{}/room", consultation.id),
        },
    )
    .await
}

/// What the opinion clock of an institution is about: one a consultation and institution.
fn clock_subject(consultation: ConsultationId, institution: InstitutionId) -> Uuid {
    Uuid::new_v5(&consultation.0, institution.0.as_bytes())
}

/// Tells the live room that rows changed: new rights for everybody in it.
///
/// # Errors
/// The store fails.
pub async fn refresh_room(app: &App, id: ConsultationId, changed: &str) -> Result<(), ServiceError> {
    let case = access::load(app, id).await?;
    let submitted = app.store.reader().opinions(id).await?;
    let accounts: HashMap<AccountId, _> = app
        .store
        .reader()
        .accounts()
        .await?
        .into_iter()
        .map(|account| (account.id, account))
        .collect();
    let rights = move |account: AccountId| {
        let account = accounts.get(&account)?;
        case.room_rights(account, settled(&submitted, account.id))
    };
    app.rooms.refresh(id, &rights, changed).await;
    Ok(())
}
