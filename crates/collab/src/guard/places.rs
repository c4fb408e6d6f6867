//! Where each item of the history stands in the document, by client and clock: what the guard needs to
//! decide on an update before it touches the document.

use std::collections::HashMap;

use consilium_domain::permission::RoomRights;

use super::{parse::Id, shape};
use crate::document;

/// The kind of place an item stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Collected: it was deleted and nobody knows where it stood.
    Gone,
    /// Value under the key of the presenter in `session`.
    Presenter,
    /// Value under the key of something hidden in `session`.
    Hidden,
    /// Somebody's text in `notes`.
    NotesKey,
    /// Characters of notes.
    NotesText,
    /// Somebody's map in `annotations`.
    AnnotationsKey,
    /// One annotation.
    AnnotationsEntry,
    /// Inside an annotation that is a shared map.
    AnnotationsDeep,
    /// Somebody's text in `opinions`.
    OpinionsKey,
    /// Characters of an opinion.
    OpinionsText,
    /// Somebody's array in `discussion`.
    DiscussionKey,
    /// One line.
    DiscussionEntry,
    /// Inside a line that is a shared map.
    DiscussionDeep,
}

impl Kind {
    /// The place directly under a root. Keys of `session` that nobody knows are no place.
    pub(super) fn under_root(root: &str, key: &str) -> Option<Self> {
        match root {
            document::SESSION if key == document::PRESENTER => Some(Self::Presenter),
            document::SESSION => document::Hidden::from_key(key).map(|_| Self::Hidden),
            document::NOTES => Some(Self::NotesKey),
            document::ANNOTATIONS => Some(Self::AnnotationsKey),
            document::OPINIONS => Some(Self::OpinionsKey),
            document::DISCUSSION => Some(Self::DiscussionKey),
            _ => None,
        }
    }

    /// The place inside a shared type that stands here.
    pub(super) const fn inside(self) -> Option<Self> {
        match self {
            Self::Gone => Some(Self::Gone),
            Self::AnnotationsKey => Some(Self::AnnotationsEntry),
            Self::AnnotationsEntry | Self::AnnotationsDeep => Some(Self::AnnotationsDeep),
            Self::OpinionsKey => Some(Self::OpinionsText),
            Self::DiscussionKey => Some(Self::DiscussionEntry),
            Self::DiscussionEntry | Self::DiscussionDeep => Some(Self::DiscussionDeep),
            Self::NotesKey => Some(Self::NotesText),
            Self::Presenter | Self::Hidden | Self::OpinionsText | Self::NotesText => None,
        }
    }

    /// Whether this is the lead's, whoever of the lead wrote it.
    pub(super) const fn is_session(self) -> bool {
        matches!(self, Self::Presenter | Self::Hidden)
    }

    /// How many units or entries a shared type may have whose content stands here; nothing for types that
    /// are not counted so.
    pub(super) const fn length_max(self) -> Option<u32> {
        match self {
            Self::OpinionsText => Some(shape::OPINION_UNITS_MAX),
            Self::NotesText => Some(shape::NOTES_UNITS_MAX),
            Self::DiscussionEntry => Some(shape::LINES_MAX),
            _ => None,
        }
    }

    /// Whether the rights allow a change here.
    pub(super) const fn allowed(self, rights: RoomRights) -> bool {
        match self {
            Self::Gone => rights.annotate || rights.opine || rights.discuss || rights.preside || rights.notes,
            Self::Presenter | Self::Hidden => rights.preside,
            Self::NotesKey | Self::NotesText => rights.notes,
            Self::AnnotationsKey | Self::AnnotationsEntry | Self::AnnotationsDeep => rights.annotate,
            Self::OpinionsKey | Self::OpinionsText => rights.opine,
            Self::DiscussionKey | Self::DiscussionEntry | Self::DiscussionDeep => rights.discuss,
        }
    }
}

/// A place: its kind and the shared type it is in, `None` for a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) parent: Option<Id>,
}

impl Place {
    pub(super) const GONE: Self = Self {
        kind: Kind::Gone,
        parent: None,
    };
}

/// The items of one client from clock 0 on, without holes.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    /// End clock (exclusive) and place; each starts where the one before ends.
    ends: Vec<(u32, Place)>,
}

impl Spans {
    pub(super) fn clock(&self) -> u32 {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    /// Adds what follows up to `end`.
    pub(super) fn push(&mut self, end: u32, place: Place) {
        match self.ends.last_mut() {
            Some((last, known)) if *known == place => *last = end,
            _ => self.ends.push((end, place)),
        }
    }

    pub(super) fn at(&self, clock: u32) -> Option<Place> {
        let index = self.ends.partition_point(|(end, _)| *end <= clock);
        self.ends.get(index).map(|(_, place)| *place)
    }

    /// The places between two clocks.
    pub(super) fn between(&self, start: u32, end: u32) -> impl Iterator<Item = Place> + '_ {
        self.pieces(start, end).map(|(.., place)| place)
    }

