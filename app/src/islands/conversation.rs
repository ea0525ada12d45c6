//! The conversation with the hub: answers appear by themselves, and a message is sent without
//! leaving the page. The form beside it (`form[data-conversation]`) works without this.

use super::views::{MessageView, ThreadKey, ThreadView};
use super::{api, page};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use std::time::Duration;
use web_sys::HtmlFormElement;

const LOOK_AGAIN: Duration = Duration::from_secs(10);

#[island]
pub fn Conversation(key: ThreadKey, thread: ThreadView) -> impl IntoView {
    let (shown, set_shown) = signal(thread);
    let (status, set_status) = signal(String::new());
    Effect::new(move |_| {
        let asked = key.clone();
        page::while_seen(LOOK_AGAIN, move || {
            let key = asked.clone();
            spawn_local(async move {
                if let Ok(newer) = api::thread(key).await {
                    let more = newer.messages.len() > shown.with_untracked(|thread| thread.messages.len());
                    if more {
                        set_status.set("There is a new message.".into());
                    }
                    set_shown.set(newer);
                }
            });
        });
        let Some(form) = page::find("form[data-conversation]").and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        let (key, sender) = (key.clone(), form.clone());
        page::on(&form, "submit", move |event| {
            let fields = page::fields_of(&sender);
            if fields.one("message").is_empty() {
                return; // the server says what is missing
            }
            event.prevent_default();
            set_status.set("Sending.".into());
            let (key, form) = (key.clone(), sender.clone());
            spawn_local(async move {
                let (message, submission) = (fields.raw("message").to_owned(), fields.one("submission_id").to_owned());
                match api::send_message(key, message, submission).await {
                    Ok(thread) => {
                        page::set_value("form[data-conversation] textarea", "");
                        page::set_value("form[data-conversation] input[name=submission_id]", &thread.submission);
                        set_shown.set(thread);
                        set_status.set("Your message was sent.".into());
                    }
                    // No signal: the words stay in the box.
                    Err(api::PortalError::Unavailable) => {
                        set_status.set("Not sent. Your words are still here. Try again when you have a signal.".into());
                    }
                    // Anything else has a page of its own; the submission id keeps it one message.
                    Err(_) => drop(form.submit()),
                }
            });
        });
    });
    view! {
        <div class="portal-conversation">
            <ol class="portal-messages">
                <For each=move || shown.get().messages key=|message| message.id.clone() let:message>
                    <MessageItem message=message/>
                </For>
            </ol>
            <p class="portal-promise" hidden=move || shown.with(|thread| thread.promise.is_none())>
                {move || shown.with(|thread| thread.promise.clone().unwrap_or_default())}
            </p>
            <p class="portal-saved" role="status">{move || status.get()}</p>
        </div>
    }
}

#[component]
fn MessageItem(message: MessageView) -> impl IntoView {
    let class = if message.mine { "portal-message portal-message--mine" } else { "portal-message portal-message--hub" };
    view! {
        <li class=class>
            <p class="portal-message__from"><strong>{message.who}</strong>" " <span class="portal-message__when">{message.when}</span></p>
            <p class="portal-message__text">{message.body}</p>
        </li>
    }
}
