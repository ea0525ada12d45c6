//! How fast anybody may knock: by the block of addresses they come from, and over the whole portal. Kept
//! in the database, so that several servers count together; taken before anything is looked up, so that
//! it says nothing about who is known; slowing down, never locking anybody out.
//!
//! Each door has a bucket for each block: a number of tries at once, then one each minute. A right answer
//! gives its try back. All failures of all doors fill one more bucket; while that one is full (the
//! breaker), a block has three tries and then one each ten minutes: whoever comes from a quiet address
//! still gets in.
//!
//! A person who has signed in, and a machine that invites, have buckets of their own.
//!
//! To add a door: a variant of [`Door`], [`take`] before its secret is looked at, [`give_back`] after a
//! right one, [`failed`] after a wrong one. It must not keep an address: only its keyed hash.

use crate::db::{DbError, Tx, sql};
use crate::error::Error;
use crate::http::client::Block;
use app::domain::ids::PersonId;
use chrono::{DateTime, Duration, Utc};

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Asking for a code.
    AskCode,
    /// A code with a PIN.
    Prove,
    /// Signing in with a passkey: asking, and answering.
    Passkey,
    /// The word of an invitation.
    Word,
    /// A password of staff, and the code after it; or a single sign-on, there and back.
    Staff,
}

impl Door {
    fn code(self) -> &'static str {
        match self {
            Self::AskCode => "ask_code",
            Self::Prove => "prove",
            Self::Passkey => "passkey",
            Self::Word => "word",
            Self::Staff => "staff",
        }
    }
}

/// A bucket that fills by one with each try and empties by one each `every`; full at `burst`.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    burst: i32,
    every: Duration,
}

const BLOCK: Bucket = Bucket { burst: 20, every: Duration::minutes(1) };
const BLOCK_WHILE_TRIPPED: Bucket = Bucket { burst: 3, every: Duration::minutes(10) };
const MACHINE: Bucket = Bucket { burst: 100, every: Duration::seconds(30) };
const OWN: Bucket = Bucket { burst: 10, every: Duration::minutes(10) };
const SYSTEM: Bucket = Bucket { burst: 300, every: Duration::milliseconds(1200) };
const EVERYWHERE: &str = "everywhere";

/// Takes one try at a door, or answers that it has to wait. A caller without an address (there is none
/// inside a test) is counted with the whole portal only.
pub async fn take(tx: &mut Tx, block: &Block, door: Door, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(block) = block.hash() else { return Ok(()) };
    let bucket = if is_tripped(tx, now).await? { BLOCK_WHILE_TRIPPED } else { BLOCK };
    if fill(tx, block, door.code(), bucket, now).await? { Ok(()) } else { Err(Error::SlowDown) }
}

/// Tries of somebody who has signed in, such as addresses that may be another's: a few, then one each ten minutes.
pub async fn take_own(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<(), Error> {
    if fill(tx, &person.to_string(), "new_point", OWN, now).await? { Ok(()) } else { Err(Error::SlowDown) }
}

/// Invitations that a machine asks for: a night's batch, then two each minute. A key in the wrong hands
/// must not write to everybody. False when it has to wait.
pub async fn take_machine(tx: &mut Tx, key_id: &str, now: DateTime<Utc>) -> Result<bool, DbError> {
    fill(tx, key_id, "machine_invites", MACHINE, now).await
}

/// After a right answer: its try was none.
pub async fn give_back(tx: &mut Tx, block: &Block, door: Door) -> Result<(), DbError> {
    let Some(block) = block.hash() else { return Ok(()) };
    sql("update tries set full_until = full_until - $3 where subject = $1 and door = $2")
        .bind(block)
        .bind(door.code())
        .bind(micros(BLOCK.every))
        .execute(tx)
        .await
        .map(drop)
}

/// After a wrong one: it counts over the whole portal.
pub async fn failed(tx: &mut Tx, now: DateTime<Utc>) -> Result<(), DbError> {
    fill(tx, EVERYWHERE, EVERYWHERE, SYSTEM, now).await.map(drop)
}

async fn is_tripped(tx: &mut Tx, now: DateTime<Utc>) -> Result<bool, DbError> {
    let row: Option<(i64,)> =
        sql("select full_until from tries where subject = $1 and door = $1").bind(EVERYWHERE).fetch_optional(tx).await?;
    Ok(row.is_some_and(|(until,)| until > now.timestamp_micros() + micros(SYSTEM.every * (SYSTEM.burst - 1))))
}

/// One statement, so that many at once are all counted. False when the bucket is full.
async fn fill(tx: &mut Tx, subject: &str, door: &str, bucket: Bucket, now: DateTime<Utc>) -> Result<bool, DbError> {
    let now = now.timestamp_micros();
    // Buckets that have run dry say nothing any more.
    sql("delete from tries where full_until < $1").bind(now).execute(tx).await?;
    sql("insert into tries (subject, door, full_until) values ($1, $2, $3 + $4) on conflict (subject, door) do update \
         set full_until = case when tries.full_until > $3 then tries.full_until else $3 end + $4 where tries.full_until <= $5")
    .bind(subject)
    .bind(door)
    .bind(now)
    .bind(micros(bucket.every))
    .bind(now + micros(bucket.every * (bucket.burst - 1)))
    .execute(tx)
    .await
    .map(|rows| rows == 1)
}

fn micros(time: Duration) -> i64 {
    time.num_microseconds().unwrap_or(i64::MAX)
}
