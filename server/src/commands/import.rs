//! `portal import`: real feeds in, each row that does not fit listed with its reason.

use super::{Done, portal};
use crate::config::Config;
use crate::import::apply;
use crate::import::file::{self, Report};
use crate::import::record::ReadError;
use crate::import::source::Source;
use clap::{Args, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

#[derive(Subcommand)]
pub enum Command {
    /// Cases: street-level CSV (plain or gzip), or the JSON of POST /api/v1/cases
    Cases(ImportCases),
}

pub async fn run(config: Config, command: Command) -> Done {
    match command {
        Command::Cases(cases) => import_cases(config, cases).await,
    }
}

#[derive(Args)]
pub struct ImportCases {
    file: PathBuf,
    /// Read everything, store nothing
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    json: bool,
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
