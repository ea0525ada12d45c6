//! The schema on both databases, and its lists against the enums of `app::domain`.

use crate::stores::{Failed, Store, Tested, count, insert_pair, pairs, run};
use app::domain::contact::{Channel, Safety};
use app::domain::file::FileKind;
use app::domain::ids::StaffId;
use app::domain::joining::{Delivery, Device, IdentityCheck, Inbox};
use app::domain::notice::Notice;
use app::domain::opening::{OpeningReason, OpeningVerdict};
use app::domain::participation::Role;
use app::domain::representation::Purpose;
use app::domain::staff::StaffRole;
use app::domain::support::{Closing, RequestState};
use app::domain::triage::Tier;
use chrono::{DateTime, Utc};
use server::contact::points::Kind;
use server::db::{Db, sql};
use server::vault::Field;
use std::collections::BTreeMap;

on_both!(
    opening_again_changes_nothing,
    two_programs_may_start_at_once,
    a_schema_from_a_newer_program_is_refused,
    a_schema_of_an_earlier_trial_is_told_apart
);

async fn opening_again_changes_nothing(store: Store) -> Tested {
    insert_pair(&store.db, 1).await?;
    for _ in 0..2 {
        let again = store.second_handle().await?;
        assert_eq!(pairs(&again).await?, [1]);
        assert_eq!(count(&again, "select count(*) from audit_head").await?, 1);
    }
    Ok(())
}

async fn two_programs_may_start_at_once(store: Store) -> Tested {
    for _ in 0..3 {
        let url = if store.is_sqlite() {
            let folder = store.folder().join("fresh");
            std::fs::create_dir_all(&folder)?;
            let fresh = tempfile::tempdir_in(folder)?.keep();
            format!("sqlite://{}", fresh.join("portal.db").display())
        } else {
            let Some(cluster) = crate::postgres::require() else { return Ok(()) };
            cluster.fresh_database()
        };
        let (one, other, third) = tokio::join!(Db::open(&url), Db::open(&url), Db::open(&url));
        for db in [one?, other?, third?] {
            assert_eq!(count(&db, "select count(*) from audit_head").await?, 1);
        }
    }
    Ok(())
}

async fn a_schema_from_a_newer_program_is_refused(store: Store) -> Tested {
    let newer = if store.is_sqlite() {
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'newer', true, x'00', 0)"
    } else {
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'newer', true, '\\x00', 0)"
    };
    run(&store.db, newer).await?;
    assert!(store.second_handle().await.is_err());
    Ok(())
}

async fn a_schema_of_an_earlier_trial_is_told_apart(store: Store) -> Tested {
    let other =
        if store.is_sqlite() { "update _sqlx_migrations set checksum = x'00'" } else { "update _sqlx_migrations set checksum = '\\x00'" };
    run(&store.db, other).await?;
    let refused = store.second_handle().await;
    assert!(refused.is_err_and(|error| error.to_string().contains("begin with a new one")));
    Ok(())
}

/// Every `check (COLUMN in (..))` of the migrations, by table and column.
fn lists() -> Result<BTreeMap<String, Vec<String>>, Failed> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut lists = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(file)?;
        let mut table = "";
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("create table ") {
                table = rest.split(' ').next().unwrap_or_default();
            }
            let Some((_, check)) = line.split_once("check (") else { continue };
            let Some((column, rest)) = check.split_once(" in (") else { continue };
            let codes = rest.split(')').next().unwrap_or_default();
            let codes = codes.split(", ").map(|code| code.trim_matches('\'').to_owned()).collect();
            lists.insert(format!("{table}.{column}"), codes);
        }
    }
    Ok(lists)
}

