//! Unfinished words are kept on the server while a person writes, so that a lost signal or a quick
//! exit loses none. Never in the browser: the phone may be somebody else's tomorrow.

use super::{api, page};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(2);

/// Stands inside the form whose field `words` it keeps.
#[island]
pub fn SavedWords() -> impl IntoView {
    let marker = NodeRef::<html::Div>::new();
    let (status, set_status) = signal(String::new());
    Effect::new(move |_| {
        let Some(form) = marker.get().and_then(|node| page::form_of(&node)) else { return };
        let kept = Rc::new(RefCell::new(page::fields_of(&form).raw("words").to_owned()));
        let busy = Rc::new(Cell::new(false));
        page::while_seen(QUIET, move || {
            let words = page::fields_of(&form).raw("words").to_owned();
            if busy.get() || *kept.borrow() == words {
                return;
            }
            busy.set(true);
            let (kept, busy) = (Rc::clone(&kept), Rc::clone(&busy));
            spawn_local(async move {
                match api::keep_words(words.clone()).await {
                    Ok(time) => {
                        *kept.borrow_mut() = words;
                        set_status.set(format!("Saved at {time}"));
                    }
                    Err(api::PortalError::Unavailable) => {
                        set_status.set("Not saved yet. We will keep trying. Do not close this page.".into());
                    }
                    // Too long, or a session that ended: the form itself says what to do.
                    Err(_) => *kept.borrow_mut() = words,
                }
                busy.set(false);
            });
        });
    });
    view! { <div node_ref=marker class="portal-saved" role="status">{move || status.get()}</div> }
}
