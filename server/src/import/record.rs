//! What a case feed says, after reading and before anything is stored.
//!
//! Owns [`CaseRecord`] and its parts, the limits on them, and the two ways reading can go wrong:
//! [`Rejected`] (one record, the rest is still good) and [`ReadError`] (nothing in the file can be
//! trusted). Every reader checks its fields with `Limit`, so a record means the same whatever it was
//! read from. To add a field: add it here with its limit, then to each reader.
//!
//! Must not: touch the database, decide what a person may see, or put a field's value into an error
//! (values can be personal; errors are logged).

use std::fmt;
use std::io;

use app::domain::month::{Month, When};
use app::domain::outcome::Wording;
use chrono::{DateTime, NaiveDate, Utc};

/// The longest record any reader takes, in bytes of the (uncompressed) file.
pub const LONGEST_RECORD: usize = 64 * 1024;

/// One case as one record of a feed gives it. Text is trimmed, never empty, within its limit, and
/// has no control or direction-changing characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRecord {
    /// What identifies the case in its source: the Crime ID or the force's reference, 1 to 100
    /// characters. May occur more than once in a file, with different outcomes.
    pub source_key: String,
    /// The month the crime was recorded; feeds of this kind give no day.
    pub month: Month,
    /// The crime type as published, 1 to 100 characters. Personal to the case: not for headings.
    pub crime_type: String,
    /// As published, such as "On or near High Street": not where it happened. Up to 200 characters.
    pub location: Option<String>,
    /// Census area code, such as `E01009160`. Only CSV files have it.
    pub lsoa_code: Option<String>,
    /// The district, up to 100 characters.
    pub district: Option<String>,
    /// What happened so far, in the order given. A CSV row has at most one, without a date.
    pub progress: Vec<ProgressRecord>,
    /// People to connect with the case. Only JSON can carry them.
    pub people: Vec<PersonRecord>,
}

/// One outcome of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressRecord {
    /// The outcome, known or not; up to 200 characters.
    pub wording: Wording,
    /// As exactly as the feed says and no more.
    pub when: When,
}

/// One person of a case. `Debug` shows only the key and the role.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// Identifies the person in the source, 1 to 100 characters.
    pub key: String,
    /// 1 to 200 characters.
    pub name: String,
    /// A code such as `victim`, `witness` or `parent`: 1 to 40 of `a-z` and `_`. Which codes exist
    /// is for the part that applies the record to say.
    pub role: String,
    /// Has one `@` with text on both sides and no spaces; up to 254 characters. Not proof that it
    /// is safe to write there.
    pub email: Option<String>,
    /// 7 to 30 of digits, spaces and `+()-`. Not proof that it is safe to call.
    pub mobile: Option<String>,
    /// They may be on the other side: they see nothing of the case.
    pub conflict: bool,
    /// When their part ends: a parent's at the child's 18th birthday, a representative's when their
    /// authority does.
    pub ends_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for PersonRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonRecord").field("key", &self.key).field("role", &self.role).finish_non_exhaustive()
    }
}

/// One record that cannot be used, while the rest of the file can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The line in a CSV file (the header is 1), the number of the item in JSON (the first is 1).
    pub line: u64,
    /// Why, in words for the person who sent the file; never holds a value from it.
    pub reason: String,
}

/// One record of a feed: usable, or rejected with a reason.
pub type Entry = Result<CaseRecord, Rejected>;

