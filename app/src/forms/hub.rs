//! The hub's own forms: signing in, and working on a request.

use super::{FieldErrors, Fields, Form, free_text, sign_in};
use crate::domain::conversation::LONGEST_MESSAGE;
use crate::domain::support::Closing;

/// Fields `email` and `password`.
#[derive(Clone, PartialEq, Eq)]
pub struct StaffPassword {
    pub email: String,
    pub password: String,
}

impl Form for StaffPassword {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = sign_in::email(fields.one("email"));
        if email.is_none() {
            errors.add("email", "Enter your work email address");
        }
        // A password is taken exactly as typed.
        let password = fields.raw("password").to_owned();
        if password.is_empty() {
            errors.add("password", "Enter your password");
        } else if password.len() > 256 {
            errors.add("password", "Your password must be 256 characters or fewer");
        }
        errors.or(Self { email: email.unwrap_or_default(), password })
    }
}

/// Fields `current_password` and `new_password`, both exactly as typed. What a new one must be is the server's rule.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangePassword {
    pub current: String,
    pub new: String,
}

impl Form for ChangePassword {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let (current, new) = (fields.raw("current_password").to_owned(), fields.raw("new_password").to_owned());
        if current.is_empty() {
            errors.add("current_password", "Enter the password you have now");
        }
        if new.is_empty() {
            errors.add("new_password", "Enter a new password");
        } else if new == current {
            errors.add("new_password", "Enter a password that is not the one you have now");
        }
        errors.or(Self { current, new })
    }
}

/// Field `code`: six digits from the authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct StaffCode {
    pub code: String,
}

impl Form for StaffCode {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let code: String = fields.one("code").chars().filter(|c| *c != ' ').collect();
        if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self { code });
        }
        Err(FieldErrors::one("code", "Enter the 6-digit code from your authenticator app"))
    }
}

/// Field `message`: what the person will read. A type of its own, never a [`Note`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub body: String,
}

impl Form for Reply {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let body = free_text(fields, "message", LONGEST_MESSAGE, &mut errors);
        if body.is_none() && errors.is_empty() {
            errors.add("message", "Write the message to the person");
        }
        errors.or(Self { body: body.unwrap_or_default() })
    }
}

/// Field `note`: for colleagues only. A type of its own, never a [`Reply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub body: String,
}

impl Form for Note {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let body = free_text(fields, "note", LONGEST_MESSAGE, &mut errors);
        if body.is_none() && errors.is_empty() {
            errors.add("note", "Write the note");
        }
        errors.or(Self { body: body.unwrap_or_default() })
    }
}

/// Field `closing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    pub closing: Closing,
}

impl Form for Close {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        Closing::from_code(fields.one("closing"))
            .map(|closing| Self { closing })
            .ok_or_else(|| FieldErrors::one("closing", "Say how this request ended"))
    }
}
