//! The case package (clause 7.2 g): all data of a case merged, counted, frozen under one hash, and opened to
//! the participants when the session begins. A frozen version never changes; what comes later makes the
//! next one.

mod build;
mod content;
mod form;
mod reading;

use consilium_domain::{
    ConsultationId, ConsultationState, NoticeKind, PackageId, PackageState, Timestamp,
    machine::{Actor, Refused},
    permission::{Action, Relation},
    preparation::{issue::is_open, package::Command, package::MACHINE},
};
use consilium_protocol::{
    codes,
    exchange::{Body, Envelope},
    preparation::{Package, PackageSummary, Share},
};
use consilium_storage::{AuditEntry, Package as Stored, Reader, WriteTx};
use uuid::Uuid;

use reading::dto;

pub use content::Content;
pub use reading::{in_room, list, manifest, quality, read, summaries};

use crate::{
    admin,
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        consents, consultations, invitations, issues, scoring,
    },
    state::App,
};

/// What the guards of the consultation look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// State of the newest version.
    pub state: Option<PackageState>,
    /// Its core completeness reaches 99 %.
    pub complete: bool,
    /// Correction notices that stand in the way.
    pub issues_open: usize,
}

fn pair((part, whole): (i64, i64)) -> Share {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Share {
        part: count(part),
        whole: count(whole),
    }
}

fn numbers(share: Share) -> (i64, i64) {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    (count(share.part), count(share.whole))
}

const fn over(state: ConsultationState) -> bool {
    matches!(
        state,
        ConsultationState::Cancelled | ConsultationState::Concluded | ConsultationState::Archived
    )
}

/// One line of a list of versions.
#[must_use]
pub fn summary(stored: &Stored) -> PackageSummary {
    PackageSummary {
        id: stored.id,
        version: stored.version,
        state: stored.state,
        frozen_at: stored.frozen_at,
        manifest_hash: stored.manifest_hash.clone(),
        core: pair(stored.core),
        non_core: pair(stored.non_core),
        items: u32::try_from(stored.items).unwrap_or(0),
    }
}

/// The newest version, for the page of the consultation.
///
/// # Errors
/// The store fails.
pub async fn newest(app: &App, id: ConsultationId) -> Result<Option<PackageSummary>, ServiceError> {
    Ok(app.store.reader().packages(id).await?.first().map(summary))
}

/// What the guards look at, now.
///
/// # Errors
/// The store fails.
pub async fn facts(app: &App, case: &Case) -> Result<Known, ServiceError> {
    let reader = app.store.reader();
    let newest = reader.packages(case.consultation.id).await?.into_iter().next();
    Ok(Known {
        state: newest.as_ref().map(|stored| stored.state),
        complete: newest.is_some_and(|stored| scoring::complete(pair(stored.core))),
        issues_open: issues_open(&reader, case.consultation.id).await?,
    })
}

async fn issues_open(reader: &Reader<'_>, id: ConsultationId) -> Result<usize, ServiceError> {
    let issues = reader.issues(id).await?;
    Ok(issues.iter().filter(|issue| is_open(issue.state)).count())
}

