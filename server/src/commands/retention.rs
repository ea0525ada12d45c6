//! `portal retention`: the end of records.

use super::{Done, store};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::db::Db;
use crate::keys::Keys;
use crate::retention::{self, Erased, Ledger};
use app::domain::ids::PersonId;
use clap::Subcommand;
use std::error::Error;

#[derive(Subcommand)]
pub enum Command {
    /// Take away what has run out by the schedule of the settings, persons included
    Run {
        /// Say what would go, and leave it
        #[arg(long)]
        dry_run: bool,
    },
    /// Erase one person now: their key, every row, and a line in the ledger
    Erase { id: PersonId },
    /// Keep one person whatever is due
    Hold { id: PersonId },
    /// End a legal hold
    Lift { id: PersonId },
    /// After an older database was put back: erase again whoever is in the ledger
    ApplyLedger,
}

pub async fn run(config: Config, command: Command) -> Done {
    match command {
        Command::Run { dry_run } => run_schedule(config, dry_run).await,
        Command::Erase { id } => erase(config, id).await,
        Command::Hold { id } => hold(config, id, true).await,
        Command::Lift { id } => hold(config, id, false).await,
        Command::ApplyLedger => apply_ledger(config).await,
    }
}

async fn run_schedule(config: Config, dry_run: bool) -> Done {
    let (db, keys) = store(&config).await?;
    let now = SystemClock.now();
    let retention::Due(due) = retention::due(&mut db.read().await?, &config.retention, now).await?;
    if dry_run {
        for person in &due {
            println!("due {person}");
        }
        println!("{} persons are due; nothing was changed", due.len());
        return Ok(());
    }
    let mut tx = db.write().await?;
    let purged = retention::purge(&mut tx, &config.retention, now).await?;
    tx.commit().await?;
    let ledger = Ledger::at(&config.ledger_file());
    let mut erased = 0;
    for person in due {
        erased += u64::from(erase_one(&db, &keys, &ledger, person).await? != Erased::NotThere);
    }
    println!(
        "{erased} persons erased; {} sessions, codes and invitations, {} notices, {} answers to machines, {} requests without an account taken away",
        purged.ways_in, purged.notices, purged.answers_to_machines, purged.requests
    );
    Ok(())
}

/// The ledger first: whoever is in it and was not erased is erased by `apply-ledger`.
async fn erase_one(db: &Db, keys: &Keys, ledger: &Ledger, person: PersonId) -> Result<Erased, Box<dyn Error>> {
    let now = SystemClock.now();
    let mut tx = db.write().await?;
    let erased = retention::erase(&mut tx, person, now).await?;
    if let Erased::Done { .. } = erased {
        ledger.write(keys, person, now)?;
        tx.commit().await?;
    }
    Ok(erased)
}

async fn erase(config: Config, id: PersonId) -> Done {
    let (db, keys) = store(&config).await?;
    match erase_one(&db, &keys, &Ledger::at(&config.ledger_file()), id).await? {
        Erased::Done { rows } => println!("{id} is erased: {rows} rows and their key"),
        Erased::NotThere => return Err("there is no such person".into()),
        Erased::Held => return Err("a legal hold keeps this person: lift it first".into()),
    }
    Ok(())
}

async fn hold(config: Config, id: PersonId, on: bool) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    if !retention::hold(&mut tx, id, on, SystemClock.now()).await? {
        return Err("there is no such person".into());
    }
    tx.commit().await?;
    println!("{id} is {}", if on { "held: nothing takes them away" } else { "held no more" });
    Ok(())
}

async fn apply_ledger(config: Config) -> Done {
    let (db, keys) = store(&config).await?;
    let again = retention::apply(&Ledger::at(&config.ledger_file()), &keys, &db, SystemClock.now()).await?;
    println!("{again} persons erased again");
    Ok(())
}
