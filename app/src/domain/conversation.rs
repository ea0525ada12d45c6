//! Messages between a person and the hub. Internal notes are another type, another table and
//! another page part: nothing here can hold one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest message either side may write, in characters.
pub const LONGEST_MESSAGE: usize = 4_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Author {
    /// The person whose portal this is.
    Person,
    /// A member of the hub, by first name only.
    Hub(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub author: Author,
    pub body: String,
    pub sent_at: DateTime<Utc>,
}
