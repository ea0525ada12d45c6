//! From a page to a response. Data is loaded before; rendering is one synchronous pass, without an
//! inline script.

use super::form_token;
use super::headers::Policy;
use super::session::{PERSON_LIFE, PersonSession, StaffSession};
use crate::portal::Portal;
use app::shell::{Area, Frame, Shell, ShellProps};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use std::sync::Arc;

/// A view as HTML. Islands need the shared context, or they panic.
pub fn html<V: IntoView>(make: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let text = owner.with(|| make().into_view().to_html());
    owner.cleanup();
    text
}

/// A page being put together.
pub struct Page<'p> {
    frame: Frame,
    status: StatusCode,
    cacheable: bool,
    form_token: Option<String>,
    portal: &'p Portal,
}

impl Portal {
    fn page(&self, area: Area, title: impl Into<String>) -> Page<'_> {
        let idle = matches!(area, Area::Person { .. }).then(|| PERSON_LIFE.idle.num_seconds());
        let frame = Frame {
            title: title.into(),
            area,
            assets: self.assets.names.clone(),
            islands: false,
            passkey_script: None,
            problem: false,
            exit_to: self.config.exit_url.clone(),
            demo: self.demo,
            here: String::new(),
            idle,
        };
        Page { frame, status: StatusCode::OK, cacheable: false, form_token: None, portal: self }
    }

    /// A page that anybody may read.
    pub fn public_page(&self, title: impl Into<String>) -> Page<'_> {
        self.page(Area::Public, title)
    }

    /// A page for somebody who may or may not have signed in.
    pub fn open_page(&self, session: Option<&PersonSession>, title: impl Into<String>) -> Page<'_> {
        match session {
            Some(session) => self.person_page(session, title),
            None => self.page(Area::Public, title),
        }
    }

    pub fn person_page(&self, session: &PersonSession, title: impl Into<String>) -> Page<'_> {
        Page { form_token: Some(session.form_token.clone()), ..self.page(Area::Person { unread: session.unread }, title) }
    }

    pub fn staff_page(&self, session: &StaffSession, title: impl Into<String>) -> Page<'_> {
        let area = Area::Staff { name: session.name.clone(), pages: session.role.pages() };
        Page { form_token: Some(session.form_token.clone()), ..self.page(area, title) }
    }

    pub fn staff_door(&self, title: impl Into<String>) -> Page<'_> {
        self.page(Area::StaffDoor, title)
    }
}

impl Page<'_> {
    /// The page holds an island and loads its wasm.
    #[must_use]
    pub fn islands(mut self) -> Self {
        self.frame.islands = true;
        self
    }

    /// The page makes or uses a passkey, or offers to, and loads the script for it.
    #[must_use]
    pub fn passkeys(mut self, passkeys: bool) -> Self {
        self.frame.passkey_script = passkeys.then(|| self.portal.assets.names.passkey_js.clone()).flatten();
        self
    }

    /// Errors are shown: 422, and the title says so.
    #[must_use]
    pub fn problem(mut self, problem: bool) -> Self {
        if problem {
            self.frame.problem = true;
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        self
    }

    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Marks the page in the navigation.
    #[must_use]
    pub fn here(mut self, path: &str) -> Self {
        path.clone_into(&mut self.frame.here);
        self
    }

    /// The same for everybody: browsers may keep it for a short while.
    #[must_use]
    pub fn cacheable(mut self) -> Self {
        self.cacheable = true;
        self
    }

    pub fn show<V: IntoView + 'static>(self, main: impl FnOnce() -> V + Send + 'static) -> Response {
        let policy = Policy::Page { islands: self.frame.islands, exit: self.portal.config.exit_origin().to_owned() };
        let frame = self.frame;
        let mut text = html(move || Shell(ShellProps { frame, children: Box::new(move || main().into_any()) }));
        if let Some(token) = self.form_token {
            text = form_token::put_in(&text, &token);
        }
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if self.cacheable && self.status == StatusCode::OK {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        }
        response.extensions_mut().insert(policy);
        response
    }
}

/// A part of a page, for the island that asked for it. It carries no policy of its own: a browser that
/// opened it as a page could do nothing with it.
pub fn part<V: IntoView>(make: impl FnOnce() -> V) -> Response {
    let mut response = Response::new(Body::from(html(make)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
