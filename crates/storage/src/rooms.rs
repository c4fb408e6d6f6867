//! Live rooms: an append-only log of updates, snapshots, and who writes under which client id. What the
//! updates and snapshots hold is sealed, each for its own place in the log.
//!
//! A consultation has one shared document and one private document for each person who wants one; they
//! are rooms of their own ([`RoomKey`]).

use std::collections::BTreeMap;

use consilium_domain::{AccountId, ConsultationId, Timestamp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    prelude::Uuid,
    sea_query::{Alias, Expr, IntoIden as _, OnConflict, Query, TableRef, ValueTuple},
};

use crate::{
    Reader, Result, StoreError, WriteTx, convert,
    entity::{log_entry, room, room_client, snapshot},
};

const LOG: &str = "room_log";
const SNAPSHOTS: &str = "room_snapshots";
/// Name of the list of values in the statement that moves heads.
const RUNS: &str = "runs";

/// Which document of a consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomKey {
    /// Consultation.
    pub consultation: ConsultationId,
    /// Whose private document it is; `None` for the shared one.
    pub owner: Option<AccountId>,
}

impl RoomKey {
    /// The document all in the room share.
    #[must_use]
    pub const fn shared(consultation: ConsultationId) -> Self {
        Self {
            consultation,
            owner: None,
        }
    }

    /// Somebody's private document.
    #[must_use]
    pub const fn private(consultation: ConsultationId, owner: AccountId) -> Self {
        Self {
            consultation,
            owner: Some(owner),
        }
    }

    /// What stands in the `owner` columns: all zeros for the shared document, since keys have no nulls.
    fn owner_column(self) -> Uuid {
        self.owner.map_or(Uuid::nil(), |owner| owner.0)
    }
}

impl From<ConsultationId> for RoomKey {
    fn from(consultation: ConsultationId) -> Self {
        Self::shared(consultation)
    }
}

/// `{consultation}`, or `{consultation}/{owner}`.
impl std::fmt::Display for RoomKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.owner {
            None => write!(f, "{}", self.consultation),
            Some(owner) => write!(f, "{}/{owner}", self.consultation),
        }
    }
}

/// Where a room's log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which document.
    pub key: RoomKey,
    /// Life of the document; client ids and numbers count within it.
    pub epoch: i64,
    /// Number of the last update, 0 before the first.
    pub seq: i64,
    /// Hash of the last update, zeros before the first.
    pub head: [u8; 32],
}

/// One update of a document.
#[derive(Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Which document.
    pub key: RoomKey,
    /// Epoch of the room.
    pub epoch: i64,
    /// Place in the log, from 1 without gaps.
    pub seq: i64,
    /// Who made it.
    pub author: AccountId,
    /// Client id it was made under.
    pub client_id: i64,
    /// When the server took it.
    pub at: Timestamp,
    /// The update; sealed.
    pub update: Vec<u8>,
    /// Hash of the entry before.
    pub prev_hash: [u8; 32],
    /// Hash of this entry.
    pub hash: [u8; 32],
}

impl std::fmt::Debug for LogEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogEntry")
            .field("key", &self.key)
            .field("epoch", &self.epoch)
            .field("seq", &self.seq)
            .field("author", &self.author)
            .finish_non_exhaustive()
    }
}

/// A document after all updates up to a place in the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Which document.
    pub key: RoomKey,
    /// Epoch of the room.
    pub epoch: i64,
    /// Last update it holds.
    pub seq: i64,
    /// The document; sealed.
    pub state: Vec<u8>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("key", &self.key)
            .field("epoch", &self.epoch)
            .field("seq", &self.seq)
            .finish_non_exhaustive()
    }
}

/// Row name to which sealed values of the log are bound.
fn place(key: RoomKey, epoch: i64, seq: i64) -> String {
    format!("{key}/{epoch}/{seq}")
}

