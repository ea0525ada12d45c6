//! The queue, the tasks and one request as staff see them.

use crate::account::security;
use crate::audit::{Act, Actor, Entry};
use crate::contact;
use crate::db::{Connection, DbError, Reader, sql};
use crate::error::Error;
use crate::files;
use crate::http::session::StaffSession;
use crate::people;
use crate::portal::Portal;
use crate::support::requests::Request;
use crate::vault::{DataKey, Field};
use app::domain::contact::{Channel, Grant};
use app::domain::ids::{CaseId, FileId, PersonId, Reference, StaffId, TaskId, case_reference};
use app::domain::london;
use app::domain::notice::Notice;
use app::domain::outcome::Stage;
use app::domain::support::{Answers, Need};
use app::domain::triage::{Reason, Tier};
use app::islands::views::{QueueRow, QueueView};
use app::pages::hub::{HubMessage, HubNote, HubPerson, TaskLine};
use app::paths;
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use uuid::Uuid;

/// Rows shown at once; the count of all stands above them.
const ROWS_SHOWN: i64 = 100;

#[derive(sqlx::FromRow)]
struct QueueLine {
    reference: String,
    kind: String,
    request_id: Uuid,
    owner_id: Uuid,
    wrapped: String,
    answers: String,
    tier: i64,
    reasons: String,
    due_at: DateTime<Utc>,
    asked_at: DateTime<Utc>,
    waiting_since: Option<DateTime<Utc>>,
    staff_id: Option<Uuid>,
    state: String,
    holder: Option<String>,
}

fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or("A colleague").to_owned()
}

macro_rules! queue_lines {
    ($which:literal) => {
        concat!(
            "select r.reference, r.kind, r.request_id, k.owner_id, k.wrapped, r.answers, r.tier, r.reasons, r.due_at, r.asked_at, \
               r.waiting_since, r.staff_id, r.state, w.name as holder from support_requests r \
               join data_keys k on k.owner_id = coalesce(r.person_id, r.submission_id) left join staff w on w.staff_id = r.staff_id ",
            $which
        )
    };
}

/// Open requests by (tier, due); for one member of staff also those they have answered, last, so that
/// none in hand is out of sight. The list names nobody: only what is asked, how urgent, by when.
pub async fn queue(portal: &Portal, staff: &StaffSession, only: Option<StaffId>) -> Result<QueueView, Error> {
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let (lines, count) = match only {
        Some(me) => (
            sql(queue_lines!(
                "where r.staff_id = $2 and r.state in ('claimed', 'replied') order by r.state, r.tier, r.due_at, r.request_id limit $1"
            ))
            .bind(ROWS_SHOWN)
            .bind(me),
            sql("select count(*) from support_requests where staff_id = $1 and state in ('claimed', 'replied')").bind(me),
        ),
        None => (
            sql(queue_lines!("where r.state in ('waiting', 'claimed') order by r.tier, r.due_at, r.request_id limit $1")).bind(ROWS_SHOWN),
            sql("select count(*) from support_requests where state in ('waiting', 'claimed')"),
        ),
    };
    let lines: Vec<QueueLine> = lines.fetch_all(&mut reader).await?;
    let (open,): (i64,) = count.fetch_one(&mut reader).await?;
    let rows = lines.into_iter().map(|line| row(portal, line, staff.staff, now)).collect::<Result<_, DbError>>()?;
    Ok(QueueView { rows, open: u64::try_from(open).unwrap_or(0), mine_only: only.is_some(), form_token: staff.form_token.clone() })
}

