//! `portal audit`: the chain, checked and given out.

use super::{Done, store};
use crate::audit::{self, Act, Actor, Entry, Verdict};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::db::Db;
use app::domain::ids::PersonId;
use clap::Subcommand;
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Command {
    /// Walk the whole chain; names the first row that does not fit
    Verify {
        /// A file of checkpoints to hold it against
        #[arg(long)]
        checkpoints: Option<PathBuf>,
    },
    /// Sign the end of the chain and add it to a file, kept where this database's people cannot write
    Checkpoint { file: PathBuf },
    /// Print every row, one JSON object a line; that it was done goes on record
    Export,
    /// Print every row about one person: who has looked at them, and what was changed
    Person { id: PersonId },
}

pub async fn run(config: Config, command: Command) -> Done {
    match command {
        Command::Verify { checkpoints } => verify(config, checkpoints).await,
        Command::Checkpoint { file } => checkpoint(config, &file).await,
        Command::Export => export(config, None).await,
        Command::Person { id } => export(config, Some(id)).await,
    }
}

async fn verify(config: Config, checkpoints: Option<PathBuf>) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut reader = db.read().await?;
    let rows = sound(audit::verify(&mut reader).await?)?;
    println!("the audit chain is sound: {rows} rows");
    if let Some(file) = checkpoints {
        let lines = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        drop(reader);
        let (db, keys) = store(&config).await?;
        let held = sound(audit::checkpoint::compare(&mut db.read().await?, &keys.signer(), &lines).await?)?;
        println!("it holds all {held} checkpoints of {}", file.display());
    }
    Ok(())
}

fn sound(verdict: Verdict) -> Result<i64, String> {
    match verdict {
        Verdict::Sound { rows } => Ok(rows),
        Verdict::Broken { seq, why } => Err(format!("the audit chain is broken at row {seq}: {why}")),
    }
}

async fn checkpoint(config: Config, file: &Path) -> Done {
    let (db, keys) = store(&config).await?;
    let signer = keys.signer();
    let line = audit::checkpoint::line(&mut db.read().await?, &signer, SystemClock.now()).await?;
    add_line(file, &line).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("{line}");
    eprintln!("signed; the public key is {}", signer.public_key());
    Ok(())
}

fn add_line(file: &Path, line: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    writeln!(file, "{line}")?;
    file.sync_all()
}

async fn export(config: Config, person: Option<PersonId>) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    audit::append(&mut tx, SystemClock.now(), Entry::new(Actor::System, Act::AuditExported, person, "")).await?;
    tx.commit().await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let rows = audit::export::rows(&mut db.read().await?, person, &mut out).await?;
    out.flush()?;
    eprintln!("{rows} rows");
    Ok(())
}
