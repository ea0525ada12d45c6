//! Safe contact. A person says for each channel whether it is safe, when, and in what manner; that
//! is a *grant*. Only a live grant can make a [`SafeContact`], and nothing can be sent without one.
//!
//! Unknown means unsafe. A grant is read again at the moment of sending, never when queueing.
//! To add a channel: add the variant, its words, and a sender in the server's outbox.

use super::joining::OwnInbox;
use super::london;
use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Timelike, Utc, Weekday};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Channel {
    Email,
    Text,
    Phone,
    Letter,
}

impl Channel {
    pub const ALL: [Self; 4] = [Self::Email, Self::Text, Self::Phone, Self::Letter];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Text => "text",
            Self::Phone => "phone",
            Self::Letter => "letter",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }

    /// `email`, `text message`, `phone call`, `letter`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Text => "text message",
            Self::Phone => "phone call",
            Self::Letter => "letter",
        }
    }

    /// `Email`, `Text message`, `Phone call`, `Letter`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Text => "Text message",
            Self::Phone => "Phone call",
            Self::Letter => "Letter",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Safety {
    Safe,
    NotSafe,
    /// Nobody has asked, or nobody has answered: treated as not safe.
    #[default]
    Unknown,
}

impl Safety {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::NotSafe => "not_safe",
            Self::Unknown => "unknown",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Safe, Self::NotSafe, Self::Unknown].into_iter().find(|safety| safety.code() == code)
    }
}

/// Days of the week, Monday first. Never empty inside a [`Window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days(u8);

impl Days {
    pub const EVERY: Self = Self(0b111_1111);
    pub const WEEK: [(Weekday, &'static str, &'static str); 7] = [
        (Weekday::Mon, "mon", "Monday"),
        (Weekday::Tue, "tue", "Tuesday"),
        (Weekday::Wed, "wed", "Wednesday"),
        (Weekday::Thu, "thu", "Thursday"),
        (Weekday::Fri, "fri", "Friday"),
        (Weekday::Sat, "sat", "Saturday"),
        (Weekday::Sun, "sun", "Sunday"),
    ];

    /// From the codes `mon` to `sun`; `None` when there is none of them.
    pub fn from_codes<'a>(codes: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut bits = 0;
        for code in codes {
            if let Some((day, _, _)) = Self::WEEK.iter().find(|(_, known, _)| *known == code) {
                bits |= 1 << day.num_days_from_monday();
            }
        }
        Self::from_bits(bits)
    }

    /// From the stored number, bit 0 for Monday; `None` when empty or too large.
    #[must_use]
    pub fn from_bits(bits: i64) -> Option<Self> {
        u8::try_from(bits).ok().filter(|bits| (1..=0b111_1111).contains(bits)).map(Self)
    }

    #[must_use]
    pub fn bits(self) -> i64 {
        i64::from(self.0)
    }

    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.num_days_from_monday()) != 0
    }

    /// `any day`, `Monday to Friday`, or the list of days.
    #[must_use]
    pub fn in_words(self) -> String {
        if self == Self::EVERY {
            return "any day".into();
        }
        if self.0 == 0b001_1111 {
            return "Monday to Friday".into();
        }
        let names: Vec<&str> = Self::WEEK.iter().filter(|(day, _, _)| self.contains(*day)).map(|(_, _, name)| *name).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => names.join(""),
        }
    }
}

/// When a channel may be used: days, and from one whole hour to another of the same day, London
/// time. `from < to <= 24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    days: Days,
    from_hour: u8,
    to_hour: u8,
}

impl Window {
    pub const ANY: Self = Self { days: Days::EVERY, from_hour: 0, to_hour: 24 };

    #[must_use]
    pub fn new(days: Days, from_hour: u8, to_hour: u8) -> Option<Self> {
        (from_hour < to_hour && to_hour <= 24).then_some(Self { days, from_hour, to_hour })
    }

    #[must_use]
    pub fn days(self) -> Days {
        self.days
    }

