//! The machine door: `POST /api/v1/cases`, with a key, at most once for each `Idempotency-Key`.

mod keys;
mod openapi;
mod routes;

pub use keys::{add_key, list, revoke, rotate};
pub use openapi::document as openapi;
pub use routes::routes;
