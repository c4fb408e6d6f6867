//! What an update may leave behind. Texts and discussions are counted before yrs sees it (`check`), new keys
//! too when nothing is deleted; the rest is looked at after yrs has applied it, before it counts.

use std::collections::HashSet;

use consilium_domain::AccountId;
use yrs::{Map, Out, Transact, TransactionMut};

use super::{Room, Violation, check::Plan, order::Chain, places, shape};
use crate::document::value;

impl Room {
    /// Counts the keys that an update adds for sure.
    pub(super) fn within_counts(&self, author: AccountId, plan: &Plan) -> Result<(), Violation> {
        use places::Kind;
        if plan.deletes {
            return Ok(());
        }
        let mut new: HashSet<(Kind, &str)> = HashSet::new();
        for insert in &plan.inserts {
            let (Some(Chain::Root(_, Some(key)) | Chain::Item(_, Some(key))), None) =
                (&insert.chain, insert.left)
            else {
                continue;
            };
            if let Some(place) = plan.at((insert.client, insert.start))
                && matches!(place.kind, Kind::AnnotationsEntry | Kind::Hidden)
            {
                new.insert((place.kind, key));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let [annotations, _, _, session, _] = self.doc.roots();
        let txn = self.doc.doc().transact();
        let mine = match annotations.get(&txn, &author.to_string()) {
            Some(Out::YMap(mine)) => Some(mine),
            _ => None,
        };
        let (mut drawn, mut hidden) = (0_u32, 0_u32);
        for (kind, key) in new {
            let (map, count) = match kind {
                Kind::Hidden => (Some(session), &mut hidden),
                _ => (mine.as_ref(), &mut drawn),
            };
            *count += u32::from(map.is_none_or(|map| !map.contains_key(&txn, key)));
        }
        let over =
            |map: &yrs::MapRef, more: u32, most: u32| more > 0 && map.len(&txn).saturating_add(more) > most;
        if over(session, hidden, shape::SESSION_KEYS_MAX) {
            return Err(Violation::Full);
        }
        if mine.is_some_and(|mine| over(&mine, drawn, shape::ANNOTATIONS_MAX)) {
            return Err(Violation::Shape);
        }
        Ok(())
    }

    pub(super) fn within_limits(
        &self,
        txn: &TransactionMut<'_>,
        author: AccountId,
        plan: &Plan,
    ) -> Result<(), Violation> {
        let [annotations, _, discussion, session, _] = self.doc.roots();
        let key = author.to_string();
        let drawn = || {
            let mut places = plan.new.values().flatten();
            places.any(|(_, place)| place.kind == places::Kind::AnnotationsEntry)
        };
        if plan.session && session.len(txn) > shape::SESSION_KEYS_MAX {
            return Err(Violation::Full);
        }
        if (plan.deep || drawn())
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
        if plan.deep
            && let Some(Out::YArray(lines)) = discussion.get(txn, &key)
        {
            use yrs::Array as _;
            let sound = |out: Out| match out {
                Out::YMap(_) => value::plain(&out, txn).is_some_and(|any| shape::is_line(&any)),
                Out::Any(_) => true,
                _ => false,
            };
            if !lines.iter(txn).all(sound) {
                return Err(Violation::Shape);
            }
        }
        Ok(())
    }
}
