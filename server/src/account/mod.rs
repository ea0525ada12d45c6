//! Signing in as a person: who are you (an address or a number), then a code that we send **and**
//! the PIN. Whether an account exists shows nowhere: same pages, same writes, same slow hash.

mod routes;
mod store;

pub use routes::routes;
pub use store::CODE_LIFE;
