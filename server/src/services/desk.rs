//! The data desk of a consultation: requests, submissions, corrections, packages and what a form needs, as
//! one institution sees them.

use consilium_domain::{
    ConsultationState, DataRequestState,
    machine::Actor,
    permission::Relation,
    preparation::data_request::{Command, MACHINE},
};
use consilium_protocol::preparation::Desk;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access::Case, clocks, consents, issues, packages, requests, submissions, views::Directory},
    state::App,
};

/// All a page of the data desk shows. The caller has been let in with `Action::ReadData`.
///
/// # Errors
/// Stored data cannot be read.
pub async fn of(app: &App, ctx: &Ctx, case: &Case) -> Result<Desk, ServiceError> {
    let directory = Directory::load(app).await?;
    let id = case.consultation.id;
    let lead = case.relation(ctx.institution.id) == Relation::Lead;
    let mut deadlines = clocks::of_consultation(app, id).await?;
    deadlines.retain(|deadline| lead || deadline.institution.id == ctx.institution.id);
    let mut desk = Desk {
        requests: requests::visible(app, ctx, case, &directory).await?,
        elements: submissions::form_elements(),
        deadlines,
        may_submit: submissions::may_submit(case, ctx),
        may_request: may_request(case, ctx),
        ..Desk::default()
    };
    // Once consent has ended no other institution reads data of the patient.
    if lead || consents::active(&case.consultation, ctx.now()) {
        desk.submissions = submissions::visible(app, ctx, case, &directory).await?;
        desk.issues = issues::visible(app, ctx, case, &directory).await?;
        desk.packages = packages::summaries(app, ctx, case).await?;
    }
    Ok(desk)
}

fn may_request(case: &Case, ctx: &Ctx) -> bool {
    use ConsultationState as S;
    let actor: Actor = case.actor(ctx);
    let can = |command| MACHINE.step(DataRequestState::Drafted, command, actor).is_ok();
    let state = case.consultation.state;
    let now = can(Command::Send) && matches!(state, S::Inviting | S::Preparing | S::Ready | S::InSession)
        // In session any institution may query what another one has (clause 7.3 e).
        || can(Command::Query) && state == S::InSession;
    now && case.participants().any(|of| of != ctx.institution.id)
}
