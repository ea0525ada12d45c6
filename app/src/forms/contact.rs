//! Safe contact choices: one form for a channel, one for letters (with the write-only address), one
//! for what holds over all channels.

use super::{FieldErrors, Fields, Form, free_text, line, sign_in};
use crate::domain::contact::{Channel, CommunicationNeed, Days, Grant, LANGUAGES, Preferences, Safety, Window};
use chrono::NaiveDate;

/// A new address or number. It is never shown again.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPoint {
    pub value: String,
    /// May the old one be used until the new one counts?
    pub old_is_safe: bool,
}

/// Fields `channel`, `safe`, and when safe `days`, `from`, `to`, `voicemail` (phone), `say_who`,
/// `until-day`, `until-month`, `until-year`; `new_email` or `new_mobile`, which may be empty, and with
/// one `old_safe`.
pub struct ChannelChoice {
    pub grant: Grant,
    pub new: Option<NewPoint>,
}

impl Form for ChannelChoice {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let Some(channel) = Channel::from_code(fields.one("channel")) else {
            return Err(FieldErrors::one("safe", "Choose email, text, phone or letter again"));
        };
        let safety = match fields.one("safe") {
            "yes" => Safety::Safe,
            "no" => Safety::NotSafe,
            _ => {
                errors.add("safe", "Tell us if this is safe");
                Safety::Unknown
            }
        };
        let mut grant = Grant { safety, ..Grant::unknown(channel) };
        if safety == Safety::Safe {
            grant.window = window(channel, fields, &mut errors);
            grant.voicemail = channel == Channel::Phone && yes_no(fields, "voicemail", "Tell us if we may leave a voicemail", &mut errors);
            grant.say_who = yes_no(fields, "say_who", "Tell us if we may say who we are", &mut errors);
            grant.until = until(fields, &mut errors);
        }
        let new = match channel {
            Channel::Email => new_point(fields, "new_email", sign_in::email, "Enter an email address, like name@example.com", &mut errors),
            Channel::Text | Channel::Phone => {
                new_point(fields, "new_mobile", sign_in::mobile, "Enter a UK mobile number, like 07700 900123", &mut errors)
            }
            Channel::Letter => None,
        };
        errors.or(Self { grant, new })
    }
}

fn new_point(
    fields: &Fields,
    name: &'static str,
    read: impl Fn(&str) -> Option<String>,
    wrong: &'static str,
    errors: &mut FieldErrors,
) -> Option<NewPoint> {
    if fields.one(name).is_empty() {
        return None;
    }
    let value = read(fields.one(name));
    if value.is_none() {
        errors.add(name, wrong);
    }
    let old_is_safe = old_is_safe(fields, errors);
    value.map(|value| NewPoint { value, old_is_safe })
}

/// Asked only when a new one is given.
fn old_is_safe(fields: &Fields, errors: &mut FieldErrors) -> bool {
    yes_no(fields, "old_safe", "Tell us if we may use the old one until then", errors)
}

fn yes_no(fields: &Fields, name: &'static str, missing: &'static str, errors: &mut FieldErrors) -> bool {
    match fields.one(name) {
        "yes" => true,
        "no" => false,
        _ => {
            errors.add(name, missing);
            false
        }
    }
}

fn window(channel: Channel, fields: &Fields, errors: &mut FieldErrors) -> Window {
    if channel == Channel::Letter {
        // A letter comes when the post comes.
        return Window::ANY;
    }
    let Some(days) = Days::from_codes(fields.all("days")) else {
        errors.add("days", "Choose at least one day");
        return Window::ANY;
    };
    let hour = |name| fields.one(name).parse::<u8>().ok();
    let window = hour("from").zip(hour("to")).and_then(|(from, to)| Window::new(days, from, to));
    window.unwrap_or_else(|| {
        errors.add("from", "Choose a start time that is before the end time");
        Window::ANY
    })
}

pub(super) fn until(fields: &Fields, errors: &mut FieldErrors) -> Option<NaiveDate> {
    let (day, month, year) = (fields.one("until-day"), fields.one("until-month"), fields.one("until-year"));
    if day.is_empty() && month.is_empty() && year.is_empty() {
        return None;
    }
    let date = day
        .parse()
        .ok()
        .zip(month_number(month))
        .zip(year.parse::<i32>().ok().filter(|year| (2020..=2100).contains(year)))
        .and_then(|((day, month), year)| NaiveDate::from_ymd_opt(year, month, day));
    if date.is_none() {
        errors.add("until-day", "Enter a real date, like 31 3 2027, or leave it empty");
    }
    date
}