    /// The places between two clocks, each with the part that stands there.
    pub(super) fn pieces(&self, start: u32, end: u32) -> impl Iterator<Item = (u32, u32, Place)> + '_ {
        Self::pieces_of(&self.ends, start, end)
    }

    /// The same of a list of end clocks and places.
    pub(super) fn pieces_of(
        ends: &[(u32, Place)],
        start: u32,
        end: u32,
    ) -> impl Iterator<Item = (u32, u32, Place)> + '_ {
        let index = ends.partition_point(|(stop, _)| *stop <= start);
        let mut from = start;
        ends.get(index..)
            .unwrap_or_default()
            .iter()
            .map_while(move |(stop, place)| {
                let piece = (from, (*stop).min(end), *place);
                let within = from < end;
                from = *stop;
                within.then_some(piece)
            })
    }
}

/// Sorted clock ranges, `[start, end)`, that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    pub(super) fn insert(&mut self, start: u32, end: u32) {
        let first = self.0.partition_point(|(_, e)| *e < start);
        let last = self.0.partition_point(|(s, _)| *s <= end);
        let mut merged = (start, end);
        for (s, e) in self.0.get(first..last).unwrap_or_default() {
            merged = (merged.0.min(*s), merged.1.max(*e));
        }
        self.0.splice(first..last, [merged]);
    }

    /// The parts of `[start, end)` that are not in here.
    pub(super) fn missing(&self, start: u32, end: u32) -> Vec<(u32, u32)> {
        let mut missing = Vec::new();
        let mut from = start;
        let first = self.0.partition_point(|(_, e)| *e <= start);
        for (s, e) in self.0.get(first..).unwrap_or_default() {
            if *s >= end {
                break;
            }
            if from < *s {
                missing.push((from, *s));
            }
            from = from.max(*e);
        }
        if from < end {
            missing.push((from, end));
        }
        missing
    }
}

/// How a length changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) more: u32,
    pub(super) fewer: u32,
}

impl Change {
    pub(super) const fn on(self, length: u32) -> u32 {
        length.saturating_add(self.more).saturating_sub(self.fewer)
    }
}

/// All clients.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    spans: HashMap<u64, Spans>,
    deleted: HashMap<u64, Ranges>,
    /// Units or entries not deleted, of the types that have a limit.
    lengths: HashMap<Id, u32>,
}

impl Index {
    pub(super) fn clock(&self, client: u64) -> u32 {
        self.spans.get(&client).map_or(0, Spans::clock)
    }

    pub(super) fn at(&self, (client, clock): Id) -> Option<Place> {
        self.spans.get(&client)?.at(clock)
    }

    pub(super) fn spans(&self, client: u64) -> Option<&Spans> {
        self.spans.get(&client)
    }

    /// The parts of a range that are not deleted yet.
    pub(super) fn alive(&self, client: u64, start: u32, end: u32) -> Vec<(u32, u32)> {
        self.deleted
            .get(&client)
            .map_or_else(|| vec![(start, end)], |ranges| ranges.missing(start, end))
    }

    /// Takes over the new items of a client: the spans begin at its clock.
    pub(super) fn extend(&mut self, client: u64, new: &[(u32, Place)]) {
        let spans = self.spans.entry(client).or_default();
        for (end, place) in new {
            spans.push(*end, *place);
        }
    }

    pub(super) fn length(&self, of: Id) -> u32 {
        self.lengths.get(&of).copied().unwrap_or(0)
    }

    pub(super) fn lengthen(&mut self, of: Id, by: Change) {
        let length = self.lengths.entry(of).or_default();
        *length = by.on(*length);
    }

    pub(super) fn delete(&mut self, client: u64, start: u32, end: u32) {
        self.deleted.entry(client).or_default().insert(start, end);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_are_a_set(inserts in proptest::collection::vec((0_u32..60, 1_u32..9), 0..20), (start, len) in (0_u32..60, 1_u32..20)) {
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            for (s, l) in inserts {
                ranges.insert(s, s + l);
                set.extend(s..s + l);
            }
            prop_assert!(ranges.0.windows(2).all(|w| w[0].1 < w[1].0));
            let missing: Vec<u32> = ranges.missing(start, start + len).into_iter().flat_map(|(s, e)| s..e).collect();
            let expected: Vec<u32> = (start..start + len).filter(|c| !set.contains(c)).collect();
            prop_assert_eq!(missing, expected);
        }
    }

    #[test]
    fn spans_answer_by_clock() {
        let place = |kind| Place { kind, parent: None };
        let mut spans = Spans::default();
        spans.push(2, place(Kind::Presenter));
        spans.push(3, place(Kind::Presenter));
        spans.push(7, place(Kind::OpinionsText));
        assert_eq!(spans.clock(), 7);
        assert_eq!(spans.at(2), Some(place(Kind::Presenter)));
        assert_eq!(spans.at(3), Some(place(Kind::OpinionsText)));
        assert_eq!(spans.at(7), None);
        assert_eq!(spans.between(2, 4).count(), 2);
        assert_eq!(
            spans.between(3, 7).collect::<Vec<_>>(),
            [place(Kind::OpinionsText)]
        );
        assert_eq!(spans.between(0, 3).collect::<Vec<_>>(), [place(Kind::Presenter)]);
    }
}
