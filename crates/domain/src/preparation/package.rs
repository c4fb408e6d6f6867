//! Case package: built, checked, frozen, shared; a supplement makes the next version (clause 7.2 g).

use crate::{
    PackageState as S,
    machine::{Actor as A, Machine, Move},
};

super::commands! {
    /// What is asked of a version of the package.
    Command {
        /// Checked; scores are known.
        Validate = "validate",
        /// More data came: check again.
        Rebuild = "rebuild",
        /// Hash and fix.
        Freeze = "freeze",
        /// The session begins.
        Share = "share",
        /// A later version takes its place.
        Supersede = "supersede",
        /// Archived.
        Seal = "seal",
    }
}

/// The legal moves.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "package",
    wrong_state: "package.wrong_state",
    moves: &[
        Move {
            from: &[S::Building, S::Validated],
            command: Command::Validate,
            to: S::Validated,
            by: &[A::LeadAdmin, A::LeadOperator, A::System],
        },
        Move {
            from: &[S::Validated],
            command: Command::Rebuild,
            to: S::Building,
            by: &[A::System],
        },
        Move {
            from: &[S::Validated],
            command: Command::Freeze,
            to: S::Frozen,
            by: &[A::LeadAdmin, A::System],
        },
        Move {
            from: &[S::Frozen],
            command: Command::Share,
            to: S::Shared,
            by: &[A::System],
        },
        Move {
            from: &[S::Frozen, S::Shared],
            command: Command::Supersede,
            to: S::Superseded,
            by: &[A::System],
        },
        Move {
            from: &[S::Shared],
            command: Command::Seal,
            to: S::Sealed,
            by: &[A::System],
        },
    ],
};
