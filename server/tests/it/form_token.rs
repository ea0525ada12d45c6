//! Every form of a session carries that session's token; without it, or with another's, nothing happens.

use crate::bad_input::{Door, ROUTES, Takes, URLENCODED, Who, request};
use crate::harness::{Hub, PHOTO, all, file_request, form_request};
use axum::http::StatusCode;
use chrono::Duration;
use server::db::sql;

/// What needs no session, or is no form.
fn asks_for_none(path: &str) -> bool {
    ["/sign-in", "/join", "/support/new", "/hub/sign-in", "/exit", "/api"].iter().any(|start| path.starts_with(start))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_does_anything_without_the_sessions_token() {
    let hub = Hub::start().await;
    let door = Door::open(&hub).await;
    let mut tom = hub.person("tom").await;
    let of_tom = tom.get("/home").await.form_token();
    let (before, mut tried) = (hub.count(sql("select seq from audit_head")).await, 0);
    for (template, methods, takes, who) in ROUTES {
        if !methods.contains(&"POST") || asks_for_none(template) {
            continue;
        }
        let path = door.path(template);
        let mut browser = door.browser(match who {
            Who::Anyone if template.starts_with("/hub") => Who::Staff,
            Who::Anyone => Who::Person,
            who => who,
        });
        browser.forges = true;
        let long = "x".repeat(32);
        for token in ["", of_tom.as_str(), long.as_str()] {
            let fields = [("form_token", token), ("message", "hello"), ("note", "hello"), ("closing", "answered")];
            let forged = match takes {
                Takes::File => file_request(&path, &fields, Some(PHOTO)),
                _ => form_request(&path, &fields),
            };
            let answer = browser.clone().send(forged).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} with {token:?}");
            assert!(answer.is_page() && answer.main_text().len() > 20, "{path}");
            tried += 1;
        }
        if takes != Takes::File {
            assert_eq!(browser.clone().send(request("POST", &path, "", "")).await.status, StatusCode::FORBIDDEN, "{path}: empty");
            let disguised = browser.clone().send(request("POST", &path, "text/plain", "message=hello")).await;
            assert_eq!(disguised.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
        }
    }
    assert!(tried > 80, "{tried}");
    assert_eq!(hub.count(sql("select seq from audit_head")).await, before, "nothing was looked at, and nothing was done");
    // The same post with the right one is done.
    let path = door.path("/support/{reference}");
    let mut amira = door.browser(Who::Person);
    let token = amira.get(&path).await.form_token();
    amira.forges = true;
    let sent = amira.send(form_request(&path, &[("form_token", &token), ("message", "hello")])).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opened_before_the_pin_was_asked_for_still_works() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    let path = format!("/support/{reference}");
    let token = amira.get(&path).await.form_token();
    assert!(token.len() >= 32);
    hub.wait(Duration::minutes(6));
    // Another tab gives the PIN: the cookie changes, the session is the same.
    let cookie = amira.jar["__Host-s"].clone();
    let pin = hub.demo_person("amira").pin.clone();
    amira.post("/contact/preferences", &[("preferred", "phone"), ("language", "English"), ("pin", &pin)]).await.location();
    assert_ne!(amira.jar["__Host-s"], cookie);
    assert_eq!(amira.get(&path).await.form_token(), token);
    amira.forges = true;
    let sent = amira.send(form_request(&path, &[("form_token", &token), ("message", "hello")])).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    // The next session has another.
    let mut later = hub.person("amira").await;
    assert_ne!(later.get(&path).await.form_token(), token);
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_may_do_is_not_lost_by_signing_in_elsewhere() {
    let hub = Hub::start().await;
    let mut tab = hub.browser();
    let page = tab.get("/support/new/words").await;
    assert!(!page.body.contains("form_token"), "nobody is signed in");
    let mut amira = hub.person("amira").await;
    tab.jar.append(&mut amira.jar);
    tab.forges = true;
    assert_eq!(tab.send(form_request("/support/new/words", &[("words", "Typed before")])).await.status, StatusCode::SEE_OTHER);
    assert!(tab.get("/support/new/words").await.body.contains("Typed before"));
    // And leaving works from any page.
    assert!(tab.send(request("POST", "/exit", URLENCODED, "")).await.status.is_redirection());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_that_moves_by_itself_carries_it_too() {
    let hub = Hub::start().await;
    let reference = hub.person("amira").await.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    let page = sam.get("/hub").await;
    let token = page.form_token();
    let claim = page.form(&format!("/hub/requests/{reference}/claim"));
    assert_eq!(claim.fields, [("form_token".to_owned(), token.clone())]);
    let called = sam.call("queue", &[("mine_only", "false")]).await;
    assert_eq!(called.json()["form_token"], token.as_str());
    assert!(all(&page.page(), "leptos-island").iter().any(|island| island.html().contains(&token)));
}
