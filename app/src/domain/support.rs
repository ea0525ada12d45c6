//! What somebody asks the hub for, and the life of such a request.
//!
//! The answers are about need and risk, never about the crime: the same questions for everybody.
//! To add a question about risk: add a [`Concern`], its words, and its floor in `triage.rs`.

use super::ids::StaffId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest text a person may add in their own words, in characters.
pub const LONGEST_WORDS: usize = 2_000;

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal, $words:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stored and submitted code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }

            /// The words on the person's screen.
            #[must_use]
            pub fn in_words(self) -> &'static str {
                match self { $(Self::$variant => $words,)+ }
            }
        }
    };
}
pub(super) use coded;

coded! {
    /// The eight areas of need (MoJ Victims' Services Commissioning Framework 2013), and a ninth for
    /// people who only want to know how things stand.
    Need {
        MentalPhysicalHealth = "mental_physical_health", "How I feel, or my health";
        ShelterAccommodation = "shelter_accommodation", "Somewhere safe to live, or making my home safer";
        FamilyFriendsChildren = "family_friends_children", "My family, friends or children";
        EducationSkillsEmployment = "education_skills_employment", "Work, school or training";
        DrugsAlcohol = "drugs_alcohol", "Drugs or alcohol";
        FinanceBenefits = "finance_benefits", "Money, benefits, or things I lost";
        OutlookAttitudes = "outlook_attitudes", "Feeling in control and hopeful again";
        SocialInteractions = "social_interactions", "Feeling alone, or getting out again";
        Information = "information", "News or information about a case";
    }
}

coded! {
    /// Is the person safe now?
    SafeNow {
        Yes = "yes", "Yes, I am safe now";
        NotSure = "not_sure", "I am not sure";
        InDanger = "danger", "No, I am in danger now";
    }
}

coded! {
    /// Things that make a request more urgent. Plain questions; a risk checklist such as DASH is a
    /// practitioner's tool and is never asked on a screen.
    Concern {
        HurtOrThreatened = "hurt_or_threatened", "Someone is hurting or threatening me";
        AfraidAtHome = "afraid_at_home", "I am afraid of someone I live with or used to be with";
        FollowedOrWatched = "followed_or_watched", "Someone keeps following, watching or contacting me";
        SelfHarm = "self_harm", "I have thought about hurting myself or ending my life";
        UnderEighteen = "under_eighteen", "I am under 18, or I am asking for someone who is";
        PressureAboutCourt = "pressure_about_court", "Someone is pressing me to drop it or to stay away from court";
        CourtSoon = "court_soon", "I have to be at court in the next 2 weeks";
        HappenedBefore = "happened_before", "This has happened to me before";
        WhoIAm = "who_i_am", "It happened because of who I am";
        DisabilityOrHealth = "disability_or_health", "I have a disability or a health condition";
    }
}

coded! {
    /// How somebody without an account can be reached. There is no grant yet, so staff read it and
    /// nothing is sent by the system.
    Reach {
        Portal = "portal", "I will sign in here and read your answer";
        Phone = "phone", "Call me";
        Text = "text", "Text me";
        Email = "email", "Email me";
        IWillCall = "i_will_call", "Do not contact me. I will call you";
    }
}

/// Where and when it is safe to reach somebody who asked without an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachDetails {
    pub reach: Reach,
    /// The number or address; present exactly when the way needs one.
    pub value: Option<String>,
    /// What to call them, if they said.
    pub name: Option<String>,
    /// When it is safe, in their words.
    pub when_safe: Option<String>,
    pub voicemail: bool,
}

/// The complete answers of one support request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    pub needs: Vec<Need>,
    pub safe_now: SafeNow,
    pub concerns: Vec<Concern>,
    pub words: Option<String>,
    pub reach: ReachDetails,
}

coded! {
    /// How a request ended.
    Closing {
        Answered = "answered", "Answered: nothing more is needed";
        Referred = "referred", "Passed to another service, and they have accepted";
        Declined = "declined", "The person does not want support now";
        NoSafeContact = "no_safe_contact", "We have no safe way to reach them";
    }
}

/// The life of a request. Only the moves below exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestState {
    /// Nobody holds it.
    Waiting {
        since: DateTime<Utc>,
    },
    Claimed {
        by: StaffId,
        at: DateTime<Utc>,
    },
    Replied {
        by: StaffId,
        at: DateTime<Utc>,
    },
    Closed {
        by: StaffId,
        at: DateTime<Utc>,
        closing: Closing,
    },
}

/// A move the present state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMove {
    #[error("somebody else holds this request")]
    HeldByAnother,
    #[error("nobody holds this request: claim it first")]
    NotClaimed,
    #[error("this request is closed")]
    Closed,
}

