//! The people of the demo. Their PINs, passwords and keys are made anew each time and told once.

use crate::audit::{self, Act, Actor, Entry};
use crate::contact::points::{self, Kind};
use crate::contact::store as contact;
use crate::db::{Connection, DbError, Tx, sql};
use crate::feed;
use crate::hub;
use crate::import::apply::{self, participate};
use crate::import::record::ReadError;
use crate::import::source::Source;
use crate::keys;
use crate::people;
use crate::portal::Portal;
use crate::support::requests::{self, NewRequest};
use app::domain::contact::{Channel, CommunicationNeed, Days, Grant, Preferences, Safety, Window};
use app::domain::ids::{CaseId, PersonId, StaffId};
use app::domain::outcome::Outcome;
use app::domain::participation::{Participation, Role};
use app::domain::representation::Scope;
use app::domain::staff::StaffRole;
use app::domain::support::{Answers, Concern, Need, Reach, ReachDetails, SafeNow};
use app::domain::triage::{self, Known};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("this database already holds people: the demo goes only into an empty one")]
    NotEmpty,
    #[error("there are {0} cases, and the demo needs at least 5")]
    TooFewCases(usize),
    #[error("hashing failed")]
    Hashing,
    #[error(transparent)]
    Write(#[from] std::io::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Db(#[from] DbError),
}

#[derive(Debug, Serialize)]
pub struct DemoPerson {
    pub role: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub mobile: &'static str,
    pub pin: String,
    pub cases: Vec<CaseId>,
    /// What is special about them: `safe_email`, `unsafe_email`, `co_victim`, `for_a_child`.
    pub note: &'static str,
}

#[derive(Debug, Serialize)]
pub struct DemoStaff {
    pub role: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub password: String,
    pub totp_secret: String,
}

#[derive(Debug, Serialize)]
pub struct DemoKey {
    pub name: &'static str,
    pub key: String,
    pub scopes: Vec<String>,
}

/// What `seed --demo --json` prints.
#[derive(Debug, Serialize)]
pub struct Demo {
    pub people: Vec<DemoPerson>,
    pub staff: Vec<DemoStaff>,
    pub machine_keys: Vec<DemoKey>,
}

struct Invented {
    role: Role,
    name: &'static str,
    email: &'static str,
    mobile: &'static str,
    note: &'static str,
    /// Which of the chosen cases.
    cases: &'static [usize],
}

const PEOPLE: [Invented; 6] = [
    Invented {
        role: Role::Victim,
        name: "Amira Example",
        email: "amira@example.test",
        mobile: "+447700900101",
        note: "safe_email",
        cases: &[0, 1],
    },
    Invented {
        role: Role::Victim,
        name: "Tom Sample",
        email: "tom@example.test",
        mobile: "+447700900102",
        note: "unsafe_email",
        cases: &[2],
    },
    Invented {
        role: Role::Victim,
        name: "Bethan Specimen",
        email: "bethan@example.test",
        mobile: "+447700900103",
        note: "co_victim",
        cases: &[3],
    },
    Invented {
        role: Role::Victim,
        name: "Owen Specimen",
        email: "owen@example.test",
        mobile: "+447700900104",
        note: "co_victim",
        cases: &[3],
    },
    Invented {
        role: Role::Parent,
        name: "Grace Sample",
        email: "grace@example.test",
        mobile: "+447700900105",
        note: "for_a_child",
        cases: &[4],
    },
    Invented {
        role: Role::Witness,
        name: "Daniel Example",
        email: "daniel@example.test",
        mobile: "+447700900106",
        note: "safe_email",
        cases: &[0],
    },
];