impl Reader<'_> {
    /// Where a room's log stands; `None` when nobody has opened it yet.
    ///
    /// # Errors
    /// The store fails.
    pub async fn room(&self, key: impl Into<RoomKey>) -> Result<Option<Room>> {
        let key = key.into();
        let select = self.locking(room::Entity::find_by_id((key.consultation.0, key.owner_column())));
        let Some(row) = select.one(&self.db).await? else {
            return Ok(None);
        };
        Ok(Some(Room {
            key,
            epoch: row.epoch,
            seq: row.seq,
            head: convert::hash("rooms", "head", &row.head)?,
        }))
    }

    /// At most `limit` updates of an epoch after number `seq`, in order.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn log_after(
        &self,
        key: impl Into<RoomKey>,
        epoch: i64,
        seq: i64,
        limit: u64,
    ) -> Result<Vec<LogEntry>> {
        let key = key.into();
        let rows = log_entry::Entity::find()
            .filter(log_entry::Column::Consultation.eq(key.consultation.0))
            .filter(log_entry::Column::Owner.eq(key.owner_column()))
            .filter(log_entry::Column::Epoch.eq(epoch))
            .filter(log_entry::Column::Seq.gt(seq))
            .order_by_asc(log_entry::Column::Seq)
            .limit(limit)
            .all(&self.db)
            .await?;
        let entry = |row: log_entry::Model| {
            let place = place(key, row.epoch, row.seq);
            Ok(LogEntry {
                key,
                epoch: row.epoch,
                seq: row.seq,
                author: row.author.into(),
                client_id: row.client_id,
                at: Timestamp::from_ms(row.at),
                update: self.open(LOG, "update", &place, &row.update)?,
                prev_hash: convert::hash(LOG, "prev_hash", &row.prev_hash)?,
                hash: convert::hash(LOG, "hash", &row.hash)?,
            })
        };
        rows.into_iter().map(entry).collect()
    }

    /// The snapshot that holds most.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn latest_snapshot(&self, key: impl Into<RoomKey>) -> Result<Option<Snapshot>> {
        let key = key.into();
        let row = snapshot::Entity::find()
            .filter(snapshot::Column::Consultation.eq(key.consultation.0))
            .filter(snapshot::Column::Owner.eq(key.owner_column()))
            .order_by_desc(snapshot::Column::Epoch)
            .order_by_desc(snapshot::Column::Seq)
            .one(&self.db)
            .await?;
        row.map(|row| {
            let place = place(key, row.epoch, row.seq);
            let state = self.open(SNAPSHOTS, "state", &place, &row.state)?;
            Ok(Snapshot {
                key,
                epoch: row.epoch,
                seq: row.seq,
                state,
            })
        })
        .transpose()
    }

    /// Who writes under which client id.
    ///
    /// # Errors
    /// The store fails.
    pub async fn client_owners(&self, key: impl Into<RoomKey>) -> Result<Vec<(i64, AccountId)>> {
        let key = key.into();
        let rows = room_client::Entity::find()
            .filter(room_client::Column::Consultation.eq(key.consultation.0))
            .filter(room_client::Column::Owner.eq(key.owner_column()))
            .order_by_asc(room_client::Column::ClientId)
            .all(&self.db)
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.client_id, row.account.into()))
            .collect())
    }
}

impl WriteTx {
    /// Opens a room with an empty log.
    ///
    /// # Errors
    /// It is open already, or the store fails.
    pub async fn create_room(&mut self, key: impl Into<RoomKey>, epoch: i64) -> Result<Room> {
        let key = key.into();
        let room = Room {
            key,
            epoch,
            seq: 0,
            head: [0; 32],
        };
        self.insert(room::Model {
            consultation: key.consultation.0,
            owner: key.owner_column(),
            epoch,
            seq: room.seq,
            head: room.head.to_vec(),
        })
        .await?;
        Ok(room)
    }

