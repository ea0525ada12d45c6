//! What may be told to a person outside the portal. A closed list, and no variant can carry text:
//! a notice cannot say what happened because there is nowhere to put it.

/// Something a person is told about. The words are fixed; the database holds only the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// We have what you asked for.
    RequestReceived,
    /// There is something to read.
    ReplyWaiting,
    /// A sign-in code that the person asked for this minute.
    SignInCode,
    /// Somebody gave a new address or number: told to the old one, if that is still safe.
    PointChanged,
    /// The link of an invitation, to the inbox that they told staff of: they asked for it.
    InvitationLink,
}

impl Notice {
    pub const ALL: [Self; 5] = [Self::RequestReceived, Self::ReplyWaiting, Self::SignInCode, Self::PointChanged, Self::InvitationLink];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RequestReceived => "request_received",
            Self::ReplyWaiting => "reply_waiting",
            Self::SignInCode => "sign_in_code",
            Self::PointChanged => "point_changed",
            Self::InvitationLink => "invitation_link",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.code() == code)
    }

    /// The subject line, from an allow-list of three.
    #[must_use]
    pub fn subject(self) -> &'static str {
        match self {
            Self::RequestReceived | Self::ReplyWaiting | Self::PointChanged => "You have a message",
            Self::SignInCode => "Your code",
            Self::InvitationLink => "Your link",
        }
    }

    /// What a member of staff should say when the person chose the telephone or a letter.
    #[must_use]
    pub fn for_staff(self) -> &'static str {
        match self {
            Self::RequestReceived => "Tell them we have what they asked for",
            Self::ReplyWaiting => "Tell them there is a message to read",
            Self::SignInCode => "Help them sign in",
            Self::InvitationLink => "We could not email them their link. Give them the letter instead",
            Self::PointChanged => "Ask if they gave us a new number themselves. If not, stop the change",
        }
    }
}
