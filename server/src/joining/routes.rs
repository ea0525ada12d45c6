//! `/join/{token}`, `/join/you`, `/join/pin`.

use super::store::{self, Pass, Taken};
use crate::account;
use crate::error::Error;
use crate::http::client::Block;
use crate::http::cookies;
use crate::http::fields::Form as Submitted;
use crate::keys;
use crate::limits::{self, Door};
use crate::portal::Portal;
use app::domain::joining::{Device, Inbox};
use app::forms::joining::{WayIn, WhoSees, Word};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::joining::{JoinPage, JoinWayInPage, JoinWhoSeesPage};
use app::paths;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use leptos::prelude::*;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/join/{token}", get(show).post(open))
        .route(paths::JOIN_WHO_SEES, get(show_who_sees).post(who_sees))
        .route(paths::JOIN_WAY_IN, get(show_way_in).post(way_in))
}

/// The same page whatever the token is. Nothing is looked up, so nothing can be told apart.
fn join_page(portal: &Portal, token: &str, errors: FieldErrors) -> Response {
    let (hub, problem, action) = (portal.hub(), !errors.is_empty(), paths::join(token));
    let entered = Entered::new(Fields::default(), errors);
    portal.open_page(None, "Join").islands().problem(problem).show(move || view! { <JoinPage action=action entered=entered hub=hub/> })
}

/// A token that we could have made: only such a one is put into a page.
fn plausible(token: &str) -> Result<(), Error> {
    let ours = token.len() == 43 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if ours { Ok(()) } else { Err(Error::NotFound) }
}

async fn show(State(portal): State<Portal>, Path(token): Path<String>) -> Result<Response, Error> {
    plausible(&token)?;
    Ok(join_page(&portal, &token, FieldErrors::default()))
}

async fn open(
    State(portal): State<Portal>,
    block: Block,
    Path(token): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    plausible(&token)?;
    let form = match Word::parse(&fields) {
        Ok(form) => form,
        // Whatever submits an empty form by itself changes nothing.
        Err(errors) => return Ok(join_page(&portal, &token, errors)),
    };
    let (pass, now) = (portal.entropy.token(), portal.now());
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, &block, Door::Word, now).await?;
    let opened = store::try_word(&mut tx, &portal.keys, &keys::token_hash(&token), &form.word, keys::token_hash(&pass), now).await?;
    if opened {
        limits::give_back(&mut tx, &block, Door::Word).await?;
    } else {
        limits::failed(&mut tx, now).await?;
    }
    tx.commit().await?;
    if !opened {
        let text = "That word does not work with this link. Check the word. If it still does not work, call us";
        return Ok(join_page(&portal, &token, FieldErrors::one("word", text)));
    }
    let mut response = Redirect::to(paths::JOIN_WHO_SEES).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::JOINING, &pass));
    Ok(response)
}

/// Without a pass there is nothing here: the front page says what there is.
async fn pass(portal: &Portal, headers: &HeaderMap) -> Result<Result<Pass, Response>, Error> {
    let nowhere = || Redirect::to(paths::FRONT).into_response();
    let Some(token) = cookies::read(headers, cookies::JOINING) else { return Ok(Err(nowhere())) };
    let found = store::pass(&mut portal.db.read().await?, &keys::token_hash(&token), portal.now()).await?;
    Ok(found.ok_or_else(nowhere))
}

fn who_sees_page(portal: &Portal, entered: Entered) -> Response {
    let (hub, problem) = (portal.hub(), !entered.errors().is_empty());
    portal.open_page(None, "Before you start").islands().problem(problem).show(move || view! { <JoinWhoSeesPage entered=entered hub=hub/> })
}

async fn show_who_sees(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, Error> {
    let pass = match pass(&portal, &headers).await? {
        Ok(pass) => pass,
        Err(away) => return Ok(away),
    };
    let mut fields = Fields::default();
    if let Some((device, inbox)) = pass.said {
        fields.push("device", device.code());
        fields.push("inbox", inbox.code());
    }
    Ok(who_sees_page(&portal, Entered::new(fields, FieldErrors::default())))
}

async fn who_sees(State(portal): State<Portal>, headers: HeaderMap, Submitted(fields): Submitted) -> Result<Response, Error> {
    let pass = match pass(&portal, &headers).await? {
        Ok(pass) => pass,
        Err(away) => return Ok(away),
    };
    let form = match WhoSees::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(who_sees_page(&portal, Entered::new(fields, errors))),
    };
    let mut tx = portal.db.write().await?;
    store::say_who_sees(&mut tx, &pass, form.device, form.inbox).await?;
    tx.commit().await?;
    Ok(Redirect::to(paths::JOIN_WAY_IN).into_response())
}

fn way_in_page(portal: &Portal, (device, inbox): (Device, Inbox), entered: Entered) -> Response {
    let (hub, problem, passkeys) = (portal.hub(), !entered.errors().is_empty(), portal.relying_party.is_some());
    portal
        .open_page(None, "Your way in")
        .islands()
        .problem(problem)
        .show(move || view! { <JoinWayInPage device=device inbox=inbox entered=entered hub=hub passkeys=passkeys/> })
}

async fn show_way_in(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, Error> {
    Ok(match pass(&portal, &headers).await? {
        Ok(Pass { said: Some(said), .. }) => way_in_page(&portal, said, Entered::default()),
        Ok(_) => Redirect::to(paths::JOIN_WHO_SEES).into_response(),
        Err(away) => away,
    })
}

async fn way_in(State(portal): State<Portal>, headers: HeaderMap, Submitted(fields): Submitted) -> Result<Response, Error> {
    let pass = match pass(&portal, &headers).await? {
        Ok(pass) => pass,
        Err(away) => return Ok(away),
    };
    let Some(said) = pass.said else { return Ok(Redirect::to(paths::JOIN_WHO_SEES).into_response()) };
    // The PIN is never shown again; the address is what they have just typed themselves.
    let shown = |errors| {
        let mut kept = Fields::default();
        kept.push("email", fields.one("email"));
        way_in_page(&portal, said, Entered::new(kept, errors))
    };
    let form = match WayIn::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(shown(errors)),
    };
    let (pin, salt) = (form.pin, portal.entropy.bytes::<16>());
    let slow = portal.clone();
    let Some(pin_hash) = keys::off_thread(move || slow.keys.hash_secret(&pin, salt)).await else {
        return Err(Error::Internal("the server is shutting down".into()));
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    if let Err(Taken) = store::choose(&portal, &mut tx, &pass, &form.email, pin_hash, now).await? {
        let errors = FieldErrors::one("email", "We cannot use this email address. Give another one, or call us");
        return Ok(way_in_page(&portal, said, Entered::new(Fields::default(), errors)));
    }
    let receiver = account::may_have_code(&mut tx, pass.person, now).await?.then_some(pass.person);
    let challenge = account::challenge(&portal, &mut tx, receiver, now).await?;
    tx.commit().await?;
    portal.outbox.notify_one();
    let mut response = Redirect::to(paths::SIGN_IN_CODE).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::CHALLENGE, &challenge));
    Ok(response)
}
