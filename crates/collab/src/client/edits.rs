//! Own content that may not have survived.

use consilium_domain::AccountId;
use consilium_protocol::live::{Annotation, DiscussionLine};
use serde::{Deserialize, Serialize};

use super::What;
use crate::document::RoomDoc;

/// Own edits that the room does not have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LostEdits {
    /// The draft opinion as it stood here, when the room has another.
    pub opinion: Option<String>,
    /// The private notes as they stood here, when the room has others.
    pub notes: Option<String>,
    /// Annotations the room does not have or has differently, with their ids.
    pub annotations: Vec<(String, Annotation)>,
    /// Discussion lines the room does not have.
    pub lines: Vec<DiscussionLine>,
}

impl LostEdits {
    /// The own content of `doc` that the edits `what` were about; `None` when there is none.
    pub(super) fn of<'a>(doc: &RoomDoc, me: AccountId, what: impl Iterator<Item = &'a What>) -> Option<Self> {
        let own = Own::read(doc, me);
        let mut lost = Self::default();
        for what in what {
            match what {
                What::Opinion => lost.opinion = Some(own.opinion.clone()).filter(|text| !text.is_empty()),
                What::Annotation(id) => {
                    let found = own.annotations.iter().find(|(own, _)| own == id);
                    lost.annotations
                        .extend(found.filter(|found| !lost.annotations.contains(found)).cloned());
                }
                What::Line(id) => lost
                    .lines
                    .extend(own.lines.iter().find(|line| line.id == *id).cloned()),
                What::Notes => lost.notes = Some(own.notes.clone()).filter(|text| !text.is_empty()),
                What::Removal(_) | What::Session => {}
            }
        }
        (lost != Self::default()).then_some(lost)
    }
}

/// All own content of a document.
pub(super) struct Own {
    opinion: String,
    notes: String,
    annotations: Vec<(String, Annotation)>,
    lines: Vec<DiscussionLine>,
}

impl Own {
    pub(super) fn read(doc: &RoomDoc, me: AccountId) -> Self {
        Self {
            opinion: doc.opinion(me),
            notes: doc.notes(me),
            annotations: doc
                .annotations()
                .into_iter()
                .filter(|placed| placed.author == me)
                .map(|placed| (placed.id, placed.annotation))
                .collect(),
            lines: doc
                .discussion()
                .into_iter()
                .filter(|(author, _)| *author == me)
                .map(|(_, line)| line)
                .collect(),
        }
    }

    /// What of it `doc` lacks; `None` when nothing.
    pub(super) fn missing_in(self, doc: &RoomDoc, me: AccountId) -> Option<LostEdits> {
        let there = Self::read(doc, me);
        let lost = LostEdits {
            opinion: Some(self.opinion).filter(|text| !text.is_empty() && *text != there.opinion),
            notes: Some(self.notes).filter(|text| !text.is_empty() && *text != there.notes),
            annotations: self
                .annotations
                .into_iter()
                .filter(|own| !there.annotations.contains(own))
                .collect(),
            lines: self
                .lines
                .into_iter()
                .filter(|own| !there.lines.contains(own))
                .collect(),
        };
        (lost != LostEdits::default()).then_some(lost)
    }
}
