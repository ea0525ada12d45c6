//! `/contact`, `/contact/{channel}`, `/contact/preferences`.

use super::points::{self, Kind, Standing};
use super::store;
use crate::account::step_up::{self, SteppedUp};
use crate::audit::{self, Act, Actor, Entry};
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::session::PersonSession;
use crate::limits;
use crate::outbox;
use crate::portal::Portal;
use app::domain::contact::{Channel, CommunicationNeed, Grant, LANGUAGES, Preferences, Safety};
use app::domain::london;
use app::domain::notice::Notice;
use app::forms::contact::{ChannelChoice, LetterChoice, NewPoint, PreferenceChoice};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::contact::{ChannelLine, ChannelPage, ContactPage, ContactView, HeldChange, PreferencesPage, fields_of_grant};
use app::paths;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use leptos::prelude::*;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::CONTACT, get(show))
        .route(paths::CONTACT_PREFERENCES, get(show_preferences).post(set_preferences))
        .route("/contact/{channel}", get(show_channel).post(set_channel))
        .route("/contact/{channel}/stop", post(stop))
}

/// The page after a change says so; the mark in the address says nothing else.
fn saved() -> Response {
    Redirect::to(&format!("{}?saved", paths::CONTACT)).into_response()
}

fn held_in_words(channel: Channel, standing: Standing) -> String {
    let what = if channel == Channel::Phone { "a phone number" } else { Kind::of(channel).in_words() };
    let held = match standing.since {
        Some(since) => format!("We hold {what}, changed {}.", london::date_in_words(london::wall(since).date())),
        None => format!("We do not hold {what} for you."),
    };
    match standing.held_until {
        Some(until) => format!("{held}\nYou gave a new one. We use it from {}.", london::moment_in_words(until)),
        None => held,
    }
}

async fn show(State(portal): State<Portal>, session: PersonSession, RawQuery(query): RawQuery) -> Result<Response, Error> {
    portal.audit.viewed(Entry::new(Actor::Person(session.person), Act::ContactViewed, Some(session.person), "")).await?;
    let today = london::wall(portal.now()).date();
    let mut reader = portal.db.read().await?;
    let mut channels = Vec::with_capacity(4);
    for grant in store::grants(&mut reader, session.person).await? {
        let standing = points::standing(&mut reader, session.person, Kind::of(grant.channel), portal.now()).await?;
        channels.push(ChannelLine { channel: grant.channel, chosen: grant.in_words(today), held: held_in_words(grant.channel, standing) });
    }
    let held = points::held(&mut reader, session.person, portal.now()).await?;
    let (preferences, changed) = store::preferences(&mut reader, &session.key).await?;
    drop(reader);
    let view = ContactView {
        channels,
        preferred: preferences.preferred.map_or("I will sign in here and look".to_owned(), |channel| channel.title().to_owned()),
        language: preferences.language.unwrap_or_else(|| "Not told us".into()),
        communication: needs_in_words(&preferences.needs),
        changed: changed.map(|at| format!("Last changed {}", london::moment_in_words(at))),
        held: held
            .into_iter()
            .map(|(kind, from)| HeldChange { channel: kind.channels()[0], what: kind.in_words(), from: london::moment_in_words(from) })
            .collect(),
        done: match query.as_deref() {
            Some("saved") => Some("Your choices are saved. They count from now on."),
            Some("given") => Some("Your choices are saved. The new one counts in 24 hours."),
            Some("stopped") => Some("Stopped. Nothing changes."),
            _ => None,
        },
    };
    Ok(portal.person_page(&session, "How we contact you").here(paths::CONTACT).show(move || view! { <ContactPage view=view/> }))
}

#[must_use]
pub(crate) fn needs_in_words(needs: &[CommunicationNeed]) -> String {
    if needs.is_empty() { "None".into() } else { needs.iter().map(|need| need.in_words()).collect::<Vec<_>>().join("\n") }
}

fn channel_named(code: &str) -> Result<Channel, Error> {
    Channel::from_code(code).ok_or(Error::NotFound)
}

async fn show_channel(State(portal): State<Portal>, session: PersonSession, Path(code): Path<String>) -> Result<Response, Error> {
    let channel = channel_named(&code)?;
    let grants = store::grants(&mut portal.db.read().await?, session.person).await?;
    let fields = grants.iter().find(|grant| grant.channel == channel).map(fields_of_grant).unwrap_or_default();
    channel_page(&portal, &session, channel, Entered::new(fields, FieldErrors::default())).await
}

async fn channel_page(portal: &Portal, session: &PersonSession, channel: Channel, entered: Entered) -> Result<Response, Error> {
    let standing = points::standing(&mut portal.db.read().await?, session.person, Kind::of(channel), portal.now()).await?;
    let (held, problem) = (held_in_words(channel, standing), !entered.errors().is_empty());
    let ask_pin = step_up::asks(session, portal.now());
    Ok(portal
        .person_page(session, "How we contact you")
        .islands()
        .problem(problem)
        .show(move || view! { <ChannelPage channel=channel held=held entered=entered ask_pin=ask_pin/> }))
}

