//! Taking back and doing again one's own acts: annotations, removals, words of the own text. Every act is kept
//! with its inverse, so nothing of anybody else is ever touched, and the room sees ordinary edits.

use consilium_protocol::live::Annotation;

use crate::document::diff::{self, utf16_len};

/// Acts remembered.
const ACTS_MAX: usize = 500;
/// Words written within this time of each other are taken back together, ms.
const ONE_STEP_MS: i64 = 700;

/// One own act.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// An annotation was written (`before` absent), changed, or removed (`after` absent).
    Annotation {
        id: String,
        before: Option<Annotation>,
        after: Option<Annotation>,
    },
    /// In the own text `removed` gave way to `inserted` at this UTF-16 offset.
    Text(Splice),
}

/// A replacement in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) at: u32,
    pub(super) removed: String,
    pub(super) inserted: String,
}

impl Splice {
    /// What turns `old` into `new`; `None` when they are equal.
    pub(super) fn between(old: &str, new: &str) -> Option<Self> {
        let change = diff::replace(old, new)?;
        let units: Vec<u16> = old
            .encode_utf16()
            .skip(index(change.at))
            .take(index(change.remove))
            .collect();
        Some(Self {
            at: change.at,
            removed: String::from_utf16_lossy(&units),
            inserted: change.insert.to_owned(),
        })
    }

    fn inverse(self) -> Self {
        Self {
            at: self.at,
            removed: self.inserted,
            inserted: self.removed,
        }
    }

    /// The text after this replacement; `None` when what it replaces does not stand there.
    pub(super) fn on(&self, text: &str) -> Option<String> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let end = self.at.checked_add(utf16_len(&self.removed))?;
        let (head, rest) = units.split_at_checked(index(self.at))?;
        let (there, tail) = rest.split_at_checked(index(end.checked_sub(self.at)?))?;
        if String::from_utf16(there).ok()? != self.removed {
            return None;
        }
        let mut out = String::from_utf16(head).ok()?;
        out.push_str(&self.inserted);
        out.push_str(&String::from_utf16(tail).ok()?);
        Some(out)
    }

    /// Makes room for a change that another page of the same person made; `false` when both touched the same
    /// words. `span` is what this replacement would take out next.
    fn shift(&mut self, other: &Self, span: u32) -> bool {
        let (removed, inserted) = (utf16_len(&other.removed), utf16_len(&other.inserted));
        if other.at.saturating_add(removed) <= self.at {
            self.at = self.at.saturating_sub(removed).saturating_add(inserted);
            true
        } else {
            other.at >= self.at.saturating_add(span)
        }
    }

    /// Writes `next` into this step when it goes on with it.
    fn join(&mut self, next: &Self) -> bool {
        if next.removed.is_empty() && next.at == self.at.saturating_add(utf16_len(&self.inserted)) {
            self.inserted.push_str(&next.inserted);
            return true;
        }
        if next.inserted.is_empty()
            && self.inserted.is_empty()
            && next.at.saturating_add(utf16_len(&next.removed)) == self.at
        {
            self.removed.insert_str(0, &next.removed);
            self.at = next.at;
            return true;
        }
        false
    }
}

fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

impl Act {
    fn inverse(self) -> Self {
        match self {
            Self::Annotation { id, before, after } => Self::Annotation {
                id,
                before: after,
                after: before,
            },
            Self::Text(splice) => Self::Text(splice.inverse()),
        }
    }
}

/// What was done and what was taken back.
#[derive(Debug, Default)]
pub(super) struct History {
    done: Vec<Act>,
    undone: Vec<Act>,
    last_ms: i64,
}

impl History {
    /// Remembers an act that was just made.
    pub(super) fn did(&mut self, act: Act, now_ms: i64) {
        self.undone.clear();
        let soon = now_ms.saturating_sub(self.last_ms) <= ONE_STEP_MS;
        self.last_ms = now_ms;
        if let (Act::Text(next), Some(Act::Text(last))) = (&act, self.done.last_mut())
            && soon
            && last.join(next)
        {
            return;
        }
        if self.done.len() >= ACTS_MAX {
            self.done.remove(0);
        }
        self.done.push(act);
    }

    pub(super) const fn can(&self, redo: bool) -> bool {
        if redo {
            !self.undone.is_empty()
        } else {
            !self.done.is_empty()
        }
    }

    /// The inverse of the newest act (or of the newest that was taken back), to be made now.
    pub(super) fn take(&mut self, redo: bool) -> Option<Act> {
        // What follows is a step of its own.
        self.last_ms = i64::MIN / 2;
        if redo {
            self.undone.pop()
        } else {
            self.done.pop().map(Act::inverse)
        }
    }

