//! What may be said in the log. Whatever level is asked for, libraries that print addresses of
//! requests whole are silent: the link of an invitation is a secret that stands in one. So is the one
//! that prints what a passkey answers.

use tracing_subscriber::EnvFilter;

/// Targets that print a request's address, or what stands in its form.
const TELL_TOO_MUCH: [&str; 3] = ["tower_http::csrf=off", "tower_http::csrf::service=off", "webauthn_rs_core=off"];

/// The filter that was asked for, with those silenced.
#[must_use]
pub fn filter(wanted: EnvFilter) -> EnvFilter {
    TELL_TOO_MUCH.iter().filter_map(|directive| directive.parse().ok()).fold(wanted, EnvFilter::add_directive)
}
