//! Who may do what to what. This is the one place: every page, form and call asks [`may`], and what it
//! refuses looks as if it were not there.
//!
//! The facts (how somebody takes part in a case, whose work a record is) are loaded by the server and
//! given in; nothing here looks anything up. To add an action: a variant, its arms, its rows in the
//! tests here and in the server's matrix of routes. Whatever no arm allows is refused.

use super::participation::Participation;
use super::representation::Grants;
use super::staff::StaffRole;
use chrono::{DateTime, Utc};

/// Who asks. Somebody without an account is nobody here: what they may read is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    Person,
    Staff(StaffRole),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read how far a case has come.
    FollowCase,
    /// Read what was reported, and roughly where.
    ReadReport,
    /// Write to the hub about a case, and read the answers.
    AskAboutCase,
    /// See the queue, the tasks and who has not joined.
    WorkTheQueue,
    /// Read and change what is kept of one person.
    OpenRecord,
    /// Open a record that is not one's work, with a reason.
    OpenWithReason,
    /// See which records were opened outside somebody's work.
    SeeOpenings,
    /// Read the reason of such an opening, and say whether it was right.
    JudgeOpening,
    /// See and end accounts of staff and keys of machines.
    ManageAccess,
}

impl Action {
    pub const ALL: [Self; 9] = [
        Self::FollowCase,
        Self::ReadReport,
        Self::AskAboutCase,
        Self::WorkTheQueue,
        Self::OpenRecord,
        Self::OpenWithReason,
        Self::SeeOpenings,
        Self::JudgeOpening,
        Self::ManageAccess,
    ];
}

/// To what, with the facts that decide.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// The hub as a whole.
    Hub,
    /// A case, as the viewer takes part in it now; `None`: not at all.
    Case(Option<&'a Participation>, DateTime<Utc>),
    /// What is kept of one person, or of one request of somebody without an account.
    Record(Ties, DateTime<Utc>),
    /// An opening outside somebody's work.
    Opening { own: bool },
}

/// What ties a member of staff to a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ties {
    /// Something of it waits for whoever comes first, is held by them or their team, or was so in the
    /// last 28 days.
    pub in_hand: bool,
    /// They opened it with a reason, until then.
    pub opened_until: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As if it did not exist.
    NotThere,
    /// It is not their work: they may open it with a reason.
    NeedsReason,
}

pub fn may(viewer: Viewer, action: Action, object: Object<'_>) -> Result<(), Refused> {
    use StaffRole::{Admin, Auditor, Coordinator, Lead, Supervisor, WitnessCareOfficer};
    let allowed = match (viewer, action, object) {
        (Viewer::Person, Action::FollowCase, Object::Case(Some(part), now)) => part.holds(now),
        (Viewer::Person, Action::AskAboutCase, Object::Case(Some(part), now)) => part.holds(now) && part.grants(Grants::Messages),
        (Viewer::Person, Action::ReadReport, Object::Case(Some(part), now)) => part.holds(now) && part.grants(Grants::Report),
        (Viewer::Staff(Coordinator | WitnessCareOfficer | Supervisor), Action::OpenRecord, Object::Record(ties, now)) => {
            if !ties.in_hand && ties.opened_until.is_none_or(|until| until <= now) {
                return Err(Refused::NeedsReason);
            }
            true
        }
        (Viewer::Staff(Supervisor | Lead), Action::JudgeOpening, Object::Opening { own }) => !own,
        (Viewer::Staff(role), action, Object::Hub) => match action {
            Action::WorkTheQueue | Action::OpenWithReason => matches!(role, Coordinator | WitnessCareOfficer | Supervisor),
            Action::SeeOpenings => matches!(role, Supervisor | Lead | Auditor),
            Action::ManageAccess => role == Admin,
            _ => false,
        },
        _ => false,
    };
    if allowed { Ok(()) } else { Err(Refused::NotThere) }
}

