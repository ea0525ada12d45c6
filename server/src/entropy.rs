//! Randomness, passed in: the operating system's, or a seeded stream that gives the same demo and
//! the same test every time.

use app::domain::ids::Reference;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use std::sync::Mutex;
use uuid::Uuid;

pub enum Entropy {
    System,
    Seeded(Box<Mutex<ChaCha20Rng>>),
}

impl Entropy {
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Box::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// Random bytes. A machine that has none to give must not go on: it would give out guessable
    /// tokens, so this ends the program.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
            Self::System => {
                if let Err(error) = getrandom::fill(&mut bytes) {
                    tracing::error!(%error, "the operating system gives no randomness");
                    std::process::abort();
                }
            }
            Self::Seeded(rng) => rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(&mut bytes),
        }
        bytes
    }

    /// An id that sorts by the time it was made.
    #[must_use]
    pub fn id(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A 256-bit token as 43 characters for a cookie.
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    #[must_use]
    pub fn reference(&self) -> Reference {
        Reference::from_random(self.bytes())
    }
}
