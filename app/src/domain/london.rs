//! UK wall time and dates as a person says them, without a time-zone database.
//!
//! The rule (in law since 1972, this form since 1996): clocks go forward at 01:00 UTC on the last
//! Sunday of March and back at 01:00 UTC on the last Sunday of October.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc, Weekday};

fn last_sunday(year: i32, month: u32) -> NaiveDate {
    let first_of_next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1) } else { NaiveDate::from_ymd_opt(year, month + 1, 1) };
    let mut day = first_of_next.unwrap_or(NaiveDate::MAX) - Duration::days(1);
    while day.weekday() != Weekday::Sun {
        day -= Duration::days(1);
    }
    day
}

fn summer_time(at: NaiveDateTime) -> bool {
    let one = NaiveTime::from_hms_opt(1, 0, 0).unwrap_or(NaiveTime::MIN);
    at >= last_sunday(at.year(), 3).and_time(one) && at < last_sunday(at.year(), 10).and_time(one)
}

/// The wall clock in London at this instant.
#[must_use]
pub fn wall(at: DateTime<Utc>) -> NaiveDateTime {
    let utc = at.naive_utc();
    if summer_time(utc) { utc + Duration::hours(1) } else { utc }
}

/// The instant of a London wall time. A time that the spring change skips means one hour later; a
/// time that happens twice in autumn means its second pass, so a promise is never cut short.
#[must_use]
pub fn instant(wall_time: NaiveDateTime) -> DateTime<Utc> {
    let as_winter = wall_time;
    let utc =
        if summer_time(as_winter - Duration::hours(1)) && summer_time(as_winter) { as_winter - Duration::hours(1) } else { as_winter };
    utc.and_utc()
}

/// The first instant of a day.
#[must_use]
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    instant(day.and_time(NaiveTime::MIN))
}

/// `9am`, `3:05pm`, `midday`, `midnight`.
#[must_use]
pub fn time_in_words(time: NaiveTime) -> String {
    match (time.hour(), time.minute()) {
        (0, 0) => "midnight".into(),
        (12, 0) => "midday".into(),
        (_, minute) => {
            let (pm, hour) = time.hour12();
            let half = if pm { "pm" } else { "am" };
            if minute == 0 { format!("{hour}{half}") } else { format!("{hour}:{minute:02}{half}") }
        }
    }
}

/// `Tuesday 24 November 2026`.
#[must_use]
pub fn day_in_words(day: NaiveDate) -> String {
    day.format("%A %-d %B %Y").to_string()
}

/// `24 November 2026`.
#[must_use]
pub fn date_in_words(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `24 November 2026 at 3:05pm`, London time.
#[must_use]
pub fn moment_in_words(at: DateTime<Utc>) -> String {
    let there = wall(at);
    format!("{} at {}", date_in_words(there.date()), time_in_words(there.time()))
}

/// A deadline as a person would say it at `now`: `by 5pm today`, `by midday tomorrow`,
/// `by 5pm on Tuesday 24 November`.
#[must_use]
pub fn deadline_in_words(due: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (due, now) = (wall(due), wall(now));
    let time = time_in_words(due.time());
    match (due.date() - now.date()).num_days() {
        0 => format!("by {time} today"),
        1 => format!("by {time} tomorrow"),
        _ => format!("by {time} on {}", due.format("%A %-d %B")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_clock_changes_at_one_in_the_morning_utc() {
        for (at, there) in [
            ("2026-03-29T00:59:59Z", "2026-03-29 00:59:59"),
            ("2026-03-29T01:00:00Z", "2026-03-29 02:00:00"),
            ("2026-10-25T00:59:59Z", "2026-10-25 01:59:59"),
            ("2026-10-25T01:00:00Z", "2026-10-25 01:00:00"),
            ("2026-07-01T12:00:00Z", "2026-07-01 13:00:00"),
        ] {
            assert_eq!(wall(utc(at)).to_string(), there);
        }
    }

    #[test]
    fn wall_times_come_back_every_hour_of_a_year() {
        let mut at = utc("2026-01-01T00:30:00Z");
        while at < utc("2027-01-01T00:00:00Z") {
            // The hour that happens twice reads as its second pass.
            if at != utc("2026-10-25T00:30:00Z") {
                assert_eq!(instant(wall(at)), at);
            }
            at += Duration::hours(1);
        }
    }

    #[test]
    fn deadlines_are_said_as_people_say_them() {
        let now = utc("2026-11-23T10:00:00Z");
        assert_eq!(deadline_in_words(utc("2026-11-23T17:00:00Z"), now), "by 5pm today");
        assert_eq!(deadline_in_words(utc("2026-11-24T12:00:00Z"), now), "by midday tomorrow");
        assert_eq!(deadline_in_words(utc("2026-11-25T17:00:00Z"), now), "by 5pm on Wednesday 25 November");
        assert_eq!(moment_in_words(utc("2026-07-04T14:05:00Z")), "4 July 2026 at 3:05pm");
    }
}
