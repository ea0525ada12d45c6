//! `/security/passkeys`: what a person has, and making one; `/sign-in/passkey`. Adding one needs the PIN, given
//! anew; removing one asks for nothing. Whatever is wrong with an answer is refused in the same words.

use super::passkey_store as store;
use super::relying_party::{Making, PublicKeyCredential, SigningIn};
use super::routes::signed_in;
use super::step_up;
use super::store::open_session;
use crate::audit::{self, Act, Actor, Entry};
use crate::error::Error;
use crate::http::client::Block;
use crate::http::cookies;
use crate::http::fields::Form as Submitted;
use crate::http::session::PersonSession;
use crate::keys;
use crate::limits::{self, Door};
use crate::portal::Portal;
use app::domain::ids::PasskeyId;
use app::forms::{FieldErrors, Fields};
use app::govuk::Entered;
use app::pages::passkeys::{MakePasskeyPage, NewPasskeyPage, PasskeySignInPage, PasskeysPage, PasskeysView, Question};
use app::paths;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use leptos::prelude::*;
use serde_json::Value;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::PASSKEYS, get(show))
        .route(paths::PASSKEY_NEW, get(show_new).post(begin))
        .route(paths::PASSKEY_MAKE, get(show_make).post(make))
        .route("/security/passkeys/{passkey}/remove", post(remove))
        .route(paths::SIGN_IN_PASSKEY_START, post(start))
        .route(paths::SIGN_IN_PASSKEY, get(show_sign_in).post(sign_in))
}

fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

fn question(host: &str, options: &Value) -> Question {
    Question { host: host.to_owned(), options: options.to_string() }
}

async fn show(State(portal): State<Portal>, session: PersonSession, RawQuery(query): RawQuery) -> Result<Response, Error> {
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::SecurityViewed, Some(session.person), "")).await?;
    let view = PasskeysView {
        passkeys: store::of_person(&mut portal.db.read().await?, session.person).await?,
        offered: portal.relying_party.is_some(),
        done: match query.as_deref() {
            Some("made") => Some("Your passkey is made. You can sign in with it from now on."),
            Some("removed") => Some("Removed. Nobody can sign in with that passkey any more."),
            _ => None,
        },
    };
    Ok(portal.person_page(&session, "Keep it safe").here(paths::SECURITY).show(move || view! { <PasskeysPage view=view/> }))
}

fn new_page(portal: &Portal, session: &PersonSession, host: &str, errors: FieldErrors) -> Response {
    let (host, problem) = (host.to_owned(), !errors.is_empty());
    // No PIN is ever shown again.
    let entered = Entered::new(Fields::default(), errors);
    portal
        .person_page(session, "Keep it safe")
        .here(paths::SECURITY)
        .passkeys(true)
        .problem(problem)
        .show(move || view! { <NewPasskeyPage host=host entered=entered/> })
}

async fn show_new(State(portal): State<Portal>, session: PersonSession) -> Response {
    match &portal.relying_party {
        Some(site) => new_page(&portal, &session, site.host(), FieldErrors::default()),
        None => to(paths::PASSKEYS),
    }
}

/// The PIN is asked for even within its five minutes: whoever picked the phone up would have a way in for good.
async fn begin(State(portal): State<Portal>, session: PersonSession, Submitted(fields): Submitted) -> Result<Response, Error> {
    let Some(site) = &portal.relying_party else { return Ok(to(paths::PASSKEYS)) };
    if store::of_person(&mut portal.db.read().await?, session.person).await?.len() >= store::MOST {
        let errors = FieldErrors::one("main", "You have 10 passkeys. Remove one before you add another");
        return Ok(new_page(&portal, &session, site.host(), errors));
    }
    let asked_anew = PersonSession { stepped_up_at: None, ..session.clone() };
    let proof = match step_up::prove(&portal, &asked_anew, &fields).await? {
        Ok(proof) => proof,
        Err(errors) => return Ok(new_page(&portal, &session, site.host(), errors)),
    };
    let mut tx = portal.db.write().await?;
    let handle = store::handle_of(&portal, &mut tx, session.person).await?;
    let asked = site.ask_to_make(handle)?;
    store::ask(&mut tx, proof.token_hash(), Some(session.person), &asked, portal.now()).await?;
    tx.commit().await?;
    Ok(proof.tell(to(paths::PASSKEY_MAKE)))
}

fn make_page(portal: &Portal, session: &PersonSession, question: Option<Question>, refused: bool) -> Response {
    portal
        .person_page(session, "Keep it safe")
        .here(paths::SECURITY)
        .passkeys(true)
        .problem(refused)
        .show(move || view! { <MakePasskeyPage question=question refused=refused/> })
}

/// The question that waits in this session.
async fn asked_here(portal: &Portal, session: &PersonSession) -> Result<Option<Question>, Error> {
    let Some(site) = &portal.relying_party else { return Ok(None) };
    let asked: Option<Making> =
        store::waiting(&mut portal.db.read().await?, &session.token_hash, Some(session.person), portal.now()).await?;
    Ok(asked.map(|asked| question(site.host(), &asked.options)))
}

async fn show_make(State(portal): State<Portal>, session: PersonSession) -> Result<Response, Error> {
    Ok(match asked_here(&portal, &session).await? {
        Some(question) => make_page(&portal, &session, Some(question), false),
        None => to(paths::PASSKEY_NEW),
    })
}

