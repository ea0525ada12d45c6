//! `/home`, `/cases/{id}`, `/cases/{id}/messages`.

use super::conversation::{self, promise_in_words};
use super::store;
use crate::audit::{Act, Actor, Entry};
use crate::contact::points;
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::render;
use crate::http::session::{Part, PersonSession};
use crate::people;
use crate::portal::Portal;
use crate::support::requests;
use app::domain::conversation::ThreadKey;
use app::domain::ids::CaseId;
use app::domain::london;
use app::forms::message::NewMessage;
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::cases::{CasePage, CaseView, ConversationPage, ConversationView, Reported, Thread, TimelineItem};
use app::pages::home::{CaseCard, HomePage, HomeView, News, PromiseLine};
use app::paths;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use leptos::prelude::*;
use uuid::Uuid;

pub fn routes() -> Router<Portal> {
    Router::new().route(paths::HOME, get(home)).route("/cases/{id}", get(show)).route("/cases/{id}/messages", get(messages).post(send))
}

/// Who the police are to the reader, never by force name on screen.
fn source_in_words(source: &str) -> &'static str {
    match source {
        "police.uk" => "the police’s published records",
        "demo" => "an invented example file",
        _ => "the police records system",
    }
}

async fn home(State(portal): State<Portal>, session: PersonSession) -> Result<Response, Error> {
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::HomeViewed, Some(session.person), "")).await?;
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let cases = store::cases_of(&mut reader, session.person, now).await?;
    let unread = store::unread(&mut reader, session.person).await?;
    let owed = store::owed(&mut reader, session.person).await?;
    let known = requests::known_of(&mut reader, &session.key, now).await?;
    let held = points::held(&mut reader, session.person, now).await?;
    let name = people::name(&mut reader, &session.key).await?;
    drop(reader);
    let mut news: Vec<News> = unread
        .into_iter()
        .map(|unread| News {
            text: if unread.count == 1 { "You have a new message".into() } else { format!("You have {} new messages", unread.count) },
            // A case in which their part has ended is not there any more; their own words are.
            href: unread
                .case
                .filter(|case| cases.iter().any(|one| one.id == *case))
                .map_or_else(|| paths::support(&unread.reference), paths::case_messages),
            when: london::moment_in_words(unread.newest),
        })
        .collect();
    news.extend(held.into_iter().map(|(kind, from)| News {
        text: format!("You gave us {} that is new. If you did not, stop it", kind.in_words()),
        href: paths::CONTACT.to_owned(),
        when: format!("It counts from {}", london::moment_in_words(from)),
    }));
    news.extend(cases.iter().filter(|case| case.seen_at.is_none_or(|seen| seen < case.received_at)).map(|case| News {
        text: format!("There is an update on {}", case.reference().replacen("Case", "case", 1)),
        href: paths::case(case.id),
        when: london::moment_in_words(case.received_at),
    }));
    let view = HomeView {
        first_name: name.split_whitespace().next().unwrap_or("").to_owned(),
        news,
        promises: owed
            .into_iter()
            .map(|(reference, due)| PromiseLine { reference, text: promise_in_words(due, now), late: due <= now })
            .collect(),
        cases: cases
            .iter()
            .map(|case| CaseCard {
                id: case.id,
                name: case.part.role.case_name(),
                reference: case.reference(),
                status: case.stage.status(),
                heard: format!("We last heard on {}", london::moment_in_words(case.received_at)),
            })
            .collect(),
        nothing_is_safe: known.no_safe_channel,
        done: None,
    };
    Ok(portal.person_page(&session, "Home").here(paths::HOME).show(move || view! { <HomePage view=view/> }))
}

fn case_id(text: &str) -> Result<CaseId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

