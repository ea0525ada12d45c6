//! Invitations. At most one of a person is open: a newer one ends those before it.

use crate::account::{passkey_store, security};
use crate::audit::{self, Act, Actor, Entry};
use crate::contact::points::Kind;
use crate::contact::{self, points};
use crate::db::{Connection, DbError, Many, Tx, sql};
use crate::keys::{self, Keys};
use crate::outbox;
use crate::portal::Portal;
use crate::vault::Field;
use app::domain::contact::{Channel, Grant, Safety};
use app::domain::ids::{PersonId, StaffId};
use app::domain::joining::{Delivery, Device, IdentityCheck, Inbox, OwnInbox, SpokenWord};
use app::domain::notice::Notice;
use app::paths;
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use uuid::Uuid;

pub const LIFE: Duration = Duration::days(14);
/// Wrong words that end an invitation.
pub const MOST_TRIES: i64 = 5;
/// How long the right word opens the next pages.
const PASS_LIFE: Duration = Duration::minutes(30);

/// Who makes an invitation.
#[derive(Clone, Debug)]
pub enum Maker {
    Staff(StaffId),
    /// The id of its key.
    Machine(String),
}

/// An invitation to be made.
pub struct New {
    pub person: PersonId,
    pub checked: IdentityCheck,
    pub by: Maker,
    /// Where its link is mailed; without one it is handed over.
    pub mail_to: Option<OwnInbox>,
}

/// What is shown once.
pub struct Made {
    pub id: Uuid,
    pub link: String,
    pub word: SpokenWord,
    pub until: DateTime<Utc>,
}

/// The secret address of an invitation.
#[must_use]
pub fn link(portal: &Portal, invitation: Uuid) -> String {
    format!("{}{}", portal.config.base_url.trim_end_matches('/'), paths::join(&portal.keys.invitation_token(invitation)))
}

/// Makes an invitation and ends the one before it, which is not mailed any more. Whether this one may be
/// mailed, the caller has asked ([`super::mailed`]).
pub async fn invite(portal: &Portal, tx: &mut Tx, new: New, now: DateTime<Utc>) -> Result<Made, DbError> {
    let id = portal.new_id();
    let made = Made { id, link: link(portal, id), word: portal.keys.invitation_word(id), until: now + LIFE };
    sql("update invitations set replaced_at = $2, mail_to = null where person_id = $1 and used_at is null and replaced_at is null")
        .bind(new.person)
        .bind(now)
        .execute(tx)
        .await?;
    let sealed = match &new.mail_to {
        Some(inbox) => {
            let key = portal.keys.vault.key(tx, new.person.0).await?;
            Some(key.seal(&portal.entropy, Field::InvitationMailTo, id, inbox.address()))
        }
        None => None,
    };
    let delivery = if sealed.is_some() { Delivery::Email } else { Delivery::Letter };
    let (staff, machine, actor) = match new.by {
        Maker::Staff(staff) => (Some(staff), None, Actor::Staff(staff)),
        Maker::Machine(key) => (None, Some(key.clone()), Actor::Machine(key)),
    };
    sql("insert into invitations (invitation_id, person_id, token_hash, word_hash, checked, delivery, mail_to, made_by, made_by_key, \
           made_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
    .bind(id)
    .bind(new.person)
    .bind(keys::token_hash(&portal.keys.invitation_token(id)))
    .bind(portal.keys.word_hash(id, &made.word))
    .bind(new.checked.code())
    .bind(delivery.code())
    .bind(sealed)
    .bind(staff)
    .bind(machine)
    .bind(now)
    .bind(made.until)
    .execute_one(tx)
    .await?;
    if delivery == Delivery::Email {
        outbox::queue(tx, portal.new_id(), Notice::InvitationLink, Some(new.person), id, now).await?;
    }
    audit::append(tx, now, Entry::new(actor, Act::Invited, Some(new.person), id)).await?;
    Ok(made)
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
    root: &Keys,
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
    if !keys::same(&tried.word_hash, &root.word_hash(tried.invitation_id, word)) {
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
    sql("update invitations set used_at = $2, mail_to = null \
         where person_id = $1 and used_at is null and replaced_at is null and chosen_at is not null")
    .bind(person)
    .bind(now)
    .execute(tx)
    .await
    .map(drop)
}

/// How an invitation stands, for staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
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

/// Whether an email went out with it; never where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailed {
    /// It was handed over on paper.
    Never,
    Waits,
    At(DateTime<Utc>),
    /// It could not, or must not, be sent.
    NotSent,
}

/// The newest invitation of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    pub standing: Standing,
    pub mailed: Mailed,
    /// When a records system made it.
    pub by_machine: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct NewestRow {
    person_id: Uuid,
    made_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    tries: i64,
    chosen_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
    delivery: String,
    mail_to: Option<String>,
    mailed_at: Option<DateTime<Utc>>,
    made_by_key: Option<String>,
}

impl NewestRow {
    fn newest(&self, now: DateTime<Utc>) -> Newest {
        let standing = match (self.used_at, self.chosen_at) {
            (Some(at), _) => Standing::Used { at },
            (None, Some(at)) => Standing::Chosen { at },
            _ if self.tries >= MOST_TRIES => Standing::Spent,
            _ if self.expires_at <= now => Standing::RunOut { at: self.expires_at },
            _ => Standing::Open { until: self.expires_at, wrong_words: self.tries },
        };
        let mailed = match (self.mailed_at, &self.mail_to) {
            _ if self.delivery == Delivery::Letter.code() => Mailed::Never,
            (Some(at), _) => Mailed::At(at),
            (None, Some(_)) => Mailed::Waits,
            (None, None) => Mailed::NotSent,
        };
        Newest { standing, mailed, by_machine: self.made_by_key.as_ref().map(|_| self.made_at) }
    }
}

static NEWEST: Many = Many::new(
    "select person_id, made_at, expires_at, tries, chosen_at, used_at, delivery, mail_to, mailed_at, made_by_key from invitations \
     where replaced_at is null and person_id in ({rows}) order by made_at",
    1,
);

/// The newest invitation of each of these people; nobody without one is in it.
pub async fn newest(on: &mut impl Connection, people: &[Uuid], now: DateTime<Utc>) -> Result<HashMap<Uuid, Newest>, DbError> {
    let mut found = HashMap::new();
    for some in NEWEST.groups(people) {
        let mut statement = NEWEST.of(some.len());
        for id in some {
            statement = statement.bind(*id);
        }
        let rows: Vec<NewestRow> = statement.fetch_all(on).await?;
        // Oldest first: the newest one stays.
        found.extend(rows.into_iter().map(|row| (row.person_id, row.newest(now))));
    }
    Ok(found)
}
