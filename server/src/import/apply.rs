//! Stores case records: new cases, new events, nothing twice. Works through a feed in groups, each
//! one transaction, so that a running portal is never held up for long; a group is whole or not
//! there, and the same feed again changes nothing and says `unchanged`.

use super::record::{CaseRecord, PersonRecord};
use crate::contact::points::{self, Kind};
use crate::db::{DbError, Many, Tx, sql};
use crate::people;
use crate::portal::Portal;
use app::domain::ids::{CaseId, PersonId};
use app::domain::outcome::Stage;
use app::domain::participation::{Participation, Role};
use app::domain::representation::Scope;
use app::forms::sign_in;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Records a group.
pub const GROUP: usize = 1000;

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    Accepted,
    Unchanged,
}

/// Where records come from, for the cases' provenance.
pub struct Import {
    pub id: Uuid,
    pub source: String,
    pub at: DateTime<Utc>,
}

/// Begins an import: its own row, so that every case can name where it came from.
pub async fn begin(tx: &mut Tx, id: Uuid, source: &str, label: &str, at: DateTime<Utc>) -> Result<Import, DbError> {
    sql("insert into imports (import_id, source, label, received_at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(source)
        .bind(label)
        .bind(at)
        .execute_one(tx)
        .await?;
    Ok(Import { id, source: source.to_owned(), at })
}

struct Held {
    id: Uuid,
    /// Fingerprints of the facts: several where one import gave several, so that the same file again
    /// is known row for row. The case itself holds those that came last.
    facts: Vec<String>,
    /// Those of them that this import has given so far.
    given: Vec<String>,
    stage: Stage,
    /// Was the case changed by this very import? Then the more final of two outcomes counts, and its
    /// facts stand beside each other.
    from_this_import: bool,
    events: HashSet<(String, String)>,
    changed: bool,
    new: bool,
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    case_id: Uuid,
    source_key: String,
    facts: String,
    stage: String,
    stage_import_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    case_id: Uuid,
    wording: String,
    happened: String,
}

/// Fingerprints kept of one case.
const MOST_FACTS: usize = 8;

impl Held {
    /// Takes in the facts of a record; answers whether they are new.
    fn learn(&mut self, facts: String) -> bool {
        let new = !self.facts.contains(&facts);
        if new {
            if !self.from_this_import {
                self.facts.clone_from(&self.given);
            }
            self.facts.push(facts.clone());
            self.facts.drain(..self.facts.len().saturating_sub(MOST_FACTS));
        }
        if !self.given.contains(&facts) {
            self.given.push(facts);
            self.given.drain(..self.given.len().saturating_sub(MOST_FACTS));
        }
        new
    }
}

/// The facts of a record that can change, as one fingerprint.
fn facts(record: &CaseRecord) -> String {
    let mut hasher = Sha256::new();
    let month = record.month.to_string();
    let none = String::new();
    for part in [
        &month,
        &record.crime_type,
        record.location.as_ref().unwrap_or(&none),
        record.lsoa_code.as_ref().unwrap_or(&none),
        record.district.as_ref().unwrap_or(&none),
    ] {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    crate::keys::hex(&hasher.finalize()[..16])
}

/// Applies one group in the caller's transaction; answers what became of each record, in order.
pub async fn group(portal: &Portal, tx: &mut Tx, import: &Import, records: &[CaseRecord]) -> Result<Vec<Applied>, DbError> {
    let mut held = held(tx, import, records).await?;
    let mut results = Vec::with_capacity(records.len());
    let mut new_cases: Vec<(&CaseRecord, Uuid)> = Vec::new();
    let mut new_events: Vec<(Uuid, &str, Stage, String)> = Vec::new();
    let mut updates: BTreeMap<&str, &CaseRecord> = BTreeMap::new();
    for record in records {
        let known = facts(record);
        let case = held.entry(record.source_key.clone()).or_insert_with(|| {
            let id = portal.entropy.id(import.at);
            new_cases.push((record, id));
            Held {
                id,
                facts: vec![known.clone()],
                given: vec![known.clone()],
                stage: Stage::Recorded,
                from_this_import: true,
                events: HashSet::new(),
                changed: true,
                new: true,
            }
        });
        let mut changed = case.new && case.changed;
        case.changed = false;
        if case.learn(known) {
            updates.insert(&record.source_key, record);
            changed = true;
        }
        for step in &record.progress {
            let (wording, happened) = (step.wording.text(), step.when.code());
            if !case.events.insert((wording.to_owned(), happened.clone())) {
                continue;
            }
            let stage = step.wording.stage();
            // "Recorded" is the want of an outcome: the first one counts, even "no update".
            if !case.from_this_import || case.stage == Stage::Recorded || stage.rank() >= case.stage.rank() {
                case.stage = stage;
                case.from_this_import = true;
            }
            new_events.push((case.id, wording, stage, happened));
            if !case.new {
                updates.insert(&record.source_key, record);
            }
            changed = true;
        }
        results.push(if changed { Applied::Accepted } else { Applied::Unchanged });
    }
    insert_cases(tx, import, &held, &new_cases).await?;
    insert_events(tx, import, &new_events).await?;
    for (key, record) in updates {
        if let Some(case) = held.get(key) {
            update_case(tx, import, case, record).await?;
        }
    }
    // People come last: their case is there by now.
    for (record, result) in records.iter().zip(&mut results) {
        let Some(case) = held.get(&record.source_key) else { continue };
        if join_people(portal, tx, import, case.id, &record.people).await? {
            *result = Applied::Accepted;
        }
    }
    Ok(results)
}

async fn held(tx: &mut Tx, import: &Import, records: &[CaseRecord]) -> Result<HashMap<String, Held>, DbError> {
    let mut keys: Vec<&str> = records.iter().map(|record| record.source_key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut found = HashMap::new();
    for some in CASES_HELD.groups(&keys) {
        let mut statement = CASES_HELD.of(some.len()).bind(import.source.as_str());
        for key in some {
            statement = statement.bind(*key);
        }
        let rows: Vec<HeldRow> = statement.fetch_all(tx).await?;
        let mut by_id = HashMap::new();
        for row in rows {
            let stage = Stage::from_code(&row.stage).ok_or_else(|| DbError::inconsistent("cases.stage"))?;
            by_id.insert(row.case_id, row.source_key.clone());
            found.insert(
                row.source_key,
                Held {
                    id: row.case_id,
                    facts: row.facts.split(',').map(str::to_owned).collect(),
                    given: Vec::new(),
                    stage,
                    from_this_import: row.stage_import_id == import.id,
                    events: HashSet::new(),
                    changed: false,
                    new: false,
                },
            );
        }
        if by_id.is_empty() {
            continue;
        }
        let ids: Vec<Uuid> = by_id.keys().copied().collect();
        for some in EVENTS_HELD.groups(&ids) {
            let mut statement = EVENTS_HELD.of(some.len());
            for id in some {
                statement = statement.bind(*id);
            }
            let events: Vec<EventRow> = statement.fetch_all(tx).await?;
            for event in events {
                if let Some(case) = by_id.get(&event.case_id).and_then(|key| found.get_mut(key)) {
                    case.events.insert((event.wording, event.happened));
                }
            }
        }
    }
    Ok(found)
}

static CASES_HELD: Many =
    Many::new("select case_id, source_key, facts, stage, stage_import_id from cases where source = ? and source_key in ({rows})", 1);
static EVENTS_HELD: Many = Many::new("select case_id, wording, happened from case_events where case_id in ({rows})", 1);
static NEW_CASES: Many = Many::new(
    "insert into cases (case_id, source, source_key, month, crime_type, location, lsoa_code, district, stage, stage_import_id, facts, \
     first_import_id, received_at) values {rows}",
    13,
);
static NEW_EVENTS: Many = Many::new("insert into case_events (case_id, wording, stage, happened, source, received_at) values {rows}", 6);

async fn insert_cases(tx: &mut Tx, import: &Import, held: &HashMap<String, Held>, new: &[(&CaseRecord, Uuid)]) -> Result<(), DbError> {
    for some in NEW_CASES.groups(new) {
        let mut statement = NEW_CASES.of(some.len());
        for (record, id) in some {
            let case = held.get(&record.source_key).ok_or_else(|| DbError::inconsistent("an import lost a case"))?;
            statement = statement
                .bind(*id)
                .bind(import.source.as_str())
                .bind(record.source_key.as_str())
                .bind(record.month.to_string())
                .bind(record.crime_type.as_str())
                .bind(record.location.clone())
                .bind(record.lsoa_code.clone())
                .bind(record.district.clone())
                .bind(case.stage.code())
                .bind(import.id)
                .bind(case.facts.join(","))
                .bind(import.id)
                .bind(import.at);
        }
        statement.execute(tx).await?;
    }
    Ok(())
}

async fn insert_events(tx: &mut Tx, import: &Import, new: &[(Uuid, &str, Stage, String)]) -> Result<(), DbError> {
    for some in NEW_EVENTS.groups(new) {
        let mut statement = NEW_EVENTS.of(some.len());
        for (case, wording, stage, happened) in some {
            statement = statement
                .bind(*case)
                .bind(*wording)
                .bind(stage.code())
                .bind(happened.as_str())
                .bind(import.source.as_str())
                .bind(import.at);
        }
        statement.execute(tx).await?;
    }
    Ok(())
}

async fn update_case(tx: &mut Tx, import: &Import, case: &Held, record: &CaseRecord) -> Result<(), DbError> {
    sql("update cases set month = $2, crime_type = $3, location = $4, lsoa_code = $5, district = $6, stage = $7, stage_import_id = $8, \
           facts = $9, received_at = $10 where case_id = $1")
    .bind(case.id)
    .bind(record.month.to_string())
    .bind(record.crime_type.as_str())
    .bind(record.location.clone())
    .bind(record.lsoa_code.clone())
    .bind(record.district.clone())
    .bind(case.stage.code())
    .bind(import.id)
    .bind(case.facts.join(","))
    .bind(import.at)
    .execute_one(tx)
    .await
}

/// Joins people to a case. They get no PIN and no safe channel: both come from the person, later.
async fn join_people(portal: &Portal, tx: &mut Tx, import: &Import, case: Uuid, people: &[PersonRecord]) -> Result<bool, DbError> {
    let mut changed = false;
    for record in people {
        let Some(role) = Role::from_code(&record.role) else { continue };
        let found = people::of_source(portal, tx, &import.source, &record.key).await?;
        let person = if let Some(person) = found {
            person
        } else {
            changed = true;
            add_person(portal, tx, import, record).await?
        };
        // A feed grants nothing: what a representative may do is said to staff.
        let part = Participation { role, conflict: record.conflict, ends_at: record.ends_at, scope: Scope::default() };
        let joined = participate(tx, person, CaseId(case), &part, import.at).await?;
        changed = changed || joined;
    }
    Ok(changed)
}

async fn add_person(portal: &Portal, tx: &mut Tx, import: &Import, record: &PersonRecord) -> Result<PersonId, DbError> {
    let new = people::New { source: &import.source, key: &record.key, name: &record.name };
    let (id, key) = people::add(portal, tx, new, import.at).await?;
    let points = [
        (Kind::Email, record.email.as_deref().and_then(sign_in::email)),
        (Kind::Mobile, record.mobile.as_deref().and_then(sign_in::mobile)),
    ];
    for (kind, value) in points {
        if let Some(value) = value {
            points::add(portal, tx, &key, (kind, &value), import.at, import.at).await?;
        }
    }
    Ok(id)
}

/// Joins a person to a case, or changes the part they have in it; answers whether anything is new. A
/// conflict that a feed tells of holds from this moment.
pub async fn participate(tx: &mut Tx, person: PersonId, case: CaseId, part: &Participation, at: DateTime<Utc>) -> Result<bool, DbError> {
    sql("insert into participations (person_id, case_id, role, conflict, ends_at, scope, since) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (person_id, case_id) do update set role = excluded.role, conflict = excluded.conflict, ends_at = excluded.ends_at \
         where participations.role <> excluded.role or participations.conflict <> excluded.conflict \
            or participations.ends_at is distinct from excluded.ends_at")
    .bind(person)
    .bind(case)
    .bind(part.role.code())
    .bind(part.conflict)
    .bind(part.ends_at)
    .bind(part.scope.codes())
    .bind(at)
    .execute(tx)
    .await
    .map(|rows| rows == 1)
}

/// A role the portal does not know makes a record unfit: nobody is joined to a case by guess.
#[must_use]
pub fn unknown_role(record: &CaseRecord) -> Option<String> {
    record.people.iter().find(|person| Role::from_code(&person.role).is_none()).map(|person| {
        let known: Vec<&str> = Role::ALL.map(Role::code).to_vec();
        format!("role '{}' is not one of {}", person.role, known.join(", "))
    })
}