async fn content(reader: &Reader<'_>, id: PackageId) -> Result<Content, ServiceError> {
    let bytes = reader.package_content(id).await?.ok_or(ServiceError::NotFound)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Checks the data as it is now: merges it, counts, and raises a correction notice for every value that
/// two institutions hold differently. Replaces a version that is not frozen; after a freeze makes the next.
///
/// # Errors
/// Not allowed; frozen and unchanged since; the consultation is over.
pub async fn validate(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Package, ServiceError> {
    let case = open_to_change(app, ctx, id).await?;
    let reader = app.store.reader();
    let versions = reader.packages(id).await?;
    let before = basis(&reader, &versions).await?;
    let built = build::build(&reader, &case, before.as_ref(), ctx.now()).await?;
    let from = state_to_check(&versions, &built.content.source_hash());
    let target = format!("consultation/{id}");
    access::step(app, ctx, &case, &MACHINE, from, Command::Validate, target).await?;
    let mut tx = app.store.begin().await?;
    consultations::lock(&mut tx, id).await?;
    let stored = write(&mut tx, &case, &built, ctx.now()).await?;
    raise(app, &mut tx, &case, &built, ctx.now()).await?;
    tx.audit(ctx.event(
        "package.validate",
        format!("package/{}", stored.id),
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    dto(app, ctx, &case, stored, built.content).await
}

/// Loads a case whose package the caller may change: data may still be collected.
async fn open_to_change(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Case, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    if over(case.consultation.state) {
        access::refuse(app, ctx, "Package", id, Some(id), codes::WRONG_STATE).await?;
        return Err(ServiceError::Refused {
            code: codes::WRONG_STATE,
            state: Some(case.consultation.state),
            errors: Vec::new(),
        });
    }
    if case.relation(ctx.institution.id) == Relation::Lead {
        consents::require_to_collect(app, ctx, &case).await?;
    }
    Ok(case)
}

/// The version whose rows a new one is compared with: the newest.
async fn basis(reader: &Reader<'_>, versions: &[Stored]) -> Result<Option<Content>, ServiceError> {
    match versions.first() {
        Some(newest) => content(reader, newest.id).await.map(Some),
        None => Ok(None),
    }
}

/// The state from which a check starts: of the version that will be replaced, or of a new one when the
/// newest is frozen and the data has changed since.
fn state_to_check(versions: &[Stored], source_hash: &str) -> PackageState {
    match versions.first() {
        None => PackageState::Building,
        Some(newest) if open(newest.state) => newest.state,
        Some(newest) if newest.source_hash != source_hash => PackageState::Building,
        Some(newest) => newest.state,
    }
}

const fn open(state: PackageState) -> bool {
    matches!(state, PackageState::Building | PackageState::Validated)
}

/// Writes a checked version.
async fn write(
    tx: &mut WriteTx,
    case: &Case,
    built: &build::Built,
    now: Timestamp,
) -> Result<Stored, ServiceError> {
    let id = case.consultation.id;
    let newest = tx.packages(id).await?.into_iter().next();
    let replaced = newest.as_ref().filter(|stored| open(stored.state));
    let quality = &built.content.quality;
    let stored = Stored {
        id: replaced.map_or_else(|| PackageId(Uuid::now_v7()), |stored| stored.id),
        consultation: id,
        version: match (replaced, &newest) {
            (Some(stored), _) => stored.version,
            (None, Some(stored)) => stored.version.saturating_add(1),
            (None, None) => 1,
        },
        state: PackageState::Validated,
        source_hash: built.content.source_hash(),
        manifest_hash: String::new(),
        core: numbers(quality.core),
        non_core: numbers(quality.non_core),
        items: i32::try_from(built.content.items.len()).unwrap_or(i32::MAX),
        created_at: replaced.map_or(now, |stored| stored.created_at),
        frozen_at: None,
    };
    let content = serde_json::to_vec(&built.content)?;
    if replaced.is_some() {
        tx.replace_package(&stored, &content).await?;
    } else {
        tx.insert_package(&stored, &content).await?;
    }
    Ok(stored)
}

/// Raises a correction notice to each source of a value that does not agree.
async fn raise(
    app: &App,
    tx: &mut WriteTx,
    case: &Case,
    built: &build::Built,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let mut found = Vec::new();
    for id in built.scores.clashes.iter().flat_map(|clash| &clash.items) {
        let Some(item) = built.content.items.iter().find(|i| i.reference.item_id == *id) else {
            continue;
        };
        found.push(issues::Found {
            item: *id,
            element: scoring::compared_element(item.reference.kind),
            rule: "consistency".to_owned(),
            code: codes::PACKAGE_CONFLICT.to_owned(),
        });
    }
    issues::raise_found(app, tx, &case.consultation, found, now).await?;
    Ok(())
}

/// Fixes the checked version under its hash and tells the participants.
///
/// # Errors
/// Not allowed; not checked, or changed since the check.
pub async fn freeze(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Package, ServiceError> {
    let case = open_to_change(app, ctx, id).await?;
    let reader = app.store.reader();
    let versions = reader.packages(id).await?;
    let from = versions.first().map_or(PackageState::Building, |v| v.state);
    let target = versions
        .first()
        .map_or_else(|| format!("consultation/{id}"), |v| format!("package/{}", v.id));
    access::step(app, ctx, &case, &MACHINE, from, Command::Freeze, target).await?;
    let newest = versions.first().ok_or(ServiceError::NotFound)?;
    let held = content(&reader, newest.id).await?;
    let built = build::build(&reader, &case, Some(&held), ctx.now()).await?;
    if built.content.source_hash() != newest.source_hash {
        access::refuse(app, ctx, "Package", id, Some(id), codes::PACKAGE_STALE).await?;
        return Err(ServiceError::Refused {
            code: codes::PACKAGE_STALE,
            state: None,
            errors: Vec::new(),
        });
    }
    let mut tx = app.store.begin().await?;
    consultations::lock(&mut tx, id).await?;
    let shared = case.consultation.state == ConsultationState::InSession;
    let frozen = fix(app, &mut tx, &case, newest.clone(), &held, shared, ctx.now()).await?;
    tx.audit(ctx.event("package.freeze", format!("package/{}", frozen.id), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    dto(app, ctx, &case, frozen, held).await
}

/// Freezes a checked version inside a transaction: hash, earlier versions superseded, participants told.
async fn fix(
    app: &App,
    tx: &mut WriteTx,
    case: &Case,
    checked: Stored,
    held: &Content,
    shared: bool,
    now: Timestamp,
) -> Result<Stored, ServiceError> {
    let id = case.consultation.id;
    let manifest = held.manifest(id, &case.consultation.number, checked.version)?;
    let mut frozen = Stored {
        state: by_system(checked.state, Command::Freeze)?,
        manifest_hash: consilium_domain::canonical::sha256_hex(manifest.as_bytes()),
        frozen_at: Some(now),
        ..checked
    };
    tx.replace_package(&frozen, &serde_json::to_vec(held)?).await?;
    for earlier in tx.packages(id).await? {
        if earlier.id != frozen.id && matches!(earlier.state, PackageState::Frozen | PackageState::Shared) {
            let next = by_system(earlier.state, Command::Supersede)?;
            tx.move_package(earlier.id, earlier.state, next).await?;
        }
    }
    if shared {
        let next = by_system(frozen.state, Command::Share)?;
        tx.move_package(frozen.id, frozen.state, next).await?;
        frozen.state = next;
    }
    announce(app, tx, case, &frozen, now).await?;
    Ok(frozen)
}

fn by_system(state: PackageState, command: Command) -> Result<PackageState, ServiceError> {
    MACHINE
        .step(state, command, Actor::System)
        .map_err(|refused| match refused {
            Refused::NotAllowed => ServiceError::Internal(format!("{command:?} is not the system's")),
            Refused::WrongState(_) => ServiceError::Refused {
                code: MACHINE.wrong_state,
                state: None,
                errors: Vec::new(),
            },
        })
}

async fn announce(
    app: &App,
    tx: &mut WriteTx,
    case: &Case,
    package: &Stored,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let (id, lead) = (case.consultation.id, case.consultation.lead);
    for participant in case.participants() {
        let body = Body::Package {
            package_id: package.id,
            version: package.version,
            manifest_hash: package.manifest_hash.clone(),
            shared: package.state == PackageState::Shared,
        };
        exchange::post(app, tx, id, lead, participant, now, body).await?;
    }
    Ok(())
}

fn event(now: Timestamp, action: &str, package: PackageId, id: ConsultationId) -> AuditEntry {
    AuditEntry {
        device: "server".to_owned(),
        consultation: Some(id),
        ..admin::event(now, action, format!("package/{package}"), "")
    }
}

/// Checks and freezes when nothing is frozen yet: part of declaring ready.
///
/// # Errors
/// The caller may not freeze, or the store fails.
pub async fn ready(app: &App, ctx: &Ctx, case: &Case) -> Result<(), ServiceError> {
    let id = case.consultation.id;
    let newest = app.store.reader().packages(id).await?.into_iter().next();
    if newest.is_some_and(|stored| !open(stored.state)) {
        return Ok(());
    }
    validate(app, ctx, id).await?;
    freeze(app, ctx, id).await?;
    Ok(())
}

/// Opens the frozen version to all participants: the session begins.
///
/// # Errors
/// No consent is in force, or the store fails.
pub async fn share(app: &App, tx: &mut WriteTx, case: &Case, now: Timestamp) -> Result<(), ServiceError> {
    if !consents::active(&case.consultation, now) {
        return Err(ServiceError::Refused {
            code: codes::NO_CONSENT,
            state: None,
            errors: Vec::new(),
        });
    }
    let id = case.consultation.id;
    let Some(mut newest) = tx
        .packages(id)
        .await?
        .into_iter()
        .find(|stored| stored.state == PackageState::Frozen)
    else {
        return Ok(());
    };
    let next = by_system(newest.state, Command::Share)?;
    tx.move_package(newest.id, newest.state, next).await?;
    newest.state = next;
    tx.audit(event(now, "package.share", newest.id, id)).await?;
    announce(app, tx, case, &newest, now).await
}

/// Makes the next version out of what came in session: checked, frozen and shared at once. Says whether there
/// was anything new.
///
/// # Errors
/// The store fails.
pub async fn supplement(app: &App, tx: &mut WriteTx, id: ConsultationId) -> Result<bool, ServiceError> {
    let now = app.now();
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let invitations = tx.invitations(id).await?;
    let case = Case {
        consultation,
        invitations,
    };
    let versions = tx.packages(id).await?;
    let before = basis(tx, &versions).await?;
    let built = build::build(tx, &case, before.as_ref(), now).await?;
    if versions
        .first()
        .is_some_and(|newest| !open(newest.state) && newest.source_hash == built.content.source_hash())
    {
        return Ok(false);
    }
    let checked = write(tx, &case, &built, now).await?;
    let frozen = fix(app, tx, &case, checked, &built.content, true, now).await?;
    tx.audit(event(now, "package.supplement", frozen.id, id)).await?;
    Ok(true)
}

/// Closes the shared version for good: the consultation is archived.
///
/// # Errors
/// The store fails.
pub async fn seal(tx: &mut WriteTx, id: ConsultationId, now: Timestamp) -> Result<(), ServiceError> {
    for stored in tx.packages(id).await? {
        if stored.state == PackageState::Shared {
            let next = by_system(stored.state, Command::Seal)?;
            tx.move_package(stored.id, stored.state, next).await?;
            tx.audit(event(now, "package.seal", stored.id, id)).await?;
        }
    }
    Ok(())
}

/// A package announced by the lead, as it comes to a participant: it must be the one that is stored.
///
/// # Errors
/// Another hash than the stored one, or not the lead's to announce.
pub async fn receive(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    version: i32,
    manifest_hash: &str,
    shared: bool,
) -> Result<(), ServiceError> {
    let stored = tx.packages(envelope.consultation).await?;
    let known = stored
        .iter()
        .any(|of| of.version == version && of.manifest_hash == manifest_hash);
    if !known {
        return Err(ServiceError::Refused {
            code: codes::PACKAGE_MISMATCH,
            state: None,
            errors: Vec::new(),
        });
    }
    if shared {
        // Opened with the session, of which there is a notice of its own.
        return Ok(());
    }
    invitations::receive_news(app, tx, envelope, NoticeKind::PackageFrozen, None).await
}
