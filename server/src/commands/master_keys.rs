//! `portal keys`: the master keys that seal what is kept of people.

use super::{Done, store};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::entropy::Entropy;
use crate::vault;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Wrap every data key with a new master key; ended in the middle, run it again
    Rotate,
}

pub async fn run(config: Config, command: Command) -> Done {
    match command {
        Command::Rotate => rotate(config).await,
    }
}

async fn rotate(config: Config) -> Done {
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
