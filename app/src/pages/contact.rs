//! How a person may be contacted. The page shows what was chosen, never an address or a number: a
//! stolen session must not tell where somebody lives.

use crate::domain::contact::{Channel, CommunicationNeed, Days, Grant, LANGUAGES, Safety, hour_in_words};
use crate::forms::{Fields, FormName};
use crate::govuk::{
    BackLink, Button, Checkboxes, Choice, DateInput, Entered, ErrorSummary, Heading, Hidden, InsetText, NotificationBanner, Radios, Select,
    SummaryRow, TextInput, TextareaField,
};
use crate::islands::LiveCheck;
use crate::paths;
use chrono::Datelike;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct ContactView {
    pub channels: Vec<ChannelLine>,
    pub preferred: String,
    pub language: String,
    pub communication: String,
    /// `Last changed 3 June 2026 at 9am`
    pub changed: Option<String>,
    /// Changes that count only later, and can be stopped.
    pub held: Vec<HeldChange>,
    pub done: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct HeldChange {
    pub channel: Channel,
    /// `an email address`
    pub what: &'static str,
    /// `24 November 2026 at 9am`
    pub from: String,
}

#[derive(Clone, Debug)]
pub struct ChannelLine {
    pub channel: Channel,
    pub chosen: String,
    /// `We hold an email address, added 3 June 2026.` or that we hold none.
    pub held: String,
}

#[component]
pub fn ContactPage(view: ContactView) -> impl IntoView {
    let rows: Vec<_> = view
        .channels
        .into_iter()
        .map(|line| {
            view! {
                <SummaryRow
                    key=line.channel.title()
                    value=format!("{}\n{}", line.chosen, line.held)
                    change=paths::contact(line.channel)
                    change_what=line.channel.name()
                />
            }
        })
        .collect();
    view! {
        {view.done.map(|text| view! { <NotificationBanner text=text/> })}
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"How we may contact you"</h1>
            <p class="govuk-body">
                "We only use what you say is safe. If you have not told us, we do not use it. You can change this at any time."
            </p>
            {view.held.into_iter().map(|change| view! {
                <div class="govuk-inset-text">
                    <p class="govuk-body">
                        "You gave us " {change.what} " that is new. We use it from " {change.from}
                        ". If you did not do this, stop it now and call us."
                    </p>
                    <form method="post" action=paths::contact_stop(change.channel)>
                        <Button text="Stop this change" kind="secondary"/>
                    </form>
                </div>
            }).collect::<Vec<_>>()}
            <dl class="govuk-summary-list">{rows}</dl>
            <h2 class="govuk-heading-m">"What works for you"</h2>
            <dl class="govuk-summary-list">
                <SummaryRow key="How you want to hear from us" value=view.preferred change=paths::CONTACT_PREFERENCES change_what="how you want to hear from us"/>
                <SummaryRow key="Language" value=view.language change=paths::CONTACT_PREFERENCES change_what="language"/>
                <SummaryRow key="Help you need" value=view.communication change=paths::CONTACT_PREFERENCES change_what="the help you need"/>
            </dl>
            <InsetText>
                "We never show your address, number or email here, so that nobody else can read them from your screen. A new one counts after 24 hours, so that nobody else can change it behind your back. If you need it sooner, call us."
            </InsetText>
            {view.changed.map(|changed| view! { <p class="govuk-hint">{changed}</p> })}
        </div></div>
    }
}

/// The fields that show a grant again.
#[must_use]
pub fn fields_of_grant(grant: &Grant) -> Fields {
    let mut fields = Fields::default();
    match grant.safety {
        Safety::Safe => fields.push("safe", "yes"),
        Safety::NotSafe => fields.push("safe", "no"),
        Safety::Unknown => return fields,
    }
    for (day, code, _) in Days::WEEK {
        if grant.window.days().contains(day) {
            fields.push("days", code);
        }
    }
    let (from, to) = grant.window.hours();
    fields.push("from", from.to_string());
    fields.push("to", to.to_string());
    fields.push("voicemail", if grant.voicemail { "yes" } else { "no" });
    fields.push("say_who", if grant.say_who { "yes" } else { "no" });
    if let Some(until) = grant.until {
        fields.push("until-day", until.day().to_string());
        fields.push("until-month", until.month().to_string());
        fields.push("until-year", until.year().to_string());
    }
    fields
}

fn yes_no() -> Vec<Choice> {
    vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]
}

/// Asked for when the last time is a while ago. Needed only for what opens a way to the person.
#[component]
fn PinField(entered: Entered) -> impl IntoView {
    view! {
        <TextInput
            entered=entered
            name="pin"
            label="Your PIN"
            hint="We ask so that nobody else can change this. You do not need it to say that something is not safe."
            kind="password"
            inputmode="numeric"
            autocomplete="current-password"
            width="govuk-input--width-10"
            keep=false
        />
    }
}

