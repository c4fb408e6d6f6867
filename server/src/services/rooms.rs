//! The live room beside its sockets: who may enter, with what; its history; what its operators see.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use consilium_domain::{ConsultationId, Role, permission::Action};
use consilium_protocol::{
    codes, limits,
    room::{HistoryEntry, RoomHistory, RoomStatus},
    session::LiveTicket,
};
use consilium_storage::LogEntry;

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

/// What a connection of the caller to the shared document, or to the own private one, starts with. `as_of`
/// is [`crate::live::Rooms::changes`] from before the caller's session was read.
///
/// # Errors
/// Not the caller's room (403, 404, audited), or the store fails.
pub async fn prepare(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    private: bool,
    as_of: u64,
) -> Result<Join, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    let submitted = opinions::settled(&app.store.reader().opinions(id).await?, ctx.account.id);
    Ok(Join {
        consultation: id,
        private,
        person: views::person(&ctx.account, views::institution(&ctx.institution)),
        rights: case.room_rights(&ctx.account, submitted).unwrap_or_default(),
        session: ctx.session,
        expires_at: ctx.expires_at,
        as_of,
        ip: ctx.request.ip.to_string(),
        device: ctx.request.device.clone(),
        request_id: ctx.request.id.clone(),
    })
}

/// The log of the room: who changed what and when (clauses 7.3 a and 8.2), its chain verified. Whoever may
/// read the data of the case may read it, also after the conclusion; the reading is itself recorded.
///
/// # Errors
/// Not the caller's case (403, 404, audited), the log is damaged, or the store fails.
pub async fn history(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    after: i64,
    limit: Option<u64>,
) -> Result<RoomHistory, ServiceError> {
    read_history(app, ctx, id, after).await?;
    let limit = limit
        .unwrap_or(limits::HISTORY_PAGE)
        .clamp(1, limits::HISTORY_PAGE);
    let log = app.rooms.history(id, after, limit).await?;
    Ok(RoomHistory {
        epoch: log.epoch,
        seq: log.seq,
        entries: log.entries.into_iter().map(entry).collect(),
    })
}

/// The room's document as it was after one entry of its log (Yjs update v1), the same bytes each time.
///
/// # Errors
/// As [`history`]; 404 when there is no such entry.
pub async fn state_at(app: &App, ctx: &Ctx, id: ConsultationId, seq: i64) -> Result<Vec<u8>, ServiceError> {
    read_history(app, ctx, id, seq).await?;
    app.rooms.state_at(id, seq).await?.ok_or(ServiceError::NotFound)
}

async fn read_history(app: &App, ctx: &Ctx, id: ConsultationId, place: i64) -> Result<(), ServiceError> {
    access::open(app, ctx, id, Action::ReadData).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("room.history", format!("room/{id}/{place}"), "ok", Some(id)))
        .await?;
    Ok(tx.commit().await?)
}

fn entry(entry: LogEntry) -> HistoryEntry {
    HistoryEntry {
        seq: entry.seq,
        at: entry.at,
        author: entry.author,
        update: STANDARD.encode(&entry.update),
        prev_hash: hex::encode(entry.prev_hash),
        hash: hex::encode(entry.hash),
    }
}

/// Every room in memory, without anything of its content, for those who run the platform; recorded.
///
/// # Errors
/// Not the caller's duty (403, audited), or the store fails.
pub async fn statuses(app: &App, ctx: &Ctx) -> Result<Vec<RoomStatus>, ServiceError> {
    let may = ctx.account.role == Role::Ops;
    let mut tx = app.store.begin().await?;
    let result = if may { "ok" } else { codes::FORBIDDEN };
    tx.audit(ctx.event("operations.rooms", "operations/rooms".to_owned(), result, None))
        .await?;
    tx.commit().await?;
    if !may {
        return Err(ServiceError::Forbidden);
    }
    in_memory(app).await
}

/// Every room in memory, by the number of its consultation.
pub(super) async fn in_memory(app: &App) -> Result<Vec<RoomStatus>, ServiceError> {
    let mut all = Vec::new();
    for (key, status) in app.rooms.statuses().await {
        let consultation = app.store.reader().consultation(key.consultation).await?;
        all.push(RoomStatus {
            number: consultation.map(|c| c.number).unwrap_or_default(),
            ..status
        });
    }
    all.sort_by(|a, b| (&a.number, a.private).cmp(&(&b.number, b.private)));
    Ok(all)
}
