//! Pages of the preparation phase: boards, data desk, case package, consent.

use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use consilium_domain::{ConsultationId, TransferState, permission::Action};
use consilium_protocol::{consultation::ConsultationRow, page::View};
use serde::Deserialize;

use super::{id_of, page, series};
use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange::transfers,
    services::{access, clocks, consents, consultations, desk, notices, packages, submissions},
    state::App,
};

/// Their addresses.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/late", get(late))
        .route("/notices", get(notice_list))
        .route("/transfers", get(transfer_list))
        .route("/consultations/{id}/data", get(data))
        .route("/consultations/{id}/package", get(package))
        .route("/consultations/{id}/consent", get(consent))
}

#[derive(Deserialize)]
struct Paged {
    #[serde(default)]
    cursor: Option<String>,
}

async fn late(State(app): State<App>, ctx: Ctx) -> Result<Response, ServiceError> {
    let deadlines = clocks::of_institution(&app, &ctx, clocks::Filter::default()).await?;
    page(&app, &ctx, "/late", View::Late { deadlines }).await
}

async fn notice_list(
    State(app): State<App>,
    ctx: Ctx,
    Query(paged): Query<Paged>,
) -> Result<Response, ServiceError> {
    let list = notices::list(&app, &ctx, paged.cursor.as_deref(), None).await?;
    page(&app, &ctx, "/notices", View::Notices { list }).await
}

/// What has failed comes first, however old it is.
async fn transfer_list(
    State(app): State<App>,
    ctx: Ctx,
    Query(paged): Query<Paged>,
) -> Result<Response, ServiceError> {
    let mut list = transfers::list(&app, &ctx, None, paged.cursor.as_deref()).await?;
    if paged.cursor.is_none() && list.failed > 0 {
        let failed = transfers::list(&app, &ctx, Some(TransferState::Failed), None).await?;
        list.items.retain(|of| of.state != TransferState::Failed);
        list.items.splice(0..0, failed.items);
    }
    page(&app, &ctx, "/transfers", View::Transfers { list }).await
}

async fn row(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Box<ConsultationRow>, ServiceError> {
    Ok(Box::new(consultations::read(app, ctx, id).await?.row))
}

async fn data(State(app): State<App>, ctx: Ctx, Path(id): Path<String>) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let case = access::open(&app, &ctx, id, Action::ReadData).await?;
    let view = View::Data {
        consultation: row(&app, &ctx, id).await?,
        desk: Box::new(desk::of(&app, &ctx, &case).await?),
        series: series(&app, &ctx, &case).await?,
    };
    page(&app, &ctx, &format!("/consultations/{id}/data"), view).await
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    version: Option<i32>,
}

async fn package(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<String>,
    Query(wanted): Query<Version>,
) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let versions = packages::list(&app, &ctx, id).await?;
    let package = if versions.is_empty() {
        None
    } else {
        Some(Box::new(packages::read(&app, &ctx, id, wanted.version).await?))
    };
    let view = View::Package {
        consultation: row(&app, &ctx, id).await?,
        package,
        versions,
        elements: submissions::form_elements(),
    };
    page(&app, &ctx, &format!("/consultations/{id}/package"), view).await
}

async fn consent(State(app): State<App>, ctx: Ctx, Path(id): Path<String>) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let record = consents::read(&app, &ctx, id).await?;
    let mut texts = consents::texts::all().to_vec();
    texts.reverse();
    let view = View::Consent {
        consultation: row(&app, &ctx, id).await?,
        record: Some(Box::new(record)),
        texts,
    };
    page(&app, &ctx, &format!("/consultations/{id}/consent"), view).await
}
