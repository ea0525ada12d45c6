//! Putting a backup into an empty database, in transactions of bounded size. The last one makes it usable, whole
//! or not at all: it writes the end of the chain and walks the chain to it, holds the keys against what they must
//! open, ends what was open, and erases whoever is in the ledger.

use super::read::Reading;
use super::{BackupError, Checked, Identity, travelling};
use crate::audit::{self, Act, Actor, Entry, Verdict};
use crate::contact::points;
use crate::db::{Db, DbError, Many, Table, Tx, Value, sql};
use crate::keys::Keys;
use crate::retention::{self, Ledger};
use chrono::{DateTime, Utc};

/// Rows in one transaction, and bytes in one statement, about.
const AT_ONCE: usize = 2_000;
const LARGEST: usize = 4 * 1024 * 1024;
/// Rows that wait for a statement.
const TOGETHER: usize = 256;

/// What had been open when the backup was made, and is no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    pub sessions: u64,
    pub challenges: u64,
    pub invitations: u64,
}

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    pub rows: u64,
    /// Rows of the chain, all found sound.
    pub chain: i64,
    pub ended: Ended,
    /// Persons in the ledger who had come back.
    pub erased_again: u64,
}

impl Checked {
    /// Puts everything into an empty database. Anything else than an empty one is left as it is.
    pub async fn put_into(
        self,
        db: &Db,
        identity: &Identity,
        keys: &Keys,
        ledger: &Ledger,
        now: DateTime<Utc>,
    ) -> Result<Restored, BackupError> {
        let tables = must_be_empty(db).await?;
        if tables != self.header.tables {
            return Err(BackupError::AnotherSchema { path: self.path.display().to_string(), program: self.header.program });
        }
        let restored = async {
            let rows = fill(db, Reading::open(&self.path, identity)?, keys).await?;
            self.finish(db, keys, ledger, now, rows).await
        };
        restored.await.map_err(|cause| BackupError::HalfFilled(Box::new(cause)))
    }

    async fn finish(&self, db: &Db, keys: &Keys, ledger: &Ledger, now: DateTime<Utc>, rows: u64) -> Result<Restored, BackupError> {
        let mut tx = db.write().await?;
        let chain = match audit::put_back(&mut tx, &self.header.chain).await? {
            Verdict::Sound { rows } => rows,
            Verdict::Broken { seq, why } => return Err(BackupError::Broken { seq, why }),
        };
        keys.vault.check(&mut tx).await?;
        points::check(keys, &mut tx).await?;
        let ended = end_what_was_open(&mut tx, now).await?;
        let erased_again = retention::apply_in(&mut tx, ledger, keys, now).await?;
        audit::append(&mut tx, now, Entry::new(Actor::System, Act::Restored, None, chain)).await?;
        tx.commit().await?;
        Ok(Restored { rows, chain, ended, erased_again })
    }
}

async fn must_be_empty(db: &Db) -> Result<Vec<Table>, BackupError> {
    let mut reader = db.read().await?;
    let tables = travelling(&mut reader).await?;
    for table in &tables {
        if !table.is_empty(&mut reader).await? {
            return Err(BackupError::NotEmpty);
        }
    }
    if audit::end(&mut reader).await?.seq != 0 {
        return Err(BackupError::NotEmpty);
    }
    Ok(tables)
}

/// Rows of one table that go in together.
struct Waiting {
    table: usize,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

async fn fill(db: &Db, mut reading: Reading, keys: &Keys) -> Result<u64, BackupError> {
    let inserts: Vec<Many> = reading.header.tables.iter().map(Table::insert).collect();
    let mut waiting = Waiting { table: 0, rows: Vec::with_capacity(TOGETHER), bytes: 0 };
    let (mut tx, mut in_tx, mut all) = (db.write().await?, 0, 0);
    while let Some((table, row)) = reading.row(keys)? {
        if table != waiting.table || waiting.rows.len() >= TOGETHER || waiting.bytes >= LARGEST {
            in_tx += put(&mut tx, &inserts[waiting.table], &mut waiting).await?;
            if in_tx >= AT_ONCE {
                tx.commit().await?;
                (tx, in_tx) = (db.write().await?, 0);
            }
        }
        waiting.table = table;
        waiting.bytes += row.iter().map(size).sum::<usize>();
        waiting.rows.push(row);
        all += 1;
    }
    put(&mut tx, &inserts[waiting.table], &mut waiting).await?;
    tx.commit().await?;
    Ok(all)
}

/// Puts in what waits; answers how many rows, or more for large ones.
async fn put(tx: &mut Tx, insert: &Many, waiting: &mut Waiting) -> Result<usize, DbError> {
    let weight = waiting.rows.len() + waiting.bytes / (LARGEST / AT_ONCE * 8);
    let lengths: Vec<usize> = insert.groups(&waiting.rows).map(<[_]>::len).collect();
    let mut rows = waiting.rows.drain(..);
    for length in lengths {
        let mut statement = insert.of(length);
        for value in rows.by_ref().take(length).flatten() {
            statement = statement.bind(value);
        }
        statement.execute(tx).await?;
    }
    waiting.bytes = 0;
    Ok(weight)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(Some(text)) => text.len(),
        Value::Bytes(Some(bytes)) => bytes.len(),
        _ => 8,
    }
}

/// Nothing that opened anything when the backup was made does so again: what ended since then is open in it. An
/// invitation may have been replaced since because somebody else had it; its pass ends with it.
async fn end_what_was_open(tx: &mut Tx, now: DateTime<Utc>) -> Result<Ended, DbError> {
    let mut ended = Ended::default();
    for statement in [
        "update person_sessions set ended_at = $1 where ended_at is null",
        "update staff_sessions set ended_at = $1 where ended_at is null",
    ] {
        ended.sessions += sql(statement).bind(now).execute(tx).await?;
    }
    for statement in [
        "update sign_in_challenges set used_at = $1 where used_at is null",
        "update staff_challenges set used_at = $1 where used_at is null",
        "update passkey_challenges set used_at = $1 where used_at is null",
        "update staff_sign_ons set used_at = $1 where used_at is null",
    ] {
        ended.challenges += sql(statement).bind(now).execute(tx).await?;
    }
    ended.invitations = sql("update invitations set replaced_at = $1, mail_to = null where used_at is null and replaced_at is null")
        .bind(now)
        .execute(tx)
        .await?;
    Ok(ended)
}
