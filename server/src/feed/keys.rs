//! Machine keys: shown once, kept as a hash, scoped, expiring.

use crate::audit::{self, Act, Actor, Entry};
use crate::db::{DbError, Tx, sql};
use crate::entropy::Entropy;
use crate::keys;
use crate::portal::Portal;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Duration, Utc};

/// How long a key lives.
const KEY_LIFE: Duration = Duration::days(90);
/// What a key may do.
pub const SCOPES: [&str; 1] = ["cases:write"];

/// Makes a key `vh1_<id>_<secret>`; only this answer ever holds it.
pub async fn add_key(tx: &mut Tx, entropy: &Entropy, name: &str, scopes: &[String], now: DateTime<Utc>) -> Result<String, DbError> {
    if let Some(unknown) = scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(DbError::Unsuitable(format!("there is no scope {unknown}; there is: {}", SCOPES.join(", "))));
    }
    let id = keys::hex(&entropy.bytes::<4>());
    let secret = entropy.token();
    let key = format!("vh1_{id}_{secret}");
    sql("insert into machine_keys (key_id, name, key_hash, scopes, made_at, expires_at) values ($1, $2, $3, $4, $5, $6)")
        .bind(id.as_str())
        .bind(name)
        .bind(keys::token_hash(&key))
        .bind(scopes.join(","))
        .bind(now)
        .bind(now + KEY_LIFE)
        .execute_one(tx)
        .await?;
    audit::append(tx, now, Entry::new(Actor::System, Act::KeyAdded, None, id)).await?;
    Ok(key)
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    key_hash: String,
    scopes: String,
    name: String,
}

/// A machine whose key is good.
pub struct Machine {
    pub key_id: String,
    pub name: String,
    scopes: String,
}

impl Machine {
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.split(',').any(|one| one == scope)
    }
}

/// The machine that asks, from `Authorization: Bearer KEY`.
pub async fn machine(portal: &Portal, headers: &HeaderMap) -> Result<Option<Machine>, DbError> {
    let Some(key) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix("Bearer "))
    else {
        return Ok(None);
    };
    let Some(id) = key.strip_prefix("vh1_").and_then(|rest| rest.get(..8)) else { return Ok(None) };
    let now = portal.now();
    let row: Option<KeyRow> =
        sql("select key_hash, scopes, name from machine_keys where key_id = $1 and revoked_at is null and expires_at > $2")
            .bind(id)
            .bind(now)
            .fetch_optional(&mut portal.db.read().await?)
            .await?;
    let Some(row) = row.filter(|row| keys::same(&row.key_hash, &keys::token_hash(key))) else { return Ok(None) };
    let mut tx = portal.db.write().await?;
    sql("update machine_keys set last_used_at = $2 where key_id = $1").bind(id).bind(now).execute_one(&mut tx).await?;
    tx.commit().await?;
    Ok(Some(Machine { key_id: id.to_owned(), name: row.name, scopes: row.scopes }))
}
