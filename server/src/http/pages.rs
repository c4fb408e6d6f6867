//! Pages: the server gathers a [`Page`] value and draws it; plain forms for sign-in, language and
//! sign-out work before any program has loaded.

mod preparation;
mod room;

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use consilium_domain::{
    ConsultationId, ConsultationKind, ConsultationState,
    permission::{Action, Decision, may_create},
};
use consilium_protocol::{
    Problem,
    consultation::Act,
    imaging::Series,
    limits,
    page::{Locale, Page, View, WorklistQuery},
    session::SignIn,
};
use http::{StatusCode, header};
use serde::Deserialize;

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    http::{cookies, worklist::Wanted},
    services::{
        access::{self, Case},
        accounts, consents, consultations, imaging, progress, reports, sessions, views,
        worklist::{self, Wish},
    },
    state::App,
};

/// The addresses of pages and forms.
pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(worklist))
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/language", post(language))
        .route("/operations/rooms", get(room::operators))
        .route("/consultations/new", get(new_consultation))
        .route("/consultations/{id}", get(consultation))
        .route("/consultations/{id}/edit", get(edit_draft))
        .route("/consultations/{id}/room", get(room))
        .route("/consultations/{id}/conclude", get(conclude))
        .route("/consultations/{id}/report", get(report))
        .merge(preparation::router())
}

/// No such address.
pub async fn missing() -> ServiceError {
    ServiceError::NotFound
}

fn draw(app: &App, request: &Request, me: Option<&Ctx>, path: &str, unread: u64, view: View) -> Response {
    let page = Page {
        locale: request.locale,
        now: request.now,
        me: me.map(sessions::me),
        path: path.to_owned(),
        unread,
        view,
    };
    Html(consilium_app::render(&page, &app.site.assets)).into_response()
}

/// A page of somebody who is signed in, with the number of notices they have not read.
async fn page(app: &App, ctx: &Ctx, path: &str, view: View) -> Result<Response, ServiceError> {
    let unread = app.store.reader().unread_notices(ctx.account.id).await?;
    Ok(draw(app, &ctx.request, Some(ctx), path, unread, view))
}

/// The page of a failed request; somebody without a session is sent to sign in. Without the person's
/// name, since finding it could fail too.
pub fn error(app: &App, request: &Request, path: &str, problem: Problem) -> Response {
    if problem.status == StatusCode::UNAUTHORIZED.as_u16()
        && problem.code == consilium_protocol::codes::UNAUTHENTICATED
    {
        let location = format!("/sign-in?next={}", percent_encoded(path));
        let mut response = Redirect::to(&location).into_response();
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
        return response;
    }
    draw(app, request, None, path, 0, View::Error { problem })
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(b).to_string()
            }
            _ => format!("%{b:02X}"),
        })
        .collect()
}

/// Only addresses of our own: a path, not another host.
fn own_path(next: &str) -> &str {
    if next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']) {
        next
    } else {
        "/"
    }
}

#[derive(Deserialize)]
struct SignInQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    refused: Option<String>,
}

async fn sign_in_page(
    State(app): State<App>,
    request: Request,
    ctx: Option<Ctx>,
    Query(query): Query<SignInQuery>,
) -> Response {
    let next = own_path(&query.next).to_owned();
    if ctx.is_some() {
        return Redirect::to(&next).into_response();
    }
    draw(
        &app,
        &request,
        None,
        "/sign-in",
        0,
        View::SignIn {
            refused: query.refused.is_some(),
            next,
        },
    )
}

