//! Cookies: read, set, taken away. All are `__Host-`, `Secure`, `HttpOnly`, `SameSite=Strict`, and
//! end with the browser; but for [`SIGN_ON`]. Their names say nothing.

use axum::http::{HeaderMap, HeaderValue, header};

/// A signed-in person.
pub const PERSON: &str = "__Host-s";
/// A signed-in member of staff.
pub const STAFF: &str = "__Host-w";
/// Between "who are you" and the code.
pub const CHALLENGE: &str = "__Host-c";
/// Between asking for a passkey and its answer.
pub const PASSKEY: &str = "__Host-p";
/// Between a staff password and the code.
pub const STAFF_CHALLENGE: &str = "__Host-k";
/// Somebody who knew the link and the word of an invitation.
pub const JOINING: &str = "__Host-j";
/// A half-finished request for support.
pub const DRAFT: &str = "__Host-d";

/// A colleague who has gone to the organisation's own sign-in. It must come along when another site leads back, so it
/// is `SameSite=Lax`, and lives ten minutes.
pub const SIGN_ON: &str = "__Host-o";

const ALL: [&str; 8] = [PERSON, STAFF, CHALLENGE, PASSKEY, STAFF_CHALLENGE, JOINING, DRAFT, SIGN_ON];

#[must_use]
pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty() && value.len() <= 128)
        .map(str::to_owned)
}

/// One cookie alone: what else the browser has stays out of it.
#[must_use]
pub fn only(headers: &HeaderMap, name: &str) -> HeaderMap {
    let mut kept = HeaderMap::new();
    if let Some(token) = read(headers, name)
        && let Ok(value) = HeaderValue::from_str(&format!("{name}={token}"))
    {
        kept.insert(header::COOKIE, value);
    }
    kept
}

/// A `Set-Cookie` value. The token is of our own making: letters, digits, `-` and `_`.
#[must_use]
pub fn set(name: &str, token: &str) -> HeaderValue {
    cookie(&format!("{name}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"))
}

/// The one that another site's link brings along.
#[must_use]
pub fn set_sign_on(token: &str) -> HeaderValue {
    cookie(&format!("{SIGN_ON}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"))
}

#[must_use]
pub fn gone(name: &str) -> HeaderValue {
    cookie(&format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"))
}

fn cookie(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Takes every cookie of ours away.
pub fn all_gone(headers: &mut HeaderMap) {
    for name in ALL {
        headers.append(header::SET_COOKIE, gone(name));
    }
}
