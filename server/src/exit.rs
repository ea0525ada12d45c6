//! "Exit this page". Ending one's own session is the one change a plain link may make: it must work
//! without script, signed out, and with the database down.

use crate::http::{cookies, session};
use crate::portal::Portal;
use app::paths;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub fn routes() -> Router<Portal> {
    Router::new().route(paths::EXIT, get(exit).post(exit))
}

async fn exit(State(portal): State<Portal>, headers: HeaderMap) -> Response {
    if let Err(error) = session::end(&portal.db, &headers, portal.now()).await {
        tracing::error!(%error, "a session could not be ended at exit; its cookie is taken away all the same");
    }
    // The script's beacon goes nowhere, and the page it came from leaves by itself: a redirect would
    // only be followed into the content policy. Whoever navigates is led away.
    let beacon = headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate");
    let mut response = if beacon { StatusCode::NO_CONTENT } else { StatusCode::SEE_OTHER }.into_response();
    let answer = response.headers_mut();
    if let (false, Ok(to)) = (beacon, HeaderValue::from_str(&portal.config.exit_url)) {
        answer.insert(header::LOCATION, to);
    }
    answer.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""));
    cookies::all_gone(answer);
    response
}