#[component]
pub fn ChannelPage(channel: Channel, held: String, entered: Entered, ask_pin: bool) -> impl IntoView {
    let question = match channel {
        Channel::Email => "Is it safe to email you?",
        Channel::Text => "Is it safe to text you?",
        Channel::Phone => "Is it safe to call you?",
        Channel::Letter => "Is it safe to write to you by post?",
    };
    let who_sees = match channel {
        Channel::Email => "Think about who else can open your inbox, on any device.",
        Channel::Text => "Think about who can see your phone. A message may show on a locked screen.",
        Channel::Phone => "Think about who may pick up, listen in, or look at your call list.",
        Channel::Letter => "Think about who opens or sees the post.",
    };
    let days: Vec<Choice> = Days::WEEK.iter().map(|(_, code, name)| Choice::new(*code, *name)).collect();
    let hours =
        |first: u8, last: u8| -> Vec<Choice> { (first..=last).map(|hour| Choice::new(hour.to_string(), hour_in_words(hour))).collect() };
    let letter = channel == Channel::Letter;
    let form = if letter { FormName::ContactLetter } else { FormName::ContactChannel };
    view! {
        <BackLink href=paths::CONTACT.into()/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::contact(channel) novalidate data-check=form.code()>
                <h1 class="govuk-heading-l">{channel.title()}</h1>
                <p class="govuk-body">{held}</p>
                <Hidden name="channel" value=channel.code().into()/>
                <Radios
                    entered=entered.clone() name="safe" label=question hint=who_sees heading=Heading::Section
                    choices=vec![Choice::new("yes", "Yes, it is safe"), Choice::new("no", "No. Do not use it")]
                />
                // Out of sight when it is not safe (style/_page.scss).
                <div class="portal-if-safe">
                    <h2 class="govuk-heading-m">"If it is safe"</h2>
                    {(!letter).then(|| view! {
                        <Checkboxes entered=entered.clone() name="days" label="Which days?" choices=days small=true/>
                        <Select entered=entered.clone() name="from" label="From" choices=hours(0, 23) default="9"/>
                        <Select entered=entered.clone() name="to" label="Until" choices=hours(1, 24) default="17"/>
                    })}
                    {(channel == Channel::Phone).then(|| view! {
                        <Radios entered=entered.clone() name="voicemail" label="May we leave a voicemail?" choices=yes_no() inline=true/>
                    })}
                    <Radios
                        entered=entered.clone() name="say_who" label="May we say who we are?" choices=yes_no() inline=true
                        hint="If not, we only say that it is about an update, and never where from. Emails never say where they are from."
                    />
                    <DateInput
                        entered=entered.clone() day="until-day" month="until-month" year="until-year"
                        label="Until when is this safe? (optional)" hint="For example, 31 3 2027. Leave it empty if you do not know."
                    />
                </div>
                <h2 class="govuk-heading-m">"If it has changed"</h2>
                {match channel {
                    Channel::Letter => view! {
                        <TextareaField
                            entered=entered.clone() name="address" label="New address (optional)" rows=5 keep=false
                            hint="Nobody can read it back on this site, not even you. We use it after 24 hours."
                        />
                    }.into_any(),
                    Channel::Email => view! {
                        <TextInput
                            entered=entered.clone() name="new_email" label="New email address (optional)" kind="email" autocomplete="off" keep=false
                            hint="Only you should be able to open it. Nobody can read it back on this site. We use it after 24 hours."
                        />
                    }.into_any(),
                    Channel::Text | Channel::Phone => view! {
                        <TextInput
                            entered=entered.clone() name="new_mobile" label="New mobile number (optional)" kind="tel" autocomplete="off" keep=false
                            hint="Nobody can read it back on this site. We use it after 24 hours, for texts and calls."
                        />
                    }.into_any(),
                }}
                <Radios
                    entered=entered.clone() name="old_safe" label="If you gave a new one: may we use the old one until then?"
                    hint=if channel == Channel::Email {
                        "If you say no, we stop using the old one now. You get no code to sign in until the new one counts: call us if that is too long."
                    } else {
                        "If you say no, we stop using the old one now."
                    }
                    choices=vec![Choice::new("yes", "Yes, it is still safe"), Choice::new("no", "No, or there is no old one")]
                />
                {ask_pin.then(|| view! { <PinField entered=entered.clone()/> })}
                <LiveCheck/>
                <Button text="Save"/>
            </form>
        </div></div>
    }
}

#[component]
pub fn PreferencesPage(entered: Entered, ask_pin: bool) -> impl IntoView {
    let channels: Vec<Choice> = Channel::ALL
        .into_iter()
        .map(|channel| Choice::new(channel.code(), channel.title()))
        .chain([Choice::new("none", "I will sign in here and look").hint("We send you nothing.").apart()])
        .collect();
    let languages = LANGUAGES.iter().map(|language| Choice::new(*language, *language)).collect::<Vec<_>>();
    let needs = CommunicationNeed::ALL.into_iter().map(|need| Choice::new(need.code(), need.in_words())).collect::<Vec<_>>();
    view! {
        <BackLink href=paths::CONTACT.into()/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <form method="post" action=paths::CONTACT_PREFERENCES novalidate data-check=FormName::ContactPreferences.code()>
                <h1 class="govuk-heading-l">"What works for you"</h1>
                <Radios
                    entered=entered.clone() name="preferred" label="How do you want to hear from us?" heading=Heading::Section
                    hint="We use it only when you have said it is safe." choices=channels
                />
                <Select entered=entered.clone() name="language" label="Which language should we use?" choices=languages default="English"/>
                <TextInput entered=entered.clone() name="language_other" label="If it is another language, which?" width="govuk-input--width-20"/>
                <Checkboxes entered=entered.clone() name="communication" label="What would help you? (optional)" heading=Heading::Section choices=needs/>
                {ask_pin.then(|| view! { <PinField entered=entered.clone()/> })}
                <LiveCheck/>
                <Button text="Save"/>
            </form>
        </div></div>
    }
}