#[test]
fn the_lists_in_the_schema_are_the_codes_of_the_enums() -> Tested {
    let (by, at) = (StaffId(uuid::Uuid::nil()), DateTime::<Utc>::UNIX_EPOCH);
    // One of each: a new state fails to compile here only if it is listed, so it is counted below.
    let states = [
        RequestState::Waiting { since: at },
        RequestState::Claimed { by, at },
        RequestState::Replied { by, at },
        RequestState::Closed { by, at, closing: Closing::Answered },
    ];
    let channels: Vec<&str> = Channel::ALL.map(Channel::code).to_vec();
    let wanted: BTreeMap<String, Vec<&str>> = [
        ("people.preferred_channel", channels.clone()),
        ("contact_points.kind", Kind::ALL.map(Kind::code).to_vec()),
        ("contact_grants.channel", channels.clone()),
        ("contact_grants.safety", [Safety::Safe, Safety::NotSafe, Safety::Unknown].map(Safety::code).to_vec()),
        ("staff.role", StaffRole::ALL.map(StaffRole::code).to_vec()),
        ("participations.role", Role::ALL.map(Role::code).to_vec()),
        ("support_requests.kind", vec!["support", "question"]),
        ("support_requests.state", states.iter().map(RequestState::code).collect()),
        ("representations.purpose", Purpose::ALL.iter().map(|one| one.code()).collect()),
        ("representations.checked", IdentityCheck::ALL.iter().map(|one| one.code()).collect()),
        ("invitations.checked", IdentityCheck::ALL.iter().map(|one| one.code()).collect()),
        ("invitations.delivery", Delivery::ALL.iter().map(|one| one.code()).collect()),
        ("invitations.device", Device::ALL.iter().map(|one| one.code()).collect()),
        ("invitations.inbox", Inbox::ALL.iter().map(|one| one.code()).collect()),
        ("messages.author", vec!["person", "hub"]),
        ("files.kind", FileKind::ALL.map(FileKind::code).to_vec()),
        ("openings.why", OpeningReason::ALL.iter().map(|one| one.code()).collect()),
        ("openings.verdict", OpeningVerdict::ALL.iter().map(|one| one.code()).collect()),
        ("outbox.notice", Notice::ALL.map(Notice::code).to_vec()),
        ("outbox.state", vec!["due", "sent", "task", "not_sent", "gave_up"]),
        ("tasks.channel", channels),
    ]
    .into_iter()
    .map(|(column, codes)| (column.to_owned(), codes))
    .collect();
    let found = lists()?;
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "a list without an enum, or the other way round");
    for (column, codes) in wanted {
        assert_eq!(found[&column], codes, "{column}");
    }
    // And back: what the schema lets in, the enums can read.
    assert!(found["contact_grants.safety"].iter().all(|code| Safety::from_code(code).is_some()));
    assert!(Tier::ALL.iter().map(|tier| tier.number()).eq(0..=4), "tier between 0 and 4");
    Ok(())
}

