//! The end of one person's record.

use crate::audit::{self, Act, Actor, Entry};
use crate::db::{DbError, Tx, sql};
use app::domain::ids::PersonId;
use chrono::{DateTime, Utc};

/// Every table that holds something of a person, in the order in which rows can go, and the statement that
/// takes them.
pub const TABLES: [(&str, &str); 19] = [
    ("tasks", "delete from tasks where person_id = $1"),
    ("outbox", "delete from outbox where person_id = $1"),
    (
        "files",
        "delete from files where message_id in (select m.message_id from messages m \
           join support_requests r on r.request_id = m.request_id where r.person_id = $1)",
    ),
    ("messages", "delete from messages where request_id in (select request_id from support_requests where person_id = $1)"),
    ("notes", "delete from notes where request_id in (select request_id from support_requests where person_id = $1)"),
    ("support_requests", "delete from support_requests where person_id = $1"),
    ("drafts", "delete from drafts where person_id = $1"),
    ("openings", "delete from openings where owner_id = $1"),
    ("invitations", "delete from invitations where person_id = $1"),
    ("representations", "delete from representations where person_id = $1 or representative_id = $1"),
    ("participations", "delete from participations where person_id = $1"),
    ("contact_grants", "delete from contact_grants where person_id = $1"),
    ("contact_points", "delete from contact_points where person_id = $1"),
    ("person_sessions", "delete from person_sessions where person_id = $1"),
    ("sign_in_challenges", "delete from sign_in_challenges where person_id = $1"),
    ("passkey_challenges", "delete from passkey_challenges where person_id = $1"),
    ("passkeys", "delete from passkeys where person_id = $1"),
    ("people", "delete from people where person_id = $1"),
    ("data_keys", "delete from data_keys where owner_id = $1"),
];

/// What became of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    Done {
        rows: u64,
    },
    /// There is no such person: never was, or erased before.
    NotThere,
    /// A legal hold keeps them.
    Held,
}

/// Erases a person in the caller's transaction.
pub async fn erase(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<Erased, DbError> {
    let row: Option<(Option<DateTime<Utc>>,)> =
        sql("select held_at from people where person_id = $1").bind(person).fetch_optional(tx).await?;
    match row {
        None => Ok(Erased::NotThere),
        Some((Some(_),)) => Ok(Erased::Held),
        Some((None,)) => take(tx, person, now).await,
    }
}

/// The same whatever holds them: for whoever was erased already, and came back with an older database.
pub(super) async fn take(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<Erased, DbError> {
    // Whoever acted for them sees their cases no longer.
    sql("update participations set ends_at = $2 where role = 'representative' and person_id in \
         (select representative_id from representations where person_id = $1)")
    .bind(person)
    .bind(now)
    .execute(tx)
    .await?;
    let mut rows = 0;
    for (_, statement) in TABLES {
        rows += sql(statement).bind(person).execute(tx).await?;
    }
    if rows == 0 {
        return Ok(Erased::NotThere);
    }
    audit::append(tx, now, Entry::new(Actor::System, Act::PersonErased, Some(person), "")).await?;
    Ok(Erased::Done { rows })
}

/// Puts a person under a legal hold, or lifts it. False when there is no such person.
pub async fn hold(tx: &mut Tx, person: PersonId, on: bool, now: DateTime<Utc>) -> Result<bool, DbError> {
    let changed = sql("update people set held_at = $2 where person_id = $1").bind(person).bind(on.then_some(now)).execute(tx).await?;
    if changed == 1 {
        let act = if on { Act::HoldSet } else { Act::HoldLifted };
        audit::append(tx, now, Entry::new(Actor::System, act, Some(person), "")).await?;
    }
    Ok(changed == 1)
}