fn row(portal: &Portal, line: QueueLine, me: StaffId, now: DateTime<Utc>) -> Result<QueueRow, DbError> {
    let broken = |column: &str| DbError::inconsistent(format!("support_requests.{column}"));
    let tier = Tier::from_number(line.tier).ok_or_else(|| broken("tier"))?;
    let key = portal.keys.vault.unwrap(line.owner_id, &line.wrapped)?;
    let answers = key.open(Field::RequestAnswers, line.request_id, &line.answers)?;
    let reasons = key.open(Field::RequestReasons, line.request_id, &line.reasons)?;
    let answers: Option<Answers> = serde_json::from_str(&answers).map_err(|_| broken("answers"))?;
    let answered = line.state == "replied";
    Ok(QueueRow {
        reference: Reference::parse(&line.reference).ok_or_else(|| broken("reference"))?,
        asks: match answers {
            Some(answers) => answers.needs.iter().copied().map(Need::in_words).collect::<Vec<_>>().join("; "),
            None if line.kind == "question" => "A question about a case".into(),
            None => return Err(broken("answers")),
        },
        tier: u8::try_from(line.tier).unwrap_or(u8::MAX),
        tier_name: tier.name().into(),
        reasons: reasons.split(',').filter_map(Reason::from_code).map(|reason| reason.in_words().to_owned()).collect(),
        waiting: london::moment_in_words(line.waiting_since.unwrap_or(line.asked_at)),
        due: if answered { "answered".into() } else { london::deadline_in_words(line.due_at, now) },
        overdue: !answered && line.due_at <= now,
        mine: line.staff_id == Some(me.0),
        holder: line.holder.as_deref().map(first_name),
    })
}

#[derive(sqlx::FromRow)]
struct TaskRow {
    task_id: Uuid,
    person_id: Uuid,
    name: String,
    wrapped: String,
    notice: String,
    channel: Option<String>,
    made_at: DateTime<Utc>,
    paused_at: Option<DateTime<Utc>>,
}

/// Open tasks, oldest first. The number or address is shown only while its grant is live.
pub async fn tasks(portal: &Portal, staff: &StaffSession) -> Result<Vec<TaskLine>, Error> {
    let now = portal.now();
    let today = london::wall(now).date();
    let mut reader = portal.db.read().await?;
    let rows: Vec<TaskRow> =
        sql("select t.task_id, t.person_id, p.name, k.wrapped, t.notice, t.channel, t.made_at, p.paused_at from tasks t \
         join people p on p.person_id = t.person_id join data_keys k on k.owner_id = t.person_id \
         where t.done_at is null order by t.made_at limit 50")
        .fetch_all(&mut reader)
        .await?;
    let mut lines = Vec::with_capacity(rows.len());
    let mut looks = Vec::with_capacity(rows.len());
    for row in rows {
        let person = PersonId(row.person_id);
        let key = portal.keys.vault.unwrap(row.person_id, &row.wrapped)?;
        let channel = row.channel.as_deref().and_then(Channel::from_code);
        let grants = contact::store::grants(&mut reader, person).await?;
        let grant = channel.and_then(|channel| grants.iter().find(|grant| grant.channel == channel));
        let paused = row.paused_at.is_some();
        let live = !paused && grant.is_some_and(|grant| grant.safe_contact(now).is_ok());
        let value = match (channel, live) {
            (Some(channel), true) => contact::points::current(&mut reader, &key, channel, now).await?,
            _ => None,
        };
        lines.push(TaskLine {
            id: TaskId(row.task_id),
            person_id: person,
            person: key.open(Field::PersonName, row.person_id, &row.name)?,
            what: Notice::from_code(&row.notice).ok_or_else(|| DbError::inconsistent("tasks.notice"))?.for_staff(),
            channel: channel
                .map_or("No safe way is known: do not contact them. Wait for their call".into(), |channel| channel.title().into()),
            manner: match grant {
                _ if paused => "They stopped all messages: do not contact them now.".into(),
                Some(grant) if live => staff_words(grant, today),
                Some(grant) => format!("Not now. {}", staff_words(grant, today)),
                None => String::new(),
            },
            value,
            since: london::moment_in_words(row.made_at),
        });
        looks.push(portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::TasksViewed, Some(person), row.task_id)));
    }
    // All on record, in one go, before a byte leaves; no connection is held meanwhile.
    drop(reader);
    try_join_all(looks).await?;
    Ok(lines)
}

/// The person's own words turned to staff: "you" becomes "they".
fn staff_words(grant: &Grant, today: chrono::NaiveDate) -> String {
    grant
        .in_words(today)
        .replace("You have not told us. We will not use it.", "Not told us. Do not use it.")
        .replace("You said", "They said")
        .replace("We will not use it", "Do not use it")
        .replace("We will not say", "Do not say")
}

