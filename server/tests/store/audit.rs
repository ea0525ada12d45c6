//! The chain holds whoever writes at once, and shows whatever is done to it.

use crate::stores::{SOON, Store, Tested, clock, count, monday, run};
use futures_util::future::join_all;
use server::audit::checkpoint::{self, Signer};
use server::audit::{Act, Actor, Entry, Log, Verdict, append, verify};
use server::clock::Clock;
use server::db::{Db, DbError, sql};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::timeout;

on_both!(
    the_chain_is_sound_after_two_programs_wrote_at_once,
    it_can_be_checked_while_it_grows,
    whatever_is_done_to_it_shows_at_the_first_bad_row,
    a_read_that_cannot_be_recorded_is_an_error,
    a_change_that_is_dropped_leaves_no_row,
    the_database_itself_refuses_a_change,
    checkpoints_show_a_chain_written_anew,
);

fn entry(n: usize) -> Entry {
    Entry::new(Actor::Machine(format!("m{n}")), Act::CaseViewed, None, n)
}

async fn appended(db: &Db, n: usize) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    append(&mut tx, monday(), entry(n)).await?;
    tx.commit().await
}

async fn verdict(db: &Db) -> Result<Verdict, DbError> {
    verify(&mut db.read().await?).await
}

async fn the_chain_is_sound_after_two_programs_wrote_at_once(store: Store) -> Tested {
    let other = store.second_handle().await?;
    let logs = [store.db.clone(), other.clone()].map(|db| (Log::start(db.clone(), clock() as Arc<dyn Clock>), db));
    let work = (0..120).map(|n| {
        let (log, db) = logs[n % 2].clone();
        tokio::spawn(async move {
            match n % 3 {
                0 => appended(&db, n).await,
                1 => log.viewed(entry(n)).await,
                _ => {
                    // Begun, written, and given up.
                    let mut tx = db.write().await?;
                    append(&mut tx, monday(), entry(n)).await?;
                    drop(tx);
                    Ok(())
                }
            }
        })
    });
    for done in timeout(SOON, join_all(work)).await? {
        done??;
    }
    assert_eq!(verdict(&other).await?, Verdict::Sound { rows: 80 });
    assert_eq!(count(&store.db, "select count(distinct subject) from audit").await?, 80);
    Ok(())
}

async fn it_can_be_checked_while_it_grows(store: Store) -> Tested {
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let (db, stop) = (store.db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    appended(&db, n).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .collect();
    let (mut rows, mut walks) = (0, 0);
    let walking = async {
        while rows < 300 || walks < 30 {
            match verdict(&store.db).await? {
                Verdict::Sound { rows: found } => (rows, walks) = (found, walks + 1),
                broken @ Verdict::Broken { .. } => panic!("a false alarm on walk {walks}: {broken:?}"),
            }
        }
        Ok::<_, DbError>(())
    };
    timeout(SOON, walking).await??;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await??;
    }
    assert!(matches!(verdict(&store.db).await?, Verdict::Sound { rows } if rows >= 300));
    Ok(())
}

/// As an insider who may change the schema would: without the guards there is only the chain itself.
async fn without_guards(store: &Store) -> Result<(), DbError> {
    let guards: &[&'static str] = if store.is_sqlite() {
        &["drop trigger audit_never_changed", "drop trigger audit_never_deleted"]
    } else {
        &["drop trigger audit_never_changed on audit", "drop trigger audit_never_emptied on audit"]
    };
    for guard in guards {
        run(&store.db, guard).await?;
    }
    Ok(())
}

/// Who may only write rows cannot change or delete one, and a guard taken away is back at the next start.
async fn the_database_itself_refuses_a_change(store: Store) -> Tested {
    let mut deeds = vec!["update audit set act = '' where seq = 1", "delete from audit where seq = 1", "delete from audit"];
    if !store.is_sqlite() {
        deeds.push("truncate audit");
    }
    appended(&store.db, 1).await?;
    for round in 0..2 {
        for deed in &deeds {
            let refused = run(&store.db, deed).await;
            assert!(refused.is_err_and(|error| error.to_string().contains("only grows")), "{deed} in round {round}");
        }
        if round == 0 {
            without_guards(&store).await?;
            store.second_handle().await?;
        }
    }
    assert_eq!(verdict(&store.db).await?, Verdict::Sound { rows: 1 });
    Ok(())
}

