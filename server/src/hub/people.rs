//! `/hub/people`, `/hub/people/{id}`: who has not joined, and how one person may be contacted. A way in
//! for them is made in `invitations`.

use super::access;
use super::openings::Record;
use super::routes::outside_in_words;
use super::store;
use crate::account::security;
use crate::audit::{self, Act, Actor, Entry};
use crate::contact::points;
use crate::db::{Connection, DbError, Many, sql};
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::session::{Caseworker, StaffSession};
use crate::joining::store::{Mailed, Newest, Standing, newest};
use crate::portal::Portal;
use crate::representation;
use crate::vault::Field;
use app::domain::ids::{PersonId, case_reference};
use app::domain::london;
use app::domain::participation::Role;
use app::forms::joining::Confirm;
use app::forms::{Fields, Form as _};
use app::govuk::Entered;
use app::pages::hub_people::{NotJoinedLine, PeoplePage, PersonPage, PersonView, RepresentativeLine};
use app::paths;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use leptos::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::HUB_PEOPLE, get(not_joined))
        .route("/hub/people/{person}", get(show))
        .route("/hub/people/{person}/confirm", post(confirm))
        .route("/hub/people/{person}/sign-out", post(sign_out))
        .route("/hub/people/{person}/stop-change", post(stop_change))
}

#[derive(sqlx::FromRow)]
struct NotJoinedRow {
    person_id: Uuid,
    name: String,
    wrapped: String,
    created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct RoleRow {
    person_id: Uuid,
    role: String,
    conflict: bool,
    ends_at: Option<DateTime<Utc>>,
    source_key: String,
}

static ROLES: Many = Many::new(
    "select p.person_id, p.role, p.conflict, p.ends_at, c.source_key from participations p join cases c on c.case_id = p.case_id \
     where p.person_id in ({rows}) order by p.since desc",
    1,
);

/// `Victim in case 7F3A21BC`: who each of these people is to which case, and nothing of what happened.
async fn cases_of(on: &mut impl Connection, people: &[Uuid], now: DateTime<Utc>) -> Result<HashMap<Uuid, Vec<String>>, DbError> {
    let mut found: HashMap<Uuid, Vec<String>> = HashMap::new();
    for some in ROLES.groups(people) {
        let mut statement = ROLES.of(some.len());
        for id in some {
            statement = statement.bind(*id);
        }
        let rows: Vec<RoleRow> = statement.fetch_all(on).await?;
        for row in rows {
            let role = Role::from_code(&row.role).ok_or_else(|| DbError::inconsistent("participations.role"))?;
            found.entry(row.person_id).or_default().push(part_in_words(role, &row, now));
        }
    }
    Ok(found)
}

fn part_in_words(role: Role, row: &RoleRow, now: DateTime<Utc>) -> String {
    let part = format!("{} in case {}", role.for_staff(), case_reference(&row.source_key));
    let day = |at| london::date_in_words(london::wall(at).date());
    match (row.conflict, row.ends_at) {
        (true, _) => format!("{part}. Perhaps on the other side: they see nothing of it, and must be told nothing"),
        (false, Some(end)) if end <= now => format!("{part}. It ended on {}: they see nothing of it", day(end)),
        (false, Some(end)) => format!("{part}, until {}", day(end)),
        (false, None) => part,
    }
}

/// How somebody's newest invitation stands, one fact a line.
fn in_words(newest: Option<&Newest>) -> Vec<String> {
    let Some(newest) = newest else { return vec!["None yet".into()] };
    let mut lines = vec![match newest.standing {
        Standing::Open { until, wrong_words: 0 } => format!("Open until {}", london::moment_in_words(until)),
        Standing::Open { until, wrong_words } => {
            format!("Open until {}. Wrong words so far: {wrong_words}", london::moment_in_words(until))
        }
        Standing::Spent => "Ended by 5 wrong words: somebody may have the link who should not. Talk to the person first".into(),
        Standing::RunOut { at } => format!("Ran out on {}", london::moment_in_words(at)),
        Standing::Chosen { at } => {
            format!("They chose an address and a PIN on {}, and have not signed in yet", london::moment_in_words(at))
        }
        Standing::Used { at } => format!("Used on {}", london::moment_in_words(at)),
    }];
    lines.extend(match newest.mailed {
        Mailed::Never => None,
        Mailed::Waits => Some("The email is on its way".into()),
        Mailed::At(at) => Some(format!("Sent by email on {}", london::moment_in_words(at))),
        Mailed::NotSent => Some("The email was not sent".into()),
    });
    lines.extend(newest.by_machine.map(|at| format!("Invited by the records system on {}", london::moment_in_words(at))));
    lines
}

async fn not_joined(State(portal): State<Portal>, Caseworker(staff): Caseworker) -> Result<Response, Error> {
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let rows: Vec<NotJoinedRow> = sql("select person_id, name, wrapped, created_at from people join data_keys on owner_id = person_id \
             where pin_hash is null order by created_at desc, person_id limit 100")
    .fetch_all(&mut reader)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.person_id).collect();
    let mut cases = cases_of(&mut reader, &ids, now).await?;
    let invitations = newest(&mut reader, &ids, now).await?;
    drop(reader);
    let lines: Vec<NotJoinedLine> = rows
        .into_iter()
        .map(|row| {
            Ok(NotJoinedLine {
                id: PersonId(row.person_id),
                name: portal.keys.vault.unwrap(row.person_id, &row.wrapped)?.open(Field::PersonName, row.person_id, &row.name)?,
                cases: cases.remove(&row.person_id).unwrap_or_default().join(", "),
                known_since: london::moment_in_words(row.created_at),
                invitation: in_words(invitations.get(&row.person_id)).join(". "),
            })
        })
        .collect::<Result<_, DbError>>()?;
    let looks = lines.iter().map(|line| portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::PersonListed, Some(line.id), "")));
    try_join_all(looks).await?;
    Ok(portal.staff_page(&staff, "People").here(paths::HUB_PEOPLE).show(move || view! { <PeoplePage people=lines/> }))
}

