//! What has run out, by class.

use super::Schedule;
use crate::db::{Connection, DbError, Tx, sql};
use app::domain::ids::PersonId;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// Persons whose record has run out.
#[derive(Debug, PartialEq, Eq)]
pub struct Due(pub Vec<PersonId>);

/// Nobody for whom something is still open, under a legal hold, or heard of since.
pub async fn due(on: &mut impl Connection, schedule: &Schedule, now: DateTime<Utc>) -> Result<Due, DbError> {
    let rows: Vec<(Uuid,)> = sql("select p.person_id from people p where p.held_at is null and p.created_at <= $1 \
           and not exists (select 1 from support_requests r where r.person_id = p.person_id and (r.state <> 'closed' or r.state_at > $1)) \
           and not exists (select 1 from messages m join support_requests r on r.request_id = m.request_id \
             where r.person_id = p.person_id and m.sent_at > $1) \
           and not exists (select 1 from person_sessions s where s.person_id = p.person_id and s.last_seen_at > $1) \
           and not exists (select 1 from tasks t where t.person_id = p.person_id and (t.done_at is null or t.done_at > $1)) \
           and not exists (select 1 from invitations i where i.person_id = p.person_id and i.made_at > $1) \
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
}

/// Takes away what belongs to no record and has run out.
pub async fn purge(tx: &mut Tx, schedule: &Schedule, now: DateTime<Utc>) -> Result<Purged, DbError> {
    let mut purged = Purged::default();
    let before = |days| now - Duration::days(days);
    for statement in [
        "delete from person_sessions where last_seen_at <= $1",
        "delete from staff_sessions where last_seen_at <= $1",
        "delete from sign_in_challenges where expires_at <= $1",
        "delete from staff_challenges where expires_at <= $1",
        "delete from invitations where expires_at <= $1 and (used_at is not null or replaced_at is not null)",
    ] {
        purged.ways_in += sql(statement).bind(before(schedule.ways_in)).execute(tx).await?;
    }
    purged.notices =
        sql("delete from outbox where settled_at <= $1 and not exists (select 1 from tasks t where t.outbox_id = outbox.outbox_id)")
            .bind(before(schedule.notices))
            .execute(tx)
            .await?;
    purged.answers_to_machines =
        sql("delete from idempotency where made_at <= $1").bind(before(schedule.answers_to_machines)).execute(tx).await?;
    Ok(purged)
}
