//! A copy of everything, and back: every row into either database, nothing of it readable on the way, and
//! nothing done with a file that is not whole and ours.

use crate::people::{coordinator, reachable, reply, submit};
use crate::program::{Program, dump};
use crate::retention::{left_of, sends_a_file};
use crate::stores::{Failed, Store, Tested, at, clock, count, entropy, monday, pair_in, pairs};
use app::domain::ids::PersonId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_util::TryStreamExt as _;
use server::audit::{self, Act, Actor, Entry, Verdict};
use server::backup::age::{Opener, Sealer};
use server::backup::{BackupError, Checked, Identity, LEFT_OUT, Made, Recipient, Restored, check, make};
use server::db::{Db, DbError, schema, sql, tables};
use server::keys::Keys;
use server::portal::Portal;
use server::retention::{Erased, Ledger, erase};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

on_both!(
    every_row_goes_into_either_database,
    a_copy_made_while_others_write_is_whole,
    a_spoiled_file_is_refused_and_changes_nothing,
    a_half_filled_database_lets_nothing_be_done,
    who_was_erased_since_is_erased_again,
    nothing_that_was_open_opens_again,
);

const IDENTITY: &str = "AGE-SECRET-KEY-1FCU3G6HTKU8V7GZNKU4FS6FW9CHR206S60C4AYS6CGRY8FRFVT2S9F24EC";
const RECIPIENT: &str = "age16qhstdhqhc27enxv4rw2h256cry6tjeagmfqf3xz6ytve5an73vsruz2sa";
const ANOTHER: &str = "AGE-SECRET-KEY-1KDFEVHW80NLSQSPDD595ZCDW2Q6JL07JR5CSHRH6FZRLEC6K6TQSMEAZZ3";

fn identity() -> Identity {
    IDENTITY.parse().expect("an identity")
}

fn recipient() -> Recipient {
    RECIPIENT.parse().expect("a recipient")
}

struct Filled {
    portal: Portal,
    ann: PersonId,
    bob: PersonId,
}

/// Two people with a request, a reply and a picture each, and ways in that are open.
async fn filled(store: &Store) -> Result<Filled, Failed> {
    let portal = store.portal(&clock(), None).await?;
    let staff = coordinator(&store.db, 1).await?;
    let mut people = Vec::new();
    for email in ["ann@example.test", "bob@example.test"] {
        let person = reachable(&portal, email).await?;
        let request = submit(&portal, Some(person)).await?;
        reply(&portal, staff, person, &request).await?;
        sends_a_file(&portal, person, vec![7; 300_000]).await?;
        people.push(person);
    }
    submit(&portal, None).await?;
    let [ann, bob] = people[..] else { unreachable!("two") };
    let mut tx = store.db.write().await?;
    for statement in [
        "insert into imports (import_id, source, label, received_at) values ($1, 'test', 'Tŷ Coch \"北京\" 🧑🏽‍🦽', $3)",
        "insert into cases (case_id, source, source_key, month, crime_type, location, stage, stage_import_id, facts, first_import_id, \
           received_at) values ($1, 'test', '', '2026-03', 'Other crime', 'Elm\nRow \\', 'received', $1, '', $1, $3)",
        "insert into participations (person_id, case_id, role, since) values ($2, $1, 'victim', $3)",
        "insert into person_sessions (token_hash, person_id, started_at, last_seen_at) values ('a', $2, $3, $3)",
        "insert into sign_in_challenges (challenge_id, token_hash, person_id, code_hash, made_at, expires_at) values ($1, 'b', $2, '', $3, $3)",
        "insert into passkey_challenges (token_hash, person_id, question, expires_at) values ('c', $2, '', $3)",
    ] {
        let needs = (statement.contains("$1"), statement.contains("$2"));
        // PostgreSQL takes no value that it is not asked for.
        let (text, values): (&'static str, Vec<uuid::Uuid>) = match needs {
            (true, true) => (statement, vec![uuid::Uuid::from_u128(77), ann.0]),
            (true, false) => (Box::leak(statement.replace("$3", "$2").into_boxed_str()), vec![uuid::Uuid::from_u128(77)]),
            _ => (Box::leak(statement.replace("$2", "$1").replace("$3", "$2").into_boxed_str()), vec![ann.0]),
        };
        let bound = values.into_iter().fold(sql(text), server::db::Statement::bind);
        bound.bind(at("2026-03-02T09:59:59.123456Z")).execute_one(&mut tx).await?;
    }
    for statement in [
        "insert into staff_sessions (token_hash, staff_id, started_at, last_seen_at) values ('d', $1, $2, $2)",
        "insert into staff_challenges (token_hash, staff_id, expires_at) values ('e', $1, $2)",
    ] {
        sql(statement).bind(staff).bind(monday()).execute_one(&mut tx).await?;
    }
    sql("insert into invitations (invitation_id, person_id, token_hash, word_hash, checked, delivery, made_by, made_at, expires_at, pass_hash, \
         pass_until) values ($1, $2, 'f', '', 'in_person', 'letter', $3, $4, $5, 'g', $5)")
    .bind(uuid::Uuid::from_u128(78))
    .bind(bob)
    .bind(staff)
    .bind(monday())
    .bind(at("2026-03-16T10:00:00Z"))
    .execute_one(&mut tx)
    .await?;
    sql("insert into staff_sign_ons (token_hash, expires_at) values ('h', $1)").bind(monday()).execute_one(&mut tx).await?;
    sql("insert into tries (subject, door, full_until) values ('x', 'word', 1)").execute_one(&mut tx).await?;
    tx.commit().await?;
    Ok(Filled { portal, ann, bob })
}

