//! The room document: fixed roots whose keys carry the owner, as any Yjs client sees them.
//!
//! ```text
//! annotations  map  user id -> map annotation id -> {kind, image, points, label, at_ms}
//! opinions     map  user id -> text
//! discussion   map  user id -> array of {id, text, at_ms, reply_to, mentions, cites}
//! session      map  "presenter" -> user id
//!                   "hidden/{annotation|line}/{user id}/{id}" -> true
//! notes        map  user id -> text; only in the private document of that user
//! ```
//! Readers skip what they do not understand: other clients write here too.

pub(crate) mod diff;
mod session;
pub(crate) mod value;

pub use self::session::{Hidden, HiddenKind};
use consilium_domain::AccountId;
use consilium_protocol::live::{Annotation, DiscussionLine};
use thiserror::Error;
use yrs::{
    Array, ArrayRef, ClientID, Doc, GetString, Map, MapRef, OffsetKind, Options, Out, ReadTxn, StateVector,
    Text, TextRef, Transact, TransactionMut, Update,
    updates::{decoder::Decode, encoder::Encode},
};

/// Root map of finished annotations.
pub const ANNOTATIONS: &str = "annotations";
/// Root map of draft opinions.
pub const OPINIONS: &str = "opinions";
/// Root map of discussion lines.
pub const DISCUSSION: &str = "discussion";
/// Root map of what the lead sets for all.
pub const SESSION: &str = "session";
/// Key in [`SESSION`]: account id of the presenter.
pub const PRESENTER: &str = "presenter";
/// Root map of private notes.
pub const NOTES: &str = "notes";
/// The roots; there are no others.
pub const ROOTS: [&str; 5] = [ANNOTATIONS, OPINIONS, DISCUSSION, SESSION, NOTES];

/// An update that cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// Bytes are not an update.
    #[error("not an update")]
    Malformed,
    /// Changes it builds on are missing: ask for a new sync.
    #[error("earlier changes are missing")]
    Missing,
}

/// An annotation with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedAnnotation {
    /// Author.
    pub author: AccountId,
    /// Id, unique for the author.
    pub id: String,
    /// The annotation.
    pub annotation: Annotation,
}

/// A copy of the room document.
pub struct RoomDoc {
    doc: Doc,
    annotations: MapRef,
    opinions: MapRef,
    discussion: MapRef,
    session: MapRef,
    notes: MapRef,
}

impl RoomDoc {
    /// An empty document that writes as `client_id` (at most 53 bits).
    #[must_use]
    pub fn new(client_id: u64) -> Self {
        let mut options =
            Options::with_guid_and_client_id("room".into(), ClientID::new(client_id & ((1 << 53) - 1)));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        Self {
            annotations: doc.get_or_insert_map(ANNOTATIONS),
            opinions: doc.get_or_insert_map(OPINIONS),
            discussion: doc.get_or_insert_map(DISCUSSION),
            session: doc.get_or_insert_map(SESSION),
            notes: doc.get_or_insert_map(NOTES),
            doc,
        }
    }

    /// The document below, for reading and for tests.
    #[must_use]
    pub const fn doc(&self) -> &Doc {
        &self.doc
    }

    /// The id under which this copy writes.
    #[must_use]
    pub fn client_id(&self) -> u64 {
        self.doc.client_id().get()
    }

    /// The state vector, encoded (v1).
    #[must_use]
    pub fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// What a peer with this encoded state vector lacks (v1).
    ///
    /// # Errors
    /// The bytes are not a state vector.
    pub fn missing_for(&self, state_vector: &[u8]) -> Result<Vec<u8>, ApplyError> {
        let vector = decode_state_vector(state_vector)?;
        Ok(self.doc.transact().encode_diff_v1(&vector))
    }

