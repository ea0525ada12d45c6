//! The hub: who may come in, the queue, one holder for each request, answers, notes, tasks.

use crate::harness::{Answer, Backend, Browser, Hub, STRANGERS_ANSWERS, all, select, text_of};
use app::islands::api::PortalError;
use app::islands::views::QueueView;
use axum::http::StatusCode;
use chrono::Duration;
use futures_util::future::join_all;
use server::db::sql;
use uuid::Uuid;

const HALF_A_MINUTE: Duration = Duration::seconds(30);

/// Every address of the hub, and how it is asked for.
fn addresses(reference: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![("get", "/hub".to_owned()), ("get", format!("/hub/requests/{reference}"))];
    for act in ["claim", "release", "reply", "note", "close"] {
        all.push(("post", format!("/hub/requests/{reference}/{act}")));
    }
    all.push(("post", format!("/hub/tasks/{}/done", Uuid::from_u128(7))));
    all
}

const EVERYTHING: [(&str, &str); 3] = [("message", "x"), ("note", "x"), ("closing", "answered")];

async fn asks(browser: &mut Browser<'_>, method: &str, path: &str) -> Answer {
    if method == "get" { browser.get(path).await } else { browser.post(path, &EVERYTHING).await }
}

/// Amira's request, received, and her browser.
async fn a_request(hub: &Hub) -> (Browser<'_>, String) {
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    (amira, reference)
}

/// The requests of the queue as a coordinator sees them: reference, tier and why, due, holder.
fn rows(page: &Answer) -> Vec<[String; 4]> {
    let page = page.page();
    all(&page, ".hub-queue tbody tr")
        .into_iter()
        .map(|row| {
            let cells: Vec<String> = row.select(&select("td")).map(text_of).collect();
            let reference = row.select(&select("a")).next().map(text_of).expect("a link");
            [reference, cells[1].clone(), cells[2].clone(), cells[4].clone()]
        })
        .collect()
}

