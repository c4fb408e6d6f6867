//! `GET /api/v1/consultations` and its search.

use axum::extract::{Query, State};
use consilium_protocol::{Problem, codes, consultation::ConsultationList};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::extract::Json,
    services::worklist::{self, Wish},
    state::App,
};

/// What a list is narrowed to. An empty value narrows nothing, as forms send it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// Part of the number, an ICD-10 code or its beginning, or words of the diagnosis, need or conclusion.
    pub q: String,
    /// `mine` (waits for the reader), or the phase: `1`, `2`, `3`.
    pub group: String,
    /// `true`: the same as `group=mine`.
    pub mine: String,
    /// `lead` or `participant`: the reader's institution's part.
    pub part: String,
    /// Type.
    pub kind: String,
    /// Urgency.
    pub urgency: String,
    /// State.
    pub state: String,
    /// Led by this institution.
    pub lead: String,
    /// With this institution invited.
    pub participant: String,
    /// First day of the session, `2026-11-22`, or a moment.
    pub from: String,
    /// Last day of the session, or a moment.
    pub to: String,
    /// `next_cursor` of the page before.
    pub cursor: String,
    /// Rows, at most 200.
    pub limit: String,
}

fn value<T: std::str::FromStr>(field: &str, text: &str) -> Result<Option<T>, ServiceError> {
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| ServiceError::field(field, codes::FIELD_UNKNOWN)),
    }
}

impl Wanted {
    /// As the service wants it.
    ///
    /// # Errors
    /// A value is none of its list.
    pub fn read(&self) -> Result<Wish, ServiceError> {
        let mine: Option<bool> = value("mine", &self.mine)?;
        let phase = match self.group.as_str() {
            "" | "mine" => None,
            "1" => Some(1),
            "2" => Some(2),
            "3" => Some(3),
            _ => return Err(ServiceError::field("group", codes::FIELD_UNKNOWN)),
        };
        Ok(Wish {
            q: self.q.clone(),
            mine: mine == Some(true) || self.group == "mine",
            phase,
            part: self.part.clone(),
            kind: value("kind", &self.kind)?,
            urgency: value("urgency", &self.urgency)?,
            state: value("state", &self.state)?,
            from: self.from.clone(),
            to: self.to.clone(),
            lead: value("lead", &self.lead)?,
            participant: value("participant", &self.participant)?,
            id_number: None,
            cursor: Some(self.cursor.clone()).filter(|text| !text.is_empty()),
            limit: value("limit", &self.limit)?,
        })
    }
}

/// Body of a search that names a person: an identity number never stands in an address.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct Search {
    /// Identity number of the patient; found exactly, by its keyed identifier.
    pub id_number: String,
    /// Words, as in the list.
    pub q: String,
    /// `mine` or the phase.
    pub group: String,
    /// `next_cursor` of the page before.
    pub cursor: String,
}

/// The worklist of the caller's institution, newest change first.
#[utoipa::path(get, path = "/api/v1/consultations", tag = "consultations", params(Wanted), responses(
    (status = 200, description = "A page of rows", body = ConsultationList),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 422, description = "`request.invalid`: a filter or the cursor is none; `search.identity_in_address`", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Json<ConsultationList>, ServiceError> {
    worklist::list(&app, &ctx, &wanted.read()?).await.map(Json)
}

/// Searches the worklist by a patient's identity number, which is matched exactly and never shown or logged.
#[utoipa::path(post, path = "/api/v1/consultations/search", tag = "consultations", request_body = Search, responses(
    (status = 200, description = "A page of rows", body = ConsultationList),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 422, description = "`request.invalid`: not an identity number", body = Problem)))]
pub async fn search(
    State(app): State<App>,
    ctx: Ctx,
    Json(search): Json<Search>,
) -> Result<Json<ConsultationList>, ServiceError> {
    let wanted = Wanted {
        q: search.q,
        group: search.group,
        cursor: search.cursor,
        ..Wanted::default()
    };
    let mut wish = wanted.read()?;
    wish.id_number = Some(search.id_number).filter(|text| !text.trim().is_empty());
    worklist::list(&app, &ctx, &wish).await.map(Json)
}