/// Every row of every table.
async fn everything(db: &Db) -> Result<BTreeMap<String, Vec<String>>, Failed> {
    let mut snapshot = db.snapshot().await?;
    let mut all = BTreeMap::new();
    for table in tables(&mut snapshot).await? {
        let mut rows: Vec<String> = snapshot.rows(&table).map_ok(|row| format!("{row:?}")).try_collect().await?;
        rows.sort();
        all.insert(table.name, rows);
    }
    Ok(all)
}

async fn made(store: &Store, portal: &Portal) -> Result<(PathBuf, Made), Failed> {
    let file = store.folder().join("copy.age");
    let made = make(&store.db, &portal.keys, &recipient(), &entropy(), portal.now(), &file).await?;
    Ok((file, made))
}

fn ledger(store: &Store) -> Ledger {
    Ledger::at(&store.folder().join("portal.erased"))
}

async fn put(checked: Checked, target: &Store, portal: &Portal, ledger: &Ledger) -> Result<Restored, BackupError> {
    checked.put_into(&target.db, &identity(), &portal.keys, ledger, portal.now()).await
}

/// An empty database of each kind.
async fn targets() -> Result<Vec<Store>, Failed> {
    let mut targets = vec![Store::sqlite().await?];
    targets.extend(Store::postgres().await?);
    Ok(targets)
}

/// Changed by a restore on purpose.
const CHANGED: [&str; 9] = [
    "audit",
    "audit_head",
    "person_sessions",
    "staff_sessions",
    "sign_in_challenges",
    "staff_challenges",
    "passkey_challenges",
    "staff_sign_ons",
    "invitations",
];

