//! Nothing is acknowledged before it is durable, and no caller's end is another's: failed, dropped,
//! cancelled at any await, or killed.

use crate::stores::{SOON, Store, Tested, count, insert_pair, pair_in, pairs, run};
use futures_util::future::{join_all, poll_fn};
use futures_util::poll;
use server::db::{Db, DbError, sql};
use std::collections::BTreeSet;
use std::future::Future;
use std::io::{BufRead as _, BufReader, Write as _};
use std::pin::{Pin, pin};
use std::process::{Command, Stdio};
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;

on_both!(
    nothing_is_seen_before_it_is_acknowledged,
    what_is_acknowledged_can_be_read_at_once,
    a_dropped_transaction_leaves_nothing,
    of_a_hundred_callers_exactly_the_acknowledged_are_kept,
    a_caller_cancelled_at_any_await_harms_nobody,
    a_lone_caller_cancelled_at_any_await_leaves_a_working_writer,
    killed_at_any_moment_it_keeps_what_it_acknowledged,
);

/// Polls a future so many times at most; then drops it, wherever it is.
async fn cancelled_after<F: Future>(polls: usize, mut future: Pin<Box<F>>) -> Option<F::Output> {
    let mut done = 0;
    poll_fn(|cx| {
        if done == polls {
            return Poll::Ready(None);
        }
        done += 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

async fn nothing_is_seen_before_it_is_acknowledged(store: Store) -> Tested {
    let mut tx = store.db.write().await?;
    pair_in(&mut tx, 1).await?;
    assert!(pairs(&store.db).await?.is_empty());
    if store.is_sqlite() {
        // Somebody is next in line, so this change waits for them: not durable, not said, not seen.
        let mut next = pin!(store.db.write());
        assert!(poll!(&mut next).is_pending());
        let mut first = pin!(tx.commit());
        assert!(poll!(&mut first).is_pending());
        let mut tx = timeout(SOON, next).await??;
        pair_in(&mut tx, 2).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(poll!(&mut first).is_pending(), "acknowledged before the commit");
        assert!(pairs(&store.db).await?.is_empty());
        tx.commit().await?;
        timeout(SOON, first).await??;
        assert_eq!(pairs(&store.db).await?, [1, 2]);
    } else {
        tx.commit().await?;
        assert_eq!(pairs(&store.db).await?, [1]);
    }
    Ok(())
}

async fn what_is_acknowledged_can_be_read_at_once(store: Store) -> Tested {
    let writes = (1..=100).map(|n| {
        let db = store.db.clone();
        async move {
            insert_pair(&db, n).await?;
            let mut reader = db.read().await?;
            let found: Option<(String,)> =
                sql("select label from imports where label = $1").bind(n.to_string()).fetch_optional(&mut reader).await?;
            assert!(found.is_some(), "{n} was acknowledged and is not there");
            Ok::<_, DbError>(())
        }
    });
    for written in timeout(SOON, join_all(writes.map(tokio::spawn))).await? {
        written??;
    }
    Ok(())
}

async fn a_dropped_transaction_leaves_nothing(store: Store) -> Tested {
    for n in 1..=3 {
        let mut tx = store.db.write().await?;
        pair_in(&mut tx, n).await?;
        drop(tx);
        // Also where no runtime is entered: the change must not ride along with the next one.
        let mut tx = store.db.write().await?;
        pair_in(&mut tx, 10 + n).await?;
        if store.is_sqlite() {
            std::thread::spawn(move || drop(tx)).join().expect("dropping does not panic");
        } else {
            drop(tx);
        }
    }
    timeout(SOON, insert_pair(&store.db, 4)).await??;
    assert_eq!(pairs(&store.db).await?, [4]);
    Ok(())
}

/// What one caller of the hundred came to.
enum End {
    Acknowledged,
    Refused,
    Unknown,
}

async fn caller(db: Db, n: i64, patience: Duration) -> Result<End, DbError> {
    if n % 7 != 0 {
        insert_pair(&db, n).await?;
        return Ok(End::Acknowledged);
    }
    match n / 7 % 3 {
        0 => {
            let mut tx = db.write().await?;
            pair_in(&mut tx, n).await?;
            let again = pair_in(&mut tx, n).await;
            assert!(matches!(again, Err(DbError::Duplicate(_))));
            assert!(tx.commit().await.is_err());
            Ok(End::Refused)
        }
        1 => {
            let mut tx = db.write().await?;
            pair_in(&mut tx, n).await?;
            drop(tx);
            Ok(End::Refused)
        }
        _ => match timeout(patience, insert_pair(&db, n)).await {
            Ok(written) => written.map(|()| End::Acknowledged),
            Err(_) => Ok(End::Unknown),
        },
    }
}

async fn of_a_hundred_callers_exactly_the_acknowledged_are_kept(store: Store) -> Tested {
    for round in 0..5_i64 {
        let callers = (1..=100).map(|place| {
            let n = round * 100 + place;
            let patience = Duration::from_micros(u64::try_from(n * 37 % 101 * 150).unwrap_or(0));
            let call = tokio::spawn(caller(store.db.clone(), n, patience));
            async move { (n, call.await) }
        });
        let (mut must, mut must_not) = (Vec::new(), Vec::new());
        for (n, end) in timeout(SOON, join_all(callers)).await? {
            match end?? {
                End::Acknowledged => must.push(n),
                End::Refused => must_not.push(n),
                End::Unknown => {}
            }
        }
        timeout(SOON, insert_pair(&store.db, 1_000 + round)).await??;
        let there: BTreeSet<i64> = pairs(&store.db).await?.into_iter().collect();
        assert!(must.iter().all(|n| there.contains(n)), "round {round}: acknowledged and lost");
        assert!(!must_not.iter().any(|n| there.contains(n)), "round {round}: refused and kept");
        assert!(must.len() >= 85, "only the seventh may fail: {}", must.len());
    }
    Ok(())
}

async fn a_caller_cancelled_at_any_await_harms_nobody(store: Store) -> Tested {
    let mut finished = false;
    for polls in 0..60 {
        let n = i64::try_from(polls)? * 10;
        let mut tx = store.db.write().await?;
        pair_in(&mut tx, n).await?;
        // In line before the bystander commits, so that they share a group.
        let mut victim = Box::pin(insert_pair(&store.db, n + 1));
        assert!(!store.is_sqlite() || poll!(&mut victim).is_pending());
        let bystander = tokio::spawn(tx.commit());
        if polls == 0 {
            // Gives up while it stands in line, after the bystander has left the commit to it.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let end = timeout(SOON, cancelled_after(polls, victim)).await?;
        // Nobody else writes: the bystander must not depend on a next caller.
        timeout(SOON, bystander).await.map_err(|_| std::io::Error::other(format!("left waiting after {polls} polls")))???;
        // And the next caller finds a writer that works.
        timeout(SOON, insert_pair(&store.db, n + 2)).await??;
        let there = pairs(&store.db).await?;
        assert!(there.contains(&n) && there.contains(&(n + 2)), "after {polls} polls");
        if let Some(written) = end {
            written?;
            assert!(there.contains(&(n + 1)), "after {polls} polls: acknowledged and lost");
            finished = true;
        }
    }
    assert!(finished, "every await was tried");
    Ok(())
}

/// Also while its own transaction begins: nobody else's is open then.
async fn a_lone_caller_cancelled_at_any_await_leaves_a_working_writer(store: Store) -> Tested {
    let mut finished = false;
    for polls in 0..40 {
        let n = i64::try_from(polls)? * 10;
        let end = timeout(SOON, cancelled_after(polls, Box::pin(insert_pair(&store.db, n)))).await?;
        timeout(SOON, insert_pair(&store.db, n + 1)).await??;
        let there = pairs(&store.db).await?;
        assert!(there.contains(&(n + 1)), "after {polls} polls");
        if let Some(written) = end {
            written?;
            assert!(there.contains(&n), "after {polls} polls: acknowledged and lost");
            finished = true;
        }
    }
    assert!(finished, "every await was tried");
    Ok(())
}

/// The group in which one change cannot be committed: SQLite finds out only at the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_an_error_for_all_in_it_and_keeps_nothing() -> Tested {
    let store = Store::sqlite().await?;
    for round in 0..3 {
        let mut tx = store.db.write().await?;
        pair_in(&mut tx, 1).await?;
        let mut next = pin!(store.db.write());
        assert!(poll!(&mut next).is_pending());
        let mut first = pin!(tx.commit());
        assert!(poll!(&mut first).is_pending());
        let mut tx = timeout(SOON, next).await??;
        sql("pragma defer_foreign_keys = on").execute(&mut tx).await?;
        sql("insert into tasks (task_id, outbox_id, person_id, notice, made_at) values ('a', 'b', 'c', 'd', 'e')").execute(&mut tx).await?;
        let second = timeout(SOON, tx.commit()).await?;
        let first = timeout(SOON, first).await?;
        assert!(matches!(second, Err(DbError::NotDurable(_))), "{second:?}");
        assert!(matches!(first, Err(DbError::NotDurable(_))), "{first:?}");
        assert_eq!(count(&store.db, "select count(*) from tasks").await?, 0);
        timeout(SOON, insert_pair(&store.db, 100 + round)).await??;
        assert_eq!(pairs(&store.db).await?.len(), usize::try_from(round + 1)?);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_loses_nothing_and_later_all_is_well() -> Tested {
    let store = Store::sqlite().await?;
    let (pages,): (i64,) = sql("pragma page_count").fetch_one(&mut store.db.read().await?).await?;
    let mut tx = store.db.write().await?;
    // Statement text is static, so the limit is the largest that still leaves a little room.
    let limits = [(60, "pragma max_page_count = 80"), (90, "pragma max_page_count = 110"), (140, "pragma max_page_count = 160")];
    let (_, limit) = limits.into_iter().find(|(most, _)| pages <= *most).expect("a small empty database");
    let (_,): (i64,) = sql(limit).fetch_one(&mut tx).await?;
    drop(tx);
    let filler = "x".repeat(8_000);
    let write = |n: i64| {
        let (db, filler) = (store.db.clone(), filler.clone());
        tokio::spawn(async move {
            let mut tx = db.write().await?;
            pair_in(&mut tx, n).await?;
            sql("update people set name = $1 where source_index = $2").bind(filler).bind(n.to_string()).execute_one(&mut tx).await?;
            tx.commit().await
        })
    };
    let (mut kept, mut refused) = (Vec::new(), 0);
    for round in 0..4 {
        let ends = timeout(SOON, join_all((1..=30).map(|n| round * 30 + n).map(|n| async move { (n, write(n).await) }))).await?;
        for (n, end) in ends {
            match end? {
                Ok(()) => kept.push(n),
                Err(_) => refused += 1,
            }
        }
        assert_eq!(pairs(&store.db).await?, kept, "round {round}");
    }
    assert!(refused > 60, "the disk was full: {refused}");
    let mut tx = store.db.write().await?;
    let (_,): (i64,) = sql("pragma max_page_count = 100000").fetch_one(&mut tx).await?;
    drop(tx);
    for n in 1_000..1_010 {
        timeout(SOON, write(n)).await???;
        kept.push(n);
    }
    assert_eq!(pairs(&store.db).await?, kept);
    let (sound,): (String,) = sql("pragma integrity_check").fetch_one(&mut store.db.read().await?).await?;
    assert_eq!(sound, "ok");
    Ok(())
}

/// The commits in a write-ahead log that has not been reset: frames that give a database size.
fn commits(store: &Store) -> std::io::Result<usize> {
    let log = std::fs::read(store.file().with_extension("db-wal"))?;
    let number = |bytes: &[u8]| bytes.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
    let (page, salts) = (number(&log[8..12]), &log[16..24]);
    Ok(log[32..].chunks(24 + page).filter(|frame| &frame[8..16] == salts && number(&frame[4..8]) > 0).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_shares_its_commits_and_a_lone_caller_has_one() -> Tested {
    let store = Store::sqlite().await?;
    // Else the log would begin anew in between, and the count with it.
    let (_,): (i64,) = sql("pragma wal_autocheckpoint = 0").fetch_one(&mut store.db.write().await?).await?;
    let before = commits(&store)?;
    for n in 1..=5 {
        insert_pair(&store.db, n).await?;
    }
    let alone = commits(&store)?;
    assert_eq!(alone - before, 5);
    let crowd = (6..=205).map(|n| {
        let db = store.db.clone();
        tokio::spawn(async move { insert_pair(&db, n).await })
    });
    for written in timeout(SOON, join_all(crowd)).await? {
        written??;
    }
    let crowd = commits(&store)? - alone;
    assert!((1..=20).contains(&crowd), "200 changes took {crowd} commits");
    assert_eq!(pairs(&store.db).await?.len(), 205);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_writer_and_the_readers_are_set_to_lose_and_leave_nothing() -> Tested {
    let store = Store::sqlite().await?;
    let mut tx = store.db.write().await?;
    let (journal,): (String,) = sql("pragma journal_mode").fetch_one(&mut tx).await?;
    assert_eq!(journal, "wal");
    for (pragma, wanted) in [
        ("pragma synchronous", 2),
        ("pragma foreign_keys", 1),
        ("pragma secure_delete", 1),
        ("pragma trusted_schema", 0),
        ("pragma auto_vacuum", 1),
        ("pragma ignore_check_constraints", 0),
    ] {
        let (value,): (i64,) = sql(pragma).fetch_one(&mut tx).await?;
        assert_eq!(value, wanted, "{pragma}");
    }
    drop(tx);
    let mut readers = Vec::new();
    for _ in 0..8 {
        let mut reader = store.db.read().await?;
        let (journal,): (String,) = sql("pragma journal_mode").fetch_one(&mut reader).await?;
        assert_eq!(journal, "wal");
        readers.push(reader);
    }
    Ok(())
}

/// PostgreSQL acknowledges only what is on disk, unless somebody has turned that off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_writes_begin_writable_and_reads_do_not() -> Tested {
    let Some(store) = Store::postgres().await? else { return Ok(()) };
    let mut tx = store.db.write().await?;
    let (read_only,): (String,) = sql("select current_setting('transaction_read_only')").fetch_one(&mut tx).await?;
    assert_eq!(read_only, "off");
    let (read_only,): (String,) = sql("select current_setting('transaction_read_only')").fetch_one(&mut store.db.read().await?).await?;
    assert_eq!(read_only, "on");
    Ok(())
}

const CHILD_URL: &str = "STORE_TEST_CHILD_URL";
const CHILD_ROUND: &str = "STORE_TEST_CHILD_ROUND";
const A_ROUND: i64 = 1_000_000;

/// Not a test: what the next one starts, and kills.
#[test]
#[ignore = "run by killed_at_any_moment_it_keeps_what_it_acknowledged"]
fn writes_until_it_is_killed() -> Tested {
    let Ok(url) = std::env::var(CHILD_URL) else { return Ok(()) };
    let round: i64 = std::env::var(CHILD_ROUND)?.parse()?;
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
        let db = Db::open(&url).await?;
        let clients = (0..8).map(|client| {
            let db = db.clone();
            tokio::spawn(async move {
                for n in (round * A_ROUND + client..).step_by(8) {
                    insert_pair(&db, n).await?;
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "kept {n}").and_then(|()| out.flush()).map_err(|error| DbError::Unsuitable(error.to_string()))?;
                }
                Ok::<_, DbError>(())
            })
        });
        for client in join_all(clients).await {
            client??;
        }
        Ok(())
    })
}

async fn killed_at_any_moment_it_keeps_what_it_acknowledged(store: Store) -> Tested {
    let url = store.url.clone();
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "writer::writes_until_it_is_killed", "--ignored", "--nocapture", "--test-threads=1"])
            .env(CHILD_URL, &url)
            .env(CHILD_ROUND, round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut said = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut kept = Vec::new();
        let enough = usize::try_from(round)? * 41;
        for line in said.by_ref() {
            let line = line?;
            // The test runner's own first line may share a line with ours.
            kept.extend(line.rsplit_once("kept ").map(|(_, n)| n.parse::<i64>()).transpose()?);
            if kept.len() == enough {
                child.kill()?; // SIGKILL
            }
        }
        child.wait()?;
        assert!(kept.len() >= enough, "the child ended by itself after {}", kept.len());
        // As a new start finds it.
        let db = store.second_handle().await?;
        let there: BTreeSet<i64> = pairs(&db).await?.into_iter().filter(|n| n / A_ROUND == round).collect();
        assert!(kept.iter().all(|n| there.contains(n)), "round {round}: acknowledged and lost");
        assert!(there.len() <= kept.len() + 8, "more than was on its way: {} for {}", there.len(), kept.len());
        insert_pair(&db, round * A_ROUND - 1).await?;
        if store.is_sqlite() {
            let (sound,): (String,) = sql("pragma integrity_check").fetch_one(&mut db.read().await?).await?;
            assert_eq!(sound, "ok");
        }
    }
    run(&store.db, "delete from people").await?;
    Ok(())
}
