//! One case, as this person may see it.

use crate::domain::conversation::ThreadKey;
use crate::domain::ids::CaseId;
use crate::domain::outcome::Stage;
use crate::forms::FormName;
use crate::govuk::{BackLink, Button, Details, Entered, ErrorSummary, Hidden, Tag, TextareaField};
use crate::islands::{Conversation, LiveCheck};
use crate::pages::HubContact;
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct CaseView {
    pub id: CaseId,
    pub name: &'static str,
    pub reference: String,
    pub stage: Stage,
    /// What was reported; absent for those who may not see it.
    pub reported: Option<Reported>,
    /// Newest first.
    pub timeline: Vec<TimelineItem>,
    /// `23 November 2026 at 3pm`
    pub received: String,
    pub source: &'static str,
    pub hub: HubContact,
    pub unread: usize,
    /// Whoever acts for somebody may not be allowed to ask.
    pub may_ask: bool,
}

#[derive(Clone, Debug)]
pub struct Reported {
    pub crime_type: String,
    /// About where, as the police publish it: never an address.
    pub place: Option<String>,
    /// `March 2025`
    pub month: String,
}

#[derive(Clone, Debug)]
pub struct TimelineItem {
    /// `March 2025`, `3 March 2025` or `Date not given`: never an invented day.
    pub when: String,
    pub headline: String,
    pub body: String,
    /// Where the line came from, and when we got it.
    pub source: String,
}

#[component]
pub fn CasePage(view: CaseView) -> impl IntoView {
    let items: Vec<_> = view
        .timeline
        .into_iter()
        .map(|item| {
            view! {
                <li class="portal-timeline__item">
                    <h3 class="portal-timeline__title">{item.headline}</h3>
                    <p class="portal-timeline__date">{item.when}</p>
                    <p class="govuk-body portal-timeline__body">{item.body}</p>
                    <p class="portal-timeline__source">{item.source}</p>
                </li>
            }
        })
        .collect();
    let messages = match view.unread {
        0 => "Ask a question about this case".to_owned(),
        1 => "Read 1 new message".to_owned(),
        more => format!("Read {more} new messages"),
    };
    view! {
        <BackLink href=paths::HOME.into()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l"><span class="govuk-caption-l">{view.reference}</span>{view.name}</h1>

            <h2 class="govuk-heading-m">{view.stage.status()}</h2>
            <p class="govuk-body">{view.stage.meaning()}</p>
            <h3 class="govuk-heading-s">"What happens next"</h3>
            <p class="govuk-body">{view.stage.next()}</p>
            {view.may_ask.then(|| view! {
                <p class="govuk-body portal-actions"><a class="govuk-button" href=paths::case_messages(view.id)>{messages}</a></p>
            })}

            {view.reported.map(|reported| view! {
                <Details summary="Show what was reported">
                    <dl class="govuk-summary-list">
                        <crate::govuk::SummaryRow key="What" value=reported.crime_type/>
                        <crate::govuk::SummaryRow key="When" value=reported.month/>
                        {reported.place.map(|place| view! { <crate::govuk::SummaryRow key="Where" value=place/> })}
                    </dl>
                    <p class="govuk-hint">"The police give only a rough place, to protect people."</p>
                </Details>
            })}

            <h2 class="govuk-heading-m">"What has happened so far"</h2>
            <p class="govuk-hint">"Newest first. We show a month where we were not given a day."</p>
            <ol class="portal-timeline">{items}</ol>

            <h2 class="govuk-heading-m">"Who to contact"</h2>
            <p class="govuk-body">
                "The victims’ hub: call " <a class="govuk-link portal-phone" href=format!("tel:{}", view.hub.phone.replace(' ', ""))>{view.hub.phone.clone()}</a>
                ". We are open " {view.hub.hours.clone()} "."
                {view.may_ask.then(|| view! {
                    " Or " <a class="govuk-link" href=paths::case_messages(view.id)>"send us a message"</a> "."
                })}
            </p>

            <div class="govuk-inset-text">
                "This page shows what we had from " {view.source} " on " {view.received}
                ". If it does not look right, tell us."
            </div>
        </div></div>
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView {
    pub mine: bool,
    /// `You`, or `Sam, victims’ hub`.
    pub who: String,
    pub body: String,
    /// `Photo, 340 KB`, when one came with it.
    pub file: Option<String>,
    pub when: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadView {
    /// How far a request is; a case has many.
    pub status: Option<&'static str>,
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// `We will answer by 5pm on Tuesday 24 November`, while an answer is owed.
    pub promise: Option<String>,
    /// For the next message sent from this page.
    pub submission: String,
}

#[derive(Clone, Debug)]
pub struct ConversationView {
    pub key: ThreadKey,
    pub back: String,
    pub title: String,
    pub thread: ThreadView,
    pub intro: Option<String>,
}

/// A conversation with the hub: about a case, or about one request.
#[component]
pub fn ConversationPage(view: ConversationView, entered: Entered) -> impl IntoView {
    view! {
        <BackLink href=view.back/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">{view.title}</h1>
            {view.intro.map(|intro| view! { <p class="govuk-body">{intro}</p> })}
            <ConversationParts key=view.key thread=view.thread entered=entered/>
        </div></div>
    }
}

#[component]
pub fn ConversationParts(key: ThreadKey, thread: ThreadView, entered: Entered) -> impl IntoView {
    let submission = match entered.fields().one("submission_id") {
        "" => thread.submission.clone(),
        kept => kept.to_owned(),
    };
    view! {
        <div data-thread="true"><Thread thread=thread/></div>
        <form method="post" action=paths::thread(&key) novalidate data-conversation="true" data-check=FormName::Message.code()>
            <TextareaField
                entered=entered
                name="message"
                label="Write a message"
                hint="A person at the hub reads it. Please do not write your account of what happened here: messages may have to be shown in court."
            />
            <Hidden name="submission_id" value=submission/>
            <LiveCheck/>
            // By the button: whether a message went must be seen where it was sent, on a small screen too.
            <Conversation/>
            <Button text="Send message"/>
        </form>
        <p class="govuk-body"><a class="govuk-link" href=paths::send_file(&key)>"Send a photo or a letter"</a></p>
    }
}

/// The messages and the promise: the part of the page that changes by itself.
#[component]
pub fn Thread(thread: ThreadView) -> impl IntoView {
    let messages: Vec<_> = thread
        .messages
        .into_iter()
        .map(|message| {
            let class = if message.mine { "portal-message portal-message--mine" } else { "portal-message portal-message--hub" };
            view! {
                <li class=class>
                    <p class="portal-message__from"><strong>{message.who}</strong>" "<span class="portal-message__when">{message.when}</span></p>
                    <p class="portal-message__text">{message.body}</p>
                    {message.file.map(|file| view! { <p class="portal-message__when">"With a file: " {file}</p> })}
                </li>
            }
        })
        .collect();
    let some = !messages.is_empty();
    view! {
        {thread.status.map(|status| view! { <p class="govuk-body"><Tag text=status/></p> })}
        {some.then(|| view! { <ol class="portal-messages">{messages}</ol> })}
        {thread.promise.map(|promise| view! { <p class="portal-promise">{promise}</p> })}
        <span hidden=true data-submission=thread.submission></span>
    }
}
