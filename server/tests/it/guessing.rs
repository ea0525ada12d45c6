//! Who tries doors: slowed down by the block they come from, and told nothing about who is known.

use crate::harness::{Answer, Backend, Browser, Hub, form_request};
use crate::smtp::Behaviour;
use axum::http::StatusCode;
use chrono::Duration;
use server::db::sql;
use tokio::time::Instant;

/// As the proxy hands it on.
async fn post_from(browser: &mut Browser<'_>, address: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut request = form_request(path, fields);
    request.headers_mut().insert("x-forwarded-for", address.parse().expect("an address"));
    browser.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_tries_from_one_block_wait_and_say_nothing_about_who_is_known() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let staff = hub.demo_staff("sam");
        for (path, fields, first) in [
            ("/sign-in", &[("identifier", "nobody@example.test")][..], StatusCode::SEE_OTHER),
            ("/sign-in/code", &[("code", "123456"), ("pin", "246813")], StatusCode::UNPROCESSABLE_ENTITY),
            ("/sign-in/passkey", &[("credential", "{}")], StatusCode::UNPROCESSABLE_ENTITY),
            (&format!("/join/{}", "a".repeat(43)), &[("word", "K7M3QP")], StatusCode::UNPROCESSABLE_ENTITY),
            ("/hub/sign-in", &[("email", staff.email), ("password", "not the password")], StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let mut browser = hub.browser();
            browser.jar.insert("__Host-c".into(), "c".repeat(43));
            let mut let_in = 0;
            for place in 0..24 {
                // Of one block, whatever the last number.
                let answer = post_from(&mut browser, &format!("198.51.100.{place}"), path, fields).await;
                let_in += u32::from(answer.status == first);
                if place >= 20 {
                    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{backend:?} {path}");
                    assert_eq!(answer.header("retry-after"), "60");
                    assert!(answer.says("Please wait a moment"));
                }
            }
            assert_eq!(let_in, 20, "{backend:?} {path}");
            assert_eq!(post_from(&mut browser, "198.51.101.1", path, fields).await.status, first, "another block");
            hub.wait(Duration::minutes(1));
            assert_eq!(post_from(&mut browser, "198.51.100.1", path, fields).await.status, first, "one more after a minute");
        }
        // Amira's is refused as nobody's is.
        for _ in 0..20 {
            post_from(&mut hub.browser(), "198.51.100.1", "/sign-in", &[("identifier", "nobody@example.test")]).await;
        }
        let mut answers = Vec::new();
        for identifier in ["amira@example.test", "nobody@example.test"] {
            answers.push(post_from(&mut hub.browser(), "198.51.100.1", "/sign-in", &[("identifier", identifier)]).await);
        }
        assert_eq!(answers[0].status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!((&answers[0].headers, &answers[0].body), (&answers[1].headers, &answers[1].body));
        // No address is kept: a keyed hash of its block is.
        let kept: Option<(String,)> = hub.one(sql("select subject from tries where door = 'ask_code' limit 1")).await;
        assert!(kept.is_some_and(|(subject,)| subject.len() == 32 && subject.bytes().all(|b| b.is_ascii_hexdigit())));
        hub.deliver().await;
        assert!(hub.mails().is_empty());
    }
}

fn median(times: &mut [u128]) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Known and unknown, turn by turn, with mail up and down: the same bytes in the same time.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pairs_of_known_and_unknown_cannot_be_told_apart() {
    const PAIRS: usize = 500;
    let hub = Hub::start().await;
    for (mail, behaviour) in [("up", Behaviour::Accept), ("down", Behaviour::TryLater)] {
        hub.mail.behave(behaviour);
        let (mut known, mut unknown) = (Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS));
        let mut first: Option<(StatusCode, String, String)> = None;
        for pair in 0..PAIRS {
            // So that the five codes in a quarter of an hour are never used up.
            hub.wait(Duration::minutes(4));
            let mut both = [("amira@example.test", &mut known), ("nobody@example.test", &mut unknown)];
            if pair % 2 == 1 {
                both.reverse();
            }
            for (identifier, times) in both {
                let mut browser = hub.browser();
                let began = Instant::now();
                let answer = browser.post("/sign-in", &[("identifier", identifier)]).await;
                times.push(began.elapsed().as_micros());
                let mut headers = answer.headers.clone();
                headers.remove("set-cookie");
                let shown = (answer.status, format!("{headers:?}"), answer.body);
                assert_eq!(first.get_or_insert_with(|| shown.clone()), &shown);
            }
            if pair % 50 == 0 {
                hub.deliver().await;
            }
        }
        let gap = median(&mut known).abs_diff(median(&mut unknown));
        println!("enumeration, mail {mail}: {PAIRS} pairs, the same bytes, median {} us, gap of the medians {gap} us", median(&mut known));
        assert!(gap < 1_000, "mail {mail}: {gap} us");
    }
    hub.mail.behave(Behaviour::Accept);
    hub.wait(Duration::hours(1));
    hub.deliver().await;
}
