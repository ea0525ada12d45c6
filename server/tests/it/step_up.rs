//! An open session alone opens no new way to a person: that needs their PIN. Closing one never does.

use crate::harness::{Answer, Backend, Browser, Hub};
use axum::http::StatusCode;
use chrono::Duration;
use server::db::sql;

const SAFE: [(&str, &str); 6] = [("safe", "yes"), ("days", "mon"), ("from", "9"), ("to", "17"), ("voicemail", "no"), ("say_who", "no")];

async fn with_pin(person: &mut Browser<'_>, path: &str, fields: &[(&str, &str)], pin: &str) -> Answer {
    person.post(path, &[fields, &[("pin", pin)]].concat()).await
}

fn wrong(pin: &str) -> String {
    pin.chars().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect()
}

async fn safe_texts(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from contact_grants where channel = 'text' and safety = 'safe' and revoked_at is null")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_is_opened_only_with_the_pin_of_the_last_five_minutes() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let pin = hub.demo_person("amira").pin.clone();
        assert!(!amira.get("/contact/text").await.body.contains("name=\"pin\""), "just signed in");
        hub.wait(Duration::minutes(5));
        assert!(amira.get("/contact/text").await.body.contains("name=\"pin\""), "{backend:?}");
        let unsaid = amira.post("/contact/text", &SAFE).await;
        assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(unsaid.errors(), ["Enter your PIN to save this"]);
        assert!(unsaid.body.contains("checked") && unsaid.says("Is it safe to text you?"), "what was chosen is kept");
        let guessed = with_pin(&mut amira, "/contact/text", &SAFE, &wrong(&pin)).await;
        assert_eq!(guessed.errors(), ["The PIN is not right. Try again"]);
        assert!(!guessed.body.contains(&wrong(&pin)) && !guessed.body.contains(&pin));
        assert_eq!(safe_texts(&hub).await, 0, "nothing has changed");
        assert_eq!(with_pin(&mut amira, "/contact/text", &SAFE, &pin).await.location(), "/contact?saved");
        assert_eq!(safe_texts(&hub).await, 1);
        // For the next ones it counts too, and in this session only.
        let preferred = [("preferred", "text"), ("language", "English")];
        assert_eq!(amira.post("/contact/preferences", &preferred).await.location(), "/contact?saved");
        assert_eq!((hub.acts("stepped_up").await, hub.acts("step_up_failed").await), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_and_a_preference_need_it_too() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    hub.wait(Duration::minutes(6));
    for (path, fields) in [
        ("/contact/letter", &[("safe", "no"), ("address", "9 Quiet Close"), ("old_safe", "no")][..]),
        ("/contact/letter", &[("safe", "yes"), ("say_who", "no")]),
        ("/contact/preferences", &[("preferred", "phone"), ("language", "English")]),
    ] {
        let answer = amira.post(path, fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(answer.errors(), ["Enter your PIN to save this"]);
        // What was typed a moment ago is not lost; it is nowhere else.
        assert_eq!(answer.body.contains("Quiet Close"), fields.iter().any(|(name, _)| *name == "address"));
        assert!(!amira.get(path).await.body.contains("Quiet Close"));
    }
    assert_eq!(hub.acts("address_changed").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn saying_that_something_is_not_safe_needs_nothing() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    hub.wait(Duration::minutes(6));
    for channel in ["email", "text", "phone", "letter"] {
        assert_eq!(amira.post(&format!("/contact/{channel}"), &[("safe", "no")]).await.location(), "/contact?saved", "{channel}");
    }
    let nothing = [("preferred", "none"), ("language", "English")];
    assert_eq!(amira.post("/contact/preferences", &nothing).await.location(), "/contact?saved");
    assert_eq!(amira.post("/security/pause", &[]).await.location(), "/security?stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_session_cannot_guess_the_pin_either() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let pin = hub.demo_person("amira").pin.clone();
    hub.wait(Duration::minutes(6));
    for _ in 0..5 {
        assert_eq!(with_pin(&mut amira, "/contact/text", &SAFE, &wrong(&pin)).await.errors(), ["The PIN is not right. Try again"]);
    }
    let waits = with_pin(&mut amira, "/contact/text", &SAFE, &pin).await;
    assert!(waits.errors()[0].contains("Wait 15 minutes"), "{:?}", waits.errors());
    assert_eq!(safe_texts(&hub).await, 0);
    // And the door is slowed down by the same count.
    let (mut door, code) = hub.asked_for_a_code("amira").await;
    assert!(door.post("/sign-in/code", &[("code", &code), ("pin", &pin)]).await.errors()[0].contains("Wait 15 minutes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_given_on_one_device_does_not_count_on_another() {
    let hub = Hub::start().await;
    let mut left_open = hub.person("amira").await;
    hub.wait(Duration::minutes(6));
    let mut own = hub.person("amira").await;
    assert_eq!(own.post("/contact/text", &SAFE).await.location(), "/contact?saved");
    assert_eq!(left_open.post("/contact/text", &SAFE).await.errors(), ["Enter your PIN to save this"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_the_pin_changes_the_sessions_token_and_the_old_one_is_dead() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let mut thief = amira.clone();
        hub.wait(Duration::minutes(6));
        let pin = hub.demo_person("amira").pin.clone();
        assert_eq!(with_pin(&mut amira, "/contact/text", &SAFE, &pin).await.location(), "/contact?saved");
        assert_ne!(amira.jar["__Host-s"], thief.jar["__Host-s"]);
        assert_eq!(thief.get("/home").await.location(), "/sign-in", "{backend:?}");
        assert_eq!(amira.get("/home").await.status, StatusCode::OK);
        // Even when what the form asked for could not be done.
        hub.wait(Duration::minutes(6));
        let mut thief = amira.clone();
        let taken = [("safe", "no"), ("new_email", "tom@example.test"), ("old_safe", "yes")];
        assert_eq!(with_pin(&mut amira, "/contact/email", &taken, &pin).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(thief.get("/home").await.location(), "/sign-in");
        assert_eq!(amira.get("/home").await.status, StatusCode::OK);
    }
}
