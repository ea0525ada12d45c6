//! Opening a record that is not one's work: the reason, the half hour it opens for, and the supervisors
//! who look at each one.

use super::access;
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, sql};
use crate::error::Error;
use crate::http::fields::Form as Submitted;
use crate::http::session::{Caseworker, Overseer, StaffSession};
use crate::portal::Portal;
use crate::support::requests;
use crate::vault::Field;
use app::domain::ids::{OpeningId, PersonId, Reference};
use app::domain::london;
use app::domain::opening::{OpeningReason, OpeningVerdict};
use app::domain::policy::{Action, Object, Viewer, may};
use app::forms::opening::{Judge, Open};
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::hub_openings::{AskReasonPage, OpeningLine, OpeningStanding, OpeningsPage};
use app::paths;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Duration, Utc};
use futures_util::future::try_join_all;
use leptos::prelude::*;
use uuid::Uuid;

/// How long a reason opens a record.
const OPENS_FOR: Duration = Duration::minutes(30);
/// Openings listed at once.
const LISTED: i64 = 100;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/hub/requests/{reference}/open", post(open_request))
        .route("/hub/people/{person}/open", post(open_person))
        .route(paths::HUB_OPENINGS, get(show))
        .route("/hub/openings/{opening}/judge", post(judge))
}

/// What somebody wants to open, and the page that shows it.
pub enum Record {
    Person(PersonId),
    /// The request, and whose data key opens it.
    Request(Reference, Uuid),
}

impl Record {
    #[must_use]
    pub fn owner(&self) -> Uuid {
        match self {
            Self::Person(id) => id.0,
            Self::Request(_, owner) => *owner,
        }
    }

    fn page(&self) -> String {
        match self {
            Self::Person(id) => paths::hub_person(*id),
            Self::Request(reference, _) => paths::hub_request(reference),
        }
    }

    fn opens_at(&self) -> String {
        match self {
            Self::Person(id) => paths::hub_open_person(*id),
            Self::Request(reference, _) => paths::hub_act(reference, "open"),
        }
    }
}

/// Asks for the reason. Forbidden until it is given, and nothing of the record is on the page.
pub fn ask_page(portal: &Portal, staff: &StaffSession, record: &Record, typed: &Fields, errors: FieldErrors) -> Response {
    let problem = !errors.is_empty();
    let status = if problem { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
    let unsaved = ["message", "note"].map(|name| typed.one(name).to_owned()).into_iter().find(|words| !words.is_empty());
    let (action, entered) = (record.opens_at(), Entered::new(typed.clone(), errors));
    portal
        .staff_page(staff, "A reason is needed")
        .problem(problem)
        .status(status)
        .show(move || view! { <AskReasonPage action=action entered=entered unsaved=unsaved/> })
}

async fn open_request(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(reference): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let reference = Reference::parse(&reference).ok_or(Error::NotFound)?;
    let request = requests::by_reference(&portal, &mut portal.db.read().await?, &reference).await?.ok_or(Error::NotFound)?;
    open(&portal, &staff, &Record::Request(reference, request.key.owner()), request.person, &fields).await
}

async fn open_person(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path(id): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let (person, _) = super::people::known(&mut portal.db.read().await?, &id).await?;
    open(&portal, &staff, &Record::Person(person), Some(person), &fields).await
}

async fn open(
    portal: &Portal,
    staff: &StaffSession,
    record: &Record,
    person: Option<PersonId>,
    fields: &Fields,
) -> Result<Response, Error> {
    may(Viewer::Staff(staff.role), Action::OpenWithReason, Object::Hub).map_err(|_| Error::NotFound)?;
    let there = || Redirect::to(&record.page()).into_response();
    let form = match Open::parse(fields) {
        Ok(form) => form,
        Err(errors) => return Ok(ask_page(portal, staff, record, fields, errors)),
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    // It is their work, or they opened it a moment ago: nothing to record twice.
    if access::open(portal, &mut tx, staff, record, &Fields::default()).await.is_ok() {
        return Ok(there());
    }
    let id = OpeningId(portal.new_id());
    let key = portal.keys.vault.key(&mut tx, record.owner()).await?;
    sql("insert into openings (opening_id, owner_id, staff_id, why, reason, opened_at, until_at) values ($1, $2, $3, $4, $5, $6, $7)")
        .bind(id)
        .bind(record.owner())
        .bind(staff.staff)
        .bind(form.why.code())
        .bind(key.seal(&portal.entropy, Field::OpeningReason, id.0, &form.reason))
        .bind(now)
        .bind(now + OPENS_FOR)
        .execute_one(&mut tx)
        .await?;
    audit::append(&mut tx, now, Entry::new(Actor::Staff(staff.staff), Act::RecordOpened, person, id)).await?;
    tx.commit().await?;
    Ok(there())
}

#[derive(sqlx::FromRow)]
struct Row {
    opening_id: Uuid,
    owner_id: Uuid,
    wrapped: String,
    /// Sealed; none for somebody without an account.
    person_name: Option<String>,
    staff_id: Uuid,
    staff_name: String,
    team: String,
    why: String,
    reason: String,
    opened_at: DateTime<Utc>,
    judged_at: Option<DateTime<Utc>>,
    judge_name: Option<String>,
    verdict: Option<String>,
}

async fn show(State(portal): State<Portal>, Overseer(staff): Overseer, RawQuery(query): RawQuery) -> Result<Response, Error> {
    list_page(&portal, &staff, Entered::default(), query.as_deref() == Some("saved")).await
}

async fn list_page(portal: &Portal, staff: &StaffSession, entered: Entered, done: bool) -> Result<Response, Error> {
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let rows: Vec<Row> =
        sql("select o.opening_id, o.owner_id, k.wrapped, p.name as person_name, o.staff_id, w.name as staff_name, w.team, \
           o.why, o.reason, o.opened_at, o.judged_at, j.name as judge_name, o.verdict \
         from openings o join data_keys k on k.owner_id = o.owner_id join staff w on w.staff_id = o.staff_id \
           left join staff j on j.staff_id = o.judged_by left join people p on p.person_id = o.owner_id \
         order by o.judged_at is not null, o.opened_at desc limit $1")
        .bind(LISTED)
        .fetch_all(&mut reader)
        .await?;
    let (mut lines, mut named) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let own = row.staff_id == staff.staff.0;
        let judges = may(Viewer::Staff(staff.role), Action::JudgeOpening, Object::Opening { own }).is_ok();
        let about = if judges || own {
            let key = portal.keys.vault.unwrap(row.owner_id, &row.wrapped)?;
            let whose = match key.open_some(Field::PersonName, row.owner_id, row.person_name.as_deref())? {
                Some(name) => {
                    named.push(PersonId(row.owner_id));
                    name
                }
                None => "somebody without an account".into(),
            };
            Some((whose, key.open(Field::OpeningReason, row.opening_id, &row.reason)?))
        } else {
            None
        };
        lines.push(line(row, about, judges, now)?);
    }
    drop(reader);
    let looks =
        named.into_iter().map(|person| portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::OpeningsViewed, Some(person), "")));
    try_join_all(looks).await?;
    let problem = !entered.errors().is_empty();
    Ok(portal
        .staff_page(staff, "Openings")
        .here(paths::HUB_OPENINGS)
        .problem(problem)
        .show(move || view! { <OpeningsPage openings=lines entered=entered done=done/> }))
}

