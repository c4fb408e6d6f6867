//! Reading the audit log (clause 8.4).

use consilium_domain::{ConsultationId, Timestamp, permission::audit_scope};
use consilium_ledger::{AuditFields, AuditRecord};
use consilium_protocol::{codes, limits};
use consilium_storage::AuditFilter;

use crate::{ctx::Ctx, error::ServiceError, state::App};

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only of this consultation.
    pub consultation: Option<ConsultationId>,
    /// Only of this operator (account id).
    pub operator: Option<String>,
    /// Only actions that start so.
    pub action: Option<String>,
    /// From this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// Only events before this number (the cursor).
    pub before: Option<i64>,
    /// How many.
    pub limit: Option<u32>,
}

/// Events, newest first. An auditor sees all, an administrator those of the own institution. The
/// reading is itself an event.
///
/// # Errors
/// Not the caller's duty (403, audited), or the store fails.
pub async fn read(app: &App, ctx: &Ctx, query: Query) -> Result<Vec<AuditFields>, ServiceError> {
    let scope = audit_scope(ctx.account.role);
    let mut tx = app.store.begin().await?;
    let result = if scope.is_some() { "ok" } else { codes::FORBIDDEN };
    tx.audit(ctx.event(
        "audit.read",
        "audit/events".to_owned(),
        result,
        query.consultation,
    ))
    .await?;
    tx.commit().await?;
    let Some(own_only) = scope else {
        return Err(ServiceError::Forbidden);
    };
    let filter = AuditFilter {
        institution: own_only.then(|| ctx.institution.id.to_string()),
        consultation: query.consultation,
        operator: query.operator,
        action_prefix: query.action,
        from: query.from,
        to: query.to,
    };
    let limit = query
        .limit
        .unwrap_or(limits::PAGE_ROWS_DEFAULT)
        .clamp(1, limits::PAGE_ROWS_MAX);
    let records = app.store.reader().audit_page(filter, query.before, limit).await?;
    Ok(records.into_iter().map(AuditRecord::into_fields).collect())
}
