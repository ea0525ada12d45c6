//! The link of an invitation by email: to one inbox, of which the person said, alone with staff, that only
//! they read it. The address is kept sealed with the invitation until the mail is sent, or the invitation
//! ends; it is no contact point, and no other notice ever goes there.
//!
//! Whether it may go is asked when the invitation is made and again when it is sent: [`may_be_mailed`].

use super::store::{self, MOST_TRIES};
use crate::account::security;
use crate::contact;
use crate::db::{Connection, DbError, Tx, sql};
use crate::portal::Portal;
use crate::vault::Field;
use app::domain::contact::{Channel, SafeContact};
use app::domain::ids::PersonId;
use app::domain::joining::OwnInbox;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Why nothing is mailed to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMail {
    /// They stopped all messages.
    Stopped,
    /// They said that email is not safe.
    NotSafe,
}

pub async fn may_be_mailed(on: &mut impl Connection, person: PersonId, inbox: &OwnInbox) -> Result<Result<SafeContact, NoMail>, DbError> {
    if security::paused(on, person).await?.is_some() {
        return Ok(Err(NoMail::Stopped));
    }
    let grants = contact::store::grants(on, person).await?;
    let email = grants.iter().find(|grant| grant.channel == Channel::Email);
    Ok(email.and_then(|grant| grant.safe_contact_for_link(inbox).ok()).ok_or(NoMail::NotSafe))
}

/// A link that has not been mailed yet.
pub struct Waiting {
    pub inbox: OwnInbox,
    pub link: String,
    pub until: DateTime<Utc>,
}

/// What is to be mailed for this invitation; nothing once it has ended.
pub async fn waiting(
    portal: &Portal,
    on: &mut impl Connection,
    invitation: Uuid,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<Option<Waiting>, DbError> {
    let row: Option<(String, DateTime<Utc>)> = sql("select mail_to, expires_at from invitations \
         where invitation_id = $1 and person_id = $2 and mail_to is not null \
           and used_at is null and replaced_at is null and expires_at > $3 and tries < $4")
    .bind(invitation)
    .bind(person)
    .bind(now)
    .bind(MOST_TRIES)
    .fetch_optional(on)
    .await?;
    let Some((sealed, until)) = row else { return Ok(None) };
    let key = portal.keys.vault.key(on, person.0).await?;
    let inbox = OwnInbox::kept(key.open(Field::InvitationMailTo, invitation, &sealed)?);
    Ok(Some(Waiting { inbox, link: store::link(portal, invitation), until }))
}

/// It was sent, or it never will be: the address goes.
pub async fn settled(tx: &mut Tx, invitation: Uuid, sent: Option<DateTime<Utc>>) -> Result<(), DbError> {
    sql("update invitations set mail_to = null, mailed_at = coalesce($2, mailed_at) where invitation_id = $1")
        .bind(invitation)
        .bind(sent)
        .execute(tx)
        .await
        .map(drop)
}
