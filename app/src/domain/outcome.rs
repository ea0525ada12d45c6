//! What has happened to a case, and how we say it to the person it happened to.
//!
//! Owns three things: [`Stage`] (where a case stands, as a person sees it), [`Outcome`] (every
//! outcome category of data.police.uk) and [`Wording`] (what a feed said: a known outcome, or words
//! we have never seen, which are kept and shown as they came).
//!
//! To add an outcome, add one block to `outcomes!` with its published wording and slug. To add a
//! stage, add one block to `stages!` with a rank of its own. The tests at the end hold every text
//! to a reading age of about 9: short sentences, no jargon, no offence, no blame.
//!
//! Must not: name the offence, say "suspect", "offender" or "victim" to a person, promise what the
//! police will do, or drop a wording because it is new.
//!
//! Sources: wordings and slugs from data.police.uk (CSV files and API). Time to ask for a review:
//! three months (police and prosecutors' Victims' Right to Review schemes).

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! stages {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            code: $code:literal,
            rank: $rank:literal,
            closed: $closed:literal,
            status: $status:literal,
            meaning: $meaning:literal,
            next: $next:literal,
        }
    )+) => {
        /// Where a case stands, as a person sees it. Stored and sent as [`Stage::code`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Stage {
            $($(#[$doc])* $name,)+
        }

        impl Stage {
            /// Every stage, from the first report to the last result.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stored code: lower case with underscores.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// How final the stage is; no two are equal.
            ///
            /// One file can give two outcomes for one case and no dates (data.police.uk does). The
            /// higher rank is shown as where the case stands now; both are kept. "No update" ranks
            /// lowest because any other word says more; a court's result ranks highest. Two
            /// outcomes of one stage (a fine and compensation) rank the same: keep both.
            pub const fn rank(self) -> u8 {
                match self { $(Self::$name => $rank,)+ }
            }

            /// Nothing more is expected to happen unless someone asks or something new comes up.
            /// False whenever we are not sure.
            pub const fn is_closed(self) -> bool {
                match self { $(Self::$name => $closed,)+ }
            }

            /// A few plain words for a heading, safe for anyone to see over a shoulder.
            pub const fn status(self) -> &'static str {
                match self { $(Self::$name => $status,)+ }
            }

            /// What this means, in two or three short sentences.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// What happens next and what the person can do.
            pub const fn next(self) -> &'static str {
                match self { $(Self::$name => $next,)+ }
            }
        }
    };
}

