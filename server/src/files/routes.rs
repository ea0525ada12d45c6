//! `/cases/{id}/files`, `/support/{reference}/files`, `/files`.

use super::store::{self, Opened, Sealed};
use super::strip::strip;
use super::upload::{LARGEST_BODY, Upload};
use crate::account::step_up;
use crate::audit::{self, Act, Actor, Entry};
use crate::cases::conversation;
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::form_token;
use crate::http::session::PersonSession;
use crate::portal::Portal;
use app::domain::conversation::ThreadKey;
use app::domain::file::{FileKind, MOST_FILES};
use app::domain::ids::{FileId, Reference};
use app::domain::london;
use app::forms::file::{FileAct, NewFile};
use app::forms::message::NewMessage;
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::files::{FileLine, FilesPage, SendFilePage};
use app::paths;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, RawQuery, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use leptos::prelude::*;

pub fn routes() -> Router<Portal> {
    Router::new().route(paths::FILES, get(show).post(act))
}

/// Apart, since a file from a bad line takes longer than any other request may.
pub fn upload_routes() -> Router<Portal> {
    Router::new()
        .route("/cases/{id}/files", get(ask_about_case).post(send_about_case))
        .route("/support/{reference}/files", get(ask_about_request).post(send_about_request))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

fn about_case(id: &str) -> Result<ThreadKey, Error> {
    id.parse().map(ThreadKey::Case).map_err(|_| Error::NotFound)
}

fn about_request(reference: &str) -> Result<ThreadKey, Error> {
    Reference::parse(reference).map(ThreadKey::Request).ok_or(Error::NotFound)
}

async fn ask_about_case(State(portal): State<Portal>, session: PersonSession, Path(id): Path<String>) -> Result<Response, Error> {
    ask(&portal, &session, about_case(&id)?, Entered::default()).await
}

async fn ask_about_request(State(portal): State<Portal>, session: PersonSession, Path(id): Path<String>) -> Result<Response, Error> {
    ask(&portal, &session, about_request(&id)?, Entered::default()).await
}

async fn ask(portal: &Portal, session: &PersonSession, thread: ThreadKey, entered: Entered) -> Result<Response, Error> {
    conversation::may_write(portal, &mut portal.db.read().await?, session, &thread).await?;
    let (problem, submission) = (!entered.errors().is_empty(), portal.new_id().to_string());
    Ok(portal
        .person_page(session, "Your files")
        .problem(problem)
        .show(move || view! { <SendFilePage thread=thread submission=submission entered=entered/> }))
}

async fn send_about_case(
    State(portal): State<Portal>,
    session: PersonSession,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    send(&portal, &session, about_case(&id)?, request).await
}

async fn send_about_request(
    State(portal): State<Portal>,
    session: PersonSession,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    send(&portal, &session, about_request(&id)?, request).await
}

/// The file with its words, as one message. Nothing is read of somebody who may not write here.
async fn send(portal: &Portal, session: &PersonSession, thread: ThreadKey, request: Request) -> Result<Response, Error> {
    conversation::may_write(portal, &mut portal.db.read().await?, session, &thread).await?;
    let upload = match Upload::from_request(request, portal).await {
        Ok(upload) => upload,
        Err(refused) => return Ok(refused),
    };
    let Upload { fields, file, .. } = &upload;
    if !form_token::fits(fields, &session.form_token) {
        return Ok(form_token::refuse());
    }
    let mut errors = FieldErrors::default();
    let words = NewFile::parse(fields).map_err(|wrong| errors = wrong).map(|form| form.words);
    let stripped = match file.chosen() {
        Ok(bytes) => strip(bytes).map_err(|unfit| unfit.to_string()),
        Err(problem) => Err(problem.to_owned()),
    };
    let (words, (kind, bytes)) = match (words, stripped) {
        (Ok(words), Ok(stripped)) => (words, stripped),
        (_, stripped) => {
            if let Err(problem) = stripped {
                errors.add("file", problem);
            }
            return ask(portal, session, thread, Entered::new(fields.clone(), errors)).await;
        }
    };
    if store::count(&mut portal.db.read().await?, session.person).await? >= MOST_FILES {
        let errors = FieldErrors::one("file", "You have sent 20 files. Remove one you do not need, then send this one");
        return ask(portal, session, thread, Entered::new(fields.clone(), errors)).await;
    }
    let body = words.unwrap_or_else(|| {
        match kind {
            FileKind::Jpeg | FileKind::Png => "I sent you a photo.",
            FileKind::Pdf => "I sent you a PDF.",
        }
        .into()
    });
    let sealed = Sealed::new(portal, &session.key, kind, bytes).await?;
    let submission = fields.one("submission_id").parse().unwrap_or_else(|_| portal.new_id());
    conversation::send(portal, session, &thread, NewMessage { body }, submission, Some(sealed)).await?;
    Ok(Redirect::to(&paths::thread(&thread)).into_response())
}

async fn show(State(portal): State<Portal>, session: PersonSession, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let done = (query.as_deref() == Some("removed")).then_some("Removed. We cannot see it any more.");
    list(&portal, &session, done, Entered::default()).await
}

async fn list(portal: &Portal, session: &PersonSession, done: Option<&'static str>, entered: Entered) -> Result<Response, Error> {
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::FilesViewed, Some(session.person), "")).await?;
    let kept = store::of_person(&mut portal.db.read().await?, session.person).await?;
    let files: Vec<FileLine> = kept
        .into_iter()
        .map(|one| FileLine { id: one.id, what: one.what, sent: london::moment_in_words(one.sent), reference: one.reference })
        .collect();
    let (problem, ask_pin) = (!entered.errors().is_empty(), step_up::asks(session, portal.now()));
    Ok(portal
        .person_page(session, "Your files")
        .problem(problem)
        .show(move || view! { <FilesPage files=files ask_pin=ask_pin done=done entered=entered/> }))
}

