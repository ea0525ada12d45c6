//! The age format, version 1 (age-encryption.org/v1), for one X25519 key: who makes a backup cannot read it,
//! and who has the identity can, with the program `age` too. Reads what other programs sealed for several
//! keys; a test holds it to a file made by one.
//!
//! A file begins with lines: for each key the file key, wrapped, and a MAC over all. Then follow chunks of
//! 64 KiB, each numbered and the last one marked: none can be changed, left out, moved or cut off unseen.

use crate::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::io::{BufRead, Error, ErrorKind, Read, Result, Write};
use std::str::FromStr;
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

const VERSION: &str = "age-encryption.org/v1";
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
/// Of a header; ours has four.
const MOST_LINES: usize = 500;

/// The text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of age")]
pub struct NotAKey;

/// Whom a backup is for: `age1…`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

impl FromStr for Recipient {
    type Err = NotAKey;
    fn from_str(text: &str) -> std::result::Result<Self, NotAKey> {
        key("age", text).map(|key| Self(*key))
    }
}

/// Who can read it: `AGE-SECRET-KEY-1…`
pub struct Identity(Zeroizing<[u8; 32]>);

impl FromStr for Identity {
    type Err = NotAKey;
    /// From a file as `age-keygen` writes it: the first line that is no comment.
    fn from_str(text: &str) -> std::result::Result<Self, NotAKey> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).ok_or(NotAKey)?;
        key("age-secret-key-", line).map(Self)
    }
}

fn key(kind: &str, text: &str) -> std::result::Result<Zeroizing<[u8; 32]>, NotAKey> {
    let (found, bytes) = bech32::decode(text).map_err(|_| NotAKey)?;
    let bytes = Zeroizing::new(bytes);
    if !found.as_str().eq_ignore_ascii_case(kind) {
        return Err(NotAKey);
    }
    bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| NotAKey)
}

fn derived(secret: &[u8], salt: &[u8], label: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    if Hkdf::<Sha256>::new(Some(salt), secret).expand(label.as_bytes(), key.as_mut_slice()).is_err() {
        unreachable!("32 bytes are not too many");
    }
    key
}

/// What wraps a file key: from the two public keys and the secret that they share.
fn wrapping(shared: &[u8; 32], ephemeral: &[u8; 32], recipient: &[u8; 32]) -> ChaCha20Poly1305 {
    let key = derived(shared, &[*ephemeral, *recipient].concat(), "age-encryption.org/v1/X25519");
    ChaCha20Poly1305::new((&*key).into())
}

fn header_mac(file_key: &[u8], header: &[u8]) -> Hmac<Sha256> {
    let key = derived(file_key, b"", "header");
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.as_slice()) else { unreachable!("HMAC takes any key") };
    mac.update(header);
    mac
}

fn payload(file_key: &[u8], nonce: &[u8; 16]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new((&*derived(file_key, nonce, "payload")).into())
}

fn place(number: u64, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::from(nonce)
}

/// Seals what is written to it. Without [`finish`](Self::finish) the file has no end, and does not open.
pub struct Sealer<W> {
    out: W,
    cipher: ChaCha20Poly1305,
    number: u64,
    chunk: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    pub fn new(mut out: W, recipient: &Recipient, entropy: &Entropy) -> Result<Self> {
        let file_key = Zeroizing::new(entropy.bytes::<16>());
        let secret = Zeroizing::new(entropy.bytes::<32>());
        let ephemeral = x25519(*secret, X25519_BASEPOINT_BYTES);
        let shared = Zeroizing::new(x25519(*secret, recipient.0));
        if *shared == [0; 32] {
            return Err(Error::new(ErrorKind::InvalidInput, "the recipient is a key that hides nothing"));
        }
        // The key seals this one thing, so the nonce may be nought: the format wants it so.
        let Ok(wrapped) = wrapping(&shared, &ephemeral, &recipient.0).encrypt(&Nonce::default(), file_key.as_slice()) else {
            unreachable!("16 bytes can be sealed")
        };
        let header = format!("{VERSION}\n-> X25519 {}\n{}\n---", STANDARD_NO_PAD.encode(ephemeral), STANDARD_NO_PAD.encode(wrapped));
        let mac = header_mac(file_key.as_slice(), header.as_bytes()).finalize().into_bytes();
        let nonce = entropy.bytes::<16>();
        writeln!(out, "{header} {}", STANDARD_NO_PAD.encode(mac))?;
        out.write_all(&nonce)?;
        Ok(Self { out, cipher: payload(file_key.as_slice(), &nonce), number: 0, chunk: Vec::with_capacity(CHUNK) })
    }

