//! Contact points: an email address, a mobile number, a postal address. They go in here and come out only
//! for the sender and for staff with a task to do; never for the person's own pages.
//!
//! Of each kind the newest one that counts already is in use. One that a person gives on their own pages
//! counts a day later: whoever holds their phone and knows their PIN cannot lead messages elsewhere before
//! the person, or the hub, could stop it. What staff made sure of counts at once.

use crate::db::{Connection, DbError, Tx, sql};
use crate::keys::Keys;
use crate::portal::Portal;
use crate::vault::{DataKey, Field};
use app::domain::contact::Channel;
use app::domain::ids::PersonId;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// How long a person's own change is held.
pub const HOLD: Duration = Duration::hours(24);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Email,
    Mobile,
    Address,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Email, Self::Mobile, Self::Address];

    #[must_use]
    pub fn of(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Text | Channel::Phone => Self::Mobile,
            Channel::Letter => Self::Address,
        }
    }

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Mobile => "mobile",
            Self::Address => "address",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The ways that use it, the one to tell of a change first.
    #[must_use]
    pub fn channels(self) -> &'static [Channel] {
        match self {
            Self::Email => &[Channel::Email],
            Self::Mobile => &[Channel::Text, Channel::Phone],
            Self::Address => &[Channel::Letter],
        }
    }

    /// `an email address`
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Email => "an email address",
            Self::Mobile => "a mobile number",
            Self::Address => "an address",
        }
    }
}

/// Adds a contact point of somebody and answers its id, unless anybody else has it: an email address or a number is never
/// silently shared. Two who give the same at the same moment: the first one has it. It takes the place of
/// one that was still held.
pub async fn add(
    portal: &Portal,
    tx: &mut Tx,
    key: &DataKey,
    (kind, value): (Kind, &str),
    counts_from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, DbError> {
    let index = (kind != Kind::Address).then(|| portal.keys.contact_index(value));
    stop_held(tx, PersonId(key.owner()), kind, now).await?;
    // Somebody's old one that a newer one of theirs has followed is free again.
    sql("update contact_points set revoked_at = $2 where value_index = $1 and revoked_at is null and exists \
         (select 1 from contact_points n where n.person_id = contact_points.person_id and n.kind = contact_points.kind \
           and n.revoked_at is null and n.counts_from > contact_points.counts_from and n.counts_from <= $2)")
    .bind(index.clone())
    .bind(now)
    .execute(tx)
    .await?;
    let id = portal.entropy.id(now);
    sql("insert into contact_points (contact_point_id, person_id, kind, value, value_index, added_at, counts_from) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (value_index) where revoked_at is null do nothing")
    .bind(id)
    .bind(key.owner())
    .bind(kind.code())
    .bind(key.seal(&portal.entropy, Field::ContactPointValue, id, value))
    .bind(index)
    .bind(now)
    .bind(counts_from)
    .execute(tx)
    .await
    .map(|rows| (rows == 1).then_some(id))
}

/// The address or number itself, as it is at this moment: for the sender and for a task in hand.
pub async fn current(on: &mut impl Connection, key: &DataKey, channel: Channel, now: DateTime<Utc>) -> Result<Option<String>, DbError> {
    let row: Option<(Uuid, String)> = sql("select contact_point_id, value from contact_points \
         where person_id = $1 and kind = $2 and revoked_at is null and counts_from <= $3 order by counts_from desc limit 1")
    .bind(key.owner())
    .bind(Kind::of(channel).code())
    .bind(now)
    .fetch_optional(on)
    .await?;
    row.map(|(id, value)| key.open(Field::ContactPointValue, id, &value)).transpose()
}

/// What we hold of one kind, without saying what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Since when we hold the one in use.
    pub since: Option<DateTime<Utc>>,
    /// From when the next one counts.
    pub held_until: Option<DateTime<Utc>>,
}

pub async fn standing(on: &mut impl Connection, person: PersonId, kind: Kind, now: DateTime<Utc>) -> Result<Standing, DbError> {
    let (since, held_until): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) = sql("select \
           max(case when counts_from <= $3 then added_at end), max(case when counts_from > $3 then counts_from end) \
         from contact_points where person_id = $1 and kind = $2 and revoked_at is null")
    .bind(person)
    .bind(kind.code())
    .bind(now)
    .fetch_one(on)
    .await?;
    Ok(Standing { since, held_until })
}

/// Does the root key belong to this database? With another one nobody would be found and no PIN would fit.
pub async fn check(keys: &Keys, on: &mut impl Connection) -> Result<(), DbError> {
    let row: Option<(Uuid, Uuid, String, String)> = sql("select contact_point_id, person_id, value, value_index from contact_points \
         where value_index is not null limit 1")
    .fetch_optional(on)
    .await?;
    let Some((id, person, value, index)) = row else { return Ok(()) };
    let value = keys.vault.key(on, person).await?.open(Field::ContactPointValue, id, &value)?;
    if keys.contact_index(&value) == index {
        return Ok(());
    }
    Err(DbError::Unsuitable("the secret key file does not belong to this database: nobody could sign in with it".into()))
}

/// What kind a contact point is of.
pub async fn kind_of(on: &mut impl Connection, point: Uuid) -> Result<Option<Kind>, DbError> {
    let row: Option<(String,)> = sql("select kind from contact_points where contact_point_id = $1").bind(point).fetch_optional(on).await?;
    Ok(row.and_then(|(kind,)| Kind::from_code(&kind)))
}

/// Every change of a person that is held now.
pub async fn held(on: &mut impl Connection, person: PersonId, now: DateTime<Utc>) -> Result<Vec<(Kind, DateTime<Utc>)>, DbError> {
    let rows: Vec<(String, DateTime<Utc>)> = sql("select kind, counts_from from contact_points \
         where person_id = $1 and revoked_at is null and counts_from > $2 order by counts_from")
    .bind(person)
    .bind(now)
    .fetch_all(on)
    .await?;
    rows.into_iter()
        .map(|(kind, from)| Ok((Kind::from_code(&kind).ok_or_else(|| DbError::inconsistent("contact_points.kind"))?, from)))
        .collect()
}

/// Ends the one in use: it is no target any more, from this moment.
pub async fn revoke(tx: &mut Tx, person: PersonId, kind: Kind, now: DateTime<Utc>) -> Result<u64, DbError> {
    sql("update contact_points set revoked_at = $3 where person_id = $1 and kind = $2 and revoked_at is null and counts_from <= $3")
        .bind(person)
        .bind(kind.code())
        .bind(now)
        .execute(tx)
        .await
}

/// Stops a change that is held: the one in use stays. False when none was.
pub async fn stop_held(tx: &mut Tx, person: PersonId, kind: Kind, now: DateTime<Utc>) -> Result<bool, DbError> {
    sql("update contact_points set revoked_at = $3 where person_id = $1 and kind = $2 and revoked_at is null and counts_from > $3")
        .bind(person)
        .bind(kind.code())
        .bind(now)
        .execute(tx)
        .await
        .map(|rows| rows > 0)
}

/// Lets every held change of a person count now; those before them end. Answers how many.
pub async fn confirm_held(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<u64, DbError> {
    for (kind, _) in held(tx, person, now).await? {
        revoke(tx, person, kind, now).await?;
    }
    sql("update contact_points set counts_from = $2 where person_id = $1 and revoked_at is null and counts_from > $2")
        .bind(person)
        .bind(now)
        .execute(tx)
        .await
}
