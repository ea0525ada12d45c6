//! The program's commands. Each is a few lines over the parts; answers go to standard output, the
//! log and progress to standard error. A group of commands has a file of its own, with its arguments and a
//! `run`; to add one: a variant there, and its arm in that `run`.

mod audit;
mod backup;
mod demo;
mod import;
mod machine_keys;
mod master_keys;
mod retention;
mod staff;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::db::{Db, sql};
use crate::entropy::Entropy;
use crate::http::assets::Assets;
use crate::keys::Keys;
use crate::outbox::{self, Mailer};
use crate::portal::Portal;
use crate::{contact, feed, http, hub};
use clap::{Parser, Subcommand};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

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
    Seed(demo::Seed),
    /// Take real feeds in
    #[command(subcommand)]
    Import(import::Command),
    /// Add or disable staff
    #[command(subcommand)]
    Staff(staff::Command),
    /// Make keys for machines
    #[command(subcommand)]
    MachineKey(machine_keys::Command),
    /// End records whose time has come, or one person's; hold one
    #[command(subcommand)]
    Retention(retention::Command),
    /// The master keys that seal what is kept of people
    #[command(subcommand)]
    Keys(master_keys::Command),
    /// Check the audit chain
    #[command(subcommand)]
    Audit(audit::Command),
    /// Write a copy of everything into a file that only the owner of `backup_recipient` can read
    Backup(backup::Backup),
    /// Put a backup into a new, empty database
    Restore(backup::Restore),
    /// Read the settings and show them, passwords masked
    CheckConfig,
    /// Print the description of the feed
    Openapi,
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
        Command::Seed(seed) => demo::run(config, seed).await,
        Command::Import(command) => import::run(config, command).await,
        Command::Staff(command) => staff::run(config, command).await,
        Command::MachineKey(command) => machine_keys::run(config, command).await,
        Command::Retention(command) => retention::run(config, command).await,
        Command::Keys(command) => master_keys::run(config, command).await,
        Command::Audit(command) => audit::run(config, command).await,
        Command::Backup(asked) => backup::run(config, asked).await,
        Command::Restore(asked) => backup::restore(config, asked).await,
        Command::CheckConfig => {
            println!("{}", config.masked());
            Mailer::new(&config)?;
            hub::check_settings(&config)?;
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
    hub::check_settings(&config)?;
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
