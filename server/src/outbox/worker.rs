//! Takes due notices, looks at each person's choice as it is now, and settles: sent, a task for
//! staff, not sent with a reason, or later. A lease keeps two workers from sending the same one.

use super::mail::{Enclosed, MailError};
use crate::account::{CODE_LIFE, security};
use crate::audit::{self, Act, Actor, Entry};
use crate::contact::points::{self, Kind};
use crate::contact::store;
use crate::db::{DbError, Tx, sql};
use crate::joining::mailed::{self, NoMail};
use crate::portal::Portal;
use app::domain::contact::{Channel, NotSafe, SafeContact};
use app::domain::ids::PersonId;
use app::domain::london;
use app::domain::notice::Notice;
use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use uuid::Uuid;

const LEASE: Duration = Duration::seconds(60);
const AT_ONCE: i64 = 8;
/// A notice that could not be sent for this long is given up and told to staff.
const TRY_FOR: Duration = Duration::hours(72);

#[derive(sqlx::FromRow)]
struct Row {
    outbox_id: Uuid,
    notice: String,
    person_id: Option<Uuid>,
    subject_id: Uuid,
    attempts: i64,
    queued_at: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
}

struct Queued {
    id: Uuid,
    notice: Notice,
    person: Option<PersonId>,
    subject: Uuid,
    attempts: i64,
    since: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Queued {
    type Error = DbError;
    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.outbox_id,
            notice: Notice::from_code(&row.notice).ok_or_else(|| DbError::inconsistent("outbox.notice"))?,
            person: row.person_id.map(PersonId),
            subject: row.subject_id,
            attempts: row.attempts,
            since: row.queued_at,
            failing_since: row.failing_since,
        })
    }
}

