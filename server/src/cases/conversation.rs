//! Messages between a person and the hub: about a case or about one request. A message about a case
//! is a request of kind "question": it lands in the same queue, with a tier and a time.

use super::store;
use crate::audit::{self, Act, Actor, Entry};
use crate::db::{Connection, DbError, sql};
use crate::error::Error;
use crate::files;
use crate::http::session::PersonSession;
use crate::portal::Portal;
use crate::support::requests::{self, NewRequest};
use crate::vault::Field;
use app::domain::conversation::ThreadKey;
use app::domain::ids::{CaseId, MessageId, PersonId, RequestId};
use app::domain::london;
use app::domain::policy::{Action, Object, Viewer, may};
use app::domain::triage;
use app::forms::message::NewMessage;
use app::pages::cases::{MessageView, ThreadView};
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct MessageRow {
    message_id: Uuid,
    author: String,
    staff_name: Option<String>,
    body: String,
    sent_at: DateTime<Utc>,
    file_kind: Option<String>,
    file_size: Option<i64>,
}

/// Somebody else's case is not found.
async fn is_theirs(on: &mut impl Connection, person: PersonId, case: CaseId, now: DateTime<Utc>) -> Result<(), Error> {
    let case = store::case_for(on, person, case, now).await?.ok_or(Error::NotFound)?;
    may(Viewer::Person, Action::AskAboutCase, Object::Case(Some(&case.part), now)).map_err(|_| Error::NotFound)
}

/// Is this a conversation that this person may write in?
pub async fn may_write(portal: &Portal, on: &mut impl Connection, session: &PersonSession, key: &ThreadKey) -> Result<(), Error> {
    match key {
        ThreadKey::Case(case) => is_theirs(on, session.person, *case, portal.now()).await,
        ThreadKey::Request(reference) => requests::of_person(portal, on, session.person, reference).await?.map(drop).ok_or(Error::NotFound),
    }
}

/// The conversation as this person may read it; what they are shown counts as read, in the page around it too.
pub async fn thread(portal: &Portal, session: &mut PersonSession, key: &ThreadKey) -> Result<ThreadView, Error> {
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let (rows, status, due): (Vec<MessageRow>, _, _) = match key {
        ThreadKey::Case(case) => {
            is_theirs(&mut reader, session.person, *case, now).await?;
            let rows = sql("select m.message_id, m.author, w.name as staff_name, m.body, m.sent_at, f.kind as file_kind, f.size as file_size from messages m \
                 join support_requests r on r.request_id = m.request_id left join staff w on w.staff_id = m.staff_id \
                 left join files f on f.message_id = m.message_id \
                 where r.person_id = $1 and r.case_id = $2 order by m.sent_at, m.message_id")
            .bind(session.person)
            .bind(*case)
            .fetch_all(&mut reader)
            .await?;
            let (due,): (Option<DateTime<Utc>>,) =
                sql("select min(due_at) from support_requests where person_id = $1 and case_id = $2 and state in ('waiting', 'claimed')")
                    .bind(session.person)
                    .bind(*case)
                    .fetch_one(&mut reader)
                    .await?;
            (rows, None, due)
        }
        ThreadKey::Request(reference) => {
            let request = requests::of_person(portal, &mut reader, session.person, reference).await?.ok_or(Error::NotFound)?;
            let rows = sql("select m.message_id, m.author, w.name as staff_name, m.body, m.sent_at, f.kind as file_kind, f.size as file_size from messages m \
                 join support_requests r on r.request_id = m.request_id left join staff w on w.staff_id = m.staff_id \
                 left join files f on f.message_id = m.message_id \
                 where r.person_id = $1 and r.request_id = $2 order by m.sent_at, m.message_id")
            .bind(session.person)
            .bind(request.id)
            .fetch_all(&mut reader)
            .await?;
            (rows, Some(request.state.for_the_person()), request.state.is_owed().then_some(request.due))
        }
    };
    drop(reader);
    if let Some(newest) = rows.iter().filter(|row| row.author == "hub").map(|row| row.sent_at).max() {
        let read = mark_read(portal, session, key, newest).await?;
        session.unread = session.unread.saturating_sub(read);
    }
    let messages = rows
        .into_iter()
        .map(|row| {
            let mine = row.author == "person";
            let first_name = row.staff_name.as_deref().and_then(|name| name.split_whitespace().next()).unwrap_or("Hub").to_owned();
            Ok(MessageView {
                mine,
                who: if mine { "You".into() } else { format!("{first_name}, victims’ hub") },
                body: session.key.open(Field::MessageBody, row.message_id, &row.body)?,
                file: files::told(row.file_kind.as_deref(), row.file_size)?,
                when: london::moment_in_words(row.sent_at),
            })
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    let promise = due.map(|due| promise_in_words(due, now));
    Ok(ThreadView { status, messages, promise, submission: portal.new_id().to_string() })
}

/// What we say about an answer we owe.
#[must_use]
pub fn promise_in_words(due: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if due > now {
        format!("We will answer {}.", london::deadline_in_words(due, now))
    } else {
        format!(
            "We said we would answer {}. We are late, and we are sorry. Your message has not been lost.",
            london::deadline_in_words(due, now)
        )
    }
}

/// Only what was shown counts as read: an answer that came a moment later is still to be told.
async fn mark_read(portal: &Portal, session: &PersonSession, key: &ThreadKey, newest: DateTime<Utc>) -> Result<usize, DbError> {
    if session.unread == 0 {
        return Ok(0);
    }
    let (case, reference) = match key {
        ThreadKey::Case(case) => (Some(*case), None),
        ThreadKey::Request(reference) => (None, Some(reference.as_str())),
    };
    let mut tx = portal.db.write().await?;
    let read = sql("update messages set read_at = $4 where author = 'hub' and read_at is null and sent_at <= $5 and request_id in \
         (select request_id from support_requests where person_id = $1 and (case_id = $2 or reference = $3))")
    .bind(session.person)
    .bind(case)
    .bind(reference)
    .bind(portal.now())
    .bind(newest)
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(usize::try_from(read).unwrap_or(usize::MAX))
}

/// How often a message is begun again because somebody moved its request in between.
const MOST_CROSSINGS: u32 = 10;

/// Sends a message, with a file if there is one. The same submission twice is one message; a colleague who moves the request at
/// the same moment costs the person nothing.
pub async fn send(
    portal: &Portal,
    session: &PersonSession,
    key: &ThreadKey,
    form: NewMessage,
    submission: Uuid,
    file: Option<files::Sealed>,
) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        match send_now(portal, session, key, &form, submission, file.as_ref()).await {
            Err(Error::Db(DbError::Conflict { .. })) if tries < MOST_CROSSINGS => tries += 1,
            done => return done,
        }
    }
}

