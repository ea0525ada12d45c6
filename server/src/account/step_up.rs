//! Step-up: a session that lies open on a table must not be enough to lead messages elsewhere. What
//! opens a new way to the person, or says where they live, needs their PIN within the last five
//! minutes. What closes a way never does: stopping must be easy.

use super::store::{self, FRESH_FOR};
use crate::audit::{self, Act, Actor, Entry};
use crate::db::sql;
use crate::error::Error;
use crate::http::session::PersonSession;
use crate::keys;
use crate::portal::Portal;
use app::forms::{FieldErrors, Fields};
use chrono::{DateTime, Utc};

/// Proof that this person gave their PIN here a moment ago.
#[must_use]
pub struct SteppedUp(());

/// Must a form that opens a way ask for the PIN?
#[must_use]
pub fn asks(session: &PersonSession, now: DateTime<Utc>) -> bool {
    session.stepped_up_at.is_none_or(|at| at + FRESH_FOR <= now)
}

/// Looks at the field `pin` where it is needed. A right one counts for the next changes too.
pub async fn prove(portal: &Portal, session: &PersonSession, fields: &Fields) -> Result<Result<SteppedUp, FieldErrors>, Error> {
    let now = portal.now();
    if !asks(session, now) {
        return Ok(Ok(SteppedUp(())));
    }
    let wrong = |text| Ok(Err(FieldErrors::one("pin", text)));
    let pin: String = fields.one("pin").chars().filter(char::is_ascii_digit).take(13).collect();
    if pin.is_empty() {
        return wrong("Enter your PIN to save this");
    }
    let mut tx = portal.db.write().await?;
    let may_try = store::take_a_pin_try(&mut tx, session.person.0, now).await?;
    let pin_hash = store::pin_hash(&mut tx, Some(session.person.0)).await?;
    tx.commit().await?;
    if !may_try {
        return wrong("The PIN was wrong too many times. Wait 15 minutes. If you have forgotten your PIN, call us");
    }
    let slow = portal.clone();
    let fits = keys::off_thread(move || slow.keys.verify_secret(&pin, pin_hash.as_deref())).await.unwrap_or(false);
    let mut tx = portal.db.write().await?;
    let act = if fits { Act::SteppedUp } else { Act::StepUpFailed };
    if fits {
        store::forgive_pins(&mut tx, session.person).await?;
        sql("update person_sessions set stepped_up_at = $2 where token_hash = $1 and ended_at is null")
            .bind(session.token_hash.as_str())
            .bind(now)
            .execute_one(&mut tx)
            .await?;
    }
    audit::append(&mut tx, now, Entry::new(Actor::Person(session.person), act, Some(session.person), "")).await?;
    tx.commit().await?;
    if fits { Ok(Ok(SteppedUp(()))) } else { wrong("The PIN is not right. Try again") }
}