stages! {
    /// On record, with no outcome yet.
    Recorded {
        code: "recorded",
        rank: 1,
        closed: false,
        status: "The police have this on record",
        meaning: "The police have made a record of what happened. They have not told us what they will do yet.",
        next: "You do not have to do anything. If you have not heard, ask us and we will ask the police. If you are worried or need help now, tell us.",
    }
    /// Officers are looking into it.
    UnderInvestigation {
        code: "under_investigation",
        rank: 2,
        closed: false,
        status: "The police are looking into it",
        meaning: "The police are trying to find out what happened. This can take weeks or months.",
        next: "You do not have to do anything. If you think of something new, you can tell us at any time. If you have not heard for a while, ask us and we will ask the police.",
    }
    /// Closed with nobody identified. The right to review does not normally cover this.
    NoSuspectFound {
        code: "no_suspect_found",
        rank: 4,
        closed: true,
        status: "Closed: the police do not know who did it",
        meaning: "The police looked into this but could not find out who did it. They have stopped for now. This does not mean that you were not believed.",
        next: "The police can open it again if something new comes up. If you think of something new, tell us. You can ask why it was closed, and we will help you ask. You can still get support from us.",
    }
    /// Someone may be known, but the police cannot take it to court.
    NotProsecuted {
        code: "not_prosecuted",
        rank: 7,
        closed: true,
        status: "Closed: it is not going to court",
        meaning: "The police looked into this. They could not take anyone to court for it. There can be many reasons. It does not mean that you were not believed, or that you did anything wrong.",
        next: "You can ask why. You may be able to have the decision looked at again. This is called the Victims’ Right to Review. You often have three months to ask, so tell us soon. We will help you ask. You can still get support from us.",
    }
    /// Police or prosecutors decided that going further is not in the public interest.
    NotInPublicInterest {
        code: "not_in_public_interest",
        rank: 6,
        closed: true,
        status: "Closed: no more will be done",
        meaning: "It was decided that going further was not the right step. Age, health and what has already been done can all count. It does not mean that what happened does not matter.",
        next: "You can ask why. You may be able to have the decision looked at again. This is called the Victims’ Right to Review. You often have three months to ask, so tell us soon. We will help you ask. You can still get support from us.",
    }
    /// Passed to a body other than the police.
    WithAnotherOrganisation {
        code: "with_another_organisation",
        rank: 5,
        closed: false,
        status: "Another service is dealing with it",
        meaning: "The police have passed this on. Another service, like the council, will deal with it now.",
        next: "Ask us who has it now and how to reach them. You can still get support from us.",
    }
    /// Dealt with by the police without a court.
    OutOfCourt {
        code: "out_of_court",
        rank: 8,
        closed: true,
        status: "Closed: dealt with outside court",
        meaning: "The police dealt with this and it did not go to court. They may have given a warning, or told the person to put things right.",
        next: "You can ask what was decided and why. If you are not happy with it, tell us and we will help. If you are in danger, call 999.",
    }
    /// A person has been charged.
    Charged {
        code: "charged",
        rank: 9,
        closed: false,
        status: "A person has been charged",
        meaning: "The police have told a person that they must go to court. A court will now hear the case.",
        next: "You only have to go to court if you are asked to. You may be asked to tell the court what you know. There is help with this, like a screen. If you feel unsafe, tell us. If you are in danger, call 999.",
    }
    /// With the courts, no result yet.
    AwaitingCourt {
        code: "awaiting_court",
        rank: 10,
        closed: false,
        status: "Waiting for the court",
        meaning: "The case is with the court. There is no result yet. This can take a long time, and dates can move.",
        next: "You only have to go to court if you are asked to. Ask us about dates, getting there, or help on the day.",
    }
    /// Sent up to the Crown Court.
    AtCrownCourt {
        code: "at_crown_court",
        rank: 11,
        closed: false,
        status: "Going to the Crown Court",
        meaning: "The case has moved from one court to a Crown Court. A judge works there, often with a jury. A jury is 12 people picked from the public.",
        next: "You only have to go to court if you are asked to. Ask us about dates, getting there, or help on the day.",
    }
    /// A court dealt with it and the result did not reach the police's list.
    CourtResultNotKnown {
        code: "court_result_not_known",
        rank: 12,
        closed: false,
        status: "We do not have the court result",
        meaning: "The case went to court. We have not been told the result. There may be one, so please ask us.",
        next: "Ask us and we will try to find out for you. You do not have to chase the court on your own.",
    }
    /// The case stopped at court.
    CourtCouldNotProceed {
        code: "court_could_not_proceed",
        rank: 13,
        closed: true,
        status: "Closed: the court case has stopped",
        meaning: "The court case could not go on. There can be many reasons. It does not mean that you were not believed, or that you did anything wrong.",
        next: "You can ask why it stopped. You may be able to have the decision looked at again. This is called the Victims’ Right to Review. You often have three months to ask, so tell us soon. We will help you ask. You can still get support from us.",
    }
    /// Found not guilty.
    NotGuilty {
        code: "not_guilty",
        rank: 14,
        closed: true,
        status: "The person was found not guilty",
        meaning: "The court has to be sure before it can say that a person is guilty. It was not sure. This does not mean that you were not believed, or that you did anything wrong.",
        next: "This can be very hard to hear. You do not have to face it alone. We can talk it through with you, and you can still get support. If you feel unsafe, tell us. If you are in danger, call 999.",
    }
    /// Found guilty and sentenced, or otherwise dealt with by a court.
    Sentenced {
        code: "sentenced",
        rank: 15,
        closed: true,
        status: "The court has made its decision",
        meaning: "The case went to court and has ended. The court has said what must happen to the person. This is called the sentence.",
        next: "Ask us what the sentence means for you. If it is prison, you may be able to hear when the person could get out. If you feel unsafe, tell us. If you are in danger, call 999.",
    }
    /// The police published that they have no update.
    UpdateNotAvailable {
        code: "update_not_available",
        rank: 0,
        closed: false,
        status: "We do not have an update",
        meaning: "The police have not given us an update. It does not mean that nothing is being done.",
        next: "Ask us and we will ask the police for you. If you are worried or need help now, tell us.",
    }
    /// Words we do not know yet.
    Other {
        code: "other",
        rank: 3,
        closed: false,
        status: "The police have given an update",
        meaning: "The police used words that we have not seen before. We do not want to guess what they mean.",
        next: "Ask us what this means. We will find out and tell you in plain words.",
    }
}