async fn send_now(
    portal: &Portal,
    session: &PersonSession,
    key: &ThreadKey,
    form: &NewMessage,
    submission: Uuid,
    file: Option<&files::Sealed>,
) -> Result<(), Error> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let request = match key {
        ThreadKey::Request(reference) => {
            Some(requests::of_person(portal, &mut tx, session.person, reference).await?.ok_or(Error::NotFound)?.id)
        }
        ThreadKey::Case(case) => {
            is_theirs(&mut tx, session.person, *case, now).await?;
            let row: Option<(Uuid,)> =
                sql("select request_id from support_requests where person_id = $1 and case_id = $2 and kind = 'question' \
                 order by asked_at desc limit 1")
                .bind(session.person)
                .bind(*case)
                .fetch_optional(&mut tx)
                .await?;
            row.map(|(id,)| RequestId(id))
        }
    };
    let request = match (request, key) {
        (Some(request), _) => {
            requests::person_wrote(portal, &mut tx, request, now).await?;
            request
        }
        (None, ThreadKey::Case(case)) => {
            let known = requests::known_of(&mut tx, &session.key, now).await?;
            let triage = triage::assess_question(&known, now);
            let new = NewRequest { submission: portal.new_id(), person: Some(session.person), case: Some(*case), answers: None, triage };
            requests::insert(portal, &mut tx, new, now).await?.id
        }
        (None, ThreadKey::Request(_)) => return Err(Error::NotFound),
    };
    let id = portal.new_id();
    let inserted =
        sql("insert into messages (message_id, request_id, submission_id, author, body, sent_at) values ($1, $2, $3, 'person', $4, $5) \
         on conflict (submission_id) do nothing")
        .bind(id)
        .bind(request)
        .bind(submission)
        .bind(session.key.seal(&portal.entropy, Field::MessageBody, id, form.body.as_str()))
        .bind(now)
        .execute(&mut tx)
        .await?;
    if inserted == 0 {
        return Ok(()); // sent already; dropping the transaction leaves everything as it was
    }
    audit::append(&mut tx, now, Entry::new(Actor::Person(session.person), Act::MessageSent, Some(session.person), request)).await?;
    if let Some(file) = file {
        file.insert(&mut tx, MessageId(id), now).await?;
        audit::append(&mut tx, now, Entry::new(Actor::Person(session.person), Act::FileSent, Some(session.person), file.id())).await?;
    }
    tx.commit().await?;
    Ok(())
}
