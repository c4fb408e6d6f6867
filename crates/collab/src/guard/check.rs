//! Decides on an update before the document sees it.
//!
//! Every item of a client id belongs to the account that the id is bound to and stands in that account's
//! places (or in `session`). An item names its neighbours or its parent; when those belong to the author,
//! so does the place of the item. By induction no accepted update ever stands in another's place.

use std::collections::{BTreeMap, HashMap, VecDeque};

use consilium_domain::{AccountId, permission::RoomRights};
use yrs::Any;

use super::{
    Violation,
    order::{Chain, Insert},
    parse::{Block, Content, Id, Kind as BlockKind, Parent, ParseError, Parsed},
    places::{Change, Index, Kind, Place, Spans},
    shape,
};
use crate::document::owner_key;

/// New client ids in one update.
const CLIENTS_MAX: usize = 64;

impl From<ParseError> for Violation {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Malformed => Self::Malformed,
            ParseError::Gap => Self::Gap,
            ParseError::Content => Self::Shape,
        }
    }
}

/// What an accepted update does.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// New items by client: end clock and place, from the known clock on.
    pub(super) new: BTreeMap<u64, Vec<(u32, Place)>>,
    /// The same in an order in which each follows what it names, without what is gone already.
    pub(super) inserts: Vec<Insert>,
    /// How the types that have a limit grow and shrink.
    pub(super) lengths: BTreeMap<Id, (Kind, Change)>,
    /// New items that come as deleted, by client in the order of clocks.
    stillborn: HashMap<u64, Vec<(u32, u32)>>,
    /// Whether something not yet deleted is deleted.
    pub(super) deletes: bool,
    /// Whether a shared map inside an annotation or line changed: look at it after the update.
    pub(super) deep: bool,
    /// Whether the lead's map changed.
    pub(super) session: bool,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.new.is_empty() && !self.deletes
    }

    /// The place of a planned item.
    pub(super) fn at(&self, (client, clock): Id) -> Option<Place> {
        let spans = self.new.get(&client)?;
        let index = spans.partition_point(|(end, _)| *end <= clock);
        spans.get(index).map(|(_, place)| *place)
    }
}

/// Who decides on what.
pub(super) struct Check<'a> {
    pub(super) index: &'a Index,
    pub(super) owners: &'a HashMap<u64, AccountId>,
    /// `None` when reading back what was accepted before: places are worked out, nothing is judged.
    pub(super) author: Option<(AccountId, RoomRights)>,
    /// Whether the author's discussion has lines, which may not be replaced.
    pub(super) has_lines: bool,
}

