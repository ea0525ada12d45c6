//! The end of a record: whole, written down, and again after an older database came back.

use crate::people::{reachable, reply, submit};
use crate::program::Program;
use crate::stores::{Failed, Store, Tested, clock, count};
use app::domain::file::FileKind;
use app::domain::ids::{MessageId, PersonId};
use chrono::Duration;
use server::clock::Clock as _;
use server::db::sql;
use server::files::Sealed;
use server::keys::Keys;
use server::portal::Portal;
use server::retention::{Due, Erased, Ledger, LedgerError, Schedule, TABLES, apply, due, erase, hold, purge};
use std::collections::BTreeSet;

on_both!(
    a_person_is_erased_whole_and_nobody_else_is_touched,
    what_is_due_goes_and_what_is_held_open_or_new_stays,
    an_older_database_loses_them_again,
);

/// Every table with a column that can name a person.
#[tokio::test]
async fn no_table_that_names_a_person_is_forgotten() -> Tested {
    let store = Store::sqlite().await?;
    let named: Vec<(String,)> = sql("select distinct m.name from sqlite_master m join pragma_table_info(m.name) c \
         where m.type = 'table' and c.name in ('person_id', 'representative_id', 'owner_id')")
    .fetch_all(&mut store.db.read().await?)
    .await?;
    let named: BTreeSet<&str> = named.iter().map(|(table,)| table.as_str()).collect();
    // Of a request, not of a person by name; and the chain, which outlives the record.
    let mut known: BTreeSet<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    known.retain(|table| !["files", "messages", "notes"].contains(table));
    known.insert("audit");
    assert_eq!(named, known);
    Ok(())
}

/// A photo with the newest message of this person's request.
pub async fn sends_a_file(portal: &Portal, person: PersonId, picture: Vec<u8>) -> Tested {
    let (message,): (uuid::Uuid,) = sql("select m.message_id from messages m join support_requests r on r.request_id = m.request_id \
         where r.person_id = $1 order by m.sent_at desc limit 1")
    .bind(person)
    .fetch_one(&mut portal.db.read().await?)
    .await?;
    let key = portal.keys.vault.key(&mut portal.db.read().await?, person.0).await?;
    let sealed = Sealed::new(portal, &key, FileKind::Jpeg, picture.into()).await?;
    let mut tx = portal.db.write().await?;
    sealed.insert(&mut tx, MessageId(message), portal.now()).await?;
    tx.commit().await?;
    Ok(())
}

pub async fn left_of(store: &Store, person: PersonId) -> Result<i64, Failed> {
    let mut left = 0;
    for (table, statement) in TABLES {
        let text = statement.replacen("delete from", "select count(*) from", 1);
        let (rows,): (i64,) = sql(Box::leak(text.into_boxed_str())).bind(person).fetch_one(&mut store.db.read().await?).await?;
        assert!(rows >= 0, "{table}");
        left += rows;
    }
    Ok(left)
}

async fn a_person_is_erased_whole_and_nobody_else_is_touched(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let staff = crate::people::coordinator(&store.db, 1).await?;
    let mut people = Vec::new();
    for email in ["ann@example.test", "bob@example.test"] {
        let person = reachable(&portal, email).await?;
        let request = submit(&portal, Some(person)).await?;
        reply(&portal, staff, person, &request).await?;
        sends_a_file(&portal, person, b"a picture".to_vec()).await?;
        people.push(person);
    }
    let [ann, bob] = people[..] else { unreachable!("two") };
    let (of_ann, of_bob) = (left_of(&store, ann).await?, left_of(&store, bob).await?);
    assert!(of_ann > 6 && of_ann == of_bob, "{of_ann}");
    let mut tx = store.db.write().await?;
    let Erased::Done { rows } = erase(&mut tx, ann, portal.now()).await? else { panic!("she is there") };
    tx.commit().await?;
    assert_eq!((i64::try_from(rows)?, left_of(&store, ann).await?, left_of(&store, bob).await?), (of_ann, 0, of_bob));
    assert!(portal.keys.vault.key(&mut store.db.read().await?, ann.0).await.is_err(), "her key is gone");
    let mut tx = store.db.write().await?;
    assert_eq!(erase(&mut tx, ann, portal.now()).await?, Erased::NotThere);
    tx.commit().await?;
    // The chain keeps that it happened, and is sound.
    assert_eq!(count(&store.db, "select count(*) from audit where act = 'person_erased'").await?, 1);
    assert!(matches!(server::audit::verify(&mut store.db.read().await?).await?, server::audit::Verdict::Sound { .. }));
    Ok(())
}