const STAFF: [(StaffRole, &str, &str, &str); 7] = [
    (StaffRole::Coordinator, "Sam Coordinator", "sam@hub.example.test", "Worcester"),
    (StaffRole::WitnessCareOfficer, "Jo Officer", "jo@hub.example.test", "Worcester"),
    (StaffRole::Supervisor, "Priya Supervisor", "priya@hub.example.test", "Worcester"),
    (StaffRole::Coordinator, "Wyn Coordinator", "wyn@hub.example.test", "Shrewsbury"),
    (StaffRole::Lead, "Lena Lead", "lena@hub.example.test", "Worcester"),
    (StaffRole::Auditor, "Arun Auditor", "arun@hub.example.test", "Worcester"),
    (StaffRole::Admin, "Ada Admin", "ada@hub.example.test", "Worcester"),
];

/// The same crimes every time.
const CRIMES_SEED: u64 = 201_812;

/// Invents crimes and takes them in through the reader that real files go through.
pub async fn invent_crimes(portal: &Portal, count: usize) -> Result<(), SeedError> {
    let mut text = Vec::new();
    super::generate::generate(CRIMES_SEED, count, &mut text)?;
    let source = Source::read(std::io::Cursor::new(text))?;
    let records = source.filter_map(|entry| entry.map(Result::ok).transpose()).collect::<Result<Vec<_>, _>>()?;
    let mut tx = portal.db.write().await?;
    let import = apply::begin(&mut tx, portal.new_id(), "demo", "invented crimes", portal.now()).await?;
    for group in records.chunks(apply::GROUP) {
        apply::group(portal, &mut tx, &import, group).await?;
    }
    Ok(tx.commit().await?)
}

/// The demo goes only into a database without people: ask before anything is put in.
pub async fn must_hold_nobody(portal: &Portal) -> Result<(), SeedError> {
    holds_nobody(&mut portal.db.read().await?).await
}

async fn holds_nobody(on: &mut impl Connection) -> Result<(), SeedError> {
    let (there,): (i64,) = sql("select count(*) from people").fetch_one(on).await?;
    if there > 0 { Err(SeedError::NotEmpty) } else { Ok(()) }
}

/// Fills an empty database that already holds cases. `invent`: the cases are invented too, so they
/// may be given invented earlier steps; real ones never are.
pub async fn seed(portal: &Portal, invent: bool) -> Result<Demo, SeedError> {
    let now = portal.now();
    let mut pins = Vec::new();
    for _ in &PEOPLE {
        let pin = six_digits(portal);
        let hash = hash(portal, pin.clone()).await?;
        pins.push((pin, hash));
    }
    let mut staff = Vec::new();
    for _ in &STAFF {
        let password = pass_phrase(portal);
        let hash = hash(portal, password.clone()).await?;
        staff.push((StaffId(portal.new_id()), password, hash));
    }
    let mut tx = portal.db.write().await?;
    holds_nobody(&mut tx).await?;
    let cases = chosen_cases(&mut tx).await?;
    if cases.len() < 5 {
        return Err(SeedError::TooFewCases(cases.len()));
    }
    if invent {
        for case in &cases {
            earlier_steps(&mut tx, *case, now).await?;
        }
    }
    let mut demo = Demo { people: Vec::new(), staff: Vec::new(), machine_keys: Vec::new() };
    for (invented, (pin, hash)) in PEOPLE.iter().zip(pins) {
        let id = add_person(portal, &mut tx, invented, hash, now).await?;
        let mut joined = Vec::new();
        for place in invented.cases {
            participate(&mut tx, id, cases[*place], &part(invented.role, now), now).await?;
            joined.push(cases[*place]);
        }
        demo.people.push(DemoPerson {
            role: invented.role.code(),
            name: invented.name,
            email: invented.email,
            mobile: invented.mobile,
            pin,
            cases: joined,
            note: invented.note,
        });
    }
    add_newcomer(portal, &mut tx, cases[2], now).await?;
    for ((role, name, email, team), (id, password, hash)) in STAFF.into_iter().zip(staff) {
        let totp_secret =
            hub::add_staff(&mut tx, id, hub::NewStaff { email, name, role, team }, hash, (&portal.keys, &portal.entropy), now).await?;
        demo.staff.push(DemoStaff { role: role.code(), name, email, password, totp_secret });
    }
    let scopes = Vec::from(feed::SCOPES.map(str::to_owned));
    let key = feed::add_key(&mut tx, &portal.entropy, "demo records system", &scopes, now).await?;
    demo.machine_keys.push(DemoKey { name: "demo records system", key, scopes });
    some_requests(portal, &mut tx, now).await?;
    audit::append(&mut tx, now, Entry::new(Actor::System, Act::DemoSeeded, None, "")).await?;
    tx.commit().await?;
    Ok(demo)
}

