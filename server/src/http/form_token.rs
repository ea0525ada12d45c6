//! A form of somebody who has signed in works in their own session only: each carries a token that no
//! other site can read, beside the browser's own word on where a form comes from (`CsrfLayer`) and cookies
//! that go nowhere else. The token is a keyed hash of the session, so it lives as long and is kept nowhere.
//!
//! [`put_in`] gives it to every form of a page; [`layer`] asks for it before any handler runs. What needs no
//! session ([`NEEDS_NONE`]) asks for none: a page opened before signing in must not lose what was typed. Forms
//! with a file are too large to be read here: `files::upload` asks for theirs.

use super::fields::{self, LARGEST_FORM};
use super::session::{self, Sign};
use crate::error::Troubled;
use crate::portal::Portal;
use app::forms::Fields;
use app::pages::error::Trouble;
use app::paths;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq as _;

/// The name of the field.
pub const FIELD: &str = "form_token";

/// Doors, what strangers may do too, and leaving.
const NEEDS_NONE: [&str; 6] = [paths::SIGN_IN, "/join", paths::SUPPORT_NEW, paths::HUB_SIGN_IN, paths::EXIT, "/api"];

fn needs_none(path: &str) -> bool {
    NEEDS_NONE.iter().any(|one| path.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The token of the session that a request to this address counts in.
pub async fn of(portal: &Portal, path: &str, headers: &HeaderMap) -> Result<Option<String>, crate::db::DbError> {
    let sign = Sign::PageLooksByItself;
    Ok(if path.starts_with("/hub") {
        session::staff(portal, headers, sign).await?.map(|staff| staff.form_token)
    } else {
        session::person(portal, headers, sign).await?.map(|person| person.form_token)
    })
}

/// Is it this session's token?
#[must_use]
pub fn fits(fields: &Fields, token: &str) -> bool {
    fields.one(FIELD).as_bytes().ct_eq(token.as_bytes()).into()
}

/// What a form without the right one gets: nothing was done.
pub fn refuse() -> Response {
    let mut response = StatusCode::FORBIDDEN.into_response();
    response.extensions_mut().insert(Troubled(Trouble::OutOfDate));
    response
}

pub async fn layer(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || needs_none(request.uri().path()) {
        return next.run(request).await;
    }
    let token = match of(&portal, request.uri().path(), request.headers()).await {
        Ok(Some(token)) => token,
        // Nobody is signed in: whatever they want to do leads to the door.
        Ok(None) => return next.run(request).await,
        Err(error) => return crate::error::Error::from(error).into_response(),
    };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_ascii_lowercase();
    if kind.starts_with("multipart/form-data") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST_FORM).await else {
        return fields::refuse(StatusCode::PAYLOAD_TOO_LARGE, Trouble::TooLarge);
    };
    if !bytes.is_empty() && !kind.starts_with(fields::URLENCODED) {
        return fields::refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, Trouble::BadRequest);
    }
    match fields::parse(&bytes) {
        None => fields::refuse(StatusCode::BAD_REQUEST, Trouble::BadRequest),
        Some(fields) if fits(&fields, &token) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Some(_) => refuse(),
    }
}

/// Puts the token into every form of a page that is sent: last in it, where an island that wakes up does not
/// look. Text of people is escaped, so the tag stands only where a form ends.
#[must_use]
pub fn put_in(page: &str, token: &str) -> String {
    const END: &str = "</form>";
    let mut whole = String::with_capacity(page.len() + 512);
    let mut parts = page.split(END).peekable();
    while let Some(part) = parts.next() {
        whole.push_str(part);
        if parts.peek().is_none() {
            break;
        }
        let form = part.rfind("<form").map_or("", |at| &part[at..]);
        if form.contains("method=\"post\"") && !form.contains(FIELD) {
            whole.push_str("<input type=\"hidden\" name=\"form_token\" value=\"");
            whole.push_str(token);
            whole.push_str("\">");
        }
        whole.push_str(END);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_is_sent_gets_one_and_no_other() {
        let page = "<form method=\"post\" action=\"/a\"><p>&lt;/form&gt;</p></form><form action=\"/search\"></form>\
                    <form method=\"post\"><input name=\"form_token\" value=\"own\"></form>end";
        let with = put_in(page, "abc");
        assert_eq!(with.matches("value=\"abc\"").count(), 1);
        assert!(with.contains("</p><input type=\"hidden\" name=\"form_token\" value=\"abc\"></form>"));
        assert_eq!(with.replace("<input type=\"hidden\" name=\"form_token\" value=\"abc\">", ""), page);
    }

    #[test]
    fn only_doors_strangers_ways_and_leaving_need_none() {
        for path in ["/sign-in", "/sign-in/code", "/join/abc", "/support/new/words", "/hub/sign-in", "/exit", "/api/island/queue"] {
            assert!(needs_none(path), "{path}");
        }
        for path in ["/sign-out", "/support/2222-2222", "/hub/sign-out", "/hub/requests/2222-2222/reply", "/joining", "/exits"] {
            assert!(!needs_none(path), "{path}");
        }
    }
}