    #[must_use]
    pub fn hours(self) -> (u8, u8) {
        (self.from_hour, self.to_hour)
    }

    #[must_use]
    pub fn open_at(self, at: DateTime<Utc>) -> bool {
        let there = london::wall(at);
        let hour = there.hour();
        self.days.contains(there.weekday()) && hour >= u32::from(self.from_hour) && hour < u32::from(self.to_hour)
    }

    /// The first instant from `at` on at which the window is open.
    #[must_use]
    pub fn next_open(self, at: DateTime<Utc>) -> DateTime<Utc> {
        if self.open_at(at) {
            return at;
        }
        let there = london::wall(at);
        let opens = NaiveTime::from_hms_opt(u32::from(self.from_hour), 0, 0).unwrap_or(NaiveTime::MIN);
        (0..=7)
            .map(|ahead| (there.date() + Duration::days(ahead)).and_time(opens))
            .find(|start| *start > there && self.days.contains(start.weekday()))
            .map_or(at + Duration::days(7), london::instant)
    }

    #[must_use]
    pub fn in_words(self) -> String {
        let days = self.days.in_words();
        if (self.from_hour, self.to_hour) == (0, 24) {
            return format!("{days}, at any time");
        }
        format!("{days}, {} to {}", hour_in_words(self.from_hour), hour_in_words(self.to_hour))
    }
}

/// `8am`, `midday`, and for the two midnights of a day which one is meant.
#[must_use]
pub fn hour_in_words(hour: u8) -> String {
    match hour {
        0 => return "midnight, as the day begins".into(),
        24 => return "midnight, as the day ends".into(),
        _ => {}
    }
    let time = NaiveTime::from_hms_opt(u32::from(hour % 24), 0, 0).unwrap_or(NaiveTime::MIN);
    london::time_in_words(time)
}

/// What a person has said about one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub channel: Channel,
    pub safety: Safety,
    pub window: Window,
    /// May we leave a voicemail? Only asked for telephone calls.
    pub voicemail: bool,
    /// May we say who we are?
    pub say_who: bool,
    /// The last day on which the grant holds, London date.
    pub until: Option<NaiveDate>,
}

impl Grant {
    /// What we may do when nobody has told us anything: nothing.
    #[must_use]
    pub fn unknown(channel: Channel) -> Self {
        Self { channel, safety: Safety::Unknown, window: Window::ANY, voicemail: false, say_who: false, until: None }
    }
}

/// Why a channel may not be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSafe {
    #[error("the person has not said that this channel is safe")]
    NotGranted,
    #[error("the grant has run out")]
    Expired,
    #[error("outside the hours the person chose")]
    OutsideHours { opens: DateTime<Utc> },
}

/// Proof that a person has said: this channel, at this moment, in this manner.
///
/// It has no public constructor. The ways to get it are those of [`Grant`], and every function that
/// reaches a person takes one by value.
#[derive(Debug)]
pub struct SafeContact {
    channel: Channel,
    say_who: bool,
    voicemail: bool,
}

impl SafeContact {
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel
    }

    #[must_use]
    pub fn may_say_who_we_are(&self) -> bool {
        self.say_who
    }

    #[must_use]
    pub fn may_leave_voicemail(&self) -> bool {
        self.voicemail
    }
}

impl Grant {
    /// May this channel be used at this moment?
    pub fn safe_contact(&self, at: DateTime<Utc>) -> Result<SafeContact, NotSafe> {
        if self.safety != Safety::Safe {
            return Err(NotSafe::NotGranted);
        }
        let opens = self.window.next_open(at);
        if self.until.is_some_and(|last| london::wall(opens).date() > last) {
            return Err(NotSafe::Expired);
        }
        if opens > at {
            return Err(NotSafe::OutsideHours { opens });
        }
        Ok(SafeContact { channel: self.channel, say_who: self.say_who, voicemail: self.voicemail })
    }

    /// The same, for a code the person asked for this minute: they are at the screen, so the hours
    /// do not matter, but whether the channel is safe does.
    pub fn safe_contact_on_request(&self, at: DateTime<Utc>) -> Result<SafeContact, NotSafe> {
        Self { window: Window::ANY, ..self.clone() }.safe_contact(at)
    }

