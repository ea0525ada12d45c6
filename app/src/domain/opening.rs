//! Opening a record that is not one's work: with a reason, for half an hour, seen by a supervisor the
//! same day, and told to the person whose record it is.

use super::support::coded;
use serde::{Deserialize, Serialize};

coded! {
    /// Why somebody opens a record that is not their work.
    OpeningReason {
        SafetyNow = "safety_now", "Somebody may be in danger now";
        Cover = "cover", "I cover for a colleague who is away";
        TheyAsked = "they_asked", "The person called or came, and I am helping them";
        Check = "check", "A complaint or a check that I was asked to make";
    }
}

coded! {
    /// What a supervisor says of it.
    OpeningVerdict {
        Right = "right", "It was right to open it";
        Talk = "talk", "I will talk to them about it";
    }
}
