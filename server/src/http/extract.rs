//! What handlers take out of a request.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    http::cookies,
    services::sessions,
    state::App,
};

impl FromRequestParts<App> for Request {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ServiceError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ServiceError::Internal("request context is missing".to_owned()))
    }
}

impl FromRequestParts<App> for Ctx {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ServiceError> {
        let request = <Request as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        let token = cookies::get(&parts.headers, cookies::SESSION).ok_or(ServiceError::Unauthenticated)?;
        sessions::authenticate(app, &request, token).await
    }
}

impl OptionalFromRequestParts<App> for Ctx {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ServiceError> {
        match <Self as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(ctx) => Ok(Some(ctx)),
            Err(ServiceError::Unauthenticated) => Ok(None),
            Err(other) => Err(other),
        }
    }
}
