//! The pages that anybody may read and any browser may keep for a few minutes.

use crate::portal::Portal;
use app::pages::public::{AccessibilityPage, FrontPage, HelpPage, PrivacyPage, RightsPage, ServicesPage};
use app::paths;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use leptos::prelude::*;

/// When the accessibility statement was written and last read again.
const STATEMENT_PREPARED: &str = "23 November 2026";
const STATEMENT_REVIEWED: &str = "23 November 2026";

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::FRONT, get(front))
        .route(paths::HELP, get(help))
        .route(paths::RIGHTS, get(rights))
        .route(paths::SERVICES, get(services))
        .route(paths::ACCESSIBILITY, get(accessibility))
        .route(paths::PRIVACY, get(privacy))
}

async fn front(State(portal): State<Portal>) -> Response {
    let hub = portal.hub();
    portal.public_page("Welcome").here(paths::FRONT).cacheable().show(move || view! { <FrontPage hub=hub/> })
}

async fn help(State(portal): State<Portal>) -> Response {
    let hub = portal.hub();
    portal.public_page("Get help").here(paths::HELP).cacheable().show(move || view! { <HelpPage hub=hub/> })
}

async fn rights(State(portal): State<Portal>) -> Response {
    let hub = portal.hub();
    portal.public_page("Your rights").here(paths::RIGHTS).cacheable().show(move || view! { <RightsPage hub=hub/> })
}

async fn services(State(portal): State<Portal>) -> Response {
    let hub = portal.hub();
    portal.public_page("Support services").here(paths::SERVICES).cacheable().show(move || view! { <ServicesPage hub=hub/> })
}

async fn accessibility(State(portal): State<Portal>) -> Response {
    let hub = portal.hub();
    portal.public_page("Accessibility").here(paths::ACCESSIBILITY).cacheable().show(move || {
        view! { <AccessibilityPage hub=hub prepared=STATEMENT_PREPARED.to_owned() reviewed=STATEMENT_REVIEWED.to_owned()/> }
    })
}

async fn privacy(State(portal): State<Portal>) -> Response {
    let hub = portal.hub();
    portal.public_page("Privacy").here(paths::PRIVACY).cacheable().show(move || view! { <PrivacyPage hub=hub/> })
}
