//! A colleague's own password: changed by whoever knows the old one, and by nobody else.

use crate::harness::{Backend, Hub};
use axum::http::StatusCode;
use chrono::Duration;
use server::db::sql;

const NEW: &str = "gravel-umbrella-tuesday-lantern";

async fn hash(hub: &Hub) -> String {
    let row: Option<(String,)> = hub.one(sql("select password_hash from staff where email = 'sam@hub.example.test'")).await;
    row.expect("Sam").0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_counts_at_once_and_ends_every_other_session() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (mut sam, mut elsewhere) = (hub.staff("sam").await, hub.staff_later("sam").await);
        let old = hub.demo_staff("sam").password.clone();
        let before = sam.jar["__Host-w"].clone();
        assert!(sam.get("/hub").await.body.contains("href=\"/hub/password\""));
        let changed = sam.post("/hub/password", &[("current_password", &old), ("new_password", NEW)]).await;
        assert_eq!(changed.location(), "/hub/password?changed");
        assert_ne!(sam.jar["__Host-w"], before, "another token");
        assert!(sam.get("/hub/password?changed").await.says("Your new password counts from now on"));
        assert_eq!(elsewhere.get("/hub").await.location(), "/hub/sign-in");
        hub.wait(Duration::minutes(1));
        let sign_in = |password: &str| [("email", "sam@hub.example.test".to_owned()), ("password", password.to_owned())];
        for (password, status) in [(old.as_str(), StatusCode::UNPROCESSABLE_ENTITY), (NEW, StatusCode::SEE_OTHER)] {
            let fields = sign_in(password);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(hub.browser().post("/hub/sign-in", &fields).await.status, status, "{backend:?}");
        }
        assert_eq!(hub.acts("staff_password_changed").await, 1);
        hub.deliver().await;
        assert!(hub.mails().is_empty(), "nobody is told by mail");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_left_open_is_no_way_to_try_passwords() {
    let hub = Hub::start().await;
    let mut sam = hub.staff("sam").await;
    let (old, first) = (hub.demo_staff("sam").password.clone(), hash(&hub).await);
    for (current, new, problem) in [
        ("", NEW, "Enter the password you have now"),
        (&old, "", "Enter a new password"),
        (&old, &old, "Enter a password that is not the one you have now"),
        (&old, "short", "The password must have at least 15 characters"),
        (&old, "passwordpassword1", "The password is too easy to guess: take four or more words that do not belong together"),
        (&old, "sam@hub.example.test", "The password is too easy to guess: take four or more words that do not belong together"),
        (&old, &"x y".repeat(100), "The password may have at most 256 bytes"),
        ("not my password at all", NEW, "This is not your password. Try again"),
    ] {
        let refused = sam.post("/hub/password", &[("current_password", current), ("new_password", new)]).await;
        assert_eq!(refused.errors(), [problem]);
        assert!(!refused.body.contains(NEW) && !refused.body.contains(&old), "no password is shown again");
    }
    for _ in 0..12 {
        sam.post("/hub/password", &[("current_password", "a guess of many"), ("new_password", NEW)]).await;
    }
    let resting = sam.post("/hub/password", &[("current_password", &old), ("new_password", NEW)]).await;
    assert_eq!(resting.errors(), ["The password was wrong too many times. Wait 15 minutes"]);
    assert_eq!(hash(&hub).await, first, "nothing has changed");
    // And nobody, and a person.
    assert_eq!(hub.browser().post("/hub/password", &[("current_password", &old), ("new_password", NEW)]).await.location(), "/hub/sign-in");
    let mut amira = hub.person("amira").await;
    assert_eq!(amira.post("/hub/password", &[("current_password", &old), ("new_password", NEW)]).await.location(), "/hub/sign-in");
    assert_eq!(hash(&hub).await, first);
    assert_eq!(hub.acts("staff_password_changed").await, 0);
}
