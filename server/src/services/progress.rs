//! How far each institution of a consultation has come, from the heads of what it has given: nothing clinical is
//! opened.

use std::collections::BTreeMap;

use consilium_domain::{
    DataRequestState, InstitutionId,
    permission::{Action, Decision, Relation},
    preparation::issue::is_open,
};
use consilium_protocol::page::Progress;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access::Case, issues, requests, views::Directory},
    state::App,
};

/// One line an institution that has something to show: all for the lead, the own one for a participant; none
/// for readers who may not see data.
///
/// # Errors
/// Stored data cannot be read.
pub async fn of(app: &App, ctx: &Ctx, case: &Case) -> Result<Vec<Progress>, ServiceError> {
    if case.decide(ctx, Action::ReadData) != Decision::Allow {
        return Ok(Vec::new());
    }
    let directory = Directory::load(app).await?;
    let own = ctx.institution.id;
    let leads = case.relation(own) == Relation::Lead;
    let mut lines: BTreeMap<InstitutionId, Progress> = BTreeMap::new();
    for id in case.inside().filter(|id| leads || *id == own) {
        let institution = directory.get(id)?;
        lines.insert(
            id,
            Progress {
                institution,
                requests_met: 0,
                requests: 0,
                overdue: false,
                rows: 0,
                refused: 0,
                issues: 0,
            },
        );
    }
    for request in requests::visible(app, ctx, case, &directory).await? {
        let counted = !matches!(
            request.state,
            DataRequestState::Drafted | DataRequestState::Cancelled
        );
        if let Some(line) = lines.get_mut(&request.institution.id).filter(|_| counted) {
            line.requests += 1;
            line.requests_met += u32::from(request.state == DataRequestState::Accepted);
            line.overdue |= request.overdue;
        }
    }
    for submission in app.store.reader().submissions(case.consultation.id).await? {
        let readable = submission.institution == own || submission.received_at.is_some();
        if let Some(line) = lines.get_mut(&submission.institution).filter(|_| readable) {
            line.rows += u32::try_from(submission.stored).unwrap_or(0);
            line.refused += u32::try_from(submission.refused).unwrap_or(0);
        }
    }
    for issue in issues::visible(app, ctx, case, &directory).await? {
        if let Some(line) = lines
            .get_mut(&issue.institution.id)
            .filter(|_| is_open(issue.state))
        {
            line.issues += 1;
        }
    }
    Ok(lines.into_values().collect())
}
