//! `/hub`, `/hub/requests/{reference}` and what can be done there, `/hub/tasks/{id}/done`.

use super::access;
use super::openings::{self, Record};
use super::store;
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, Tx, sql};
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::session::{Caseworker, StaffSession};
use crate::outbox;
use crate::portal::Portal;
use crate::support::requests::{self, Request};
use crate::vault::Field;
use app::domain::ids::{Reference, TaskId};
use app::domain::london;
use app::domain::notice::Notice;
use app::domain::policy::{Action, Object, Viewer, may};
use app::domain::support::{InvalidMove, RequestState};
use app::forms::hub::{Close, Note, Reply};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::hub::{Holding, HubRequestPage, HubRequestView, HubView, Owed, QueuePage};
use app::paths;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use uuid::Uuid;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::HUB, get(queue))
        .route("/hub/requests/{reference}", get(show))
        .route("/hub/requests/{reference}/claim", post(claim))
        .route("/hub/requests/{reference}/release", post(release))
        .route("/hub/requests/{reference}/reply", post(reply))
        .route("/hub/requests/{reference}/note", post(note))
        .route("/hub/requests/{reference}/close", post(close))
        .route("/hub/tasks/{task}/done", post(task_done))
}

async fn queue(State(portal): State<Portal>, staff: StaffSession, RawQuery(query): RawQuery) -> Result<Response, Error> {
    if may(Viewer::Staff(staff.role), Action::WorkTheQueue, Object::Hub).is_err() {
        // The front page of those who have no queue.
        let first = staff.role.pages().first().map(|page| paths::hub_page(*page));
        return first.filter(|page| *page != paths::HUB).map(|page| Redirect::to(page).into_response()).ok_or(Error::NotFound);
    }
    let mine = query.as_deref() == Some("mine");
    let view = HubView {
        queue: store::queue(&portal, &staff, mine.then_some(staff.staff)).await?,
        tasks: store::tasks(&portal, &staff).await?,
        openings: openings::waiting(&mut portal.db.read().await?, &staff).await?,
        done: (query.as_deref() == Some("done")).then_some("Done. It is on record."),
    };
    Ok(portal.staff_page(&staff, "Queue").here(paths::HUB).islands().show(move || view! { <QueuePage view=view/> }))
}

/// Said on every page of a record that was opened with a reason.
pub(super) fn outside_in_words(until: DateTime<Utc>) -> String {
    format!("This is not in your work. You opened it with a reason, until {}.", london::time_in_words(london::wall(until).time()))
}

/// What just happened, told by a mark in the address that says nothing about anybody.
fn done_in_words(query: Option<&str>) -> Option<&'static str> {
    match query? {
        "claimed" => Some("You hold this request now."),
        "replied" => Some("Sent. The person is told in the way they chose that there is a message."),
        "noted" => Some("The note is saved. The person does not see it."),
        "closed" => Some("This request is closed."),
        _ => None,
    }
}

async fn show(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(reference): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    request_page(&portal, &staff, &reference, Entered::default(), done_in_words(query.as_deref())).await
}

