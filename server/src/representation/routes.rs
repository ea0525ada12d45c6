//! `/hub/people/{id}/representative`, where staff add somebody, and `/security/representatives/{id}/end`,
//! where the person ends it.

use super::store::{self, LONGEST, New};
use crate::audit::{Act, Actor, Entry};
use crate::db::{Connection, DbError, sql};
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::session::{Caseworker, PersonSession, StaffSession};
use crate::hub;
use crate::people;
use crate::portal::Portal;
use app::domain::ids::{PersonId, RepresentationId, case_reference};
use app::domain::london;
use app::forms::representation::AddRepresentative;
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::representation::AddRepresentativePage;
use app::paths;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use leptos::prelude::*;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/hub/people/{person}/representative", get(show).post(add))
        .route("/security/representatives/{representation}/end", post(end))
}

async fn form_page(portal: &Portal, staff: &StaffSession, person: PersonId, entered: Entered) -> Result<Response, Error> {
    let mut reader = portal.db.read().await?;
    let key = portal.keys.vault.key(&mut reader, person.0).await?;
    let name = people::name(&mut reader, &key).await?;
    let mut cases = Vec::new();
    for case in store::cases_of(&mut reader, person, portal.now()).await? {
        let (key,): (String,) = sql("select source_key from cases where case_id = $1").bind(case).fetch_one(&mut reader).await?;
        cases.push(format!("case {}", case_reference(&key)));
    }
    drop(reader);
    if cases.is_empty() {
        return Err(Error::NotFound); // nobody can act in no case
    }
    let (problem, submission) = (!entered.errors().is_empty(), portal.new_id().to_string());
    Ok(portal
        .staff_page(staff, "Person")
        .here(paths::HUB_PEOPLE)
        .problem(problem)
        .show(move || view! { <AddRepresentativePage person=person name=name cases=cases submission=submission entered=entered/> }))
}

async fn show(State(portal): State<Portal>, Caseworker(staff): Caseworker, Path(id): Path<String>) -> Result<Response, Error> {
    let person = hub::people::opened(&portal, &staff, &id, &Fields::default()).await?;
    portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::PersonViewed, Some(person), person)).await?;
    form_page(&portal, &staff, person, Entered::default()).await
}

async fn add(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(id): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let person = hub::people::opened(&portal, &staff, &id, &fields).await?;
    let now = portal.now();
    let form = match AddRepresentative::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return form_page(&portal, &staff, person, Entered::new(fields, errors)).await,
    };
    // To the end of its last day.
    let ends_at = london::start_of(form.until.succ_opt().unwrap_or(form.until));
    if ends_at <= now || ends_at > now + LONGEST {
        let errors = FieldErrors::one("until-day", "The last day must be from today, and within 6 months");
        return form_page(&portal, &staff, person, Entered::new(fields, errors)).await;
    }
    let mut tx = portal.db.write().await?;
    let cases = store::cases_of(&mut tx, person, now).await?;
    if cases.is_empty() {
        return Err(Error::NotFound); // nobody can act in no case
    }
    let id = RepresentationId(fields.one("submission_id").parse().unwrap_or_else(|_| portal.new_id()));
    if let Some(representative) = store::made(&mut tx, person, id).await? {
        return Ok(Redirect::to(&paths::hub_person(representative)).into_response()); // the second of two clicks
    }
    let new = New { name: form.name, purpose: form.purpose, scope: form.scope, ends_at, checked: form.checked, by: staff.staff };
    let representative = store::add(&portal, &mut tx, (id, person), &cases, new, now).await?;
    tx.commit().await?;
    // They have not joined: the next thing is their invitation.
    Ok(Redirect::to(&paths::hub_person(representative)).into_response())
}

/// Ending never asks for the PIN; a second tap changes nothing.
async fn end(State(portal): State<Portal>, session: PersonSession, Path(id): Path<String>) -> Result<Response, Error> {
    let id: RepresentationId = id.parse().map_err(|_| Error::NotFound)?;
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    if !store::end(&mut tx, session.person, id, now).await? && !is_theirs(&mut tx, session.person, id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?ended", paths::SECURITY)).into_response())
}

async fn is_theirs(on: &mut impl Connection, person: PersonId, id: RepresentationId) -> Result<bool, DbError> {
    let (found,): (i64,) = sql("select count(*) from representations where representation_id = $1 and person_id = $2")
        .bind(id)
        .bind(person)
        .fetch_one(on)
        .await?;
    Ok(found == 1)
}
