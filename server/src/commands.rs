//! The program's commands. Each is a few lines over the parts; answers go to standard output, the
//! log and progress to standard error.

use crate::audit::{self, Act, Actor, Entry, Verdict};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::db::{Db, Tx, sql};
use crate::demo::{self, Demo};
use crate::entropy::Entropy;
use crate::http::assets::Assets;
use crate::import::apply;
use crate::import::file::{self, Report};
use crate::import::record::ReadError;
use crate::import::source::Source;
use crate::keys::Keys;
use crate::outbox::{self, Mailer};
use crate::portal::Portal;
use crate::retention::{self, Erased, Ledger};
use crate::{contact, feed, http, hub, vault};
use app::domain::ids::{PersonId, StaffId};
use app::domain::staff::StaffRole;
use clap::{Args, Parser, Subcommand};
use std::error::Error;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Done = Result<(), Box<dyn Error>>;

/// A victims' hub portal: self-service for people who have experienced a crime and for witnesses.
#[derive(Parser)]
#[command(name = "portal", version)]
pub struct Cli {
    /// The settings file.
    #[arg(long, global = true, default_value = "portal.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the portal, and send what is due
    Serve,
    /// Only send what is due (several servers)
    Worker,
    /// Bring the database up to date
    Migrate,
    /// Fill an empty database with invented people
    Seed(Seed),
    /// Take real feeds in
    #[command(subcommand)]
    Import(Import),
    /// Add or disable staff
    #[command(subcommand)]
    Staff(Staff),
    /// Make keys for machines
    #[command(subcommand)]
    MachineKey(MachineKey),
    /// End records whose time has come, or one person's; hold one
    #[command(subcommand)]
    Retention(Retention),
    /// The master keys that seal what is kept of people
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Check the audit chain
    #[command(subcommand)]
    Audit(Audit),
    /// Read the settings and show them, passwords masked
    CheckConfig,
    /// Print the description of the feed
    Openapi,
}

