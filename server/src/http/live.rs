//! The live room: entering it, its history, its operators' view.

use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use consilium_domain::ConsultationId;
use consilium_protocol::{
    Problem, limits,
    room::{RoomFigures, RoomHistory, RoomStatus},
    session::LiveTicket,
};
use http::{HeaderMap, header};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use utoipa::IntoParams;

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    http::{cookies, upgrade::Upgrade},
    live::Join,
    services::{operations, rooms, sessions},
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
    rooms::ticket(&app, &ctx, id).await.map(Json)
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
    upgrade: Upgrade,
) -> Result<Response, ServiceError> {
    let as_of = app.rooms.changes();
    let ctx = who(&app, &request, &headers, id, &query).await?;
    let join = rooms::prepare(&app, &ctx, id, false, as_of).await?;
    Ok(open(app, upgrade, join))
}

/// The own private document of the room, the same way: the opinion not shared yet, and notes. Each account
/// has its own; there is no way to name another's.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/live/notes", tag = "live", params(("id" = ConsultationId, Path), TicketQuery), responses(
    (status = 101, description = "The document"),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn notes(
    State(app): State<App>,
    request: Request,
    headers: HeaderMap,
    Path(id): Path<ConsultationId>,
    Query(query): Query<TicketQuery>,
    upgrade: Upgrade,
) -> Result<Response, ServiceError> {
    let as_of = app.rooms.changes();
    let ctx = who(&app, &request, &headers, id, &query).await?;
    let join = rooms::prepare(&app, &ctx, id, true, as_of).await?;
    Ok(open(app, upgrade, join))
}

/// By the ticket when there is one, by the cookie otherwise.
async fn who(
    app: &App,
    request: &Request,
    headers: &HeaderMap,
    id: ConsultationId,
    query: &TicketQuery,
) -> Result<Ctx, ServiceError> {
    match (&query.ticket, cookies::get(headers, cookies::SESSION)) {
        (Some(ticket), _) => {
            let session = app
                .tickets
                .redeem(ticket, id, request.now)
                .ok_or(ServiceError::Unauthenticated)?;
            sessions::by_hash(app, request, session).await
        }
        (None, Some(token)) => sessions::authenticate(app, request, token).await,
        (None, None) => Err(ServiceError::Unauthenticated),
    }
}

fn open(app: App, upgrade: Upgrade, join: Join) -> Response {
    // Small buffers: a thousand connections are open, and most are silent.
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(16 * 1024)
        .max_message_size(Some(limits::ROOM_FRAME_BYTES))
        .max_frame_size(Some(limits::ROOM_FRAME_BYTES));
    upgrade.run(config, move |socket| async move {
        app.rooms.serve(socket, join).await
    })
}

/// Which part of the history.
#[derive(Debug, Deserialize, IntoParams)]
pub struct HistoryQuery {
    /// Entries after this number; from the first one when absent.
    pub after: Option<i64>,
    /// Entries, at most and by default 1000.
    pub limit: Option<u64>,
}

/// Who changed what in the room, and when: its log, with the chain of hashes verified.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/live/history", tag = "live", params(("id" = ConsultationId, Path), HistoryQuery), responses(
    (status = 200, description = "Entries in order", body = RoomHistory),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 500, description = "`live.damaged`", body = Problem)))]
pub async fn history(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<RoomHistory>, ServiceError> {
    let after = query.after.unwrap_or(0);
    rooms::history(&app, &ctx, id, after, query.limit).await.map(Json)
}

/// The room's document as it was after one entry of its log: a Yjs update (v1), the same bytes each time.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/live/history/{seq}", tag = "live", params(("id" = ConsultationId, Path), ("seq" = i64, Path, description = "Number of the entry; 0 is before the first")), responses(
    (status = 200, description = "The state", content_type = "application/octet-stream"),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 500, description = "`live.damaged`", body = Problem)))]
pub async fn state(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, seq)): Path<(ConsultationId, i64)>,
) -> Result<Response, ServiceError> {
    let state = rooms::state_at(&app, &ctx, id, seq).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], state).into_response())
}

/// Every room in memory: connections, queues, refusals, whether it can store; nothing of its content.
#[utoipa::path(get, path = "/api/v1/operations/rooms", tag = "operations", responses(
    (status = 200, description = "Rooms by number of the consultation", body = Vec<RoomStatus>),
    (status = 403, description = "`forbidden`", body = Problem)))]
pub async fn statuses(State(app): State<App>, ctx: Ctx) -> Result<Json<Vec<RoomStatus>>, ServiceError> {
    rooms::statuses(&app, &ctx).await.map(Json)
}

/// The rooms with totals, times and reasons: what the page of operators shows, at most every hour recorded.
#[utoipa::path(get, path = "/api/v1/operations/figures", tag = "operations", responses(
    (status = 200, description = "The numbers", body = RoomFigures),
    (status = 403, description = "`forbidden`", body = Problem)))]
pub async fn figures(State(app): State<App>, ctx: Ctx) -> Result<Json<RoomFigures>, ServiceError> {
    operations::figures(&app, &ctx).await.map(Json)
}