async fn every_row_goes_into_either_database(store: Store) -> Tested {
    let Filled { portal, .. } = filled(&store).await?;
    let (file, made) = made(&store, &portal).await?;
    let before = everything(&store.db).await?;
    assert!(made.tables == before.len() - LEFT_OUT.len() && made.rows > 30, "{made:?}");
    assert_eq!(made.bytes, file.metadata()?.len());
    assert_eq!(file.metadata()?.permissions().mode() & 0o777, 0o600);
    for target in targets().await? {
        let checked = check(&file, &identity(), &portal.keys)?;
        assert_eq!((checked.rows, &checked.header.chain), (made.rows, &made.chain));
        let done = put(checked, &target, &portal, &ledger(&store)).await?;
        assert_eq!((done.rows, done.chain, done.erased_again), (made.rows, made.chain.seq, 0));
        let after = everything(&target.db).await?;
        assert!(after.keys().eq(before.keys()));
        for (table, rows) in before.iter().filter(|(table, _)| !CHANGED.contains(&table.as_str())) {
            let wanted: &[String] = if table == "tries" { &[] } else { rows };
            assert_eq!(after[table], wanted, "{table}");
        }
        for table in &CHANGED[2..] {
            assert_eq!(after[*table].len(), before[*table].len(), "{table}");
        }
        let kept = before["audit"].iter().filter(|row| after["audit"].contains(row)).count();
        assert_eq!((kept, after["audit"].len()), (before["audit"].len(), before["audit"].len() + 1));
        assert_eq!(count(&target.db, "select count(*) from audit where act = 'restored'").await?, 1);
        assert_eq!(audit::verify(&mut target.db.read().await?).await?, Verdict::Sound { rows: made.chain.seq + 1 });
        // And on from there: a copy of the copy.
        let second = target.folder().join("second.age");
        let again = make(&target.db, &portal.keys, &recipient(), &entropy(), portal.now(), &second).await?;
        assert_eq!(again.rows, made.rows + 2, "the rows that say that it was restored, and copied");
    }
    Ok(())
}

async fn a_copy_made_while_others_write_is_whole(store: Store) -> Tested {
    let Filled { portal, .. } = filled(&store).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let (db, told) = (store.db.clone(), Arc::clone(&stop));
    let writing = tokio::spawn(async move {
        let mut n = 1_000;
        while !told.load(Ordering::Relaxed) {
            n += 1;
            let mut tx = db.write().await?;
            pair_in(&mut tx, n).await?;
            audit::append(&mut tx, monday(), Entry::new(Actor::System, Act::CasesImported, None, n)).await?;
            tx.commit().await?;
        }
        Ok::<i64, DbError>(n)
    });
    while count(&store.db, "select count(*) from imports where source = 'pair'").await? < 20 && !writing.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let made = made(&store, &portal).await;
    stop.store(true, Ordering::Relaxed);
    let written = writing.await??;
    let (file, made) = made?;
    let target = store.another().await?;
    put(check(&file, &identity(), &portal.keys)?, &target, &portal, &ledger(&store)).await?;
    let pairs = pairs(&target.db).await?;
    let copied = i64::try_from(pairs.len())?;
    assert!((20..=written - 1_000).contains(&copied), "{copied} of {written}");
    assert_eq!(pairs, (1_001..=1_000 + copied).collect::<Vec<_>>(), "as it was at one moment");
    // The chain of that moment: with each pair its row.
    let chained = count(&target.db, "select count(*) from audit where act = 'cases_imported'").await?;
    assert_eq!(chained, copied);
    assert_eq!(audit::verify(&mut target.db.read().await?).await?, Verdict::Sound { rows: made.chain.seq + 1 });
    Ok(())
}

fn opened(bytes: &[u8]) -> Result<String, Failed> {
    let mut text = String::new();
    GzDecoder::new(Opener::new(bytes, &identity())?).read_to_string(&mut text)?;
    Ok(text)
}

/// Whoever has the public key can do this.
fn sealed(text: &str) -> Result<Vec<u8>, Failed> {
    let mut lines = GzEncoder::new(Sealer::new(Vec::new(), &recipient(), &entropy())?, Compression::fast());
    lines.write_all(text.as_bytes())?;
    Ok(lines.finish()?.finish()?)
}

