//! What readers see of a package: the lead everything, a participant what it gave until the session begins,
//! then all that is frozen.

use consilium_domain::{
    ConsultationId, InstitutionId, PackageState,
    permission::{Action, Relation},
    preparation::{issue::is_open, package::Command, package::MACHINE},
};
use consilium_protocol::preparation::{Package, PackageSummary, QualityReport};
use consilium_storage::Package as Stored;

use super::{Content, build, content, issues_open, open, over, summary};
use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{
        access::{self, Case},
        consents, scoring,
    },
    state::App,
};

/// How much of a package the caller sees.
enum Sight {
    /// All versions.
    Lead,
    /// All that is frozen.
    Whole,
    /// Of what is frozen, what the own institution gave.
    Own(InstitutionId),
}

fn sight(ctx: &Ctx, case: &Case) -> Sight {
    if case.relation(ctx.institution.id) == Relation::Lead {
        Sight::Lead
    } else if case.consultation.started_at.is_some() {
        Sight::Whole
    } else {
        Sight::Own(ctx.institution.id)
    }
}

async fn visible(app: &App, ctx: &Ctx, case: &Case) -> Result<Vec<Stored>, ServiceError> {
    let mut versions = app.store.reader().packages(case.consultation.id).await?;
    if !matches!(sight(ctx, case), Sight::Lead) {
        versions.retain(|stored| !open(stored.state));
    }
    Ok(versions)
}

/// The versions of a package the caller may see, newest first.
///
/// # Errors
/// Not there for the caller, not its duty, or consent has ended.
pub async fn list(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Vec<PackageSummary>, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    summaries(app, ctx, &case).await
}

/// The versions of a package the reader of a data desk may see, newest first.
///
/// # Errors
/// The store fails.
pub async fn summaries(app: &App, ctx: &Ctx, case: &Case) -> Result<Vec<PackageSummary>, ServiceError> {
    Ok(visible(app, ctx, case).await?.iter().map(summary).collect())
}

/// One version, or the newest. Before the session a participant sees of it what it gave itself. Reading is
/// audited.
///
/// # Errors
/// Not there for the caller, not its duty, or consent has ended.
pub async fn read(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    version: Option<i32>,
) -> Result<Package, ServiceError> {
    let (case, stored, held) = find(app, ctx, id, version, "package.read").await?;
    dto(app, ctx, &case, stored, held).await
}

/// The newest version for the page of the live room, if there is one the caller may see. Whether data has
/// changed since is not asked: in session every change makes a version by itself, and the page opens quickly.
///
/// # Errors
/// Not there for the caller, not its duty, or consent has ended.
pub async fn in_room(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Option<Package>, ServiceError> {
    match find(app, ctx, id, None, "package.read").await {
        Ok((case, stored, held)) => shown(app, ctx, &case, stored, held, false).await.map(Some),
        Err(ServiceError::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The manifest of a frozen version in the spelling whose SHA-256 is its hash.
///
/// # Errors
/// Not there for the caller, not its duty, consent has ended, or not frozen.
pub async fn manifest(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    version: i32,
) -> Result<String, ServiceError> {
    let (case, stored, held) = find(app, ctx, id, Some(version), "package.read_manifest").await?;
    if open(stored.state) {
        return Err(ServiceError::NotFound);
    }
    held.manifest(id, &case.consultation.number, stored.version)
}

async fn find(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    version: Option<i32>,
    action: &str,
) -> Result<(Case, Stored, Content), ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let stored = visible(app, ctx, &case)
        .await?
        .into_iter()
        .find(|stored| version.is_none_or(|wanted| stored.version == wanted))
        .ok_or(ServiceError::NotFound)?;
    let held = content(&app.store.reader(), stored.id).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(action, format!("package/{}", stored.id), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok((case, stored, held))
}

pub(super) async fn dto(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    stored: Stored,
    held: Content,
) -> Result<Package, ServiceError> {
    shown(app, ctx, case, stored, held, true).await
}

/// A version as the caller sees it; whether the data has changed since only when `compared`.
async fn shown(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    stored: Stored,
    held: Content,
    compared: bool,
) -> Result<Package, ServiceError> {
    let c = &case.consultation;
    let reader = app.store.reader();
    let sight = sight(ctx, case);
    let newest = reader
        .packages(c.id)
        .await?
        .first()
        .is_some_and(|of| of.id == stored.id);
    let lead = matches!(sight, Sight::Lead);
    let stale = compared && lead && newest && !over(c.state) && {
        let now = build::build(&reader, case, Some(&held), ctx.now()).await?;
        now.content.source_hash() != stored.source_hash
    };
    let held = match sight {
        Sight::Lead | Sight::Whole => held,
        Sight::Own(institution) => held.own(institution),
    };
    let from = if stale && !open(stored.state) {
        PackageState::Building
    } else {
        stored.state
    };
    let allowed = [Command::Validate, Command::Freeze]
        .into_iter()
        .filter(|_| newest && !over(c.state))
        .filter(|command| !(stale && *command == Command::Freeze))
        .filter(|command| MACHINE.step(from, *command, case.actor(ctx)).is_ok())
        .map(|command| command.code().to_owned())
        .collect();
    Ok(Package {
        id: stored.id,
        consultation_id: c.id,
        number: c.number.clone(),
        version: stored.version,
        state: stored.state,
        created_at: stored.created_at,
        frozen_at: stored.frozen_at,
        manifest_hash: stored.manifest_hash,
        rules: held.rules,
        dictionary_version: held.dictionary.version,
        complete: scoring::complete(held.quality.core),
        quality: held.quality,
        by_category: held.by_category,
        by_institution: held.by_institution,
        missing: held.missing,
        conflicts: held.conflicts,
        issues_open: u32::try_from(issues_open(&reader, c.id).await?).unwrap_or(u32::MAX),
        override_reason: c.override_reason.clone(),
        stale,
        items: held.items,
        series: held.series,
        attachments: held.attachments,
        allowed,
    })
}

/// The numbers of the data as it is now. A participant sees its own part.
///
/// # Errors
/// Not there for the caller, not its duty, or consent has ended.
pub async fn quality(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<QualityReport, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let reader = app.store.reader();
    let held = build::build(&reader, &case, None, ctx.now()).await?.content;
    let held = match sight(ctx, &case) {
        Sight::Lead => held,
        Sight::Whole | Sight::Own(_) => held.own(ctx.institution.id),
    };
    let issues = reader.issues(id).await?;
    let own = |institution: InstitutionId| {
        case.consultation.lead == ctx.institution.id || institution == ctx.institution.id
    };
    let open = issues
        .iter()
        .filter(|i| is_open(i.state) && own(i.institution))
        .count();
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("package.quality", format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(QualityReport {
        dictionary_version: held.dictionary.version,
        complete: scoring::complete(held.quality.core),
        quality: held.quality,
        by_category: held.by_category,
        by_institution: held.by_institution,
        missing: held.missing,
        conflicts: held.conflicts,
        issues_open: u32::try_from(open).unwrap_or(u32::MAX),
    })
}
