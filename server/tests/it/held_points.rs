//! A new address or number is held for a day: whoever holds the phone and knows the PIN cannot lead
//! messages elsewhere before the person, or the hub, could stop it.

use crate::contact::{SAFE, gives, in_use};
use crate::harness::{Backend, Hub};
use app::domain::contact::Channel;
use axum::http::StatusCode;
use chrono::Duration;
use server::db::sql;

const NEW: &str = "amira.new@example.test";

fn day() -> Duration {
    Duration::hours(24)
}

/// Asks for a code with this address; how many mails have gone to it.
async fn codes_to(hub: &Hub, address: &str) -> usize {
    assert_eq!(hub.browser().post("/sign-in", &[("identifier", address)]).await.location(), "/sign-in/code");
    hub.deliver().await;
    hub.mails().iter().filter(|mail| mail.to == [address] && mail.header("Subject").as_deref() == Some("Your code")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_to_a_new_address_for_a_day_and_nothing_to_the_old_one_after() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        gives(&mut amira, "email", &[("new_email", NEW), ("old_safe", "yes")]).await;
        hub.deliver().await;
        assert_eq!(hub.notices(), ["amira@example.test"], "the old one is told, in words that say nothing");
        let page = amira.get("/contact?given").await;
        assert!(page.says("You gave us an email address that is new. We use it from 24 November 2026 at 10am."), "{}", page.main_text());
        assert!(amira.get("/home").await.says("You gave us an email address that is new. If you did not, stop it"));

        hub.wait(day() - Duration::seconds(1));
        assert_eq!((codes_to(&hub, NEW).await, codes_to(&hub, "amira@example.test").await), (0, 2), "{backend:?}");
        hub.wait(Duration::seconds(1));
        assert_eq!((codes_to(&hub, NEW).await, codes_to(&hub, "amira@example.test").await), (1, 2), "{backend:?}");
        assert_eq!(in_use(&hub, "amira", Channel::Email).await.as_deref(), Some(NEW));
        assert_eq!(hub.notices().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_address_that_is_not_safe_dies_at_once_and_is_told_nothing() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let before = hub.mails_to("amira").len();
    gives(&mut amira, "email", &[("new_email", NEW), ("old_safe", "no")]).await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "An answer").await;
    hub.deliver().await;
    for address in [NEW, "amira@example.test"] {
        codes_to(&hub, address).await;
    }
    assert_eq!(hub.mails_to("amira").len(), before, "no notice, no code");
    assert_eq!(hub.mails().len(), before, "and nothing to the new one either");
    // The answer waits for the new one, and reaches it.
    hub.wait(day());
    hub.deliver().await;
    assert_eq!(hub.notices().last().map(String::as_str), Some(NEW));
    assert_eq!(hub.mails_to("amira").len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tap_without_a_pin_stops_a_change_and_a_new_one_takes_its_place() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        gives(&mut amira, "phone", &[("new_mobile", "07700 900199"), ("old_safe", "yes")]).await;
        gives(&mut amira, "text", &[("new_mobile", "07700 900198"), ("old_safe", "yes")]).await;
        assert_eq!(
            hub.count(sql("select count(*) from contact_points where kind = 'mobile' and revoked_at is null")).await,
            7,
            "one is held"
        );
        // Not within the five minutes of the PIN: to stop never needs it, to give does.
        hub.wait(Duration::minutes(6));
        let again = [("new_mobile", "07700 900197"), ("old_safe", "yes")];
        let fields: Vec<(&str, &str)> = SAFE.iter().chain(&again).copied().collect();
        let asked = amira.post("/contact/text", &fields).await;
        assert_eq!((asked.status, asked.errors().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
        let page = amira.get("/contact").await;
        assert_eq!(amira.submit(&page.form("/contact/text/stop")).await.location(), "/contact?stopped");
        assert!(!amira.get("/contact").await.says("that is new"));
        assert_eq!(amira.post("/contact/text/stop", &[]).await.location(), "/contact?stopped", "a second tap changes nothing");
        hub.wait(day());
        assert_eq!(in_use(&hub, "amira", Channel::Text).await.as_deref(), Some("+447700900101"));
        assert_eq!((hub.acts("point_given").await, hub.acts("point_stopped").await), (2, 1));
        hub.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_who_made_sure_let_it_count_at_once() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    gives(&mut amira, "email", &[("new_email", NEW), ("old_safe", "no")]).await;
    let page = format!("/hub/people/{}", hub.person_id("amira").await);
    let mut sam = hub.staff("sam").await;
    assert_eq!(sam.post(&format!("{page}/confirm"), &[("confirmed", "called_back")]).await.status, StatusCode::FORBIDDEN);
    sam.opens(&page).await;
    let shown = sam.get(&page).await;
    assert!(shown.says("They gave us an email address, from 24 November 2026 at 10am."), "{}", shown.main_text());
    assert!(!shown.body.contains(NEW), "staff need not see it");
    let form = shown.form(&format!("{page}/confirm"));
    assert_eq!(sam.submit(&form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(codes_to(&hub, NEW).await, 0);
    assert_eq!(sam.submit(&form.with("confirmed", "called_back")).await.location(), format!("{page}?confirmed"));
    assert_eq!(codes_to(&hub, NEW).await, 1);
    assert!(amira.get("/security").await.says("made sure that you gave us a new address or number"));
    assert_eq!(hub.acts("point_confirmed").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_and_nothing_is_half_done() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    for (channel, fields, wrong) in [
        ("email", &[("new_email", "not an address"), ("old_safe", "yes")][..], "Enter an email address"),
        ("email", &[("new_email", NEW)], "Tell us if we may use the old one until then"),
        ("text", &[("new_mobile", "12"), ("old_safe", "yes")], "Enter a UK mobile number"),
        ("email", &[("new_email", "tom@example.test"), ("old_safe", "no")], "We cannot use this email address"),
        ("letter", &[("address", "1 New Street")], "Tell us if we may use the old one until then"),
    ] {
        let fields: Vec<(&str, &str)> = SAFE.iter().chain(fields).copied().collect();
        let answer = amira.post(&format!("/contact/{channel}"), &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{channel}");
        assert!(answer.errors()[0].contains(wrong), "{:?}", answer.errors());
    }
    assert_eq!(in_use(&hub, "amira", Channel::Email).await.as_deref(), Some("amira@example.test"), "the old one is not gone either");
    assert_eq!(hub.acts("point_given").await, 0);
    assert!(!amira.get("/contact").await.says("that is new"));
    // Somebody who has not signed in, and staff, are led to the door.
    assert_eq!(hub.browser().post("/contact/email/stop", &[]).await.location(), "/sign-in");
    assert_eq!(hub.staff("sam").await.post("/contact/email/stop", &[]).await.location(), "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_stop_a_change_that_the_person_did_not_make() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    gives(&mut amira, "email", &[("new_email", NEW), ("old_safe", "yes")]).await;
    hub.deliver().await;
    let page = format!("/hub/people/{}", hub.person_id("amira").await);
    let mut sam = hub.staff("sam").await;
    assert_eq!(sam.post(&format!("{page}/stop-change"), &[]).await.status, StatusCode::FORBIDDEN, "not his work");
    sam.opens(&page).await;
    let form = sam.get(&page).await.form(&format!("{page}/stop-change"));
    assert_eq!(sam.submit(&form).await.location(), format!("{page}?stopped"));
    assert!(!sam.get(&page).await.says("A change that waits"));
    hub.wait(day());
    assert_eq!(in_use(&hub, "amira", Channel::Email).await.as_deref(), Some("amira@example.test"));
    assert!(hub.person("amira").await.get("/security").await.says("stopped a change of your address or number"));
    assert_eq!(hub.acts("point_stopped").await, 1);
    hub.deliver().await;
}

/// Trying whose address is whose: ten, then a wait. The session goes on, though giving the PIN has changed its token.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_tries_out_whose_address_is_whose() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let pin = hub.demo_person("amira").pin.clone();
    let taken = [("safe", "no"), ("new_email", "tom@example.test"), ("old_safe", "yes"), ("pin", pin.as_str())];
    for _ in 0..10 {
        assert_eq!(amira.post("/contact/email", &taken).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    hub.wait(Duration::minutes(6));
    let slowed = amira.post("/contact/email", &taken).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(amira.get("/home").await.status, StatusCode::OK, "still signed in");
    hub.wait(Duration::minutes(5));
    assert_eq!(amira.post("/contact/email", &taken).await.status, StatusCode::UNPROCESSABLE_ENTITY, "one more");
}