/// The person's contact choices as staff may read them: never an address or number.
pub async fn person(reader: &mut Reader, key: &DataKey, now: DateTime<Utc>) -> Result<HubPerson, DbError> {
    let id = PersonId(key.owner());
    let name = people::name(reader, key).await?;
    let paused = security::paused(reader, id).await?.map(london::moment_in_words);
    let today = london::wall(now).date();
    let grants = contact::store::grants(reader, id).await?;
    let (preferences, _) = contact::store::preferences(reader, key).await?;
    let needs: Vec<&str> = preferences.needs.iter().map(|need| need.in_words()).collect();
    Ok(HubPerson {
        id,
        name,
        paused,
        preferred: preferences.preferred.map_or("They will sign in and look: send nothing".into(), |channel| channel.title().into()),
        channels: grants.iter().map(|grant| (grant.channel.title().to_owned(), staff_words(grant, today))).collect(),
        language: preferences.language.unwrap_or_else(|| "Not told us".into()),
        communication: if needs.is_empty() { "None told us".into() } else { needs.join("\n") },
    })
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    message_id: Uuid,
    author: String,
    staff_name: Option<String>,
    body: String,
    sent_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
    file_id: Option<Uuid>,
    file_kind: Option<String>,
    file_size: Option<i64>,
}

pub async fn messages(on: &mut impl Connection, request: &Request) -> Result<Vec<HubMessage>, DbError> {
    let rows: Vec<MessageRow> = sql("select m.message_id, m.author, w.name as staff_name, m.body, m.sent_at, m.read_at, \
           f.file_id, f.kind as file_kind, f.size as file_size \
         from messages m left join staff w on w.staff_id = m.staff_id left join files f on f.message_id = m.message_id \
         where m.request_id = $1 order by m.sent_at, m.message_id")
    .bind(request.id)
    .fetch_all(on)
    .await?;
    rows.into_iter()
        .map(|row| {
            let from_person = row.author == "person";
            Ok(HubMessage {
                from_person,
                who: if from_person {
                    "The person".into()
                } else {
                    format!("{} to the person", first_name(row.staff_name.as_deref().unwrap_or("")))
                },
                body: request.key.open(Field::MessageBody, row.message_id, &row.body)?,
                file: match (row.file_id, files::told(row.file_kind.as_deref(), row.file_size)?) {
                    (Some(id), Some(what)) => Some((paths::hub_file(&request.reference, FileId(id)), what)),
                    _ => None,
                },
                when: london::moment_in_words(row.sent_at),
                read: (!from_person).then(|| match row.read_at {
                    Some(at) => format!("Read {}", london::moment_in_words(at)),
                    None => "Not read yet".into(),
                }),
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct NoteRow {
    note_id: Uuid,
    staff_name: String,
    body: String,
    written_at: DateTime<Utc>,
}

pub async fn notes(on: &mut impl Connection, request: &Request) -> Result<Vec<HubNote>, DbError> {
    let rows: Vec<NoteRow> =
        sql("select n.note_id, w.name as staff_name, n.body, n.written_at from notes n join staff w on w.staff_id = n.staff_id \
         where n.request_id = $1 order by n.written_at, n.note_id")
        .bind(request.id)
        .fetch_all(on)
        .await?;
    rows.into_iter()
        .map(|row| {
            let body = request.key.open(Field::NoteBody, row.note_id, &row.body)?;
            Ok(HubNote { who: first_name(&row.staff_name), body, when: london::moment_in_words(row.written_at) })
        })
        .collect()
}

/// One line about the case a question is about: the stage, not the crime.
pub async fn case_line(reader: &mut Reader, case: Option<CaseId>) -> Result<Option<String>, DbError> {
    let Some(case) = case else { return Ok(None) };
    let row: Option<(String, String)> =
        sql("select source_key, stage from cases where case_id = $1").bind(case).fetch_optional(reader).await?;
    let (key, stage) = row.ok_or_else(|| DbError::inconsistent("support_requests.case_id"))?;
    let stage = Stage::from_code(&stage).ok_or_else(|| DbError::inconsistent("cases.stage"))?;
    Ok(Some(format!("About case {}: {}", case_reference(&key), stage.status())))
}

/// Who holds it, in words for the page.
pub async fn holder_name(on: &mut impl Connection, request: &Request) -> Result<Option<String>, DbError> {
    let Some(holder) = request.state.holder() else { return Ok(None) };
    let row: Option<(String,)> = sql("select name from staff where staff_id = $1").bind(holder).fetch_optional(on).await?;
    Ok(row.map(|(name,)| first_name(&name)))
}
