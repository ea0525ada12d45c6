//! The hub: the queue, and one request in hand. What the person reads and what only colleagues read
//! are two forms with two names, two colours and two labels.

use crate::domain::ids::{PersonId, Reference, TaskId};
use crate::domain::support::{Answers, Closing, Concern, Need, Reach};
use crate::govuk::{
    BackLink, Button, Choice, Details, Entered, ErrorSummary, Hidden, InsetText, NotificationBanner, Radios, SummaryRow, TextInput,
    TextareaField, WarningText,
};
use crate::islands::LiveQueue;
use crate::islands::views::QueueView;
use crate::paths;
use leptos::prelude::*;

/// `sign_on`: the organisation's own accounts work here too.
#[component]
pub fn HubSignInPage(entered: Entered, notice: Option<&'static str>, sign_on: bool) -> impl IntoView {
    view! {
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            {notice.map(|text| view! { <InsetText>{text}</InsetText> })}
            <form method="post" action=paths::HUB_SIGN_IN novalidate>
                <h1 class="govuk-heading-l">"Hub sign in"</h1>
                <TextInput entered=entered.clone() name="email" label="Work email address" kind="email" autocomplete="username" width="govuk-input--width-20"/>
                <TextInput entered=entered name="password" label="Password" kind="password" autocomplete="current-password" width="govuk-input--width-20" keep=false/>
                <Button text="Continue"/>
            </form>
            {sign_on.then(|| view! {
                <form method="post" action=paths::HUB_SIGN_ON>
                    <Button text="Sign in with your organisation account" kind="secondary"/>
                </form>
            })}
        </div></div>
    }
}

/// A page on the way to another one, where a redirect would not do: its header leads on by itself, and its link does
/// for a browser that does not.
#[component]
pub fn HubOnwardPage(heading: &'static str, to: String, link: &'static str) -> impl IntoView {
    view! {
        <h1 class="govuk-heading-l">{heading}</h1>
        <p class="govuk-body"><a class="govuk-link" href=to>{link}</a></p>
    }
}

/// Why a single sign-on ended here, and what to do.
#[component]
pub fn HubSignOnEndPage(heading: &'static str, text: &'static str) -> impl IntoView {
    view! {
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">{heading}</h1>
            <p class="govuk-body">{text}</p>
            <p class="govuk-body"><a class="govuk-link" href=format!("{}?again", paths::HUB_SIGN_IN)>"Go to the sign-in page"</a></p>
        </div></div>
    }
}

#[component]
pub fn HubCodePage(entered: Entered) -> impl IntoView {
    view! {
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::HUB_SIGN_IN novalidate>
                <h1 class="govuk-heading-l">"Enter your code"</h1>
                <TextInput entered=entered name="code" label="6-digit code from your authenticator app" inputmode="numeric" autocomplete="one-time-code" width="govuk-input--width-10" keep=false/>
                <Button text="Sign in"/>
            </form>
            <p class="govuk-body"><a class="govuk-link" href=format!("{}?again", paths::HUB_SIGN_IN)>"Start again"</a></p>
        </div></div>
    }
}

#[derive(Clone, Debug)]
pub struct HubView {
    pub queue: QueueView,
    pub tasks: Vec<TaskLine>,
    /// Openings outside somebody's work that wait for this reader to look at them.
    pub openings: Option<u64>,
    pub done: Option<&'static str>,
}

/// Something to do by hand, because the person chose it or no safe way is known.
#[derive(Clone, Debug)]
pub struct TaskLine {
    pub id: TaskId,
    pub person_id: PersonId,
    pub person: String,
    pub what: &'static str,
    /// `Phone call`, or that no safe way is known.
    pub channel: String,
    /// What they said about it: hours, voicemail, whether we may say who we are.
    pub manner: String,
    /// The number or address to use: present only while its grant is live.
    pub value: Option<String>,
    pub since: String,
}