#[derive(Args)]
struct Seed {
    /// Confirms that the people are to be invented
    #[arg(long, required = true)]
    demo: bool,
    /// How many crimes to invent, or files (or a folder) of published months to use instead
    #[arg(long, default_value = "2000")]
    cases: Vec<String>,
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Import {
    /// Cases: street-level CSV (plain or gzip), or the JSON of POST /api/v1/cases
    Cases(ImportCases),
}

#[derive(Args)]
struct ImportCases {
    file: PathBuf,
    /// Read everything, store nothing
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Staff {
    /// Add somebody; the password is asked for (or read from standard input)
    Add {
        email: String,
        /// One of `coordinator`, `witness_care_officer`, `supervisor`, `lead`, `auditor`, `admin`
        #[arg(long)]
        role: String,
        /// Who shares their work
        #[arg(long, default_value = "Hub")]
        team: String,
        #[arg(long)]
        name: Option<String>,
    },
    /// Give somebody another role or team; they sign in again
    Change {
        email: String,
        #[arg(long)]
        role: Option<String>,
        #[arg(long)]
        team: Option<String>,
    },
    /// End somebody's access at once
    Disable { email: String },
}

#[derive(Subcommand)]
enum MachineKey {
    /// Make a key; it is shown once
    Add {
        name: String,
        #[arg(long, required = true)]
        scope: Vec<String>,
    },
    /// Make the next key of this name; those before it go on working for a while
    Rotate {
        name: String,
        #[arg(long, default_value_t = 7)]
        overlap_days: u16,
    },
    /// Every key with its life and its last use; never the key itself
    List,
    /// End a key at once
    Revoke { id: String },
}

#[derive(Subcommand)]
enum Retention {
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

#[derive(Subcommand)]
enum KeysCommand {
    /// Wrap every data key with a new master key; ended in the middle, run it again
    Rotate,
}

#[derive(Subcommand)]
enum Audit {
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

/// Runs one command.
pub async fn run(cli: Cli) -> Done {
    let config = Config::load(&cli.config, |name| std::env::var(name).ok())?;
    match cli.command {
        Command::Serve => serve(config).await,
        Command::Worker => {
            let portal = portal(config).await?;
            tokio::select! {
                () = outbox::run(portal) => {}
                () = told_to_stop() => {}
            }
            Ok(())
        }
        Command::Migrate => {
            let db = Db::open(&config.database_url).await?;
            println!("{} database is up to date", db.kind());
            Ok(())
        }
        Command::Seed(seed) => seed_demo(config, seed).await,
        Command::Import(Import::Cases(import)) => import_cases(config, import).await,
        Command::Staff(Staff::Add { email, role, team, name }) => add_staff(config, &email, &role, &team, name).await,
        Command::Staff(Staff::Change { email, role, team }) => change_staff(config, &email, role.as_deref(), team).await,
        Command::Staff(Staff::Disable { email }) => disable_staff(config, &email).await,
        Command::MachineKey(MachineKey::Add { name, scope }) => add_key(config, &name, &scope).await,
        Command::MachineKey(MachineKey::Rotate { name, overlap_days }) => rotate_key(config, &name, overlap_days).await,
        Command::MachineKey(MachineKey::List) => list_keys(config).await,
        Command::MachineKey(MachineKey::Revoke { id }) => revoke_key(config, &id).await,
        Command::Retention(Retention::Run { dry_run }) => run_retention(config, dry_run).await,
        Command::Retention(Retention::Erase { id }) => erase_person(config, id).await,
        Command::Retention(Retention::Hold { id }) => hold_person(config, id, true).await,
        Command::Retention(Retention::Lift { id }) => hold_person(config, id, false).await,
        Command::Retention(Retention::ApplyLedger) => apply_ledger(config).await,
        Command::Keys(KeysCommand::Rotate) => rotate_keys(config).await,
        Command::Audit(Audit::Verify { checkpoints }) => verify_audit(config, checkpoints).await,
        Command::Audit(Audit::Checkpoint { file }) => checkpoint_audit(config, &file).await,
        Command::Audit(Audit::Export) => export_audit(config, None).await,
        Command::Audit(Audit::Person { id }) => export_audit(config, Some(id)).await,
        Command::CheckConfig => {
            println!("{}", config.masked());
            Mailer::new(&config)?;
            Ok(())
        }
        Command::Openapi => {
            println!("{:#}", feed::openapi());
            Ok(())
        }
    }
}

async fn portal(config: Config) -> Result<Portal, Box<dyn Error>> {
    let (db, keys) = store(&config).await?;
    let assets = Assets::load(config.site_dir.as_deref())?;
    let mailer = Mailer::new(&config)?;
    Ok(Portal::new(config, db, Arc::new(SystemClock), Entropy::System, keys, assets, mailer).await?)
}

/// The database and the keys that open it. Only for a database that holds nothing yet are keys made.
async fn store(config: &Config) -> Result<(Db, Keys), Box<dyn Error>> {
    let db = Db::open(&config.database_url).await?;
    let mut reader = db.read().await?;
    let (held,): (i64,) = sql("select count(*) from (select 1 from data_keys limit 1) as one").fetch_one(&mut reader).await?;
    let keys = Keys::from_files(&config.key_file(), &config.master_file(), held == 0, &Entropy::System)?;
    keys.vault.check(&mut reader).await?;
    contact::points::check(&keys, &mut reader).await?;
    drop(reader);
    Ok((db, keys))
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
}

async fn serve(config: Config) -> Done {
    let portal = portal(config).await?;
    let listener = tokio::net::TcpListener::bind(portal.config.addr).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let worker = tokio::spawn(outbox::run(portal.clone()));
    let app = http::router::router(portal);
    http::accept::serve(listener, app, http::accept::Limits::default(), told_to_stop()).await?;
    worker.abort();
    Ok(())
}

async fn seed_demo(config: Config, seed: Seed) -> Done {
    let portal = portal(config).await?;
    // Before anything is put in: a refusal changes nothing.
    demo::must_hold_nobody(&portal).await?;
    let invented = seed.cases.iter().find_map(|value| value.parse::<usize>().ok());
    if let Some(count) = invented {
        demo::invent_crimes(&portal, count).await?;
    } else {
        for file in files(&seed.cases)? {
            let mut report = Report::default();
            file::apply(&portal, &file, &mut report, &mut |_| {}).await?;
        }
    }
    let demo = demo::seed(&portal, invented.is_some()).await?;
    if seed.json {
        println!("{}", serde_json::to_string_pretty(&demo)?);
    } else {
        print_sheet(&demo);
    }
    Ok(())
}

fn files(named: &[String]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for name in named {
        let path = PathBuf::from(name);
        if path.is_dir() {
            let mut inside: Vec<PathBuf> =
                std::fs::read_dir(&path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
            inside.retain(|path| path.to_string_lossy().contains(".csv"));
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn print_sheet(demo: &Demo) {
    println!("People (sign in at /sign-in with the email, the code from their mail, and the PIN):");
    for person in &demo.people {
        println!("  {:<8} {:<16} {:<22} PIN {}   {}", person.role, person.name, person.email, person.pin, person.note);
    }
    println!("Staff (sign in at /hub/sign-in with the email, the password, and a code from an authenticator app):");
    for staff in &demo.staff {
        println!("  {:<20} {:<24} password {:<28} secret {}", staff.role, staff.email, staff.password, staff.totp_secret);
    }
    println!("Machine key (POST /api/v1/cases):");
    for key in &demo.machine_keys {
        println!("  {} ({}): {}", key.name, key.scopes.join(", "), key.key);
    }
}

async fn import_cases(config: Config, import: ImportCases) -> Done {
    let bar = indicatif::ProgressBar::new(0);
    let mut report = Report::default();
    let mut out = std::io::stdout().lock();
    if import.json {
        write!(out, "{{\"rejected\":[")?;
    }
    let damaged = |out: &mut std::io::StdoutLock<'_>, error: ReadError| -> Done {
        if import.json {
            writeln!(out, "],\"accepted\":0,\"unchanged\":0,\"error\":{}}}", serde_json::Value::from(error.to_string()))?;
        }
        Err(format!("{}: {error}. Nothing was stored", import.file.display()).into())
    };
    // First all of it is read, so that a damaged file changes nothing.
    let check = match Source::open(&import.file) {
        Ok(source) => source,
        Err(error) => return damaged(&mut out, error),
    };
    let unit = check.unit();
    let (bytes, size) = (check.bytes_read(), check.size().unwrap_or(0));
    bar.set_length(size * 2);
    for (count, entry) in check.enumerate() {
        let reject = match entry {
            Ok(Ok(record)) => apply::unknown_role(&record).map(|reason| (count as u64 + 1, reason)),
            Ok(Err(reject)) => Some((reject.line, reject.reason)),
            Err(error) => {
                bar.abandon();
                return damaged(&mut out, error);
            }
        };
        if let Some((line, reason)) = reject {
            report.rejected += 1;
            if import.json {
                let comma = if report.rejected > 1 { "," } else { "" };
                write!(out, "{comma}{}", serde_json::json!({ "line": line, "reason": reason }))?;
            } else {
                writeln!(out, "rejected {unit} {line}: {reason}")?;
            }
        }
        if count % 4096 == 0 {
            bar.set_position(bytes.load(Ordering::Relaxed));
        }
    }
    if !import.dry_run {
        let portal = portal(config).await?;
        report.rejected = 0; // counted again as it is stored
        file::apply(&portal, &import.file, &mut report, &mut |done| bar.set_position(size + done)).await?;
    }
    bar.finish_and_clear();
    if import.json {
        writeln!(
            out,
            "],\"accepted\":{},\"unchanged\":{},\"rejected_count\":{},\"unknown_wordings\":{},\"dry_run\":{}}}",
            report.accepted,
            report.unchanged,
            report.rejected,
            serde_json::to_string(&report.unknown_wordings)?,
            import.dry_run
        )?;
    } else {
        for (wording, count) in &report.unknown_wordings {
            writeln!(out, "new outcome wording, kept and shown as it is ({count} times): {wording}")?;
        }
        let stored = if import.dry_run { "dry run, nothing stored: " } else { "" };
        writeln!(out, "{stored}{} accepted, {} unchanged, {} rejected", report.accepted, report.unchanged, report.rejected)?;
    }
    Ok(())
}

/// The shortest password a member of staff may have, in characters.
const SHORTEST_PASSWORD: usize = 15;
/// The sign-in form takes no more, in bytes.
const LONGEST_PASSWORD: usize = 256;

/// `about`: what an attacker knows of its owner anyway.
fn ask_password(about: &[&str]) -> Result<String, Box<dyn Error>> {
    let password = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password (15 characters or more): ")?
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(format!("the password must have at least {SHORTEST_PASSWORD} characters").into());
    }
    if password.len() > LONGEST_PASSWORD {
        return Err(format!("the password may have at most {LONGEST_PASSWORD} bytes").into());
    }
    // Long is not enough: "passwordpassword1" is among the first that anybody tries.
    if zxcvbn::zxcvbn(&password, about).score() < zxcvbn::Score::Four {
        return Err("the password is too easy to guess: take four or more words that do not belong together".into());
    }
    Ok(password)
}

fn role_named(code: &str) -> Result<StaffRole, String> {
    StaffRole::from_code(code).ok_or_else(|| format!("the role must be one of {}", StaffRole::ALL.map(StaffRole::code).join(", ")))
}

async fn add_staff(config: Config, email: &str, role: &str, team: &str, name: Option<String>) -> Done {
    let email = app::forms::sign_in::email(email).ok_or("this is not an email address")?;
    let role = role_named(role)?;
    let password = ask_password(&[email.as_str(), name.as_deref().unwrap_or(""), "hub", "victim", "police"])?;
    let (clock, entropy) = (SystemClock, Entropy::System);
    let (db, keys) = store(&config).await?;
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or("Staff").to_owned());
    let hash = keys.hash_secret(&password, entropy.bytes());
    let mut tx = db.write().await?;
    let now = clock.now();
    let secret = hub::add_staff(
        &mut tx,
        StaffId(entropy.id(now)),
        hub::NewStaff { email: &email, name: &name, role, team },
        hash,
        (&keys, &entropy),
        now,
    )
    .await?;
    tx.commit().await?;
    println!("Added {email} as {}. Secret for the authenticator app, shown once: {secret}", role.code());
    Ok(())
}

/// The id of somebody who has access.
async fn staff_called(tx: &mut Tx, email: &str) -> Result<StaffId, Box<dyn Error>> {
    let email = app::forms::sign_in::email(email).ok_or("this is not an email address")?;
    let row: Option<(uuid::Uuid,)> =
        sql("select staff_id from staff where email = $1 and disabled_at is null").bind(email).fetch_optional(tx).await?;
    Ok(row.map(|(id,)| StaffId(id)).ok_or("nobody with this email address has access")?)
}

async fn change_staff(config: Config, email: &str, role: Option<&str>, team: Option<String>) -> Done {
    let role = role.map(role_named).transpose()?;
    if role.is_none() && team.is_none() {
        return Err("say what to change: --role, --team or both".into());
    }
    let db = Db::open(&config.database_url).await?;
    let now = SystemClock.now();
    let mut tx = db.write().await?;
    let id = staff_called(&mut tx, email).await?;
    sql("update staff set role = coalesce($2, role), team = coalesce($3, team) where staff_id = $1")
        .bind(id)
        .bind(role.map(StaffRole::code))
        .bind(team)
        .execute_one(&mut tx)
        .await?;
    hub::end_sessions(&mut tx, id, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::System, Act::StaffChanged, None, id)).await?;
    tx.commit().await?;
    println!("{email} is changed; their sessions have ended");
    Ok(())
}

async fn disable_staff(config: Config, email: &str) -> Done {
    let portal = portal(config).await?;
    let mut tx = portal.db.write().await?;
    let id = staff_called(&mut tx, email).await?;
    hub::end_account(&portal, &mut tx, id, Actor::System, portal.now()).await?;
    tx.commit().await?;
    println!("{email} has no access any more; their sessions have ended, and what they held is in the queue");
    Ok(())
}

async fn add_key(config: Config, name: &str, scopes: &[String]) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    let key = feed::add_key(&mut tx, &Entropy::System, name, scopes, SystemClock.now()).await?;
    tx.commit().await?;
    println!("{key}");
    Ok(())
}

async fn rotate_key(config: Config, name: &str, overlap_days: u16) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    let overlap = chrono::Duration::days(i64::from(overlap_days));
    let key = feed::rotate(&mut tx, &Entropy::System, name, overlap, SystemClock.now()).await?;
    tx.commit().await?;
    println!("{key}");
    Ok(())
}

async fn list_keys(config: Config) -> Done {
    let db = Db::open(&config.database_url).await?;
    let now = SystemClock.now();
    println!("id        name                      scopes                    life                      last use");
    for key in feed::list(&mut db.read().await?).await? {
        let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
        let life = match key.revoked_at {
            Some(at) => format!("revoked {}", day(at)),
            None if key.expires_at <= now => format!("ran out {}", day(key.expires_at)),
            None => format!("until {}", day(key.expires_at)),
        };
        let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("used {}", at.format("%Y-%m-%d %H:%M UTC")));
        println!("{}  {:<24}  {:<24}  {life:<24}  {used}", key.key_id, key.name, key.scopes);
    }
    Ok(())
}

async fn revoke_key(config: Config, id: &str) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    if !feed::revoke(&mut tx, id, Actor::System, SystemClock.now()).await? {
        return Err(format!("no key that works has the id {id}").into());
    }
    tx.commit().await?;
    println!("{id} does not work any more");
    Ok(())
}

