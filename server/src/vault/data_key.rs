//! Sealing one field of one row with one owner's key: XChaCha20-Poly1305, a random nonce of 192 bits.

use crate::db::DbError;
use crate::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use uuid::Uuid;

/// The first byte of everything sealed: which algorithm it was.
const XCHACHA20_POLY1305: u8 = 1;
const NONCE: usize = 24;

macro_rules! fields {
    ($($variant:ident => $column:literal,)+) => {
        /// The columns that hold sealed text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field { $($variant),+ }

        impl Field {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// `table.column`: part of what binds a sealed text to its place. Never change one.
            #[must_use]
            pub fn column(self) -> &'static str {
                match self { $(Self::$variant => $column),+ }
            }
        }
    };
}

fields! {
    PersonName => "people.name",
    PersonLanguage => "people.language",
    PersonCommunication => "people.communication",
    ContactPointValue => "contact_points.value",
    StaffTotpSecret => "staff.totp_secret",
    DraftAnswers => "drafts.answers",
    RequestAnswers => "support_requests.answers",
    RequestReasons => "support_requests.reasons",
    MessageBody => "messages.body",
    NoteBody => "notes.body",
    OpeningReason => "openings.reason",
    FileContent => "files.content",
    PasskeyCredential => "passkeys.credential",
    InvitationMailTo => "invitations.mail_to",
}

/// The key of one owner. To hold it is to be able to read all that is kept of them.
#[derive(Clone)]
pub struct DataKey {
    owner: Uuid,
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DataKey of {}", self.owner)
    }
}

impl DataKey {
    pub(super) fn new(owner: Uuid, key: &[u8; 32]) -> Self {
        Self { owner, cipher: XChaCha20Poly1305::new(key.into()) }
    }

    /// Whose key it is: a person, a member of staff or a submission.
    #[must_use]
    pub fn owner(&self) -> Uuid {
        self.owner
    }

    #[must_use]
    pub fn seal(&self, entropy: &Entropy, field: Field, row: Uuid, text: &str) -> String {
        seal(&self.cipher, entropy, &place(field.column(), row, self.owner), text.as_bytes())
    }

    /// As bytes: a file as text would be a third larger.
    #[must_use]
    pub fn seal_bytes(&self, entropy: &Entropy, field: Field, row: Uuid, bytes: &[u8]) -> Vec<u8> {
        seal_bytes(&self.cipher, entropy, &place(field.column(), row, self.owner), bytes)
    }

    pub fn open_bytes(&self, field: Field, row: Uuid, sealed: &[u8]) -> Result<Vec<u8>, DbError> {
        open_bytes(&self.cipher, &place(field.column(), row, self.owner), sealed)
            .ok_or_else(|| DbError::inconsistent(format!("{} of {row} does not open", field.column())))
    }

    pub fn open(&self, field: Field, row: Uuid, sealed: &str) -> Result<String, DbError> {
        open(&self.cipher, &place(field.column(), row, self.owner), sealed)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| DbError::inconsistent(format!("{} of {row} does not open", field.column())))
    }

    pub fn open_some(&self, field: Field, row: Uuid, sealed: Option<&str>) -> Result<Option<String>, DbError> {
        sealed.map(|sealed| self.open(field, row, sealed)).transpose()
    }
}

fn place(column: &str, row: Uuid, owner: Uuid) -> Vec<u8> {
    let mut place = Vec::with_capacity(32 + column.len());
    place.extend_from_slice(row.as_bytes());
    place.extend_from_slice(owner.as_bytes());
    place.extend_from_slice(column.as_bytes());
    place
}

pub(super) fn seal(cipher: &XChaCha20Poly1305, entropy: &Entropy, place: &[u8], bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(seal_bytes(cipher, entropy, place, bytes))
}

fn seal_bytes(cipher: &XChaCha20Poly1305, entropy: &Entropy, place: &[u8], bytes: &[u8]) -> Vec<u8> {
    let nonce = entropy.bytes::<NONCE>();
    let Ok(sealed) = cipher.encrypt(&XNonce::from(nonce), Payload { msg: bytes, aad: place }) else {
        unreachable!("only texts of 256 GiB and more cannot be sealed")
    };
    let mut whole = Vec::with_capacity(1 + NONCE + sealed.len());
    whole.push(XCHACHA20_POLY1305);
    whole.extend_from_slice(&nonce);
    whole.extend_from_slice(&sealed);
    whole
}

pub(super) fn open(cipher: &XChaCha20Poly1305, place: &[u8], sealed: &str) -> Option<Vec<u8>> {
    open_bytes(cipher, place, &STANDARD_NO_PAD.decode(sealed).ok()?)
}

fn open_bytes(cipher: &XChaCha20Poly1305, place: &[u8], whole: &[u8]) -> Option<Vec<u8>> {
    let (&algorithm, rest) = whole.split_first()?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
    if algorithm != XCHACHA20_POLY1305 {
        return None;
    }
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: place }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWNER: Uuid = Uuid::from_u128(1);
    const ROW: Uuid = Uuid::from_u128(2);

    proptest! {
        #[test]
        fn what_is_sealed_opens_again_and_shows_nothing(text in ".{0,300}") {
            let key = DataKey::new(OWNER, &[7; 32]);
            let entropy = Entropy::seeded(1);
            let sealed = key.seal(&entropy, Field::MessageBody, ROW, &text);
            prop_assert_eq!(key.open(Field::MessageBody, ROW, &sealed).unwrap(), text.clone());
            prop_assert_ne!(&sealed, &key.seal(&entropy, Field::MessageBody, ROW, &text), "the same text twice looks different");
        }

        #[test]
        fn damage_is_an_error_and_never_a_panic(damaged in ".{0,120}", at in 0usize..60, cut in 0usize..60) {
            let key = DataKey::new(OWNER, &[7; 32]);
            prop_assert!(key.open(Field::MessageBody, ROW, &damaged).is_err());
            let sealed = key.seal(&Entropy::seeded(1), Field::MessageBody, ROW, "some words");
            prop_assert!(key.open(Field::MessageBody, ROW, &sealed[..cut.min(sealed.len() - 1)]).is_err());
            let mut bytes = sealed.into_bytes();
            let at = at.min(bytes.len() - 1);
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            prop_assert!(key.open(Field::MessageBody, ROW, &String::from_utf8(bytes).unwrap()).is_err());
        }
    }

    #[test]
    fn moved_elsewhere_it_does_not_open() {
        let entropy = Entropy::seeded(1);
        let key = DataKey::new(OWNER, &[7; 32]);
        let sealed = key.seal(&entropy, Field::MessageBody, ROW, "words");
        assert!(key.open(Field::NoteBody, ROW, &sealed).is_err(), "another column");
        assert!(key.open(Field::MessageBody, OWNER, &sealed).is_err(), "another row");
        assert!(DataKey::new(OWNER, &[8; 32]).open(Field::MessageBody, ROW, &sealed).is_err(), "another key");
        assert!(DataKey::new(ROW, &[7; 32]).open(Field::MessageBody, ROW, &sealed).is_err(), "another owner");
    }
}