/// A parent's part ends in time: the invented child is ten.
fn part(role: Role, now: DateTime<Utc>) -> Participation {
    let ends_at = (role == Role::Parent).then(|| now + Duration::days(8 * 365));
    Participation { role, conflict: false, ends_at, scope: Scope::default() }
}

fn six_digits(portal: &Portal) -> String {
    let number = portal.entropy.bytes::<8>().iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{:06}", number % 1_000_000)
}

/// Four words and a number: long, and easy to type from a sheet.
fn pass_phrase(portal: &Portal) -> String {
    const WORDS: [&str; 32] = [
        "amber", "birch", "cloud", "daisy", "ember", "field", "grove", "hazel", "inlet", "jolly", "kite", "lemon", "maple", "north",
        "ocean", "pearl", "quiet", "river", "stone", "tulip", "umber", "velvet", "willow", "yarrow", "zephyr", "acorn", "brook", "cedar",
        "delta", "echo", "fern", "glade",
    ];
    let bytes = portal.entropy.bytes::<5>();
    let words: Vec<&str> = bytes[..4].iter().map(|byte| WORDS[usize::from(*byte) % WORDS.len()]).collect();
    format!("{}-{:02}", words.join("-"), bytes[4] % 100)
}

async fn hash(portal: &Portal, secret: String) -> Result<String, SeedError> {
    let portal = portal.clone();
    keys::off_thread(move || portal.keys.hash_secret(&secret, portal.entropy.bytes())).await.ok_or(SeedError::Hashing)
}

/// Five cases at different stages, always the same ones of the same months.
async fn chosen_cases(tx: &mut Tx) -> Result<Vec<CaseId>, DbError> {
    let mut chosen: Vec<CaseId> = Vec::new();
    for stage in ["awaiting_court", "under_investigation", "not_prosecuted", "court_result_not_known", "out_of_court", "no_suspect_found"] {
        let row: Option<(Uuid,)> =
            sql("select case_id from cases where stage = $1 order by source_key limit 1").bind(stage).fetch_optional(tx).await?;
        chosen.extend(row.map(|(id,)| CaseId(id)));
    }
    if chosen.len() < 5 {
        let rows: Vec<(Uuid,)> = sql("select case_id from cases order by source_key limit 20").fetch_all(tx).await?;
        for (id,) in rows {
            if !chosen.contains(&CaseId(id)) {
                chosen.push(CaseId(id));
            }
        }
    }
    chosen.truncate(5);
    Ok(chosen)
}

/// Invented earlier steps for an invented crime, so that a timeline can be seen. Months only.
async fn earlier_steps(tx: &mut Tx, case: CaseId, now: DateTime<Utc>) -> Result<(), DbError> {
    let (month, stage): (String, String) = sql("select month, stage from cases where case_id = $1").bind(case).fetch_one(tx).await?;
    let mut steps = vec![(Outcome::UnderInvestigation, month.clone())];
    if matches!(stage.as_str(), "awaiting_court" | "court_result_not_known" | "sentenced") {
        steps.push((Outcome::Charged, month));
    }
    for (outcome, happened) in steps {
        sql("insert into case_events (case_id, wording, stage, happened, source, received_at) values ($1, $2, $3, $4, 'demo', $5) \
             on conflict (case_id, wording, happened) do nothing")
        .bind(case)
        .bind(outcome.wording())
        .bind(outcome.stage().code())
        .bind(happened)
        .bind(now - Duration::days(30))
        .execute(tx)
        .await?;
    }
    Ok(())
}

