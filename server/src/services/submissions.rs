//! Data on its way to the lead (clauses 7.2 d and f): taken in row by row, standardised, masked, hashed;
//! released in answer to a request, as a correction or in the session.

mod files;
mod release;
mod rows;
mod versions;
mod view;

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use consilium_domain::{
    ConsultationId, ConsultationState, DataCategory, DataRequestId, DataRequestState, ItemId, RecordKind,
    SubmissionId, SubmissionState,
    element::Record,
    machine::{Actor, Refused},
    permission::{Action, Decision, Relation},
    preparation::submission::{Command, MACHINE},
};
use consilium_protocol::{FieldError, codes, limits, preparation::Submission};
use consilium_storage::{DataRequest, ItemsOf, Reader, StoredItem, Submission as Stored, WriteTx};
use uuid::Uuid;

pub use files::Media;
pub use release::{receive, release};
pub use view::{form_elements, item, list, read, reference, versions as item_versions, visible};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        consents, issues, opinions, packages, requests,
    },
    state::App,
};
use rows::{Desk, Prepared};
use versions::{manifest, sort};

/// The data of a consultation as the lead has it: the newest version of each row that was released.
///
/// # Errors
/// The store fails, or a sealed column does not open.
pub async fn current_items(
    reader: &Reader<'_>,
    consultation: ConsultationId,
) -> Result<Vec<StoredItem>, ServiceError> {
    Ok(reader.items(ItemsOf::Current(consultation)).await?)
}

fn refused(code: &'static str, state: Option<ConsultationState>, errors: Vec<FieldError>) -> ServiceError {
    ServiceError::Refused { code, state, errors }
}

/// Whether the caller may collect data for this consultation now.
#[must_use]
pub fn may_submit(case: &Case, ctx: &Ctx) -> bool {
    case.decide(ctx, Action::Upload) == Decision::Allow
        && MACHINE
            .step(SubmissionState::Open, Command::Upload, case.actor(ctx))
            .is_ok()
        && consents::active(&case.consultation, ctx.now())
}

/// `POST …/submissions`: takes what can be taken and names the rest.
///
/// # Errors
/// Not allowed; no consent, wrong state; another patient; not the form it says; nothing asked for.
pub async fn submit(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    media: Media,
    request: Option<DataRequestId>,
    body: Bytes,
) -> Result<Submission, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    let result = take(app, ctx, &case, media, request, body).await;
    match result {
        Ok(stored) => {
            exchange::flush(app, id).await;
            // What a participant sends is told when it has come to the lead.
            let lead = case.consultation.lead == ctx.institution.id;
            if lead && case.consultation.state == ConsultationState::InSession {
                opinions::refresh_room(app, id, "data").await?;
            }
            let stored = app
                .store
                .reader()
                .submission(stored)
                .await?
                .ok_or(ServiceError::NotFound)?;
            view::whole(app, ctx, &case, stored).await
        }
        Err(error) => {
            let mut tx = app.store.begin().await?;
            let target = format!("consultation/{id}");
            tx.audit(ctx.event("submission.submit", target, error.code().0, Some(id)))
                .await?;
            tx.commit().await?;
            Err(error)
        }
    }
}

/// What the caller may give now, and where it goes.
struct Scope {
    /// The request it answers.
    request: Option<DataRequest>,
    /// Kept back until the institution releases it.
    held: bool,
    /// Only rows that were given before may come.
    corrections_only: bool,
    /// Categories that may come; every one when nothing is said.
    categories: Option<Vec<DataCategory>>,
}

/// State, consent and range, in that order.
fn scope(case: &Case, ctx: &Ctx, request: Option<DataRequest>) -> Result<Scope, ServiceError> {
    use DataRequestState as R;
    let state = case.consultation.state;
    match MACHINE.step(SubmissionState::Open, Command::Upload, case.actor(ctx)) {
        Ok(_) => {}
        Err(Refused::NotAllowed) => return Err(ServiceError::Forbidden),
        Err(Refused::WrongState(_)) => {
            return Err(refused(codes::SUBMISSION_WRONG_STATE, Some(state), Vec::new()));
        }
    }
    if case.decide(ctx, Action::Upload) != Decision::Allow {
        return Err(refused(codes::SUBMISSION_WRONG_STATE, Some(state), Vec::new()));
    }
    if !consents::active(&case.consultation, ctx.now()) {
        return Err(refused(codes::SUBMISSION_NO_CONSENT, None, Vec::new()));
    }
    let Relation::Participant(_) = case.relation(ctx.institution.id) else {
        return match request {
            Some(_) => Err(ServiceError::field("request_id", codes::FIELD_UNKNOWN)),
            None => Ok(Scope {
                request: None,
                held: false,
                corrections_only: false,
                categories: None,
            }),
        };
    };
    let agreed = case
        .invitations
        .iter()
        .find(|i| i.institution == ctx.institution.id)
        .map(|i| i.can_provide.clone())
        .unwrap_or_default();
    let in_session = state == ConsultationState::InSession;
    let Some(request) = request else {
        return Ok(Scope {
            request: None,
            held: false,
            corrections_only: !in_session,
            categories: Some(agreed),
        });
    };
    let asked = requests::categories(&request)?;
    let categories = agreed.into_iter().filter(|c| asked.contains(c)).collect();
    match request.source_state {
        Some(R::Verified | R::Extracting | R::Returned) => Ok(Scope {
            request: Some(request),
            held: true,
            corrections_only: false,
            categories: Some(categories),
        }),
        Some(R::Submitted | R::Accepted) => Ok(Scope {
            request: Some(request),
            held: false,
            corrections_only: !in_session,
            categories: Some(categories),
        }),
        _ => Err(refused(codes::DATA_REQUEST_WRONG_STATE, None, Vec::new())),
    }
}