    /// The whole document (v1).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(&StateVector::default())
    }

    /// Applies a v1 update from a trusted peer (the server); `true` when something changed.
    ///
    /// # Errors
    /// Not an update, or it builds on changes that are not here.
    pub fn apply(&self, update: &[u8]) -> Result<bool, ApplyError> {
        let update = Update::decode_v1(update).map_err(|_| ApplyError::Malformed)?;
        let mut txn = self.doc.transact_mut();
        txn.apply_update(update).map_err(|_| ApplyError::Malformed)?;
        let missing = {
            use yrs::WriteTxn;
            txn.prune_pending().is_some()
        };
        let changed = txn.has_changes();
        drop(txn);
        if missing {
            Err(ApplyError::Missing)
        } else {
            Ok(changed)
        }
    }

    /// All annotations, by author and id.
    #[must_use]
    pub fn annotations(&self) -> Vec<PlacedAnnotation> {
        let txn = self.doc.transact();
        let mut all = Vec::new();
        for (author, out) in owned(&self.annotations, &txn) {
            let Out::YMap(map) = out else { continue };
            for (id, out) in map.iter(&txn) {
                let read = value::plain(&out, &txn).and_then(|any| value::annotation(&any));
                if let Some(annotation) = read {
                    all.push(PlacedAnnotation {
                        author,
                        id: id.to_string(),
                        annotation,
                    });
                }
            }
        }
        all.sort_by(|a, b| (a.author, &a.id).cmp(&(b.author, &b.id)));
        all
    }

    /// One annotation.
    #[must_use]
    pub fn annotation(&self, author: AccountId, id: &str) -> Option<Annotation> {
        let txn = self.doc.transact();
        let Out::YMap(map) = self.annotations.get(&txn, &author.to_string())? else {
            return None;
        };
        value::annotation(&value::plain(&map.get(&txn, id)?, &txn)?)
    }

    /// All draft opinions, by author; authors without a text have no entry.
    #[must_use]
    pub fn opinions(&self) -> Vec<(AccountId, String)> {
        let txn = self.doc.transact();
        let mut all: Vec<_> = owned(&self.opinions, &txn)
            .filter_map(|(author, out)| match out {
                Out::YText(text) => Some((author, text.get_string(&txn))),
                _ => None,
            })
            .filter(|(_, text)| !text.is_empty())
            .collect();
        all.sort_by_key(|(author, _)| *author);
        all
    }

    /// One author's draft opinion; empty when there is none.
    #[must_use]
    pub fn opinion(&self, author: AccountId) -> String {
        let txn = self.doc.transact();
        match self.opinions.get(&txn, &author.to_string()) {
            Some(Out::YText(text)) => text.get_string(&txn),
            _ => String::new(),
        }
    }

    /// The whole discussion by time, then author, then id.
    #[must_use]
    pub fn discussion(&self) -> Vec<(AccountId, DiscussionLine)> {
        let txn = self.doc.transact();
        let mut all = Vec::new();
        for (author, out) in owned(&self.discussion, &txn) {
            let Out::YArray(lines) = out else { continue };
            all.extend(
                lines
                    .iter(&txn)
                    .filter_map(|out| value::plain(&out, &txn))
                    .filter_map(|any| value::line(&any))
                    .map(|line| (author, line)),
            );
        }
        all.sort_by(|(a, x), (b, y)| (x.at_ms, a, &x.id).cmp(&(y.at_ms, b, &y.id)));
        all
    }

    /// The private notes of somebody; empty when there are none.
    #[must_use]
    pub fn notes(&self, author: AccountId) -> String {
        let txn = self.doc.transact();
        match self.notes.get(&txn, &author.to_string()) {
            Some(Out::YText(text)) => text.get_string(&txn),
            _ => String::new(),
        }
    }

    /// Writes `me`'s annotation, new or changed. Writers return the v1 update to send, `None` when
    /// nothing changed.
    pub fn put_annotation(&self, me: AccountId, id: &str, annotation: &Annotation) -> Option<Vec<u8>> {
        let value = value::to_any(annotation);
        self.write(|txn| {
            let mine: MapRef = self.annotations.get_or_init(txn, me.to_string());
            mine.try_update(txn, id, value);
        })
    }

    /// Removes `me`'s annotation.
    pub fn remove_annotation(&self, me: AccountId, id: &str) -> Option<Vec<u8>> {
        self.write(|txn| {
            if let Some(Out::YMap(mine)) = self.annotations.get(txn, &me.to_string()) {
                mine.remove(txn, id);
            }
        })
    }

    /// Makes `me`'s draft opinion read `text` by one replacement in the middle.
    pub fn set_opinion(&self, me: AccountId, text: &str) -> Option<Vec<u8>> {
        self.set_text(&self.opinions, me, text)
    }

    /// Makes `me`'s private notes read `text` by one replacement in the middle.
    pub fn set_notes(&self, me: AccountId, text: &str) -> Option<Vec<u8>> {
        self.set_text(&self.notes, me, text)
    }

    fn set_text(&self, root: &MapRef, me: AccountId, text: &str) -> Option<Vec<u8>> {
        self.write(|txn| {
            let existing = root.get(txn, &me.to_string());
            if text.is_empty() && existing.is_none() {
                return;
            }
            let mine: TextRef = root.get_or_init(txn, me.to_string());
            let old = mine.get_string(txn);
            if let Some(r) = diff::replace(&old, text) {
                if r.remove > 0 {
                    mine.remove_range(txn, r.at, r.remove);
                }
                if !r.insert.is_empty() {
                    mine.insert(txn, r.at, r.insert);
                }
            }
        })
    }

    /// Appends `me`'s discussion line.
    pub fn say(&self, me: AccountId, line: &DiscussionLine) -> Option<Vec<u8>> {
        let value = value::to_any(line);
        self.write(|txn| {
            let mine: ArrayRef = self.discussion.get_or_init(txn, me.to_string());
            mine.push_back(txn, value);
        })
    }

    /// Creates `me`'s containers where they are missing, so that two pages of one person never create
    /// them at the same time and lose one of the two.
    pub fn prepare(&self, me: AccountId) -> Option<Vec<u8>> {
        let key = me.to_string();
        self.write(|txn| {
            if self.annotations.get(txn, &key).is_none() {
                let _: MapRef = self.annotations.get_or_init(txn, key.as_str());
            }
            if self.opinions.get(txn, &key).is_none() {
                let _: TextRef = self.opinions.get_or_init(txn, key.as_str());
            }
            if self.discussion.get(txn, &key).is_none() {
                let _: ArrayRef = self.discussion.get_or_init(txn, key.as_str());
            }
        })
    }

    fn write(&self, change: impl FnOnce(&mut TransactionMut<'_>)) -> Option<Vec<u8>> {
        let mut txn = self.doc.transact_mut();
        change(&mut txn);
        if !txn.has_changes() {
            return None;
        }
        txn.commit();
        Some(txn.encode_update_v1())
    }

    pub(crate) const fn roots(&self) -> [&MapRef; 5] {
        [
            &self.annotations,
            &self.opinions,
            &self.discussion,
            &self.session,
            &self.notes,
        ]
    }
}