impl Stage {
    /// Reads what [`Stage::code`] writes; `None` for anything else.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|stage| stage.code() == code)
    }
}

/// A stored stage or outcome code that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known code or wording")]
pub struct UnknownCode;

impl TryFrom<String> for Stage {
    type Error = UnknownCode;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::from_code(&code).ok_or(UnknownCode)
    }
}

impl From<Stage> for String {
    fn from(stage: Stage) -> Self {
        stage.code().to_owned()
    }
}

macro_rules! outcomes {
    ($(
        $name:ident {
            wording: $wording:literal,
            slug: $slug:literal,
            stage: $stage:ident,
            headline: $headline:literal,
            plain: $plain:literal,
        }
    )+) => {
        /// An outcome category of data.police.uk. Sent as [`Outcome::slug`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Outcome {
            $(#[doc = $wording] $name,)+
        }

        impl Outcome {
            /// Every outcome.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The category as the CSV files write it.
            pub const fn wording(self) -> &'static str {
                match self { $(Self::$name => $wording,)+ }
            }

            /// The category as the API codes it.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// Where a case with this outcome stands.
            pub const fn stage(self) -> Stage {
                match self { $(Self::$name => Stage::$stage,)+ }
            }

            /// A few plain words for a line of the timeline; never the offence.
            pub const fn headline(self) -> &'static str {
                match self { $(Self::$name => $headline,)+ }
            }

            /// One or two plain sentences for the person.
            pub const fn plain(self) -> &'static str {
                match self { $(Self::$name => $plain,)+ }
            }
        }
    };
}

