//! The conversation with the hub: answers appear by themselves, and a message is sent without
//! leaving the page. The list (`[data-thread]`) and the form (`form[data-conversation]`) beside it
//! are plain HTML and work without this; what comes new is the same HTML, made by the server.

use super::page::{self, Answer};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use std::time::Duration;
use web_sys::{Element, HtmlFormElement};

const LOOK_AGAIN: Duration = Duration::from_secs(10);

#[island]
pub fn Conversation() -> impl IntoView {
    let marker = NodeRef::<html::P>::new();
    Effect::new(move |_| {
        let Some(status) = marker.get() else { return };
        let form = page::find("form[data-conversation]").and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let (Some(list), Some(form)) = (page::find("[data-thread]"), form) else { return };
        look_again(&list, &form, &status);
        send_in_place(&list, &form, &status);
    });
    view! { <p node_ref=marker class="portal-saved" role="status"></p> }
}

fn look_again(list: &Element, form: &HtmlFormElement, status: &Element) {
    let (list, address, status) = (list.clone(), form.action(), status.clone());
    page::while_seen(LOOK_AGAIN, move || {
        let (list, status) = (list.clone(), status.clone());
        page::part(&address, "thread", None, move |answer| match answer {
            Answer::Part(newer) => {
                let before = messages(&list);
                show(&list, &newer);
                if messages(&list) > before {
                    page::set_text(&status, "There is a new message.");
                }
            }
            Answer::SeePage => {
                page::set_text(&status, "You are signed out. Your words are still here. Copy them if you need them, then sign in again.");
            }
            Answer::Nothing => {}
        });
    });
}

fn messages(list: &Element) -> u32 {
    list.query_selector_all("li").map_or(0, |all| all.length())
}

/// Other HTML than what stands there; the same is left alone, with the reader's place in it.
fn show(list: &Element, newer: &str) {
    if list.inner_html() != newer {
        list.set_inner_html(newer);
    }
}

fn send_in_place(list: &Element, form: &HtmlFormElement, status: &Element) {
    let (list, sender, status) = (list.clone(), form.clone(), status.clone());
    page::on(form, "submit", move |event| {
        if page::fields_of(&sender).one("message").is_empty() {
            return; // the server says what is missing
        }
        event.prevent_default();
        page::set_text(&status, "Sending.");
        let (list, form, status) = (list.clone(), sender.clone(), status.clone());
        page::part(&sender.action(), "thread", Some(&sender), move |answer| match answer {
            Answer::Part(thread) => {
                show(&list, &thread);
                page::set_value(&form, "textarea", "");
                if let Some(next) = page::find("[data-submission]").and_then(|place| place.get_attribute("data-submission")) {
                    page::set_value(&form, "input[name=submission_id]", &next);
                }
                page::set_text(&status, "Your message was sent.");
            }
            Answer::Nothing => page::set_text(&status, "Not sent. Your words are still here. Try again when you have a signal."),
            // The page says what to mend; the submission id keeps it one message.
            Answer::SeePage => drop(form.submit()),
        });
    });
}