#[component]
pub fn QueuePage(view: HubView) -> impl IntoView {
    let mine = view.queue.mine_only;
    let tab = move |href: &'static str, text: &'static str, active: bool| {
        let class = if active { "hub-tab hub-tab--active" } else { "hub-tab" };
        view! { <li class=class><a class="govuk-link" href=href aria-current=active.then_some("page")>{text}</a></li> }
    };
    let open = view.tasks.len();
    let tasks: Vec<_> = view.tasks.into_iter().map(|task| view! { <TaskRow task=task/> }).collect();
    view! {
        {view.done.map(|text| view! { <NotificationBanner text=text/> })}
        {view.openings.map(|count| view! {
            <p class="govuk-inset-text">
                <a class="govuk-link" href=paths::HUB_OPENINGS>
                    {if count == 1 { "1 record was".to_owned() } else { format!("{count} records were") }} " opened outside somebody’s work"
                </a>
                ". Look at it today."
            </p>
        })}
        <h1 class="govuk-heading-l">"Queue"</h1>
        <ul class="hub-tabs">
            {tab(paths::HUB, "Everybody", !mine)}
            {tab("/hub?mine", "Mine", mine)}
        </ul>
        <LiveQueue queue=view.queue/>
        <h2 class="govuk-heading-m">"To do by hand"</h2>
        <p class="govuk-hint">"These people chose a phone call, a text or a letter, or have told us no safe way. Say only what the line says: never what it is about."</p>
        {if open == 0 {
            view! { <p class="govuk-body">"Nothing to do by hand."</p> }.into_any()
        } else {
            view! { <ul class="hub-tasks">{tasks}</ul> }.into_any()
        }}
    }
}

#[component]
fn TaskRow(task: TaskLine) -> impl IntoView {
    let person = task.person.clone();
    view! {
        <li class="hub-task">
            <p class="govuk-body"><strong>{task.what}</strong>": " <a class="govuk-link" href=paths::hub_person(task.person_id)>{task.person}</a></p>
            <p class="govuk-body-s">
                {task.channel} {task.value.map(|value| format!(": {value}"))} ". " {task.manner} " Since " {task.since} "."
            </p>
            <form method="post" action=paths::hub_task_done(task.id)>
                <button type="submit" class="govuk-button govuk-button--secondary">
                    "Done"<span class="govuk-visually-hidden">{format!(": told {person}")}</span>
                </button>
            </form>
        </li>
    }
}

/// An answer that the person waits for.
#[derive(Clone, Debug)]
pub struct Owed {
    /// `by 5pm on Tuesday 24 November`
    pub by: String,
    pub late: bool,
}

#[derive(Clone, Debug)]
pub struct HubRequestView {
    pub reference: Reference,
    pub tier: u8,
    pub tier_name: &'static str,
    pub reasons: Vec<&'static str>,
    /// While an answer is owed.
    pub owed: Option<Owed>,
    pub asked: String,
    pub state: String,
    pub holding: Holding,
    pub person: Option<HubPerson>,
    pub case_line: Option<String>,
    pub answers: Option<Answers>,
    pub messages: Vec<HubMessage>,
    pub notes: Vec<HubNote>,
    /// Sent back with every change, so that two answers never cross.
    pub version: i64,
    pub submission: String,
    pub done: Option<&'static str>,
    /// That it is not in the reader's work, and until when it is open.
    pub outside: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    Nobody,
    Me,
    Another,
    Closed,
}

/// What staff see of the person: how they may be contacted, never more than the work needs.
#[derive(Clone, Debug)]
pub struct HubPerson {
    pub id: PersonId,
    pub name: String,
    /// Since when they want nothing at all.
    pub paused: Option<String>,
    pub preferred: String,
    pub channels: Vec<(String, String)>,
    pub language: String,
    pub communication: String,
}

#[derive(Clone, Debug)]
pub struct HubMessage {
    pub from_person: bool,
    pub who: String,
    pub body: String,
    pub when: String,
    /// Where the file that came with it is, and what it is.
    pub file: Option<(String, String)>,
    /// When the person read it; only for ours.
    pub read: Option<String>,
}

