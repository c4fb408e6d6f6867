//! Quality issue: a correction notice about one element (clause 7.5 b). Overdue is a flag of its clock.

use crate::{
    IssueState as S,
    machine::{Actor as A, Machine, Move},
};

super::commands! {
    /// What is asked of an issue.
    Command {
        /// The exchange delivered it: the clock starts.
        Notify = "notify",
        /// A new version was sent.
        Correct = "correct",
        /// The new version is right.
        Verify = "verify",
        /// The new version is wrong: correct again.
        Reject = "reject",
        /// Done without, with a reason.
        Waive = "waive",
    }
}

/// The legal moves.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "issue",
    wrong_state: "issue.wrong_state",
    moves: &[
        Move {
            from: &[S::Open],
            command: Command::Notify,
            to: S::Notified,
            by: &[A::System],
        },
        Move {
            from: &[S::Open, S::Notified],
            command: Command::Correct,
            to: S::Corrected,
            by: &[
                A::LeadAdmin,
                A::LeadOperator,
                A::ParticipantAdmin,
                A::ParticipantOperator,
                A::System,
            ],
        },
        Move {
            from: &[S::Corrected],
            command: Command::Verify,
            to: S::Verified,
            by: &[A::LeadAdmin],
        },
        Move {
            from: &[S::Corrected],
            command: Command::Reject,
            to: S::Notified,
            by: &[A::LeadAdmin],
        },
        Move {
            from: &[S::Open, S::Notified, S::Corrected],
            command: Command::Waive,
            to: S::Waived,
            by: &[A::LeadAdmin],
        },
    ],
};

/// Whether the issue still stands in the way of a complete package.
#[must_use]
pub const fn is_open(state: S) -> bool {
    matches!(state, S::Open | S::Notified | S::Corrected)
}