async fn what_is_due_goes_and_what_is_held_open_or_new_stays(store: Store) -> Tested {
    let clock = clock();
    let portal = store.portal(&clock, None).await?;
    let schedule = Schedule { person: 100, ..Schedule::default() };
    let quiet = reachable(&portal, "quiet@example.test").await?;
    let open = reachable(&portal, "open@example.test").await?;
    submit(&portal, Some(open)).await?;
    let held = reachable(&portal, "held@example.test").await?;
    let mut tx = store.db.write().await?;
    assert!(hold(&mut tx, held, true, portal.now()).await?);
    tx.commit().await?;
    clock.advance(Duration::days(100) - Duration::seconds(1));
    assert_eq!(due(&mut store.db.read().await?, &schedule, clock.now()).await?, Due(vec![]));
    let new = reachable(&portal, "new@example.test").await?;
    // Somebody without an account, closed a hundred days ago, and one that is still open.
    let (old, waits) = (submit(&portal, None).await?, submit(&portal, None).await?);
    let mut tx = store.db.write().await?;
    sql("update support_requests set state = 'closed', closing = 'answered', state_at = $2 where request_id = $1")
        .bind(old.id)
        .bind(clock.now() - Duration::days(100))
        .execute_one(&mut tx)
        .await?;
    tx.commit().await?;
    let keys_before = count(&store.db, "select count(*) from data_keys").await?;
    clock.advance(Duration::seconds(1));
    assert_eq!(due(&mut store.db.read().await?, &schedule, clock.now()).await?, Due(vec![quiet]));
    let mut tx = store.db.write().await?;
    assert_eq!(erase(&mut tx, held, clock.now()).await?, Erased::Held, "not even when asked for");
    hold(&mut tx, held, false, clock.now()).await?;
    let purged = purge(&mut tx, &schedule, clock.now()).await?;
    tx.commit().await?;
    assert_eq!(purged.requests, 1);
    assert_eq!(count(&store.db, "select count(*) from data_keys").await?, keys_before - 1, "its key went with it");
    let left: Option<(i64,)> =
        sql("select tier from support_requests where request_id = $1").bind(waits.id).fetch_optional(&mut store.db.read().await?).await?;
    assert!(left.is_some());
    assert_eq!(due(&mut store.db.read().await?, &schedule, clock.now()).await?.0.len(), 2);
    assert!(left_of(&store, open).await? > 0 && left_of(&store, new).await? > 0);
    Ok(())
}

async fn an_older_database_loses_them_again(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let file = store.folder().join("portal.erased");
    let ledger = Ledger::at(&file);
    let (ann, bob) = (reachable(&portal, "ann@example.test").await?, reachable(&portal, "bob@example.test").await?);
    assert_eq!(apply(&ledger, &portal.keys, &store.db, portal.now()).await?, 0, "no ledger, nobody erased");
    // In the ledger, and in the database that was put back; held there, too, as of old.
    ledger.write(&portal.keys, ann, portal.now())?;
    let mut tx = store.db.write().await?;
    hold(&mut tx, ann, true, portal.now()).await?;
    tx.commit().await?;
    assert_eq!(apply(&ledger, &portal.keys, &store.db, portal.now()).await?, 1);
    assert_eq!(apply(&ledger, &portal.keys, &store.db, portal.now()).await?, 0);
    assert!(left_of(&store, ann).await? == 0 && left_of(&store, bob).await? > 0);
    // One line that is taken out, or changed places, shows at the next.
    ledger.write(&portal.keys, bob, portal.now())?;
    let both = std::fs::read_to_string(&file)?;
    let mut lines: Vec<&str> = both.lines().collect();
    lines.swap(0, 1);
    for spoiled in [lines[0].to_owned(), lines.join("\n")] {
        std::fs::write(&file, spoiled)?;
        assert!(matches!(apply(&ledger, &portal.keys, &store.db, portal.now()).await, Err(LedgerError::Forged(1))));
    }
    std::fs::write(&file, format!("{}\n", both.lines().next().unwrap_or_default()))?;
    // A line that somebody else added has nobody erased, not even those before it.
    let ours = std::fs::read_to_string(&file)?;
    let theirs = ours.replace(&ann.to_string(), &bob.to_string());
    std::fs::write(&file, format!("{ours}{theirs}"))?;
    assert!(matches!(apply(&ledger, &portal.keys, &store.db, portal.now()).await, Err(LedgerError::Forged(2))));
    assert!(Ledger::at(&file).read(&Keys::fixed(&[9; 32])).is_err(), "another key");
    assert!(left_of(&store, bob).await? > 0);
    Ok(())
}

/// As it is typed; the dump of the database holds nothing of her after it.
#[tokio::test]
async fn the_commands_erase_and_write_it_down() -> Tested {
    let program = Program::new()?;
    assert!(program.run(&["seed", "--demo", "--cases", "60"])?.ok);
    let db = server::db::Db::open(&format!("sqlite://{}", program.database().display())).await?;
    let (id,): (uuid::Uuid,) =
        sql("select person_id from people where pin_hash is not null order by person_id limit 1").fetch_one(&mut db.read().await?).await?;
    let id = id.to_string();
    let said = program.run(&["retention", "run", "--dry-run"])?;
    assert!(said.ok && said.out == "0 persons are due; nothing was changed\n", "{}{}", said.out, said.err);
    assert!(program.run(&["retention", "hold", &id])?.ok);
    let said = program.run(&["retention", "erase", &id])?;
    assert!(!said.ok && said.err.contains("a legal hold keeps this person"), "{}", said.err);
    assert!(program.run(&["retention", "lift", &id])?.ok);
    let said = program.run(&["retention", "erase", &id])?;
    assert!(said.ok && said.out.contains("is erased"), "{}", said.err);
    let said = program.run(&["retention", "erase", &id])?;
    assert!(!said.ok && said.err.contains("there is no such person"), "{}", said.err);
    drop(db);
    assert!(std::fs::read_to_string(program.folder.path().join("portal.erased"))?.starts_with(&id));
    assert!(program.run(&["retention", "apply-ledger"])?.out.starts_with("0 persons"));
    assert!(program.run(&["audit", "verify"])?.ok);
    Ok(())
}
