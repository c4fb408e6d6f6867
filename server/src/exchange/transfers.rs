//! What an institution's people see of its deliveries, and what they may do with a parked one (clause
//! 7.5 a).

use std::collections::{HashMap, HashSet, hash_map::Entry};

use consilium_domain::{
    ConsultationId, MessageId, Role, Timestamp, TransferState,
    machine::Actor,
    preparation::transfer::{Command, MACHINE},
};
use consilium_protocol::{
    codes,
    exchange::{Envelope, Transfer, TransferList},
    limits,
};
use consilium_storage::{Outgoing, WriteTx};

use super::{deliver, envelope, flush};
use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access, patients, views},
    state::App,
};

/// Who looks after deliveries.
const DESK: &[Role] = &[Role::Admin, Role::Operator];

/// What the caller's institution sends, newest first; parked ones can be asked for by their state.
///
/// # Errors
/// Not the caller's duty (403, audited), the cursor is not one of ours, or the store fails.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    state: Option<TransferState>,
    cursor: Option<&str>,
) -> Result<TransferList, ServiceError> {
    if !DESK.contains(&ctx.account.role) {
        refuse(
            app,
            ctx,
            "transfer.list",
            "transfer/all".to_owned(),
            codes::FORBIDDEN,
            None,
        )
        .await?;
        return Err(ServiceError::Forbidden);
    }
    let cursor = cursor.map(read_cursor).transpose()?;
    let own = ctx.institution.id;
    let rows_max = u64::from(limits::PAGE_ROWS_DEFAULT);
    let reader = app.store.reader();
    let mut found = reader.outgoing_of(own, state, cursor, rows_max + 1).await?;
    let more = u64::try_from(found.len()).is_ok_and(|count| count > rows_max);
    found.truncate(usize::try_from(rows_max).unwrap_or(usize::MAX));
    let next_cursor = found
        .last()
        .filter(|_| more)
        .map(|last| format!("{}.{}", last.created_at.ms(), last.id));
    let parked: HashSet<_> = reader.parked_of(own).await?.into_iter().collect();
    let failed = reader.outgoing_parked(own).await?;
    let directory = views::Directory::load(app).await?;
    let mut cases: HashMap<ConsultationId, (String, Actor)> = HashMap::new();
    let mut items = Vec::with_capacity(found.len());
    for message in found {
        let id = message.lane.consultation;
        let (number, actor) = match cases.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let case = access::load(app, id).await?;
                place.insert((case.consultation.number.clone(), case.actor(ctx)))
            }
        };
        let may = |command| MACHINE.step(message.state, command, *actor).is_ok();
        items.push(Transfer {
            id: message.id,
            consultation_id: id,
            number: number.clone(),
            to: directory.get(message.lane.to)?,
            kind: message.kind,
            state: message.state,
            tries: u32::try_from(message.tries).unwrap_or(0),
            run: u32::try_from(message.run).unwrap_or(1),
            created_at: message.created_at,
            next_at: message
                .next_at
                .filter(|_| message.state == TransferState::Waiting),
            delivered_at: message.received_at,
            held: message.state == TransferState::Queued && parked.contains(&message.lane),
            may_resend: may(Command::Resend),
            may_abandon: may(Command::Abandon),
            cause: message.cause,
        });
    }
    Ok(TransferList {
        items,
        failed,
        suspended_since: reader.suspension().await?.map(|suspension| suspension.from),
        next_cursor,
    })
}

/// Starts a new run of a parked message: the same message, its tries counted anew.
///
/// # Errors
/// Not there for the caller (404), not its duty (403), not parked (409); all audited.
pub async fn resend(app: &App, ctx: &Ctx, id: MessageId) -> Result<(), ServiceError> {
    let (mut tx, before) = begin(app, ctx, id, Command::Resend).await?;
    let next = Outgoing {
        state: TransferState::Queued,
        tries: 0,
        run: before.run.saturating_add(1),
        next_at: Some(app.now()),
        cause: None,
        ..before.clone()
    };
    finish(&mut tx, &before, &next).await?;
    tx.audit(event(ctx, &before, Command::Resend)).await?;
    tx.commit().await?;
    flush(app, before.lane.consultation).await;
    Ok(())
}