/// Columns of text that stand in the database as they are, and why that is right. All others are sealed.
const CLEAR: [(&str, &str, &str); 65] = [
    ("people", "source", "a word of ours"),
    ("people", "source_index", "a keyed hash"),
    ("people", "pin_hash", "slow, salted, with a pepper"),
    ("people", "preferred_channel", "a code that the queue of notices is ruled by"),
    ("contact_points", "kind", "a code"),
    ("contact_points", "value_index", "a keyed hash"),
    ("contact_grants", "channel", "a code"),
    ("contact_grants", "safety", "a code that every notice is ruled by"),
    ("contact_grants", "until", "a day that every notice is ruled by"),
    ("data_keys", "wrapped", "sealed by a master key"),
    ("sign_in_challenges", "token_hash", "a hash of 256 random bits"),
    ("sign_in_challenges", "code_hash", "a keyed hash"),
    ("passkeys", "credential_index", "a keyed hash"),
    ("passkey_challenges", "token_hash", "a hash of 256 random bits"),
    ("passkey_challenges", "question", "random bytes and fixed words, of use for five minutes"),
    ("tries", "subject", "a keyed hash of a block of addresses, or an id"),
    ("tries", "door", "a word of ours"),
    ("person_sessions", "token_hash", "a hash of 256 random bits"),
    ("staff", "email", "staff sign in with it; not a person of a case"),
    ("staff", "name", "told to persons"),
    ("staff", "role", "a code"),
    ("staff", "team", "who shares their work"),
    ("openings", "why", "a code"),
    ("openings", "verdict", "a code"),
    ("staff", "password_hash", "slow, salted, with a pepper"),
    ("staff", "sign_on_index", "a keyed hash"),
    ("staff_sign_ons", "token_hash", "a hash of 256 random bits"),
    ("staff_sign_ons", "replaces", "a hash of 256 random bits"),
    ("staff_challenges", "token_hash", "a hash of 256 random bits"),
    ("staff_sessions", "token_hash", "a hash of 256 random bits"),
    ("invitations", "token_hash", "a hash of 256 bits that need a key"),
    ("invitations", "word_hash", "a keyed hash"),
    ("invitations", "checked", "a code"),
    ("invitations", "delivery", "a code"),
    ("invitations", "made_by_key", "the id of a machine key"),
    ("invitations", "pass_hash", "a hash of 256 random bits"),
    ("invitations", "device", "a code"),
    ("invitations", "inbox", "a code"),
    ("imports", "source", "a word of ours"),
    ("imports", "label", "the name of a file or of a machine key"),
    ("cases", "source", "a word of ours"),
    ("cases", "source_key", "see docs/decisions.md: facts of a case name nobody"),
    ("cases", "month", "a month"),
    ("cases", "crime_type", "see docs/decisions.md: facts of a case name nobody"),
    ("cases", "location", "see docs/decisions.md: facts of a case name nobody"),
    ("cases", "lsoa_code", "see docs/decisions.md: facts of a case name nobody"),
    ("cases", "district", "see docs/decisions.md: facts of a case name nobody"),
    ("cases", "stage", "a code"),
    ("cases", "facts", "a hash"),
    ("case_events", "wording", "an outcome in the words of the source"),
    ("case_events", "stage", "a code"),
    ("case_events", "happened", "a day or a month"),
    ("case_events", "source", "a word of ours"),
    ("participations", "role", "a code"),
    ("participations", "scope", "codes"),
    ("representations", "purpose", "a code"),
    ("representations", "scope", "codes"),
    ("representations", "checked", "a code"),
    ("drafts", "token_hash", "a hash of 256 random bits"),
    ("support_requests", "reference", "random, and names nobody"),
    ("support_requests", "kind", "a code"),
    ("support_requests", "state", "a code"),
    ("support_requests", "closing", "a code"),
    ("messages", "author", "a code"),
    ("files", "kind", "a code"),
];

/// Tables that hold only codes, ids, hashes and what machines sent and were told.
const CLEAR_TABLES: [&str; 7] = ["outbox", "tasks", "machine_keys", "idempotency", "audit", "audit_head", "_sqlx_migrations"];

/// A new column of text must be sealed, or say here why it need not be.
#[tokio::test]
async fn every_column_of_text_is_sealed_or_clear_for_a_reason() -> Tested {
    let store = Store::sqlite().await?;
    let columns: Vec<(String, String)> = sql("select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c \
         where m.type = 'table' and lower(c.type) in ('text', 'bytea') order by m.name, c.cid")
    .fetch_all(&mut store.db.read().await?)
    .await?;
    let sealed: Vec<&str> = Field::ALL.iter().map(|field| field.column()).collect();
    let mut known: Vec<String> = CLEAR.iter().map(|(table, column, _)| format!("{table}.{column}")).collect();
    known.extend(sealed.iter().map(|column| (*column).to_owned()));
    known.sort();
    let mut found: Vec<String> = columns
        .into_iter()
        .filter(|(table, _)| !CLEAR_TABLES.contains(&table.as_str()))
        .map(|(table, column)| format!("{table}.{column}"))
        .collect();
    found.sort();
    assert_eq!(found, known);
    Ok(())
}
