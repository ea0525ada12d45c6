//! Signing in as a person: who are you (an address or a number), then a code that we send **and**
//! the PIN. Whether an account exists shows nowhere: same pages, same writes, same slow hash. A passkey
//! replaces both: `passkeys` has its pages, `passkey_store` its rows, `relying_party` the checks.

pub mod passkey_store;
mod passkeys;
pub mod relying_party;
mod routes;
pub mod security;
pub mod step_up;
mod store;

pub use routes::{challenge, routes};
pub use store::{CODE_LIFE, may_have_code};
