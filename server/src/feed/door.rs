//! What every call of a machine goes through before it is read: its key and scope, its type, its size;
//! and what an earlier call with the same `Idempotency-Key` was answered.

use super::keys::{self, Machine};
use crate::db::{Connection, DbError, Tx, sql};
use crate::keys::hex;
use crate::portal::Portal;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How often a call is begun again because another stored the same in between.
pub const MOST_CROSSINGS: u32 = 10;

/// What a call needs.
pub struct Needs {
    pub scope: &'static str,
    /// Bytes.
    pub largest: usize,
    pub too_large: &'static str,
}

/// A call that may be read.
pub struct Call {
    pub machine: Machine,
    pub bytes: Vec<u8>,
    pub once: Option<String>,
    fingerprint: String,
}

/// What an earlier call with this `Idempotency-Key` was told.
pub enum Before {
    Nothing,
    /// The same call: its status, and what was kept of the answer.
    Same(StatusCode, String),
    /// The key was used for something else.
    Other,
}

pub fn answer(status: StatusCode, body: &Value) -> Response {
    text(status, body.to_string())
}

pub fn text(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

pub fn refuse(status: StatusCode, why: &str) -> Response {
    answer(status, &json!({ "error": why }))
}

pub fn used_for_another() -> Response {
    refuse(StatusCode::UNPROCESSABLE_ENTITY, "this Idempotency-Key was used for another call")
}

/// Lets a call in, or says why not. Nothing is read before the key.
pub async fn enter(portal: &Portal, needs: &Needs, request: Request) -> Result<Result<Call, Response>, DbError> {
    let (parts, body) = request.into_parts();
    let (headers, path) = (parts.headers, parts.uri.path().to_owned());
    let Some(machine) = keys::machine(portal, &headers).await? else {
        return Ok(Err(refuse(StatusCode::UNAUTHORIZED, "send a valid key as Authorization: Bearer KEY")));
    };
    if !machine.may(needs.scope) {
        return Ok(Err(refuse(StatusCode::FORBIDDEN, &format!("this key does not have the scope {}", needs.scope))));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        return Ok(Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json")));
    }
    let Ok(bytes) = axum::body::to_bytes(body, needs.largest).await else {
        return Ok(Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, needs.too_large)));
    };
    let once = headers.get("idempotency-key").map(|value| value.to_str().unwrap_or("").to_owned());
    if once.as_ref().is_some_and(|key| key.is_empty() || key.len() > 200) {
        return Ok(Err(refuse(StatusCode::BAD_REQUEST, "the Idempotency-Key must be 1 to 200 visible characters")));
    }
    // Of the address too: the same key for another call is another call.
    let fingerprint = hex(&Sha256::new().chain_update(path).chain_update(b"\n").chain_update(&bytes).finalize());
    Ok(Ok(Call { machine, bytes: bytes.to_vec(), once, fingerprint }))
}

impl Call {
    pub async fn before(&self, on: &mut impl Connection) -> Result<Before, DbError> {
        let Some(once) = &self.once else { return Ok(Before::Nothing) };
        let row: Option<(String, i64, String)> =
            sql("select fingerprint, status, answer from idempotency where key_id = $1 and idempotency_key = $2")
                .bind(self.machine.key_id.as_str())
                .bind(once.as_str())
                .fetch_optional(on)
                .await?;
        Ok(match row {
            None => Before::Nothing,
            Some((before, ..)) if before != self.fingerprint => Before::Other,
            Some((_, status, text)) => {
                let status = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
                Before::Same(status, text)
            }
        })
    }

    /// Keeps what is needed to answer alike when the same call comes again: no secret, the table is clear.
    pub async fn keep(&self, tx: &mut Tx, status: StatusCode, answer: &str, now: DateTime<Utc>) -> Result<(), DbError> {
        let Some(once) = &self.once else { return Ok(()) };
        sql("insert into idempotency (key_id, idempotency_key, fingerprint, status, answer, made_at) values ($1, $2, $3, $4, $5, $6)")
            .bind(self.machine.key_id.as_str())
            .bind(once.as_str())
            .bind(self.fingerprint.as_str())
            .bind(i64::from(status.as_u16()))
            .bind(answer)
            .bind(now)
            .execute_one(tx)
            .await
    }
}
