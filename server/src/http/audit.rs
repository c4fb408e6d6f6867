//! `/api/v1/audit-events` (clause 8.4).

use axum::{
    Json,
    extract::{Query, State},
};
use consilium_domain::{ConsultationId, Timestamp};
use consilium_ledger::AuditFields;
use consilium_protocol::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{ctx::Ctx, error::ServiceError, services::audit, state::App};

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Filter {
    /// Only of this consultation.
    pub consultation: Option<ConsultationId>,
    /// Only of this operator (account id).
    pub operator: Option<String>,
    /// Only actions that start so.
    pub action: Option<String>,
    /// From this time, RFC 3339.
    pub from: Option<Timestamp>,
    /// Before this time, RFC 3339.
    pub to: Option<Timestamp>,
    /// `next_cursor` of the page before.
    pub cursor: Option<i64>,
    /// Rows, at most 200.
    pub limit: Option<u32>,
}

/// One event with the six fields of clause 8.4, institution and consultation.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEvent {
    /// Place in the log, from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: account id, `anonymous` or `system`.
    pub operator: String,
    /// User name of the operator; may be empty.
    pub operator_name: String,
    /// What was done.
    pub action: String,
    /// What it was done to, `type/id`.
    pub target: String,
    /// `ok` or the code of the refusal.
    pub result: String,
    /// Address of the caller.
    pub ip: String,
    /// User agent of the caller.
    pub device: String,
    /// Institution of the operator; may be empty.
    pub institution: String,
    /// The consultation concerned.
    pub consultation: Option<String>,
    /// Number of the request.
    pub request_id: String,
}

impl From<AuditFields> for AuditEvent {
    fn from(fields: AuditFields) -> Self {
        Self {
            seq: fields.seq,
            at: Timestamp::from_ms(fields.at_ms),
            operator: fields.operator,
            operator_name: fields.operator_name,
            action: fields.action,
            target: fields.target,
            result: fields.result,
            ip: fields.ip,
            device: fields.device,
            institution: fields.institution,
            consultation: fields.consultation,
            request_id: fields.request_id,
        }
    }
}

/// A page of events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// Events with operator, time, content, result, address and device.
    pub items: Vec<AuditEvent>,
    /// Give it as `cursor` for the next page; absent when this one is empty.
    pub next_cursor: Option<i64>,
}

/// Audit events: all for an auditor, those of the own institution for an administrator.
#[utoipa::path(get, path = "/api/v1/audit-events", tag = "audit", params(Filter), responses(
    (status = 200, description = "Events", body = AuditPage),
    (status = 403, description = "`forbidden`", body = Problem)))]
pub async fn read(
    State(app): State<App>,
    ctx: Ctx,
    Query(filter): Query<Filter>,
) -> Result<Json<AuditPage>, ServiceError> {
    let query = audit::Query {
        consultation: filter.consultation,
        operator: filter.operator,
        action: filter.action,
        from: filter.from,
        to: filter.to,
        before: filter.cursor,
        limit: filter.limit,
    };
    let items: Vec<AuditEvent> = audit::read(&app, &ctx, query)
        .await?
        .into_iter()
        .map(AuditEvent::from)
        .collect();
    let next_cursor = items.last().map(|e| e.seq).filter(|seq| *seq > 1);
    Ok(Json(AuditPage { items, next_cursor }))
}
