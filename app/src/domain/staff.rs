//! Who works at the hub.

use serde::{Deserialize, Serialize};

/// What a member of staff is there to do. Policy that depends on it is issue 3's; here the three
/// roles of the hub can all work the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaffRole {
    Coordinator,
    WitnessCareOfficer,
    Supervisor,
}

impl StaffRole {
    pub const ALL: [Self; 3] = [Self::Coordinator, Self::WitnessCareOfficer, Self::Supervisor];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::WitnessCareOfficer => "witness_care_officer",
            Self::Supervisor => "supervisor",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Coordinator => "Victim care coordinator",
            Self::WitnessCareOfficer => "Witness care officer",
            Self::Supervisor => "Supervisor",
        }
    }
}
