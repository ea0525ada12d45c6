//! `portal staff`: who works at the hub.

use super::{Done, portal, store};
use crate::audit::{self, Act, Actor, Entry};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::db::{Db, Tx, sql};
use crate::entropy::Entropy;
use crate::hub;
use app::domain::ids::StaffId;
use app::domain::staff::StaffRole;
use clap::Subcommand;
use std::error::Error;
use std::io::{BufRead as _, IsTerminal as _};

#[derive(Subcommand)]
pub enum Command {
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
    /// Give somebody who has lost a way in a new password and a new authenticator secret; they sign in again
    Reset { email: String },
    /// End somebody's access at once
    Disable { email: String },
    /// Let somebody sign in with the organisation's own account; they sign in again
    Link {
        email: String,
        /// The provider, exactly as it names itself
        #[arg(long)]
        issuer: String,
        /// By what the provider knows them for ever: its `sub`, never an email address
        #[arg(long)]
        subject: String,
    },
}

pub async fn run(config: Config, command: Command) -> Done {
    match command {
        Command::Add { email, role, team, name } => add(config, &email, &role, &team, name).await,
        Command::Change { email, role, team } => change(config, &email, role.as_deref(), team).await,
        Command::Reset { email } => reset(config, &email).await,
        Command::Disable { email } => disable(config, &email).await,
        Command::Link { email, issuer, subject } => link(config, &email, &issuer, &subject).await,
    }
}

/// `about`: what an attacker knows of its owner anyway.
fn ask_password(config: &Config, about: &[&str]) -> Result<String, Box<dyn Error>> {
    let password = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password (15 characters or more): ")?
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    hub::password::fit(config, &password, about)?;
    Ok(password)
}

fn role_named(code: &str) -> Result<StaffRole, String> {
    StaffRole::from_code(code).ok_or_else(|| format!("the role must be one of {}", StaffRole::ALL.map(StaffRole::code).join(", ")))
}

async fn add(config: Config, email: &str, role: &str, team: &str, name: Option<String>) -> Done {
    let email = app::forms::sign_in::email(email).ok_or("this is not an email address")?;
    let role = role_named(role)?;
    let password = ask_password(&config, &[email.as_str(), name.as_deref().unwrap_or("")])?;
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

async fn change(config: Config, email: &str, role: Option<&str>, team: Option<String>) -> Done {
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

async fn reset(config: Config, email: &str) -> Done {
    let (clock, entropy) = (SystemClock, Entropy::System);
    let (db, keys) = store(&config).await?;
    let mut tx = db.write().await?;
    let id = staff_called(&mut tx, email).await?;
    let (name,): (String,) = sql("select name from staff where staff_id = $1").bind(id).fetch_one(&mut tx).await?;
    // Nothing is held while somebody types.
    drop(tx);
    let hash = keys.hash_secret(&ask_password(&config, &[email, &name])?, entropy.bytes());
    let mut tx = db.write().await?;
    let secret = hub::password::reset(&mut tx, id, hash, (&keys, &entropy), clock.now()).await?;
    tx.commit().await?;
    println!("{email} has a new password; their sessions have ended. Secret for the authenticator app, shown once: {secret}");
    Ok(())
}

async fn disable(config: Config, email: &str) -> Done {
    let portal = portal(config).await?;
    let mut tx = portal.db.write().await?;
    let id = staff_called(&mut tx, email).await?;
    hub::end_account(&portal, &mut tx, id, Actor::System, portal.now()).await?;
    tx.commit().await?;
    println!("{email} has no access any more; their sessions have ended, and what they held is in the queue");
    Ok(())
}

async fn link(config: Config, email: &str, issuer: &str, subject: &str) -> Done {
    if issuer.is_empty() || subject.is_empty() {
        return Err("the issuer and the subject may not be empty".into());
    }
    // A slash too many would never be noticed otherwise: nobody would be found under it.
    if let Some(set) = config.oidc_issuer.as_deref().filter(|set| *set != issuer) {
        return Err(format!("the settings name another issuer: {set}").into());
    }
    let (db, keys) = store(&config).await?;
    let now = SystemClock.now();
    let identity = keys.identity_index(issuer, subject);
    let mut tx = db.write().await?;
    let id = staff_called(&mut tx, email).await?;
    let (others,): (i64,) = sql("select count(*) from staff where sign_on_index = $1 and staff_id <> $2")
        .bind(identity.as_str())
        .bind(id)
        .fetch_one(&mut tx)
        .await?;
    if others > 0 {
        return Err("another account is linked to this subject".into());
    }
    sql("update staff set sign_on_index = $2 where staff_id = $1").bind(id).bind(identity).execute_one(&mut tx).await?;
    // It may have been linked to somebody else before.
    hub::end_sessions(&mut tx, id, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::System, Act::StaffLinked, None, id)).await?;
    tx.commit().await?;
    println!("{email} can sign in with the organisation account; their password works as before, and their sessions have ended");
    Ok(())
}
