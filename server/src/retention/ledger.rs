//! Who was erased: one line each, `PERSON_ID TIME MAC`, in a file that is kept with the backups. The MAC
//! keeps anybody from having somebody erased by adding a line.

use super::erase::{Erased, take};
use crate::db::{Db, DbError, Tx};
use crate::keys::{Keys, same};
use app::domain::ids::PersonId;
use chrono::{DateTime, SecondsFormat, Utc};
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the erasure ledger {path}: {cause}")]
    File { path: String, cause: std::io::Error },
    #[error("line {0} of the erasure ledger was not written with this key: nothing was erased")]
    Forged(usize),
    #[error(transparent)]
    Db(#[from] DbError),
}

pub struct Ledger {
    path: PathBuf,
}

impl Ledger {
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    fn broken(&self, cause: std::io::Error) -> LedgerError {
        LedgerError::File { path: self.path.display().to_string(), cause }
    }

    /// Writes a line down for good: before the erasure is committed, since one that is here and was not
    /// done is done by [`apply`], and one that was done and is not here would come back.
    pub fn write(&self, keys: &Keys, person: PersonId, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let line = || {
            let before = std::fs::read_to_string(&self.path).unwrap_or_default();
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
            let signed = format!("{person} {}", now.to_rfc3339_opts(SecondsFormat::Secs, true));
            writeln!(file, "{signed} {}", keys.erasure_mac(&follows(before.lines().next_back(), &signed)))?;
            file.sync_all()
        };
        line().map_err(|cause| self.broken(cause))
    }

    /// Every person in it. One line that is not ours spoils the whole.
    pub fn read(&self, keys: &Keys) -> Result<Vec<PersonId>, LedgerError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(self.broken(cause)),
        };
        let mut before = None;
        text.lines()
            .enumerate()
            .map(|(place, line)| {
                let fits = |(signed, mac): &(&str, &str)| same(mac, &keys.erasure_mac(&follows(before, signed)));
                let (signed, _) = line.rsplit_once(' ').filter(fits).ok_or(place)?;
                before = Some(line);
                signed.split(' ').next().and_then(|id| id.parse().ok()).ok_or(place)
            })
            .collect::<Result<_, usize>>()
            .map_err(|place| LedgerError::Forged(place + 1))
    }
}

/// Each line stands on the one before: one that is taken out shows.
fn follows(before: Option<&str>, signed: &str) -> String {
    format!("{} {signed}", before.unwrap_or_default())
}

/// Erases again whoever is in the ledger and in the database: after an older one was put back. Answers how
/// many.
pub async fn apply(ledger: &Ledger, keys: &Keys, db: &Db, now: DateTime<Utc>) -> Result<u64, LedgerError> {
    let mut again = 0;
    for person in ledger.read(keys)? {
        let mut tx = db.write().await?;
        if let Erased::Done { .. } = take(&mut tx, person, now).await? {
            tx.commit().await?;
            again += 1;
        }
    }
    Ok(again)
}

/// The same in the caller's transaction: for a database that nobody uses yet.
pub async fn apply_in(tx: &mut Tx, ledger: &Ledger, keys: &Keys, now: DateTime<Utc>) -> Result<u64, LedgerError> {
    let mut again = 0;
    for person in ledger.read(keys)? {
        again += u64::from(take(tx, person, now).await? != Erased::NotThere);
    }
    Ok(again)
}
