//! State machines as tables: who may move what from where to where (`domain.md` sections 2.2 and 2.4).
//! Anything not listed is refused; the caller audits the refusal. Guards that look at more than the state
//! stand beside each table.

use crate::{InvitationState, Role, permission::Relation};

/// In which capacity somebody acts on one consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// Administrator of the lead institution (LA).
    LeadAdmin,
    /// Operator of the lead institution (OP).
    LeadOperator,
    /// Expert of the lead institution (EX).
    LeadExpert,
    /// Administrator of a participant (PA).
    ParticipantAdmin,
    /// Operator of a participant (OP).
    ParticipantOperator,
    /// Expert of a participant (EX).
    ParticipantExpert,
    /// Reads finished reports.
    Reviewer,
    /// Reads logs.
    Auditor,
    /// Runs the system (OPS).
    Ops,
    /// Of an institution that has no part in it.
    Outsider,
    /// The server, by rule or clock.
    System,
}

impl Actor {
    /// Every actor.
    pub const ALL: [Self; 11] = [
        Self::LeadAdmin,
        Self::LeadOperator,
        Self::LeadExpert,
        Self::ParticipantAdmin,
        Self::ParticipantOperator,
        Self::ParticipantExpert,
        Self::Reviewer,
        Self::Auditor,
        Self::Ops,
        Self::Outsider,
        Self::System,
    ];

    /// The capacity of a person of `role` whose institution has `relation` to the consultation.
    #[must_use]
    pub const fn of(role: Role, relation: Relation) -> Self {
        match (relation, role) {
            (_, Role::Auditor) => Self::Auditor,
            (_, Role::Ops) => Self::Ops,
            (Relation::None | Relation::Participant(InvitationState::Revoked), _) => Self::Outsider,
            (_, Role::Reviewer) => Self::Reviewer,
            (Relation::Lead, Role::Admin) => Self::LeadAdmin,
            (Relation::Lead, Role::Operator) => Self::LeadOperator,
            (Relation::Lead, Role::Expert) => Self::LeadExpert,
            (Relation::Participant(_), Role::Admin) => Self::ParticipantAdmin,
            (Relation::Participant(_), Role::Operator) => Self::ParticipantOperator,
            (Relation::Participant(_), Role::Expert) => Self::ParticipantExpert,
        }
    }
}

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Move<S: 'static, C: 'static> {
    /// Possible in these states.
    pub from: &'static [S],
    /// What is asked.
    pub command: C,
    /// Where it leads.
    pub to: S,
    /// Who may ask.
    pub by: &'static [Actor],
}

/// A command that has a verb.
pub trait Verb: Copy + PartialEq {
    /// The verb in addresses and audit events.
    fn verb(self) -> &'static str;
}

/// A state machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine<S: 'static, C: 'static> {
    /// Its name in audit events: the thing it moves.
    pub name: &'static str,
    /// Stable code of a refusal because of the state.
    pub wrong_state: &'static str,
    /// Every legal move.
    pub moves: &'static [Move<S, C>],
}

/// Why a move was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused<S: std::fmt::Debug> {
    /// No one in this capacity may do this, in whatever state.
    #[error("not allowed")]
    NotAllowed,
    /// Not possible in this state.
    #[error("not possible in state {0:?}")]
    WrongState(S),
}

impl<S: Copy + PartialEq + std::fmt::Debug, C: Copy + PartialEq> Machine<S, C> {
    /// Moves `state` on.
    ///
    /// # Errors
    /// [`Refused::NotAllowed`] when `actor` may never ask this, [`Refused::WrongState`] when it is not
    /// possible now.
    pub fn step(&self, state: S, command: C, actor: Actor) -> Result<S, Refused<S>> {
        let mut allowed = false;
        for row in self
            .moves
            .iter()
            .filter(|row| row.command == command && row.by.contains(&actor))
        {
            allowed = true;
            if row.from.contains(&state) {
                return Ok(row.to);
            }
        }
        Err(if allowed {
            Refused::WrongState(state)
        } else {
            Refused::NotAllowed
        })
    }
}
