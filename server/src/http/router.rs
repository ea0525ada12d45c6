//! Every route, and the layers around them. A journey's routes live with the journey.

use super::{assets, error_pages, form_token, headers, islands};
use crate::portal::Portal;
use crate::{account, cases, contact, exit, feed, files, hub, joining, public, representation, support};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// How long a body may say nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How long a request may take in all, its body included: one byte now and then does not hold a place for ever.
const LONGEST_REQUEST: Duration = Duration::from_mins(1);
/// The same for a photo from a bad line: 10 MB in five minutes are 35 KB a second.
const LONGEST_UPLOAD: Duration = Duration::from_mins(5);

pub fn router(portal: Portal) -> Router {
    Router::new()
        .merge(public::routes())
        .merge(joining::routes())
        .merge(account::routes())
        .merge(cases::routes())
        .merge(contact::routes())
        .merge(support::routes())
        .merge(files::routes())
        .merge(hub::routes())
        .merge(representation::routes())
        .merge(exit::routes())
        .layer(from_fn_with_state(portal.clone(), form_token::layer))
        // A browser's cookie must never work for a machine, nor a key for a browser: no CSRF rule here.
        .layer(CsrfLayer::new())
        .merge(feed::routes())
        .route("/api/island/{call}", post(islands::call).layer(CsrfLayer::new()))
        .route("/a/{name}", get(assets::hashed))
        .route("/favicon.svg", get(assets::favicon))
        .route("/robots.txt", get(assets::robots))
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONGEST_REQUEST))
        .merge(
            files::upload_routes()
                .layer(from_fn_with_state(portal.clone(), form_token::layer))
                .layer(CsrfLayer::new())
                .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONGEST_UPLOAD)),
        )
        .fallback(|| async { StatusCode::NOT_FOUND })
        // A body that trickles in is given up; inside the layer that gives a refusal its page.
        .layer(RequestBodyTimeoutLayer::new(LONGEST_PAUSE))
        .layer(from_fn_with_state(portal.clone(), error_pages::layer))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
        .layer(from_fn(headers::layer))
        .layer(CompressionLayer::new())
        .with_state(portal)
}

async fn ready(State(portal): State<Portal>) -> Response {
    let answers = async {
        let mut reader = portal.db.read().await?;
        crate::db::sql("select 1").fetch_one::<(i32,)>(&mut reader).await
    };
    match answers.await {
        Ok(_) => "ready".into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
