//! The calls islands make. Each body is one line: the server's desk does the work, with the viewer
//! it was made for. A call that only looks never lengthens a session.

use super::views::{ThreadKey, ThreadView};
use crate::forms::FieldErrors;
use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What an island is told when a call fails. Codes only: nothing a person typed, nothing of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PortalError {
    #[error("sign in again")]
    SignIn,
    #[error("not found")]
    NotFound,
    #[error("not valid")]
    Invalid(FieldErrors),
    #[error("not available now")]
    Unavailable,
}

impl FromServerFnError for PortalError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(_: ServerFnErrorErr) -> Self {
        Self::Unavailable
    }
}

/// The conversation as it is now.
#[server(prefix = "/api/island", endpoint = "thread")]
pub async fn thread(key: ThreadKey) -> Result<ThreadView, PortalError> {
    crate::ports::desk()?.thread(key).await
}

/// Sends a message; answers the conversation with it.
#[server(prefix = "/api/island", endpoint = "message")]
pub async fn send_message(key: ThreadKey, message: String, submission: String) -> Result<ThreadView, PortalError> {
    crate::ports::desk()?.send_message(key, message, submission).await
}

/// Keeps unfinished words of a request for support; answers the time they were kept, in words.
#[server(prefix = "/api/island", endpoint = "words")]
pub async fn keep_words(words: String) -> Result<String, PortalError> {
    crate::ports::desk()?.keep_words(words).await
}

/// The hub's queue as it is now.
#[cfg(feature = "hub")]
#[server(prefix = "/api/island", endpoint = "queue")]
pub async fn queue(mine_only: bool) -> Result<super::views::QueueView, PortalError> {
    crate::ports::desk()?.queue(mine_only).await
}
