//! `/accessibility`: what we aim at, what we have tested and what we have not.
//!
//! It claims only what the tests in `end2end/` show. When a claim changes, change it here too.

use leptos::prelude::*;

use super::{Column, HubContact, TalkToUs};

/// The accessibility statement.
#[component]
pub fn AccessibilityPage(
    /// Who to ask for another format.
    hub: HubContact,
    /// The day the statement was written, as people read it: `3 June 2026`.
    prepared: String,
    /// The day it was last checked against the site, as people read it.
    reviewed: String,
) -> impl IntoView {
    view! {
        <Column>
            <h1 class="govuk-heading-xl">"Accessibility"</h1>
            <p class="govuk-body-l">"We want everyone to be able to use this site."</p>
            <p class="govuk-body">"You should be able to:"</p>
            <ul class="govuk-list govuk-list--bullet">
                <li>"zoom in a lot and still read every word"</li>
                <li>"use it on a small or old phone"</li>
                <li>"use it with just a keyboard, or by voice"</li>
                <li>"listen to it with a screen reader"</li>
                <li>"use it with scripts turned off"</li>
            </ul>
            <p class="govuk-body">"We try to use short words and short sentences."</p>

            <h2 class="govuk-heading-m">"How well it works"</h2>
            <p class="govuk-body">
                "We aim to meet a standard called the Web Content Accessibility Guidelines 2.2, at \
                level AA. We have not had a full check, so we don’t say that we meet it all."
            </p>
            <p class="govuk-body">"What we have done:"</p>
            <ul class="govuk-list govuk-list--bullet">
                <li>"we test pages with a tool called axe, on a phone size and a large screen"</li>
                <li>"we test each main task with scripts turned off"</li>
                <li>"we test that the words are easy to read"</li>
            </ul>
            <p class="govuk-body">"What we have not done yet:"</p>
            <ul class="govuk-list govuk-list--bullet">
                <li>"no disabled people have tested it for us with the tools they use"</li>
                <li>"there is no Easy Read and no sign language video on the site"</li>
                <li>"the site is in English only"</li>
            </ul>
            <p class="govuk-body">
                "A tool finds only some problems. If you find one, we want to know."
            </p>

            <h2 class="govuk-heading-m">"Ask for another way"</h2>
            <p class="govuk-body">"You can ask us for:"</p>
            <ul class="govuk-list govuk-list--bullet">
                <li>"large print, Easy Read, audio or braille"</li>
                <li>"another language, or British Sign Language"</li>
                <li>"someone to do it with you on the phone"</li>
            </ul>
            <p class="govuk-body">
                "Tell us once. We will note it, so that you don’t have to ask again."
            </p>

            <TalkToUs hub/>

            <h2 class="govuk-heading-m">"If you are not happy with our answer"</h2>
            <p class="govuk-body">
                "Contact the "
                <a class="govuk-link" href="https://www.equalityadvisoryservice.com" rel="noreferrer">
                    "Equality Advisory and Support Service"
                </a>
                ". They give free advice."
            </p>
            <p class="govuk-body">
                "The law on this is the Public Sector Bodies (Websites and Mobile Applications) \
                (No. 2) Accessibility Regulations 2018. The Equality and Human Rights Commission \
                makes sure that it is kept."
            </p>

            <h2 class="govuk-heading-m">"About this page"</h2>
            <p class="govuk-body">
                "We wrote it on " {prepared} ". We last checked it on " {reviewed} "."
            </p>
        </Column>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::tests::{check, html, hub};
    use super::*;

    #[test]
    fn it_says_what_is_tested_what_is_not_and_when() {
        let page = html(|| {
            view! {
                <AccessibilityPage
                    hub=hub()
                    prepared="3 June 2026".to_string()
                    reviewed="1 November 2026".to_string()
                />
            }
        });
        check(&page);
        for said in ["2.2", "level AA", "axe", "have not done", "3 June 2026", "1 November 2026"] {
            assert!(page.contains(said), "{said}");
        }
        assert!(page.contains("tel:01632960001"));
    }
}