async fn request_page(
    portal: &Portal,
    staff: &StaffSession,
    reference: &str,
    entered: Entered,
    done: Option<&'static str>,
) -> Result<Response, Error> {
    let now = portal.now();
    let reference = Reference::parse(reference).ok_or(Error::NotFound)?;
    let mut reader = portal.db.read().await?;
    let request = requests::by_reference(portal, &mut reader, &reference).await?.ok_or(Error::NotFound)?;
    let record = Record::Request(reference.clone(), request.key.owner());
    let opened = access::open(portal, &mut reader, staff, &record, entered.fields()).await?;
    drop(reader);
    // On record before a byte leaves. No connection is held meanwhile: the record needs one of its own,
    // and pages that all wait for it while holding the rest would wait for ever.
    portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::RequestViewed, request.person, request.id)).await?;
    let mut reader = portal.db.read().await?;
    let holder = store::holder_name(&mut reader, &request).await?;
    let holding = match request.state {
        RequestState::Waiting { .. } => Holding::Nobody,
        RequestState::Closed { .. } => Holding::Closed,
        state if state.holder() == Some(staff.staff) => Holding::Me,
        RequestState::Claimed { .. } | RequestState::Replied { .. } => Holding::Another,
    };
    let entered = if holding == Holding::Me { entered } else { for_a_reader(&entered) };
    let person = match request.person {
        Some(_) => Some(store::person(&mut reader, &request.key, now).await?),
        None => None,
    };
    let view = HubRequestView {
        tier: u8::try_from(request.tier.number()).unwrap_or(u8::MAX),
        tier_name: request.tier.name(),
        reasons: request.reasons.iter().map(|reason| reason.in_words()).collect(),
        owed: request.state.is_owed().then(|| Owed { by: london::deadline_in_words(request.due, now), late: request.due <= now }),
        asked: london::moment_in_words(request.asked),
        state: match (&request.state, holder) {
            (RequestState::Waiting { .. }, _) => "Waiting: nobody holds it".into(),
            (RequestState::Claimed { .. }, holder) => format!("Held by {}", holder.unwrap_or_default()),
            (RequestState::Replied { .. }, holder) => format!("Answered by {}", holder.unwrap_or_default()),
            (RequestState::Closed { closing, .. }, _) => format!("Closed. {}", closing.in_words()),
        },
        holding,
        person,
        case_line: store::case_line(&mut reader, request.case).await?,
        messages: store::messages(&mut reader, &request).await?,
        notes: store::notes(&mut reader, &request).await?,
        answers: request.answers,
        version: request.version,
        submission: portal.new_id().to_string(),
        reference,
        done,
        outside: opened.outside_work_until.map(outside_in_words),
    };
    drop(reader);
    let problem = !entered.errors().is_empty();
    Ok(portal.staff_page(staff, "Request").problem(problem).show(move || view! { <HubRequestPage view=view entered=entered/> }))
}

/// Who cannot close a request has no such form: what is wrong with it leads to the page itself.
fn for_a_reader(entered: &Entered) -> Entered {
    let mut errors = entered.errors().clone();
    for error in errors.0.iter_mut().filter(|error| error.field == "closing") {
        error.field = "main".into();
    }
    Entered::new(entered.fields().clone(), errors)
}

/// A move the state does not allow, as a message on the page with what was typed still there.
fn refused(error: InvalidMove, field: &'static str) -> FieldErrors {
    FieldErrors::one(
        field,
        match error {
            InvalidMove::HeldByAnother => "A colleague holds this request now. Nothing was changed",
            InvalidMove::NotClaimed => "Nobody holds this request. Claim it first",
            InvalidMove::Closed => "This request is closed. Nothing was changed",
        },
    )
}

/// A request that is in this member of staff's work, or that they opened with a reason.
async fn load(portal: &Portal, tx: &mut Tx, staff: &StaffSession, reference: &str, typed: &Fields) -> Result<Request, Error> {
    let reference = Reference::parse(reference).ok_or(Error::NotFound)?;
    let request = requests::by_reference(portal, tx, &reference).await?.ok_or(Error::NotFound)?;
    let _proof: access::Opened = access::open(portal, tx, staff, &Record::Request(reference, request.key.owner()), typed).await?;
    Ok(request)
}

fn back(request: &Request, mark: &str) -> Response {
    Redirect::to(&format!("{}?{mark}", paths::hub_request(&request.reference))).into_response()
}

