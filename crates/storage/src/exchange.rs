//! The outbox and the inbox of the exchange (clause 7.5 a). A lane is what one institution sends another
//! about one consultation; its messages are numbered from 1 and go in that order.
//!
//! `next_at` says when a message is to be looked at: the first unsettled message of a lane has it, those
//! behind it have none. While a try is under way it is the end of the lease.

use consilium_domain::{ConsultationId, InstitutionId, MessageId, MessageKind, Timestamp, TransferState};
use sea_orm::{
    ColumnTrait as _, Condition, DbBackend, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
    sea_query::{Expr, LockBehavior, LockType},
};

use crate::{
    Reader, Result, Store, WriteTx, convert,
    entity::{consultation, outgoing, received},
    error::corrupt,
};

const TABLE: &str = "outbox";
/// States in which a message is out of the way of those behind it.
const SETTLED: [&str; 2] = [TransferState::Delivered.code(), TransferState::Abandoned.code()];

/// From whom to whom about what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// Consultation.
    pub consultation: ConsultationId,
    /// Sender.
    pub from: InstitutionId,
    /// Receiver.
    pub to: InstitutionId,
}

/// A message at its sender, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Id.
    pub id: MessageId,
    /// Where it goes.
    pub lane: Lane,
    /// Place in the lane, from 1.
    pub seq: i64,
    /// What it says.
    pub kind: MessageKind,
    /// Where its delivery stands.
    pub state: TransferState,
    /// Tries of this run.
    pub tries: i32,
    /// Run, from 1.
    pub run: i32,
    /// When to look at it: the next try, or the end of the lease of the one under way.
    pub next_at: Option<Timestamp>,
    /// Code of the last failure.
    pub cause: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When the receiver took it in, from its receipt.
    pub received_at: Option<Timestamp>,
    /// When it was delivered or given up.
    pub settled_at: Option<Timestamp>,
}

/// Where a lane ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneEnd {
    /// Number of the last message; 0 when there is none.
    pub last: i64,
    /// Number of the last message that was not given up; 0 when there is none.
    pub kept: i64,
    /// Something is on its way, waiting or parked.
    pub busy: bool,
}

/// A message its receiver has taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Id.
    pub id: MessageId,
    /// Where it came on.
    pub lane: Lane,
    /// Place in the lane.
    pub seq: i64,
    /// What it says.
    pub kind: MessageKind,
    /// SHA-256 of what was signed.
    pub digest: [u8; 32],
    /// When it was taken in.
    pub received_at: Timestamp,
}

fn outgoing_from(row: outgoing::Model) -> Result<Outgoing> {
    Ok(Outgoing {
        id: row.id.into(),
        lane: Lane {
            consultation: row.consultation.into(),
            from: row.sender.into(),
            to: row.receiver.into(),
        },
        seq: row.seq,
        kind: convert::code(TABLE, "kind", &row.kind)?,
        state: convert::code(TABLE, "state", &row.state)?,
        tries: row.tries,
        run: row.run,
        next_at: row.next_at.map(Timestamp::from_ms),
        cause: row.cause,
        created_at: Timestamp::from_ms(row.created_at),
        received_at: row.received_at.map(Timestamp::from_ms),
        settled_at: row.settled_at.map(Timestamp::from_ms),
    })
}

fn of_lane(lane: Lane) -> Select<outgoing::Entity> {
    use outgoing::Column;
    outgoing::Entity::find()
        .filter(Column::Consultation.eq(lane.consultation.0))
        .filter(Column::Sender.eq(lane.from.0))
        .filter(Column::Receiver.eq(lane.to.0))
}

impl Store {
    /// Whether this process is the only one that works on the database, so that a try under way at start
    /// can only be one of a dead predecessor.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }
}