/// What the chain alone cannot show: all of it written anew, or the database of last week put back.
async fn checkpoints_show_a_chain_written_anew(store: Store) -> Tested {
    let signer = Signer::new(&[7; 32]);
    let mut lines = String::new();
    without_guards(&store).await?;
    for n in 1..=10 {
        appended(&store.db, n).await?;
        if n % 3 == 0 {
            lines.push_str(&checkpoint::line(&mut store.db.read().await?, &signer, monday()).await?);
            lines.push('\n');
        }
    }
    let compared = async |lines: &str, signer: &Signer| checkpoint::compare(&mut store.db.read().await?, signer, lines).await;
    assert_eq!(compared(&lines, &signer).await?, Verdict::Sound { rows: 3 });
    let at = |seq| move |verdict: &Verdict| matches!(verdict, Verdict::Broken { seq: found, .. } if *found == seq);
    assert!(at(3)(&compared(&lines, &Signer::new(&[8; 32])).await?), "another key");
    assert!(at(4)(&compared(&lines.replacen("3 ", "4 ", 1), &signer).await?), "a line that was changed");
    assert!(at(0)(&compared("nonsense", &signer).await?));
    // Cut short, with the head put right: the chain itself is sound.
    run(&store.db, "update audit_head set seq = 7, hash = (select hash from audit where seq = 7)").await?;
    run(&store.db, "delete from audit where seq > 7").await?;
    assert_eq!(verdict(&store.db).await?, Verdict::Sound { rows: 7 });
    assert!(at(9)(&compared(&lines, &signer).await?));
    // Written anew by somebody who knows how: sound again, and not what was signed.
    run(&store.db, "delete from audit").await?;
    run(&store.db, "update audit_head set seq = 0, hash = ''").await?;
    for n in 11..=21 {
        appended(&store.db, n).await?;
    }
    assert_eq!(verdict(&store.db).await?, Verdict::Sound { rows: 11 });
    assert!(at(3)(&compared(&lines, &signer).await?));
    Ok(())
}

/// A chain of ten, and nothing else.
async fn ten_rows(db: &Db) -> Result<(), DbError> {
    run(db, "delete from audit").await?;
    run(db, "update audit_head set seq = 0, hash = ''").await?;
    for n in 1..=10 {
        appended(db, n).await?;
    }
    Ok(())
}

async fn whatever_is_done_to_it_shows_at_the_first_bad_row(store: Store) -> Tested {
    const ROW: &str = "insert into audit select $1, at, actor, actor_id, act, person_id, subject, $2, hash from audit where seq = 3";
    without_guards(&store).await?;
    // What is done, and where it must show.
    let deeds: [(&[&'static str], i64); 15] = [
        (&["update audit set act = 'case_viewed ' where seq = 4"], 4),
        (&["update audit set actor_id = 'm0' where seq = 1"], 1),
        (&["update audit set actor = 'staff' where seq = 5"], 5),
        (&["update audit set subject = '' where seq = 6"], 6),
        (&["update audit set at = '2026-03-02T10:00:00.000001+00:00' where seq = 7"], 7),
        (&["update audit set hash = prev_hash where seq = 8"], 8),
        (&["update audit set actor_id = actor_id || subject, subject = '' where seq = 9"], 9),
        (&["delete from audit where seq = 5"], 6),
        (&["delete from audit where seq = 1"], 2),
        (&["delete from audit where seq = 10"], 10),
        (&["delete from audit where seq > 7"], 8),
        (&["delete from audit"], 1),
        (&["delete from audit where seq = 10", "update audit_head set seq = 9"], 9),
        // Reordered: 4 and 5 change places.
        (
            &[
                "update audit set seq = 99 where seq = 4",
                "update audit set seq = 4 where seq = 5",
                "update audit set seq = 5 where seq = 99",
            ],
            4,
        ),
        // Closed up after a deletion.
        (&["delete from audit where seq = 4", "update audit set seq = seq - 1 where seq = 5", "update audit set seq = 5 where seq = 6"], 4),
    ];
    for (deed, wanted) in deeds {
        ten_rows(&store.db).await?;
        assert_eq!(verdict(&store.db).await?, Verdict::Sound { rows: 10 });
        for statement in deed {
            run(&store.db, statement).await?;
        }
        let found = verdict(&store.db).await?;
        assert!(matches!(found, Verdict::Broken { seq, .. } if seq == wanted), "{deed:?}: {found:?}");
    }
    // Inserted: at the end, before the beginning, and in a gap made for it.
    for (seq, wanted) in [(11, 11), (0, 0), (-5, -5), (30, 11)] {
        ten_rows(&store.db).await?;
        let mut tx = store.db.write().await?;
        let (last,): (String,) = sql("select hash from audit where seq = 10").fetch_one(&mut tx).await?;
        sql(ROW).bind(seq).bind(last).execute_one(&mut tx).await?;
        tx.commit().await?;
        let found = verdict(&store.db).await?;
        assert!(matches!(found, Verdict::Broken { seq, .. } if seq == wanted), "inserted at {seq}: {found:?}");
    }
    Ok(())
}

async fn a_read_that_cannot_be_recorded_is_an_error(store: Store) -> Tested {
    let log = Log::start(store.db.clone(), clock());
    log.viewed(entry(1)).await?;
    run(&store.db, "alter table audit rename to audit_elsewhere").await?;
    let reads = join_all((0..20).map(|n| log.viewed(entry(n))));
    for seen in timeout(SOON, reads).await? {
        assert!(matches!(seen, Err(DbError::NotDurable(_))), "{seen:?}");
    }
    run(&store.db, "alter table audit_elsewhere rename to audit").await?;
    timeout(SOON, log.viewed(entry(2))).await??;
    assert_eq!(verdict(&store.db).await?, Verdict::Sound { rows: 2 });
    Ok(())
}

async fn a_change_that_is_dropped_leaves_no_row(store: Store) -> Tested {
    let mut tx = store.db.write().await?;
    append(&mut tx, monday(), entry(1)).await?;
    drop(tx);
    appended(&store.db, 2).await?;
    assert_eq!(verdict(&store.db).await?, Verdict::Sound { rows: 1 });
    Ok(())
}