outcomes! {
    UnderInvestigation {
        wording: "Under investigation",
        slug: "under-investigation",
        stage: UnderInvestigation,
        headline: "The police are looking into it",
        plain: "The police are trying to find out what happened.",
    }
    StatusUpdateUnavailable {
        wording: "Status update unavailable",
        slug: "status-update-unavailable",
        stage: UpdateNotAvailable,
        headline: "No update was given",
        plain: "The police have not given us an update. Ask us and we will ask them for you.",
    }
    NoSuspectIdentified {
        wording: "Investigation complete; no suspect identified",
        slug: "no-further-action",
        stage: NoSuspectFound,
        headline: "The police could not find out who did it",
        plain: "The police looked into this and could not find out who did it. They can open it again if something new comes up.",
    }
    UnableToProsecute {
        wording: "Unable to prosecute suspect",
        slug: "unable-to-prosecute",
        stage: NotProsecuted,
        headline: "It is not going to court",
        plain: "The police could not take anyone to court for this. It does not mean that you were not believed.",
    }
    FormalActionNotInPublicInterest {
        wording: "Formal action is not in the public interest",
        slug: "formal-action-not-in-public-interest",
        stage: NotInPublicInterest,
        headline: "No formal step will be taken",
        plain: "It was decided that going to court was not the right step. You can ask why.",
    }
    FurtherActionNotInPublicInterest {
        wording: "Further action is not in the public interest",
        slug: "further-action-not-in-public-interest",
        stage: NotInPublicInterest,
        headline: "No more will be done",
        plain: "It was decided that doing more was not the right step. You can ask why.",
    }
    FurtherInvestigationNotInPublicInterest {
        wording: "Further investigation is not in the public interest",
        slug: "further-investigation-not-in-public-interest",
        stage: NotInPublicInterest,
        headline: "The police have stopped looking into it",
        plain: "It was decided that looking into this more was not the right step. You can ask why.",
    }
    AnotherOrganisation {
        wording: "Action to be taken by another organisation",
        slug: "action-taken-by-another-organisation",
        stage: WithAnotherOrganisation,
        headline: "Another service is dealing with it",
        plain: "The police have passed this to another service. Ask us who has it now.",
    }
    LocalResolution {
        wording: "Local resolution",
        slug: "local-resolution",
        stage: OutOfCourt,
        headline: "Put right without going to court",
        plain: "The person was told to put things right. They may have said sorry or paid for harm. It did not go to court.",
    }
    Caution {
        wording: "Offender given a caution",
        slug: "cautioned",
        stage: OutOfCourt,
        headline: "The police gave a formal warning",
        plain: "The police gave the person a formal warning, called a caution. It did not go to court.",
    }
    PossessionWarning {
        wording: "Offender given a drugs possession warning",
        slug: "drugs-possession-warning",
        stage: OutOfCourt,
        headline: "The police gave a warning",
        plain: "The police gave the person a warning. It did not go to court.",
    }
    PenaltyNotice {
        wording: "Offender given penalty notice",
        slug: "penalty-notice-issued",
        stage: OutOfCourt,
        headline: "The police gave a fine",
        plain: "The police told the person to pay a fine. It did not go to court.",
    }
    Charged {
        wording: "Suspect charged",
        slug: "charged",
        stage: Charged,
        headline: "A person has been charged",
        plain: "The police have told a person that they must go to court.",
    }
    ChargedInAnotherCase {
        wording: "Suspect charged as part of another case",
        slug: "sentenced-in-another-case",
        stage: Charged,
        headline: "A person has been charged in another case",
        plain: "A person has to go to court for something else. What happened here is part of that case.",
    }
    AwaitingCourtOutcome {
        wording: "Awaiting court outcome",
        slug: "awaiting-court-result",
        stage: AwaitingCourt,
        headline: "Waiting for the court",
        plain: "The case is with the court. There is no result yet.",
    }
    SentToCrownCourt {
        wording: "Defendant sent to Crown Court",
        slug: "sent-to-crown-court",
        stage: AtCrownCourt,
        headline: "Going to the Crown Court",
        plain: "The case has moved to a Crown Court. A judge will hear it there, often with a jury.",
    }
    CourtResultUnavailable {
        wording: "Court result unavailable",
        slug: "court-result-unavailable",
        stage: CourtResultNotKnown,
        headline: "We do not have the court result",
        plain: "The case went to court. We have not been told the result, so please ask us.",
    }
    CourtUnableToProceed {
        wording: "Court case unable to proceed",
        slug: "unable-to-proceed",
        stage: CourtCouldNotProceed,
        headline: "The court case has stopped",
        plain: "The court case could not go on. It does not mean that you were not believed.",
    }
    FoundNotGuilty {
        wording: "Defendant found not guilty",
        slug: "not-guilty",
        stage: NotGuilty,
        headline: "The person was found not guilty",
        plain: "The court has to be sure, and it was not. It does not mean that you were not believed.",
    }
    AbsoluteDischarge {
        wording: "Offender given absolute discharge",
        slug: "absolute-discharge",
        stage: Sentenced,
        headline: "Guilty, with no punishment",
        plain: "The court found the person guilty. It chose not to punish them.",
    }
    ConditionalDischarge {
        wording: "Offender given conditional discharge",
        slug: "conditional-discharge",
        stage: Sentenced,
        headline: "Guilty, with no punishment for now",
        plain: "The court found the person guilty. They can be punished for it later if they break the law again in a set time.",
    }
    CommunitySentence {
        wording: "Offender given community sentence",
        slug: "community-penalty",
        stage: Sentenced,
        headline: "A sentence outside prison",
        plain: "The court told the person to do set things, like unpaid work. They do not go to prison if they do them.",
    }
    Fined {
        wording: "Offender fined",
        slug: "fined",
        stage: Sentenced,
        headline: "The court gave a fine",
        plain: "The court told the person to pay a fine. A fine goes to the state.",
    }
    Compensation {
        wording: "Offender ordered to pay compensation",
        slug: "compensation",
        stage: Sentenced,
        headline: "The court told the person to pay for harm",
        plain: "The court told the person to pay money for the harm done. Ask us how it is paid.",
    }
    DeprivedOfProperty {
        wording: "Offender deprived of property",
        slug: "deprived-of-property",
        stage: Sentenced,
        headline: "The court took things away from the person",
        plain: "The court took something that the person owned. Ask us if you think it is yours.",
    }
    SuspendedSentence {
        wording: "Offender given suspended prison sentence",
        slug: "suspended-sentence",
        stage: Sentenced,
        headline: "A prison sentence that is on hold",
        plain: "The person does not go to prison now. They can be sent there if they break the law or the court’s rules.",
    }
    Prison {
        wording: "Offender sent to prison",
        slug: "imprisoned",
        stage: Sentenced,
        headline: "The court gave a prison sentence",
        plain: "The court sent the person to prison. You may be able to hear when they could get out. Ask us how.",
    }
    OtherwiseDealtWith {
        wording: "Offender otherwise dealt with",
        slug: "other-court-disposal",
        stage: Sentenced,
        headline: "The court dealt with it in another way",
        plain: "The court made a decision that is not on the usual list. Ask us what it was.",
    }
}

