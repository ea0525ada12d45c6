//! Half-finished answers, kept on the server and found by a cookie: never in the browser, which may
//! be somebody else's tomorrow. A signed-in person finds theirs from any browser.

use crate::db::{Connection, DbError, Tx, sql};
use crate::keys;
use crate::portal::Portal;
use crate::vault::{DataKey, Field};
use app::domain::ids::{PersonId, Reference};
use app::forms::Fields;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// Without an account a draft lives this long after the last answer, with one `KEPT_FOR_PERSONS`.
const KEPT_FOR_ANYONE: Duration = Duration::hours(2);
const KEPT_FOR_PERSONS: Duration = Duration::days(30);

pub struct Draft {
    pub token_hash: String,
    pub submission: Uuid,
    pub fields: Fields,
    /// Set once it was sent by somebody without an account: the page that confirms it.
    pub sent: Option<Reference>,
}

#[derive(sqlx::FromRow)]
struct Row {
    token_hash: String,
    submission_id: Uuid,
    answers: String,
    wrapped: String,
    person_id: Option<Uuid>,
    reference: Option<String>,
}

impl Draft {
    fn open(portal: &Portal, row: Row) -> Result<Self, DbError> {
        let key = portal.keys.vault.unwrap(row.person_id.unwrap_or(row.submission_id), &row.wrapped)?;
        let answers = key.open(Field::DraftAnswers, row.submission_id, &row.answers)?;
        let pairs = serde_json::from_str(&answers).map_err(|_| DbError::inconsistent("drafts.answers"))?;
        Ok(Self {
            token_hash: row.token_hash,
            submission: row.submission_id,
            fields: Fields::new(pairs),
            sent: row.reference.as_deref().and_then(Reference::parse),
        })
    }
}

/// The draft of this browser or this person. One that belongs to somebody else is not found, even
/// with its cookie: whoever signs in on a shared phone does not find another's answers.
pub async fn find(
    portal: &Portal,
    on: &mut impl Connection,
    person: Option<PersonId>,
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Draft>, DbError> {
    let row: Option<Row> = match person {
        Some(person) => {
            sql("select d.token_hash, d.submission_id, d.answers, d.person_id, k.wrapped, r.reference from drafts d \
                 join data_keys k on k.owner_id = coalesce(d.person_id, d.submission_id) \
                 left join support_requests r on r.submission_id = d.submission_id \
                 where (d.person_id = $1 and d.updated_at > $2) or (d.token_hash = $3 and d.person_id is null and d.updated_at > $4) \
                 order by d.updated_at desc limit 1")
            .bind(person)
            .bind(now - KEPT_FOR_PERSONS)
            .bind(token.map(keys::token_hash))
            .bind(now - KEPT_FOR_ANYONE)
            .fetch_optional(on)
            .await?
        }
        None => {
            sql("select d.token_hash, d.submission_id, d.answers, d.person_id, k.wrapped, r.reference from drafts d \
                 join data_keys k on k.owner_id = coalesce(d.person_id, d.submission_id) \
                 left join support_requests r on r.submission_id = d.submission_id \
                 where d.token_hash = $1 and d.person_id is null and d.updated_at > $2")
            .bind(token.map(keys::token_hash))
            .bind(now - KEPT_FOR_ANYONE)
            .fetch_optional(on)
            .await?
        }
    };
    row.map(|row| Draft::open(portal, row)).transpose()
}

pub async fn save(portal: &Portal, tx: &mut Tx, draft: &Draft, person: Option<&DataKey>, now: DateTime<Utc>) -> Result<(), DbError> {
    let own = match person {
        Some(_) => None,
        None => Some(portal.keys.vault.find_or_make(tx, &portal.entropy, draft.submission, now).await?),
    };
    let Some(key) = person.or(own.as_ref()) else { unreachable!("one of the two is there") };
    let answers = serde_json::to_string(draft.fields.pairs()).map_err(|_| DbError::inconsistent("drafts.answers"))?;
    sql("insert into drafts (token_hash, person_id, submission_id, answers, updated_at) values ($1, $2, $3, $4, $5) \
         on conflict (token_hash) do update set person_id = excluded.person_id, submission_id = excluded.submission_id, \
           answers = excluded.answers, updated_at = excluded.updated_at")
    .bind(draft.token_hash.clone())
    .bind(person.map(|key| PersonId(key.owner())))
    .bind(draft.submission)
    .bind(key.seal(&portal.entropy, Field::DraftAnswers, draft.submission, &answers))
    .bind(now)
    .execute_one(tx)
    .await
}

/// Drafts past their time go, whoever happens to save next.
pub async fn purge(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, DbError> {
    // Their keys first: a submission that was sent keeps its own, and so does its request.
    sql("delete from data_keys where owner_id in \
         (select submission_id from drafts where (person_id is null and updated_at <= $1) or updated_at <= $2) \
         and not exists (select 1 from support_requests r where r.submission_id = data_keys.owner_id)")
    .bind(now - KEPT_FOR_ANYONE)
    .bind(now - KEPT_FOR_PERSONS)
    .execute(tx)
    .await?;
    sql("delete from drafts where (person_id is null and updated_at <= $1) or updated_at <= $2")
        .bind(now - KEPT_FOR_ANYONE)
        .bind(now - KEPT_FOR_PERSONS)
        .execute(tx)
        .await
}

pub async fn remove(tx: &mut Tx, token_hash: &str) -> Result<(), DbError> {
    sql("delete from drafts where token_hash = $1").bind(token_hash).execute(tx).await.map(drop)
}