#[derive(Clone, Debug)]
pub struct HubNote {
    pub who: String,
    pub body: String,
    pub when: String,
}

#[component]
pub fn HubRequestPage(view: HubRequestView, entered: Entered) -> impl IntoView {
    let reference = view.reference.clone();
    let tier = format!("govuk-tag hub-tier hub-tier--t{}", view.tier);
    let act = {
        let reference = reference.clone();
        move |act: &str| paths::hub_act(&reference, act)
    };
    let messages: Vec<_> = view.messages.into_iter().map(|message| view! { <MessageLine message=message/> }).collect();
    let notes: Vec<_> = view
        .notes
        .into_iter()
        .map(|note| {
            view! {
                <li class="hub-note">
                    <p class="hub-note__label">"Internal note: not seen by the person. " {note.who} ", " {note.when}</p>
                    <p class="portal-message__text">{note.body}</p>
                </li>
            }
        })
        .collect();
    let no_messages = messages.is_empty();
    let version = view.version.to_string();
    let kept = |name: &str| entered.fields().one(name).to_owned();
    let submission = if kept("submission_id").is_empty() { view.submission.clone() } else { kept("submission_id") };
    let closings: Vec<Choice> = Closing::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    let reachable = view.person.is_some();
    // Words for the person that cannot be sent from this page any more are not lost.
    let unsent = entered.errors().of("message").is_some() && !(view.holding == Holding::Me && reachable);
    view! {
        <BackLink href=paths::HUB.into()/>
        <ErrorSummary entered=entered.clone()/>
        {view.done.map(|text| view! { <NotificationBanner text=text/> })}
        {view.outside.map(|text| view! { <WarningText text=text/> })}
        <h1 class="govuk-heading-l"><span class="govuk-caption-l">{view.state.clone()}</span>{reference.to_string()}</h1>
        <p class="govuk-body">
            <strong class=tier>{format!("T{} ", view.tier)}{view.tier_name}</strong>
            " " {view.reasons.join(" · ")}
        </p>
        <p class="govuk-body">
            {view.owed.map(|owed| view! {
                {owed.late.then(|| view! { <strong class="hub-late">"Late. "</strong> })}
                "Answer due " <strong>{owed.by}</strong> ". "
            })}
            "Asked " {view.asked} "."
        </p>
        <div class="hub-columns">
            <div class="hub-columns__main">
                <h2 class="govuk-heading-m">"Messages with the person"</h2>
                {if no_messages { view! { <p class="govuk-body">"No messages yet."</p> }.into_any() } else { view! { <ol class="portal-messages">{messages}</ol> }.into_any() }}
                {match view.holding {
                    Holding::Nobody => view! {
                        <form method="post" action=act("claim")><Button text="Claim this request"/></form>
                    }.into_any(),
                    Holding::Another => view! { <p class="govuk-inset-text">"A colleague holds this request. You can read it and write a note."</p> }.into_any(),
                    Holding::Closed => view! { <p class="govuk-inset-text">"This request is closed. If the person writes again, it comes back to the queue."</p> }.into_any(),
                    Holding::Me if !reachable => view! {
                        <p class="govuk-inset-text">"This person has no account: answer in the way they chose, then close the request."</p>
                    }.into_any(),
                    Holding::Me => view! {
                        <form method="post" action=act("reply") novalidate class="hub-reply">
                            <p class="hub-reply__label">"Message to the person"</p>
                            <TextareaField entered=entered.clone() name="message" label="What the person will read" hint="Plain words. They are told only that there is a message, in the way they chose."/>
                            <Hidden name="version" value=version.clone()/>
                            <Hidden name="submission_id" value=submission.clone()/>
                            <Button text="Send to the person"/>
                        </form>
                    }.into_any(),
                }}
                {unsent.then(|| view! {
                    <TextareaField entered=entered.clone() name="message" label="Your words, not sent" hint="Copy what you want to keep."/>
                })}
                <h2 class="govuk-heading-m">"Internal notes"</h2>
                <ol class="hub-notes">{notes}</ol>
                <form method="post" action=act("note") novalidate class="hub-note hub-note--form">
                    <p class="hub-note__label">"Internal note: not seen by the person"</p>
                    <TextareaField entered=entered.clone() name="note" label="For colleagues only" rows=3/>
                    <Hidden name="submission_id" value=submission.clone()/>
                    <Button text="Save note" kind="secondary"/>
                </form>
            </div>
            <div class="hub-columns__side">
                {view.person.map(|person| view! { <PersonPanel person=person/> })}
                {view.case_line.map(|line| view! { <p class="govuk-body">{line}</p> })}
                {view.answers.map(|answers| view! { <AnswersPanel answers=answers/> })}
                {(view.holding == Holding::Me).then(|| view! {
                    <form method="post" action=act("release")><Button text="Put back in the queue" kind="secondary"/></form>
                    <Details summary="Close this request">
                        <form method="post" action=act("close") novalidate>
                            <Radios entered=entered.clone() name="closing" label="How did it end?" choices=closings/>
                            <Hidden name="version" value=version.clone()/>
                            <Button text="Close"/>
                        </form>
                    </Details>
                })}
            </div>
        </div>
    }
}

