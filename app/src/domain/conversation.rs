//! Messages between a person and the hub. Internal notes are another type, another table and
//! another page part: nothing here can hold one.

use super::ids::{CaseId, Reference};

/// The longest message either side may write, in characters.
pub const LONGEST_MESSAGE: usize = 4_000;

/// Which conversation: all about one case, or one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThreadKey {
    Case(CaseId),
    Request(Reference),
}
