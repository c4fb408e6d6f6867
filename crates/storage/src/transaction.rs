//! The only place that opens a transaction.

use std::{ops::Deref, sync::Arc};

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseExecutor, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, IntoActiveModel, IsolationLevel, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait, sqlx::Connection as _,
};
use tokio::sync::{OwnedMutexGuard, broadcast};

use crate::{Reader, Result, Store, StoreError, Wake, store::Gate};

impl Store {
    /// Opens a write transaction. SQLite: immediate, one at a time, in the order of asking. PostgreSQL:
    /// read committed with row locks.
    ///
    /// # Errors
    /// The database cannot be reached or is locked by another process.
    pub async fn begin(&self) -> Result<WriteTx> {
        let gate = match &self.writer_gate {
            Some(gate) => {
                let mut gate = Arc::clone(gate).lock_owned().await;
                if gate.uncommitted {
                    self.leave_transaction().await?;
                }
                gate.uncommitted = true;
                Some(gate)
            }
            None => None,
        };
        let sqlite = self.backend() == DbBackend::Sqlite;
        let options = TransactionOptions {
            isolation_level: (!sqlite).then_some(IsolationLevel::ReadCommitted),
            access_mode: None,
            sqlite_transaction_mode: sqlite.then_some(SqliteTransactionMode::Immediate),
        };
        #[expect(clippy::disallowed_methods, reason = "this is the helper the lint points to")]
        let transaction = self.writer.begin_with_options(options).await?;
        Ok(WriteTx {
            reader: Reader {
                db: DatabaseExecutor::OwnedTransaction(transaction),
                vault: Arc::clone(&self.vault),
            },
            audited: false,
            wakes: Vec::new(),
            waker: self.waker.clone(),
            gate,
        })
    }

    /// SQLite ends a transaction by itself when its disk fails; the `ROLLBACK` that follows is then an error, and
    /// the driver goes on to believe that it is inside. What it opens next is a savepoint, whose release succeeds
    /// without a commit: writes would be reported as durable that are not. Such a connection is closed, the next
    /// one is new.
    async fn leave_transaction(&self) -> Result<()> {
        let lost = |error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
        let mut connection = self
            .writer
            .get_sqlite_connection_pool()
            .acquire()
            .await
            .map_err(lost)?;
        // Answered behind the rollback that dropping the transaction has asked for.
        let answers = connection.ping().await;
        if answers.is_err() || connection.is_in_transaction() {
            // Closing reports the failure that brought us here; the connection is gone either way.
            let _ = connection.close().await;
        }
        Ok(())
    }
}

/// A write transaction. Dropping it rolls back.
pub struct WriteTx {
    // Dropped before the gate: the next writer must not start before this one has let go.
    pub(crate) reader: Reader<'static>,
    pub(crate) audited: bool,
    wakes: Vec<Wake>,
    waker: broadcast::Sender<Wake>,
    gate: Option<OwnedMutexGuard<Gate>>,
}

impl std::fmt::Debug for WriteTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteTx")
            .field("audited", &self.audited)
            .finish_non_exhaustive()
    }
}

impl Deref for WriteTx {
    type Target = Reader<'static>;

    fn deref(&self) -> &Reader<'static> {
        &self.reader
    }
}

impl WriteTx {
    /// Commits an act together with its audit record.
    ///
    /// # Errors
    /// [`StoreError::NotAudited`] when there is no audit record, and nothing is then committed; otherwise
    /// the database refuses.
    pub async fn commit(self) -> Result<()> {
        if self.audited {
            self.commit_technical().await
        } else {
            Err(StoreError::NotAudited)
        }
    }

    /// Commits bookkeeping that is no act of anybody: a session was seen, a room log grew, a snapshot.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn commit_technical(self) -> Result<()> {
        into_transaction(self.reader)?.commit().await?;
        if let Some(mut gate) = self.gate {
            gate.uncommitted = false;
        }
        for wake in self.wakes {
            // An error says that nobody listens.
            let _ = self.waker.send(wake);
        }
        Ok(())
    }

    /// Remembers whom to wake once this is committed.
    pub(crate) fn wake(&mut self, wake: Wake) {
        self.wakes.push(wake);
    }

    /// Inserts one row.
    pub(crate) async fn insert<M, A>(&self, model: M) -> Result<()>
    where
        M: IntoActiveModel<A>,
        A: ActiveModelTrait + ActiveModelBehavior + Send,
    {
        <A::Entity as EntityTrait>::insert(model.into_active_model())
            .exec_without_returning(&self.reader.db)
            .await?;
        Ok(())
    }
}

fn into_transaction(reader: Reader<'static>) -> Result<DatabaseTransaction> {
    match reader.db {
        DatabaseExecutor::OwnedTransaction(transaction) => Ok(transaction),
        DatabaseExecutor::Connection(_) | DatabaseExecutor::Transaction(_) => {
            Err(StoreError::Unsupported("no transaction of its own".to_owned()))
        }
    }
}
