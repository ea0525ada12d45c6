//! Real cases in: from files (`portal import cases`) and from the feed (`POST /api/v1/cases`). Both
//! doors use the same readers and the same [`apply`].
//!
//! `source` opens a file whatever it is, `csv_reader` and `json_reader` turn it into `record`s, and
//! `apply` stores those; `file` does so for a whole file. A file is read to its end once before
//! anything is applied, so a damaged one changes nothing.

pub mod apply;
pub mod csv_reader;
pub mod file;
pub mod json_reader;
pub mod record;
pub mod source;
