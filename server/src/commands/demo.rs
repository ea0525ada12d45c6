//! `portal seed --demo`: invented people, and their sheet.

use super::{Done, portal};
use crate::config::Config;
use crate::demo::{self, Demo};
use crate::import::file::{self, Report};
use clap::Args;
use std::error::Error;
use std::path::PathBuf;

#[derive(Args)]
pub struct Seed {
    /// Confirms that the people are to be invented
    #[arg(long, required = true)]
    demo: bool,
    /// How many crimes to invent, or files (or a folder) of published months to use instead
    #[arg(long, default_value = "2000")]
    cases: Vec<String>,
    #[arg(long)]
    json: bool,
}

pub async fn run(config: Config, seed: Seed) -> Done {
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
    println!("Machine key (POST /api/v1/cases and /api/v1/invitations):");
    for key in &demo.machine_keys {
        println!("  {} ({}): {}", key.name, key.scopes.join(", "), key.key);
    }
}
