//! Passkeys and the questions they answer. A question is answered once, within five minutes, by the session
//! or the browser that was asked.

use super::relying_party::{Passkey, Question, text_of, text_of_question};
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, Reader, Tx, sql};
use crate::error::Error;
use crate::http::session::PersonSession;
use crate::portal::Portal;
use crate::vault::{DataKey, Field};
use app::domain::ids::{PasskeyId, PersonId};
use app::domain::london;
use app::pages::passkeys::PasskeyLine;
use app::pages::security::PasskeyEvent;
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// So long a question can be answered.
pub const LIFE: Duration = Duration::minutes(5);
/// More than anybody needs.
pub const MOST: usize = 10;

/// Keeps a question. `token_hash` is that of the session it is asked in, or of the browser's own cookie when
/// nobody has signed in.
pub async fn ask<S: Serialize>(
    tx: &mut Tx,
    token_hash: &str,
    person: Option<PersonId>,
    question: &Question<S>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("insert into passkey_challenges (token_hash, person_id, question, expires_at) values ($1, $2, $3, $4)")
        .bind(token_hash)
        .bind(person)
        .bind(text_of_question(question)?)
        .bind(now + LIFE)
        .execute_one(tx)
        .await?;
    Ok(())
}

fn read<Q: DeserializeOwned>(row: Option<(String,)>) -> Option<Q> {
    row.and_then(|(text,)| serde_json::from_str(&text).ok())
}

