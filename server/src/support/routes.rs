//! `/support`, `/support/{reference}`, and `/support/new`, one question a page.

use super::{draft, requests};
use crate::audit::{Act, Actor, Entry};
use crate::cases::{conversation, thread_part};
use crate::contact;
use crate::db::DbError;
use crate::error::Error;
use crate::http::cookies;
use crate::http::fields::Form as Submitted;
use crate::http::session::{MaybePerson, Part, PersonSession};
use crate::keys;
use crate::portal::Portal;
use app::domain::contact::Channel;
use app::domain::conversation::ThreadKey;
use app::domain::ids::Reference;
use app::domain::london;
use app::domain::support::{Need, Reach, SafeNow};
use app::forms::message::NewMessage;
use app::forms::support::{Step, answers};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::support::{
    AskedLine, AskedPage, AskedView, CheckPage, DangerPage, RequestPage, RequestView, SentPage, SentView, StepPage, SupportStartPage,
};
use app::paths;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use leptos::prelude::*;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::SUPPORT, get(asked))
        .route(paths::SUPPORT_NEW, get(start))
        .route(paths::SUPPORT_DANGER, get(danger))
        .route(paths::SUPPORT_CHECK, get(check).post(send))
        .route(paths::SUPPORT_SENT, get(sent))
        .route("/support/new/{step}", get(question).post(answer))
        .route("/support/{reference}", get(show).post(write))
}

/// The draft this browser or person has, if it is not sent yet.
async fn draft_of(portal: &Portal, session: Option<&PersonSession>, headers: &HeaderMap) -> Result<Option<draft::Draft>, DbError> {
    let token = cookies::read(headers, cookies::DRAFT);
    let person = session.map(|session| session.person);
    draft::find(portal, &mut portal.db.read().await?, person, token.as_deref(), portal.now()).await
}

async fn start(State(portal): State<Portal>, MaybePerson(session): MaybePerson, headers: HeaderMap) -> Result<Response, Error> {
    let begun = draft_of(&portal, session.as_ref(), &headers).await?.is_some_and(|draft| draft.sent.is_none());
    let signed_in = session.is_some();
    Ok(portal
        .open_page(session.as_ref(), "Ask for support")
        .here(if signed_in { paths::SUPPORT } else { paths::SUPPORT_NEW })
        .show(move || view! { <SupportStartPage signed_in=signed_in begun=begun/> }))
}

async fn danger(State(portal): State<Portal>, MaybePerson(session): MaybePerson) -> Response {
    portal.open_page(session.as_ref(), "Get help now").show(|| view! { <DangerPage/> })
}

async fn question(
    State(portal): State<Portal>,
    MaybePerson(session): MaybePerson,
    headers: HeaderMap,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let step = Step::from_slug(&slug).ok_or(Error::NotFound)?;
    let fields = draft_of(&portal, session.as_ref(), &headers)
        .await?
        .filter(|draft| draft.sent.is_none())
        .map(|draft| draft.fields)
        .unwrap_or_default();
    question_page(&portal, session.as_ref(), step, Entered::new(fields, FieldErrors::default()), query.as_deref() == Some("change")).await
}

async fn question_page(
    portal: &Portal,
    session: Option<&PersonSession>,
    step: Step,
    entered: Entered,
    changing: bool,
) -> Result<Response, Error> {
    let may_contact = match (session, step) {
        (Some(session), Step::Reach) => told_how(portal, session).await?,
        _ => String::new(),
    };
    let (signed_in, problem) = (session.is_some(), !entered.errors().is_empty());
    Ok(portal.open_page(session, "Ask for support").islands().problem(problem).show(move || {
        view! { <StepPage step=step entered=entered signed_in=signed_in changing=changing may_contact=may_contact/> }
    }))
}

/// How this person will hear that there is an answer, from what they have granted.
async fn told_how(portal: &Portal, session: &PersonSession) -> Result<String, DbError> {
    let mut reader = portal.db.read().await?;
    let (preferences, _) = contact::store::preferences(&mut reader, &session.key).await?;
    let grants = contact::store::grants(&mut reader, session.person).await?;
    let Some(channel) = preferences.preferred else {
        return Ok("We send you nothing. Sign in here to read our answer.".into());
    };
    let live = grants.iter().any(|grant| grant.channel == channel && grant.safe_contact_on_request(portal.now()).is_ok());
    Ok(match (live, channel) {
        (false, _) => "You have not told us a safe way, so we send you nothing. Sign in here to read our answer.".into(),
        (true, Channel::Email) => "We will email you that there is a message, and nothing more.".into(),
        (true, Channel::Text) => "We will text you that there is a message, and nothing more.".into(),
        (true, Channel::Phone) => "We will call you, at the times you chose.".into(),
        (true, Channel::Letter) => "We will write to you that there is a message, and nothing more.".into(),
    })
}

