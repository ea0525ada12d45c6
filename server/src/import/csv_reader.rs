//! Reads the street-level CSV of data.police.uk, one row at a time and strictly.
//!
//! Owns the twelve columns and the line rules. The published files have no quotes and no field of
//! two lines, so every line is one row. That is what makes damage visible: a general CSV reader takes
//! `a"b` as text and lets an unclosed quote swallow every row after it, without a word. Here either
//! is an error that names its line. The published rows end with an empty column, so a plain file
//! that is cut short inside a row shows as a row with too few fields.
//!
//! To read one more column, add it to `Column` and to `row`. Must not: hold more than one row in
//! memory, guess at a damaged line, or drop an outcome it does not know.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use app::domain::month::When;

use super::record::{self, CaseRecord, Entry, LONGEST_RECORD, Limit, ProgressRecord, ReadError, Rejected};

const COLUMNS: usize = 12;

/// A column of the published format, in published order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    CrimeId,
    Month,
    ReportedBy,
    FallsWithin,
    Longitude,
    Latitude,
    Location,
    LsoaCode,
    LsoaName,
    CrimeType,
    LastOutcomeCategory,
    Context,
}

impl Column {
    const ALL: [(Self, &str); COLUMNS] = [
        (Self::CrimeId, "Crime ID"),
        (Self::Month, "Month"),
        (Self::ReportedBy, "Reported by"),
        (Self::FallsWithin, "Falls within"),
        (Self::Longitude, "Longitude"),
        (Self::Latitude, "Latitude"),
        (Self::Location, "Location"),
        (Self::LsoaCode, "LSOA code"),
        (Self::LsoaName, "LSOA name"),
        (Self::CrimeType, "Crime type"),
        (Self::LastOutcomeCategory, "Last outcome category"),
        (Self::Context, "Context"),
    ];
}

/// Yields the rows of a CSV file; stops for good after the first [`ReadError`].
#[derive(Debug)]
pub struct CsvReader<R> {
    lines: Lines<R>,
    /// Where each column of [`Column::ALL`] stands in this file.
    order: [usize; COLUMNS],
    finished: bool,
}

impl<R: BufRead> CsvReader<R> {
    /// Reads and checks the header. A byte order mark before it is passed over.
    pub fn new(input: R) -> Result<Self, ReadError> {
        let mut lines = Lines { input, number: 0, buffer: Vec::new() };
        let Some((_, line)) = lines.next_line()? else {
            return Err(ReadError::Empty);
        };
        let order = header(line.strip_prefix('\u{feff}').unwrap_or(line))?;
        Ok(Self { lines, order, finished: false })
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            let Some((line, text)) = self.lines.next_line()? else {
                return Ok(None);
            };
            if text.is_empty() {
                continue;
            }
            let row = Row { fields: split(text, line)?, order: self.order };
            let entry = row.record().map_err(|reason| Rejected { line, reason });
            return Ok(Some(entry));
        }
    }
}

impl<R: BufRead> Iterator for CsvReader<R> {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let next = self.next_entry().transpose();
        self.finished = !matches!(next, Some(Ok(_)));
        next
    }
}

/// One line at a time in one buffer that never grows past [`LONGEST_RECORD`].
#[derive(Debug)]
struct Lines<R> {
    input: R,
    /// Of the line in the buffer, counted from 1.
    number: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line's number and text without its end, or `None` at the end of the file.
    fn next_line(&mut self) -> Result<Option<(u64, &str)>, ReadError> {
        self.buffer.clear();
        self.number += 1;
        let line = self.number;
        let most = u64::try_from(LONGEST_RECORD + 1).unwrap_or(u64::MAX);
        let read = (&mut self.input).take(most).read_until(b'\n', &mut self.buffer).map_err(|source| ReadError::from_io(line, source))?;
        if read == 0 {
            return Ok(None);
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if read > LONGEST_RECORD {
            return Err(ReadError::TooLong { line });
        }
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        if self.buffer.contains(&0) {
            return Err(ReadError::Nul { line });
        }
        let text = str::from_utf8(&self.buffer).map_err(|_| ReadError::NotUtf8 { line })?;
        Ok(Some((line, text)))
    }
}

/// Where each published column stands.
fn header(line: &str) -> Result<[usize; COLUMNS], ReadError> {
    let problem = |problem: String| ReadError::Header { problem };
    if line.contains('\r') {
        return Err(problem("the line ends are not ones we know".to_owned()));
    }
    let mut order = [None; COLUMNS];
    for (place, name) in line.split(',').enumerate() {
        // Spreadsheets may put names in quotes.
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        let known = Column::ALL.iter().zip(&mut order).find(|((_, column), _)| column.eq_ignore_ascii_case(name));
        match known {
            None => return Err(problem(format!("there is no column {}", shown(name)))),
            Some(((_, column), Some(_))) => {
                return Err(problem(format!("the column \"{column}\" is there twice")));
            }
            Some((_, slot)) => *slot = Some(place),
        }
    }
    let mut places = [0; COLUMNS];
    for (((_, column), found), place) in Column::ALL.iter().zip(order).zip(&mut places) {
        *place = found.ok_or_else(|| problem(format!("the column \"{column}\" is missing")))?;
    }
    Ok(places)
}

/// A name for an error message: quoted, harmless and short.
fn shown(name: &str) -> String {
    let short: String = name.chars().take(40).collect();
    format!("{short:?}")
}

type Fields<'a> = [Cow<'a, str>; COLUMNS];

