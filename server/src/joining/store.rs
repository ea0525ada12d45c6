//! Invitations. At most one of a person is open: a newer one ends those before it.

use crate::account::{passkey_store, security};
use crate::audit::{self, Act, Actor, Entry};
use crate::contact::points::Kind;
use crate::contact::{self, points};
use crate::db::{Connection, DbError, Many, Tx, sql};
use crate::keys::Keys;
use crate::portal::Portal;
use app::domain::contact::{Channel, Grant, Safety};
use app::domain::ids::{PersonId, StaffId};
use app::domain::joining::{Device, IdentityCheck, Inbox, SpokenWord};
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use uuid::Uuid;

pub const LIFE: Duration = Duration::days(14);
/// Wrong words that end an invitation.
pub const MOST_TRIES: i64 = 5;
/// How long the right word opens the next pages.
const PASS_LIFE: Duration = Duration::minutes(30);

/// A new invitation, to be stored.
pub struct New {
    pub id: Uuid,
    pub person: PersonId,
    pub token_hash: String,
    pub word_hash: String,
    pub checked: IdentityCheck,
    pub by: StaffId,
}

/// Stores an invitation and ends the one before it.
pub async fn invite(tx: &mut Tx, new: New, now: DateTime<Utc>) -> Result<(), DbError> {
    sql("update invitations set replaced_at = $2 where person_id = $1 and used_at is null and replaced_at is null")
        .bind(new.person)
        .bind(now)
        .execute(tx)
        .await?;
    sql("insert into invitations (invitation_id, person_id, token_hash, word_hash, checked, made_by, made_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(new.id)
    .bind(new.person)
    .bind(new.token_hash)
    .bind(new.word_hash)
    .bind(new.checked.code())
    .bind(new.by)
    .bind(now)
    .bind(now + LIFE)
    .execute_one(tx)
    .await?;
    audit::append(tx, now, Entry::new(Actor::Staff(new.by), Act::Invited, Some(new.person), new.id)).await
}

#[derive(sqlx::FromRow)]
struct TriedRow {
    invitation_id: Uuid,
    person_id: Uuid,
    word_hash: String,
}

/// Tries the word of a link; the right one gives the pass whose hash this is. A wrong word, an
/// unknown, old, used or spent link: all the same `false`.
pub async fn try_word(
    tx: &mut Tx,
    keys: &Keys,
    token_hash: &str,
    word: &SpokenWord,
    pass_hash: String,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    // Counted before it is known to be right, so that many at once are counted too.
    let tried: Option<TriedRow> = sql("update invitations set tries = tries + 1 \
         where token_hash = $1 and used_at is null and replaced_at is null and expires_at > $2 and tries < $3 \
         returning invitation_id, person_id, word_hash")
    .bind(token_hash)
    .bind(now)
    .bind(MOST_TRIES)
    .fetch_optional(tx)
    .await?;
    let Some(tried) = tried else { return Ok(false) };
    let person = PersonId(tried.person_id);
    if !crate::keys::same(&tried.word_hash, &keys.word_hash(tried.invitation_id, word)) {
        audit::append(tx, now, Entry::new(Actor::Anyone, Act::InvitationTried, Some(person), tried.invitation_id)).await?;
        return Ok(false);
    }
    sql("update invitations set tries = 0, pass_hash = $2, pass_until = $3 where invitation_id = $1")
        .bind(tried.invitation_id)
        .bind(pass_hash)
        .bind(now + PASS_LIFE)
        .execute_one(tx)
        .await?;
    audit::append(tx, now, Entry::new(Actor::Anyone, Act::InvitationOpened, Some(person), tried.invitation_id)).await?;
    Ok(true)
}

#[derive(sqlx::FromRow)]
struct PassRow {
    invitation_id: Uuid,
    person_id: Uuid,
    device: Option<String>,
    inbox: Option<String>,
}

/// Somebody who knew link and word, half an hour ago at most.
pub struct Pass {
    pub invitation: Uuid,
    pub person: PersonId,
    pub said: Option<(Device, Inbox)>,
}

pub async fn pass(on: &mut impl Connection, pass_hash: &str, now: DateTime<Utc>) -> Result<Option<Pass>, DbError> {
    let row: Option<PassRow> = sql("select invitation_id, person_id, device, inbox from invitations \
         where pass_hash = $1 and pass_until > $2 and used_at is null and replaced_at is null and expires_at > $2")
    .bind(pass_hash)
    .bind(now)
    .fetch_optional(on)
    .await?;
    Ok(row.map(|row| Pass {
        invitation: row.invitation_id,
        person: PersonId(row.person_id),
        said: row.device.as_deref().and_then(Device::from_code).zip(row.inbox.as_deref().and_then(Inbox::from_code)),
    }))
}

pub async fn say_who_sees(tx: &mut Tx, pass: &Pass, device: Device, inbox: Inbox) -> Result<(), DbError> {
    sql("update invitations set device = $2, inbox = $3 where invitation_id = $1")
        .bind(pass.invitation)
        .bind(device.code())
        .bind(inbox.code())
        .execute_one(tx)
        .await
}

/// The address that somebody chose belongs to another account.
pub struct Taken;

/// Gives the person the address and the PIN that they chose; after [`Taken`] the transaction must be
/// dropped, and nothing has changed. Every older address of theirs is dead
/// at once, every device signed out, every unused code spent, every passkey gone.
pub async fn choose(
    portal: &Portal,
    tx: &mut Tx,
    pass: &Pass,
    email: &str,
    pin_hash: String,
    now: DateTime<Utc>,
) -> Result<Result<(), Taken>, DbError> {
    let index = portal.keys.contact_index(email);
    // What was held for a day, or waits under another address, ends too.
    sql("update contact_points set revoked_at = $3 \
         where person_id = $1 and kind = 'email' and revoked_at is null and (value_index <> $2 or counts_from > $3)")
    .bind(pass.person)
    .bind(index.as_str())
    .bind(now)
    .execute(tx)
    .await?;
    let key = portal.keys.vault.key(tx, pass.person.0).await?;
    // Staff made sure of who this is: it counts at once.
    points::add(portal, tx, &key, (Kind::Email, email), now, now).await?;
    let (holder,): (Uuid,) =
        sql("select person_id from contact_points where value_index = $1 and revoked_at is null").bind(index).fetch_one(tx).await?;
    if holder != pass.person.0 {
        return Ok(Err(Taken));
    }
    // They have just said that only they can open it. It may carry codes and nothing says who we are;
    // notices need the person's own choice on the contact pages.
    let safe = Grant { safety: Safety::Safe, ..Grant::unknown(Channel::Email) };
    contact::store::set_grant(tx, portal.new_id(), pass.person, &safe, now).await?;
    sql("update people set pin_hash = $2, pin_failures = 0, pin_failed_at = null where person_id = $1")
        .bind(pass.person)
        .bind(pin_hash)
        .execute_one(tx)
        .await?;
    security::end_every_session(tx, pass.person, now).await?;
    passkey_store::remove_all(tx, pass.person, now).await?;
    sql("update invitations set chosen_at = $2 where invitation_id = $1 and used_at is null")
        .bind(pass.invitation)
        .bind(now)
        .execute_one(tx)
        .await?;
    audit::append(tx, now, Entry::new(Actor::Person(pass.person), Act::WayInChosen, Some(pass.person), pass.invitation)).await?;
    Ok(Ok(()))
}

/// The first sign-in after the choice uses the invitation up.
pub async fn used(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<(), DbError> {
    sql("update invitations set used_at = $2 where person_id = $1 and used_at is null and replaced_at is null and chosen_at is not null")
        .bind(person)
        .bind(now)
        .execute(tx)
        .await
        .map(drop)
}

/// How an invitation stands, for staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    None,
    Open {
        until: DateTime<Utc>,
        wrong_words: i64,
    },
    /// Five wrong words: somebody without the word has the link.
    Spent,
    RunOut {
        at: DateTime<Utc>,
    },
    /// Address and PIN are chosen; no sign-in yet.
    Chosen {
        at: DateTime<Utc>,
    },
    Used {
        at: DateTime<Utc>,
    },
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    person_id: Uuid,
    expires_at: DateTime<Utc>,
    tries: i64,
    chosen_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
}

impl StandingRow {
    fn standing(&self, now: DateTime<Utc>) -> Standing {
        match (self.used_at, self.chosen_at) {
            (Some(at), _) => Standing::Used { at },
            (None, Some(at)) => Standing::Chosen { at },
            _ if self.tries >= MOST_TRIES => Standing::Spent,
            _ if self.expires_at <= now => Standing::RunOut { at: self.expires_at },
            _ => Standing::Open { until: self.expires_at, wrong_words: self.tries },
        }
    }
}

static STANDINGS: Many = Many::new(
    "select person_id, expires_at, tries, chosen_at, used_at from invitations \
     where replaced_at is null and person_id in ({rows}) order by made_at",
    1,
);

/// How the newest invitation of each of these people stands; nobody without one is in it.
pub async fn standings(on: &mut impl Connection, people: &[Uuid], now: DateTime<Utc>) -> Result<HashMap<Uuid, Standing>, DbError> {
    let mut found = HashMap::new();
    for some in STANDINGS.groups(people) {
        let mut statement = STANDINGS.of(some.len());
        for id in some {
            statement = statement.bind(*id);
        }
        let rows: Vec<StandingRow> = statement.fetch_all(on).await?;
        // Oldest first: the newest one stays.
        found.extend(rows.into_iter().map(|row| (row.person_id, row.standing(now))));
    }
    Ok(found)
}