/// Spellings that data.police.uk has used for the same category.
const ALSO_WRITTEN: [(&str, Outcome); 3] = [
    ("Offender given a penalty notice", Outcome::PenaltyNotice),
    ("Offender given an absolute discharge", Outcome::AbsoluteDischarge),
    ("Offender given a conditional discharge", Outcome::ConditionalDischarge),
];

impl Outcome {
    /// Reads what [`Outcome::slug`] writes; `None` for anything else.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|outcome| outcome.slug() == slug)
    }

    /// Reads a published wording or slug. Case and repeated spaces do not matter.
    fn read(text: &str) -> Option<Self> {
        if let Some(exact) = Self::ALL.iter().copied().find(|o| o.wording() == text) {
            return Some(exact);
        }
        let single_spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let same = |published: &str| published.eq_ignore_ascii_case(&single_spaced);
        Self::ALL
            .iter()
            .copied()
            .find(|outcome| same(outcome.wording()) || same(outcome.slug()))
            .or_else(|| ALSO_WRITTEN.iter().find(|(wording, _)| same(wording)).map(|(_, outcome)| *outcome))
    }
}

impl TryFrom<String> for Outcome {
    type Error = UnknownCode;

    fn try_from(slug: String) -> Result<Self, Self::Error> {
        Self::from_slug(&slug).ok_or(UnknownCode)
    }
}

impl From<Outcome> for String {
    fn from(outcome: Outcome) -> Self {
        outcome.slug().to_owned()
    }
}

/// An outcome as a feed gave it. The list of outcomes is not closed: new words must be kept and
/// shown. Stored and sent as [`Wording::text`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Wording {
    /// One of the published outcomes.
    Known(Outcome),
    /// Anything else: the text exactly as it came, less spaces at its ends. Never blank.
    Unknown(String),
}

impl Wording {
    /// `None` when the text is blank: the feed gave no outcome.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            None
        } else if let Some(outcome) = Outcome::read(text) {
            Some(Self::Known(outcome))
        } else {
            Some(Self::Unknown(text.to_owned()))
        }
    }

    /// The published wording, or the unknown text as it came. [`Wording::parse`] reads it back.
    pub fn text(&self) -> &str {
        match self {
            Self::Known(outcome) => outcome.wording(),
            Self::Unknown(text) => text,
        }
    }

    /// Where the case stands; [`Stage::Other`] for unknown words.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Known(outcome) => outcome.stage(),
            Self::Unknown(_) => Stage::Other,
        }
    }

    /// A few plain words for a line of the timeline. Unknown words are never put in a heading: we
    /// cannot know what they give away.
    pub const fn headline(&self) -> &'static str {
        match self {
            Self::Known(outcome) => outcome.headline(),
            Self::Unknown(_) => Stage::Other.status(),
        }
    }

    /// One or two sentences for the person; unknown words are quoted as they came.
    pub fn plain(&self) -> Cow<'static, str> {
        match self {
            Self::Known(outcome) => Cow::Borrowed(outcome.plain()),
            Self::Unknown(text) => Cow::Owned(format!("The police wrote: “{text}”. Ask us what this means.")),
        }
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl TryFrom<String> for Wording {
    type Error = UnknownCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or(UnknownCode)
    }
}

