//! Working days of England and Wales: Monday to Friday without bank holidays.
//!
//! Dates: GOV.UK bank holidays, division england-and-wales (Open Government Licence v3.0), 2025 to
//! 2028. Past the table only week-ends are known: [`known_until`] says where that is, and
//! `check-config` warns in its last half year.

use chrono::{Datelike, Duration, NaiveDate, Weekday};

const BANK_HOLIDAYS: &[(i32, u32, u32)] = &[
    (2025, 1, 1),
    (2025, 4, 18),
    (2025, 4, 21),
    (2025, 5, 5),
    (2025, 5, 26),
    (2025, 8, 25),
    (2025, 12, 25),
    (2025, 12, 26),
    (2026, 1, 1),
    (2026, 4, 3),
    (2026, 4, 6),
    (2026, 5, 4),
    (2026, 5, 25),
    (2026, 8, 31),
    (2026, 12, 25),
    (2026, 12, 28),
    (2027, 1, 1),
    (2027, 3, 26),
    (2027, 3, 29),
    (2027, 5, 3),
    (2027, 5, 31),
    (2027, 8, 30),
    (2027, 12, 27),
    (2027, 12, 28),
    (2028, 1, 3),
    (2028, 4, 14),
    (2028, 4, 17),
    (2028, 5, 1),
    (2028, 5, 29),
    (2028, 8, 28),
    (2028, 12, 25),
    (2028, 12, 26),
];

/// The last day for which bank holidays are known.
#[must_use]
pub fn known_until() -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2028, 12, 31)
}

#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !BANK_HOLIDAYS.contains(&(day.year(), day.month(), day.day()))
}

/// The day `count` working days after `day`; the day itself is day 0 (MoJ Code 2021).
#[must_use]
pub fn after(day: NaiveDate, count: u32) -> NaiveDate {
    let mut at = day;
    let mut left = count;
    while left > 0 {
        at += Duration::days(1);
        if is_working_day(at) {
            left -= 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_and_holidays_do_not_count() {
        assert_eq!(after(day("2026-11-20"), 1), day("2026-11-23")); // Friday to Monday
        assert_eq!(after(day("2026-12-24"), 1), day("2026-12-29")); // over Christmas
        assert_eq!(after(day("2026-04-02"), 2), day("2026-04-08")); // over Easter
        assert_eq!(after(day("2026-11-22"), 0), day("2026-11-22"));
    }

    /// The table above is checked against the published file where that file lies.
    #[test]
    fn the_table_is_the_published_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/bank-holidays/bank-holidays.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            assert!(std::env::var_os("CI").is_none(), "bank-holidays.json is missing, and this is CI");
            eprintln!("NOT CHECKED against the published bank holidays: {path} is missing");
            return;
        };
        let (_, ours) = text.split_once("\"england-and-wales\"").unwrap();
        let ours = ours.split("\"division\"").nth(1).unwrap();
        let published: Vec<NaiveDate> = ours
            .split("\"date\":")
            .skip(1)
            .map(|rest| rest.split('"').nth(1).unwrap().parse().unwrap())
            .filter(|date: &NaiveDate| date.year() >= 2025)
            .collect();
        let table: Vec<NaiveDate> = BANK_HOLIDAYS.iter().map(|&(y, m, d)| NaiveDate::from_ymd_opt(y, m, d).unwrap()).collect();
        assert_eq!(table, published);
    }
}
