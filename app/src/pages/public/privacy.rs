//! `/privacy`: what we hold, why, who sees it, and what not to write to us.

use leptos::prelude::*;

use super::{Column, HubContact, PhoneLink, TalkToUs};

/// The privacy notice.
#[component]
pub fn PrivacyPage(
    /// Whom to ask about one's own details.
    hub: HubContact,
) -> impl IntoView {
    view! {
        <Column>
            <h1 class="govuk-heading-xl">"Your privacy"</h1>
            <p class="govuk-body-l">"What we know about you, why, and who can see it."</p>
            <WhatWeHold/>
            <WhoSeesIt/>
            <MessagesToUs/>
            <MessagesFromUs/>

            <h2 class="govuk-heading-m" id="cookies">"Cookies"</h2>
            <p class="govuk-body">
                "A cookie is a small file that a site puts on your phone. We only use cookies to \
                sign you in and keep you signed in. We don’t use them to track you."
            </p>
            <p class="govuk-body">
                "There are no adverts here. We don’t tell other companies what you look at."
            </p>
            <p class="govuk-body">
                "Your phone may still keep a list of the pages you visit. "
                <a class="govuk-link" href="/help#history">"How to clear your history"</a>
                "."
            </p>

            <h2 class="govuk-heading-m">"Your choices"</h2>
            <p class="govuk-body">"You can ask us to:"</p>
            <ul class="govuk-list govuk-list--bullet">
                <li>"show you what we hold about you"</li>
                <li>"put right what is wrong"</li>
                <li>"remove it, or use it less, where the law lets us"</li>
                <li>"stop sending you messages"</li>
            </ul>
            <p class="govuk-body">
                "Not happy with how we use your details? Tell us. You can also complain to the \
                Information Commissioner’s Office. Call " <PhoneLink number="0303 123 1113"/> "."
            </p>

            <TalkToUs hub/>
        </Column>
    }
}

#[component]
fn WhatWeHold() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m">"What we hold"</h2>
        <ul class="govuk-list govuk-list--bullet">
            <li>"your name, and how to reach you safely"</li>
            <li>"what help you need, and what we have done"</li>
            <li>"messages between you and us"</li>
            <li>"news about your case from the police and the courts"</li>
        </ul>
        <p class="govuk-body">
            "We don’t show your home address on this site, not even to you. If someone else gets \
            in, they can’t find it."
        </p>

        <h2 class="govuk-heading-m">"Why we hold it"</h2>
        <p class="govuk-body">
            "We use it to help you, to keep you up to date, and to help keep you safe. We also \
            count how well we do. Those counts don’t name you."
        </p>
        <p class="govuk-body">
            "We keep it for as long as we need it, or as long as the law says. Ask us how long \
            that is for you."
        </p>
    }
}

#[component]
fn WhoSeesIt() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m">"Who can see it"</h2>
        <p class="govuk-body">
            "Our staff see what they need to do their job. Each time one of them opens your \
            details, it is recorded. We keep their name and the time. We can check that they had \
            a good reason."
        </p>
        <p class="govuk-body">
            "If you want help from someone else, we ask you first. We pass on only what you agree \
            to."
        </p>
        <p class="govuk-body">
            "Sometimes we must tell others without asking. We do this if a child, or someone’s \
            life, may be at risk. We also do it if the law says so. We will tell you when we can."
        </p>
        <p class="govuk-body">
            "Other people in the same case can’t see your details here, even if they live with \
            you. If someone acts for you, they see only what was agreed."
        </p>
    }
}

#[component]
fn MessagesToUs() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m" id="messages">"When you write to us"</h2>
        <div class="govuk-warning-text">
            <span class="govuk-warning-text__icon" aria-hidden="true">"!"</span>
            <strong class="govuk-warning-text__text">
                <span class="govuk-visually-hidden">"Warning "</span>
                "Please don’t write here what happened during the crime."
            </strong>
        </div>
        <p class="govuk-body">
            "If there is a court case, your messages may have to be shared. Lawyers on both sides \
            may see them. So tell the police what happened, not this site. Write to us about what \
            you need."
        </p>
        <p class="govuk-body">
            "This site is not watched all the time. If you are not safe, call "
            <PhoneLink number="999"/> "."
        </p>
    }
}

#[component]
fn MessagesFromUs() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m">"When we write to you"</h2>
        <p class="govuk-body">
            "Our texts, emails and voicemails never say what they are about. They don’t say who \
            we are, unless you told us we may. You sign in here to read the rest."
        </p>
        <p class="govuk-body">
            "We only use a way that you told us is safe. You can change your mind at any time. \
            Then we stop using the old way at once."
        </p>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::tests::{check, html, hub};
    use super::*;

    #[test]
    fn the_hard_truths_are_said_plainly() {
        let page = html(|| view! { <PrivacyPage hub=hub()/> });
        check(&page);
        for said in [
            "it is recorded",
            "may have to be shared",
            "don’t write here what happened",
            "keep you signed in",
            "never say what they are about",
            "tel:03031231113",
            "tel:01632960001",
        ] {
            assert!(page.contains(said), "{said}");
        }
    }
}
