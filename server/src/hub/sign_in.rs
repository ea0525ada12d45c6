//! `/hub/sign-in`, `/hub/sign-out`: password, then a code from an authenticator app. The session that begins then is
//! the same for a single sign-on ([`super::single_sign_on`]).

use crate::audit::{self, Act, Actor, Entry};
use crate::db::{DbError, Tx, sql};
use crate::entropy::Entropy;
use crate::error::Error;
use crate::http::client::Block;
use crate::http::fields::Form as Submitted;
use crate::http::{cookies, session};
use crate::keys::{self, Keys};
use crate::limits::{self, Door};
use crate::portal::Portal;
use crate::vault::Field;
use app::domain::ids::StaffId;
use app::domain::staff::StaffRole;
use app::forms::hub::{StaffCode, StaffPassword};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::hub::{HubCodePage, HubSignInPage};
use app::paths;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

const CHALLENGE_LIFE: Duration = Duration::minutes(5);
const MOST_TRIES: i64 = 5;
/// Wrong passwords or codes in a row before an account rests.
pub(super) const MOST_FAILURES: i64 = 10;
pub(super) const REST: Duration = Duration::minutes(15);

pub fn routes() -> Router<Portal> {
    Router::new().route(paths::HUB_SIGN_IN, get(show).post(sign_in)).route(paths::HUB_SIGN_OUT, post(sign_out))
}

/// SHA-1, six digits, 30 seconds, one step either way: what authenticator apps do.
fn totp(secret: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Builder::new().with_secret(secret).with_skew(1).build().ok()
}

/// The code an authenticator app would show: for the demo's sheet and for tests.
#[must_use]
pub fn totp_code(secret: &str, at: DateTime<Utc>) -> Option<String> {
    Some(totp(secret)?.generate(u64::try_from(at.timestamp()).ok()?).to_string())
}

/// For an authenticator app: base32 of 160 bits.
pub fn new_totp_secret(entropy: &Entropy) -> String {
    Secret::from(entropy.bytes::<20>().to_vec()).to_base32()
}

/// Somebody who begins at the hub.
pub struct NewStaff<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub role: StaffRole,
    /// Who shares their work.
    pub team: &'a str,
}

/// Adds a member of staff; answers the secret for their authenticator app (base32).
pub async fn add_staff(
    tx: &mut Tx,
    id: StaffId,
    new: NewStaff<'_>,
    password_hash: String,
    (keys, entropy): (&Keys, &Entropy),
    now: DateTime<Utc>,
) -> Result<String, DbError> {
    let secret = new_totp_secret(entropy);
    let key = keys.vault.make(tx, entropy, id.0, now).await?;
    sql("insert into staff (staff_id, email, name, role, team, password_hash, totp_secret, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(id)
    .bind(new.email)
    .bind(new.name)
    .bind(new.role.code())
    .bind(new.team)
    .bind(password_hash)
    .bind(key.seal(entropy, Field::StaffTotpSecret, id.0, &secret))
    .bind(now)
    .execute_one(tx)
    .await?;
    audit::append(tx, now, Entry::new(Actor::System, Act::StaffAdded, None, id)).await?;
    Ok(secret)
}

fn password_page(portal: &Portal, entered: Entered, notice: Option<&'static str>) -> Response {
    let problem = !entered.errors().is_empty();
    let sign_on = portal.single_sign_on.is_some();
    portal.staff_door("Sign in").problem(problem).show(move || view! { <HubSignInPage entered=entered notice=notice sign_on=sign_on/> })
}

/// What the sign-in page says to whom a single sign-on led back to it. The address says nothing about anybody.
fn notice_in_words(query: Option<&str>) -> Option<&'static str> {
    match query? {
        "declined" => Some("You were not signed in with your organisation account. Try again, or sign in with your password."),
        "late" => Some("That took too long, or was begun in another window. Try again, or sign in with your password."),
        _ => None,
    }
}

fn code_page(portal: &Portal, errors: FieldErrors) -> Response {
    let problem = !errors.is_empty();
    let entered = Entered::new(Fields::default(), errors);
    portal.staff_door("Enter your code").problem(problem).show(move || view! { <HubCodePage entered=entered/> })
}

