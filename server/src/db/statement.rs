//! One SQL text, two typed drivers. A statement is static text with `$1`-style places; values are
//! bound in order. It runs on a [`Reader`](super::Reader) or in a [`Tx`](super::Tx).
//!
//! ```ignore
//! let row: Option<CaseRow> = sql("select stage from cases where case_id = $1")
//!     .bind(case_id).fetch_optional(&mut tx).await?;
//! ```
//! Write SQL that both know: `returning`, `on conflict`, common table expressions, partial indexes.
//! Types: uuid, text, bytea, bigint, boolean, timestamptz. Typed NULLs are bound, so `($1 is null or ..)`
//! works on PostgreSQL too.

use super::error::DbError;
use app::domain::ids::{
    CaseId, FileId, MessageId, OpeningId, PasskeyId, PersonId, Reference, RepresentationId, RequestId, StaffId, TaskId,
};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::{Query, QueryAs};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{FromRow, Postgres, Sqlite};
use uuid::Uuid;

/// A row that either driver can fill: `#[derive(FromRow)]` gives it.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

/// A value to bind, typed even when absent.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Id(Option<Uuid>),
    Time(Option<DateTime<Utc>>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($type:ty => $variant:ident, $convert:expr;)+) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self { Self::$variant(Some($convert(value))) }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self { Self::$variant(value.map($convert)) }
        }
    )+};
}

values! {
    String => Text, |v| v;
    &str => Text, |v: &str| v.to_owned();
    i64 => Int, |v| v;
    bool => Bool, |v| v;
    Uuid => Id, |v| v;
    DateTime<Utc> => Time, |v| v;
    Vec<u8> => Bytes, |v| v;
    NaiveDate => Text, |v: NaiveDate| v.to_string();
    PersonId => Id, |v: PersonId| v.0;
    StaffId => Id, |v: StaffId| v.0;
    CaseId => Id, |v: CaseId| v.0;
    RequestId => Id, |v: RequestId| v.0;
    FileId => Id, |v: FileId| v.0;
    MessageId => Id, |v: MessageId| v.0;
    TaskId => Id, |v: TaskId| v.0;
    OpeningId => Id, |v: OpeningId| v.0;
    PasskeyId => Id, |v: PasskeyId| v.0;
    RepresentationId => Id, |v: RepresentationId| v.0;
    &Reference => Text, |v: &Reference| v.as_str().to_owned();
}

/// Where a statement runs.
pub enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Something statements can run on.
///
/// A transaction in which a statement has failed, by a unique value that exists already too, refuses
/// every further statement and its commit, on both databases: all that is left is to drop it. A
/// [`DbError::Conflict`] or a missing row is an answer, not a failure.
pub trait Connection: Send {
    fn conn(&mut self) -> Result<Conn<'_>, DbError>;
    /// Told of every failed statement.
    fn failed(&mut self, error: &DbError);
}

/// Static text and the values for its places.
pub struct Statement {
    sqlite: &'static str,
    postgres: &'static str,
    values: Vec<Value>,
}

#[must_use]
pub fn sql(text: &'static str) -> Statement {
    Statement::for_each_driver(text, text)
}

type SqliteQuery = Query<'static, Sqlite, SqliteArguments>;
type PgQuery = Query<'static, Postgres, PgArguments>;

macro_rules! bind_all {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Text(v) => query.bind(v),
                Value::Int(v) => query.bind(v),
                Value::Bool(v) => query.bind(v),
                Value::Id(v) => query.bind(v),
                Value::Time(v) => query.bind(v),
                Value::Bytes(v) => query.bind(v),
            };
        }
        query
    }};
}

impl Statement {
    /// The same statement with its places written in two ways; see [`Many`](super::Many).
    pub(super) fn for_each_driver(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres, values: Vec::new() }
    }

    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it; answers the number of rows changed.
    pub async fn execute(self, on: &mut impl Connection) -> Result<u64, DbError> {
        match on.conn()? {
            Conn::Sqlite(c) => {
                let query: SqliteQuery = bind_all!(sqlx::query(self.sqlite), self.values);
                query.execute(c).await.map(|done| done.rows_affected())
            }
            Conn::Postgres(c) => {
                let query: PgQuery = bind_all!(sqlx::query(self.postgres), self.values);
                query.execute(c).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|error| noted(on, error))
    }

    /// Runs it and insists that exactly one row changed.
    pub async fn execute_one(self, on: &mut impl Connection) -> Result<(), DbError> {
        match self.execute(on).await? {
            1 => Ok(()),
            rows => Err(DbError::Conflict { rows }),
        }
    }

    pub async fn fetch_optional<R: Row>(self, on: &mut impl Connection) -> Result<Option<R>, DbError> {
        match on.conn()? {
            Conn::Sqlite(c) => {
                let query: QueryAs<'static, Sqlite, R, SqliteArguments> = bind_all!(sqlx::query_as(self.sqlite), self.values);
                query.fetch_optional(c).await
            }
            Conn::Postgres(c) => {
                let query: QueryAs<'static, Postgres, R, PgArguments> = bind_all!(sqlx::query_as(self.postgres), self.values);
                query.fetch_optional(c).await
            }
        }
        .map_err(|error| noted(on, error))
    }

    pub async fn fetch_one<R: Row>(self, on: &mut impl Connection) -> Result<R, DbError> {
        self.fetch_optional(on).await?.ok_or(DbError::Driver(sqlx::Error::RowNotFound))
    }

    pub async fn fetch_all<R: Row>(self, on: &mut impl Connection) -> Result<Vec<R>, DbError> {
        match on.conn()? {
            Conn::Sqlite(c) => {
                let query: QueryAs<'static, Sqlite, R, SqliteArguments> = bind_all!(sqlx::query_as(self.sqlite), self.values);
                query.fetch_all(c).await
            }
            Conn::Postgres(c) => {
                let query: QueryAs<'static, Postgres, R, PgArguments> = bind_all!(sqlx::query_as(self.postgres), self.values);
                query.fetch_all(c).await
            }
        }
        .map_err(|error| noted(on, error))
    }
}

fn noted(on: &mut impl Connection, error: sqlx::Error) -> DbError {
    let error = DbError::from(error);
    on.failed(&error);
    error
}
