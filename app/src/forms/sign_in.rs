//! Signing in: who are you, then prove it. Neither form can tell whether an account exists.

use super::{FieldErrors, Fields, Form};

/// An e-mail address or a mobile number, in the one form in which they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// Lower case.
    Email(String),
    /// E.164, such as `+447700900123`.
    Mobile(String),
}

impl Identifier {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains('@') { email(text).map(Self::Email) } else { mobile(text).map(Self::Mobile) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Mobile(text) => text,
        }
    }
}

/// A plausible e-mail address in lower case. Only ASCII: a look-alike letter must never find
/// somebody else's account.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b))
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let labels: Vec<&str> = domain.split('.').collect();
    let domain_ok = domain.len() <= 190
        && labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        });
    (local_ok && domain_ok).then(|| text.to_ascii_lowercase())
}

/// A UK mobile number (07 and nine more digits) as E.164. Spaces, hyphens, brackets, `+44`, `0044`
/// and `(0)` are understood.
#[must_use]
pub fn mobile(text: &str) -> Option<String> {
    uk_number(text).filter(|number| number.starts_with("+447") && !number.starts_with("+4470"))
}

/// Any UK number as E.164 (ten national digits; the two shorter lines of gb-phone are not for
/// calling somebody back).
#[must_use]
pub fn uk_number(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 40 || text.chars().any(|c| !(c.is_ascii_digit() || " +-().\u{a0}".contains(c))) {
        return None;
    }
    let plain: String = text.replace("(0)", "").chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let national =
        if let Some(rest) = plain.strip_prefix("+44").or_else(|| plain.strip_prefix("0044")) { rest } else { plain.strip_prefix('0')? };
    let digits = national.len() == 10 && national.bytes().all(|b| b.is_ascii_digit());
    (digits && matches!(national.as_bytes()[0], b'1' | b'2' | b'3' | b'5' | b'7' | b'8')).then(|| format!("+44{national}"))
}

/// Step one: field `identifier`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identify {
    pub identifier: Identifier,
}

impl Form for Identify {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let typed = fields.one("identifier");
        if typed.is_empty() {
            return Err(FieldErrors::one("identifier", "Enter your email address or mobile number"));
        }
        Identifier::parse(typed).map(|identifier| Self { identifier }).ok_or_else(|| {
            FieldErrors::one("identifier", "Enter an email address, like name@example.com, or a UK mobile number, like 07700 900 123")
        })
    }
}

/// Step two: fields `code` and `pin`.
#[derive(Clone, PartialEq, Eq)]
pub struct Prove {
    /// Six digits.
    pub code: String,
    /// Six to twelve digits.
    pub pin: String,
}

pub(super) fn digits(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect()
}

impl Form for Prove {
    fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let (code, pin) = (digits(fields.one("code")), digits(fields.one("pin")));
        if code.is_empty() {
            errors.add("code", "Enter the 6-digit code");
        } else if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
            errors.add("code", "The code must be 6 digits, like 123456");
        }
        if pin.is_empty() {
            errors.add("pin", "Enter your PIN");
        } else if !(6..=12).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit()) {
            errors.add("pin", "Your PIN is 6 to 12 digits");
        }
        errors.or(Self { code, pin })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    #[test]
    fn identifiers_have_one_spelling() {
        for text in ["07700 900123", "+44 7700 900123", "0044 (0)7700-900123", " 07700900123 "] {
            assert_eq!(Identifier::parse(text), Some(Identifier::Mobile("+447700900123".into())), "{text}");
        }
        assert_eq!(Identifier::parse(" Amira@Example.TEST "), Some(Identifier::Email("amira@example.test".into())));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "",
            "amira",
            "@example.test",
            "a@b",
            "a@b..c",
            "a b@c.de",
            "a@-b.de",
            "07070 123456",
            "01632 960001",
            "+1 202 555 0100",
            "0770090012",
            "amirа@example.test",
            "a@b.de\nBcc: x@y.z",
            "a..b@c.de",
        ] {
            assert_eq!(Identifier::parse(text), None, "{text}");
        }
    }

    #[test]
    fn codes_may_be_typed_with_spaces() {
        let form = Prove::parse(&fields(&[("code", "123 456"), ("pin", "24-68-13")])).unwrap();
        assert_eq!((form.code.as_str(), form.pin.as_str()), ("123456", "246813"));
        let errors = Prove::parse(&fields(&[("code", "12345"), ("pin", "")])).err().unwrap();
        assert_eq!(errors.0.len(), 2);
    }
}
