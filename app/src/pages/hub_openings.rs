//! Records opened outside somebody's work: the page that asks why, and the list that supervisors look at.

use crate::domain::ids::OpeningId;
use crate::domain::opening::{OpeningReason, OpeningVerdict};
use crate::govuk::{BackLink, Button, Choice, Entered, ErrorSummary, Heading, NotificationBanner, Radios, Tag, TextareaField, WarningText};
use crate::paths;
use leptos::prelude::*;

/// Nothing of the record is on this page: not even whose it is.
#[component]
pub fn AskReasonPage(action: String, entered: Entered, unsaved: Option<String>) -> impl IntoView {
    let reasons: Vec<Choice> = OpeningReason::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    view! {
        <BackLink href=paths::HUB.into()/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"This is not in your work"</h1>
            <p class="govuk-body">"You and your team hold nothing of this person now. If you need to open it, say why. It opens for half an hour."</p>
            <WarningText text="A supervisor looks at this today. The person can see that you opened it."/>
            <form method="post" action=action novalidate>
                <Radios entered=entered.clone() name="why" label="Why do you need to open it?" heading=Heading::Section choices=reasons/>
                <TextareaField entered=entered name="reason" label="What happened?" hint="A few words. For example: she called, and Sam is off sick." rows=3/>
                <Button text="Open it"/>
            </form>
            {unsaved.map(|words| {
                let kept = Entered::new(crate::forms::Fields::new(vec![("unsaved".into(), words)]), crate::forms::FieldErrors::default());
                view! { <TextareaField entered=kept name="unsaved" label="Your words, not saved" hint="Copy what you want to keep."/> }
            })}
        </div></div>
    }
}

#[derive(Clone, Debug)]
pub struct OpeningLine {
    pub id: OpeningId,
    /// `Wyn Officer, Shrewsbury`
    pub who: String,
    pub when: String,
    pub why: &'static str,
    /// Whose record, and the reason in words: only for those who judge it.
    pub about: Option<(String, String)>,
    pub standing: OpeningStanding,
    /// May the reader judge it?
    pub judge: bool,
}

#[derive(Clone, Debug)]
pub enum OpeningStanding {
    /// To be looked at today.
    New,
    /// From an earlier day, and nobody has looked at it.
    Late,
    Judged {
        verdict: OpeningVerdict,
        by: String,
        when: String,
    },
}

#[component]
pub fn OpeningsPage(openings: Vec<OpeningLine>, entered: Entered, done: bool) -> impl IntoView {
    let none = openings.is_empty();
    let lines: Vec<_> = openings.into_iter().map(|line| view! { <OpeningItem line=line/> }).collect();
    view! {
        {done.then(|| view! { <NotificationBanner text="Saved. It is on record."/> })}
        <ErrorSummary entered=entered/>
        <h1 class="govuk-heading-l">"Opened outside somebody’s work"</h1>
        <p class="govuk-body">"Not yet looked at first, then the newest. Each one is to be looked at on the day it happened."</p>
        {if none {
            view! { <p class="govuk-body">"None."</p> }.into_any()
        } else {
            view! { <ul class="hub-tasks">{lines}</ul> }.into_any()
        }}
    }
}

#[component]
fn OpeningItem(line: OpeningLine) -> impl IntoView {
    let standing = match &line.standing {
        OpeningStanding::New => view! { <Tag text="To look at today" class="govuk-tag--blue"/> }.into_any(),
        OpeningStanding::Late => view! { <strong class="hub-late">"Late: nobody has looked at it"</strong> }.into_any(),
        OpeningStanding::Judged { verdict, by, when } => view! { {format!("{}. {by}, {when}", verdict.in_words())} }.into_any(),
    };
    let who = line.who.clone();
    view! {
        <li class="hub-task">
            <p class="govuk-body"><strong>{line.who}</strong> ", " {line.when} ": " {line.why}</p>
            {line.about.map(|(whose, reason)| view! {
                <p class="govuk-body">"Record of " {whose} ". They wrote: " <span class="portal-message__text">{reason}</span></p>
            })}
            <p class="govuk-body-s">{standing}</p>
            {line.judge.then(|| view! {
                <form method="post" action=paths::hub_judge(line.id) class="hub-judge">
                    {OpeningVerdict::ALL.iter().map(|verdict| view! {
                        <button type="submit" name="verdict" value=verdict.code() class="govuk-button govuk-button--secondary">
                            {verdict.in_words()}<span class="govuk-visually-hidden">{format!(": {who}")}</span>
                        </button>
                    }).collect::<Vec<_>>()}
                </form>
            })}
        </li>
    }
}