#[component]
fn MessageLine(message: HubMessage) -> impl IntoView {
    let class = if message.from_person { "portal-message portal-message--mine" } else { "portal-message portal-message--hub" };
    view! {
        <li class=class>
            <p class="portal-message__from"><strong>{message.who}</strong>" " <span class="portal-message__when">{message.when}</span></p>
            <p class="portal-message__text">{message.body}</p>
            {message.file.map(|(href, what)| view! { <p class="portal-message__text"><a class="govuk-link" href=href>"Save the file ("{what}")"</a></p> })}
            {message.read.map(|read| view! { <p class="portal-message__when">{read}</p> })}
        </li>
    }
}

#[component]
fn PersonPanel(person: HubPerson) -> impl IntoView {
    let channels: Vec<_> = person.channels.into_iter().map(|(name, chosen)| view! { <SummaryRow key=name value=chosen/> }).collect();
    view! {
        <h2 class="govuk-heading-m"><a class="govuk-link" href=paths::hub_person(person.id)>{person.name}</a></h2>
        {person.paused.map(|since| view! { <WarningText text=format!("Do not contact them outside the portal. They stopped all messages on {since}.")/> })}
        <dl class="govuk-summary-list">
            <SummaryRow key="Wants to hear by" value=person.preferred/>
            {channels}
            <SummaryRow key="Language" value=person.language/>
            <SummaryRow key="Needs" value=person.communication/>
        </dl>
    }
}

#[component]
fn AnswersPanel(answers: Answers) -> impl IntoView {
    let lines = |all: Vec<&'static str>| if all.is_empty() { "None".to_owned() } else { all.join("\n") };
    let reach = &answers.reach;
    let how = match (&reach.reach, &reach.value) {
        (Reach::Portal, _) => "In the portal".to_owned(),
        (way, Some(value)) => format!("{}: {value}", way.in_words()),
        (way, None) => way.in_words().to_owned(),
    };
    let voicemail = (reach.reach == Reach::Phone).then_some(if reach.voicemail { "Voicemail is safe" } else { "NO voicemail" });
    let how = [Some(how), voicemail.map(str::to_owned), reach.when_safe.clone(), reach.name.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    view! {
        <h2 class="govuk-heading-m">"What they told us"</h2>
        <dl class="govuk-summary-list">
            <SummaryRow key="Safe now" value=answers.safe_now.in_words()/>
            <SummaryRow key="Would help" value=lines(answers.needs.iter().copied().map(Need::in_words).collect())/>
            <SummaryRow key="Applies" value=lines(answers.concerns.iter().copied().map(Concern::in_words).collect())/>
            <SummaryRow key="Their words" value=answers.words.clone().unwrap_or_else(|| "Nothing added".into())/>
            <SummaryRow key="How to answer" value=how/>
        </dl>
    }
}