fn line(row: Row, about: Option<(String, String)>, judges: bool, now: DateTime<Utc>) -> Result<OpeningLine, DbError> {
    let broken = |column: &str| DbError::inconsistent(format!("openings.{column}"));
    let verdict = row.verdict.as_deref().map(|code| OpeningVerdict::from_code(code).ok_or_else(|| broken("verdict"))).transpose()?;
    let standing = match (verdict, row.judged_at) {
        (Some(verdict), Some(at)) => {
            OpeningStanding::Judged { verdict, by: row.judge_name.unwrap_or_default(), when: london::moment_in_words(at) }
        }
        _ if london::wall(row.opened_at).date() < london::wall(now).date() => OpeningStanding::Late,
        _ => OpeningStanding::New,
    };
    Ok(OpeningLine {
        id: OpeningId(row.opening_id),
        who: format!("{}, {}", row.staff_name, row.team),
        when: london::moment_in_words(row.opened_at),
        why: OpeningReason::from_code(&row.why).ok_or_else(|| broken("why"))?.in_words(),
        about,
        judge: judges && matches!(standing, OpeningStanding::New | OpeningStanding::Late),
        standing,
    })
}

/// How many openings wait for somebody else than this member of staff to look at them.
pub async fn waiting(on: &mut impl Connection, staff: &StaffSession) -> Result<Option<u64>, DbError> {
    if may(Viewer::Staff(staff.role), Action::JudgeOpening, Object::Opening { own: false }).is_err() {
        return Ok(None);
    }
    let (count,): (i64,) =
        sql("select count(*) from openings where judged_at is null and staff_id <> $1").bind(staff.staff).fetch_one(on).await?;
    Ok(u64::try_from(count).ok().filter(|count| *count > 0))
}

async fn judge(
    State(portal): State<Portal>,
    Overseer(staff): Overseer,
    Path(id): Path<String>,
    Submitted(fields): Submitted,
) -> Result<Response, Error> {
    let id: OpeningId = id.parse().map_err(|_| Error::NotFound)?;
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let row: Option<(Uuid, Uuid)> =
        sql("select staff_id, owner_id from openings where opening_id = $1").bind(id).fetch_optional(&mut tx).await?;
    let (by, owner) = row.ok_or(Error::NotFound)?;
    let own = by == staff.staff.0;
    may(Viewer::Staff(staff.role), Action::JudgeOpening, Object::Opening { own }).map_err(|_| Error::NotFound)?;
    let form = match Judge::parse(&fields) {
        Ok(form) => form,
        Err(errors) => {
            drop(tx);
            return list_page(&portal, &staff, Entered::new(fields, errors), false).await;
        }
    };
    // The first verdict stands.
    let judged = sql("update openings set judged_by = $2, judged_at = $3, verdict = $4 where opening_id = $1 and judged_at is null")
        .bind(id)
        .bind(staff.staff)
        .bind(now)
        .bind(form.verdict.code())
        .execute(&mut tx)
        .await?;
    if judged == 1 {
        let (person,): (i64,) = sql("select count(*) from people where person_id = $1").bind(owner).fetch_one(&mut tx).await?;
        let person = (person == 1).then_some(PersonId(owner));
        audit::append(&mut tx, now, Entry::new(Actor::Staff(staff.staff), Act::OpeningJudged, person, id)).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(&format!("{}?saved", paths::HUB_OPENINGS)).into_response())
}
