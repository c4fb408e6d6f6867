//! The invitation of one institution (clauses 7.2 b and c).

use serde::{Deserialize, Serialize};

use crate::{DataCategory, InvitationState, Timestamp};

/// A participant's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Takes part and says which kinds of data it can give.
    Accept {
        /// Data categories it can provide; at least one.
        can_provide: Vec<DataCategory>,
    },
    /// Does not take part.
    Decline {
        /// Why; not empty.
        reason: String,
    },
}

/// Why an answer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefusal {
    /// Already answered, expired or taken back.
    #[error("the invitation is {0:?} and cannot be answered")]
    WrongState(InvitationState),
    /// The answer came after the term; the invitation is expired.
    #[error("the term for an answer has passed")]
    TooLate,
    /// An acceptance names the data it can give (clause 7.2 c).
    #[error("an acceptance must name at least one data category")]
    NoRange,
    /// A refusal has a reason.
    #[error("a refusal needs a reason")]
    NoReason,
}

impl AnswerRefusal {
    /// Stable code for the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongState(_) => "invitation.wrong_state",
            Self::TooLate => "invitation.too_late",
            Self::NoRange => "invitation.no_range",
            Self::NoReason => "invitation.no_reason",
        }
    }
}

/// The state of an invitation as of `now`: one past its term without an answer is
/// expired.
#[must_use]
pub fn state_at(stored: InvitationState, due_at: Timestamp, now: Timestamp) -> InvitationState {
    let waiting = matches!(
        stored,
        InvitationState::Sent | InvitationState::Delivered | InvitationState::Reconfirming
    );
    if waiting && now >= due_at {
        InvitationState::Expired
    } else {
        stored
    }
}

/// Applies an answer.
///
/// # Errors
/// The first guard that does not hold; the state is then unchanged.
pub fn answer(
    stored: InvitationState,
    due_at: Timestamp,
    answer: &Answer,
    now: Timestamp,
) -> Result<InvitationState, AnswerRefusal> {
    match state_at(stored, due_at, now) {
        InvitationState::Delivered | InvitationState::Reconfirming => {}
        InvitationState::Expired => return Err(AnswerRefusal::TooLate),
        other => return Err(AnswerRefusal::WrongState(other)),
    }
    match answer {
        Answer::Accept { can_provide } if can_provide.is_empty() => Err(AnswerRefusal::NoRange),
        Answer::Accept { .. } => Ok(InvitationState::Accepted),
        Answer::Decline { reason } if reason.trim().is_empty() => Err(AnswerRefusal::NoReason),
        Answer::Decline { .. } => Ok(InvitationState::Declined),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_to_the_millisecond() {
        let due = Timestamp::from_ms(1000);
        let yes = Answer::Accept {
            can_provide: vec![DataCategory::Imaging],
        };
        assert_eq!(
            answer(InvitationState::Delivered, due, &yes, Timestamp::from_ms(999)),
            Ok(InvitationState::Accepted)
        );
        assert_eq!(
            answer(InvitationState::Delivered, due, &yes, due),
            Err(AnswerRefusal::TooLate)
        );
        assert_eq!(
            answer(InvitationState::Accepted, due, &yes, Timestamp::from_ms(0)),
            Err(AnswerRefusal::WrongState(InvitationState::Accepted))
        );
        let empty = Answer::Accept { can_provide: vec![] };
        assert_eq!(
            answer(InvitationState::Delivered, due, &empty, Timestamp::from_ms(0)),
            Err(AnswerRefusal::NoRange)
        );
        let silent = Answer::Decline { reason: "  ".into() };
        assert_eq!(
            answer(InvitationState::Delivered, due, &silent, Timestamp::from_ms(0)),
            Err(AnswerRefusal::NoReason)
        );
    }
}