impl Check<'_> {
    fn owns(&self, client: u64) -> bool {
        match self.author {
            None => true,
            Some((author, _)) => self.owners.get(&client).is_none_or(|owner| *owner == author),
        }
    }

    /// The plan of an update.
    pub(super) fn plan(&self, parsed: &Parsed<'_>) -> Result<Plan, Violation> {
        let mut plan = Plan::default();
        let mut todo: BTreeMap<u64, VecDeque<&Block<'_>>> = BTreeMap::new();
        for (client, blocks) in &parsed.blocks {
            let known = self.index.clock(*client);
            let fresh: VecDeque<_> = blocks.iter().filter(|block| block.end > known).collect();
            let Some(first) = fresh.front() else { continue };
            if first.start > known {
                return Err(Violation::Gap);
            }
            if !self.owns(*client) {
                return Err(Violation::ForeignClient);
            }
            todo.insert(*client, fresh);
        }
        if self.author.is_some() && todo.len() > CLIENTS_MAX {
            return Err(Violation::TooLarge);
        }
        self.place_all(&mut plan, todo)?;
        self.deletes(&mut plan, &parsed.deletes)?;
        if self.author.is_some() && plan.lengths.iter().any(|(of, grown)| self.too_long(*of, *grown)) {
            return Err(Violation::Shape);
        }
        Ok(plan)
    }

    fn too_long(&self, of: Id, (kind, change): (Kind, Change)) -> bool {
        let length = change.on(self.index.length(of));
        change.more > 0 && kind.length_max().is_some_and(|most| length > most)
    }

    /// Places block after block; a block that names one further on waits for it.
    fn place_all<'p>(
        &self,
        plan: &mut Plan,
        mut todo: BTreeMap<u64, VecDeque<&'p Block<'p>>>,
    ) -> Result<(), Violation> {
        let mut ready: VecDeque<u64> = todo.keys().copied().collect();
        let mut waiting: HashMap<u64, Vec<u64>> = HashMap::new();
        while let Some(client) = ready.pop_front() {
            let mut progress = false;
            while let Some(block) = todo.get(&client).and_then(|blocks| blocks.front()).copied() {
                match self.place(plan, client, block)? {
                    Ok(place) => {
                        self.judge(plan, place, block)?;
                        self.note(plan, client, place, block);
                        plan.new.entry(client).or_default().push((block.end, place));
                        progress = true;
                        if let Some(blocks) = todo.get_mut(&client) {
                            blocks.pop_front();
                        }
                    }
                    Err((needed, _)) => {
                        if needed == client || todo.get(&needed).is_none_or(VecDeque::is_empty) {
                            return Err(Violation::Gap);
                        }
                        waiting.entry(needed).or_default().push(client);
                        break;
                    }
                }
            }
            if progress && let Some(woken) = waiting.remove(&client) {
                ready.extend(woken);
            }
        }
        if todo.values().all(VecDeque::is_empty) {
            Ok(())
        } else {
            Err(Violation::Gap)
        }
    }

    /// The place of a known or planned item.
    fn at(&self, plan: &Plan, id: Id) -> Option<Place> {
        self.index.at(id).or_else(|| plan.at(id))
    }

    /// Where a block stands; `Ok(Err(id))` when that depends on an item not placed yet.
    fn place(&self, plan: &Plan, client: u64, block: &Block<'_>) -> Result<Result<Place, Id>, Violation> {
        let stated = match self.stated(plan, block)? {
            Ok(place) if matches!(block.kind, BlockKind::Item { .. }) => place,
            other => return Ok(other),
        };
        let known = self.index.clock(client);
        if block.start >= known {
            return Ok(Ok(stated));
        }
        // The rest of an item whose beginning is here: yrs hangs it behind the last known clock, whatever the
        // block says of its neighbours. What it says must be what was said before.
        let spans = self.index.spans(client);
        let mut before = spans
            .into_iter()
            .flat_map(|spans| spans.between(block.start, known));
        let first = before.next().ok_or(Violation::Malformed)?;
        if before.any(|place| place != first) {
            return Err(Violation::Malformed);
        }
        match first.kind {
            Kind::Gone => Ok(Ok(stated)),
            _ if first == stated => Ok(Ok(first)),
            _ => Err(Violation::Malformed),
        }
    }

    /// Where a block says it stands.
    fn stated(&self, plan: &Plan, block: &Block<'_>) -> Result<Result<Place, Id>, Violation> {
        let BlockKind::Item {
            left,
            right,
            parent,
            key,
            ..
        } = &block.kind
        else {
            return Ok(Ok(Place::GONE));
        };
        let mut neighbours = [None, None];
        for (slot, id) in neighbours.iter_mut().zip([left, right]) {
            if let Some(id) = id {
                match self.at(plan, *id) {
                    None => return Ok(Err(*id)),
                    Some(place) => {
                        // Only the lead's places have neighbours of others.
                        if !self.owns(id.0) && !place.kind.is_session() {
                            return Err(Violation::NotYours);
                        }
                        *slot = Some(place);
                    }
                }
            }
        }
        let place = match (neighbours, parent) {
            ([Some(a), Some(b)], _) if a == b => a,
            ([Some(a), Some(b)], _) if b.kind == Kind::Gone => a,
            ([Some(a), Some(b)], _) if a.kind == Kind::Gone => b,
            ([Some(_), Some(_)], _) => return Err(Violation::Malformed),
            ([Some(a), None] | [None, Some(a)], _) => a,
            ([None, None], Some(Parent::Root(root))) => self.under_root(root, *key)?,
            ([None, None], Some(Parent::Item(id))) => {
                let Some(around) = self.at(plan, *id) else {
                    return Ok(Err(*id));
                };
                if !self.owns(id.0) {
                    return Err(Violation::NotYours);
                }
                let kind = around.kind.inside().ok_or(Violation::Malformed)?;
                let keyed_right = match kind {
                    Kind::AnnotationsEntry => key.is_some_and(shape::id_is_sound),
                    Kind::OpinionsText | Kind::NotesText | Kind::DiscussionEntry => key.is_none(),
                    _ => true,
                };
                if !keyed_right {
                    return Err(Violation::Shape);
                }
                Place {
                    kind,
                    parent: Some(*id),
                }
            }
            ([None, None], None) => return Err(Violation::Malformed),
        };
        Ok(Ok(place))
    }

    fn under_root(&self, root: &str, key: Option<&str>) -> Result<Place, Violation> {
        let key = key.ok_or(Violation::UnknownRoot)?;
        let Some(kind) = Kind::under_root(root, key) else {
            // A key of `session` that has no meaning is nobody's.
            let known = root == crate::document::SESSION;
            return Err(if known {
                Violation::NotYours
            } else {
                Violation::UnknownRoot
            });
        };
        if let Some((author, _)) = self.author
            && !kind.is_session()
            && owner_key(key) != Some(author)
        {
            return Err(Violation::NotYours);
        }
        Ok(Place { kind, parent: None })
    }

    /// Whether the author may write this here.
    fn judge(&self, plan: &mut Plan, place: Place, block: &Block<'_>) -> Result<(), Violation> {
        let Some((_, rights)) = self.author else {
            return Ok(());
        };
        if !place.kind.allowed(rights) {
            return Err(Violation::NotAllowed);
        }
        plan.session |= place.kind.is_session();
        let BlockKind::Item { content, .. } = &block.kind else {
            return Ok(());
        };
        let sound = match (place.kind, content) {
            (Kind::DiscussionKey, _) if self.has_lines => return Err(Violation::NotAllowed),
            (_, Content::Deleted)
            | (Kind::AnnotationsKey, Content::Map)
            | (Kind::OpinionsKey | Kind::NotesKey, Content::Text)
            | (Kind::OpinionsText | Kind::NotesText, Content::Chars)
            | (Kind::DiscussionKey, Content::Array)
            | (Kind::Gone, _) => true,
            (Kind::AnnotationsEntry, Content::Values(values)) => values.iter().all(shape::is_annotation),
            (Kind::DiscussionEntry, Content::Values(values)) => values.iter().all(shape::is_line),
            (Kind::Presenter, Content::Values(values)) => values.iter().all(shape::is_presenter),
            (Kind::Hidden, Content::Values(values)) => values.iter().all(|any| *any == Any::Bool(true)),
            (Kind::AnnotationsEntry | Kind::DiscussionEntry, Content::Map)
            | (Kind::AnnotationsDeep | Kind::DiscussionDeep, _) => {
                plan.deep = true;
                true
            }
            _ => false,
        };
        if sound { Ok(()) } else { Err(Violation::Shape) }
    }

    /// Writes down where a block goes and how long it makes what it stands in.
    fn note(&self, plan: &mut Plan, client: u64, place: Place, block: &Block<'_>) {
        let BlockKind::Item {
            left,
            right,
            parent,
            key,
            content,
        } = &block.kind
        else {
            return;
        };
        let known = self.index.clock(client);
        let start = block.start.max(known);
        if *content == Content::Deleted {
            plan.stillborn.entry(client).or_default().push((start, block.end));
        } else if let Some(of) = place.parent
            && place.kind.length_max().is_some()
        {
            let (_, change) = plan.lengths.entry(of).or_insert((place.kind, Change::default()));
            change.more = change.more.saturating_add(block.end - start);
        }
        // What stands in something deleted has no order any more.
        let gone = |(client, clock): Id| self.index.alive(client, clock, clock + 1).is_empty();
        if place.kind == Kind::Gone || place.parent.is_some_and(gone) {
            return;
        }
        let (left, chain) = match parent {
            // The rest of an item that is here hangs behind its beginning.
            _ if block.start < known => (Some((client, known - 1)), None),
            Some(Parent::Root(root)) => (
                *left,
                Some(Chain::Root((*root).to_owned(), key.map(str::to_owned))),
            ),
            Some(Parent::Item(id)) => (*left, Some(Chain::Item(*id, key.map(str::to_owned)))),
            None => (*left, None),
        };
        plan.inserts.push(Insert {
            client,
            start,
            end: block.end,
            left,
            right: *right,
            chain,
        });
    }

    fn deletes(&self, plan: &mut Plan, deletes: &[(u64, u32, u32)]) -> Result<(), Violation> {
        let mut deletes = deletes.to_vec();
        deletes.sort_unstable();
        let mut last = (0, 0);
        for (client, start, end) in deletes {
            // No item is counted twice.
            let start = if last.0 == client {
                start.max(last.1)
            } else {
                start
            };
            if start >= end {
                continue;
            }
            last = (client, end);
            let known = self.index.clock(client);
            let planned = plan
                .new
                .get(&client)
                .and_then(|spans| spans.last())
                .map_or(known, |(end, _)| *end);
            if end > planned {
                return Err(Violation::Gap);
            }
            if end > known {
                // Its own new items: judged as such already.
                plan.deletes = true;
                shorten_new(plan, client, start.max(known), end);
            }
            for (from, to) in self.index.alive(client, start, end.min(known).max(start)) {
                if from == to {
                    continue;
                }
                plan.deletes = true;
                let pieces = self.index.spans(client).map(|spans| spans.pieces(from, to));
                for (from, to, place) in pieces.into_iter().flatten() {
                    self.delete_at(plan, client, place)?;
                    shorten(plan, place, to - from);
                }
            }
        }
        Ok(())
    }

    fn delete_at(&self, plan: &mut Plan, client: u64, place: Place) -> Result<(), Violation> {
        let Some((_, rights)) = self.author else {
            return Ok(());
        };
        if !self.owns(client) && !place.kind.is_session() {
            return Err(Violation::NotYours);
        }
        if !place.kind.allowed(rights) {
            return Err(Violation::NotAllowed);
        }
        plan.session |= place.kind.is_session();
        match place.kind {
            // What was said stays said.
            Kind::DiscussionEntry | Kind::DiscussionDeep => Err(Violation::NotAllowed),
            Kind::DiscussionKey if self.has_lines => Err(Violation::NotAllowed),
            Kind::AnnotationsDeep => {
                plan.deep = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn shorten(plan: &mut Plan, place: Place, by: u32) {
    if let Some(of) = place.parent
        && place.kind.length_max().is_some()
    {
        let (_, change) = plan.lengths.entry(of).or_insert((place.kind, Change::default()));
        change.fewer = change.fewer.saturating_add(by);
    }
}

/// New items that are deleted by the same update, but for those that came as deleted.
fn shorten_new(plan: &mut Plan, client: u64, start: u32, end: u32) {
    let stillborn = plan.stillborn.get(&client).map(Vec::as_slice).unwrap_or_default();
    let mut counted = Vec::new();
    let mut from = start;
    let first = stillborn.partition_point(|(_, stop)| *stop <= start);
    for (dead, stop) in stillborn.get(first..).unwrap_or_default() {
        if *dead >= end {
            break;
        }
        counted.push((from, *dead));
        from = from.max(*stop);
    }
    counted.push((from, end));
    let spans = plan.new.get(&client).map(Vec::as_slice).unwrap_or_default();
    let mut pieces = Vec::new();
    for (from, to) in counted {
        if from < to {
            pieces.extend(Spans::pieces_of(spans, from, to));
        }
    }
    for (from, to, place) in pieces {
        shorten(plan, place, to - from);
    }
}
