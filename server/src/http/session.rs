//! Who is asking. A session is a 256-bit token in a cookie and its hash in a table; taking a
//! [`PersonSession`] or a [`StaffSession`] as an argument is the proof that a handler needs.

use super::cookies;
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Db, DbError, Tx, sql};
use crate::error::Error;
use crate::keys;
use crate::portal::Portal;
use crate::vault::DataKey;
use app::domain::ids::{PersonId, StaffId};
use app::domain::policy::{Action, Object, Viewer, may};
use app::domain::staff::StaffRole;
use app::islands::page::PART_HEADER;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// How long a session lasts.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub idle: Duration,
    pub absolute: Duration,
}

pub const PERSON_LIFE: Life = Life { idle: Duration::minutes(10), absolute: Duration::minutes(60) };
pub const STAFF_LIFE: Life = Life { idle: Duration::minutes(15), absolute: Duration::hours(10) };

/// A session is marked as seen no more often than this: a page should not cost a write.
const SEEN_AGAIN: Duration = Duration::seconds(30);

/// A person who has signed in.
#[derive(Clone, Debug)]
pub struct PersonSession {
    pub person: PersonId,
    /// Opens what is kept of this person, and of nobody else.
    pub key: DataKey,
    /// Messages from the hub not yet read.
    pub unread: usize,
    /// When the PIN was last given in this session.
    pub stepped_up_at: Option<DateTime<Utc>>,
    /// What the forms of this session carry (`http::form_token`).
    pub form_token: String,
    pub token_hash: String,
}

/// A member of staff who has signed in.
#[derive(Clone, Debug)]
pub struct StaffSession {
    pub staff: StaffId,
    pub name: String,
    pub role: StaffRole,
    pub team: String,
    /// What the forms of this session carry.
    pub form_token: String,
    pub token_hash: String,
}

/// Does this request show that somebody is there, or does a page look by itself?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    SomebodyIsThere,
    PageLooksByItself,
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    person_id: Uuid,
    started_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    stepped_up_at: Option<DateTime<Utc>>,
    wrapped: String,
    unread: i64,
}

pub async fn person(portal: &Portal, headers: &HeaderMap, sign: Sign) -> Result<Option<PersonSession>, DbError> {
    let Some(token) = cookies::read(headers, cookies::PERSON) else { return Ok(None) };
    let token_hash = keys::token_hash(&token);
    let now = portal.now();
    let row: Option<PersonRow> = sql("select s.person_id, s.started_at, s.last_seen_at, s.stepped_up_at, k.wrapped, \
           (select count(*) from messages m join support_requests r on r.request_id = m.request_id \
             where r.person_id = s.person_id and m.author = 'hub' and m.read_at is null) as unread \
         from person_sessions s join data_keys k on k.owner_id = s.person_id \
         where s.token_hash = $1 and s.ended_at is null and s.last_seen_at > $2 and s.started_at > $3")
    .bind(token_hash.clone())
    .bind(now - PERSON_LIFE.idle)
    .bind(now - PERSON_LIFE.absolute)
    .fetch_optional(&mut portal.db.read().await?)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if sign == Sign::SomebodyIsThere && now - row.last_seen_at > SEEN_AGAIN {
        let mut tx = portal.db.write().await?;
        sql("update person_sessions set last_seen_at = $2 where token_hash = $1 and ended_at is null")
            .bind(token_hash.clone())
            .bind(now)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
    }
    let key = portal.keys.vault.unwrap(row.person_id, &row.wrapped)?;
    Ok(Some(PersonSession {
        person: PersonId(row.person_id),
        key,
        unread: usize::try_from(row.unread).unwrap_or(0),
        stepped_up_at: row.stepped_up_at,
        form_token: portal.keys.form_token(row.person_id, row.started_at),
        token_hash,
    }))
}

#[derive(sqlx::FromRow)]
struct StaffRow {
    staff_id: Uuid,
    name: String,
    role: String,
    team: String,
    started_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

pub async fn staff(portal: &Portal, headers: &HeaderMap, sign: Sign) -> Result<Option<StaffSession>, DbError> {
    let Some(token) = cookies::read(headers, cookies::STAFF) else { return Ok(None) };
    let token_hash = keys::token_hash(&token);
    let now = portal.now();
    let row: Option<StaffRow> =
        sql("select s.staff_id, w.name, w.role, w.team, s.started_at, s.last_seen_at from staff_sessions s join staff w on w.staff_id = s.staff_id \
         where s.token_hash = $1 and s.ended_at is null and s.last_seen_at > $2 and s.started_at > $3 and w.disabled_at is null")
        .bind(token_hash.clone())
        .bind(now - STAFF_LIFE.idle)
        .bind(now - STAFF_LIFE.absolute)
        .fetch_optional(&mut portal.db.read().await?)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let role = StaffRole::from_code(&row.role).ok_or_else(|| DbError::inconsistent("staff.role"))?;
    if sign == Sign::SomebodyIsThere && now - row.last_seen_at > SEEN_AGAIN {
        let mut tx = portal.db.write().await?;
        sql("update staff_sessions set last_seen_at = $2 where token_hash = $1 and ended_at is null")
            .bind(token_hash.clone())
            .bind(now)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
    }
    let form_token = portal.keys.form_token(row.staff_id, row.started_at);
    Ok(Some(StaffSession { staff: StaffId(row.staff_id), name: row.name, role, team: row.team, form_token, token_hash }))
}

/// A page that asks for a part of itself shows nobody's presence; whatever is sent does.
fn sign_of(parts: &Parts) -> Sign {
    if parts.method == Method::GET && parts.headers.contains_key(PART_HEADER) { Sign::PageLooksByItself } else { Sign::SomebodyIsThere }
}

/// Which part of the page is asked for, if not the whole.
pub struct Part(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(PART_HEADER).and_then(|name| name.to_str().ok()).map(str::to_owned)))
    }
}

