//! Machine keys: shown once, kept as a hash, scoped, expiring. A key is followed by another of the same
//! name ([`rotate`]); both work until the overlap is over, so that no feed stops in between.

use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, Tx, sql};
use crate::entropy::Entropy;
use crate::keys;
use crate::portal::Portal;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Duration, Utc};

/// How long a key lives.
const KEY_LIFE: Duration = Duration::days(90);
/// What a key may do.
pub const SCOPES: [&str; 2] = [CASES, INVITE];
/// Store cases and their people.
pub const CASES: &str = "cases:write";
/// Make invitations: whoever has such a key, and reads its answers, can let themselves in as anybody who is invited.
pub const INVITE: &str = "invite";

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

/// Makes another key of the same name and scopes; those before it end after `overlap`, if not sooner.
pub async fn rotate(tx: &mut Tx, entropy: &Entropy, name: &str, overlap: Duration, now: DateTime<Utc>) -> Result<String, DbError> {
    let newest: Option<(String,)> = sql("select scopes from machine_keys where name = $1 and revoked_at is null and expires_at > $2 \
         order by made_at desc limit 1")
    .bind(name)
    .bind(now)
    .fetch_optional(tx)
    .await?;
    let (scopes,) = newest.ok_or_else(|| DbError::Unsuitable(format!("no key that works is called {name}")))?;
    sql("update machine_keys set expires_at = $3 where name = $1 and revoked_at is null and expires_at > $3 and made_at <= $2")
        .bind(name)
        .bind(now)
        .bind(now + overlap)
        .execute(tx)
        .await?;
    let scopes: Vec<String> = scopes.split(',').map(str::to_owned).collect();
    add_key(tx, entropy, name, &scopes, now).await
}

/// Ends a key at once. False when none with this id worked any more.
pub async fn revoke(tx: &mut Tx, id: &str, by: Actor, now: DateTime<Utc>) -> Result<bool, DbError> {
    let ended = sql("update machine_keys set revoked_at = $2 where key_id = $1 and revoked_at is null and expires_at > $2")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    if ended == 1 {
        audit::append(tx, now, Entry::new(by, Act::KeyRevoked, None, id)).await?;
    }
    Ok(ended == 1)
}

/// A key as it may be listed: everything but itself.
#[derive(sqlx::FromRow)]
pub struct KeyLine {
    pub key_id: String,
    pub name: String,
    pub scopes: String,
    pub made_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

pub async fn list(on: &mut impl Connection) -> Result<Vec<KeyLine>, DbError> {
    sql("select key_id, name, scopes, made_at, expires_at, last_used_at, revoked_at from machine_keys order by name, made_at desc, key_id")
        .fetch_all(on)
        .await
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
