//! `portal backup` and `portal restore`: a copy of everything, and back.

use super::{Done, store};
use crate::backup::{self, BackupError, Identity, Recipient};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, mask};
use crate::db::Db;
use crate::entropy::Entropy;
use crate::keys::Keys;
use crate::retention::Ledger;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use std::error::Error;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Args)]
pub struct Backup {
    /// A new file
    file: PathBuf,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Restore {
    file: PathBuf,
    /// The new database: `sqlite://FILE` or `postgres://..`
    #[arg(long)]
    into: String,
    /// The file that `age-keygen` made, whose public key was `backup_recipient`
    #[arg(long)]
    identity: PathBuf,
    #[arg(long)]
    json: bool,
}

const NO_RECIPIENT: &str = "no backup_recipient is set: run `age-keygen -o FILE`, keep FILE where this machine cannot read it, \
     and set backup_recipient (or PORTAL_BACKUP_RECIPIENT) to the public key it prints";

fn seconds_since(start: DateTime<Utc>) -> i64 {
    (SystemClock.now() - start).num_seconds()
}

pub async fn run(config: Config, asked: Backup) -> Done {
    let recipient: Recipient = config.backup_recipient.as_deref().ok_or(NO_RECIPIENT)?.parse()?;
    let (db, keys) = store(&config).await?;
    let start = SystemClock.now();
    let made = backup::make(&db, &keys, &recipient, &Entropy::System, start, &asked.file).await?;
    let seconds = seconds_since(start);
    if asked.json {
        let told = serde_json::json!({
            "tables": made.tables, "rows": made.rows, "bytes": made.bytes, "seconds": seconds, "chain": made.chain,
        });
        println!("{told}");
    } else {
        println!("{} tables, {} rows, {} bytes in {seconds} seconds", made.tables, made.rows, made.bytes);
        println!("the audit chain in it ends at row {} with {}", made.chain.seq, made.chain.hash);
    }
    Ok(())
}

pub async fn restore(config: Config, asked: Restore) -> Done {
    let start = SystemClock.now();
    let identity = identity(&asked.identity)?;
    // Never made here: new ones could read nothing.
    let keys = Keys::from_files(&config.key_file(), &config.master_file(), false, &Entropy::System)?;
    let ledger = Ledger::at(&config.ledger_file());
    ledger.read(&keys)?;
    let checked = backup::check(&asked.file, &identity, &keys)?;
    let made_at = DateTime::from_timestamp_micros(checked.header.made_at).ok_or("the backup does not say when it was made")?;
    let made_at = made_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let db = Db::open(&asked.into).await?;
    let done = checked.put_into(&db, &identity, &keys, &ledger, SystemClock.now()).await.map_err(|error| match error {
        BackupError::NotEmpty => format!("the database at {} is not empty: restore into a new one", mask(&asked.into)),
        other => other.to_string(),
    })?;
    let seconds = seconds_since(start);
    if asked.json {
        let told = serde_json::json!({
            "made_at": made_at, "rows": done.rows, "chain": done.chain, "seconds": seconds, "erased_again": done.erased_again,
            "ended": {
                "sessions": done.ended.sessions, "challenges": done.ended.challenges, "invitations": done.ended.invitations,
            },
        });
        println!("{told}");
        return Ok(());
    }
    println!("{} rows in {seconds} seconds; the audit chain is sound: {} rows", done.rows, done.chain);
    println!(
        "ended: {} sessions, {} codes and questions, {} invitations; {} persons erased again, by the ledger",
        done.ended.sessions, done.ended.challenges, done.ended.invitations, done.erased_again
    );
    println!("to use it, set database_url to it, secret_key_file to {} and", config.key_file().display());
    println!("master_key_file and erasure_ledger to {} and {}", config.master_file().display(), config.ledger_file().display());
    println!(
        "nothing after {made_at} is in it: end the accounts of staff and the machine keys that ended since, and make sure what \
         people chose about contact since, before `portal serve` sends what was due"
    );
    Ok(())
}

fn identity(path: &Path) -> Result<Identity, Box<dyn Error>> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?);
    text.parse().map_err(|_| format!("{} holds no identity: it must have a line that begins with AGE-SECRET-KEY-1", path.display()).into())
}
