//! What the views may ask the engine for.

use consilium_collab::document::Hidden;
use consilium_domain::{AccountId, OpinionId, QuestionId};
use consilium_protocol::{live::Citation, room::QuestionInput};

use super::{AnnotationKey, Said};
use crate::viewer::command::Command;

/// What the views may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Of the viewer.
    View(Command),
    /// The own draft reads so now.
    Draft(String),
    /// The private notes read so now.
    Notes(String),
    /// Take a signed opinion of one's own up again.
    Revise(OpinionId),
    /// Submit and sign the draft.
    Submit {
        /// It differs from the majority.
        dissent: bool,
    },
    /// A line of the discussion.
    Say(Said),
    /// One is writing a line.
    TypesLine,
    /// Hide something from all, or show it again.
    Hide(Hidden, bool),
    /// Cite something, in the line being written or in the opinion.
    CiteAny(Citation),
    /// Show what a citation points at.
    Go(Citation),
    /// Ask an institution.
    Ask(QuestionInput),
    /// Answer a question of the session.
    Answer(QuestionId, String),
    /// Take a question back.
    Withdraw(QuestionId),
    /// Data was added by this page: read it again.
    DataAdded,
    /// Somebody presents from now on, or nobody.
    Present(Option<AccountId>),
    /// Raise the own hand, or lower it.
    Hand,
    /// Take back the newest own act, or do it again.
    Undo {
        /// Do it again.
        redo: bool,
    },
    /// The others see the own draft as it is written, or not.
    Share(bool),
    /// Of the history.
    Past(PastWish),
    /// Of the call.
    Call(CallWish),
    /// End the session.
    End,
    /// Pause the session, or go on.
    Pause(bool),
    /// The text of the arrow just drawn; `None` gives the arrow up.
    ArrowText(Option<String>),
    /// Show an annotation and select it.
    Jump(AnnotationKey),
    /// Put a citation of an annotation into the own draft.
    Cite(AnnotationKey),
    /// The notice was read.
    Dismiss,
    /// Fetch the slice again that failed.
    Retry,
}

impl Wish {
    /// It would change the room: not while the past is shown.
    #[must_use]
    pub const fn edits(&self) -> bool {
        matches!(
            self,
            Self::View(Command::Delete)
                | Self::Draft(_)
                | Self::Say(_)
                | Self::Hide(..)
                | Self::Present(_)
                | Self::Undo { .. }
                | Self::Share(_)
                | Self::Cite(_)
                | Self::CiteAny(_)
        )
    }
}

/// What may be asked of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallWish {
    /// Join it.
    Join,
    /// Leave it.
    Leave,
    /// Send sound, or be mute.
    Audio(bool),
    /// Send a picture, or none.
    Video(bool),
}

/// What may be asked of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastWish {
    /// Open it.
    Open,
    /// Back to now.
    Close,
    /// Show the room after so many steps.
    To(usize),
    /// Go on by itself, or stop.
    Play(bool),
}
