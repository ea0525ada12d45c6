//! Invitations by email, and invitations that a records system asks for: one inbox, one mail that says
//! nothing, and still a word by voice.

use crate::harness::{Answer, Backend, Hub, token_in};
use crate::joining::{chooses, newcomer, other, says, signs_in};
use crate::smtp::Behaviour;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::db::sql;
use server::retention::{Schedule, purge};
use uuid::Uuid;

const INBOX: &str = "nell.alone@example.test";

/// Every link that was mailed: to whom, and what stands in it. Each mail is checked to say nothing.
fn mailed(hub: &Hub) -> Vec<(String, String)> {
    hub.notices();
    hub.mails().iter().filter_map(|mail| Some((mail.to.join(" "), token_in(mail)?))).collect()
}

/// How many addresses are kept for a mail that has not gone out.
async fn waiting(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from invitations where mail_to is not null")).await
}

async fn made(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from invitations")).await
}

async fn settled(hub: &Hub, state: &str) -> i64 {
    hub.count(sql("select count(*) from outbox where notice = 'invitation_link' and state = $1").bind(state)).await
}

fn word_of(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.texts(".hub-word").remove(0)
}

pub fn letter(source: &str, key: &str) -> Value {
    json!({ "source": source, "person_key": key, "identity_checked": "called_back", "deliver": "letter" })
}

fn by_email(source: &str, key: &str, address: &str) -> Value {
    let deliver = json!({ "email": address, "alone": true });
    json!({ "source": source, "person_key": key, "identity_checked": "officer", "deliver": deliver })
}

fn request(key: Option<&str>, kind: &str, once: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/api/v1/invitations").header(header::CONTENT_TYPE, kind);
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    if let Some(once) = once {
        request = request.header("idempotency-key", once);
    }
    request.body(body.into()).expect("a request")
}

async fn send(hub: &Hub, request: Request<Body>) -> Answer {
    let answer = hub.browser().send(request).await;
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("application/json", "no-store"));
    assert_eq!(answer.json()["error"].is_string(), answer.status != StatusCode::CREATED, "{}", answer.body);
    answer
}

