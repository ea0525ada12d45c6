//! A new master key: every data key is wrapped again, in small transactions, while the portal runs.
//! Ended in the middle, nothing is lost and the next run goes on where it was.

use super::{MasterError, Masters, Vault};
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Db, DbError, sql};
use crate::entropy::Entropy;
use chrono::{DateTime, Utc};
use std::path::Path;
use std::sync::PoisonError;
use uuid::Uuid;

/// Data keys in one transaction.
const AT_ONCE: i64 = 100;

#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error(transparent)]
    Master(#[from] MasterError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What a rotation did.
#[derive(Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The master key that wraps all of them now.
    pub master: String,
    pub rewrapped: u64,
    /// An earlier run had been ended before its end: no new master key was made.
    pub went_on: bool,
}

/// Wraps every data key with a new master key, or goes on with a rotation that was ended.
pub async fn rotate(vault: &Vault, path: &Path, db: &Db, entropy: &Entropy, now: DateTime<Utc>) -> Result<Rotated, RotateError> {
    let masters = Masters::read(path)?;
    let (left,): (i64,) = sql("select count(*) from data_keys where wrapped not like $1 || ':%'")
        .bind(masters.newest())
        .fetch_one(&mut db.read().await?)
        .await?;
    let went_on = left > 0;
    let masters = if went_on { masters } else { masters.add(path, entropy)? };
    let master = masters.newest().to_owned();
    *vault.masters.write().unwrap_or_else(PoisonError::into_inner) = masters;
    let mut rewrapped = 0;
    loop {
        let mut tx = db.write().await?;
        let rows: Vec<(Uuid, String)> = sql("select owner_id, wrapped from data_keys where wrapped not like $1 || ':%' limit $2")
            .bind(master.as_str())
            .bind(AT_ONCE)
            .fetch_all(&mut tx)
            .await?;
        if rows.is_empty() {
            audit::append(&mut tx, now, Entry::new(Actor::System, Act::MasterKeyRotated, None, &master)).await?;
            tx.commit().await?;
            return Ok(Rotated { master, rewrapped, went_on });
        }
        for (owner, wrapped) in rows {
            let again = vault
                .with_masters(|masters| masters.unwrap(owner, &wrapped).map(|key| masters.wrap(owner, &key, entropy)))
                .ok_or_else(|| DbError::inconsistent("data_keys.wrapped: no master key opens it"))?;
            // Only what was read: a key destroyed in between stays destroyed.
            rewrapped += sql("update data_keys set wrapped = $3 where owner_id = $1 and wrapped = $2")
                .bind(owner)
                .bind(wrapped)
                .bind(again)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
    }
}
