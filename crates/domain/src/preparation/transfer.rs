//! Transfer: one delivery of an exchange message, with at most three tries before a person is asked
//! (clause 7.5 a).

use crate::{
    Timestamp, TransferState as S,
    machine::{Actor as A, Machine, Move},
};

/// Tries of one run, the first included; then the message is parked and its sender told.
pub const TRIES_MAX: u32 = 3;
/// Waits before the second and the third try, ms.
pub const BACK_OFF_MS: [i64; 2] = [10_000, 60_000];
/// A try that has given no result for this long counts as failed: its worker is gone, ms.
pub const LEASE_MS: i64 = 30_000;

super::commands! {
    /// What is asked of a transfer.
    Command {
        /// Begin a try; counted before it is made.
        Try = "try",
        /// The receiver acknowledged.
        Acknowledge = "acknowledge",
        /// The try failed, another follows.
        Wait = "wait",
        /// The last try failed, or the receiver refused for good.
        Fail = "fail",
        /// A person starts a new run.
        Resend = "resend",
        /// A person gives up, with a reason.
        Abandon = "abandon",
    }
}

const PEOPLE: &[A] = &[
    A::LeadAdmin,
    A::LeadOperator,
    A::ParticipantAdmin,
    A::ParticipantOperator,
];

/// The legal moves.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "transfer",
    wrong_state: "transfer.wrong_state",
    moves: &[
        Move {
            from: &[S::Queued, S::Waiting],
            command: Command::Try,
            to: S::Sending,
            by: &[A::System],
        },
        Move {
            from: &[S::Sending],
            command: Command::Acknowledge,
            to: S::Delivered,
            by: &[A::System],
        },
        Move {
            from: &[S::Sending],
            command: Command::Wait,
            to: S::Waiting,
            by: &[A::System],
        },
        Move {
            from: &[S::Sending],
            command: Command::Fail,
            to: S::Failed,
            by: &[A::System],
        },
        Move {
            from: &[S::Failed],
            command: Command::Resend,
            to: S::Queued,
            by: PEOPLE,
        },
        Move {
            from: &[S::Failed],
            command: Command::Abandon,
            to: S::Abandoned,
            by: &[A::LeadAdmin, A::ParticipantAdmin],
        },
    ],
};

/// What follows a failed try: the time of the next one, or nothing when the tries of this run are used up.
/// `tries` counts those made, this one included.
#[must_use]
pub fn next_try(tries: u32, now: Timestamp) -> Option<Timestamp> {
    if tries == 0 || tries >= TRIES_MAX {
        return None;
    }
    let wait = usize::try_from(tries - 1).ok().and_then(|i| BACK_OFF_MS.get(i))?;
    Some(now.plus_ms(*wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_tries_then_a_person() {
        let now = Timestamp::from_ms(0);
        assert_eq!(next_try(1, now), Some(Timestamp::from_ms(10_000)));
        assert_eq!(next_try(2, now), Some(Timestamp::from_ms(60_000)));
        assert_eq!(next_try(3, now), None);
        assert_eq!(next_try(0, now), None);
    }
}
