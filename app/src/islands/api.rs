//! The hub's island's call. Its body is one line: the server's desk does the work, with the viewer it
//! was made for. A call that only looks never lengthens a session. For persons' islands see `page`.

use super::views::QueueView;
use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What an island is told when a call fails. Codes only: nothing of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PortalError {
    #[error("sign in again")]
    SignIn,
    #[error("not available now")]
    Unavailable,
}

impl FromServerFnError for PortalError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(_: ServerFnErrorErr) -> Self {
        Self::Unavailable
    }
}

/// The hub's queue as it is now.
#[server(prefix = "/api/island", endpoint = "queue")]
pub async fn queue(mine_only: bool) -> Result<QueueView, PortalError> {
    crate::ports::desk()?.queue(mine_only).await
}
