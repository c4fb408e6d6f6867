//! Submission: what an institution provides at one time; a correction is a new submission that takes the
//! place of the old one (clause 7.2 f).

use crate::{
    SubmissionState as S,
    machine::{Actor as A, Machine, Move},
};

super::commands! {
    /// What is asked of a submission.
    Command {
        /// Items arrive.
        Upload = "upload",
        /// Complete; the digest is right.
        Receive = "receive",
        /// The check begins.
        Validate = "validate",
        /// At least one item could be stored.
        Accept = "accept",
        /// Nothing could be stored.
        Reject = "reject",
        /// A corrected version has taken its place.
        Supersede = "supersede",
    }
}

const UPLOADERS: &[A] = &[
    A::LeadAdmin,
    A::LeadOperator,
    A::LeadExpert,
    A::ParticipantAdmin,
    A::ParticipantOperator,
    A::ParticipantExpert,
    A::System,
];

/// The legal moves.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "submission",
    wrong_state: "submission.wrong_state",
    moves: &[
        Move {
            from: &[S::Open, S::Uploading],
            command: Command::Upload,
            to: S::Uploading,
            by: UPLOADERS,
        },
        Move {
            from: &[S::Uploading],
            command: Command::Receive,
            to: S::Received,
            by: &[A::System],
        },
        Move {
            from: &[S::Received],
            command: Command::Validate,
            to: S::Validating,
            by: &[A::System],
        },
        Move {
            from: &[S::Validating],
            command: Command::Accept,
            to: S::Accepted,
            by: &[A::System],
        },
        Move {
            from: &[S::Validating],
            command: Command::Reject,
            to: S::Rejected,
            by: &[A::System],
        },
        Move {
            from: &[S::Accepted],
            command: Command::Supersede,
            to: S::Superseded,
            by: &[A::System],
        },
    ],
};
