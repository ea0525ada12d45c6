//! Step-up: a session that lies open on a table must not be enough to lead messages elsewhere. What
//! opens a new way to the person, or says where they live, needs their PIN within the last five
//! minutes, and changes the session's token. What closes a way never does: stopping must be easy.

use super::store::{self, FRESH_FOR};
use crate::audit::{self, Act, Actor, Entry};
use crate::db::sql;
use crate::error::Error;
use crate::http::cookies;
use crate::http::session::PersonSession;
use crate::keys;
use crate::portal::Portal;
use app::forms::{FieldErrors, Fields};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use chrono::{DateTime, Utc};

/// Proof that this person gave their PIN here a moment ago.
#[must_use]
pub struct SteppedUp {
    /// The session has another token since: whatever knew the old one is out.
    cookie: Option<HeaderValue>,
    token_hash: String,
}

impl SteppedUp {
    /// What the session is known by from now on.
    #[must_use]
    pub fn token_hash(&self) -> &str {
        &self.token_hash
    }

    /// Puts the new token, if there is one, into the answer: whatever the answer is.
    pub fn tell(self, mut response: Response) -> Response {
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// Must a form that opens a way ask for the PIN?
#[must_use]
pub fn asks(session: &PersonSession, now: DateTime<Utc>) -> bool {
    session.stepped_up_at.is_none_or(|at| at + FRESH_FOR <= now)
}

/// Looks at the field `pin` where it is needed. A right one counts for the next changes too.
pub async fn prove(portal: &Portal, session: &PersonSession, fields: &Fields) -> Result<Result<SteppedUp, FieldErrors>, Error> {
    let now = portal.now();
    if !asks(session, now) {
        return Ok(Ok(SteppedUp { cookie: None, token_hash: session.token_hash.clone() }));
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
    let mut proof = None;
    if fits {
        store::forgive_pins(&mut tx, session.person).await?;
        let token = portal.entropy.token();
        let token_hash = keys::token_hash(&token);
        sql("update person_sessions set token_hash = $3, stepped_up_at = $2 where token_hash = $1 and ended_at is null")
            .bind(session.token_hash.as_str())
            .bind(now)
            .bind(token_hash.as_str())
            .execute_one(&mut tx)
            .await?;
        proof = Some(SteppedUp { cookie: Some(cookies::set(cookies::PERSON, &token)), token_hash });
    }
    audit::append(&mut tx, now, Entry::new(Actor::Person(session.person), act, Some(session.person), "")).await?;
    tx.commit().await?;
    match proof {
        Some(proof) => Ok(Ok(proof)),
        None => wrong("The PIN is not right. Try again"),
    }
}
