//! Who works at the hub. What each role may do is in [`policy`](super::policy).

use super::policy::{Action, Object, Viewer, may};
use serde::{Deserialize, Serialize};

/// What a member of staff is there to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaffRole {
    Coordinator,
    WitnessCareOfficer,
    Supervisor,
    /// Answers for satisfaction and for the Victims' Code. Sees figures and openings, no records.
    Lead,
    /// Sees who opened what and when. No records.
    Auditor,
    /// Sees accounts and machine keys. No records.
    Admin,
}

impl StaffRole {
    pub const ALL: [Self; 6] = [Self::Coordinator, Self::WitnessCareOfficer, Self::Supervisor, Self::Lead, Self::Auditor, Self::Admin];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::WitnessCareOfficer => "witness_care_officer",
            Self::Supervisor => "supervisor",
            Self::Lead => "lead",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
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
            Self::Lead => "Strategic Lead",
            Self::Auditor => "Auditor",
            Self::Admin => "Administrator",
        }
    }

    /// What this role finds in the menu, the first page first.
    #[must_use]
    pub fn pages(self) -> Vec<HubPage> {
        let pages = [
            (HubPage::Queue, Action::WorkTheQueue),
            (HubPage::People, Action::WorkTheQueue),
            (HubPage::Openings, Action::SeeOpenings),
            (HubPage::Access, Action::ManageAccess),
        ];
        pages.into_iter().filter(|(_, action)| may(Viewer::Staff(self), *action, Object::Hub).is_ok()).map(|(page, _)| page).collect()
    }
}

/// A page that the hub's menu leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubPage {
    Queue,
    People,
    Openings,
    Access,
}
