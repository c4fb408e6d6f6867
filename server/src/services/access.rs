//! Loading a consultation for somebody: the one way handlers reach one, so that what may not be known
//! is hidden and every refusal is audited.

use consilium_domain::{
    ConsultationId, ConsultationState,
    permission::{Action, Decision, Relation, RoomRights, decide, room_rights},
};
use consilium_protocol::codes;
use consilium_storage::{Consultation, Invitation};

use crate::{ctx::Ctx, error::ServiceError, state::App};

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
    pub fn relation(&self, institution: consilium_domain::InstitutionId) -> Relation {
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

    /// What the caller may change in the live room.
    #[must_use]
    pub fn room_rights(&self, ctx: &Ctx, opinion_submitted: bool) -> RoomRights {
        room_rights(
            ctx.subject(),
            self.relation(ctx.institution.id),
            self.consultation.state,
            opinion_submitted,
        )
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
    let subject = consilium_domain::permission::Subject {
        account: account.id,
        institution: account.institution,
        role: account.role,
    };
    let relation = case.relation(account.institution);
    let state = case.consultation.state;
    let submitted = reader
        .opinions(id)
        .await
        .ok()?
        .iter()
        .any(|o| o.author == account.id);
    (decide(subject, Action::EnterRoom, relation, state) == Decision::Allow)
        .then(|| room_rights(subject, relation, state, submitted))
}
