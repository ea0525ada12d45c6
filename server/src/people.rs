//! Who is known to the hub: a person's row, their data key and their name. Everybody comes in through
//! [`add`], with a key of their own.

use crate::db::{Connection, DbError, Tx, sql};
use crate::portal::Portal;
use crate::vault::{DataKey, Field};
use app::domain::ids::PersonId;
use chrono::{DateTime, Utc};

/// Somebody new, as a source tells of them.
pub struct New<'a> {
    /// Who told us: `hub`, `demo`, `records`.
    pub source: &'a str,
    /// What the source knows them by.
    pub key: &'a str,
    pub name: &'a str,
}

/// Adds a person without a PIN and without a safe channel: both come from the person, later.
pub async fn add(portal: &Portal, tx: &mut Tx, new: New<'_>, now: DateTime<Utc>) -> Result<(PersonId, DataKey), DbError> {
    let id = PersonId(portal.entropy.id(now));
    let key = portal.keys.vault.make(tx, &portal.entropy, id.0, now).await?;
    sql("insert into people (person_id, source, source_index, name, created_at) values ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(new.source)
        .bind(portal.keys.record_index(new.source, new.key))
        .bind(key.seal(&portal.entropy, Field::PersonName, id.0, new.name))
        .bind(now)
        .execute_one(tx)
        .await?;
    Ok((id, key))
}

/// The person whom a source knows by this key.
pub async fn of_source(portal: &Portal, on: &mut impl Connection, source: &str, key: &str) -> Result<Option<PersonId>, DbError> {
    let row: Option<(uuid::Uuid,)> = sql("select person_id from people where source = $1 and source_index = $2")
        .bind(source)
        .bind(portal.keys.record_index(source, key))
        .fetch_optional(on)
        .await?;
    Ok(row.map(|(id,)| PersonId(id)))
}

pub async fn name(on: &mut impl Connection, key: &DataKey) -> Result<String, DbError> {
    let (sealed,): (String,) = sql("select name from people where person_id = $1").bind(key.owner()).fetch_one(on).await?;
    key.open(Field::PersonName, key.owner(), &sealed)
}
