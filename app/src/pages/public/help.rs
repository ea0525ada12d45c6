//! `/help`: who to call now; how to leave; a phone that others can see; what signing in needs.

use leptos::prelude::*;

use super::{Column, Danger, HubContact, PhoneLink, TalkToUs};

/// Help now, and how to use the site safely. Other pages link to its parts by id:
/// `#call`, `#exit`, `#history`, `#phone`, `#sign-in`, `#talk`.
#[component]
pub fn HelpPage(
    /// Who answers when the reader would rather talk.
    hub: HubContact,
) -> impl IntoView {
    view! {
        <Column>
            <h1 class="govuk-heading-xl">"Get help now"</h1>
            <Danger/>
            <nav aria-label="On this page">
                <ul class="govuk-list">
                    <li><a class="govuk-link" href="#call">"Who to call"</a></li>
                    <li><a class="govuk-link" href="#exit">"Leave this site quickly"</a></li>
                    <li><a class="govuk-link" href="#phone">"If others can see your phone"</a></li>
                    <li><a class="govuk-link" href="#sign-in">"What you need to sign in"</a></li>
                    <li><a class="govuk-link" href="#talk">"Talk to us"</a></li>
                </ul>
            </nav>
            <WhoToCall/>
            <LeaveQuickly/>
            <SharedPhone/>
            <SigningIn/>
            <TalkToUs hub/>
        </Column>
    }
}

#[component]
fn WhoToCall() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m" id="call">"Who to call"</h2>
        <p class="govuk-body">
            "Call " <PhoneLink number="999"/> " if someone may get hurt, or it is happening now."
        </p>
        <p class="govuk-body">
            "Call " <PhoneLink number="101"/> " to reach the police when it is not urgent."
        </p>

        <h3 class="govuk-heading-s">"If you can’t speak"</h3>
        <p class="govuk-body">"Speak if you can, even in a whisper. If you can’t, on a mobile:"</p>
        <ol class="govuk-list govuk-list--number">
            <li>"Call 999 and stay on the line."</li>
            <li>"Cough or tap the phone if you are asked to."</li>
            <li>"Listen. When a voice asks you to press 55, press 5 twice."</li>
            <li>"You will be put through to the police. They will ask you yes or no questions."</li>
        </ol>
        <p class="govuk-body">
            "Press 55, or the call may end. Pressing 55 does not tell the police where you are. \
            This way is called the Silent Solution."
        </p>
        <p class="govuk-body">
            "Pressing 55 only works on a mobile. On a home phone, call 999 and stay on the line. \
            They can put you through to the police if they hear only sounds. They can often see \
            where you are."
        </p>

        <h3 class="govuk-heading-s">"If you can’t hear or speak on the phone"</h3>
        <ul class="govuk-list govuk-list--bullet">
            <li>
                "Relay UK: use the app or a textphone. Dial 18000 if it is urgent. Dial 18001 101 \
                if it is not."
            </li>
            <li>
                "British Sign Language (BSL): use the 999 BSL app or "
                <a class="govuk-link" href="https://999bsl.co.uk" rel="noreferrer">
                    "the 999 BSL website"
                </a>
                ". It is for urgent help only."
            </li>
            <li>
                "Text 999: you must sign up first. Text the word ‘register’ to 999 and follow the \
                reply."
            </li>
        </ul>
        <p class="govuk-body">
            "You can also call "
            <a class="govuk-link" href="/help/services">"other people who can help"</a>
            "."
        </p>
    }
}

