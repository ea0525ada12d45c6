//! A walk along the chain: each row follows the one before, and the last one is the end that was written.

use super::Line;
use crate::db::{Connection, DbError, sql};

/// What a walk along the chain found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Sound {
        rows: i64,
    },
    /// The first row that does not fit, and why.
    Broken {
        seq: i64,
        why: &'static str,
    },
}

#[derive(sqlx::FromRow)]
struct End {
    seq: i64,
    hash: String,
    last: Option<i64>,
}

/// Walks the whole chain as it is when asked; the portal may go on writing meanwhile.
pub async fn verify(on: &mut impl Connection) -> Result<Verdict, DbError> {
    // One statement: a row written after it is neither a forged end nor a missing one.
    let end: End = sql("select seq, hash, (select max(seq) from audit) as last from audit_head where chain = 1").fetch_one(on).await?;
    let broken = |seq, why| Ok(Verdict::Broken { seq, why });
    let (mut hash, mut expected, mut from) = (String::new(), 1, i64::MIN);
    loop {
        let lines: Vec<Line> = sql("select seq, at, actor, actor_id, act, person_id, subject, prev_hash, hash from audit \
             where seq >= $1 and seq <= $2 order by seq limit 1000")
        .bind(from)
        .bind(end.seq)
        .fetch_all(on)
        .await?;
        if lines.is_empty() {
            break;
        }
        for line in lines {
            if line.seq > expected {
                return broken(line.seq, "a row is missing before it");
            } else if line.seq < expected {
                return broken(line.seq, "it was added before the beginning");
            } else if line.prev_hash != hash {
                return broken(line.seq, "it does not follow the row before");
            } else if line.digest() != line.hash {
                return broken(line.seq, "it was changed");
            }
            hash.clone_from(&line.hash);
            expected += 1;
        }
        from = expected;
    }
    if expected <= end.seq {
        return broken(expected, "rows are missing at the end");
    }
    if hash != end.hash {
        return broken(end.seq, "it is not the end that was written");
    }
    if end.last.is_some_and(|last| last > end.seq) {
        return broken(expected, "it was added after the end");
    }
    Ok(Verdict::Sound { rows: end.seq })
}
