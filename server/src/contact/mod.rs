//! How a person may be contacted: what they chose (`store`), and by which address or number (`points`).

pub mod points;
mod routes;
pub mod store;

pub use routes::routes;
