//! Case feeds into the store: the real months, and every way one case can come twice.

use crate::program::dump;
use crate::stores::{Failed, Store, Tested, clock, count};
use app::domain::month::{Month, When};
use app::domain::outcome::{Stage, Wording};
use chrono::Duration;
use server::db::{DbError, sql};
use server::import::apply::{self, Applied};
use server::import::file::{self, Report};
use server::import::json_reader::read_json;
use server::import::record::{CaseRecord, PersonRecord, ProgressRecord};
use server::import::source::Source;
use server::portal::Portal;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;

on_both!(
    a_repeated_case_has_both_events_and_the_more_final_stage_in_any_order,
    a_later_import_says_where_the_case_stands_now,
    a_case_given_with_two_places_is_known_the_second_time,
    no_update_is_an_outcome_and_no_outcome_is_none,
    words_nobody_knows_are_kept_shown_and_reported,
    both_doors_store_the_same,
    people_are_joined_once_and_nobody_gets_anothers_address,
    many_bad_records_in_a_row_end_nothing,
    a_file_over_several_groups_is_stored_once,
);

/// The real months where they lie; `None`, said loudly, where they are not. CI must have them.
pub fn real_months() -> Result<Option<Vec<PathBuf>>, Failed> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/police-uk-west-mercia");
    if !folder.is_dir() {
        let test = std::thread::current().name().unwrap_or("?").to_owned();
        let line = format!("REAL MONTHS NOT TESTED: {test}: no {}", folder.display());
        assert!(std::env::var_os("CI").is_none(), "{line}");
        // `eprintln!` would be captured with the output of a test that passes.
        std::io::stderr().write_all(format!("{line}\n").as_bytes())?;
        return Ok(None);
    }
    let mut files: Vec<_> = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    files.sort();
    assert_eq!(files.len(), 8);
    Ok(Some(files))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_real_months_go_in_to_the_row_and_a_second_time_change_nothing() -> Tested {
    let Some(files) = real_months()? else { return Ok(()) };
    let store = Store::sqlite().await?;
    let (clock, mut first, mut second) = (clock(), Report::default(), Report::default());
    let portal = store.portal(&clock, None).await?;
    for month in &files {
        file::apply(&portal, month, &mut first, &mut |_| {}).await?;
    }
    // 58,101 rows have a Crime ID; one of them is another row again, one differs only in its place.
    assert_eq!((first.accepted + first.unchanged, first.rejected), (58_101, 11_725));
    assert!(first.unknown_wordings.is_empty());
    assert_eq!(count(&store.db, "select count(*) from cases").await?, 58_079);
    assert_eq!(count(&store.db, "select count(*) from case_events").await?, 58_099);
    assert_eq!(count(&store.db, "select count(*) from case_events where happened <> ''").await?, 0, "no invented day");

    // Where each case stands, worked out once more from the files.
    let mut wanted: BTreeMap<String, (Stage, usize)> = BTreeMap::new();
    let mut outcomes = BTreeSet::new();
    for record in files.iter().map(|month| Source::open(month)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let Ok(record) = record? else { continue };
        let [step] = record.progress.as_slice() else { panic!("one outcome a row") };
        let new = outcomes.insert((record.source_key.clone(), step.wording.text().to_owned()));
        let (stage, events) = wanted.entry(record.source_key).or_insert((step.wording.stage(), 0));
        *events += usize::from(new);
        if step.wording.stage().rank() > stage.rank() {
            *stage = step.wording.stage();
        }
    }
    let rows: Vec<(String, String, i64)> =
        sql("select c.source_key, c.stage, (select count(*) from case_events e where e.case_id = c.case_id) \
         from cases c where c.source = 'police.uk' order by c.source_key")
        .fetch_all(&mut store.db.read().await?)
        .await?;
    assert_eq!(rows.len(), wanted.len());
    for ((key, stage, events), (wanted_key, (wanted_stage, wanted_events))) in rows.into_iter().zip(wanted) {
        assert_eq!((&key, stage.as_str(), usize::try_from(events)?), (&wanted_key, wanted_stage.code(), wanted_events));
    }

    // The act is on record; of the cases nothing changes, not even when we last heard of them.
    let without = ["imports", "audit", "audit_head"];
    let before = dump(&store.file(), &without).await?;
    clock.advance(Duration::days(1));
    for month in &files {
        file::apply(&portal, month, &mut second, &mut |_| {}).await?;
    }
    assert_eq!((second.accepted, second.unchanged, second.rejected), (0, 58_101, 11_725));
    assert!(before == dump(&store.file(), &without).await?, "the second time changed something");
    assert!(before.len() > 10_000_000, "the dump holds the cases");
    Ok(())
}