#[derive(Deserialize)]
struct SignInForm {
    username: String,
    password: String,
    totp: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(app): State<App>,
    request: Request,
    Form(form): Form<SignInForm>,
) -> Result<Response, ServiceError> {
    let next = own_path(&form.next).to_owned();
    let given = SignIn {
        username: form.username,
        password: form.password,
        totp: form.totp.trim().to_owned(),
    };
    match sessions::sign_in(&app, &request, given).await {
        Ok(started) => {
            let cookie = cookies::session(&started.token).ok_or(ServiceError::Malformed)?;
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response())
        }
        Err(ServiceError::SignInRefused) => {
            let location = format!("/sign-in?refused=1&next={}", percent_encoded(&next));
            Ok(Redirect::to(&location).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn sign_out(State(app): State<App>, ctx: Option<Ctx>) -> Result<Response, ServiceError> {
    if let Some(ctx) = ctx {
        sessions::sign_out(&app, &ctx).await?;
    }
    Ok((
        [(header::SET_COOKIE, cookies::no_session())],
        Redirect::to("/sign-in"),
    )
        .into_response())
}

#[derive(Deserialize)]
struct LanguageForm {
    locale: Locale,
    #[serde(default)]
    next: String,
}

async fn language(Form(form): Form<LanguageForm>) -> Response {
    let next = own_path(&form.next).to_owned();
    match cookies::language(form.locale) {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response(),
        None => Redirect::to(&next).into_response(),
    }
}

async fn worklist(
    State(app): State<App>,
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ServiceError> {
    let wish = Wish {
        limit: Some(limits::PAGE_ROWS_MAX),
        ..wanted.read()?
    };
    let list = worklist::list(&app, &ctx, &wish).await?;
    let query = WorklistQuery {
        q: wish.q,
        part: wish.part,
        kind: wish.kind,
        urgency: wish.urgency,
        state: wish.state,
        from: wish.from,
        to: wish.to,
    };
    let view = View::Worklist {
        rows: list.items,
        more: list.next_cursor.is_some(),
        may_create: may_create(ctx.account.role),
        query,
    };
    page(&app, &ctx, "/", view).await
}

/// The text of consent in use.
fn consent_version() -> String {
    let newest = consents::texts::all().last();
    newest.map(|text| text.version.clone()).unwrap_or_default()
}

async fn new_consultation(State(app): State<App>, ctx: Ctx) -> Result<Response, ServiceError> {
    if !may_create(ctx.account.role) {
        return Err(ServiceError::Forbidden);
    }
    let view = View::NewConsultation {
        institutions: views::Directory::load(&app).await?.invitable(ctx.institution.id),
        kinds: ConsultationKind::ALL.to_vec(),
        draft: None,
        consent_version: consent_version(),
    };
    page(&app, &ctx, "/consultations/new", view).await
}

async fn edit_draft(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let Some(draft) = consultations::draft(&app, &ctx, id).await? else {
        return Ok(Redirect::to(&format!("/consultations/{id}")).into_response());
    };
    let view = View::NewConsultation {
        institutions: views::Directory::load(&app).await?.invitable(ctx.institution.id),
        kinds: ConsultationKind::ALL.to_vec(),
        draft: Some(Box::new(draft)),
        consent_version: consent_version(),
    };
    page(&app, &ctx, &format!("/consultations/{id}/edit"), view).await
}

/// Reads a consultation id out of an address: one that is none is an address that does not exist.
fn id_of(text: &str) -> Result<ConsultationId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound)
}

async fn consultation(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let consultation = consultations::read_audited(&app, &ctx, id).await?;
    let case = access::load(&app, id).await?;
    let experts = if consultation.row.allowed.contains(&Act::Answer) {
        accounts::experts(&app, &ctx, Some(&case.consultation)).await?
    } else {
        Vec::new()
    };
    let view = View::Consultation {
        series: series(&app, &ctx, &case).await?,
        progress: progress::of(&app, &ctx, &case).await?,
        consultation: Box::new(consultation),
        experts,
    };
    page(&app, &ctx, &format!("/consultations/{id}"), view).await
}

/// The images, for those who may see them.
async fn series(app: &App, ctx: &Ctx, case: &Case) -> Result<Vec<Series>, ServiceError> {
    if case.decide(ctx, Action::ViewImages) == Decision::Allow {
        imaging::series(app, ctx, case.consultation.id).await
    } else {
        Ok(Vec::new())
    }
}

async fn room(State(app): State<App>, ctx: Ctx, Path(id): Path<String>) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let case = access::open(&app, &ctx, id, Action::EnterRoom).await?;
    let consultation = consultations::read_audited(&app, &ctx, id).await?;
    let series = imaging::series(&app, &ctx, id).await?;
    let view = room::view(&app, &ctx, &case, consultation, series).await?;
    page(&app, &ctx, &format!("/consultations/{id}/room"), view).await
}

async fn conclude(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let case = access::open(&app, &ctx, id, Action::SignReport).await?;
    if case.consultation.state != ConsultationState::Summarising {
        return Ok(Redirect::to(&format!("/consultations/{id}")).into_response());
    }
    let consultation = consultations::read_audited(&app, &ctx, id).await?;
    let view = View::Conclude {
        consultation: Box::new(consultation),
    };
    page(&app, &ctx, &format!("/consultations/{id}/conclude"), view).await
}

async fn report(State(app): State<App>, ctx: Ctx, Path(id): Path<String>) -> Result<Response, ServiceError> {
    let id = id_of(&id)?;
    let report = reports::read(&app, &ctx, id).await?;
    let view = View::Report {
        report: Box::new(report),
    };
    page(&app, &ctx, &format!("/consultations/{id}/report"), view).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_at_home() {
        for (next, path) in [
            ("/consultations/1", "/consultations/1"),
            ("", "/"),
            ("https://evil", "/"),
            ("//evil", "/"),
            ("/\\evil", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(own_path(next), path);
        }
        assert_eq!(percent_encoded("/a b&c"), "/a%20b%26c");
    }
}
