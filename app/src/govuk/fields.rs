//! Components that ask for things. Each group carries `data-field`, and an error line that is there
//! from the start and hidden while empty, so that the browser's live check only has to fill it.

use super::{Entered, text::SafeTextarea};
use leptos::prelude::*;

/// How a field's label is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heading {
    #[default]
    None,
    /// The question is the page's heading.
    Page,
    /// A heading inside a page.
    Section,
}

impl Heading {
    fn label_class(self, base: &str) -> String {
        match self {
            Self::None => base.to_owned(),
            Self::Page => format!("{base} {base}--l"),
            Self::Section => format!("{base} {base}--m"),
        }
    }
}

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    /// A line "or" before it, for "none of these".
    pub apart: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None, apart: false }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }
}

fn group_class(error: Option<&String>) -> &'static str {
    if error.is_some() { "govuk-form-group govuk-form-group--error" } else { "govuk-form-group" }
}

fn described_by(name: &str, hint: bool) -> String {
    if hint { format!("{name}-hint {name}-error") } else { format!("{name}-error") }
}

fn hint_line(name: &str, hint: Option<String>) -> impl IntoView {
    let id = format!("{name}-hint");
    hint.map(|hint| view! { <div id=id class="govuk-hint">{hint}</div> })
}

fn error_line(name: &str, error: Option<String>) -> impl IntoView {
    let hidden = error.is_none();
    view! {
        <p id=format!("{name}-error") class="govuk-error-message" hidden=hidden>
            <span class="govuk-visually-hidden">"Error: "</span>
            <span class="portal-error-text">{error.unwrap_or_default()}</span>
        </p>
    }
}

fn label_view(name: &str, label: String, heading: Heading) -> impl IntoView {
    let id = name.to_owned();
    let class = heading.label_class("govuk-label");
    match heading {
        Heading::Page => view! { <h1 class="govuk-label-wrapper"><label class=class for=id>{label}</label></h1> }.into_any(),
        Heading::Section => view! { <h2 class="govuk-label-wrapper"><label class=class for=id>{label}</label></h2> }.into_any(),
        Heading::None => view! { <label class=class for=id>{label}</label> }.into_any(),
    }
}

fn legend_view(label: String, heading: Heading) -> impl IntoView {
    let class = heading.label_class("govuk-fieldset__legend");
    match heading {
        Heading::Page => view! { <legend class=class><h1 class="govuk-fieldset__heading">{label}</h1></legend> }.into_any(),
        Heading::Section => view! { <legend class=class><h2 class="govuk-fieldset__heading">{label}</h2></legend> }.into_any(),
        Heading::None => view! { <legend class=class>{label}</legend> }.into_any(),
    }
}

/// Everything that is wrong, first on the page, each linked to its field. It takes the focus
/// without script too.
#[component]
pub fn ErrorSummary(entered: Entered) -> impl IntoView {
    (!entered.errors().is_empty()).then(|| {
        let items: Vec<_> = entered
            .errors()
            .0
            .iter()
            .map(|error| {
                let href = format!("#{}", error.field);
                let message = error.message.to_string();
                view! { <li><a href=href>{message}</a></li> }
            })
            .collect();
        view! {
            <div class="govuk-error-summary" tabindex="-1" autofocus=true data-error-summary="true">
                <div role="alert">
                    <h2 class="govuk-error-summary__title">"There is a problem"</h2>
                    <div class="govuk-error-summary__body">
                        <ul class="govuk-list govuk-error-summary__list">{items}</ul>
                    </div>
                </div>
            </div>
        }
    })
}

#[component]
pub fn Hidden(name: &'static str, value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value/> }
}