async fn show(State(portal): State<Portal>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let notice = notice_in_words(query.as_deref());
    if notice.is_none() && query.as_deref() != Some("again") && cookies::read(&headers, cookies::STAFF_CHALLENGE).is_some() {
        return code_page(&portal, FieldErrors::default());
    }
    let mut response = password_page(&portal, Entered::default(), notice);
    response.headers_mut().append(header::SET_COOKIE, cookies::gone(cookies::STAFF_CHALLENGE));
    response
}

async fn sign_in(State(portal): State<Portal>, block: Block, headers: HeaderMap, Submitted(fields): Submitted) -> Result<Response, Error> {
    let code_step = !fields.one("code").is_empty() || (fields.one("email").is_empty() && fields.raw("password").is_empty());
    match cookies::read(&headers, cookies::STAFF_CHALLENGE) {
        Some(token) if code_step => {
            let answer = second_step(&portal, &block, &token, &fields).await?;
            if answer.status().is_redirection() {
                // Whoever was signed in on this browser before is not any more.
                session::end(&portal.db, &cookies::only(&headers, cookies::STAFF), portal.now()).await?;
            }
            Ok(answer)
        }
        _ => first_step(&portal, &block, fields).await,
    }
}

#[derive(sqlx::FromRow)]
struct StaffRow {
    staff_id: Uuid,
    password_hash: String,
}

async fn first_step(portal: &Portal, block: &Block, fields: Fields) -> Result<Response, Error> {
    let form = match StaffPassword::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(password_page(portal, Entered::new(fields, errors), None)),
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, block, Door::Staff, now).await?;
    // Counted before it is known to be wrong, so that many at once are counted too; the right code gives all back.
    let row: Option<StaffRow> = sql("update staff set failures = failures + 1, failed_at = $4 where email = $1 and disabled_at is null \
         and (failures < $2 or failed_at is null or failed_at < $3) returning staff_id, password_hash")
    .bind(form.email)
    .bind(MOST_FAILURES)
    .bind(now - REST)
    .bind(now)
    .fetch_optional(&mut tx)
    .await?;
    tx.commit().await?;
    let (staff, hash) = row.map_or((None, None), |row| (Some(StaffId(row.staff_id)), Some(row.password_hash)));
    let slow = portal.clone();
    let fits = keys::off_thread(move || slow.keys.verify_secret(&form.password, hash.as_deref())).await.unwrap_or(false);
    let Some(staff) = staff.filter(|_| fits) else {
        failed(portal, staff, now).await?;
        let errors = FieldErrors::one("email", "The email address or the password is not right");
        return Ok(password_page(portal, Entered::new(fields, errors), None));
    };
    let token = portal.entropy.token();
    let mut tx = portal.db.write().await?;
    limits::give_back(&mut tx, block, Door::Staff).await?;
    sql("insert into staff_challenges (token_hash, staff_id, expires_at) values ($1, $2, $3)")
        .bind(keys::token_hash(&token))
        .bind(staff)
        .bind(now + CHALLENGE_LIFE)
        .execute_one(&mut tx)
        .await?;
    tx.commit().await?;
    let mut response = Redirect::to(paths::HUB_SIGN_IN).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::STAFF_CHALLENGE, &token));
    Ok(response)
}

/// Begins the session of somebody who has proved who they are; answers the token for their cookie.
pub(super) async fn begin_session(portal: &Portal, tx: &mut Tx, staff: StaffId, now: DateTime<Utc>) -> Result<String, DbError> {
    let token = portal.entropy.token();
    sql("insert into staff_sessions (token_hash, staff_id, started_at, last_seen_at) values ($1, $2, $3, $3)")
        .bind(keys::token_hash(&token))
        .bind(staff)
        .bind(now)
        .execute_one(tx)
        .await?;
    audit::append(tx, now, Entry::new(Actor::Staff(staff), Act::SignedIn, None, staff)).await?;
    Ok(token)
}

