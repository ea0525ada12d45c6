//! Somebody who acts for a person: an account of their own, what the scope says, an end, and one tap.

use crate::harness::{Backend, Browser, Hub, REPRESENTATIVE};
use crate::joining::{chooses, says, signs_in};
use axum::http::StatusCode;
use chrono::Duration;
use server::db::sql;

/// Asha, who acts for Amira with this scope, signed in.
async fn asha<'h>(hub: &'h Hub, scope: &[&str]) -> Browser<'h> {
    let amira = hub.person_id("amira").await;
    let mut sam = hub.staff_later("sam").await;
    let page = format!("/hub/people/{amira}");
    if sam.get(&page).await.status == StatusCode::FORBIDDEN {
        sam.opens(&page).await;
    }
    let asha = sam.adds_a_representative(amira, scope).await;
    let (token, word) = sam.invites(asha).await;
    let mut browser = hub.browser();
    says(&mut browser, &token, &word).await.location();
    chooses(&mut browser, "asha@advocates.example.test").await.location();
    assert_eq!(signs_in(hub, &mut browser, "asha@advocates.example.test").await.location(), "/home");
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_representative_sees_what_the_scope_says_and_nothing_else_of_the_person() {
    for (scope, reads, asks) in [(&[][..], false, false), (&["report"], true, false), (&["messages"], false, true)] {
        let hub = Hub::start().await;
        let mut amira = hub.person("amira").await;
        let reference = amira.asks_for_support().await;
        let (case, messages) = (hub.case_of("amira"), format!("{}/messages", hub.case_of("amira")));
        amira.writes(&messages, "MARK of Amira").await;
        hub.deliver().await;
        let mut asha = asha(&hub, scope).await;
        assert!(asha.get("/home").await.says("The case of the person you act for"));
        let page = asha.get(&case).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.says("Show what was reported"), reads, "{scope:?}");
        assert_eq!(page.body.contains(&messages), asks, "{scope:?}: a page leads only where it opens");
        let thread = asha.get(&messages).await;
        assert_eq!(thread.status, if asks { StatusCode::OK } else { StatusCode::NOT_FOUND }, "{scope:?}");
        assert_eq!(
            asha.post(&messages, &[("message", "A question")]).await.status,
            if asks { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND }
        );
        // Amira's words, requests and choices are hers.
        for path in ["/home", "/support", "/contact", "/security", &case, &messages] {
            let body = asha.get(path).await.body;
            assert!(!body.contains("MARK") && !body.contains(&reference) && !body.contains("Amira"), "{scope:?} {path}");
        }
        assert_eq!(asha.get(&format!("/support/{reference}")).await.status, StatusCode::NOT_FOUND);
        hub.deliver().await;
        assert_eq!(hub.notices(), ["amira@example.test"], "her receipt: nobody is told of anything else");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tap_ends_it_that_second_and_only_the_person_has_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut asha = asha(&hub, &["report", "messages"]).await;
        let case = hub.case_of("amira");
        let mut amira = hub.person("amira").await;
        let page = amira.get("/security").await;
        assert!(page.says("Asha Advocate") && page.says("Advocate or support worker") && page.says("added somebody who acts for you"));
        assert!(page.says("1 March 2027 at midnight"), "{}", page.main_text());
        let (id,): (uuid::Uuid,) = hub.one(sql("select representation_id from representations")).await.unwrap();
        let end = format!("/security/representatives/{id}/end");
        for other in [&mut asha, &mut hub.person("bethan").await] {
            assert_eq!(other.post(&end, &[]).await.status, StatusCode::NOT_FOUND, "it is not theirs to end");
        }
        assert_eq!(asha.get(&case).await.status, StatusCode::OK);
        // Without the PIN of the last five minutes.
        hub.wait(Duration::minutes(6));
        assert_eq!(amira.submit(&page.form(&end)).await.location(), "/security?ended");
        assert_eq!(asha.get(&case).await.status, StatusCode::NOT_FOUND, "{backend:?}");
        assert!(!asha.get("/home").await.body.contains(&case));
        assert_eq!(amira.post(&end, &[]).await.location(), "/security?ended", "a second tap");
        assert!(!amira.get("/security").await.says("Who acts for you"));
        assert_eq!((hub.acts("representative_added").await, hub.acts("representative_ended").await), (1, 1));
        hub.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_by_itself_after_its_last_day() {
    let hub = Hub::start().await;
    asha(&hub, &[]).await;
    let case = hub.case_of("amira");
    // From 23 November to the last second of 28 February.
    hub.wait(Duration::days(97) + Duration::hours(13) + Duration::minutes(50));
    let mut browser = hub.browser();
    let mut asha = {
        signs_in(
            &hub,
            {
                browser.post("/sign-in", &[("identifier", "asha@advocates.example.test")]).await;
                &mut browser
            },
            "asha@advocates.example.test",
        )
        .await;
        browser
    };
    assert_eq!(asha.get(&case).await.status, StatusCode::OK, "{}", hub.now());
    hub.wait(Duration::minutes(9) + Duration::seconds(30));
    assert_eq!(asha.get(&case).await.status, StatusCode::NOT_FOUND, "{}", hub.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_added_by_half_or_for_ever_or_by_somebody_whose_work_it_is_not() {
    let hub = Hub::start().await;
    let person = hub.person_id("amira").await;
    let path = format!("/hub/people/{person}/representative");
    let mut sam = hub.staff("sam").await;
    assert_eq!(sam.get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(sam.post(&path, &[("rep_name", "Asha")]).await.status, StatusCode::FORBIDDEN);
    sam.opens(&format!("/hub/people/{person}")).await;
    for (changed, to, wrong) in [
        ("rep_name", "", "Enter the name"),
        ("until-year", "2028", "within 6 months"),
        ("until-year", "2025", "from today"),
        ("confirmed", "", "made sure that the person asked"),
        ("not_close", "", "Make sure of this first"),
    ] {
        let fields: Vec<(&str, &str)> =
            REPRESENTATIVE.iter().map(|(name, value)| (*name, if *name == changed { to } else { *value })).collect();
        let answer = sam.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{changed}");
        assert!(answer.errors()[0].contains(wrong), "{:?}", answer.errors());
        assert_eq!(answer.field("until-day"), "28", "what was typed is kept");
    }
    assert_eq!(hub.count(sql("select count(*) from representations")).await, 0);
    assert_eq!(hub.count(sql("select count(*) from people where source = 'hub'")).await, 0);
    // A witness has no case of their own that somebody could act in.
    let witness = hub.person_id("daniel").await;
    sam.opens(&format!("/hub/people/{witness}")).await;
    assert_eq!(sam.get(&format!("/hub/people/{witness}/representative")).await.status, StatusCode::NOT_FOUND);
}