/// What became of one notice.
enum Verdict {
    Sent,
    /// Staff tell the person by hand; `None`: no safe way is known.
    Task(Option<Channel>),
    NotSent(&'static str),
    /// The person's hours have not begun.
    Wait {
        until: DateTime<Utc>,
    },
    /// Mail does not work.
    Retry {
        at: DateTime<Utc>,
        since: DateTime<Utc>,
    },
    GaveUp,
}

/// Runs until the program ends: wakes when something was queued, and looks every few seconds anyway.
pub async fn run(portal: Portal) {
    const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(5);
    loop {
        if let Err(error) = deliver_due(&portal).await {
            tracing::error!(%error, "notices could not be delivered; trying again");
        }
        // Woken or not: the table says what is due.
        drop(tokio::time::timeout(LOOK_AGAIN, portal.outbox.notified()).await);
    }
}

/// Delivers everything due now. Answers how many notices were settled or put off.
pub async fn deliver_due(portal: &Portal) -> Result<usize, DbError> {
    let mut count = 0;
    loop {
        let lease = portal.new_id();
        let batch = take(portal, lease).await?;
        if batch.is_empty() {
            return Ok(count);
        }
        count += batch.len();
        // One that cannot be read is an error of its own: the others go out.
        let settled = join_all(batch.into_iter().map(|row| async move {
            let queued = Queued::try_from(row)?;
            let verdict = deliver(portal, &queued).await?;
            settle(portal, &queued, lease, verdict).await
        }))
        .await;
        settled.into_iter().collect::<Result<Vec<()>, _>>()?;
    }
}

async fn take(portal: &Portal, lease: Uuid) -> Result<Vec<Row>, DbError> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    // The conditions stand twice: PostgreSQL checks the outer ones again after waiting for a lock.
    let rows: Vec<Row> = sql("update outbox set lease = $2, leased_until = $3, attempts = attempts + 1 \
         where state = 'due' and due_at <= $1 and (leased_until is null or leased_until < $1) and outbox_id in \
           (select outbox_id from outbox where state = 'due' and due_at <= $1 and (leased_until is null or leased_until < $1) \
             order by due_at limit $4) \
         returning outbox_id, notice, person_id, subject_id, attempts, queued_at, failing_since")
    .bind(now)
    .bind(lease)
    .bind(now + LEASE)
    .bind(AT_ONCE)
    .fetch_all(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(rows)
}

async fn deliver(portal: &Portal, queued: &Queued) -> Result<Verdict, DbError> {
    let now = portal.now();
    let Some(person) = queued.person else { return Ok(Verdict::NotSent("nobody")) };
    if queued.notice == Notice::InvitationLink {
        return deliver_link(portal, queued, person).await;
    }
    let mut reader = portal.db.read().await?;
    if queued.notice == Notice::SignInCode && (now - queued.since >= CODE_LIFE || code_is_spent(&mut reader, queued.subject).await?) {
        return Ok(Verdict::NotSent("the code has run out"));
    }
    if queued.notice == Notice::ReplyWaiting && nothing_unread(&mut reader, person).await? {
        return Ok(Verdict::NotSent("read already"));
    }
    // A code goes only where, and when, the person themselves asks for it.
    if queued.notice != Notice::SignInCode && security::paused(&mut reader, person).await?.is_some() {
        return Ok(Verdict::NotSent("the person stopped all messages"));
    }
    let grants = store::grants(&mut reader, person).await?;
    let key = portal.keys.vault.key(&mut reader, person.0).await?;
    let (preferences, _) = store::preferences(&mut reader, &key).await?;
    let grant_for = |channel: Channel| grants.iter().find(move |grant| grant.channel == channel);
    let allowed: Result<SafeContact, NotSafe> = if queued.notice == Notice::PointChanged {
        // By the same kind of way, to the old one: whoever gave the new one said that it is still safe.
        let kind = points::kind_of(&mut reader, queued.subject).await?;
        let ways = kind.map_or(&[][..], Kind::channels);
        let mut safe = ways.iter().filter_map(|channel| grant_for(*channel)).map(|grant| grant.safe_contact(now));
        match safe.find(|safe| !matches!(safe, Err(NotSafe::NotGranted | NotSafe::Expired))) {
            Some(safe) => safe,
            None => return Ok(Verdict::NotSent("the old one is not safe")),
        }
    } else if queued.notice == Notice::SignInCode {
        // Asked for this minute by whoever is at the screen: email is the one channel that is quick
        // enough for now, and only where it is safe.
        grant_for(Channel::Email).ok_or(NotSafe::NotGranted).and_then(|grant| grant.safe_contact_on_request(now))
    } else {
        let Some(channel) = preferences.preferred else { return Ok(Verdict::NotSent("the person will look")) };
        grant_for(channel).ok_or(NotSafe::NotGranted).and_then(|grant| grant.safe_contact(now))
    };
    let contact = match allowed {
        Ok(contact) => contact,
        Err(NotSafe::OutsideHours { opens }) => return Ok(Verdict::Wait { until: opens }),
        Err(NotSafe::NotGranted | NotSafe::Expired) => return Ok(Verdict::Task(None)),
    };
    if contact.channel() != Channel::Email {
        return Ok(Verdict::Task(Some(contact.channel())));
    }
    // The address as it is now, not as it was when the notice was queued.
    let Some(to) = points::current(&mut reader, &key, Channel::Email, now).await? else {
        // A new one is held and the old one is not safe: wait for the new one.
        let held = points::standing(&mut reader, person, Kind::Email, now).await?.held_until;
        return Ok(match held {
            Some(until) if queued.notice != Notice::SignInCode => Verdict::Wait { until },
            _ => Verdict::Task(None),
        });
    };
    drop(reader);
    let code = (queued.notice == Notice::SignInCode).then(|| portal.keys.code(queued.subject));
    Ok(send(portal, queued, contact, &to, code.as_deref().map_or(Enclosed::Nothing, Enclosed::Code)).await)
}

/// The link of an invitation, to the inbox that is kept with it: where the person is reached otherwise
/// is no matter here, but whether they stopped everything, or said that email is not safe, is.
async fn deliver_link(portal: &Portal, queued: &Queued, person: PersonId) -> Result<Verdict, DbError> {
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let Some(waiting) = mailed::waiting(portal, &mut reader, queued.subject, person, now).await? else {
        return Ok(Verdict::NotSent("the invitation has ended"));
    };
    let contact = match mailed::may_be_mailed(&mut reader, person, &waiting.inbox).await? {
        Ok(contact) => contact,
        Err(NoMail::Stopped) => return Ok(Verdict::NotSent("the person stopped all messages")),
        Err(NoMail::NotSafe) => return Ok(Verdict::Task(None)),
    };
    drop(reader);
    let until = london::moment_in_words(waiting.until);
    let enclosed = Enclosed::Link { link: &waiting.link, until: &until };
    Ok(send(portal, queued, contact, waiting.inbox.address(), enclosed).await)
}

async fn send(portal: &Portal, queued: &Queued, contact: SafeContact, to: &str, enclosed: Enclosed<'_>) -> Verdict {
    let now = portal.now();
    match portal.mailer.send(contact, queued.id, queued.notice, to, enclosed).await {
        Ok(()) => Verdict::Sent,
        Err(MailError::Refused(_)) => Verdict::Task(None),
        Err(error @ (MailError::NotNow(_) | MailError::Settings(_))) => {
            tracing::warn!(%error, notice = queued.notice.code(), attempts = queued.attempts, "mail was put off");
            let since = queued.failing_since.unwrap_or(now);
            if now - since >= TRY_FOR { Verdict::GaveUp } else { Verdict::Retry { at: now + wait_after(queued.attempts), since } }
        }
    }
}

/// 30 s, 1, 2, 5, 10 minutes, then every 15 (security reference 5).
fn wait_after(attempts: i64) -> Duration {
    match attempts {
        ..=1 => Duration::seconds(30),
        2 => Duration::minutes(1),
        3 => Duration::minutes(2),
        4 => Duration::minutes(5),
        5 => Duration::minutes(10),
        _ => Duration::minutes(15),
    }
}

/// A code that an exit, a sign-out or a newer choice of address has ended is no use to anybody.
async fn code_is_spent(reader: &mut crate::db::Reader, challenge: Uuid) -> Result<bool, DbError> {
    let (spent,): (i64,) = sql("select count(*) from sign_in_challenges where challenge_id = $1 and used_at is not null")
        .bind(challenge)
        .fetch_one(reader)
        .await?;
    Ok(spent > 0)
}

/// Of any request: a notice that waits already stands for every reply after it (see [`super::queue`]).
async fn nothing_unread(reader: &mut crate::db::Reader, person: PersonId) -> Result<bool, DbError> {
    let (unread,): (i64,) = sql("select count(*) from messages m join support_requests r on r.request_id = m.request_id \
         where r.person_id = $1 and m.author = 'hub' and m.read_at is null")
    .bind(person)
    .fetch_one(reader)
    .await?;
    Ok(unread == 0)
}

async fn settle(portal: &Portal, queued: &Queued, lease: Uuid, verdict: Verdict) -> Result<(), DbError> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let (state, reason, due, act) = match &verdict {
        Verdict::Sent => ("sent", None, None, Some(Act::NoticeSent)),
        Verdict::Task(_) => ("task", None, None, Some(Act::NoticeToTask)),
        Verdict::NotSent(why) => ("not_sent", Some(*why), None, Some(Act::NoticeNotSent)),
        Verdict::Wait { until } => ("due", Some("outside the hours chosen"), Some(*until), None),
        Verdict::Retry { at, .. } => ("due", Some("mail is not working"), Some(*at), None),
        Verdict::GaveUp => ("gave_up", Some("mail did not work for 72 hours"), None, Some(Act::NoticeToTask)),
    };
    let settled = due.is_none().then_some(now);
    let failing = if let Verdict::Retry { since, .. } = verdict { Some(since) } else { queued.failing_since };
    // Only the holder of the lease settles: a worker that was too slow has lost it.
    let kept = sql("update outbox set state = $3, reason = $4, due_at = coalesce($5, due_at), settled_at = $6, failing_since = $7, \
         leased_until = null, lease = null \
         where outbox_id = $1 and lease = $2")
    .bind(queued.id)
    .bind(lease)
    .bind(state)
    .bind(reason)
    .bind(due)
    .bind(settled)
    .bind(failing)
    .execute(&mut tx)
    .await?;
    if kept == 0 {
        return Ok(());
    }
    if queued.notice == Notice::InvitationLink && settled.is_some() {
        mailed::settled(&mut tx, queued.subject, settled.filter(|_| matches!(verdict, Verdict::Sent))).await?;
    }
    match (&verdict, queued.person) {
        (Verdict::Task(channel), Some(person)) => add_task(portal, &mut tx, queued, person, *channel).await?,
        (Verdict::GaveUp, Some(person)) => add_task(portal, &mut tx, queued, person, None).await?,
        _ => {}
    }
    if let (Some(act), Some(person)) = (act, queued.person) {
        audit::append(&mut tx, now, Entry::new(Actor::System, act, Some(person), queued.id)).await?;
    }
    tx.commit().await
}

async fn add_task(portal: &Portal, tx: &mut Tx, queued: &Queued, person: PersonId, channel: Option<Channel>) -> Result<(), DbError> {
    // One open task says it: nobody is telephoned twice for two messages.
    sql("insert into tasks (task_id, outbox_id, person_id, notice, channel, made_at) select $1, $2, $3, $4, $5, $6 \
         where not exists (select 1 from tasks where person_id = $3 and notice = $4 and done_at is null)")
    .bind(portal.new_id())
    .bind(queued.id)
    .bind(person)
    .bind(queued.notice.code())
    .bind(channel.map(Channel::code))
    .bind(portal.now())
    .execute(tx)
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_last_past_three_days() {
        let total: Duration = (1..=300).map(wait_after).fold(Duration::zero(), |sum, wait| sum + wait);
        assert!(total > TRY_FOR);
        assert!((1..20).all(|attempt| wait_after(attempt) <= wait_after(attempt + 1)));
    }
}
