//! Grants and preferences: what a person said about how they may be contacted.

use crate::db::{Connection, DbError, Tx, sql};
use crate::portal::Portal;
use crate::vault::{DataKey, Field};
use app::domain::contact::{Channel, CommunicationNeed, Days, Grant, Preferences, Safety, Window};
use app::domain::ids::PersonId;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct GrantRow {
    channel: String,
    safety: String,
    days: i64,
    from_hour: i64,
    to_hour: i64,
    voicemail: bool,
    say_who: bool,
    until: Option<String>,
}

impl TryFrom<GrantRow> for Grant {
    type Error = DbError;
    fn try_from(row: GrantRow) -> Result<Self, DbError> {
        let broken = |column: &str| DbError::inconsistent(format!("contact_grants.{column}"));
        let hour = |hour: i64| u8::try_from(hour).map_err(|_| broken("hours"));
        let days = Days::from_bits(row.days).ok_or_else(|| broken("days"))?;
        Ok(Self {
            channel: Channel::from_code(&row.channel).ok_or_else(|| broken("channel"))?,
            safety: Safety::from_code(&row.safety).ok_or_else(|| broken("safety"))?,
            window: Window::new(days, hour(row.from_hour)?, hour(row.to_hour)?).ok_or_else(|| broken("hours"))?,
            voicemail: row.voicemail,
            say_who: row.say_who,
            until: row.until.map(|day| day.parse::<NaiveDate>().map_err(|_| broken("until"))).transpose()?,
        })
    }
}

/// What the person has said about every channel; unknown where nothing.
pub async fn grants(on: &mut impl Connection, person: PersonId) -> Result<Vec<Grant>, DbError> {
    let rows: Vec<GrantRow> = sql("select channel, safety, days, from_hour, to_hour, voicemail, say_who, until from contact_grants \
         where person_id = $1 and revoked_at is null")
    .bind(person)
    .fetch_all(on)
    .await?;
    let said = rows.into_iter().map(Grant::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Channel::ALL
        .into_iter()
        .map(|channel| said.iter().find(|grant| grant.channel == channel).cloned().unwrap_or_else(|| Grant::unknown(channel)))
        .collect())
}

/// Replaces what was said about a channel; the old word stays on record, revoked.
pub async fn set_grant(tx: &mut Tx, id: Uuid, person: PersonId, grant: &Grant, now: DateTime<Utc>) -> Result<(), DbError> {
    sql("update contact_grants set revoked_at = $3 where person_id = $1 and channel = $2 and revoked_at is null")
        .bind(person)
        .bind(grant.channel.code())
        .bind(now)
        .execute(tx)
        .await?;
    let (from, to) = grant.window.hours();
    sql("insert into contact_grants (grant_id, person_id, channel, safety, days, from_hour, to_hour, voicemail, say_who, until, granted_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
    .bind(id)
    .bind(person)
    .bind(grant.channel.code())
    .bind(grant.safety.code())
    .bind(grant.window.days().bits())
    .bind(i64::from(from))
    .bind(i64::from(to))
    .bind(grant.voicemail)
    .bind(grant.say_who)
    .bind(grant.until)
    .bind(now)
    .execute_one(tx)
    .await
}

#[derive(sqlx::FromRow)]
struct PreferenceRow {
    preferred_channel: Option<String>,
    language: Option<String>,
    communication: Option<String>,
    preferences_at: Option<DateTime<Utc>>,
}

/// What holds over all channels, and when it was last changed.
pub async fn preferences(on: &mut impl Connection, key: &DataKey) -> Result<(Preferences, Option<DateTime<Utc>>), DbError> {
    let row: PreferenceRow = sql("select preferred_channel, language, communication, preferences_at from people where person_id = $1")
        .bind(key.owner())
        .fetch_one(on)
        .await?;
    let preferred = row
        .preferred_channel
        .map(|code| Channel::from_code(&code).ok_or_else(|| DbError::inconsistent("people.preferred_channel")))
        .transpose()?;
    let language = key.open_some(Field::PersonLanguage, key.owner(), row.language.as_deref())?;
    let communication = key.open_some(Field::PersonCommunication, key.owner(), row.communication.as_deref())?.unwrap_or_default();
    let needs = communication.split(',').filter_map(CommunicationNeed::from_code).collect();
    Ok((Preferences { preferred, language, needs }, row.preferences_at))
}

pub async fn set_preferences(
    portal: &Portal,
    tx: &mut Tx,
    key: &DataKey,
    preferences: &Preferences,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let needs: Vec<&str> = preferences.needs.iter().map(|need| need.code()).collect();
    let seal = |field, text: &str| key.seal(&portal.entropy, field, key.owner(), text);
    sql("update people set preferred_channel = $2, language = $3, communication = $4, preferences_at = $5 where person_id = $1")
        .bind(key.owner())
        .bind(preferences.preferred.map(Channel::code))
        .bind(preferences.language.as_deref().map(|language| seal(Field::PersonLanguage, language)))
        .bind(seal(Field::PersonCommunication, &needs.join(",")))
        .bind(now)
        .execute_one(tx)
        .await
}
