//! `portal machine-key`: keys of machines.

use super::Done;
use crate::audit::Actor;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::db::Db;
use crate::entropy::Entropy;
use crate::feed;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
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

pub async fn run(config: Config, command: Command) -> Done {
    match command {
        Command::Add { name, scope } => add(config, &name, &scope).await,
        Command::Rotate { name, overlap_days } => rotate(config, &name, overlap_days).await,
        Command::List => list(config).await,
        Command::Revoke { id } => revoke(config, &id).await,
    }
}

async fn add(config: Config, name: &str, scopes: &[String]) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    let key = feed::add_key(&mut tx, &Entropy::System, name, scopes, SystemClock.now()).await?;
    tx.commit().await?;
    println!("{key}");
    Ok(())
}

async fn rotate(config: Config, name: &str, overlap_days: u16) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    let overlap = chrono::Duration::days(i64::from(overlap_days));
    let key = feed::rotate(&mut tx, &Entropy::System, name, overlap, SystemClock.now()).await?;
    tx.commit().await?;
    println!("{key}");
    Ok(())
}

async fn list(config: Config) -> Done {
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

async fn revoke(config: Config, id: &str) -> Done {
    let db = Db::open(&config.database_url).await?;
    let mut tx = db.write().await?;
    if !feed::revoke(&mut tx, id, Actor::System, SystemClock.now()).await? {
        return Err(format!("no key that works has the id {id}").into());
    }
    tx.commit().await?;
    println!("{id} does not work any more");
    Ok(())
}