/// The question as it waits for its answer.
pub async fn waiting<Q: DeserializeOwned>(
    on: &mut impl Connection,
    token_hash: &str,
    person: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Option<Q>, DbError> {
    let row: Option<(String,)> =
        sql("select question from passkey_challenges where token_hash = $1 and used_at is null and expires_at > $2 \
         and (person_id = $3 or (person_id is null and $3 is null))")
        .bind(token_hash)
        .bind(now)
        .bind(person)
        .fetch_optional(on)
        .await?;
    Ok(read(row))
}

/// Takes the question for one answer, before the answer is known to be right.
pub async fn take<Q: DeserializeOwned>(
    tx: &mut Tx,
    token_hash: &str,
    person: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Option<Q>, DbError> {
    let row: Option<(String,)> =
        sql("update passkey_challenges set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2 \
         and (person_id = $3 or (person_id is null and $3 is null)) returning question")
        .bind(token_hash)
        .bind(now)
        .bind(person)
        .fetch_optional(tx)
        .await?;
    Ok(read(row))
}

#[derive(sqlx::FromRow)]
struct LineRow {
    passkey_id: Uuid,
    added_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

/// A person's passkeys, the oldest first.
pub async fn of_person(on: &mut impl Connection, person: PersonId) -> Result<Vec<PasskeyLine>, DbError> {
    let rows: Vec<LineRow> =
        sql("select passkey_id, added_at, last_used_at from passkeys where person_id = $1 order by added_at, passkey_id")
            .bind(person)
            .fetch_all(on)
            .await?;
    let line = |row: LineRow| PasskeyLine {
        id: PasskeyId(row.passkey_id),
        added: london::moment_in_words(row.added_at),
        last_used: row.last_used_at.map(london::moment_in_words),
    };
    Ok(rows.into_iter().map(line).collect())
}

/// What became of a person's passkeys, the newest first: the chain remembers those that are gone.
pub async fn history(reader: &mut Reader, person: PersonId) -> Result<Vec<PasskeyEvent>, DbError> {
    let rows: Vec<(String, DateTime<Utc>)> = sql("select act, at from audit where person_id = $1 \
         and act in ('passkey_added', 'passkey_removed') order by seq desc limit 10")
    .bind(person)
    .fetch_all(reader)
    .await?;
    let event = |(act, at): (String, DateTime<Utc>)| PasskeyEvent {
        what: if act == Act::PasskeyAdded.code() { "A passkey was added" } else { "A passkey was removed" },
        when: london::moment_in_words(at),
    };
    Ok(rows.into_iter().map(event).collect())
}

/// What the person's phone knows them by: the same for all of their passkeys, and new when they have none.
pub async fn handle_of(portal: &Portal, on: &mut impl Connection, person: PersonId) -> Result<Uuid, DbError> {
    let row: Option<(Uuid,)> = sql("select user_handle from passkeys where person_id = $1 limit 1").bind(person).fetch_optional(on).await?;
    Ok(row.map_or_else(|| uuid::Builder::from_random_bytes(portal.entropy.bytes()).into_uuid(), |(handle,)| handle))
}

/// Adds a passkey. False when there is one with this id already, whoever's it is.
pub async fn add(
    portal: &Portal,
    tx: &mut Tx,
    session: &PersonSession,
    (handle, passkey): &(Uuid, Passkey),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let (id, person) = (portal.new_id(), session.person);
    let credential = session.key.seal(&portal.entropy, Field::PasskeyCredential, id, &text_of(passkey)?);
    let added = sql("insert into passkeys (passkey_id, person_id, user_handle, credential_index, credential, added_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (credential_index) do nothing")
    .bind(id)
    .bind(person)
    .bind(*handle)
    .bind(portal.keys.passkey_index(passkey.cred_id()))
    .bind(credential)
    .bind(now)
    .execute(tx)
    .await?;
    if added == 1 {
        audit::append(tx, now, Entry::new(Actor::Person(person), Act::PasskeyAdded, Some(person), id)).await?;
    }
    Ok(added == 1)
}

/// A passkey that somebody says they hold.
pub struct Held {
    pub id: PasskeyId,
    pub person: PersonId,
    pub handle: Uuid,
    pub passkey: Passkey,
    key: DataKey,
    /// As it stood when it was read: of two uses at once, one counts.
    sealed: String,
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    passkey_id: Uuid,
    person_id: Uuid,
    user_handle: Uuid,
    credential: String,
    wrapped: String,
}

pub async fn find(portal: &Portal, on: &mut impl Connection, credential_id: &[u8]) -> Result<Option<Held>, DbError> {
    let row: Option<HeldRow> = sql("select k.passkey_id, k.person_id, k.user_handle, k.credential, d.wrapped \
         from passkeys k join data_keys d on d.owner_id = k.person_id where k.credential_index = $1")
    .bind(portal.keys.passkey_index(credential_id))
    .fetch_optional(on)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key = portal.keys.vault.unwrap(row.person_id, &row.wrapped)?;
    let text = key.open(Field::PasskeyCredential, row.passkey_id, &row.credential)?;
    Ok(Some(Held {
        id: PasskeyId(row.passkey_id),
        person: PersonId(row.person_id),
        handle: row.user_handle,
        passkey: serde_json::from_str(&text).map_err(|_| DbError::inconsistent("passkeys.credential"))?,
        key,
        sealed: row.credential,
    }))
}

/// Writes down that it was used. False when it was removed, or used elsewhere, since it was read.
pub async fn used(portal: &Portal, tx: &mut Tx, held: &Held, after: &Passkey, now: DateTime<Utc>) -> Result<bool, Error> {
    let sealed = held.key.seal(&portal.entropy, Field::PasskeyCredential, held.id.0, &text_of(after)?);
    let rows = sql("update passkeys set credential = $3, last_used_at = $4 where passkey_id = $1 and credential = $2")
        .bind(held.id)
        .bind(held.sealed.as_str())
        .bind(sealed)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(rows == 1)
}

/// Removes a passkey; a second tap changes nothing. False when it never was this person's.
pub async fn remove(tx: &mut Tx, person: PersonId, id: PasskeyId, now: DateTime<Utc>) -> Result<bool, DbError> {
    let removed = sql("delete from passkeys where passkey_id = $1 and person_id = $2").bind(id).bind(person).execute(tx).await?;
    if removed == 1 {
        audit::append(tx, now, Entry::new(Actor::Person(person), Act::PasskeyRemoved, Some(person), id)).await?;
        return Ok(true);
    }
    let (before,): (i64,) = sql("select count(*) from audit where person_id = $1 and act = 'passkey_removed' and subject = $2")
        .bind(person)
        .bind(id.to_string())
        .fetch_one(tx)
        .await?;
    Ok(before > 0)
}

/// With a new way in the old ones die, and so do these.
pub async fn remove_all(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<(), DbError> {
    let removed: Vec<(Uuid,)> = sql("delete from passkeys where person_id = $1 returning passkey_id").bind(person).fetch_all(tx).await?;
    for (id,) in removed {
        audit::append(tx, now, Entry::new(Actor::Person(person), Act::PasskeyRemoved, Some(person), id)).await?;
    }
    Ok(())
}
