//! Loading a consultation for somebody: the one way handlers reach one, so that what may not be known
//! is hidden and every refusal is audited.

use consilium_domain::{
    ConsultationId, ConsultationState, InstitutionId, Timestamp,
    machine::{Actor, Machine, Refused, Verb},
    permission::{Action, Decision, Relation, RoomRights, decide, room_rights},
};
use consilium_protocol::codes;
use consilium_storage::{Account, Consultation, Invitation, WriteTx};

use crate::{ctx::Ctx, error::ServiceError, services::opinions, state::App};

/// A consultation with what the rules need to know.
#[derive(Clone, Debug)]
pub struct Case {
    /// The consultation.
    pub consultation: Consultation,
    /// Its invitations.
    pub invitations: Vec<Invitation>,
}

impl Case {
    /// What an institution has to do with it.
    #[must_use]
    pub fn relation(&self, institution: InstitutionId) -> Relation {
        if self.consultation.lead == institution {
            return Relation::Lead;
        }
        self.invitations
            .iter()
            .find(|i| i.institution == institution)
            .map_or(Relation::None, |i| Relation::Participant(i.state))
    }

    /// Whether the caller may.
    #[must_use]
    pub fn decide(&self, ctx: &Ctx, action: Action) -> Decision {
        decide(
            ctx.subject(),
            action,
            self.relation(ctx.institution.id),
            self.consultation.state,
        )
    }

    /// In which capacity the caller acts.
    #[must_use]
    pub fn actor(&self, ctx: &Ctx) -> Actor {
        Actor::of(ctx.account.role, self.relation(ctx.institution.id))
    }

    /// What an account may change in the live room; nothing when it may not be there.
    #[must_use]
    pub fn room_rights(&self, account: &Account, opinion_submitted: bool) -> Option<RoomRights> {
        let relation = self.relation(account.institution);
        let state = self.consultation.state;
        let inside = decide(account.subject(), Action::EnterRoom, relation, state) == Decision::Allow;
        let rights = room_rights(account.subject(), relation, state, opinion_submitted);
        let rights = match self.consultation.paused_at {
            Some(_) => rights.in_pause(),
            None => rights,
        };
        (account.active && inside).then_some(rights)
    }

    /// Institutions inside: the lead and those that have accepted.
    pub fn inside(&self) -> impl Iterator<Item = InstitutionId> {
        std::iter::once(self.consultation.lead).chain(self.participants())
    }

    /// Institutions that have accepted.
    pub fn participants(&self) -> impl Iterator<Item = InstitutionId> {
        self.invitations
            .iter()
            .filter(|i| Relation::Participant(i.state).inside())
            .map(|i| i.institution)
    }
}

/// Loads a consultation without asking who may see it. For jobs and for parts already authorised.
///
/// # Errors
/// Not there, or the store fails.
pub async fn load(app: &App, id: ConsultationId) -> Result<Case, ServiceError> {
    let reader = app.store.reader();
    let consultation = reader.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let mut invitations = reader.invitations(id).await?;
    let now = app.now();
    for invitation in &mut invitations {
        invitation.state = consilium_domain::invitation::state_at(invitation.state, invitation.due_at, now);
    }
    Ok(Case {
        consultation,
        invitations,
    })
}

/// Loads a consultation inside a transaction, its row locked.
///
/// # Errors
/// Not there, or the store fails.
pub async fn within(tx: &WriteTx, id: ConsultationId, now: Timestamp) -> Result<Case, ServiceError> {
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let mut invitations = tx.invitations(id).await?;
    for invitation in &mut invitations {
        invitation.state = consilium_domain::invitation::state_at(invitation.state, invitation.due_at, now);
    }
    Ok(Case {
        consultation,
        invitations,
    })
}

/// Loads a consultation for an action of the caller.
///
/// # Errors
/// 404 when the caller may not know of it, 403 when it may not do this; both audited.
pub async fn open(app: &App, ctx: &Ctx, id: ConsultationId, action: Action) -> Result<Case, ServiceError> {
    let case = match load(app, id).await {
        Ok(case) => case,
        Err(ServiceError::NotFound) => {
            refuse(app, ctx, &format!("{action:?}"), id, None, codes::NOT_FOUND).await?;
            return Err(ServiceError::NotFound);
        }
        Err(other) => return Err(other),
    };
    match case.decide(ctx, action) {
        Decision::Allow => Ok(case),
        Decision::Forbid => {
            refuse(app, ctx, &format!("{action:?}"), id, Some(id), codes::FORBIDDEN).await?;
            Err(ServiceError::Forbidden)
        }
        Decision::Hide => {
            refuse(app, ctx, &format!("{action:?}"), id, Some(id), codes::NOT_FOUND).await?;
            Err(ServiceError::NotFound)
        }
    }
}

/// Moves something of a consultation on by its table of legal moves. The caller writes the new state.
///
/// # Errors
/// 403 when the caller's capacity may never ask this, 409 with the machine's code when it is not possible
/// now; both audited.
pub async fn step<S, C>(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    machine: &Machine<S, C>,
    state: S,
    command: C,
    target: String,
) -> Result<S, ServiceError>
where
    S: Copy + PartialEq + std::fmt::Debug,
    C: Verb,
{
    let refused = match machine.step(state, command, case.actor(ctx)) {
        Ok(next) => return Ok(next),
        Err(refused) => refused,
    };
    let code = match refused {
        Refused::NotAllowed => codes::FORBIDDEN,
        Refused::WrongState(_) => machine.wrong_state,
    };
    let action = format!("{}.{}", machine.name, command.verb());
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(&action, target, code, Some(case.consultation.id)))
        .await?;
    tx.commit().await?;
    Err(match refused {
        Refused::NotAllowed => ServiceError::Forbidden,
        Refused::WrongState(_) => ServiceError::Refused {
            code,
            state: None,
            errors: Vec::new(),
        },
    })
}

/// Writes down a refusal (clauses 7.5 d and 8.4).
///
/// # Errors
/// The store fails.
pub async fn refuse(
    app: &App,
    ctx: &Ctx,
    what: &str,
    id: ConsultationId,
    known: Option<ConsultationId>,
    code: &str,
) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    let action = format!("access.refused.{}", snake(what));
    tx.audit(ctx.event(&action, format!("consultation/{id}"), code, known))
        .await?;
    tx.commit().await?;
    metrics::counter!("consilium_access_refused_total").increment(1);
    Ok(())
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Whether a session of this consultation runs or is being summed up.
#[must_use]
pub const fn opinions_open(state: ConsultationState) -> bool {
    matches!(
        state,
        ConsultationState::InSession | ConsultationState::Summarising
    )
}

/// What an account may do in a room now, read afresh; `None` when it may not be there or its session
/// has ended. Asked right after somebody has entered, since rights may change between the request and
/// the entry.
pub async fn recheck_room(
    app: &App,
    id: ConsultationId,
    account: consilium_domain::AccountId,
    session: [u8; 32],
) -> Option<RoomRights> {
    let reader = app.store.reader();
    let now = app.now();
    let live = reader.session(&session).await.ok()??;
    if live.revoked_at.is_some() || live.account != account || now >= live.expires_at {
        return None;
    }
    let account = reader.account(account).await.ok()?.filter(|a| a.active)?;
    let case = load(app, id).await.ok()?;
    let submitted = opinions::settled(&reader.opinions(id).await.ok()?, account.id);
    case.room_rights(&account, submitted)
}