/// Gives a parked message up, with a reason. Those behind it go on.
///
/// # Errors
/// As [`resend`]; no reason.
pub async fn abandon(app: &App, ctx: &Ctx, id: MessageId, reason: &str) -> Result<(), ServiceError> {
    let mut check = patients::Check::default();
    check.required("reason", reason, limits::REASON_CHARS);
    check.finish()?;
    let (mut tx, before) = begin(app, ctx, id, Command::Abandon).await?;
    let next = Outgoing {
        state: TransferState::Abandoned,
        next_at: None,
        settled_at: Some(app.now()),
        ..before.clone()
    };
    tx.keep_reason(id, reason.trim()).await?;
    close_up(app, &mut tx, &before).await?;
    finish(&mut tx, &before, &next).await?;
    deliver::promote(app, &mut tx, before.lane).await?;
    tx.audit(event(ctx, &before, Command::Abandon)).await?;
    tx.commit().await?;
    flush(app, before.lane.consultation).await;
    Ok(())
}

/// Opens a transaction with the message in it, provided the caller may.
async fn begin(
    app: &App,
    ctx: &Ctx,
    id: MessageId,
    command: Command,
) -> Result<(WriteTx, Outgoing), ServiceError> {
    let target = || format!("message/{id}");
    let action = format!("{}.{}", MACHINE.name, command.code());
    let found = app.store.reader().outgoing(id).await?;
    let Some(message) = found.filter(|m| m.lane.from == ctx.institution.id) else {
        refuse(app, ctx, &action, target(), codes::NOT_FOUND, None).await?;
        return Err(ServiceError::NotFound);
    };
    let case = access::load(app, message.lane.consultation).await?;
    access::step(app, ctx, &case, &MACHINE, message.state, command, target()).await?;
    let mut tx = app.store.begin().await?;
    tx.lock_consultation(message.lane.consultation).await?;
    Ok((tx, message))
}

/// Moves the message on; somebody may have been first.
async fn finish(tx: &mut WriteTx, before: &Outgoing, next: &Outgoing) -> Result<(), ServiceError> {
    if tx.move_outgoing(before, next).await? {
        Ok(())
    } else {
        Err(ServiceError::Conflict)
    }
}

fn event(ctx: &Ctx, message: &Outgoing, command: Command) -> consilium_storage::AuditEntry {
    let action = format!("{}.{}", MACHINE.name, command.code());
    ctx.event(
        &action,
        format!("message/{}", message.id),
        "ok",
        Some(message.lane.consultation),
    )
}

/// Lets the message behind the one given up follow the one before it. It was never tried, so nobody has
/// seen the signature that is replaced.
async fn close_up(app: &App, tx: &mut WriteTx, given_up: &Outgoing) -> Result<(), ServiceError> {
    let Some(behind) = tx.lane_behind(given_up.lane, given_up.seq).await? else {
        return Ok(());
    };
    let before: Envelope = serde_json::from_slice(&tx.envelope(given_up.id).await?)?;
    let mut next: Envelope = serde_json::from_slice(&tx.envelope(behind.id).await?)?;
    next.after = before.after;
    let signed = envelope::sign(app.store.vault(), &mut next)?;
    tx.replace_envelope(behind.id, &signed).await?;
    Ok(())
}

async fn refuse(
    app: &App,
    ctx: &Ctx,
    action: &str,
    target: String,
    code: &str,
    consultation: Option<ConsultationId>,
) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(action, target, code, consultation)).await?;
    tx.commit().await?;
    Ok(())
}

fn read_cursor(text: &str) -> Result<(Timestamp, MessageId), ServiceError> {
    let wrong = || ServiceError::field("cursor", codes::FIELD_UNKNOWN);
    let (at, id) = text.split_once('.').ok_or_else(wrong)?;
    let at = at.parse().map_err(|_| wrong())?;
    Ok((Timestamp::from_ms(at), id.parse().map_err(|_| wrong())?))
}
