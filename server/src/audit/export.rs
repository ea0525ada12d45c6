//! Rows of the chain for whoever must see them: an auditor, or a person who asks who has looked at them.
//! One JSON object a line, from a fixed list of columns; ids and codes only, as in the chain.

use super::Line;
use crate::db::{DbError, Reader, sql};
use app::domain::ids::PersonId;
use serde::Serialize;
use std::io::Write;

/// Rows asked for at once.
const AT_ONCE: i64 = 1000;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Write(#[from] std::io::Error),
}

#[derive(Serialize)]
struct Row<'a> {
    seq: i64,
    at: String,
    actor: &'a str,
    actor_id: &'a str,
    act: &'a str,
    person: Option<String>,
    subject: &'a str,
    hash: &'a str,
}

/// Writes the rows of the whole chain, or those about one person, oldest first; answers how many.
pub async fn rows(reader: &mut Reader, person: Option<PersonId>, out: &mut impl Write) -> Result<u64, ExportError> {
    let (mut from, mut count) = (i64::MIN, 0);
    loop {
        let lines: Vec<Line> = sql("select seq, at, actor, actor_id, act, person_id, subject, prev_hash, hash from audit \
             where seq >= $1 and ($2 is null or person_id = $2) order by seq limit $3")
        .bind(from)
        .bind(person)
        .bind(AT_ONCE)
        .fetch_all(reader)
        .await?;
        let Some(last) = lines.last() else { return Ok(count) };
        from = last.seq + 1;
        for line in &lines {
            let row = Row {
                seq: line.seq,
                at: line.at.to_rfc3339(),
                actor: &line.actor,
                actor_id: &line.actor_id,
                act: &line.act,
                person: line.person_id.map(|id| id.to_string()),
                subject: &line.subject,
                hash: &line.hash,
            };
            writeln!(out, "{}", serde_json::to_string(&row).map_err(std::io::Error::other)?)?;
            count += 1;
        }
    }
}
