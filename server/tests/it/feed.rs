//! The machine door: `POST /api/v1/cases`.

use crate::harness::{Answer, Hub};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use serde_json::{Value, json};
use server::db::sql;

struct Call<'a> {
    key: Option<&'a str>,
    kind: &'a str,
    once: Option<&'a str>,
    body: Body,
}

async fn call(hub: &Hub, call: Call<'_>) -> Answer {
    let mut request = Request::post("/api/v1/cases");
    if let Some(key) = call.key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    if !call.kind.is_empty() {
        request = request.header(header::CONTENT_TYPE, call.kind);
    }
    if let Some(once) = call.once {
        request = request.header("idempotency-key", once);
    }
    let answer = hub.browser().send(request.body(call.body).expect("a request")).await;
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("application/json", "no-store"));
    assert_eq!(answer.json()["error"].is_string(), answer.status != StatusCode::OK, "{}", answer.body);
    answer
}

async fn send(hub: &Hub, body: &Value) -> Answer {
    call(hub, Call { key: Some(hub.machine_key()), kind: "application/json", once: None, body: Body::from(body.to_string()) }).await
}

fn a_case(reference: &str) -> Value {
    json!({ "reference": reference, "month": "2026-10", "crime_type": "Other crime", "location": "On or near Elm Row",
        "events": [{ "outcome": "Under investigation", "date": "2026-10" }],
        "people": [{ "key": "P1", "name": "Pat Example", "role": "victim", "email": "pat@example.test" }] })
}

fn results(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let rows = answer.json()["results"].as_array().expect("results").clone();
    rows.iter().map(|row| row["result"].as_str().expect("a result").to_owned()).collect()
}

