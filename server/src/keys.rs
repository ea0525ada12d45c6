//! Secrets: the master key and what is derived from it, token hashes, PINs and passwords.

use crate::entropy::Entropy;
use app::domain::joining::SpokenWord;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// SHA-256 as lower-case hex: for tokens of 256 random bits, which need no slow hash.
#[must_use]
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the secret key file {path} cannot be read or written: {cause}")]
    File { path: String, cause: std::io::Error },
    #[error("the secret key file {0} must hold at least 32 bytes")]
    Short(String),
    #[error("the secret key file {0} can be read by others: run chmod 600 on it")]
    Open(String),
}

/// Keys derived from the master key, one for each purpose.
pub struct Keys {
    codes: [u8; 32],
    words: [u8; 32],
}

impl Keys {
    #[must_use]
    pub fn new(master: &[u8]) -> Self {
        Self { codes: mac(master, &[b"portal sign-in codes 1"]), words: mac(master, &[b"portal spoken words 1"]) }
    }

    /// Reads the master key, or makes it on the very first start.
    pub fn from_file(path: &Path, entropy: &Entropy) -> Result<Self, KeyError> {
        let name = path.display().to_string();
        let broken = |cause| KeyError::File { path: name.clone(), cause };
        if !path.exists() {
            write_private(path, &entropy.bytes::<32>()).map_err(broken)?;
        }
        if readable_by_others(path).map_err(broken)? {
            return Err(KeyError::Open(name));
        }
        let master = std::fs::read(path).map_err(broken)?;
        if master.len() < 32 {
            return Err(KeyError::Short(name));
        }
        Ok(Self::new(&master))
    }

    /// The six digits of a sign-in challenge. Derived, so that the database need not hold them and
    /// the sender can say them.
    #[must_use]
    pub fn code(&self, challenge: Uuid) -> String {
        let mac = mac(&self.codes, &[b"digits", challenge.as_bytes()]);
        let number = mac.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    /// What the database keeps of a code: useless without the key, so six digits cannot be guessed
    /// from a stolen copy.
    #[must_use]
    pub fn code_hash(&self, challenge: Uuid, code: &str) -> String {
        hex(&mac(&self.codes, &[b"hash", challenge.as_bytes(), code.as_bytes()]))
    }

    /// What the database keeps of the word of an invitation: as useless without the key.
    #[must_use]
    pub fn word_hash(&self, invitation: Uuid, word: &SpokenWord) -> String {
        hex(&mac(&self.words, &[invitation.as_bytes(), word.as_str().as_bytes()]))
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes any key") };
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(unix)]
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Are the two texts the same? Takes the same time whatever they hold.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Argon2id, 19 MiB, 2 passes, 1 lane (OWASP 2023; security reference 3.1).
fn argon() -> Argon2<'static> {
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, Params::new(19 * 1024, 2, 1, None).unwrap_or_default())
}

/// A PIN or password, hashed. Slow on purpose: call it through [`off_thread`].
#[must_use]
pub fn hash_secret(secret: &str, entropy: &Entropy) -> String {
    hash_with_salt(secret, entropy.bytes())
}

/// The same, with randomness taken before the slow work is handed to another thread.
#[must_use]
pub fn hash_with_salt(secret: &str, salt: [u8; 16]) -> String {
    match argon().hash_password_with_salt(secret.as_bytes(), &salt) {
        Ok(hash) => hash.to_string(),
        // Only wrong parameters can fail, and they are constants above.
        Err(_) => unreachable!("argon2 parameters are constants"),
    }
}

/// Does the secret match the hash? With no hash it takes the same time and says no.
#[must_use]
pub fn verify_secret(secret: &str, hash: Option<&str>) -> bool {
    let decoy = format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", STANDARD_NO_PAD.encode([7; 16]), STANDARD_NO_PAD.encode([7; 32]));
    let known = hash.is_some();
    let parsed = argon2::password_hash::phc::PasswordHash::new(hash.unwrap_or(&decoy));
    parsed.is_ok_and(|parsed| argon().verify_password(secret.as_bytes(), &parsed).is_ok()) && known
}

/// Runs slow hashing where it does not hold up other requests.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_verify_only_against_their_own_hash() {
        let entropy = Entropy::seeded(1);
        let hash = hash_secret("246813", &entropy);
        assert!(verify_secret("246813", Some(&hash)));
        assert!(!verify_secret("246814", Some(&hash)));
        assert!(!verify_secret("246813", None));
        assert_ne!(hash, hash_secret("246813", &entropy), "salted");
    }

    #[test]
    fn codes_are_six_digits_and_their_hash_needs_the_key() {
        let (one, other) = (Keys::new(&[1; 32]), Keys::new(&[2; 32]));
        let challenge = Uuid::from_u128(7);
        let code = one.code(challenge);
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
        assert_ne!(code, one.code(Uuid::from_u128(8)));
        assert_ne!(one.code_hash(challenge, &code), other.code_hash(challenge, &code));
    }
}
