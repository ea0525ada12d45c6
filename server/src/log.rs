//! What may be said in the log. Whatever level is asked for, libraries that print addresses of
//! requests whole are silent: the link of an invitation is a secret that stands in one.

use tracing_subscriber::EnvFilter;

/// Targets that print a request's address.
const TELL_ADDRESSES: [&str; 2] = ["tower_http::csrf=off", "tower_http::csrf::service=off"];

/// The filter that was asked for, with those silenced.
#[must_use]
pub fn filter(wanted: EnvFilter) -> EnvFilter {
    TELL_ADDRESSES.iter().filter_map(|directive| directive.parse().ok()).fold(wanted, EnvFilter::add_directive)
}