/// For nobody we know too, so that strangers cost the same.
pub(super) async fn failed(portal: &Portal, staff: Option<StaffId>, now: DateTime<Utc>) -> Result<(), DbError> {
    let mut tx = portal.db.write().await?;
    limits::failed(&mut tx, now).await?;
    let subject = staff.map(|id| id.to_string()).unwrap_or_default();
    audit::append(&mut tx, now, Entry::new(Actor::Anyone, Act::SignInFailed, None, subject)).await?;
    tx.commit().await
}

#[derive(sqlx::FromRow)]
struct ChallengeRow {
    staff_id: Uuid,
    /// Absent when the account was disabled after the password had been typed.
    totp_secret: Option<String>,
}

async fn second_step(portal: &Portal, block: &Block, token: &str, fields: &Fields) -> Result<Response, Error> {
    let form = match StaffCode::parse(fields) {
        Ok(form) => form,
        Err(errors) => return Ok(code_page(portal, errors)),
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, block, Door::Staff, now).await?;
    let row: Option<ChallengeRow> = sql(
        "update staff_challenges set tries = tries + 1 where token_hash = $1 and used_at is null and expires_at > $2 and tries < $3 \
         and exists (select 1 from staff w where w.staff_id = staff_challenges.staff_id and w.failures < $4) \
         returning staff_id, (select totp_secret from staff w where w.staff_id = staff_challenges.staff_id and w.disabled_at is null) as totp_secret",
    )
    .bind(keys::token_hash(token))
    .bind(now)
    .bind(MOST_TRIES)
    .bind(MOST_FAILURES * MOST_TRIES)
    .fetch_optional(&mut tx)
    .await?;
    let Some(row) = row else {
        tx.commit().await?;
        let mut response = password_page(
            portal,
            Entered::new(Fields::default(), FieldErrors::one("email", "That took too long or too many tries. Sign in again")),
            None,
        );
        response.headers_mut().append(header::SET_COOKIE, cookies::gone(cookies::STAFF_CHALLENGE));
        return Ok(response);
    };
    let staff = StaffId(row.staff_id);
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let key = portal.keys.vault.key(&mut tx, staff.0).await?;
    let secret = key.open_some(Field::StaffTotpSecret, staff.0, row.totp_secret.as_deref())?;
    let step = secret.as_deref().and_then(totp).and_then(|totp| totp.check(&form.code, seconds)).and_then(|step| i64::try_from(step).ok());
    let used = match step {
        // A code works once: the step must be newer than the last one used.
        Some(step) => {
            sql("update staff set totp_last_step = $2, failures = 0 where staff_id = $1 and totp_last_step < $2")
                .bind(staff)
                .bind(step)
                .execute(&mut tx)
                .await?
        }
        None => 0,
    };
    if used == 0 {
        sql("update staff set failures = failures + 1, failed_at = $2 where staff_id = $1").bind(staff).bind(now).execute(&mut tx).await?;
        tx.commit().await?;
        failed(portal, Some(staff), now).await?;
        return Ok(code_page(portal, FieldErrors::one("code", "That code is not right, or was used before. Wait for the next one")));
    }
    sql("update staff_challenges set used_at = $2 where token_hash = $1 and used_at is null")
        .bind(keys::token_hash(token))
        .bind(now)
        .execute_one(&mut tx)
        .await?;
    let session_token = begin_session(portal, &mut tx, staff, now).await?;
    limits::give_back(&mut tx, block, Door::Staff).await?;
    tx.commit().await?;
    let mut response = Redirect::to(paths::HUB).into_response();
    let answer = response.headers_mut();
    answer.append(header::SET_COOKIE, cookies::set(cookies::STAFF, &session_token));
    answer.append(header::SET_COOKIE, cookies::gone(cookies::STAFF_CHALLENGE));
    Ok(response)
}

async fn sign_out(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, Error> {
    session::end(&portal.db, &headers, portal.now()).await?;
    let mut response = Redirect::to(paths::HUB_SIGN_IN).into_response();
    let answer = response.headers_mut();
    answer.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""));
    cookies::all_gone(answer);
    Ok(response)
}
