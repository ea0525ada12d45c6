//! The hub's pages about one person: who they are to which case, how they may be contacted, and where
//! a way in for them begins; the invitation itself is in `hub_invitations`.

use crate::domain::ids::PersonId;
use crate::domain::joining::IdentityCheck;
use crate::govuk::{BackLink, Button, Choice, Entered, ErrorSummary, NotificationBanner, Radios, SummaryRow, WarningText};
use crate::pages::hub::HubPerson;
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct NotJoinedLine {
    pub id: PersonId,
    pub name: String,
    /// `Victim in case 7F3A21BC`
    pub cases: String,
    pub known_since: String,
    pub invitation: String,
}

#[component]
pub fn PeoplePage(people: Vec<NotJoinedLine>) -> impl IntoView {
    let none = people.is_empty();
    let lines: Vec<_> = people
        .into_iter()
        .map(|line| {
            view! {
                <li class="hub-task">
                    <p class="govuk-body"><strong><a class="govuk-link" href=paths::hub_person(line.id)>{line.name}</a></strong></p>
                    <p class="govuk-body-s">{line.cases} ". Known since " {line.known_since} ". Invitation: " {line.invitation} "."</p>
                </li>
            }
        })
        .collect();
    view! {
        <h1 class="govuk-heading-l">"People who have not joined"</h1>
        <p class="govuk-body">"Newest first, at most 100. Invite somebody only when you know that it is safe for them."</p>
        {if none {
            view! { <p class="govuk-body">"Everybody we know has joined."</p> }.into_any()
        } else {
            view! { <ul class="hub-tasks">{lines}</ul> }.into_any()
        }}
    }
}

#[derive(Clone, Debug)]
pub struct RepresentativeLine {
    pub id: PersonId,
    pub name: String,
    pub purpose: &'static str,
    pub until: String,
}

#[derive(Clone, Debug)]
pub struct PersonView {
    pub person: HubPerson,
    pub cases: Vec<String>,
    pub joined: bool,
    /// That it is not in the reader's work, and until when it is open.
    pub outside: Option<String>,
    /// What became of the newest invitation.
    pub invitation: String,
    /// Who acts for them now.
    pub representatives: Vec<RepresentativeLine>,
    /// Is there a case in which somebody could act for them?
    pub may_have_one: bool,
    /// `an email address, from 24 November 2026 at 9am`: changes that are held.
    pub held: Vec<String>,
    pub done: Option<&'static str>,
}

#[component]
pub fn PersonPage(view: PersonView, entered: Entered) -> impl IntoView {
    let id = view.person.id;
    let checks: Vec<Choice> = IdentityCheck::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    let channels: Vec<_> = view.person.channels.into_iter().map(|(name, chosen)| view! { <SummaryRow key=name value=chosen/> }).collect();
    let cases = if view.cases.is_empty() { "None".to_owned() } else { view.cases.join("\n") };
    let (heading, advice, button) = if view.joined {
        (
            "Help them sign in again",
            "A new invitation lets them choose a new email address and PIN. Their old ones stop working once they have. Every device is signed out then.",
            "Make a new invitation",
        )
    } else {
        ("Invite them", "They choose an email address that is safe and a PIN that only they know.", "Make an invitation")
    };
    view! {
        <BackLink href=paths::HUB_PEOPLE.into()/>
        <ErrorSummary entered=entered.clone()/>
        {view.done.map(|text| view! { <NotificationBanner text=text/> })}
        {view.outside.map(|text| view! { <WarningText text=text/> })}
        <h1 class="govuk-heading-l">{view.person.name}</h1>
        {view.person.paused.map(|since| view! { <WarningText text=format!("Do not contact them. They stopped all messages on {since}.")/> })}
        <dl class="govuk-summary-list">
            <SummaryRow key="Cases" value=cases/>
            <SummaryRow key="Has joined" value=if view.joined { "Yes" } else { "No" }/>
            <SummaryRow key="Invitation" value=view.invitation/>
            <SummaryRow key="Wants to hear by" value=view.person.preferred/>
            {channels}
            <SummaryRow key="Language" value=view.person.language/>
            <SummaryRow key="Needs" value=view.person.communication/>
        </dl>
        {view.may_have_one.then(|| {
            let lines: Vec<_> = view.representatives.into_iter().map(|line| view! {
                <li><a class="govuk-link" href=paths::hub_person(line.id)>{line.name}</a>", " {line.purpose} ", until " {line.until}</li>
            }).collect();
            view! {
                <h2 class="govuk-heading-m">"Who acts for them"</h2>
                {if lines.is_empty() {
                    view! { <p class="govuk-body">"Nobody."</p> }.into_any()
                } else {
                    view! { <ul class="govuk-list govuk-list--bullet">{lines}</ul> }.into_any()
                }}
                <p class="govuk-body"><a class="govuk-link" href=paths::hub_representative(id)>"Add somebody who acts for them"</a></p>
            }
        })}
        {(!view.held.is_empty()).then(|| {
            let confirmed: Vec<Choice> = IdentityCheck::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
            view! {
                <h2 class="govuk-heading-m">"A change that waits"</h2>
                <p class="govuk-body">"They gave us " {view.held.join(" and ")} ". Ask them if they did it themselves: on a number from before, or in person."</p>
                <form method="post" action=paths::hub_confirm(id) novalidate>
                    <Radios entered=entered.clone() name="confirmed" label="How did you make sure that it was them?" choices=confirmed/>
                    <Button text="Let it count now" kind="secondary"/>
                </form>
                <p class="govuk-body">"If they did not do it, stop it, sign them out everywhere, and make a new invitation: somebody knows their PIN."</p>
                <form method="post" action=paths::hub_stop_change(id)><Button text="Stop this change" kind="secondary"/></form>
            }
        })}
        {view.joined.then(|| view! {
            <h2 class="govuk-heading-m">"If somebody else has their phone"</h2>
            <p class="govuk-body">"Sign them out on every device. Their PIN and their address stay as they are."</p>
            <form method="post" action=paths::hub_sign_out_person(id)><Button text="Sign them out everywhere" kind="secondary"/></form>
        })}
        <h2 class="govuk-heading-m">{heading}</h2>
        <p class="govuk-body">{advice}</p>
        <form method="post" action=paths::hub_invite(id) novalidate>
            <Radios
                entered=entered
                name="checked"
                label="How did you make sure who this person is?"
                hint="Never by a date of birth, an address or a case number: a partner or a suspect knows those too."
                choices=checks
            />
            <Button text=button/>
        </form>
        <p class="govuk-body">
            "That makes a letter to print. Or, if they told you that only they read their inbox: "
            <a class="govuk-link" href=paths::hub_email_link(id)>"Email the link"</a>
        </p>
    }
}
