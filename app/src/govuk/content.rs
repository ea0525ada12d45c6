//! Components that show things.

use leptos::prelude::*;

#[component]
pub fn BackLink(href: String) -> impl IntoView {
    view! { <a href=href class="govuk-back-link">"Back"</a> }
}

#[component]
pub fn Button(#[prop(into)] text: String, #[prop(optional)] kind: &'static str) -> impl IntoView {
    let class = match kind {
        "" => "govuk-button",
        "secondary" => "govuk-button govuk-button--secondary",
        _ => "govuk-button govuk-button--warning",
    };
    // `data-prevent-double-click` is a hint only: the submission id makes a double tap one request.
    view! { <button type="submit" class=class data-prevent-double-click="true">{text}</button> }
}

#[component]
pub fn InsetText(children: Children) -> impl IntoView {
    view! { <div class="govuk-inset-text">{children()}</div> }
}

#[component]
pub fn WarningText(#[prop(into)] text: String) -> impl IntoView {
    view! {
        <div class="govuk-warning-text">
            <span class="govuk-warning-text__icon" aria-hidden="true">"!"</span>
            <strong class="govuk-warning-text__text">
                <span class="govuk-visually-hidden">"Warning "</span>
                {text}
            </strong>
        </div>
    }
}

#[component]
pub fn Details(#[prop(into)] summary: String, children: Children) -> impl IntoView {
    view! {
        <details class="govuk-details">
            <summary class="govuk-details__summary"><span class="govuk-details__summary-text">{summary}</span></summary>
            <div class="govuk-details__text">{children()}</div>
        </details>
    }
}

#[component]
pub fn Panel(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <div class="govuk-panel govuk-panel--confirmation">
            <h1 class="govuk-panel__title">{title}</h1>
            <div class="govuk-panel__body">{children()}</div>
        </div>
    }
}

/// The outcome of what somebody just did.
#[component]
pub fn NotificationBanner(#[prop(into)] text: String) -> impl IntoView {
    view! {
        <div class="govuk-notification-banner govuk-notification-banner--success" role="alert" aria-labelledby="banner-title">
            <div class="govuk-notification-banner__header">
                <h2 class="govuk-notification-banner__title" id="banner-title">"Done"</h2>
            </div>
            <div class="govuk-notification-banner__content">
                <p class="govuk-notification-banner__heading">{text}</p>
            </div>
        </div>
    }
}

#[component]
pub fn Tag(#[prop(into)] text: String, #[prop(optional, into)] class: String) -> impl IntoView {
    let class = format!("govuk-tag {class}");
    view! { <strong class=class.trim().to_owned()>{text}</strong> }
}

/// One row of a summary list, with a link to change it when there is one.
#[component]
pub fn SummaryRow(
    #[prop(into)] key: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] change: Option<String>,
    #[prop(optional, into)] change_what: String,
) -> impl IntoView {
    let lines: Vec<_> = value.lines().map(|line| view! { <span class="portal-line">{line.to_owned()}</span> }).collect();
    view! {
        <div class="govuk-summary-list__row">
            <dt class="govuk-summary-list__key">{key}</dt>
            <dd class="govuk-summary-list__value">{lines}</dd>
            {change.map(|href| view! {
                <dd class="govuk-summary-list__actions">
                    <a class="govuk-link" href=href>"Change"<span class="govuk-visually-hidden">" "{change_what}</span></a>
                </dd>
            })}
        </div>
    }
}