/// Stores a move. `false`: somebody else moved it in between; the version makes exactly one winner of
/// any number.
async fn moved(tx: &mut Tx, request: &Request, state: RequestState) -> Result<bool, DbError> {
    match requests::save_state(tx, request, state, request.due).await {
        Ok(()) => Ok(true),
        Err(DbError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn record(tx: &mut Tx, staff: &StaffSession, act: Act, request: &Request, now: DateTime<Utc>) -> Result<(), DbError> {
    audit::append(tx, now, Entry::new(Actor::Staff(staff.staff), act, request.person, request.id)).await
}

async fn claim(State(portal): State<Portal>, Caseworker(staff): Caseworker, Path(reference): Path<String>) -> Result<Response, Error> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let request = load(&portal, &mut tx, &staff, &reference, &Fields::default()).await?;
    let state = match request.state.claim(staff.staff, now) {
        Ok(state) if state == request.state => return Ok(back(&request, "claimed")),
        Ok(state) => state,
        Err(error) => {
            drop(tx);
            return request_page(&portal, &staff, &reference, Entered::new(Fields::default(), refused(error, "main")), None).await;
        }
    };
    if !moved(&mut tx, &request, state).await? {
        drop(tx);
        let now_held = requests::by_reference(&portal, &mut portal.db.read().await?, &request.reference).await?;
        if now_held.is_some_and(|now| now.state.holder() == Some(staff.staff)) {
            return Ok(back(&request, "claimed")); // by the first of two clicks
        }
        let errors = refused(InvalidMove::HeldByAnother, "main");
        return request_page(&portal, &staff, &reference, Entered::new(Fields::default(), errors), None).await;
    }
    record(&mut tx, &staff, Act::RequestClaimed, &request, now).await?;
    tx.commit().await?;
    Ok(back(&request, "claimed"))
}

async fn release(State(portal): State<Portal>, Caseworker(staff): Caseworker, Path(reference): Path<String>) -> Result<Response, Error> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let request = load(&portal, &mut tx, &staff, &reference, &Fields::default()).await?;
    let state = match request.state.release(staff.staff, request.asked) {
        Ok(state) => state,
        Err(error) => {
            drop(tx);
            return request_page(&portal, &staff, &reference, Entered::new(Fields::default(), refused(error, "main")), None).await;
        }
    };
    requests::save_state(&mut tx, &request, state, request.due).await?;
    record(&mut tx, &staff, Act::RequestReleased, &request, now).await?;
    tx.commit().await?;
    Ok(Redirect::to(paths::HUB).into_response())
}

/// The version the page was made from; a form without one is taken as made from the present.
fn seen_version(fields: &Fields, request: &Request) -> i64 {
    fields.one("version").parse().unwrap_or(request.version)
}

const CROSSED: &str = "Something changed while you wrote. Read it again, then send. Your words are still here";

async fn is_sent(on: &mut impl Connection, submission: Uuid) -> Result<bool, DbError> {
    let (sent,): (i64,) = sql("select count(*) from messages where submission_id = $1").bind(submission).fetch_one(on).await?;
    Ok(sent > 0)
}

async fn reply(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(reference): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let form = match Reply::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return request_page(&portal, &staff, &reference, Entered::new(fields, errors), None).await,
    };
    let now = portal.now();
    let submission = fields.one("submission_id").parse::<Uuid>().unwrap_or_else(|_| portal.new_id());
    let mut tx = portal.db.write().await?;
    let request = load(&portal, &mut tx, &staff, &reference, &fields).await?;
    if is_sent(&mut tx, submission).await? {
        return Ok(back(&request, "replied")); // the second of two clicks
    }
    let problem = match request.state.reply(staff.staff, now) {
        Err(error) => Some(refused(error, "message")),
        Ok(_) if request.person.is_none() => Some(FieldErrors::one("message", "This person has no account. Answer in the way they chose")),
        Ok(_) if seen_version(&fields, &request) != request.version => Some(FieldErrors::one("message", CROSSED)),
        Ok(_) => None,
    };
    if let Some(errors) = problem {
        drop(tx);
        return request_page(&portal, &staff, &reference, Entered::new(fields, errors), None).await;
    }
    let state = RequestState::Replied { by: staff.staff, at: now };
    if !moved(&mut tx, &request, state).await? {
        drop(tx);
        if is_sent(&mut portal.db.read().await?, submission).await? {
            return Ok(back(&request, "replied")); // both clicks at the same moment
        }
        return request_page(&portal, &staff, &reference, Entered::new(fields, FieldErrors::one("message", CROSSED)), None).await;
    }
    sql("update support_requests set answered_at = $2 where request_id = $1 and answered_at is null")
        .bind(request.id)
        .bind(now)
        .execute(&mut tx)
        .await?;
    let message = portal.new_id();
    sql("insert into messages (message_id, request_id, submission_id, author, staff_id, body, sent_at) values ($1, $2, $3, 'hub', $4, $5, $6)")
        .bind(message)
        .bind(request.id)
        .bind(submission)
        .bind(staff.staff)
        .bind(request.key.seal(&portal.entropy, Field::MessageBody, message, &form.body))
        .bind(now)
        .execute_one(&mut tx)
        .await?;
    outbox::queue(&mut tx, portal.new_id(), Notice::ReplyWaiting, request.person, request.id.0, now).await?;
    record(&mut tx, &staff, Act::RequestAnswered, &request, now).await?;
    tx.commit().await?;
    portal.outbox.notify_one();
    Ok(back(&request, "replied"))
}

