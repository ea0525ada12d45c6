//! Files in the database: sealed, each with the message it came with.

use crate::db::{Connection, DbError, Reader, Tx, sql};
use crate::error::Error;
use crate::portal::Portal;
use crate::vault::{DataKey, Field};
use app::domain::file::{FileKind, in_words};
use app::domain::ids::{FileId, MessageId, PersonId, Reference, RequestId};
use axum::body::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A file ready to be kept.
pub struct Sealed {
    id: FileId,
    pub kind: FileKind,
    size: i64,
    content: Vec<u8>,
}

impl Sealed {
    /// Seals a file whose extra facts are gone (see [`super::strip`]).
    pub async fn new(portal: &Portal, key: &DataKey, kind: FileKind, bytes: Bytes) -> Result<Self, Error> {
        let (id, size) = (FileId(portal.new_id()), i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        let (slow, key) = (portal.clone(), key.clone());
        let sealing = tokio::task::spawn_blocking(move || key.seal_bytes(&slow.entropy, Field::FileContent, id.0, &bytes));
        let content = sealing.await.map_err(|_| Error::Internal("the server is shutting down".into()))?;
        Ok(Self { id, kind, size, content })
    }

    pub async fn insert(&self, tx: &mut Tx, message: MessageId, now: DateTime<Utc>) -> Result<(), DbError> {
        sql("insert into files (file_id, message_id, kind, size, content, sent_at) values ($1, $2, $3, $4, $5, $6)")
            .bind(self.id)
            .bind(message)
            .bind(self.kind.code())
            .bind(self.size)
            .bind(self.content.clone())
            .bind(now)
            .execute_one(tx)
            .await
    }

    pub fn id(&self) -> FileId {
        self.id
    }
}

/// `Photo, 340 KB`, from the columns of a row that may have none.
pub fn told(kind: Option<&str>, size: Option<i64>) -> Result<Option<String>, DbError> {
    let Some(kind) = kind else { return Ok(None) };
    let kind = FileKind::from_code(kind).ok_or_else(|| DbError::inconsistent("files.kind"))?;
    Ok(Some(in_words(kind, size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0))))
}

pub async fn count(on: &mut impl Connection, person: PersonId) -> Result<i64, DbError> {
    let (count,): (i64,) = sql("select count(*) from files f join messages m on m.message_id = f.message_id \
         join support_requests r on r.request_id = m.request_id where r.person_id = $1")
    .bind(person)
    .fetch_one(on)
    .await?;
    Ok(count)
}

#[derive(sqlx::FromRow)]
struct Row {
    file_id: Uuid,
    kind: String,
    size: i64,
    sent_at: DateTime<Utc>,
    reference: String,
}

pub struct Kept {
    pub id: FileId,
    pub what: String,
    pub sent: DateTime<Utc>,
    pub reference: Reference,
}

/// What a person has sent and not removed, newest first.
pub async fn of_person(reader: &mut Reader, person: PersonId) -> Result<Vec<Kept>, DbError> {
    let rows: Vec<Row> = sql("select f.file_id, f.kind, f.size, f.sent_at, r.reference from files f \
         join messages m on m.message_id = f.message_id join support_requests r on r.request_id = m.request_id \
         where r.person_id = $1 order by f.sent_at desc, f.file_id")
    .bind(person)
    .fetch_all(reader)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Kept {
                id: FileId(row.file_id),
                what: told(Some(&row.kind), Some(row.size))?.unwrap_or_default(),
                sent: row.sent_at,
                reference: Reference::parse(&row.reference).ok_or_else(|| DbError::inconsistent("support_requests.reference"))?,
            })
        })
        .collect()
}

/// A file as it was sent.
pub struct Opened {
    pub kind: FileKind,
    pub bytes: Vec<u8>,
}

async fn opened(key: &DataKey, id: FileId, row: Option<(String, Vec<u8>)>) -> Result<Option<Opened>, DbError> {
    let Some((kind, content)) = row else { return Ok(None) };
    let kind = FileKind::from_code(&kind).ok_or_else(|| DbError::inconsistent("files.kind"))?;
    let key = key.clone();
    let opening = tokio::task::spawn_blocking(move || key.open_bytes(Field::FileContent, id.0, &content));
    let bytes = opening.await.map_err(|_| DbError::inconsistent("files.content: its opening was ended"))??;
    Ok(Some(Opened { kind, bytes }))
}

/// The sender's own; another's is not there.
pub async fn own(on: &mut impl Connection, key: &DataKey, id: FileId) -> Result<Option<Opened>, DbError> {
    let row = sql("select f.kind, f.content from files f join messages m on m.message_id = f.message_id \
         join support_requests r on r.request_id = m.request_id where f.file_id = $1 and r.person_id = $2")
    .bind(id)
    .bind(PersonId(key.owner()))
    .fetch_optional(on)
    .await?;
    opened(key, id, row).await
}

/// One that came with a message of this request.
pub async fn of_request(on: &mut impl Connection, key: &DataKey, request: RequestId, id: FileId) -> Result<Option<Opened>, DbError> {
    let row = sql("select f.kind, f.content from files f join messages m on m.message_id = f.message_id \
         where f.file_id = $1 and m.request_id = $2")
    .bind(id)
    .bind(request)
    .fetch_optional(on)
    .await?;
    opened(key, id, row).await
}

/// False when there is none of theirs with this id.
pub async fn remove(tx: &mut Tx, person: PersonId, id: FileId) -> Result<bool, DbError> {
    let removed = sql("delete from files where file_id = $1 and message_id in (select m.message_id from messages m \
         join support_requests r on r.request_id = m.request_id where r.person_id = $2)")
    .bind(id)
    .bind(person)
    .execute(tx)
    .await?;
    Ok(removed == 1)
}