async fn own_request(
    reader: &Reader<'_>,
    ctx: &Ctx,
    id: ConsultationId,
    request: Option<DataRequestId>,
) -> Result<Option<DataRequest>, ServiceError> {
    let Some(request) = request else { return Ok(None) };
    let found = reader.data_request(request).await?.filter(|found| {
        found.consultation == id && found.institution == ctx.institution.id && found.source_state.is_some()
    });
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(ServiceError::NotFound),
    }
}

async fn take(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    media: Media,
    request: Option<DataRequestId>,
    body: Bytes,
) -> Result<SubmissionId, ServiceError> {
    let id = case.consultation.id;
    // Before anything is read: what may not be collected is not even looked at.
    let asked = own_request(&app.store.reader(), ctx, id, request).await?;
    scope(case, ctx, asked)?;
    let permit = app.decode_gate.acquire().await.map_err(|_| ServiceError::Busy)?;
    let now = ctx.now();
    let mut parsed = tokio::task::spawn_blocking(move || files::parse(media, &body, now)).await??;
    let asked = own_request(&app.store.reader(), ctx, id, request.or(parsed.request)).await?;
    let allowed = scope(case, ctx, asked)?;
    if parsed.rows.is_empty() && parsed.not_taken.is_empty() {
        return Err(ServiceError::Content {
            code: codes::SUBMISSION_EMPTY,
            errors: Vec::new(),
        });
    }
    let patient = app
        .store
        .reader()
        .patient(case.consultation.patient)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let guardian = consents::Stored::of(&case.consultation)?.and_then(|consent| consent.guardian);
    let desk = Desk::new(
        &case.consultation,
        ctx.institution.id,
        &patient,
        guardian.as_ref(),
        ctx.now(),
    );
    if parsed.rows.iter().any(|(_, record)| desk.other_patient(record)) {
        return Err(ServiceError::Content {
            code: codes::SUBMISSION_OTHER_PATIENT,
            errors: Vec::new(),
        });
    }
    let records = in_range(&mut parsed, allowed.categories.as_deref())?;
    let running = app.clone();
    let rows = tokio::task::spawn_blocking(move || {
        let vault = running.store.vault();
        records
            .into_iter()
            .map(|record| desk.prepare(vault, record))
            .collect::<Vec<_>>()
    })
    .await?;
    drop(permit);
    store(
        app,
        ctx,
        id,
        allowed.request.map(|r| r.id),
        rows,
        parsed.not_taken,
    )
    .await
}

/// The rows with a proper key, in a category that may come. The others are named; a patient row was looked
/// at for the identity alone.
fn in_range(
    parsed: &mut files::Parsed,
    categories: Option<&[DataCategory]>,
) -> Result<Vec<Record>, ServiceError> {
    let mut keys = HashSet::new();
    let mut records = Vec::new();
    let mut outside = 0_usize;
    for (place, mut record) in std::mem::take(&mut parsed.rows) {
        record.key = record.key.trim().to_owned();
        let in_range = categories.is_none_or(|c| c.contains(&record.kind.category()));
        if !in_range && record.kind == RecordKind::Patient {
            continue;
        }
        if !in_range {
            outside += 1;
            parsed
                .not_taken
                .push(FieldError::new(place, codes::SUBMISSION_OUT_OF_RANGE));
        } else if record.key.is_empty()
            || record.key.len() > limits::ROW_KEY_BYTES
            || record.key.chars().any(char::is_control)
            || !keys.insert((record.kind, record.key.clone()))
        {
            parsed
                .not_taken
                .push(FieldError::new(place, codes::SUBMISSION_KEY));
        } else {
            records.push(record);
        }
    }
    if records.is_empty() && outside > 0 {
        let errors = std::mem::take(&mut parsed.not_taken);
        return Err(refused(codes::SUBMISSION_OUT_OF_RANGE, None, errors));
    }
    Ok(records)
}