fn record(key: &str, outcomes: &[&str]) -> CaseRecord {
    CaseRecord {
        source_key: key.into(),
        month: Month::parse("2025-03").expect("a month"),
        crime_type: "Other crime".into(),
        location: Some("On or near Elm Row".into()),
        lsoa_code: None,
        district: Some("Shropshire".into()),
        progress: outcomes
            .iter()
            .map(|text| ProgressRecord { wording: Wording::parse(text).expect("words"), when: When::NotGiven })
            .collect(),
        people: vec![],
    }
}

/// One import of several groups.
async fn import(portal: &Portal, groups: &[&[CaseRecord]]) -> Result<Vec<Applied>, DbError> {
    let mut tx = portal.db.write().await?;
    let import = apply::begin(&mut tx, portal.new_id(), "test", "test", portal.now()).await?;
    tx.commit().await?;
    let mut applied = Vec::new();
    for records in groups {
        let mut tx = portal.db.write().await?;
        applied.extend(apply::group(portal, &mut tx, &import, records).await?);
        tx.commit().await?;
    }
    Ok(applied)
}

async fn stage(portal: &Portal, key: &str) -> Result<(String, i64), DbError> {
    sql("select c.stage, (select count(*) from case_events e where e.case_id = c.case_id) from cases c where c.source_key = $1")
        .bind(key)
        .fetch_one(&mut portal.db.read().await?)
        .await
}

const CHARGED: &str = "Suspect charged";
const LOOKING: &str = "Under investigation";
const NO_UPDATE: &str = "Status update unavailable";

async fn a_repeated_case_has_both_events_and_the_more_final_stage_in_any_order(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let (charged, looking) = (|key| record(key, &[CHARGED]), |key| record(key, &[LOOKING]));
    import(&portal, &[&[charged("a"), looking("a"), looking("b"), charged("b")]]).await?;
    import(&portal, &[&[charged("c")], &[looking("c")]]).await?;
    import(&portal, &[&[looking("d")], &[charged("d")]]).await?;
    import(&portal, &[&[record("e", &[CHARGED, LOOKING])]]).await?;
    import(&portal, &[&[record("f", &[LOOKING, CHARGED])]]).await?;
    // Known before, and both new outcomes in one import.
    for (key, first, second) in [("g", CHARGED, LOOKING), ("h", LOOKING, CHARGED)] {
        import(&portal, &[&[record(key, &[NO_UPDATE])]]).await?;
        import(&portal, &[&[record(key, &[first])], &[record(key, &[second])]]).await?;
    }
    for key in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(stage(&portal, key).await?, ("charged".into(), 2), "{key}");
    }
    for key in ["g", "h"] {
        assert_eq!(stage(&portal, key).await?, ("charged".into(), 3), "{key}");
    }
    let again = import(&portal, &[&[looking("a"), charged("a"), charged("b"), looking("b"), looking("c"), charged("c")]]).await?;
    assert_eq!(again, [Applied::Unchanged; 6]);
    Ok(())
}

