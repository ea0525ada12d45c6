//! `/sign-in`, `/sign-in/code`, `/sign-out`.

use super::store;
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{DbError, Tx};
use crate::error::Error;
use crate::http::client::Block;
use crate::http::fields::Form as Submitted;
use crate::http::{cookies, session};
use crate::keys;
use crate::limits::{self, Door};
use crate::portal::Portal;
use app::domain::ids::PersonId;
use app::forms::sign_in::{Identify, Prove};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::account::{SignInCodePage, SignInPage, SignedOutPage};
use app::paths;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use leptos::prelude::*;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::SIGN_IN, get(show).post(identify))
        .route(paths::SIGN_IN_CODE, get(show_code).post(prove))
        .route(paths::SIGN_OUT, post(sign_out))
        .merge(super::security::routes())
        .merge(super::passkeys::routes())
}

fn sign_in_page(portal: &Portal, entered: Entered) -> Response {
    let (hub, problem) = (portal.hub(), !entered.errors().is_empty());
    let passkeys = portal.relying_party.as_ref().map(|site| site.host().to_owned());
    portal
        .open_page(None, "Sign in")
        .here(paths::SIGN_IN)
        .islands()
        .passkeys(passkeys.is_some())
        .problem(problem)
        .show(move || view! { <SignInPage entered=entered hub=hub passkeys=passkeys/> })
}

fn code_page(portal: &Portal, errors: FieldErrors, spent: bool) -> Response {
    let (hub, problem) = (portal.hub(), !errors.is_empty());
    // Neither the code nor the PIN is ever shown again.
    let entered = Entered::new(Fields::default(), errors);
    portal
        .open_page(None, "Check your messages")
        .islands()
        .problem(problem)
        .show(move || view! { <SignInCodePage entered=entered hub=hub spent=spent/> })
}

async fn show(State(portal): State<Portal>) -> Response {
    sign_in_page(&portal, Entered::default())
}

async fn identify(State(portal): State<Portal>, block: Block, Submitted(fields): Submitted) -> Result<Response, Error> {
    let form = match Identify::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(sign_in_page(&portal, Entered::new(fields, errors))),
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, &block, Door::AskCode, now).await?;
    let person = store::person_of(&mut tx, portal.keys.contact_index(form.identifier.as_str()), now).await?;
    let token = challenge(&portal, &mut tx, person, now).await?;
    tx.commit().await?;
    portal.outbox.notify_one();
    let mut response = Redirect::to(paths::SIGN_IN_CODE).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::CHALLENGE, &token));
    Ok(response)
}

/// Begins a challenge and queues its code; answers the token for the browser's cookie.
pub async fn challenge(portal: &Portal, tx: &mut Tx, person: Option<PersonId>, now: DateTime<Utc>) -> Result<String, DbError> {
    let (id, token) = (portal.new_id(), portal.entropy.token());
    let code_hash = portal.keys.code_hash(id, &portal.keys.code(id));
    store::challenge(tx, id, portal.new_id(), keys::token_hash(&token), person, code_hash, now).await?;
    Ok(token)
}

async fn show_code(State(portal): State<Portal>, headers: HeaderMap) -> Response {
    if cookies::read(&headers, cookies::CHALLENGE).is_none() {
        return Redirect::to(paths::SIGN_IN).into_response();
    }
    code_page(&portal, FieldErrors::default(), false)
}

async fn prove(State(portal): State<Portal>, block: Block, headers: HeaderMap, Submitted(fields): Submitted) -> Result<Response, Error> {
    let form = match Prove::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(code_page(&portal, errors, false)),
    };
    let spent = || FieldErrors::one("main", "That code cannot be used any more. Get a new one");
    let Some(token) = cookies::read(&headers, cookies::CHALLENGE) else {
        return Ok(code_page(&portal, spent(), true));
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, &block, Door::Prove, now).await?;
    let Some(challenge) = store::take_a_try(&mut tx, &keys::token_hash(&token), now).await? else {
        tx.commit().await?;
        return Ok(code_page(&portal, spent(), true));
    };
    let pin_hash = store::pin_hash(&mut tx, challenge.person_id).await?;
    let code_fits = keys::same(&challenge.code_hash, &portal.keys.code_hash(challenge.id, &form.code));
    let must_wait = match challenge.person_id {
        Some(person) if code_fits => !store::take_a_pin_try(&mut tx, person, now).await?,
        _ => false,
    };
    tx.commit().await?;
    if must_wait {
        // Whoever is told this has the code already: it says nothing new about who is known.
        let text = "The PIN was wrong too many times. Wait 15 minutes, then get a new code. If you have forgotten your PIN, call us";
        return Ok(code_page(&portal, FieldErrors::one("main", text), true));
    }

    let slow = portal.clone();
    let pin_fits = keys::off_thread(move || slow.keys.verify_secret(&form.pin, pin_hash.as_deref())).await.unwrap_or(false);
    let person = challenge.person_id.map(PersonId).filter(|_| code_fits && pin_fits);

    let mut tx = portal.db.write().await?;
    let session_token = portal.entropy.token();
    let begun = match person {
        Some(person) => match store::begin_session(&mut tx, challenge.id, person, keys::token_hash(&session_token), now).await {
            Ok(()) => true,
            Err(DbError::Conflict { .. }) => false,
            Err(error) => return Err(error.into()),
        },
        None => false,
    };
    if begun {
        limits::give_back(&mut tx, &block, Door::Prove).await?;
    } else {
        limits::failed(&mut tx, now).await?;
        let known = challenge.person_id.map(PersonId);
        audit::append(&mut tx, now, Entry::new(Actor::Anyone, Act::SignInFailed, known, challenge.id)).await?;
    }
    tx.commit().await?;
    if !begun {
        if challenge.tries >= store::MOST_TRIES {
            return Ok(code_page(&portal, spent(), true));
        }
        let errors = FieldErrors::one("code", "The code or the PIN is not right. Check both, then try again");
        return Ok(code_page(&portal, errors, false));
    }
    signed_in(&portal, &headers, &session_token, now).await
}

/// The answer that gives a browser its new session.
pub(super) async fn signed_in(portal: &Portal, headers: &HeaderMap, session_token: &str, now: DateTime<Utc>) -> Result<Response, Error> {
    // Whoever was signed in on this browser before is not any more.
    session::end(&portal.db, &cookies::only(headers, cookies::PERSON), now).await?;
    let mut response = Redirect::to(paths::HOME).into_response();
    let answer = response.headers_mut();
    answer.append(header::SET_COOKIE, cookies::set(cookies::PERSON, session_token));
    for over in [cookies::CHALLENGE, cookies::PASSKEY, cookies::JOINING] {
        answer.append(header::SET_COOKIE, cookies::gone(over));
    }
    Ok(response)
}

async fn sign_out(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, Error> {
    session::end(&portal.db, &headers, portal.now()).await?;
    let mut response = portal.public_page("Signed out").show(|| view! { <SignedOutPage/> });
    let answer = response.headers_mut();
    answer.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""));
    cookies::all_gone(answer);
    Ok(response)
}