async fn add_person(portal: &Portal, tx: &mut Tx, invented: &Invented, pin_hash: String, now: DateTime<Utc>) -> Result<PersonId, DbError> {
    let new = people::New { source: "demo", key: invented.email, name: invented.name };
    let (id, key) = people::add(portal, tx, new, now).await?;
    sql("update people set pin_hash = $2 where person_id = $1").bind(id).bind(pin_hash).execute_one(tx).await?;
    let address = "1 Invented Street\nNowhere\nZZ99 9ZZ";
    for point in [(Kind::Email, invented.email), (Kind::Mobile, invented.mobile), (Kind::Address, address)] {
        points::add(portal, tx, &key, point, now, now).await?;
    }
    let safe = |channel| Grant { safety: Safety::Safe, ..Grant::unknown(channel) };
    let working_hours = Days::from_codes(["mon", "tue", "wed", "thu", "fri"]).and_then(|days| Window::new(days, 9, 17));
    let (grants, preferences) = if invented.note == "unsafe_email" {
        let phone = Grant { window: working_hours.unwrap_or(Window::ANY), ..safe(Channel::Phone) };
        let email = Grant { safety: Safety::NotSafe, ..Grant::unknown(Channel::Email) };
        (vec![email, phone], Preferences { preferred: Some(Channel::Phone), language: Some("English".into()), needs: vec![] })
    } else {
        let needs = if invented.role == Role::Parent { vec![CommunicationNeed::SomeoneWithMe] } else { vec![] };
        (vec![safe(Channel::Email)], Preferences { preferred: Some(Channel::Email), language: Some("English".into()), needs })
    };
    for grant in grants {
        contact::set_grant(tx, portal.new_id(), id, &grant, now).await?;
    }
    contact::set_preferences(portal, tx, &key, &preferences, now).await?;
    Ok(id)
}

/// Somebody the records system told us of, who has not joined: for trying an invitation.
async fn add_newcomer(portal: &Portal, tx: &mut Tx, case: CaseId, now: DateTime<Utc>) -> Result<(), DbError> {
    let new = people::New { source: "demo", key: "nia@example.test", name: "Nia Newcomer" };
    let (id, _) = people::add(portal, tx, new, now).await?;
    participate(tx, id, case, &part(Role::Victim, now), now).await.map(drop)
}

/// A queue that is not empty: requests of people without an account, one of each urgency.
async fn some_requests(portal: &Portal, tx: &mut Tx, now: DateTime<Utc>) -> Result<(), DbError> {
    let asks: [(&[Need], SafeNow, &[Concern], i64); 4] = [
        (&[Need::ShelterAccommodation, Need::FamilyFriendsChildren], SafeNow::NotSure, &[Concern::AfraidAtHome], 25),
        (&[Need::MentalPhysicalHealth], SafeNow::Yes, &[Concern::HappenedBefore], 130),
        (&[Need::FinanceBenefits], SafeNow::Yes, &[], 300),
        (&[Need::Information], SafeNow::Yes, &[], 400),
    ];
    for (needs, safe_now, concerns, minutes_ago) in asks {
        let asked = now - Duration::minutes(minutes_ago);
        let answers = Answers {
            needs: needs.to_vec(),
            safe_now,
            concerns: concerns.to_vec(),
            words: Some("This is an invented request for the demonstration.".into()),
            reach: ReachDetails {
                reach: Reach::Phone,
                value: Some("+441632960123".into()),
                name: Some("Alex".into()),
                when_safe: Some("Weekday mornings".into()),
                voicemail: false,
            },
        };
        let triage = triage::assess(&answers, &Known::default(), asked);
        let new = NewRequest { submission: portal.new_id(), person: None, case: None, answers: Some(answers), triage };
        requests::insert(portal, tx, new, asked).await?;
    }
    Ok(())
}