/// A month as a number or by its English name or its first three letters.
fn month_number(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    if let Ok(number) = text.parse::<u32>() {
        return (1..=12).contains(&number).then_some(number);
    }
    let short: String = text.to_ascii_lowercase().chars().take(3).collect();
    NAMES.iter().position(|name| *name == short).and_then(|place| u32::try_from(place + 1).ok())
}

/// A channel choice for letters, with `address`: empty keeps what we hold; up to seven lines, as typed.
pub struct LetterChoice {
    pub grant: Grant,
    pub new: Option<NewPoint>,
}

impl Form for LetterChoice {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let (grant, mut errors) = match ChannelChoice::parse(fields) {
            Ok(choice) => (choice.grant, FieldErrors::default()),
            Err(errors) => (Grant::unknown(Channel::Letter), errors),
        };
        let address = free_text(fields, "address", 300, &mut errors);
        if address.as_ref().is_some_and(|address| address.lines().count() > 7) {
            errors.add("address", "The address must be 7 lines or fewer");
        }
        let new = address.map(|value| NewPoint { value, old_is_safe: old_is_safe(fields, &mut errors) });
        errors.or(Self { grant, new })
    }
}

/// Fields `preferred` (a channel or `none`), `language`, `language_other`, `communication`.
pub struct PreferenceChoice {
    pub preferences: Preferences,
}

impl Form for PreferenceChoice {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let preferred = match fields.one("preferred") {
            "none" => None,
            code => {
                let channel = Channel::from_code(code);
                if channel.is_none() {
                    errors.add("preferred", "Choose how you want to hear from us");
                }
                channel
            }
        };
        let language = match fields.one("language") {
            "Other" => {
                let other = line(fields, "language_other", 60, "The language must be 60 characters or fewer", &mut errors);
                if other.is_none() && errors.of("language_other").is_none() {
                    errors.add("language_other", "Enter the language");
                }
                other
            }
            known if LANGUAGES.contains(&known) => Some(known.to_owned()),
            _ => {
                errors.add("language", "Choose a language");
                None
            }
        };
        let needs = CommunicationNeed::ALL.into_iter().filter(|need| fields.has("communication", need.code())).collect();
        errors.or(Self { preferences: Preferences { preferred, language, needs } })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    #[test]
    fn a_safe_phone_needs_all_its_answers() {
        let errors = ChannelChoice::parse(&fields(&[("channel", "phone"), ("safe", "yes")])).err().unwrap();
        let names: Vec<_> = errors.0.iter().map(|error| error.field.as_ref()).collect();
        assert_eq!(names, ["days", "voicemail", "say_who"]);
    }

    #[test]
    fn not_safe_asks_nothing_more() {
        let choice = ChannelChoice::parse(&fields(&[("channel", "text"), ("safe", "no"), ("days", "mon")])).unwrap();
        assert_eq!(choice.grant, Grant { safety: Safety::NotSafe, ..Grant::unknown(Channel::Text) });
    }

    #[test]
    fn dates_may_name_their_month() {
        let all = |month| {
            fields(&[
                ("channel", "email"),
                ("safe", "yes"),
                ("days", "mon"),
                ("from", "9"),
                ("to", "17"),
                ("say_who", "no"),
                ("until-day", "31"),
                ("until-month", month),
                ("until-year", "2027"),
            ])
        };
        let until = |month| ChannelChoice::parse(&all(month)).ok().and_then(|choice| choice.grant.until);
        assert_eq!(until("March"), NaiveDate::from_ymd_opt(2027, 3, 31));
        assert_eq!(until("3"), NaiveDate::from_ymd_opt(2027, 3, 31));
        assert!(ChannelChoice::parse(&all("2")).is_err());
    }

    #[test]
    fn hours_must_run_forward() {
        let choice = |from, to| {
            ChannelChoice::parse(&fields(&[
                ("channel", "text"),
                ("safe", "yes"),
                ("days", "sun"),
                ("from", from),
                ("to", to),
                ("say_who", "no"),
            ]))
        };
        assert!(choice("17", "9").is_err());
        assert!(choice("9", "25").is_err());
        assert!(choice("9", "").is_err());
        assert!(choice("0", "24").is_ok());
    }
}
