//! Connecting.

use std::{sync::Arc, time::Duration};

use consilium_migrations::{Migrator, MigratorTrait as _};
use consilium_vault::Vault;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseExecutor, DbBackend, DbErr,
    Statement,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::{Mutex, broadcast};

use crate::{Reader, Result, StoreError, Wake};

/// The first SQLite whose WAL survives a reset by a second process.
const SQLITE_MIN: [u32; 3] = [3, 51, 3];
/// How long SQLite waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call waits for the one connection that writes to a file.
const SQLITE_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a call waits for a free connection to PostgreSQL, or for a server that does not answer: who
/// waits is told after it.
const POSTGRES_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that read.
const READERS: u32 = 4;
/// Connections that write to PostgreSQL at the same time. SQLite has one.
const POSTGRES_WRITERS: u32 = 8;
/// Wakes that wait for the slowest listener before it misses some.
const WAKES_KEPT: usize = 1024;
/// What the WAL file shrinks to after a checkpoint, bytes.
const WAL_KEEP_BYTES: u32 = 64 * 1024 * 1024;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) vault: Arc<Vault>,
    reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    /// SQLite: held by the one write transaction.
    pub(crate) writer_gate: Option<Arc<Mutex<Gate>>>,
    pub(crate) waker: broadcast::Sender<Wake>,
}

/// What the next write transaction on SQLite must know of the one before.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// It did not end with a commit that succeeded: the connection may still be inside it.
    pub(crate) uncommitted: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.backend())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Connects to `sqlite:///path/consilium.db` (made when absent) or `postgres://...`.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for another kind of address or a SQLite older than 3.51.3; otherwise the
    /// database cannot be opened.
    pub async fn connect(url: &str, vault: Arc<Vault>) -> Result<Self> {
        if url.starts_with("sqlite:") {
            // The writer first: it makes the file and switches it to WAL.
            let writer = connect_sqlite(url, 1, false).await?;
            require_sqlite(&writer).await?;
            let reader = connect_sqlite(url, READERS, true).await?;
            let writer_gate = Some(Arc::new(Mutex::new(Gate::default())));
            Ok(Self {
                vault,
                reader,
                writer,
                writer_gate,
                waker: broadcast::Sender::new(WAKES_KEPT),
            })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            // Two pools, so that readers inside a write never wait for each other's connections.
            let writer = connect_postgres(url, POSTGRES_WRITERS).await?;
            let reader = connect_postgres(url, READERS).await?;
            Ok(Self {
                vault,
                reader,
                writer,
                writer_gate: None,
                waker: broadcast::Sender::new(WAKES_KEPT),
            })
        } else {
            Err(StoreError::Unsupported(
                "the address is neither sqlite: nor postgres:".to_owned(),
            ))
        }
    }

    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// The database refuses, or holds migrations this version does not know.
    pub async fn migrate(&self) -> Result<()> {
        Ok(Migrator::up(&self.writer, None).await?)
    }

    /// Takes back all migrations, and all data with them.
    ///
    /// # Errors
    /// The database refuses.
    #[cfg(feature = "testing")]
    pub async fn migrate_down(&self) -> Result<()> {
        Ok(Migrator::down(&self.writer, None).await?)
    }

    /// Takes back the newest migrations.
    ///
    /// # Errors
    /// The database refuses.
    #[cfg(feature = "testing")]
    pub async fn migrate_back(&self, steps: u32) -> Result<()> {
        Ok(Migrator::down(&self.writer, Some(steps)).await?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }

    /// The vault that seals columns.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Queries outside any transaction.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            db: DatabaseExecutor::Connection(&self.reader),
            vault: Arc::clone(&self.vault),
        }
    }

    /// What happens from now on that somebody connected may want to know at once. Sent after the commit
    /// only; a listener that is too slow is told that it has missed some.
    #[must_use]
    pub fn wakes(&self) -> broadcast::Receiver<Wake> {
        self.waker.subscribe()
    }

    /// Closes all connections, after which SQLite has folded its WAL into the file.
    ///
    /// # Errors
    /// The database reports a failure while closing.
    pub async fn close(self) -> Result<()> {
        self.reader.close().await?;
        Ok(self.writer.close().await?)
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// The connections themselves, so that tests can look and tamper behind the repositories.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn connections(&self) -> [&DatabaseConnection; 2] {
        [&self.writer, &self.reader]
    }

    /// Takes all connections that read, so that whoever reads waits until the value is dropped. SQLite only.
    ///
    /// # Errors
    /// The connections cannot be had.
    #[cfg(feature = "testing")]
    pub async fn hold_readers(&self) -> Result<HeldReaders> {
        let pool = self.reader.get_sqlite_connection_pool();
        let mut held = Vec::new();
        for _ in 0..READERS {
            held.push(
                pool.acquire()
                    .await
                    .map_err(|error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(Arc::new(error))))?,
            );
        }
        Ok(HeldReaders(held))
    }

    /// Runs one statement on the writing connection, so that tests can tamper and make stores fail.
    ///
    /// # Errors
    /// The database refuses.
    #[cfg(feature = "testing")]
    pub async fn tamper(&self, statement: &str) -> Result<()> {
        use sea_orm::ConnectionTrait as _;
        self.writer.execute_unprepared(statement).await?;
        Ok(())
    }
}

/// All connections that read; given back when dropped.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub struct HeldReaders(#[expect(dead_code, reason = "held, not used")] Vec<SqliteReader>);

#[cfg(feature = "testing")]
type SqliteReader = sea_orm::sqlx::pool::PoolConnection<sea_orm::sqlx::Sqlite>;

fn options(url: &str, connections: u32, acquire_timeout: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(acquire_timeout)
        // Statements carry values; they belong in no log and no span.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

async fn connect_sqlite(url: &str, connections: u32, read_only: bool) -> Result<DatabaseConnection> {
    let mut options = options(url, connections, SQLITE_ACQUIRE_TIMEOUT);
    // A local file does not go away while it is open.
    options
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(!read_only)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT);
            if read_only {
                sqlite.pragma("query_only", "ON")
            } else {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("journal_size_limit", WAL_KEEP_BYTES.to_string())
            }
        });
    Ok(Database::connect(options).await?)
}

async fn connect_postgres(url: &str, connections: u32) -> Result<DatabaseConnection> {
    let mut options = options(url, connections, POSTGRES_ACQUIRE_TIMEOUT);
    options.map_sqlx_postgres_opts(|postgres| {
        postgres
            .application_name("consilium")
            .options([("synchronous_commit", "on")])
    });
    Ok(Database::connect(options).await?)
}

async fn require_sqlite(db: &DatabaseConnection) -> Result<()> {
    let row = db
        .query_one_raw(Statement::from_string(
            DbBackend::Sqlite,
            "SELECT sqlite_version() AS version",
        ))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("sqlite_version".to_owned()))?;
    let version: String = row.try_get("", "version")?;
    if is_at_least(&version, SQLITE_MIN) {
        Ok(())
    } else {
        Err(StoreError::Unsupported(format!(
            "SQLite {version} is older than 3.51.3"
        )))
    }
}

fn is_at_least(version: &str, min: [u32; 3]) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    let mut next = || parts.next().and_then(Result::ok).unwrap_or(0);
    [next(), next(), next()] >= min
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_sqlite_is_refused() {
        for good in ["3.51.3", "3.51.10", "3.52.0", "4.0"] {
            assert!(is_at_least(good, SQLITE_MIN), "{good}");
        }
        for bad in ["3.51.2", "3.9.9", "3", "", "new"] {
            assert!(!is_at_least(bad, SQLITE_MIN), "{bad}");
        }
    }
}
