//! What the hub's island shows: already in words, already cut to what this viewer may see.

use crate::domain::ids::Reference;
use serde::{Deserialize, Serialize};

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
    /// What a form of this session carries.
    pub form_token: String,
}
