//! The consultation as a state machine (clause 7.1; `domain.md` section 2.2). Anything not listed is
//! refused; the caller audits the refusal.

use serde::{Deserialize, Serialize};

use crate::{ConsultationState, InstitutionId, PackageState, Timestamp, machine::Actor};

/// A consultation has one lead and at least this many participant institutions (clause 3.1).
pub const PARTICIPANTS_MIN: usize = 2;
/// A session may start this long before and after its scheduled time.
pub const START_WINDOW_MS: i64 = 24 * 60 * 60 * 1000;

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
    /// Interrupt the session; it stays in session.
    Pause,
    /// Go on after a pause.
    Continue,
    /// End the session.
    End,
    /// Sign the report (clause 7.4 a).
    Sign,
    /// Give up before a conclusion, with a reason.
    Cancel,
    /// Choose a new time; all who accepted confirm it.
    Reschedule,
    /// By operations or the system: a fault stops the exchange and its clocks (clause 7.5 c).
    Suspend,
    /// By operations or the system: go on where it stopped.
    Resume,
    /// By the system: all deliveries acknowledged or waived.
    Archive,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 14] = [
        Self::Edit,
        Self::Invite,
        Self::Settle,
        Self::Ready,
        Self::Start,
        Self::Pause,
        Self::Continue,
        Self::End,
        Self::Sign,
        Self::Cancel,
        Self::Reschedule,
        Self::Suspend,
        Self::Resume,
        Self::Archive,
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
            Self::Pause => "pause",
            Self::Continue => "continue",
            Self::End => "end",
            Self::Sign => "sign",
            Self::Cancel => "cancel",
            Self::Reschedule => "reschedule",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Archive => "archive",
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
    /// What an invitation must hold and the case does not: mandatory elements of Table 1 rows 1.x and the
    /// preliminary diagnosis.
    pub form_incomplete: bool,
    /// The state of the newest case package, if there is one.
    pub package: Option<PackageState>,
    /// Core completeness of that package reaches 99 % (clause 4.2.1 a).
    pub package_complete: bool,
    /// Correction notices that stand in the way.
    pub issues_open: usize,
    /// The lead goes on all the same, with a reason that the report shows.
    pub overridden: bool,
    /// The state before a suspension.
    pub suspended_from: Option<ConsultationState>,
    /// The time asked for by a reschedule.
    pub new_time: Option<Timestamp>,
    /// Deliveries of the report that are neither acknowledged nor waived.
    pub deliveries_open: usize,
    /// The session is paused.
    pub paused: bool,
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
    /// Mandatory data of the request form is missing.
    #[error("mandatory data of the request form is missing")]
    FormIncomplete,
    /// No case package is frozen (clause 7.2 g).
    #[error("no case package is frozen")]
    PackageNotFrozen,
    /// Core completeness is below 99 % and the lead has given no reason (clause 4.2.1 a).
    #[error("the case package is incomplete")]
    PackageIncomplete,
    /// Correction notices are open and the lead has given no reason.
    #[error("correction notices are open")]
    IssuesOpen,
    /// Institutions have not confirmed the new time.
    #[error("institutions have not answered")]
    AnswersPending,
    /// The new time lies in the past or is none.
    #[error("the new time lies in the past")]
    TimePast,
    /// Not every delivery is acknowledged.
    #[error("deliveries are open")]
    DeliveriesOpen,
    /// The session is paused already.
    #[error("the session is paused")]
    Paused,
    /// The session is not paused.
    #[error("the session is not paused")]
    NotPaused,
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
            Self::FormIncomplete => "consultation.form_incomplete",
            Self::PackageNotFrozen => "package.not_frozen",
            Self::PackageIncomplete => "package.incomplete",
            Self::IssuesOpen => "package.issues_open",
            Self::AnswersPending => "consultation.answers_pending",
            Self::TimePast => "field.past",
            Self::DeliveriesOpen => "report.deliveries_open",
            Self::Paused => "session.paused",
            Self::NotPaused => "session.not_paused",
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
            if facts.form_incomplete {
                return Err(Refusal::FormIncomplete);
            }
            Ok(S::Inviting)
        }
        // A withdrawal or a new time may leave too few: then the lead invites others.
        (S::Inviting | S::Preparing | S::Ready, Command::Settle) => Ok(if facts.pending > 0 {
            state
        } else if facts.accepted < PARTICIPANTS_MIN {
            S::Draft
        } else if state == S::Inviting {
            S::Preparing
        } else {
            state
        }),
        (S::Preparing, Command::Ready) => ready(facts).map(|()| S::Ready),
        (S::Ready, Command::Start) => {
            if facts.pending > 0 {
                return Err(Refusal::AnswersPending);
            }
            if now.since_ms(facts.scheduled_at).abs() > START_WINDOW_MS {
                return Err(Refusal::OutsideStartWindow);
            }
            Ok(S::InSession)
        }
        (S::Inviting | S::Preparing | S::Ready, Command::Reschedule) => {
            if facts.new_time.is_none_or(|time| time <= now) {
                return Err(Refusal::TimePast);
            }
            Ok(state)
        }
        (S::InSession, Command::Pause) if facts.paused => Err(Refusal::Paused),
        (S::InSession, Command::Continue) if !facts.paused => Err(Refusal::NotPaused),
        (S::InSession, Command::Pause | Command::Continue) => Ok(S::InSession),
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
            S::Draft | S::Inviting | S::Preparing | S::Ready | S::InSession | S::Summarising | S::Suspended,
            Command::Cancel,
        ) => Ok(S::Cancelled),
        (S::Inviting | S::Preparing | S::Ready | S::InSession | S::Summarising, Command::Suspend) => {
            Ok(S::Suspended)
        }
        (S::Suspended, Command::Resume) => facts.suspended_from.ok_or(Refusal::WrongState { state, command }),
        (S::Concluded, Command::Archive) if facts.deliveries_open > 0 => Err(Refusal::DeliveriesOpen),
        (S::Concluded, Command::Archive) => Ok(S::Archived),
        _ => Err(Refusal::WrongState { state, command }),
    }
}