/// As the records system, with a good key.
pub async fn call(hub: &Hub, once: &str, body: &Value) -> Answer {
    send(hub, request(Some(hub.machine_key()), "application/json", Some(once), body.to_string())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_by_email_and_a_word_by_voice_open_the_same_journey() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let person = newcomer(&hub).await;
        let mut sam = hub.staff("sam").await;
        let answer = sam.emails_the_link(person, " Nell.Alone@example.test ").await;
        let word = word_of(&answer);
        assert!(answer.says("7 December 2026 at 10am") && !answer.body.to_lowercase().contains(INBOX) && !answer.body.contains("/join/"));
        assert!(sam.get(&format!("/hub/people/{person}")).await.row("Invitation").contains("The email is on its way"));
        for _ in 0..3 {
            hub.deliver().await;
        }
        let sent = mailed(&hub);
        let [(to, token)] = sent.as_slice() else { panic!("{backend:?}: {sent:?}") };
        assert_eq!((to.as_str(), hub.mails().len(), waiting(&hub).await), (INBOX, 1, 0), "{backend:?}");
        let mail = hub.mails().remove(0);
        let said = mail.data.replace(INBOX, "").to_lowercase();
        for telling in ["nell", "newcomer", "sam", &word.to_lowercase(), &word.replace(' ', "").to_lowercase()] {
            assert!(!said.replace(&token.to_lowercase(), "").contains(telling), "{telling} in {said}");
        }
        assert!(mail.body().contains("You also need the word that you were told. The link works until 7 December 2026 at 10am."));
        let row = sam.get(&format!("/hub/people/{person}")).await.row("Invitation");
        assert!(row.contains("Open until 7 December") && row.contains("Sent by email on 23 November 2026 at 10am"), "{row}");
        for page in ["/hub/people".to_owned(), format!("/hub/people/{person}"), "/hub".into()] {
            let body = sam.get(&page).await.body;
            assert!(!body.contains(INBOX) && !body.contains(token) && !body.contains(&word), "{page}");
        }
        // Programs that open mail use nothing up, and the link alone opens nothing.
        let path = format!("/join/{token}");
        for method in ["HEAD", "GET", "GET", "POST"] {
            let looks = Request::builder().method(method).uri(&path).header(header::CONTENT_LENGTH, 0).body(Body::empty()).unwrap();
            assert!(!hub.browser().send(looks).await.headers.contains_key(header::SET_COOKIE), "{method}");
        }
        assert_eq!(hub.count(sql("select count(*) from invitations where tries = 0 and pass_hash is null and used_at is null")).await, 1);
        let mut nell = hub.browser();
        assert_eq!(says(&mut nell, token, &other(&word)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(says(&mut nell, token, &word).await.location(), "/join/you");
        // The inbox was for the link alone: she chooses her address herself.
        assert_eq!(hub.holders(INBOX).await, 0);
        assert_eq!(chooses(&mut nell, "nell@example.test").await.location(), "/sign-in/code");
        assert_eq!(signs_in(&hub, &mut nell, "nell@example.test").await.location(), "/home");
        assert_eq!((mailed(&hub).len(), hub.acts("invited").await, hub.acts("notice_sent").await), (1, 1, 2), "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whose_work_it_is_and_only_when_the_person_said_so() {
    let hub = Hub::start().await;
    let amira = hub.person_id("amira").await;
    let path = format!("/hub/people/{amira}/email");
    let good = [("email", INBOX), ("alone", "yes"), ("checked", "officer")];
    for mut browser in [hub.browser(), hub.person("amira").await] {
        assert_eq!(browser.post(&path, &good).await.location(), "/hub/sign-in");
        assert_eq!(browser.get(&path).await.location(), "/hub/sign-in");
    }
    for name in ["lena", "arun", "ada"] {
        let mut browser = hub.staff(name).await;
        assert_eq!(browser.post(&path, &good).await.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{name}");
    }
    let mut wyn = hub.staff("wyn").await;
    for answer in [wyn.get(&path).await, wyn.post(&path, &good).await] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "another team, and no reason");
        assert!(!answer.body.contains(INBOX) && !answer.body.contains("Amira"));
    }
    let person = newcomer(&hub).await;
    let path = format!("/hub/people/{person}/email");
    let mut sam = hub.staff("sam").await;
    assert!(sam.get(&format!("/hub/people/{person}")).await.body.contains(&path), "the page leads there");
    assert!(sam.get(&path).await.says("Only when they asked for it, alone with you."));
    for (fields, wrong) in [
        (&[][..], &["Enter the email address", "Tick this only if they told you", "Say how you made sure"][..]),
        (&[("email", INBOX), ("checked", "officer")], &["Tick this only if they told you"]),
        (&[("email", INBOX), ("alone", "no"), ("checked", "officer")], &["Tick this only if they told you"]),
        (&[("email", INBOX), ("alone", "yes")], &["Say how you made sure"]),
        (&[("email", "nell"), ("alone", "yes"), ("checked", "officer")], &["Enter an email address, like"]),
    ] {
        let answer = sam.post(&path, fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let errors = answer.errors();
        assert!(errors.len() == wrong.len() && errors.iter().zip(wrong).all(|(error, start)| error.starts_with(*start)), "{errors:?}");
        for (name, value) in fields.iter().filter(|(name, value)| *name == "checked" || (*name, *value) == ("alone", "yes")) {
            assert_eq!(answer.field(name), *value, "what was chosen is kept");
        }
        assert!(!answer.body.contains(INBOX), "an address is not shown again");
    }
    assert_eq!(made(&hub).await, 0);
    hub.deliver().await;
    assert!(mailed(&hub).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_to_whoever_stopped_messages_or_said_that_email_is_not_safe() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut sam = hub.staff("sam").await;
        hub.person("grace").await.post("/security/pause", &[]).await.location();
        for (name, why) in [("tom", "They said email is not safe. Print the letter"), ("grace", "They stopped all messages. Print")] {
            let refused = sam.emails_the_link(hub.person_id(name).await, INBOX).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{backend:?} {name}");
            assert!(refused.errors()[0].starts_with(why) && !refused.body.contains(INBOX), "{:?}", refused.errors());
        }
        assert_eq!(made(&hub).await, 0);
        // Between making and sending.
        let mut bethan = hub.person("bethan").await;
        let (of_bethan, of_owen) = (hub.person_id("bethan").await, hub.person_id("owen").await);
        word_of(&sam.emails_the_link(of_bethan, INBOX).await);
        word_of(&sam.emails_the_link(of_owen, "owen.alone@example.test").await);
        bethan.post("/security/pause", &[]).await.location();
        let said = sql("update contact_grants set safety = 'not_safe' where person_id = $1 and channel = 'email' and revoked_at is null");
        assert_eq!(hub.change(said.bind(of_owen)).await, 1);
        hub.deliver().await;
        assert!(mailed(&hub).is_empty(), "{backend:?}");
        assert_eq!((settled(&hub, "not_sent").await, settled(&hub, "task").await, waiting(&hub).await), (1, 1, 0), "{backend:?}");
        let queue = sam.get("/hub").await;
        assert!(queue.says("We could not email them their link. Give them the letter instead"));
        assert!(!queue.body.contains("owen.alone@"), "a task names no address");
        assert!(sam.get(&format!("/hub/people/{of_bethan}")).await.row("Invitation").contains("The email was not sent"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_invitation_ends_the_older_before_it_is_sent() {
    let hub = Hub::start().await;
    let person = newcomer(&hub).await;
    let mut sam = hub.staff("sam").await;
    let first = word_of(&sam.emails_the_link(person, "first@example.test").await);
    let second = word_of(&sam.emails_the_link(person, "second@example.test").await);
    assert_eq!(waiting(&hub).await, 1, "the older address goes at once");
    hub.deliver().await;
    let sent = mailed(&hub);
    assert_eq!(sent.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["second@example.test"]);
    assert_eq!((settled(&hub, "sent").await, settled(&hub, "not_sent").await), (1, 1));
    assert_eq!(says(&mut hub.browser(), &sent[0].1, &first).await.status, StatusCode::UNPROCESSABLE_ENTITY, "each has its own word");
    assert_eq!(says(&mut hub.browser(), &sent[0].1, &second).await.location(), "/join/you");
    word_of(&sam.emails_the_link(person, "third@example.test").await);
    sam.invites(person).await;
    hub.deliver().await;
    assert_eq!((mailed(&hub).len(), waiting(&hub).await), (1, 0), "a letter ends it too");
    assert!(!sam.get(&format!("/hub/people/{person}")).await.row("Invitation").contains("email"), "and went out by no mail");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_down_is_tried_again_and_then_a_task_and_nothing_goes_twice() {
    let hub = Hub::start().await;
    let person = newcomer(&hub).await;
    let mut sam = hub.staff("sam").await;
    hub.mail.behave(Behaviour::TryLater);
    word_of(&sam.emails_the_link(person, INBOX).await);
    hub.deliver().await;
    assert_eq!((mailed(&hub).len(), settled(&hub, "due").await, waiting(&hub).await), (0, 1, 1));
    hub.mail.behave(Behaviour::Accept);
    for _ in 0..3 {
        hub.wait(Duration::seconds(30));
        hub.deliver().await;
    }
    assert_eq!((mailed(&hub).len(), settled(&hub, "sent").await, waiting(&hub).await), (1, 1, 0));
    hub.mail.behave(Behaviour::RejectRecipient);
    word_of(&sam.emails_the_link(person, "nobody.there@example.test").await);
    hub.deliver().await;
    let tasks = || sql("select count(*) from tasks where notice = 'invitation_link' and channel is null and done_at is null");
    assert_eq!((settled(&hub, "task").await, hub.count(tasks()).await, waiting(&hub).await), (1, 1, 0));
    let nia = hub.known("demo", "nia@example.test").await.unwrap();
    hub.mail.behave(Behaviour::RefuseConnection);
    word_of(&sam.emails_the_link(nia, "nia.alone@example.test").await);
    for _ in 0..(73 * 4) {
        hub.deliver().await;
        hub.wait(Duration::minutes(15));
    }
    assert_eq!((settled(&hub, "gave_up").await, hub.count(tasks()).await, waiting(&hub).await), (1, 2, 0));
    hub.mail.behave(Behaviour::Accept);
    hub.wait(Duration::days(1));
    hub.deliver().await;
    assert_eq!(mailed(&hub).len(), 1, "what was given up stays so");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_does_not_outlive_its_invitation() {
    let hub = Hub::start().await;
    let person = newcomer(&hub).await;
    word_of(&hub.staff("sam").await.emails_the_link(person, INBOX).await);
    hub.wait(Duration::days(14));
    let mut tx = hub.portal.db.write().await.unwrap();
    purge(&mut tx, &Schedule::default(), hub.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(waiting(&hub).await, 0);
    hub.deliver().await;
    assert_eq!((mailed(&hub).len(), settled(&hub, "not_sent").await), (0, 1), "a link that has run out is not mailed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_records_system_gets_a_letter_and_a_word() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let person = newcomer(&hub).await;
        let answer = call(&hub, "one", &letter("records", "N")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let body = answer.json();
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("expires_at"), "2026-12-07T10:00:00Z");
        assert!(text("invitation_id").parse::<Uuid>().is_ok());
        let (token, word) = (text("link").rsplit('/').next().unwrap().to_owned(), text("word"));
        assert_eq!(text("link"), format!("{}/join/{token}", crate::harness::BASE_URL));
        let by = sql("select count(*) from audit where act = 'invited' and actor = 'machine' and actor_id = $1 and person_id = $2");
        assert_eq!(hub.count(by.bind(&hub.machine_key()[4..12]).bind(person)).await, 1, "{backend:?}");
        let page = hub.staff("sam").await.get(&format!("/hub/people/{person}")).await;
        assert!(page.row("Invitation").contains("Invited by the records system on 23 November 2026 at 10am"));
        assert!(!page.body.contains(&token) && !page.body.contains(&word));
        let mut nell = hub.browser();
        assert_eq!(says(&mut nell, &token, &other(&word)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(says(&mut nell, &token, &word).await.location(), "/join/you");
        chooses(&mut nell, "nell@example.test").await.location();
        assert_eq!(signs_in(&hub, &mut nell, "nell@example.test").await.location(), "/home");
        assert!(nell.get("/security").await.says("The police records system made you an invitation."));
        assert!(mailed(&hub).is_empty(), "a letter is nobody's mail");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_again_is_answered_with_the_same_bytes_and_sends_nothing_more() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        newcomer(&hub).await;
        let asked = by_email("records", "N", INBOX);
        let answers = join_all((0..6).map(|_| call(&hub, "same", &asked))).await;
        hub.deliver().await;
        hub.wait(Duration::hours(1));
        let later = call(&hub, "same", &asked).await;
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (StatusCode::CREATED, &later.body), "{backend:?}");
        }
        hub.deliver().await;
        let sent = mailed(&hub);
        assert_eq!((made(&hub).await, sent.len()), (1, 1), "{backend:?}");
        let body = later.json();
        assert!(body["link"].is_null(), "an emailed link is told to nobody");
        let word = body["word"].as_str().unwrap();
        assert_eq!(says(&mut hub.browser(), &sent[0].1, word).await.location(), "/join/you");
        let kept: Option<(String,)> = hub.one(sql("select answer from idempotency where idempotency_key = 'same'")).await;
        let kept = kept.unwrap().0;
        assert!(!kept.contains(word) && !kept.contains(&word.replace(' ', "")) && !kept.contains(&sent[0].1) && !kept.contains(INBOX));
        for other in [letter("records", "N"), by_email("records", "N", "another@example.test")] {
            let answer = call(&hub, "same", &other).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        // Not of another kind of call either.
        let batch = Request::post("/api/v1/cases")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", hub.machine_key()))
            .header("idempotency-key", "same")
            .body(Body::from(asked.to_string()))
            .unwrap();
        assert_eq!(hub.browser().send(batch).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(made(&hub).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_refused_what_staff_are_refused() {
    let hub = Hub::start().await;
    newcomer(&hub).await;
    hub.person("grace").await.post("/security/pause", &[]).await.location();
    for (body, status, code) in [
        (letter("records", "nobody"), StatusCode::NOT_FOUND, "unknown_person"),
        (letter("demo", "N"), StatusCode::NOT_FOUND, "unknown_person"),
        (by_email("demo", "grace@example.test", INBOX), StatusCode::CONFLICT, "messages_stopped"),
        (by_email("demo", "tom@example.test", INBOX), StatusCode::CONFLICT, "email_not_safe"),
        // Whoever has a way in keeps it: a stolen key takes nobody's.
        (letter("demo", "amira@example.test"), StatusCode::CONFLICT, "has_joined"),
    ] {
        let answer = call(&hub, "again", &body).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{}", answer.body);
    }
    assert_eq!((made(&hub).await, hub.count(sql("select count(*) from idempotency")).await), (0, 0), "nothing of it is kept");
    assert_eq!(
        call(&hub, "again", &by_email("records", "N", INBOX)).await.status,
        StatusCode::CREATED,
        "so it may be mended and sent again"
    );
    hub.deliver().await;
    assert_eq!(mailed(&hub).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_key_for_it_invites_and_only_what_can_be_read() {
    let hub = Hub::start().await;
    newcomer(&hub).await;
    let (key, good, json) = (hub.machine_key().to_owned(), letter("records", "N").to_string(), "application/json");
    for wrong in [None, Some(""), Some(&key[..key.len() - 1])] {
        assert_eq!(send(&hub, request(wrong, json, Some("1"), good.clone())).await.status, StatusCode::UNAUTHORIZED);
    }
    // A colleague's cookie is no key.
    let mut sam = hub.staff("sam").await;
    assert_eq!(sam.send(request(None, json, Some("1"), good.clone())).await.status, StatusCode::UNAUTHORIZED);
    hub.change(sql("update machine_keys set scopes = 'cases:write'")).await;
    let refused = send(&hub, request(Some(&key), json, Some("1"), good.clone())).await;
    assert_eq!(
        (refused.status, refused.json()["error"].as_str()),
        (StatusCode::FORBIDDEN, Some("this key does not have the scope invite"))
    );
    hub.change(sql("update machine_keys set scopes = 'invite'")).await;
    for (kind, once, body, status) in [
        ("text/plain", Some("1"), good.clone(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (json, None, good.clone(), StatusCode::BAD_REQUEST),
        (json, Some(""), good.clone(), StatusCode::BAD_REQUEST),
        (json, Some("1"), format!("{good}{}", " ".repeat(16 * 1024)), StatusCode::PAYLOAD_TOO_LARGE),
        (json, Some("1"), "[".repeat(10_000), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(send(&hub, request(Some(&key), kind, once, body)).await.status, status);
    }
    let with = |name: &str, value: Value| {
        let mut body = letter("records", "N");
        body[name] = value;
        body
    };
    for (body, path) in [
        (json!([]), ""),
        (with("colour", json!("SECRET")), ""),
        (with("source", json!("hub")), "source"),
        (with("person_key", json!(["SECRET"])), "person_key"),
        (with("identity_checked", json!("date_of_birth SECRET")), "identity_checked"),
        (with("deliver", json!("post SECRET")), "deliver"),
        (with("deliver", json!({ "email": "SECRET", "alone": true })), "deliver.email"),
        (with("deliver", json!({ "email": INBOX, "alone": false })), "deliver.alone"),
        (with("deliver", json!({ "email": INBOX })), "deliver.alone"),
    ] {
        let answer = call(&hub, "bad", &body).await;
        assert_eq!((answer.status, answer.json()["path"].as_str()), (StatusCode::BAD_REQUEST, Some(path)), "{}", answer.body);
        assert!(!answer.body.contains("SECRET") && !answer.body.contains(INBOX));
    }
    assert_eq!(made(&hub).await, 0);
    // One key, however many calls: a hundred at once, then two a minute.
    let mut waits = 0;
    for n in 0..105 {
        let answer = call(&hub, &format!("many-{n}"), &letter("records", "nobody")).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(answer.header("retry-after"), "60");
            waits += 1;
        }
    }
    assert_eq!(waits, 5);
    hub.wait(Duration::minutes(1));
    assert_eq!(call(&hub, "later", &letter("records", "N")).await.status, StatusCode::CREATED);
}
