//! A person's home, their cases, and the messages about them.

use crate::harness::{Answer, Backend, Hub, form_request};
use axum::http::{StatusCode, header};
use chrono::Duration;
use futures_util::future::join_all;
use server::db::sql;
use uuid::Uuid;

fn words(answer: &Answer) -> (StatusCode, String, String) {
    (answer.status, format!("{:?}", answer.headers), answer.body.clone())
}

async fn messages(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from messages")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn home_is_for_the_person_alone() {
    let hub = Hub::start().await;
    assert_eq!(hub.browser().get("/home").await.location(), "/sign-in");
    assert_eq!(hub.staff("sam").await.get("/home").await.location(), "/sign-in", "staff are not this person");
    let mut amira = hub.person("amira").await;
    let home = amira.get("/home").await;
    assert_eq!(home.header("cache-control"), "no-store");
    assert!(home.title().starts_with("Home"));
    for case in &hub.demo_person("amira").cases {
        assert!(home.body.contains(&format!("/cases/{case}")));
    }
    assert!(!home.body.contains(&hub.case_of("tom")));
    assert!(home.says("You are not waiting for an answer from us."));
    assert_eq!(hub.acts("home_viewed").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn home_says_what_we_owe_and_what_is_new() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    assert!(amira.get("/home").await.says("There is an update on"), "a case she has not opened is new");
    for case in hub.demo_person("amira").cases.clone() {
        amira.get(&app::paths::case(case)).await;
    }
    assert!(amira.get("/home").await.says("Nothing new since you last looked."));
    let reference = amira.asks_for_support().await;
    let home = amira.get("/home").await;
    assert!(home.says("We will answer by 5pm tomorrow."), "{}", home.main_text());
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "Here is how we can help.").await;
    let home = amira.get("/home").await;
    assert!(home.says("You have a new message") && home.says("You are not waiting for an answer from us."));
    assert!(home.body.contains("Home (1 new)"));
    assert!(!home.body.contains("how we can help"), "what it says stands on its own page");
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_owned_up_to() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    amira.asks_for_support().await;
    hub.deliver().await;
    hub.wait(Duration::days(2));
    let mut amira = hub.person("amira").await;
    assert!(amira.get("/home").await.says("We are late, and we are sorry."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_shown_to_its_people_and_to_nobody_else() {
    let hub = Hub::start().await;
    let path = hub.case_of("amira");
    assert_eq!(hub.browser().get(&path).await.location(), "/sign-in");
    assert_eq!(hub.staff("sam").await.get(&path).await.location(), "/sign-in");
    let mut tom = hub.person("tom").await;
    let (views, rows) = (hub.acts("case_viewed").await, hub.count(sql("select count(*) from audit")).await);
    let not_his = tom.get(&path).await;
    assert_eq!(not_his.status, StatusCode::NOT_FOUND);
    let not_there = tom.get(&format!("/cases/{}", Uuid::from_u128(7))).await;
    assert_eq!(words(&not_his), words(&not_there), "one that is somebody else's and one that does not exist are the same");
    assert_eq!(hub.count(sql("select count(*) from audit")).await, rows);

    let mut amira = hub.person("amira").await;
    let case = amira.get(&path).await;
    assert_eq!((case.status, case.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(case.says("Your case") && case.says("Show what was reported") && case.says("Who to contact"));
    assert_eq!(hub.acts("case_viewed").await, views + 1, "each view is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_title_and_the_address_of_a_case_never_say_what_happened() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    for case in hub.demo_person("amira").cases.clone() {
        let row: Option<(String, Option<String>)> =
            hub.one(sql("select crime_type, location from cases where case_id = $1").bind(case)).await;
        let (crime_type, location) = row.unwrap();
        for path in [app::paths::case(case), app::paths::case_messages(case)] {
            let page = amira.get(&path).await;
            for headline in [page.title(), page.texts("h1, h2, h3").join(" "), path] {
                assert!(!headline.contains(&crime_type) && !headline.contains(location.as_ref().unwrap()), "{headline}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_sees_how_far_the_case_is_and_not_what_was_reported_or_where() {
    let hub = Hub::start().await;
    let path = hub.case_of("daniel");
    assert_eq!(path, hub.case_of("amira"));
    let row: Option<(String, Option<String>)> =
        hub.one(sql("select crime_type, location from cases where case_id = $1").bind(hub.demo_person("amira").cases[0])).await;
    let (crime_type, location) = row.unwrap();
    let seen_by_amira = hub.person("amira").await.get(&path).await;
    assert_eq!((seen_by_amira.row("What"), seen_by_amira.row("Where")), (crime_type.clone(), location.clone().unwrap()));
    let mut daniel = hub.person("daniel").await;
    for path in [path.clone(), format!("{path}/messages"), "/home".into()] {
        let page = daniel.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.says("The case you are helping with") || path.ends_with("messages"));
        assert!(!page.body.contains(&crime_type) && !page.body.contains(&location.clone().unwrap()), "{}", page.body);
        assert!(!page.says("What was reported") && !page.says("Show what was reported"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_victims_of_one_case_and_a_parent_each_see_it_as_theirs() {
    let hub = Hub::start().await;
    assert_eq!(hub.case_of("bethan"), hub.case_of("owen"));
    for (name, calls_it) in [("bethan", "Your case"), ("owen", "Your case"), ("grace", "Your child’s case")] {
        let mut person = hub.person(name).await;
        assert!(person.get(&hub.case_of(name)).await.says(calls_it), "{name}");
        assert_eq!(person.get(&hub.case_of("amira")).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_a_case_is_a_question_in_the_queue() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let path = format!("{}/messages", hub.case_of("amira"));
    amira.writes(&path, "When will I hear more?\nI am at work until 5.").await;
    let page = amira.get(&path).await;
    assert_eq!(page.texts(".portal-message__text"), ["When will I hear more?\nI am at work until 5."]);
    assert!(page.says("We will answer by 5pm on Wednesday 25 November."), "{}", page.main_text());
    assert_eq!(page.field("message"), "", "the box is empty for the next one");
    let row: Option<(String, i64, String)> =
        hub.one(sql("select kind, tier, state from support_requests where person_id is not null")).await;
    assert_eq!(row.unwrap(), ("question".into(), 3, "waiting".into()));
    assert_eq!(hub.acts("message_sent").await, 1);
    hub.deliver().await;
    assert!(hub.notices().is_empty(), "nobody is mailed about their own message");
    let queue = hub.staff("sam").await.get("/hub").await;
    assert!(queue.says("A question about a case"));
    assert!(!queue.body.contains("When will I hear more"), "the queue holds no words");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_writes_about_a_case() {
    let hub = Hub::start().await;
    let path = format!("{}/messages", hub.case_of("amira"));
    let form = [("message", "let me in"), ("submission_id", "018f0000-0000-7000-8000-000000000001")];
    assert_eq!(hub.browser().post(&path, &form).await.location(), "/sign-in");
    assert_eq!(hub.staff("sam").await.post(&path, &form).await.location(), "/sign-in");
    let mut tom = hub.person("tom").await;
    for method in ["get", "post"] {
        let not_there = format!("/cases/{}/messages", Uuid::from_u128(7));
        let answers = match method {
            "get" => [tom.get(&path).await, tom.get(&not_there).await],
            _ => [tom.post(&path, &form).await, tom.post(&not_there, &form).await],
        };
        assert_eq!(answers[0].status, StatusCode::NOT_FOUND);
        assert_eq!(words(&answers[0]), words(&answers[1]));
    }
    assert_eq!(tom.post(&path, &[("message", "")]).await.status, StatusCode::NOT_FOUND, "an empty one tells him nothing more");
    assert_eq!((messages(&hub).await, hub.acts("message_sent").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_one_case_do_not_read_each_others_messages() {
    let hub = Hub::start().await;
    let path = format!("{}/messages", hub.case_of("bethan"));
    let (mut bethan, mut owen) = (hub.person("bethan").await, hub.person("owen").await);
    bethan.writes(&path, "Only for the hub").await;
    assert!(!owen.get(&path).await.body.contains("Only for the hub"));
    owen.writes(&path, "Mine alone").await;
    let page = bethan.get(&path).await;
    assert_eq!(page.texts(".portal-message__text"), ["Only for the hub"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_submission_twice_is_one_message() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let path = format!("{}/messages", hub.case_of("amira"));
        let sheet = amira.get(&path).await.form(&path).with("message", "Only once");
        assert_eq!(amira.submit(&sheet).await.location(), path);
        assert_eq!(amira.submit(&sheet).await.location(), path, "the second tap looks the same");
        assert_eq!(messages(&hub).await, 1);
        let sheet = amira.get(&path).await.form(&path).with("message", "At the same time");
        let mut browsers = vec![amira.clone(); 8];
        for answer in join_all(browsers.iter_mut().map(|browser| browser.submit(&sheet))).await {
            assert_eq!(answer.location(), path, "{backend:?}");
        }
        assert_eq!((messages(&hub).await, hub.acts("message_sent").await), (2, 2), "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_cross_each_other_and_a_colleagues_move_are_all_kept() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let reference = amira.asks_for_support().await;
        hub.deliver().await;
        let path = format!("/support/{reference}");
        let mut sam = hub.staff("sam").await;
        sam.claims(&reference).await;
        for round in 1..=4 {
            hub.wait(Duration::seconds(1));
            sam.replies(&reference, "An answer").await;
            let mut browsers = vec![amira.clone(); 6];
            let sent = join_all(browsers.iter_mut().map(|browser| browser.post(&path, &[("message", "One of six")])));
            let closed = format!("/hub/requests/{reference}/release");
            let (answers, _) = futures_util::future::join(sent, sam.post(&closed, &[])).await;
            assert!(answers.iter().all(|answer| answer.location() == path), "{backend:?}");
            let mine = sql("select count(*) from messages where author = 'person'");
            assert_eq!(hub.count(mine).await, round * 6, "{backend:?}");
            sam.post(&format!("/hub/requests/{reference}/claim"), &[]).await;
        }
        hub.deliver().await;
        let open = sql("select count(*) from support_requests where reference = $1 and state in ('waiting', 'claimed')");
        assert_eq!(hub.count(open.bind(reference.as_str())).await, 1, "{backend:?}: and an answer is owed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_taken_is_kept_in_its_box() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let path = format!("{}/messages", hub.case_of("amira"));
    let form = amira.get(&path).await.form(&path);
    let too_long = "ä".repeat(4_001);
    for (message, error) in [
        ("", "Write your message"),
        (" \n\t ", "Write your message"),
        (too_long.as_str(), "Your text must be 4000 characters or fewer. It has 4001"),
        ("a\u{7}b", "Your text has a character we cannot keep. Please take out any unusual symbols"),
    ] {
        let answer = amira.submit(&form.clone().with("message", message)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.errors(), [error]);
        assert_eq!(answer.field("message"), message);
        assert_eq!(answer.form(&path).with("message", ""), form.clone().with("message", ""), "and stays one submission");
    }
    assert_eq!(messages(&hub).await, 0);
    amira.submit(&form.with("message", &"ä".repeat(4_000))).await.location();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_as_read_when_it_was_shown_and_not_before() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let (path, case) = (format!("{}/messages", hub.case_of("amira")), hub.case_of("amira"));
    amira.writes(&path, "A question").await;
    let mut sam = hub.staff("sam").await;
    let (reference,): (String,) = hub.one(sql("select reference from support_requests where kind = 'question'")).await.unwrap();
    sam.claims(&reference).await;
    hub.wait(Duration::seconds(1));
    sam.replies(&reference, "An answer").await;
    let unread = sql("select count(*) from messages where author = 'hub' and read_at is null");
    assert!(amira.get(&case).await.says("Read 1 new message"));
    assert_eq!(hub.count(unread).await, 1);
    assert!(sam.get(&format!("/hub/requests/{reference}")).await.says("Not read yet"));
    let page = amira.get(&path).await;
    assert_eq!(page.texts(".portal-message__text"), ["A question", "An answer"]);
    assert!(page.says("Sam, victims’ hub") && !page.body.contains("Coordinator"), "first names only");
    assert!(sam.get(&format!("/hub/requests/{reference}")).await.says("Read 23 November 2026"));
    hub.deliver().await;
    assert!(hub.notices().is_empty(), "who has read it is not told of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_island_reads_and_writes_what_the_page_would() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let case = format!("{}/messages", hub.case_of("amira"));
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    for path in [case, format!("/support/{reference}")] {
        let submission = hub.portal.new_id().to_string();
        let form = [("message", "From an island"), ("submission_id", submission.as_str())];
        for _ in 0..2 {
            let answer = amira.post_part(&path, "thread", &form).await;
            assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{}", answer.body);
            assert_eq!(answer.texts(".portal-message__text"), ["From an island"], "sent twice, one message");
        }
        let part = amira.part(&path, "thread").await;
        let page = amira.get(&path).await;
        assert_eq!(part.texts(".portal-messages"), page.texts("[data-thread] .portal-messages"), "the part is the page's own");
        assert!(part.body.contains("We will answer by"));
        assert!(!part.body.contains("<main") && !part.body.contains("<script"));
        let strict = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; sandbox";
        assert_eq!(part.header("content-security-policy"), strict, "opened by itself it can do nothing");
        let empty = amira.post_part(&path, "thread", &[("message", " "), ("submission_id", &submission)]).await;
        assert_eq!((empty.status, empty.errors()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["Write your message".to_owned()]));
        assert_eq!(amira.part(&path, "anything else").await.title(), page.title(), "an unknown part is the page");
    }
    assert_eq!(messages(&hub).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_islands_question_from_nobody_or_the_wrong_person_reads_and_writes_nothing() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let case = format!("{}/messages", hub.case_of("amira"));
    amira.writes(&case, "Private").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let request = format!("/support/{reference}");
    let form = [("message", "let me in"), ("submission_id", "018f0000-0000-7000-8000-000000000001")];
    for (mut caller, refusal) in [
        (hub.browser(), StatusCode::SEE_OTHER),
        (hub.staff("sam").await, StatusCode::SEE_OTHER),
        (hub.person("tom").await, StatusCode::NOT_FOUND),
    ] {
        for path in [&case, &request] {
            for answer in [caller.part(path, "thread").await, caller.post_part(path, "thread", &form).await] {
                assert_eq!(answer.status, refusal);
                assert!(!answer.body.contains("Private"));
            }
        }
    }
    // A witness of the same case has a conversation of their own.
    let mut daniel = hub.person("daniel").await;
    assert!(!daniel.part(&case, "thread").await.body.contains("Private"));
    assert_eq!(daniel.part(&request, "thread").await.status, StatusCode::NOT_FOUND);
    assert_eq!(messages(&hub).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_islands_call_is_no_page_and_not_for_other_sites() {
    let hub = Hub::start().await;
    let mut sam = hub.staff("sam").await;
    let fields = [("mine_only", "false")];
    let path = "/api/island/queue";
    let mut by_hand = form_request(path, &fields);
    by_hand.headers_mut().insert(header::ACCEPT, "text/html,application/xhtml+xml".parse().unwrap());
    by_hand.headers_mut().insert(header::REFERER, "https://portal.example.test/hub".parse().unwrap());
    let answer = sam.send(by_hand).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::NOT_FOUND, ""));
    for site in ["cross-site", "same-site"] {
        let mut request = form_request(path, &fields);
        request.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
        let answer = sam.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["error"], "We could not read that");
    }
    assert_eq!(sam.get(path).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(sam.call("queue", &fields).await.status, StatusCode::OK);
    let unreadable = sam.call("queue", &[("mine_only", "perhaps")]).await;
    assert_eq!((unreadable.status, unreadable.json()), (StatusCode::UNPROCESSABLE_ENTITY, "Unavailable".into()));
    for gone in ["thread", "message", "words", "delete_everything"] {
        let unknown = sam.call(gone, &fields).await;
        assert!(unknown.status.is_client_error() && unknown.json()["error"].is_string(), "{}", unknown.body);
    }
}
