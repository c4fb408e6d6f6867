//! `/api/v1/consultations/{id}/questions`.

use axum::extract::{Path, State};
use consilium_domain::{ConsultationId, QuestionId};
use consilium_protocol::{
    Problem,
    room::{AnswerInput, Question, QuestionInput},
};
use http::StatusCode;

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::questions, state::App};

/// Questions of the session, all that the caller's institution may know of (clause 7.3 e).
#[utoipa::path(get, path = "/api/v1/consultations/{id}/questions", tag = "session", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "In the order of asking", body = Vec<Question>),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Vec<Question>>, ServiceError> {
    questions::list(&app, &ctx, id).await.map(Json)
}

/// Asks another institution in the session; it has half an hour to answer unless said otherwise.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/questions", tag = "session", params(("id" = ConsultationId, Path)),
    request_body = QuestionInput, responses(
    (status = 201, description = "The question, on its way", body = Question),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, `session.paused`, `question.not_party`, `question.too_many`", body = Problem),
    (status = 422, description = "`request.invalid`", body = Problem)))]
pub async fn ask(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<QuestionInput>,
) -> Result<(StatusCode, Json<Question>), ServiceError> {
    let asked = questions::ask(&app, &ctx, id, input).await?;
    Ok((StatusCode::CREATED, Json(asked)))
}

/// Answers a question for the own institution; possible until the report.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/questions/{question}/answer", tag = "session",
    params(("id" = ConsultationId, Path), ("question" = QuestionId, Path)),
    request_body = AnswerInput, responses(
    (status = 200, description = "The question, answered", body = Question),
    (status = 403, description = "`forbidden`: asked of another institution", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`question.wrong_state`, `session.paused`, `consultation.wrong_state`", body = Problem),
    (status = 422, description = "`request.invalid`", body = Problem)))]
pub async fn answer(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, question)): Path<(ConsultationId, QuestionId)>,
    Json(input): Json<AnswerInput>,
) -> Result<Json<Question>, ServiceError> {
    questions::answer(&app, &ctx, id, question, input).await.map(Json)
}

/// Takes a question back.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/questions/{question}/withdraw", tag = "session",
    params(("id" = ConsultationId, Path), ("question" = QuestionId, Path)), responses(
    (status = 200, description = "The question, taken back", body = Question),
    (status = 403, description = "`forbidden`: asked by somebody else", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`question.wrong_state`, `session.paused`, `consultation.wrong_state`", body = Problem)))]
pub async fn withdraw(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, question)): Path<(ConsultationId, QuestionId)>,
) -> Result<Json<Question>, ServiceError> {
    questions::withdraw(&app, &ctx, id, question).await.map(Json)
}
