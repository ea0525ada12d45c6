//! Joining: the word, who else sees what, the way in. The same pages for an invitation that exists
//! and one that does not. Nothing says what the portal is about.

use crate::domain::joining::{Device, Inbox};
use crate::forms::FormName;
use crate::govuk::{Button, Choice, Details, Entered, ErrorSummary, Heading, InsetText, Radios, TextInput};
use crate::islands::LiveCheck;
use crate::pages::HubContact;
use crate::paths;
use leptos::prelude::*;

#[component]
fn NoWord(hub: HubContact) -> impl IntoView {
    view! {
        <Details summary="I do not have the word, or it does not work">
            <p class="govuk-body">
                "Call us on " {hub.phone} ". We are open " {hub.hours} ". We can make a new invitation."
            </p>
        </Details>
    }
}

/// `action` is the link itself.
#[component]
pub fn JoinPage(action: String, entered: Entered, hub: HubContact) -> impl IntoView {
    view! {
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=action novalidate data-check=FormName::JoinWord.code()>
                <h1 class="govuk-heading-l">"Join"</h1>
                <p class="govuk-body">"Use a phone or computer that is safe for you. You can leave at any time with the red button."</p>
                <TextInput
                    entered=entered
                    name="word"
                    label="The word that we told you"
                    hint="6 letters and numbers. We said it to you by phone or in person."
                    width="govuk-input--width-10"
                    keep=false
                />
                <LiveCheck/>
                <Button text="Continue"/>
            </form>
            <NoWord hub=hub/>
        </div></div>
    }
}

#[component]
pub fn JoinWhoSeesPage(entered: Entered, hub: HubContact) -> impl IntoView {
    let devices: Vec<Choice> = Device::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    let inboxes: Vec<Choice> = Inbox::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    view! {
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::JOIN_WHO_SEES novalidate data-check=FormName::JoinWhoSees.code()>
                <h1 class="govuk-heading-l">"Before you start"</h1>
                <p class="govuk-body">"We ask so that nobody else can read what is meant for you."</p>
                <Radios entered=entered.clone() name="device" label="Who uses this phone or computer?" choices=devices/>
                <Radios
                    entered=entered
                    name="inbox"
                    label="Who can read your email?"
                    hint="Think of somebody who knows your password, or has your old phone."
                    choices=inboxes
                />
                <LiveCheck/>
                <Button text="Continue"/>
            </form>
            <Details summary="I am worried about who sees this">
                <p class="govuk-body">
                    "You can stop now and join later, or from another device. Or call us on " {hub.phone} ". We are open " {hub.hours} "."
                </p>
            </Details>
        </div></div>
    }
}

/// What was said before decides what is advised here. `passkeys`: can the portal offer them?
#[component]
pub fn JoinWayInPage(device: Device, inbox: Inbox, entered: Entered, hub: HubContact, passkeys: bool) -> impl IntoView {
    let email_hint = match inbox {
        Inbox::JustMine => "We send a code there each time you sign in.",
        Inbox::Shared | Inbox::NotSure => {
            "You said that somebody else may read your email. Give another one, that only you can open. If you have none, call us: we will find another way."
        }
    };
    view! {
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::JOIN_WAY_IN novalidate data-check=FormName::JoinWayIn.code()>
                <h1 class="govuk-heading-l">"Your way in"</h1>
                <p class="govuk-body">"To sign in you need two things: a code that we email to you, and a PIN that only you know."</p>
                {(device != Device::JustMine).then(|| view! {
                    <InsetText>
                        "Somebody else may use this phone or computer. Do not let it save your PIN, and always leave with “Sign out” or “Exit this page”."
                    </InsetText>
                })}
                <TextInput
                    entered=entered.clone()
                    name="email"
                    label="Email address that only you can open"
                    hint=email_hint
                    kind="email"
                    autocomplete="email"
                    heading=Heading::None
                />
                <TextInput
                    entered=entered.clone()
                    name="pin"
                    label="Choose a PIN"
                    hint="6 to 12 digits. Not a birthday, and not a PIN that somebody else may know."
                    kind="password"
                    inputmode="numeric"
                    autocomplete="new-password"
                    width="govuk-input--width-10"
                    keep=false
                />
                <TextInput
                    entered=entered
                    name="pin_again"
                    label="The same PIN again"
                    kind="password"
                    inputmode="numeric"
                    autocomplete="new-password"
                    width="govuk-input--width-10"
                    keep=false
                />
                <LiveCheck/>
                <Button text="Send me a code"/>
            </form>
            {passkeys.then(|| view! {
                <p class="govuk-body">"Once you are in, you can also make a passkey, on the page “Keep it safe”. You do not need one."</p>
            })}
            <Details summary="I have no email that is safe">
                <p class="govuk-body">
                    "Call us on " {hub.phone} ". We are open " {hub.hours} ". We will find another way with you."
                </p>
            </Details>
        </div></div>
    }
}