/// Splits a line at its commas. Quotes must surround a whole field and be doubled inside it.
fn split(line: &str, number: u64) -> Result<Fields<'_>, ReadError> {
    let mut fields: Fields<'_> = [const { Cow::Borrowed("") }; COLUMNS];
    let quoted = line.contains('"');
    let mut count = 0;
    let mut rest = Some(line);
    while let Some(from_here) = rest {
        let (field, after) = if quoted {
            field(from_here, number)?
        } else {
            match from_here.split_once(',') {
                Some((field, after)) => (Cow::Borrowed(field), Some(after)),
                None => (Cow::Borrowed(from_here), None),
            }
        };
        if let Some(slot) = fields.get_mut(count) {
            *slot = field;
        }
        count += 1;
        rest = after;
    }
    if count == COLUMNS { Ok(fields) } else { Err(ReadError::FieldCount { line: number, found: count }) }
}

/// The first field of `text`, which may be quoted, and what follows its comma if there is one.
fn field(text: &str, line: u64) -> Result<(Cow<'_, str>, Option<&str>), ReadError> {
    let Some(inside) = text.strip_prefix('"') else {
        let (field, after) = match text.split_once(',') {
            Some((field, after)) => (field, Some(after)),
            None => (text, None),
        };
        return if field.contains('"') { Err(ReadError::StrayQuote { line }) } else { Ok((Cow::Borrowed(field), after)) };
    };
    let mut value = String::new();
    let mut rest = inside;
    loop {
        let Some((part, after)) = rest.split_once('"') else {
            return Err(ReadError::OpenQuote { line });
        };
        value.push_str(part);
        if let Some(after) = after.strip_prefix('"') {
            value.push('"');
            rest = after;
        } else if after.is_empty() {
            return Ok((Cow::Owned(value), None));
        } else if let Some(after) = after.strip_prefix(',') {
            return Ok((Cow::Owned(value), Some(after)));
        } else {
            return Err(ReadError::StrayQuote { line });
        }
    }
}

struct Row<'a> {
    fields: Fields<'a>,
    order: [usize; COLUMNS],
}

impl Row<'_> {
    fn get(&self, column: Column) -> &str {
        let place = self.order.get(column as usize);
        place.and_then(|place| self.fields.get(*place)).map_or("", AsRef::as_ref)
    }

    fn record(&self) -> Result<CaseRecord, String> {
        let source_key = Limit::key("Crime ID").optional(self.get(Column::CrimeId))?.ok_or("no Crime ID: nothing identifies this row")?;
        let location = Limit::LOCATION.optional(self.get(Column::Location))?.filter(|location| *location != "No Location");
        let district = Limit::DISTRICT.optional(self.get(Column::LsoaName))?.map(district);
        let wording = record::wording(self.get(Column::LastOutcomeCategory))?;
        Ok(CaseRecord {
            source_key: source_key.to_owned(),
            month: record::month(self.get(Column::Month))?,
            crime_type: Limit::CRIME_TYPE.required(self.get(Column::CrimeType))?.to_owned(),
            location: location.map(str::to_owned),
            lsoa_code: Limit::LSOA_CODE.optional(self.get(Column::LsoaCode))?.map(str::to_owned),
            district: district.map(str::to_owned),
            progress: wording.map(|wording| ProgressRecord { wording, when: When::NotGiven }).into_iter().collect(),
            people: Vec::new(),
        })
    }
}

