//! The database: SQLite (one file, the default) or PostgreSQL (several servers), behind one way of
//! writing statements. The only folder that names either driver.
//!
//! - [`Db::read`]: a connection that can only read. Each statement sees the newest durable state.
//! - [`Db::write`]: a transaction. Nothing in it exists before [`Tx::commit`] has answered, and then
//!   it is on disk. Dropped, it leaves nothing. Cancelled while committing, it may be either, whole.
//! - [`Db::snapshot`]: everything as it was at one moment, for a backup; with [`tables`], which knows every
//!   table and column from the database's own catalogue.
//!
//! To add a table: a new file in `migrations/`, in the portable types only (see [`statement`]).

mod error;
mod guards;
mod many;
mod snapshot;
mod statement;
mod tables;
mod writer;

pub use error::DbError;
pub use many::Many;
pub use snapshot::Snapshot;
pub use statement::{Conn, Connection, Row, Statement, Value, sql};
pub use tables::{Column, Kind, Table, tables};

use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, Postgres, Sqlite, pool::PoolConnection};
use std::str::FromStr;
use std::time::Duration;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// SQLite before this version can corrupt a WAL database when it resets the log.
const SQLITE_AT_LEAST: (u32, u32, u32) = (3, 51, 3);

/// Readers of a SQLite database: more than this was no faster on two cores.
const SQLITE_READERS: u32 = 8;

#[derive(Clone)]
pub struct Db {
    store: Store,
}

#[derive(Clone)]
enum Store {
    Sqlite { writer: writer::Writer, readers: SqlitePool },
    Postgres(PgPool),
}

impl Db {
    /// Opens the database at a `sqlite://FILE` or `postgres://..` address and brings its schema up
    /// to date. A schema from a newer program is refused.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::open_postgres(url).await
        } else {
            Err(DbError::Unsuitable("the database address must begin with sqlite:// or postgres://".into()))
        }
    }

    async fn open_postgres(url: &str) -> Result<Self, DbError> {
        let options = PgConnectOptions::from_str(url)?;
        let mut conn = options.connect().await?;
        MIGRATIONS.run(&mut conn).await?;
        guards::on_postgres(&mut conn).await?;
        conn.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            // A statement outside a transaction of ours can only read.
            .connect_with(options.options([("default_transaction_read_only", "on")]))
            .await?;
        Ok(Self { store: Store::Postgres(pool) })
    }

    async fn open_sqlite(url: &str) -> Result<Self, DbError> {
        let shared = SqliteConnectOptions::from_str(url)?
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(200)
            .pragma("trusted_schema", "OFF")
            .pragma("temp_store", "MEMORY");
        let writing = shared
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .pragma("auto_vacuum", "FULL")
            .pragma("cache_size", "-16000")
            .pragma("wal_autocheckpoint", "4000")
            .optimize_on_close(true, None);
        let mut conn = connect_patiently(&writing).await?;
        let (version,): (String,) = sqlx::query_as("select sqlite_version()").fetch_one(&mut conn).await?;
        check_sqlite_version(&version)?;
        // In one transaction: the driver takes no lock on SQLite, and two programs may start at once.
        let mut tx = conn.begin_with("begin immediate").await?;
        MIGRATIONS.run(&mut *tx).await?;
        guards::on_sqlite(&mut tx).await?;
        tx.commit().await?;
        // Opened after the writer, so that the write-ahead log exists.
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .min_connections(1)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(shared.read_only(true).pragma("cache_size", "-2000"))
            .await?;
        Ok(Self { store: Store::Sqlite { writer: writer::Writer::new(conn), readers } })
    }

    /// A connection that can only read.
    pub async fn read(&self) -> Result<Reader, DbError> {
        Ok(match &self.store {
            Store::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Store::Postgres(pool) => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// A transaction that can change things.
    pub async fn write(&self) -> Result<Tx, DbError> {
        Ok(match &self.store {
            Store::Sqlite { writer, .. } => Tx::Sqlite(writer.begin().await?),
            Store::Postgres(pool) => Tx::Postgres { tx: pool.begin_with("begin read write").await?, broken: None },
        })
    }

    /// Everything as it is now, and goes on being for whoever holds this, while others write.
    pub async fn snapshot(&self) -> Result<Snapshot, DbError> {
        match &self.store {
            Store::Sqlite { readers, .. } => Snapshot::of_sqlite(&readers.connect_options()).await,
            Store::Postgres(pool) => Snapshot::of_postgres(pool).await,
        }
    }

    /// `SQLite` or `PostgreSQL`, for the log and for `doctor`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.store {
            Store::Sqlite { .. } => "SQLite",
            Store::Postgres(_) => "PostgreSQL",
        }
    }
}

/// Names the schema of this program: the same for the same migrations, and for no others.
#[must_use]
pub fn schema() -> String {
    let mut hasher = Sha256::new();
    for migration in MIGRATIONS.iter() {
        hasher.update(migration.version.to_be_bytes());
        hasher.update(&migration.checksum);
    }
    crate::keys::hex(&hasher.finalize())
}

/// SQLite does not wait for a lock while it switches a new file to the write-ahead log: of two programs
/// that start at once, one is told "locked" and asks again.
async fn connect_patiently(options: &SqliteConnectOptions) -> Result<sqlx::SqliteConnection, sqlx::Error> {
    const TRIES: u32 = 50;
    const WAIT: Duration = Duration::from_millis(100);
    let mut tries = 0;
    loop {
        match options.connect().await {
            Err(sqlx::Error::Database(error)) if tries < TRIES && error.message().contains("locked") => tries += 1,
            done => return done,
        }
        tokio::time::sleep(WAIT).await;
    }
}

fn check_sqlite_version(version: &str) -> Result<(), DbError> {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let found = (next(), next(), next());
    if found >= SQLITE_AT_LEAST {
        return Ok(());
    }
    Err(DbError::Unsuitable(format!("SQLite {version} can lose data: at least 3.51.3 is needed")))
}

/// A connection for reading.
pub enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Connection for Reader {
    fn conn(&mut self) -> Result<Conn<'_>, DbError> {
        Ok(match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        })
    }

    fn failed(&mut self, _: &DbError) {}
}

/// A transaction. Its changes exist once [`commit`](Self::commit) has answered `Ok`.
pub enum Tx {
    Sqlite(writer::GroupTx),
    Postgres { tx: sqlx::Transaction<'static, Postgres>, broken: Option<String> },
}

impl Tx {
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres { broken: Some(cause), .. } => Err(DbError::NotDurable(cause)),
            Self::Postgres { tx, broken: None } => Ok(tx.commit().await?),
        }
    }
}

impl Connection for Tx {
    fn conn(&mut self) -> Result<Conn<'_>, DbError> {
        match self {
            Self::Sqlite(tx) => tx.conn().map(Conn::Sqlite),
            Self::Postgres { broken: Some(cause), .. } => Err(DbError::NotDurable(cause.clone())),
            Self::Postgres { tx, broken: None } => Ok(Conn::Postgres(tx)),
        }
    }

    fn failed(&mut self, error: &DbError) {
        match self {
            Self::Sqlite(tx) => tx.failed(error),
            Self::Postgres { broken, .. } => *broken = Some(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check_sqlite_version;

    #[test]
    fn an_old_sqlite_is_refused() {
        assert!(check_sqlite_version("3.51.2").is_err());
        assert!(check_sqlite_version("3.46.0").is_err());
        for good in ["3.51.3", "3.52.0", "4.0.0"] {
            assert!(check_sqlite_version(good).is_ok());
        }
    }
}