/// Both need the PIN: what somebody sent must not be read, and not be taken back, by whoever holds their phone.
async fn act(State(portal): State<Portal>, session: PersonSession, Submitted(fields): Submitted) -> Result<Response, Error> {
    let act = match FileAct::parse(&fields) {
        Ok(act) => act,
        Err(errors) => return list(&portal, &session, None, Entered::new(Fields::default(), errors)).await,
    };
    let proof = match step_up::prove(&portal, &session, &fields).await? {
        Ok(proof) => proof,
        Err(errors) => return list(&portal, &session, None, Entered::new(Fields::default(), errors)).await,
    };
    let entry = |act, id: FileId| Entry::new(Actor::Person(session.person), act, Some(session.person), id);
    let answer = match act {
        FileAct::Open(id) => match store::own(&mut portal.db.read().await?, &session.key, id).await? {
            Some(file) => {
                // On record before a byte leaves.
                portal.audit.viewed(entry(Act::FileOpened, id)).await?;
                attached(file)
            }
            None => Error::NotFound.into_response(),
        },
        FileAct::Remove(id) => {
            let mut tx = portal.db.write().await?;
            if store::remove(&mut tx, session.person, id).await? {
                audit::append(&mut tx, portal.now(), entry(Act::FileRemoved, id)).await?;
                tx.commit().await?;
            }
            // The second of two taps finds nothing to remove, and that is what was wanted.
            Redirect::to(&format!("{}?removed", paths::FILES)).into_response()
        }
    };
    Ok(proof.tell(answer))
}

/// A file leaves to be saved, never to be shown, under the policy that allows nothing (`http::headers`).
pub fn attached(file: Opened) -> Response {
    let saved_as = format!("attachment; filename=\"{}\"", file.kind.saved_as());
    ([(header::CONTENT_TYPE, file.kind.media_type().to_owned()), (header::CONTENT_DISPOSITION, saved_as)], file.bytes).into_response()
}
