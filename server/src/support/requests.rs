//! Support requests in the store: made once, with their triage, moved only by the moves of
//! `app::domain::support::RequestState`.

use crate::audit::{self, Act, Actor, Entry};
use crate::contact;
use crate::db::{Connection, DbError, Tx, sql};
use crate::outbox;
use crate::portal::Portal;
use crate::vault::{DataKey, Field};
use app::domain::contact::Safety;
use app::domain::ids::{CaseId, PersonId, Reference, RequestId, StaffId};
use app::domain::notice::Notice;
use app::domain::support::{Answers, Closing, RequestState};
use app::domain::triage::{self, Known, Reason, Tier, Triage};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A request about to be stored.
pub struct NewRequest {
    pub submission: Uuid,
    pub person: Option<PersonId>,
    pub case: Option<CaseId>,
    /// Absent for a question, whose words are its first message.
    pub answers: Option<Answers>,
    pub triage: Triage,
}

pub struct Stored {
    pub id: RequestId,
    pub reference: Reference,
}

/// What triage should know about the person beyond the answers.
pub async fn known_of(on: &mut impl Connection, person: &DataKey, now: DateTime<Utc>) -> Result<Known, DbError> {
    let grants = contact::store::grants(on, PersonId(person.owner())).await?;
    let (preferences, _) = contact::store::preferences(on, person).await?;
    let today = app::domain::london::wall(now).date();
    let no_safe_channel = !grants.iter().any(|grant| grant.safety == Safety::Safe && grant.until.is_none_or(|last| last >= today));
    Ok(Known { no_safe_channel, communication_needs: preferences.needs })
}

/// Whose data key opens a request and what belongs to it: the person's, or the submission's of somebody
/// without an account.
fn owner(person: Option<PersonId>, submission: Uuid) -> Uuid {
    person.map_or(submission, |person| person.0)
}

/// Stores a request with its triage. The caller's transaction also holds the notice and the audit row.
pub async fn insert(portal: &Portal, tx: &mut Tx, new: NewRequest, now: DateTime<Utc>) -> Result<Stored, DbError> {
    let stored = Stored { id: RequestId(portal.new_id()), reference: portal.entropy.reference() };
    let key = portal.keys.vault.find_or_make(tx, &portal.entropy, owner(new.person, new.submission), now).await?;
    let seal = |field, text: &str| key.seal(&portal.entropy, field, stored.id.0, text);
    let answers = serde_json::to_string(&new.answers).map_err(|_| DbError::inconsistent("support_requests.answers"))?;
    let reasons: Vec<&str> = new.triage.reasons.iter().map(|reason| reason.code()).collect();
    sql("insert into support_requests (request_id, reference, submission_id, kind, person_id, case_id, answers, tier, reasons, due_at, \
           asked_at, waiting_since, state, state_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 'waiting', $11)")
    .bind(stored.id)
    .bind(&stored.reference)
    .bind(new.submission)
    .bind(if new.answers.is_some() { "support" } else { "question" })
    .bind(new.person)
    .bind(new.case)
    .bind(seal(Field::RequestAnswers, &answers))
    .bind(new.triage.tier.number())
    .bind(seal(Field::RequestReasons, &reasons.join(",")))
    .bind(new.triage.due)
    .bind(now)
    .execute_one(tx)
    .await?;
    Ok(stored)
}

/// The whole of a submission in one transaction: request, triage, notice, audit row. The same
/// submission again is the same request.
pub async fn submit(
    portal: &Portal,
    tx: &mut Tx,
    submission: Uuid,
    person: Option<&DataKey>,
    answers: Answers,
    now: DateTime<Utc>,
) -> Result<Stored, DbError> {
    let known = match person {
        Some(key) => known_of(tx, key, now).await?,
        None => Known::default(),
    };
    let person = person.map(|key| PersonId(key.owner()));
    let triage = triage::assess(&answers, &known, now);
    let stored = insert(portal, tx, NewRequest { submission, person, case: None, answers: Some(answers), triage }, now).await?;
    if let Some(person) = person {
        outbox::queue(tx, portal.new_id(), Notice::RequestReceived, Some(person), stored.id.0, now).await?;
    }
    let actor = person.map_or(Actor::Anyone, Actor::Person);
    audit::append(tx, now, Entry::new(actor, Act::SupportAsked, person, stored.id)).await?;
    Ok(stored)
}

#[derive(sqlx::FromRow)]
struct Row {
    request_id: Uuid,
    reference: String,
    submission_id: Uuid,
    person_id: Option<Uuid>,
    case_id: Option<Uuid>,
    answers: String,
    tier: i64,
    reasons: String,
    due_at: DateTime<Utc>,
    asked_at: DateTime<Utc>,
    waiting_since: Option<DateTime<Utc>>,
    state: String,
    staff_id: Option<Uuid>,
    state_at: DateTime<Utc>,
    closing: Option<String>,
    version: i64,
    wrapped: String,
}

pub struct Request {
    pub id: RequestId,
    /// Opens what is kept with it: its messages and notes.
    pub key: DataKey,
    pub reference: Reference,
    pub person: Option<PersonId>,
    pub case: Option<CaseId>,
    pub answers: Option<Answers>,
    pub tier: Tier,
    pub reasons: Vec<Reason>,
    pub due: DateTime<Utc>,
    pub asked: DateTime<Utc>,
    pub state: RequestState,
    pub version: i64,
}

