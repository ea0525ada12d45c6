//! Asking for support: one form for each question, and the whole of the answers.

use super::{FieldErrors, Fields, Form, free_text, line, sign_in};
use crate::domain::support::{Answers, Concern, LONGEST_WORDS, Need, Reach, ReachDetails, SafeNow};

/// The questions, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Safety,
    Needs,
    Concerns,
    Words,
    Reach,
}

impl Step {
    pub const ALL: [Self; 5] = [Self::Safety, Self::Needs, Self::Concerns, Self::Words, Self::Reach];

    /// The last part of its address.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Needs => "needs",
            Self::Concerns => "concerns",
            Self::Words => "words",
            Self::Reach => "reach",
        }
    }

    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.slug() == slug)
    }

    #[must_use]
    pub fn next(self) -> Option<Self> {
        let place = Self::ALL.iter().position(|step| *step == self)?;
        Self::ALL.get(place + 1).copied()
    }

    #[must_use]
    pub fn before(self) -> Option<Self> {
        let place = Self::ALL.iter().position(|step| *step == self)?;
        place.checked_sub(1).map(|place| Self::ALL[place])
    }

    /// The fields this question owns.
    #[must_use]
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Safety => &["safe_now"],
            Self::Needs => &["needs"],
            Self::Concerns => &["concerns"],
            Self::Words => &["words"],
            Self::Reach => &["reach", "phone", "text", "email", "name", "when_safe", "voicemail"],
        }
    }

    /// What is wrong with this question's answer.
    pub fn check(self, fields: &Fields, signed_in: bool) -> Result<(), FieldErrors> {
        match self {
            Self::Safety => Safety::parse(fields).map(drop),
            Self::Needs => Needs::parse(fields).map(drop),
            Self::Concerns => Concerns::parse(fields).map(drop),
            Self::Words => Words::parse(fields).map(drop),
            Self::Reach if signed_in => ReachingSignedIn::parse(fields).map(drop),
            Self::Reach => Reaching::parse(fields).map(drop),
        }
    }
}

/// The complete answers, or the first question that still wants one.
pub fn answers(fields: &Fields, signed_in: bool) -> Result<Answers, (Step, FieldErrors)> {
    let safe_now = Safety::parse(fields).map_err(|errors| (Step::Safety, errors))?.safe_now;
    let needs = Needs::parse(fields).map_err(|errors| (Step::Needs, errors))?.needs;
    let concerns = Concerns::parse(fields).map_err(|errors| (Step::Concerns, errors))?.concerns;
    let words = Words::parse(fields).map_err(|errors| (Step::Words, errors))?.words;
    let reach = if signed_in {
        ReachingSignedIn::parse(fields).map_err(|errors| (Step::Reach, errors))?.details
    } else {
        Reaching::parse(fields).map_err(|errors| (Step::Reach, errors))?.details
    };
    Ok(Answers { needs, safe_now, concerns, words, reach })
}

/// Field `needs`, any number.
pub struct Needs {
    pub needs: Vec<Need>,
}

impl Form for Needs {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let needs: Vec<Need> = Need::ALL.iter().copied().filter(|need| fields.has("needs", need.code())).collect();
        if needs.is_empty() {
            return Err(FieldErrors::one("needs", "Choose at least one thing that would help"));
        }
        Ok(Self { needs })
    }
}

/// Field `safe_now`.
pub struct Safety {
    pub safe_now: SafeNow,
}

impl Form for Safety {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        SafeNow::from_code(fields.one("safe_now"))
            .map(|safe_now| Self { safe_now })
            .ok_or_else(|| FieldErrors::one("safe_now", "Tell us if you are safe now"))
    }
}

/// Field `concerns`, any number, or the one value `none`.
pub struct Concerns {
    pub concerns: Vec<Concern>,
}

impl Form for Concerns {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let concerns: Vec<Concern> = Concern::ALL.iter().copied().filter(|concern| fields.has("concerns", concern.code())).collect();
        let none = fields.has("concerns", "none");
        match (concerns.is_empty(), none) {
            (true, false) => Err(FieldErrors::one("concerns", "Choose what applies, or “None of these”")),
            (false, true) => Err(FieldErrors::one("concerns", "Choose what applies, or only “None of these”")),
            _ => Ok(Self { concerns }),
        }
    }
}

