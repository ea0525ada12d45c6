//! Who may come in: accounts of staff and keys of machines. Nothing about any person.

use crate::domain::ids::StaffId;
use crate::domain::staff::StaffRole;
use crate::govuk::NotificationBanner;
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct AccountLine {
    pub id: StaffId,
    pub name: String,
    pub email: String,
    pub role: StaffRole,
    pub team: String,
    /// `Last signed in today at 9am`
    pub used: String,
    /// May the reader end it? Not their own.
    pub may_end: bool,
}

#[derive(Clone, Debug)]
pub struct KeyLine {
    pub id: String,
    pub name: String,
    pub scopes: String,
    pub life: String,
    pub used: String,
}

#[component]
pub fn AccessPage(accounts: Vec<AccountLine>, keys: Vec<KeyLine>, done: Option<&'static str>) -> impl IntoView {
    let accounts: Vec<_> = accounts
        .into_iter()
        .map(|line| {
            let name = line.name.clone();
            view! {
                <li class="hub-task">
                    <p class="govuk-body"><strong>{line.name}</strong> ", " {line.role.title()} ", " {line.team}</p>
                    <p class="govuk-body-s">{line.email} ". " {line.used} "."</p>
                    {line.may_end.then(|| view! {
                        <form method="post" action=paths::hub_end_access(line.id)>
                            <button type="submit" class="govuk-button govuk-button--secondary">
                                "End this account"<span class="govuk-visually-hidden">{format!(": {name}")}</span>
                            </button>
                        </form>
                    })}
                </li>
            }
        })
        .collect();
    let no_keys = keys.is_empty();
    let keys: Vec<_> = keys
        .into_iter()
        .map(|line| {
            let name = line.name.clone();
            view! {
                <li class="hub-task">
                    <p class="govuk-body"><strong>{line.name}</strong> ", " {line.id.clone()} ", " {line.scopes}</p>
                    <p class="govuk-body-s">{line.life} ". " {line.used} "."</p>
                    <form method="post" action=paths::hub_revoke_key(&line.id)>
                        <button type="submit" class="govuk-button govuk-button--secondary">
                            "End this key"<span class="govuk-visually-hidden">{format!(": {name}")}</span>
                        </button>
                    </form>
                </li>
            }
        })
        .collect();
    view! {
        {done.map(|text| view! { <NotificationBanner text=text/> })}
        <h1 class="govuk-heading-l">"Access"</h1>
        <h2 class="govuk-heading-m">"Staff"</h2>
        <p class="govuk-body">"An account that ends signs its owner out at once. What they held goes back to the queue."</p>
        <ul class="hub-tasks">{accounts}</ul>
        <h2 class="govuk-heading-m">"Machines"</h2>
        {if no_keys {
            view! { <p class="govuk-body">"No machine has a key that works."</p> }.into_any()
        } else {
            view! { <ul class="hub-tasks">{keys}</ul> }.into_any()
        }}
    }
}