async fn a_later_import_says_where_the_case_stands_now(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    import(&portal, &[&[record("a", &[CHARGED])]]).await?;
    // The charge was dropped: less final, and newer.
    assert_eq!(import(&portal, &[&[record("a", &[LOOKING])]]).await?, [Applied::Accepted]);
    assert_eq!(stage(&portal, "a").await?, ("under_investigation".into(), 2));
    // The old file once more does not turn time back.
    assert_eq!(import(&portal, &[&[record("a", &[CHARGED])]]).await?, [Applied::Unchanged]);
    assert_eq!(stage(&portal, "a").await?, ("under_investigation".into(), 2));
    // Facts that change are stored; the events and the stage stay.
    let moved = CaseRecord { location: Some("On or near Ash Way".into()), ..record("a", &[]) };
    assert_eq!(import(&portal, &[std::slice::from_ref(&moved), &[record("b", &[CHARGED])]]).await?, [Applied::Accepted; 2]);
    assert_eq!(stage(&portal, "a").await?, ("under_investigation".into(), 2));
    assert_eq!(count(&store.db, "select count(*) from cases where location = 'On or near Ash Way'").await?, 1);
    assert_eq!(import(&portal, &[&[moved]]).await?, [Applied::Unchanged]);
    Ok(())
}

/// As 20 pairs of the real months are, thousands of rows apart.
async fn a_case_given_with_two_places_is_known_the_second_time(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let place = |text: &str| CaseRecord { location: Some(text.into()), ..record("a", &[LOOKING]) };
    let (one, other, third) = (place("Elm Row"), place("Ash Way"), place("Oak Lane"));
    let location = || async {
        let (text,): (String,) = sql("select location from cases").fetch_one(&mut portal.db.read().await?).await?;
        Ok::<_, DbError>(text)
    };
    let apart: [&[CaseRecord]; 2] = [std::slice::from_ref(&one), std::slice::from_ref(&other)];
    assert_eq!(import(&portal, &apart).await?, [Applied::Accepted; 2]);
    assert_eq!(location().await?, "Ash Way");
    for _ in 0..2 {
        assert_eq!(import(&portal, &apart).await?, [Applied::Unchanged; 2]);
    }
    // Corrected by a later import, and corrected back: both are changes.
    for (place, text) in [(third, "Oak Lane"), (one, "Elm Row")] {
        assert_eq!(import(&portal, &[std::slice::from_ref(&place)]).await?, [Applied::Accepted]);
        assert_eq!(location().await?, text);
        assert_eq!(import(&portal, &[&[place]]).await?, [Applied::Unchanged]);
    }
    Ok(())
}

async fn no_update_is_an_outcome_and_no_outcome_is_none(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let records =
        [record("a", &[]), record("b", &[NO_UPDATE]), record("c", &[]), record("c", &[NO_UPDATE]), record("d", &[NO_UPDATE, LOOKING])];
    import(&portal, &[&records, &[record("a", &[])]]).await?;
    for (key, wanted) in [("a", ("recorded", 0)), ("b", ("update_not_available", 1)), ("c", ("update_not_available", 1))] {
        assert_eq!(stage(&portal, key).await?, (wanted.0.into(), wanted.1), "{key}");
    }
    assert_eq!(stage(&portal, "d").await?, ("under_investigation".into(), 2));
    Ok(())
}

const HEADER: &str =
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context";

fn row(key: &str, outcome: &str) -> String {
    format!("{key},2025-03,P,P,,,On or near Elm Row,,Telford and Wrekin 014B,Other crime,{outcome},\n")
}

/// A file through the door of the command.
async fn import_file(portal: &Portal, store: &Store, text: &str) -> Result<Report, Failed> {
    let file = store.folder().join("feed");
    std::fs::write(&file, text)?;
    let mut report = Report::default();
    file::apply(portal, &file, &mut report, &mut |_| {}).await?;
    Ok(report)
}

