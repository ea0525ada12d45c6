//! Master keys: a file outside the database, one `id key` a line, the newest first. The newest wraps;
//! older ones only open what has not been wrapped again yet.

use super::data_key::{open, seal};
use crate::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::KeyInit as _;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    #[error("the master key file {path} cannot be read or written: {cause}")]
    File { path: String, cause: std::io::Error },
    #[error("the master key file {0} is not there, and this database was made with one: put it back")]
    Missing(String),
    #[error("the master key file {0} can be read by others: run chmod 600 on it")]
    Open(String),
    #[error("the master key file {0} must hold lines of an id and 32 bytes in base64")]
    Unreadable(String),
}

struct Master {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

impl Master {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

/// At least one.
pub struct Masters(Vec<Master>);

impl Masters {
    /// One master key from bytes at hand: for tests and the bench.
    #[must_use]
    pub fn single(key: [u8; 32]) -> Self {
        Self(vec![Master { id: "0".into(), key: Zeroizing::new(key) }])
    }

    pub fn read(path: &Path) -> Result<Self, MasterError> {
        let name = path.display().to_string();
        let broken = |cause| MasterError::File { path: name.clone(), cause };
        if std::fs::metadata(path).map_err(broken)?.permissions().mode() & 0o077 != 0 {
            return Err(MasterError::Open(name));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(broken)?);
        let masters: Option<Vec<Master>> = text
            .lines()
            .map(|line| {
                let (id, key) = line.split_once(' ')?;
                let key = Zeroizing::new(<[u8; 32]>::try_from(STANDARD_NO_PAD.decode(key.trim()).ok()?).ok()?);
                (!id.is_empty() && !id.contains(':')).then(|| Master { id: id.to_owned(), key })
            })
            .collect();
        masters.filter(|masters| !masters.is_empty()).map(Self).ok_or(MasterError::Unreadable(name))
    }

    pub(super) fn read_or_make(path: &Path, may_make: bool, entropy: &Entropy) -> Result<Self, MasterError> {
        if path.exists() {
            return Self::read(path);
        }
        if !may_make {
            return Err(MasterError::Missing(path.display().to_string()));
        }
        let masters = Self(vec![new_master(entropy)]);
        masters.write(path)?;
        Ok(masters)
    }

    /// Puts a new master key before the others, and the whole back into the file.
    pub(super) fn add(mut self, path: &Path, entropy: &Entropy) -> Result<Self, MasterError> {
        self.0.insert(0, new_master(entropy));
        self.write(path)?;
        Ok(self)
    }

    /// Whole or not at all: a file half written would lose every name.
    fn write(&self, path: &Path) -> Result<(), MasterError> {
        let broken = |cause| MasterError::File { path: path.display().to_string(), cause };
        let part = path.with_extension("master.part");
        let written = || {
            let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
            for master in &self.0 {
                writeln!(file, "{} {}", master.id, Zeroizing::new(STANDARD_NO_PAD.encode(*master.key)).as_str())?;
            }
            file.sync_all()?;
            std::fs::rename(&part, path)?;
            // The name, too, must survive a power cut.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
            std::fs::File::open(folder)?.sync_all()
        };
        written().map_err(broken)
    }

    /// The id of the one that wraps.
    #[must_use]
    pub fn newest(&self) -> &str {
        self.0.first().map_or("", |master| master.id.as_str())
    }

    /// `id:sealed`
    pub(super) fn wrap(&self, owner: Uuid, key: &[u8; 32], entropy: &Entropy) -> String {
        let Some(master) = self.0.first() else { unreachable!("there is at least one") };
        format!("{}:{}", master.id, seal(&master.cipher(), entropy, &place(&master.id, owner), key))
    }

    pub(super) fn unwrap(&self, owner: Uuid, wrapped: &str) -> Option<Zeroizing<[u8; 32]>> {
        let (id, sealed) = wrapped.split_once(':')?;
        let master = self.0.iter().find(|master| master.id == id)?;
        Some(Zeroizing::new(open(&master.cipher(), &place(id, owner), sealed)?.try_into().ok()?))
    }
}

fn new_master(entropy: &Entropy) -> Master {
    Master { id: crate::keys::hex(&entropy.bytes::<4>()), key: Zeroizing::new(entropy.bytes()) }
}

fn place(id: &str, owner: Uuid) -> Vec<u8> {
    [owner.as_bytes(), b"data_keys.wrapped".as_slice(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_made_once_kept_private_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.master");
        let entropy = Entropy::seeded(1);
        assert!(matches!(Masters::read_or_make(&path, false, &entropy), Err(MasterError::Missing(_))));
        let made = Masters::read_or_make(&path, true, &entropy).unwrap();
        let wrapped = made.wrap(Uuid::nil(), &[3; 32], &entropy);
        let again = Masters::read_or_make(&path, true, &entropy).unwrap();
        assert_eq!(again.unwrap(Uuid::nil(), &wrapped), Some(Zeroizing::new([3; 32])));
        assert_eq!(again.unwrap(Uuid::max(), &wrapped), None, "another owner's");
        let newer = again.add(&path, &entropy).unwrap();
        assert_ne!(newer.newest(), made.newest());
        assert_eq!(Masters::read(&path).unwrap().unwrap(Uuid::nil(), &wrapped), Some(Zeroizing::new([3; 32])), "the older one still opens");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Masters::read(&path), Err(MasterError::Open(_))));
        for bad in ["", "onlyid\n", "id !!\n", "id QUJD\n"] {
            std::fs::write(&path, bad).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(Masters::read(&path), Err(MasterError::Unreadable(_))), "{bad:?}");
        }
    }
}