impl std::fmt::Debug for RoomDoc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoomDoc")
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}

/// Entries of a root map whose key is an account id in its one canonical form.
fn owned<'a, T: ReadTxn>(map: &'a MapRef, txn: &'a T) -> impl Iterator<Item = (AccountId, Out)> + 'a {
    map.iter(txn)
        .filter_map(|(key, out)| Some((owner_key(key)?, out)))
}

/// The account a root key stands for.
pub(crate) fn owner_key(key: &str) -> Option<AccountId> {
    let account: AccountId = key.parse().ok()?;
    (account.to_string() == key).then_some(account)
}

/// Reads an encoded state vector, bounded by its own length.
pub(crate) fn decode_state_vector(bytes: &[u8]) -> Result<StateVector, ApplyError> {
    let mut reader = crate::wire::Reader::new(bytes);
    let count = reader.count(2).map_err(|_| ApplyError::Malformed)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let client = reader.var().map_err(|_| ApplyError::Malformed)?;
        let clock = reader.var_u32().map_err(|_| ApplyError::Malformed)?;
        entries.push((ClientID::new(client), clock));
    }
    if reader.is_empty() {
        Ok(entries.into_iter().collect())
    } else {
        Err(ApplyError::Malformed)
    }
}

#[cfg(test)]
mod tests;