/// The file as a whole cannot be read. Each says where and what to do. Once it has happened the
/// reader gives nothing more, and what it gave before must not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No bytes at all.
    #[error("the file is empty: ask the sender for it again")]
    Empty,
    /// Neither CSV nor JSON, from its first bytes.
    #[error("this looks like {found}: send the data.police.uk CSV, plain or gzipped, or JSON")]
    UnknownFormat {
        /// What it looks like.
        found: &'static str,
    },
    /// The first line is not the header we know.
    #[error(
        "line 1: {problem}. The header must name exactly these 12 columns, in any order: Crime ID, \
         Month, Reported by, Falls within, Longitude, Latitude, Location, LSOA code, LSOA name, \
         Crime type, Last outcome category, Context"
    )]
    Header {
        /// Which column, and what is wrong with it.
        problem: String,
    },
    /// A row has too few or too many fields.
    #[error(
        "line {line}: {found} fields where the header has 12. A comma is missing or extra, or the \
         file was cut short: correct the line or ask for the file again"
    )]
    FieldCount {
        /// Counted from 1, header included.
        line: u64,
        /// How many fields the row has.
        found: usize,
    },
    /// A quote where none may be.
    #[error(
        "line {line}: a stray \" in a field. Put the whole field in quotes and double the quote \
         inside it, or remove it"
    )]
    StrayQuote {
        /// Counted from 1, header included.
        line: u64,
    },
    /// A quoted field is still open at the end of its line. This format has no field of two lines.
    #[error("line {line}: a quote is opened and not closed on that line. Close or remove it")]
    OpenQuote {
        /// Counted from 1, header included.
        line: u64,
    },
    /// Bytes that are not UTF-8.
    #[error("line {line}: not UTF-8 text. Save the file as UTF-8 and send it again")]
    NotUtf8 {
        /// Counted from 1.
        line: u64,
    },
    /// A zero byte.
    #[error("line {line}: a zero byte, so the file is damaged or not text. Ask for it again")]
    Nul {
        /// Counted from 1.
        line: u64,
    },
    /// A record longer than [`LONGEST_RECORD`].
    #[error(
        "line {line}: a record longer than 64 KiB, which no real one is. Look for a missing line \
         end, or ask for the file again"
    )]
    TooLong {
        /// Where the record starts, counted from 1.
        line: u64,
    },
    /// Compressed data ends too early.
    #[error("line {line}: the gzip file stops in the middle. Copy or ask for it again")]
    Truncated {
        /// The line being read.
        line: u64,
    },
    /// Compressed data is damaged.
    #[error("line {line}: the gzip file is damaged. Copy or ask for it again")]
    Corrupt {
        /// The line being read.
        line: u64,
    },
    /// Not JSON, or not the one shape we take.
    #[error("line {line}, column {column}: {problem}. Correct it and send the whole file again")]
    Json {
        /// Counted from 1.
        line: u64,
        /// In bytes, counted from 1.
        column: u64,
        /// What was expected.
        problem: String,
    },
    /// JSON nested deeper than any case is.
    #[error("line {line}: the JSON is nested too deep. Send cases in the documented shape")]
    TooDeep {
        /// Counted from 1.
        line: u64,
    },
    /// The file could not be opened.
    #[error("cannot open {path}: {source}")]
    Open {
        /// As given.
        path: String,
        /// From the system.
        source: io::Error,
    },
    /// The disk or the network failed while reading.
    #[error("line {line}: reading stopped: {source}. Try again")]
    Io {
        /// The line being read.
        line: u64,
        /// From the system.
        source: io::Error,
    },
}

impl ReadError {
    /// The line, where there is one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Empty | Self::UnknownFormat { .. } | Self::Open { .. } => None,
            Self::Header { .. } => Some(1),
            Self::FieldCount { line, .. }
            | Self::StrayQuote { line }
            | Self::OpenQuote { line }
            | Self::NotUtf8 { line }
            | Self::Nul { line }
            | Self::TooLong { line }
            | Self::Truncated { line }
            | Self::Corrupt { line }
            | Self::Json { line, .. }
            | Self::TooDeep { line }
            | Self::Io { line, .. } => Some(*line),
        }
    }

    /// Tells damage in the compressed data (flate2's error kinds) from a failing disk.
    pub(super) fn from_io(line: u64, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { line },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Corrupt { line },
            _ => Self::Io { line, source },
        }
    }
}

/// A field's name in error messages and its longest text, in characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub &'static str, pub usize);

impl Limit {
    pub(super) const CRIME_TYPE: Self = Self("crime type", 100);
    pub(super) const LOCATION: Self = Self("location", 200);
    pub(super) const LSOA_CODE: Self = Self("LSOA code", 20);
    pub(super) const DISTRICT: Self = Self("district", 100);
    pub(super) const OUTCOME: Self = Self("outcome", 200);
    pub(super) const ROLE: Self = Self("role", 40);
    pub(super) const NAME: Self = Self("name", 200);
    pub(super) const EMAIL: Self = Self("email", 254);
    pub(super) const MOBILE: Self = Self("mobile", 30);

    /// Whatever identifies a case or a person; `name` is what the feed calls it.
    pub(crate) const fn key(name: &'static str) -> Self {
        Self(name, 100)
    }

    /// Trimmed text, or `None` when blank.
    pub(crate) fn optional(self, raw: &str) -> Result<Option<&str>, String> {
        let Self(name, longest) = self;
        let text = raw.trim();
        // Bytes first: a text is never longer in characters than in bytes.
        if text.len() > longest && text.chars().count() > longest {
            return Err(format!("{name} is longer than {longest} characters"));
        }
        if text.chars().any(is_hidden) {
            return Err(format!("{name} has control or direction-changing characters"));
        }
        Ok((!text.is_empty()).then_some(text))
    }

