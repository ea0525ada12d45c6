//! Requests: made whole, once, and claimed by one.

use crate::people::{coordinator, reachable, submit, submit_in};
use crate::stores::{SOON, Store, Tested, clock, count, run};
use app::domain::ids::{Reference, StaffId};
use app::domain::support::InvalidMove;
use futures_util::future::join_all;
use server::audit::{self, Act, Actor, Entry};
use server::db::DbError;
use server::portal::Portal;
use server::support::requests::{by_reference, by_submission, save_state};
use tokio::time::timeout;
use uuid::Uuid;

on_both!(sixty_four_claim_and_one_has_it, a_submission_is_whole_or_not_there, one_submission_is_one_request, a_stale_version_is_a_conflict);

#[derive(Debug, PartialEq)]
enum Claim {
    Won,
    Taken,
}

/// As the hub's route does it.
async fn claim(portal: Portal, reference: Reference, by: StaffId) -> Result<Claim, DbError> {
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let request = by_reference(&portal, &mut tx, &reference).await?.ok_or_else(|| DbError::inconsistent("the request"))?;
    let state = match request.state.claim(by, now) {
        Ok(state) => state,
        Err(InvalidMove::HeldByAnother) => return Ok(Claim::Taken),
        Err(other) => return Err(DbError::inconsistent(other.to_string())),
    };
    match save_state(&mut tx, &request, state, request.due).await {
        Ok(()) => {}
        Err(DbError::Conflict { rows: 0 }) => return Ok(Claim::Taken),
        Err(error) => return Err(error),
    }
    audit::append(&mut tx, now, Entry::new(Actor::Staff(by), Act::RequestClaimed, request.person, request.id)).await?;
    tx.commit().await?;
    Ok(Claim::Won)
}

async fn sixty_four_claim_and_one_has_it(store: Store) -> Tested {
    let clock = clock();
    let portal = store.portal(&clock, None).await?;
    let other = crate::stores::portal_on(store.second_handle().await?, &clock, None, store.folder()).await?;
    let mut staff = Vec::new();
    for n in 0..64 {
        staff.push(coordinator(&store.db, n).await?);
    }
    for round in 1..=3 {
        let request = submit(&portal, None).await?;
        let claims = staff.iter().enumerate().map(|(n, by)| {
            // Two servers on PostgreSQL; SQLite is one server's.
            let portal = if n % 2 == 0 || store.is_sqlite() { &portal } else { &other };
            tokio::spawn(claim(portal.clone(), request.reference.clone(), *by))
        });
        let mut winners = Vec::new();
        for (claimed, by) in timeout(SOON, join_all(claims)).await?.into_iter().zip(&staff) {
            if claimed?? == Claim::Won {
                winners.push(*by);
            }
        }
        let [winner] = winners.as_slice() else { panic!("{} winners", winners.len()) };
        let stored = by_reference(&portal, &mut store.db.read().await?, &request.reference).await?.expect("it is there");
        assert_eq!((stored.state.holder(), stored.version), (Some(*winner), 2));
        assert_eq!(audit::count(&mut store.db.read().await?, Act::RequestClaimed).await?, round);
    }
    Ok(())
}

async fn a_submission_is_whole_or_not_there(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let person = reachable(&portal, "amira@example.test").await?;
    for (hide, show) in [
        ("alter table outbox rename to hidden", "alter table hidden rename to outbox"),
        ("alter table audit rename to hidden", "alter table hidden rename to audit"),
        ("alter table audit_head rename to hidden", "alter table hidden rename to audit_head"),
    ] {
        run(&store.db, hide).await?;
        assert!(submit(&portal, Some(person)).await.is_err(), "{hide}");
        run(&store.db, show).await?;
        for table in ["select count(*) from support_requests", "select count(*) from outbox", "select count(*) from audit"] {
            assert_eq!(count(&store.db, table).await?, 0, "{hide}: {table}");
        }
    }
    // Nor does an error that the caller passes over let a part be committed.
    run(&store.db, "alter table audit rename to hidden").await?;
    let mut tx = portal.db.write().await?;
    assert!(submit_in(&portal, &mut tx, Uuid::nil(), Some(person)).await.is_err());
    assert!(matches!(tx.commit().await, Err(DbError::NotDurable(_))));
    run(&store.db, "alter table hidden rename to audit").await?;
    assert_eq!(count(&store.db, "select count(*) from support_requests").await?, 0);

    let stored = submit(&portal, Some(person)).await?;
    let request = by_reference(&portal, &mut store.db.read().await?, &stored.reference).await?.expect("it is there");
    assert_eq!((request.person, request.version), (Some(person), 1));
    assert!(!request.reasons.is_empty() && request.due > portal.now());
    for table in ["select count(*) from support_requests", "select count(*) from outbox", "select count(*) from audit"] {
        assert_eq!(count(&store.db, table).await?, 1, "{table}");
    }
    Ok(())
}

async fn one_submission_is_one_request(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let person = reachable(&portal, "amira@example.test").await?;
    for round in 1..=3 {
        let submission = portal.new_id();
        let taps = (0..8).map(|_| {
            let portal = portal.clone();
            tokio::spawn(async move {
                let mut tx = portal.db.write().await?;
                let stored = submit_in(&portal, &mut tx, submission, Some(person)).await?;
                tx.commit().await?;
                Ok::<_, DbError>(stored)
            })
        });
        let mut made = Vec::new();
        for tap in timeout(SOON, join_all(taps)).await? {
            match tap? {
                Ok(stored) => made.push(stored.reference),
                Err(DbError::Duplicate(what)) => assert!(what.contains("submission_id"), "{what}"),
                Err(error) => return Err(error.into()),
            }
        }
        assert_eq!(made.len(), 1);
        let found = by_submission(&portal, &mut store.db.read().await?, submission).await?.expect("it is there");
        assert_eq!(found.reference, made[0]);
        assert_eq!(count(&store.db, "select count(*) from support_requests").await?, round);
        assert_eq!(count(&store.db, "select count(*) from audit").await?, round);
    }
    Ok(())
}

async fn a_stale_version_is_a_conflict(store: Store) -> Tested {
    let portal = store.portal(&clock(), None).await?;
    let staff = coordinator(&store.db, 1).await?;
    let stored = submit(&portal, None).await?;
    let seen = by_reference(&portal, &mut store.db.read().await?, &stored.reference).await?.expect("it is there");
    assert_eq!(claim(portal.clone(), stored.reference.clone(), staff).await?, Claim::Won);
    let mut tx = portal.db.write().await?;
    let state = seen.state.claim(staff, portal.now())?;
    let late = save_state(&mut tx, &seen, state, seen.due).await;
    assert!(matches!(late, Err(DbError::Conflict { rows: 0 })));
    Ok(())
}
