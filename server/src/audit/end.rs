//! Where the chain ends: what a backup names, and what makes a chain that came with one whole again.

use super::{Verdict, verify};
use crate::db::{Connection, DbError, Tx, sql};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct End {
    pub seq: i64,
    pub hash: String,
}

pub async fn end(on: &mut impl Connection) -> Result<End, DbError> {
    sql("select seq, hash from audit_head where chain = 1").fetch_one(on).await
}

/// Writes the end of a chain whose rows were put back, and walks the chain to it.
pub async fn put_back(tx: &mut Tx, end: &End) -> Result<Verdict, DbError> {
    sql("update audit_head set seq = $1, hash = $2 where chain = 1 and seq = 0")
        .bind(end.seq)
        .bind(end.hash.as_str())
        .execute_one(tx)
        .await?;
    verify(tx).await
}
