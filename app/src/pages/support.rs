//! Asking for support, one question a page, with or without an account; and what was asked before.

use crate::domain::conversation::ThreadKey;
use crate::domain::ids::Reference;
use crate::domain::support::{Answers, Concern, Need, Reach, SafeNow};
use crate::forms::FormName;
use crate::forms::support::Step;
use crate::govuk::{
    BackLink, Button, Checkboxes, Choice, Entered, ErrorSummary, Heading, Hidden, Panel, Radios, SummaryRow, Tag, TextInput, TextareaField,
};
use crate::islands::{LiveCheck, SavedWords};
use crate::pages::HubContact;
use crate::pages::cases::{ConversationParts, ThreadView};
use crate::paths;
use leptos::prelude::*;

/// 999, always the same words: on the safety question, and at once when somebody is in danger.
#[component]
pub fn DangerBox() -> impl IntoView {
    view! {
        <div class="portal-danger">
            <h2 class="govuk-heading-m">"In danger now?"</h2>
            <p class="govuk-body">
                <a class="govuk-link portal-phone" href="tel:999">"Call 999"</a>
                ". If you cannot speak on a mobile, listen, then press " <strong>"55"</strong>
                ". This is the Silent Solution: it tells the police it is a real call."
            </p>
            <p class="govuk-body">"Deaf or cannot use the phone? Call " <strong>"18000"</strong> " with Relay UK, or use 999 BSL."</p>
        </div>
    }
}

/// The page before the first question: what this is, how to leave fast, what stays behind.
#[component]
pub fn SupportStartPage(signed_in: bool, begun: bool) -> impl IntoView {
    view! {
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Ask for support"</h1>
            <DangerBox/>
            <p class="govuk-body">"There are 5 short questions. A person at the hub reads your answers and gets back to you in the way you choose."</p>
            <ul class="govuk-list govuk-list--bullet">
                <li>"It is free, and it is your choice what you tell us."</li>
                <li>"You do not have to report anything to the police."</li>
                <li>"You do not have to say what happened."</li>
            </ul>
            <h2 class="govuk-heading-m">"Leaving fast"</h2>
            <p class="govuk-body">
                "The red button “Exit this page” takes you to a weather page. So does pressing Shift 3 times. It cannot wipe this device’s history: "
                <a class="govuk-link" href=paths::HELP>"how to stay safe on a shared phone"</a> "."
            </p>
            <p class="govuk-body portal-actions">
                <a class="govuk-button" href=paths::support_step(Step::Safety)>{if begun { "Carry on" } else { "Start now" }}</a>
            </p>
            {(!signed_in).then(|| view! {
                <p class="govuk-body">
                    "You do not need an account. If you have one, " <a class="govuk-link" href=paths::SIGN_IN>"sign in first"</a>
                    " so that you can read our answer here."
                </p>
            })}
        </div></div>
    }
}

#[component]
pub fn DangerPage() -> impl IntoView {
    view! {
        <BackLink href=paths::support_step(Step::Safety)/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Get help now"</h1>
            <DangerBox/>
            <p class="govuk-body">"We are not an emergency service, and we may not see this at once. Please call 999 first if you can."</p>
            <p class="govuk-body">"When it is safe, you can carry on and tell us more. We will treat it as most urgent."</p>
            <p class="govuk-body portal-actions"><a class="govuk-button" href=paths::support_step(Step::Needs)>"Carry on"</a></p>
        </div></div>
    }
}