    /// Appends updates of any number of rooms, which must follow their room's log and each other without a
    /// gap in number or hash. Two statements, however many rooms.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when they do not, [`StoreError::NotFound`] when a room is not open, or the
    /// store fails. The transaction should then be dropped.
    pub async fn append_log(&mut self, entries: impl IntoIterator<Item = &LogEntry>) -> Result<()> {
        let mut runs: BTreeMap<(Uuid, Uuid), Run> = BTreeMap::new();
        let mut rows = Vec::new();
        for entry in entries {
            let key = entry.key;
            let run = runs
                .entry((key.consultation.0, key.owner_column()))
                .or_insert_with(|| Run::before(entry));
            if !run.extend(entry) {
                return Err(does_not_follow());
            }
            let place = place(key, entry.epoch, entry.seq);
            rows.push(log_entry::ActiveModel::from(log_entry::Model {
                consultation: key.consultation.0,
                owner: key.owner_column(),
                epoch: entry.epoch,
                seq: entry.seq,
                author: entry.author.0,
                client_id: entry.client_id,
                at: entry.at.ms(),
                update: self.seal(LOG, "update", &place, &entry.update)?,
                prev_hash: entry.prev_hash.to_vec(),
                hash: entry.hash.to_vec(),
            }));
        }
        self.move_heads(&runs).await?;
        // Each row binds ten values; both databases take tens of thousands in one statement.
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(500));
            log_entry::Entity::insert_many(rows)
                .exec_without_returning(&self.reader.db)
                .await?;
            rows = rest;
        }
        Ok(())
    }

    /// Moves the heads of rooms from the start of their runs to the end, all or none of them.
    async fn move_heads(&mut self, runs: &BTreeMap<(Uuid, Uuid), Run>) -> Result<()> {
        if runs.is_empty() {
            return Ok(());
        }
        // Both databases name the columns of a list of values so.
        let [consultation, owner, epoch, from_seq, from_head, seq, head] = [1, 2, 3, 4, 5, 6, 7]
            .map(|column| Expr::col((Alias::new(RUNS), Alias::new(format!("column{column}")))));
        let values = runs.iter().map(|((consultation, owner), run)| {
            ValueTuple::Many(vec![
                (*consultation).into(),
                (*owner).into(),
                run.epoch.into(),
                run.from_seq.into(),
                run.from_head.to_vec().into(),
                run.seq.into(),
                run.head.to_vec().into(),
            ])
        });
        let of_room = |column: room::Column| Expr::col((room::Entity, column));
        let update = Query::update()
            .table(room::Entity)
            .value(room::Column::Seq, seq)
            .value(room::Column::Head, head)
            .from(TableRef::ValuesList(
                values.collect(),
                Alias::new(RUNS).into_iden(),
            ))
            .and_where(of_room(room::Column::Consultation).eq(consultation))
            .and_where(of_room(room::Column::Owner).eq(owner))
            .and_where(of_room(room::Column::Epoch).eq(epoch))
            .and_where(of_room(room::Column::Seq).eq(from_seq))
            .and_where(of_room(room::Column::Head).eq(from_head))
            .to_owned();
        let moved = self.reader.db.execute(&update).await?.rows_affected();
        if usize::try_from(moved).is_ok_and(|moved| moved == runs.len()) {
            return Ok(());
        }
        for (consultation, owner) in runs.keys() {
            let room = room::Entity::find_by_id((*consultation, *owner));
            if room.one(&self.reader.db).await?.is_none() {
                return Err(StoreError::NotFound);
            }
        }
        Err(does_not_follow())
    }

    /// Keeps a snapshot; one already kept for the same place is replaced.
    ///
    /// # Errors
    /// The store fails.
    pub async fn put_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        use snapshot::Column;
        let key = snapshot.key;
        let place = place(key, snapshot.epoch, snapshot.seq);
        let row = snapshot::ActiveModel::from(snapshot::Model {
            consultation: key.consultation.0,
            owner: key.owner_column(),
            epoch: snapshot.epoch,
            seq: snapshot.seq,
            state: self.seal(SNAPSHOTS, "state", &place, &snapshot.state)?,
        });
        snapshot::Entity::insert(row)
            .on_conflict(
                OnConflict::columns([Column::Consultation, Column::Owner, Column::Epoch, Column::Seq])
                    .update_column(Column::State)
                    .to_owned(),
            )
            .exec_without_returning(&self.reader.db)
            .await?;
        Ok(())
    }

    /// Gives a client id to an account for the life of the room. `true` when it is the account's, newly or
    /// from before; `false` when it is somebody else's.
    ///
    /// # Errors
    /// The store fails.
    pub async fn bind_client(
        &mut self,
        key: impl Into<RoomKey>,
        client_id: i64,
        account: AccountId,
    ) -> Result<bool> {
        self.bind_clients([(key.into(), client_id, account)]).await
    }

    /// Gives client ids to accounts, as [`WriteTx::bind_client`] does, with one statement; `false` when at
    /// least one is somebody else's, and the transaction should then be dropped.
    ///
    /// # Errors
    /// The store fails.
    pub async fn bind_clients(
        &mut self,
        bindings: impl IntoIterator<Item = (RoomKey, i64, AccountId)>,
    ) -> Result<bool> {
        use room_client::Column;
        let mut owners = BTreeMap::new();
        for (key, client_id, account) in bindings {
            let place = (key.consultation.0, key.owner_column(), client_id);
            if *owners.entry(place).or_insert(account) != account {
                return Ok(false);
            }
        }
        if owners.is_empty() {
            return Ok(true);
        }
        let wanted = owners.len();
        let rows = owners
            .into_iter()
            .map(|((consultation, owner, client_id), account)| {
                room_client::ActiveModel::from(room_client::Model {
                    consultation,
                    owner,
                    client_id,
                    account: account.0,
                })
            });
        // An update that changes nothing counts the row, and locks it on both databases: whoever came
        // first, this is what holds. Another's row is neither changed nor counted.
        let of_row = Expr::col((room_client::Entity, Column::Account));
        let bound = room_client::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([Column::Consultation, Column::Owner, Column::ClientId])
                    .update_column(Column::Account)
                    .action_and_where(of_row.eq(Expr::col((Alias::new("excluded"), Column::Account))))
                    .to_owned(),
            )
            .exec_without_returning(&self.reader.db)
            .await?;
        Ok(usize::try_from(bound).is_ok_and(|bound| bound == wanted))
    }
}

fn does_not_follow() -> StoreError {
    StoreError::Conflict("the update does not follow the log".to_owned())
}

/// Entries of one room that follow each other.
struct Run {
    epoch: i64,
    /// Where the log must stand.
    from_seq: i64,
    from_head: [u8; 32],
    /// Where it stands afterwards.
    seq: i64,
    head: [u8; 32],
}

impl Run {
    /// What stands before its first entry.
    const fn before(first: &LogEntry) -> Self {
        let seq = first.seq.saturating_sub(1);
        Self {
            epoch: first.epoch,
            from_seq: seq,
            from_head: first.prev_hash,
            seq,
            head: first.prev_hash,
        }
    }

    /// Whether the entry follows.
    fn extend(&mut self, entry: &LogEntry) -> bool {
        let follows = entry.epoch == self.epoch
            && Some(entry.seq) == self.seq.checked_add(1)
            && entry.prev_hash == self.head;
        self.seq = entry.seq;
        self.head = entry.hash;
        follows
    }
}
