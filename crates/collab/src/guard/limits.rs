//! What an update may leave behind: looked at after yrs has applied it, before it counts.

use consilium_domain::AccountId;
use yrs::{Array, Map, Out, Text, TransactionMut};

use super::{Room, Violation, check::Plan, places, shape};
use crate::document::value;

impl Room {
    pub(super) fn within_limits(
        &self,
        txn: &TransactionMut<'_>,
        author: AccountId,
        plan: &Plan,
    ) -> Result<(), Violation> {
        let [annotations, opinions, discussion, session, notes] = self.doc.roots();
        let key = author.to_string();
        let touched = |kinds: &[places::Kind]| {
            let mut places = plan.new.values().flatten();
            places.any(|(_, place)| kinds.contains(&place.kind))
        };
        use places::Kind;
        if touched(&[Kind::OpinionsText])
            && let Some(Out::YText(text)) = opinions.get(txn, &key)
            && text.len(txn) > shape::OPINION_UNITS_MAX
        {
            return Err(Violation::Shape);
        }
        if touched(&[Kind::NotesText])
            && let Some(Out::YText(text)) = notes.get(txn, &key)
            && text.len(txn) > shape::NOTES_UNITS_MAX
        {
            return Err(Violation::Shape);
        }
        if plan.session && session.len(txn) > shape::SESSION_KEYS_MAX {
            return Err(Violation::Full);
        }
        if (plan.deep || touched(&[Kind::AnnotationsEntry]))
            && let Some(Out::YMap(mine)) = annotations.get(txn, &key)
        {
            let deep = |out: Out| match out {
                Out::YMap(_) => value::plain(&out, txn).is_some_and(|any| shape::is_annotation(&any)),
                Out::Any(_) => true,
                _ => false,
            };
            if mine.len(txn) > shape::ANNOTATIONS_MAX
                || plan.deep
                    && !mine
                        .iter(txn)
                        .all(|(id, out)| shape::id_is_sound(id) && deep(out))
            {
                return Err(Violation::Shape);
            }
        }
        if (plan.deep || touched(&[Kind::DiscussionEntry]))
            && let Some(Out::YArray(lines)) = discussion.get(txn, &key)
        {
            let deep = |out: Out| match out {
                Out::YMap(_) => value::plain(&out, txn).is_some_and(|any| shape::is_line(&any)),
                Out::Any(_) => true,
                _ => false,
            };
            if lines.len(txn) > shape::LINES_MAX || plan.deep && !lines.iter(txn).all(deep) {
                return Err(Violation::Shape);
            }
        }
        Ok(())
    }
}
