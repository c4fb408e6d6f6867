//! A room's history in the store: loading it, and the hash that links its entries.

use consilium_collab::guard::Room;
use consilium_domain::{AccountId, Timestamp};
use consilium_storage::{LogEntry, RoomKey, StoreError};
use sha2::{Digest as _, Sha256};

use super::{LiveError, Rooms};

/// Entries read at a time.
const PAGE: u64 = 500;

/// A room as the store has it.
pub(super) struct Loaded {
    pub(super) room: Room,
    pub(super) epoch: i64,
    pub(super) seq: i64,
    pub(super) head: [u8; 32],
    /// Entries after the snapshot.
    pub(super) since_snapshot: u64,
}

/// Place of an entry in the history.
pub(super) struct Place {
    pub(super) key: RoomKey,
    pub(super) epoch: i64,
    pub(super) seq: i64,
    pub(super) author: AccountId,
    pub(super) client_id: i64,
    pub(super) at: Timestamp,
}

/// Hash of an entry: everything in it and the hash of the one before.
pub(super) fn hash(prev: &[u8; 32], place: &Place, update: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    match place.key.owner {
        None => hasher.update(b"consilium room log 1"),
        Some(owner) => {
            hasher.update(b"consilium private log 1");
            hasher.update(owner.0.as_bytes());
        }
    }
    hasher.update(prev);
    hasher.update(place.key.consultation.0.as_bytes());
    hasher.update(place.epoch.to_be_bytes());
    hasher.update(place.seq.to_be_bytes());
    hasher.update(place.author.0.as_bytes());
    hasher.update(place.client_id.to_be_bytes());
    hasher.update(place.at.ms().to_be_bytes());
    hasher.update(update);
    hasher.finalize().into()
}

/// Whether the hash of an entry is that of what is in it.
pub(super) fn is_linked(entry: &LogEntry) -> bool {
    let place = Place {
        key: entry.key,
        epoch: entry.epoch,
        seq: entry.seq,
        author: entry.author,
        client_id: entry.client_id,
        at: entry.at,
    };
    hash(&entry.prev_hash, &place, &entry.update) == entry.hash
}

/// Reads a room: its latest snapshot and what follows; opens its log when nobody was ever here.
pub(super) async fn load(rooms: &Rooms, key: RoomKey) -> Result<Loaded, LiveError> {
    let store = &rooms.0.store;
    let reader = store.reader();
    let stored = match reader.room(key).await? {
        Some(stored) => stored,
        None => open(rooms, key).await?,
    };
    let snapshot = reader
        .latest_snapshot(key)
        .await?
        .filter(|snapshot| snapshot.epoch == stored.epoch && snapshot.seq <= stored.seq);
    let from = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
    let mut updates = Vec::new();
    let mut seq = from;
    let mut head = None;
    while seq < stored.seq {
        let page = reader.log_after(key, stored.epoch, seq, PAGE).await?;
        if page.is_empty() {
            return Err(LiveError::Damaged(format!("entry {} is missing", seq + 1)));
        }
        for entry in page {
            // Entries appended since the room row was read belong to somebody else's life of the room.
            if entry.seq > stored.seq {
                break;
            }
            let follows = entry.seq == seq + 1 && head.is_none_or(|head| head == entry.prev_hash);
            if !follows || !is_linked(&entry) {
                return Err(LiveError::Damaged(format!("entry {} does not follow", entry.seq)));
            }
            seq = entry.seq;
            head = Some(entry.hash);
            updates.push(entry.update);
        }
    }
    if head.is_some_and(|head| head != stored.head) {
        return Err(LiveError::Damaged("the last entry is not the head".to_owned()));
    }
    let owners = reader.client_owners(key).await?;
    let since_snapshot = u64::try_from(updates.len()).unwrap_or(u64::MAX);
    let room = tokio::task::spawn_blocking(move || {
        let owners = owners
            .into_iter()
            .filter_map(|(client, account)| Some((u64::try_from(client).ok()?, account)));
        Room::load(
            snapshot.as_ref().map(|snapshot| snapshot.state.as_slice()),
            updates,
            owners,
        )
    })
    .await
    .map_err(|_| LiveError::Closed)?
    .map_err(|error| LiveError::Damaged(error.to_string()))?;
    Ok(Loaded {
        room,
        epoch: stored.epoch,
        seq: stored.seq,
        head: stored.head,
        since_snapshot,
    })
}

async fn open(rooms: &Rooms, key: RoomKey) -> Result<consilium_storage::Room, LiveError> {
    // A life of the document that differs from any earlier one of this consultation.
    let epoch = rooms.now().ms().max(1);
    let mut tx = rooms.0.store.begin().await?;
    if let Some(stored) = tx.room(key).await? {
        return Ok(stored);
    }
    match tx.create_room(key, epoch).await {
        Ok(stored) => {
            tx.commit_technical().await?;
            Ok(stored)
        }
        Err(error @ StoreError::Conflict(_)) => {
            drop(tx);
            rooms.0.store.reader().room(key).await?.ok_or(error.into())
        }
        Err(error) => Err(error.into()),
    }
}
