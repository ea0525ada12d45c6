//! When something is not there, not allowed or not working: what to do now, in plain words, and the
//! same words for "does not exist" and "is not yours".

use crate::pages::HubContact;
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    NotFound,
    /// Bytes we could not read, or a form from another site.
    BadRequest,
    TooLarge,
    /// Somebody else was faster, or the page is out of date.
    OutOfDate,
    SlowDown,
    Unavailable,
}

impl Trouble {
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::NotFound => "Page not found",
            Self::BadRequest => "We could not read that",
            Self::TooLarge => "That is too large",
            Self::OutOfDate => "This page is out of date",
            Self::SlowDown => "Please wait a moment",
            Self::Unavailable => "Sorry, this is not working right now",
        }
    }

    fn what_to_do(self) -> &'static str {
        match self {
            Self::NotFound => "Check the address, or start again from the first page.",
            Self::BadRequest => "Go back, and try again. If you typed something, it should still be there.",
            Self::TooLarge => "Go back and make it shorter. What you typed should still be there.",
            Self::OutOfDate => "Something changed while you had it open. Go back and reload the page to see how it is now.",
            Self::SlowDown => "There have been too many tries. Wait a few minutes, then try again.",
            Self::Unavailable => "Nothing you sent was lost if you saw it confirmed. Try again in a few minutes.",
        }
    }
}

/// `about`: a number that staff can find in the log; it says nothing else.
#[component]
pub fn TroublePage(trouble: Trouble, hub: HubContact, staff: bool, about: Option<String>) -> impl IntoView {
    let start = if staff { paths::HUB } else { paths::FRONT };
    view! {
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">{trouble.title()}</h1>
            <p class="govuk-body">{trouble.what_to_do()}</p>
            <p class="govuk-body"><a class="govuk-link" href=start>"Go to the first page"</a></p>
            {(!staff).then(|| view! {
                <p class="govuk-body">
                    "You can also call us on " {hub.phone.clone()} ". We are open " {hub.hours.clone()}
                    ". In danger now? Call " <a class="govuk-link" href="tel:999">"999"</a> "."
                </p>
            })}
            {about.map(|about| view! { <p class="govuk-hint">"If you tell us about this, say: " {about}</p> })}
        </div></div>
    }
}
