//! Every address of the portal. An address never says what happened to anyone.

use crate::domain::contact::Channel;
use crate::domain::conversation::ThreadKey;
use crate::domain::ids::{CaseId, FileId, OpeningId, PasskeyId, PersonId, Reference, RepresentationId, StaffId, TaskId};
use crate::domain::staff::HubPage;
use crate::forms::support::Step;

pub const FRONT: &str = "/";
pub const HELP: &str = "/help";
pub const RIGHTS: &str = "/help/rights";
pub const SERVICES: &str = "/help/services";
pub const ACCESSIBILITY: &str = "/accessibility";
pub const PRIVACY: &str = "/privacy";
pub const EXIT: &str = "/exit";

pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_IN_CODE: &str = "/sign-in/code";
pub const SIGN_IN_PASSKEY: &str = "/sign-in/passkey";
pub const SIGN_IN_PASSKEY_START: &str = "/sign-in/passkey/start";
pub const SIGN_OUT: &str = "/sign-out";

pub const JOIN_WHO_SEES: &str = "/join/you";
pub const JOIN_WAY_IN: &str = "/join/pin";

pub const HOME: &str = "/home";
pub const CONTACT: &str = "/contact";
pub const CONTACT_PREFERENCES: &str = "/contact/preferences";
pub const SECURITY: &str = "/security";
pub const SECURITY_SIGN_OUT: &str = "/security/sign-out";
pub const SECURITY_PIN: &str = "/security/pin";
pub const PASSKEYS: &str = "/security/passkeys";
pub const PASSKEY_NEW: &str = "/security/passkeys/new";
pub const PASSKEY_MAKE: &str = "/security/passkeys/make";
pub const SECURITY_PAUSE: &str = "/security/pause";
pub const SECURITY_RESUME: &str = "/security/resume";
pub const SUPPORT: &str = "/support";
pub const SUPPORT_NEW: &str = "/support/new";
pub const SUPPORT_DANGER: &str = "/support/new/danger";
pub const SUPPORT_CHECK: &str = "/support/new/check";
pub const SUPPORT_SENT: &str = "/support/new/sent";

/// What a person has sent.
pub const FILES: &str = "/files";

pub const HUB: &str = "/hub";
pub const HUB_PEOPLE: &str = "/hub/people";
pub const HUB_OPENINGS: &str = "/hub/openings";
pub const HUB_ACCESS: &str = "/hub/access";
pub const HUB_PASSWORD: &str = "/hub/password";
pub const HUB_SIGN_IN: &str = "/hub/sign-in";
pub const HUB_SIGN_ON: &str = "/hub/sign-in/organisation";
pub const HUB_SIGN_ON_RETURN: &str = "/hub/sign-in/organisation/return";
pub const HUB_SIGN_OUT: &str = "/hub/sign-out";

#[must_use]
pub fn case(id: CaseId) -> String {
    format!("/cases/{id}")
}

#[must_use]
pub fn case_messages(id: CaseId) -> String {
    format!("/cases/{id}/messages")
}

/// Where a conversation is.
#[must_use]
pub fn thread(key: &ThreadKey) -> String {
    match key {
        ThreadKey::Case(id) => case_messages(*id),
        ThreadKey::Request(reference) => support(reference),
    }
}

/// Where a file is sent with a message.
#[must_use]
pub fn send_file(key: &ThreadKey) -> String {
    match key {
        ThreadKey::Case(id) => format!("/cases/{id}/files"),
        ThreadKey::Request(reference) => format!("/support/{reference}/files"),
    }
}

#[must_use]
pub fn hub_file(reference: &Reference, file: FileId) -> String {
    format!("/hub/requests/{reference}/files/{file}")
}

#[must_use]
pub fn contact(channel: Channel) -> String {
    format!("/contact/{}", channel.code())
}

#[must_use]
pub fn contact_stop(channel: Channel) -> String {
    format!("/contact/{}/stop", channel.code())
}

#[must_use]
pub fn hub_representative(person: PersonId) -> String {
    format!("/hub/people/{person}/representative")
}

#[must_use]
pub fn security_end_representation(id: RepresentationId) -> String {
    format!("/security/representatives/{id}/end")
}

#[must_use]
pub fn passkey_remove(id: PasskeyId) -> String {
    format!("/security/passkeys/{id}/remove")
}

#[must_use]
pub fn hub_stop_change(person: PersonId) -> String {
    format!("/hub/people/{person}/stop-change")
}

#[must_use]
pub fn hub_sign_out_person(person: PersonId) -> String {
    format!("/hub/people/{person}/sign-out")
}

#[must_use]
pub fn hub_confirm(person: PersonId) -> String {
    format!("/hub/people/{person}/confirm")
}

#[must_use]
pub fn support(reference: &Reference) -> String {
    format!("/support/{reference}")
}

#[must_use]
pub fn support_step(step: Step) -> String {
    format!("/support/new/{}", step.slug())
}

#[must_use]
pub fn hub_request(reference: &Reference) -> String {
    format!("/hub/requests/{reference}")
}

/// `act` is one of `open`, `claim`, `release`, `reply`, `note`, `close`.
#[must_use]
pub fn hub_act(reference: &Reference, act: &str) -> String {
    format!("/hub/requests/{reference}/{act}")
}

#[must_use]
pub fn hub_person(person: PersonId) -> String {
    format!("/hub/people/{person}")
}

#[must_use]
pub fn hub_invite(person: PersonId) -> String {
    format!("/hub/people/{person}/invite")
}

/// Where an invitation's link is sent by email.
#[must_use]
pub fn hub_email_link(person: PersonId) -> String {
    format!("/hub/people/{person}/email")
}

/// Where a reason is given for opening what is not one's work.
#[must_use]
pub fn hub_open_person(person: PersonId) -> String {
    format!("/hub/people/{person}/open")
}

#[must_use]
pub fn hub_page(page: HubPage) -> &'static str {
    match page {
        HubPage::Queue => HUB,
        HubPage::People => HUB_PEOPLE,
        HubPage::Openings => HUB_OPENINGS,
        HubPage::Access => HUB_ACCESS,
    }
}

#[must_use]
pub fn hub_judge(opening: OpeningId) -> String {
    format!("/hub/openings/{opening}/judge")
}

#[must_use]
pub fn hub_end_access(staff: StaffId) -> String {
    format!("/hub/access/staff/{staff}/end")
}

#[must_use]
pub fn hub_revoke_key(key_id: &str) -> String {
    format!("/hub/access/keys/{key_id}/revoke")
}

/// The secret link on an invitation.
#[must_use]
pub fn join(token: &str) -> String {
    format!("/join/{token}")
}

#[must_use]
pub fn hub_task_done(task: TaskId) -> String {
    format!("/hub/tasks/{task}/done")
}
