//! People of the caller's own institution, as its coordinators need them.

use consilium_domain::{ConsultationId, Role, permission::Action};
use consilium_protocol::preparation::Expert;
use consilium_storage::{Account, Consultation};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access, invitations},
    state::App,
};

/// The experts of the caller's institution. Given a consultation, those are marked who are named in another one
/// at the same time.
///
/// # Errors
/// The store fails.
pub async fn experts(
    app: &App,
    ctx: &Ctx,
    consultation: Option<&Consultation>,
) -> Result<Vec<Expert>, ServiceError> {
    let own = ctx.institution.id;
    let mut found: Vec<Account> = app.store.reader().accounts().await?;
    found.retain(|account| account.institution == own && account.role == Role::Expert && account.active);
    if let Some(consultation) = consultation {
        return invitations::double_bookings(app, consultation, own, &found).await;
    }
    Ok(found
        .into_iter()
        .map(|account| Expert {
            account_id: account.id,
            name: account.display_name,
            department: account.department,
            title: account.title,
            double_booked: None,
        })
        .collect())
}

/// The experts of the caller's institution, for an invitation it has received.
///
/// # Errors
/// Not there for the caller, or the store fails.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    consultation: Option<ConsultationId>,
) -> Result<Vec<Expert>, ServiceError> {
    let case = match consultation {
        Some(id) => Some(access::open(app, ctx, id, Action::Read).await?),
        None => None,
    };
    experts(app, ctx, case.as_ref().map(|case| &case.consultation)).await
}
