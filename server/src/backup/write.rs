//! Making a backup. Rows come one by one from the database and leave compressed and sealed, so memory does not
//! grow with them. The file has its name only when it is whole and on disk.

use super::age::{Recipient, Sealer};
use super::{BackupError, Counts, FORMAT, Header, Signed, row, travelling};
use crate::audit::{self, Act, Actor, End, Entry};
use crate::db::{Db, schema};
use crate::entropy::Entropy;
use crate::keys::Keys;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{BufWriter, Error, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub tables: usize,
    pub rows: u64,
    /// Of the file.
    pub bytes: u64,
    pub chain: End,
}

/// A file that is not whole yet: gone when dropped.
struct Part {
    path: PathBuf,
    whole: bool,
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            // It may be gone already; whatever is left is named when it is in the way.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// Makes a backup of everything as it is now. That it was begun is in its own chain.
pub async fn make(
    db: &Db,
    keys: &Keys,
    recipient: &Recipient,
    entropy: &Entropy,
    now: DateTime<Utc>,
    file: &Path,
) -> Result<Made, BackupError> {
    let broken = |cause: Error| BackupError::File { path: file.display().to_string(), cause };
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.display().to_string()));
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let path = PathBuf::from(name);
    let out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => BackupError::LeftOver(path.display().to_string()),
        _ => BackupError::File { path: path.display().to_string(), cause },
    })?;
    let mut part = Part { path, whole: false };
    let mut tx = db.write().await?;
    audit::append(&mut tx, now, Entry::new(Actor::System, Act::BackupMade, None, "")).await?;
    tx.commit().await?;
    let mut lines = Lines::begin(out, recipient, entropy).map_err(broken)?;
    let (tables, rows, chain) = lines.all(db, now, &broken).await?;
    let bytes = lines.finish(keys).map_err(broken)?;
    let renamed = || {
        std::fs::rename(&part.path, file)?;
        // The name, too, must survive a power cut.
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        File::open(folder)?.sync_all()
    };
    renamed().map_err(broken)?;
    part.whole = true;
    Ok(Made { tables, rows, bytes, chain })
}

/// Lines on their way into the file.
struct Lines {
    out: GzEncoder<Sealer<BufWriter<File>>>,
    digest: Sha256,
}

impl Lines {
    fn begin(out: File, recipient: &Recipient, entropy: &Entropy) -> Result<Self, Error> {
        let sealer = Sealer::new(BufWriter::new(out), recipient, entropy)?;
        Ok(Self { out: GzEncoder::new(sealer, Compression::default()), digest: Sha256::new() })
    }

    fn put(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.digest.update(&line);
        self.out.write_all(&line)
    }

    /// Everything from one snapshot: how many tables and rows, and the end of their chain.
    async fn all(&mut self, db: &Db, now: DateTime<Utc>, broken: &impl Fn(Error) -> BackupError) -> Result<(usize, u64, End), BackupError> {
        let mut snapshot = db.snapshot().await?;
        let chain = audit::end(&mut snapshot).await?;
        let tables = travelling(&mut snapshot).await?;
        let header = Header {
            format: FORMAT.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            made_at: now.timestamp_micros(),
            schema: schema(),
            chain: chain.clone(),
            tables: tables.clone(),
        };
        self.put(&header).map_err(broken)?;
        let mut counts = Counts { rows: Vec::with_capacity(tables.len()) };
        for table in &tables {
            self.put(&table.name).map_err(broken)?;
            let mut rows = snapshot.rows(table);
            let mut count = 0;
            while let Some(cells) = rows.try_next().await? {
                self.put(&row::to_json(cells)).map_err(broken)?;
                count += 1;
            }
            counts.rows.push(count);
        }
        self.put(&counts).map_err(broken)?;
        Ok((tables.len(), counts.rows.iter().sum(), chain))
    }

    /// Signs it and brings it to disk; answers its size.
    fn finish(mut self, keys: &Keys) -> Result<u64, Error> {
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        let mac = keys.backup_mac(&digest);
        self.put(&Signed { mac })?;
        let file = self.out.finish()?.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }
}
