//! Asking for support. [`draft`] keeps half-finished answers, [`requests`] stores the finished ones
//! with their triage, notice and audit row in one transaction.

pub mod draft;
pub mod requests;
mod routes;

pub use routes::routes;