impl Part {
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0.as_deref() == Some(name)
    }
}

impl FromRequestParts<Portal> for PersonSession {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Error> {
        person(portal, &parts.headers, sign_of(parts)).await?.ok_or(Error::SignIn)
    }
}

impl FromRequestParts<Portal> for StaffSession {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Error> {
        staff(portal, &parts.headers, Sign::SomebodyIsThere).await?.ok_or(Error::StaffSignIn)
    }
}

macro_rules! staff_who_may {
    ($($(#[$doc:meta])* $name:ident = $action:expr;)+) => {$(
        $(#[$doc])*
        pub struct $name(pub StaffSession);

        impl FromRequestParts<Portal> for $name {
            type Rejection = Error;
            async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Error> {
                let staff = StaffSession::from_request_parts(parts, portal).await?;
                may(Viewer::Staff(staff.role), $action, Object::Hub).map_err(|_| Error::NotFound)?;
                Ok(Self(staff))
            }
        }
    )+};
}

staff_who_may! {
    /// Staff who work with people: the argument of a handler that is for them alone.
    Caseworker = Action::WorkTheQueue;
    /// Staff who see what was opened outside somebody's work.
    Overseer = Action::SeeOpenings;
    /// Staff who keep accounts and machine keys.
    AccessKeeper = Action::ManageAccess;
}

/// Somebody who may or may not have signed in.
pub struct MaybePerson(pub Option<PersonSession>);

impl FromRequestParts<Portal> for MaybePerson {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Error> {
        Ok(Self(person(portal, &parts.headers, Sign::SomebodyIsThere).await?))
    }
}

/// Ends the session of staff whose token has this hash, if it is still open.
pub async fn end_staff(tx: &mut Tx, token_hash: String, now: DateTime<Utc>) -> Result<(), DbError> {
    let ended: Option<(Uuid,)> =
        sql("update staff_sessions set ended_at = $2 where token_hash = $1 and ended_at is null returning staff_id")
            .bind(token_hash)
            .bind(now)
            .fetch_optional(tx)
            .await?;
    if let Some(staff) = ended.map(|(id,)| StaffId(id)) {
        audit::append(tx, now, Entry::new(Actor::Staff(staff), Act::SignedOut, None, staff)).await?;
    }
    Ok(())
}

/// Ends every session and unfinished thing that these cookies name. Safe to call with none.
pub async fn end(db: &Db, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), DbError> {
    let hash = |name| cookies::read(headers, name).map(|token| keys::token_hash(&token));
    let (person, staff) = (hash(cookies::PERSON), hash(cookies::STAFF));
    let (challenge, draft, joining) = (hash(cookies::CHALLENGE), hash(cookies::DRAFT), hash(cookies::JOINING));
    let (staff_challenge, passkey) = (hash(cookies::STAFF_CHALLENGE), hash(cookies::PASSKEY));
    let sign_on = hash(cookies::SIGN_ON);
    if [&person, &staff, &joining, &challenge, &passkey, &staff_challenge, &sign_on, &draft].into_iter().all(Option::is_none) {
        return Ok(());
    }
    let mut tx = db.write().await?;
    if let Some(token) = person {
        let ended: Option<(Uuid,)> =
            sql("update person_sessions set ended_at = $2 where token_hash = $1 and ended_at is null returning person_id")
                .bind(token)
                .bind(now)
                .fetch_optional(&mut tx)
                .await?;
        if let Some(person) = ended.map(|(id,)| PersonId(id)) {
            audit::append(&mut tx, now, Entry::new(Actor::Person(person), Act::SignedOut, Some(person), "")).await?;
        }
    }
    if let Some(token) = staff {
        end_staff(&mut tx, token, now).await?;
    }
    for (token, text) in [
        (joining, "update invitations set pass_until = $2 where pass_hash = $1 and pass_until > $2"),
        (challenge, "update sign_in_challenges set used_at = $2 where token_hash = $1 and used_at is null"),
        (passkey, "update passkey_challenges set used_at = $2 where token_hash = $1 and used_at is null"),
        (staff_challenge, "update staff_challenges set used_at = $2 where token_hash = $1 and used_at is null"),
        (sign_on, "update staff_sign_ons set used_at = $2 where token_hash = $1 and used_at is null"),
        // The key of a stranger's draft, unless it was sent: then its request needs it.
        (
            draft.clone(),
            "delete from data_keys where owner_id in \
               (select submission_id from drafts where token_hash = $1 and person_id is null and updated_at <= $2) \
             and not exists (select 1 from support_requests r where r.submission_id = data_keys.owner_id)",
        ),
        // Somebody with an account finds the answers again after signing in; nobody else can.
        (draft, "delete from drafts where token_hash = $1 and person_id is null and updated_at <= $2"),
    ] {
        if let Some(token) = token {
            sql(text).bind(token).bind(now).execute(&mut tx).await?;
        }
    }
    tx.commit().await
}
