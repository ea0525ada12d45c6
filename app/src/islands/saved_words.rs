//! Unfinished words are kept on the server while a person writes, so that a lost signal or a quick
//! exit loses none. Never in the browser: the phone may be somebody else's tomorrow.

use super::page::{self, Answer};
use leptos::html;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(2);

/// Stands inside the form whose field `words` it keeps, by sending that form as it stands.
#[island]
pub fn SavedWords() -> impl IntoView {
    let marker = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let Some(status) = marker.get() else { return };
        let Some(form) = page::form_of(&status) else { return };
        let kept = Rc::new(RefCell::new(page::fields_of(&form).raw("words").to_owned()));
        let busy = Rc::new(Cell::new(false));
        page::while_seen(QUIET, move || {
            let words = page::fields_of(&form).raw("words").to_owned();
            if busy.get() || *kept.borrow() == words {
                return;
            }
            busy.set(true);
            let (kept, busy, status) = (Rc::clone(&kept), Rc::clone(&busy), status.clone());
            page::part(&form.action(), "saved", Some(&form), move |answer| {
                match answer {
                    Answer::Part(time) => {
                        *kept.borrow_mut() = words;
                        page::set_text(&status, &time);
                    }
                    // Too long, or a session that ended: sending the form says what to do.
                    Answer::SeePage => *kept.borrow_mut() = words,
                    Answer::Nothing => page::set_text(&status, "Not saved yet. We will keep trying. Do not close this page."),
                }
                busy.set(false);
            });
        });
    });
    view! { <div node_ref=marker class="portal-saved" role="status"></div> }
}
