//! Checkpoints: the end of the chain as it was at a moment, signed (Ed25519), one line each:
//! `SEQ HASH TIME SIGNATURE`. Kept where the database's own people cannot write, they show a chain
//! that was cut short, rolled back to a backup, or written anew from the beginning.

use super::Verdict;
use super::end::end;
use crate::db::{Connection, DbError, sql};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// Signs checkpoints; its public half checks them.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        match Ed25519KeyPair::from_seed_unchecked(seed) {
            Ok(pair) => Self(pair),
            Err(_) => unreachable!("a seed of 32 bytes is a key"),
        }
    }

    /// For whoever checks the file elsewhere: base64 of 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> String {
        STANDARD_NO_PAD.encode(self.0.public_key().as_ref())
    }

    fn verify(&self, signed: &str, signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0.public_key().as_ref());
        STANDARD_NO_PAD.decode(signature).is_ok_and(|signature| key.verify(text(signed).as_bytes(), &signature).is_ok())
    }
}

fn text(signed: &str) -> String {
    format!("portal audit checkpoint {signed}")
}

/// The line for the end of the chain as it is now.
pub async fn line(on: &mut impl Connection, key: &Signer, at: DateTime<Utc>) -> Result<String, DbError> {
    let end = end(on).await?;
    let hash = if end.hash.is_empty() { "-" } else { &end.hash };
    let signed = format!("{} {hash} {}", end.seq, at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let signature = STANDARD_NO_PAD.encode(key.0.sign(text(&signed).as_bytes()).as_ref());
    Ok(format!("{signed} {signature}"))
}

/// Holds the chain against every line of a file; the first that does not fit is named.
pub async fn compare(on: &mut impl Connection, signer: &Signer, lines: &str) -> Result<Verdict, DbError> {
    let (mut last, mut checked) = (0, 0);
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let broken = |seq, why| Ok(Verdict::Broken { seq, why });
        let parts: Vec<&str> = line.split(' ').collect();
        let [seq, hash, at, signature] = parts[..] else { return broken(last, "a line of the checkpoints cannot be read") };
        let Ok(seq) = seq.parse::<i64>() else { return broken(last, "a line of the checkpoints cannot be read") };
        if !signer.verify(&format!("{seq} {hash} {at}"), signature) {
            return broken(seq, "the checkpoint was not signed with this key");
        }
        if seq < last {
            return broken(seq, "the checkpoints are not in order");
        }
        if seq > 0 {
            let row: Option<(String,)> = sql("select hash from audit where seq = $1").bind(seq).fetch_optional(on).await?;
            match row {
                None => return broken(seq, "a checkpoint names this row, and it is not there"),
                Some((found,)) if found != hash => return broken(seq, "it is not the row that the checkpoint names"),
                Some(_) => {}
            }
        }
        (last, checked) = (seq, checked + 1);
    }
    Ok(Verdict::Sound { rows: checked })
}