async fn words_nobody_knows_are_kept_shown_and_reported(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let odd = "Diverted; see “scheme” <b>7</b> 🜍";
    let text = format!("{HEADER}\n{}{}{}", row("a", odd), row("b", odd), row("c", CHARGED));
    let report = import_file(&portal, &store, &text).await?;
    assert_eq!((report.accepted, report.rejected), (3, 0));
    assert_eq!(report.unknown_wordings, BTreeMap::from([(odd.to_owned(), 2)]));
    assert_eq!(stage(&portal, "a").await?, ("other".into(), 1));
    let (stored,): (String,) = sql("select e.wording from case_events e join cases c on c.case_id = e.case_id where c.source_key = 'a'")
        .fetch_one(&mut store.db.read().await?)
        .await?;
    assert_eq!(stored, odd);
    let shown = Wording::parse(&stored).map(|wording| wording.plain().into_owned()).unwrap_or_default();
    assert!(shown.contains(&format!("“{odd}”")), "{shown}");
    // The same words in the next file: said again, stored once.
    let report = import_file(&portal, &store, &text).await?;
    assert_eq!((report.accepted, report.unchanged, report.unknown_wordings.len()), (0, 3, 1));
    Ok(())
}

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Stored {
    source_key: String,
    month: String,
    crime_type: String,
    location: Option<String>,
    lsoa_code: Option<String>,
    district: Option<String>,
    stage: String,
    facts: String,
    wording: Option<String>,
    event_stage: Option<String>,
    happened: Option<String>,
}

async fn both_doors_store_the_same(store: Store) -> Tested {
    let csv = format!(
        "{HEADER}\n{}{}{}{}",
        row("k1", CHARGED),
        row("k2", "Something new; odd"),
        row("k3", ""),
        "k4,2025-04,P,P,,,No Location,,,Drugs,Under investigation,\n"
    );
    let json = r#"{"cases": [
        {"reference": "k1", "month": "2025-03", "crime_type": "Other crime", "location": "On or near Elm Row", "district": "Telford and Wrekin", "outcome": "Suspect charged"},
        {"crime_id": "k2", "month": "2025-03", "crime_type": "Other crime", "location": "On or near Elm Row", "district": "Telford and Wrekin", "outcome": "Something new; odd"},
        {"reference": "k3", "month": "2025-03", "crime_type": "Other crime", "location": " On or near Elm Row ", "district": "Telford and Wrekin"},
        {"reference": "k4", "month": "2025-04", "crime_type": "Drugs", "location": null, "events": [{"outcome": "under  investigation"}]}
    ]}"#;
    let mut results = Vec::new();
    // A file of either kind, and the body of a post.
    for door in ["csv", "json", "post"] {
        let store = store.another().await?;
        let portal = store.portal(&clock(), None).await?;
        match door {
            "csv" => assert_eq!(import_file(&portal, &store, &csv).await?.accepted, 4),
            "json" => assert_eq!(import_file(&portal, &store, json).await?.accepted, 4),
            _ => {
                let records: Vec<CaseRecord> = read_json(json.as_bytes())?.into_iter().filter_map(Result::ok).collect();
                assert_eq!(import(&portal, &[&records]).await?, [Applied::Accepted; 4]);
            }
        }
        let rows: Vec<Stored> = sql("select c.source_key, c.month, c.crime_type, c.location, c.lsoa_code, c.district, c.stage, c.facts, \
               e.wording, e.stage as event_stage, e.happened \
             from cases c left join case_events e on e.case_id = c.case_id order by c.source_key")
        .fetch_all(&mut store.db.read().await?)
        .await?;
        assert_eq!(rows.len(), 4);
        results.push(rows);
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
    Ok(())
}

fn person(key: &str, role: &str, email: Option<&str>, mobile: Option<&str>) -> PersonRecord {
    PersonRecord {
        key: key.into(),
        name: format!("Name of {key}"),
        role: role.into(),
        email: email.map(str::to_owned),
        mobile: mobile.map(str::to_owned),
        conflict: false,
        ends_at: None,
    }
}

