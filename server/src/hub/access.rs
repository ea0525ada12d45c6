//! Whose work a record is. A member of staff opens what waits, what they or their team hold or held in
//! the last 28 days, and what somebody must do by hand; anything else with a reason, for half an hour
//! (see [`openings`](super::openings)). The rule itself is `app::domain::policy`; here are its facts.

use super::openings::{self, Record};
use crate::db::{Connection, DbError, sql};
use crate::error::Error;
use crate::http::session::StaffSession;
use crate::portal::Portal;
use app::domain::policy::{Action, Object, Refused, Ties, Viewer, may};
use app::forms::{FieldErrors, Fields};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// How long a closed request stays the work of the team that had it.
const STAYS_THEIRS: Duration = Duration::days(28);

/// Proof that this member of staff may read and change what is kept of this owner now.
#[must_use]
pub struct Opened {
    /// They opened it with a reason: until then.
    pub outside_work_until: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct TiesRow {
    in_hand: bool,
    opened_until: Option<DateTime<Utc>>,
}

/// What ties this member of staff to all that is kept under one owner: a person, or a submission.
async fn ties(on: &mut impl Connection, staff: &StaffSession, owner: Uuid, now: DateTime<Utc>) -> Result<Ties, DbError> {
    let row: TiesRow = sql("select ( \
           exists (select 1 from support_requests r left join staff w on w.staff_id = r.staff_id \
             where (r.person_id = $1 or (r.submission_id = $1 and r.person_id is null)) \
               and (r.state = 'waiting' or ((r.staff_id = $2 or w.team = $3) and (r.state <> 'closed' or r.state_at > $4)))) \
           or exists (select 1 from tasks t where t.person_id = $1 and t.done_at is null) \
           or exists (select 1 from people p where p.person_id = $1 and p.pin_hash is null)) as in_hand, \
         (select max(o.until_at) from openings o where o.owner_id = $1 and o.staff_id = $2 and o.until_at > $5) as opened_until")
    .bind(owner)
    .bind(staff.staff)
    .bind(staff.team.as_str())
    .bind(now - STAYS_THEIRS)
    .bind(now)
    .fetch_one(on)
    .await?;
    Ok(Ties { in_hand: row.in_hand, opened_until: row.opened_until })
}

/// Lets staff in, or answers with the page that asks for a reason; what they had typed stands there.
pub async fn open(
    portal: &Portal,
    on: &mut impl Connection,
    staff: &StaffSession,
    record: &Record,
    typed: &Fields,
) -> Result<Opened, Error> {
    let now = portal.now();
    let ties = ties(on, staff, record.owner(), now).await?;
    match may(Viewer::Staff(staff.role), Action::OpenRecord, Object::Record(ties, now)) {
        Ok(()) => Ok(Opened { outside_work_until: ties.opened_until.filter(|_| !ties.in_hand) }),
        Err(Refused::NeedsReason) => Err(Error::Shown(Box::new(openings::ask_page(portal, staff, record, typed, FieldErrors::default())))),
        Err(Refused::NotThere) => Err(Error::NotFound),
    }
}