    /// The same, for the link that staff mail to an inbox of which the person has just said that it is
    /// theirs alone. Somebody who has not joined has never said anything about email, and the hours are
    /// of another inbox; but once somebody said that email is not safe, nothing goes there.
    pub fn safe_contact_for_link(&self, _: &OwnInbox) -> Result<SafeContact, NotSafe> {
        if self.channel != Channel::Email || self.safety == Safety::NotSafe {
            return Err(NotSafe::NotGranted);
        }
        Ok(SafeContact { channel: self.channel, say_who: false, voicemail: false })
    }

    /// What was chosen, in words for the person and for staff.
    #[must_use]
    pub fn in_words(&self, today: NaiveDate) -> String {
        match self.safety {
            Safety::Unknown => "You have not told us. We will not use it.".into(),
            Safety::NotSafe => "Not safe. We will not use it.".into(),
            Safety::Safe if self.until.is_some_and(|last| last < today) => {
                "You said this was safe, but that has run out. We will not use it.".into()
            }
            Safety::Safe => {
                let mut words = format!("Safe: {}.", self.window.in_words());
                if self.channel == Channel::Phone {
                    words.push_str(if self.voicemail { " We may leave a voicemail." } else { " No voicemail." });
                }
                words.push_str(if self.say_who { " We may say who we are." } else { " We will not say who we are." });
                if let Some(last) = self.until {
                    words.push_str(" Until ");
                    words.push_str(&london::date_in_words(last));
                    words.push('.');
                }
                words
            }
        }
    }
}

/// Help with communicating that a person may ask for (Victims' Code 2021 Right 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommunicationNeed {
    Interpreter,
    SignLanguage,
    EasyRead,
    LargePrint,
    ScreenReader,
    Relay,
    SomeoneWithMe,
}

impl CommunicationNeed {
    pub const ALL: [Self; 7] =
        [Self::Interpreter, Self::SignLanguage, Self::EasyRead, Self::LargePrint, Self::ScreenReader, Self::Relay, Self::SomeoneWithMe];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
            Self::SignLanguage => "sign_language",
            Self::EasyRead => "easy_read",
            Self::LargePrint => "large_print",
            Self::ScreenReader => "screen_reader",
            Self::Relay => "relay",
            Self::SomeoneWithMe => "someone_with_me",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|need| need.code() == code)
    }

    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Interpreter => "An interpreter",
            Self::SignLanguage => "British Sign Language (BSL)",
            Self::EasyRead => "Easy Read",
            Self::LargePrint => "Large print",
            Self::ScreenReader => "I use a screen reader",
            Self::Relay => "I use Relay UK or a textphone",
            Self::SomeoneWithMe => "Someone I trust with me",
        }
    }
}

/// Languages the form offers by name; anything else is written in full by the person.
pub const LANGUAGES: [&str; 9] = ["English", "Polish", "Romanian", "Panjabi", "Urdu", "Bulgarian", "Ukrainian", "Welsh", "Other"];

