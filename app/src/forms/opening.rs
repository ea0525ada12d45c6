//! Opening a record that is not one's work, and judging that somebody did.

use super::{FieldErrors, Fields, Form, free_text};
use crate::domain::opening::{OpeningReason, OpeningVerdict};

const LONGEST_REASON: usize = 500;
const SHORTEST_REASON: usize = 10;

/// Fields `why` and `reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub why: OpeningReason,
    pub reason: String,
}

impl Form for Open {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let why = OpeningReason::from_code(fields.one("why"));
        if why.is_none() {
            errors.add("why", "Say why you need to open it");
        }
        let reason = free_text(fields, "reason", LONGEST_REASON, &mut errors);
        if errors.of("reason").is_none() && reason.as_deref().map_or(0, |reason| reason.chars().count()) < SHORTEST_REASON {
            errors.add("reason", "Say in a few words what happened");
        }
        match (why, reason) {
            (Some(why), Some(reason)) if errors.is_empty() => Ok(Self { why, reason }),
            _ => Err(errors),
        }
    }
}

/// Field `verdict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judge {
    pub verdict: OpeningVerdict,
}

impl Form for Judge {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        OpeningVerdict::from_code(fields.one("verdict"))
            .map(|verdict| Self { verdict })
            .ok_or_else(|| FieldErrors::one("main", "Say what you think of it"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    #[test]
    fn a_reason_is_a_kind_and_some_words() {
        assert!(Open::parse(&fields(&[("why", "cover"), ("reason", "Sam is on leave this week")])).is_ok());
        for (why, reason) in
            [("", "Sam is on leave"), ("because", "Sam is on leave"), ("cover", ""), ("cover", "x"), ("cover", "         ")]
        {
            assert!(Open::parse(&fields(&[("why", why), ("reason", reason)])).is_err(), "{why} {reason}");
        }
        let long = "x".repeat(501);
        assert!(Open::parse(&fields(&[("why", "cover"), ("reason", &long)])).is_err());
        assert!(Judge::parse(&fields(&[("verdict", "right")])).is_ok() && Judge::parse(&fields(&[])).is_err());
    }
}
