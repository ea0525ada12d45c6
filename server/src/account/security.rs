//! `/security`: where the person is signed in, who has looked at their record, and one tap that stops
//! every message. What is stopped is read by the sender when it sends.

use super::passkey_store;
use super::step_up::{self, SteppedUp};
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, Reader, Tx, sql};
use crate::error::Error;
use crate::http::cookies;
use crate::http::fields::Form as Submitted;
use crate::http::session::{PERSON_LIFE, PersonSession};
use crate::keys;
use crate::portal::Portal;
use crate::representation;
use app::domain::ids::PersonId;
use app::domain::london;
use app::forms::joining::ChangePin;
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::account::SignedOutPage;
use app::pages::security::{ActsForYou, ChangePinPage, LookLine, SecurityPage, SecurityView, SessionLine};
use app::paths;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::SECURITY, get(show))
        .route(paths::SECURITY_SIGN_OUT, post(sign_out_everywhere))
        .route(paths::SECURITY_PIN, get(show_pin).post(change_pin))
        .route(paths::SECURITY_PAUSE, post(pause))
        .route(paths::SECURITY_RESUME, post(resume))
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    token_hash: String,
    started_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct LookRow {
    act: String,
    at: DateTime<Utc>,
    actor: String,
    actor_id: String,
}

/// What staff did with a record, in the person's words; `None` for what is no look.
fn look_in_words(act: &str) -> Option<&'static str> {
    Some(match act {
        "request_viewed" => "opened what you asked us",
        "record_opened" => "opened your record, which is not their work, and had to say why",
        "openings_viewed" => "checked why a colleague had opened your record",
        "person_viewed" => "opened how we may contact you",
        "tasks_viewed" => "saw that we had to reach you",
        "signed_out_by_hub" => "signed you out everywhere",
        "representative_added" => "added somebody who acts for you",
        "point_stopped" => "stopped a change of your address or number",
        "point_confirmed" => "made sure that you gave us a new address or number",
        "invited" => "made you an invitation",
        "file_opened" => "opened a file that you sent",
        "request_claimed" => "took on what you asked us",
        "request_answered" => "answered you",
        "note_written" => "wrote a note for colleagues",
        "request_closed" => "closed what you asked us",
        _ => return None,
    })
}

/// The newest looks of staff and what a machine did, one line a thing and day.
async fn looks(reader: &mut Reader, person: PersonId) -> Result<Vec<LookLine>, DbError> {
    let rows: Vec<LookRow> = sql(
        "select act, at, actor, actor_id from audit where person_id = $1 and actor in ('staff', 'machine') order by seq desc limit 200",
    )
    .bind(person)
    .fetch_all(reader)
    .await?;
    // The chain holds ids as text; the table as ids. There are few staff.
    let staff: Vec<(Uuid, String)> = sql("select staff_id, name from staff").fetch_all(reader).await?;
    let names: HashMap<String, String> = staff.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    let mut lines: Vec<LookLine> = rows
        .into_iter()
        .filter_map(|row| {
            let name = names.get(&row.actor_id).and_then(|name| name.split_whitespace().next()).unwrap_or("Somebody");
            let machine = row.actor == "machine";
            Some(LookLine {
                who: if machine { "The police records system".into() } else { format!("{name}, victims’ hub,") },
                what: look_in_words(&row.act)?,
                when: london::day_in_words(london::wall(row.at).date()),
            })
        })
        .collect();
    lines.dedup_by(|one, before| one.what == before.what && one.who == before.who && one.when == before.when);
    lines.truncate(50);
    Ok(lines)
}

/// Since when this person has stopped all messages.
pub async fn paused(on: &mut impl Connection, person: PersonId) -> Result<Option<DateTime<Utc>>, DbError> {
    let (since,): (Option<DateTime<Utc>>,) = sql("select paused_at from people where person_id = $1").bind(person).fetch_one(on).await?;
    Ok(since)
}

async fn show(State(portal): State<Portal>, session: PersonSession, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let done = match query.as_deref() {
        Some("stopped") => Some("All messages are stopped."),
        Some("ended") => Some("Ended. They see nothing of your case any more."),
        Some("pin") => Some("Your new PIN counts from now on. You are signed out everywhere else. Your passkeys stay."),
        Some("started") => Some("Messages start again. We use only what you said is safe."),
        _ => None,
    };
    page(&portal, &session, done, Entered::default()).await
}

async fn page(portal: &Portal, session: &PersonSession, done: Option<&'static str>, entered: Entered) -> Result<Response, Error> {
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::SecurityViewed, Some(session.person), "")).await?;
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let sessions: Vec<SessionRow> = sql("select token_hash, started_at, last_seen_at from person_sessions \
         where person_id = $1 and ended_at is null and last_seen_at > $2 and started_at > $3 order by started_at desc")
    .bind(session.person)
    .bind(now - PERSON_LIFE.idle)
    .bind(now - PERSON_LIFE.absolute)
    .fetch_all(&mut reader)
    .await?;
    let view = SecurityView {
        sessions: sessions
            .into_iter()
            .map(|row| SessionLine {
                this_one: row.token_hash == session.token_hash,
                began: london::moment_in_words(row.started_at),
                last_used: london::moment_in_words(row.last_seen_at),
            })
            .collect(),
        looks: looks(&mut reader, session.person).await?,
        representatives: representation::store::of_person(portal, &mut reader, session.person, now)
            .await?
            .into_iter()
            .map(|one| ActsForYou {
                id: one.id,
                name: one.name,
                purpose: one.purpose.in_words(),
                scope: one.scope.in_words(),
                until: london::moment_in_words(one.ends_at),
            })
            .collect(),
        passkeys: passkey_store::history(&mut reader, session.person).await?,
        paused: paused(&mut reader, session.person).await?.map(london::moment_in_words),
        done,
        ask_pin: step_up::asks(session, now),
    };
    drop(reader);
    let problem = !entered.errors().is_empty();
    Ok(portal
        .person_page(session, "Keep it safe")
        .here(paths::SECURITY)
        .problem(problem)
        .show(move || view! { <SecurityPage view=view entered=entered/> }))
}

