//! `/hub/access`: accounts of staff and keys of machines, for those who keep them. Adding either is the
//! command line's, where a password can be typed without a browser.

use crate::audit::{self, Act, Actor, Entry};
use crate::db::{DbError, Tx, sql};
use crate::error::Error;
use crate::feed;
use crate::http::session::AccessKeeper;
use crate::portal::Portal;
use crate::support::requests;
use app::domain::ids::{Reference, StaffId};
use app::domain::london;
use app::domain::staff::StaffRole;
use app::domain::support::RequestState;
use app::domain::triage;
use app::pages::hub_access::{AccessPage, AccountLine, KeyLine};
use app::paths;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use uuid::Uuid;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route(paths::HUB_ACCESS, get(show))
        .route("/hub/access/staff/{staff}/end", post(end_account))
        .route("/hub/access/keys/{key}/revoke", post(revoke_key))
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    staff_id: Uuid,
    name: String,
    email: String,
    role: String,
    team: String,
    signed_in_at: Option<DateTime<Utc>>,
}

async fn show(State(portal): State<Portal>, AccessKeeper(staff): AccessKeeper, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let now = portal.now();
    let mut reader = portal.db.read().await?;
    let rows: Vec<AccountRow> = sql("select w.staff_id, w.name, w.email, w.role, w.team, \
           (select max(s.started_at) from staff_sessions s where s.staff_id = w.staff_id) as signed_in_at \
         from staff w where w.disabled_at is null order by w.team, w.name limit 500")
    .fetch_all(&mut reader)
    .await?;
    let accounts = rows
        .into_iter()
        .map(|row| {
            Ok(AccountLine {
                id: StaffId(row.staff_id),
                name: row.name,
                email: row.email,
                role: StaffRole::from_code(&row.role).ok_or_else(|| DbError::inconsistent("staff.role"))?,
                team: row.team,
                used: row
                    .signed_in_at
                    .map_or("Has never signed in".into(), |at| format!("Last signed in on {}", london::moment_in_words(at))),
                may_end: row.staff_id != staff.staff.0,
            })
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    let keys = feed::list(&mut reader)
        .await?
        .into_iter()
        .filter(|key| key.revoked_at.is_none() && key.expires_at > now)
        .map(|key| KeyLine {
            life: format!("Works until {}", london::moment_in_words(key.expires_at)),
            used: key.last_used_at.map_or("Never used".into(), |at| format!("Last used on {}", london::moment_in_words(at))),
            id: key.key_id,
            name: key.name,
            scopes: key.scopes,
        })
        .collect();
    drop(reader);
    let done = (query.as_deref() == Some("ended")).then_some("Ended. It is on record.");
    Ok(portal
        .staff_page(&staff, "Access")
        .here(paths::HUB_ACCESS)
        .show(move || view! { <AccessPage accounts=accounts keys=keys done=done/> }))
}

fn ended() -> Response {
    Redirect::to(&format!("{}?ended", paths::HUB_ACCESS)).into_response()
}

async fn end_account(State(portal): State<Portal>, AccessKeeper(staff): AccessKeeper, Path(id): Path<String>) -> Result<Response, Error> {
    let id: StaffId = id.parse().map_err(|_| Error::NotFound)?;
    if id == staff.staff {
        return Err(Error::NotFound); // nobody locks themselves out
    }
    let mut tx = portal.db.write().await?;
    let (known,): (i64,) = sql("select count(*) from staff where staff_id = $1").bind(id).fetch_one(&mut tx).await?;
    if known == 0 {
        return Err(Error::NotFound);
    }
    end(&portal, &mut tx, id, Actor::Staff(staff.staff), portal.now()).await?;
    tx.commit().await?;
    Ok(ended())
}

/// Ends an account: no sign-in, no session, and nothing they held is left without anybody. False when it
/// had ended before.
pub async fn end(portal: &Portal, tx: &mut Tx, staff: StaffId, by: Actor, now: DateTime<Utc>) -> Result<bool, DbError> {
    let ended =
        sql("update staff set disabled_at = $2 where staff_id = $1 and disabled_at is null").bind(staff).bind(now).execute(tx).await?;
    if ended == 0 {
        return Ok(false);
    }
    end_sessions(tx, staff, now).await?;
    let held: Vec<(String,)> = sql("select reference from support_requests where staff_id = $1 and state in ('claimed', 'replied')")
        .bind(staff)
        .fetch_all(tx)
        .await?;
    for (reference,) in held {
        let reference = Reference::parse(&reference).ok_or_else(|| DbError::inconsistent("support_requests.reference"))?;
        let Some(request) = requests::by_reference(portal, tx, &reference).await? else { continue };
        // An answered one is looked at anew: somebody must know the person when they write again.
        let due = if request.state.is_owed() { request.due } else { triage::due(request.tier, now) };
        requests::save_state(tx, &request, RequestState::Waiting { since: now }, due).await?;
        audit::append(tx, now, Entry::new(by.clone(), Act::RequestReleased, request.person, request.id)).await?;
    }
    audit::append(tx, now, Entry::new(by, Act::StaffDisabled, None, staff)).await?;
    Ok(true)
}

/// Signs a member of staff out everywhere, half-finished sign-ins included.
pub async fn end_sessions(tx: &mut Tx, staff: StaffId, now: DateTime<Utc>) -> Result<(), DbError> {
    for statement in [
        "update staff_sessions set ended_at = $2 where staff_id = $1 and ended_at is null",
        "update staff_challenges set used_at = $2 where staff_id = $1 and used_at is null",
    ] {
        sql(statement).bind(staff).bind(now).execute(tx).await?;
    }
    Ok(())
}

async fn revoke_key(State(portal): State<Portal>, AccessKeeper(staff): AccessKeeper, Path(key): Path<String>) -> Result<Response, Error> {
    if !(key.len() == 8 && key.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(Error::NotFound);
    }
    let mut tx = portal.db.write().await?;
    let (known,): (i64,) = sql("select count(*) from machine_keys where key_id = $1").bind(key.as_str()).fetch_one(&mut tx).await?;
    if known == 0 {
        return Err(Error::NotFound);
    }
    // One that works no more is ended already: the second of two clicks.
    feed::revoke(&mut tx, &key, Actor::Staff(staff.staff), portal.now()).await?;
    tx.commit().await?;
    Ok(ended())
}