async fn note(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(reference): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let form = match Note::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return request_page(&portal, &staff, &reference, Entered::new(fields, errors), None).await,
    };
    let now = portal.now();
    let submission = fields.one("submission_id").parse::<Uuid>().unwrap_or_else(|_| portal.new_id());
    let mut tx = portal.db.write().await?;
    let request = load(&portal, &mut tx, &staff, &reference, &fields).await?;
    let note = portal.new_id();
    let saved = sql("insert into notes (note_id, request_id, submission_id, staff_id, body, written_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (submission_id) do nothing")
    .bind(note)
    .bind(request.id)
    .bind(submission)
    .bind(staff.staff)
    .bind(request.key.seal(&portal.entropy, Field::NoteBody, note, &form.body))
    .bind(now)
    .execute(&mut tx)
    .await?;
    if saved == 1 {
        record(&mut tx, &staff, Act::NoteWritten, &request, now).await?;
        tx.commit().await?;
    }
    Ok(back(&request, "noted"))
}

async fn close(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(reference): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let form = match Close::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return request_page(&portal, &staff, &reference, Entered::new(fields, errors), None).await,
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let request = load(&portal, &mut tx, &staff, &reference, &fields).await?;
    let problem = match request.state.close(staff.staff, now, form.closing) {
        Err(error) => Some(refused(error, "closing")),
        Ok(_) if seen_version(&fields, &request) != request.version => Some(FieldErrors::one("closing", CROSSED)),
        Ok(_) => None,
    };
    if let Some(errors) = problem {
        drop(tx);
        return request_page(&portal, &staff, &reference, Entered::new(fields, errors), None).await;
    }
    let state = RequestState::Closed { by: staff.staff, at: now, closing: form.closing };
    if !moved(&mut tx, &request, state).await? {
        drop(tx);
        return request_page(&portal, &staff, &reference, Entered::new(fields, FieldErrors::one("closing", CROSSED)), None).await;
    }
    record(&mut tx, &staff, Act::RequestClosed, &request, now).await?;
    tx.commit().await?;
    Ok(back(&request, "closed"))
}

async fn task_done(State(portal): State<Portal>, Caseworker(staff): Caseworker, Path(task): Path<String>) -> Result<Response, Error> {
    let task: TaskId = task.parse().map_err(|_| Error::NotFound)?;
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let row: Option<(Uuid,)> = sql("select person_id from tasks where task_id = $1").bind(task).fetch_optional(&mut tx).await?;
    let (person,) = row.ok_or(Error::NotFound)?;
    let done = sql("update tasks set done_at = $2, done_by = $3 where task_id = $1 and done_at is null")
        .bind(task)
        .bind(now)
        .bind(staff.staff)
        .execute(&mut tx)
        .await?;
    if done == 1 {
        let person = app::domain::ids::PersonId(person);
        audit::append(&mut tx, now, Entry::new(Actor::Staff(staff.staff), Act::TaskDone, Some(person), task)).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(&format!("{}?done", paths::HUB)).into_response())
}
