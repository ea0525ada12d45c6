//! People, staff and requests for tests of what is built on them.

use app::domain::contact::{Channel, Grant, Preferences, Safety};
use app::domain::ids::{PersonId, StaffId};
use app::domain::notice::Notice;
use app::domain::support::{Answers, Need, Reach, ReachDetails, SafeNow};
use server::contact::points::{self, Kind};
use server::contact::store as contact;
use server::db::{Db, DbError, Tx, sql};
use server::outbox;
use server::people;
use server::portal::Portal;
use server::support::requests::{self, Stored};
use uuid::Uuid;

pub fn safe(channel: Channel) -> Grant {
    Grant { safety: Safety::Safe, ..Grant::unknown(channel) }
}

/// Somebody with an address and nothing said about it.
pub async fn somebody(portal: &Portal, email: &str) -> Result<PersonId, DbError> {
    let mut tx = portal.db.write().await?;
    let new = people::New { source: "test", key: email, name: "Somebody" };
    let (id, key) = people::add(portal, &mut tx, new, portal.now()).await?;
    points::add(portal, &mut tx, &key, (Kind::Email, email), portal.now(), portal.now()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Somebody whose email is safe, and who wants it used.
pub async fn reachable(portal: &Portal, email: &str) -> Result<PersonId, DbError> {
    let id = somebody(portal, email).await?;
    grant(portal, id, &safe(Channel::Email)).await?;
    prefer(portal, id, Some(Channel::Email)).await?;
    Ok(id)
}

pub async fn grant(portal: &Portal, person: PersonId, grant: &Grant) -> Result<(), DbError> {
    let mut tx = portal.db.write().await?;
    contact::set_grant(&mut tx, portal.new_id(), person, grant, portal.now()).await?;
    tx.commit().await
}

pub async fn prefer(portal: &Portal, person: PersonId, preferred: Option<Channel>) -> Result<(), DbError> {
    let mut tx = portal.db.write().await?;
    let key = portal.keys.vault.key(&mut tx, person.0).await?;
    contact::set_preferences(portal, &mut tx, &key, &Preferences { preferred, ..Preferences::default() }, portal.now()).await?;
    tx.commit().await
}

/// Queues a notice; answers its id in the outbox.
pub async fn queue(portal: &Portal, notice: Notice, person: Option<PersonId>, subject: Uuid) -> Result<Uuid, DbError> {
    let id = portal.new_id();
    let mut tx = portal.db.write().await?;
    outbox::queue(&mut tx, id, notice, person, subject, portal.now()).await?;
    tx.commit().await?;
    Ok(id)
}

pub async fn queue_received(portal: &Portal, person: PersonId) -> Result<Uuid, DbError> {
    queue(portal, Notice::RequestReceived, Some(person), Uuid::nil()).await
}

pub async fn coordinator(db: &Db, n: u32) -> Result<StaffId, DbError> {
    let id = StaffId(Uuid::from_u128(u128::from(n) + 0x5000));
    let mut tx = db.write().await?;
    sql("insert into staff (staff_id, email, name, role, team, password_hash, totp_secret, created_at) \
         values ($1, $2, 'Sam', 'coordinator', 'Worcester', '', '', $3)")
    .bind(id)
    .bind(format!("sam{n}@hub.example.test"))
    .bind(crate::stores::monday())
    .execute_one(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}

pub fn answers() -> Answers {
    Answers {
        needs: vec![Need::Information],
        safe_now: SafeNow::Yes,
        concerns: vec![],
        words: Some("burglary, Elm Row".into()),
        reach: ReachDetails { reach: Reach::Portal, value: None, name: None, when_safe: None, voicemail: false },
    }
}

pub async fn submit_in(portal: &Portal, tx: &mut Tx, submission: Uuid, person: Option<PersonId>) -> Result<Stored, DbError> {
    let key = match person {
        Some(person) => Some(portal.keys.vault.key(tx, person.0).await?),
        None => None,
    };
    requests::submit(portal, tx, submission, key.as_ref(), answers(), portal.now()).await
}

pub async fn submit(portal: &Portal, person: Option<PersonId>) -> Result<Stored, DbError> {
    let mut tx = portal.db.write().await?;
    let stored = submit_in(portal, &mut tx, portal.new_id(), person).await?;
    tx.commit().await?;
    Ok(stored)
}

/// The hub writes to the person about a request, and the notice of it is queued.
pub async fn reply(portal: &Portal, by: StaffId, person: PersonId, to: &Stored) -> Result<Uuid, DbError> {
    let (message, notice) = (portal.new_id(), portal.new_id());
    let mut tx = portal.db.write().await?;
    sql("insert into messages (message_id, request_id, submission_id, author, staff_id, body, sent_at) \
         values ($1, $2, $1, 'hub', $3, 'About the burglary', $4)")
    .bind(message)
    .bind(to.id)
    .bind(by)
    .bind(portal.now())
    .execute_one(&mut tx)
    .await?;
    outbox::queue(&mut tx, notice, Notice::ReplyWaiting, Some(person), to.id.0, portal.now()).await?;
    tx.commit().await?;
    Ok(notice)
}

/// The person reads what was written about a request.
pub async fn read(portal: &Portal, request: &Stored) -> Result<(), DbError> {
    let mut tx = portal.db.write().await?;
    sql("update messages set read_at = $2 where request_id = $1").bind(request.id).bind(portal.now()).execute(&mut tx).await?;
    tx.commit().await
}
