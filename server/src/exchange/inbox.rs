//! Taking messages in: every check has its code, every refusal is audited, every effect happens once.

use consilium_domain::{InvitationState, masking::RuleSet};
use consilium_protocol::{
    codes,
    exchange::{Envelope, Receipt},
};
use consilium_storage::{Lane, Received, WriteTx};

use super::{
    effects,
    envelope::{self, Opened, Unreadable},
    transport::Failure,
};
use crate::{
    ctx::by_system,
    error::ServiceError,
    services::{access, opinions},
    state::App,
};

/// Takes a message in. A message that came before gets the same receipt again and has no effect.
///
/// # Errors
/// [`Failure::Refused`] with the code of the check it did not pass; [`Failure::Transient`] when it may be
/// taken in later.
pub async fn receive(app: &App, message: &[u8]) -> Result<Receipt, Failure> {
    let opened = match envelope::open(app.store.vault(), message) {
        Ok(opened) => opened,
        Err(Unreadable { code, claimed }) => return Err(refuse(app, claimed.as_deref(), code).await),
    };
    match take_in(app, &opened).await {
        Ok(receipt) => Ok(receipt),
        Err(error) => Err(judge(app, &opened.envelope, error).await),
    }
}

/// What an error means to the sender.
async fn judge(app: &App, envelope: &Envelope, error: ServiceError) -> Failure {
    let (code, _) = error.code();
    match error {
        ServiceError::Refused {
            code: codes::EXCHANGE_GAP,
            ..
        } => Failure::Transient(code.to_owned()),
        ServiceError::Refused { .. }
        | ServiceError::Content { .. }
        | ServiceError::Invalid(_)
        | ServiceError::NotFound
        | ServiceError::Forbidden => refuse(app, Some(envelope), code).await,
        other => {
            tracing::warn!(message.id = %envelope.id, error = %other, "a message was not taken in");
            Failure::Transient(code.to_owned())
        }
    }
}

fn refused(code: &'static str) -> ServiceError {
    ServiceError::Refused {
        code,
        state: None,
        errors: Vec::new(),
    }
}

async fn take_in(app: &App, opened: &Opened) -> Result<Receipt, ServiceError> {
    let envelope = &opened.envelope;
    let seq = i64::try_from(envelope.seq).map_err(|_| refused(codes::EXCHANGE_MALFORMED))?;
    let after = i64::try_from(envelope.after).map_err(|_| refused(codes::EXCHANGE_MALFORMED))?;
    if after >= seq {
        return Err(refused(codes::EXCHANGE_MALFORMED));
    }
    let mut tx = app.store.begin().await?;
    let lead = tx
        .lock_consultation(envelope.consultation)
        .await?
        .ok_or_else(|| refused(codes::EXCHANGE_NOT_PARTY))?;
    if let Some(before) = tx.received(envelope.id, envelope.to).await? {
        if before.digest != opened.digest {
            return Err(refused(codes::EXCHANGE_CONFLICT));
        }
        tx.audit(event(app, envelope, "exchange.repeat", "ok")).await?;
        tx.commit().await?;
        count("duplicate", "");
        return Ok(Receipt {
            message_id: envelope.id,
            received_at: before.received_at,
            duplicate: true,
        });
    }
    if !RuleSet::builtin().same_as(&envelope.rules.version, &envelope.rules.hash) {
        return Err(refused(codes::EXCHANGE_RULE_SET));
    }
    check_parties(&mut tx, envelope, lead).await?;
    let lane = Lane {
        consultation: envelope.consultation,
        from: envelope.from,
        to: envelope.to,
    };
    let last = tx.last_received(lane).await?;
    if last < after {
        return Err(refused(codes::EXCHANGE_GAP));
    }
    if last >= seq {
        return Err(refused(codes::EXCHANGE_LATE));
    }
    let received_at = app.now();
    tx.insert_received(&Received {
        id: envelope.id,
        lane,
        seq,
        kind: envelope.body.kind(),
        digest: opened.digest,
        received_at,
    })
    .await?;
    effects::apply(app, &mut tx, envelope).await?;
    tx.audit(event(app, envelope, "exchange.receive", "ok")).await?;
    tx.commit().await?;
    count("taken", "");
    tell_room(app, envelope).await;
    Ok(Receipt {
        message_id: envelope.id,
        received_at,
        duplicate: false,
    })
}

/// Tells the pages of the live room what to read again. They read it anyway when they are opened next, so
/// that a failure here is not the message's.
async fn tell_room(app: &App, envelope: &Envelope) {
    let changed = effects::seen_in_room(&envelope.body);
    if changed.is_empty() {
        return;
    }
    let told = async {
        let found = app.store.reader().consultation(envelope.consultation).await?;
        if found.is_some_and(|of| access::opinions_open(of.state)) {
            opinions::refresh_room(app, envelope.consultation, changed).await?;
        }
        Ok::<_, ServiceError>(())
    };
    if let Err(error) = told.await {
        tracing::warn!(message.id = %envelope.id, %error, "a room was not told");
    }
}

/// Both ends have a part in the consultation. One whose invitation was taken back may still be told, but
/// no longer speaks.
async fn check_parties(
    tx: &mut WriteTx,
    envelope: &Envelope,
    lead: consilium_domain::InstitutionId,
) -> Result<(), ServiceError> {
    let invitations = tx.invitations(envelope.consultation).await?;
    let invited = |id| invitations.iter().find(|i| i.institution == id);
    let hears = envelope.to == lead || invited(envelope.to).is_some();
    let speaks =
        envelope.from == lead || invited(envelope.from).is_some_and(|i| i.state != InvitationState::Revoked);
    if hears && speaks && envelope.from != envelope.to {
        Ok(())
    } else {
        Err(refused(codes::EXCHANGE_NOT_PARTY))
    }
}

/// Writes down that a message was refused. When even that fails, it may come again.
async fn refuse(app: &App, envelope: Option<&Envelope>, code: &'static str) -> Failure {
    match write_refusal(app, envelope, code).await {
        Ok(()) => {
            count("refused", code);
            Failure::Refused(code.to_owned())
        }
        Err(error) => {
            tracing::error!(%error, "a refusal could not be written down");
            Failure::Transient(codes::UNAVAILABLE.to_owned())
        }
    }
}

async fn write_refusal(app: &App, envelope: Option<&Envelope>, code: &str) -> Result<(), ServiceError> {
    let entry = match envelope {
        Some(envelope) => event(app, envelope, "exchange.refuse", code),
        None => by_system(
            app.now(),
            "exchange.refuse",
            "message/unknown".to_owned(),
            code,
            None,
        ),
    };
    let mut tx = app.store.begin().await?;
    tx.audit(entry).await?;
    tx.commit().await?;
    Ok(())
}

/// The receiver's audit event.
fn event(app: &App, envelope: &Envelope, action: &str, result: &str) -> consilium_storage::AuditEntry {
    consilium_storage::AuditEntry {
        institution: envelope.to.to_string(),
        ..by_system(
            app.now(),
            action,
            format!("message/{}", envelope.id),
            result,
            Some(envelope.consultation),
        )
    }
}

fn count(state: &'static str, code: &'static str) {
    metrics::counter!("consilium_exchange_inbox_total", "state" => state, "cause" => code).increment(1);
}
