//! `/security`: where somebody is signed in, who has looked, and one tap that stops every message.

use crate::harness::{Backend, Hub};
use axum::http::StatusCode;
use chrono::Duration;

const PATHS: [(&str, bool); 4] =
    [("/security", false), ("/security/sign-out", true), ("/security/pause", true), ("/security/resume", true)];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_and_staff_are_led_to_the_door() {
    let hub = Hub::start().await;
    let amira = hub.person("amira").await;
    for (path, post) in PATHS {
        for mut browser in [hub.browser(), hub.staff("sam").await] {
            let answer = if post { browser.post(path, &[]).await } else { browser.get(path).await };
            assert_eq!(answer.location(), "/sign-in", "{path}");
            hub.wait(Duration::seconds(31));
        }
    }
    assert_eq!(amira.clone().get("/home").await.status, StatusCode::OK, "and nothing happened to anybody");
    assert_eq!((hub.acts("signed_out_everywhere").await, hub.acts("contact_paused").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tap_signs_out_every_device_of_this_person_and_of_nobody_else() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut here = hub.person("amira").await;
        let mut elsewhere = hub.person("amira").await;
        let mut daniel = hub.person("daniel").await;
        let (mut waiting, code) = hub.asked_for_a_code("amira").await;
        let page = here.get("/security").await;
        assert_eq!(page.texts("main li").iter().filter(|line| line.starts_with("Here, since")).count(), 1);
        assert_eq!(page.texts("main li").iter().filter(|line| line.starts_with("Somewhere else, since")).count(), 1);
        let answer = here.post("/security/sign-out", &[]).await;
        assert!(answer.says("You are signed out"));
        assert_eq!(answer.header("clear-site-data"), "\"cache\", \"cookies\", \"storage\"");
        assert_eq!(elsewhere.get("/home").await.location(), "/sign-in", "{backend:?}");
        let pin = hub.demo_person("amira").pin.clone();
        let late = waiting.post("/sign-in/code", &[("code", &code), ("pin", &pin)]).await;
        assert!(late.says("Get a new code"), "a code that was out is spent");
        assert_eq!(daniel.get("/home").await.status, StatusCode::OK);
        assert_eq!(hub.acts("signed_out_everywhere").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_who_looked_at_their_record_and_at_nobody_elses() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        assert!(amira.get("/security").await.says("Nobody at the hub has opened your record yet."), "{backend:?}");
        let reference = amira.asks_for_support().await;
        let mut sam = hub.staff("sam").await;
        for _ in 0..3 {
            sam.get(&format!("/hub/requests/{reference}")).await;
        }
        let looks = amira.get("/security").await.texts("main li");
        let mine: Vec<&String> = looks.iter().filter(|line| line.contains("opened what you asked us")).collect();
        assert_eq!(mine.len(), 1, "three looks a day are one line: {looks:?}");
        assert!(mine[0].contains("Sam, victims’ hub,"));
        let daniel = hub.person("daniel").await.get("/security").await;
        assert!(daniel.says("Nobody at the hub has opened your record yet."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_is_not_sent_until_it_is_started_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let reference = amira.asks_for_support().await;
        hub.deliver().await;
        let before = hub.notices().len();
        let mut sam = hub.staff("sam").await;
        sam.claims(&reference).await;
        // Stopped after the notice was queued: what counts is the moment of sending.
        sam.replies(&reference, "A first answer.").await;
        assert_eq!(amira.post("/security/pause", &[]).await.location(), "/security?stopped");
        amira.post("/security/pause", &[]).await.location();
        hub.deliver().await;
        assert_eq!(hub.notices().len(), before, "{backend:?}");
        assert!(amira.get("/home").await.says("You have a new message"), "it waits in the portal");
        assert!(amira.get("/security").await.says("All messages are stopped"));
        assert!(sam.get(&format!("/hub/requests/{reference}")).await.says("They stopped all messages"));
        assert_eq!(hub.acts("contact_paused").await, 1, "a second tap is no second change");
        // She is not locked out: a code comes, because she asks for it.
        let (_, code) = hub.asked_for_a_code("amira").await;
        assert_eq!(code.len(), 6);
        // Not by whoever picks the phone up: that opens every way again.
        hub.wait(Duration::minutes(6));
        let refused = amira.post("/security/resume", &[]).await;
        assert_eq!((refused.status, refused.errors().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
        let pin = hub.demo_person("amira").pin.clone();
        assert_eq!(amira.post("/security/resume", &[("pin", &pin)]).await.location(), "/security?started");
        amira.get(&format!("/support/{reference}")).await;
        hub.wait(Duration::minutes(1));
        sam.replies(&reference, "A second answer.").await;
        hub.deliver().await;
        assert_eq!(hub.notices().len(), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_not_for_now_while_messages_are_stopped() {
    let hub = Hub::start().await;
    let mut grace = hub.person("grace").await;
    let reference = grace.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "Please call us.").await;
    hub.deliver().await;
    let number = |page: &str| page.contains("+447700900");
    let before = sam.get("/hub").await;
    grace.post("/security/pause", &[]).await.location();
    let after = sam.get("/hub").await;
    assert!(!number(&after.main_text()), "no number to call");
    if before.says("Tell them there is a message to read") {
        assert!(after.says("They stopped all messages: do not contact them now."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pin_counts_at_once_and_everybody_else_is_out() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let old = hub.demo_person("amira").pin.clone();
        let mut elsewhere = hub.person("amira").await;
        let mut stolen = amira.clone();
        for (fields, wrong) in [
            (&[][..], "Enter the PIN you have now"),
            (&[("pin", old.as_str()), ("new_pin", "123456"), ("pin_again", "123456")], "too easy to guess"),
            (&[("pin", &old), ("new_pin", &old), ("pin_again", &old)], "not the one you have now"),
            (&[("pin", &old), ("new_pin", "905172"), ("pin_again", "905173")], "the same new PIN twice"),
            (&[("pin", "111222"), ("new_pin", "905172"), ("pin_again", "905172")], "The PIN is not right"),
        ] {
            let answer = amira.post("/security/pin", fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.errors()[0].contains(wrong), "{:?}", answer.errors());
            assert!(!answer.body.contains("905172") && !answer.body.contains(&old), "no PIN is shown again");
        }
        assert_eq!(elsewhere.get("/home").await.status, StatusCode::OK, "nothing has changed yet");
        let change = [("pin", old.as_str()), ("new_pin", "905172"), ("pin_again", "905172")];
        assert_eq!(amira.post("/security/pin", &change).await.location(), "/security?pin");
        assert!(amira.get("/security?pin").await.says("Your new PIN counts from now on."));
        for browser in [&mut elsewhere, &mut stolen] {
            assert_eq!(browser.get("/home").await.location(), "/sign-in", "{backend:?}");
        }
        let (mut browser, code) = hub.asked_for_a_code("amira").await;
        let refused = browser.post("/sign-in/code", &[("code", &code), ("pin", &old)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "the old PIN is dead");
        assert_eq!(browser.post("/sign-in/code", &[("code", &code), ("pin", "905172")]).await.location(), "/home");
        assert_eq!(hub.acts("pin_changed").await, 1);
        assert!(hub.notices().is_empty(), "nobody is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_sign_a_person_out_whose_phone_is_in_other_hands() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let mut tom = hub.person("tom").await;
    let page = format!("/hub/people/{}", hub.person_id("amira").await);
    let mut sam = hub.staff("sam").await;
    assert_eq!(sam.post(&format!("{page}/sign-out"), &[]).await.status, StatusCode::FORBIDDEN, "not his work");
    assert_eq!(amira.get("/home").await.status, StatusCode::OK);
    sam.opens(&page).await;
    let form = sam.get(&page).await.form(&format!("{page}/sign-out"));
    assert_eq!(sam.submit(&form).await.location(), format!("{page}?signed-out"));
    assert_eq!(amira.get("/home").await.location(), "/sign-in");
    assert_eq!(tom.get("/home").await.status, StatusCode::OK, "nobody else is");
    assert!(hub.person("amira").await.get("/security").await.says("signed you out everywhere"));
    assert_eq!(hub.acts("signed_out_by_hub").await, 1);
    hub.deliver().await;
}

/// A page left open outlives its session: without scripts it leads away by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_left_open_is_taken_away() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    for path in ["/home", "/contact", "/support/new", &hub.case_of("amira")] {
        let body = amira.get(path).await.body;
        assert!(body.contains("<noscript><meta http-equiv=\"refresh\" content=\"605;url=/sign-in\"></noscript>"), "{path}");
        assert!(body.contains("data-idle=\"600\"") && body.contains("data-door=\"/sign-in\""), "{path}");
    }
    for page in [hub.browser().get("/").await, hub.browser().get("/sign-in").await, hub.staff("sam").await.get("/hub").await] {
        assert!(!page.body.contains("http-equiv") && !page.body.contains("data-idle"));
    }
    // And then there is nothing behind it.
    hub.wait(Duration::seconds(605));
    assert_eq!(amira.get("/home").await.location(), "/sign-in");
}
