//! Guessing, on a virtual clock: what an attacker with many addresses may try, and whether the owner still
//! gets in.

use crate::stores::{Store, Tested, clock};
use chrono::Duration;
use server::clock::Clock as _;
use server::error::Error;
use server::http::client::Block;
use server::limits::{Door, failed, give_back, take};
use std::net::{IpAddr, Ipv4Addr};

on_both!(one_block_is_slowed_down_and_never_locked_out, a_right_answer_costs_nothing);

fn block(portal: &server::portal::Portal, n: u8) -> Block {
    Block::of(portal, IpAddr::V4(Ipv4Addr::new(198, 51, n, 7)))
}

fn let_in(taken: Result<(), Error>) -> Result<bool, Error> {
    match taken {
        Ok(()) => Ok(true),
        Err(Error::SlowDown) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn one_block_is_slowed_down_and_never_locked_out(store: Store) -> Tested {
    let clock = clock();
    let portal = store.portal(&clock, None).await?;
    let (one, other) = (block(&portal, 1), block(&portal, 2));
    let mut tx = store.db.write().await?;
    let mut at_once = 0;
    for _ in 0..200 {
        at_once += i32::from(let_in(take(&mut tx, &one, Door::Prove, clock.now()).await)?);
    }
    assert_eq!(at_once, 20);
    assert!(let_in(take(&mut tx, &other, Door::Prove, clock.now()).await)?, "another block is not held up");
    assert!(let_in(take(&mut tx, &one, Door::AskCode, clock.now()).await)?, "nor another door");
    let mut in_an_hour = 0;
    for _ in 0..360 {
        clock.advance(Duration::seconds(10));
        in_an_hour += i32::from(let_in(take(&mut tx, &one, Door::Prove, clock.now()).await)?);
    }
    assert_eq!(in_an_hour, 60, "one each minute, for as long as it goes on");
    clock.advance(Duration::hours(1));
    assert!(let_in(take(&mut tx, &one, Door::Prove, clock.now()).await)?);
    tx.commit().await?;
    Ok(())
}

async fn a_right_answer_costs_nothing(store: Store) -> Tested {
    let clock = clock();
    let portal = store.portal(&clock, None).await?;
    let hub = block(&portal, 1);
    let mut tx = store.db.write().await?;
    for _ in 0..100 {
        assert!(let_in(take(&mut tx, &hub, Door::Staff, clock.now()).await)?, "thirty colleagues behind one address");
        give_back(&mut tx, &hub, Door::Staff).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// 200 addresses that go through 50,000 accounts for an hour, each trying every five seconds, while the
/// owner signs in from home each quarter of an hour.
#[tokio::test]
async fn guessing_is_hopeless_and_the_owner_gets_in() -> Tested {
    const ADDRESSES: u8 = 200;
    const ACCOUNTS: u64 = 50_000;
    let store = Store::sqlite().await?;
    let clock = clock();
    let portal = store.portal(&clock, None).await?;
    let attackers: Vec<Block> = (0..ADDRESSES).map(|n| block(&portal, n)).collect();
    let owner = Block::of(&portal, IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)));
    let mut tx = store.db.write().await?;
    let (mut tried, mut account) = (0u32, 0u64);
    for second in (0..3600).step_by(5) {
        for attacker in &attackers {
            account = (account + 1) % ACCOUNTS;
            if let_in(take(&mut tx, attacker, Door::Prove, clock.now()).await)? {
                failed(&mut tx, clock.now()).await?;
                tried += 1;
            }
        }
        if second % 900 == 0 {
            assert!(let_in(take(&mut tx, &owner, Door::Prove, clock.now()).await)?, "the owner gets in after {second} s");
            give_back(&mut tx, &owner, Door::Prove).await?;
        }
        clock.advance(Duration::seconds(5));
    }
    tx.commit().await?;
    // A code is one of a million. A PIN is taken to be one of a thousand, since people choose alike.
    let hits = |tries: f64| tries / 1e6 / 1e3;
    // After the first hour the buckets are full: what the breaker lets through is all there is.
    let day = f64::from(tried) * 24.0;
    println!(
        "code guessing, {ADDRESSES} addresses x {ACCOUNTS} accounts: {tried} tries got through in the first hour of {}; expected hits in a day at that rate {:.6}",
        u64::from(ADDRESSES) * 720,
        hits(day)
    );
    assert!(hits(day) < 0.01, "{day} tries");
    assert!(tried > 200, "the simulation tries something");
    Ok(())
}
