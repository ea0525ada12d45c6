//! `/hub/sign-in/organisation`: staff sign in with the organisation's own account. There: a token for this browser, and
//! the provider's address. Back: the token's row is used up, the provider says who it was (`provider`), and whoever a
//! colleague has linked to that name is signed in. Never by an email address, which a provider gives to somebody else.
//!
//! Both ways are a page that leads on, not a redirect. There, because browsers hold each step of a form's way to
//! `form-action`, and which sites a provider leads through is not known here; back, because a redirect that another
//! site began does not bring our `SameSite=Strict` cookie along.

use super::provider::{Proof, Unrecognised};
use super::sign_in::{self, MOST_FAILURES, REST};
use crate::db::{DbError, Tx, sql};
use crate::error::Error;
use crate::http::client::Block;
use crate::http::{cookies, fields, session};
use crate::keys;
use crate::limits::{self, Door};
use crate::portal::Portal;
use app::domain::ids::StaffId;
use app::pages::hub::{HubOnwardPage, HubSignOnEndPage};
use app::paths;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use uuid::Uuid;

/// As long as the cookie.
const LIFE: Duration = Duration::minutes(10);

pub fn routes() -> Router<Portal> {
    Router::new().route(paths::HUB_SIGN_ON, post(begin)).route(paths::HUB_SIGN_ON_RETURN, get(come_back))
}

/// A page that leads on by itself.
fn onward(portal: &Portal, heading: &'static str, to: &str, link: &'static str) -> Result<Response, Error> {
    let refresh = HeaderValue::from_str(&format!("0;url={to}")).map_err(|_| Error::Internal("an address of the provider".into()))?;
    let to = to.to_owned();
    let mut response = portal.staff_door(heading).show(move || view! { <HubOnwardPage heading=heading to=to link=link/> });
    response.headers_mut().insert(header::REFRESH, refresh);
    Ok(response)
}

fn end(portal: &Portal, status: StatusCode, heading: &'static str, text: &'static str) -> Response {
    let mut response = portal.staff_door(heading).status(status).show(move || view! { <HubSignOnEndPage heading=heading text=text/> });
    response.headers_mut().append(header::SET_COOKIE, cookies::gone(cookies::SIGN_ON));
    response
}

fn does_not_answer(portal: &Portal) -> Response {
    let text = "Sign in with your password, or try again.";
    end(portal, StatusCode::SERVICE_UNAVAILABLE, "Single sign-on does not answer", text)
}

/// The same for everybody who does not get in.
fn cannot_sign_in(portal: &Portal) -> Response {
    end(portal, StatusCode::FORBIDDEN, "This account cannot sign in here", "Ask your Strategic Lead.")
}

/// To the sign-in page, which says why.
fn back_to_the_door(why: &'static str) -> Response {
    let mut response = Redirect::to(&format!("{}?{why}", paths::HUB_SIGN_IN)).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::gone(cookies::SIGN_ON));
    response
}

async fn begin(State(portal): State<Portal>, block: Block, headers: HeaderMap) -> Result<Response, Error> {
    let Some(provider) = &portal.single_sign_on else { return Err(Error::NotFound) };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, &block, Door::Staff, now).await?;
    tx.commit().await?;
    let token = portal.entropy.token();
    let Ok(address) = provider.address(Proof::of(&portal.keys, &token), now).await else {
        let mut tx = portal.db.write().await?;
        limits::give_back(&mut tx, &block, Door::Staff).await?;
        tx.commit().await?;
        return Ok(does_not_answer(&portal));
    };
    let mut tx = portal.db.write().await?;
    // The session on this browser is known by a cookie that does not come along when the provider leads back.
    sql("insert into staff_sign_ons (token_hash, replaces, expires_at) values ($1, $2, $3)")
        .bind(keys::token_hash(&token))
        .bind(cookies::read(&headers, cookies::STAFF).map(|token| keys::token_hash(&token)))
        .bind(now + LIFE)
        .execute_one(&mut tx)
        .await?;
    tx.commit().await?;
    let mut response = onward(&portal, "Your organisation’s sign-in", &address, "Continue to your organisation’s sign-in")?;
    response.headers_mut().append(header::SET_COOKIE, cookies::set_sign_on(&token));
    Ok(response)
}