/// The guards of readiness (clauses 4.2.1 a and 7.2 g). What the lead may go past with a reason comes last.
fn ready(facts: &Facts) -> Result<(), Refusal> {
    if facts.pending > 0 {
        return Err(Refusal::AnswersPending);
    }
    if facts.accepted < PARTICIPANTS_MIN {
        return Err(Refusal::TooFewParticipants);
    }
    if facts.package != Some(PackageState::Frozen) {
        return Err(Refusal::PackageNotFrozen);
    }
    if facts.overridden {
        return Ok(());
    }
    if !facts.package_complete {
        return Err(Refusal::PackageIncomplete);
    }
    if facts.issues_open > 0 {
        return Err(Refusal::IssuesOpen);
    }
    Ok(())
}

/// Whether somebody acting in this capacity may ask for `command` at all, in whatever state.
#[must_use]
pub const fn may(command: Command, actor: Actor) -> bool {
    match command {
        Command::Edit => matches!(actor, Actor::LeadAdmin | Actor::LeadOperator),
        Command::Invite
        | Command::Ready
        | Command::Start
        | Command::Pause
        | Command::Continue
        | Command::End
        | Command::Sign
        | Command::Cancel
        | Command::Reschedule => matches!(actor, Actor::LeadAdmin),
        Command::Settle | Command::Archive => matches!(actor, Actor::System),
        Command::Suspend | Command::Resume => matches!(actor, Actor::Ops | Actor::System),
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
        S::Summarising | S::Concluded | S::Archived => 3,
        S::Cancelled | S::Suspended => 0,
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
            package: Some(PackageState::Frozen),
            package_complete: true,
            suspended_from: Some(ConsultationState::Ready),
            new_time: Some(Timestamp::from_ms(1)),
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
                let facts = Facts {
                    paused: command == Command::Continue,
                    ..facts()
                };
                match apply(state, command, &facts, now) {
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
                (S::Inviting, Command::Reschedule, S::Inviting),
                (S::Inviting, Command::Suspend, S::Suspended),
                (S::Preparing, Command::Settle, S::Preparing),
                (S::Preparing, Command::Ready, S::Ready),
                (S::Preparing, Command::Cancel, S::Cancelled),
                (S::Preparing, Command::Reschedule, S::Preparing),
                (S::Preparing, Command::Suspend, S::Suspended),
                (S::Ready, Command::Settle, S::Ready),
                (S::Ready, Command::Start, S::InSession),
                (S::Ready, Command::Cancel, S::Cancelled),
                (S::Ready, Command::Reschedule, S::Ready),
                (S::Ready, Command::Suspend, S::Suspended),
                (S::InSession, Command::Pause, S::InSession),
                (S::InSession, Command::Continue, S::InSession),
                (S::InSession, Command::End, S::Summarising),
                (S::InSession, Command::Cancel, S::Cancelled),
                (S::InSession, Command::Suspend, S::Suspended),
                (S::Summarising, Command::Sign, S::Concluded),
                (S::Summarising, Command::Cancel, S::Cancelled),
                (S::Summarising, Command::Suspend, S::Suspended),
                (S::Concluded, Command::Archive, S::Archived),
                (S::Suspended, Command::Cancel, S::Cancelled),
                (S::Suspended, Command::Resume, S::Ready),
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
        type Change = fn(&mut Facts);
        let changes: [(&str, Change); 5] = [
            ("consultation.answers_pending", |f| f.pending = 1),
            ("consultation.too_few_participants", |f| f.accepted = 1),
            ("package.not_frozen", |f| {
                f.package = Some(PackageState::Validated)
            }),
            ("package.incomplete", |f| f.package_complete = false),
            ("package.issues_open", |f| f.issues_open = 1),
        ];
        for (code, change) in changes {
            let mut changed = facts();
            change(&mut changed);
            assert_eq!(refuse(S::Preparing, Command::Ready, changed.clone()), Some(code));
            changed.overridden = true;
            let passes = matches!(code, "package.incomplete" | "package.issues_open");
            assert_eq!(
                refuse(S::Preparing, Command::Ready, changed).is_none(),
                passes,
                "{code}"
            );
        }
        assert_eq!(
            refuse(
                S::Draft,
                Command::Invite,
                Facts {
                    form_incomplete: true,
                    ..facts()
                }
            ),
            Some("consultation.form_incomplete")
        );
        assert_eq!(
            refuse(
                S::Ready,
                Command::Reschedule,
                Facts {
                    new_time: Some(now),
                    ..facts()
                }
            ),
            Some("field.past")
        );
        assert_eq!(
            refuse(
                S::Concluded,
                Command::Archive,
                Facts {
                    deliveries_open: 1,
                    ..facts()
                }
            ),
            Some("report.deliveries_open")
        );
        assert_eq!(
            apply(
                S::Ready,
                Command::Settle,
                &Facts {
                    accepted: 1,
                    ..facts()
                },
                now
            ),
            Ok(S::Draft)
        );
        let paused = Facts {
            paused: true,
            ..facts()
        };
        assert_eq!(
            refuse(S::InSession, Command::Pause, paused.clone()),
            Some("session.paused")
        );
        assert_eq!(refuse(S::InSession, Command::End, paused), None);
        assert_eq!(
            refuse(S::InSession, Command::Continue, facts()),
            Some("session.not_paused")
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