async fn store(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    request: Option<DataRequestId>,
    rows: Vec<Prepared>,
    not_taken: Vec<FieldError>,
) -> Result<SubmissionId, ServiceError> {
    let now = ctx.now();
    let own = ctx.institution.id;
    let mut tx = app.store.begin().await?;
    // What was true when the rows were read may not be any more.
    let case = access::within(&tx, id, now).await?;
    let asked = own_request(&tx, ctx, id, request).await?;
    let allowed = scope(&case, ctx, asked)?;
    let keys: Vec<String> = rows.iter().map(|row| row.key_hash.clone()).collect();
    let before = tx.item_heads(id, own, &keys).await?;
    let mut stored = Stored {
        id: SubmissionId(Uuid::now_v7()),
        consultation: id,
        institution: own,
        request,
        state: SubmissionState::Open,
        stored: 0,
        refused: 0,
        duplicates: 0,
        manifest_hash: String::new(),
        detail: serde_json::to_value(&not_taken)?,
        created_by: ctx.account.id,
        created_at: now,
        received_at: None,
    };
    let sorted = sort(&stored, rows, &before, allowed.corrections_only)
        .ok_or_else(|| refused(codes::SUBMISSION_REQUEST_NEEDED, None, Vec::new()))?;
    stored.stored = sorted.stored;
    stored.refused = i32::try_from(not_taken.len())
        .unwrap_or(i32::MAX)
        .saturating_add(sorted.refused);
    stored.duplicates = sorted.duplicates;
    stored.manifest_hash = manifest(
        sorted
            .items
            .iter()
            .filter(|(item, _)| item.head.stored)
            .map(|(item, _)| item.head.hash.as_str()),
    );
    stored.state = checked(ctx, &case, stored.stored > 0 || stored.duplicates > 0)?;
    tx.insert_submission(&stored).await?;
    tx.insert_items(&sorted.items).await?;
    tx.supersede_items(&sorted.replaced).await?;
    let good: Vec<&StoredItem> = sorted
        .items
        .iter()
        .map(|(item, _)| item)
        .filter(|item| item.head.stored)
        .collect();
    if let Some(request) = allowed.request.filter(|_| allowed.held) {
        requests::extracting(&mut tx, request).await?;
    }
    let given: BTreeMap<&str, ItemId> = good
        .iter()
        .map(|item| (item.head.key_hash.as_str(), item.head.id))
        .collect();
    // A correction that was asked for does not wait for the rest of a request.
    let corrected = issues::answered(&mut tx, &case.consultation, own, &given).await?;
    let now_out = |item: &StoredItem| !allowed.held || corrected.contains(&item.head.key_hash);
    let out: Vec<&StoredItem> = good.into_iter().filter(|item| now_out(item)).collect();
    if own == case.consultation.lead {
        let ids: Vec<ItemId> = out.iter().map(|item| item.head.id).collect();
        release::arrive(app, &mut tx, &case.consultation, own, stored.id, &ids, now).await?;
    } else if !out.is_empty() {
        release::post(app, &mut tx, &case, own, &stored, None, &out, now).await?;
    }
    tx.audit(ctx.event(
        "submission.submit",
        format!("submission/{}", stored.id),
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    count(sorted.stored, "stored");
    count(sorted.refused, "refused");
    count(sorted.duplicates, "duplicate");
    Ok(stored.id)
}

fn count(rows: i32, outcome: &'static str) {
    let rows = u64::try_from(rows).unwrap_or(0);
    metrics::counter!("consilium_submission_rows_total", "outcome" => outcome).increment(rows);
}

/// The way of a submission that comes in one piece, by its table of moves.
fn checked(ctx: &Ctx, case: &Case, any: bool) -> Result<SubmissionState, ServiceError> {
    let outcome = if any { Command::Accept } else { Command::Reject };
    let moves = [
        (Command::Upload, case.actor(ctx)),
        (Command::Receive, Actor::System),
        (Command::Validate, Actor::System),
        (outcome, Actor::System),
    ];
    moves
        .into_iter()
        .try_fold(SubmissionState::Open, |state, (command, actor)| {
            MACHINE.step(state, command, actor)
        })
        .map_err(|_| {
            refused(
                codes::SUBMISSION_WRONG_STATE,
                Some(case.consultation.state),
                Vec::new(),
            )
        })
}

/// In a running session what comes belongs to the shared package at once.
async fn supplement(
    app: &App,
    tx: &mut WriteTx,
    consultation: &consilium_storage::Consultation,
) -> Result<(), ServiceError> {
    if consultation.state == ConsultationState::InSession {
        packages::supplement(app, tx, consultation.id).await?;
    }
    Ok(())
}
