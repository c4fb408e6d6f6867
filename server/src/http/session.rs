//! `/api/v1/session`.

use axum::extract::State;
use consilium_protocol::{
    Problem,
    session::{Me, SignIn},
};
use http::{StatusCode, header};

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    http::{cookies, extract::Json},
    services::sessions,
    state::App,
};

type Cookie<T> = (StatusCode, [(http::HeaderName, http::HeaderValue); 1], T);

/// Signs in with user name, password and dynamic code (clause 8.1.1).
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn, responses(
    (status = 201, description = "Signed in; the cookie `__Host-session` is set", body = Me),
    (status = 401, description = "`session.refused`: name, password or code is wrong, or the account is locked", body = Problem),
    (status = 503, description = "`busy`: too many sign-ins wait", body = Problem)))]
pub async fn sign_in(
    State(app): State<App>,
    request: Request,
    Json(given): Json<SignIn>,
) -> Result<Cookie<Json<Me>>, ServiceError> {
    let started = sessions::sign_in(&app, &request, given).await?;
    let cookie = cookies::session(&started.token).ok_or(ServiceError::Malformed)?;
    Ok((
        StatusCode::CREATED,
        [(header::SET_COOKIE, cookie)],
        Json(sessions::me(&started.ctx)),
    ))
}

/// Who am I.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses(
    (status = 200, description = "The signed-in person", body = Me),
    (status = 401, description = "`unauthenticated`", body = Problem)))]
pub async fn who(ctx: Ctx) -> Json<Me> {
    Json(sessions::me(&ctx))
}

/// Signs out and closes the live connections of this session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses(
    (status = 204, description = "Signed out"),
    (status = 401, description = "`unauthenticated`", body = Problem)))]
pub async fn sign_out(State(app): State<App>, ctx: Ctx) -> Result<Cookie<()>, ServiceError> {
    sessions::sign_out(&app, &ctx).await?;
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cookies::no_session())],
        (),
    ))
}
