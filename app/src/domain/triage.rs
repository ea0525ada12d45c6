//! How soon a human must answer: by risk and need, never by crime type.
//!
//! Every answer gives at most one [`Reason`], every reason has a floor, and the tier is the most
//! urgent floor. So one more answer can only keep or raise a tier, never lower it. The reasons are
//! stored with the request and shown to staff. To add a reason: a line in the list and its floor.

use super::contact::CommunicationNeed;
use super::support::{Answers, Concern, Need, Reach, SafeNow, coded};
use super::{london, working_days};
use chrono::{DateTime, Duration, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

/// T0 danger now · T1 same day · T2 one working day · T3 two working days · T4 information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    T0,
    T1,
    T2,
    T3,
    T4,
}

impl Tier {
    pub const ALL: [Self; 5] = [Self::T0, Self::T1, Self::T2, Self::T3, Self::T4];

    /// The stored number; smaller is more urgent.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::T0 => 0,
            Self::T1 => 1,
            Self::T2 => 2,
            Self::T3 => 3,
            Self::T4 => 4,
        }
    }

    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.number() == number)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::T0 => "Danger now",
            Self::T1 => "Same day",
            Self::T2 => "1 working day",
            Self::T3 => "2 working days",
            Self::T4 => "Information",
        }
    }
}

coded! {
    /// Why a request has its tier, in words for staff.
    Reason {
        DangerNow = "danger_now", "In danger now";
        SafetyUnsure = "safety_unsure", "Not sure they are safe";
        HurtOrThreatened = "hurt_or_threatened", "Being hurt or threatened";
        AfraidAtHome = "afraid_at_home", "Afraid of someone close";
        FollowedOrWatched = "followed_or_watched", "Followed, watched or contacted";
        SelfHarm = "self_harm", "Thoughts of self-harm";
        UnderEighteen = "under_eighteen", "Under 18";
        PressureAboutCourt = "pressure_about_court", "Pressed to drop it or avoid court";
        CourtSoon = "court_soon", "Court within 14 days";
        HappenedBefore = "happened_before", "Repeat";
        WhoIAm = "who_i_am", "Because of who they are";
        DisabilityOrHealth = "disability_or_health", "Disability or health condition";
        NoSafeContact = "no_safe_contact", "No safe way to contact them";
        InterpreterNeeded = "interpreter_needed", "Needs an interpreter or BSL";
        SupportNeeded = "support_needed", "Asks for support";
        InformationOnly = "information_only", "Asks for information";
    }
}

impl Reason {
    /// The least urgent tier this reason allows.
    #[must_use]
    pub fn floor(self) -> Tier {
        match self {
            Self::DangerNow => Tier::T0,
            Self::SafetyUnsure
            | Self::HurtOrThreatened
            | Self::AfraidAtHome
            | Self::FollowedOrWatched
            | Self::SelfHarm
            | Self::UnderEighteen
            | Self::PressureAboutCourt => Tier::T1,
            Self::CourtSoon
            | Self::HappenedBefore
            | Self::WhoIAm
            | Self::DisabilityOrHealth
            | Self::NoSafeContact
            | Self::InterpreterNeeded => Tier::T2,
            Self::SupportNeeded => Tier::T3,
            Self::InformationOnly => Tier::T4,
        }
    }

    fn of_concern(concern: Concern) -> Self {
        match concern {
            Concern::HurtOrThreatened => Self::HurtOrThreatened,
            Concern::AfraidAtHome => Self::AfraidAtHome,
            Concern::FollowedOrWatched => Self::FollowedOrWatched,
            Concern::SelfHarm => Self::SelfHarm,
            Concern::UnderEighteen => Self::UnderEighteen,
            Concern::PressureAboutCourt => Self::PressureAboutCourt,
            Concern::CourtSoon => Self::CourtSoon,
            Concern::HappenedBefore => Self::HappenedBefore,
            Concern::WhoIAm => Self::WhoIAm,
            Concern::DisabilityOrHealth => Self::DisabilityOrHealth,
        }
    }
}

/// What the hub already knows about the person who asks.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// No channel has a safe grant, and the person has an account.
    pub no_safe_channel: bool,
    pub communication_needs: Vec<CommunicationNeed>,
}

/// The result of triage: stored whole with the request, in the transaction that stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triage {
    pub tier: Tier,
    pub due: DateTime<Utc>,
    /// Most urgent first.
    pub reasons: Vec<Reason>,
}

/// Triage of a support request.
#[must_use]
pub fn assess(answers: &Answers, known: &Known, now: DateTime<Utc>) -> Triage {
    let mut reasons = Vec::new();
    match answers.safe_now {
        SafeNow::InDanger => reasons.push(Reason::DangerNow),
        SafeNow::NotSure => reasons.push(Reason::SafetyUnsure),
        SafeNow::Yes => {}
    }
    reasons.extend(answers.concerns.iter().copied().map(Reason::of_concern));
    if answers.reach.reach == Reach::IWillCall || known.no_safe_channel {
        reasons.push(Reason::NoSafeContact);
    }
    if known.communication_needs.iter().any(|need| matches!(need, CommunicationNeed::Interpreter | CommunicationNeed::SignLanguage)) {
        reasons.push(Reason::InterpreterNeeded);
    }
    if answers.needs.iter().any(|need| *need != Need::Information) {
        reasons.push(Reason::SupportNeeded);
    }
    if reasons.is_empty() {
        reasons.push(Reason::InformationOnly);
    }
    decide(reasons, now)
}

