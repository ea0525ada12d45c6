//! `/hub/people/{id}/invite` and `/hub/people/{id}/email`: a way in for one person. The link is on a letter
//! to print, or in an email to the inbox that they told staff of; the word is told by voice.

use super::access;
use super::openings::Record;
use super::people::{known, opened, person_page};
use crate::audit::{Act, Actor, Entry};
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::session::{Caseworker, StaffSession};
use crate::joining::mailed::{self, NoMail};
use crate::joining::store::{self as invitations, Maker, New};
use crate::people;
use crate::portal::Portal;
use app::domain::ids::PersonId;
use app::domain::london;
use app::forms::joining::{EmailLink, Invite};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::hub_invitations::{EmailLinkPage, EmailedPage, EmailedView, InvitationPage, InvitationView};
use app::paths;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use leptos::prelude::*;

pub fn routes() -> Router<Portal> {
    Router::new().route("/hub/people/{person}/invite", post(invite)).route("/hub/people/{person}/email", get(show_email).post(email))
}

/// Answers with the invitation itself: neither link nor word can be shown a second time, so there is
/// no page to be led to. Sent twice, the second one counts.
async fn invite(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(id): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let form = match Invite::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return person_page(&portal, &staff, &id, Entered::new(fields, errors), None).await,
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let (person, _) = known(&mut tx, &id).await?;
    let _proof: access::Opened = access::open(&portal, &mut tx, &staff, &Record::Person(person), &fields).await?;
    let new = New { person, checked: form.checked, by: Maker::Staff(staff.staff), mail_to: None };
    let made = invitations::invite(&portal, &mut tx, new, now).await?;
    let key = portal.keys.vault.key(&mut tx, person.0).await?;
    let name = people::name(&mut tx, &key).await?;
    tx.commit().await?;
    let view = InvitationView {
        person,
        name,
        square: square(&made.link),
        link: made.link,
        word: made.word.spoken(),
        until: london::moment_in_words(made.until),
        hub_phone: portal.hub().phone,
    };
    Ok(portal.staff_page(&staff, "Invitation").here(paths::HUB_PEOPLE).show(move || view! { <InvitationPage view=view/> }))
}

async fn email_page(portal: &Portal, staff: &StaffSession, person: PersonId, entered: Entered) -> Result<Response, Error> {
    let mut reader = portal.db.read().await?;
    let key = portal.keys.vault.key(&mut reader, person.0).await?;
    let name = people::name(&mut reader, &key).await?;
    drop(reader);
    let problem = !entered.errors().is_empty();
    Ok(portal
        .staff_page(staff, "Invitation")
        .here(paths::HUB_PEOPLE)
        .problem(problem)
        .show(move || view! { <EmailLinkPage person=person name=name entered=entered/> }))
}

async fn show_email(State(portal): State<Portal>, Caseworker(staff): Caseworker, Path(id): Path<String>) -> Result<Response, Error> {
    let person = opened(&portal, &staff, &id, &Fields::default()).await?;
    portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::PersonViewed, Some(person), person)).await?;
    email_page(&portal, &staff, person, Entered::default()).await
}

/// Answers with the word, which cannot be shown a second time. Sent twice, the second one counts, and the
/// link of the first is dead, mailed or not.
async fn email(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(id): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let person = opened(&portal, &staff, &id, &fields).await?;
    let form = match EmailLink::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return email_page(&portal, &staff, person, Entered::new(fields, errors)).await,
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let contact = mailed::may_be_mailed(&mut tx, person, &form.inbox).await?;
    if let Err(why) = contact {
        drop(tx);
        let text = match why {
            NoMail::Stopped => "They stopped all messages. Print the letter, or hand them the link",
            NoMail::NotSafe => "They said email is not safe. Print the letter, or hand them the link",
        };
        return email_page(&portal, &staff, person, Entered::new(fields, FieldErrors::one("email", text))).await;
    }
    let new = New { person, checked: form.checked, by: Maker::Staff(staff.staff), mail_to: Some(form.inbox) };
    let made = invitations::invite(&portal, &mut tx, new, now).await?;
    let key = portal.keys.vault.key(&mut tx, person.0).await?;
    let name = people::name(&mut tx, &key).await?;
    tx.commit().await?;
    portal.outbox.notify_one();
    let view = EmailedView { person, name, word: made.word.spoken(), until: london::moment_in_words(made.until) };
    Ok(portal.staff_page(&staff, "Invitation").here(paths::HUB_PEOPLE).show(move || view! { <EmailedPage view=view/> }))
}

/// The link as a QR code: its width in squares, and the dark squares as an SVG path.
fn square(link: &str) -> Option<(usize, String)> {
    use std::fmt::Write as _;
    let code = qrcode::QrCode::new(link.as_bytes()).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (place, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", place % width, place / width);
        }
    }
    Some((width, path))
}