#[component]
pub fn StepPage(step: Step, entered: Entered, signed_in: bool, changing: bool, may_contact: String) -> impl IntoView {
    let back = if changing {
        paths::SUPPORT_CHECK.to_owned()
    } else {
        step.before().map_or_else(|| paths::SUPPORT_NEW.to_owned(), paths::support_step)
    };
    let check = match step {
        Step::Safety => FormName::SupportSafety,
        Step::Needs => FormName::SupportNeeds,
        Step::Concerns => FormName::SupportConcerns,
        Step::Words => FormName::SupportWords,
        Step::Reach if signed_in => FormName::SupportReachSignedIn,
        Step::Reach => FormName::SupportReach,
    };
    let question = match step {
        Step::Safety => view! { <SafetyQuestion entered=entered.clone()/> }.into_any(),
        Step::Needs => view! { <NeedsQuestion entered=entered.clone()/> }.into_any(),
        Step::Concerns => view! { <ConcernsQuestion entered=entered.clone()/> }.into_any(),
        Step::Words => view! { <WordsQuestion entered=entered.clone()/> }.into_any(),
        Step::Reach if signed_in => view! { <ReachSignedInQuestion entered=entered.clone() may_contact=may_contact/> }.into_any(),
        Step::Reach => view! { <ReachQuestion entered=entered.clone()/> }.into_any(),
    };
    view! {
        <BackLink href=back/>
        <ErrorSummary entered=entered/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::support_step(step) novalidate data-check=check.code()>
                {question}
                <LiveCheck/>
                {changing.then(|| view! { <Hidden name="changing" value="yes".into()/> })}
                <Button text="Continue"/>
            </form>
        </div></div>
    }
}

#[component]
fn SafetyQuestion(entered: Entered) -> impl IntoView {
    let choices = SafeNow::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect::<Vec<_>>();
    view! {
        <Radios entered=entered name="safe_now" label="Are you safe right now?" heading=Heading::Page choices=choices
            hint="We ask this first so that we can help you in time."/>
        <DangerBox/>
    }
}

#[component]
fn NeedsQuestion(entered: Entered) -> impl IntoView {
    let choices = Need::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect::<Vec<_>>();
    view! {
        <Checkboxes entered=entered name="needs" label="What would help?" heading=Heading::Page choices=choices
            hint="Choose all that apply. You can talk to us about anything else later."/>
    }
}

#[component]
fn ConcernsQuestion(entered: Entered) -> impl IntoView {
    let choices = Concern::ALL
        .iter()
        .map(|one| Choice::new(one.code(), one.in_words()))
        .chain([Choice::new("none", "None of these").apart()])
        .collect::<Vec<_>>();
    view! {
        <Checkboxes entered=entered name="concerns" label="Does any of this apply to you?" heading=Heading::Page choices=choices
            hint="This helps us see who needs us first. Choose all that apply."/>
    }
}

#[component]
fn WordsQuestion(entered: Entered) -> impl IntoView {
    view! {
        <TextareaField
            entered=entered name="words" label="Is there anything you want to add? (optional)" heading=Heading::Page rows=8
            hint="Up to 2,000 characters. Please do not write your account of what happened: it may have to be shown in court."
        />
        <SavedWords/>
    }
}

#[component]
fn ReachSignedInQuestion(entered: Entered, may_contact: String) -> impl IntoView {
    let choices = vec![
        Choice::new(Reach::Portal.code(), "I will read your answer here").hint(may_contact),
        Choice::new(Reach::IWillCall.code(), Reach::IWillCall.in_words()),
    ];
    view! {
        <Radios entered=entered name="reach" label="How do you want our answer?" heading=Heading::Page choices=choices/>
        <p class="govuk-body">
            <a class="govuk-link" href=paths::CONTACT>"Change how we may contact you"</a> ". Your answers so far are kept."
        </p>
    }
}

