//! The live room beside its sockets: who may enter, with what.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use consilium_domain::{ConsultationId, permission::Action};
use consilium_protocol::session::LiveTicket;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    live::Join,
    services::{access, opinions, views},
    state::App,
};

/// A ticket that enters the room once within a minute, with the key of the page's own copy.
///
/// # Errors
/// Not the caller's room (403, 404, audited), too many tickets wait, or the store fails.
pub async fn ticket(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<LiveTicket, ServiceError> {
    access::open(app, ctx, id, Action::EnterRoom).await?;
    let ticket = app.tickets.issue(id, ctx.session, ctx.now())?;
    let vault = app.store.vault();
    let key = vault.local_copy_key(&ctx.account.id.to_string(), &id.to_string());
    Ok(LiveTicket {
        local_key: STANDARD.encode(*key),
        ..ticket
    })
}

/// What a connection of the caller to the shared document, or to the own private one, starts with.
///
/// # Errors
/// Not the caller's room (403, 404, audited), or the store fails.
pub async fn prepare(app: &App, ctx: &Ctx, id: ConsultationId, private: bool) -> Result<Join, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    let submitted = opinions::settled(&app.store.reader().opinions(id).await?, ctx.account.id);
    Ok(Join {
        consultation: id,
        private,
        person: views::person(&ctx.account, views::institution(&ctx.institution)),
        rights: case.room_rights(&ctx.account, submitted).unwrap_or_default(),
        session: ctx.session,
        expires_at: ctx.expires_at,
        ip: ctx.request.ip.to_string(),
        device: ctx.request.device.clone(),
        request_id: ctx.request.id.clone(),
    })
}