async fn answer(
    State(portal): State<Portal>,
    MaybePerson(session): MaybePerson,
    asked: Part,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let step = Step::from_slug(&slug).ok_or(Error::NotFound)?;
    let changing = fields.one("changing") == "yes";
    let session = session.as_ref();
    if let Err(errors) = step.check(&fields, session.is_some()) {
        return question_page(&portal, session, step, Entered::new(fields, errors), changing).await;
    }
    let now = portal.now();
    let person = session.map(|session| session.person);
    let token = cookies::read(&headers, cookies::DRAFT);
    let mut tx = portal.db.write().await?;
    draft::purge(&mut tx, now).await?;
    let found = draft::find(&portal, &mut tx, person, token.as_deref(), now).await?.filter(|draft| draft.sent.is_none());
    let (mut draft, new_token) = if let Some(draft) = found {
        (draft, None)
    } else {
        let token = portal.entropy.token();
        let token_hash = keys::token_hash(&token);
        (draft::Draft { token_hash, submission: portal.new_id(), fields: Fields::default(), sent: None }, Some(token))
    };
    draft.fields = draft.fields.replaced(step.fields(), &fields);
    draft::save(&portal, &mut tx, &draft, session.map(|session| &session.key), now).await?;
    tx.commit().await?;
    let mut response = if asked.is("saved") {
        // Kept while somebody writes: they stay where they are.
        format!("Saved at {}", london::time_in_words(london::wall(now).time())).into_response()
    } else if step == Step::Safety && fields.one("safe_now") == SafeNow::InDanger.code() {
        Redirect::to(paths::SUPPORT_DANGER).into_response()
    } else if changing {
        Redirect::to(paths::SUPPORT_CHECK).into_response()
    } else {
        Redirect::to(&step.next().map_or_else(|| paths::SUPPORT_CHECK.to_owned(), paths::support_step)).into_response()
    };
    if let Some(token) = new_token {
        response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::DRAFT, &token));
    }
    Ok(response)
}

async fn check(State(portal): State<Portal>, MaybePerson(session): MaybePerson, headers: HeaderMap) -> Result<Response, Error> {
    let session = session.as_ref();
    let Some(draft) = draft_of(&portal, session, &headers).await?.filter(|draft| draft.sent.is_none()) else {
        return Ok(Redirect::to(paths::SUPPORT_NEW).into_response());
    };
    match answers(&draft.fields, session.is_some()) {
        Ok(answers) => Ok(portal.open_page(session, "Check your answers").show(move || view! { <CheckPage answers=answers/> })),
        Err((step, _)) => Ok(Redirect::to(&paths::support_step(step)).into_response()),
    }
}

