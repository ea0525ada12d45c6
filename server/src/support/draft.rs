//! Half-finished answers, kept on the server and found by a cookie: never in the browser, which may
//! be somebody else's tomorrow. A signed-in person finds theirs from any browser.

use crate::db::{Connection, DbError, Tx, sql};
use crate::keys;
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
    reference: Option<String>,
}

impl TryFrom<Row> for Draft {
    type Error = DbError;
    fn try_from(row: Row) -> Result<Self, DbError> {
        let pairs = serde_json::from_str(&row.answers).map_err(|_| DbError::inconsistent("drafts.answers"))?;
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
    on: &mut impl Connection,
    person: Option<PersonId>,
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Draft>, DbError> {
    let row: Option<Row> = match person {
        Some(person) => {
            sql("select d.token_hash, d.submission_id, d.answers, r.reference from drafts d \
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
            sql("select d.token_hash, d.submission_id, d.answers, r.reference from drafts d \
                 left join support_requests r on r.submission_id = d.submission_id \
                 where d.token_hash = $1 and d.person_id is null and d.updated_at > $2")
            .bind(token.map(keys::token_hash))
            .bind(now - KEPT_FOR_ANYONE)
            .fetch_optional(on)
            .await?
        }
    };
    row.map(Draft::try_from).transpose()
}

pub async fn save(tx: &mut Tx, draft: &Draft, person: Option<PersonId>, now: DateTime<Utc>) -> Result<(), DbError> {
    let answers = serde_json::to_string(draft.fields.pairs()).map_err(|_| DbError::inconsistent("drafts.answers"))?;
    sql("insert into drafts (token_hash, person_id, submission_id, answers, updated_at) values ($1, $2, $3, $4, $5) \
         on conflict (token_hash) do update set person_id = excluded.person_id, submission_id = excluded.submission_id, \
           answers = excluded.answers, updated_at = excluded.updated_at")
    .bind(draft.token_hash.clone())
    .bind(person)
    .bind(draft.submission)
    .bind(answers)
    .bind(now)
    .execute_one(tx)
    .await
}

/// Drafts past their time go, whoever happens to save next.
pub async fn purge(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, DbError> {
    sql("delete from drafts where (person_id is null and updated_at <= $1) or updated_at <= $2")
        .bind(now - KEPT_FOR_ANYONE)
        .bind(now - KEPT_FOR_PERSONS)
        .execute(tx)
        .await
}

pub async fn remove(tx: &mut Tx, token_hash: &str) -> Result<(), DbError> {
    sql("delete from drafts where token_hash = $1").bind(token_hash).execute(tx).await.map(drop)
}
