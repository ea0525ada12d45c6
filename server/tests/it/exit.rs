//! "Exit this page": works for anybody, by link and by form, and leaves nothing behind.

use crate::harness::{EXIT_URL, Hub, form_request};
use axum::http::{StatusCode, header};
use server::db::sql;

#[tokio::test(flavor = "multi_thread")]
async fn exit_ends_the_session_and_takes_every_cookie() {
    let hub = Hub::start().await;
    for method in ["get", "post"] {
        let mut amira = hub.person("amira").await;
        amira.answer(&[("words", &[("words", "unfinished")])]).await;
        let mut copy = amira.clone();
        let answer = if method == "get" { amira.get("/exit").await } else { amira.post("/exit", &[]).await };
        assert_eq!(answer.location(), EXIT_URL, "{method}");
        assert_eq!(answer.header("clear-site-data"), "\"cache\", \"cookies\", \"storage\"");
        assert_eq!((answer.header("cache-control"), answer.body.as_str()), ("no-store", ""));
        assert_eq!(answer.headers.get_all(header::SET_COOKIE).iter().count(), 8, "all there are");
        assert!(amira.jar.is_empty());
        assert_eq!(copy.get("/home").await.location(), "/sign-in", "{method}: the session is dead on the server");
        assert_eq!(hub.acts("signed_out").await, if method == "get" { 1 } else { 2 }, "and that is on record");
        copy.get("/exit").await.location();
        assert_eq!(hub.acts("signed_out").await, if method == "get" { 1 } else { 2 }, "once");
        let draft = hub.person("amira").await.get("/support/new/words").await.field("words");
        assert_eq!(draft, "unfinished", "her answers wait for her, behind her PIN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_works_signed_out_and_for_staff() {
    let hub = Hub::start().await;
    for method in ["get", "post"] {
        let mut nobody = hub.browser();
        let answer = if method == "get" { nobody.get("/exit").await } else { nobody.post("/exit", &[]).await };
        assert_eq!(answer.location(), EXIT_URL);
        assert_eq!(answer.header("clear-site-data"), "\"cache\", \"cookies\", \"storage\"");
    }
    let mut sam = hub.staff("sam").await;
    let mut copy = sam.clone();
    sam.get("/exit").await.location();
    assert_eq!(copy.get("/hub").await.location(), "/hub/sign-in");
    assert_eq!(hub.acts("signed_out").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_deletes_what_a_stranger_wrote() {
    let hub = Hub::start().await;
    let mut kim = hub.browser();
    kim.answer(&[("words", &[("words", "unfinished")])]).await;
    let mut copy = kim.clone();
    let keys = hub.count(sql("select count(*) from data_keys")).await;
    kim.get("/exit").await.location();
    assert_eq!(copy.get("/support/new/words").await.field("words"), "");
    assert_eq!(hub.count(sql("select count(*) from drafts")).await, 0);
    assert_eq!(hub.count(sql("select count(*) from data_keys")).await, keys - 1, "and the key that could open it");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_ends_what_a_word_had_opened() {
    let hub = Hub::start().await;
    let (token, word) = hub.staff("sam").await.invites(hub.person_id("tom").await).await;
    let mut tom = hub.browser();
    let path = format!("/join/{token}");
    assert_eq!(tom.post(&path, &[("word", &word)]).await.location(), "/join/you");
    let mut copy = tom.clone();
    tom.get("/exit").await.location();
    assert_eq!(copy.get("/join/you").await.location(), "/", "whoever kept the cookie has nothing");
    assert_eq!(tom.post(&path, &[("word", &word)]).await.location(), "/join/you", "and he may begin again");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_ends_a_code_that_was_asked_for() {
    let hub = Hub::start().await;
    let (mut amira, code) = hub.asked_for_a_code("amira").await;
    let mut copy = amira.clone();
    amira.get("/exit").await.location();
    let pin = &hub.demo_person("amira").pin;
    assert!(copy.post("/sign-in/code", &[("code", &code), ("pin", pin)]).await.says("Get a new code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_leads_away_even_when_the_session_cannot_be_ended() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    hub.change(sql("create trigger broken before update on person_sessions begin select raise(abort, 'disk on fire'); end")).await;
    assert_eq!(amira.get("/exit").await.location(), EXIT_URL);
    assert!(amira.jar.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_somebody_may_write_on_has_the_exit_as_a_plain_link() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let case = hub.case_of("amira");
    for path in ["/home", "/contact", "/contact/email", "/contact/preferences", "/support", "/support/new", "/support/new/words"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("/support/{reference}"), case.clone(), format!("{case}/messages")])
    {
        let answer = amira.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.texts("a[href='/exit']").len(), 1, "{path}");
        assert!(answer.body.contains(&format!("data-exit=\"{EXIT_URL}\"")), "{path}");
        assert!(answer.header("content-security-policy").contains("form-action 'self' https://weather.example.test;"), "{path}");
    }
    let mut nobody = hub.browser();
    for path in ["/", "/help/rights", "/sign-in", "/support/new", "/support/new/safety", "/support/new/danger"] {
        assert_eq!(nobody.get(path).await.texts("a[href='/exit']").len(), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_may_send_somebody_away_but_not_by_a_form() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let mut request = form_request("/exit", &[]);
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(amira.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(amira.get("/home").await.status, StatusCode::OK);
}
