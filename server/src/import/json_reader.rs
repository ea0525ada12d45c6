//! Reads cases from JSON, one at a time: the shape a force's records system sends.
//!
//! ```json
//! {"cases": [{
//!   "reference": "22/12345/25",            or "crime_id"; one of the two
//!   "month": "2025-03",
//!   "crime_type": "Other crime",
//!   "location": "On or near Elm Row",      optional, as are all below
//!   "district": "Shropshire",
//!   "outcome": "Under investigation",      the latest, when its date is not known
//!   "events": [{"outcome": "Suspect charged", "date": "2025-04-02"}],   date: a day, a month or none
//!   "people": [{"key": "P1", "name": "...", "role": "victim", "email": "...", "mobile": "..."},
//!              {"key": "P2", "name": "...", "role": "parent", "child_born": "2012-05-01", "conflict": false},
//!              {"key": "P3", "name": "...", "role": "representative", "until": "2027-01-31"}]
//! }]}
//! ```
//!
//! Owns this shape. A case with a fault (an unknown, missing, doubled or wrong field) is rejected by
//! its number and the others stand; text that is not JSON spoils the whole file. To add a field, name
//! it in `case`, `event` or `person` and give it a limit in `record`.
//!
//! Must not: hold more than one case in memory, pass over a field it does not know (the sender
//! believes that it arrived), or repeat a value in an error. The messages of `serde_json` for wrong
//! types quote the value, so it only parses text to a tree here.

use std::fmt;
use std::io::BufRead;

use app::domain::london;
use app::domain::month::When;
use app::domain::participation::turns_18;
use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::record::{self, CaseRecord, Entry, LONGEST_RECORD, Limit, PersonRecord, ProgressRecord, ReadError, Rejected};

/// A case nests three deep; this leaves room for a wrong field to be named.
const DEEPEST: usize = 16;
/// Events of one case.
const MOST_EVENTS: usize = 200;
/// People of one case.
const MOST_PEOPLE: usize = 50;

/// Reads a whole body: for the HTTP door, where all of it is in memory and limited already. Any
/// [`ReadError`] means that nothing of it may be applied.
pub fn read_json(bytes: &[u8]) -> Result<Vec<Entry>, ReadError> {
    JsonReader::new(bytes)?.collect()
}

/// Yields the cases of a JSON file; stops for good after the first [`ReadError`].
#[derive(Debug)]
pub struct JsonReader<R> {
    text: Text<R>,
    item: Vec<u8>,
    /// Of the case read last, counted from 1.
    number: u64,
    finished: bool,
}

impl<R: BufRead> JsonReader<R> {
    /// Reads up to the first case. A byte order mark is passed over.
    pub fn new(input: R) -> Result<Self, ReadError> {
        let mut text = Text { input, line: 1, column: 1 };
        if text.peek()?.is_none() {
            return Err(ReadError::Empty);
        }
        if text.peek()? == Some(0xef) {
            for byte in *b"\xef\xbb\xbf" {
                text.expect(byte)?;
            }
            text.column = 1;
        }
        for byte in *b"{\"" {
            text.skip_space()?;
            text.expect(byte)?;
        }
        for byte in *b"cases\"" {
            text.expect(byte)?;
        }
        for byte in *b":[" {
            text.skip_space()?;
            text.expect(byte)?;
        }
        Ok(Self { text, item: Vec::new(), number: 0, finished: false })
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, ReadError> {
        self.text.skip_space()?;
        if self.text.peek()? == Some(b']') {
            return self.end().map(|()| None);
        }
        if self.number > 0 {
            self.text.expect(b',')?;
            self.text.skip_space()?;
        }
        let (line, column) = (self.text.line, self.text.column);
        self.text.take_value(&mut self.item)?;
        let json = parse(&self.item, line, column)?;
        self.number += 1;
        let number = self.number;
        Ok(Some(case(json).map_err(|reason| Rejected { line: number, reason })))
    }

    /// After the last case only `]}` may come.
    fn end(&mut self) -> Result<(), ReadError> {
        for byte in *b"]}" {
            self.text.skip_space()?;
            self.text.expect(byte)?;
        }
        self.text.skip_space()?;
        match self.text.peek()? {
            None => Ok(()),
            Some(_) => Err(self.text.problem("something follows the end of the cases")),
        }
    }
}

impl<R: BufRead> Iterator for JsonReader<R> {
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

/// Bytes with their place, enough to find where one case ends and the next begins.
#[derive(Debug)]
struct Text<R> {
    input: R,
    line: u64,
    column: u64,
}

impl<R: BufRead> Text<R> {
    fn problem(&self, problem: impl Into<String>) -> ReadError {
        ReadError::Json { line: self.line, column: self.column, problem: problem.into() }
    }

    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        let ahead = self.input.fill_buf().map_err(|source| ReadError::from_io(self.line, source))?;
        Ok(ahead.first().copied())
    }