#[component]
pub fn TextInput(
    entered: Entered,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] heading: Heading,
    /// `email`, `tel`, `password`; text unless told.
    #[prop(default = "text")]
    kind: &'static str,
    /// `numeric` for codes and dates.
    #[prop(optional)]
    inputmode: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    /// A width class such as `govuk-input--width-10`.
    #[prop(optional)]
    width: &'static str,
    /// Whether what was typed may be shown again; false for secrets.
    #[prop(default = true)]
    keep: bool,
) -> impl IntoView {
    let error = entered.errors().of(name);
    let group = group_class(error.as_ref());
    let class = format!("govuk-input {width}{}", if error.is_some() { " govuk-input--error" } else { "" });
    let value = if keep { entered.fields().one(name).to_owned() } else { String::new() };
    let described = described_by(name, hint.is_some());
    view! {
        <div class=group data-field=name>
            {label_view(name, label, heading)}
            {hint_line(name, hint)}
            {error_line(name, error)}
            <input
                class=class
                id=name
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                inputmode=(!inputmode.is_empty()).then_some(inputmode)
                spellcheck="false"
                aria-describedby=described
            />
        </div>
    }
}

#[component]
pub fn TextareaField(
    entered: Entered,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] heading: Heading,
    #[prop(default = 6)] rows: u8,
    /// Whether what was typed may be shown again; false for the address.
    #[prop(default = true)]
    keep: bool,
) -> impl IntoView {
    let error = entered.errors().of(name);
    let group = group_class(error.as_ref());
    let class = format!("govuk-textarea{}", if error.is_some() { " govuk-textarea--error" } else { "" });
    let value = if keep || error.is_some() || !entered.errors().is_empty() { entered.fields().raw(name).to_owned() } else { String::new() };
    let described = described_by(name, hint.is_some());
    view! {
        <div class=group data-field=name>
            {label_view(name, label, heading)}
            {hint_line(name, hint)}
            {error_line(name, error)}
            <SafeTextarea id=name.to_owned() name=name.to_owned() class=class rows=rows value=value described_by=described/>
        </div>
    }
}

/// A file is chosen anew after an error: no browser keeps it. The form needs `enctype="multipart/form-data"`.
#[component]
pub fn FileInput(
    entered: Entered,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(into)] hint: String,
    /// Media types, comma between: what the phone offers. The server looks again.
    accept: &'static str,
) -> impl IntoView {
    let error = entered.errors().of(name);
    let group = group_class(error.as_ref());
    let class = format!("govuk-file-upload{}", if error.is_some() { " govuk-file-upload--error" } else { "" });
    let described = described_by(name, true);
    view! {
        <div class=group data-field=name>
            {label_view(name, label, Heading::None)}
            {hint_line(name, Some(hint))}
            {error_line(name, error)}
            <input class=class id=name name=name type="file" accept=accept aria-describedby=described/>
        </div>
    }
}

fn choices_view(
    entered: &Entered,
    name: &'static str,
    choices: Vec<Choice>,
    kind: &'static str,
    block: &'static str,
) -> Vec<impl IntoView + use<>> {
    choices
        .into_iter()
        .enumerate()
        .map(|(place, choice)| {
            let id = if place == 0 { name.to_owned() } else { format!("{name}-{}", place + 1) };
            let hint_id = format!("{id}-item-hint");
            let checked = entered.fields().has(name, &choice.value);
            let described = choice.hint.as_ref().map(|_| hint_id.clone());
            view! {
                {choice.apart.then(|| view! { <div class=format!("govuk-{block}__divider")>"or"</div> })}
                <div class=format!("govuk-{block}__item")>
                    <input
                        class=format!("govuk-{block}__input")
                        id=id.clone()
                        name=name
                        type=kind
                        value=choice.value
                        checked=checked
                        aria-describedby=described
                    />
                    <label class=format!("govuk-label govuk-{block}__label") for=id>{choice.label}</label>
                    {choice.hint.map(|hint| view! { <div id=hint_id class=format!("govuk-hint govuk-{block}__hint")>{hint}</div> })}
                </div>
            }
        })
        .collect()
}