async fn written(hub: &Hub) -> (i64, i64, i64) {
    let changed = sql("select count(*) from support_requests where state <> 'waiting'");
    (
        hub.count(sql("select count(*) from messages where author = 'hub'")).await,
        hub.count(sql("select count(*) from notes")).await,
        hub.count(changed).await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_is_closed_to_nobody_and_to_people() {
    let hub = Hub::start().await;
    let (mut amira, reference) = a_request(&hub).await;
    for (method, path) in addresses(&reference) {
        assert_eq!(asks(&mut hub.browser(), method, &path).await.location(), "/hub/sign-in", "{path}");
        let answer = asks(&mut amira, method, &path).await;
        assert_eq!((answer.location(), answer.body.as_str()), ("/hub/sign-in", ""), "{path}");
    }
    for mut browser in [hub.browser(), amira] {
        let answer = browser.call("queue", &[("mine_only", "false")]).await;
        assert_eq!(serde_json::from_str::<PortalError>(&answer.body).unwrap(), PortalError::SignIn);
    }
    assert_eq!(written(&hub).await, (0, 0, 0));
    assert_eq!(hub.notices(), ["amira@example.test"], "only the receipt");
}

#[tokio::test(flavor = "multi_thread")]
async fn peoples_pages_are_closed_to_staff() {
    let hub = Hub::start().await;
    let (_, reference) = a_request(&hub).await;
    let case = hub.case_of("amira");
    let mut sam = hub.staff("sam").await;
    for path in ["/home", "/contact", "/contact/email", "/contact/preferences", "/support"] {
        assert_eq!(sam.get(path).await.location(), "/sign-in", "{path}");
    }
    for path in [case.clone(), format!("{case}/messages"), format!("/support/{reference}")] {
        assert_eq!(sam.get(&path).await.location(), "/sign-in", "{path}");
        if path != case {
            assert_eq!(sam.post(&path, &EVERYTHING).await.location(), "/sign-in", "{path}");
        }
    }
    for path in ["/contact/email", "/contact/preferences"] {
        assert_eq!(sam.post(path, &[("safe", "no"), ("preferred", "none")]).await.location(), "/sign-in");
    }
    assert_eq!(hub.count(sql("select count(*) from messages")).await + hub.acts("contact_changed").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_signs_in_with_password_and_authenticator() {
    let hub = Hub::start().await;
    let mut sam = hub.staff("sam").await;
    let queue = sam.get("/hub").await;
    assert_eq!((queue.status, queue.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(queue.body.contains("Sam Coordinator"));
    assert_eq!(sam.jar.keys().collect::<Vec<_>>(), ["__Host-w"]);
    let mut copy = sam.clone();
    assert_eq!(sam.post("/hub/sign-out", &[]).await.location(), "/hub/sign-in");
    assert!(sam.jar.is_empty());
    assert_eq!(copy.get("/hub").await.location(), "/hub/sign-in", "the session is over on the server");
    assert!(hub.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_colleague_get_the_same_answer() {
    let hub = Hub::start().await;
    let wrong = hub.browser().post("/hub/sign-in", &[("email", "sam@hub.example.test"), ("password", "not the password")]).await;
    let nobody = hub.browser().post("/hub/sign-in", &[("email", "xam@hub.example.test"), ("password", "not the password")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.errors(), ["The email address or the password is not right"]);
    assert_eq!(wrong.body.replace("sam@", "xam@"), nobody.body);
    assert!(!wrong.body.contains("not the password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticators_code_works_once_and_five_wrong_ones_end_the_try() {
    let hub = Hub::start().await;
    let first = hub.staff("sam").await;
    let staff = hub.demo_staff("sam");
    let password = [("email", staff.email), ("password", staff.password.as_str())];
    let mut browser = hub.browser();
    browser.post("/hub/sign-in", &password).await;
    let replayed = browser.post("/hub/sign-in", &[("code", &hub.totp("sam"))]).await;
    assert_eq!(replayed.errors(), ["That code is not right, or was used before. Wait for the next one"]);
    hub.wait(HALF_A_MINUTE);
    for _ in 0..4 {
        assert_eq!(browser.post("/hub/sign-in", &[("code", "000000")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let spent = browser.post("/hub/sign-in", &[("code", &hub.totp("sam"))]).await;
    assert_eq!(spent.errors(), ["That took too long or too many tries. Sign in again"]);
    browser.post("/hub/sign-in", &password).await;
    assert_eq!(browser.post("/hub/sign-in", &[("code", &hub.totp("sam"))]).await.location(), "/hub");
    drop(first);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_must_come_within_five_minutes_of_the_password() {
    let hub = Hub::start().await;
    let staff = hub.demo_staff("jo");
    let mut browser = hub.browser();
    browser.post("/hub/sign-in", &[("email", staff.email), ("password", &staff.password)]).await;
    assert!(browser.get("/hub/sign-in").await.says("Enter your code"));
    hub.wait(Duration::minutes(5));
    let late = browser.post("/hub/sign-in", &[("code", &hub.totp("jo"))]).await;
    assert_eq!(late.errors(), ["That took too long or too many tries. Sign in again"]);
    assert_eq!(browser.get("/hub").await.location(), "/hub/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_failures_an_account_rests_for_a_quarter_of_an_hour() {
    let hub = Hub::start().await;
    let staff = hub.demo_staff("sam");
    let right = [("email", staff.email), ("password", staff.password.as_str())];
    for _ in 0..10 {
        hub.browser().post("/hub/sign-in", &[("email", staff.email), ("password", "wrong wrong wrong")]).await;
    }
    let resting = hub.browser().post("/hub/sign-in", &right).await;
    assert_eq!(resting.errors(), ["The email address or the password is not right"], "and it says nothing else");
    hub.wait(Duration::minutes(15) + Duration::seconds(1));
    hub.staff("sam").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleagues_session_ends_after_a_quarter_of_an_hour_idle_and_after_ten_hours() {
    let hub = Hub::start().await;
    let mut sam = hub.staff("sam").await;
    for _ in 0..14 {
        hub.wait(Duration::minutes(1));
        assert_eq!(sam.call("queue", &[("mine_only", "false")]).await.status, StatusCode::OK);
    }
    hub.wait(Duration::minutes(1));
    let answer = sam.call("queue", &[("mine_only", "false")]).await;
    assert_eq!(answer.json(), "SignIn", "a queue that looks by itself does not lengthen the session");
    let mut jo = hub.staff("jo").await;
    for _ in 0..59 {
        hub.wait(Duration::minutes(10));
        assert_eq!(jo.get("/hub").await.status, StatusCode::OK);
    }
    hub.wait(Duration::minutes(10));
    assert_eq!(jo.get("/hub").await.location(), "/hub/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_who_are_disabled_lose_access_at_once() {
    let hub = Hub::start().await;
    let (_, reference) = a_request(&hub).await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    let staff = hub.demo_staff("sam");
    hub.wait(HALF_A_MINUTE);
    let mut half_way = hub.browser();
    half_way.post("/hub/sign-in", &[("email", staff.email), ("password", &staff.password)]).await;
    hub.change(sql("update staff set disabled_at = $1 where email = 'sam@hub.example.test'").bind(hub.now())).await;
    for (method, path) in addresses(&reference) {
        assert_eq!(asks(&mut sam, method, &path).await.location(), "/hub/sign-in", "{path}");
    }
    assert_eq!(sam.call("queue", &[("mine_only", "false")]).await.json(), "SignIn");
    assert_eq!(written(&hub).await, (0, 0, 1));
    let refused = half_way.post("/hub/sign-in", &[("code", &hub.totp("sam"))]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "nor with a code, when the password came before");
    assert_eq!(half_way.get("/hub").await.location(), "/hub/sign-in");
    let refused = hub.browser().post("/hub/sign-in", &[("email", staff.email), ("password", &staff.password)]).await;
    assert_eq!(refused.errors(), ["The email address or the password is not right"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_ordered_by_tier_and_due_time_and_says_why() {
    let hub = Hub::start().await;
    let (_, reference) = a_request(&hub).await;
    let mut kim = hub.browser();
    kim.answer(&[("safety", &[("safe_now", "danger")])]).await;
    kim.answer(&STRANGERS_ANSWERS[1..]).await;
    kim.post("/support/new/check", &[]).await;
    hub.wait(Duration::hours(1));
    let mut sam = hub.staff("sam").await;
    let queue = sam.get("/hub").await;
    let rows = rows(&queue);
    let tiers: Vec<&str> = rows.iter().map(|row| &row[1][..2]).collect();
    assert_eq!(tiers, ["T0", "T1", "T2", "T2", "T3", "T4"]);
    assert_eq!(rows[0][1], "T0 Danger nowIn danger now · Asks for support");
    assert!(rows[0][2].starts_with("Late: by 10:30am today"), "{}", rows[0][2]);
    assert!(rows[1][1].contains("Not sure they are safe · Afraid of someone close"), "{}", rows[1][1]);
    let of_amira = rows.iter().position(|row| row[0] == reference).unwrap();
    assert_eq!(rows[of_amira][1], "T2 1 working dayRepeat · Asks for support");
    assert!(rows[of_amira][2].contains("by 5pm tomorrow"));
    let due = sql("select count(*) from (select due_at, lead(due_at) over (order by tier, due_at) as next, tier, \
         lead(tier) over (order by tier, due_at) as next_tier from support_requests) q where next_tier = tier and next < due_at");
    assert_eq!(hub.count(due).await, 0);
    assert!(!queue.body.contains("Amira") && !queue.body.contains("lock"), "the queue names nobody and holds no words");
    let view: QueueView = serde_json::from_str(&sam.call("queue", &[("mine_only", "false")]).await.body).unwrap();
    let seen: Vec<String> = view.rows.iter().map(|row| row.reference.to_string()).collect();
    assert_eq!(seen, rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>(), "the island sees the same");
    assert_eq!(view.open, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_i_hold_stands_under_mine() {
    let hub = Hub::start().await;
    let (_, reference) = a_request(&hub).await;
    let (mut sam, mut jo) = (hub.staff("sam").await, hub.staff("jo").await);
    sam.claims(&reference).await;
    assert_eq!(rows(&sam.get("/hub?mine").await).iter().map(|row| &row[0]).collect::<Vec<_>>(), [&reference]);
    assert!(rows(&jo.get("/hub?mine").await).is_empty());
    let of_jo = rows(&jo.get("/hub").await).into_iter().find(|row| row[0] == reference).unwrap();
    assert_eq!(of_jo[3], "Sam");
    let view: QueueView = serde_json::from_str(&sam.call("queue", &[("mine_only", "true")]).await.body).unwrap();
    assert_eq!((view.rows.len(), view.rows[0].mine), (1, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_claims_by_three_exactly_one_colleague_wins() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (_, reference) = a_request(&hub).await;
        let team = [hub.staff("sam").await, hub.staff("jo").await, hub.staff("priya").await];
        let path = format!("/hub/requests/{reference}/claim");
        let mut claims: Vec<Browser<'_>> = team.iter().cycle().take(64).cloned().collect();
        let answers = join_all(claims.iter_mut().map(|browser| browser.post(&path, &[]))).await;
        let winners: Vec<usize> = (0..64).filter(|place| answers[*place].status == StatusCode::SEE_OTHER).map(|place| place % 3).collect();
        let winner = winners[0];
        assert!(winners.iter().all(|one| *one == winner), "{backend:?}: one colleague, however often they click");
        for (place, answer) in answers.iter().enumerate() {
            if place % 3 == winner {
                assert_eq!(answer.location(), format!("/hub/requests/{reference}?claimed"), "{backend:?}");
            } else {
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{backend:?}");
                assert_eq!(answer.errors(), ["A colleague holds this request now. Nothing was changed"]);
            }
        }
        assert_eq!(hub.acts("request_claimed").await, 1, "{backend:?}");
        let name = ["Sam", "Jo", "Priya"][winner];
        let mut other = team[(winner + 1) % 3].clone();
        assert!(other.get(&format!("/hub/requests/{reference}")).await.says(&format!("Held by {name}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_holder_answers_and_nobodys_words_are_lost() {
    let hub = Hub::start().await;
    let (_, reference) = a_request(&hub).await;
    let reply = format!("/hub/requests/{reference}/reply");
    let (mut sam, mut jo) = (hub.staff("sam").await, hub.staff("jo").await);
    let words = "A long answer,\nwritten with care.";
    let early = sam.post(&reply, &[("message", words)]).await;
    assert_eq!(early.errors(), ["Nobody holds this request. Claim it first"]);
    assert_eq!(early.texts("textarea[name=message]"), [words]);
    sam.claims(&reference).await;
    let not_hers = jo.post(&reply, &[("message", words)]).await;
    assert_eq!(not_hers.errors(), ["A colleague holds this request now. Nothing was changed"]);
    assert_eq!(not_hers.texts("textarea[name=message]"), [words]);
    assert_eq!(written(&hub).await, (0, 0, 1));
    sam.replies(&reference, words).await;
    sam.post(&format!("/hub/requests/{reference}/close"), &[("closing", "answered")]).await.location();
    let too_late = sam.post(&reply, &[("message", words)]).await;
    assert_eq!(too_late.errors(), ["This request is closed. Nothing was changed"]);
    assert_eq!(too_late.texts("textarea[name=message]"), [words]);
    assert_eq!(written(&hub).await, (1, 0, 1));
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test"; 2], "the receipt and the one answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_read_in_the_portal_and_can_be_answered() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (mut amira, reference) = a_request(&hub).await;
        let path = format!("/support/{reference}");
        let mut sam = hub.staff("sam").await;
        sam.claims(&reference).await;
        assert!(amira.get(&path).await.says("We are working on it"));
        hub.wait(HALF_A_MINUTE);
        sam.replies(&reference, "We can send somebody on Tuesday.").await;
        hub.deliver().await;
        assert_eq!(hub.notices(), ["amira@example.test"; 2], "{backend:?}");
        let page = amira.get(&path).await;
        assert!(page.says("We have answered") && page.says("We can send somebody on Tuesday."));
        assert!(!page.body.contains(" new)"), "what this page shows is not announced above it");
        let request = sam.get(&format!("/hub/requests/{reference}")).await;
        assert!(request.says("Answered by Sam") && !request.says("Answer due"), "nothing is owed now");
        assert!(amira.part(&path, "thread").await.body.contains("We have answered"), "a page that looks again is told too");
        hub.wait(HALF_A_MINUTE);
        amira.writes(&path, "Tuesday is good.").await;
        let request = sam.get(&format!("/hub/requests/{reference}")).await;
        assert!(request.says("Held by Sam") && request.says("Tuesday is good."), "what Sam holds comes back to Sam");
        assert!(request.says("Answer due by 5pm tomorrow"), "and an answer is owed once more");
        hub.deliver().await;
        assert_eq!(hub.notices().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_written_on_an_old_page_is_refused_with_its_words_kept() {
    let hub = Hub::start().await;
    let (mut amira, reference) = a_request(&hub).await;
    let path = format!("/hub/requests/{reference}");
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    let old = sam.get(&path).await.form(&format!("{path}/reply")).with("message", "Written on the old page");
    sam.replies(&reference, "Sent from another window").await;
    hub.deliver().await;
    let crossed = sam.submit(&old).await;
    assert_eq!(crossed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(crossed.errors(), ["Something changed while you wrote. Read it again, then send. Your words are still here"]);
    assert!(crossed.says("Sent from another window"), "what changed is on the page");
    assert_eq!(crossed.texts("textarea[name=message]"), ["Written on the old page"]);
    assert_eq!(written(&hub).await.0, 1);
    // Read again, it goes: the form now holds the new version.
    let again = crossed.form(&format!("{path}/reply"));
    assert_eq!(sam.submit(&again).await.location(), format!("{path}?replied"));
    // A close from an old page is refused as well.
    let old = sam.get(&path).await.form(&format!("{path}/close")).with("closing", "answered");
    amira.writes(&format!("/support/{reference}"), "Wait, there is more").await;
    let crossed = sam.submit(&old).await;
    assert_eq!(crossed.errors(), ["Something changed while you wrote. Read it again, then send. Your words are still here"]);
    assert_eq!(hub.acts("request_closed").await, 0);
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_on_send_is_one_answer_and_one_notice() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (_, reference) = a_request(&hub).await;
        let path = format!("/hub/requests/{reference}");
        let mut sam = hub.staff("sam").await;
        sam.claims(&reference).await;
        let reply = sam.get(&path).await.form(&format!("{path}/reply")).with("message", "Once");
        let mut clicks = vec![sam.clone(); 8];
        for answer in join_all(clicks.iter_mut().map(|browser| browser.submit(&reply))).await {
            assert_eq!(answer.location(), format!("{path}?replied"), "{backend:?}");
        }
        let note = sam.get(&path).await.form(&format!("{path}/note")).with("note", "Once");
        for answer in join_all(clicks.iter_mut().map(|browser| browser.submit(&note))).await {
            assert_eq!(answer.location(), format!("{path}?noted"), "{backend:?}");
        }
        assert_eq!(written(&hub).await, (1, 1, 1), "{backend:?}");
        assert_eq!((hub.acts("request_answered").await, hub.acts("note_written").await), (1, 1), "{backend:?}");
        hub.deliver().await;
        assert_eq!(hub.notices().len(), 2, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_never_seen_by_the_person() {
    let hub = Hub::start().await;
    let (mut amira, reference) = a_request(&hub).await;
    let case = hub.case_of("amira");
    amira.writes(&format!("{case}/messages"), "A question").await;
    let (question,): (String,) = hub.one(sql("select reference from support_requests where kind = 'question'")).await.unwrap();
    let mut sam = hub.staff("sam").await;
    let mut jo = hub.staff("jo").await;
    for reference in [&reference, &question] {
        let path = format!("/hub/requests/{reference}");
        let sheet = jo.get(&path).await.form(&format!("{path}/note")).with("note", "SECRETNOTE: ask about the brother");
        assert_eq!(jo.submit(&sheet).await.location(), format!("{path}?noted"), "whoever reads it may write one");
        sam.claims(reference).await;
        sam.replies(reference, "A kind answer").await;
        sam.post(&format!("{path}/note"), &[("note", "SECRETNOTE again"), ("message", "SECRETNOTE in the wrong field")]).await.location();
        assert!(sam.get(&path).await.says("SECRETNOTE: ask about the brother"));
    }
    hub.deliver().await;
    for path in [
        "/home".to_owned(),
        "/support".into(),
        format!("/support/{reference}"),
        format!("/support/{reference}?sent"),
        format!("/support/{question}"),
        case.clone(),
        format!("{case}/messages"),
        "/contact".into(),
        "/support/new".into(),
    ] {
        let answer = amira.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.body.contains("SECRETNOTE") && !answer.body.contains("brother"), "{path}");
    }
    for path in [format!("{case}/messages"), format!("/support/{reference}")] {
        let answer = amira.part(&path, "thread").await;
        assert!(answer.body.contains("A kind answer") && !answer.body.contains("SECRETNOTE"));
    }
    assert!(hub.mails().iter().all(|mail| !mail.data.contains("SECRET") && !mail.data.contains("kind answer")));
    assert_eq!(hub.notices().len(), 2, "the receipt, and one for both answers; a note tells nobody");
    assert!(!sam.get("/hub").await.body.contains("SECRETNOTE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_request_comes_back_when_the_person_writes() {
    let hub = Hub::start().await;
    let (mut amira, reference) = a_request(&hub).await;
    let path = format!("/hub/requests/{reference}");
    let (mut sam, mut jo) = (hub.staff("sam").await, hub.staff("jo").await);
    let form = [("closing", "answered")];
    for (colleague, error) in
        [(&mut sam, "Nobody holds this request. Claim it first"), (&mut jo, "Nobody holds this request. Claim it first")]
    {
        assert_eq!(colleague.post(&format!("{path}/close"), &form).await.errors(), [error]);
    }
    sam.claims(&reference).await;
    assert_eq!(jo.post(&format!("{path}/close"), &form).await.errors(), ["A colleague holds this request now. Nothing was changed"]);
    assert_eq!(sam.post(&format!("{path}/close"), &[]).await.errors(), ["Say how this request ended"]);
    assert_eq!(sam.post(&format!("{path}/close"), &form).await.location(), format!("{path}?closed"));
    assert!(sam.get(&path).await.says("Closed. Answered: nothing more is needed"));
    assert!(rows(&sam.get("/hub").await).iter().all(|row| row[0] != reference));
    assert!(amira.get(&format!("/support/{reference}")).await.says("Finished"));
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 1, "closing tells nobody");
    hub.wait(Duration::days(1));
    let mut amira = hub.person("amira").await;
    amira.writes(&format!("/support/{reference}"), "It has happened again").await;
    let page = amira.get(&format!("/support/{reference}")).await;
    assert!(page.says("Waiting for us") && page.says("We will answer by 5pm tomorrow."), "{}", page.main_text());
    let row: Option<(String, i64, Option<Uuid>)> =
        hub.one(sql("select state, tier, staff_id from support_requests where reference = $1").bind(reference.as_str())).await;
    assert_eq!(row.unwrap(), ("waiting".into(), 2, None), "for anybody, as urgent as before");
    hub.staff("jo").await.claims(&reference).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_can_be_put_back_and_has_waited_since_it_came() {
    let hub = Hub::start().await;
    let (_, reference) = a_request(&hub).await;
    let (mut sam, mut jo) = (hub.staff("sam").await, hub.staff("jo").await);
    let release = format!("/hub/requests/{reference}/release");
    assert_eq!(sam.post(&release, &[]).await.errors(), ["Nobody holds this request. Claim it first"]);
    hub.wait(Duration::minutes(5));
    sam.claims(&reference).await;
    assert_eq!(jo.post(&release, &[]).await.errors(), ["A colleague holds this request now. Nothing was changed"]);
    assert_eq!(sam.post(&release, &[]).await.location(), "/hub");
    let since = sql("select count(*) from support_requests where reference = $1 and state = 'waiting' and waiting_since = asked_at");
    assert_eq!(hub.count(since.bind(reference.as_str())).await, 1);
    jo.claims(&reference).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_an_account_is_answered_in_their_own_way_and_not_by_a_message() {
    let hub = Hub::start().await;
    let mut kim = hub.browser();
    kim.answer(&STRANGERS_ANSWERS).await;
    kim.post("/support/new/check", &[]).await;
    let reference = hub.asked_for("talk to somebody").await[0].reference.to_string();
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    let page = sam.get(&format!("/hub/requests/{reference}")).await;
    assert!(page.says("This person has no account"));
    assert_eq!(page.row("How to answer"), "Call me: +441632960999\nNO voicemail\nweekdays before 3pm\nKim");
    let refused = sam.post(&format!("/hub/requests/{reference}/reply"), &[("message", "Hello?")]).await;
    assert_eq!(refused.errors(), ["This person has no account. Answer in the way they chose"]);
    assert_eq!(refused.texts("textarea[name=message]"), ["Hello?"]);
    hub.deliver().await;
    assert!(hub.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_shows_staff_the_choices_and_never_the_address_or_number() {
    let hub = Hub::start().await;
    let mut tom = hub.person("tom").await;
    let reference = tom.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    let page = sam.get(&format!("/hub/requests/{reference}")).await;
    assert!(page.says("Tom Sample"));
    assert_eq!(page.row("Wants to hear by"), "Phone call");
    assert_eq!(page.row("Email"), "Not safe. Do not use it.");
    assert!(page.row("Phone call").starts_with("Safe: Monday to Friday, 9am to 5pm. No voicemail."));
    for secret in ["tom@example.test", "7700900102", "Invented Street"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
    assert_eq!(hub.acts("request_viewed").await, 1, "who looked is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_done_by_staff_once() {
    let hub = Hub::start().await;
    let mut tom = hub.person("tom").await;
    tom.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    let queue = sam.get("/hub").await;
    let tasks = queue.texts(".hub-task");
    assert!(tasks.iter().any(|task| task.contains("Tell them we have what they asked for: Tom Sample") && task.contains("+447700900102")));
    let (task,): (Uuid,) = hub.one(sql("select task_id from tasks where notice = 'request_received'")).await.unwrap();
    let path = format!("/hub/tasks/{task}/done");
    for mut browser in [hub.browser(), tom] {
        assert_eq!(browser.post(&path, &[]).await.location(), "/hub/sign-in");
    }
    assert_eq!(sam.get(&path).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(hub.count(sql("select count(*) from tasks where done_at is not null")).await, 0);
    for _ in 0..2 {
        assert_eq!(sam.submit(&queue.form(&path)).await.location(), "/hub?done");
    }
    assert_eq!(hub.acts("task_done").await, 1);
    assert!(!sam.get("/hub?done").await.says("Tell them we have what they asked for"));
    for unknown in ["not-an-id".to_owned(), Uuid::from_u128(7).to_string()] {
        assert_eq!(sam.post(&format!("/hub/tasks/{unknown}/done"), &[]).await.status, StatusCode::NOT_FOUND);
    }
    assert!(hub.mails().is_empty(), "he is telephoned, never written to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_there_is_not_found() {
    let hub = Hub::start().await;
    let mut sam = hub.staff("sam").await;
    for reference in ["2222-2222", "nonsense", "..%2f..", "%00"] {
        for (method, path) in addresses(reference).into_iter().skip(1) {
            assert_eq!(asks(&mut sam, method, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_moves_nothing_in_the_hub() {
    let hub = Hub::start().await;
    let (_, reference) = a_request(&hub).await;
    let mut sam = hub.staff("sam").await;
    for (_, path) in addresses(&reference).into_iter().filter(|(method, _)| *method == "post") {
        let mut request = crate::harness::form_request(&path, &EVERYTHING);
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert_eq!(sam.send(request).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(written(&hub).await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_chain_is_sound_after_a_day_of_work() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (mut amira, reference) = a_request(&hub).await;
        let mut sam = hub.staff("sam").await;
        sam.claims(&reference).await;
        sam.replies(&reference, "An answer").await;
        hub.deliver().await;
        amira.get(&format!("/support/{reference}")).await;
        let mut views = vec![amira.clone(); 24];
        let case = hub.case_of("amira");
        join_all(views.iter_mut().map(|browser| browser.get(&case))).await;
        let verdict = server::audit::verify(&mut hub.portal.db.read().await.unwrap()).await.unwrap();
        assert!(matches!(verdict, server::audit::Verdict::Sound { rows } if rows > 30), "{backend:?}");
    }
}
