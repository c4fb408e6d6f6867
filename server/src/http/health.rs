//! For operators: alive, ready, metrics. No patient data.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use consilium_domain::Role;
use http::{StatusCode, header};

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    state::App,
};

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "operations", responses((status = 200, description = "Alive")))]
pub async fn live() -> StatusCode {
    StatusCode::OK
}

/// The process can do its work: the database answers.
#[utoipa::path(get, path = "/health/ready", tag = "operations", responses(
    (status = 200, description = "Ready"), (status = 503, description = "Not ready")))]
pub async fn ready(State(app): State<App>) -> StatusCode {
    match app.store.ping().await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::warn!(%error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// Prometheus text, for the machine itself and for operators who are signed in.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "Prometheus text", content_type = "text/plain"),
    (status = 404, description = "Not for this caller")))]
pub async fn metrics(
    State(app): State<App>,
    request: Request,
    ctx: Option<Ctx>,
) -> Result<Response, ServiceError> {
    let operator = ctx.is_some_and(|ctx| ctx.account.role == Role::Ops);
    if !request.ip.is_loopback() && !operator {
        return Err(ServiceError::NotFound);
    }
    let rooms = app.rooms.stats();
    let gauge = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    metrics::gauge!("consilium_rooms").set(gauge(rooms.rooms));
    metrics::gauge!("consilium_room_connections").set(gauge(rooms.connections));
    metrics::gauge!("consilium_rooms_read_only").set(gauge(rooms.read_only));
    metrics::gauge!("consilium_room_queue_frames").set(gauge(rooms.queue_frames));
    metrics::gauge!("consilium_room_queue_bytes").set(gauge(rooms.queue_bytes));
    metrics::counter!("consilium_room_updates_total").absolute(rooms.updates);
    metrics::counter!("consilium_room_log_bytes_total").absolute(rooms.log_bytes);
    // A store that does not answer is told of by /health/ready; the last value stays.
    if let Ok(suspended) = app.store.reader().suspended().await {
        metrics::gauge!("consilium_exchange_suspended").set(if suspended { 1.0 } else { 0.0 });
    }
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.metrics.render(),
    )
        .into_response())
}