/// Triage of a question about a case, written as a message.
#[must_use]
pub fn assess_question(known: &Known, now: DateTime<Utc>) -> Triage {
    let mut reasons = vec![Reason::SupportNeeded];
    if known.no_safe_channel {
        reasons.push(Reason::NoSafeContact);
    }
    decide(reasons, now)
}

fn decide(mut reasons: Vec<Reason>, now: DateTime<Utc>) -> Triage {
    reasons.sort_by_key(|reason| (reason.floor(), *reason));
    reasons.dedup();
    let tier = reasons.first().map_or(Tier::T4, |reason| reason.floor());
    Triage { tier, due: due(tier, now), reasons }
}

/// By when a human answers. T0 and T1 run every day of the year; the others count working days and
/// end at 5pm London time. Times are the hub's own rule (no published standard: domain reference 3d),
/// T3 is the Victims' Code's two working days (2021, Right 4).
#[must_use]
pub fn due(tier: Tier, now: DateTime<Utc>) -> DateTime<Utc> {
    let there = london::wall(now);
    let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN);
    let end_of_working_day = |days| london::instant(working_days::after(there.date(), days).and_time(at(17)));
    match tier {
        Tier::T0 => now + Duration::minutes(30),
        Tier::T1 if there.time() < at(16) => london::instant(there.date().and_time(at(20))),
        // Asked in the evening or at night: first thing, still within the same half day.
        Tier::T1 => london::instant((there.date() + Duration::days(1)).and_time(at(10))),
        Tier::T2 => end_of_working_day(1),
        Tier::T3 => end_of_working_day(2),
        Tier::T4 => end_of_working_day(5),
    }
}

#[cfg(test)]
mod tests {
    use super::super::support::ReachDetails;
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn answers(needs: &[Need], safe_now: SafeNow, concerns: &[Concern]) -> Answers {
        Answers {
            needs: needs.to_vec(),
            safe_now,
            concerns: concerns.to_vec(),
            words: None,
            reach: ReachDetails { reach: Reach::Portal, value: None, name: None, when_safe: None, voicemail: false },
        }
    }

    #[test]
    fn each_tier_has_its_time() {
        let friday = utc("2026-11-20T10:00:00Z");
        for (tier, by) in [
            (Tier::T0, "2026-11-20T10:30:00Z"),
            (Tier::T1, "2026-11-20T20:00:00Z"),
            (Tier::T2, "2026-11-23T17:00:00Z"),
            (Tier::T3, "2026-11-24T17:00:00Z"),
            (Tier::T4, "2026-11-27T17:00:00Z"),
        ] {
            assert_eq!(due(tier, friday), utc(by), "{tier:?}");
        }
        assert_eq!(due(Tier::T1, utc("2026-11-20T22:00:00Z")), utc("2026-11-21T10:00:00Z"));
        assert_eq!(due(Tier::T2, utc("2026-07-03T10:00:00Z")), utc("2026-07-06T16:00:00Z")); // 5pm BST
    }

    #[test]
    fn information_alone_is_information() {
        let now = utc("2026-11-20T10:00:00Z");
        let known = Known::default();
        assert_eq!(assess(&answers(&[Need::Information], SafeNow::Yes, &[]), &known, now).tier, Tier::T4);
        assert_eq!(assess(&answers(&[Need::FinanceBenefits], SafeNow::Yes, &[]), &known, now).tier, Tier::T3);
        assert_eq!(assess(&answers(&[Need::Information], SafeNow::InDanger, &[]), &known, now).tier, Tier::T0);
        let unreachable = Known { no_safe_channel: true, ..Known::default() };
        assert_eq!(assess(&answers(&[Need::Information], SafeNow::Yes, &[]), &unreachable, now).tier, Tier::T2);
    }

    fn some<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Vec<T>> {
        proptest::collection::vec(proptest::sample::select(all), 0..6)
    }

    proptest! {
        /// "Other factors may increase the risk level, but will not reduce it."
        #[test]
        fn one_more_answer_never_lowers_a_tier(
            needs in some(Need::ALL), concerns in some(Concern::ALL), more in some(Concern::ALL),
            more_needs in some(Need::ALL), safe in proptest::sample::select(SafeNow::ALL), minutes in 0i64..600_000,
        ) {
            let now = utc("2026-01-01T00:00:00Z") + Duration::minutes(minutes);
            let known = Known::default();
            let before = assess(&answers(&needs, safe, &concerns), &known, now);
            let (mut needs, mut concerns) = (needs, concerns);
            needs.extend(more_needs);
            concerns.extend(more);
            let after = assess(&answers(&needs, safe, &concerns), &known, now);
            prop_assert!(after.tier <= before.tier);
            prop_assert!(after.due <= before.due.max(due(after.tier, now)));
            prop_assert!(after.due > now);
            prop_assert_eq!(after.reasons[0].floor(), after.tier);
        }

        /// A more urgent tier is never due later than a less urgent one.
        #[test]
        fn due_times_follow_the_tiers(minutes in 0i64..600_000) {
            let now = utc("2026-01-01T00:00:00Z") + Duration::minutes(minutes);
            for pair in Tier::ALL.windows(2) {
                prop_assert!(due(pair[0], now) <= due(pair[1], now), "{:?} {}", pair, now);
            }
        }
    }
}
