//! Joining: the word, who else sees what, the way in. Nothing here can tell whether an invitation exists.

use super::{FieldErrors, Fields, Form, sign_in};
use crate::domain::joining::{Device, IdentityCheck, Inbox, OwnInbox, SpokenWord, check_pin};

/// Field `word`: told by voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub word: SpokenWord,
}

impl Form for Word {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        match fields.one("word") {
            "" => Err(FieldErrors::one("word", "Enter the word that we told you")),
            typed => SpokenWord::parse(typed)
                .map(|word| Self { word })
                .ok_or_else(|| FieldErrors::one("word", "The word is 6 letters and numbers, like K7M 3QP")),
        }
    }
}

/// Fields `device` and `inbox`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoSees {
    pub device: Device,
    pub inbox: Inbox,
}

impl Form for WhoSees {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let (device, inbox) = (Device::from_code(fields.one("device")), Inbox::from_code(fields.one("inbox")));
        if device.is_none() {
            errors.add("device", "Tell us who uses this phone or computer");
        }
        if inbox.is_none() {
            errors.add("inbox", "Tell us who can read your email");
        }
        match device.zip(inbox) {
            Some((device, inbox)) => Ok(Self { device, inbox }),
            None => Err(errors),
        }
    }
}

/// Fields `email`, `pin` and `pin_again`.
#[derive(Clone, PartialEq, Eq)]
pub struct WayIn {
    pub email: String,
    pub pin: String,
}

impl Form for WayIn {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = sign_in::email(fields.one("email"));
        match (fields.one("email"), &email) {
            ("", _) => errors.add("email", "Enter an email address that only you can open"),
            (_, None) => errors.add("email", "Enter an email address, like name@example.com"),
            _ => {}
        }
        let (pin, again) = (sign_in::digits(fields.one("pin")), sign_in::digits(fields.one("pin_again")));
        if pin.is_empty() {
            errors.add("pin", "Choose a PIN");
        } else if let Err(weak) = check_pin(&pin) {
            errors.add("pin", weak.to_string());
        } else if pin != again {
            errors.add("pin_again", "Enter the same PIN twice");
        }
        errors.or(Self { email: email.unwrap_or_default(), pin })
    }
}

/// Fields `pin` (the one until now), `new_pin` and `pin_again`.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangePin {
    pub new: String,
}

impl Form for ChangePin {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let digits = |name| sign_in::digits(fields.one(name));
        let (old, new) = (digits("pin"), digits("new_pin"));
        if old.is_empty() {
            errors.add("pin", "Enter the PIN you have now");
        }
        if new.is_empty() {
            errors.add("new_pin", "Choose a new PIN");
        } else if let Err(weak) = check_pin(&new) {
            errors.add("new_pin", weak.to_string());
        } else if new == old {
            errors.add("new_pin", "Choose a PIN that is not the one you have now");
        } else if new != digits("pin_again") {
            errors.add("pin_again", "Enter the same new PIN twice");
        }
        errors.or(Self { new })
    }
}

/// Field `checked`: staff, before they make an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invite {
    pub checked: IdentityCheck,
}

impl Form for Invite {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        IdentityCheck::from_code(fields.one("checked"))
            .map(|checked| Self { checked })
            .ok_or_else(|| FieldErrors::one("checked", "Say how you made sure who this person is"))
    }
}

/// Fields `email`, `alone` and `checked`: staff, before a link is emailed. The one place where an
/// [`OwnInbox`] is made; the feed gives what it was sent to the same form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailLink {
    pub checked: IdentityCheck,
    pub inbox: OwnInbox,
}

impl Form for EmailLink {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = sign_in::email(fields.one("email"));
        match (fields.one("email"), &email) {
            ("", _) => errors.add("email", "Enter the email address as they told you"),
            (_, None) => errors.add("email", "Enter an email address, like name@example.com"),
            _ => {}
        }
        let told_alone = fields.has("alone", "yes");
        if !told_alone {
            errors.add("alone", "Tick this only if they told you, alone with you. If they did not, print the letter");
        }
        let checked = IdentityCheck::from_code(fields.one("checked"));
        if checked.is_none() {
            errors.add("checked", "Say how you made sure who this person is");
        }
        match (email, checked) {
            (Some(email), Some(checked)) if told_alone => Ok(Self { checked, inbox: OwnInbox::told_alone(email) }),
            _ => Err(errors),
        }
    }
}

/// Field `confirmed`: staff, before a change of address or number counts at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirm {
    pub checked: IdentityCheck,
}

impl Form for Confirm {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        IdentityCheck::from_code(fields.one("confirmed"))
            .map(|checked| Self { checked })
            .ok_or_else(|| FieldErrors::one("confirmed", "Say how you made sure who this person is"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    fn wrong<T: Form>(pairs: &[(&str, &str)]) -> Vec<String> {
        T::parse(&fields(pairs))
            .err()
            .map(|errors| errors.0.into_iter().map(|error| error.field.into_owned()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn each_thing_that_is_missing_is_named() {
        assert_eq!(wrong::<Word>(&[]), ["word"]);
        assert_eq!(wrong::<WhoSees>(&[]), ["device", "inbox"]);
        assert_eq!(wrong::<WayIn>(&[]), ["email", "pin"]);
        assert_eq!(wrong::<Invite>(&[("checked", "date_of_birth")]), ["checked"]);
        assert_eq!(wrong::<EmailLink>(&[]), ["email", "alone", "checked"]);
    }

    #[test]
    fn no_inbox_is_theirs_before_staff_say_that_they_said_so() {
        let said = |alone| wrong::<EmailLink>(&[("email", "Nell@Example.test"), ("alone", alone), ("checked", "in_person")]);
        for alone in ["", "no", "on", "YES"] {
            assert_eq!(said(alone), ["alone"]);
        }
        assert_eq!(said("yes"), [""; 0]);
        let form = EmailLink::parse(&fields(&[("email", " Nell@Example.test "), ("alone", "yes"), ("checked", "officer")])).unwrap();
        assert_eq!((form.inbox.address(), form.checked), ("nell@example.test", IdentityCheck::Officer));
    }

    #[test]
    fn a_pin_is_typed_twice_and_not_an_easy_one() {
        let way_in = |pin, again| wrong::<WayIn>(&[("email", "a@example.test"), ("pin", pin), ("pin_again", again)]);
        assert_eq!(way_in("24 68 13", "246813"), [""; 0]);
        assert_eq!(way_in("246813", "246814"), ["pin_again"]);
        assert_eq!(way_in("123456", "123456"), ["pin"]);
        assert_eq!(way_in("1234", "1234"), ["pin"]);
    }
}
