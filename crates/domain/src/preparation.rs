//! The state machines of the preparation phase (clauses 7.2, 7.5 a-b, 8.3.2; `domain.md` section 2.2) as
//! tables of legal moves.

pub mod consent;
pub mod data_request;
pub mod invitation;
pub mod issue;
pub mod package;
pub mod submission;
pub mod transfer;

/// Declares the commands of a machine with their verbs.
macro_rules! commands {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// Every command.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The verb in addresses and audit events.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }

        impl $crate::machine::Verb for $name {
            fn verb(self) -> &'static str {
                self.code()
            }
        }
    };
}
pub(crate) use commands;