#[component]
fn ReachQuestion(entered: Entered) -> impl IntoView {
    let choices = [Reach::Phone, Reach::Text, Reach::Email, Reach::IWillCall]
        .into_iter()
        .map(|one| Choice::new(one.code(), one.in_words()))
        .collect::<Vec<_>>();
    view! {
        <Radios entered=entered.clone() name="reach" label="How can we reach you safely?" heading=Heading::Page choices=choices
            hint="Choose a way that nobody else can see or hear. Fill in only the one you choose."/>
        <TextInput entered=entered.clone() name="phone" label="Phone number to call" kind="tel" width="govuk-input--width-20"/>
        <Checkboxes entered=entered.clone() name="voicemail" label="Voicemail" choices=vec![Choice::new("yes", "It is safe to leave a voicemail")]/>
        <TextInput entered=entered.clone() name="text" label="Mobile number to text" kind="tel" width="govuk-input--width-20"/>
        <TextInput entered=entered.clone() name="email" label="Email address" kind="email" width="govuk-input--width-20"/>
        <TextInput entered=entered.clone() name="when_safe" label="When is it safe? (optional)" hint="For example, weekdays before 3pm."/>
        <TextInput entered=entered name="name" label="What may we call you? (optional)" hint="Any name is fine." width="govuk-input--width-20"/>
    }
}

/// An answer or its absence, for the check page.
fn listed<T: Copy>(all: &[T], words: fn(T) -> &'static str) -> String {
    if all.is_empty() { "None of these".into() } else { all.iter().map(|one| words(*one)).collect::<Vec<_>>().join("\n") }
}

fn reach_in_words(answers: &Answers) -> String {
    let reach = &answers.reach;
    let mut lines = vec![match (&reach.reach, &reach.value) {
        (Reach::Portal, _) => "I will read your answer here".to_owned(),
        (way, Some(value)) => format!("{}: {value}", way.in_words()),
        (way, None) => way.in_words().to_owned(),
    }];
    if reach.reach == Reach::Phone {
        lines.push(if reach.voicemail { "Voicemail is safe".into() } else { "No voicemail".into() });
    }
    lines.extend(reach.when_safe.as_ref().map(|when| format!("When: {when}")));
    lines.extend(reach.name.as_ref().map(|name| format!("Name: {name}")));
    lines.join("\n")
}

#[component]
pub fn CheckPage(answers: Answers) -> impl IntoView {
    let change = |step: Step| format!("{}?change", paths::support_step(step));
    view! {
        <BackLink href=paths::support_step(Step::Reach)/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Check your answers"</h1>
            <dl class="govuk-summary-list">
                <SummaryRow key="Safe right now" value=answers.safe_now.in_words() change=change(Step::Safety) change_what="whether you are safe"/>
                <SummaryRow key="What would help" value=listed(&answers.needs, Need::in_words) change=change(Step::Needs) change_what="what would help"/>
                <SummaryRow key="What applies to you" value=listed(&answers.concerns, Concern::in_words) change=change(Step::Concerns) change_what="what applies to you"/>
                <SummaryRow key="In your words" value=answers.words.clone().unwrap_or_else(|| "Not provided".into()) change=change(Step::Words) change_what="your words"/>
                <SummaryRow key="How we reach you" value=reach_in_words(&answers) change=change(Step::Reach) change_what="how we reach you"/>
            </dl>
            <form method="post" action=paths::SUPPORT_CHECK novalidate>
                <Button text="Send"/>
            </form>
        </div></div>
    }
}

#[derive(Clone, Debug)]
pub struct SentView {
    pub reference: Reference,
    /// `by 5pm on Tuesday 24 November`
    pub by: String,
    /// What we will do, in the way they chose.
    pub how: String,
    pub hub: HubContact,
}

/// The confirmation for somebody without an account.
#[component]
pub fn SentPage(view: SentView) -> impl IntoView {
    view! {
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <Panel title="We have your request">"Your reference" <br/> <strong>{view.reference.to_string()}</strong></Panel>
            <h2 class="govuk-heading-m">"What happens next"</h2>
            <p class="govuk-body">"A person at the hub will answer " <strong>{view.by}</strong> ". " {view.how}</p>
            <p class="govuk-body">
                "If you want to reach us before that, call " {view.hub.phone.clone()} " and say your reference. We are open " {view.hub.hours.clone()} "."
            </p>
            <DangerBox/>
            <p class="govuk-body">"Write the reference down somewhere safe if you can. Nobody can see your answers with it alone."</p>
            <p class="govuk-body"><a class="govuk-link" href=paths::SERVICES>"Support services you can call now"</a></p>
        </div></div>
    }
}

