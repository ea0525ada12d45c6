//! Signing in with a code and a PIN; with a passkey: [`super::passkeys`]. Nothing here can tell whether an account exists.

use crate::forms::FormName;
use crate::govuk::{Button, Details, Entered, ErrorSummary, Heading, TextInput};
use crate::islands::LiveCheck;
use crate::pages::HubContact;
use crate::pages::passkeys::PasskeyOffer;
use crate::paths;
use leptos::prelude::*;

/// `passkeys`: the host that passkeys are for, where the portal can offer them.
#[component]
pub fn SignInPage(entered: Entered, hub: HubContact, passkeys: Option<String>) -> impl IntoView {
    view! {
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::SIGN_IN novalidate data-check=FormName::SignIn.code()>
                <h1 class="govuk-heading-l">"Sign in"</h1>
                <p class="govuk-body">"You need two things: a code that we send you, and the PIN that you chose."</p>
                <TextInput
                    entered=entered
                    name="identifier"
                    label="Email address or mobile number"
                    hint="The one you gave us when you joined."
                    autocomplete="username"
                    width="govuk-input--width-20"
                />
                <LiveCheck/>
                <Button text="Continue"/>
            </form>
            {passkeys.map(|host| view! { <PasskeyOffer host=host/> })}
            <Details summary="I cannot sign in, or it is not safe to">
                <p class="govuk-body">
                    "Call us on " {hub.phone.clone()} ". We are open " {hub.hours.clone()} ". You can also "
                    <a class="govuk-link" href=paths::SUPPORT_NEW>"ask for support without signing in"</a> "."
                </p>
            </Details>
        </div></div>
    }
}

/// `spent`: this code cannot be used any more, whatever is typed.
#[component]
pub fn SignInCodePage(entered: Entered, hub: HubContact, spent: bool) -> impl IntoView {
    view! {
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            {if spent {
                view! {
                    <h1 class="govuk-heading-l">"Get a new code"</h1>
                    <p class="govuk-body">"That code cannot be used any more. Codes last 10 minutes and can be tried 5 times."</p>
                    <p class="govuk-body"><a class="govuk-button" href=paths::SIGN_IN>"Start again"</a></p>
                }.into_any()
            } else {
                view! {
                    <form method="post" action=paths::SIGN_IN_CODE novalidate data-check=FormName::SignInCode.code()>
                        <h1 class="govuk-heading-l">"Check your messages"</h1>
                        <p class="govuk-body">
                            "If we know you, and you told us it is safe, we have sent you a code. It lasts 10 minutes."
                        </p>
                        <TextInput
                            entered=entered.clone()
                            name="code"
                            label="6-digit code"
                            heading=Heading::None
                            inputmode="numeric"
                            autocomplete="one-time-code"
                            width="govuk-input--width-10"
                            keep=false
                        />
                        <TextInput
                            entered=entered
                            name="pin"
                            label="Your PIN"
                            hint="The 6 to 12 digits that only you know. We will never ask you for it by phone or message."
                            kind="password"
                            inputmode="numeric"
                            autocomplete="current-password"
                            width="govuk-input--width-10"
                            keep=false
                        />
                        <LiveCheck/>
                        <Button text="Sign in"/>
                    </form>
                }.into_any()
            }}
            <Details summary="The code has not come">
                <p class="govuk-body">
                    "It can take a few minutes. You can " <a class="govuk-link" href=paths::SIGN_IN>"ask for a new code"</a>
                    ". If it still does not come, call us on " {hub.phone.clone()} ". We are open " {hub.hours.clone()} "."
                </p>
            </Details>
        </div></div>
    }
}

#[component]
pub fn SignedOutPage() -> impl IntoView {
    view! {
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"You are signed out"</h1>
            <p class="govuk-body">"Nobody can read your pages on this device without a new code and your PIN."</p>
            <p class="govuk-body"><a class="govuk-link" href=paths::SIGN_IN>"Sign in again"</a></p>
        </div></div>
    }
}
