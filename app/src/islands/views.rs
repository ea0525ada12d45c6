//! What islands show: already in words, already cut to what this viewer may see.

use crate::domain::ids::{CaseId, Reference};
use serde::{Deserialize, Serialize};

/// Which conversation: all about one case, or one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThreadKey {
    Case(CaseId),
    Request(Reference),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    pub id: String,
    pub mine: bool,
    /// `You`, or `Sam, victims’ hub`.
    pub who: String,
    pub body: String,
    pub when: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadView {
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// `We will answer by 5pm on Tuesday 24 November`, while an answer is owed.
    pub promise: Option<String>,
    /// For the next message sent from this page.
    pub submission: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueueRow {
    pub reference: Reference,
    pub asks: String,
    pub tier: u8,
    pub tier_name: String,
    pub reasons: Vec<String>,
    pub waiting: String,
    pub due: String,
    pub overdue: bool,
    /// First name of who holds it.
    pub holder: Option<String>,
    pub mine: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    pub rows: Vec<QueueRow>,
    /// How many are open in all; more than `rows` on a busy day.
    pub open: u64,
    /// Whether everybody's or only mine are shown.
    pub mine_only: bool,
}
