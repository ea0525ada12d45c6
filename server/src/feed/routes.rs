//! `POST /api/v1/cases`, `GET /api/v1/openapi.json`.

use super::keys::{self, Machine};
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, sql};
use crate::import::apply::{self, Applied};
use crate::import::json_reader::read_json;
use crate::keys::hex;
use crate::portal::Portal;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const LARGEST_BATCH: usize = 1024 * 1024;
/// Whose cases these are, beside what files bring.
const SOURCE: &str = "records";
/// How often a batch is begun again because another stored the same cases in between.
const MOST_CROSSINGS: u32 = 10;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/api/v1/cases", post(cases))
        .route("/api/v1/openapi.json", get(|| async { answer(StatusCode::OK, &super::openapi()) }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn refuse(status: StatusCode, why: &str) -> Response {
    answer(status, &json!({ "error": why }))
}

async fn cases(State(portal): State<Portal>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match take(&portal, &parts.headers, body).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a batch could not be stored");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "not available now: send the same batch again later")
        }
    }
}

async fn take(portal: &Portal, headers: &HeaderMap, body: Body) -> Result<Response, DbError> {
    let Some(machine) = keys::machine(portal, headers).await? else {
        return Ok(refuse(StatusCode::UNAUTHORIZED, "send a valid key as Authorization: Bearer KEY"));
    };
    if !machine.may("cases:write") {
        return Ok(refuse(StatusCode::FORBIDDEN, "this key does not have the scope cases:write"));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        return Ok(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"));
    }
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST_BATCH).await else {
        return Ok(refuse(StatusCode::PAYLOAD_TOO_LARGE, "a batch may have 1 MiB: send it in parts"));
    };
    let once = headers.get("idempotency-key").map(|value| value.to_str().unwrap_or("").to_owned());
    if once.as_ref().is_some_and(|key| key.is_empty() || key.len() > 200) {
        return Ok(refuse(StatusCode::BAD_REQUEST, "the Idempotency-Key must be 1 to 200 visible characters"));
    }
    let fingerprint = hex(&Sha256::digest(&bytes));
    if let Some(response) = told_before(&mut portal.db.read().await?, &machine, once.as_deref(), &fingerprint).await? {
        return Ok(response);
    }
    let entries = match read_json(&bytes) {
        Ok(entries) => entries,
        Err(error) => return Ok(refuse(StatusCode::BAD_REQUEST, &error.to_string())),
    };
    let mut tries = 0;
    loop {
        match store(portal, &machine, once.as_deref(), &fingerprint, &entries).await {
            // The same batch was stored at the same moment: its answer is there by now.
            Err(DbError::Duplicate(_)) if tries < MOST_CROSSINGS => {
                tries += 1;
                // Read where it was written and committed, so that it is not repeated before it is durable.
                let mut tx = portal.db.write().await?;
                let told = told_before(&mut tx, &machine, once.as_deref(), &fingerprint).await?;
                tx.commit().await?;
                if let Some(response) = told {
                    return Ok(response);
                }
            }
            done => return done,
        }
    }
}

async fn told_before(
    on: &mut impl Connection,
    machine: &Machine,
    once: Option<&str>,
    fingerprint: &str,
) -> Result<Option<Response>, DbError> {
    let Some(once) = once else { return Ok(None) };
    let row: Option<(String, i64, String)> =
        sql("select fingerprint, status, answer from idempotency where key_id = $1 and idempotency_key = $2")
            .bind(machine.key_id.as_str())
            .bind(once)
            .fetch_optional(on)
            .await?;
    Ok(row.map(|(before, status, text)| {
        if before != fingerprint {
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, "this Idempotency-Key was used for another batch");
        }
        let status = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
        (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
    }))
}

async fn store(
    portal: &Portal,
    machine: &Machine,
    once: Option<&str>,
    fingerprint: &str,
    entries: &[crate::import::record::Entry],
) -> Result<Response, DbError> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let import = apply::begin(&mut tx, portal.new_id(), SOURCE, &machine.name, now).await?;
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
    if let Some(once) = once {
        sql("insert into idempotency (key_id, idempotency_key, fingerprint, status, answer, made_at) values ($1, $2, $3, $4, $5, $6)")
            .bind(machine.key_id.as_str())
            .bind(once)
            .bind(fingerprint)
            .bind(i64::from(StatusCode::OK.as_u16()))
            .bind(text.as_str())
            .bind(now)
            .execute_one(&mut tx)
            .await?;
    }
    audit::append(&mut tx, now, Entry::new(Actor::Machine(machine.key_id.clone()), Act::CasesImported, None, import.id)).await?;
    tx.commit().await?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}