fn refused(bytes: &[u8], file: &Path, identity: &str, keys: &Keys) -> Result<String, Failed> {
    std::fs::write(file, bytes)?;
    let identity: Identity = identity.parse()?;
    let refused = check(file, &identity, keys);
    Ok(refused.err().map(|error| error.to_string()).unwrap_or_default())
}

async fn a_spoiled_file_is_refused_and_changes_nothing(store: Store) -> Tested {
    let Filled { portal, .. } = filled(&store).await?;
    let (file, _) = made(&store, &portal).await?;
    let bytes = std::fs::read(&file)?;
    let length = bytes.len();
    assert!(length > 500_000, "several parts: {length}");
    let spoiled = store.folder().join("spoiled.age");
    for cut in [0, 10, 100, 250, 70_000, length / 2, length - 20, length - 1] {
        let said = refused(&bytes[..cut], &spoiled, IDENTITY, &portal.keys)?;
        assert!(said.contains("is damaged or cut short") && said.contains("nothing was restored"), "cut at {cut}: {said}");
    }
    for flipped in [0, 200, 70_000, length / 2, length - 1] {
        let mut changed = bytes.clone();
        changed[flipped] ^= 1;
        let said = refused(&changed, &spoiled, IDENTITY, &portal.keys)?;
        assert!(said.contains("is damaged or cut short"), "changed at {flipped}: {said}");
    }
    let text = opened(&bytes)?;
    let lines: Vec<&str> = text.lines().collect();
    let without = |n: usize| lines.iter().enumerate().filter(|(at, _)| *at != n).fold(String::new(), |all, (_, line)| all + line + "\n");
    let forged: [(Vec<u8>, &str); 7] = [
        ([bytes.as_slice(), b"x"].concat(), "is damaged or cut short"),
        (sealed(&text.replacen("coordinator", "admin", 1))?, "was not made with this secret key file"),
        (sealed(&text.replacen(&schema(), &"0".repeat(64), 1))?, "with another schema"),
        (sealed(&without(lines.len() - 3))?, "rows of it are missing"),
        (sealed(&without(lines.len() - 1))?, "is damaged or cut short"),
        (sealed(&format!("{text}\n"))?, "something follows its end"),
        (sealed("{}\n")?, "is damaged or cut short"),
    ];
    for (bytes, words) in forged {
        let said = refused(&bytes, &spoiled, IDENTITY, &portal.keys)?;
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = refused(&bytes, &spoiled, ANOTHER, &portal.keys)?;
    assert!(said.contains("was made for another identity"), "{said}");
    let said = refused(&bytes, &spoiled, IDENTITY, &Keys::fixed(&[8; 32]))?;
    assert!(said.contains("was not made with this secret key file"), "{said}");
    // Into a database that holds something, and over a file that is there.
    let before = everything(&store.db).await?;
    let into = put(check(&file, &identity(), &portal.keys)?, &store, &portal, &ledger(&store)).await;
    assert!(matches!(into, Err(BackupError::NotEmpty)));
    assert!(made(&store, &portal).await.is_err_and(|error| format!("{error:?}").contains("is there already")));
    assert_eq!(everything(&store.db).await?, before);
    assert_eq!(std::fs::read(&file)?, bytes);
    Ok(())
}

/// Cut off between the reading and the putting in, so that only a part of the transactions is done.
async fn a_half_filled_database_lets_nothing_be_done(store: Store) -> Tested {
    let Filled { portal, .. } = filled(&store).await?;
    let mut tx = store.db.write().await?;
    for n in 0..3_000 {
        audit::append(&mut tx, portal.now(), Entry::new(Actor::System, Act::TasksViewed, None, n)).await?;
    }
    tx.commit().await?;
    let (file, _) = made(&store, &portal).await?;
    let target = store.another().await?;
    let checked = check(&file, &identity(), &portal.keys)?;
    let bytes = std::fs::read(&file)?;
    std::fs::write(&file, &bytes[..bytes.len() - 1])?;
    let said = put(checked, &target, &portal, &ledger(&store)).await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("half filled") && said.contains("delete it"), "{said}");
    assert!(count(&target.db, "select count(*) from audit").await? > 0);
    // Nobody can take it for a whole one: what must be recorded cannot be, and it is not empty any more.
    let mut tx = target.db.write().await?;
    assert!(audit::append(&mut tx, portal.now(), Entry::new(Actor::System, Act::TasksViewed, None, "")).await.is_err());
    drop(tx);
    std::fs::write(&file, &bytes)?;
    let again = put(check(&file, &identity(), &portal.keys)?, &target, &portal, &ledger(&store)).await;
    assert!(matches!(again, Err(BackupError::NotEmpty)));
    Ok(())
}