impl Reader<'_> {
    /// The message at its sender.
    ///
    /// # Errors
    /// The store fails.
    pub async fn outgoing(&self, id: MessageId) -> Result<Option<Outgoing>> {
        let select = self.locking(outgoing::Entity::find_by_id(id.0));
        select.one(&self.db).await?.map(outgoing_from).transpose()
    }

    /// The message itself, as signed.
    ///
    /// # Errors
    /// No such message, or it does not open.
    pub async fn envelope(&self, id: MessageId) -> Result<Vec<u8>> {
        let sealed = outgoing::Entity::find_by_id(id.0)
            .select_only()
            .column(outgoing::Column::Envelope)
            .into_tuple::<Vec<u8>>()
            .one(&self.db)
            .await?
            .ok_or(crate::StoreError::NotFound)?;
        self.open(TABLE, "envelope", &id.to_string(), &sealed)
    }

    /// Why a message was given up.
    ///
    /// # Errors
    /// The store fails, or the reason does not open.
    pub async fn reason_of(&self, id: MessageId) -> Result<Option<String>> {
        let sealed = outgoing::Entity::find_by_id(id.0)
            .select_only()
            .column(outgoing::Column::Reason)
            .into_tuple::<Option<Vec<u8>>>()
            .one(&self.db)
            .await?
            .flatten();
        sealed
            .map(|sealed| {
                let clear = self.open(TABLE, "reason", &id.to_string(), &sealed)?;
                String::from_utf8(clear).map_err(|_| corrupt(TABLE, "reason"))
            })
            .transpose()
    }

    /// Where a lane ends.
    ///
    /// # Errors
    /// The store fails.
    pub async fn lane_end(&self, lane: Lane) -> Result<LaneEnd> {
        use outgoing::Column;
        let last = |select: Select<outgoing::Entity>| {
            select
                .select_only()
                .column_as(Column::Seq.max(), "last")
                .into_tuple::<Option<i64>>()
                .one(&self.db)
        };
        let abandoned = TransferState::Abandoned.code();
        Ok(LaneEnd {
            last: last(of_lane(lane)).await?.flatten().unwrap_or(0),
            kept: last(of_lane(lane).filter(Column::State.ne(abandoned)))
                .await?
                .flatten()
                .unwrap_or(0),
            busy: self.lane_head(lane).await?.is_some(),
        })
    }

    /// The first message of a lane that is neither delivered nor given up.
    ///
    /// # Errors
    /// The store fails.
    pub async fn lane_head(&self, lane: Lane) -> Result<Option<Outgoing>> {
        use outgoing::Column;
        let row = of_lane(lane)
            .filter(Column::State.is_not_in(SETTLED))
            .order_by_asc(Column::Seq)
            .one(&self.db)
            .await?;
        row.map(outgoing_from).transpose()
    }

    /// The first message of a lane behind a place that was not given up.
    ///
    /// # Errors
    /// The store fails.
    pub async fn lane_behind(&self, lane: Lane, seq: i64) -> Result<Option<Outgoing>> {
        use outgoing::Column;
        let row = of_lane(lane)
            .filter(Column::Seq.gt(seq))
            .filter(Column::State.ne(TransferState::Abandoned.code()))
            .order_by_asc(Column::Seq)
            .one(&self.db)
            .await?;
        row.map(outgoing_from).transpose()
    }

    /// Whether a message of this consultation is being tried or due: looked at in one moment, since one
    /// that is delivered makes the next one due.
    ///
    /// # Errors
    /// The store fails.
    pub async fn is_moving(&self, consultation: ConsultationId, now: Timestamp) -> Result<bool> {
        use outgoing::Column;
        let moving = Condition::any()
            .add(Column::State.eq(TransferState::Sending.code()))
            .add(Column::NextAt.lte(now.ms()));
        let count = outgoing::Entity::find()
            .filter(Column::Consultation.eq(consultation.0))
            .filter(moving)
            .count(&self.db)
            .await?;
        Ok(count > 0)
    }

    /// When the next message is to be looked at, of one consultation or of all.
    ///
    /// # Errors
    /// The store fails.
    pub async fn next_message_at(&self, consultation: Option<ConsultationId>) -> Result<Option<Timestamp>> {
        let mut select = outgoing::Entity::find();
        if let Some(id) = consultation {
            select = select.filter(outgoing::Column::Consultation.eq(id.0));
        }
        let at = select
            .select_only()
            .column_as(outgoing::Column::NextAt.min(), "next")
            .into_tuple::<Option<i64>>()
            .one(&self.db)
            .await?;
        Ok(at.flatten().map(Timestamp::from_ms))
    }

    /// What an institution sends, newest first. `cursor` is the last one of the page before.
    ///
    /// # Errors
    /// The store fails.
    pub async fn outgoing_of(
        &self,
        sender: InstitutionId,
        state: Option<TransferState>,
        cursor: Option<(Timestamp, MessageId)>,
        limit: u64,
    ) -> Result<Vec<Outgoing>> {
        use outgoing::Column;
        let mut select = outgoing::Entity::find().filter(Column::Sender.eq(sender.0));
        if let Some(state) = state {
            select = select.filter(Column::State.eq(state.code()));
        }
        if let Some((at, id)) = cursor {
            select = select.filter(
                Condition::any().add(Column::CreatedAt.lt(at.ms())).add(
                    Condition::all()
                        .add(Column::CreatedAt.eq(at.ms()))
                        .add(Column::Id.lt(id.0)),
                ),
            );
        }
        let rows = select
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(outgoing_from).collect()
    }

    /// How many messages of an institution are parked.
    ///
    /// # Errors
    /// The store fails.
    pub async fn outgoing_parked(&self, sender: InstitutionId) -> Result<u64> {
        use outgoing::Column;
        Ok(outgoing::Entity::find()
            .filter(Column::Sender.eq(sender.0))
            .filter(Column::State.eq(TransferState::Failed.code()))
            .count(&self.db)
            .await?)
    }

    /// The parked messages of an institution: the lanes they hold back.
    ///
    /// # Errors
    /// The store fails.
    pub async fn parked_of(&self, sender: InstitutionId) -> Result<Vec<Lane>> {
        use outgoing::Column;
        let rows = outgoing::Entity::find()
            .filter(Column::Sender.eq(sender.0))
            .filter(Column::State.eq(TransferState::Failed.code()))
            .select_only()
            .columns([Column::Consultation, Column::Sender, Column::Receiver])
            .into_tuple::<(
                sea_orm::prelude::Uuid,
                sea_orm::prelude::Uuid,
                sea_orm::prelude::Uuid,
            )>()
            .all(&self.db)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(consultation, from, to)| Lane {
                consultation: consultation.into(),
                from: from.into(),
                to: to.into(),
            })
            .collect())
    }

    /// How many messages are in a state, over all institutions.
    ///
    /// # Errors
    /// The store fails.
    pub async fn outgoing_in(&self, state: TransferState) -> Result<u64> {
        Ok(outgoing::Entity::find()
            .filter(outgoing::Column::State.eq(state.code()))
            .count(&self.db)
            .await?)
    }

    /// The message at its receiver.
    ///
    /// # Errors
    /// The store fails.
    pub async fn received(&self, id: MessageId, receiver: InstitutionId) -> Result<Option<Received>> {
        let Some(row) = received::Entity::find_by_id((id.0, receiver.0))
            .one(&self.db)
            .await?
        else {
            return Ok(None);
        };
        Ok(Some(Received {
            id: row.message.into(),
            lane: Lane {
                consultation: row.consultation.into(),
                from: row.sender.into(),
                to: row.receiver.into(),
            },
            seq: row.seq,
            kind: convert::code("inbox", "kind", &row.kind)?,
            digest: convert::hash("inbox", "digest", &row.digest)?,
            received_at: Timestamp::from_ms(row.received_at),
        }))
    }

    /// Number of the last message taken in on a lane; 0 when there is none.
    ///
    /// # Errors
    /// The store fails.
    pub async fn last_received(&self, lane: Lane) -> Result<i64> {
        use received::Column;
        let last = received::Entity::find()
            .filter(Column::Consultation.eq(lane.consultation.0))
            .filter(Column::Sender.eq(lane.from.0))
            .filter(Column::Receiver.eq(lane.to.0))
            .select_only()
            .column_as(Column::Seq.max(), "last")
            .into_tuple::<Option<i64>>()
            .one(&self.db)
            .await?;
        Ok(last.flatten().unwrap_or(0))
    }
}

