//! What has run out, by class.

use super::Schedule;
use crate::db::{Connection, DbError, Tx, sql};
use app::domain::ids::PersonId;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// Persons whose record has run out.
#[derive(Debug, PartialEq, Eq)]
pub struct Due(pub Vec<PersonId>);

/// Nobody for whom something is still open, under a legal hold, or heard of since: the chain knows of everything
/// that they, or the hub for them, did.
pub async fn due(on: &mut impl Connection, schedule: &Schedule, now: DateTime<Utc>) -> Result<Due, DbError> {
    let rows: Vec<(Uuid,)> = sql("select p.person_id from people p where p.held_at is null and p.created_at <= $1 \
           and not exists (select 1 from audit a where a.person_id = p.person_id and a.at > $1 \
             and a.act not in ('hold_set', 'hold_lifted')) \
           and not exists (select 1 from support_requests r where r.person_id = p.person_id and r.state <> 'closed') \
           and not exists (select 1 from tasks t where t.person_id = p.person_id and t.done_at is null) \
           and not exists (select 1 from participations q join cases c on c.case_id = q.case_id \
             where q.person_id = p.person_id and c.received_at > $1) \
         order by p.person_id")
    .bind(now - Duration::days(schedule.person))
    .fetch_all(on)
    .await?;
    Ok(Due(rows.into_iter().map(|(id,)| PersonId(id)).collect()))
}

/// Rows taken, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub ways_in: u64,
    pub notices: u64,
    pub answers_to_machines: u64,
    /// Of people without an account, closed so long ago as a person's record lives.
    pub requests: u64,
}

/// What belongs to a closed request of somebody without an account, in the order in which it can go.
const OF_A_REQUEST: [&str; 6] = [
    "delete from notes where request_id in (select request_id from support_requests where submission_id = $1)",
    "delete from messages where request_id in (select request_id from support_requests where submission_id = $1)",
    "delete from openings where owner_id = $1",
    "delete from drafts where submission_id = $1",
    "delete from support_requests where submission_id = $1",
    "delete from data_keys where owner_id = $1",
];

/// Takes away what belongs to no record and has run out.
pub async fn purge(tx: &mut Tx, schedule: &Schedule, now: DateTime<Utc>) -> Result<Purged, DbError> {
    let mut purged = Purged::default();
    let before = |days| now - Duration::days(days);
    for statement in [
        "delete from person_sessions where last_seen_at <= $1",
        "delete from staff_sessions where last_seen_at <= $1",
        "delete from sign_in_challenges where expires_at <= $1",
        "delete from passkey_challenges where expires_at <= $1",
        "delete from staff_challenges where expires_at <= $1",
        "delete from staff_sign_ons where expires_at <= $1",
        "delete from invitations where expires_at <= $1 and (used_at is not null or replaced_at is not null)",
    ] {
        purged.ways_in += sql(statement).bind(before(schedule.ways_in)).execute(tx).await?;
    }
    // Sent or given up long since; should neither have happened, an address does not outlive its invitation.
    sql("update invitations set mail_to = null where mail_to is not null and expires_at <= $1").bind(now).execute(tx).await?;
    purged.notices =
        sql("delete from outbox where settled_at <= $1 and not exists (select 1 from tasks t where t.outbox_id = outbox.outbox_id)")
            .bind(before(schedule.notices))
            .execute(tx)
            .await?;
    purged.answers_to_machines =
        sql("delete from idempotency where made_at <= $1").bind(before(schedule.answers_to_machines)).execute(tx).await?;
    let closed: Vec<(Uuid,)> =
        sql("select submission_id from support_requests where person_id is null and state = 'closed' and state_at <= $1 limit 1000")
            .bind(before(schedule.person))
            .fetch_all(tx)
            .await?;
    for (submission,) in closed {
        for statement in OF_A_REQUEST {
            sql(statement).bind(submission).execute(tx).await?;
        }
        purged.requests += 1;
    }
    Ok(purged)
}
