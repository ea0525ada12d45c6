//! Telling people. A row is queued in the transaction that causes it and holds ids only; the worker
//! reads again, at the moment of sending, whether and how this person may be told.
//!
//! The one way out is [`mail::Mailer::send`], which takes a `SafeContact` by value: only a live grant
//! makes one. Where the person chose the telephone, a text or a letter, or where no safe way is known,
//! the notice becomes a task for staff. The link of an invitation goes to an inbox that is kept with it
//! (`joining::mailed`), and becomes a task when it cannot. To add a channel: a sender beside `mail`, and its arm in
//! `worker::deliver`. Never put an address or words into the table.

mod mail;
mod worker;

pub use mail::{Enclosed, MailError, Mailer};
pub use worker::{deliver_due, run};

use crate::db::{DbError, Tx, sql};
use app::domain::ids::PersonId;
use app::domain::notice::Notice;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Queues a notice. One that waits already is enough: two waiting messages are one "you have a
/// message". A code, or the link of an invitation, is never shared. No person: a decoy that costs the same and goes nowhere.
pub async fn queue(
    tx: &mut Tx,
    id: Uuid,
    notice: Notice,
    person: Option<PersonId>,
    subject: Uuid,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sql("insert into outbox (outbox_id, notice, person_id, subject_id, state, due_at, queued_at) \
         select $1, $2, $3, $4, 'due', $5, $5 where $2 in ('sign_in_code', 'invitation_link') or not exists \
           (select 1 from outbox where person_id = $3 and notice = $2 and state = 'due')")
    .bind(id)
    .bind(notice.code())
    .bind(person)
    .bind(subject)
    .bind(now)
    .execute(tx)
    .await
    .map(drop)
}
