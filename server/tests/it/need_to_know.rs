//! Staff open what is their work; anything else with a reason that somebody looks at. A part in a case
//! that has ended, or was never safe, opens nothing.

use crate::harness::{Backend, Hub, STRANGERS_ANSWERS};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use serde_json::{Value, json};
use server::db::sql;

/// Amira's request with words and a note in it, held by Sam of Worcester.
async fn in_hand(hub: &Hub) -> String {
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    amira.writes(&format!("/support/{reference}"), "MARK of Amira").await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "MARK of Sam").await;
    hub.deliver().await;
    reference
}

async fn changes(hub: &Hub) -> (i64, i64, i64, i64) {
    (
        hub.count(sql("select count(*) from messages")).await,
        hub.count(sql("select count(*) from notes")).await,
        hub.count(sql("select cast(sum(version) as bigint) from support_requests")).await,
        hub.count(sql("select count(*) from invitations")).await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn another_team_reads_and_changes_nothing_without_a_reason() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let reference = in_hand(&hub).await;
        let mut wyn = hub.staff("wyn").await;
        let (request, person) = (format!("/hub/requests/{reference}"), format!("/hub/people/{}", hub.person_id("amira").await));
        let before = changes(&hub).await;
        for page in [&request, &person] {
            let refused = wyn.get(page).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{page}");
            assert!(refused.says("This is not in your work") && refused.says("A supervisor looks at this today"));
            for hidden in ["MARK", "Amira", "Specimen", "Sam", "example.test", "T1", "T2"] {
                assert!(!refused.body.replace("Sam is off sick", "").contains(hidden), "{page} shows {hidden}");
            }
        }
        for (act, fields) in [
            ("claim", &[][..]),
            ("release", &[]),
            ("reply", &[("message", "words for Amira")]),
            ("note", &[("note", "words for colleagues")]),
            ("close", &[("closing", "answered")]),
        ] {
            let refused = wyn.post(&format!("{request}/{act}"), fields).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{act}");
            if let Some((_, words)) = fields.iter().find(|(name, _)| *name != "closing") {
                assert_eq!(refused.texts("textarea[name=unsaved]"), [*words], "what was typed is not lost");
            }
        }
        assert_eq!(wyn.post(&format!("{person}/invite"), &[("checked", "in_person")]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(changes(&hub).await, before);
        // A colleague of the same team may read it.
        assert!(hub.staff("jo").await.get(&request).await.says("MARK of Amira"));
        assert_eq!(hub.acts("request_viewed").await, 2, "Sam's own look, and Jo's: a refusal shows nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_opens_a_record_for_half_an_hour_and_is_looked_at() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let reference = in_hand(&hub).await;
        let mut wyn = hub.staff("wyn").await;
        let page = format!("/hub/requests/{reference}");
        for (fields, wrong) in [(&[][..], 2), (&[("why", "cover")], 1), (&[("why", "curious"), ("reason", "I would like to know")], 1)] {
            let again = wyn.post(&format!("{page}/open"), fields).await;
            assert_eq!((again.status, again.errors().len()), (StatusCode::UNPROCESSABLE_ENTITY, wrong));
        }
        assert_eq!(hub.acts("record_opened").await, 0);
        wyn.opens(&page).await;
        let shown = wyn.get(&page).await;
        assert!(shown.says("MARK of Amira") && shown.says("You opened it with a reason, until 10:30am."), "{}", shown.main_text());
        wyn.opens(&page).await;
        assert_eq!(hub.acts("record_opened").await, 1, "opening what is open is no second opening");

        // Amira can see it, the auditor sees that it was, a supervisor and the Lead see why.
        let mut amira = hub.person("amira").await;
        assert!(amira.get("/security").await.says("Wyn, victims’ hub, opened your record, which is not their work, and had to say why"));
        let mut arun = hub.staff("arun").await;
        let list = arun.get("/hub/openings").await;
        assert!(list.says("Wyn Coordinator, Shrewsbury") && list.says("I cover for a colleague who is away"));
        assert!(!list.body.contains("Amira") && !list.body.contains("on leave"), "an auditor sees no record and no words about one");
        let mut priya = hub.staff("priya").await;
        assert!(priya.get("/hub").await.says("1 record was opened outside somebody’s work"));
        assert!(!wyn.get("/hub").await.says("opened outside"));
        let list = priya.get("/hub/openings").await;
        assert!(list.says("Record of Amira Example") && list.says("Sam is on leave this week") && list.says("To look at today"));
        let (id,): (uuid::Uuid,) = hub.one(sql("select opening_id from openings")).await.unwrap();
        let judge = format!("/hub/openings/{id}/judge");
        for name in ["wyn", "arun"] {
            hub.wait(Duration::seconds(31));
            let answer = hub.staff(name).await.post(&judge, &[("verdict", "right")]).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        }
        // It has run out.
        hub.wait(Duration::minutes(29) - Duration::seconds(3));
        assert_eq!(hub.staff("wyn").await.get(&page).await.status, StatusCode::OK, "one second before");
        hub.wait(Duration::seconds(31));
        let mut wyn = hub.staff("wyn").await;
        assert_eq!(wyn.get(&page).await.status, StatusCode::FORBIDDEN);
        // Nobody looked at it on the day.
        hub.wait(Duration::days(1));
        let mut lena = hub.staff("lena").await;
        assert!(lena.get("/hub/openings").await.says("Late: nobody has looked at it"));
        assert_eq!(lena.post(&judge, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(lena.post(&judge, &[("verdict", "talk")]).await.location(), "/hub/openings?saved");
        // The first verdict stands.
        let mut priya = hub.staff("priya").await;
        priya.post(&judge, &[("verdict", "right")]).await.location();
        let list = priya.get("/hub/openings").await;
        assert!(list.says("I will talk to them about it. Lena Lead"), "{}", list.main_text());
        assert!(!priya.get("/hub").await.says("opened outside"));
        assert_eq!((hub.acts("record_opened").await, hub.acts("opening_judged").await), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_long_over_needs_a_reason_too() {
    let hub = Hub::start().await;
    let reference = in_hand(&hub).await;
    let page = format!("/hub/requests/{reference}");
    let mut sam = hub.staff_later("sam").await;
    let form = sam.get(&page).await.form(&format!("{page}/close")).with("closing", "answered");
    sam.submit(&form).await.location();
    hub.wait(Duration::days(28) - Duration::minutes(1));
    assert_eq!(hub.staff("sam").await.get(&page).await.status, StatusCode::OK);
    hub.wait(Duration::minutes(1));
    assert_eq!(hub.staff_later("sam").await.get(&page).await.status, StatusCode::FORBIDDEN);
    // When the person writes again, it is somebody's work again.
    hub.person("amira").await.writes(&format!("/support/{reference}"), "Hello again").await;
    assert_eq!(hub.staff_later("wyn").await.get(&page).await.status, StatusCode::OK);
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_somebody_without_an_account_is_as_closed() {
    let hub = Hub::start().await;
    let mut kim = hub.browser();
    kim.answer(&STRANGERS_ANSWERS).await;
    kim.post("/support/new/check", &[]).await.location();
    let reference = hub.asked_for("talk to somebody").await[0].reference.to_string();
    let page = format!("/hub/requests/{reference}");
    let mut wyn = hub.staff("wyn").await;
    assert_eq!(wyn.get(&page).await.status, StatusCode::OK, "what waits is anybody's to take");
    hub.staff("sam").await.claims(&reference).await;
    assert_eq!(wyn.get(&page).await.status, StatusCode::FORBIDDEN);
    wyn.opens(&page).await;
    assert!(wyn.get(&page).await.says("I would like to talk to somebody."));
    assert!(hub.staff("priya").await.get("/hub/openings").await.says("Record of somebody without an account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_ends_is_out_at_once_and_leaves_nobody_waiting() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let (claimed, answered) = (amira.asks_for_support().await, amira.asks_for_support().await);
        let mut jo = hub.staff("jo").await;
        jo.claims(&claimed).await;
        jo.claims(&answered).await;
        jo.replies(&answered, "Hello").await;
        hub.deliver().await;
        let mut ada = hub.staff("ada").await;
        let page = ada.get("/hub/access").await;
        assert!(page.says("Jo Officer, Witness care officer, Worcester") && page.says("demo records system") && page.says("Never used"));
        for hidden in ["Amira", &claimed, hub.machine_key()] {
            assert!(!page.body.contains(hidden));
        }
        let (id,): (uuid::Uuid,) = hub.one(sql("select staff_id from staff where email = 'jo@hub.example.test'")).await.unwrap();
        assert_eq!(ada.post(&format!("/hub/access/staff/{id}/end"), &[]).await.location(), "/hub/access?ended");
        assert_eq!(jo.get("/hub").await.location(), "/hub/sign-in");
        hub.wait(Duration::seconds(31));
        let staff = hub.demo_staff("jo");
        let again = hub.browser().post("/hub/sign-in", &[("email", staff.email), ("password", &staff.password)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        let waiting = sql("select count(*) from support_requests where person_id is not null and state = 'waiting' and staff_id is null");
        assert_eq!(hub.count(waiting).await, 2);
        hub.staff("sam").await.claims(&claimed).await;
        // Nobody ends their own account by mistake.
        let (own,): (uuid::Uuid,) = hub.one(sql("select staff_id from staff where email = 'ada@hub.example.test'")).await.unwrap();
        assert_eq!(ada.post(&format!("/hub/access/staff/{own}/end"), &[]).await.status, StatusCode::NOT_FOUND);
        // A machine's key too.
        let key = &hub.machine_key()[4..12];
        assert_eq!(ada.post(&format!("/hub/access/keys/{key}/revoke"), &[]).await.location(), "/hub/access?ended");
        assert_eq!(feed(&hub, json!({ "cases": [] })).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!((hub.acts("staff_disabled").await, hub.acts("key_revoked").await), (1, 1));
    }
}

async fn feed(hub: &Hub, batch: Value) -> (StatusCode, Value) {
    let request = Request::post("/api/v1/cases")
        .header(header::AUTHORIZATION, format!("Bearer {}", hub.machine_key()))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(batch.to_string()))
        .expect("a request");
    let answer = hub.browser().send(request).await;
    (answer.status, answer.json())
}

/// Whoever this key is of can sign in as Tom does: the test is about the case, not about joining.
async fn becomes_tom(hub: &Hub, key: &str) {
    let person = hub.known("records", key).await.expect("a person of the feed");
    hub.change(sql("update participations set person_id = $1 where person_id = $2").bind(hub.person_id("tom").await).bind(person)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parents_part_ends_the_second_their_child_turns_18() {
    let hub = Hub::start().await;
    let parent = json!({ "key": "P", "name": "N", "role": "parent", "child_born": "2008-11-24" });
    let (status, _) =
        feed(&hub, json!({ "cases": [{ "reference": "C-18", "month": "2026-10", "crime_type": "Other crime", "people": [parent] }] }))
            .await;
    assert_eq!(status, StatusCode::OK);
    becomes_tom(&hub, "P").await;
    let (case,): (uuid::Uuid,) = hub.one(sql("select case_id from cases where source_key = 'C-18'")).await.unwrap();
    let (case, messages) = (format!("/cases/{case}"), format!("/cases/{case}/messages"));
    // The last second before midnight in London, the day before the birthday.
    hub.wait(Duration::hours(14) - Duration::seconds(1));
    let mut tom = hub.person("tom").await;
    assert!(tom.get(&case).await.says("Your child’s case") && tom.get("/home").await.body.contains(&case));
    tom.writes(&messages, "A question before").await;
    hub.wait(Duration::seconds(1));
    for path in [&case, &messages] {
        assert_eq!(tom.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(tom.post(&messages, &[("message", "after")]).await.status, StatusCode::NOT_FOUND);
    let home = tom.get("/home").await;
    assert!(!home.body.contains(&case), "nothing leads there any more");
    assert!(tom.get("/support").await.says("A question about a case"), "their own words stay theirs");
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_that_a_feed_tells_of_closes_the_case_at_once() {
    let hub = Hub::start().await;
    let case = |conflict: bool| {
        json!({ "cases": [{ "reference": "C-19", "month": "2026-10", "crime_type": "Other crime", "people": [
            { "key": "P", "name": "N", "role": "parent", "child_born": "2016-11-24", "conflict": conflict } ] }] })
    };
    feed(&hub, case(false)).await;
    let bethan = hub.person_id("bethan").await;
    let person = hub.known("records", "P").await.unwrap();
    // Bethan is that parent from the beginning: the feed knows her by this key.
    hub.change(sql("delete from participations where person_id = $1").bind(person)).await;
    hub.change(sql("delete from people where person_id = $1").bind(person)).await;
    let index = hub.portal.keys.record_index("records", "P");
    hub.change(sql("update people set source = 'records', source_index = $2 where person_id = $1").bind(bethan).bind(index)).await;
    feed(&hub, case(false)).await;
    let (id,): (uuid::Uuid,) = hub.one(sql("select case_id from cases where source_key = 'C-19'")).await.unwrap();
    let path = format!("/cases/{id}");
    let mut bethan = hub.person("bethan").await;
    assert!(bethan.get(&path).await.says("Your child’s case"));
    let (_, results) = feed(&hub, case(true)).await;
    assert_eq!(results["results"][0]["result"], "accepted", "news, though nothing else changed");
    assert_eq!(bethan.get(&path).await.status, StatusCode::NOT_FOUND);
    assert!(!bethan.get("/home").await.body.contains(&path));
    let (_, results) = feed(&hub, case(true)).await;
    assert_eq!(results["results"][0]["result"], "unchanged");
    hub.deliver().await;
    assert!(hub.notices().is_empty(), "nobody on the other side is told anything");
}