async fn who_was_erased_since_is_erased_again(store: Store) -> Tested {
    let Filled { portal, ann, bob } = filled(&store).await?;
    let (file, _) = made(&store, &portal).await?;
    let ledger = ledger(&store);
    let mut tx = store.db.write().await?;
    assert!(matches!(erase(&mut tx, ann, portal.now()).await?, Erased::Done { .. }));
    ledger.write(&portal.keys, ann, portal.now())?;
    tx.commit().await?;
    let target = store.another().await?;
    let done = put(check(&file, &identity(), &portal.keys)?, &target, &portal, &ledger).await?;
    assert_eq!(done.erased_again, 1);
    assert_eq!(left_of(&target, ann).await?, 0);
    assert_eq!(left_of(&target, bob).await?, left_of(&store, bob).await?);
    assert_eq!(count(&target.db, "select count(*) from audit where act = 'person_erased'").await?, 1);
    assert!(matches!(audit::verify(&mut target.db.read().await?).await?, Verdict::Sound { .. }));
    // A ledger that somebody spoiled: not even half of it is restored.
    std::fs::write(store.folder().join("portal.erased"), "x\n")?;
    let other = store.another().await?;
    let spoiled = put(check(&file, &identity(), &portal.keys)?, &other, &portal, &ledger).await;
    assert!(matches!(spoiled, Err(BackupError::HalfFilled(_))));
    assert_eq!(count(&other.db, "select seq from audit_head").await?, 0);
    Ok(())
}

async fn nothing_that_was_open_opens_again(store: Store) -> Tested {
    let Filled { portal, .. } = filled(&store).await?;
    let (file, _) = made(&store, &portal).await?;
    let open = [
        "select count(*) from person_sessions where ended_at is null",
        "select count(*) from staff_sessions where ended_at is null",
        "select count(*) from sign_in_challenges where used_at is null",
        "select count(*) from staff_challenges where used_at is null",
        "select count(*) from passkey_challenges where used_at is null",
        "select count(*) from invitations where used_at is null and replaced_at is null",
    ];
    let target = store.another().await?;
    let done = put(check(&file, &identity(), &portal.keys)?, &target, &portal, &ledger(&store)).await?;
    for question in open {
        assert!(count(&store.db, question).await? > 0, "{question}");
        assert_eq!(count(&target.db, question).await?, 0, "{question}");
    }
    assert_eq!((done.ended.sessions, done.ended.challenges, done.ended.invitations), (2, 4, 1));
    assert!(server::joining::store::pass(&mut store.db.read().await?, "g", portal.now()).await?.is_some());
    assert!(server::joining::store::pass(&mut target.db.read().await?, "g", portal.now()).await?.is_none(), "a pass that was given then");
    Ok(())
}

/// A word as it is, and as base64 wherever it stands.
fn ways_to_write(word: &str) -> Vec<Vec<u8>> {
    let mut ways = vec![word.as_bytes().to_vec()];
    for before in 0..3 {
        let text = STANDARD_NO_PAD.encode([vec![b'x'; before], word.as_bytes().to_vec()].concat());
        ways.push(text.as_bytes()[if before == 0 { 0 } else { 4 }..text.len() - 2].to_vec());
    }
    ways
}

