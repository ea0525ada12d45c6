//! A database for one test, of either kind, and the program's parts around it.

use crate::postgres;
use app::domain::ids::PersonId;
use chrono::{DateTime, Utc};
use server::clock::TestClock;
use server::config::Config;
use server::db::{Db, DbError, sql};
use server::entropy::Entropy;
use server::http::assets::Assets;
use server::keys::Keys;
use server::outbox::Mailer;
use server::portal::Portal;
use std::fmt;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Any error, and the line that met it.
pub struct Failed(String);

pub type Tested = Result<(), Failed>;

impl<E: std::error::Error> From<E> for Failed {
    #[track_caller]
    fn from(error: E) -> Self {
        Self(format!("{}: {error}", Location::caller()))
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs each `async fn(Store) -> Tested` on both databases, as two tests under its name.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::stores::{Store, Tested};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() -> Tested {
                super::$name(Store::sqlite().await?).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() -> Tested {
                match Store::postgres().await? {
                    Some(store) => super::$name(store).await,
                    None => Ok(()),
                }
            }
        }
    )+};
}

pub struct Store {
    pub db: Db,
    pub url: String,
    folder: TempDir,
}

/// Different in everything made by one process.
static SEED: AtomicU64 = AtomicU64::new(1);

pub fn entropy() -> Entropy {
    Entropy::seeded(SEED.fetch_add(1, Ordering::Relaxed))
}

/// A Monday morning in winter, when London's clock shows UTC.
pub fn monday() -> DateTime<Utc> {
    at("2026-03-02T10:00:00Z")
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// Whatever is waited for here is a matter of milliseconds; longer means for ever.
pub const SOON: Duration = Duration::from_secs(20);

impl Store {
    pub async fn sqlite() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("portal.db").display());
        Ok(Self { db: Db::open(&url).await?, url, folder })
    }

    /// `None`, said loudly, where there is no PostgreSQL.
    pub async fn postgres() -> Result<Option<Self>, Failed> {
        let Some(cluster) = postgres::require() else { return Ok(None) };
        let url = cluster.fresh_database();
        Ok(Some(Self { db: Db::open(&url).await?, url, folder: tempfile::tempdir()? }))
    }

    pub fn is_sqlite(&self) -> bool {
        self.db.kind() == "SQLite"
    }

    /// Another empty database of the same kind.
    pub async fn another(&self) -> Result<Self, Failed> {
        if self.is_sqlite() {
            return Self::sqlite().await;
        }
        Ok(Self::postgres().await?.expect("it was there a moment ago"))
    }

    /// A second handle on the same database, as another process would have.
    pub async fn second_handle(&self) -> Result<Db, DbError> {
        Db::open(&self.url).await
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("portal.db")
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The program on this database, with mail going to `smtp` (or into a folder).
    pub async fn portal(&self, clock: &Arc<TestClock>, smtp: Option<String>) -> Result<Portal, Failed> {
        portal_on(self.db.clone(), clock, smtp, self.folder.path()).await
    }
}

/// A program on a database handle of its own: with two of them two servers share one database.
pub async fn portal_on(db: Db, clock: &Arc<TestClock>, smtp: Option<String>, folder: &std::path::Path) -> Result<Portal, Failed> {
    let mail_dir = smtp.is_none().then(|| folder.join("mail"));
    let site = folder.join("site");
    std::fs::create_dir_all(&site)?;
    let config = Config { smtp_url: smtp, mail_dir, ..Config::default() };
    let mailer = Mailer::new(&config)?;
    let clock: Arc<TestClock> = Arc::clone(clock);
    Ok(Portal::new(config, db, clock, entropy(), Keys::fixed(&[7; 32]), Assets::load(Some(&site))?, mailer).await?)
}

pub fn clock() -> Arc<TestClock> {
    Arc::new(TestClock::at(monday()))
}

/// How many rows a question counts.
pub async fn count(db: &Db, question: &'static str) -> Result<i64, DbError> {
    let (count,): (i64,) = sql(question).fetch_one(&mut db.read().await?).await?;
    Ok(count)
}

/// Runs one statement in a transaction of its own.
pub async fn run(db: &Db, statement: &'static str) -> Result<u64, DbError> {
    let mut tx = db.write().await?;
    let rows = sql(statement).execute(&mut tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Two rows that belong together: a change that is half there shows.
pub async fn insert_pair(db: &Db, n: i64) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    pair_in(&mut tx, n).await?;
    tx.commit().await
}

pub async fn pair_in(tx: &mut server::db::Tx, n: i64) -> Result<(), DbError> {
    let id = uuid::Uuid::from_u128(n.unsigned_abs().into());
    sql("insert into imports (import_id, source, label, received_at) values ($1, 'pair', $2, $3)")
        .bind(id)
        .bind(n.to_string())
        .bind(monday())
        .execute_one(tx)
        .await?;
    sql("insert into people (person_id, source, source_index, name, created_at) values ($1, 'pair', $2, 'Pair', $3)")
        .bind(PersonId(id))
        .bind(n.to_string())
        .bind(monday())
        .execute_one(tx)
        .await
}

/// The numbers of the pairs that are there; fails when half of one is.
pub async fn pairs(db: &Db) -> Result<Vec<i64>, Failed> {
    let mut reader = db.read().await?;
    let firsts: Vec<(String,)> = sql("select label from imports where source = 'pair' order by import_id").fetch_all(&mut reader).await?;
    let seconds: Vec<(String,)> =
        sql("select source_index from people where source = 'pair' order by person_id").fetch_all(&mut reader).await?;
    assert_eq!(firsts, seconds, "both rows of a change or none");
    Ok(firsts.into_iter().map(|(n,)| n.parse()).collect::<Result<_, _>>()?)
}