    /// The act from [`Self::take`] was made.
    pub(super) fn made(&mut self, act: Act, redo: bool) {
        if redo {
            self.done.push(act);
        } else {
            self.undone.push(act.inverse());
        }
    }

    /// The own text changed by another page of the same person: later steps move, those that touch the same
    /// words are forgotten with all before them.
    pub(super) fn text_changed(&mut self, old: &str, new: &str) {
        let Some(other) = Splice::between(old, new) else {
            return;
        };
        settle(&mut self.done, &other, false);
        settle(&mut self.undone, &other, true);
        self.last_ms = i64::MIN / 2;
    }

    pub(super) fn forget_text(&mut self) {
        let other = |act: &Act| !matches!(act, Act::Text(_));
        self.done.retain(other);
        self.undone.retain(other);
    }

    pub(super) fn has_text(&self) -> bool {
        let text = |act: &Act| matches!(act, Act::Text(_));
        self.done.iter().any(text) || self.undone.iter().any(text)
    }
}

fn settle(acts: &mut Vec<Act>, other: &Splice, redo: bool) {
    // From the newest back: each replacement is undone in mind, so that the change stands where it would have.
    let mut other = other.clone();
    let mut keep_from = 0;
    for (at, act) in acts.iter_mut().enumerate().rev() {
        let Act::Text(splice) = act else { continue };
        let (now, then) = if redo {
            (utf16_len(&splice.removed), utf16_len(&splice.inserted))
        } else {
            (utf16_len(&splice.inserted), utf16_len(&splice.removed))
        };
        let before = splice.at;
        if !splice.shift(&other, now) {
            keep_from = at + 1;
            break;
        }
        if other.at >= before.saturating_add(now) {
            other.at = other.at.saturating_sub(now).saturating_add(then);
        }
    }
    acts.drain(..keep_from);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn splice(at: u32, removed: &str, inserted: &str) -> Splice {
        Splice {
            at,
            removed: removed.to_owned(),
            inserted: inserted.to_owned(),
        }
    }

    #[test]
    fn words_written_together_are_one_step() {
        let mut history = History::default();
        history.did(Act::Text(splice(0, "", "左")), 10_000);
        history.did(Act::Text(splice(1, "", "肺")), 10_300);
        history.did(Act::Text(splice(2, "", "叶")), 20_000);
        assert_eq!(history.take(false), Some(Act::Text(splice(2, "叶", ""))));
        assert_eq!(history.take(false), Some(Act::Text(splice(0, "左肺", ""))));
        assert_eq!(history.take(false), None);
    }

    #[test]
    fn backspaces_are_one_step() {
        let mut history = History::default();
        history.did(Act::Text(splice(4, "d", "")), 10_000);
        history.did(Act::Text(splice(3, "c", "")), 10_100);
        assert_eq!(history.take(false), Some(Act::Text(splice(3, "", "cd"))));
    }

    #[test]
    fn a_replacement_applies_only_where_it_fits() {
        assert_eq!(splice(2, "😀", "x").on("ab😀c").as_deref(), Some("abxc"));
        assert_eq!(splice(2, "y", "x").on("ab😀c"), None);
        assert_eq!(splice(9, "", "x").on("ab"), None);
    }

    proptest! {
        /// Steps in a text that another page changes too: taking all back leaves what the other page wrote.
        #[test]
        fn another_page_moves_the_steps(
            steps in proptest::collection::vec((0_usize..40, "[abc😀]{1,3}", any::<bool>()), 1..30),
        ) {
            let (mut text, mut history, mut others) = (String::new(), History::default(), 0_usize);
            for (n, (at, insert, own)) in steps.into_iter().enumerate() {
                let chars: Vec<char> = text.chars().collect();
                let at = at.min(chars.len());
                let own = own || !insert.is_ascii();
                let word = if own { insert } else { others += 1; "X".to_owned() };
                let new: String = chars[..at].iter().collect::<String>() + &word + &chars[at..].iter().collect::<String>();
                if own {
                    let now = i64::try_from(n).unwrap() * 10_000;
                    history.did(Act::Text(Splice::between(&text, &new).unwrap()), now);
                } else {
                    history.text_changed(&text, &new);
                }
                text = new;
            }
            while let Some(act) = history.take(false) {
                let Act::Text(step) = act.clone() else { unreachable!() };
                // A step that does not fit is left out; it never takes anything of the other page with it.
                if let Some(new) = step.on(&text) { text = new; }
            }
            prop_assert_eq!(text.matches('X').count(), others);
        }
    }
}
