//! Joining: how an invitation becomes somebody's own way in. A link alone opens nothing: the word
//! that belongs to it is told by voice, and only a person can type it.
//!
//! The rules of both halves are here (the word's spelling, the PIN, what was said about the device
//! and the inbox); who may be invited and for how long is the server's `joining`.

use super::support::coded;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The word that staff tell by voice. Six characters of an alphabet without look-alikes, in any case,
/// with or without a space: about 29 bits, and five tries.
#[derive(Clone, PartialEq, Eq)]
pub struct SpokenWord(String);

const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 6;

impl SpokenWord {
    #[must_use]
    pub fn from_random(bytes: [u8; LENGTH]) -> Self {
        Self(bytes.into_iter().map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])).collect())
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 32 {
            return None;
        }
        let plain: String = text.chars().filter(|c| !matches!(c, '-' | ' ' | '\u{a0}')).map(|c| c.to_ascii_uppercase()).collect();
        (plain.len() == LENGTH && plain.bytes().all(|b| ALPHABET.contains(&b))).then_some(Self(plain))
    }

    /// `K7M 3QP`, for reading out.
    #[must_use]
    pub fn spoken(&self) -> String {
        format!("{} {}", &self.0[..3], &self.0[3..])
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A secret: not for logs.
impl fmt::Debug for SpokenWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpokenWord(..)")
    }
}

coded! {
    /// Who else uses the phone or computer that somebody joins on.
    Device {
        JustMine = "just_mine", "Only me";
        Shared = "shared", "Somebody else uses it too, or knows how to unlock it";
        NotSure = "not_sure", "I am not sure";
    }
}

coded! {
    /// Who else can read the mail that codes would be sent to.
    Inbox {
        JustMine = "just_mine", "Only me";
        Shared = "shared", "Somebody else can, or might";
        NotSure = "not_sure", "I am not sure";
    }
}

coded! {
    /// How staff made sure that they invite the right person. Never by facts that a partner knows.
    IdentityCheck {
        InPerson = "in_person", "I met them and saw who they are";
        CalledBack = "called_back", "I called them back on a number that was on record before they asked";
        Officer = "officer", "An officer or a support worker who knows them confirmed it to me";
    }
}

coded! {
    /// How an invitation's link gets to the person.
    Delivery {
        Letter = "letter", "A letter to print";
        Email = "email", "An email";
    }
}

/// An inbox of which the person said, alone with staff: only I read this. It is good for the one link
/// that they are invited with. It is no contact point and no grant: both come from them, later.
///
/// Only the form that asks whether this was said makes one ([`crate::forms::joining::EmailLink`]).
#[derive(Clone, PartialEq, Eq)]
pub struct OwnInbox(String);

impl OwnInbox {
    pub(crate) fn told_alone(address: String) -> Self {
        Self(address)
    }

    /// Read back from the invitation that it was kept with, for the sender.
    #[must_use]
    pub fn kept(address: String) -> Self {
        Self(address)
    }

    #[must_use]
    pub fn address(&self) -> &str {
        &self.0
    }
}

/// An address: not for logs.
impl fmt::Debug for OwnInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnInbox(..)")
    }
}

/// What is wrong with a chosen PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPin {
    #[error("Your PIN must be 6 to 12 digits")]
    Length,
    #[error("That PIN is too easy to guess. Do not use the same digit again and again, or digits in order")]
    Pattern,
}

/// A PIN that somebody may choose: 6 to 12 digits, and none that a list of common PINs begins with.
pub fn check_pin(pin: &str) -> Result<(), WeakPin> {
    if !(6..=12).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit()) {
        return Err(WeakPin::Length);
    }
    let bytes = pin.as_bytes();
    let steps_by = |step: i16| bytes.windows(2).all(|two| (i16::from(two[1]) - i16::from(two[0]) - step).rem_euclid(10) == 0);
    let repeats = |length: usize| bytes.iter().skip(length).zip(bytes).all(|(one, before)| one == before);
    // 000000, 123456, 987654, 890123, 121212, 123123
    if steps_by(0) || steps_by(1) || steps_by(-1) || (2..=3).any(repeats) {
        return Err(WeakPin::Pattern);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_however_it_is_typed_and_shows_in_no_log() {
        let word = SpokenWord::from_random([0, 31, 62, 93, 124, 255]);
        for typed in [
            word.spoken(),
            word.spoken().to_lowercase(),
            word.as_str().to_owned(),
            format!(" {}-{} ", &word.as_str()[..2], &word.as_str()[2..]),
        ] {
            assert_eq!(SpokenWord::parse(&typed), Some(word.clone()), "{typed}");
        }
        assert!(!format!("{word:?}").contains(word.as_str()));
        for text in ["", "ABCDE", "ABCDEFG", "ABCDE0", "ABCDEI", "ÄBCDEF", &"A".repeat(60)] {
            assert_eq!(SpokenWord::parse(text), None, "{text}");
        }
    }

    #[test]
    fn easy_pins_are_refused() {
        for pin in ["000000", "123456", "654321", "789012", "210987", "121212", "123123", "777777777777"] {
            assert_eq!(check_pin(pin), Err(WeakPin::Pattern), "{pin}");
        }
        for pin in ["", "12345", "1234567890123", "12345a", "١٢٣٤٥٦"] {
            assert_eq!(check_pin(pin), Err(WeakPin::Length), "{pin}");
        }
        for pin in ["246813", "112358", "120398", "999998"] {
            assert_eq!(check_pin(pin), Ok(()), "{pin}");
        }
    }

    #[test]
    fn codes_read_back() {
        assert!(Device::ALL.iter().all(|one| Device::from_code(one.code()) == Some(*one)));
        assert!(Inbox::ALL.iter().all(|one| Inbox::from_code(one.code()) == Some(*one)));
        assert!(IdentityCheck::ALL.iter().all(|one| IdentityCheck::from_code(one.code()) == Some(*one)));
        assert!(Delivery::ALL.iter().all(|one| Delivery::from_code(one.code()) == Some(*one)));
    }
}
