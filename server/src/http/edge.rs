//! What every request and answer shares.

use std::{net::SocketAddr, time::Instant};

use axum::{
    body::Body,
    extract::{ConnectInfo, MatchedPath, Request as HttpRequest, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use consilium_ledger::{DEVICE_CHARS_MAX, UNKNOWN_DEVICE};
use consilium_protocol::{Problem, codes, page::Locale};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    ctx::Request,
    error::{PendingProblem, ServiceError},
    http::{cookies, pages},
    state::App,
};

/// No inline script or style anywhere; WebAssembly is our own code.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whether the answer is for a program: problems are JSON there, pages elsewhere.
fn for_programs(path: &str) -> bool {
    path.starts_with("/api/")
        || path.starts_with("/health/")
        || path == "/metrics"
        || path.starts_with("/pkg/")
}

fn device(headers: &HeaderMap) -> String {
    let agent: String = headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("")
        .chars()
        .filter(|c| !c.is_control())
        .take(DEVICE_CHARS_MAX)
        .collect();
    if agent.trim().is_empty() {
        UNKNOWN_DEVICE.to_owned()
    } else {
        agent
    }
}

/// The outermost layer: gives the request its context, measures, logs, and gives errors their body.
pub async fn around(State(app): State<App>, mut http: HttpRequest, next: Next) -> Response {
    let path = http.uri().path().to_owned();
    let programs = for_programs(&path);
    let ip = http.extensions().get::<ConnectInfo<SocketAddr>>().map_or_else(
        || std::net::IpAddr::from([0, 0, 0, 0]),
        |info| info.0.ip().to_canonical(),
    );
    let request = Request {
        id: Uuid::now_v7().simple().to_string(),
        ip,
        device: device(http.headers()),
        locale: cookies::locale(http.headers(), !programs),
        now: app.now(),
    };
    http.extensions_mut().insert(request.clone());
    let method = http.method().clone();
    let route = http
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |m| m.as_str().to_owned());
    let span =
        tracing::info_span!("request", request.id = %request.id, http.method = %method, http.route = %route);
    let started = Instant::now();
    let mut response = next.run(http).instrument(span.clone()).await;
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed {
        let problem = problem_of(&response, &request);
        let allow = response.headers().get(header::ALLOW).cloned();
        let status = response.status();
        let mut replaced = if programs {
            problem_response(&problem)
        } else {
            pages::error(&app, &request, &path, problem)
        };
        if !replaced.status().is_redirection() {
            *replaced.status_mut() = status;
        }
        for (name, value) in response.headers() {
            if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
                replaced.headers_mut().insert(name.clone(), value.clone());
            }
        }
        if let Some(allow) = allow {
            replaced.headers_mut().insert(header::ALLOW, allow);
        }
        response = replaced;
    }
    if let Ok(id) = HeaderValue::from_str(&request.id) {
        response.headers_mut().insert(REQUEST_ID.clone(), id);
    }
    let elapsed = started.elapsed();
    let labels = [
        ("route", route),
        ("method", method.to_string()),
        ("status", response.status().as_u16().to_string()),
    ];
    metrics::histogram!("consilium_http_seconds", &labels).record(elapsed.as_secs_f64());
    span.in_scope(|| {
        tracing::info!(
            http.status = response.status().as_u16(),
            elapsed_ms = elapsed.as_millis(),
            "answered"
        );
    });
    response
}

/// The problem behind a failed answer: a service's own, or one made from the status.
fn problem_of(response: &Response, request: &Request) -> Problem {
    let mut problem = response.extensions().get::<PendingProblem>().map_or_else(
        || {
            let error = match response.status() {
                StatusCode::PAYLOAD_TOO_LARGE => codes::TOO_LARGE,
                StatusCode::UNSUPPORTED_MEDIA_TYPE => codes::MEDIA_TYPE,
                StatusCode::METHOD_NOT_ALLOWED => codes::METHOD,
                StatusCode::NOT_FOUND => codes::NOT_FOUND,
                status if status.is_client_error() => codes::MALFORMED,
                StatusCode::SERVICE_UNAVAILABLE => codes::UNAVAILABLE,
                _ => codes::INTERNAL,
            };
            Problem {
                kind: format!("about:blank#{error}"),
                title: String::new(),
                status: response.status().as_u16(),
                code: error.to_owned(),
                request_id: String::new(),
                state: None,
                errors: Vec::new(),
            }
        },
        |pending| pending.0.clone(),
    );
    localise(&mut problem, request.locale);
    problem.request_id.clone_from(&request.id);
    problem
}

/// Gives a problem its sentences.
pub fn localise(problem: &mut Problem, locale: Locale) {
    problem.title = consilium_app::sentence(&problem.code, locale).to_owned();
    for error in &mut problem.errors {
        if error.message.is_empty() {
            error.message = consilium_app::sentence(&error.code, locale).to_owned();
        }
    }
}

fn problem_response(problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}

/// Headers that every answer carries.
pub async fn security_headers(http: HttpRequest, next: Next) -> Response {
    let mut response = next.run(http).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Refuses writes and live connections that another site started. Programs that send neither `Origin`
/// nor `Sec-Fetch-Site` are not browsers.
pub async fn same_site(State(_): State<App>, http: HttpRequest, next: Next) -> Response {
    let reads = matches!(*http.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let upgrade = http.headers().contains_key(header::SEC_WEBSOCKET_KEY);
    if (!reads || upgrade) && !is_same_site(http.headers(), http.uri().authority().map(ToString::to_string)) {
        return ServiceError::CrossSite.into_response();
    }
    next.run(http).await
}

fn is_same_site(headers: &HeaderMap, authority: Option<String>) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(origin) = text(&header::ORIGIN) {
        let host = text(&header::HOST).map(str::to_owned).or(authority);
        return host.is_some_and(|host| origin == format!("https://{host}"));
    }
    let site = HeaderName::from_static("sec-fetch-site");
    text(&site).is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// Hashed files never change; the others are asked for again.
pub async fn cache_bundle(http: HttpRequest, next: Next) -> Response {
    let hashed = http.uri().path().rsplit('/').next().is_some_and(|name| {
        name.split(['-', '.', '_'])
            .any(|part| part.len() >= 8 && part.chars().all(|c| c.is_ascii_hexdigit()))
    });
    let mut response = next.run(http).await;
    let value = if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    if response.status().is_success() {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}

/// Text as HTML content.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sites_are_told_apart() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            map
        };
        for (pairs, same) in [
            (&[("host", "h:8443")][..], true),
            (&[("host", "h:8443"), ("origin", "https://h:8443")][..], true),
            (&[("host", "h:8443"), ("origin", "https://evil")][..], false),
            (&[("host", "h:8443"), ("origin", "http://h:8443")][..], false),
            (&[("host", "h:8443"), ("origin", "null")][..], false),
            (&[("host", "h:8443"), ("sec-fetch-site", "cross-site")][..], false),
            (&[("host", "h:8443"), ("sec-fetch-site", "same-origin")][..], true),
        ] {
            assert_eq!(is_same_site(&headers(pairs), None), same, "{pairs:?}");
        }
        assert!(is_same_site(
            &headers(&[("origin", "https://h:1")]),
            Some("h:1".to_owned())
        ));
    }
}
