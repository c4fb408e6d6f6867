//! Standard forms: the FHIR document of a case package; the parts of an invitation for hospital systems.

use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use consilium_domain::ConsultationId;
use consilium_protocol::{Problem, exchange::InvitationBody};
use http::header;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::negotiate::{FhirForm, Form, Shown},
    services::{export, invitations},
    state::App,
};

/// The newest case package the caller may see as a FHIR R4 (4.0.1) document bundle: a consultation note
/// (LOINC 11488-4) with every resource it names. All of it masked, as the package is.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/package/$document", tag = "packages", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "Bundle of type document", content(
        (String = "application/fhir+json"), (String = "application/fhir+xml"), (String = "application/json"), (String = "application/xml"))),
    (status = 403, description = "`forbidden` or `consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`: not there for the caller, or nothing is frozen yet", body = Problem),
    (status = 406, description = "`request.not_acceptable`", body = Problem)))]
pub async fn document(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    FhirForm(media, name): FhirForm,
) -> Result<impl IntoResponse, ServiceError> {
    let body = export::package_document(&app, &ctx, id, media).await?;
    Ok(([(header::CONTENT_TYPE, name), (header::VARY, "accept")], body))
}

/// The parts of the caller's invitation (clause 7.2 b): number, masked basics, time, need, data wanted.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/invitation", tag = "consultations", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The invitation", content((InvitationBody = "application/json"), (String = "application/xml"))),
    (status = 404, description = "`not_found`: not invited", body = Problem),
    (status = 406, description = "`request.not_acceptable`", body = Problem)))]
pub async fn invitation(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    form: Form,
) -> Result<Shown<InvitationBody>, ServiceError> {
    invitations::body(&app, &ctx, id)
        .await
        .map(|body| form.show("invitation", body))
}
