//! The door for islands' calls. A desk is made for each call from the cookies it came with; a call
//! that only looks does not lengthen the session, so a forgotten open page still times out.

use super::session::{self, PersonSession, Sign, StaffSession};
use super::{cookies, fields};
use crate::db::DbError;
use crate::error::Error;
use crate::portal::Portal;
use crate::{cases, hub, support};
use app::domain::ids::StaffId;
use app::forms::message::NewMessage;
use app::forms::support::Step;
use app::forms::{Fields, Form as _};
use app::islands::api::PortalError;
use app::islands::views::{QueueView, ThreadKey, ThreadView};
use app::ports::Desk;
use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use std::sync::Arc;
use uuid::Uuid;

struct CallDesk {
    portal: Portal,
    headers: HeaderMap,
}

impl CallDesk {
    async fn person(&self, sign: Sign) -> Result<PersonSession, PortalError> {
        session::person(&self.portal, &self.headers, sign).await.map_err(|error| told(error.into()))?.ok_or(PortalError::SignIn)
    }

    async fn staff(&self) -> Result<StaffSession, PortalError> {
        let sign = Sign::PageLooksByItself;
        session::staff(&self.portal, &self.headers, sign).await.map_err(|error| told(error.into()))?.ok_or(PortalError::SignIn)
    }
}

fn told(error: Error) -> PortalError {
    match error {
        Error::SignIn | Error::StaffSignIn => PortalError::SignIn,
        Error::NotFound | Error::Db(DbError::Conflict { .. }) | Error::OutOfDate | Error::BadRequest(_) => PortalError::NotFound,
        Error::Db(_) | Error::Internal(_) => {
            tracing::error!(%error, "an island's call failed");
            PortalError::Unavailable
        }
    }
}

#[async_trait]
impl Desk for CallDesk {
    async fn thread(&self, key: ThreadKey) -> Result<ThreadView, PortalError> {
        let person = self.person(Sign::PageLooksByItself).await?;
        cases::conversation::thread(&self.portal, &person, &key).await.map_err(told)
    }

    async fn send_message(&self, key: ThreadKey, message: String, submission: String) -> Result<ThreadView, PortalError> {
        let person = self.person(Sign::SomebodyIsThere).await?;
        let form = NewMessage::parse(&Fields::new(vec![("message".into(), message)])).map_err(PortalError::Invalid)?;
        let submission = submission.parse::<Uuid>().map_err(|_| PortalError::NotFound)?;
        cases::conversation::send(&self.portal, &person, &key, form, submission).await.map_err(told)?;
        cases::conversation::thread(&self.portal, &person, &key).await.map_err(told)
    }

    async fn keep_words(&self, words: String) -> Result<String, PortalError> {
        let fields = Fields::new(vec![("words".into(), words)]);
        Step::Words.check(&fields, false).map_err(PortalError::Invalid)?;
        let person = session::person(&self.portal, &self.headers, Sign::SomebodyIsThere).await.map_err(|error| told(error.into()))?;
        let token = cookies::read(&self.headers, cookies::DRAFT);
        support::draft::keep_words(&self.portal, person.as_ref(), token.as_deref(), &fields).await.map_err(told)
    }

    async fn queue(&self, mine_only: bool) -> Result<QueueView, PortalError> {
        let staff = self.staff().await?;
        let only: Option<StaffId> = mine_only.then_some(staff.staff);
        hub::queue(&self.portal, &staff, only).await.map_err(told)
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
