//! Sending a photo or a PDF with a message, and what was sent so far.

use crate::domain::conversation::ThreadKey;
use crate::domain::ids::FileId;
use crate::domain::ids::Reference;
use crate::govuk::{BackLink, Button, Entered, ErrorSummary, FileInput, Hidden, InsetText, NotificationBanner, TextInput, TextareaField};
use crate::paths;
use leptos::prelude::*;

#[component]
pub fn SendFilePage(thread: ThreadKey, submission: String, entered: Entered) -> impl IntoView {
    let submission = match entered.fields().one("submission_id") {
        "" => submission,
        kept => kept.to_owned(),
    };
    view! {
        <BackLink href=paths::thread(&thread)/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Send a photo or a letter"</h1>
            <InsetText>
                "We take out of a photo where and when it was taken, and with what phone. We cannot take such things out of a PDF. "
                "The photo also stays on your phone. If it is not safe there, talk to us before you delete it: it may be needed later."
            </InsetText>
            <form method="post" action=paths::send_file(&thread) enctype="multipart/form-data" novalidate>
                <Hidden name="submission_id" value=submission/>
                <TextareaField
                    entered=entered.clone() name="message" label="What is it? (optional)" rows=3
                    hint="Please do not write your account of what happened here: messages may have to be shown in court."
                />
                <FileInput entered=entered name="file" label="Choose a photo or a PDF" hint="JPEG, PNG or PDF, up to 10 MB." accept="image/jpeg,image/png,application/pdf"/>
                <Button text="Send"/>
            </form>
            <p class="govuk-body"><a class="govuk-link" href=paths::FILES>"Files you have sent us"</a></p>
        </div></div>
    }
}

/// One file that this person sent.
#[derive(Clone, Debug)]
pub struct FileLine {
    pub id: FileId,
    /// `Photo, 340 KB`
    pub what: String,
    pub sent: String,
    pub reference: Reference,
}

#[component]
pub fn FilesPage(files: Vec<FileLine>, ask_pin: bool, done: Option<&'static str>, entered: Entered) -> impl IntoView {
    let none = files.is_empty();
    let lines: Vec<_> = files
        .into_iter()
        .map(|file| {
            let named = format!(": {}, sent {}", file.what, file.sent);
            let button = |name: &'static str, text: &'static str| {
                let named = named.clone();
                view! {
                    <button type="submit" class="govuk-button govuk-button--secondary" name=name value=file.id.to_string()>
                        {text}<span class="govuk-visually-hidden">{named}</span>
                    </button>
                }
            };
            view! {
                <li class="portal-card">
                    <p class="govuk-body portal-card__text"><strong>{file.what.clone()}</strong></p>
                    <p class="govuk-hint portal-card__text">"Sent " {file.sent.clone()} ", with " <a class="govuk-link" href=paths::support(&file.reference)>{file.reference.to_string()}</a></p>
                    <div class="govuk-button-group">{button("open", "Open")}{button("remove", "Remove")}</div>
                </li>
            }
        })
        .collect();
    view! {
        <BackLink href=paths::SUPPORT.into()/>
        <ErrorSummary entered=entered.clone()/>
        {done.map(|text| view! { <NotificationBanner text=text/> })}
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Files you have sent us"</h1>
            {if none {
                view! { <p class="govuk-body">"You have not sent us a file. You can send one with a message."</p> }.into_any()
            } else {
                view! {
                    <p class="govuk-body">"If you open a file, it is saved on this device. Anybody who uses it may find it there."</p>
                    <p class="govuk-body">"If you remove a file, we cannot see it any more. The message you sent it with stays."</p>
                    <form method="post" action=paths::FILES novalidate>
                        {ask_pin.then(|| view! {
                            <TextInput
                                entered=entered.clone() name="pin" label="Your PIN" hint="We ask so that nobody else can open or remove them."
                                kind="password" inputmode="numeric" autocomplete="current-password" width="govuk-input--width-10" keep=false
                            />
                        })}
                        <ul class="portal-cards">{lines}</ul>
                    </form>
                }.into_any()
            }}
        </div></div>
    }
}
