//! Photos and PDFs that people send with a message: read with bounds ([`upload`]), rid of what tells more
//! than the picture ([`strip`]), sealed with the sender's key ([`store`]), given back only to the sender who
//! has just given their PIN, and to staff whose work it is
//! (`hub::files`).
//!
//! A file leaves as an attachment under a policy that lets it do nothing. It is never shown in a page, and
//! its own name is not kept: it may tell what it shows. To take another kind: `app::domain::file`.

mod routes;
mod store;
mod strip;
mod upload;

pub use routes::{attached, routes, upload_routes};
pub use store::{Sealed, of_request, told};
