//! A question of the session to another institution: a task with a clock (clause 7.3 e).

use crate::{
    ConsultationState, QuestionState as S,
    machine::{Actor as A, Machine, Move},
};

crate::preparation::commands! {
    /// What is asked of a question.
    Command {
        /// Answered by somebody of the asked institution.
        Answer = "answer",
        /// Taken back by the one who asked.
        Withdraw = "withdraw",
    }
}

const SPEAKERS: &[A] = &[
    A::LeadAdmin,
    A::LeadExpert,
    A::ParticipantAdmin,
    A::ParticipantExpert,
    A::System,
];

/// The legal moves. An answer that was on its way when the question was taken back counts: both sides then
/// see it answered.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "question",
    wrong_state: "question.wrong_state",
    moves: &[
        Move {
            from: &[S::Open],
            command: Command::Answer,
            to: S::Answered,
            by: SPEAKERS,
        },
        Move {
            from: &[S::Withdrawn],
            command: Command::Answer,
            to: S::Answered,
            by: &[A::System],
        },
        Move {
            from: &[S::Open],
            command: Command::Withdraw,
            to: S::Withdrawn,
            by: SPEAKERS,
        },
    ],
};

/// What the guards look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Where the consultation stands.
    pub consultation: ConsultationState,
    /// The session is paused.
    pub paused: bool,
    /// The asked institution leads or has accepted.
    pub asked_inside: bool,
    /// The asked institution is the asking one.
    pub own: bool,
    /// Open questions of the consultation.
    pub open: usize,
    /// As many may be open.
    pub open_max: usize,
}

/// Why a question was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Questions are asked in session, and answered until the report.
    #[error("not possible in this state of the consultation")]
    State,
    /// The session is paused.
    #[error("the session is paused")]
    Paused,
    /// The asked institution takes no part, or is the own one.
    #[error("the asked institution takes no part")]
    NotParty,
    /// Too many are open.
    #[error("too many questions are open")]
    TooMany,
}

impl Refusal {
    /// Stable code for the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::State => "consultation.wrong_state",
            Self::Paused => "session.paused",
            Self::NotParty => "question.not_party",
            Self::TooMany => "question.too_many",
        }
    }
}

/// Whether a question may be asked now.
///
/// # Errors
/// The first ground that stands against it: state, pause, parties, number.
pub const fn ask(facts: &Facts) -> Result<(), Refusal> {
    if !matches!(facts.consultation, ConsultationState::InSession) {
        return Err(Refusal::State);
    }
    if facts.paused {
        return Err(Refusal::Paused);
    }
    if facts.own || !facts.asked_inside {
        return Err(Refusal::NotParty);
    }
    if facts.open >= facts.open_max {
        return Err(Refusal::TooMany);
    }
    Ok(())
}

/// Whether questions may be answered and taken back now: in session but for a pause, and until the report.
///
/// # Errors
/// The consultation is in another state, or the session is paused.
pub const fn settle(consultation: ConsultationState, paused: bool) -> Result<(), Refusal> {
    match consultation {
        ConsultationState::InSession if paused => Err(Refusal::Paused),
        ConsultationState::InSession | ConsultationState::Summarising => Ok(()),
        _ => Err(Refusal::State),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Facts = Facts {
        consultation: ConsultationState::InSession,
        paused: false,
        asked_inside: true,
        own: false,
        open: 1,
        open_max: 2,
    };

    #[test]
    fn each_ground_has_its_code() {
        assert_eq!(ask(&GOOD), Ok(()));
        type Change = fn(&mut Facts);
        let changes: [(Refusal, Change); 5] = [
            (Refusal::State, |f| {
                f.consultation = ConsultationState::Summarising
            }),
            (Refusal::Paused, |f| f.paused = true),
            (Refusal::NotParty, |f| f.asked_inside = false),
            (Refusal::NotParty, |f| f.own = true),
            (Refusal::TooMany, |f| f.open = 2),
        ];
        for (refusal, change) in changes {
            let mut facts = GOOD;
            change(&mut facts);
            assert_eq!(ask(&facts), Err(refusal));
        }
    }

    #[test]
    fn answers_come_until_the_report() {
        use ConsultationState as C;
        for &state in C::ALL {
            let open = matches!(state, C::InSession | C::Summarising);
            assert_eq!(settle(state, false).is_ok(), open, "{state:?}");
        }
        assert_eq!(settle(C::InSession, true), Err(Refusal::Paused));
        assert_eq!(settle(C::Summarising, true), Ok(()));
    }
}
