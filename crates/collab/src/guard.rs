//! The server's authority over a room document (`Room`): nobody changes what is another's, whatever
//! bytes arrive, and a refused update leaves no trace.
//!
//! An update is read by our own bounded reader, every item and deletion is placed and judged
//! ([`check`]), and only then yrs applies it. What yrs did is compared with the plan; when it differs,
//! leaves something pending or panics, the document is rebuilt from the last snapshot and the updates
//! since. What is stored and sent on is our own encoding of the change, never the client's bytes.

mod check;
mod digest;
mod limits;
mod order;
mod parse;
mod places;
mod prepare;
pub mod shape;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
};

use consilium_domain::{AccountId, permission::RoomRights};
use consilium_protocol::limits::{ROOM_DOCUMENT_BYTES, ROOM_FRAME_BYTES};
use thiserror::Error;
use yrs::{
    Array, ClientID, Map, Out, ReadTxn, StateVector, Transact, TransactionMut, Update, WriteTxn,
    updates::decoder::Decode,
};

pub use self::digest::{Standing, merge, with_newcomer};
use self::{
    check::{Check, Plan},
    order::{Misplaced, Orders},
    parse::parse,
    places::Index,
};
use crate::document::{ApplyError, Hidden, RoomDoc};

/// The id under which the server's copy would write; it never does.
const NOBODY: u64 = 0;
/// Updates kept beside the base before the base is made anew.
const TAIL_MAX: usize = 500;
/// Bytes kept beside a small base.
const TAIL_BYTES: usize = 256 * 1024;

/// Why an update was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Violation {
    /// Longer than a frame may be, or too many clients at once.
    #[error("too large")]
    TooLarge,
    /// The document would be larger than a room may be.
    #[error("the room is full")]
    Full,
    /// Not an update.
    #[error("not an update")]
    Malformed,
    /// Earlier changes are missing: not hostile, a new sync heals it.
    #[error("earlier changes are missing")]
    Gap,
    /// Written under a client id of somebody else.
    #[error("client id of somebody else")]
    ForeignClient,
    /// A root the document does not have, or one used as another type.
    #[error("unknown root")]
    UnknownRoot,
    /// Somebody else's place.
    #[error("not yours")]
    NotYours,
    /// One's own place, but the rights do not allow it now.
    #[error("not allowed")]
    NotAllowed,
    /// A value that has no business there.
    #[error("value of a wrong shape")]
    Shape,
    /// yrs did something else than planned.
    #[error("inconsistent update")]
    Inconsistent,
}

impl Violation {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "live.too_large",
            Self::Full => "live.full",
            Self::Malformed => "live.malformed",
            Self::Gap => "live.gap",
            Self::ForeignClient => "live.foreign_client",
            Self::UnknownRoot => "live.unknown_root",
            Self::NotYours => "live.not_yours",
            Self::NotAllowed => "live.not_allowed",
            Self::Shape => "live.shape",
            Self::Inconsistent => "live.inconsistent",
        }
    }
}

/// Stored history that does not make a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The snapshot cannot be read.
    #[error("snapshot cannot be read")]
    Snapshot,
    /// A stored update cannot be applied; its place after the snapshot, from 0.
    #[error("stored update {0} cannot be applied")]
    Update(usize),
    /// The result is not a room document.
    #[error("not a room document")]
    Document,
}

/// An accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Our own encoding (v1) of the change: store this, send this.
    pub update: Vec<u8>,
    /// Client ids to bind to the author together with it.
    pub new_clients: Vec<u64>,
    /// The client id of the change, the lowest when there are several; `None` for pure deletions.
    pub client: Option<u64>,
    /// What the lead did to all with it.
    pub acts: Vec<Act>,
}

/// An act of the lead that is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Somebody presents from now on, or nobody.
    Present(Option<AccountId>),
    /// Something was hidden.
    Hide(Hidden),
    /// Something hidden is shown again.
    Unhide(Hidden),
}

