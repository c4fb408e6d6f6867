//! The log of a room read back: its entries with their chain verified, and the document after any of them.
//! Only what is durable is in it, and nothing ever leaves it: snapshots stand beside the log.

use consilium_collab::history::Replay;
use consilium_domain::ConsultationId;
use consilium_storage::{LogEntry, Room, RoomKey};

use super::{LiveError, Rooms, history::is_linked};

/// Entries read at a time.
const PAGE: u64 = 500;

/// A piece of a room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Life of the document; 0 when nobody was ever in the room.
    pub epoch: i64,
    /// Number of the newest entry.
    pub seq: i64,
    /// The entries asked for, in order.
    pub entries: Vec<LogEntry>,
}

/// Follows the chain of a log.
struct Chain {
    room: Room,
    seq: i64,
    /// `None` until an entry tells what came before it.
    head: Option<[u8; 32]>,
}

impl Chain {
    fn at(room: Room, seq: i64) -> Self {
        Self {
            room,
            seq,
            head: (seq == 0).then_some([0; 32]),
        }
    }

    fn follow(&mut self, entry: &LogEntry) -> Result<(), LiveError> {
        let follows = entry.seq == self.seq + 1 && self.head.is_none_or(|head| head == entry.prev_hash);
        let ends = entry.seq < self.room.seq || entry.hash == self.room.head;
        if !follows || !ends || !is_linked(entry) {
            return Err(LiveError::Damaged(format!("entry {} does not follow", entry.seq)));
        }
        self.seq = entry.seq;
        self.head = Some(entry.hash);
        Ok(())
    }
}

impl Rooms {
    /// At most `limit` entries of the shared document's log after number `after`, their chain verified
    /// from the entry before them on.
    ///
    /// # Errors
    /// [`LiveError::Damaged`] when the chain does not hold, or the store fails.
    pub async fn history(
        &self,
        consultation: ConsultationId,
        after: i64,
        limit: u64,
    ) -> Result<Log, LiveError> {
        let key = RoomKey::shared(consultation);
        let reader = self.0.store.reader();
        let Some(room) = reader.room(key).await? else {
            return Ok(Log {
                epoch: 0,
                seq: 0,
                entries: Vec::new(),
            });
        };
        let after = after.clamp(0, room.seq);
        // The entry before is read as well: its hash is what the first one must point at.
        let known = (after - 1).max(0);
        let wanted = limit.saturating_add(u64::from(after > 0));
        let mut entries = reader.log_after(key, room.epoch, known, wanted).await?;
        // What was appended since the room was read is for the next question.
        entries.retain(|entry| entry.seq <= room.seq);
        let (epoch, seq) = (room.epoch, room.seq);
        let mut chain = Chain::at(room, known);
        for entry in &entries {
            chain.follow(entry)?;
        }
        let expected = seq.min(after.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX)));
        if chain.seq != expected {
            return Err(LiveError::Damaged(format!("entry {} is missing", chain.seq + 1)));
        }
        entries.retain(|entry| entry.seq > after);
        Ok(Log { epoch, seq, entries })
    }

    /// The shared document as it was after entry `seq` (v1, the same bytes each time), built from the
    /// whole log with its chain verified; `None` when there is no such entry.
    ///
    /// # Errors
    /// As [`Rooms::history`].
    pub async fn state_at(
        &self,
        consultation: ConsultationId,
        seq: i64,
    ) -> Result<Option<Vec<u8>>, LiveError> {
        let _one_of_few = self.0.replays.acquire().await.map_err(|_| LiveError::Closed)?;
        let key = RoomKey::shared(consultation);
        let reader = self.0.store.reader();
        let Some(room) = reader
            .room(key)
            .await?
            .filter(|room| (0..=room.seq).contains(&seq))
        else {
            return Ok(None);
        };
        let epoch = room.epoch;
        let mut chain = Chain::at(room, 0);
        let mut replay = Replay::default();
        while chain.seq < seq {
            let mut page = reader.log_after(key, epoch, chain.seq, PAGE).await?;
            page.retain(|entry| entry.seq <= seq);
            if page.is_empty() {
                return Err(LiveError::Damaged(format!("entry {} is missing", chain.seq + 1)));
            }
            for entry in &page {
                chain.follow(entry)?;
            }
            let next = tokio::task::spawn_blocking(move || {
                for entry in &page {
                    let damaged = |error| LiveError::Damaged(format!("entry {}: {error}", entry.seq));
                    replay.apply(&entry.update).map_err(damaged)?;
                }
                Ok::<_, LiveError>(replay)
            });
            replay = next.await.map_err(|_| LiveError::Closed)??;
        }
        let state = tokio::task::spawn_blocking(move || replay.state())
            .await
            .map_err(|_| LiveError::Closed)?
            .map_err(|error| LiveError::Damaged(error.to_string()))?;
        Ok(Some(state))
    }
}
