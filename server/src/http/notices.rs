//! `/api/v1/notices` and `/api/v1/deadlines`.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::{Path, Query, State},
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use consilium_domain::{ClockKind, ConsultationId, InstitutionId, NoticeId};
use consilium_protocol::{
    Problem,
    notice::{Deadline, NoticeEvent, NoticeList},
};
use futures::StreamExt as _;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::consultations::Page,
    services::{
        clocks, notices,
        streams::{self, Item},
    },
    state::App,
};

/// A comment keeps proxies from closing a silent stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The caller's notices, newest first, and how many are unread.
#[utoipa::path(get, path = "/api/v1/notices", tag = "notices", params(Page), responses(
    (status = 200, description = "A page of notices", body = NoticeList),
    (status = 422, description = "`request.invalid`: the cursor is not one of ours", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Query(page): Query<Page>,
) -> Result<Json<NoticeList>, ServiceError> {
    notices::list(&app, &ctx, page.cursor.as_deref(), page.limit)
        .await
        .map(Json)
}

/// Marks one of the caller's notices as read.
#[utoipa::path(post, path = "/api/v1/notices/{id}/read", tag = "notices",
    params(("id" = NoticeId, Path, description = "Notice")), responses(
    (status = 204, description = "Read"),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn read(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<NoticeId>,
) -> Result<StatusCode, ServiceError> {
    notices::read(&app, &ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Marks all of the caller's notices as read.
#[utoipa::path(post, path = "/api/v1/notices/read-all", tag = "notices", responses(
    (status = 204, description = "Read")))]
pub async fn read_all(State(app): State<App>, ctx: Ctx) -> Result<StatusCode, ServiceError> {
    notices::read_all(&app, &ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's notices as they are written: server-sent events named `notice` with JSON. The first tells
/// how many are unread; with `Last-Event-ID` those written since follow. Ends with the session.
#[utoipa::path(get, path = "/api/v1/notices/stream", tag = "notices",
    params(("Last-Event-ID" = Option<NoticeId>, Header, description = "The last notice received")), responses(
    (status = 200, description = "Events", body = NoticeEvent, content_type = "text/event-stream"),
    (status = 503, description = "`busy`: too many streams of this account", body = Problem)))]
pub async fn stream(
    State(app): State<App>,
    ctx: Ctx,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ServiceError> {
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let events = streams::open(&app, &ctx, last).await?;
    Ok(Sse::new(events.map(event)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn event(item: Item) -> Result<Event, Infallible> {
    let event = Event::default().event("notice");
    let event = match item.id {
        Some(id) => event.id(id.to_string()),
        None => event,
    };
    // Plain data always becomes JSON; were it not so, the reader would see a comment.
    Ok(event
        .json_data(&item.event)
        .unwrap_or_else(|_| Event::default().comment("unreadable")))
}

/// Which deadlines.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Filter {
    /// Whose move it is.
    pub institution: Option<InstitutionId>,
    /// What is due.
    #[param(inline)]
    pub kind: Option<ClockKind>,
    /// Only those that have passed (`true`) or have not (`false`).
    pub overdue: Option<bool>,
    /// Of one consultation.
    pub consultation: Option<ConsultationId>,
}

/// Who is late and what is due next: everybody's duties in consultations the caller's institution leads, its
/// own in others. What has passed comes first. At most 200.
#[utoipa::path(get, path = "/api/v1/deadlines", tag = "notices", params(Filter), responses(
    (status = 200, description = "Deadlines", body = [Deadline]),
    (status = 403, description = "`forbidden`", body = Problem)))]
pub async fn deadlines(
    State(app): State<App>,
    ctx: Ctx,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Deadline>>, ServiceError> {
    let filter = clocks::Filter {
        institution: filter.institution,
        kind: filter.kind,
        overdue: filter.overdue,
        consultation: filter.consultation,
    };
    clocks::of_institution(&app, &ctx, filter).await.map(Json)
}