    /// Trimmed text that must be there.
    pub(crate) fn required(self, raw: &str) -> Result<&str, String> {
        self.optional(raw)?.ok_or_else(|| format!("no {}", self.0))
    }
}

/// Control characters, and those that make text read differently from what it is.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The outcome in `raw`, or `None` when blank.
pub(super) fn wording(raw: &str) -> Result<Option<Wording>, String> {
    Ok(Limit::OUTCOME.optional(raw)?.and_then(Wording::parse))
}

/// The month in `raw`, which must be there.
pub(super) fn month(raw: &str) -> Result<Month, String> {
    Month::parse(raw.trim()).map_err(|_| "month is not written as YYYY-MM".to_owned())
}

/// A role's code.
pub(super) fn role(raw: &str) -> Result<&str, String> {
    let role = Limit::ROLE.required(raw)?;
    if role.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        Ok(role)
    } else {
        Err("role is not a code such as victim or witness".to_owned())
    }
}

/// A day.
pub(super) fn day(name: &str, raw: &str) -> Result<Option<NaiveDate>, String> {
    match raw.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| format!("{name} is not written as YYYY-MM-DD")),
    }
}

/// An address that could be one.
pub(super) fn email(raw: &str) -> Result<Option<&str>, String> {
    let Some(email) = Limit::EMAIL.optional(raw)? else {
        return Ok(None);
    };
    let well_formed = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && !email.contains(char::is_whitespace);
    if well_formed { Ok(Some(email)) } else { Err("email is not an email address".to_owned()) }
}

/// A number that could be one.
pub(super) fn mobile(raw: &str) -> Result<Option<&str>, String> {
    let Some(mobile) = Limit::MOBILE.optional(raw)? else {
        return Ok(None);
    };
    let digits = mobile.bytes().filter(u8::is_ascii_digit).count();
    let plain = mobile.bytes().all(|b| b.is_ascii_digit() || b" +()-".contains(&b));
    if plain && digits >= 7 { Ok(Some(mobile)) } else { Err("mobile is not a telephone number".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_measured_in_characters() {
        let limit = Limit("place", 3);
        assert_eq!(limit.optional("  é é "), Ok(Some("é é")));
        assert_eq!(limit.optional(" \t "), Ok(None));
        assert_eq!(limit.required(" "), Err("no place".to_owned()));
        assert!(limit.required("éééé").unwrap_err().contains("longer than 3"));
    }

    #[test]
    fn hidden_characters_are_refused_and_other_scripts_are_not() {
        for text in ["a\0b", "a\u{202e}b", "a\nb", "a\u{85}b", "a\u{feff}b"] {
            assert!(Limit::LOCATION.optional(text).is_err(), "{text:?}");
        }
        for text in ["Llanfair-ym-Muallt, Tŷ Coch", "Łódź", "北京", "عربي"] {
            assert_eq!(Limit::LOCATION.optional(text), Ok(Some(text)));
        }
    }

    #[test]
    fn contact_details_are_checked_and_never_repeated_in_an_error() {
        assert_eq!(email(" a@b.example "), Ok(Some("a@b.example")));
        assert_eq!(mobile("+44 (0)7700 900-123"), Ok(Some("+44 (0)7700 900-123")));
        assert_eq!(email(""), Ok(None));
        for text in ["secret", "@b", "a@", "a@b@c", "a b@c"] {
            assert_eq!(email(text).unwrap_err(), "email is not an email address");
        }
        for text in ["07700", "07700 900x123", "٠٧٧٠٠٩٠٠١٢٣"] {
            assert_eq!(mobile(text).unwrap_err(), "mobile is not a telephone number");
        }
        assert!(role("victim").is_ok() && role("Victim!").is_err());
    }

    #[test]
    fn a_person_is_not_spelled_out_in_logs() {
        let person = PersonRecord {
            key: "P1".into(),
            name: "Ann Example".into(),
            role: "victim".into(),
            email: Some("ann@example.test".into()),
            mobile: Some("07700 900123".into()),
            conflict: false,
            ends_at: None,
        };
        let shown = format!("{person:?}");
        assert!(shown.contains("P1") && !shown.contains("Ann") && !shown.contains('@'));
        assert!(!shown.contains("07700"));
    }
}
