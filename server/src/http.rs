//! Addresses. A handler extracts, calls one service and converts; what all answers share (request id,
//! headers, problems in the reader's language) is in [`edge`].

pub mod accounts;
pub mod attachments;
pub mod audit;
pub mod consents;
pub mod consultations;
pub mod cookies;
pub mod edge;
pub mod export;
pub mod extract;
pub mod health;
pub mod imaging;
pub mod issues;
pub mod live;
pub mod masking;
pub mod negotiate;
pub mod notices;
pub mod opinions;
pub mod packages;
pub mod pages;
pub mod questions;
pub mod reports;
pub mod requests;
pub mod session;
pub mod submissions;
pub mod suspension;
pub mod templates;
pub mod transfers;
pub mod upgrade;
pub mod uploads;
pub mod worklist;

use std::sync::LazyLock;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    middleware,
    response::{Html, IntoResponse},
};
use consilium_protocol::limits;
use http::{HeaderValue, StatusCode, header};
use tower_http::{limit::RequestBodyLimitLayer, services::ServeDir, set_header::SetResponseHeaderLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Consilium",
        description = "Telemedicine multi-center consultation data exchange. Errors are RFC 9457 \
                       application/problem+json with a stable `code`; see the schema `Problem`.",
        license(name = "Apache-2.0")
    ),
    components(schemas(consilium_protocol::Problem, consilium_protocol::FieldError))
)]
struct Document;

/// A route whose bodies may be larger than the ordinary limit.
fn large(route: utoipa_axum::router::UtoipaMethodRouter<App>, bytes_max: usize) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(route)
        .layer(DefaultBodyLimit::max(bytes_max))
}

/// The REST routes with their documentation.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::sign_in, session::who, session::sign_out))
        .routes(routes!(worklist::list, consultations::create))
        .routes(routes!(worklist::search))
        .routes(routes!(consultations::read, consultations::edit))
        .routes(routes!(consultations::invite))
        .routes(routes!(consultations::answer))
        .routes(routes!(consultations::reschedule))
        .routes(routes!(consultations::withdraw))
        .routes(routes!(consultations::revoke))
        .routes(routes!(consultations::reinvite))
        .routes(routes!(consultations::ready))
        .routes(routes!(consultations::start))
        .routes(routes!(consultations::pause))
        .routes(routes!(consultations::resume))
        .routes(routes!(consultations::end))
        .routes(routes!(consultations::cancel))
        .routes(routes!(consultations::institutions))
        .routes(routes!(accounts::experts))
        .merge(large(
            routes!(consultations::import_fhir),
            limits::FHIR_BODY_BYTES,
        ))
        .merge(large(routes!(imaging::upload), limits::DICOM_BODY_BYTES))
        .routes(routes!(imaging::series))
        .routes(routes!(requests::list, requests::create))
        .routes(routes!(requests::act))
        .merge(large(
            routes!(submissions::list, submissions::submit),
            limits::SUBMISSION_BODY_BYTES,
        ))
        .routes(routes!(submissions::read))
        .routes(routes!(submissions::versions))
        .routes(routes!(issues::list, issues::raise))
        .routes(routes!(issues::act))
        .routes(routes!(imaging::frame))
        .routes(routes!(imaging::thumbnail))
        .routes(routes!(consents::read, consents::put))
        .routes(routes!(consents::withdraw))
        .merge(large(
            routes!(consents::put_form, consents::form),
            limits::CONSENT_FORM_BYTES,
        ))
        .routes(routes!(consents::texts))
        .routes(routes!(packages::newest))
        .routes(routes!(export::document))
        .routes(routes!(export::invitation))
        .routes(routes!(packages::list))
        .routes(routes!(packages::version))
        .routes(routes!(packages::manifest))
        .routes(routes!(packages::validate))
        .routes(routes!(packages::freeze))
        .routes(routes!(packages::quality))
        .routes(routes!(packages::dictionary))
        .routes(routes!(questions::list, questions::ask))
        .merge(large(
            routes!(attachments::list, attachments::add),
            limits::ATTACHMENT_BYTES,
        ))
        .routes(routes!(attachments::content))
        .routes(routes!(templates::list))
        .routes(routes!(opinions::revise))
        .routes(routes!(questions::answer))
        .routes(routes!(questions::withdraw))
        .routes(routes!(opinions::submit))
        .routes(routes!(reports::sign))
        .routes(routes!(reports::read))
        .routes(routes!(live::ticket))
        .routes(routes!(live::join))
        .routes(routes!(live::notes))
        .routes(routes!(live::history))
        .routes(routes!(live::state))
        .routes(routes!(live::statuses))
        .routes(routes!(live::figures))
        .routes(routes!(masking::rules))
        .routes(routes!(masking::unmask))
        .routes(routes!(audit::read))
        .routes(routes!(transfers::list))
        .routes(routes!(transfers::resend))
        .routes(routes!(transfers::abandon))
        .routes(routes!(notices::list))
        .routes(routes!(notices::read))
        .routes(routes!(notices::read_all))
        .routes(routes!(notices::stream))
        .routes(routes!(notices::deadlines))
        .merge(uploads::router())
        .routes(routes!(suspension::status))
        .routes(routes!(suspension::suspend))
        .routes(routes!(suspension::resume))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(document))
        .routes(routes!(docs))
}