#[component]
fn LeaveQuickly() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m" id="exit">"Leave this site quickly"</h2>
        <p class="govuk-body">
            "Press ‘Exit this page’. It takes you to another website. It also signs you out."
        </p>
        <p class="govuk-body">
            "With a keyboard, you can press the Shift key 3 times. If nothing happens, use the \
            button."
        </p>
        <p class="govuk-body">
            "Words you have not sent may be lost. To come back, type our address again. Then sign \
            in again."
        </p>
        <div class="govuk-warning-text">
            <span class="govuk-warning-text__icon" aria-hidden="true">"!"</span>
            <strong class="govuk-warning-text__text">
                <span class="govuk-visually-hidden">"Warning "</span>
                "Leaving does not clear your history. Someone who looks can still see that you \
                came here."
            </strong>
        </div>

        <h3 class="govuk-heading-s" id="history">"Clear your history"</h3>
        <p class="govuk-body">
            "It can look odd if your whole history is gone. You can remove one page at a time."
        </p>
        <details class="govuk-details">
            <summary class="govuk-details__summary">
                <span class="govuk-details__summary-text">"How to remove one page"</span>
            </summary>
            <div class="govuk-details__text">
                <p class="govuk-body">"Phones differ. These steps work on most of them."</p>
                <ul class="govuk-list govuk-list--bullet">
                    <li>"Chrome: tap the 3 dots, then History. Find the page. Tap the cross."</li>
                    <li>
                        "Safari on an iPhone: open Bookmarks, then History. Swipe the page to the \
                        left. Tap Delete."
                    </li>
                    <li>
                        "Samsung Internet: tap the 3 lines, then History. Press and hold the \
                        page. Tap Delete."
                    </li>
                    <li>
                        "On a computer: press the Ctrl key and H. Find the page and delete it. On \
                        a Mac, look for History at the top of the screen."
                    </li>
                </ul>
            </div>
        </details>

        <h3 class="govuk-heading-s">"Use a private window next time"</h3>
        <p class="govuk-body">
            "A private window does not keep a list of pages. Open one before you come here. Close \
            it when you are done."
        </p>
        <p class="govuk-body">
            "It is called Incognito in Chrome and Private in Safari. It is InPrivate in Edge and \
            Secret mode on a Samsung phone."
        </p>
        <p class="govuk-body">
            "It can’t hide everything. It can’t stop an app that watches your phone. It can’t \
            hide your visit from the person who runs your wifi."
        </p>
    }
}

#[component]
fn SharedPhone() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m" id="phone">"If others can see your phone"</h2>
        <ul class="govuk-list govuk-list--bullet">
            <li>
                "Use another phone or computer if you can. Ask a friend you trust, or go to a \
                library."
            </li>
            <li>"Don’t let the browser save your PIN."</li>
            <li>"Sign out when you finish."</li>
            <li>"Turn off messages that show on a locked screen."</li>
            <li>"Remember that the phone may keep a list of the calls you make."</li>
        </ul>
        <p class="govuk-body">
            "Do you think someone is watching your phone? Use a different one to contact us. \
            Making big changes to your phone can be noticed. Talk to us first if you can."
        </p>
        <p class="govuk-body">
            "You can ask us not to call, text or email. You can stop messages at any time."
        </p>
    }
}

#[component]
fn SigningIn() -> impl IntoView {
    view! {
        <h2 class="govuk-heading-m" id="sign-in">"What you need to sign in"</h2>
        <p class="govuk-body">"We must invite you first. Then you need 3 things:"</p>
        <ul class="govuk-list govuk-list--bullet">
            <li>"the email address or phone number you agreed with us"</li>
            <li>"the code we send there"</li>
            <li>"the PIN that you chose"</li>
        </ul>
        <p class="govuk-body">
            "The code only works for a short time. Never tell anyone your PIN. We will never ask \
            you for it by phone, text or email."
        </p>
        <p class="govuk-body">
            "Lost your PIN or your phone? Call us and we will help. If someone else may know your \
            PIN, tell us straight away."
        </p>
        <p class="govuk-body">
            "You don’t need an account to "
            <a class="govuk-link" href="/support/new">"ask us for help"</a>
            "."
        </p>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::tests::{check, html, hub};
    use super::*;

    #[test]
    fn every_way_to_get_help_is_named() {
        let page = html(|| view! { <HelpPage hub=hub()/> });
        check(&page);
        for way in ["tel:999", "tel:101", "press 55", "18000", "18001", "999bsl.co.uk", "tel:01632960001"] {
            assert!(page.contains(way), "{way}");
        }
    }

    #[test]
    fn the_limits_of_leaving_are_said_aloud() {
        let page = html(|| view! { <HelpPage hub=hub()/> });
        assert!(page.contains("does not clear your history"));
        assert!(page.contains("may be lost"));
        assert!(page.contains("can’t hide everything"));
    }

    #[test]
    fn each_part_that_is_linked_to_exists() {
        let page = html(|| view! { <HelpPage hub=hub()/> });
        for part in ["call", "exit", "history", "phone", "sign-in", "talk"] {
            assert!(page.contains(&format!("id=\"{part}\"")), "{part}");
        }
    }
}
