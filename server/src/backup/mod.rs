//! A copy of the whole database in one file, and back: into either database, whichever it came from.
//!
//! - [`make`] writes it from one snapshot while the portal runs, sealed ([`age`]) to a key that is not on the
//!   server. What is personal is in it as it is in the database: sealed by keys that are not in the file.
//! - [`check`] reads a file to its end before anything is touched; what it answers goes into an empty database
//!   by [`Checked::put_into`].
//!
//! Inside, compressed, are lines of JSON: a [`Header`], then for each table its name and its rows
//! ([`row`]), then how many there were, then a MAC over all lines: whoever has only the public key could make
//! a file that opens, and not one that is restored.
//!
//! A new table needs nothing here: tables and columns come from the database's own catalogue. To keep one out:
//! [`LEFT_OUT`].

pub mod age;
mod read;
mod restore;
mod row;
mod write;

pub use age::{Identity, Recipient};
pub use read::{Checked, check};
pub use restore::{Ended, Restored};
pub use write::{Made, make};

use crate::audit::End;
use crate::db::{Connection, DbError, Table, tables};
use crate::retention::LedgerError;
use serde::{Deserialize, Serialize};

/// Tables that do not travel, and why.
pub const LEFT_OUT: [(&str, &str); 2] =
    [("audit_head", "one row, which the header holds"), ("tries", "how full each door's bucket is: worth nothing after some minutes")];

const FORMAT: &str = "portal backup 1";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    /// The version of the program that made it.
    pub program: String,
    /// In microseconds since 1970.
    pub made_at: i64,
    /// [`crate::db::schema`] of that program.
    pub schema: String,
    pub chain: End,
    pub tables: Vec<Table>,
}

/// The line before the last: rows of each table, in the header's order.
#[derive(Serialize, Deserialize)]
struct Counts {
    rows: Vec<u64>,
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct Signed {
    mac: String,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path}: {cause}")]
    File { path: String, cause: std::io::Error },
    #[error("{0} is there already: a backup never replaces a file, so name another")]
    Exists(String),
    #[error("{0} is left from a backup that was ended: delete it and try again")]
    LeftOver(String),
    #[error("{path} is damaged or cut short ({why}): nothing was restored; take another copy of it, or another backup")]
    Damaged { path: String, why: String },
    #[error("{0} was made for another identity: name the file with the key that belongs to backup_recipient as it was then")]
    AnotherIdentity(String),
    #[error("{0} was not made with this secret key file: put the one of that time back, or take another backup; nothing was restored")]
    NotOurs(String),
    #[error(
        "{path} was made by version {program} of the program, with another schema: restore it with that version, then bring the database up to date; nothing was restored"
    )]
    AnotherSchema { path: String, program: String },
    #[error("the database is not empty: restore into a new one")]
    NotEmpty,
    #[error("the audit chain of the backup is broken at row {seq}: {why}")]
    Broken { seq: i64, why: &'static str },
    #[error("{0}. The new database is half filled and cannot be used: delete it, and restore into another new one")]
    HalfFilled(Box<BackupError>),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Every table that travels. The chain first: until its end is written, last of all, every change and every look
/// at a half-filled database would add its first row a second time, and fails.
async fn travelling(on: &mut impl Connection) -> Result<Vec<Table>, DbError> {
    let mut tables = tables(on).await?;
    tables.retain(|table| !LEFT_OUT.iter().any(|(name, _)| *name == table.name));
    tables.sort_by_key(|table| table.name != "audit");
    Ok(tables)
}