    /// Passes over the byte that [`Text::peek`] gave.
    fn pass(&mut self, byte: u8) {
        self.input.consume(1);
        if byte == b'\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
    }

    fn skip_space(&mut self) -> Result<(), ReadError> {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek()? {
            self.pass(byte);
        }
        Ok(())
    }

    fn expect(&mut self, wanted: u8) -> Result<(), ReadError> {
        match self.peek()? {
            Some(byte) if byte == wanted => {
                self.pass(byte);
                Ok(())
            }
            Some(0) => Err(ReadError::Nul { line: self.line }),
            found => {
                let end = if found.is_none() { "the text ends; " } else { "" };
                Err(self
                    .problem(format!("{end}expected {:?} of {{\"cases\": [ ... ]}}, which is all the file may hold", char::from(wanted))))
            }
        }
    }

    /// Copies the bytes of one value into `item`; whether they are JSON is for the parser to say.
    fn take_value(&mut self, item: &mut Vec<u8>) -> Result<(), ReadError> {
        item.clear();
        let start = self.line;
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        loop {
            let Some(byte) = self.peek()? else {
                return Err(self.problem("the text ends inside a case"));
            };
            if in_string {
                in_string = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
            } else {
                match byte {
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b',' | b']' | b'}' if depth == 0 => return Ok(()),
                    b']' | b'}' => depth -= 1,
                    _ => {}
                }
            }
            if byte == 0 {
                return Err(ReadError::Nul { line: self.line });
            }
            if depth > DEEPEST {
                return Err(ReadError::TooDeep { line: self.line });
            }
            if item.len() == LONGEST_RECORD {
                return Err(ReadError::TooLong { line: start });
            }
            item.push(byte);
            self.pass(byte);
            if depth == 0 && !in_string && matches!(byte, b']' | b'}') {
                return Ok(());
            }
        }
    }
}

/// Parses one case, which starts at `line` and `column` of the file.
fn parse(item: &[u8], line: u64, column: u64) -> Result<Json, ReadError> {
    if let Err(error) = str::from_utf8(item) {
        let before = item.get(..error.valid_up_to()).unwrap_or_default();
        let ends = before.split(|byte| *byte == b'\n').count() - 1;
        return Err(ReadError::NotUtf8 { line: line + u64::try_from(ends).unwrap_or(0) });
    }
    serde_json::from_slice(item).map_err(|error| {
        let place = |n: usize| u64::try_from(n).unwrap_or(1).saturating_sub(1);
        let message = error.to_string();
        // Its place is within the item; the file's is wanted.
        let problem = message.split_once(" at line ").map_or(message.as_str(), |m| m.0);
        ReadError::Json {
            line: line + place(error.line()),
            column: if error.line() <= 1 { column } else { 1 } + place(error.column()),
            problem: format!("not JSON: {problem}"),
        }
    })
}

/// JSON as it was written: a doubled field stays visible, which `serde_json::Value` hides.
pub(crate) enum Json {
    Null,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    Bool(bool),
    /// A number: no field of a case is one.
    Other,
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            object.push(entry);
        }
        Ok(Json::Object(object))
    }
}

