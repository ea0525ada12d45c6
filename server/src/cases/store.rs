//! Cases as one person may see them.

use crate::db::{Connection, DbError, Reader, sql};
use app::domain::ids::{CaseId, PersonId, Reference, case_reference};
use app::domain::month::{Month, When};
use app::domain::outcome::{Stage, Wording};
use app::domain::participation::{Participation, Role};
use app::domain::policy::{Action, Object, Viewer, may};
use app::domain::representation::Scope;
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct CaseRow {
    case_id: Uuid,
    role: String,
    conflict: bool,
    ends_at: Option<DateTime<Utc>>,
    scope: String,
    source: String,
    source_key: String,
    month: String,
    crime_type: String,
    location: Option<String>,
    stage: String,
    received_at: DateTime<Utc>,
    seen_at: Option<DateTime<Utc>>,
}

/// A case that its viewer may follow: only [`case_for`] and [`cases_of`] make one.
pub struct Case {
    pub id: CaseId,
    pub viewer: PersonId,
    pub part: Participation,
    pub source: String,
    pub source_key: String,
    pub month: Month,
    pub crime_type: String,
    pub location: Option<String>,
    pub stage: Stage,
    pub received_at: DateTime<Utc>,
    pub seen_at: Option<DateTime<Utc>>,
}

impl Case {
    /// `None` where the viewer's part in it opens nothing any more.
    fn open(row: CaseRow, viewer: PersonId, now: DateTime<Utc>) -> Result<Option<Self>, DbError> {
        let broken = |column: &str| DbError::inconsistent(format!("cases.{column} of {}", row.case_id));
        let role = Role::from_code(&row.role).ok_or_else(|| broken("role"))?;
        let part = Participation { role, conflict: row.conflict, ends_at: row.ends_at, scope: Scope::from_codes(&row.scope) };
        if may(Viewer::Person, Action::FollowCase, Object::Case(Some(&part), now)).is_err() {
            return Ok(None);
        }
        Ok(Some(Self {
            id: CaseId(row.case_id),
            viewer,
            part,
            month: Month::parse(&row.month).map_err(|_| broken("month"))?,
            stage: Stage::from_code(&row.stage).ok_or_else(|| broken("stage"))?,
            source: row.source,
            source_key: row.source_key,
            crime_type: row.crime_type,
            location: row.location,
            received_at: row.received_at,
            seen_at: row.seen_at,
        }))
    }

    /// May the viewer ask about it?
    #[must_use]
    pub fn may_ask(&self, now: DateTime<Utc>) -> bool {
        may(Viewer::Person, Action::AskAboutCase, Object::Case(Some(&self.part), now)).is_ok()
    }

    /// May the viewer read what was reported?
    #[must_use]
    pub fn reads_report(&self, now: DateTime<Utc>) -> bool {
        may(Viewer::Person, Action::ReadReport, Object::Case(Some(&self.part), now)).is_ok()
    }

    /// What people call the case on the telephone: short, and no key to anything.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("Case {}", case_reference(&self.source_key))
    }
}

macro_rules! cases {
    ($which:literal) => {
        concat!(
            "select c.case_id, p.role, p.conflict, p.ends_at, p.scope, c.source, c.source_key, c.month, c.crime_type, c.location, c.stage, \
               c.received_at, p.seen_at from participations p join cases c on c.case_id = p.case_id where p.person_id = $1 ",
            $which
        )
    };
}

/// Somebody else's case is not there, and nor is one in which the viewer's part has ended.
pub async fn case_for(on: &mut impl Connection, viewer: PersonId, id: CaseId, now: DateTime<Utc>) -> Result<Option<Case>, DbError> {
    let row: Option<CaseRow> = sql(cases!("and p.case_id = $2")).bind(viewer).bind(id).fetch_optional(on).await?;
    row.map_or(Ok(None), |row| Case::open(row, viewer, now))
}

pub async fn cases_of(on: &mut impl Connection, viewer: PersonId, now: DateTime<Utc>) -> Result<Vec<Case>, DbError> {
    let rows: Vec<CaseRow> = sql(cases!("order by c.received_at desc, c.case_id")).bind(viewer).fetch_all(on).await?;
    rows.into_iter().filter_map(|row| Case::open(row, viewer, now).transpose()).collect()
}

