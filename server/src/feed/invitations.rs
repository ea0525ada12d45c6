//! `POST /api/v1/invitations`: a records system invites somebody it told us of. It is answered with the word,
//! for an officer to say, and with the link where a letter is to be made; otherwise the link is emailed.
//!
//! Word and link are derived from the invitation's id, so the same call is answered with the same bytes and
//! neither is kept. What the system says of the inbox goes through the form that staff fill in.

use super::door::{self, Before, Call, MOST_CROSSINGS, Needs, refuse};
use super::{keys, routes};
use crate::db::{Connection, DbError, sql};
use crate::import::json_reader::{Fields, Json};
use crate::import::record::Limit;
use crate::joining::mailed::{self, NoMail};
use crate::joining::store::{self, Maker, New};
use crate::limits;
use crate::people;
use crate::portal::Portal;
use app::domain::joining::{IdentityCheck, OwnInbox};
use app::forms::joining::{EmailLink, Invite};
use app::forms::{Fields as FormFields, Form as _};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

const NEEDS: Needs = Needs { scope: keys::INVITE, largest: 16 * 1024, too_large: "an invitation may have 16 KiB" };
/// Whom machines may invite: those they told us of. Somebody whom staff added is staff's to invite.
pub const SOURCES: [&str; 2] = [routes::SOURCE, "demo"];

pub async fn invitations(State(portal): State<Portal>, request: Request) -> Response {
    match take(&portal, request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "an invitation could not be made");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "not available now: send the same again later")
        }
    }
}

/// What is asked for.
struct Wanted {
    source: String,
    key: String,
    checked: IdentityCheck,
    /// Where the link is mailed; without one the caller makes a letter.
    inbox: Option<OwnInbox>,
}

/// What is wrong with a body, and where: never what stood there.
struct Fault {
    path: &'static str,
    reason: String,
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    invitation_id: Uuid,
    expires_at: String,
    letter: bool,
}

impl Kept {
    /// The answer itself: the same each time.
    fn answer(&self, portal: &Portal) -> Response {
        let mut body = json!({
            "invitation_id": self.invitation_id,
            "word": portal.keys.invitation_word(self.invitation_id).spoken(),
            "expires_at": self.expires_at,
        });
        if self.letter {
            body["link"] = store::link(portal, self.invitation_id).into();
        }
        door::answer(StatusCode::CREATED, &body)
    }
}

async fn take(portal: &Portal, request: Request) -> Result<Response, DbError> {
    let call = match door::enter(portal, &NEEDS, request).await? {
        Ok(call) => call,
        Err(refused) => return Ok(refused),
    };
    if call.once.is_none() {
        // Sent twice without one, the second would end the first, and its word with it.
        return Ok(refuse(StatusCode::BAD_REQUEST, "send an Idempotency-Key: another invitation ends the one before it"));
    }
    if let Some(response) = told_before(portal, &call, &mut portal.db.read().await?).await? {
        return Ok(response);
    }
    let wanted = match wanted(&call.bytes) {
        Ok(wanted) => wanted,
        Err(Fault { path, reason }) => {
            let error = if path.is_empty() { reason } else { format!("{path}: {reason}") };
            return Ok(door::answer(StatusCode::BAD_REQUEST, &json!({ "error": error, "path": path })));
        }
    };
    let mut tx = portal.db.write().await?;
    let in_time = limits::take_machine(&mut tx, &call.machine.key_id, portal.now()).await?;
    tx.commit().await?;
    if !in_time {
        let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "too many invitations: send the same again in a minute");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        return Ok(response);
    }
    let mut tries = 0;
    loop {
        match invite(portal, &call, &wanted).await {
            // The same was asked for, or the same person was invited, at the same moment.
            Err(DbError::Duplicate(_)) if tries < MOST_CROSSINGS => {
                tries += 1;
                // Read where it was written and committed, so that it is not repeated before it is durable.
                let mut tx = portal.db.write().await?;
                let told = told_before(portal, &call, &mut tx).await?;
                tx.commit().await?;
                if let Some(response) = told {
                    return Ok(response);
                }
            }
            done => return done,
        }
    }
}

async fn told_before(portal: &Portal, call: &Call, on: &mut impl Connection) -> Result<Option<Response>, DbError> {
    Ok(match call.before(on).await? {
        Before::Nothing => None,
        Before::Same(_, text) => {
            let kept: Kept = serde_json::from_str(&text).map_err(|_| DbError::inconsistent("idempotency.answer"))?;
            Some(kept.answer(portal))
        }
        Before::Other => Some(door::used_for_another()),
    })
}

fn not_now(status: StatusCode, code: &str, why: &str) -> Response {
    door::answer(status, &json!({ "error": why, "code": code }))
}

