//! Reading a backup. All that is read is held to the MAC at the end, so a file is read once to that end before
//! anything is done with it, and again when it is put into a database.

use super::age::{Identity, OpenError, Opener};
use super::{BackupError, Counts, FORMAT, Header, Signed, row};
use crate::db::{Value, schema};
use crate::keys::{Keys, same};
use flate2::bufread::GzDecoder;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Error, Read as _};
use std::path::{Path, PathBuf};

/// More than the row of the largest file takes.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// A backup that was read to its end, and is whole, ours, and of this schema.
pub struct Checked {
    pub header: Header,
    pub rows: u64,
    pub(super) path: PathBuf,
}

/// Reads a whole backup and changes nothing.
pub fn check(path: &Path, identity: &Identity, keys: &Keys) -> Result<Checked, BackupError> {
    let mut reading = Reading::open(path, identity)?;
    let mut rows = 0;
    while reading.row(keys)?.is_some() {
        rows += 1;
    }
    Ok(Checked { header: reading.header, rows, path: path.to_owned() })
}

/// A backup from its first row on.
pub(super) struct Reading {
    pub header: Header,
    path: String,
    lines: BufReader<GzDecoder<BufReader<Opener<BufReader<File>>>>>,
    digest: Sha256,
    /// Rows of each table so far; the last one is the table that is being read.
    counts: Vec<u64>,
}

enum Line {
    Table(String),
    Row(Vec<Json>),
    Counts(Counts),
}

impl Reading {
    pub fn open(path: &Path, identity: &Identity) -> Result<Self, BackupError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|cause| BackupError::File { path: name.clone(), cause })?;
        let opener = Opener::new(BufReader::new(file), identity).map_err(|error| match error {
            OpenError::AnotherIdentity => BackupError::AnotherIdentity(name.clone()),
            OpenError::Read(cause) => BackupError::Damaged { path: name.clone(), why: cause.to_string() },
        })?;
        let mut lines = BufReader::new(GzDecoder::new(BufReader::new(opener)));
        let mut digest = Sha256::new();
        let damaged = |cause: Error| BackupError::Damaged { path: name.clone(), why: cause.to_string() };
        let header: Header = line(&mut lines, &mut digest).and_then(|line| parsed(&line)).map_err(damaged)?;
        if header.format != FORMAT || header.schema != schema() {
            return Err(BackupError::AnotherSchema { path: name, program: header.program });
        }
        Ok(Self { header, path: name, lines, digest, counts: Vec::new() })
    }

    fn damaged(&self, why: &impl ToString) -> BackupError {
        BackupError::Damaged { path: self.path.clone(), why: why.to_string() }
    }

    /// The next row and the place of its table in the header; `None` after the last one, when the whole file has
    /// been found to be ours.
    pub fn row(&mut self, keys: &Keys) -> Result<Option<(usize, Vec<Value>)>, BackupError> {
        loop {
            let read = line(&mut self.lines, &mut self.digest).and_then(|line| told(parsed(&line)?));
            match read.map_err(|error| self.damaged(&error))? {
                Line::Table(name) => {
                    if self.header.tables.get(self.counts.len()).is_none_or(|table| table.name != name) {
                        return Err(self.damaged(&"its tables are not those that it names"));
                    }
                    self.counts.push(0);
                }
                Line::Row(cells) => {
                    let place = self.counts.len().wrapping_sub(1);
                    let row = self.header.tables.get(place).and_then(|table| row::from_json(table, cells));
                    let row = row.ok_or_else(|| self.damaged(&"a row of it does not fit its table"))?;
                    self.counts[place] += 1;
                    return Ok(Some((place, row)));
                }
                Line::Counts(counts) => {
                    if counts.rows != self.counts || self.counts.len() != self.header.tables.len() {
                        return Err(self.damaged(&"rows of it are missing"));
                    }
                    self.end(keys)?;
                    return Ok(None);
                }
            }
        }
    }

    fn end(&mut self, keys: &Keys) -> Result<(), BackupError> {
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        let mac = keys.backup_mac(&digest);
        let signed: Signed =
            line(&mut self.lines, &mut self.digest).and_then(|line| parsed(&line)).map_err(|error| self.damaged(&error))?;
        // To the very end, where the last part of the file shows that it is the last.
        let more = self.lines.fill_buf().map(|rest| !rest.is_empty()).map_err(|error| self.damaged(&error))?;
        let behind = self.lines.get_mut().get_mut().fill_buf().map(|rest| !rest.is_empty()).map_err(|error| self.damaged(&error))?;
        if more || behind {
            return Err(self.damaged(&"something follows its end"));
        }
        if same(&signed.mac, &mac) { Ok(()) } else { Err(BackupError::NotOurs(self.path.clone())) }
    }
}

fn told(line: Json) -> Result<Line, Error> {
    match line {
        Json::String(name) => Ok(Line::Table(name)),
        Json::Array(cells) => Ok(Line::Row(cells)),
        other => Ok(Line::Counts(serde_json::from_value(other)?)),
    }
}

fn parsed<T: DeserializeOwned>(line: &[u8]) -> Result<T, Error> {
    // Where in the line, and nothing of what stands there.
    serde_json::from_slice(line).map_err(|error| Error::other(format!("a line cannot be read, at column {}", error.column())))
}

fn line(lines: &mut impl std::io::BufRead, digest: &mut Sha256) -> Result<Vec<u8>, Error> {
    let mut line = Vec::new();
    lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.last() != Some(&b'\n') {
        return Err(Error::other("a line has no end"));
    }
    digest.update(&line);
    Ok(line)
}
