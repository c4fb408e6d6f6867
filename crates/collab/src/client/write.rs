//! One's own edits: each is made in the local copy at once and gives the frames to send.

use consilium_domain::AccountId;
use consilium_protocol::live::{Annotation, DiscussionLine};

use super::{
    ClientRoom, EditError, Unsaved, What,
    undo::{Act, Splice},
};
use crate::{document::Hidden, frame, guard::shape};

/// Frames to send after an edit, in order; empty while the room is not connected.
type Frames = Result<Vec<Vec<u8>>, EditError>;

impl ClientRoom {
    /// Tells the time, ms by the reader's clock. Words written soon after each other are one step of undo.
    pub const fn tick(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    /// Writes one's own annotation; frames to send.
    ///
    /// # Errors
    /// Not ready, not allowed, or beyond the limits.
    pub fn put_annotation(&mut self, id: &str, annotation: &Annotation) -> Frames {
        self.may(self.rights.annotate)?;
        if !shape::id_is_sound(id) || !shape::annotation_is_sound(annotation) {
            return Err(EditError::TooLong);
        }
        let before = self.doc.annotation(self.me, id);
        let frames = self.write_annotation(id, Some(annotation));
        self.did_annotation(id, before, Some(annotation.clone()));
        Ok(frames)
    }

    /// Removes one's own annotation; frames to send.
    ///
    /// # Errors
    /// Not ready or not allowed.
    pub fn remove_annotation(&mut self, id: &str) -> Frames {
        self.may(self.rights.annotate)?;
        let before = self.doc.annotation(self.me, id);
        let frames = self.write_annotation(id, None);
        self.did_annotation(id, before, None);
        Ok(frames)
    }

    fn did_annotation(&mut self, id: &str, before: Option<Annotation>, after: Option<Annotation>) {
        if before != after {
            let id = id.to_owned();
            self.history
                .did(Act::Annotation { id, before, after }, self.now_ms);
        }
    }

    fn write_annotation(&mut self, id: &str, annotation: Option<&Annotation>) -> Vec<Vec<u8>> {
        match annotation {
            Some(annotation) => {
                let update = self.doc.put_annotation(self.me, id, annotation);
                self.edited(update, What::Annotation(id.to_owned()))
            }
            None => {
                let update = self.doc.remove_annotation(self.me, id);
                self.edited(update, What::Removal(id.to_owned()))
            }
        }
    }

    /// Sets one's own draft opinion; frames to send.
    ///
    /// # Errors
    /// Not ready, not allowed, or too long.
    pub fn set_opinion(&mut self, text: &str) -> Frames {
        self.may(self.rights.opine)?;
        if text.encode_utf16().count() > usize::try_from(shape::OPINION_UNITS_MAX).unwrap_or(usize::MAX) {
            return Err(EditError::TooLong);
        }
        if let Some(splice) = Splice::between(&self.own_text(), text) {
            self.history.did(Act::Text(splice), self.now_ms);
        }
        let update = self.doc.set_opinion(self.me, text);
        Ok(self.edited(update, What::Opinion))
    }

    /// Forgets the steps of the own text: it has moved to another document.
    pub fn forget_words(&mut self) {
        self.history.forget_text();
    }

    /// Sets one's own private notes; frames to send. Only in the private document.
    ///
    /// # Errors
    /// Not ready, not allowed, or too long.
    pub fn set_notes(&mut self, text: &str) -> Frames {
        self.may(self.rights.notes)?;
        if text.encode_utf16().count() > usize::try_from(shape::NOTES_UNITS_MAX).unwrap_or(usize::MAX) {
            return Err(EditError::TooLong);
        }
        let update = self.doc.set_notes(self.me, text);
        Ok(self.edited(update, What::Notes))
    }

    pub(super) fn own_text(&self) -> String {
        self.doc.opinion(self.me)
    }

    /// Adds one's own discussion line; frames to send.
    ///
    /// # Errors
    /// Not ready, not allowed, or too long.
    pub fn say(&mut self, line: &DiscussionLine) -> Frames {
        self.may(self.rights.discuss)?;
        if !shape::line_is_sound(line) {
            return Err(EditError::TooLong);
        }
        let update = self.doc.say(self.me, line);
        Ok(self.edited(update, What::Line(line.id.clone())))
    }

    /// Names the presenter; frames to send.
    ///
    /// # Errors
    /// Not ready or not allowed.
    pub fn set_presenter(&mut self, presenter: Option<AccountId>) -> Frames {
        self.may(self.rights.preside)?;
        let update = self.doc.set_presenter(presenter);
        Ok(self.edited(update, What::Session))
    }

    /// Hides something from all, or shows it again; frames to send.
    ///
    /// # Errors
    /// Not ready or not allowed.
    pub fn set_hidden(&mut self, what: &Hidden, hidden: bool) -> Frames {
        self.may(self.rights.preside)?;
        let update = self.doc.set_hidden(what, hidden);
        Ok(self.edited(update, What::Session))
    }

    /// Whether there is an own act to take back (or, with `redo`, to do again).
    #[must_use]
    pub const fn can_undo(&self, redo: bool) -> bool {
        self.history.can(redo)
    }

    /// Takes back the newest own act, or with `redo` does again what was taken back last; frames to send, none
    /// when there is nothing. An act that no longer fits, because another page of the same person changed the
    /// same thing, is passed over.
    ///
    /// # Errors
    /// Not ready, or the right to that act has gone.
    pub fn undo(&mut self, redo: bool) -> Frames {
        self.may(true)?;
        while let Some(act) = self.history.take(redo) {
            let allowed = match &act {
                Act::Annotation { .. } => self.rights.annotate,
                Act::Text(_) => self.rights.opine,
            };
            if !allowed {
                return Err(EditError::NotAllowed);
            }
            let frames = match &act {
                Act::Annotation { id, before, after } => {
                    if self.doc.annotation(self.me, id) != *before {
                        continue;
                    }
                    self.write_annotation(id, after.as_ref())
                }
                Act::Text(splice) => {
                    let Some(text) = splice.on(&self.own_text()) else {
                        continue;
                    };
                    let update = self.doc.set_opinion(self.me, &text);
                    self.edited(update, What::Opinion)
                }
            };
            self.history.made(act, redo);
            return Ok(frames);
        }
        Ok(Vec::new())
    }

    fn may(&self, right: bool) -> Result<(), EditError> {
        if !self.ready {
            Err(EditError::NotReady)
        } else if right {
            Ok(())
        } else {
            Err(EditError::NotAllowed)
        }
    }

    fn edited(&mut self, update: Option<Vec<u8>>, what: What) -> Vec<Vec<u8>> {
        let Some(update) = update else {
            return Vec::new();
        };
        self.made = self.made.saturating_add(1);
        if self.answered {
            self.sent = self.sent.saturating_add(1);
        }
        self.unsaved.push_back(Unsaved {
            what,
            sent: self.answered.then_some(self.sent),
            number: self.made,
            // An update begins with the number of writers whose content it has.
            shown: update.first().is_some_and(|writers| *writers != 0),
        });
        if self.answered {
            vec![frame::update(&update)]
        } else {
            Vec::new()
        }
    }
}
