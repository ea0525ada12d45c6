//! Secrets: the root key and what is derived from it, token hashes, PINs and passwords; and the vault,
//! whose master keys are another file.

use crate::audit::checkpoint::Signer;
use crate::entropy::Entropy;
use crate::vault::{MasterError, Masters, Vault};
use app::domain::joining::SpokenWord;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use uuid::Uuid;
use zeroize::Zeroizing;

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
    #[error("the secret key file {0} is not there, and this database was made with one: put it back")]
    Missing(String),
    #[error(transparent)]
    Master(#[from] MasterError),
}

/// Keys derived from the root key, one for each purpose, and the vault.
pub struct Keys {
    codes: [u8; 32],
    words: [u8; 32],
    contacts: [u8; 32],
    records: [u8; 32],
    pepper: [u8; 32],
    checkpoints: [u8; 32],
    blocks: [u8; 32],
    erasures: [u8; 32],
    forms: [u8; 32],
    passkeys: [u8; 32],
    sign_ons: [u8; 32],
    identities: [u8; 32],
    backups: [u8; 32],
    pub vault: Vault,
}

impl Keys {
    #[must_use]
    pub fn new(root: &[u8], vault: Vault) -> Self {
        Self {
            codes: mac(root, &[b"portal sign-in codes 1"]),
            words: mac(root, &[b"portal spoken words 1"]),
            contacts: mac(root, &[b"portal index of contact points 1"]),
            records: mac(root, &[b"portal index of records 1"]),
            pepper: mac(root, &[b"portal PINs and passwords 1"]),
            erasures: mac(root, &[b"portal erasure ledger 1"]),
            passkeys: mac(root, &[b"portal index of passkeys 1"]),
            blocks: mac(root, &[b"portal blocks of addresses 1"]),
            forms: mac(root, &[b"portal forms of sessions 1"]),
            checkpoints: mac(root, &[b"portal audit checkpoints 1"]),
            sign_ons: mac(root, &[b"portal single sign-on 1"]),
            identities: mac(root, &[b"portal index of single sign-on 1"]),
            backups: mac(root, &[b"portal backups 1"]),
            vault,
        }
    }

    /// Everything from bytes at hand: for tests and the bench.
    #[must_use]
    pub fn fixed(root: &[u8]) -> Self {
        Self::new(root, Vault::new(Masters::single(mac(root, &[b"master"]))))
    }

    /// Reads the root key and the master keys. With `may_make`, on the very first start, it makes what
    /// is not there; later a missing file is an error, since a new one could read nothing.
    pub fn from_files(root: &Path, masters: &Path, may_make: bool, entropy: &Entropy) -> Result<Self, KeyError> {
        let root = read_root(root, may_make, entropy)?;
        Ok(Self::new(&root, Vault::from_file(masters, may_make, entropy)?))
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

    /// Under what an email address or number is found: the same for equal values, useless without the key.
    #[must_use]
    pub fn contact_index(&self, value: &str) -> String {
        hex(&mac(&self.contacts, &[value.as_bytes()])[..16])
    }

    /// Under what a person of the records system is found again.
    #[must_use]
    pub fn record_index(&self, source: &str, key: &str) -> String {
        hex(&mac(&self.records, &[source.as_bytes(), key.as_bytes()])[..16])
    }

    /// Under what a passkey is found, by the id that the phone gave it.
    #[must_use]
    pub fn passkey_index(&self, credential_id: &[u8]) -> String {
        hex(&mac(&self.passkeys, &[credential_id])[..16])
    }

    /// What a single sign-on sends to the provider and asks back, by the word for it. Derived from the browser's token,
    /// so that neither the database nor the browser holds it.
    #[must_use]
    pub fn sign_on_part(&self, part: &str, token: &str) -> String {
        hex(&mac(&self.sign_ons, &[part.as_bytes(), token.as_bytes()]))
    }

    /// Under what a member of staff is found whom a provider knows by this subject.
    #[must_use]
    pub fn identity_index(&self, issuer: &str, subject: &str) -> String {
        hex(&mac(&self.identities, &[issuer.as_bytes(), subject.as_bytes()])[..16])
    }

    /// Under what the tries from a block of addresses are counted.
    #[must_use]
    pub fn block_index(&self, network: &[u8]) -> String {
        hex(&mac(&self.blocks, &[network])[..16])
    }

    /// What the forms of one session carry; the same until it ends, whatever its cookie is by then.
    #[must_use]
    pub fn form_token(&self, owner: Uuid, started_at: DateTime<Utc>) -> String {
        hex(&mac(&self.forms, &[owner.as_bytes(), &started_at.timestamp_micros().to_be_bytes()])[..16])
    }

    /// Shows that a line of the erasure ledger is ours.
    #[must_use]
    pub fn erasure_mac(&self, line: &str) -> String {
        hex(&mac(&self.erasures, &[line.as_bytes()]))
    }

    /// Shows that a backup is ours, from the SHA-256 of its lines.
    #[must_use]
    pub fn backup_mac(&self, digest: &[u8; 32]) -> String {
        hex(&mac(&self.backups, &[digest]))
    }

    /// Signs the end of the audit chain.
    #[must_use]
    pub fn signer(&self) -> Signer {
        Signer::new(&self.checkpoints)
    }

    /// A PIN or password, hashed with the pepper: six digits cannot be guessed from a stolen database.
    /// Slow on purpose: call it through [`off_thread`].
    #[must_use]
    pub fn hash_secret(&self, secret: &str, salt: [u8; 16]) -> String {
        match self.argon().hash_password_with_salt(secret.as_bytes(), &salt) {
            Ok(hash) => hash.to_string(),
            // Only wrong parameters can fail, and they are constants below.
            Err(_) => unreachable!("argon2 parameters are constants"),
        }
    }

    /// Does the secret match the hash? With no hash it takes the same time and says no.
    #[must_use]
    pub fn verify_secret(&self, secret: &str, hash: Option<&str>) -> bool {
        let decoy = format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", STANDARD_NO_PAD.encode([7; 16]), STANDARD_NO_PAD.encode([7; 32]));
        let known = hash.is_some();
        let parsed = argon2::password_hash::phc::PasswordHash::new(hash.unwrap_or(&decoy));
        parsed.is_ok_and(|parsed| self.argon().verify_password(secret.as_bytes(), &parsed).is_ok()) && known
    }

    /// Argon2id, 19 MiB, 2 passes, 1 lane (OWASP 2023; security reference 3.1).
    fn argon(&self) -> Argon2<'_> {
        let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
        match Argon2::new_with_secret(&self.pepper, argon2::Algorithm::Argon2id, argon2::Version::V0x13, params) {
            Ok(argon) => argon,
            Err(_) => unreachable!("the pepper has 32 bytes"),
        }
    }

