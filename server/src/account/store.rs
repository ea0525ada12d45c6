//! Challenges and sessions of persons.

use crate::audit::{self, Act, Actor, Entry};
use crate::db::{DbError, Tx, sql};
use crate::{joining, outbox};
use app::domain::ids::PersonId;
use app::domain::notice::Notice;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// A code can be used for this long.
pub const CODE_LIFE: Duration = Duration::minutes(10);
pub const MOST_TRIES: i64 = 5;
/// Codes sent to one person within [`CODES_WITHIN`]; more are asked for in vain, and look the same.
const MOST_CODES: i64 = 5;
const CODES_WITHIN: Duration = Duration::minutes(15);

#[derive(sqlx::FromRow)]
struct Found {
    person_id: Uuid,
    codes: i64,
}

/// Whose address or number has this index, if a code may be sent. Nobody who has not joined; nobody who has just had five.
pub async fn person_of(tx: &mut Tx, index: String, now: DateTime<Utc>) -> Result<Option<PersonId>, DbError> {
    let found: Option<Found> = sql("select p.person_id, \
           (select count(*) from sign_in_challenges c where c.person_id = p.person_id and c.made_at > $2) as codes \
         from contact_points k join people p on p.person_id = k.person_id \
         where k.value_index = $1 and k.revoked_at is null and k.counts_from <= $3 and p.pin_hash is not null and not exists \
           (select 1 from contact_points n where n.person_id = k.person_id and n.kind = k.kind and n.revoked_at is null \
             and n.counts_from > k.counts_from and n.counts_from <= $3)")
    .bind(index)
    .bind(now - CODES_WITHIN)
    .bind(now)
    .fetch_optional(tx)
    .await?;
    Ok(found.filter(|found| found.codes < MOST_CODES).map(|found| PersonId(found.person_id)))
}

/// May this person be sent one more code? For a door that knows who they are already.
pub async fn may_have_code(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<bool, DbError> {
    let (codes,): (i64,) = sql("select count(*) from sign_in_challenges where person_id = $1 and made_at > $2")
        .bind(person)
        .bind(now - CODES_WITHIN)
        .fetch_one(tx)
        .await?;
    Ok(codes < MOST_CODES)
}

/// A challenge and the message that carries its code: for nobody too, so that strangers cost the same.
pub async fn challenge(
    tx: &mut Tx,
    id: Uuid,
    outbox_id: Uuid,
    token_hash: String,
    person: Option<PersonId>,
    code_hash: String,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sql("insert into sign_in_challenges (challenge_id, token_hash, person_id, code_hash, made_at, expires_at) values ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(token_hash)
        .bind(person)
        .bind(code_hash)
        .bind(now)
        .bind(now + CODE_LIFE)
        .execute_one(tx)
        .await?;
    outbox::queue(tx, outbox_id, Notice::SignInCode, person, id, now).await
}

#[derive(sqlx::FromRow)]
pub struct Challenge {
    pub id: Uuid,
    pub person_id: Option<Uuid>,
    pub code_hash: String,
    pub tries: i64,
}

/// Counts one try; `None` when the challenge is spent, run out or unknown.
pub async fn take_a_try(tx: &mut Tx, token_hash: &str, now: DateTime<Utc>) -> Result<Option<Challenge>, DbError> {
    sql("update sign_in_challenges set tries = tries + 1 \
         where token_hash = $1 and used_at is null and expires_at > $2 and tries < $3 \
         returning challenge_id as id, person_id, code_hash, tries")
    .bind(token_hash)
    .bind(now)
    .bind(MOST_TRIES)
    .fetch_optional(tx)
    .await
}

pub async fn pin_hash(tx: &mut Tx, person: Option<Uuid>) -> Result<Option<String>, DbError> {
    let row: Option<(Option<String>,)> = sql("select pin_hash from people where person_id = $1").bind(person).fetch_optional(tx).await?;
    Ok(row.and_then(|(hash,)| hash))
}

/// So long a PIN counts for the changes that need it.
pub const FRESH_FOR: Duration = Duration::minutes(5);

/// Wrong PINs after which each further try has to wait for [`PIN_REST`]: who reads the mail of somebody
/// else has the code, and nothing but the PIN between them and the portal.
const FREE_PINS: i64 = 5;
pub const PIN_REST: Duration = Duration::minutes(15);
/// Wrong PINs are forgotten after so long without one.
const PINS_FORGOTTEN: Duration = Duration::hours(24);

/// Takes one try at the PIN, before it is known to be right, so that many at once are counted too.
/// False when the next one has to wait. [`begin_session`] gives the tries back.
pub async fn take_a_pin_try(tx: &mut Tx, person: Uuid, now: DateTime<Utc>) -> Result<bool, DbError> {
    sql("update people set pin_failures = case when pin_failed_at is null or pin_failed_at <= $3 then 1 else pin_failures + 1 end, \
           pin_failed_at = $2 \
         where person_id = $1 and (pin_failures < $4 or pin_failed_at is null or pin_failed_at <= $5)")
    .bind(person)
    .bind(now)
    .bind(now - PINS_FORGOTTEN)
    .bind(FREE_PINS)
    .bind(now - PIN_REST)
    .execute(tx)
    .await
    .map(|rows| rows == 1)
}

/// After the right one: all tries are given back.
pub async fn forgive_pins(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    sql("update people set pin_failures = 0, pin_failed_at = null where person_id = $1").bind(person).execute_one(tx).await
}

/// Uses the challenge up and begins a session. A challenge that somebody else used a moment ago is a
/// conflict: one winner of any number.
pub async fn begin_session(tx: &mut Tx, challenge: Uuid, person: PersonId, token_hash: String, now: DateTime<Utc>) -> Result<(), DbError> {
    sql("update sign_in_challenges set used_at = $2 where challenge_id = $1 and used_at is null")
        .bind(challenge)
        .bind(now)
        .execute_one(tx)
        .await?;
    forgive_pins(tx, person).await?;
    open_session(tx, person, token_hash, challenge, now).await
}

/// Begins a session of somebody who has just proven who they are, with `proof`.
pub async fn open_session(tx: &mut Tx, person: PersonId, token_hash: String, proof: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    sql("insert into person_sessions (token_hash, person_id, started_at, last_seen_at, stepped_up_at) values ($1, $2, $3, $3, $3)")
        .bind(token_hash)
        .bind(person)
        .bind(now)
        .execute_one(tx)
        .await?;
    joining::store::used(tx, person, now).await?;
    audit::append(tx, now, Entry::new(Actor::Person(person), Act::SignedIn, Some(person), proof)).await
}
