//! Mistakes show while a person types, by the very code the server runs.

use super::page;
use crate::forms::{FieldErrors, FormName};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use web_sys::{Element, FocusEvent, HtmlFormElement};

/// Stands inside the form it checks, which names its check in `data-check`. A field is checked once
/// it has been left, and from then on at every keystroke. Sending is never blocked: the server decides.
#[island]
pub fn LiveCheck() -> impl IntoView {
    let marker = NodeRef::<html::Span>::new();
    Effect::new(move |_| {
        let Some(form) = marker.get().and_then(|node| page::form_of(&node)) else { return };
        if let Some(name) = form.get_attribute("data-check").as_deref().and_then(FormName::from_code) {
            watch(&form, name);
        }
    });
    view! { <span node_ref=marker hidden=true></span> }
}

fn watch(form: &HtmlFormElement, name: FormName) {
    let left: Rc<RefCell<Vec<String>>> = Rc::default();
    // While a button is being pressed nothing may move: a message that goes away under the finger
    // would take the button with it, and the press would be lost.
    let pressed: Rc<Cell<bool>> = Rc::default();
    {
        let pressed = Rc::clone(&pressed);
        page::on(form, "pointerdown", move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            pressed.set(target.is_some_and(|target| target.closest("button").is_ok_and(|button| button.is_some())));
        });
    }
    for event in ["focusout", "change", "input"] {
        let (form_now, left, pressed) = (form.clone(), Rc::clone(&left), Rc::clone(&pressed));
        page::on(form, event, move |event| {
            if event.type_() == "input" {
                pressed.set(false);
            } else if pressed.get() {
                return;
            }
            let field = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let Some(group) = field.and_then(|field| field.closest("[data-field]").ok().flatten()) else { return };
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

fn stays_in(group: &Element, event: &web_sys::Event) -> bool {
    let next = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
    next.and_then(|next| next.dyn_into::<web_sys::Node>().ok()).is_some_and(|next| group.contains(Some(&next)))
}

fn show(form: &HtmlFormElement, left: &[String], errors: &FieldErrors) {
    for field in left {
        let selector = ["[data-field=\"", field, "\"]"].concat();
        if let Ok(Some(group)) = form.query_selector(&selector) {
            page::show_error(&group, errors.of(field).as_deref());
        }
    }
}