impl From<Wording> for String {
    fn from(wording: Wording) -> Self {
        match wording {
            Wording::Known(outcome) => outcome.wording().to_owned(),
            Wording::Unknown(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The 28 categories as published, typed in again so that a slip in the table shows.
    const PUBLISHED: [&str; 28] = [
        "Action to be taken by another organisation",
        "Awaiting court outcome",
        "Court case unable to proceed",
        "Court result unavailable",
        "Defendant found not guilty",
        "Defendant sent to Crown Court",
        "Formal action is not in the public interest",
        "Further action is not in the public interest",
        "Further investigation is not in the public interest",
        "Investigation complete; no suspect identified",
        "Local resolution",
        "Offender deprived of property",
        "Offender fined",
        "Offender given a caution",
        "Offender given a drugs possession warning",
        "Offender given absolute discharge",
        "Offender given community sentence",
        "Offender given conditional discharge",
        "Offender given penalty notice",
        "Offender given suspended prison sentence",
        "Offender ordered to pay compensation",
        "Offender otherwise dealt with",
        "Offender sent to prison",
        "Status update unavailable",
        "Suspect charged",
        "Suspect charged as part of another case",
        "Unable to prosecute suspect",
        "Under investigation",
    ];

    #[test]
    fn every_published_wording_is_known_and_reads_back() {
        for text in PUBLISHED {
            let wording = Wording::parse(text).unwrap();
            assert!(matches!(wording, Wording::Known(_)), "{text}");
            assert_eq!(wording.text(), text);
            assert_ne!(wording.stage(), Stage::Other);
        }
        assert_eq!(Outcome::ALL.len(), PUBLISHED.len());
    }

    #[test]
    fn case_spaces_slugs_and_older_spellings_do_not_matter() {
        let cases = [
            ("  suspect   CHARGED ", Outcome::Charged),
            ("Suspect\tcharged", Outcome::Charged),
            ("Offender given a penalty notice", Outcome::PenaltyNotice),
            ("no-further-action", Outcome::NoSuspectIdentified),
        ];
        for (text, outcome) in cases {
            assert_eq!(Wording::parse(text), Some(Wording::Known(outcome)), "{text}");
        }
    }

    #[test]
    fn a_blank_wording_is_no_outcome() {
        for text in ["", " ", "\t \n", "\u{a0}"] {
            assert_eq!(Wording::parse(text), None);
        }
    }

    #[test]
    fn an_unknown_wording_is_kept_exactly_and_shown_only_in_quotes() {
        let text = "Diverted;  see “scheme” <b>7</b>";
        let wording = Wording::parse(&format!(" {text}\n")).unwrap();
        assert_eq!(wording, Wording::Unknown(text.to_owned()));
        assert_eq!(wording.text(), text);
        assert_eq!(wording.stage(), Stage::Other);
        assert!(wording.plain().contains(&format!("“{text}”")));
        assert!(wording.plain().contains("Ask us what this means"));
        assert!(!wording.headline().contains("Diverted"));
    }

    #[test]
    fn codes_and_slugs_are_distinct_and_round_trip() {
        let codes: BTreeSet<_> = Stage::ALL.iter().map(|s| s.code()).collect();
        let slugs: BTreeSet<_> = Outcome::ALL.iter().map(|o| o.slug()).collect();
        assert_eq!(codes.len(), Stage::ALL.len());
        assert_eq!(slugs.len(), Outcome::ALL.len());
        for stage in Stage::ALL {
            assert_eq!(Stage::from_code(stage.code()), Some(*stage));
            assert_eq!(Stage::try_from(String::from(*stage)), Ok(*stage));
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_slug(outcome.slug()), Some(*outcome));
            let wording = Wording::Known(*outcome);
            assert_eq!(Wording::try_from(String::from(wording.clone())), Ok(wording));
        }
        assert_eq!(Stage::from_code("Recorded"), None);
        assert_eq!(Outcome::from_slug(""), None);
    }

    #[test]
    fn ranks_are_distinct_and_saying_nothing_ranks_lowest() {
        let ranks: BTreeSet<_> = Stage::ALL.iter().map(|s| s.rank()).collect();
        assert_eq!(ranks.len(), Stage::ALL.len());
        assert_eq!(Stage::UpdateNotAvailable.rank(), 0);
        let court = Stage::CourtResultNotKnown.rank();
        assert!(court > Stage::NotProsecuted.rank());
        assert!(Stage::Sentenced.rank() > Stage::NotGuilty.rank());
        assert!(Stage::Other.rank() > Stage::UnderInvestigation.rank());
    }

    #[test]
    fn a_closed_stage_without_a_court_says_how_to_question_it() {
        use Stage::{CourtCouldNotProceed, NotInPublicInterest, NotProsecuted};
        for stage in [NotProsecuted, NotInPublicInterest, CourtCouldNotProceed] {
            assert!(stage.is_closed());
            assert!(stage.next().contains("Victims’ Right to Review"), "{stage:?}");
            assert!(stage.next().contains("three months"), "{stage:?}");
        }
        assert!(Stage::NoSuspectFound.next().contains("You can ask why"));
        assert!(Stage::OutOfCourt.next().contains("You can ask"));
        for unsure in [Stage::Other, Stage::UpdateNotAvailable, Stage::CourtResultNotKnown] {
            assert!(!unsure.is_closed());
            assert!(unsure.next().contains("Ask us"));
        }
    }

    /// Each text with the place it comes from.
    fn texts() -> Vec<(String, String)> {
        let stages = Stage::ALL.iter().flat_map(|stage| [stage.status(), stage.meaning(), stage.next()].map(|text| (stage.code(), text)));
        let outcomes = Outcome::ALL.iter().flat_map(|outcome| [outcome.headline(), outcome.plain()].map(|text| (outcome.slug(), text)));
        stages.chain(outcomes).map(|(place, text)| (place.to_owned(), text.to_owned())).collect()
    }

    /// Letters and digits, words, sentences.
    #[derive(Clone, Copy, Default)]
    struct Counts(u32, u32, u32);

    impl Counts {
        fn of(text: &str) -> Self {
            let length = |n: usize| u32::try_from(n).unwrap();
            let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
            let words = text.split_whitespace().count();
            let sentences = text.split(['.', '?', ':']).filter(|s| s.chars().any(char::is_alphanumeric)).count();
            Self(length(letters), length(words), length(sentences))
        }

        fn plus(self, other: Self) -> Self {
            Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
        }

        fn words_per_sentence(self) -> f64 {
            f64::from(self.1) / f64::from(self.2)
        }

        /// Automated Readability Index: about a United States school grade, so age less five.
        fn ari(self) -> f64 {
            4.71 * f64::from(self.0) / f64::from(self.1) + 0.5 * self.words_per_sentence() - 21.43
        }
    }

    #[test]
    fn every_text_is_easy_to_read_and_all_together_suit_a_reader_of_nine() {
        let mut total = Counts::default();
        for (place, text) in texts() {
            let counts = Counts::of(&text);
            let (ari, mean) = (counts.ari(), counts.words_per_sentence());
            assert!(ari <= 8.0, "{place}: reading index {ari:.1}: {text}");
            assert!(mean <= 15.0, "{place}: {mean:.1} words a sentence: {text}");
            for sentence in text.split(['.', '?']) {
                let words = sentence.split_whitespace().count();
                assert!(words <= 20, "{place}: {words} words: {sentence}");
            }
            total = total.plus(counts);
        }
        let (ari, mean) = (total.ari(), total.words_per_sentence());
        assert!(ari <= 4.0, "all texts: reading index {ari:.2}");
        assert!(mean <= 12.0, "all texts: {mean:.2} words a sentence");
    }

    #[test]
    fn no_text_uses_jargon_blame_alarm_or_the_offence() {
        const NEVER: &[&str] = &[
            "disseminated",
            "pursuant",
            "nfa",
            "oic",
            "suspect",
            "offender",
            "defendant",
            "perpetrator",
            "accused",
            "alleged",
            "allegation",
            "prosecute",
            "prosecution",
            "evidential",
            "disposal",
            "insufficient",
            "proceedings",
            "complainant",
            "aggrieved",
            "vrr",
            "cps",
            "magistrate",
            "custodial",
            "investigation",
            "organisation",
            "failed",
            "refused",
            "unfortunately",
            "unable",
            "you should",
            "you must",
            "your fault",
            "your case",
            "closure",
            "drug",
            "assault",
            "rape",
            "sexual",
            "violen",
            "theft",
            "burglary",
            "robbery",
            "stalking",
            "abuse",
            "weapon",
            "!",
        ];
        for (place, text) in texts() {
            let lower = text.to_lowercase();
            for word in NEVER {
                let found = if word.len() <= 3 && *word != "!" {
                    lower.split(|c: char| !c.is_alphanumeric()).any(|w| w == *word)
                } else {
                    lower.contains(word)
                };
                assert!(!found, "{place}: \"{word}\" in: {text}");
            }
        }
    }

    #[test]
    fn headings_are_short_and_have_no_full_stop_and_sentences_end_with_one() {
        for stage in Stage::ALL {
            assert!(stage.status().len() <= 60 && !stage.status().ends_with('.'));
            assert!(stage.meaning().ends_with('.') && stage.next().ends_with('.'));
        }
        for outcome in Outcome::ALL {
            assert!(outcome.headline().len() <= 60 && !outcome.headline().ends_with('.'));
            assert!(outcome.plain().ends_with('.'));
        }
    }
}
