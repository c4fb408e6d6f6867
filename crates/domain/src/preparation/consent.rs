//! Informed consent (clause 8.3.2).

use crate::{
    ConsentSigner, ConsentState as S, Timestamp,
    machine::{Actor as A, Machine, Move},
    person::BirthDate,
};

/// Under this age a guardian signs (clause 8.3.2; personal information protection law).
pub const GUARDIAN_UNDER_YEARS: u32 = 14;

super::commands! {
    /// What is asked of a consent.
    Command {
        /// Lay the text before the patient or guardian.
        Propose = "propose",
        /// Signed.
        Sign = "sign",
        /// Not given.
        Reject = "reject",
        /// Taken back by the patient or guardian.
        Withdraw = "withdraw",
        /// Its period has passed.
        Expire = "expire",
    }
}

/// The legal moves.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "consent",
    wrong_state: "consent.wrong_state",
    moves: &[
        Move {
            from: &[S::Draft, S::Rejected, S::Inactive],
            command: Command::Propose,
            to: S::Proposed,
            by: &[A::LeadAdmin, A::LeadOperator],
        },
        Move {
            from: &[S::Draft, S::Proposed, S::Active, S::Rejected, S::Inactive],
            command: Command::Sign,
            to: S::Active,
            by: &[A::LeadAdmin, A::LeadOperator],
        },
        Move {
            from: &[S::Draft, S::Proposed],
            command: Command::Reject,
            to: S::Rejected,
            by: &[A::LeadAdmin, A::LeadOperator],
        },
        Move {
            from: &[S::Active],
            command: Command::Withdraw,
            to: S::Inactive,
            by: &[A::LeadAdmin, A::LeadOperator],
        },
        Move {
            from: &[S::Active],
            command: Command::Expire,
            to: S::Inactive,
            by: &[A::System],
        },
    ],
};

/// Whether `signer` may consent for somebody born on `birth`. Without a birth date a guardian is not
/// demanded.
#[must_use]
pub fn signer_suffices(signer: ConsentSigner, birth: Option<BirthDate>, now: Timestamp) -> bool {
    signer == ConsentSigner::Guardian
        || birth
            .and_then(|date| date.age_at(now))
            .is_none_or(|age| age.years() >= GUARDIAN_UNDER_YEARS)
}
