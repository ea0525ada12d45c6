//! The page around an island: its forms, its fields, whether anybody looks at it.

use crate::forms::Fields;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use std::time::Duration;
use web_sys::{Element, Event, EventTarget, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement};

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
    let Ok(data) = web_sys::FormData::new_with_form(form) else { return fields };
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

pub fn set_value(selector: &str, value: &str) {
    let Some(element) = find(selector) else { return };
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
        let words_now = message.unwrap_or_default();
        if words.text_content().as_deref() != Some(words_now) {
            words.set_text_content(Some(words_now));
        }
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