    pub fn finish(mut self) -> Result<W> {
        self.seal(true)?;
        Ok(self.out)
    }

    fn seal(&mut self, last: bool) -> Result<()> {
        let Ok(sealed) = self.cipher.encrypt(&place(self.number, last), self.chunk.as_slice()) else {
            unreachable!("64 KiB can be sealed")
        };
        self.number += 1;
        self.chunk.clear();
        self.out.write_all(&sealed)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        // Only when more comes is a full chunk known not to be the last.
        if self.chunk.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

fn damaged(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

/// Why a file does not open at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("it is for another identity")]
    AnotherIdentity,
    #[error(transparent)]
    Read(#[from] Error),
}

/// Opens what a [`Sealer`] sealed. What it gives out is as it was written; a file that was cut short is an error at
/// its end.
pub struct Opener<R> {
    from: R,
    cipher: ChaCha20Poly1305,
    number: u64,
    chunk: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: BufRead> Opener<R> {
    pub fn new(mut from: R, identity: &Identity) -> std::result::Result<Self, OpenError> {
        let (header, stanzas, mac) = header(&mut from)?;
        let public = x25519(*identity.0, X25519_BASEPOINT_BYTES);
        let unwrapped = stanzas.iter().find_map(|(ephemeral, wrapped)| {
            let shared = Zeroizing::new(x25519(*identity.0, *ephemeral));
            let file_key = wrapping(&shared, ephemeral, &public).decrypt(&Nonce::default(), wrapped.as_slice()).ok()?;
            (*shared != [0; 32]).then(|| Zeroizing::new(file_key))
        });
        let file_key = unwrapped.ok_or(OpenError::AnotherIdentity)?;
        if header_mac(&file_key, &header).verify_slice(&mac).is_err() {
            return Err(damaged("its first lines were changed").into());
        }
        let mut nonce = [0; 16];
        from.read_exact(&mut nonce)?;
        Ok(Self { from, cipher: payload(&file_key, &nonce), number: 0, chunk: Vec::new(), given: 0, ended: false })
    }

    fn next_chunk(&mut self) -> Result<()> {
        let mut sealed = Vec::with_capacity(CHUNK + TAG);
        let limit = u64::try_from(CHUNK + TAG).unwrap_or(u64::MAX);
        self.from.by_ref().take(limit).read_to_end(&mut sealed)?;
        let last = self.from.fill_buf()?.is_empty();
        let opened = self.cipher.decrypt(&place(self.number, last), sealed.as_slice());
        self.chunk = opened.map_err(|_| damaged("a part of it was changed, or its end is missing"))?;
        if last && self.chunk.is_empty() && self.number > 0 {
            return Err(damaged("it has an end of its own behind the end"));
        }
        (self.number, self.given, self.ended) = (self.number + 1, 0, last);
        Ok(())
    }
}

impl<R: BufRead> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        while self.given == self.chunk.len() && !self.ended {
            self.next_chunk()?;
        }
        let rest = &self.chunk[self.given..];
        let taken = rest.len().min(into.len());
        into[..taken].copy_from_slice(&rest[..taken]);
        self.given += taken;
        Ok(taken)
    }
}

/// An ephemeral key, and what it wrapped.
type Stanza = ([u8; 32], Vec<u8>);

/// The lines that the MAC is over, those of them that are for X25519 keys, and the MAC.
fn header(from: &mut impl BufRead) -> Result<(Vec<u8>, Vec<Stanza>, Vec<u8>)> {
    let (mut header, mut stanzas) = (Vec::new(), Vec::new());
    if line(from)? != VERSION {
        return Err(damaged("it does not begin as a backup begins"));
    }
    header.extend_from_slice(VERSION.as_bytes());
    header.push(b'\n');
    let decoded = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| damaged("its first lines cannot be read"));
    let mut open: Option<[u8; 32]> = None;
    for _ in 0..MOST_LINES {
        let text = line(from)?;
        if let Some(mac) = text.strip_prefix("--- ") {
            header.extend_from_slice(b"---");
            return Ok((header, stanzas, decoded(mac)?));
        }
        if let Some(words) = text.strip_prefix("-> ") {
            open = words.strip_prefix("X25519 ").and_then(|key| decoded(key).ok()?.try_into().ok());
        } else if let Some(ephemeral) = open.take() {
            stanzas.push((ephemeral, decoded(&text)?));
        }
        header.extend_from_slice(text.as_bytes());
        header.push(b'\n');
    }
    Err(damaged("its first lines have no end"))
}

fn line(from: &mut impl BufRead) -> Result<String> {
    const LONGEST: u64 = 1024;
    let mut text = String::new();
    from.take(LONGEST).read_line(&mut text)?;
    text.strip_suffix('\n').map(str::to_owned).ok_or_else(|| damaged("its first lines are cut short"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: &str = "AGE-SECRET-KEY-1FCU3G6HTKU8V7GZNKU4FS6FW9CHR206S60C4AYS6CGRY8FRFVT2S9F24EC";
    const RECIPIENT: &str = "age16qhstdhqhc27enxv4rw2h256cry6tjeagmfqf3xz6ytve5an73vsruz2sa";
    const OTHER: &str = "AGE-SECRET-KEY-1KDFEVHW80NLSQSPDD595ZCDW2Q6JL07JR5CSHRH6FZRLEC6K6TQSMEAZZ3";

    /// Made by another program (the library of `rage`), for two keys, with a line of a kind nobody knows.
    const MADE_ELSEWHERE: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBwVmxVOXBLRmdsVTRLc1hYU0lzdmMveHhyQkc0bXhYR0xoWEdQZGQyQnpNCmliMnc4YzlyQ1FOZnVWZjJLL21MdGNReHRNMnlRSW41cmQyV3NVVlgvSGsKLT4gWDI1NTE5IFBjSHBUY1ZBT0kwa2pENnIvcndTSitkRWo0Y3BLcXZCbXFJUWpYTW95VkkKdFRYUWNUV0pvek1qSHZSQkZDZHVuSk84K1ludHEwZy9ZYmMvSGpjWUdOTQotPiA0RCphdy1ncmVhc2UKNjd1S2lOYlVGTnJCR3hoZUhadXY1L1pTbDN2RDZvU01jSnYvCi0tLSBXY1hZVzMwWm9QSlVXT1QzdG9yeDA2bjBMQ2RzS25VREdQR2ZkWmd5eWFJCvyWdGXQU2VdhpUg8LjqXu/UAyNBdhgC6DLtngc52FLxvIL7cRAxggd1RTpl75kRordpBK72ChGZvZ1T9wht/kFP";

    fn opened(sealed: &[u8], identity: &str) -> std::result::Result<Vec<u8>, OpenError> {
        let mut bytes = Vec::new();
        Opener::new(sealed, &identity.parse().unwrap())?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn sealed(bytes: &[u8]) -> Vec<u8> {
        let mut sealer = Sealer::new(Vec::new(), &RECIPIENT.parse().unwrap(), &Entropy::seeded(1)).unwrap();
        sealer.write_all(bytes).unwrap();
        sealer.finish().unwrap()
    }

    #[test]
    fn a_file_of_another_program_opens() {
        let file = base64::engine::general_purpose::STANDARD.decode(MADE_ELSEWHERE).unwrap();
        for identity in [IDENTITY, OTHER] {
            assert_eq!(opened(&file, identity).unwrap(), b"a line that nobody else can read\n");
        }
    }

    #[test]
    fn what_is_sealed_opens_for_its_identity_alone_whatever_its_length() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
            let bytes: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
            let file = sealed(&bytes);
            assert_eq!(opened(&file, IDENTITY).unwrap(), bytes, "{length}");
            assert!(matches!(opened(&file, OTHER), Err(OpenError::AnotherIdentity)));
        }
    }

    #[test]
    fn a_byte_that_is_changed_missing_or_too_many_shows() {
        let file = sealed(&vec![7; 2 * CHUNK]);
        let body = file.len() - 2 * (CHUNK + TAG);
        for at in (0..body).chain([body, body + CHUNK, body + CHUNK + TAG, file.len() - 1]) {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, IDENTITY).is_err(), "{at}");
        }
        // At the very end of a chunk too: the last one is marked.
        for length in [0, 10, body - 1, body, body + 100, body + CHUNK + TAG, file.len() - 1] {
            assert!(opened(&file[..length], IDENTITY).is_err(), "{length}");
        }
        assert!(opened(&[file.as_slice(), b"x"].concat(), IDENTITY).is_err());
    }

    #[test]
    fn only_keys_of_the_right_kind_are_keys() {
        assert!(RECIPIENT.parse::<Recipient>().is_ok());
        assert!(format!("# created by hand\n\n{IDENTITY}\n").parse::<Identity>().is_ok());
        let wrong = RECIPIENT.replace("age16q", "age16p");
        for bad in ["", "age1", IDENTITY, wrong.as_str()] {
            assert_eq!(bad.parse::<Recipient>(), Err(NotAKey), "{bad}");
        }
        for bad in ["", "# nothing", RECIPIENT] {
            assert!(bad.parse::<Identity>().is_err(), "{bad}");
        }
    }
}
