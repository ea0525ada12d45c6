//! Somebody who acts for another. Staff add them when the person asked for it, alone; they join with an
//! invitation of their own, see of the case what their scope says and nothing else of the person, and the
//! person ends it with one tap. See `app::domain::representation`.
//!
//! It must not: go on by itself, be added by the representative, or show one of the two the other's
//! messages, requests or contact details.

mod routes;
pub mod store;

pub use routes::routes;