async fn people_are_joined_once_and_nobody_gets_anothers_address(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let ann = person("ann", "victim", Some("Ann@Example.test"), Some("07700 900123"));
    let bob = person("bob", "witness", Some("bob@example.test"), None);
    // Cat gives Ann's address and number: perhaps the same home, perhaps not the same person.
    let cat = person("cat", "parent", Some("ann@example.test "), Some("+44 7700 900123"));
    let with = |key: &str, people: Vec<PersonRecord>| CaseRecord { people, ..record(key, &[LOOKING]) };
    let records = [with("a", vec![ann.clone(), bob.clone(), ann.clone()]), with("b", vec![ann.clone()]), with("c", vec![cat])];
    assert_eq!(import(&portal, &[&records[..2], &records[2..]]).await?, [Applied::Accepted; 3]);
    for (question, wanted) in [
        ("select count(*) from people", 3),
        ("select count(*) from participations", 4),
        ("select count(*) from contact_points", 3),
        // Nobody can sign in, and nothing is safe, because a feed says so.
        ("select count(*) from people where pin_hash is not null or preferred_channel is not null", 0),
        ("select count(*) from contact_grants", 0),
        ("select count(*) from outbox", 0),
    ] {
        assert_eq!(count(&store.db, question).await?, wanted, "{question}");
    }
    let mut reader = store.db.read().await?;
    let cat = server::people::of_source(&portal, &mut reader, "test", "cat").await?.expect("she is known");
    let (hers,): (i64,) = sql("select count(*) from contact_points where person_id = $1").bind(cat).fetch_one(&mut reader).await?;
    assert_eq!(hers, 0);
    let index = portal.keys.contact_index("ann@example.test");
    let (anns,): (i64,) = sql("select count(*) from contact_points where value_index = $1").bind(index).fetch_one(&mut reader).await?;
    assert_eq!(anns, 1);
    drop(reader);
    assert_eq!(import(&portal, &[&records]).await?, [Applied::Unchanged; 3]);
    // A new person in a known case is a change.
    assert_eq!(import(&portal, &[&[with("b", vec![bob])]]).await?, [Applied::Accepted]);
    assert_eq!(count(&store.db, "select count(*) from participations").await?, 5);
    assert_eq!(count(&store.db, "select count(*) from people").await?, 3);
    Ok(())
}

async fn many_bad_records_in_a_row_end_nothing(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let case = |n: usize, role: &str| {
        format!(
            r#"{{"reference":"k{n}","month":"2025-03","crime_type":"Other crime","people":[{{"key":"p{n}","name":"A","role":"{role}"}}]}}"#
        )
    };
    // More than a group of each: a role that does not exist, no reference at all, and good ones.
    let mut cases: Vec<String> = (0..1_200).map(|n| case(n, "bystander")).collect();
    cases.extend((0..1_200).map(|_| r#"{"month":"2025-03","crime_type":"Other crime"}"#.to_owned()));
    cases.extend((0..30).map(|n| case(n, "witness")));
    let report = import_file(&portal, &store, &format!("{{\"cases\":[{}]}}", cases.join(","))).await?;
    assert_eq!((report.accepted, report.rejected), (30, 2_400));
    assert_eq!(count(&store.db, "select count(*) from cases").await?, 30);
    assert_eq!(count(&store.db, "select count(*) from people").await?, 30);
    Ok(())
}

async fn a_file_over_several_groups_is_stored_once(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let mut text = Vec::new();
    server::demo::generate::generate(5, 2_600, &mut text)?;
    let text = String::from_utf8(text)?;
    let first = import_file(&portal, &store, &text).await?;
    assert_eq!((first.accepted, first.unchanged, first.rejected), (2_600, 0, 0));
    let second = import_file(&portal, &store, &text).await?;
    assert_eq!((second.accepted, second.unchanged), (0, 2_600));
    let keys: BTreeSet<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(count(&store.db, "select count(*) from cases").await?, i64::try_from(keys.len())?);
    Ok(())
}