/// A person who exists; anybody else is not found.
pub async fn known(on: &mut impl Connection, id: &str) -> Result<(PersonId, bool), Error> {
    let id: PersonId = id.parse().map_err(|_| Error::NotFound)?;
    let row: Option<(bool,)> = sql("select pin_hash is not null from people where person_id = $1").bind(id).fetch_optional(on).await?;
    row.map(|(joined,)| (id, joined)).ok_or(Error::NotFound)
}

/// A person whose record this member of staff may open now.
pub async fn opened(portal: &Portal, staff: &StaffSession, id: &str, typed: &Fields) -> Result<PersonId, Error> {
    let mut reader = portal.db.read().await?;
    let (person, _) = known(&mut reader, id).await?;
    let _proof: access::Opened = access::open(portal, &mut reader, staff, &Record::Person(person), typed).await?;
    Ok(person)
}

async fn show(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let done = match query.as_deref() {
        Some("confirmed") => Some("It counts now. It is on record."),
        Some("stopped") => Some("Stopped. What was in use stays in use."),
        Some("signed-out") => Some("They are signed out on every device."),
        _ => None,
    };
    person_page(&portal, &staff, &id, Entered::default(), done).await
}

pub(super) async fn person_page(
    portal: &Portal,
    staff: &StaffSession,
    id: &str,
    entered: Entered,
    done: Option<&'static str>,
) -> Result<Response, Error> {
    let mut reader = portal.db.read().await?;
    let (id, joined) = known(&mut reader, id).await?;
    let opened = access::open(portal, &mut reader, staff, &Record::Person(id), entered.fields()).await?;
    drop(reader);
    portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::PersonViewed, Some(id), id)).await?;
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let key = portal.keys.vault.key(&mut reader, id.0).await?;
    let view = PersonView {
        person: store::person(&mut reader, &key, now).await?,
        cases: cases_of(&mut reader, &[id.0], now).await?.remove(&id.0).unwrap_or_default(),
        joined,
        done,
        representatives: representation::store::of_person(portal, &mut reader, id, now)
            .await?
            .into_iter()
            .map(|one| RepresentativeLine {
                id: one.representative,
                name: one.name,
                purpose: one.purpose.in_words(),
                until: london::moment_in_words(one.ends_at),
            })
            .collect(),
        may_have_one: !representation::store::cases_of(&mut reader, id, now).await?.is_empty(),
        held: points::held(&mut reader, id, now)
            .await?
            .into_iter()
            .map(|(kind, from)| format!("{}, from {}", kind.in_words(), london::moment_in_words(from)))
            .collect(),
        outside: opened.outside_work_until.map(outside_in_words),
        invitation: in_words(newest(&mut reader, &[id.0], now).await?.get(&id.0)).join("\n"),
    };
    drop(reader);
    let problem = !entered.errors().is_empty();
    Ok(portal
        .staff_page(staff, "Person")
        .here(paths::HUB_PEOPLE)
        .problem(problem)
        .show(move || view! { <PersonPage view=view entered=entered/> }))
}

/// Lets a change that the person gave count at once: somebody has made sure that it was them.
async fn confirm(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(id): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let (person, _) = known(&mut tx, &id).await?;
    let _proof: access::Opened = access::open(&portal, &mut tx, &staff, &Record::Person(person), &fields).await?;
    if points::held(&mut tx, person, now).await?.is_empty() {
        // Stopped by the person, or confirmed by the first of two clicks.
        return Ok(Redirect::to(&paths::hub_person(person)).into_response());
    }
    let form = match Confirm::parse(&fields) {
        Ok(form) => form,
        Err(errors) => {
            drop(tx);
            return person_page(&portal, &staff, &id, Entered::new(fields, errors), None).await;
        }
    };
    if points::confirm_held(&mut tx, person, now).await? > 0 {
        let entry = Entry::new(Actor::Staff(staff.staff), Act::PointConfirmed, Some(person), form.checked.code());
        audit::append(&mut tx, now, entry).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?confirmed", paths::hub_person(person))).into_response())
}

/// It was not the person who gave a new address or number.
async fn stop_change(State(portal): State<Portal>, Caseworker(staff): Caseworker, Path(id): Path<String>) -> Result<Response, Error> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let (person, _) = known(&mut tx, &id).await?;
    let _proof: access::Opened = access::open(&portal, &mut tx, &staff, &Record::Person(person), &Fields::default()).await?;
    for (kind, _) in points::held(&mut tx, person, now).await? {
        points::stop_held(&mut tx, person, kind, now).await?;
        audit::append(&mut tx, now, Entry::new(Actor::Staff(staff.staff), Act::PointStopped, Some(person), kind.code())).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?stopped", paths::hub_person(person))).into_response())
}

/// Somebody called: their phone is in other hands.
async fn sign_out(State(portal): State<Portal>, Caseworker(staff): Caseworker, Path(id): Path<String>) -> Result<Response, Error> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let (person, _) = known(&mut tx, &id).await?;
    let _proof: access::Opened = access::open(&portal, &mut tx, &staff, &Record::Person(person), &Fields::default()).await?;
    security::end_every_session(&mut tx, person, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::Staff(staff.staff), Act::SignedOutByHub, Some(person), "")).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?signed-out", paths::hub_person(person))).into_response())
}