async fn show(State(portal): State<Portal>, session: PersonSession, Path(id): Path<String>) -> Result<Response, Error> {
    let id = case_id(&id)?;
    let mut reader = portal.db.read().await?;
    let case = store::case_for(&mut reader, session.person, id, portal.now()).await?.ok_or(Error::NotFound)?;
    let events = store::events(&mut reader, &case).await?;
    let unread = match session.unread {
        0 => 0,
        _ => store::unread(&mut reader, session.person)
            .await?
            .iter()
            .filter(|unread| unread.case == Some(id))
            .map(|unread| unread.count)
            .sum(),
    };
    drop(reader);
    // On record before a byte leaves.
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::CaseViewed, Some(session.person), id)).await?;
    if case.seen_at.is_none_or(|seen| seen < case.received_at) {
        store::seen(&portal, &case).await?;
    }
    let mut timeline: Vec<TimelineItem> = events
        .iter()
        .map(|event| TimelineItem {
            when: event.when.in_words(),
            headline: event.wording.headline().to_owned(),
            body: event.wording.plain().into_owned(),
            source: format!("From {}. We got this on {}.", source_in_words(&event.source), london::moment_in_words(event.received_at)),
        })
        .collect();
    timeline.push(TimelineItem {
        when: case.month.in_words(),
        headline: "The police made a record".into(),
        body: "The police wrote down what was reported and gave it a number.".into(),
        source: format!("From {}.", source_in_words(&case.source)),
    });
    let view = CaseView {
        id,
        name: case.part.role.case_name(),
        reference: case.reference(),
        stage: case.stage,
        reported: case.reads_report(portal.now()).then(|| Reported {
            crime_type: case.crime_type.clone(),
            place: case.location.clone(),
            month: case.month.in_words(),
        }),
        timeline,
        received: london::moment_in_words(case.received_at),
        source: source_in_words(&case.source),
        hub: portal.hub(),
        unread,
        may_ask: case.may_ask(portal.now()),
    };
    Ok(portal.person_page(&session, "Updates").show(move || view! { <CasePage view=view/> }))
}

async fn messages(
    State(portal): State<Portal>,
    mut session: PersonSession,
    asked: Part,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = case_id(&id)?;
    if asked.is("thread") {
        return thread_part(&portal, &mut session, &ThreadKey::Case(id)).await;
    }
    messages_page(&portal, session, id, Entered::default()).await
}

/// The conversation alone, for the island that looks again.
pub(crate) async fn thread_part(portal: &Portal, session: &mut PersonSession, key: &ThreadKey) -> Result<Response, Error> {
    let thread = conversation::thread(portal, session, key).await?;
    Ok(render::part(move || view! { <Thread thread=thread/> }))
}

async fn messages_page(portal: &Portal, mut session: PersonSession, id: CaseId, entered: Entered) -> Result<Response, Error> {
    let key = ThreadKey::Case(id);
    let thread = conversation::thread(portal, &mut session, &key).await?;
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::ConversationViewed, Some(session.person), id)).await?;
    let view = ConversationView {
        key: key.clone(),
        back: paths::case(id),
        title: "Messages".into(),
        intro: thread.messages.is_empty().then(|| "Ask us anything about this case. We answer within 2 working days.".to_owned()),
        thread,
    };
    let problem = !entered.errors().is_empty();
    Ok(portal
        .person_page(&session, "Messages")
        .islands()
        .problem(problem)
        .show(move || view! { <ConversationPage view=view entered=entered/> }))
}

/// The submission id of a form; a form without one is not ours.
pub(crate) fn submission(fields: &Fields) -> Result<Uuid, Error> {
    fields.one("submission_id").parse().map_err(|_| Error::BadRequest("no submission id"))
}

async fn send(
    State(portal): State<Portal>,
    mut session: PersonSession,
    asked: Part,
    Path(id): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let id = case_id(&id)?;
    let key = ThreadKey::Case(id);
    match NewMessage::parse(&fields) {
        Ok(form) => {
            // A form posted by hand may lack the id; then it is simply a message of its own.
            let submission = submission(&fields).unwrap_or_else(|_| portal.new_id());
            conversation::send(&portal, &session, &key, form, submission, None).await?;
            if asked.is("thread") {
                return thread_part(&portal, &mut session, &key).await;
            }
            Ok(Redirect::to(&paths::case_messages(id)).into_response())
        }
        Err(errors) => messages_page(&portal, session, id, entered(fields, errors)).await,
    }
}

fn entered(fields: Fields, errors: FieldErrors) -> Entered {
    Entered::new(fields, errors)
}