async fn invite(portal: &Portal, call: &Call, wanted: &Wanted) -> Result<Response, DbError> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let Some(person) = people::of_source(portal, &mut tx, &wanted.source, &wanted.key).await? else {
        return Ok(not_now(StatusCode::NOT_FOUND, "unknown_person", "nobody is known by this person_key of this source"));
    };
    if let Some(inbox) = &wanted.inbox {
        match mailed::may_be_mailed(&mut tx, person, inbox).await? {
            Ok(_) => {}
            Err(NoMail::Stopped) => {
                let why = "the person stopped all messages: hand over a letter, if they ask for one";
                return Ok(not_now(StatusCode::CONFLICT, "messages_stopped", why));
            }
            Err(NoMail::NotSafe) => {
                let why = "the person said that email is not safe: hand over a letter";
                return Ok(not_now(StatusCode::CONFLICT, "email_not_safe", why));
            }
        }
    }
    // Whoever has joined has a way in that only they should lose: the hub makes sure who asks.
    let (joined,): (bool,) =
        sql("select pin_hash is not null as joined from people where person_id = $1").bind(person).fetch_one(&mut tx).await?;
    if joined {
        return Ok(not_now(StatusCode::CONFLICT, "has_joined", "the person has joined: the hub helps somebody who cannot get in"));
    }
    let new = New { person, checked: wanted.checked, by: Maker::Machine(call.machine.key_id.clone()), mail_to: wanted.inbox.clone() };
    let made = store::invite(portal, &mut tx, new, now).await?;
    let kept =
        Kept { invitation_id: made.id, expires_at: made.until.to_rfc3339_opts(SecondsFormat::Secs, true), letter: wanted.inbox.is_none() };
    let text = serde_json::to_string(&kept).map_err(|_| DbError::inconsistent("idempotency.answer"))?;
    call.keep(&mut tx, StatusCode::CREATED, &text, now).await?;
    tx.commit().await?;
    portal.outbox.notify_one();
    Ok(kept.answer(portal))
}

fn wanted(bytes: &[u8]) -> Result<Wanted, Fault> {
    let at = |path: &'static str| move |reason: String| Fault { path, reason };
    let json: Json = serde_json::from_slice(bytes).map_err(|error| Fault { path: "", reason: format!("not JSON: {error}") })?;
    let mut fields = Fields::of(json, ["source", "person_key", "identity_checked", "deliver"]).map_err(at(""))?;
    let source = fields.text("source").map_err(at("source"))?;
    if !SOURCES.contains(&source.as_str()) {
        return Err(Fault { path: "source", reason: format!("one of {}", SOURCES.join(", ")) });
    }
    let key = fields.text("person_key").map_err(at("person_key"))?;
    let key = Limit::key("person_key").required(&key).map_err(at("person_key"))?.to_owned();
    let mut form = FormFields::default();
    form.push("checked", fields.text("identity_checked").map_err(at("identity_checked"))?);
    let read = match fields.take("deliver") {
        Some(Json::Text(word)) if word == "letter" => Invite::parse(&form).map(|form| (form.checked, None)),
        Some(object @ Json::Object(_)) => {
            let mut email = Fields::of(object, ["email", "alone"]).map_err(at("deliver"))?;
            form.push("email", email.text("email").map_err(at("deliver.email"))?);
            let alone = email.yes("alone").map_err(at("deliver.alone"))?;
            form.push("alone", if alone { "yes" } else { "no" });
            EmailLink::parse(&form).map(|form| (form.checked, Some(form.inbox)))
        }
        _ => return Err(Fault { path: "deliver", reason: "\"letter\", or an object with email and alone".into() }),
    };
    match read {
        Ok((checked, inbox)) => Ok(Wanted { source, key, checked, inbox }),
        Err(errors) => Err(fault(errors.0.first().map_or("", |error| error.field.as_ref()))),
    }
}

/// A fault of the form, in the words of the body.
fn fault(field: &str) -> Fault {
    match field {
        "email" => Fault { path: "deliver.email", reason: "an email address, like name@example.com".into() },
        "alone" => Fault { path: "deliver.alone", reason: "must be true: they said, alone, that only they read this inbox".into() },
        _ => {
            let codes: Vec<&str> = IdentityCheck::ALL.iter().map(|one| one.code()).collect();
            Fault { path: "identity_checked", reason: format!("one of {}", codes.join(", ")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(body: &str) -> &'static str {
        wanted(body.as_bytes()).map_or_else(|fault| fault.path, |_| "fine")
    }

    #[test]
    fn a_fault_names_its_place_and_never_its_value() {
        let with = |source: &str, key: &str, checked: &str, deliver: &str| {
            format!(r#"{{"source":{source},"person_key":{key},"identity_checked":{checked},"deliver":{deliver}}}"#)
        };
        let good = |deliver: &str| with(r#""records""#, r#""P1""#, r#""called_back""#, deliver);
        for (body, place) in [
            (good(r#""letter""#), "fine"),
            (good(r#"{"email":"a@example.test","alone":true}"#), "fine"),
            (good(r#"{"email":"SECRET","alone":true}"#), "deliver.email"),
            (good(r#"{"email":"a@example.test","alone":false}"#), "deliver.alone"),
            (good(r#"{"email":"a@example.test"}"#), "deliver.alone"),
            (good(r#"{"email":"a@example.test","alone":"SECRET"}"#), "deliver.alone"),
            (good(r#"{"email":"a@example.test","alone":true,"cc":"SECRET"}"#), "deliver"),
            (good(r#"{"email":"a@example.test","email":"SECRET","alone":true}"#), "deliver"),
            (good(r#""SECRET""#), "deliver"),
            (good("null"), "deliver"),
            (with(r#""SECRET""#, r#""P1""#, r#""officer""#, r#""letter""#), "source"),
            (with(r#""records""#, "7", r#""officer""#, r#""letter""#), "person_key"),
            (with(r#""records""#, r#"" ""#, r#""officer""#, r#""letter""#), "person_key"),
            (with(r#""records""#, &format!("\"{}\"", "x".repeat(101)), r#""officer""#, r#""letter""#), "person_key"),
            (with(r#""records""#, r#""P1""#, r#""SECRET""#, r#""letter""#), "identity_checked"),
            ("[]".into(), ""),
            ("{".into(), ""),
            (r#"{"colour":"SECRET"}"#.into(), ""),
        ] {
            assert_eq!(path(&body), place, "{body}");
            assert!(wanted(body.as_bytes()).err().is_none_or(|fault| !fault.reason.contains("SECRET")), "{body}");
        }
    }
}
