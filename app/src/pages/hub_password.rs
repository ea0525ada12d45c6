//! A colleague's own password.

use crate::govuk::{Button, Entered, ErrorSummary, NotificationBanner, TextInput};
use crate::paths;
use leptos::prelude::*;

#[component]
pub fn PasswordPage(entered: Entered, done: Option<&'static str>) -> impl IntoView {
    view! {
        <ErrorSummary entered=entered.clone()/>
        {done.map(|text| view! { <NotificationBanner text=text/> })}
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Your password"</h1>
            <p class="govuk-body">"Change it if somebody else may know it. It does not run out. If you have lost your authenticator app, ask whoever keeps accounts to make both anew."</p>
            <form method="post" action=paths::HUB_PASSWORD novalidate>
                <TextInput
                    entered=entered.clone() name="current_password" label="The password you have now" kind="password"
                    autocomplete="current-password" width="govuk-input--width-20" keep=false
                />
                <TextInput
                    entered=entered name="new_password" label="New password" kind="password" autocomplete="new-password"
                    hint="15 characters or more. Four words that do not belong together are good." width="govuk-input--width-20" keep=false
                />
                <Button text="Change password"/>
            </form>
        </div></div>
    }
}
