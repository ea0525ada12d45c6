//! How long a record lives, and how it ends. What has run out goes by class ([`purge`]); a person goes whole
//! ([`erase`]): every row, and their data key with them. A backup still holds the key as it was wrapped then:
//! it opens until the master key of that time is gone too, so rotate, and let old backups and old master keys
//! end together. Who was erased, and when, stands in the ledger, a file beside the
//! database: after an older database is put back, [`apply`] erases them again.
//!
//! A legal hold keeps a person whatever is due. The audit chain keeps ids and codes and outlives the record.
//! To keep something new of a person: its table in `erase::TABLES`; a test fails for one that is missing.

mod erase;
mod ledger;
mod purge;

pub use erase::{Erased, TABLES, erase, hold};
pub use ledger::{Ledger, LedgerError, apply, apply_in};
pub use purge::{Due, Purged, due, purge};

use serde::Deserialize;

/// The classes, in days. From the force's own schedule; the defaults follow the security reference.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// A person, after the last thing they or the hub did.
    pub person: i64,
    /// Sessions, codes and invitations, after they ended.
    pub ways_in: i64,
    /// Notices that were settled.
    pub notices: i64,
    /// What machines were answered.
    pub answers_to_machines: i64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { person: 6 * 365, ways_in: 90, notices: 30, answers_to_machines: 7 }
    }
}