/// The named fields of one object, each taken at most once. A null is an absent field.
pub(crate) struct Fields<const N: usize> {
    names: [&'static str; N],
    values: [Option<Json>; N],
}

impl<const N: usize> Fields<N> {
    /// Refuses anything but an object with no field outside `names` and none twice.
    pub(crate) fn of(json: Json, names: [&'static str; N]) -> Result<Self, String> {
        let Json::Object(entries) = json else {
            return Err("not an object with fields".to_owned());
        };
        let mut values = [const { None }; N];
        for (name, value) in entries {
            let known = names.iter().zip(&mut values).find(|(n, _)| **n == name);
            match known {
                None => {
                    let short: String = name.chars().take(40).collect();
                    return Err(format!("there is no field {short:?}"));
                }
                Some((name, Some(_))) => return Err(format!("field \"{name}\" is there twice")),
                Some((_, slot)) => *slot = Some(value),
            }
        }
        Ok(Self { names, values })
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Json> {
        let slots = self.names.iter().zip(&mut self.values);
        slots.filter(|(n, _)| **n == name).find_map(|(_, slot)| slot.take())
    }

    /// A text field; absent and null are empty.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, String> {
        match self.take(name) {
            None | Some(Json::Null) => Ok(String::new()),
            Some(Json::Text(text)) => Ok(text),
            Some(_) => Err(format!("field \"{name}\" is not text")),
        }
    }

    /// A yes or no; absent and null are no.
    pub(crate) fn yes(&mut self, name: &str) -> Result<bool, String> {
        match self.take(name) {
            None | Some(Json::Null) => Ok(false),
            Some(Json::Bool(value)) => Ok(value),
            Some(_) => Err(format!("field \"{name}\" is not true or false")),
        }
    }

    /// A list field read item by item; a fault says in which item it is.
    fn list<T>(&mut self, name: &str, most: usize, read: impl Fn(Json) -> Result<T, String>) -> Result<Vec<T>, String> {
        let items = match self.take(name) {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::List(items)) => items,
            Some(_) => return Err(format!("field \"{name}\" is not a list")),
        };
        if items.len() > most {
            return Err(format!("field \"{name}\" has more than {most} items"));
        }
        (1..).zip(items).map(|(place, item): (u32, Json)| read(item).map_err(|reason| format!("{name} item {place}: {reason}"))).collect()
    }
}

fn case(json: Json) -> Result<CaseRecord, String> {
    let mut fields =
        Fields::of(json, ["reference", "crime_id", "month", "crime_type", "location", "district", "outcome", "events", "people"])?;
    let (reference, crime_id) = (fields.text("reference")?, fields.text("crime_id")?);
    let source_key = match (Limit::key("reference").optional(&reference)?, Limit::key("crime_id").optional(&crime_id)?) {
        (Some(key), None) | (None, Some(key)) => key,
        (None, None) => {
            return Err("no reference or crime_id: nothing identifies this case".to_owned());
        }
        (Some(_), Some(_)) => return Err("give reference or crime_id, not both".to_owned()),
    };
    let mut progress = fields.list("events", MOST_EVENTS, event)?;
    if let Some(wording) = record::wording(&fields.text("outcome")?)?
        && !progress.iter().any(|event| event.wording == wording)
    {
        progress.push(ProgressRecord { wording, when: When::NotGiven });
    }
    Ok(CaseRecord {
        source_key: source_key.to_owned(),
        month: record::month(&fields.text("month")?)?,
        crime_type: Limit::CRIME_TYPE.required(&fields.text("crime_type")?)?.to_owned(),
        location: owned(Limit::LOCATION.optional(&fields.text("location")?)?),
        lsoa_code: None,
        district: owned(Limit::DISTRICT.optional(&fields.text("district")?)?),
        progress,
        people: fields.list("people", MOST_PEOPLE, person)?,
    })
}

fn event(json: Json) -> Result<ProgressRecord, String> {
    let mut fields = Fields::of(json, ["outcome", "date"])?;
    Ok(ProgressRecord {
        wording: record::wording(&fields.text("outcome")?)?.ok_or("no outcome")?,
        when: When::from_code(fields.text("date")?.trim()).map_err(|_| "date is not written as YYYY-MM-DD or YYYY-MM")?,
    })
}

fn person(json: Json) -> Result<PersonRecord, String> {
    let mut fields = Fields::of(json, ["key", "name", "role", "email", "mobile", "conflict", "child_born", "until"])?;
    let role = record::role(&fields.text("role")?)?.to_owned();
    let child_born = record::day("child_born", &fields.text("child_born")?)?;
    let until = record::day("until", &fields.text("until")?)?;
    // Without these a part in a case would never end by itself.
    let ends_at = match (role.as_str(), child_born, until) {
        ("parent", None, _) => return Err("a parent needs child_born: their part ends at the 18th birthday".to_owned()),
        ("parent", Some(born), until) => Some(until.map_or(turns_18(born), |until| turns_18(born).min(after(until)))),
        (_, Some(_), _) => return Err("only a parent has child_born".to_owned()),
        ("representative", None, None) => return Err("a representative needs until: the last day of their authority".to_owned()),
        (_, None, until) => until.map(after),
    };
    Ok(PersonRecord {
        key: Limit::key("key").required(&fields.text("key")?)?.to_owned(),
        name: Limit::NAME.required(&fields.text("name")?)?.to_owned(),
        role,
        conflict: fields.yes("conflict")?,
        ends_at,
        email: owned(record::email(&fields.text("email")?)?),
        mobile: owned(record::mobile(&fields.text("mobile")?)?),
    })
}

/// The moment after a last day.
fn after(day: NaiveDate) -> DateTime<Utc> {
    london::start_of(day.succ_opt().unwrap_or(day))
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = r#"{"reference":"22/1/25","month":"2025-03","crime_type":"Other crime"}"#;

    fn batch(items: &[&str]) -> String {
        format!("{{\"cases\": [\n{}\n]}}\n", items.join(",\n"))
    }

    fn one(item: &str) -> Entry {
        let mut entries = read_json(batch(&[item]).as_bytes()).unwrap();
        assert_eq!(entries.len(), 1);
        entries.remove(0)
    }

    /// The bare case with more fields.
    fn with(more: &str) -> String {
        CASE.replace('}', &format!(",{more}}}"))
    }

    #[test]
    fn a_full_case_is_read() {
        let case = one(&with(
            r#""location":" Elm Row ","district":"Shropshire","outcome":"Court result unavailable",
               "events":[{"outcome":"Suspect charged","date":"2025-04-02"},
                         {"outcome":"Put off till spring","date":"2025-05"},
                         {"outcome":"court  RESULT unavailable","date":null}],
               "people":[{"key":"P1","name":"Zoë O'Brien","role":"victim","email":"z@b.example"},
                         {"key":"P2","name":"王芳","role":"witness","mobile":"07700 900123"}]"#,
        ))
        .unwrap();
        assert_eq!(case.source_key, "22/1/25");
        assert_eq!(case.location.as_deref(), Some("Elm Row"));
        assert_eq!(case.district.as_deref(), Some("Shropshire"));
        let progress: Vec<_> = case.progress.iter().map(|p| (p.wording.text(), p.when.code())).collect();
        assert_eq!(
            progress,
            [
                ("Suspect charged", "2025-04-02".to_owned()),
                ("Put off till spring", "2025-05".to_owned()),
                ("Court result unavailable", String::new()),
            ],
            "the latest outcome is not repeated"
        );
        assert_eq!(case.people[0].name, "Zoë O'Brien");
        assert_eq!(case.people[1].mobile.as_deref(), Some("07700 900123"));
    }

    #[test]
    fn no_cases_are_no_entries() {
        for text in [r#"{"cases":[]}"#, " \r\n{ \"cases\" :\t[ ] } \n", "\u{feff}{\"cases\":[]}"] {
            assert_eq!(read_json(text.as_bytes()).unwrap(), vec![], "{text:?}");
        }
    }

    #[test]
    fn a_bad_case_is_rejected_by_number_and_the_others_stand() {
        let batch = batch(&[CASE, r#"{"reference":"x"}"#, CASE, "7", CASE]);
        let entries = read_json(batch.as_bytes()).unwrap();
        let bad: Vec<_> = entries.iter().filter_map(|e| e.as_ref().err()).collect();
        assert_eq!(entries.len(), 5);
        assert_eq!(bad[0].line, 2);
        assert_eq!(bad[1].line, 4);
        assert_eq!(bad[1].reason, "not an object with fields");
    }

    #[test]
    fn each_fault_says_which_field_and_never_its_value() {
        let two_people = r#""people":[{"key":"P1","name":"A","role":"victim"},{"key":"P2","name":"A","role":"victim","email":"SECRET"}]"#;
        let cases = [
            (with(r#""victim":"SECRET""#), "there is no field \"victim\""),
            (with(r#""month":"2025-04""#), "field \"month\" is there twice"),
            (with(r#""location":7"#), "field \"location\" is not text"),
            (with(r#""location":{"a":["SECRET"]}"#), "field \"location\" is not text"),
            (with(r#""events":"SECRET""#), "field \"events\" is not a list"),
            (with(r#""crime_id":"SECRET""#), "give reference or crime_id, not both"),
            (with(r#""outcome":"a\u0000b""#), "outcome has control or direction-changing characters"),
            (with(r#""events":[{"date":"2025-04"}]"#), "events item 1: no outcome"),
            (with(r#""events":[{"outcome":"a","date":"2025-02-30"}]"#), "events item 1: date is not written as YYYY-MM-DD or YYYY-MM"),
            (with(r#""people":[{"key":"P","name":"A"}]"#), "people item 1: no role"),
            (with(two_people), "people item 2: email is not an email address"),
            (
                with(r#""people":[{"key":"P","name":"A","role":"parent"}]"#),
                "people item 1: a parent needs child_born: their part ends at the 18th birthday",
            ),
            (
                with(r#""people":[{"key":"P","name":"A","role":"victim","child_born":"2012-05-01"}]"#),
                "people item 1: only a parent has child_born",
            ),
            (
                with(r#""people":[{"key":"P","name":"A","role":"parent","child_born":"1/5/2012"}]"#),
                "people item 1: child_born is not written as YYYY-MM-DD",
            ),
            (
                with(r#""people":[{"key":"P","name":"A","role":"representative"}]"#),
                "people item 1: a representative needs until: the last day of their authority",
            ),
            (
                with(r#""people":[{"key":"P","name":"A","role":"victim","conflict":"SECRET"}]"#),
                "people item 1: field \"conflict\" is not true or false",
            ),
            (with(r#""people":[["SECRET"]]"#), "people item 1: not an object with fields"),
            (CASE.replace("22/1/25", " "), "no reference or crime_id: nothing identifies this case"),
            (CASE.replace("2025-03", "2025-3"), "month is not written as YYYY-MM"),
            (CASE.replace("\"2025-03\"", "null"), "month is not written as YYYY-MM"),
            (CASE.replace("Other crime", ""), "no crime type"),
            (CASE.replace("Other crime", &"é".repeat(101)), "crime type is longer than 100 characters"),
        ];
        for (item, reason) in cases {
            let rejected = one(&item).unwrap_err();
            assert_eq!((rejected.line, rejected.reason.as_str()), (1, reason), "{item}");
        }
        let many = vec![r#"{"outcome":"a"}"#; MOST_EVENTS + 1].join(",");
        let rejected = one(&with(&format!("\"events\":[{many}]"))).unwrap_err();
        assert!(rejected.reason.contains("more than 200"));
    }

    #[test]
    fn text_that_is_not_json_spoils_the_file_and_says_where() {
        let cases = [
            ("[1]".to_owned(), 1, 1),
            ("{\"people\":[]}".to_owned(), 1, 3),
            ("{\"cases\":{}}".to_owned(), 1, 10),
            ("{\"cases\":[]".to_owned(), 1, 12),
            ("{\"cases\":[]}x".to_owned(), 1, 13),
            ("{\"cases\":[],\"more\":1}".to_owned(), 1, 12),
            (batch(&[CASE, "{\"reference\" 7}"]), 3, 14),
            (batch(&[CASE, "{\n\"month\": 01}"]), 4, 11),
            (batch(&[CASE, "{\"reference\":]}"]), 3, 14),
            (batch(&[CASE, "{\"a\":\"line\nend\"}"]), 4, 1),
            (batch(&[CASE, ""]), 4, 1),
            (format!("{{\"cases\":[{CASE} {CASE}]}}"), 1, 81),
        ];
        for (text, wanted_line, wanted_column) in cases {
            let failed = read_json(text.as_bytes()).unwrap_err();
            let ReadError::Json { line, column, .. } = failed else { panic!("{text}: {failed}") };
            let near = column.abs_diff(wanted_column) <= 1;
            assert!(line == wanted_line && near, "{line}:{column} in {text}: {failed}");
        }
    }

    #[test]
    fn json_cut_short_anywhere_is_an_error() {
        let text = batch(&[CASE, &with(r#""events":[{"outcome":"a \" b","date":"2025-04"}]"#)]);
        let text = text.trim_end();
        assert_eq!(read_json(text.as_bytes()).unwrap().len(), 2);
        for cut in 0..text.len() {
            assert!(read_json(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_too_deep_and_too_long_are_errors_on_their_line() {
        let mut bytes = batch(&[CASE, CASE]).into_bytes();
        let last = bytes.len() - 8;
        bytes[last] = 0xff;
        assert!(matches!(read_json(&bytes), Err(ReadError::NotUtf8 { line: 3 })));
        bytes[last] = 0;
        assert!(matches!(read_json(&bytes), Err(ReadError::Nul { line: 3 })));
        for open in ["[", "{\"a\":"] {
            let deep = batch(&[CASE, &open.repeat(100_000)]);
            assert!(matches!(read_json(deep.as_bytes()), Err(ReadError::TooDeep { line: 3 })));
        }
        let long = batch(&[CASE, &with(&format!("\"location\":\"{}\"", "x".repeat(LONGEST_RECORD)))]);
        assert!(matches!(read_json(long.as_bytes()), Err(ReadError::TooLong { line: 3 })));
    }

    #[test]
    fn a_bracket_in_text_ends_nothing() {
        let case = one(&with(r#""location":"a ]} \" \\","district":"[{""#)).unwrap();
        assert_eq!(case.location.as_deref(), Some(r#"a ]} " \"#));
        assert_eq!(case.district.as_deref(), Some("[{"));
    }
}
