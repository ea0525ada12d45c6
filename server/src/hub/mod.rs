//! The hub: staff sign in with a password and a code, or with the organisation's own account (`single_sign_on`,
//! `provider`), see one queue by tier and due time, claim, answer, note, close. A record opens for those
//! whose work it is (`access`), for others with a reason (`openings`). Exactly one member of staff holds a request; the
//! version of a request keeps two answers from crossing.

mod access;
mod accounts;
mod files;
mod invitations;
mod openings;
pub mod password;
pub mod people;
mod provider;
mod routes;
mod sign_in;
mod single_sign_on;
pub mod store;

pub use accounts::{end as end_account, end_sessions};
pub use provider::{SingleSignOn, check_settings};
pub use sign_in::{NewStaff, add_staff, totp_code};
pub use store::queue;

use crate::portal::Portal;
use axum::Router;

pub fn routes() -> Router<Portal> {
    routes::routes()
        .merge(files::routes())
        .merge(people::routes())
        .merge(invitations::routes())
        .merge(openings::routes())
        .merge(password::routes())
        .merge(accounts::routes())
        .merge(sign_in::routes())
        .merge(single_sign_on::routes())
}
