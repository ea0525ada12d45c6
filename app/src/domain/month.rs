//! Dates as the feeds give them: a whole day, only a month, or nothing.
//!
//! Owns [`Month`] (`YYYY-MM`) and [`When`]. To accept one more precision (a year, a week), add a
//! variant to [`When`] with its own unmistakable text form in `code` and `from_code`.
//!
//! Must not: invent a day for a month (there is deliberately no "first day of"), read a clock, or
//! know a time zone.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

const NAMES: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// The text is not a month or a date in the one accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADate {
    /// Wanted `YYYY-MM` with a month of 01 to 12 and a year of 1900 to 2199.
    #[error("not a month written as YYYY-MM")]
    Month,
    /// Wanted `YYYY-MM-DD`, `YYYY-MM` or nothing.
    #[error("not a date written as YYYY-MM-DD or YYYY-MM")]
    When,
}

/// A calendar month of a year from 1900 to 2199; as text and in JSON `YYYY-MM`. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: u16,
    number: u8,
}

impl Month {
    /// `number` is 1 for January to 12 for December.
    pub fn new(year: u16, number: u8) -> Result<Self, NotADate> {
        if (1900..=2199).contains(&year) && (1..=12).contains(&number) { Ok(Self { year, number }) } else { Err(NotADate::Month) }
    }

    /// Exactly `YYYY-MM`: no spaces, signs, single digits or days.
    pub fn parse(text: &str) -> Result<Self, NotADate> {
        let [y1, y2, y3, y4, b'-', m1, m2] = *text.as_bytes() else {
            return Err(NotADate::Month);
        };
        let digits = [y1, y2, y3, y4, m1, m2];
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(NotADate::Month);
        }
        let [y1, y2, y3, y4, m1, m2] = digits.map(|digit| digit - b'0');
        let year = [y1, y2, y3, y4].iter().fold(0, |sum, digit| sum * 10 + u16::from(*digit));
        Self::new(year, m1 * 10 + m2)
    }

    /// The month in which `day` lies; an error outside the years 1900 to 2199.
    pub fn of(day: NaiveDate) -> Result<Self, NotADate> {
        let year = u16::try_from(day.year()).map_err(|_| NotADate::Month)?;
        let number = u8::try_from(day.month()).map_err(|_| NotADate::Month)?;
        Self::new(year, number)
    }

    /// 1900 to 2199.
    pub fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    pub fn number(self) -> u8 {
        self.number
    }

    /// As a person says it: `March 2025`.
    pub fn in_words(self) -> String {
        format!("{} {}", name(self.number.into()), self.year)
    }
}

fn name(number: u32) -> &'static str {
    let index = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
    NAMES.get(index).copied().unwrap_or_default()
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.number)
    }
}

impl FromStr for Month {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Month {
    type Error = NotADate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// When something happened, no more exactly than the source said.
///
/// Not ordered: a day and its own month have no order. Sort by [`When::month`] and keep the order
/// of arrival among equals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum When {
    /// A whole date.
    Day(NaiveDate),
    /// Only the month is known.
    Month(Month),
    /// The source gave no date at all.
    #[default]
    NotGiven,
}

impl When {
    /// The stored text: `YYYY-MM-DD`, `YYYY-MM` or empty.
    pub fn code(self) -> String {
        match self {
            Self::Day(day) => day.format("%Y-%m-%d").to_string(),
            Self::Month(month) => month.to_string(),
            Self::NotGiven => String::new(),
        }
    }

    /// Reads what [`When::code`] writes, as strictly as [`Month::parse`].
    pub fn from_code(text: &str) -> Result<Self, NotADate> {
        match text.len() {
            0 => Ok(Self::NotGiven),
            7 => Month::parse(text).map(Self::Month).map_err(|_| NotADate::When),
            _ => day(text).map(Self::Day).ok_or(NotADate::When),
        }
    }

    /// The month, when one is known.
    pub fn month(self) -> Option<Month> {
        match self {
            Self::Day(day) => Month::of(day).ok(),
            Self::Month(month) => Some(month),
            Self::NotGiven => None,
        }
    }

    /// As a person says it: `3 March 2025`, `March 2025` or `Date not given`.
    pub fn in_words(self) -> String {
        match self {
            Self::Day(day) => format!("{} {} {}", day.day(), name(day.month()), day.year()),
            Self::Month(month) => month.in_words(),
            Self::NotGiven => "Date not given".to_owned(),
        }
    }
}

/// Exactly `YYYY-MM-DD` of a day that exists (chrono alone would take `2025-3-3`).
fn day(text: &str) -> Option<NaiveDate> {
    let (month, rest) = text.split_at_checked(7)?;
    let month = Month::parse(month).ok()?;
    let [b'-', d1 @ b'0'..=b'9', d2 @ b'0'..=b'9'] = *rest.as_bytes() else {
        return None;
    };
    let number = u32::from(d1 - b'0') * 10 + u32::from(d2 - b'0');
    NaiveDate::from_ymd_opt(month.year.into(), month.number.into(), number)
}

impl TryFrom<String> for When {
    type Error = NotADate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_code(&text)
    }
}

impl From<When> for String {
    fn from(when: When) -> Self {
        when.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_back_as_written() {
        for text in ["1900-01", "2025-03", "2199-12"] {
            assert_eq!(Month::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Month::parse("2025-03").unwrap().in_words(), "March 2025");
        assert_eq!(Month::parse("2025-12").unwrap().in_words(), "December 2025");
    }

    #[test]
    fn only_the_exact_form_is_a_month() {
        for text in [
            "",
            "2025",
            "2025-3",
            "2025-00",
            "2025-13",
            "2025/03",
            "2025-03-01",
            " 2025-03",
            "2025-03 ",
            "+025-03",
            "2025-+3",
            "0000-01",
            "1899-12",
            "2200-01",
            "２０２５-03",
            "Mar 2025",
            "-999-01",
            "2025-0a",
            "202é-1",
        ] {
            assert_eq!(Month::parse(text), Err(NotADate::Month), "{text:?}");
        }
    }

    #[test]
    fn months_are_ordered_by_time() {
        let months = ["2024-12", "2025-01", "2025-02", "2025-10"].map(|m| Month::parse(m).unwrap());
        assert!(months.is_sorted());
    }

    #[test]
    fn a_date_keeps_its_precision_through_its_code() {
        let cases = [
            ("2025-03-03", "3 March 2025", Some("2025-03")),
            ("2024-02-29", "29 February 2024", Some("2024-02")),
            ("2025-03", "March 2025", Some("2025-03")),
            ("", "Date not given", None),
        ];
        for (code, words, month) in cases {
            let when = When::from_code(code).unwrap();
            assert_eq!(when.code(), code);
            assert_eq!(when.in_words(), words);
            assert_eq!(when.month().map(|m| m.to_string()).as_deref(), month);
            assert_eq!(When::try_from(String::from(when)), Ok(when));
        }
        assert_eq!(When::from_code("2025-03").unwrap(), When::Month(Month::parse("2025-03").unwrap()), "no day is invented");
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        for text in [
            " ",
            "2025-02-29",
            "2025-04-31",
            "2025-3-3",
            "2025-03-3",
            "2025-03-00",
            "2025-03-032",
            "03/03/2025",
            "2025-03-03T00:00",
            "2025-13",
            "éééé",
            "2025-0é-03",
        ] {
            assert_eq!(When::from_code(text), Err(NotADate::When), "{text:?}");
        }
    }
}
