//! Who a person is in a case. Every case is seen through a participation, never by itself.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    Victim,
    /// Acts for a child who experienced the crime.
    Parent,
    Witness,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Victim, Self::Parent, Self::Witness];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Victim => "victim",
            Self::Parent => "parent",
            Self::Witness => "witness",
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
            Self::Victim => "Your case",
            Self::Parent => "Your child’s case",
            Self::Witness => "The case you are helping with",
        }
    }

    #[must_use]
    pub fn for_staff(self) -> &'static str {
        match self {
            Self::Victim => "Victim",
            Self::Parent => "Parent of a child who is a victim",
            Self::Witness => "Witness",
        }
    }

    /// May this person see what was reported and roughly where? A witness sees only how far the
    /// case has come: what happened to whom is not theirs to read.
    #[must_use]
    pub fn sees_what_was_reported(self) -> bool {
        !matches!(self, Self::Witness)
    }
}
