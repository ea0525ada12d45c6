//! Mistakes show while a person types, by the very code the server runs.

use super::page;
use crate::forms::{FieldErrors, FormName};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{Element, FocusEvent, HtmlFormElement};

/// Stands inside the form it checks. A field is checked once it has been left, and from then on at
/// every keystroke. Sending is never blocked: the server decides.
#[island]
pub fn LiveCheck(form: FormName) -> impl IntoView {
    let marker = NodeRef::<html::Span>::new();
    Effect::new(move |_| {
        if let Some(form_element) = marker.get().and_then(|node| page::form_of(&node)) {
            watch(&form_element, form);
        }
    });
    view! { <span node_ref=marker hidden=true data-live-check="true"></span> }
}

fn watch(form: &HtmlFormElement, name: FormName) {
    let left: Rc<RefCell<Vec<String>>> = Rc::default();
    for event in ["focusout", "change", "input"] {
        let (form_now, left) = (form.clone(), Rc::clone(&left));
        page::on(form, event, move |event| {
            let Some(group) = event.target().and_then(|target| target.dyn_into::<Element>().ok()).and_then(|field| group_of(&field)) else {
                return;
            };
            if event.type_() == "focusout" && stays_in(&group, &event) {
                return;
            }
            let Some(field) = group.get_attribute("data-field") else { return };
            if event.type_() != "input" && !left.borrow().contains(&field) {
                left.borrow_mut().push(field);
            }
            show(&form_now, &left.borrow(), &name.check(&page::fields_of(&form_now)));
        });
    }
}

fn group_of(field: &Element) -> Option<Element> {
    field.closest("[data-field]").ok().flatten()
}

fn stays_in(group: &Element, event: &web_sys::Event) -> bool {
    let next = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
    next.and_then(|next| next.dyn_into::<web_sys::Node>().ok()).is_some_and(|next| group.contains(Some(&next)))
}

fn show(form: &HtmlFormElement, left: &[String], errors: &FieldErrors) {
    for field in left {
        if let Ok(Some(group)) = form.query_selector(&format!("[data-field=\"{field}\"]")) {
            page::show_error(&group, errors.of(field).as_deref());
        }
    }
}
