//! Entering the live room.

use axum::{
    Json,
    extract::{Path, Query, State, WebSocketUpgrade},
    response::Response,
};
use consilium_domain::{ConsultationId, permission::Action};
use consilium_protocol::{Problem, limits, session::LiveTicket};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    http::cookies,
    live::Join,
    services::{access, sessions, views},
    state::App,
};

/// How a client without the cookie joins.
#[derive(Debug, Deserialize, IntoParams)]
pub struct TicketQuery {
    /// From `POST …/live-ticket`; works once.
    pub ticket: Option<String>,
}

/// Gives out a ticket that joins this room once within a minute.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/live-ticket", tag = "live", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The ticket", body = LiveTicket),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn ticket(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<LiveTicket>, ServiceError> {
    access::open(&app, &ctx, id, Action::EnterRoom).await?;
    app.tickets.issue(id, ctx.session, ctx.now()).map(Json)
}

/// The live room as a WebSocket: Yjs sync and awareness protocol v1, so that an unmodified Yjs
/// provider can join; type 100 frames for acknowledgement. Close codes 4400-4499 say why.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/live", tag = "live", params(("id" = ConsultationId, Path), TicketQuery), responses(
    (status = 101, description = "The room"),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn join(
    State(app): State<App>,
    request: Request,
    headers: HeaderMap,
    Path(id): Path<ConsultationId>,
    Query(query): Query<TicketQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ServiceError> {
    let ctx = match (&query.ticket, cookies::get(&headers, cookies::SESSION)) {
        (Some(ticket), _) => {
            let session = app
                .tickets
                .redeem(ticket, id, request.now)
                .ok_or(ServiceError::Unauthenticated)?;
            sessions::by_hash(&app, &request, session).await?
        }
        (None, Some(token)) => sessions::authenticate(&app, &request, token).await?,
        (None, None) => return Err(ServiceError::Unauthenticated),
    };
    let join = prepare(&app, &ctx, id).await?;
    Ok(upgrade
        .read_buffer_size(8 * 1024)
        .write_buffer_size(16 * 1024)
        .max_message_size(limits::ROOM_FRAME_BYTES)
        .max_frame_size(limits::ROOM_FRAME_BYTES)
        .on_upgrade(move |socket| async move { app.rooms.clone().serve(socket, join).await }))
}

async fn prepare(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Join, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    let submitted = app
        .store
        .reader()
        .opinions(id)
        .await?
        .iter()
        .any(|o| o.author == ctx.account.id);
    Ok(Join {
        consultation: id,
        person: views::person(&ctx.account, views::institution(&ctx.institution)),
        rights: case.room_rights(&ctx.account, submitted).unwrap_or_default(),
        session: ctx.session,
        expires_at: ctx.expires_at,
        ip: ctx.request.ip.to_string(),
        device: ctx.request.device.clone(),
        request_id: ctx.request.id.clone(),
    })
}
