//! Rules that only the database itself can keep, in each driver's own words: the audit chain may grow,
//! and nothing else. Made again at every start, so that one taken away comes back.

use super::DbError;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;

const SQLITE: [&str; 2] = [
    "create trigger if not exists audit_never_changed before update on audit \
     begin select raise(abort, 'the audit chain only grows'); end",
    "create trigger if not exists audit_never_deleted before delete on audit \
     begin select raise(abort, 'the audit chain only grows'); end",
];

const POSTGRES: [&str; 4] = [
    // Two programs that start at once: one after the other.
    "select pg_advisory_xact_lock(7263891)",
    "create or replace function audit_only_grows() returns trigger language plpgsql as \
     $$ begin raise exception 'the audit chain only grows'; end $$",
    "create or replace trigger audit_never_changed before update or delete on audit for each row execute function audit_only_grows()",
    "create or replace trigger audit_never_emptied before truncate on audit for each statement execute function audit_only_grows()",
];

pub async fn on_sqlite(conn: &mut SqliteConnection) -> Result<(), DbError> {
    for statement in SQLITE {
        sqlx::query(statement).execute(&mut *conn).await?;
    }
    Ok(())
}

pub async fn on_postgres(conn: &mut PgConnection) -> Result<(), DbError> {
    let mut tx = conn.begin().await?;
    for statement in POSTGRES {
        sqlx::query(statement).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}
