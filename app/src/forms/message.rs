//! A message from the person to the hub: field `message`.

use super::{FieldErrors, Fields, Form, free_text};
use crate::domain::conversation::LONGEST_MESSAGE;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    pub body: String,
}

impl Form for NewMessage {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let body = free_text(fields, "message", LONGEST_MESSAGE, &mut errors);
        if body.is_none() && errors.is_empty() {
            errors.add("message", "Write your message");
        }
        errors.or(Self { body: body.unwrap_or_default() })
    }
}
