//! Opens a case feed, whatever it is: plain or gzipped, CSV or JSON.
//!
//! Owns the choice of reader. It is made from the first bytes and never from the name: files are
//! renamed on their way. To add a format: write a reader that yields [`Entry`] values, recognise its
//! first bytes in `looks_like`, and add it to `Records`.
//!
//! Reading streams; memory does not grow with the file. A damaged file shows only where the damage
//! is, so read all of it once before anything is applied:
//!
//! ```ignore
//! for entry in Source::open(path)? { entry?; }              // all of it can be read
//! for entry in Source::open(path)? { apply(entry?)?; }      // in one transaction: the file may
//!                                                           // have changed since
//! ```
//!
//! Must not: apply anything, or trust a file's name, size or time.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::csv_reader::CsvReader;
use super::json_reader::JsonReader;
use super::record::{Entry, ReadError};

const BUFFER: usize = 64 * 1024;
/// How many bytes are looked at to tell what a file is.
const SNIFF: u64 = 64;

type Input = BufReader<Box<dyn Read + Send>>;

/// The records of one feed, in order. After the first [`ReadError`] it gives nothing more.
pub struct Source {
    records: Records,
    bytes_read: Arc<AtomicU64>,
    size: Option<u64>,
}

enum Records {
    Csv(CsvReader<Input>),
    Json(JsonReader<Input>),
}

impl Source {
    /// Opens a file and reads as far as its first record.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let failed = |source| ReadError::Open { path: path.display().to_string(), source };
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let mut source = Self::read(file)?;
        source.size = about.is_file().then_some(about.len());
        Ok(source)
    }

    /// The same for anything that can be read, such as a pipe or an upload.
    pub fn read(input: impl Read + Send + 'static) -> Result<Self, ReadError> {
        let bytes_read = Arc::new(AtomicU64::new(0));
        let counted = Counted { input, bytes_read: Arc::clone(&bytes_read) };
        let (start, input) = sniff(counted)?;
        let records = if start.starts_with(&[0x1f, 0x8b]) {
            let packed = BufReader::with_capacity(BUFFER, input);
            let (start, input) = sniff(MultiGzDecoder::new(packed))?;
            if start.starts_with(&[0x1f, 0x8b]) {
                return Err(ReadError::UnknownFormat { found: "a gzip file inside a gzip file" });
            }
            records(&start, input)?
        } else {
            records(&start, input)?
        };
        Ok(Self { records, bytes_read, size: None })
    }

    /// How many bytes of the file itself, compressed or not, have been read: for a progress bar in
    /// another thread. Runs up to some 64 KiB ahead of the records.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }

    /// The size of the file in bytes, when it is a file: what [`Source::bytes_read`] grows to.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// What a record's `line` counts: `line` for CSV, `item` for JSON.
    pub fn unit(&self) -> &'static str {
        match self.records {
            Records::Csv(_) => "line",
            Records::Json(_) => "item",
        }
    }
}

impl Iterator for Source {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.records {
            Records::Csv(reader) => reader.next(),
            Records::Json(reader) => reader.next(),
        }
    }
}

/// The first bytes, and the whole input with them still in it.
fn sniff(mut input: impl Read + Send + 'static) -> Result<(Vec<u8>, impl Read + Send), ReadError> {
    let mut start = Vec::new();
    input.by_ref().take(SNIFF).read_to_end(&mut start).map_err(|source| ReadError::from_io(1, source))?;
    let whole = Cursor::new(start.clone()).chain(input);
    Ok((start, whole))
}

fn records(start: &[u8], input: impl Read + Send + 'static) -> Result<Records, ReadError> {
    if start.is_empty() {
        return Err(ReadError::Empty);
    }
    if let Some(found) = looks_like(start) {
        return Err(ReadError::UnknownFormat { found });
    }
    let input: Input = BufReader::with_capacity(BUFFER, Box::new(input));
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => JsonReader::new(input).map(Records::Json),
        _ => CsvReader::new(input).map(Records::Csv),
    }
}

/// Names the formats people send by mistake.
fn looks_like(start: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "a zip file or a spreadsheet"),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document"),
        (b"%PDF", "a PDF"),
        (b"\xff\xfe", "UTF-16 text"),
        (b"\xfe\xff", "UTF-16 text"),
        (b"<", "a web page or XML"),
        (b"SQLite format 3", "a database"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
    ];
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    KNOWN.iter().find(|(mark, _)| start.starts_with(mark) || text.trim_ascii_start().starts_with(mark)).map(|(_, found)| *found)
}

