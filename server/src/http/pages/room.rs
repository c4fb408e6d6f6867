//! What the page of the live room is drawn from.

use axum::{extract::State, response::Response};
use consilium_domain::permission::{Action, Decision};
use consilium_protocol::{consultation::Consultation, imaging::Series, page::View};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{
        access::Case, attachments, operations, packages, questions, requests, submissions, templates,
        views::Directory,
    },
    state::App,
};

/// `/operations/rooms`: for those who run the platform.
pub(super) async fn operators(State(app): State<App>, ctx: Ctx) -> Result<Response, ServiceError> {
    let figures = Box::new(operations::figures(&app, &ctx).await?);
    super::page(&app, &ctx, "/operations/rooms", View::Rooms { figures }).await
}

/// Gathers what one person sees of a room. Consent has been looked at: the images were read.
pub(super) async fn view(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    consultation: Consultation,
    series: Vec<Series>,
) -> Result<View, ServiceError> {
    let id = case.consultation.id;
    let data = case.decide(ctx, Action::ReadData) == Decision::Allow;
    let package = if data {
        packages::in_room(app, ctx, id).await?
    } else {
        None
    };
    let requests = if data {
        requests::visible(app, ctx, case, &Directory::load(app).await?).await?
    } else {
        Vec::new()
    };
    Ok(View::Room {
        consultation: Box::new(consultation),
        series,
        questions: questions::visible(app, ctx, case).await?,
        templates: templates::list(app, ctx),
        package: package.map(Box::new),
        elements: submissions::form_elements(),
        requests,
        attachments: attachments::list(app, ctx, id).await?,
        call_link: app.calls.link(id),
    })
}
