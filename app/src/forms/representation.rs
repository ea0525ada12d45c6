//! Staff add somebody who acts for a person.

use super::contact::until;
use super::{FieldErrors, Fields, Form, line};
use crate::domain::joining::IdentityCheck;
use crate::domain::representation::{Grants, Purpose, Scope};
use chrono::NaiveDate;

const LONGEST_NAME: usize = 200;

/// Fields `rep_name`, `purpose`, `scope`, `until-day`, `until-month`, `until-year`, `confirmed` (how staff
/// made sure that the person asked for it) and `not_close` (that the representative is not on the other side).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddRepresentative {
    pub name: String,
    pub purpose: Purpose,
    pub scope: Scope,
    /// The last day.
    pub until: NaiveDate,
    pub checked: IdentityCheck,
}

impl Form for AddRepresentative {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = line(fields, "rep_name", LONGEST_NAME, "The name must be 200 characters or fewer", &mut errors);
        if name.is_none() && errors.of("rep_name").is_none() {
            errors.add("rep_name", "Enter the name of the person who acts for them");
        }
        let purpose = Purpose::from_code(fields.one("purpose"));
        if purpose.is_none() {
            errors.add("purpose", "Say in what capacity they act");
        }
        let until = until(fields, &mut errors);
        if until.is_none() && errors.of("until-day").is_none() {
            errors.add("until-day", "Enter the last day, like 31 3 2027: it never goes on by itself");
        }
        let checked = IdentityCheck::from_code(fields.one("confirmed"));
        if checked.is_none() {
            errors.add("confirmed", "Say how you made sure that the person asked for this");
        }
        if fields.one("not_close") != "yes" {
            errors.add("not_close", "Make sure of this first");
        }
        match (name, purpose, until, checked) {
            (Some(name), Some(purpose), Some(until), Some(checked)) if errors.is_empty() => {
                Ok(Self { name, purpose, scope: Scope::new(fields.all("scope").filter_map(Grants::from_code)), until, checked })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    const GOOD: [(&str, &str); 8] = [
        ("rep_name", " Asha  Advocate "),
        ("purpose", "advocate"),
        ("scope", "messages"),
        ("until-day", "31"),
        ("until-month", "3"),
        ("until-year", "2027"),
        ("confirmed", "called_back"),
        ("not_close", "yes"),
    ];

    #[test]
    fn each_thing_must_be_said_and_the_scope_may_be_empty() {
        let form = AddRepresentative::parse(&fields(&GOOD)).unwrap();
        assert_eq!((form.name.as_str(), form.scope), ("Asha Advocate", Scope::new([Grants::Messages])));
        for (left_out, wrong) in [
            ("rep_name", "rep_name"),
            ("purpose", "purpose"),
            ("until-year", "until-day"),
            ("confirmed", "confirmed"),
            ("not_close", "not_close"),
        ] {
            let rest: Vec<(&str, &str)> = GOOD.into_iter().filter(|(name, _)| *name != left_out).collect();
            let errors = AddRepresentative::parse(&fields(&rest)).unwrap_err();
            assert_eq!(errors.0.len(), 1, "{left_out}");
            assert_eq!(errors.0[0].field, wrong);
        }
        let rest: Vec<(&str, &str)> = GOOD.into_iter().filter(|(name, _)| *name != "scope").collect();
        assert_eq!(AddRepresentative::parse(&fields(&rest)).unwrap().scope, Scope::default());
    }
}