/// The interface document, generated from the handlers, once.
pub fn openapi() -> &'static utoipa::openapi::OpenApi {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(|| {
        let (_, mut document) = api().split_for_parts();
        document.info.version = env!("CARGO_PKG_VERSION").to_owned();
        document
    });
    &DOCUMENT
}

/// The whole application.
pub fn router(app: &App) -> Router {
    let (api, _) = api().split_for_parts();
    let bundle = ServeDir::new(&app.site.folder)
        .precompressed_br()
        .precompressed_gzip();
    Router::new()
        .merge(api)
        .merge(pages::router())
        .nest_service(
            "/pkg",
            tower::ServiceBuilder::new()
                .layer(middleware::from_fn(edge::cache_bundle))
                .service(bundle),
        )
        .fallback(pages::missing)
        .layer(DefaultBodyLimit::max(limits::JSON_BODY_BYTES))
        .layer(RequestBodyLimitLayer::new(limits::DICOM_BODY_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), edge::same_site))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(middleware::from_fn(edge::security_headers))
        .layer(middleware::from_fn_with_state(app.clone(), edge::around))
        .with_state(app.clone())
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "documentation", responses((status = 200, description = "OpenAPI 3.1")))]
async fn document() -> impl IntoResponse {
    Json(openapi())
}

/// The interface document as a page. It has no script, so that the strict policy holds here too.
#[utoipa::path(get, path = "/api/docs", tag = "documentation", responses(
    (status = 200, description = "HTML", content_type = "text/html")))]
async fn docs(State(_): State<App>) -> impl IntoResponse {
    match docs_page() {
        Ok(page) => Html(page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn docs_page() -> Result<String, serde_json::Error> {
    let document = serde_json::to_value(openapi())?;
    let mut body = String::new();
    if let Some(paths) = document.get("paths").and_then(|p| p.as_object()) {
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let text = |key: &str| {
                    operation
                        .get(key)
                        .and_then(|t| t.as_str())
                        .unwrap_or("")
                        .to_owned()
                };
                body.push_str(&format!(
                    "<section><h2><code>{} {}</code></h2><p>{}</p><p>{}</p><h3>Answers</h3><ul>",
                    method.to_uppercase(),
                    edge::escape(path),
                    edge::escape(&text("summary")),
                    edge::escape(&text("description"))
                ));
                for (status, answer) in operation
                    .get("responses")
                    .and_then(|r| r.as_object())
                    .into_iter()
                    .flatten()
                {
                    let words = answer.get("description").and_then(|d| d.as_str()).unwrap_or("");
                    body.push_str(&format!("<li><code>{status}</code> {}</li>", edge::escape(words)));
                }
                body.push_str("</ul></section>");
            }
        }
    }
    body.push_str("<section><h2>Codes</h2><ul>");
    for code in consilium_protocol::codes::ALL {
        let sentence = consilium_app::sentence(code, consilium_protocol::page::Locale::En);
        body.push_str(&format!(
            "<li><code>{code}</code> {}</li>",
            edge::escape(sentence)
        ));
    }
    body.push_str("</ul></section>");
    Ok(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Consilium API</title></head>\
         <body><h1>Consilium API v1</h1><p><a href=\"/api/v1/openapi.json\">OpenAPI document</a></p>{body}</body></html>"
    ))
}