#[derive(Clone, Debug)]
pub struct AskedView {
    pub requests: Vec<AskedLine>,
}

#[derive(Clone, Debug)]
pub struct AskedLine {
    pub reference: Reference,
    pub asks: String,
    pub asked: String,
    pub status: &'static str,
    pub unread: usize,
}

#[component]
pub fn AskedPage(view: AskedView) -> impl IntoView {
    let none = view.requests.is_empty();
    let lines: Vec<_> = view
        .requests
        .into_iter()
        .map(|line| {
            view! {
                <li class="portal-card">
                    <h2 class="govuk-heading-s portal-card__title">
                        <a class="govuk-link portal-card__link" href=paths::support(&line.reference)>{line.reference.to_string()}</a>
                    </h2>
                    <p class="govuk-body portal-card__text">
                        <Tag text=line.status/>
                        {(line.unread > 0).then(|| view! { " " <Tag text=format!("{} new", line.unread) class="govuk-tag--green"/> })}
                    </p>
                    <p class="govuk-body portal-card__text">{line.asks}</p>
                    <p class="govuk-hint portal-card__text">"Asked on " {line.asked}</p>
                </li>
            }
        })
        .collect();
    view! {
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"What you have asked us"</h1>
            {if none {
                view! { <p class="govuk-body">"You have not asked us anything yet."</p> }.into_any()
            } else {
                view! { <ul class="portal-cards">{lines}</ul> }.into_any()
            }}
            <p class="govuk-body portal-actions"><a class="govuk-button" href=paths::SUPPORT_NEW>"Ask for support"</a></p>
        </div></div>
    }
}

#[derive(Clone, Debug)]
pub struct RequestView {
    pub reference: Reference,
    /// Sent just now: the page is also the confirmation.
    pub just_sent: bool,
    pub by: String,
    pub how: String,
    pub asked: String,
    /// The answers; absent for a question, whose words are the first message.
    pub answers: Option<Answers>,
    pub thread: ThreadView,
    pub hub: HubContact,
}

#[component]
pub fn RequestPage(view: RequestView, entered: Entered) -> impl IntoView {
    let key = ThreadKey::Request(view.reference.clone());
    let reference = view.reference.to_string();
    view! {
        <BackLink href=paths::SUPPORT.into()/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            {if view.just_sent {
                view! {
                    <Panel title="We have your request">"Your reference" <br/> <strong>{reference}</strong></Panel>
                    <h2 class="govuk-heading-m">"What happens next"</h2>
                    <p class="govuk-body">"A person at the hub will answer " <strong>{view.by.clone()}</strong> ". " {view.how.clone()}</p>
                    <p class="govuk-body">"To reach us before that, call " {view.hub.phone.clone()} ". We are open " {view.hub.hours.clone()} "."</p>
                    <DangerBox/>
                }.into_any()
            } else {
                view! {
                    <h1 class="govuk-heading-l"><span class="govuk-caption-l">"Request"</span>{reference}</h1>
                }.into_any()
            }}
            <h2 class="govuk-heading-m">"Messages"</h2>
            <ConversationParts key=key thread=view.thread entered=entered/>
            {view.answers.map(|answers| view! {
                <h2 class="govuk-heading-m">"What you asked"</h2>
                <p class="govuk-hint">"Sent on " {view.asked.clone()}</p>
                <dl class="govuk-summary-list">
                    <SummaryRow key="What would help" value=listed(&answers.needs, Need::in_words)/>
                    <SummaryRow key="What applies to you" value=listed(&answers.concerns, Concern::in_words)/>
                    <SummaryRow key="In your words" value=answers.words.clone().unwrap_or_else(|| "Not provided".into())/>
                </dl>
            })}
        </div></div>
    }
}