/// Counts what passes through.
struct Counted<R> {
    input: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.bytes_read.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write;
    use std::path::PathBuf;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    const HEADER: &str = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,\
                          LSOA code,LSOA name,Crime type,Last outcome category,Context\n";
    const ROW: &str = "k1,2025-03,P,P,,,No Location,,,Other crime,Suspect charged,\n";
    const JSON: &str = r#"{"cases":[{"reference":"1","month":"2025-03","crime_type":"Other crime"}]}"#;

    fn all(bytes: impl Into<Vec<u8>>) -> Result<Vec<Entry>, ReadError> {
        Source::read(Cursor::new(bytes.into()))?.collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// The real months, or `None` (said aloud) where the data is not at hand. CI must have it.
    fn real_files() -> Option<Vec<PathBuf>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/police-uk-west-mercia");
        let Ok(entries) = std::fs::read_dir(&folder) else {
            assert!(std::env::var_os("CI").is_none(), "no {}", folder.display());
            eprintln!("\n*** NOT TESTED: real data missing at {} ***\n", folder.display());
            return None;
        };
        let mut files: Vec<_> =
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "gz")).collect();
        files.sort();
        Some(files)
    }

    #[test]
    fn eight_real_months_are_read_to_the_row() {
        let Some(files) = real_files() else { return };
        assert_eq!(files.len(), 8);
        let (mut accepted, mut ids, mut unknown, mut no_place) = (0, BTreeSet::new(), 0, 0);
        let mut rejected = Vec::new();
        for file in files {
            let source = Source::open(&file).unwrap();
            let (size, bytes_read) = (source.size(), source.bytes_read());
            assert_eq!(source.unit(), "line");
            for entry in source {
                match entry.unwrap() {
                    Ok(case) => {
                        accepted += 1;
                        assert_eq!((case.progress.len(), case.people.len()), (1, 0));
                        assert_eq!(case.location.is_none(), case.district.is_none());
                        unknown +=
                            usize::from(case.progress.iter().any(|p| matches!(p.wording, app::domain::outcome::Wording::Unknown(_))));
                        no_place += usize::from(case.location.is_none());
                        ids.insert(case.source_key);
                    }
                    Err(reason) => rejected.push(reason),
                }
            }
            assert_eq!(Some(bytes_read.load(Ordering::Relaxed)), size);
        }
        assert_eq!(accepted + rejected.len(), 69_826);
        assert_eq!(rejected.len(), 11_725);
        assert_eq!(accepted, 58_101);
        assert_eq!(ids.len(), 58_079);
        assert_eq!(unknown, 0, "all wordings of these files are known");
        assert_eq!(no_place, 1_302, "of the 1,374; the others have no Crime ID");
        for row in rejected {
            assert_eq!(row.reason, "no Crime ID: nothing identifies this row");
            assert!(row.line > 1);
        }
    }

    #[test]
    fn a_real_month_cut_short_is_an_error() {
        let Some(files) = real_files() else { return };
        let whole = std::fs::read(&files[0]).unwrap();
        for cut in [1, 2, 9, 11, 100, whole.len() / 2, whole.len() - 9, whole.len() - 8, whole.len() - 1] {
            let failed = all(&whole[..cut]).unwrap_err();
            if cut > 1 {
                assert!(matches!(failed, ReadError::Truncated { .. }), "cut at {cut}: {failed}");
            }
        }
    }

    #[test]
    fn content_decides_and_not_the_name() {
        for (bytes, unit) in [
            (format!("{HEADER}{ROW}").into_bytes(), "line"),
            (format!("\u{feff}{HEADER}{ROW}").into_bytes(), "line"),
            (JSON.as_bytes().to_vec(), "item"),
            (format!("\u{feff}\r\n {JSON}").into_bytes(), "item"),
        ] {
            for bytes in [gzip(&bytes), bytes] {
                let source = Source::read(Cursor::new(bytes)).unwrap();
                assert_eq!(source.unit(), unit);
                assert!(source.size().is_none());
                assert_eq!(source.filter(|entry| matches!(entry, Ok(Ok(_)))).count(), 1);
            }
        }
    }

    #[test]
    fn gzip_of_several_members_is_one_file_and_any_cut_inside_it_is_an_error() {
        let members = [HEADER, ROW, "", ROW, ROW].map(|part| gzip(part.as_bytes()));
        let whole = members.concat();
        assert_eq!(all(whole.clone()).unwrap().len(), 3);
        // A cut between members leaves a whole gzip file; nothing could tell.
        let between: Vec<_> = (1..=members.len()).map(|n| members[..n].concat().len()).collect();
        for cut in (0..whole.len()).filter(|cut| !between.contains(cut)) {
            assert!(all(&whole[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_damaged_gzip_file_is_an_error() {
        let whole = gzip(format!("{HEADER}{}", ROW.repeat(500)).as_bytes());
        assert_eq!(all(whole.clone()).unwrap().len(), 500);
        for place in 10..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            assert!(all(damaged).is_err(), "damaged at {place}");
        }
        let rubbish_after = [whole, b"rubbish after the end".to_vec()].concat();
        assert!(matches!(all(rubbish_after), Err(ReadError::Corrupt { .. })));
    }

    #[test]
    fn empty_and_foreign_files_are_named_for_what_they_are() {
        assert!(matches!(all(""), Err(ReadError::Empty)));
        assert!(matches!(all(gzip(b"")), Err(ReadError::Empty)));
        for (bytes, found) in [
            (&b"PK\x03\x04rest"[..], "zip"),
            (b"%PDF-1.7", "PDF"),
            (b"\xff\xfeC\0r\0", "UTF-16"),
            (b"\n<!doctype html>", "web page"),
            (&gzip(&gzip(b"x")), "gzip file inside"),
        ] {
            let failed = all(bytes).unwrap_err();
            assert!(matches!(failed, ReadError::UnknownFormat { .. }));
            assert!(failed.to_string().contains(found), "{failed}");
        }
    }

    #[test]
    fn a_missing_file_and_a_folder_cannot_be_opened() {
        for path in ["/no/such/file.csv", env!("CARGO_MANIFEST_DIR")] {
            let failed = Source::open(Path::new(path)).map(drop).unwrap_err();
            assert!(matches!(failed, ReadError::Open { .. }));
            assert!(failed.to_string().contains(path));
        }
    }

    #[test]
    fn a_failing_disk_is_not_called_a_damaged_file() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("disk on fire"))
            }
        }
        let input = Cursor::new(format!("{HEADER}{ROW}")).chain(Broken);
        let mut source = Source::read(input).unwrap();
        assert!(matches!(source.next(), Some(Ok(Ok(_)))));
        assert!(matches!(source.next(), Some(Err(ReadError::Io { .. }))));
        assert!(source.next().is_none());
    }

    #[test]
    fn no_bytes_at_all_make_it_panic_or_run_on() {
        let mut rng = ChaCha8Rng::seed_from_u64(201_812);
        let seeds =
            [format!("{HEADER}{}", ROW.repeat(3)).into_bytes(), gzip(format!("{HEADER}{ROW}").as_bytes()), JSON.as_bytes().to_vec()];
        let marks = *b"\",\n\r{}[]:\\0\xff\0 ";
        for round in 0..20_000_usize {
            let bytes = if round % 4 == 3 {
                let mut bytes = vec![0; rng.next_u32() as usize % 300];
                rng.fill_bytes(&mut bytes);
                bytes
            } else {
                let mut bytes = seeds[round % 4].clone();
                for _ in 0..=rng.next_u32() % 4 {
                    let place = rng.next_u32() as usize % bytes.len();
                    let mark = marks[rng.next_u32() as usize % marks.len()];
                    match rng.next_u32() % 4 {
                        0 => bytes[place] = mark,
                        1 => bytes.insert(place, mark),
                        2 => bytes[place] ^= 1 << (rng.next_u32() % 8),
                        _ => bytes.truncate(place + 1),
                    }
                }
                bytes
            };
            let length = bytes.len();
            if let Ok(source) = Source::read(Cursor::new(bytes)) {
                let entries = source.inspect(|entry| {
                    if let Err(failed) = entry {
                        assert!(!failed.to_string().is_empty());
                    }
                });
                assert!(entries.count() <= 100_000 + length, "round {round}");
            }
        }
    }
}
