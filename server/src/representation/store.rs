//! Representations, and the parts in cases that they open.

use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, Tx, sql};
use crate::import::apply::participate;
use crate::people;
use crate::portal::Portal;
use crate::vault::Field;
use app::domain::ids::{CaseId, PersonId, RepresentationId, StaffId};
use app::domain::joining::IdentityCheck;
use app::domain::participation::{Participation, Role};
use app::domain::representation::{Purpose, Scope};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// It is looked at anew at least this often.
pub const LONGEST: Duration = Duration::days(183);

/// Somebody who is to act for a person.
pub struct New {
    pub name: String,
    pub purpose: Purpose,
    pub scope: Scope,
    pub ends_at: DateTime<Utc>,
    pub checked: IdentityCheck,
    pub by: StaffId,
}

/// The cases of a person in which they take part for themselves: what a representative can be added to.
pub async fn cases_of(on: &mut impl Connection, person: PersonId, now: DateTime<Utc>) -> Result<Vec<CaseId>, DbError> {
    let rows: Vec<(Uuid,)> =
        sql("select case_id from participations where person_id = $1 and role in ('victim', 'co_victim', 'parent', 'bereaved') \
         and not conflict and (ends_at is null or ends_at > $2) order by case_id")
        .bind(person)
        .bind(now)
        .fetch_all(on)
        .await?;
    Ok(rows.into_iter().map(|(id,)| CaseId(id)).collect())
}

/// Adds a representative as a person of their own, who has not joined yet; answers who it is.
pub async fn add(
    portal: &Portal,
    tx: &mut Tx,
    (id, person): (RepresentationId, PersonId),
    cases: &[CaseId],
    new: New,
    now: DateTime<Utc>,
) -> Result<PersonId, DbError> {
    let known = people::New { source: "hub", key: &id.to_string(), name: &new.name };
    let (representative, _) = people::add(portal, tx, known, now).await?;
    sql(
        "insert into representations (representation_id, person_id, representative_id, purpose, scope, checked, made_by, made_at, ends_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(person)
    .bind(representative)
    .bind(new.purpose.code())
    .bind(new.scope.codes())
    .bind(new.checked.code())
    .bind(new.by)
    .bind(now)
    .bind(new.ends_at)
    .execute_one(tx)
    .await?;
    let part = Participation { role: Role::Representative, conflict: false, ends_at: Some(new.ends_at), scope: new.scope };
    for case in cases {
        participate(tx, representative, *case, &part, now).await?;
    }
    audit::append(tx, now, Entry::new(Actor::Staff(new.by), Act::RepresentativeAdded, Some(person), id)).await?;
    Ok(representative)
}

/// Who acts for this person by a representation that was made already.
pub async fn made(on: &mut impl Connection, person: PersonId, id: RepresentationId) -> Result<Option<PersonId>, DbError> {
    let row: Option<(Uuid,)> = sql("select representative_id from representations where representation_id = $1 and person_id = $2")
        .bind(id)
        .bind(person)
        .fetch_optional(on)
        .await?;
    Ok(row.map(|(id,)| PersonId(id)))
}

#[derive(sqlx::FromRow)]
struct Row {
    representation_id: Uuid,
    representative_id: Uuid,
    name: String,
    wrapped: String,
    purpose: String,
    scope: String,
    ends_at: DateTime<Utc>,
}

/// Somebody who acts for a person now.
pub struct Representation {
    pub id: RepresentationId,
    pub representative: PersonId,
    pub name: String,
    pub purpose: Purpose,
    pub scope: Scope,
    pub ends_at: DateTime<Utc>,
}

/// Who acts for this person now.
pub async fn of_person(
    portal: &Portal,
    on: &mut impl Connection,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<Vec<Representation>, DbError> {
    let rows: Vec<Row> =
        sql("select r.representation_id, r.representative_id, p.name, k.wrapped, r.purpose, r.scope, r.ends_at from representations r \
         join people p on p.person_id = r.representative_id join data_keys k on k.owner_id = r.representative_id \
         where r.person_id = $1 and r.ended_at is null and r.ends_at > $2 order by r.made_at")
        .bind(person)
        .bind(now)
        .fetch_all(on)
        .await?;
    rows.into_iter()
        .map(|row| {
            let key = portal.keys.vault.unwrap(row.representative_id, &row.wrapped)?;
            Ok(Representation {
                id: RepresentationId(row.representation_id),
                representative: PersonId(row.representative_id),
                name: key.open(Field::PersonName, row.representative_id, &row.name)?,
                purpose: Purpose::from_code(&row.purpose).ok_or_else(|| DbError::inconsistent("representations.purpose"))?,
                scope: Scope::from_codes(&row.scope),
                ends_at: row.ends_at,
            })
        })
        .collect()
}

/// Ends one at once: the cases close to the representative with the same statement's moment. False when it
/// is not this person's, or had ended.
pub async fn end(tx: &mut Tx, person: PersonId, id: RepresentationId, now: DateTime<Utc>) -> Result<bool, DbError> {
    let ended: Option<(Uuid,)> = sql("update representations set ended_at = $3 \
         where representation_id = $1 and person_id = $2 and ended_at is null and ends_at > $3 returning representative_id")
    .bind(id)
    .bind(person)
    .bind(now)
    .fetch_optional(tx)
    .await?;
    let Some((representative,)) = ended else { return Ok(false) };
    sql("update participations set ends_at = $2 where person_id = $1 and role = 'representative' and (ends_at is null or ends_at > $2)")
        .bind(representative)
        .bind(now)
        .execute(tx)
        .await?;
    audit::append(tx, now, Entry::new(Actor::Person(person), Act::RepresentativeEnded, Some(person), id)).await?;
    Ok(true)
}