#[tokio::test]
async fn the_file_shows_nothing_of_anybody() -> Tested {
    let store = Store::sqlite().await?;
    let Filled { portal, .. } = filled(&store).await?;
    let (file, _) = made(&store, &portal).await?;
    let bytes = std::fs::read(&file)?;
    let shows = |word: &str| ways_to_write(word).into_iter().any(|way| bytes.windows(way.len()).any(|part| part == way));
    for word in ["ann@example.test", "Somebody", "burglary", "coordinator", "sam1@hub", "Other crime", "token_hash", "person_sessions"] {
        assert!(!shows(word), "{word}");
    }
    // Opened, it still holds what is personal as the database does: sealed.
    let text = opened(&bytes)?;
    assert!(!text.contains("ann@example.test") && !text.contains("Elm Row"));
    assert!(text.contains("sam1@hub.example.test") && text.contains("\"Tŷ Coch \\\"北京\\\" 🧑🏽‍🦽\""));
    Ok(())
}

/// As it is typed.
#[tokio::test]
async fn the_commands_make_a_copy_and_put_it_back() -> Tested {
    let program = Program::new()?;
    let demo = program.run(&["seed", "--demo", "--cases", "60", "--json"])?;
    assert!(demo.ok, "{}", demo.err);
    let copy = program.folder.path().join("copy.age").display().to_string();
    let said = program.run(&["backup", &copy])?;
    assert!(!said.ok && said.err.contains("no backup_recipient is set") && said.err.contains("age-keygen"), "{}", said.err);
    program.file("portal.toml", format!("backup_recipient = '{RECIPIENT}'\n"))?;
    let said = program.run(&["backup", "/nowhere/copy.age"])?;
    assert!(!said.ok && said.err.contains("/nowhere/copy.age"), "{}", said.err);
    let said = program.run(&["backup", &copy])?;
    assert!(
        said.ok && said.out.contains(" tables, ") && said.out.contains("the audit chain in it ends at row "),
        "{}{}",
        said.out,
        said.err
    );
    let demo: serde_json::Value = serde_json::from_str(&demo.out)?;
    for person in demo["people"].as_array().into_iter().flatten() {
        assert!(!said.out.contains(person["name"].as_str().unwrap_or("?")), "{}", said.out);
    }
    let mut files: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(program.folder.path())? {
        files.push(entry?.file_name().to_string_lossy().into_owned());
    }
    assert!(files.contains(&"copy.age".to_owned()) && !files.iter().any(|name| name.contains(".part")), "{files:?}");
    let said = program.run(&["backup", &copy])?;
    assert!(!said.ok && said.err.contains("is there already"), "{}", said.err);
    let other = program.file("other.age.part", "")?;
    let said = program.run(&["backup", other.trim_end_matches(".part")])?;
    assert!(!said.ok && said.err.contains("left from a backup that was ended"), "{}", said.err);

    let new = program.folder.path().join("new.db");
    let into = format!("sqlite://{}", new.display());
    let key = program.file("identity", format!("# created by hand\n{IDENTITY}\n"))?;
    let wrong = program.file("wrong", RECIPIENT)?;
    let another = program.file("another", ANOTHER)?;
    for (identity, words) in [(&wrong, "holds no identity"), (&another, "another identity")] {
        let said = program.run(&["restore", &copy, "--into", &into, "--identity", identity])?;
        assert!(!said.ok && said.err.contains(words) && !new.exists(), "{}", said.err);
    }
    let said = program.run(&["restore", &copy, "--into", &into, "--identity", &key])?;
    assert!(said.ok && said.out.contains("the audit chain is sound") && said.out.contains("set database_url"), "{}{}", said.out, said.err);
    // To the byte: times too are written as they were.
    let without = [&CHANGED[..], &["tries", "_sqlx_migrations", "sqlite_stat1", "sqlite_stat4"]].concat();
    assert_eq!(dump(&new, &without).await?, dump(&program.database(), &without).await?);
    // What SQLite notes of its own when a program ends may change.
    let notes = ["_sqlx_migrations", "sqlite_stat1", "sqlite_stat4"];
    let restored = dump(&new, &notes).await?;
    for args in
        [vec!["restore", &copy, "--into", &into, "--identity", &key], vec!["restore", &copy, "--into", &into, "--identity", &key, "--json"]]
    {
        let said = program.run(&args)?;
        assert!(!said.ok && said.err.contains("is not empty: restore into a new one"), "{}", said.err);
    }
    assert_eq!(dump(&new, &notes).await?, restored);
    let sound =
        program.command(Path::new(env!("CARGO_BIN_EXE_portal")), &["audit", "verify"]).env("PORTAL_DATABASE_URL", &into).output()?;
    assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stderr));
    // Without the master keys of then nothing could be read, so nothing is put back.
    std::fs::rename(program.folder.path().join("portal.master"), program.folder.path().join("away"))?;
    let third = format!("sqlite://{}", program.folder.path().join("third.db").display());
    let said = program.run(&["restore", &copy, "--into", &third, "--identity", &key])?;
    assert!(!said.ok && said.err.contains("put it back"), "{}", said.err);
    Ok(())
}