/// The server's copy of one room document.
pub struct Room {
    doc: RoomDoc,
    index: Index,
    orders: Orders,
    owners: HashMap<u64, AccountId>,
    /// Owners not stored yet.
    unstored: HashSet<u64>,
    /// Snapshot (v2) and updates since: what the document is rebuilt from.
    base: Vec<u8>,
    tail: Vec<Vec<u8>>,
    tail_bytes: usize,
    /// How many of the tail are durable.
    durable: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            doc: RoomDoc::new(NOBODY),
            index: Index::default(),
            orders: Orders::default(),
            owners: HashMap::new(),
            unstored: HashSet::new(),
            base: Vec::new(),
            tail: Vec::new(),
            tail_bytes: 0,
            durable: 0,
        }
    }
}

impl Room {
    /// An empty room.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A room from its latest snapshot (v2), the updates after it and the owners of client ids.
    ///
    /// # Errors
    /// The stored history does not make a document.
    pub fn load(
        snapshot: Option<&[u8]>,
        updates: Vec<Vec<u8>>,
        owners: impl IntoIterator<Item = (u64, AccountId)>,
    ) -> Result<Self, LoadError> {
        let mut room = Self {
            owners: owners.into_iter().collect(),
            base: snapshot.map(<[u8]>::to_vec).unwrap_or_default(),
            tail_bytes: updates.iter().map(Vec::len).sum(),
            durable: updates.len(),
            tail: updates,
            ..Self::default()
        };
        room.rebuild()?;
        Ok(room)
    }

