//! Identifiers as types, so that a case can never be looked up by a person's id.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct InvalidId;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // Only the hyphenated form: one address for one thing.
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )+};
}

id! {
    /// A person who uses the portal: a victim, a witness, or somebody who acts for one.
    PersonId,
    /// A member of the hub's staff.
    StaffId,
    /// A case from the police records system.
    CaseId,
    /// Something somebody asked the hub for.
    RequestId,
    /// One message in a conversation.
    MessageId,
    /// A thing the hub must do by hand, such as telephoning somebody.
    TaskId,
    /// A record that somebody opened outside their work.
    OpeningId,
    /// That somebody acts for a person.
    RepresentationId,
    /// A photo or a PDF that a person sent.
    FileId,
    /// A passkey that a person added.
    PasskeyId,
}

/// What people call a case on the telephone, such as `7F3A21BC`: the start of the source's own key, and
/// a key to nothing.
#[must_use]
pub fn case_reference(source_key: &str) -> String {
    source_key.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_uppercase()
}

/// The public name of a support request, such as `7K3M-Q2PX`.
///
/// Eight characters of an alphabet without look-alikes (no 0/O, 1/I/L). It says nothing about the
/// person or what happened, and it opens nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference(String);

impl Reference {
    const ALPHABET: &'static [u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// Makes a reference from random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let mut text = String::with_capacity(9);
        for (place, byte) in bytes.into_iter().enumerate() {
            if place == 4 {
                text.push('-');
            }
            text.push(char::from(Self::ALPHABET[usize::from(byte) % Self::ALPHABET.len()]));
        }
        Self(text)
    }

    /// Reads a reference as people type it: any case, with or without the hyphen or spaces.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 32 {
            return None;
        }
        let mut plain: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
        let known = plain.bytes().all(|b| Self::ALPHABET.contains(&b));
        if plain.len() != 8 || !known {
            return None;
        }
        plain.insert(4, '-');
        Some(Self(plain))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_however_it_is_typed() {
        let reference = Reference::from_random([0, 5, 9, 14, 255, 31, 7, 2]);
        let typed = reference.as_str().to_lowercase().replace('-', " ");
        assert_eq!(Reference::parse(&typed), Some(reference));
    }

    #[test]
    fn look_alikes_and_other_lengths_are_not_references() {
        for text in ["", "ABCD", "ABCD-EFG0", "ABCD-EFGHJ", "ÄBCD-EFGH", "../../etc"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = CaseId(Uuid::nil());
        assert_eq!(id.to_string().parse::<CaseId>().unwrap(), id);
        assert!(id.to_string().replace('-', "").parse::<CaseId>().is_err());
    }
}