impl Request {
    fn open(portal: &Portal, row: Row) -> Result<Self, DbError> {
        let key = portal.keys.vault.unwrap(owner(row.person_id.map(PersonId), row.submission_id), &row.wrapped)?;
        let answers = key.open(Field::RequestAnswers, row.request_id, &row.answers)?;
        let reasons = key.open(Field::RequestReasons, row.request_id, &row.reasons)?;
        let broken = |column: &str| DbError::inconsistent(format!("support_requests.{column} of {}", row.request_id));
        let by = || row.staff_id.map(StaffId).ok_or_else(|| broken("staff_id"));
        let state = match row.state.as_str() {
            "waiting" => RequestState::Waiting { since: row.waiting_since.ok_or_else(|| broken("waiting_since"))? },
            "claimed" => RequestState::Claimed { by: by()?, at: row.state_at },
            "replied" => RequestState::Replied { by: by()?, at: row.state_at },
            "closed" => {
                let closing = row.closing.as_deref().and_then(Closing::from_code).ok_or_else(|| broken("closing"))?;
                RequestState::Closed { by: by()?, at: row.state_at, closing }
            }
            _ => return Err(broken("state")),
        };
        Ok(Self {
            id: RequestId(row.request_id),
            reference: Reference::parse(&row.reference).ok_or_else(|| broken("reference"))?,
            person: row.person_id.map(PersonId),
            case: row.case_id.map(CaseId),
            answers: serde_json::from_str(&answers).map_err(|_| broken("answers"))?,
            tier: Tier::from_number(row.tier).ok_or_else(|| broken("tier"))?,
            reasons: reasons.split(',').map(|code| Reason::from_code(code).ok_or_else(|| broken("reasons"))).collect::<Result<_, _>>()?,
            due: row.due_at,
            asked: row.asked_at,
            state,
            version: row.version,
            key,
        })
    }
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select request_id, reference, submission_id, person_id, case_id, answers, tier, reasons, due_at, asked_at, waiting_since, \
             state, staff_id, state_at, closing, version, wrapped from support_requests \
             join data_keys on owner_id = coalesce(person_id, submission_id) ",
            $rest
        )
    };
}

/// For staff: any request by its reference.
pub async fn by_reference(portal: &Portal, on: &mut impl Connection, reference: &Reference) -> Result<Option<Request>, DbError> {
    let row: Option<Row> = sql(columns!("where reference = $1")).bind(reference).fetch_optional(on).await?;
    row.map(|row| Request::open(portal, row)).transpose()
}

/// For a person: their own request by its reference.
pub async fn of_person(
    portal: &Portal,
    on: &mut impl Connection,
    viewer: PersonId,
    reference: &Reference,
) -> Result<Option<Request>, DbError> {
    let row: Option<Row> = sql(columns!("where reference = $1 and person_id = $2")).bind(reference).bind(viewer).fetch_optional(on).await?;
    row.map(|row| Request::open(portal, row)).transpose()
}

/// By the submission that made it: the confirmation of somebody without an account.
pub async fn by_submission(portal: &Portal, on: &mut impl Connection, submission: Uuid) -> Result<Option<Request>, DbError> {
    let row: Option<Row> = sql(columns!("where submission_id = $1")).bind(submission).fetch_optional(on).await?;
    row.map(|row| Request::open(portal, row)).transpose()
}

/// A person's requests, newest first.
pub async fn all_of_person(portal: &Portal, on: &mut impl Connection, viewer: PersonId) -> Result<Vec<Request>, DbError> {
    let rows: Vec<Row> = sql(columns!("where person_id = $1 order by asked_at desc limit 200")).bind(viewer).fetch_all(on).await?;
    rows.into_iter().map(|row| Request::open(portal, row)).collect()
}

/// Stores a moved state. Somebody who moved it in between makes this a conflict.
pub async fn save_state(tx: &mut Tx, request: &Request, state: RequestState, due: DateTime<Utc>) -> Result<(), DbError> {
    let (since, at, closing) = match state {
        RequestState::Waiting { since } => (Some(since), since, None),
        RequestState::Claimed { at, .. } | RequestState::Replied { at, .. } => (None, at, None),
        RequestState::Closed { at, closing, .. } => (None, at, Some(closing.code())),
    };
    sql("update support_requests set state = $3, staff_id = $4, state_at = $5, waiting_since = $6, closing = $7, due_at = $8, \
           version = version + 1 where request_id = $1 and version = $2")
    .bind(request.id)
    .bind(request.version)
    .bind(state.code())
    .bind(state.holder())
    .bind(at)
    .bind(since)
    .bind(closing)
    .bind(due)
    .execute_one(tx)
    .await
}

/// The person wrote again: an answer is owed once more, in the time of its tier from now, unless one
/// is owed sooner already.
pub async fn person_wrote(portal: &Portal, tx: &mut Tx, id: RequestId, now: DateTime<Utc>) -> Result<(), DbError> {
    let row: Row = sql(columns!("where request_id = $1")).bind(id).fetch_one(tx).await?;
    let request = Request::open(portal, row)?;
    let state = request.state.person_wrote(now);
    if state == request.state {
        return Ok(());
    }
    save_state(tx, &request, state, triage::due(request.tier, now)).await
}