#[component]
pub fn Radios(
    entered: Entered,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] heading: Heading,
    choices: Vec<Choice>,
    /// Side by side, for yes and no.
    #[prop(optional)]
    inline: bool,
) -> impl IntoView {
    let error = entered.errors().of(name);
    let group = group_class(error.as_ref());
    let described = described_by(name, hint.is_some());
    let class = if inline { "govuk-radios govuk-radios--inline" } else { "govuk-radios" };
    view! {
        <div class=group data-field=name>
            <fieldset class="govuk-fieldset" aria-describedby=described>
                {legend_view(label, heading)}
                {hint_line(name, hint)}
                {error_line(name, error)}
                <div class=class>{choices_view(&entered, name, choices, "radio", "radios")}</div>
            </fieldset>
        </div>
    }
}

#[component]
pub fn Checkboxes(
    entered: Entered,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] heading: Heading,
    choices: Vec<Choice>,
    #[prop(optional)] small: bool,
) -> impl IntoView {
    let error = entered.errors().of(name);
    let group = group_class(error.as_ref());
    let described = described_by(name, hint.is_some());
    let class = if small { "govuk-checkboxes govuk-checkboxes--small" } else { "govuk-checkboxes" };
    view! {
        <div class=group data-field=name>
            <fieldset class="govuk-fieldset" aria-describedby=described>
                {legend_view(label, heading)}
                {hint_line(name, hint)}
                {error_line(name, error)}
                <div class=class>{choices_view(&entered, name, choices, "checkbox", "checkboxes")}</div>
            </fieldset>
        </div>
    }
}

#[component]
pub fn Select(
    entered: Entered,
    name: &'static str,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    /// Chosen when nothing was entered.
    #[prop(optional, into)]
    default: String,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    let error = entered.errors().of(name);
    let group = group_class(error.as_ref());
    let described = described_by(name, hint.is_some());
    let entered_value = entered.fields().one(name).to_owned();
    let chosen = if entered_value.is_empty() { default } else { entered_value };
    let options: Vec<_> = choices
        .into_iter()
        .map(|choice| {
            let selected = choice.value == chosen;
            view! { <option value=choice.value selected=selected>{choice.label}</option> }
        })
        .collect();
    view! {
        <div class=group data-field=name>
            <label class="govuk-label" for=name>{label}</label>
            {hint_line(name, hint)}
            {error_line(name, error)}
            <select class="govuk-select" id=name name=name aria-describedby=described>{options}</select>
        </div>
    }
}

/// Day, month and year in three fields named `{name}-day`, `{name}-month`, `{name}-year`. The error
/// belongs to the first.
#[component]
pub fn DateInput(
    entered: Entered,
    /// `until-day` and so on, given in full so that they can be found by searching.
    day: &'static str,
    month: &'static str,
    year: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    let error = entered.errors().of(day);
    let group = group_class(error.as_ref());
    let described = described_by(day, hint.is_some());
    let part = |name: &'static str, label: &'static str, width: &'static str| {
        let class = format!("govuk-input govuk-date-input__input {width}{}", if error.is_some() { " govuk-input--error" } else { "" });
        let value = entered.fields().one(name).to_owned();
        view! {
            <div class="govuk-date-input__item">
                <div class="govuk-form-group">
                    <label class="govuk-label govuk-date-input__label" for=name>{label}</label>
                    <input class=class id=name name=name type="text" inputmode="numeric" value=value autocomplete="off"/>
                </div>
            </div>
        }
    };
    view! {
        <div class=group data-field=day>
            <fieldset class="govuk-fieldset" role="group" aria-describedby=described>
                <legend class="govuk-fieldset__legend">{label}</legend>
                {hint_line(day, hint)}
                {error_line(day, error.clone())}
                <div class="govuk-date-input">
                    {part(day, "Day", "govuk-input--width-2")}
                    {part(month, "Month", "govuk-input--width-2")}
                    {part(year, "Year", "govuk-input--width-4")}
                </div>
            </fieldset>
        </div>
    }
}
