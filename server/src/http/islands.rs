//! The door for the hub's island. A desk is made for each call from the cookies it came with; a call
//! only looks, so it does not lengthen the session: a forgotten open page still times out.

use super::fields;
use super::session::{self, Sign};
use crate::error::Error;
use crate::hub;
use crate::portal::Portal;
use app::domain::policy::{Action, Object, Viewer, may};
use app::islands::api::PortalError;
use app::islands::views::QueueView;
use app::ports::Desk;
use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use std::sync::Arc;

struct CallDesk {
    portal: Portal,
    headers: HeaderMap,
}

fn failed(error: &Error) -> PortalError {
    tracing::error!(%error, "an island's call failed");
    PortalError::Unavailable
}

#[async_trait]
impl Desk for CallDesk {
    async fn queue(&self, mine_only: bool) -> Result<QueueView, PortalError> {
        let staff = session::staff(&self.portal, &self.headers, Sign::PageLooksByItself)
            .await
            .map_err(|error| failed(&error.into()))?
            .filter(|staff| may(Viewer::Staff(staff.role), Action::WorkTheQueue, Object::Hub).is_ok())
            .ok_or(PortalError::SignIn)?;
        hub::queue(&self.portal, &staff, mine_only.then_some(staff.staff)).await.map_err(|error| failed(&error))
    }
}

pub async fn call(State(portal): State<Portal>, request: Request) -> Response {
    // A form sent here by hand would be answered with a redirect that carries the error in its address.
    let wants_page =
        request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accepted| accepted.contains("text/html"));
    if wants_page {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, fields::LARGEST_FORM).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let desk: Arc<dyn Desk> = Arc::new(CallDesk { portal, headers: parts.headers.clone() });
    let request = Request::from_parts(parts, body.into());
    let mut response =
        leptos_axum::handle_server_fns_with_context(move || provide_context(Arc::clone(&desk)), request).await.into_response();
    // A call that was refused is the caller's matter; the code in the body says which.
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}