/// `Telford and Wrekin` from `Telford and Wrekin 014B`.
fn district(lsoa_name: &str) -> &str {
    match lsoa_name.rsplit_once(' ') {
        Some((district, code)) => match *code.as_bytes() {
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'A'..=b'Z'] => district.trim_end(),
            _ => lsoa_name,
        },
        None => lsoa_name,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    const HEADER: &str = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,\
                          LSOA code,LSOA name,Crime type,Last outcome category,Context";
    const ROW: &str = "k1,2025-03,P,P,-2.0,52.3,On or near Elm Row,E01,Telford and Wrekin 014B,\
                       Other crime,Suspect charged,";

    fn read(bytes: impl AsRef<[u8]>) -> Result<Vec<Entry>, ReadError> {
        CsvReader::new(Cursor::new(bytes.as_ref().to_vec()))?.collect()
    }

    fn rows(rows: &[&str]) -> String {
        let mut text = HEADER.to_owned();
        for row in rows {
            text.push('\n');
            text.push_str(row);
        }
        text.push('\n');
        text
    }

    fn error(bytes: impl AsRef<[u8]>) -> String {
        read(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_row_becomes_a_record() {
        let entries = read(rows(&[ROW])).unwrap();
        let [Ok(case)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!(case.source_key, "k1");
        assert_eq!(case.month.to_string(), "2025-03");
        assert_eq!(case.crime_type, "Other crime");
        assert_eq!(case.location.as_deref(), Some("On or near Elm Row"));
        assert_eq!(case.lsoa_code.as_deref(), Some("E01"));
        assert_eq!(case.district.as_deref(), Some("Telford and Wrekin"));
        let [progress] = case.progress.as_slice() else { panic!("{case:?}") };
        assert_eq!(progress.wording.text(), "Suspect charged");
        assert_eq!(progress.when, When::NotGiven);
    }

    #[test]
    fn a_mark_crlf_blank_lines_and_a_missing_last_line_end_change_nothing() {
        let plain = read(rows(&[ROW, ROW])).unwrap();
        assert_eq!(plain.len(), 2);
        for text in [
            format!("\u{feff}{HEADER}\r\n{ROW}\r\n\r\n{ROW}\r\n"),
            format!("{HEADER}\n\n{ROW}\n{ROW}\n\n\n"),
            format!("{HEADER}\n{ROW}\n{ROW}"),
        ] {
            assert_eq!(read(text).unwrap(), plain);
        }
    }

    #[test]
    fn columns_may_stand_in_any_order_and_in_quotes() {
        let swap = |line: &str| {
            let mut fields: Vec<_> = line.split(',').map(|f| format!("\"{f}\"")).collect();
            fields.reverse();
            fields.join(",")
        };
        let turned = format!("{}\n{}\n", swap(HEADER), swap(ROW));
        assert_eq!(read(turned).unwrap(), read(rows(&[ROW])).unwrap());
    }

    #[test]
    fn quotes_hold_commas_and_doubled_quotes() {
        let row = ROW.replace("On or near Elm Row", "\"Elm \"\"Row\"\", north\"");
        let entries = read(rows(&[&row])).unwrap();
        let location = entries[0].as_ref().unwrap().location.clone();
        assert_eq!(location.as_deref(), Some("Elm \"Row\", north"));
    }

    #[test]
    fn well_formed_rows_read_as_the_csv_crate_wrote_them() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        for _ in 0..5_000 {
            let fields: Vec<String> = (0..COLUMNS)
                .map(|_| {
                    let length = rng.next_u32() % 6;
                    let mut one = || b"a,\" '\t;"[rng.next_u32() as usize % 7];
                    (0..length).map(|_| char::from(one())).collect()
                })
                .collect();
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let line = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read = split(line.trim_end_matches('\n'), 1).unwrap();
            assert_eq!(read.as_slice(), fields, "{line}");
        }
    }

    #[test]
    fn a_wrong_header_says_which_column() {
        let missing = HEADER.replace(",Month", "");
        assert!(error(missing).contains("\"Month\" is missing"));
        assert!(error(format!("{HEADER},Victim name")).contains("no column \"Victim name\""));
        assert!(error(HEADER.replace("Latitude", "Longitude")).contains("\"Longitude\" is there twice"));
        assert!(error("a,b\n1,2\n").contains("line 1: there is no column \"a\""));
        assert!(error("\n").contains("line 1"));
        assert!(error(rows(&[ROW]).replace('\n', "\r")).contains("line ends"));
        assert!(error(format!("{}\n", "x".repeat(5000))).len() < 400);
    }

    #[test]
    fn an_empty_file_is_an_error_and_a_header_alone_is_no_rows() {
        assert!(matches!(read(""), Err(ReadError::Empty)));
        assert_eq!(read(HEADER).unwrap(), vec![]);
        assert_eq!(read(rows(&[])).unwrap(), vec![]);
    }

    #[test]
    fn a_stray_quote_is_an_error_on_its_line_and_swallows_nothing() {
        for (field, stray) in
            [("Elm \"Row", true), ("Elm Row\"", true), ("\"Elm\" Row", true), ("\"Elm Row", false), ("\"", false), ("\"Elm\"\"", false)]
        {
            let bad = ROW.replace("On or near Elm Row", field);
            let failed = read(rows(&[ROW, &bad, ROW])).unwrap_err();
            assert_eq!(failed.line(), Some(3), "{field}: {failed}");
            assert_eq!(matches!(failed, ReadError::StrayQuote { .. }), stray, "{field}");
            assert_eq!(matches!(failed, ReadError::OpenQuote { .. }), !stray, "{field}");
        }
        let over_two_lines = ROW.replace("Elm Row", "\"Elm\nRow\"");
        assert_eq!(read(rows(&[&over_two_lines])).unwrap_err().line(), Some(2));
    }

    #[test]
    fn a_row_with_a_field_too_many_or_too_few_is_an_error_on_its_line() {
        let long = format!("{ROW},");
        let short = ROW.trim_end_matches(',');
        for (row, fields) in [(long.as_str(), 13), (short, 11), ("k1", 1)] {
            let failed = read(rows(&[ROW, row])).unwrap_err();
            let ReadError::FieldCount { line: 3, found } = failed else { panic!("{failed}") };
            assert_eq!(found, fields);
        }
    }

    #[test]
    fn a_plain_file_cut_inside_a_row_is_an_error() {
        let text = rows(&[ROW, ROW]);
        let body = HEADER.len() + 1 + ROW.len() + 2;
        for cut in body..text.len() - 2 {
            assert!(read(&text[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_an_error_on_their_line() {
        let mut bytes = rows(&[ROW, ROW]).into_bytes();
        let last = bytes.len() - 5;
        bytes[last] = 0xff;
        assert!(matches!(read(&bytes), Err(ReadError::NotUtf8 { line: 3 })));
        bytes[last] = 0;
        assert!(matches!(read(&bytes), Err(ReadError::Nul { line: 3 })));
    }

    #[test]
    fn a_line_longer_than_any_record_is_an_error() {
        let fits = ROW.replace("Other crime,", &format!("Other crime,{}", " ".repeat(60_000)));
        assert!(read(rows(&[&fits])).unwrap()[0].is_ok());
        let long = rows(&[ROW, &"x".repeat(LONGEST_RECORD + 1)]);
        assert!(matches!(read(long), Err(ReadError::TooLong { line: 3 })));
    }

    #[test]
    fn a_bad_row_is_rejected_with_its_line_and_the_rest_is_read() {
        let key = format!("{},", "k".repeat(101));
        let cases = [
            (ROW.replace("k1,", ","), "no Crime ID: nothing identifies this row"),
            (ROW.replace("k1,", " \t,"), "no Crime ID: nothing identifies this row"),
            (ROW.replace("2025-03", "2025-13"), "month is not written as YYYY-MM"),
            (ROW.replace("2025-03", "March"), "month is not written as YYYY-MM"),
            (ROW.replace("k1,", &key), "Crime ID is longer than 100 characters"),
            (ROW.replace("Other crime", ""), "no crime type"),
            (ROW.replace("Suspect charged", "a\u{202e}b"), "outcome has control or direction-changing characters"),
        ];
        for (bad, reason) in cases {
            let entries = read(rows(&[ROW, &bad, ROW])).unwrap();
            assert_eq!(entries.len(), 3);
            assert!(entries[0].is_ok() && entries[2].is_ok());
            let rejected = entries[1].as_ref().unwrap_err();
            assert_eq!((rejected.line, rejected.reason.as_str()), (3, reason));
        }
    }

    #[test]
    fn no_location_no_outcome_and_a_new_outcome_are_kept_as_they_are() {
        let bare = "k1,2025-03,P,P,,,No Location,,,Other crime,,";
        let new = ROW.replace("Suspect charged", "Sent to the moon; twice");
        let entries = read(rows(&[bare, &new])).unwrap();
        let bare = entries[0].as_ref().unwrap();
        assert_eq!((&bare.location, &bare.district, &bare.lsoa_code), (&None, &None, &None));
        assert!(bare.progress.is_empty());
        let new = entries[1].as_ref().unwrap();
        assert_eq!(new.progress[0].wording.text(), "Sent to the moon; twice");
    }

    #[test]
    fn a_district_loses_only_an_area_code() {
        assert_eq!(district("Wyre Forest 001A"), "Wyre Forest");
        for whole in ["Wyre Forest", "Powys 01A", "Herefordshire, County of", "é", "001A"] {
            assert_eq!(district(whole), whole);
        }
    }

    #[test]
    fn nothing_follows_an_error() {
        let text = rows(&["k1", ROW]);
        let mut reader = CsvReader::new(text.as_bytes()).unwrap();
        assert!(matches!(reader.next(), Some(Err(_))));
        assert!(reader.next().is_none());
    }
}
