//! Raw fields in, a valid value or errors for each field out. The same code runs on the server and,
//! as the person types, in the browser.
//!
//! To add a form: a type that implements [`Form`], with one message for each thing that can be
//! wrong; list it in [`FormName`] if it is checked while typing. A form never touches a database,
//! and never loses what was typed: pages show [`Fields`] back.

pub mod contact;
pub mod file;
pub mod hub;
pub mod joining;
pub mod message;
pub mod opening;
pub mod representation;
pub mod sign_in;
pub mod support;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The fields of a submitted form, in order, repeated names kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The field's text without surrounding white space; empty when absent.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The field's text exactly as typed; empty when absent.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Every value given under a name: the ticked boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim())
    }

    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|one| one == value)
    }

    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// The same fields with every value of `names` replaced by those in `newer`.
    #[must_use]
    pub fn replaced(&self, names: &[&str], newer: &Self) -> Self {
        let mut kept: Vec<_> = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect();
        kept.extend(newer.0.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned());
        Self(kept)
    }

    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// One thing to mend, at the field it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: Cow<'static, str>,
    pub message: Cow<'static, str>,
}

/// Everything to mend, in the order of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    #[must_use]
    pub fn one(field: &'static str, message: &'static str) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first message for a field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<String> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.to_string())
    }

    /// `Ok` when there is nothing to mend.
    pub fn or<T>(self, valid: T) -> Result<T, Self> {
        if self.is_empty() { Ok(valid) } else { Err(self) }
    }
}

/// A form: what it is called in the browser, and how its fields are read.
pub trait Form: Sized {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors>;
}

/// The forms that are checked while a person types. A form names its check in `data-check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormName {
    SignIn,
    SignInCode,
    JoinWord,
    JoinWhoSees,
    JoinWayIn,
    SupportNeeds,
    SupportSafety,
    SupportConcerns,
    SupportWords,
    SupportReach,
    SupportReachSignedIn,
    ContactChannel,
    ContactLetter,
    ContactPreferences,
    Message,
}

impl FormName {
    const ALL: [Self; 15] = [
        Self::SignIn,
        Self::SignInCode,
        Self::JoinWord,
        Self::JoinWhoSees,
        Self::JoinWayIn,
        Self::SupportNeeds,
        Self::SupportSafety,
        Self::SupportConcerns,
        Self::SupportWords,
        Self::SupportReach,
        Self::SupportReachSignedIn,
        Self::ContactChannel,
        Self::ContactLetter,
        Self::ContactPreferences,
        Self::Message,
    ];

    /// What stands in `data-check`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignInCode => "sign-in-code",
            Self::JoinWord => "join-word",
            Self::JoinWhoSees => "join-who-sees",
            Self::JoinWayIn => "join-way-in",
            Self::SupportNeeds => "support-needs",
            Self::SupportSafety => "support-safety",
            Self::SupportConcerns => "support-concerns",
            Self::SupportWords => "support-words",
            Self::SupportReach => "support-reach",
            Self::SupportReachSignedIn => "support-reach-signed-in",
            Self::ContactChannel => "contact-channel",
            Self::ContactLetter => "contact-letter",
            Self::ContactPreferences => "contact-preferences",
            Self::Message => "message",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.code() == code)
    }

    /// What the server would answer to these fields.
    #[must_use]
    pub fn check(self, fields: &Fields) -> FieldErrors {
        fn errors<T: Form>(fields: &Fields) -> FieldErrors {
            T::parse(fields).err().unwrap_or_default()
        }
        match self {
            Self::SignIn => errors::<sign_in::Identify>(fields),
            Self::SignInCode => errors::<sign_in::Prove>(fields),
            Self::JoinWord => errors::<joining::Word>(fields),
            Self::JoinWhoSees => errors::<joining::WhoSees>(fields),
            Self::JoinWayIn => errors::<joining::WayIn>(fields),
            Self::SupportNeeds => errors::<support::Needs>(fields),
            Self::SupportSafety => errors::<support::Safety>(fields),
            Self::SupportConcerns => errors::<support::Concerns>(fields),
            Self::SupportWords => errors::<support::Words>(fields),
            Self::SupportReach => errors::<support::Reaching>(fields),
            Self::SupportReachSignedIn => errors::<support::ReachingSignedIn>(fields),
            Self::ContactChannel => errors::<contact::ChannelChoice>(fields),
            Self::ContactLetter => errors::<contact::LetterChoice>(fields),
            Self::ContactPreferences => errors::<contact::PreferenceChoice>(fields),
            Self::Message => errors::<message::NewMessage>(fields),
        }
    }
}

/// Free text: line ends made one kind, control characters refused, length counted in characters.
pub(crate) fn free_text(fields: &Fields, name: &'static str, longest: usize, errors: &mut FieldErrors) -> Option<String> {
    let text = fields.one(name).replace("\r\n", "\n").replace('\r', "\n");
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        errors.add(name, "Your text has a character we cannot keep. Please take out any unusual symbols");
        return None;
    }
    let length = text.chars().count();
    if length > longest {
        errors.add(name, format!("Your text must be {longest} characters or fewer. It has {length}"));
        return None;
    }
    (!text.is_empty()).then_some(text)
}

/// One line of text, with runs of white space made one space.
pub(crate) fn line(
    fields: &Fields,
    name: &'static str,
    longest: usize,
    too_long: &'static str,
    errors: &mut FieldErrors,
) -> Option<String> {
    let text = fields.one(name).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > longest {
        errors.add(name, too_long);
        return None;
    }
    if text.chars().any(char::is_control) {
        errors.add(name, "This has a character we cannot keep. Please type it again");
        return None;
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
pub(crate) fn fields(pairs: &[(&str, &str)]) -> Fields {
    Fields::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_answers_replace_only_their_own_question() {
        let before = fields(&[("needs", "a"), ("needs", "b"), ("words", "kept")]);
        let after = before.replaced(&["needs"], &fields(&[("needs", "c"), ("words", "not this")]));
        assert_eq!(after.all("needs").collect::<Vec<_>>(), ["c"]);
        assert_eq!(after.one("words"), "kept");
    }

    #[test]
    fn text_with_control_characters_is_refused_and_line_ends_are_one_kind() {
        let mut errors = FieldErrors::default();
        assert_eq!(free_text(&fields(&[("t", " a\r\nb\rc ")]), "t", 10, &mut errors).unwrap(), "a\nb\nc");
        assert!(errors.is_empty());
        assert_eq!(free_text(&fields(&[("t", "a\0b")]), "t", 10, &mut errors), None);
        assert_eq!(free_text(&fields(&[("t", "äöüäöüäöüäö")]), "t", 10, &mut errors), None);
        assert_eq!(errors.0.len(), 2);
    }
}
