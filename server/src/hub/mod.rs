//! The hub: staff sign in with a password and a code, see one queue by tier and due time, claim,
//! answer, note, close. Exactly one member of staff holds a request; the version of a request keeps
//! two answers from crossing.

pub mod people;
mod routes;
mod sign_in;
pub mod store;

pub use sign_in::{add_staff, totp_code};
pub use store::queue;

use crate::portal::Portal;
use axum::Router;

pub fn routes() -> Router<Portal> {
    routes::routes().merge(sign_in::routes())
}
