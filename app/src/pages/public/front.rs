//! `/`: the one door. What this is, how to sign in, how to ask for help with no account.

use leptos::prelude::*;

use super::{Column, Danger, HubContact, TalkToUs};

/// The first page: every message we send leads here and nowhere deeper.
#[component]
pub fn FrontPage(
    /// Who answers when the reader would rather talk.
    hub: HubContact,
) -> impl IntoView {
    view! {
        <Column>
            <h1 class="govuk-heading-xl">"Support and updates"</h1>
            <p class="govuk-body-l">
                "This is for you if you have experienced a crime, or saw one."
            </p>
            <p class="govuk-body">
                "We are a team in the police. Our job is to support you and keep you up to date. \
                You can use this site for someone you care for, too, and it is free."
            </p>
            <Danger/>

            <h2 class="govuk-heading-m">"I have an account"</h2>
            <p class="govuk-body">
                "See your updates, your dates and your messages. Choose how and when we may \
                contact you."
            </p>
            <a class="govuk-button" href="/sign-in" draggable="false">"Sign in"</a>

            <h2 class="govuk-heading-m">"I don’t have an account"</h2>
            <p class="govuk-body">
                "You can still ask for help. It takes a few minutes. You choose how we reply. \
                You don’t have to write down what happened."
            </p>
            <a class="govuk-button govuk-button--secondary" href="/support/new" draggable="false">
                "Ask for help without an account"
            </a>

            <div class="govuk-inset-text">
                <h2 class="govuk-heading-s">"If you need to leave quickly"</h2>
                <p class="govuk-body">
                    "Press ‘Exit this page’. It is on every page. It takes you to another \
                    website and signs you out."
                </p>
                <p class="govuk-body govuk-!-margin-bottom-0">
                    "It does not remove this site from your history. "
                    <a class="govuk-link" href="/help#exit">"How to leave and hide your visit"</a>
                    "."
                </p>
            </div>

            <h2 class="govuk-heading-m">"Find out more"</h2>
            <div class="portal-card">
                <h3 class="govuk-heading-s">
                    <a class="govuk-link" href="/help">"Get help now"</a>
                </h3>
                <p class="govuk-body">"Who to call, and how to use this site safely."</p>
            </div>
            <div class="portal-card">
                <h3 class="govuk-heading-s">
                    <a class="govuk-link" href="/help/rights">"Your rights"</a>
                </h3>
                <p class="govuk-body">"What you should be told, and what help you should get."</p>
            </div>
            <div class="portal-card">
                <h3 class="govuk-heading-s">
                    <a class="govuk-link" href="/help/services">"People who can help"</a>
                </h3>
                <p class="govuk-body">"Phone lines with people who listen. Most are free."</p>
            </div>

            <TalkToUs hub/>
        </Column>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::tests::{check, html, hub};
    use super::*;

    #[test]
    fn the_one_door_opens_to_everyone() {
        let page = html(|| view! { <FrontPage hub=hub()/> });
        check(&page);
        for way in ["/sign-in", "/support/new", "/help", "/help#exit", "/help/rights", "/help/services"] {
            assert!(page.contains(&format!("href=\"{way}\"")), "{way}");
        }
        assert!(page.contains("tel:999") && page.contains("tel:01632960001"));
        assert!(page.contains("Monday to Friday, 8am to 8pm"));
    }
}