impl WriteTx {
    /// Takes a consultation's row without reading what is sealed in it; the lead institution, or nothing
    /// when there is no such consultation.
    ///
    /// # Errors
    /// The store fails.
    pub async fn lock_consultation(&mut self, id: ConsultationId) -> Result<Option<InstitutionId>> {
        let select = consultation::Entity::find_by_id(id.0)
            .select_only()
            .column(consultation::Column::Lead);
        let lead = self
            .locking(select)
            .into_tuple::<sea_orm::prelude::Uuid>()
            .one(&self.reader.db)
            .await?;
        Ok(lead.map(Into::into))
    }

    /// Adds a message to the outbox with its signed form, which is sealed.
    ///
    /// # Errors
    /// The place in the lane is taken, or the store fails.
    pub async fn insert_outgoing(&mut self, message: &Outgoing, envelope: &[u8]) -> Result<()> {
        let id = message.id.to_string();
        self.insert(outgoing::Model {
            id: message.id.0,
            consultation: message.lane.consultation.0,
            sender: message.lane.from.0,
            receiver: message.lane.to.0,
            seq: message.seq,
            kind: message.kind.code().to_owned(),
            envelope: self.seal(TABLE, "envelope", &id, envelope)?,
            state: message.state.code().to_owned(),
            tries: message.tries,
            run: message.run,
            next_at: message.next_at.map(Timestamp::ms),
            cause: message.cause.clone(),
            created_at: message.created_at.ms(),
            received_at: message.received_at.map(Timestamp::ms),
            settled_at: message.settled_at.map(Timestamp::ms),
            reason: None,
        })
        .await
    }

