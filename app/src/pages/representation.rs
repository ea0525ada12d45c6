//! The hub's page that adds somebody who acts for a person.

use crate::domain::ids::PersonId;
use crate::domain::joining::IdentityCheck;
use crate::domain::representation::{Grants, Purpose};
use crate::govuk::{BackLink, Button, Checkboxes, Choice, DateInput, Entered, ErrorSummary, Hidden, Radios, TextInput, WarningText};
use crate::paths;
use leptos::prelude::*;

#[component]
pub fn AddRepresentativePage(person: PersonId, name: String, cases: Vec<String>, submission: String, entered: Entered) -> impl IntoView {
    let purposes: Vec<Choice> = Purpose::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    let scope: Vec<Choice> = Grants::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    let checks: Vec<Choice> = IdentityCheck::ALL.iter().map(|one| Choice::new(one.code(), one.in_words())).collect();
    view! {
        <BackLink href=paths::hub_person(person)/>
        <ErrorSummary entered=entered.clone()/>
        <div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds">
            <h1 class="govuk-heading-l"><span class="govuk-caption-l">{name}</span>"Add somebody who acts for them"</h1>
            <WarningText text="Only when they asked for it themselves, alone with you. They can end it with one tap."/>
            <p class="govuk-body">"It counts for: " {cases.join(", ")} ". They never see messages, requests or contact details of the person."</p>
            <form method="post" action=paths::hub_representative(person) novalidate>
                <TextInput entered=entered.clone() name="rep_name" label="Their name" width="govuk-input--width-20" autocomplete="off"/>
                <Radios entered=entered.clone() name="purpose" label="In what capacity do they act?" choices=purposes/>
                <Checkboxes entered=entered.clone() name="scope" label="What else may they do? (optional)" hint="They may always follow how far the case has come." choices=scope/>
                <DateInput
                    entered=entered.clone() day="until-day" month="until-month" year="until-year"
                    label="What is the last day?" hint="At most 6 months from now. For example, 31 3 2027."
                />
                <Radios entered=entered.clone() name="confirmed" label="How did you make sure that the person asked for this?" choices=checks/>
                <Checkboxes
                    entered=entered name="not_close" label="The other side"
                    choices=vec![Choice::new("yes", "I made sure that they are not the suspect, and not close to the suspect")]
                />
                <Hidden name="submission_id" value=submission/>
                <Button text="Add them"/>
            </form>
        </div></div>
    }
}
