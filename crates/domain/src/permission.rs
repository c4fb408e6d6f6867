//! Who may do what (clause 8.1.2; `domain.md` section 2.4). Deny by default: what no rule allows is
//! refused, and what a subject may not know of is hidden.

use serde::{Deserialize, Serialize};

use crate::{AccountId, ConsultationState, InstitutionId, InvitationState, Role};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The account.
    pub account: AccountId,
    /// Its institution.
    pub institution: InstitutionId,
    /// Its role there.
    pub role: Role,
}

/// What the subject's institution has to do with a consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It leads.
    Lead,
    /// It was invited; where its invitation stands.
    Participant(InvitationState),
    /// Nothing.
    None,
}

impl Relation {
    /// It leads, or it has accepted (and may have been asked to confirm a new time).
    #[must_use]
    pub const fn inside(self) -> bool {
        matches!(
            self,
            Self::Lead | Self::Participant(InvitationState::Accepted | InvitationState::Reconfirming)
        )
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read the consultation page.
    Read,
    /// Edit the draft.
    Edit,
    /// Send invitations, declare ready, start and end the session, cancel.
    Conduct,
    /// Record, prove and withdraw the patient's consent.
    Consent,
    /// Accept, decline or withdraw from the own institution's invitation.
    Answer,
    /// See data requests, submissions, correction notices and the case package, each institution its own.
    ReadData,
    /// Add images and files.
    Upload,
    /// See images.
    ViewImages,
    /// Enter the live room, at least to read.
    EnterRoom,
    /// Submit a signed opinion.
    SubmitOpinion,
    /// Write, sign the conclusion.
    SignReport,
    /// Read the signed report.
    ReadReport,
    /// See one field of the patient's identity in clear, with a reason (`domain.md` 2.4).
    Unmask,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 13] = [
        Self::Read,
        Self::Edit,
        Self::Conduct,
        Self::Consent,
        Self::Answer,
        Self::ReadData,
        Self::Upload,
        Self::ViewImages,
        Self::EnterRoom,
        Self::SubmitOpinion,
        Self::SignReport,
        Self::ReadReport,
        Self::Unmask,
    ];
}

/// The answer to a question of permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// The subject may know of it but not do this: 403.
    Forbid,
    /// The subject may not know that it exists: 404.
    Hide,
}

/// Whether `role` may start a consultation for its institution (clause 7.2 a).
#[must_use]
pub const fn may_create(role: Role) -> bool {
    matches!(role, Role::Admin | Role::Operator)
}

/// Whether `role` may read audit events, and of its own institution only (`Some(true)`).
#[must_use]
pub const fn audit_scope(role: Role) -> Option<bool> {
    match role {
        Role::Auditor => Some(false),
        Role::Admin => Some(true),
        _ => None,
    }
}

fn can_see(subject: Subject, relation: Relation, state: ConsultationState) -> bool {
    use ConsultationState as S;
    match (relation, subject.role) {
        (Relation::None, _) | (_, Role::Auditor | Role::Ops) => false,
        (_, Role::Reviewer) if !matches!(state, S::Concluded | S::Archived) => false,
        (Relation::Lead, Role::Admin | Role::Operator | Role::Reviewer) => true,
        (Relation::Lead, Role::Expert) => !matches!(state, S::Draft),
        (Relation::Participant(_), _) if state == S::Draft => false,
        (Relation::Participant(InvitationState::Accepted | InvitationState::Reconfirming), _) => true,
        // Not yet delivered: the institution does not know of it.
        (Relation::Participant(InvitationState::Sent | InvitationState::Revoked), _) => false,
        (Relation::Participant(_), role) => {
            role == Role::Admin && !matches!(state, S::Concluded | S::Archived)
        }
    }
}

/// Decides one question.
#[must_use]
pub fn decide(subject: Subject, action: Action, relation: Relation, state: ConsultationState) -> Decision {
    use ConsultationState as S;
    if !can_see(subject, relation, state) {
        return Decision::Hide;
    }
    let lead = relation == Relation::Lead;
    let inside = relation.inside();
    let over = matches!(state, S::Concluded | S::Archived);
    let live = !over && !matches!(state, S::Draft | S::Cancelled | S::Suspended);
    let role = subject.role;
    let allowed = match action {
        Action::Read => role != Role::Reviewer,
        Action::Edit => lead && matches!(role, Role::Admin | Role::Operator),
        Action::Conduct => lead && role == Role::Admin,
        Action::Consent => lead && matches!(role, Role::Admin | Role::Operator),
        Action::ReadData => inside && matches!(role, Role::Admin | Role::Operator | Role::Expert),
        Action::Answer => matches!(relation, Relation::Participant(_)) && role == Role::Admin,
        Action::Upload => match role {
            Role::Admin | Role::Operator => {
                inside && (live || lead && state == S::Draft) && state != S::Summarising
            }
            Role::Expert => inside && state == S::InSession,
            _ => false,
        },
        Action::ViewImages => {
            inside && matches!(role, Role::Admin | Role::Operator | Role::Expert) && state != S::Cancelled
        }
        Action::EnterRoom => {
            inside
                && matches!(role, Role::Admin | Role::Expert)
                && (over || matches!(state, S::Ready | S::InSession | S::Summarising))
        }
        Action::SubmitOpinion => inside && role == Role::Expert,
        Action::SignReport => lead && role == Role::Admin,
        Action::ReadReport => inside && role != Role::Operator,
        // The lead's own patient: only the institution that holds the identity has it in clear.
        Action::Unmask => lead && matches!(role, Role::Admin | Role::Expert),
    };
    if allowed {
        Decision::Allow
    } else {
        Decision::Forbid
    }
}

