//! The fields of a submitted form, strictly read: the right type, valid UTF-8, a bounded number.

use crate::error::Troubled;
use app::forms::Fields;
use app::pages::error::Trouble;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The largest form, in bytes: the longest text, four bytes a character, percent-encoded.
pub const LARGEST_FORM: usize = 64 * 1024;
const MOST_FIELDS: usize = 200;
/// The type of a form without a file.
pub const URLENCODED: &str = "application/x-www-form-urlencoded";

pub struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if !kind.to_ascii_lowercase().starts_with(URLENCODED) {
            // An empty body needs no type: a button alone sends nothing else.
            if request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length != "0") {
                return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, Trouble::BadRequest));
            }
        }
        let Ok(bytes) = axum::body::to_bytes(request.into_body(), LARGEST_FORM).await else {
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, Trouble::TooLarge));
        };
        parse(&bytes).map(Self).ok_or_else(|| refuse(StatusCode::BAD_REQUEST, Trouble::BadRequest))
    }
}

/// `None` for bytes that are not UTF-8 once decoded, and for too many fields.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Fields> {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(bytes).take(MOST_FIELDS + 1).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    // The decoder replaces what is not UTF-8; a replacement that was not sent is a fault.
    let decoded: usize = pairs.iter().map(|(name, value)| replacements(name) + replacements(value)).sum();
    let raw = String::from_utf8_lossy(bytes).to_ascii_uppercase();
    let sent = raw.matches("%EF%BF%BD").count() + std::str::from_utf8(bytes).map_or(0, replacements);
    (pairs.len() <= MOST_FIELDS && decoded == sent).then(|| Fields::new(pairs))
}

fn replacements(text: &str) -> usize {
    text.matches('\u{fffd}').count()
}

pub fn refuse(status: StatusCode, trouble: Trouble) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Troubled(trouble));
    response
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_utf8_is_read() {
        assert!(parse(b"a=%FF").is_none());
        assert!(parse(b"a=\xff").is_none());
        assert_eq!(parse("a=%C3%A4+b&a=\u{fffd}".as_bytes()).unwrap().raw("a"), "ä b");
        assert_eq!(parse(b"a=%ef%bf%bd").unwrap().raw("a"), "\u{fffd}");
        assert!(parse("a=1&".repeat(201).as_bytes()).is_none());
    }
}
