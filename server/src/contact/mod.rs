//! How a person may be contacted: what they chose, and how staff and the sender read it.

mod routes;
pub mod store;

pub use routes::routes;