async fn set_channel(
    State(portal): State<Portal>,
    session: PersonSession,
    Path(code): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let channel = channel_named(&code)?;
    // The address says which channel; a field that says another is not believed.
    let mut own = Fields::default();
    own.push("channel", channel.code());
    let fields = fields.replaced(&["channel"], &own);
    let parsed = if channel == Channel::Letter {
        LetterChoice::parse(&fields).map(|form| (form.grant, form.new))
    } else {
        ChannelChoice::parse(&fields).map(|form| (form.grant, form.new))
    };
    let (grant, new) = match parsed {
        Ok(parsed) => parsed,
        Err(errors) => return channel_page(&portal, &session, channel, Entered::new(fields, errors)).await,
    };
    if grant.safety != Safety::Safe && new.is_none() {
        return set(&portal, &session, channel, &grant, None, fields).await;
    }
    let proof: SteppedUp = match step_up::prove(&portal, &session, &fields).await? {
        Ok(proof) => proof,
        Err(errors) => return channel_page(&portal, &session, channel, Entered::new(fields, errors)).await,
    };
    // Whatever comes of it: the session has a new token, and a browser that is not told it is signed out.
    let answer = set(&portal, &session, channel, &grant, new, fields).await;
    Ok(proof.tell(answer.unwrap_or_else(Error::into_response)))
}

/// Stores what was said about a channel, and holds the new address or number that was given.
async fn set(
    portal: &Portal,
    session: &PersonSession,
    channel: Channel,
    grant: &Grant,
    new: Option<NewPoint>,
    fields: Fields,
) -> Result<Response, Error> {
    let now = portal.now();
    let person = session.person;
    let mut tx = portal.db.write().await?;
    store::set_grant(&mut tx, portal.new_id(), person, grant, now).await?;
    let given = new.is_some();
    if let Some(new) = new {
        let kind = Kind::of(channel);
        let told = points::standing(&mut tx, person, kind, now).await?.since.is_some() && new.old_is_safe;
        if !new.old_is_safe {
            points::revoke(&mut tx, person, kind, now).await?;
        }
        limits::take_own(&mut tx, person, now).await?;
        let Some(point) = points::add(portal, &mut tx, &session.key, (kind, &new.value), now + points::HOLD, now).await? else {
            drop(tx);
            // Dropped with all else; counted all the same.
            let mut tx = portal.db.write().await?;
            limits::take_own(&mut tx, person, now).await?;
            tx.commit().await?;
            let errors = match kind {
                Kind::Email => FieldErrors::one("new_email", "We cannot use this email address. Give another one, or call us"),
                Kind::Mobile | Kind::Address => FieldErrors::one("new_mobile", "We cannot use this number. Give another one, or call us"),
            };
            return channel_page(portal, session, channel, Entered::new(fields, errors)).await;
        };
        if told {
            outbox::queue(&mut tx, portal.new_id(), Notice::PointChanged, Some(person), point, now).await?;
        }
        audit::append(&mut tx, now, Entry::new(Actor::Person(person), Act::PointGiven, Some(person), point)).await?;
    }
    let what = format!("{}:{}", channel.code(), grant.safety.code());
    audit::append(&mut tx, now, Entry::new(Actor::Person(person), Act::ContactChanged, Some(person), what)).await?;
    tx.commit().await?;
    portal.outbox.notify_one();
    Ok(if given { Redirect::to(&format!("{}?given", paths::CONTACT)).into_response() } else { saved() })
}

/// Stops a change that is held. Closing a way never asks for the PIN.
async fn stop(State(portal): State<Portal>, session: PersonSession, Path(code): Path<String>) -> Result<Response, Error> {
    let kind = Kind::of(channel_named(&code)?);
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    if points::stop_held(&mut tx, session.person, kind, now).await? {
        audit::append(&mut tx, now, Entry::new(Actor::Person(session.person), Act::PointStopped, Some(session.person), kind.code()))
            .await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?stopped", paths::CONTACT)).into_response())
}

fn fields_of_preferences(preferences: &Preferences, chosen_before: bool) -> Fields {
    let mut fields = Fields::default();
    if chosen_before {
        fields.push("preferred", preferences.preferred.map_or("none", Channel::code));
    }
    match preferences.language.as_deref() {
        Some(known) if LANGUAGES.contains(&known) => fields.push("language", known),
        Some(other) => {
            fields.push("language", "Other");
            fields.push("language_other", other);
        }
        None => {}
    }
    for need in &preferences.needs {
        fields.push("communication", need.code());
    }
    fields
}

async fn show_preferences(State(portal): State<Portal>, session: PersonSession) -> Result<Response, Error> {
    let (preferences, changed) = store::preferences(&mut portal.db.read().await?, &session.key).await?;
    let fields = fields_of_preferences(&preferences, changed.is_some() || preferences.preferred.is_some());
    Ok(preferences_page(&portal, &session, Entered::new(fields, FieldErrors::default())))
}

fn preferences_page(portal: &Portal, session: &PersonSession, entered: Entered) -> Response {
    let (problem, ask_pin) = (!entered.errors().is_empty(), step_up::asks(session, portal.now()));
    portal
        .person_page(session, "How we contact you")
        .islands()
        .problem(problem)
        .show(move || view! { <PreferencesPage entered=entered ask_pin=ask_pin/> })
}

async fn set_preferences(State(portal): State<Portal>, session: PersonSession, Submitted(fields): Submitted) -> Result<Response, Error> {
    let form = match PreferenceChoice::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(preferences_page(&portal, &session, Entered::new(fields, errors))),
    };
    let proof: Option<SteppedUp> = match form.preferences.preferred {
        Some(_) => match step_up::prove(&portal, &session, &fields).await? {
            Ok(proof) => Some(proof),
            Err(errors) => return Ok(preferences_page(&portal, &session, Entered::new(fields, errors))),
        },
        None => None,
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    store::set_preferences(&portal, &mut tx, &session.key, &form.preferences, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::Person(session.person), Act::PreferencesChanged, Some(session.person), "")).await?;
    tx.commit().await?;
    Ok(match proof {
        Some(proof) => proof.tell(saved()),
        None => saved(),
    })
}
