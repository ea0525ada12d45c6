//! The machine door, with a key, at most once for each `Idempotency-Key`: `POST /api/v1/cases` and
//! `POST /api/v1/invitations`. What both go through is `door`.

mod door;
mod invitations;
mod keys;
mod openapi;
mod routes;

pub use keys::{SCOPES, add_key, list, revoke, rotate};
pub use openapi::document as openapi;
pub use routes::routes;