async fn come_back(State(portal): State<Portal>, block: Block, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let Some(provider) = &portal.single_sign_on else { return Err(Error::NotFound) };
    let said = fields::parse(query.unwrap_or_default().as_bytes()).ok_or(Error::BadRequest("the provider's answer"))?;
    let Some(token) = cookies::read(&headers, cookies::SIGN_ON) else { return Ok(back_to_the_door("late")) };
    let proof = Proof::of(&portal.keys, &token);
    // Of another browser, or made up: it uses nothing up, so a link on another site cannot spoil a sign-in.
    if !keys::same(&proof.state, said.raw("state")) {
        return Ok(back_to_the_door("late"));
    }
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, &block, Door::Staff, now).await?;
    let row: Option<(Option<String>,)> = sql("update staff_sign_ons set used_at = $2 \
         where token_hash = $1 and used_at is null and expires_at > $2 returning replaces")
    .bind(keys::token_hash(&token))
    .bind(now)
    .fetch_optional(&mut tx)
    .await?;
    tx.commit().await?;
    let Some((replaces,)) = row else { return Ok(back_to_the_door("late")) };
    if !said.raw("error").is_empty() {
        return Ok(back_to_the_door("declined"));
    }
    // Some providers say who they are here too (RFC 9207).
    let subject = if ["", provider.issuer()].contains(&said.raw("iss")) {
        provider.subject(said.raw("code").to_owned(), proof, now).await
    } else {
        Err(Unrecognised::Untrusted("the answer is of another provider"))
    };
    match subject {
        Ok(subject) => let_in(&portal, &block, &portal.keys.identity_index(provider.issuer(), &subject), replaces, now).await,
        Err(Unrecognised::Down) => Ok(does_not_answer(&portal)),
        Err(Unrecognised::Untrusted(why)) => {
            tracing::warn!(why, "a single sign-on was refused");
            sign_in::failed(&portal, None, now).await?;
            Ok(cannot_sign_in(&portal))
        }
    }
}

#[derive(sqlx::FromRow)]
struct LinkedRow {
    staff_id: Uuid,
    failures: i64,
    failed_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
}

/// Who is linked to this identity, and whether they may come in.
async fn linked(tx: &mut Tx, identity: &str, now: DateTime<Utc>) -> Result<Option<(StaffId, bool)>, DbError> {
    let row: Option<LinkedRow> = sql("select staff_id, failures, failed_at, disabled_at from staff where sign_on_index = $1")
        .bind(identity)
        .fetch_optional(tx)
        .await?;
    Ok(row.map(|row| {
        let rests = row.failures >= MOST_FAILURES && row.failed_at.is_some_and(|at| at >= now - REST);
        (StaffId(row.staff_id), row.disabled_at.is_none() && !rests)
    }))
}

async fn let_in(portal: &Portal, block: &Block, identity: &str, replaces: Option<String>, now: DateTime<Utc>) -> Result<Response, Error> {
    let mut tx = portal.db.write().await?;
    let known = linked(&mut tx, identity, now).await?;
    let Some((staff, true)) = known else {
        drop(tx);
        sign_in::failed(portal, known.map(|(staff, _)| staff), now).await?;
        return Ok(cannot_sign_in(portal));
    };
    // Whoever was signed in on this browser before is not any more.
    if let Some(session) = replaces {
        session::end_staff(&mut tx, session, now).await?;
    }
    let session = sign_in::begin_session(portal, &mut tx, staff, now).await?;
    // There and back.
    for _ in 0..2 {
        limits::give_back(&mut tx, block, Door::Staff).await?;
    }
    tx.commit().await?;
    let mut response = onward(portal, "You are signed in", paths::HUB, "Continue to the hub")?;
    let answer = response.headers_mut();
    answer.append(header::SET_COOKIE, cookies::set(cookies::STAFF, &session));
    for spent in [cookies::SIGN_ON, cookies::STAFF_CHALLENGE] {
        answer.append(header::SET_COOKIE, cookies::gone(spent));
    }
    Ok(response)
}
