//! The whole database as it was at one moment, read while others write: on SQLite a read transaction on a
//! connection of its own, on PostgreSQL a repeatable read.

use super::DbError;
use super::statement::{Conn, Connection, Value};
use super::tables::{Kind, Table};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Postgres, Row as _};

/// Rows that the driver reads before they are asked for: one may be a file of 10 MB.
const ROWS_AHEAD: usize = 4;

pub enum Snapshot {
    Sqlite(SqliteConnection),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

macro_rules! cells {
    ($row:expr, $table:expr) => {{
        let row = $row;
        let mut cells = Vec::with_capacity($table.columns.len());
        for (place, column) in $table.columns.iter().enumerate() {
            cells.push(match column.kind {
                Kind::Text => Value::Text(row.try_get(place)?),
                Kind::Bigint => Value::Int(row.try_get(place)?),
                Kind::Boolean => Value::Bool(row.try_get(place)?),
                Kind::Uuid => Value::Id(row.try_get(place)?),
                Kind::Timestamptz => Value::Time(row.try_get(place)?),
                Kind::Bytea => Value::Bytes(row.try_get(place)?),
            });
        }
        Ok(cells)
    }};
}

impl Snapshot {
    pub(super) async fn of_sqlite(options: &SqliteConnectOptions) -> Result<Self, DbError> {
        let mut conn = options.clone().row_buffer_size(ROWS_AHEAD).connect().await?;
        sqlx::query("begin").execute(&mut conn).await?;
        Ok(Self::Sqlite(conn))
    }

    pub(super) async fn of_postgres(pool: &PgPool) -> Result<Self, DbError> {
        Ok(Self::Postgres(pool.begin_with("begin isolation level repeatable read read only").await?))
    }

    /// Every row of a table, one by one.
    pub fn rows<'s>(&'s mut self, table: &'s Table) -> BoxStream<'s, Result<Vec<Value>, DbError>> {
        let query = table.select();
        match self {
            Self::Sqlite(conn) => {
                sqlx::query(query).fetch(conn).map(move |row| -> Result<Vec<Value>, DbError> { cells!(row?, table) }).boxed()
            }
            Self::Postgres(tx) => {
                sqlx::query(query).fetch(&mut **tx).map(move |row| -> Result<Vec<Value>, DbError> { cells!(row?, table) }).boxed()
            }
        }
    }
}

impl Connection for Snapshot {
    fn conn(&mut self) -> Result<Conn<'_>, DbError> {
        Ok(match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(tx) => Conn::Postgres(tx),
        })
    }

    fn failed(&mut self, _: &DbError) {}
}