    /// What stands in the link of an invitation. Derived, as codes are: the mail with it is made when it is
    /// sent, a machine that asks again gets the same answer, and no table holds it.
    #[must_use]
    pub fn invitation_token(&self, invitation: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.words, &[b"link", invitation.as_bytes()]))
    }

    /// The word of an invitation: who has the link knows nothing of it.
    #[must_use]
    pub fn invitation_word(&self, invitation: Uuid) -> SpokenWord {
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&mac(&self.words, &[b"word", invitation.as_bytes()])[..6]);
        SpokenWord::from_random(bytes)
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

fn read_root(path: &Path, may_make: bool, entropy: &Entropy) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let name = path.display().to_string();
    let broken = |cause| KeyError::File { path: name.clone(), cause };
    if !path.exists() {
        if !may_make {
            return Err(KeyError::Missing(name));
        }
        write_private(path, &entropy.bytes::<32>()).map_err(broken)?;
    }
    if readable_by_others(path).map_err(broken)? {
        return Err(KeyError::Open(name));
    }
    let root = Zeroizing::new(std::fs::read(path).map_err(broken)?);
    if root.len() < 32 {
        return Err(KeyError::Short(name));
    }
    Ok(root)
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

/// Slow hashes at once: each takes 19 MiB, and more than the processors gain nothing.
static AT_ONCE: Semaphore = Semaphore::const_new(8);

/// Runs slow hashing where it does not hold up other requests.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _place = AT_ONCE.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_verify_only_against_their_own_hash_and_with_the_pepper() {
        let (keys, others) = (Keys::fixed(&[1; 32]), Keys::fixed(&[2; 32]));
        let hash = keys.hash_secret("246813", [1; 16]);
        assert!(keys.verify_secret("246813", Some(&hash)));
        assert!(!keys.verify_secret("246814", Some(&hash)));
        assert!(!keys.verify_secret("246813", None));
        assert!(!others.verify_secret("246813", Some(&hash)), "a stolen database alone says nothing about a PIN");
        assert_ne!(hash, keys.hash_secret("246813", [2; 16]), "salted");
    }

    #[test]
    fn codes_are_six_digits_and_their_hash_needs_the_key() {
        let (one, other) = (Keys::fixed(&[1; 32]), Keys::fixed(&[2; 32]));
        let challenge = Uuid::from_u128(7);
        let code = one.code(challenge);
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
        assert_ne!(code, one.code(Uuid::from_u128(8)));
        assert_ne!(one.code_hash(challenge, &code), other.code_hash(challenge, &code));
    }

    #[test]
    fn a_link_and_a_word_need_the_key_and_are_each_invitations_own() {
        let (one, other) = (Keys::fixed(&[1; 32]), Keys::fixed(&[2; 32]));
        let (id, next) = (Uuid::from_u128(7), Uuid::from_u128(8));
        assert_eq!((one.invitation_token(id), one.invitation_word(id)), (one.invitation_token(id), one.invitation_word(id)));
        assert_eq!(one.invitation_token(id).len(), 43);
        for (keys, id) in [(&one, next), (&other, id)] {
            assert_ne!(one.invitation_token(Uuid::from_u128(7)), keys.invitation_token(id));
            assert_ne!(one.invitation_word(Uuid::from_u128(7)), keys.invitation_word(id));
        }
    }

    #[test]
    fn an_index_needs_the_key_and_keeps_sources_apart() {
        let (one, other) = (Keys::fixed(&[1; 32]), Keys::fixed(&[2; 32]));
        assert_eq!(one.contact_index("a@b.test"), one.contact_index("a@b.test"));
        assert_ne!(one.contact_index("a@b.test"), other.contact_index("a@b.test"));
        assert_ne!(one.record_index("ab", "c"), one.record_index("a", "bc"));
        assert_ne!(one.identity_index("ab", "c"), one.identity_index("a", "bc"));
        assert_ne!(one.identity_index("a", "b"), other.identity_index("a", "b"));
    }
}
