//! The person's home: what is new, what we said we would do and by when, and the ways on.

use crate::domain::ids::{CaseId, Reference};
use crate::govuk::{NotificationBanner, Tag};
use crate::paths;
use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct HomeView {
    pub first_name: String,
    pub news: Vec<News>,
    pub promises: Vec<PromiseLine>,
    pub cases: Vec<CaseCard>,
    /// No channel is known to be safe, so nothing is ever sent.
    pub nothing_is_safe: bool,
    pub done: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct News {
    pub text: String,
    pub href: String,
    pub when: String,
}

#[derive(Clone, Debug)]
pub struct PromiseLine {
    pub reference: Reference,
    /// `We will answer by 5pm on Tuesday 24 November.`
    pub text: String,
    pub late: bool,
}

#[derive(Clone, Debug)]
pub struct CaseCard {
    pub id: CaseId,
    pub name: &'static str,
    pub reference: String,
    pub status: &'static str,
    pub heard: String,
}

#[component]
pub fn HomePage(view: HomeView) -> impl IntoView {
    let news: Vec<_> = view
        .news
        .into_iter()
        .map(|news| view! { <li><a class="govuk-link" href=news.href>{news.text}</a>" " <span class="govuk-hint">{news.when}</span></li> })
        .collect();
    let promises: Vec<_> = view
        .promises
        .into_iter()
        .map(|promise| {
            let class = if promise.late { "portal-promise portal-promise--late" } else { "portal-promise" };
            view! {
                <li class=class>
                    {promise.text} " "
                    <a class="govuk-link" href=paths::support(&promise.reference)>
                        "See what you asked"<span class="govuk-visually-hidden">" in request "{promise.reference.to_string()}</span>
                    </a>
                </li>
            }
        })
        .collect();
    let cases: Vec<_> = view
        .cases
        .into_iter()
        .map(|case| {
            view! {
                <li class="portal-card">
                    <h3 class="govuk-heading-s portal-card__title">
                        <a class="govuk-link portal-card__link" href=paths::case(case.id)>
                            {case.name}" "<span class="portal-card__reference">{case.reference}</span>
                        </a>
                    </h3>
                    <p class="govuk-body portal-card__text"><Tag text=case.status/></p>
                    <p class="govuk-hint portal-card__text">{case.heard}</p>
                </li>
            }
        })
        .collect();
    let (no_news, no_promises, no_cases) = (news.is_empty(), promises.is_empty(), cases.is_empty());
    view! {
        {view.done.map(|text| view! { <NotificationBanner text=text/> })}
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l">"Hello, " {view.first_name}</h1>

            <h2 class="govuk-heading-m">"What is new"</h2>
            {if no_news {
                view! { <p class="govuk-body">"Nothing new since you last looked."</p> }.into_any()
            } else {
                view! { <ul class="govuk-list govuk-list--spaced">{news}</ul> }.into_any()
            }}

            <h2 class="govuk-heading-m">"What we said we would do"</h2>
            {if no_promises {
                view! { <p class="govuk-body">"You are not waiting for an answer from us."</p> }.into_any()
            } else {
                view! { <ul class="govuk-list portal-promises">{promises}</ul> }.into_any()
            }}

            <h2 class="govuk-heading-m">"Cases"</h2>
            {if no_cases {
                view! { <p class="govuk-body">"We do not have a case for you yet. You can still ask us for support."</p> }.into_any()
            } else {
                view! { <ul class="portal-cards">{cases}</ul> }.into_any()
            }}

            {view.nothing_is_safe.then(|| view! {
                <div class="govuk-inset-text">
                    "We do not know a safe way to reach you, so we send you nothing. "
                    <a class="govuk-link" href=paths::CONTACT>"Tell us what is safe"</a>
                    ", or sign in here when you can."
                </div>
            })}

            <h2 class="govuk-heading-m">"What you can do"</h2>
            <ul class="govuk-list govuk-list--spaced">
                <li><a class="govuk-link" href=paths::SUPPORT_NEW>"Ask for support"</a></li>
                <li><a class="govuk-link" href=paths::SUPPORT>"See what you have asked us"</a></li>
                <li><a class="govuk-link" href=paths::CONTACT>"Choose how we may contact you"</a></li>
                <li><a class="govuk-link" href=paths::RIGHTS>"Read about your rights"</a></li>
            </ul>
        </div></div>
    }
}
