//! Invitation: sent, delivered, then accepted, declined or expired (clauses 7.2 b and c).

use crate::{
    InvitationState as S,
    machine::{Actor as A, Machine, Move},
};

super::commands! {
    /// What is asked of an invitation.
    Command {
        /// The lead sends it, or sends it again.
        Send = "send",
        /// The exchange acknowledged it: the clock starts.
        Deliver = "deliver",
        /// The participant takes part.
        Accept = "accept",
        /// The participant does not take part.
        Decline = "decline",
        /// The term has passed.
        Expire = "expire",
        /// The lead has chosen another time.
        Reconfirm = "reconfirm",
        /// The participant takes its acceptance back before the session.
        Withdraw = "withdraw",
        /// The lead takes the invitation back.
        Revoke = "revoke",
    }
}

/// The legal moves.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "invitation",
    wrong_state: "invitation.wrong_state",
    moves: &[
        Move {
            from: &[S::Expired, S::Declined, S::Revoked, S::Withdrawn],
            command: Command::Send,
            to: S::Sent,
            by: &[A::LeadAdmin],
        },
        Move {
            from: &[S::Sent],
            command: Command::Deliver,
            to: S::Delivered,
            by: &[A::System],
        },
        Move {
            from: &[S::Delivered, S::Reconfirming],
            command: Command::Accept,
            to: S::Accepted,
            by: &[A::ParticipantAdmin],
        },
        Move {
            from: &[S::Delivered, S::Reconfirming],
            command: Command::Decline,
            to: S::Declined,
            by: &[A::ParticipantAdmin],
        },
        Move {
            from: &[S::Sent, S::Delivered, S::Reconfirming],
            command: Command::Expire,
            to: S::Expired,
            by: &[A::System],
        },
        Move {
            from: &[S::Accepted],
            command: Command::Reconfirm,
            to: S::Reconfirming,
            by: &[A::LeadAdmin],
        },
        Move {
            from: &[S::Accepted, S::Reconfirming],
            command: Command::Withdraw,
            to: S::Withdrawn,
            by: &[A::ParticipantAdmin],
        },
        Move {
            from: &[S::Sent, S::Delivered, S::Reconfirming],
            command: Command::Revoke,
            to: S::Revoked,
            by: &[A::LeadAdmin],
        },
    ],
};
