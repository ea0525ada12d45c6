//! The hub's queue, moving by itself. Claiming is a plain form in each row: one click with or
//! without script.

use super::views::{QueueRow, QueueView};
use super::{api, page};
use crate::govuk::Hidden;
use crate::paths;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;

const LOOK_AGAIN: Duration = Duration::from_secs(4);

#[island]
pub fn LiveQueue(queue: QueueView) -> impl IntoView {
    let mine_only = queue.mine_only;
    let form_token = queue.form_token.clone();
    let (shown, set_shown) = signal(queue);
    let (lost, set_lost) = signal(false);
    Effect::new(move |_| {
        page::while_seen(LOOK_AGAIN, move || {
            spawn_local(async move {
                match api::queue(mine_only).await {
                    Ok(newer) => {
                        set_lost.set(false);
                        // Only a real change redraws: focus and reading place stay where they are.
                        if shown.with_untracked(|now| *now != newer) {
                            set_shown.set(newer);
                        }
                    }
                    Err(_) => set_lost.set(true),
                }
            });
        });
    });
    view! {
        <div class="hub-queue-live">
            <p class="govuk-body-s" role="status">
                {move || shown.with(|queue| match queue.rows.len() {
                    0 => "Nobody is waiting.".to_owned(),
                    rows => format!("{rows} of {} open requests, most urgent first.", queue.open),
                })}
                {move || lost.get().then_some(" This list may be out of date: reload the page.")}
            </p>
            <div class="hub-queue-scroll" role="region" aria-label="Queue" tabindex="0">
                <table class="govuk-table hub-queue">
                    <thead class="govuk-table__head">
                        <tr class="govuk-table__row">
                            <th scope="col" class="govuk-table__header">"Request"</th>
                            <th scope="col" class="govuk-table__header">"Tier and why"</th>
                            <th scope="col" class="govuk-table__header">"Due"</th>
                            <th scope="col" class="govuk-table__header">"Waiting since"</th>
                            <th scope="col" class="govuk-table__header">"Held by"</th>
                        </tr>
                    </thead>
                    <tbody class="govuk-table__body">
                        <For each=move || shown.get().rows key=Clone::clone let:row>
                            <Row row=row form_token=form_token.clone()/>
                        </For>
                    </tbody>
                </table>
            </div>
        </div>
    }
}

#[component]
fn Row(row: QueueRow, form_token: String) -> impl IntoView {
    let class = if row.overdue { "govuk-table__row hub-row--overdue" } else { "govuk-table__row" };
    let tier = format!("govuk-tag hub-tier hub-tier--t{}", row.tier);
    let reasons = row.reasons.join(" · ");
    let reference = row.reference.to_string();
    let holder = match (&row.holder, row.mine) {
        (_, true) => view! { <strong>"You"</strong> }.into_any(),
        (Some(name), false) => view! { <span>{name.clone()}</span> }.into_any(),
        (None, false) => view! {
            <form method="post" action=paths::hub_act(&row.reference, "claim")>
                <Hidden name="form_token" value=form_token/>
                <button type="submit" class="govuk-button govuk-button--secondary hub-claim">
                    "Claim"<span class="govuk-visually-hidden">" "{reference.clone()}</span>
                </button>
            </form>
        }
        .into_any(),
    };
    view! {
        <tr class=class>
            <td class="govuk-table__cell">
                <a class="govuk-link" href=paths::hub_request(&row.reference)>{reference}</a>
                <span class="hub-asks">{row.asks}</span>
            </td>
            <td class="govuk-table__cell">
                <strong class=tier>{format!("T{} ", row.tier)}{row.tier_name}</strong>
                <span class="hub-reasons">{reasons}</span>
            </td>
            <td class="govuk-table__cell">
                {row.overdue.then(|| view! { <strong class="hub-late">"Late: "</strong> })}
                {row.due}
            </td>
            <td class="govuk-table__cell">{row.waiting}</td>
            <td class="govuk-table__cell">{holder}</td>
        </tr>
    }
}