    fn rebuild_document(&self, updates: usize) -> Result<RoomDoc, LoadError> {
        let doc = RoomDoc::new(NOBODY);
        let apply = |txn: &mut TransactionMut<'_>, update: Result<Update, yrs::encoding::read::Error>| {
            let applied = update.is_ok_and(|update| txn.apply_update(update).is_ok());
            applied && txn.prune_pending().is_none()
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            // One transaction: what a commit costs is paid once. As in `run`, a panic must not meet another one.
            let mut txn = ManuallyDrop::new(doc.doc().transact_mut());
            let base = self.base.is_empty() || apply(&mut txn, Update::decode_v2(&self.base));
            let mut tail = self.tail.iter().take(updates);
            let failed = tail.position(|update| !apply(&mut txn, Update::decode_v1(update)));
            drop(ManuallyDrop::into_inner(txn));
            match failed {
                _ if !base => Err(LoadError::Snapshot),
                Some(place) => Err(LoadError::Update(place)),
                None => Ok(()),
            }
        }));
        outcome.unwrap_or(Err(LoadError::Document)).map(|()| doc)
    }

    /// Document and index anew from base and tail.
    fn rebuild(&mut self) -> Result<(), LoadError> {
        self.doc = self.rebuild_document(self.tail.len())?;
        self.index = Index::default();
        let state = self.doc.encode();
        let parsed = parse(&state).map_err(|_| LoadError::Document)?;
        let check = Check {
            index: &self.index,
            owners: &self.owners,
            author: None,
            has_lines: false,
        };
        let plan = check.plan(&parsed).map_err(|_| LoadError::Document)?;
        for (client, new) in &plan.new {
            self.index.extend(*client, new);
        }
        for (of, (_, change)) in &plan.lengths {
            self.index.lengthen(*of, *change);
        }
        self.orders = Orders::default();
        self.orders.extend(&plan.inserts);
        let deleted = self.doc.doc().transact().snapshot().delete_set;
        for (client, ranges) in deleted.iter() {
            for range in ranges.iter() {
                self.index.delete(client.get(), range.start, range.end);
            }
        }
        Ok(())
    }

    /// Binds a client id to an account when nobody else has it.
    pub fn claim(&mut self, client: u64, account: AccountId) -> bool {
        let mut new = false;
        let owner = *self.owners.entry(client).or_insert_with(|| {
            new = true;
            account
        });
        if new {
            self.unstored.insert(client);
        }
        owner == account
    }

    /// Takes an update of `author` into the document, or leaves everything as it was. `None` when it
    /// changes nothing.
    ///
    /// # Errors
    /// The update is refused and left no trace.
    pub fn apply(
        &mut self,
        author: AccountId,
        rights: RoomRights,
        update: &[u8],
    ) -> Result<Option<Applied>, Violation> {
        if update.len() > ROOM_FRAME_BYTES {
            return Err(Violation::TooLarge);
        }
        let parsed = parse(update)?;
        let check = Check {
            index: &self.index,
            owners: &self.owners,
            author: Some((author, rights)),
            has_lines: self.lines_of(author) > 0,
        };
        let plan = check.plan(&parsed)?;
        if plan.is_empty() {
            return Ok(None);
        }
        if self.size() + update.len() > ROOM_DOCUMENT_BYTES {
            return Err(Violation::Full);
        }
        self.within_counts(author, &plan)?;
        self.orders
            .judge(&plan.inserts)
            .map_err(|misplaced| match misplaced {
                Misplaced::Forged => Violation::Malformed,
                Misplaced::TooMuch => Violation::TooLarge,
            })?;
        let session = plan.session.then(|| (self.doc.presenter(), self.doc.hidden()));
        let outcome = catch_unwind(AssertUnwindSafe(|| self.run(author, &plan, update)))
            .unwrap_or(Err(Violation::Inconsistent));
        match outcome {
            Ok((bytes, deleted)) => {
                let mut applied = self.accept(author, plan, bytes, deleted);
                if let Some((presenter, hidden)) = session {
                    applied.acts = self.acts_since(presenter, &hidden);
                }
                Ok(Some(applied))
            }
            Err(violation) => {
                self.orders.take_back();
                // The base and the tail were applied before; should they fail now, the document is as
                // the update left it, and the caller sees a violation either way.
                if let Ok(doc) = self.rebuild_document(self.tail.len()) {
                    self.doc = doc;
                }
                Err(violation)
            }
        }
    }

    /// Applies and compares with the plan; the document is dirty when this fails.
    #[expect(clippy::type_complexity, reason = "one caller, next to it")]
    fn run(
        &self,
        author: AccountId,
        plan: &Plan,
        update: &[u8],
    ) -> Result<(Vec<u8>, Vec<(u64, u32, u32)>), Violation> {
        let update = Update::decode_v1(update).map_err(|_| Violation::Malformed)?;
        // Dropping a transaction commits it. When yrs panics half way, committing would panic again and
        // end the process: leak the transaction instead, the document is thrown away.
        let mut txn = ManuallyDrop::new(self.doc.doc().transact_mut());
        let mut verdict = txn.apply_update(update).map_err(|_| Violation::Malformed);
        if txn.prune_pending().is_some() {
            verdict = verdict.and(Err(Violation::Gap));
        }
        let mut txn = ManuallyDrop::into_inner(txn);
        verdict?;
        self.inserted_as_planned(&txn, plan)?;
        self.within_limits(&txn, author, plan)?;
        txn.commit();
        let mut deleted = Vec::new();
        for (client, ranges) in txn.delete_set().iter() {
            let session = |start, end| {
                let places = self.index.spans(client.get()).into_iter();
                let mut places = places.flat_map(|spans| spans.between(start, end));
                places.all(|place| place.kind.is_session())
            };
            for range in ranges.iter() {
                let own = self
                    .owners
                    .get(&client.get())
                    .is_none_or(|owner| *owner == author);
                if !own && !session(range.start, range.end) {
                    return Err(Violation::NotYours);
                }
                deleted.push((client.get(), range.start, range.end));
            }
        }
        Ok((txn.encode_update_v1(), deleted))
    }

    fn inserted_as_planned(&self, txn: &TransactionMut<'_>, plan: &Plan) -> Result<(), Violation> {
        let mut clients = 0;
        for (client, ranges) in txn.insert_set().iter() {
            let start = self.index.clock(client.get());
            let end = plan
                .new
                .get(&client.get())
                .and_then(|spans| spans.last())
                .map(|(end, _)| *end);
            let mut at = start;
            for range in ranges.iter() {
                if range.start != at {
                    return Err(Violation::Inconsistent);
                }
                at = range.end;
            }
            if end != Some(at) {
                return Err(Violation::Inconsistent);
            }
            clients += 1;
        }
        if clients == plan.new.len() && txn.root_refs().count() == self.doc.roots().len() {
            Ok(())
        } else {
            Err(Violation::Inconsistent)
        }
    }

    fn accept(
        &mut self,
        author: AccountId,
        plan: Plan,
        update: Vec<u8>,
        deleted: Vec<(u64, u32, u32)>,
    ) -> Applied {
        let mut new_clients = Vec::new();
        for (client, new) in &plan.new {
            self.index.extend(*client, new);
            self.claim(*client, author);
            if self.unstored.contains(client) {
                new_clients.push(*client);
            }
        }
        for (of, (_, change)) in &plan.lengths {
            self.index.lengthen(*of, *change);
        }
        for (client, start, end) in deleted {
            self.index.delete(client, start, end);
        }
        self.tail_bytes += update.len();
        self.tail.push(update.clone());
        Applied {
            update,
            new_clients,
            client: plan.new.keys().next().copied(),
            acts: Vec::new(),
        }
    }

    fn acts_since(&self, presenter: Option<AccountId>, hidden: &BTreeSet<Hidden>) -> Vec<Act> {
        let now = self.doc.presenter();
        let there = self.doc.hidden();
        let presents = (now != presenter).then_some(Act::Present(now));
        let more = there.difference(hidden).cloned().map(Act::Hide);
        let fewer = hidden.difference(&there).cloned().map(Act::Unhide);
        presents.into_iter().chain(more).chain(fewer).collect()
    }

    /// The first `entries` accepted updates not yet durable are so now, with their client ids.
    pub fn confirm(&mut self, entries: usize, clients: &[u64]) {
        self.durable = self.durable.saturating_add(entries).min(self.tail.len());
        for client in clients {
            self.unstored.remove(client);
        }
        if self.durable == self.tail.len()
            && (self.tail.len() >= TAIL_MAX || self.tail_bytes > TAIL_BYTES.max(self.base.len()))
        {
            self.base = self.snapshot();
            self.tail.clear();
            self.tail_bytes = 0;
            self.durable = 0;
        }
    }

    /// Takes back every accepted update that is not durable.
    ///
    /// # Errors
    /// The durable history does not make a document.
    pub fn revert(&mut self) -> Result<(), LoadError> {
        if self.durable == self.tail.len() {
            return Ok(());
        }
        self.tail.truncate(self.durable);
        self.tail_bytes = self.tail.iter().map(Vec::len).sum();
        self.rebuild()
    }

    fn lines_of(&self, author: AccountId) -> u32 {
        let [_, _, discussion, ..] = self.doc.roots();
        let txn = self.doc.doc().transact();
        match discussion.get(&txn, &author.to_string()) {
            Some(Out::YArray(lines)) => lines.len(&txn),
            _ => 0,
        }
    }

    /// The document, to read.
    #[must_use]
    pub const fn document(&self) -> &RoomDoc {
        &self.doc
    }

    /// Encoded state vector (v1), for a sync step 1.
    #[must_use]
    pub fn state_vector(&self) -> Vec<u8> {
        self.doc.state_vector()
    }

    /// What a peer with this state vector lacks (v1), for a sync step 2.
    ///
    /// # Errors
    /// The bytes are not a state vector.
    pub fn missing_for(&self, state_vector: &[u8]) -> Result<Vec<u8>, ApplyError> {
        self.doc.missing_for(state_vector)
    }

    /// The whole document (v1), for a peer that has nothing.
    #[must_use]
    pub fn whole(&self) -> Vec<u8> {
        self.doc.encode()
    }

    /// The whole document (v2), to store.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        self.doc.doc().transact().encode_diff_v2(&StateVector::default())
    }

    /// The durable part of the document (v2), to store.
    ///
    /// # Errors
    /// The durable history does not make a document.
    pub fn durable_snapshot(&self) -> Result<Vec<u8>, LoadError> {
        if self.durable == self.tail.len() {
            return Ok(self.snapshot());
        }
        let doc = self.rebuild_document(self.durable)?;
        let txn = doc.doc().transact();
        Ok(txn.encode_diff_v2(&StateVector::default()))
    }

    /// Bytes the room takes, roughly: what it would be rebuilt from.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.base.len() + self.tail_bytes
    }

    /// Clock of a client: how much of it the document has.
    #[must_use]
    pub fn clock(&self, client: u64) -> u32 {
        let vector = self.doc.doc().transact().state_vector();
        vector.get(&ClientID::new(client & ((1 << 53) - 1)))
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room")
            .field("owners", &self.owners.len())
            .field("bytes", &self.size())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
