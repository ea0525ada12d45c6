//! What islands' calls need from the server. The server makes a desk for each call, for the viewer
//! its cookies prove, and puts it in context; so a call can never name whose data it wants.

use crate::islands::api::PortalError;
use crate::islands::views::QueueView;
use async_trait::async_trait;
use leptos::prelude::use_context;
use std::sync::Arc;

#[async_trait]
pub trait Desk: Send + Sync {
    async fn queue(&self, mine_only: bool) -> Result<QueueView, PortalError>;
}

/// The desk of this call.
pub fn desk() -> Result<Arc<dyn Desk>, PortalError> {
    use_context::<Arc<dyn Desk>>().ok_or(PortalError::Unavailable)
}
