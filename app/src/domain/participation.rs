//! Who a person is in a case. Every case is seen through a participation, never by itself; what it
//! opens is in [`policy`](super::policy).

use super::representation::{Grants, Scope};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// How somebody takes part in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participation {
    pub role: Role,
    /// They may be on the other side: a parent who is, or is close to, the suspect. Opens nothing.
    pub conflict: bool,
    /// When it ends: a parent's when the child turns 18, a representative's when the authority does.
    pub ends_at: Option<DateTime<Utc>>,
    /// What a representative may do; every other role has all that is the role's.
    pub scope: Scope,
}

impl Participation {
    /// May they do this, while it holds?
    #[must_use]
    pub fn grants(&self, grant: Grants) -> bool {
        match (self.role, grant) {
            (Role::Representative, grant) => self.scope.holds(grant),
            (role, Grants::Report) => role.reads_report(),
            (_, Grants::Messages) => true,
        }
    }

    /// Does it open anything now?
    #[must_use]
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        !self.conflict && self.ends_at.is_none_or(|end| now < end)
    }
}

/// The moment somebody turns 18: the first second of that day in London. Born on 29 February, it is 1
/// March.
#[must_use]
pub fn turns_18(born: NaiveDate) -> DateTime<Utc> {
    let year = born.year() + 18;
    let birthday = born.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1)).unwrap_or(NaiveDate::MAX);
    super::london::start_of(birthday)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    Victim,
    /// Experienced the same crime; each has an account of their own and sees nothing of the others.
    CoVictim,
    /// Parent or guardian: acts for a child who experienced the crime.
    Parent,
    Witness,
    /// Acts for a victim who asked for it: an advocate, a carer, a solicitor.
    Representative,
    /// Of somebody who died from the crime.
    Bereaved,
    /// Speaks for a bereaved family.
    Spokesperson,
}

impl Role {
    pub const ALL: [Self; 7] =
        [Self::Victim, Self::CoVictim, Self::Parent, Self::Witness, Self::Representative, Self::Bereaved, Self::Spokesperson];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Victim => "victim",
            Self::CoVictim => "co_victim",
            Self::Parent => "parent",
            Self::Witness => "witness",
            Self::Representative => "representative",
            Self::Bereaved => "bereaved",
            Self::Spokesperson => "spokesperson",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// What the portal calls the case for this person; never what happened.
    #[must_use]
    pub fn case_name(self) -> &'static str {
        match self {
            Self::Victim | Self::CoVictim => "Your case",
            Self::Parent => "Your child’s case",
            Self::Witness => "The case you are helping with",
            Self::Representative => "The case of the person you act for",
            Self::Bereaved => "Your family’s case",
            Self::Spokesperson => "The family’s case",
        }
    }

    #[must_use]
    pub fn for_staff(self) -> &'static str {
        match self {
            Self::Victim => "Victim",
            Self::CoVictim => "Victim, with others",
            Self::Parent => "Parent of a child who is a victim",
            Self::Witness => "Witness",
            Self::Representative => "Acts for a victim",
            Self::Bereaved => "Bereaved relative",
            Self::Spokesperson => "Speaks for a bereaved family",
        }
    }

    /// Does this role read what was reported and roughly where? A witness sees only how far the
    /// case has come: what happened to whom is not theirs to read.
    #[must_use]
    pub fn reads_report(self) -> bool {
        !matches!(self, Self::Witness)
    }
}