async fn run_retention(config: Config, dry_run: bool) -> Done {
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

async fn erase_person(config: Config, id: PersonId) -> Done {
    let (db, keys) = store(&config).await?;
    match erase_one(&db, &keys, &Ledger::at(&config.ledger_file()), id).await? {
        Erased::Done { rows } => println!("{id} is erased: {rows} rows and their key"),
        Erased::NotThere => return Err("there is no such person".into()),
        Erased::Held => return Err("a legal hold keeps this person: lift it first".into()),
    }
    Ok(())
}

async fn hold_person(config: Config, id: PersonId, on: bool) -> Done {
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

async fn rotate_keys(config: Config) -> Done {
    let (db, keys) = store(&config).await?;
    let file = config.master_file();
    let done = vault::rotate(&keys.vault, &file, &db, &Entropy::System, SystemClock.now()).await?;
    if done.went_on {
        println!("went on with a rotation that had been ended");
    }
    println!("{} data keys wrapped with master key {}", done.rewrapped, done.master);
    println!("the older lines of {} are needed only for backups made before now", file.display());
    Ok(())
}

async fn verify_audit(config: Config, checkpoints: Option<PathBuf>) -> Done {
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

async fn checkpoint_audit(config: Config, file: &Path) -> Done {
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

async fn export_audit(config: Config, person: Option<PersonId>) -> Done {
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
