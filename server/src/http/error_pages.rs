//! Every refusal gets a page that says what to do: also those of the framework, which are bare.

use crate::error::Troubled;
use crate::portal::Portal;
use app::pages::error::{Trouble, TroublePage};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use leptos::prelude::*;
use tracing::Instrument as _;

fn trouble_of(status: StatusCode) -> Trouble {
    match status {
        StatusCode::NOT_FOUND => Trouble::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => Trouble::TooLarge,
        StatusCode::CONFLICT => Trouble::OutOfDate,
        StatusCode::TOO_MANY_REQUESTS => Trouble::SlowDown,
        status if status.is_client_error() => Trouble::BadRequest,
        _ => Trouble::Unavailable,
    }
}

pub async fn layer(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let machine = request.uri().path().starts_with("/api/");
    let staff = request.uri().path().starts_with("/hub");
    // A number of its own for every request: all that is logged of it carries it, and a page of trouble
    // shows it.
    let id = portal.entropy.reference();
    let response = next.run(request).instrument(tracing::info_span!("request", %id)).await;
    let status = response.status();
    let has_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.to_str().unwrap_or("");
        kind.starts_with("text/html") || kind.starts_with("application/json")
    });
    if !(status.is_client_error() || status.is_server_error()) || has_page {
        return response;
    }
    let trouble = response.extensions().get::<Troubled>().map_or_else(|| trouble_of(status), |troubled| troubled.0);
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    if machine {
        parts.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        let body = serde_json::json!({ "error": trouble.title() }).to_string();
        return Response::from_parts(parts, body.into());
    }
    let hub = portal.hub();
    let about = status.is_server_error().then(|| id.to_string());
    if let Some(about) = &about {
        tracing::error!(about, status = status.as_u16(), "a page of trouble was shown");
    }
    let page = if staff { portal.staff_door(trouble.title()) } else { portal.public_page(trouble.title()) };
    let mut shown = page.status(status).show(move || view! { <TroublePage trouble=trouble hub=hub staff=staff about=about/> });
    // What else the refusal said, such as which methods are allowed.
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE {
            shown.headers_mut().append(name, value.clone());
        }
    }
    shown
}
