//! The page around an island: its forms, its fields, its parts, whether anybody looks at it.

use crate::forms::Fields;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use std::time::Duration;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, EventTarget, FormData, Headers, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement};
use web_sys::{RequestInit, RequestRedirect, Response, UrlSearchParams};

/// Asks the server for one part of a page instead of the whole. The forms and addresses are those of
/// the page itself, so a part can do nothing that the page without script cannot.
pub const PART_HEADER: &str = "x-portal-part";

/// Calls `act` for every such event on or below the target, for as long as the page lives.
pub fn on(target: &EventTarget, event: &str, act: impl Fn(Event) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(act);
    if target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()).is_ok() {
        closure.forget();
    }
}

pub fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

pub fn form_of(node: &Element) -> Option<HtmlFormElement> {
    node.closest("form").ok().flatten()?.dyn_into().ok()
}

/// What the form would send now.
pub fn fields_of(form: &HtmlFormElement) -> Fields {
    let mut fields = Fields::default();
    let Ok(data) = FormData::new_with_form(form) else { return fields };
    let Ok(Some(entries)) = js_sys::try_iter(&data) else { return fields };
    for entry in entries.flatten() {
        let pair = js_sys::Array::from(&entry);
        if let (Some(name), Some(value)) = (text(&pair.get(0)), text(&pair.get(1))) {
            fields.push(&name, value);
        }
    }
    fields
}

fn text(value: &JsValue) -> Option<String> {
    value.as_string()
}

pub fn set_value(form: &HtmlFormElement, selector: &str, value: &str) {
    let Ok(Some(element)) = form.query_selector(selector) else { return };
    if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>() {
        area.set_value(value);
    } else if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        input.set_value(value);
    }
}

/// Shows a message at a field's group, or takes it away.
pub fn show_error(group: &Element, message: Option<&str>) {
    let Ok(Some(line)) = group.query_selector(".govuk-error-message") else { return };
    if let Ok(Some(words)) = line.query_selector(".portal-error-text") {
        set_text(&words, message.unwrap_or_default());
    }
    if let Some(line) = line.dyn_ref::<HtmlElement>() {
        line.set_hidden(message.is_none());
    }
    let wrong = message.is_some();
    drop(group.class_list().toggle_with_force("govuk-form-group--error", wrong));
    for (selector, class) in [("input.govuk-input", "govuk-input--error"), ("textarea", "govuk-textarea--error")] {
        if let Ok(Some(field)) = group.query_selector(selector) {
            drop(field.class_list().toggle_with_force(class, wrong));
        }
    }
}

/// Changes text only when it is other text, so that nothing is announced twice.
pub fn set_text(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Repeats while the page can be seen. A hidden tab asks for nothing.
pub fn while_seen(every: Duration, act: impl Fn() + 'static) {
    let repeat = move || {
        if !document().hidden() {
            act();
        }
    };
    // Without a timer the page simply stays as it is.
    drop(set_interval_with_handle(repeat, every));
}

/// What the server said to a question for a part.
pub enum Answer {
    /// The part, as HTML or text the server has made safe.
    Part(String),
    /// The page itself must say more: something to mend, or a session that ended.
    SeePage,
    /// No signal, or the server is not working.
    Nothing,
}

/// Fetches a part: of the page at `address`, or as the answer to a form sent there.
pub fn part(address: &str, name: &str, form: Option<&HtmlFormElement>, then: impl FnOnce(Answer) + 'static) {
    let answer = request(address, name, form);
    spawn_local(async move {
        then(match answer {
            Some(promise) => read(promise).await.unwrap_or(Answer::Nothing),
            None => Answer::Nothing,
        });
    });
}

fn request(address: &str, name: &str, form: Option<&HtmlFormElement>) -> Option<js_sys::Promise> {
    let headers = Headers::new().ok()?;
    headers.set(PART_HEADER, name).ok()?;
    let init = RequestInit::new();
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    if let Some(form) = form {
        let fields = FormData::new_with_form(form).ok()?;
        let body = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
        init.set_method("POST");
        init.set_body(&body);
    }
    Some(window().fetch_with_str_and_init(address, &init))
}

async fn read(promise: js_sys::Promise) -> Option<Answer> {
    let response: Response = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    if response.status() >= 500 {
        return None;
    }
    if !response.ok() {
        return Some(Answer::SeePage);
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string().map(Answer::Part)
}
