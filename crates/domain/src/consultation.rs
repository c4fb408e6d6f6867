//! The consultation as a state machine (clause 7.1; `domain.md` section 2.2). Anything not listed is
//! refused; the caller audits the refusal.

use serde::{Deserialize, Serialize};

use crate::{ConsultationState, InstitutionId, Timestamp};

/// A consultation has one lead and at least this many participant institutions (clause 3.1).
pub const PARTICIPANTS_MIN: usize = 2;
/// A participant answers within this time of delivery (clause 7.2 c).
pub const ANSWER_WITHIN_MS: i64 = 24 * 60 * 60 * 1000;
/// The answer clock of an urgent consultation (D10: recorded as a deviation).
pub const ANSWER_WITHIN_URGENT_MS: i64 = 60 * 60 * 1000;
/// A session may start this long before and after its scheduled time.
pub const START_WINDOW_MS: i64 = 24 * 60 * 60 * 1000;
/// Opinions are due this long after they were asked for or the session ended (clause 4.2.1 d).
pub const OPINION_WITHIN_MS: i64 = 2 * 60 * 60 * 1000;

/// What is asked of a consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Change the request form.
    Edit,
    /// Send the invitations to all chosen institutions.
    Invite,
    /// By the system, after each answer: go on when all have answered.
    Settle,
    /// The case data is complete enough to begin.
    Ready,
    /// Begin the session: shares the case with all participants (clause 7.3 a).
    Start,
    /// End the session.
    End,
    /// Sign the report (clause 7.4 a).
    Sign,
    /// Give up before a conclusion, with a reason.
    Cancel,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 8] = [
        Self::Edit,
        Self::Invite,
        Self::Settle,
        Self::Ready,
        Self::Start,
        Self::End,
        Self::Sign,
        Self::Cancel,
    ];

    /// The verb in addresses and audit events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Invite => "invite",
            Self::Settle => "settle",
            Self::Ready => "ready",
            Self::Start => "start",
            Self::End => "end",
            Self::Sign => "sign",
            Self::Cancel => "cancel",
        }
    }
}

/// What the guards look at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Institutions chosen to be invited.
    pub chosen: usize,
    /// Invitations without an answer that have not expired.
    pub pending: usize,
    /// Institutions that accepted.
    pub accepted: usize,
    /// The patient's consent is recorded.
    pub consent_active: bool,
    /// When the session is to take place.
    pub scheduled_at: Timestamp,
    /// Accepted institutions without a submitted opinion and without a recorded waiver.
    pub opinions_missing: Vec<InstitutionId>,
    /// Submitted opinions that the report does not cite.
    pub opinions_uncited: usize,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The command is not possible in this state; the state is named.
    #[error("{command:?} is not possible in state {state:?}")]
    WrongState {
        /// Where the consultation stands.
        state: ConsultationState,
        /// What was asked.
        command: Command,
    },
    /// Fewer than [`PARTICIPANTS_MIN`] participants.
    #[error("a consultation needs at least two participant institutions")]
    TooFewParticipants,
    /// No consent on record (clause 8.3.2).
    #[error("the patient's consent is not recorded")]
    NoConsent,
    /// Too early or too late.
    #[error("now is outside the start window of the scheduled time")]
    OutsideStartWindow,
    /// Institutions that accepted have given no opinion and none was waived.
    #[error("opinions are missing")]
    OpinionsMissing(Vec<InstitutionId>),
    /// The report must cite every opinion (clause 7.4 a).
    #[error("the report does not cite every opinion")]
    OpinionsUncited,
}

impl Refusal {
    /// Stable code for the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongState { .. } => "consultation.wrong_state",
            Self::TooFewParticipants => "consultation.too_few_participants",
            Self::NoConsent => "consultation.no_consent",
            Self::OutsideStartWindow => "consultation.outside_start_window",
            Self::OpinionsMissing(_) => "report.opinions_missing",
            Self::OpinionsUncited => "report.opinions_uncited",
        }
    }
}

