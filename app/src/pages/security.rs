//! Who is in, who has looked, and how to make it stop.

use crate::domain::ids::RepresentationId;
use crate::govuk::{BackLink, Button, Entered, ErrorSummary, InsetText, NotificationBanner, SummaryRow, TextInput, WarningText};
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct SecurityView {
    pub sessions: Vec<SessionLine>,
    pub looks: Vec<LookLine>,
    pub representatives: Vec<ActsForYou>,
    /// What became of passkeys, newest first.
    pub passkeys: Vec<PasskeyEvent>,
    /// Since when nothing is sent.
    pub paused: Option<String>,
    pub done: Option<&'static str>,
    /// Must what opens a way again ask for the PIN?
    pub ask_pin: bool,
}

/// A place where this person is signed in. Devices have no names: a name can be made up to frighten.
#[derive(Clone, Debug)]
pub struct SessionLine {
    pub this_one: bool,
    pub began: String,
    pub last_used: String,
}

/// A passkey came or went. A removed one still shows here: whoever added it may have hidden it.
#[derive(Clone, Debug)]
pub struct PasskeyEvent {
    pub what: &'static str,
    pub when: String,
}

/// Somebody who acts for this person.
#[derive(Clone, Debug)]
pub struct ActsForYou {
    pub id: RepresentationId,
    pub name: String,
    pub purpose: &'static str,
    pub scope: String,
    pub until: String,
}

/// Somebody at the hub opened something of this person's.
#[derive(Clone, Debug)]
pub struct LookLine {
    pub who: String,
    pub what: &'static str,
    pub when: String,
}

#[component]
pub fn SecurityPage(view: SecurityView, entered: Entered) -> impl IntoView {
    let sessions: Vec<_> = view
        .sessions
        .into_iter()
        .map(|line| {
            view! {
                <li>
                    {if line.this_one { "Here, since " } else { "Somewhere else, since " }}
                    {line.began} ". Last used " {line.last_used} "."
                </li>
            }
        })
        .collect();
    let looks: Vec<_> = view.looks.into_iter().map(|line| view! { <li>{line.when} ": " {line.who} " " {line.what} "."</li> }).collect();
    let nobody = looks.is_empty();
    let passkeys: Vec<_> = view.passkeys.into_iter().map(|line| view! { <li>{line.what} " on " {line.when} "."</li> }).collect();
    view! {
        <ErrorSummary entered=entered.clone()/>
        {view.done.map(|text| view! { <NotificationBanner text=text/> })}
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Keep it safe"</h1>

            <h2 class="govuk-heading-m">"Stop all messages"</h2>
            {match view.paused {
                Some(since) => view! {
                    <WarningText text=format!("All messages are stopped, since {since}. We send you nothing and call you about nothing, until you start them again.")/>
                    <p class="govuk-body">"You can still sign in. Your code comes only when you ask for it."</p>
                    <form method="post" action=paths::SECURITY_RESUME novalidate>
                        {view.ask_pin.then(|| view! {
                            <TextInput
                                entered=entered.clone() name="pin" label="Your PIN" hint="We ask so that nobody else can start them again."
                                kind="password" inputmode="numeric" autocomplete="current-password" width="govuk-input--width-10" keep=false
                            />
                        })}
                        <Button text="Start messages again"/>
                    </form>
                }.into_any(),
                None => view! {
                    <p class="govuk-body">"If it is not safe to hear from us now, stop everything with one tap. You can start again at any time."</p>
                    <form method="post" action=paths::SECURITY_PAUSE><Button text="Stop all messages" kind="secondary"/></form>
                }.into_any(),
            }}

            <h2 class="govuk-heading-m">"Where you are signed in"</h2>
            <ul class="govuk-list govuk-list--bullet">{sessions}</ul>
            <p class="govuk-body">"If you do not know one of these, sign out everywhere. Then call us: somebody may know your PIN."</p>
            <form method="post" action=paths::SECURITY_SIGN_OUT><Button text="Sign out everywhere" kind="secondary"/></form>

            {(!view.representatives.is_empty()).then(|| {
                let lines: Vec<_> = view.representatives.into_iter().map(|line| {
                    let name = line.name.clone();
                    view! {
                        <dl class="govuk-summary-list">
                            <SummaryRow key="Name" value=line.name/>
                            <SummaryRow key="Who they are" value=line.purpose/>
                            <SummaryRow key="What they can do" value=line.scope/>
                            <SummaryRow key="Until" value=line.until/>
                        </dl>
                        <form method="post" action=paths::security_end_representation(line.id)>
                            <button type="submit" class="govuk-button govuk-button--secondary">
                                "End this now"<span class="govuk-visually-hidden">": " {name}</span>
                            </button>
                        </form>
                    }
                }).collect();
                view! {
                    <h2 class="govuk-heading-m">"Who acts for you"</h2>
                    <p class="govuk-body">"You asked us to let them. They cannot see your messages, what you asked us, or how we contact you."</p>
                    {lines}
                }
            })}

            <h2 class="govuk-heading-m">"Your PIN"</h2>
            <p class="govuk-body">
                "If somebody may know it, "<a class="govuk-link" href=paths::SECURITY_PIN>"choose a new PIN"</a>"."
            </p>

            <h2 class="govuk-heading-m">"Passkeys"</h2>
            {(!passkeys.is_empty()).then(|| view! { <ul class="govuk-list govuk-list--bullet">{passkeys}</ul> })}
            <p class="govuk-body">
                "A passkey lets you sign in with what unlocks your phone. "
                <a class="govuk-link" href=paths::PASSKEYS>"See your passkeys"</a>"."
            </p>

            <h2 class="govuk-heading-m">"Who has looked at your record"</h2>
            {if nobody {
                view! { <p class="govuk-body">"Nobody at the hub has opened your record yet."</p> }.into_any()
            } else {
                view! {
                    <p class="govuk-body">"Staff at the hub open your record to help you. Each time is written down."</p>
                    <ul class="govuk-list govuk-list--bullet">{looks}</ul>
                }.into_any()
            }}
            <InsetText>"If somebody looked who should not have, tell us. We will find out why."</InsetText>
        </div></div>
    }
}

#[component]
pub fn ChangePinPage(entered: Entered) -> impl IntoView {
    let field = |name: &'static str, label: &'static str, hint: &'static str, autocomplete: &'static str| {
        let entered = entered.clone();
        view! {
            <TextInput
                entered=entered name=name label=label hint=hint kind="password" inputmode="numeric" autocomplete=autocomplete
                width="govuk-input--width-10" keep=false
            />
        }
    };
    view! {
        <BackLink href=paths::SECURITY.into()/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::SECURITY_PIN novalidate>
                <h1 class="govuk-heading-l">"Choose a new PIN"</h1>
                <p class="govuk-body">"Everywhere else you are signed out then. Nobody is told."</p>
                <p class="govuk-body">
                    "A new PIN does not stop a passkey. "<a class="govuk-link" href=paths::PASSKEYS>"See your passkeys"</a>
                    ", and remove any that is not yours."
                </p>
                {field("pin", "The PIN you have now", "If you have forgotten it, call us.", "current-password")}
                {field("new_pin", "New PIN", "6 to 12 digits that nobody who knows you would guess.", "new-password")}
                {field("pin_again", "The same new PIN again", "So that it has no slip in it.", "new-password")}
                <Button text="Save the new PIN"/>
            </form>
        </div></div>
    }
}
