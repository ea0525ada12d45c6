//! GOV.UK design-system components as Leptos components: server-rendered, working without script,
//! without the crown and the typeface. The only place with raw form markup.
//!
//! Every form page holds an [`Entered`]: what was typed and what is wrong with it. A component is
//! given that and its field's name, and shows both. To add a component: take its markup from
//! govuk-frontend, render user text only as a child or an attribute (Leptos escapes those), never
//! as a raw `textarea` or `title` (it does not escape those: see [`text`]).

mod content;
mod fields;
pub mod text;

pub use content::{BackLink, Button, Details, InsetText, NotificationBanner, Panel, SummaryRow, Tag, WarningText};
pub use fields::{Checkboxes, Choice, DateInput, ErrorSummary, FileInput, Heading, Hidden, Radios, Select, TextInput, TextareaField};

use crate::forms::{FieldErrors, Fields};
use std::sync::Arc;

/// What was typed into a form and what is wrong with it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    inner: Arc<(Fields, FieldErrors)>,
}

impl Entered {
    #[must_use]
    pub fn new(fields: Fields, errors: FieldErrors) -> Self {
        Self { inner: Arc::new((fields, errors)) }
    }

    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.inner.0
    }

    #[must_use]
    pub fn errors(&self) -> &FieldErrors {
        &self.inner.1
    }
}