/// How a person wants to be told things, over all channels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// `None`: "I will sign in and look". Nothing is sent.
    pub preferred: Option<Channel>,
    /// The language the person wants us to use, as they wrote it.
    pub language: Option<String>,
    pub needs: Vec<CommunicationNeed>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn safe() -> Grant {
        Grant { safety: Safety::Safe, ..Grant::unknown(Channel::Email) }
    }

    #[test]
    fn unknown_means_unsafe() {
        let now = utc("2026-11-23T10:00:00Z");
        for safety in [Safety::Unknown, Safety::NotSafe] {
            let grant = Grant { safety, ..safe() };
            assert_eq!(grant.safe_contact(now).unwrap_err(), NotSafe::NotGranted);
            assert_eq!(grant.safe_contact_on_request(now).unwrap_err(), NotSafe::NotGranted);
        }
        assert!(safe().safe_contact(now).is_ok());
    }

    #[test]
    fn a_link_goes_to_the_inbox_they_named_unless_they_said_that_email_is_not_safe() {
        let named = OwnInbox::told_alone("a@example.test".into());
        let link = |grant: &Grant| grant.safe_contact_for_link(&named).map(|contact| contact.may_say_who_we_are());
        assert_eq!(link(&Grant::unknown(Channel::Email)), Ok(false));
        assert_eq!(link(&Grant { say_who: true, ..safe() }), Ok(false), "it never says who we are");
        assert_eq!(link(&Grant { safety: Safety::NotSafe, ..safe() }), Err(NotSafe::NotGranted));
        assert_eq!(link(&Grant { channel: Channel::Text, ..safe() }), Err(NotSafe::NotGranted));
        assert!(!format!("{named:?}").contains("example"));
    }

    #[test]
    fn hours_are_london_hours() {
        let days = Days::from_codes(["mon", "tue"]).unwrap();
        let grant = Grant { window: Window::new(days, 9, 12).unwrap(), ..safe() };
        // Summer: 08:30 UTC is 09:30 in London.
        assert!(grant.safe_contact(utc("2026-07-06T08:30:00Z")).is_ok());
        // Winter: it is 08:30.
        let opens = utc("2026-11-23T09:00:00Z");
        assert_eq!(grant.safe_contact(utc("2026-11-23T08:30:00Z")).unwrap_err(), NotSafe::OutsideHours { opens });
        // Wednesday: the next Monday.
        let opens = utc("2026-11-30T09:00:00Z");
        assert_eq!(grant.safe_contact(utc("2026-11-25T10:00:00Z")).unwrap_err(), NotSafe::OutsideHours { opens });
        // A code asked for this minute ignores the hours.
        assert!(grant.safe_contact_on_request(utc("2026-11-25T10:00:00Z")).is_ok());
    }

    #[test]
    fn a_grant_ends_with_its_last_day() {
        let grant = Grant { until: NaiveDate::from_ymd_opt(2026, 11, 23), ..safe() };
        assert!(grant.safe_contact(utc("2026-11-23T23:59:00Z")).is_ok());
        assert_eq!(grant.safe_contact(utc("2026-11-24T00:00:00Z")).unwrap_err(), NotSafe::Expired);
    }

    #[test]
    fn days_are_said_shortly() {
        assert_eq!(Days::EVERY.in_words(), "any day");
        assert_eq!(Days::from_codes(["mon", "tue", "wed", "thu", "fri"]).unwrap().in_words(), "Monday to Friday");
        assert_eq!(Days::from_codes(["sat", "mon"]).unwrap().in_words(), "Monday and Saturday");
        assert_eq!(Days::from_codes(["someday"]), None);
        assert_eq!(Days::from_bits(128), None);
    }

    proptest! {
        /// Whatever the grant and the moment: a proof exists only when every condition holds.
        #[test]
        fn no_proof_without_a_live_grant(
            safety in prop_oneof![Just(Safety::Safe), Just(Safety::NotSafe), Just(Safety::Unknown)],
            bits in 1i64..128, from in 0u8..24, length in 1u8..24, until in proptest::option::of(0i64..20),
            minute in 0i64..40_000,
        ) {
            let to = (from + length).min(24);
            let start = utc("2026-10-20T00:00:00Z");
            let at = start + Duration::minutes(minute);
            let last = until.map(|days| start.date_naive() + Duration::days(days));
            let window = Window::new(Days::from_bits(bits).unwrap(), from, to).unwrap();
            let grant = Grant { safety, window, until: last, ..Grant::unknown(Channel::Text) };
            let there = london::wall(at);
            let allowed = safety == Safety::Safe
                && window.days().contains(there.weekday())
                && (u32::from(from)..u32::from(to)).contains(&there.hour())
                && last.is_none_or(|last| there.date() <= last);
            prop_assert_eq!(grant.safe_contact(at).is_ok(), allowed);
            prop_assert!(window.open_at(window.next_open(at)));
        }
    }
}