/// What a person in the live room may change. Everyone in the room may read everything in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomRights {
    /// Own annotations and measurements.
    pub annotate: bool,
    /// Own draft opinion.
    pub opine: bool,
    /// Own discussion lines.
    pub discuss: bool,
    /// The `session` map (presenter, what is hidden).
    pub preside: bool,
    /// The own private notes: only in the private document of the account.
    #[serde(default)]
    pub notes: bool,
}

impl RoomRights {
    /// What of them counts in the document all share: everything but the notes.
    #[must_use]
    pub const fn shared(self) -> Self {
        Self { notes: false, ..self }
    }

    /// What of them counts in the private document of the account: the opinion not shared yet, and notes.
    #[must_use]
    pub const fn private(self) -> Self {
        Self {
            annotate: false,
            opine: self.opine,
            discuss: false,
            preside: false,
            notes: self.notes,
        }
    }

    /// What is left of them while the session is paused: nobody annotates, discusses or presents; own drafts
    /// and notes go on.
    #[must_use]
    pub const fn in_pause(self) -> Self {
        Self {
            annotate: false,
            discuss: false,
            preside: false,
            ..self
        }
    }
}

/// The rights of `subject` in the room of a consultation in `state`. An expert who has submitted an
/// opinion keeps the draft read-only: `opinion_submitted`. Notes may be written until the case is concluded.
/// A document takes of these rights what counts in it: [`RoomRights::shared`], [`RoomRights::private`].
#[must_use]
pub fn room_rights(
    subject: Subject,
    relation: Relation,
    state: ConsultationState,
    opinion_submitted: bool,
) -> RoomRights {
    if decide(subject, Action::EnterRoom, relation, state) != Decision::Allow {
        return RoomRights::default();
    }
    let expert = subject.role == Role::Expert;
    let in_session = state == ConsultationState::InSession;
    let summarising = state == ConsultationState::Summarising;
    RoomRights {
        annotate: expert && in_session,
        opine: expert && (in_session || summarising) && !opinion_submitted,
        discuss: in_session && matches!(subject.role, Role::Expert | Role::Admin),
        preside: in_session && relation == Relation::Lead,
        notes: !matches!(state, ConsultationState::Concluded | ConsultationState::Archived),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConsultationState as S;

    fn subject(role: Role) -> Subject {
        Subject {
            account: AccountId(uuid::Uuid::nil()),
            institution: InstitutionId(uuid::Uuid::nil()),
            role,
        }
    }

    #[test]
    fn outsiders_and_duty_free_roles_see_nothing() {
        for &state in S::ALL {
            for action in Action::ALL {
                for &role in Role::ALL {
                    assert_eq!(
                        decide(subject(role), action, Relation::None, state),
                        Decision::Hide
                    );
                }
                for role in [Role::Auditor, Role::Ops] {
                    assert_eq!(
                        decide(subject(role), action, Relation::Lead, state),
                        Decision::Hide
                    );
                }
            }
        }
    }

    #[test]
    fn only_the_lead_conducts_and_signs() {
        for &state in S::ALL {
            for &role in Role::ALL {
                for action in [Action::Conduct, Action::SignReport, Action::Edit] {
                    for &invitation in InvitationState::ALL {
                        assert_ne!(
                            decide(subject(role), action, Relation::Participant(invitation), state),
                            Decision::Allow
                        );
                    }
                    if role != Role::Admin && !(action == Action::Edit && role == Role::Operator) {
                        assert_ne!(
                            decide(subject(role), action, Relation::Lead, state),
                            Decision::Allow
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn reviewer_reads_reports_only() {
        for &state in S::ALL {
            for action in Action::ALL {
                let got = decide(subject(Role::Reviewer), action, Relation::Lead, state);
                assert_eq!(
                    got == Decision::Allow,
                    action == Action::ReadReport && matches!(state, S::Concluded | S::Archived)
                );
            }
        }
    }

    #[test]
    fn room_rights_follow_the_phase() {
        let expert = subject(Role::Expert);
        let accepted = Relation::Participant(InvitationState::Accepted);
        let all = RoomRights {
            annotate: true,
            opine: true,
            discuss: true,
            preside: false,
            notes: true,
        };
        assert_eq!(room_rights(expert, accepted, S::InSession, false), all);
        assert_eq!(
            room_rights(expert, Relation::Lead, S::InSession, true),
            RoomRights {
                opine: false,
                preside: true,
                ..all
            }
        );
        assert_eq!(
            room_rights(expert, accepted, S::Summarising, false),
            RoomRights {
                opine: true,
                notes: true,
                ..RoomRights::default()
            }
        );
        assert_eq!(
            room_rights(expert, accepted, S::Ready, false),
            RoomRights {
                notes: true,
                ..RoomRights::default()
            }
        );
        assert_eq!(
            room_rights(expert, accepted, S::Concluded, false),
            RoomRights::default()
        );
        assert_eq!(
            room_rights(subject(Role::Operator), Relation::Lead, S::InSession, false),
            RoomRights::default()
        );
        let delivered = Relation::Participant(InvitationState::Delivered);
        assert_eq!(
            room_rights(expert, delivered, S::InSession, false),
            RoomRights::default()
        );
    }

    #[test]
    fn each_document_takes_what_counts_in_it() {
        let all = RoomRights {
            annotate: true,
            opine: true,
            discuss: true,
            preside: true,
            notes: true,
        };
        assert_eq!(all.shared(), RoomRights { notes: false, ..all });
        assert_eq!(
            all.private(),
            RoomRights {
                opine: true,
                notes: true,
                ..RoomRights::default()
            }
        );
    }
}
