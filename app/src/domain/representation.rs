//! Somebody who acts for another: an advocate, a carer, a solicitor. The person asks for it, staff make
//! sure of both, it has an end, and one tap ends it sooner. A representative has an account of their own,
//! and sees of the case what the scope says: never messages, requests or contact details of the person.

use super::support::coded;
use serde::{Deserialize, Serialize};

coded! {
    /// In what capacity somebody acts.
    Purpose {
        Advocate = "advocate", "Advocate or support worker";
        Family = "family", "Family member or carer";
        Solicitor = "solicitor", "Solicitor";
        Other = "other", "Somebody else they trust";
    }
}

coded! {
    /// What they may do beside following how far the case has come.
    Grants {
        Report = "report", "Read what was reported, and roughly where";
        Messages = "messages", "Ask us about the case, and read our answers to them";
    }
}

/// What a representative may do. Without anything in it they follow the case and no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<Grants>);

impl Scope {
    #[must_use]
    pub fn new(grants: impl IntoIterator<Item = Grants>) -> Self {
        let mut grants: Vec<Grants> = grants.into_iter().collect();
        grants.sort_unstable();
        grants.dedup();
        Self(grants)
    }

    #[must_use]
    pub fn holds(&self, grant: Grants) -> bool {
        self.0.contains(&grant)
    }

    /// As stored: codes, comma between.
    #[must_use]
    pub fn codes(&self) -> String {
        self.0.iter().map(|grant| grant.code()).collect::<Vec<_>>().join(",")
    }

    /// What is not known opens nothing.
    #[must_use]
    pub fn from_codes(codes: &str) -> Self {
        Self::new(codes.split(',').filter_map(Grants::from_code))
    }

    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = vec!["Follow how far the case has come"];
        words.extend(self.0.iter().map(|grant| grant.in_words()));
        words.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_and_what_is_unknown_opens_nothing() {
        let all = Scope::new(Grants::ALL.iter().rev().copied());
        assert_eq!(Scope::from_codes(&all.codes()), all);
        assert_eq!(Scope::from_codes("report,everything"), Scope::new([Grants::Report]));
        assert_eq!(Scope::from_codes(""), Scope::default());
        assert!(!Scope::default().holds(Grants::Messages));
    }
}
