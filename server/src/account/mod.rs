//! Signing in as a person: who are you (an address or a number), then a code that we send **and**
//! the PIN. Whether an account exists shows nowhere: same pages, same writes, same slow hash.

mod routes;
pub mod security;
pub mod step_up;
mod store;

pub use routes::{challenge, routes};
pub use store::{CODE_LIFE, may_have_code};