/// Field `words`, which may be empty.
pub struct Words {
    pub words: Option<String>,
}

impl Form for Words {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let words = free_text(fields, "words", LONGEST_WORDS, &mut errors);
        errors.or(Self { words })
    }
}

/// How to reach somebody without an account: `reach`, the detail it needs, `name`, `when_safe`,
/// `voicemail`.
pub struct Reaching {
    pub details: ReachDetails,
}

impl Form for Reaching {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let reach = Reach::from_code(fields.one("reach")).filter(|reach| *reach != Reach::Portal);
        let value = match reach {
            None => {
                errors.add("reach", "Choose how we can reach you safely");
                None
            }
            Some(Reach::Phone) => {
                let number = sign_in::uk_number(fields.one("phone"));
                if number.is_none() {
                    errors.add("phone", "Enter a UK phone number that is safe to call, like 01632 960 001");
                }
                number
            }
            Some(Reach::Text) => {
                let number = sign_in::mobile(fields.one("text"));
                if number.is_none() {
                    errors.add("text", "Enter a UK mobile number that is safe to text, like 07700 900 123");
                }
                number
            }
            Some(Reach::Email) => {
                let email = sign_in::email(fields.one("email"));
                if email.is_none() {
                    errors.add("email", "Enter an email address that is safe to use, like name@example.com");
                }
                email
            }
            Some(Reach::Portal | Reach::IWillCall) => None,
        };
        let name = line(fields, "name", 80, "The name must be 80 characters or fewer", &mut errors);
        let when_safe = line(fields, "when_safe", 200, "This must be 200 characters or fewer", &mut errors);
        let voicemail = reach == Some(Reach::Phone) && fields.has("voicemail", "yes");
        let details = ReachDetails { reach: reach.unwrap_or(Reach::IWillCall), value, name, when_safe, voicemail };
        errors.or(Self { details })
    }
}

/// How to reach somebody who is signed in: their safe contact choices already say it.
pub struct ReachingSignedIn {
    pub details: ReachDetails,
}

impl Form for ReachingSignedIn {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let Some(reach @ (Reach::Portal | Reach::IWillCall)) = Reach::from_code(fields.one("reach")) else {
            return Err(FieldErrors::one("reach", "Choose how you want our answer"));
        };
        Ok(Self { details: ReachDetails { reach, value: None, name: None, when_safe: None, voicemail: false } })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    #[test]
    fn the_first_missing_answer_is_named() {
        let (step, _) = answers(&fields(&[("safe_now", "yes")]), false).unwrap_err();
        assert_eq!(step, Step::Needs);
        let whole = fields(&[
            ("safe_now", "yes"),
            ("needs", "finance_benefits"),
            ("needs", "finance_benefits"),
            ("concerns", "none"),
            ("reach", "phone"),
            ("phone", "01632 960 001"),
            ("voicemail", "yes"),
        ]);
        let answers = answers(&whole, false).unwrap();
        assert_eq!(answers.needs, [Need::FinanceBenefits]);
        assert_eq!(answers.reach.value.as_deref(), Some("+441632960001"));
        assert!(answers.reach.voicemail && answers.words.is_none());
    }

    #[test]
    fn none_of_these_stands_alone() {
        assert!(Concerns::parse(&fields(&[("concerns", "none"), ("concerns", "self_harm")])).is_err());
        assert!(Concerns::parse(&fields(&[])).is_err());
        assert!(Concerns::parse(&fields(&[("concerns", "none")])).is_ok());
    }

    #[test]
    fn without_an_account_the_portal_is_no_way_to_reach_somebody() {
        assert!(Reaching::parse(&fields(&[("reach", "portal")])).is_err());
        assert!(ReachingSignedIn::parse(&fields(&[("reach", "phone"), ("phone", "01632 960001")])).is_err());
    }
}
