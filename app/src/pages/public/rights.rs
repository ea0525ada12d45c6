//! `/help/rights`: the 12 rights of the Victims' Code in force since 1 April 2021, in plain words.
//!
//! Only what the page can keep true for everyone stands here. Due dates are data, and a person
//! sees their own after signing in. Where the Code changes, change [`RIGHTS`] and its edition.

use leptos::prelude::*;

use super::{Column, HubContact, PhoneLink, TalkToUs};

const CODE: &str = "https://www.gov.uk/government/publications/the-code-of-practice-for-victims-of-crime";

/// The rights in the Code's order: its gist, and what it means for the reader.
const RIGHTS: [(&str, &str); 12] = [
    (
        "To understand and be understood.",
        "You should be told things in a way that is clear to you. Tell us what helps, such as an \
        interpreter.",
    ),
    ("To have it recorded.", "The police should record the details without delay, unless there is a good reason."),
    (
        "To be told things when you report.",
        "The police should confirm your report in writing. It should come in a way that is safe \
        for you.",
    ),
    (
        "To be offered support that fits you.",
        "You should be asked what you need. You can be put in touch with people who help. If \
        your needs change, tell us and we will ask again.",
    ),
    ("To be told about compensation.", "This is money that you may be able to claim."),
    (
        "To be told how the case is going.",
        "You should be told about big steps, such as an arrest, bail or a charge. You should be \
        told why. You can agree how often you hear. If no one is charged, you may be able to ask \
        for a review.",
    ),
    (
        "To say how it affected you.",
        "You can make a Victim Personal Statement. It is in your own words. You can add to it \
        later. You can ask for it to be read out in court.",
    ),
    (
        "To be told about the trial.",
        "You should be told when and where it is, and if you need to give evidence. You can ask \
        about help in court, such as a screen. You can ask to see the court first.",
    ),
    (
        "To be told how it ends.",
        "You should be told the result and what the sentence means. You should be told if there \
        is an appeal.",
    ),
    (
        "To have costs paid and your things returned.",
        "You can claim costs if you go to court as a witness. Things the police took should come \
        back to you.",
    ),
    (
        "To be told about the offender after a conviction.",
        "After some serious crimes, you can join the Victim Contact Scheme. You can join or leave \
        at any time.",
    ),
    ("To complain.", "You can complain if you don’t get these rights."),
];

/// The rights, who has extra ones, and how to complain.
#[component]
pub fn RightsPage(
    /// Who answers when the reader would rather talk.
    hub: HubContact,
) -> impl IntoView {
    let rights = RIGHTS.map(|(right, meaning)| {
        view! { <li><strong>{right}</strong> " " {meaning}</li> }
    });
    view! {
        <Column>
            <h1 class="govuk-heading-xl">"Your rights"</h1>
            <p class="govuk-body-l">
                "If you have experienced a crime, you have 12 rights. They come from the Victims’ \
                Code."
            </p>
            <p class="govuk-body">
                "If someone close to you has died because of a crime, you have rights too. A \
                parent or guardian can use the rights of a child under 18."
            </p>

            <h2 class="govuk-heading-m">"The 12 rights"</h2>
            <ol class="govuk-list govuk-list--number govuk-list--spaced">{rights}</ol>
            <p class="govuk-body">
                "Sometimes you can’t be told something. It could harm the case. You can ask us why."
            </p>

            <ExtraRights/>
            <Witnesses/>
            <Complain/>

            <h2 class="govuk-heading-m">"Read the full Code"</h2>
            <p class="govuk-body">
                <a class="govuk-link" href=CODE rel="noreferrer">
                    "The Code of Practice for Victims of Crime on GOV.UK"
                </a>
                ". The link will show in your history, with its full name."
            </p>
            <p class="govuk-body">
                "This page is about the Code that began on 1 April 2021. It is our summary, not \
                the law itself."
            </p>

            <TalkToUs hub/>
        </Column>
    }
}

#[component]
fn ExtraRights() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m">"Extra rights"</h2>
        <p class="govuk-body">
            "Some people have more rights. They are called Enhanced Rights. For example, you are \
            told some news sooner. It is often 1 working day, not 5."
        </p>
        <p class="govuk-body">"You have them if any of these is true:"</p>
        <ul class="govuk-list govuk-list--bullet">
            <li>"what happened is one of the most serious crimes"</li>
            <li>"you have been targeted again and again"</li>
            <li>"you are under 18"</li>
            <li>"you are vulnerable, or someone is trying to scare you"</li>
        </ul>
        <details class="govuk-details">
            <summary class="govuk-details__summary">
                <span class="govuk-details__summary-text">"Show what these mean"</span>
            </summary>
            <div class="govuk-details__text">
                <p class="govuk-body">"The most serious crimes are:"</p>
                <ul class="govuk-list govuk-list--bullet">
                    <li>"a crime that caused the death of a close relative"</li>
                    <li>"domestic abuse"</li>
                    <li>"hate crime"</li>
                    <li>"terrorism"</li>
                    <li>"sexual offences"</li>
                    <li>"human trafficking and modern slavery"</li>
                    <li>"attempted murder"</li>
                    <li>"kidnap and false imprisonment"</li>
                    <li>"setting a fire to put a life at risk"</li>
                    <li>"wounding or badly hurting someone on purpose"</li>
                </ul>
                <p class="govuk-body">
                    "You may be vulnerable if you have a mental health condition. So may you if \
                    you have a disability, or find it hard to learn or be with people."
                </p>
            </div>
        </details>
        <p class="govuk-body">
            "Not sure? Ask us. You can be given extra rights later, if things change."
        </p>
    }
}

#[component]
fn Witnesses() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m">"If you are a witness"</h2>
        <p class="govuk-body">
            "The Witness Charter says how you should be treated. It is not a law. You should have \
            one main person to contact. You should be asked what you need, and which dates you \
            can’t do."
        </p>
    }
}

#[component]
fn Complain() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m">"How to complain"</h2>
        <ol class="govuk-list govuk-list--number">
            <li>
                "Tell the people you are not happy with. It may be us, the police or the court. \
                You can ask us who it is."
            </li>
            <li>
                "They should reply within 10 working days. If they need longer, they should tell \
                you how long."
            </li>
            <li>
                "Still not happy? Ask the Parliamentary and Health Service Ombudsman to look at \
                it. Call " <PhoneLink number="0345 015 4033"/> ". You don’t have to go through \
                your MP."
            </li>
        </ol>
        <p class="govuk-body">"It will not change the help that you get from us."</p>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::tests::{check, html, hub};
    use super::*;

    #[test]
    fn all_twelve_rights_are_there_in_order() {
        let page = html(|| view! { <RightsPage hub=hub()/> });
        check(&page);
        let mut from = 0;
        for (right, meaning) in RIGHTS {
            from += page[from..].find(right).expect(right);
            from += page[from..].find(meaning).expect(meaning);
        }
    }

    #[test]
    fn extra_rights_complaints_and_the_code_itself_are_named() {
        let page = html(|| view! { <RightsPage hub=hub()/> });
        for named in ["Enhanced Rights", "under 18", "Ombudsman", "10 working days", CODE] {
            assert!(page.contains(named), "{named}");
        }
    }
}