fn pin_page(portal: &Portal, session: &PersonSession, errors: FieldErrors) -> Response {
    let problem = !errors.is_empty();
    // No PIN is ever shown again.
    let entered = Entered::new(Fields::default(), errors);
    portal
        .person_page(session, "Keep it safe")
        .here(paths::SECURITY)
        .problem(problem)
        .show(move || view! { <ChangePinPage entered=entered/> })
}

async fn show_pin(State(portal): State<Portal>, session: PersonSession) -> Response {
    pin_page(&portal, &session, FieldErrors::default())
}

/// The old PIN is asked for even within its five minutes: this is the key to all else. Every other
/// session ends, and every code that has not been used.
async fn change_pin(State(portal): State<Portal>, session: PersonSession, Submitted(fields): Submitted) -> Result<Response, Error> {
    let form = match ChangePin::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(pin_page(&portal, &session, errors)),
    };
    let asked_anew = PersonSession { stepped_up_at: None, ..session.clone() };
    if let Err(errors) = step_up::prove(&portal, &asked_anew, &fields).await? {
        return Ok(pin_page(&portal, &session, errors));
    }
    let (slow, salt) = (portal.clone(), portal.entropy.bytes());
    let Some(pin_hash) = keys::off_thread(move || slow.keys.hash_secret(&form.new, salt)).await else {
        return Err(Error::Internal("the server is shutting down".into()));
    };
    let (now, person, token) = (portal.now(), session.person, portal.entropy.token());
    let mut tx = portal.db.write().await?;
    sql("update people set pin_hash = $2, pin_failures = 0, pin_failed_at = null where person_id = $1")
        .bind(person)
        .bind(pin_hash)
        .execute_one(&mut tx)
        .await?;
    end_every_session(&mut tx, person, now).await?;
    sql("insert into person_sessions (token_hash, person_id, started_at, last_seen_at, stepped_up_at) values ($1, $2, $3, $3, $3)")
        .bind(keys::token_hash(&token))
        .bind(person)
        .bind(now)
        .execute_one(&mut tx)
        .await?;
    audit::append(&mut tx, now, Entry::new(Actor::Person(person), Act::PinChanged, Some(person), "")).await?;
    tx.commit().await?;
    let mut response = Redirect::to(&format!("{}?pin", paths::SECURITY)).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::PERSON, &token));
    Ok(response)
}

async fn sign_out_everywhere(State(portal): State<Portal>, session: PersonSession) -> Result<Response, Error> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    end_every_session(&mut tx, session.person, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::Person(session.person), Act::SignedOutEverywhere, Some(session.person), "")).await?;
    tx.commit().await?;
    let mut response = portal.public_page("Signed out").show(|| view! { <SignedOutPage/> });
    let answer = response.headers_mut();
    answer.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""));
    cookies::all_gone(answer);
    Ok(response)
}

/// Signs a person out on every device, and spends every code that has not been used.
pub async fn end_every_session(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<(), DbError> {
    for statement in [
        "update person_sessions set ended_at = $2 where person_id = $1 and ended_at is null",
        "update sign_in_challenges set used_at = $2 where person_id = $1 and used_at is null",
    ] {
        sql(statement).bind(person).bind(now).execute(tx).await?;
    }
    Ok(())
}

async fn pause(State(portal): State<Portal>, session: PersonSession) -> Result<Response, Error> {
    let now = portal.now();
    set_pause(&portal, session.person, Some(now), Act::ContactPaused).await?;
    Ok(Redirect::to(&format!("{}?stopped", paths::SECURITY)).into_response())
}

/// Starting again opens every way that was open before: that needs the PIN. Stopping never does.
async fn resume(State(portal): State<Portal>, session: PersonSession, Submitted(fields): Submitted) -> Result<Response, Error> {
    let proof: SteppedUp = match step_up::prove(&portal, &session, &fields).await? {
        Ok(proof) => proof,
        Err(errors) => return page(&portal, &session, None, Entered::new(Fields::default(), errors)).await,
    };
    set_pause(&portal, session.person, None, Act::ContactResumed).await?;
    Ok(proof.tell(Redirect::to(&format!("{}?started", paths::SECURITY)).into_response()))
}

/// A second tap changes nothing: what is stopped stays stopped since the first.
async fn set_pause(portal: &Portal, person: PersonId, since: Option<DateTime<Utc>>, act: Act) -> Result<(), DbError> {
    let mut tx = portal.db.write().await?;
    let changed = sql("update people set paused_at = $2 where person_id = $1 and (paused_at is null) <> ($2 is null)")
        .bind(person)
        .bind(since)
        .execute(&mut tx)
        .await?;
    if changed == 1 {
        audit::append(&mut tx, portal.now(), Entry::new(Actor::Person(person), act, Some(person), "")).await?;
    }
    tx.commit().await
}
