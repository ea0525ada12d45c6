//! Passkeys: the list of them, making one, signing in with one. What only the browser can do is done by
//! `public/passkey.js`: it shows what stands hidden here, where it can, and fills the field `credential`.
//! A passkey has no name: a name can be made up to frighten.

use crate::domain::ids::PasskeyId;
use crate::forms::{FieldErrors, Fields};
use crate::govuk::{BackLink, Button, Entered, ErrorSummary, Hidden, InsetText, NotificationBanner, SummaryRow, TextInput, WarningText};
use crate::pages::HubContact;
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct PasskeysView {
    pub passkeys: Vec<PasskeyLine>,
    /// Can the portal offer them at its address?
    pub offered: bool,
    pub done: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct PasskeyLine {
    pub id: PasskeyId,
    pub added: String,
    pub last_used: Option<String>,
}

/// What a browser is asked to sign, and the host that it is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    pub host: String,
    /// JSON.
    pub options: String,
}

#[component]
pub fn PasskeysPage(view: PasskeysView) -> impl IntoView {
    let none = view.passkeys.is_empty();
    let lines: Vec<_> = view
        .passkeys
        .into_iter()
        .map(|line| {
            let added = line.added.clone();
            view! {
                <dl class="govuk-summary-list">
                    <SummaryRow key="Added" value=line.added/>
                    <SummaryRow key="Last used" value=line.last_used.unwrap_or_else(|| "Not yet".to_owned())/>
                </dl>
                <form method="post" action=paths::passkey_remove(line.id)>
                    <button type="submit" class="govuk-button govuk-button--secondary">
                        "Remove"<span class="govuk-visually-hidden">" the passkey added " {added}</span>
                    </button>
                </form>
            }
        })
        .collect();
    view! {
        <BackLink href=paths::SECURITY.into()/>
        {view.done.map(|text| view! { <NotificationBanner text=text/> })}
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Your passkeys"</h1>
            <p class="govuk-body">"A passkey lets you sign in with what unlocks your phone or computer. You need no code and no PIN then."</p>
            {none.then(|| view! { <p class="govuk-body">"You have no passkeys."</p> })}
            {lines}
            {(!none).then(|| view! {
                <InsetText>"If you did not add one of these, remove it. Then call us: somebody may know your PIN."</InsetText>
            })}
            {if view.offered {
                view! { <p class="govuk-body"><a class="govuk-link" href=paths::PASSKEY_NEW>"Add a passkey"</a></p> }.into_any()
            } else {
                view! { <p class="govuk-body">"This site cannot offer passkeys. Use a code and your PIN."</p> }.into_any()
            }}
        </div></div>
    }
}

/// What the script hides where a passkey can be made.
#[component]
fn Cannot() -> impl IntoView {
    view! {
        <p class="govuk-body" data-passkey-cannot="true">
            "This browser cannot make a passkey, or scripts are switched off. You do not need one: a code and your PIN go on working."
        </p>
    }
}

/// The warning comes first, and the PIN is always asked for: a passkey opens everything from then on.
#[component]
pub fn NewPasskeyPage(host: String, entered: Entered) -> impl IntoView {
    view! {
        <BackLink href=paths::PASSKEYS.into()/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Add a passkey"</h1>
            <WarningText text="Whoever can unlock this phone or computer can get in with the passkey."/>
            <p class="govuk-body">"Do not make one if somebody else:"</p>
            <ul class="govuk-list govuk-list--bullet">
                <li>"knows the code of this phone or computer"</li>
                <li>"has their fingerprint or their face on it"</li>
                <li>"uses the same Apple, Google or Microsoft account: they may get the passkey too"</li>
            </ul>
            <p class="govuk-body">"If you are not sure, stay with a code and your PIN."</p>
            <Cannot/>
            <div hidden=true data-passkey-host=host>
                <form method="post" action=paths::PASSKEY_NEW novalidate>
                    <TextInput
                        entered=entered name="pin" label="Your PIN" hint="We ask so that nobody else can add one."
                        kind="password" inputmode="numeric" autocomplete="current-password" width="govuk-input--width-10" keep=false
                    />
                    <Button text="Continue"/>
                </form>
            </div>
        </div></div>
    }
}

fn not_made() -> Entered {
    Entered::new(Fields::default(), FieldErrors::one("main", "That did not work. No passkey was made. A code and your PIN go on working"))
}

/// Without a question the one that was asked has run out, or was answered.
#[component]
pub fn MakePasskeyPage(question: Option<Question>, refused: bool) -> impl IntoView {
    let entered = if refused { not_made() } else { Entered::default() };
    view! {
        <BackLink href=paths::PASSKEYS.into()/>
        <ErrorSummary entered=entered/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Make the passkey"</h1>
            {match question {
                Some(question) => view! {
                    <p class="govuk-body">"Your phone or computer asks you to unlock it. In its list of passkeys it is called “My account”."</p>
                    <Cannot/>
                    <div hidden=true data-passkey-host=question.host>
                        <form method="post" action=paths::PASSKEY_MAKE data-passkey="create" data-options=question.options>
                            <Hidden name="credential" value=String::new()/>
                            <Button text="Make the passkey"/>
                        </form>
                    </div>
                }.into_any(),
                None => view! {
                    <p class="govuk-body"><a class="govuk-link" href=paths::PASSKEY_NEW>"Start again"</a></p>
                }.into_any(),
            }}
        </div></div>
    }
}

/// On the sign-in page: there only where it can work. Nobody is named, so nothing can be told apart.
#[component]
pub fn PasskeyOffer(host: String) -> impl IntoView {
    view! {
        <div hidden=true data-passkey-host=host>
            <form method="post" action=paths::SIGN_IN_PASSKEY_START>
                <Button text="Sign in with a passkey" kind="secondary"/>
            </form>
        </div>
    }
}

/// Whatever was wrong, refused in the same words.
#[component]
pub fn PasskeySignInPage(host: String, question: Option<Question>, hub: HubContact) -> impl IntoView {
    let refused = question.is_none();
    let entered = if refused {
        Entered::new(Fields::default(), FieldErrors::one("main", "That did not work. Use a code and your PIN instead."))
    } else {
        Entered::default()
    };
    view! {
        <ErrorSummary entered=entered/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Sign in with a passkey"</h1>
            {match question {
                Some(question) => view! {
                    <p class="govuk-body">"Your phone or computer asks you to unlock it."</p>
                    <Cannot/>
                    <div hidden=true data-passkey-host=question.host>
                        <form method="post" action=paths::SIGN_IN_PASSKEY data-passkey="get" data-options=question.options>
                            <Hidden name="credential" value=String::new()/>
                            <Button text="Use my passkey"/>
                        </form>
                    </div>
                }.into_any(),
                None => view! { <PasskeyOffer host=host/> }.into_any(),
            }}
            <p class="govuk-body"><a class="govuk-link" href=paths::SIGN_IN>"Use a code and your PIN"</a></p>
            <p class="govuk-body">"If you cannot sign in, call us on " {hub.phone} ". We are open " {hub.hours} "."</p>
        </div></div>
    }
}
