//! A file of case records into the store, in groups. Read all of the file once before (see
//! [`source`](super::source)): what is stored here stays, even if the disk fails half way, and the
//! same file again completes it.

use super::apply::{self, Applied};
use super::record::ReadError;
use super::source::Source;
use crate::audit::{self, Act, Actor, Entry};
use crate::db::DbError;
use crate::portal::Portal;
use app::domain::outcome::Wording;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What an import did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub accepted: u64,
    pub unchanged: u64,
    /// By the readers, or for a role that does not exist.
    pub rejected: u64,
    /// Outcome wordings nobody has put into plain words yet, and how often they came.
    pub unknown_wordings: BTreeMap<String, u64>,
}

/// Stores a file; `progress` is told how many of its bytes have been read.
pub async fn apply(portal: &Portal, file: &Path, report: &mut Report, progress: &mut dyn FnMut(u64)) -> Result<(), ImportError> {
    let mut source = Source::open(file)?;
    let bytes = source.bytes_read();
    let label = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let import = apply::begin(&mut tx, portal.new_id(), if source.unit() == "line" { "police.uk" } else { "records" }, &label, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::System, Act::CasesImported, None, import.id)).await?;
    tx.commit().await?;
    let mut group = Vec::with_capacity(apply::GROUP);
    loop {
        group.clear();
        let mut more = false;
        for entry in source.by_ref().take(apply::GROUP) {
            more = true;
            match entry? {
                Ok(record) if apply::unknown_role(&record).is_none() => group.push(record),
                Ok(_) | Err(_) => report.rejected += 1,
            }
        }
        if !more {
            return Ok(());
        }
        for step in group.iter().flat_map(|record| &record.progress) {
            if let Wording::Unknown(text) = &step.wording {
                *report.unknown_wordings.entry(text.clone()).or_default() += 1;
            }
        }
        let mut tx = portal.db.write().await?;
        for applied in apply::group(portal, &mut tx, &import, &group).await? {
            match applied {
                Applied::Accepted => report.accepted += 1,
                Applied::Unchanged => report.unchanged += 1,
            }
        }
        tx.commit().await?;
        progress(bytes.load(Ordering::Relaxed));
    }
}