/// Applies a command.
///
/// # Errors
/// The [`Refusal`] that names the first guard that does not hold; the state is then unchanged.
pub fn apply(
    state: ConsultationState,
    command: Command,
    facts: &Facts,
    now: Timestamp,
) -> Result<ConsultationState, Refusal> {
    use ConsultationState as S;
    match (state, command) {
        (S::Draft, Command::Edit) => Ok(S::Draft),
        (S::Draft, Command::Invite) => {
            if facts.chosen < PARTICIPANTS_MIN {
                return Err(Refusal::TooFewParticipants);
            }
            if !facts.consent_active {
                return Err(Refusal::NoConsent);
            }
            Ok(S::Inviting)
        }
        (S::Inviting, Command::Settle) => Ok(if facts.pending > 0 {
            S::Inviting
        } else if facts.accepted >= PARTICIPANTS_MIN {
            S::Preparing
        } else {
            S::Draft
        }),
        (S::Preparing, Command::Ready) if facts.accepted < PARTICIPANTS_MIN => {
            Err(Refusal::TooFewParticipants)
        }
        (S::Preparing, Command::Ready) => Ok(S::Ready),
        (S::Ready, Command::Start) if now.since_ms(facts.scheduled_at).abs() > START_WINDOW_MS => {
            Err(Refusal::OutsideStartWindow)
        }
        (S::Ready, Command::Start) => Ok(S::InSession),
        (S::InSession, Command::End) => Ok(S::Summarising),
        (S::Summarising, Command::Sign) => {
            if !facts.opinions_missing.is_empty() {
                return Err(Refusal::OpinionsMissing(facts.opinions_missing.clone()));
            }
            if facts.opinions_uncited > 0 {
                return Err(Refusal::OpinionsUncited);
            }
            Ok(S::Concluded)
        }
        (
            S::Draft | S::Inviting | S::Preparing | S::Ready | S::InSession | S::Summarising,
            Command::Cancel,
        ) => Ok(S::Cancelled),
        _ => Err(Refusal::WrongState { state, command }),
    }
}

/// The phase a state belongs to (clause 7.1): 1 preparation, 2 conduct, 3 summary; 0 when it is over
/// without a report.
#[must_use]
pub const fn phase(state: ConsultationState) -> u8 {
    use ConsultationState as S;
    match state {
        S::Draft | S::Inviting | S::Preparing | S::Ready => 1,
        S::InSession => 2,
        S::Summarising | S::Concluded => 3,
        S::Cancelled => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            chosen: 2,
            accepted: 2,
            consent_active: true,
            ..Facts::default()
        }
    }

    #[test]
    fn every_state_and_command_is_decided() {
        use ConsultationState as S;
        let now = Timestamp::default();
        let mut legal = Vec::new();
        for &state in S::ALL {
            for command in Command::ALL {
                match apply(state, command, &facts(), now) {
                    Ok(to) => legal.push((state, command, to)),
                    Err(refusal) => assert_eq!(refusal, Refusal::WrongState { state, command }),
                }
            }
        }
        assert_eq!(
            legal,
            [
                (S::Draft, Command::Edit, S::Draft),
                (S::Draft, Command::Invite, S::Inviting),
                (S::Draft, Command::Cancel, S::Cancelled),
                (S::Inviting, Command::Settle, S::Preparing),
                (S::Inviting, Command::Cancel, S::Cancelled),
                (S::Preparing, Command::Ready, S::Ready),
                (S::Preparing, Command::Cancel, S::Cancelled),
                (S::Ready, Command::Start, S::InSession),
                (S::Ready, Command::Cancel, S::Cancelled),
                (S::InSession, Command::End, S::Summarising),
                (S::InSession, Command::Cancel, S::Cancelled),
                (S::Summarising, Command::Sign, S::Concluded),
                (S::Summarising, Command::Cancel, S::Cancelled),
            ]
        );
    }

    #[test]
    fn guards() {
        use ConsultationState as S;
        let now = Timestamp::default();
        let refuse =
            |state, command, facts: Facts| apply(state, command, &facts, now).err().map(|r| r.code());
        assert_eq!(
            refuse(S::Draft, Command::Invite, Facts { chosen: 1, ..facts() }),
            Some("consultation.too_few_participants")
        );
        assert_eq!(
            refuse(
                S::Draft,
                Command::Invite,
                Facts {
                    consent_active: false,
                    ..facts()
                }
            ),
            Some("consultation.no_consent")
        );
        assert_eq!(
            apply(
                S::Inviting,
                Command::Settle,
                &Facts {
                    pending: 1,
                    ..facts()
                },
                now
            ),
            Ok(S::Inviting)
        );
        assert_eq!(
            apply(
                S::Inviting,
                Command::Settle,
                &Facts {
                    accepted: 1,
                    ..facts()
                },
                now
            ),
            Ok(S::Draft)
        );
        let late = Facts {
            scheduled_at: now.plus_ms(-START_WINDOW_MS - 1),
            ..facts()
        };
        assert_eq!(
            refuse(S::Ready, Command::Start, late),
            Some("consultation.outside_start_window")
        );
        let id = InstitutionId(uuid::Uuid::nil());
        assert_eq!(
            refuse(
                S::Summarising,
                Command::Sign,
                Facts {
                    opinions_missing: vec![id],
                    ..facts()
                }
            ),
            Some("report.opinions_missing")
        );
        assert_eq!(
            refuse(
                S::Summarising,
                Command::Sign,
                Facts {
                    opinions_uncited: 1,
                    ..facts()
                }
            ),
            Some("report.opinions_uncited")
        );
    }
}