#[derive(sqlx::FromRow)]
struct EventRow {
    wording: String,
    happened: String,
    source: String,
    received_at: DateTime<Utc>,
}

pub struct Event {
    pub wording: Wording,
    pub when: When,
    pub source: String,
    pub received_at: DateTime<Utc>,
}

/// The events of a case, newest first; those without a date by when we heard of them.
pub async fn events(reader: &mut Reader, case: &Case) -> Result<Vec<Event>, DbError> {
    let id = case.id;
    let rows: Vec<EventRow> = sql("select e.wording, e.happened, e.source, e.received_at from case_events e \
         join participations p on p.case_id = e.case_id and p.person_id = $1 where e.case_id = $2")
    .bind(case.viewer)
    .bind(id)
    .fetch_all(reader)
    .await?;
    let mut events = rows
        .into_iter()
        .map(|row| {
            let broken = |column: &str| DbError::inconsistent(format!("case_events.{column} of case {id}"));
            Ok(Event {
                wording: Wording::parse(&row.wording).ok_or_else(|| broken("wording"))?,
                when: When::from_code(&row.happened).map_err(|_| broken("happened"))?,
                source: row.source,
                received_at: row.received_at,
            })
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    // A date that was given says more than the day we heard; between equals, the more final comes first.
    events.sort_by_cached_key(|event| {
        let day = match event.when {
            When::NotGiven => event.received_at.date_naive().to_string(),
            dated => dated.code(),
        };
        std::cmp::Reverse((day, event.received_at, event.wording.stage().rank()))
    });
    Ok(events)
}

/// Marks the case as looked at.
pub async fn seen(portal: &crate::portal::Portal, case: &Case) -> Result<(), DbError> {
    let mut tx = portal.db.write().await?;
    sql("update participations set seen_at = $3 where person_id = $1 and case_id = $2")
        .bind(case.viewer)
        .bind(case.id)
        .bind(portal.now())
        .execute(&mut tx)
        .await?;
    tx.commit().await
}

#[derive(sqlx::FromRow)]
struct UnreadRow {
    reference: String,
    case_id: Option<Uuid>,
    unread: i64,
    newest: DateTime<Utc>,
}

pub struct Unread {
    pub reference: Reference,
    pub case: Option<CaseId>,
    pub count: usize,
    pub newest: DateTime<Utc>,
}

/// Messages from the hub that the person has not read, by request.
pub async fn unread(reader: &mut Reader, viewer: PersonId) -> Result<Vec<Unread>, DbError> {
    let rows: Vec<UnreadRow> = sql("select r.reference, r.case_id, count(*) as unread, max(m.sent_at) as newest from messages m \
         join support_requests r on r.request_id = m.request_id \
         where r.person_id = $1 and m.author = 'hub' and m.read_at is null group by r.reference, r.case_id order by max(m.sent_at) desc")
    .bind(viewer)
    .fetch_all(reader)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Unread {
                reference: Reference::parse(&row.reference).ok_or_else(|| DbError::inconsistent("support_requests.reference"))?,
                case: row.case_id.map(CaseId),
                count: usize::try_from(row.unread).unwrap_or(0),
                newest: row.newest,
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct OwedRow {
    reference: String,
    due_at: DateTime<Utc>,
}

/// Answers we owe this person, soonest first.
pub async fn owed(reader: &mut Reader, viewer: PersonId) -> Result<Vec<(Reference, DateTime<Utc>)>, DbError> {
    let rows: Vec<OwedRow> =
        sql("select reference, due_at from support_requests where person_id = $1 and state in ('waiting', 'claimed') order by due_at")
            .bind(viewer)
            .fetch_all(reader)
            .await?;
    rows.into_iter()
        .map(|row| {
            let reference = Reference::parse(&row.reference).ok_or_else(|| DbError::inconsistent("support_requests.reference"))?;
            Ok((reference, row.due_at))
        })
        .collect()
}
