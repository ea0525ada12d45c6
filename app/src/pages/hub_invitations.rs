//! The hub's pages of an invitation: a letter with the link, or the link by email, and always a word to
//! say. Link and word are shown once, to whoever made them; an address that was typed is never shown.

use crate::domain::ids::PersonId;
use crate::domain::joining::IdentityCheck;
use crate::govuk::{BackLink, Button, Checkboxes, Choice, Entered, ErrorSummary, InsetText, Radios, TextInput, WarningText};
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct InvitationView {
    pub person: PersonId,
    pub name: String,
    pub link: String,
    /// The link as a QR code: how many squares wide, and the dark ones as an SVG path.
    pub square: Option<(usize, String)>,
    pub word: String,
    pub until: String,
    pub hub_phone: String,
}

/// Shown once. What is printed is the letter alone: the word never goes with the link.
#[component]
pub fn InvitationPage(view: InvitationView) -> impl IntoView {
    view! {
        <div class="portal-screen-only">
            <BackLink href=paths::hub_person(view.person)/>
            <h1 class="govuk-heading-l">"Invitation for " {view.name}</h1>
            <WarningText text="This page is shown once. An older invitation does not work any more."/>
            <h2 class="govuk-heading-m">"Say this word to them"</h2>
            <p class="govuk-body">"By phone or in person. Do not write it in the letter, and do not send it."</p>
            <p class="hub-word">{view.word}</p>
            <p class="govuk-body">"Five wrong words end the invitation. It can be used until " {view.until.clone()} "."</p>
            <h2 class="govuk-heading-m">"Give them this letter"</h2>
            <p class="govuk-body">"Print this page: only the letter is printed. Hand it over, or post it only if they said that post is safe."</p>
        </div>
        <div class="hub-letter">
            <p class="govuk-body">"Hello,"</p>
            <p class="govuk-body">"You can read updates and messages online, when it suits you. To start, open this address on a phone or computer that is safe for you:"</p>
            <p class="govuk-body hub-letter__link">{view.link}</p>
            {view.square.map(|(width, path)| view! {
                <svg class="hub-letter__square" viewBox=format!("-4 -4 {0} {0}", width + 8) role="img" aria-label="The same address, for a phone camera">
                    <path d=path/>
                </svg>
            })}
            <p class="govuk-body">"You will be asked for a word. We tell you that word ourselves. The address works until " {view.until} "."</p>
            <p class="govuk-body">"If you have a question, call " {view.hub_phone} "."</p>
        </div>
        <div class="portal-screen-only">
            <InsetText>"The letter says nothing about what happened, and no name."</InsetText>
        </div>
    }
}

/// The form before a link is emailed.
#[component]
pub fn EmailLinkPage(person: PersonId, name: String, entered: Entered) -> impl IntoView {
    let checks: Vec<Choice> = IdentityCheck::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    view! {
        <BackLink href=paths::hub_person(person)/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l"><span class="govuk-caption-l">{name}</span>"Email the link"</h1>
            <WarningText text="Only when they asked for it, alone with you. Somebody close to them may read their email."/>
            <p class="govuk-body">"The email names nobody, and does not say who it is from or what it is about. You tell them the word by voice."</p>
            <form method="post" action=paths::hub_email_link(person) novalidate>
                <TextInput
                    entered=entered.clone()
                    name="email"
                    label="Email address that they told you"
                    hint="It is used for this one email and then deleted. They choose their own address when they join."
                    kind="email"
                    keep=false
                />
                <Checkboxes
                    entered=entered.clone()
                    name="alone"
                    label="Who reads it?"
                    choices=vec![Choice::new("yes", "They told me, alone with me, that only they read this inbox")]
                />
                <Radios
                    entered=entered
                    name="checked"
                    label="How did you make sure who this person is?"
                    hint="Never by a date of birth, an address or a case number: a partner or a suspect knows those too."
                    choices=checks
                />
                <Button text="Email the link"/>
            </form>
        </div></div>
    }
}

#[derive(Clone, Debug)]
pub struct EmailedView {
    pub person: PersonId,
    pub name: String,
    pub word: String,
    pub until: String,
}

/// Shown once. The link is in the email alone.
#[component]
pub fn EmailedPage(view: EmailedView) -> impl IntoView {
    view! {
        <BackLink href=paths::hub_person(view.person)/>
        <h1 class="govuk-heading-l">"Invitation for " {view.name}</h1>
        <WarningText text="This page is shown once. An older invitation does not work any more."/>
        <h2 class="govuk-heading-m">"Say this word to them"</h2>
        <p class="govuk-body">"By phone or in person. Do not send it."</p>
        <p class="hub-word">{view.word}</p>
        <p class="govuk-body">"Five wrong words end the invitation. It can be used until " {view.until} "."</p>
        <h2 class="govuk-heading-m">"The link is sent by email now"</h2>
        <p class="govuk-body">"Their page shows when it was sent. If it cannot be sent, a task in the queue tells you."</p>
        <InsetText>"The email has the link and nothing that tells what it is for. Without the word it opens nothing."</InsetText>
    }
}
