//! `portal import`, `portal seed` and `portal audit` as they are typed: exit codes, words, memory, and
//! a database that a refusal leaves as it was.

use crate::import::real_months;
use crate::program::Program;
use crate::stores::{Failed, Tested};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

const HEADER: &str =
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context";

fn crimes(rows: usize) -> Result<Vec<u8>, Failed> {
    let mut text = Vec::new();
    server::demo::generate::generate(9, rows, &mut text)?;
    Ok(text)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// A database with some cases in it.
fn filled() -> Result<Program, Failed> {
    let program = Program::new()?;
    let said = program.run(&["import", "cases", &program.file("good.csv", crimes(40)?)?])?;
    assert!(said.ok && said.out.ends_with("40 accepted, 0 unchanged, 0 rejected\n"), "{}{}", said.out, said.err);
    Ok(program)
}

#[tokio::test]
async fn a_damaged_file_is_refused_by_its_line_and_changes_nothing() -> Tested {
    let program = filled()?;
    let before = program.dump().await?;
    // More than a group before the damage: it is not half applied.
    let good = String::from_utf8(crimes(1_500)?)?;
    let packed = gzip(good.as_bytes())?;
    let mut not_text = good.clone().into_bytes();
    not_text.extend(b"k,2025-03,P,P,,,Elm R\xffw,,,Other crime,,\n");
    let with = |line: &str| format!("{good}{line}\n").into_bytes();
    let json = |end: &str| {
        format!("{{\"cases\":[\n{{\"reference\":\"1\",\"month\":\"2025-03\",\"crime_type\":\"Other crime\"}}{end}").into_bytes()
    };
    let files: [(&str, Vec<u8>, &str); 12] = [
        ("truncated.csv.gz", packed[..packed.len() / 2].to_vec(), "stops in the middle"),
        ("corrupt.csv.gz", packed.iter().enumerate().map(|(n, byte)| if n == packed.len() / 2 { !byte } else { *byte }).collect(), "line "),
        ("header.csv", good.replacen(",Month,", ",Months,", 1).into_bytes(), "line 1: there is no column \"Months\""),
        ("quote.csv", with("k,2025-03,P,P,,,Elm \"Row,,,Other crime,,"), "line 1502: a stray \""),
        ("open.csv", with("k,2025-03,P,P,,,\"Elm Row,,,Other crime,,"), "line 1502: a quote is opened"),
        ("short.csv", with("k,2025-03,P,P"), "line 1502: 4 fields where the header has 12"),
        ("bytes.csv", not_text, "line 1502: not UTF-8"),
        ("zero.csv", with("k,2025-03,P,P,,,Elm\0Row,,,Other crime,,"), "line 1502: a zero byte"),
        ("long.csv", with(&"x".repeat(70_000)), "line 1502: a record longer"),
        ("empty.csv", vec![], "empty"),
        ("cut.json", json(""), "line 2"),
        ("wrong.json", json(",\n{\"reference\" 7}]}"), "line 3, column"),
    ];
    for (name, bytes, words) in files {
        let file = program.file(name, bytes)?;
        for args in [vec!["import", "cases", &file], vec!["import", "cases", &file, "--dry-run"], vec!["import", "cases", &file, "--json"]]
        {
            let said = program.run(&args)?;
            assert!(!said.ok, "{args:?}");
            assert!(said.err.contains(words) && said.err.contains("Nothing was stored"), "{name}: {}", said.err);
            if args.contains(&"--json") {
                assert!(serde_json::from_str::<Value>(&said.out)?["error"].is_string(), "{name}: {}", said.out);
            }
        }
        assert_eq!(program.dump().await?, before, "{name}");
    }
    let said = program.run(&["import", "cases", "/no/such/file.csv"])?;
    assert!(!said.ok && said.err.contains("/no/such/file.csv"), "{}", said.err);
    assert_eq!(program.dump().await?, before);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_reads_everything_and_stores_nothing() -> Tested {
    let program = filled()?;
    let before = program.dump().await?;
    let mut text = String::from_utf8(crimes(700)?)?;
    text.push_str(",2025-03,P,P,,,Elm Row,,,Anti-social behaviour,,\n");
    let file = program.file("more.csv", text)?;
    let said = program.run(&["import", "cases", &file, "--dry-run"])?;
    assert!(said.ok, "{}", said.err);
    assert!(said.out.contains("rejected line 702: no Crime ID"), "{}", said.out);
    assert!(said.out.contains("nothing stored"), "{}", said.out);
    assert_eq!(program.dump().await?, before);
    let said = program.run(&["import", "cases", &file, "--dry-run", "--json"])?;
    let told: Value = serde_json::from_str(&said.out)?;
    assert_eq!((told["dry_run"].as_bool(), told["rejected_count"].as_u64(), told["accepted"].as_u64()), (Some(true), Some(1), Some(0)));
    assert_eq!(program.dump().await?, before);
    // Without a database there is none afterwards.
    let fresh = Program::new()?;
    assert!(fresh.run(&["import", "cases", &file, "--dry-run"])?.ok);
    assert!(!fresh.database().exists());
    Ok(())
}

#[test]
fn rejected_rows_are_listed_with_line_and_reason_and_the_rest_goes_in() -> Tested {
    let program = Program::new()?;
    let rows = [
        "k1,2025-03,P,P,,,Elm Row,,,Other crime,Suspect charged,",
        ",2025-03,P,P,,,Elm Row,,,Anti-social behaviour,,",
        "k2,2025-3,P,P,,,Elm Row,,,Other crime,,",
        "k3,2025-03,P,P,,,Elm Row,,,Other crime,Sent to the moon; twice,",
        "k1,2025-03,P,P,,,Elm Row,,,Other crime,Suspect charged,",
    ];
    let file = program.file("feed.csv.gz", gzip(format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes())?)?;
    let said = program.run(&["import", "cases", &file, "--json"])?;
    assert!(said.ok, "{}", said.err);
    let told: Value = serde_json::from_str(&said.out)?;
    assert_eq!(told["rejected"][0], serde_json::json!({ "line": 3, "reason": "no Crime ID: nothing identifies this row" }));
    assert_eq!(told["rejected"][1], serde_json::json!({ "line": 4, "reason": "month is not written as YYYY-MM" }));
    assert_eq!(
        (told["accepted"].as_u64(), told["unchanged"].as_u64(), told["rejected_count"].as_u64()),
        (Some(2), Some(1), Some(2)),
        "{told}"
    );
    assert_eq!(told["unknown_wordings"], serde_json::json!({ "Sent to the moon; twice": 1 }));
    let said = program.run(&["import", "cases", &file])?;
    assert!(said.out.contains("rejected line 3: no Crime ID"), "{}", said.out);
    assert!(said.out.contains("new outcome wording, kept and shown as it is (1 times): Sent to the moon; twice"), "{}", said.out);
    assert!(said.out.ends_with("0 accepted, 3 unchanged, 2 rejected\n"), "{}", said.out);
    Ok(())
}

/// The JSON of the feed is a file too; a role that does not exist is a rejected item.
#[test]
fn a_json_file_goes_in_by_the_same_command() -> Tested {
    let program = Program::new()?;
    let case = |n: usize, role: &str| {
        format!(
            r#"{{"reference":"k{n}","month":"2025-03","crime_type":"Other crime","people":[{{"key":"p{n}","name":"A","role":"{role}"}}]}}"#
        )
    };
    let cases = [case(1, "victim"), case(2, "bystander"), case(3, "witness")].join(",\n");
    let file = program.file("feed.json", format!("{{\"cases\":[{cases}]}}"))?;
    let said = program.run(&["import", "cases", &file, "--json"])?;
    let told: Value = serde_json::from_str(&said.out)?;
    assert_eq!((told["accepted"].as_u64(), told["rejected_count"].as_u64()), (Some(2), Some(1)), "{told}");
    assert_eq!(told["rejected"][0]["line"], 2);
    assert!(told["rejected"][0]["reason"].as_str().is_some_and(|reason| reason.contains("bystander")));
    Ok(())
}

/// Reading 200 MB, and storing a tenth of it, with the release build if there is one. A debug build reads less.
#[tokio::test]
async fn memory_stays_flat_however_large_the_file() -> Tested {
    const MOST: u64 = 100_000;
    let debug = Path::new(env!("CARGO_BIN_EXE_portal"));
    let release = debug.parent().and_then(Path::parent).map(|target| target.join("release/portal")).filter(|path| path.is_file());
    let (portal, times) = release.as_deref().map_or((debug, 15), |release| (release, 105));
    let program = Program::new()?;
    let block = crimes(10_000)?;
    let rows = block.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
    let large = program.folder.path().join("large.csv");
    let mut out = BufWriter::new(File::create(&large)?);
    writeln!(out, "{HEADER}")?;
    for _ in 0..times {
        out.write_all(rows)?;
    }
    out.flush()?;
    let size = large.metadata()?.len();
    assert!(release.is_none() || size > 200_000_000, "{size}");
    let read = program.most_memory(portal, &["import", "cases", &large.display().to_string(), "--dry-run"]).await?;
    let mut stored = Vec::new();
    // Both are past the size at which the database's cache is full.
    for rows in [40_000, 80_000] {
        let program = Program::new()?;
        let file = program.file("many.csv", crimes(rows)?)?;
        stored.push(program.most_memory(portal, &["import", "cases", &file]).await?);
    }
    println!("{}: {size} bytes read with {read} KiB; 40,000 and 80,000 rows stored with {stored:?} KiB", portal.display());
    assert!((1_000..MOST).contains(&read) && stored.iter().all(|most| (1_000..MOST).contains(most)), "{read} KiB, {stored:?} KiB");
    assert!(stored[1] < stored[0] + 10_000, "it grows with what is stored: {stored:?} KiB");
    Ok(())
}

fn seeded(program: &Program, more: &[&str]) -> Result<Value, Failed> {
    let said = program.run(&[&["seed", "--demo", "--json"], more].concat())?;
    assert!(said.ok, "{}", said.err);
    Ok(serde_json::from_str(&said.out)?)
}

fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().into_iter().flatten().map(|one| one[field].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn the_demo_is_told_in_the_agreed_shape_and_goes_only_into_an_empty_database() -> Tested {
    let program = Program::new()?;
    let demo = seeded(&program, &[])?;
    assert_eq!(
        demo.as_object().map(|demo| demo.keys().map(String::as_str).collect::<Vec<_>>()),
        Some(vec!["machine_keys", "people", "staff"])
    );
    let roles = texts(&demo["people"], "role");
    for role in ["victim", "witness", "parent"] {
        assert!(roles.contains(&role), "{roles:?}");
    }
    assert_eq!(
        texts(&demo["staff"], "role"),
        ["coordinator", "witness_care_officer", "supervisor", "coordinator", "lead", "auditor", "admin"]
    );
    for person in demo["people"].as_array().into_iter().flatten() {
        let text = |field: &str| person[field].as_str().unwrap_or_default();
        assert!(!text("name").is_empty() && text("email").ends_with("@example.test"), "{person}");
        assert!(text("pin").len() == 6 && text("pin").bytes().all(|b| b.is_ascii_digit()), "{person}");
        let cases = texts_of(&person["cases"]);
        assert!(!cases.is_empty() && cases.iter().all(|id| id.parse::<uuid::Uuid>().is_ok()), "{person}");
        // Ofcom's numbers for drama.
        assert!(text("mobile").starts_with("+447700900"), "{person}");
    }
    for staff in demo["staff"].as_array().into_iter().flatten() {
        let text = |field: &str| staff[field].as_str().unwrap_or_default();
        assert!(text("email").ends_with("example.test") && text("password").len() >= 15 && text("totp_secret").len() >= 16, "{staff}");
    }
    for key in demo["machine_keys"].as_array().into_iter().flatten() {
        assert!(key["name"].is_string() && key["key"].as_str().is_some_and(|key| key.len() > 40), "{key}");
        assert_eq!(texts_of(&key["scopes"]), ["cases:write", "invite"]);
    }
    // Two victims in one case.
    let mut together = texts_of(&demo["people"].as_array().map_or(&[][..], Vec::as_slice).iter().map(|p| p["cases"][0].clone()).collect());
    let all = together.len();
    together.sort();
    together.dedup();
    assert!(together.len() < all);

    let before = program.dump().await?;
    assert!(!before.contains(texts(&demo["people"], "pin")[0]) && !before.contains(texts(&demo["staff"], "password")[0]));
    for more in [&[][..], &["--cases", "100"]] {
        let said = program.run(&[&["seed", "--demo", "--json"], more].concat())?;
        assert!(!said.ok && said.err.contains("already holds people"), "{}", said.err);
        assert_eq!(program.dump().await?, before, "a refused demo changes nothing");
    }
    assert!(!program.run(&["seed"])?.ok, "only with --demo");
    Ok(())
}

fn texts_of(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// What is invented about crimes; ids, people and secrets are new each time.
async fn invented(program: &Program) -> Result<Vec<String>, Failed> {
    let dump = program.dump().await?;
    let mut cases = Vec::new();
    for line in dump.lines().filter_map(|line| line.strip_prefix("cases: ")) {
        let fields: Vec<&str> = line.split(',').collect();
        cases.push(fields[1..9].join(","));
    }
    cases.sort();
    Ok(cases)
}

#[tokio::test]
async fn the_invented_crimes_are_the_same_each_time_and_the_secrets_are_not() -> Tested {
    let (one, other, small) = (Program::new()?, Program::new()?, Program::new()?);
    let (first, second) = (seeded(&one, &[])?, seeded(&other, &[])?);
    let (crimes, again) = (invented(&one).await?, invented(&other).await?);
    assert!((1_990..=2_000).contains(&crimes.len()), "{}", crimes.len());
    assert_eq!(crimes, again);
    assert_ne!(texts(&first["people"], "pin"), texts(&second["people"], "pin"));
    assert_ne!(texts(&first["staff"], "password"), texts(&second["staff"], "password"));
    assert_ne!(texts(&first["staff"], "totp_secret"), texts(&second["staff"], "totp_secret"));
    assert_ne!(texts(&first["machine_keys"], "key"), texts(&second["machine_keys"], "key"));
    seeded(&small, &["--cases", "300"])?;
    let few = invented(&small).await?;
    assert!(few.len() >= 299 && few.iter().all(|case| crimes.contains(case)));
    Ok(())
}

#[tokio::test]
async fn the_demos_people_can_be_joined_to_real_months() -> Tested {
    let Some(months) = real_months()? else { return Ok(()) };
    let program = Program::new()?;
    let folder = program.folder.path().join("months");
    std::fs::create_dir(&folder)?;
    let month = &months[1];
    std::os::unix::fs::symlink(month, folder.join(month.file_name().unwrap_or_default()))?;
    std::fs::write(folder.join("README.md"), "not a month")?;
    let demo = seeded(&program, &["--cases", &folder.display().to_string()])?;
    assert_eq!(texts(&demo["people"], "name").len(), 6);
    let dump = program.dump().await?;
    let lines = |table: &str| dump.lines().filter(|line| line.starts_with(table)).count();
    let mut outcomes = std::collections::BTreeSet::new();
    for record in server::import::source::Source::open(month)? {
        let Ok(record) = record? else { continue };
        outcomes.insert((record.source_key, record.progress.into_iter().map(|step| step.wording.text().to_owned()).collect::<Vec<_>>()));
    }
    assert!(lines("cases: ") > 5_000);
    assert_eq!(lines("case_events: "), outcomes.len(), "no invented step in a real case");
    assert!(!dump.contains("Invented,") && lines("participations: ") == 8);
    Ok(())
}

#[tokio::test]
async fn the_audit_chain_can_be_checked_from_outside() -> Tested {
    let program = Program::new()?;
    seeded(&program, &["--cases", "50"])?;
    let said = program.run(&["audit", "verify"])?;
    assert!(said.ok && said.out.contains("sound: "), "{}{}", said.out, said.err);
    let db = server::db::Db::open(&format!("sqlite://{}", program.database().display())).await?;
    let checkpoints = program.folder.path().join("checkpoints").display().to_string();
    let signed = program.run(&["audit", "checkpoint", &checkpoints])?;
    assert!(signed.ok && signed.err.contains("the public key is "), "{}", signed.err);
    let said = program.run(&["audit", "verify", "--checkpoints", &checkpoints])?;
    assert!(said.ok && said.out.contains("it holds all 1 checkpoints"), "{}{}", said.out, said.err);

    let (id,): (uuid::Uuid,) = server::db::sql("select person_id from people limit 1").fetch_one(&mut db.read().await?).await?;
    let rows = crate::stores::count(&db, "select count(*) from audit").await?;
    let said = program.run(&["audit", "export"])?;
    assert!(said.ok && said.err.ends_with(&format!("{} rows\n", rows + 1)), "{}", said.err);
    let exported: Vec<Value> = said.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert!(exported.last().is_some_and(|row| row["act"] == "audit_exported"), "that it was done is on record");
    let columns: Vec<&str> = exported[0].as_object().expect("a row").keys().map(String::as_str).collect();
    assert_eq!(columns, ["act", "actor", "actor_id", "at", "hash", "person", "seq", "subject"]);
    let said = program.run(&["audit", "person", &id.to_string()])?;
    let about: Vec<Value> = said.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert!(!about.is_empty() && about.iter().all(|row| row["person"] == id.to_string()), "{}", said.out);
    assert!(!program.run(&["audit", "person", "Amira"])?.ok);

    crate::stores::run(&db, "drop trigger audit_never_changed").await?;
    crate::stores::run(&db, "update audit set act = 'case_viewed' where seq = 2").await?;
    let said = program.run(&["audit", "verify"])?;
    assert!(!said.ok && said.err.contains("broken at row 2: it was changed"), "{}", said.err);
    Ok(())
}

#[tokio::test]
async fn a_machine_key_is_followed_by_another_and_both_work_for_a_while() -> Tested {
    let program = Program::new()?;
    let first = program.run(&["machine-key", "add", "records", "--scope", "cases:write"])?;
    assert!(first.ok && first.out.starts_with("vh1_"), "{}", first.err);
    let id = |key: &str| key["vh1_".len()..][..8].to_owned();
    let second = program.run(&["machine-key", "rotate", "records", "--overlap-days", "3"])?;
    assert!(second.ok && second.out.starts_with("vh1_") && second.out != first.out, "{}", second.err);
    let list = program.run(&["machine-key", "list"])?.out;
    assert_eq!(list.lines().count(), 3, "{list}");
    let line = |id: &str| list.lines().find(|line| line.starts_with(id)).unwrap_or_default().to_owned();
    assert!(line(&id(&first.out)).contains("never used") && line(&id(&second.out)).contains("never used"), "{list}");
    assert!(!list.contains(first.out.trim()), "a key is shown once");
    // The first one ends with the overlap, the second after 90 days.
    let db = server::db::Db::open(&format!("sqlite://{}", program.database().display())).await?;
    let lives: Vec<(String, chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>)> =
        server::db::sql("select key_id, made_at, expires_at from machine_keys order by expires_at")
            .fetch_all(&mut db.read().await?)
            .await?;
    let days: Vec<i64> = lives.iter().map(|(_, made, ends)| (*ends - *made).num_days()).collect();
    assert_eq!(days, [3, 90]);
    assert_eq!(lives[0].0, id(&first.out));
    for (args, words) in [
        (vec!["machine-key", "rotate", "nobody"], "no key that works is called nobody"),
        (vec!["machine-key", "revoke", "00000000"], "no key that works has the id 00000000"),
        (vec!["machine-key", "add", "x", "--scope", "all"], "there is no scope all"),
    ] {
        let said = program.run(&args)?;
        assert!(!said.ok && said.err.contains(words), "{}", said.err);
    }
    assert!(program.run(&["machine-key", "revoke", &id(&first.out)])?.ok);
    assert!(program.run(&["machine-key", "list"])?.out.contains("revoked"));
    assert_eq!(crate::stores::count(&db, "select count(*) from audit where act in ('key_added', 'key_revoked')").await?, 3);
    Ok(())
}

#[tokio::test]
async fn a_password_of_staff_is_long_and_hard_to_guess() -> Tested {
    let program = Program::new()?;
    let with_password = |args: &[&str], password: &str| -> Result<std::process::Output, Failed> {
        let mut child = program
            .command(Path::new(env!("CARGO_BIN_EXE_portal")), args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()?;
        child.stdin.take().expect("an input").write_all(format!("{password}\n").as_bytes())?;
        Ok(child.wait_with_output()?)
    };
    let add =
        |password: &str| with_password(&["staff", "add", "robin@hub.example.test", "--role", "lead", "--name", "Robin Lead"], password);
    for (password, words) in [
        ("short", "at least 15 characters"),
        ("passwordpassword1", "too easy to guess"),
        ("aaaaaaaaaaaaaaaaaa", "too easy to guess"),
        ("robin@hub.example.test", "too easy to guess"),
    ] {
        let said = add(password)?;
        let err = String::from_utf8(said.stderr)?;
        assert!(!said.status.success() && err.contains(words) && !err.contains(password), "{password}: {err}");
    }
    let said = add("tulip-granite-47-wandering-kettle")?;
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    // Another role is another sign-in; an account that is not there is said to be not there.
    let changed = program.run(&["staff", "change", "robin@hub.example.test", "--role", "auditor"])?;
    assert!(changed.ok && changed.out.contains("their sessions have ended"), "{}", changed.err);
    for (args, words) in [
        (vec!["staff", "change", "robin@hub.example.test"], "say what to change"),
        (vec!["staff", "change", "robin@hub.example.test", "--role", "king"], "the role must be one of coordinator"),
        (vec!["staff", "disable", "nobody@hub.example.test"], "nobody with this email address has access"),
    ] {
        let said = program.run(&args)?;
        assert!(!said.ok && said.err.contains(words), "{}", said.err);
    }
    // Both ways in are made anew; the same rule holds.
    let reset = |password: &str| with_password(&["staff", "reset", "robin@hub.example.test"], password);
    assert!(String::from_utf8(reset("passwordpassword1")?.stderr)?.contains("too easy to guess"));
    let said = reset("velvet-harbour-nineteen-compass")?;
    let out = String::from_utf8(said.stdout)?;
    assert!(said.status.success() && out.contains("their sessions have ended") && out.contains("shown once: "), "{out}");
    let db = server::db::Db::open(&format!("sqlite://{}", program.database().display())).await?;
    assert_eq!(crate::stores::count(&db, "select count(*) from audit where act = 'staff_reset'").await?, 1);
    drop(db);
    assert!(program.run(&["staff", "disable", "robin@hub.example.test"])?.ok);
    assert!(String::from_utf8(reset("velvet-harbour-nineteen-compass")?.stderr)?.contains("nobody with this email address has access"));
    Ok(())
}

#[tokio::test]
async fn an_organisation_account_is_linked_to_one_colleague_and_stored_as_a_hash() -> Tested {
    let program = Program::new()?;
    let demo = seeded(&program, &["--cases", "50"])?;
    let emails = texts(&demo["staff"], "email");
    let (issuer, subject) = ("https://login.example.test/v2.0", "5a0e7c1d-subject");
    let link = |email: &str, issuer: &str, subject: &str| program.run(&["staff", "link", email, "--issuer", issuer, "--subject", subject]);
    let db = server::db::Db::open(&format!("sqlite://{}", program.database().display())).await?;
    let said = link(emails[0], issuer, subject)?;
    assert!(said.ok && said.out.contains("can sign in with the organisation account"), "{}{}", said.out, said.err);
    assert!(link(emails[0], issuer, subject)?.ok, "again changes nothing");
    for (email, issuer, subject, words) in [
        (emails[1], issuer, subject, "another account is linked to this subject"),
        ("nobody@hub.example.test", issuer, "another", "nobody with this email address has access"),
        (emails[1], issuer, "", "may not be empty"),
    ] {
        let said = link(email, issuer, subject)?;
        assert!(!said.ok && said.err.contains(words), "{}", said.err);
    }
    // The same subject of another provider is another person.
    assert!(link(emails[1], "https://other.example.test", subject)?.ok);
    assert_eq!(crate::stores::count(&db, "select count(distinct sign_on_index) from staff").await?, 2);
    assert_eq!(crate::stores::count(&db, "select count(*) from audit where act = 'staff_linked'").await?, 3);
    assert!(!program.dump().await?.contains(subject));
    // What the settings cannot mean is said before anybody tries to sign in.
    let secret = program.file("secret", "not empty")?;
    let set = |args: &[&str], secret: &str| -> Result<String, Failed> {
        let mut command = program.command(Path::new(env!("CARGO_BIN_EXE_portal")), args);
        command.env("PORTAL_OIDC_ISSUER", issuer).env("PORTAL_OIDC_CLIENT_ID", "portal").env("PORTAL_OIDC_CLIENT_SECRET_FILE", secret);
        Ok(String::from_utf8(command.output()?.stderr)?)
    };
    let slash = format!("{issuer}/");
    let said = set(&["staff", "link", emails[2], "--issuer", &slash, "--subject", "x"], &secret)?;
    assert!(said.contains("the settings name another issuer"), "{said}");
    assert_eq!(set(&["check-config"], &secret)?, "");
    assert!(set(&["check-config"], "/no/such/file")?.contains("oidc_client_secret_file /no/such/file"));
    Ok(())
}