/// Pictures of 2 MB, so many of them.
async fn with_pictures(program: &Program, pictures: u128) -> Tested {
    let store = Db::open(&format!("sqlite://{}", program.database().display())).await?;
    let mut tx = store.write().await?;
    for statement in [
        "insert into staff (staff_id, email, name, role, team, password_hash, totp_secret, created_at) \
         values ($1, '', '', 'lead', '', '', '', $2)",
        "insert into support_requests (request_id, reference, submission_id, kind, answers, tier, reasons, due_at, asked_at, state, state_at) \
         values ($1, '', $1, 'support', '', 4, '', $2, $2, 'waiting', $2)",
    ] {
        sql(statement).bind(uuid::Uuid::nil()).bind(monday()).execute_one(&mut tx).await?;
    }
    tx.commit().await?;
    for n in 1..=pictures {
        let mut tx = store.write().await?;
        sql("insert into messages (message_id, request_id, submission_id, author, body, sent_at) values ($1, $2, $1, 'person', '', $3)")
            .bind(uuid::Uuid::from_u128(n))
            .bind(uuid::Uuid::nil())
            .bind(monday())
            .execute_one(&mut tx)
            .await?;
        sql("insert into files (file_id, message_id, kind, size, content, sent_at) values ($1, $1, 'jpeg', 2000000, $2, $3)")
            .bind(uuid::Uuid::from_u128(n))
            .bind(vec![u8::try_from(n)?; 2_000_000])
            .bind(monday())
            .execute_one(&mut tx)
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

#[tokio::test]
async fn memory_does_not_grow_with_what_is_copied() -> Tested {
    let portal = Path::new(env!("CARGO_BIN_EXE_portal"));
    let (mut copied, mut restored) = (Vec::new(), Vec::new());
    for pictures in [10, 40] {
        let program = Program::new()?;
        program.file("portal.toml", format!("backup_recipient = '{RECIPIENT}'\n"))?;
        with_pictures(&program, pictures).await?;
        let copy = program.folder.path().join("copy.age").display().to_string();
        let key = program.file("identity", IDENTITY)?;
        let into = format!("sqlite://{}", program.folder.path().join("new.db").display());
        copied.push(program.most_memory(portal, &["backup", &copy]).await?);
        restored.push(program.most_memory(portal, &["restore", &copy, "--into", &into, "--identity", &key]).await?);
    }
    println!("20 and 80 MB of pictures copied with {copied:?} KiB, put back with {restored:?} KiB");
    assert!(copied[1] < copied[0] + 20_000 && restored[1] < restored[0] + 20_000, "{copied:?} KiB, {restored:?} KiB");
    Ok(())
}
