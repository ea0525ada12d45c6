//! What can stop a request, and what the browser is told: never the cause.

use crate::db::DbError;
use app::pages::error::Trouble;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or it is not this viewer's: the same answer.
    #[error("not found")]
    NotFound,
    /// There is no session: go and sign in.
    #[error("not signed in")]
    SignIn,
    #[error("staff are not signed in")]
    StaffSignIn,
    /// Somebody else was faster.
    #[error("out of date")]
    OutOfDate,
    /// Too many tries: later.
    #[error("too many tries")]
    SlowDown,
    #[error("not readable: {0}")]
    BadRequest(&'static str),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("internal: {0}")]
    Internal(String),
    /// There is a page that says why not, and what to do.
    #[error("shown")]
    Shown(Box<Response>),
}

/// Left on a response for the layer that gives it a page (`http::error_pages`).
#[derive(Clone, Copy, Debug)]
pub struct Troubled(pub Trouble);

impl Error {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignIn | Self::StaffSignIn => StatusCode::SEE_OTHER,
            Self::OutOfDate | Self::Db(DbError::Conflict { .. }) => StatusCode::CONFLICT,
            Self::SlowDown => StatusCode::TOO_MANY_REQUESTS,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Db(_) | Self::Internal(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Shown(page) => page.status(),
        }
    }

    fn trouble(&self) -> Trouble {
        match self {
            Self::NotFound | Self::SignIn | Self::StaffSignIn => Trouble::NotFound,
            Self::OutOfDate | Self::Db(DbError::Conflict { .. }) => Trouble::OutOfDate,
            Self::SlowDown => Trouble::SlowDown,
            Self::BadRequest(_) => Trouble::BadRequest,
            Self::Db(_) | Self::Internal(_) | Self::Shown(_) => Trouble::Unavailable,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Shown(page) = self {
            return *page;
        }
        let to = match self {
            Self::SignIn => Some(app::paths::SIGN_IN),
            Self::StaffSignIn => Some(app::paths::HUB_SIGN_IN),
            _ => None,
        };
        if let Some(to) = to {
            return (self.status(), [(header::LOCATION, to)]).into_response();
        }
        if self.status().is_server_error() {
            // Once, here, where it is handled. The driver's text names tables, never people.
            tracing::error!(error = %self, "a request failed");
        }
        let mut response = self.status().into_response();
        if matches!(self, Self::SlowDown) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response.extensions_mut().insert(Troubled(self.trouble()));
        response
    }
}
