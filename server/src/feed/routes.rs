//! `POST /api/v1/cases`, `GET /api/v1/openapi.json`.

use super::door::{self, Before, Call, MOST_CROSSINGS, Needs, answer, refuse};
use super::{invitations, keys};
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError};
use crate::import::apply::{self, Applied};
use crate::import::json_reader::read_json;
use crate::portal::Portal;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

const NEEDS: Needs = Needs { scope: keys::CASES, largest: 1024 * 1024, too_large: "a batch may have 1 MiB: send it in parts" };
/// Whose cases these are, beside what files bring.
pub const SOURCE: &str = "records";

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/api/v1/cases", post(cases))
        .route("/api/v1/invitations", post(invitations::invitations))
        .route("/api/v1/openapi.json", get(|| async { answer(StatusCode::OK, &super::openapi()) }))
}

async fn cases(State(portal): State<Portal>, request: Request) -> Response {
    match take(&portal, request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a batch could not be stored");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "not available now: send the same batch again later")
        }
    }
}

async fn take(portal: &Portal, request: Request) -> Result<Response, DbError> {
    let call = match door::enter(portal, &NEEDS, request).await? {
        Ok(call) => call,
        Err(refused) => return Ok(refused),
    };
    if let Some(response) = told_before(&call, &mut portal.db.read().await?).await? {
        return Ok(response);
    }
    let entries = match read_json(&call.bytes) {
        Ok(entries) => entries,
        Err(error) => return Ok(refuse(StatusCode::BAD_REQUEST, &error.to_string())),
    };
    let mut tries = 0;
    loop {
        match store(portal, &call, &entries).await {
            // The same batch was stored at the same moment: its answer is there by now.
            Err(DbError::Duplicate(_)) if tries < MOST_CROSSINGS => {
                tries += 1;
                // Read where it was written and committed, so that it is not repeated before it is durable.
                let mut tx = portal.db.write().await?;
                let told = told_before(&call, &mut tx).await?;
                tx.commit().await?;
                if let Some(response) = told {
                    return Ok(response);
                }
            }
            done => return done,
        }
    }
}

async fn told_before(call: &Call, on: &mut impl Connection) -> Result<Option<Response>, DbError> {
    Ok(match call.before(on).await? {
        Before::Nothing => None,
        Before::Same(status, text) => Some(door::text(status, text)),
        Before::Other => Some(door::used_for_another()),
    })
}

async fn store(portal: &Portal, call: &Call, entries: &[crate::import::record::Entry]) -> Result<Response, DbError> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let import = apply::begin(&mut tx, portal.new_id(), SOURCE, &call.machine.name, now).await?;
    let mut results: Vec<Value> = Vec::with_capacity(entries.len());
    let mut good = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let rejected = |reason: String| json!({ "item": place + 1, "result": "rejected", "reason": reason });
        match entry {
            Ok(record) => {
                if let Some(reason) = apply::unknown_role(record) {
                    results.push(rejected(reason));
                } else {
                    results.push(json!({ "item": place + 1, "reference": record.source_key }));
                    good.push((place, record.clone()));
                }
            }
            Err(reject) => results.push(rejected(reject.reason.clone())),
        }
    }
    let (places, records): (Vec<usize>, Vec<_>) = good.into_iter().unzip();
    for (places, records) in places.chunks(apply::GROUP).zip(records.chunks(apply::GROUP)) {
        let applied = apply::group(portal, &mut tx, &import, records).await?;
        for (place, applied) in places.iter().zip(applied) {
            results[*place]["result"] = match applied {
                Applied::Accepted => "accepted".into(),
                Applied::Unchanged => "unchanged".into(),
            };
        }
    }
    let text = json!({ "results": results }).to_string();
    call.keep(&mut tx, StatusCode::OK, &text, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::Machine(call.machine.key_id.clone()), Act::CasesImported, None, import.id)).await?;
    tx.commit().await?;
    Ok(door::text(StatusCode::OK, text))
}