async fn make(State(portal): State<Portal>, session: PersonSession, Submitted(fields): Submitted) -> Result<Response, Error> {
    let Some(site) = &portal.relying_party else { return Ok(to(paths::PASSKEYS)) };
    let (answer, now) = (fields.one("credential"), portal.now());
    if answer.is_empty() {
        // The phone's own page was closed: nothing was tried, and the same question may be asked again.
        let question = asked_here(&portal, &session).await?;
        return Ok(make_page(&portal, &session, question, true));
    }
    let mut tx = portal.db.write().await?;
    let asked: Option<Making> = store::take(&mut tx, &session.token_hash, Some(session.person), now).await?;
    tx.commit().await?;
    let Some(made) = asked.and_then(|asked| site.made(&asked, answer)) else {
        return Ok(make_page(&portal, &session, None, true));
    };
    let mut tx = portal.db.write().await?;
    let added = store::add(&portal, &mut tx, &session, &made, now).await?;
    tx.commit().await?;
    Ok(if added { to(&format!("{}?made", paths::PASSKEYS)) } else { make_page(&portal, &session, None, true) })
}

/// Closing a way never asks.
async fn remove(State(portal): State<Portal>, session: PersonSession, Path(id): Path<String>) -> Result<Response, Error> {
    let id: PasskeyId = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = portal.db.write().await?;
    if !store::remove(&mut tx, session.person, id, portal.now()).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(to(&format!("{}?removed", paths::PASSKEYS)))
}

/// Asks this browser for a passkey, whoever's it may be: nobody is named before.
async fn start(State(portal): State<Portal>, block: Block) -> Result<Response, Error> {
    let Some(site) = &portal.relying_party else { return Ok(to(paths::SIGN_IN)) };
    let (asked, token, now) = (site.ask_to_sign_in()?, portal.entropy.token(), portal.now());
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, &block, Door::Passkey, now).await?;
    store::ask(&mut tx, &keys::token_hash(&token), None, &asked, now).await?;
    tx.commit().await?;
    let mut response = to(paths::SIGN_IN_PASSKEY);
    response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::PASSKEY, &token));
    Ok(response)
}

/// Without a question it is the page of every refusal.
fn sign_in_page(portal: &Portal, host: &str, question: Option<Question>) -> Response {
    let (hub, host, refused) = (portal.hub(), host.to_owned(), question.is_none());
    portal
        .open_page(None, "Sign in")
        .here(paths::SIGN_IN)
        .passkeys(true)
        .problem(refused)
        .show(move || view! { <PasskeySignInPage host=host question=question hub=hub/> })
}

async fn show_sign_in(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, Error> {
    let (Some(site), Some(token)) = (&portal.relying_party, cookies::read(&headers, cookies::PASSKEY)) else {
        return Ok(to(paths::SIGN_IN));
    };
    let asked: Option<SigningIn> = store::waiting(&mut portal.db.read().await?, &keys::token_hash(&token), None, portal.now()).await?;
    Ok(match asked {
        Some(asked) => sign_in_page(&portal, site.host(), Some(question(site.host(), &asked.options))),
        None => to(paths::SIGN_IN),
    })
}

async fn sign_in(State(portal): State<Portal>, block: Block, headers: HeaderMap, Submitted(fields): Submitted) -> Result<Response, Error> {
    let Some(site) = &portal.relying_party else { return Ok(to(paths::SIGN_IN)) };
    let said = fields.one("credential");
    if said.is_empty() {
        // The phone's own page was closed: nothing was tried.
        return Ok(sign_in_page(&portal, site.host(), None));
    }
    let now = portal.now();
    let answer: Option<PublicKeyCredential> = serde_json::from_str(said).ok();
    let mut tx = portal.db.write().await?;
    limits::take(&mut tx, &block, Door::Passkey, now).await?;
    // Taken before the answer is known to be right: of many at once one is looked at.
    let asked: Option<SigningIn> = match cookies::read(&headers, cookies::PASSKEY) {
        Some(token) => store::take(&mut tx, &keys::token_hash(&token), None, now).await?,
        None => None,
    };
    let held = match &answer {
        Some(answer) => store::find(&portal, &mut tx, answer.get_credential_id()).await?,
        None => None,
    };
    tx.commit().await?;
    let after = match (asked, &answer, &held) {
        (Some(asked), Some(answer), Some(held)) => site.opens(asked, answer, held.handle, held.passkey.clone()),
        _ => None,
    };

    let session_token = portal.entropy.token();
    let mut tx = portal.db.write().await?;
    let begun = match (&held, &after) {
        (Some(held), Some(after)) => store::used(&portal, &mut tx, held, after, now).await?,
        _ => false,
    };
    match &held {
        Some(held) if begun => {
            open_session(&mut tx, held.person, keys::token_hash(&session_token), held.id.0, now).await?;
            limits::give_back(&mut tx, &block, Door::Passkey).await?;
        }
        _ => {
            limits::failed(&mut tx, now).await?;
            let (known, subject) = held.as_ref().map_or((None, String::new()), |held| (Some(held.person), held.id.to_string()));
            audit::append(&mut tx, now, Entry::new(Actor::Anyone, Act::SignInFailed, known, subject)).await?;
        }
    }
    tx.commit().await?;
    if begun { signed_in(&portal, &headers, &session_token, now).await } else { Ok(sign_in_page(&portal, site.host(), None)) }
}