#[cfg(test)]
mod tests {
    use super::super::participation::Role;
    use super::super::representation::Scope;
    use super::*;
    use chrono::Duration;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000)
    }

    fn part(role: Role) -> Participation {
        Participation { role, conflict: false, ends_at: None, scope: Scope::default() }
    }

    const IN_HAND: Ties = Ties { in_hand: true, opened_until: None };

    #[test]
    fn no_role_of_staff_does_what_is_another_roles_and_no_person_does_what_is_staffs() {
        // Role, and every action on the hub as a whole that it has.
        let table = [
            (StaffRole::Coordinator, vec![Action::WorkTheQueue, Action::OpenWithReason]),
            (StaffRole::WitnessCareOfficer, vec![Action::WorkTheQueue, Action::OpenWithReason]),
            (StaffRole::Supervisor, vec![Action::WorkTheQueue, Action::OpenWithReason, Action::SeeOpenings]),
            (StaffRole::Lead, vec![Action::SeeOpenings]),
            (StaffRole::Auditor, vec![Action::SeeOpenings]),
            (StaffRole::Admin, vec![Action::ManageAccess]),
        ];
        for (role, has) in table {
            for action in Action::ALL {
                assert_eq!(may(Viewer::Staff(role), action, Object::Hub).is_ok(), has.contains(&action), "{role:?} {action:?}");
                let record = may(Viewer::Staff(role), action, Object::Record(IN_HAND, now())).is_ok();
                assert_eq!(record, action == Action::OpenRecord && has.contains(&Action::WorkTheQueue), "{role:?} {action:?}");
                let case = may(Viewer::Staff(role), action, Object::Case(Some(&part(Role::Victim)), now()));
                assert!(case.is_err(), "a case is seen by those who take part in it: {role:?} {action:?}");
            }
            assert!(!role.pages().is_empty(), "{role:?} has somewhere to go");
        }
        for action in Action::ALL {
            assert!(may(Viewer::Person, action, Object::Hub).is_err());
            assert!(may(Viewer::Person, action, Object::Record(IN_HAND, now())).is_err());
            assert!(may(Viewer::Person, action, Object::Opening { own: false }).is_err());
            assert!(may(Viewer::Person, action, Object::Case(None, now())).is_err());
        }
    }

    #[test]
    fn a_record_opens_for_work_or_with_a_reason_and_the_reason_runs_out() {
        let ask = |ties| may(Viewer::Staff(StaffRole::Coordinator), Action::OpenRecord, Object::Record(ties, now()));
        let opened = |until| Ties { in_hand: false, opened_until: Some(until) };
        assert_eq!(ask(IN_HAND), Ok(()));
        assert_eq!(ask(Ties::default()), Err(Refused::NeedsReason));
        assert_eq!(ask(opened(now() + Duration::seconds(1))), Ok(()));
        assert_eq!(ask(opened(now())), Err(Refused::NeedsReason));
    }

    #[test]
    fn nobody_judges_their_own_opening() {
        for role in StaffRole::ALL {
            assert!(may(Viewer::Staff(role), Action::JudgeOpening, Object::Opening { own: true }).is_err());
        }
        assert!(may(Viewer::Staff(StaffRole::Lead), Action::JudgeOpening, Object::Opening { own: false }).is_ok());
        assert!(may(Viewer::Staff(StaffRole::Auditor), Action::JudgeOpening, Object::Opening { own: false }).is_err());
    }

    #[test]
    fn a_case_is_followed_while_the_part_in_it_holds() {
        let ask = |part: &Participation, action| may(Viewer::Person, action, Object::Case(Some(part), now()));
        for role in Role::ALL {
            assert!(ask(&part(role), Action::FollowCase).is_ok(), "{role:?}");
            assert_eq!(ask(&part(role), Action::AskAboutCase).is_ok(), role != Role::Representative, "{role:?}");
            for ended in [
                Participation { conflict: true, ..part(role) },
                Participation { ends_at: Some(now()), ..part(role) },
                Participation { ends_at: Some(now() - Duration::days(1)), ..part(role) },
            ] {
                for action in Action::ALL {
                    assert_eq!(ask(&ended, action), Err(Refused::NotThere), "{role:?} {action:?}");
                }
            }
            let later = Participation { ends_at: Some(now() + Duration::seconds(1)), ..part(role) };
            assert!(ask(&later, Action::FollowCase).is_ok());
        }
        for (scope, asks, reads) in
            [(Scope::default(), false, false), (Scope::new([Grants::Messages]), true, false), (Scope::new([Grants::Report]), false, true)]
        {
            let acts_for = Participation { scope, ..part(Role::Representative) };
            assert_eq!((ask(&acts_for, Action::AskAboutCase).is_ok(), ask(&acts_for, Action::ReadReport).is_ok()), (asks, reads));
            // What is granted to one role widens no other.
            let witness = Participation { scope: Scope::new(Grants::ALL.iter().copied()), ..part(Role::Witness) };
            assert!(ask(&witness, Action::ReadReport).is_err());
        }
        assert!(ask(&part(Role::Witness), Action::ReadReport).is_err());
        assert!(ask(&part(Role::Parent), Action::ReadReport).is_ok());
    }
}