    /// Messages to be looked at now, of one consultation or of all, the most overdue first. Those another
    /// worker is about to take are left to it.
    ///
    /// # Errors
    /// The store fails.
    pub async fn outgoing_due(
        &mut self,
        consultation: Option<ConsultationId>,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Outgoing>> {
        use outgoing::Column;
        let mut select = outgoing::Entity::find().filter(Column::NextAt.lte(now.ms()));
        if let Some(id) = consultation {
            select = select.filter(Column::Consultation.eq(id.0));
        }
        let rows = select
            .order_by_asc(Column::NextAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .all(&self.reader.db)
            .await?;
        rows.into_iter().map(outgoing_from).collect()
    }

    /// Moves a message on, provided it still stands as in `before`: state, run and tries fence off a
    /// worker whose lease has passed to another. Whether it did.
    ///
    /// # Errors
    /// The store fails.
    pub async fn move_outgoing(&mut self, before: &Outgoing, after: &Outgoing) -> Result<bool> {
        use outgoing::Column;
        let done = outgoing::Entity::update_many()
            .col_expr(Column::State, Expr::value(after.state.code()))
            .col_expr(Column::Tries, Expr::value(after.tries))
            .col_expr(Column::Run, Expr::value(after.run))
            .col_expr(Column::NextAt, Expr::value(after.next_at.map(Timestamp::ms)))
            .col_expr(Column::Cause, Expr::value(after.cause.clone()))
            .col_expr(
                Column::ReceivedAt,
                Expr::value(after.received_at.map(Timestamp::ms)),
            )
            .col_expr(
                Column::SettledAt,
                Expr::value(after.settled_at.map(Timestamp::ms)),
            )
            .filter(Column::Id.eq(before.id.0))
            .filter(Column::State.eq(before.state.code()))
            .filter(Column::Tries.eq(before.tries))
            .filter(Column::Run.eq(before.run))
            .exec(&self.reader.db)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Replaces the signed form of a message that was never tried.
    ///
    /// # Errors
    /// The store fails.
    pub async fn replace_envelope(&mut self, id: MessageId, envelope: &[u8]) -> Result<()> {
        use outgoing::Column;
        let sealed = self.seal(TABLE, "envelope", &id.to_string(), envelope)?;
        outgoing::Entity::update_many()
            .col_expr(Column::Envelope, Expr::value(sealed))
            .filter(Column::Id.eq(id.0))
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }

    /// Keeps why a message was given up; sealed.
    ///
    /// # Errors
    /// The store fails.
    pub async fn keep_reason(&mut self, id: MessageId, reason: &str) -> Result<()> {
        use outgoing::Column;
        let sealed = self.seal(TABLE, "reason", &id.to_string(), reason.as_bytes())?;
        outgoing::Entity::update_many()
            .col_expr(Column::Reason, Expr::value(sealed))
            .filter(Column::Id.eq(id.0))
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }

    /// Ends all leases now: the tries under way are those of a dead process. How many there were.
    ///
    /// # Errors
    /// The store fails.
    pub async fn end_leases(&mut self, now: Timestamp) -> Result<u64> {
        use outgoing::Column;
        let done = outgoing::Entity::update_many()
            .col_expr(Column::NextAt, Expr::value(now.ms()))
            .filter(Column::State.eq(TransferState::Sending.code()))
            .exec(&self.reader.db)
            .await?;
        Ok(done.rows_affected)
    }

    /// Writes down that a message was taken in.
    ///
    /// # Errors
    /// [`crate::StoreError::Conflict`] when it was taken in meanwhile, or the store fails.
    pub async fn insert_received(&mut self, message: &Received) -> Result<()> {
        self.insert(received::Model {
            message: message.id.0,
            receiver: message.lane.to.0,
            consultation: message.lane.consultation.0,
            sender: message.lane.from.0,
            seq: message.seq,
            kind: message.kind.code().to_owned(),
            digest: message.digest.to_vec(),
            received_at: message.received_at.ms(),
        })
        .await
    }
}