async fn send(State(portal): State<Portal>, MaybePerson(session): MaybePerson, headers: HeaderMap) -> Result<Response, Error> {
    let session = session.as_ref();
    let person = session.map(|session| session.person);
    let token = cookies::read(&headers, cookies::DRAFT);
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let Some(mut draft) = draft::find(&portal, &mut tx, person, token.as_deref(), now).await? else {
        // Sent a moment ago by the first of two taps, or never begun.
        let to = if person.is_some() { paths::SUPPORT } else { paths::SUPPORT_NEW };
        return Ok(Redirect::to(to).into_response());
    };
    if draft.sent.is_some() {
        return Ok(Redirect::to(paths::SUPPORT_SENT).into_response());
    }
    let answers = match answers(&draft.fields, person.is_some()) {
        Ok(answers) => answers,
        Err((step, _)) => return Ok(Redirect::to(&paths::support_step(step)).into_response()),
    };
    let stored = match requests::submit(&portal, &mut tx, draft.submission, session.map(|session| &session.key), answers, now).await {
        Ok(stored) => stored,
        // The other of two taps was first; its page is the same. Any other clash is a fault.
        Err(error @ DbError::Duplicate(_)) => {
            drop(tx);
            let mut tx = portal.db.write().await?;
            if requests::by_submission(&portal, &mut tx, draft.submission).await?.is_none() {
                return Err(error.into());
            }
            tx.commit().await?; // durable, before it is said
            return Ok(Redirect::to(if person.is_some() { paths::SUPPORT } else { paths::SUPPORT_SENT }).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    if person.is_some() {
        draft::remove(&mut tx, &draft.token_hash).await?;
    } else {
        // The answers go; only "sent" stays, so that the confirmation survives a reload.
        draft.fields = Fields::default();
        draft::save(&portal, &mut tx, &draft, None, now).await?;
    }
    tx.commit().await?;
    portal.outbox.notify_one();
    let to = if person.is_some() { format!("{}?sent", paths::support(&stored.reference)) } else { paths::SUPPORT_SENT.to_owned() };
    let mut response = Redirect::to(&to).into_response();
    if person.is_some() {
        response.headers_mut().append(header::SET_COOKIE, cookies::gone(cookies::DRAFT));
    }
    Ok(response)
}

/// What happens next, for somebody who left a way to be reached.
fn answered_how(reach: Reach) -> &'static str {
    match reach {
        Reach::Phone => "We will call you.",
        Reach::Text => "We will text you.",
        Reach::Email => "We will email you.",
        Reach::IWillCall => "We will not contact you. Call us when it is safe.",
        Reach::Portal => "Sign in here to read it.",
    }
}

async fn sent(State(portal): State<Portal>, MaybePerson(session): MaybePerson, headers: HeaderMap) -> Result<Response, Error> {
    let Some(draft) = draft_of(&portal, None, &headers).await?.filter(|draft| draft.sent.is_some()) else {
        return Ok(Redirect::to(paths::SUPPORT_NEW).into_response());
    };
    let request = requests::by_submission(&portal, &mut portal.db.read().await?, draft.submission).await?.ok_or(Error::NotFound)?;
    let view = SentView {
        reference: request.reference,
        by: london::deadline_in_words(request.due, portal.now()),
        how: request.answers.map_or("", |answers| answered_how(answers.reach.reach)).to_owned(),
        hub: portal.hub(),
    };
    Ok(portal.open_page(session.as_ref(), "We have your request").show(move || view! { <SentPage view=view/> }))
}

async fn asked(State(portal): State<Portal>, session: PersonSession) -> Result<Response, Error> {
    let mut reader = portal.db.read().await?;
    let requests = requests::all_of_person(&portal, &mut reader, session.person).await?;
    let unread = crate::cases::unread_by_request(&mut reader, session.person).await?;
    drop(reader);
    let requests = requests
        .into_iter()
        .map(|request| AskedLine {
            unread: unread.iter().find(|(reference, _)| *reference == request.reference).map_or(0, |(_, count)| *count),
            asks: match &request.answers {
                Some(answers) => answers.needs.iter().copied().map(Need::in_words).collect::<Vec<_>>().join("; "),
                None => "A question about a case".into(),
            },
            asked: london::moment_in_words(request.asked),
            status: request.state.for_the_person(),
            reference: request.reference,
        })
        .collect();
    let view = AskedView { requests };
    Ok(portal.person_page(&session, "What you have asked us").here(paths::SUPPORT).show(move || view! { <AskedPage view=view/> }))
}

async fn show(
    State(portal): State<Portal>,
    mut session: PersonSession,
    asked: Part,
    Path(reference): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    if asked.is("thread") {
        let known = Reference::parse(&reference).ok_or(Error::NotFound)?;
        return thread_part(&portal, &mut session, &ThreadKey::Request(known)).await;
    }
    request_page(&portal, session, &reference, Entered::default(), query.as_deref() == Some("sent")).await
}

async fn request_page(
    portal: &Portal,
    mut session: PersonSession,
    reference: &str,
    entered: Entered,
    just_sent: bool,
) -> Result<Response, Error> {
    let reference = Reference::parse(reference).ok_or(Error::NotFound)?;
    let request = requests::of_person(portal, &mut portal.db.read().await?, session.person, &reference).await?.ok_or(Error::NotFound)?;
    let thread = conversation::thread(portal, &mut session, &ThreadKey::Request(reference.clone())).await?;
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::ConversationViewed, Some(session.person), request.id)).await?;
    let how = match request.answers.as_ref().map(|answers| answers.reach.reach) {
        Some(Reach::IWillCall) => answered_how(Reach::IWillCall).to_owned(),
        _ => told_how(portal, &session).await?,
    };
    let view = RequestView {
        reference,
        just_sent,
        by: london::deadline_in_words(request.due, portal.now()),
        how,
        asked: london::moment_in_words(request.asked),
        answers: request.answers,
        thread,
        hub: portal.hub(),
    };
    let problem = !entered.errors().is_empty();
    Ok(portal
        .person_page(&session, "Your request")
        .here(paths::SUPPORT)
        .islands()
        .problem(problem)
        .show(move || view! { <RequestPage view=view entered=entered/> }))
}

async fn write(
    State(portal): State<Portal>,
    mut session: PersonSession,
    asked: Part,
    Path(reference): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let known = Reference::parse(&reference).ok_or(Error::NotFound)?;
    let key = ThreadKey::Request(known.clone());
    match NewMessage::parse(&fields) {
        Ok(form) => {
            let submission = fields.one("submission_id").parse().unwrap_or_else(|_| portal.new_id());
            conversation::send(&portal, &session, &key, form, submission, None).await?;
            if asked.is("thread") {
                return thread_part(&portal, &mut session, &key).await;
            }
            Ok(Redirect::to(&paths::support(&known)).into_response())
        }
        Err(errors) => request_page(&portal, session, &reference, Entered::new(fields, errors), false).await,
    }
}