async fn cases(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from cases where source = 'records'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_good_key_opens_the_feed() {
    let hub = Hub::start().await;
    let good = hub.machine_key().to_owned();
    let cut = good[..good.len() - 1].to_owned();
    let of_nobody = format!("vh1_00000000_{}", &good[13..]);
    for key in [None, Some(""), Some("vh1_"), Some("vh1_äääääää"), Some(cut.as_str()), Some(of_nobody.as_str())] {
        let body = Body::from(json!({ "cases": [a_case("A")] }).to_string());
        let answer = call(&hub, Call { key, kind: "application/json", once: None, body }).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{key:?}");
    }
    // A person's or colleague's cookie is no key.
    let mut sam = hub.staff("sam").await;
    let request = Request::post("/api/v1/cases").header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(sam.send(request).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(cases(&hub).await, 0);
    assert_eq!(results(&send(&hub, &json!({ "cases": [a_case("A")] })).await), ["accepted"]);
    for ends in
        [sql("update machine_keys set revoked_at = made_at"), sql("update machine_keys set scopes = 'hearings:write', revoked_at = null")]
    {
        hub.change(ends).await;
        let answer = send(&hub, &json!({ "cases": [a_case("B")] })).await;
        assert!([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status));
    }
    assert_eq!(send(&hub, &json!({ "cases": [] })).await.status, StatusCode::FORBIDDEN, "a key for something else");
    hub.change(sql("update machine_keys set scopes = 'cases:write'")).await;
    hub.wait(Duration::days(90));
    assert_eq!(send(&hub, &json!({ "cases": [a_case("B")] })).await.status, StatusCode::UNAUTHORIZED, "an old key");
    assert_eq!(cases(&hub).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_taken_once_and_then_unchanged() {
    let hub = Hub::start().await;
    let batch = json!({ "cases": [a_case("A"), a_case("B")] });
    assert_eq!(results(&send(&hub, &batch).await), ["accepted"; 2]);
    let before: i64 = hub.count(sql("select count(*) from case_events")).await;
    hub.wait(Duration::minutes(1));
    assert_eq!(results(&send(&hub, &batch).await), ["unchanged"; 2]);
    assert_eq!(hub.count(sql("select count(*) from case_events")).await, before);
    assert_eq!(hub.count(sql("select count(*) from people where source = 'records'")).await, 1);
    assert_eq!(hub.name_of(hub.known("records", "P1").await.unwrap()).await, "Pat Example");
    let mut news = a_case("A");
    news["events"].as_array_mut().unwrap().push(json!({ "outcome": "Suspect charged", "date": "2026-11-20" }));
    let answer = send(&hub, &json!({ "cases": [news, a_case("B")] })).await;
    assert_eq!(results(&answer), ["accepted", "unchanged"]);
    assert_eq!(hub.count(sql("select count(*) from cases where stage = 'charged' and source_key = 'A'")).await, 1);
    hub.deliver().await;
    assert!(hub.mails().is_empty(), "nobody new is written to before they join");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_page_shows_what_the_feed_brought() {
    let hub = Hub::start().await;
    send(&hub, &json!({ "cases": [a_case("22/12345/26")] })).await;
    hub.change(
        sql("update participations set case_id = (select case_id from cases where source_key = '22/12345/26') \
         where person_id = $1")
        .bind(hub.person_id("tom").await),
    )
    .await;
    let mut tom = hub.person("tom").await;
    let home = tom.get("/home").await;
    let page = home.page();
    let path = crate::harness::all(&page, ".portal-card__link")[0].attr("href").unwrap().to_owned();
    drop(page);
    let case = tom.get(&path).await;
    assert!(case.says("Case 22123452") && case.says("October 2026"), "{}", case.main_text());
    assert!(case.says("the police records system on 23 November 2026 at 10am"));
    assert_eq!(case.row("Where"), "On or near Elm Row");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_gives_the_first_answer_again() {
    let hub = Hub::start().await;
    let batch = json!({ "cases": [a_case("A"), { "reference": "B" }] }).to_string();
    let with = |once: &'static str, body: String| Call {
        key: Some(hub.machine_key()),
        kind: "application/json",
        once: Some(once),
        body: Body::from(body),
    };
    let first = call(&hub, with("monday-1", batch.clone())).await;
    assert_eq!(results(&first), ["accepted", "rejected"]);
    let imports = hub.count(sql("select count(*) from imports")).await;
    let again = call(&hub, with("monday-1", batch.clone())).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(hub.count(sql("select count(*) from imports")).await, imports);
    let other = call(&hub, with("monday-1", json!({ "cases": [] }).to_string())).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.json()["error"], "this Idempotency-Key was used for another call");
    assert_eq!(results(&call(&hub, with("monday-2", batch.clone())).await), ["unchanged", "rejected"]);
    for bad in ["", "ä"] {
        assert_eq!(call(&hub, with(bad, batch.clone())).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_batch_at_the_same_time_is_taken_once() {
    for backend in [crate::harness::Backend::Sqlite, crate::harness::Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        for once in [Some("same"), None] {
            let reference = if once.is_some() { "WITH" } else { "WITHOUT" };
            let batch = json!({ "cases": [a_case(reference)] }).to_string();
            let calls = (0..6).map(|_| {
                let call_it = Call { key: Some(hub.machine_key()), kind: "application/json", once, body: Body::from(batch.clone()) };
                call(&hub, call_it)
            });
            for answer in futures_util::future::join_all(calls).await {
                assert!(results(&answer).iter().all(|result| result == "accepted" || result == "unchanged"), "{backend:?}");
            }
            let stored = sql("select count(*) from cases where source_key = $1").bind(reference);
            assert_eq!(hub.count(stored).await, 1, "{backend:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_does_not_fit_is_rejected_with_its_reason_and_the_others_stand() {
    let hub = Hub::start().await;
    let with = |field: &str, value: Value| {
        let mut case = a_case(field);
        case[field] = value;
        case
    };
    let batch = json!({ "cases": [
        a_case("good"),
        { "month": "2026-10", "crime_type": "Other crime" },
        with("month", json!("October")),
        with("crime_type", json!("x".repeat(101))),
        with("colour", json!("blue")),
        with("people", json!([{ "key": "P1", "name": "N", "role": "suspect" }])),
        with("people", json!([{ "key": "P1", "name": "N", "role": "victim", "email": "secret-not-an-address" }])),
        with("location", json!("a\u{202e}b")),
        with("events", json!([{ "outcome": "Suspect charged", "date": "2026-02-30" }])),
        17,
    ] });
    let answer = send(&hub, &batch).await;
    let told = results(&answer);
    assert_eq!(told[0], "accepted");
    assert_eq!(told[1..], ["rejected"; 9]);
    for (place, row) in answer.json()["results"].as_array().unwrap().iter().enumerate() {
        assert_eq!(row["item"], place + 1);
        assert_eq!(row["reason"].is_string(), place > 0, "{row}");
    }
    assert!(answer.body.contains("role 'suspect' is not one of victim, co_victim, parent, witness"));
    assert!(!answer.body.contains("secret-not"), "a reason never repeats what it is about");
    assert_eq!(cases(&hub).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_batch_is_refused_whole() {
    let hub = Hub::start().await;
    let with = |kind: &'static str, body: Vec<u8>| Call { key: Some(hub.machine_key()), kind, once: None, body: Body::from(body) };
    let good = json!({ "cases": [a_case("A")] }).to_string();
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_eq!(call(&hub, with(kind, good.clone().into())).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let huge = format!("{{\"cases\":[\"{}\"]}}", "x".repeat(1024 * 1024));
    assert_eq!(call(&hub, with("application/json", huge.into())).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!("{{\"cases\":[{}{}]}}", "[".repeat(100_000), "]".repeat(100_000));
    let after_a_good_one = format!("{{\"cases\":[{},", a_case("A"));
    for body in [
        b"".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"null".to_vec(),
        b"{\"cases\":{}}".to_vec(),
        b"{\"cases\":[\0]}".to_vec(),
        b"{\"cases\":[{\"reference\":\"\xff\"}]}".to_vec(),
        br#"{"cases":[{"reference":"\ud800"}]}"#.to_vec(),
        deep.into_bytes(),
        after_a_good_one.into_bytes(),
        format!("{good} and more").into_bytes(),
    ] {
        let answer = call(&hub, with("application/json", body.clone())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(&body[..body.len().min(60)]));
    }
    assert_eq!(cases(&hub).await, 0, "also not what came before the fault");
    assert_eq!(call(&hub, with("application/json; charset=utf-8", good.into())).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_of_the_feed_is_served() {
    let hub = Hub::start().await;
    let answer = hub.browser().get("/api/v1/openapi.json").await;
    assert_eq!((answer.status, answer.json()["openapi"].as_str()), (StatusCode::OK, Some("3.1.0")));
    for (path, ..) in crate::bad_input::ROUTES.iter().filter(|(path, ..)| path.starts_with("/api/v1/") && !path.ends_with("openapi.json")) {
        assert!(answer.json()["paths"][*path]["post"]["responses"].is_object(), "{path} is described");
    }
    let wrong = hub.browser().get("/api/v1/cases").await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert!(wrong.json()["error"].is_string());
    assert!(hub.browser().get("/api/v1/nothing").await.json()["error"].is_string());
}
