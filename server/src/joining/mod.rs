//! Joining and getting back in. Staff make an invitation: a link, on paper or by email, and a word, told by
//! voice; so does a records system ([`crate::feed`]). Neither opens anything alone, opening the link changes nothing (mail scanners do that), and
//! an unknown link looks like a known one.
//!
//! The right word gives the browser a pass of half an hour, in a cookie, so that the link leaves the
//! address bar. With it the person says who else sees what, then chooses an address and a PIN. The
//! invitation is used up by the first sign-in with them: a mistyped address costs nobody the way in.
//!
//! It must not: send the word, show a link twice, or read back an address.

pub mod mailed;
mod routes;
pub mod store;

pub use routes::routes;