impl RequestState {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Claimed { .. } => "claimed",
            Self::Replied { .. } => "replied",
            Self::Closed { .. } => "closed",
        }
    }

    /// What the person who asked is told.
    #[must_use]
    pub fn for_the_person(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "Waiting for us",
            Self::Claimed { .. } => "We are working on it",
            Self::Replied { .. } => "We have answered",
            Self::Closed { .. } => "Finished",
        }
    }

    /// Do we owe the person an answer?
    #[must_use]
    pub fn is_owed(&self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Claimed { .. })
    }

    /// Who has it in hand, if anybody.
    #[must_use]
    pub fn holder(&self) -> Option<StaffId> {
        match self {
            Self::Waiting { .. } => None,
            Self::Claimed { by, .. } | Self::Replied { by, .. } | Self::Closed { by, .. } => Some(*by),
        }
    }

    /// Takes the request for one member of staff. Claiming what one holds already changes nothing.
    pub fn claim(self, by: StaffId, at: DateTime<Utc>) -> Result<Self, InvalidMove> {
        match self {
            Self::Waiting { .. } => Ok(Self::Claimed { by, at }),
            Self::Claimed { by: holder, .. } | Self::Replied { by: holder, .. } if holder == by => Ok(self),
            Self::Claimed { .. } | Self::Replied { .. } => Err(InvalidMove::HeldByAnother),
            Self::Closed { .. } => Err(InvalidMove::Closed),
        }
    }

    /// Puts the request back for anybody to take; it has waited since it first came.
    pub fn release(self, by: StaffId, first_asked: DateTime<Utc>) -> Result<Self, InvalidMove> {
        self.held_by(by)?;
        Ok(Self::Waiting { since: first_asked })
    }

    /// An answer has been written to the person.
    pub fn reply(self, by: StaffId, at: DateTime<Utc>) -> Result<Self, InvalidMove> {
        self.held_by(by)?;
        Ok(Self::Replied { by, at })
    }

    pub fn close(self, by: StaffId, at: DateTime<Utc>, closing: Closing) -> Result<Self, InvalidMove> {
        self.held_by(by)?;
        Ok(Self::Closed { by, at, closing })
    }

    /// The person wrote again. What somebody holds stays with them and is owed an answer; anything
    /// else goes back to the queue. No person is ever told "too late".
    #[must_use]
    pub fn person_wrote(self, at: DateTime<Utc>) -> Self {
        match self {
            Self::Waiting { .. } | Self::Claimed { .. } => self,
            Self::Replied { by, .. } => Self::Claimed { by, at },
            Self::Closed { .. } => Self::Waiting { since: at },
        }
    }

    fn held_by(&self, by: StaffId) -> Result<(), InvalidMove> {
        match self {
            Self::Waiting { .. } => Err(InvalidMove::NotClaimed),
            Self::Closed { .. } => Err(InvalidMove::Closed),
            Self::Claimed { by: holder, .. } | Self::Replied { by: holder, .. } if *holder == by => Ok(()),
            Self::Claimed { .. } | Self::Replied { .. } => Err(InvalidMove::HeldByAnother),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn only_the_holder_moves_a_request() {
        let now: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().unwrap();
        let (sam, jo) = (StaffId(Uuid::from_u128(1)), StaffId(Uuid::from_u128(2)));
        let waiting = RequestState::Waiting { since: now };
        assert_eq!(waiting.reply(sam, now), Err(InvalidMove::NotClaimed));
        let held = waiting.claim(sam, now).unwrap();
        assert_eq!(held.claim(sam, now), Ok(held));
        assert_eq!(held.claim(jo, now), Err(InvalidMove::HeldByAnother));
        assert_eq!(held.reply(jo, now), Err(InvalidMove::HeldByAnother));
        assert_eq!(held.release(jo, now), Err(InvalidMove::HeldByAnother));
        assert_eq!(held.release(sam, now), Ok(waiting));
        let replied = held.reply(sam, now).unwrap();
        assert_eq!(replied.person_wrote(now), RequestState::Claimed { by: sam, at: now });
        let closed = replied.close(sam, now, Closing::Answered).unwrap();
        assert_eq!(closed.claim(jo, now), Err(InvalidMove::Closed));
        assert_eq!(closed.reply(sam, now), Err(InvalidMove::Closed));
        assert_eq!(closed.person_wrote(now), waiting);
    }

    #[test]
    fn codes_are_unique_and_read_back() {
        fn check<T: Copy + PartialEq + std::fmt::Debug>(all: &[T], code: fn(T) -> &'static str, from: fn(&str) -> Option<T>) {
            for one in all {
                assert_eq!(from(code(*one)), Some(*one));
            }
        }
        check(Need::ALL, Need::code, Need::from_code);
        check(Concern::ALL, Concern::code, Concern::from_code);
        check(SafeNow::ALL, SafeNow::code, SafeNow::from_code);
        check(Reach::ALL, Reach::code, Reach::from_code);
        check(Closing::ALL, Closing::code, Closing::from_code);
    }
}
