//! What is kept of people is kept sealed: whoever has the database, a backup or the disk has ids,
//! dates and states, and no name, address, message or answer.
//!
//! - Each person has a data key of their own, and so has each member of staff (for their authenticator
//!   app) and each submission of somebody without an account. The table `data_keys` holds it, wrapped
//!   by a master key that is never in the database ([`Masters`]).
//! - A [`DataKey`] seals one [`Field`] of one row and opens it again. What is sealed is bound to its
//!   field, its row and its owner: moved elsewhere, it does not open.
//! - What must be found without being opened has a blind index beside it: `Keys::contact_index`.
//! - A new master key re-wraps the data keys and leaves all rows as they are: [`rotate`].
//! - Destroying a data key destroys what it sealed, in every copy made since.
//!
//! To keep something new of a person: a text column, a variant of [`Field`], `seal` when writing,
//! `open` when reading. A test holds every text column of the schema to one of the two lists, sealed
//! or clear with a reason. It must not: keep an opened text anywhere, or log one.

mod data_key;
mod masters;
mod rotate;

pub use data_key::{DataKey, Field};
pub use masters::{MasterError, Masters};
pub use rotate::{Rotated, rotate};

use crate::db::{Connection, DbError, Tx, sql};
use crate::entropy::Entropy;
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The master keys of a running program.
pub struct Vault {
    masters: RwLock<Masters>,
    /// Where they came from: read again when a data key names one that is not known yet.
    file: Option<PathBuf>,
}

impl Vault {
    #[must_use]
    pub fn new(masters: Masters) -> Self {
        Self { masters: RwLock::new(masters), file: None }
    }

    /// Reads the master keys; with `may_make`, makes the first one where there is no file yet.
    pub fn from_file(path: &Path, may_make: bool, entropy: &Entropy) -> Result<Self, MasterError> {
        let masters = Masters::read_or_make(path, may_make, entropy)?;
        Ok(Self { masters: RwLock::new(masters), file: Some(path.to_owned()) })
    }

    /// A new data key for somebody who has none.
    pub async fn make(&self, tx: &mut Tx, entropy: &Entropy, owner: Uuid, now: DateTime<Utc>) -> Result<DataKey, DbError> {
        self.try_make(tx, entropy, owner, now).await?.ok_or(DbError::Conflict { rows: 0 })
    }

    /// The data key of somebody who has one.
    pub async fn key(&self, on: &mut impl Connection, owner: Uuid) -> Result<DataKey, DbError> {
        self.find(on, owner).await?.ok_or_else(|| DbError::inconsistent("data_keys: one is missing"))
    }

    pub async fn find(&self, on: &mut impl Connection, owner: Uuid) -> Result<Option<DataKey>, DbError> {
        let row: Option<(String,)> = sql("select wrapped from data_keys where owner_id = $1").bind(owner).fetch_optional(on).await?;
        row.map(|(wrapped,)| self.unwrap(owner, &wrapped)).transpose()
    }

    pub async fn find_or_make(&self, tx: &mut Tx, entropy: &Entropy, owner: Uuid, now: DateTime<Utc>) -> Result<DataKey, DbError> {
        if let Some(key) = self.find(tx, owner).await? {
            return Ok(key);
        }
        match self.try_make(tx, entropy, owner, now).await? {
            Some(key) => Ok(key),
            // Made by somebody else a moment ago.
            None => self.key(tx, owner).await,
        }
    }

    async fn try_make(&self, tx: &mut Tx, entropy: &Entropy, owner: Uuid, now: DateTime<Utc>) -> Result<Option<DataKey>, DbError> {
        let key = Zeroizing::new(entropy.bytes::<32>());
        let wrapped = self.with_masters(|masters| masters.wrap(owner, &key, entropy));
        let made = sql("insert into data_keys (owner_id, wrapped, made_at) values ($1, $2, $3) on conflict (owner_id) do nothing")
            .bind(owner)
            .bind(wrapped)
            .bind(now)
            .execute(tx)
            .await?;
        Ok((made == 1).then(|| DataKey::new(owner, &key)))
    }

    /// Opens a wrapped data key that came along with a row.
    pub fn unwrap(&self, owner: Uuid, wrapped: &str) -> Result<DataKey, DbError> {
        if let Some(key) = self.with_masters(|masters| masters.unwrap(owner, wrapped)) {
            return Ok(DataKey::new(owner, &key));
        }
        // Another program may have begun to use a newer master key.
        let newer = self.file.as_deref().and_then(|file| Masters::read(file).ok());
        let key = newer.and_then(|newer| {
            let key = newer.unwrap(owner, wrapped)?;
            *self.masters.write().unwrap_or_else(PoisonError::into_inner) = newer;
            Some(key)
        });
        key.map(|key| DataKey::new(owner, &key)).ok_or_else(|| DbError::inconsistent("data_keys.wrapped: no master key opens it"))
    }

    fn with_masters<T>(&self, act: impl FnOnce(&Masters) -> T) -> T {
        act(&self.masters.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Do these master keys belong to this database?
    pub async fn check(&self, on: &mut impl Connection) -> Result<(), DbError> {
        let row: Option<(Uuid, String)> = sql("select owner_id, wrapped from data_keys limit 1").fetch_optional(on).await?;
        let Some((owner, wrapped)) = row else { return Ok(()) };
        self.unwrap(owner, &wrapped).map(drop).map_err(|_| {
            DbError::Unsuitable("the master key file does not belong to this database: nothing in it could be read with it".into())
        })
    }
}
