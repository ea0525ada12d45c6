//! From a request to a handler and back: sessions, limits, headers, rendering, built files.
//! Journeys own their routes; this folder owns what all of them share.

pub mod accept;
pub mod assets;
pub mod client;
pub mod cookies;
pub mod error_pages;
pub mod fields;
pub mod form_token;
pub mod headers;
pub mod islands;
pub mod outgoing;
pub mod render;
pub mod router;
pub mod session;
