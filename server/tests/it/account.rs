//! Signing in as a person: who are you, then a code **and** a PIN. Whether an account exists shows
//! nowhere.

use crate::harness::{Answer, Backend, Browser, Hub, form_request};
use crate::smtp::Behaviour;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use futures_util::future::join_all;
use server::db::sql;
use server::keys;

const MINUTE: Duration = Duration::minutes(1);

/// Six digits that are not these.
fn other(digits: &str) -> String {
    digits.chars().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect()
}

async fn proves(browser: &mut Browser<'_>, code: &str, pin: &str) -> Answer {
    browser.post("/sign-in/code", &[("code", code), ("pin", pin)]).await
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    let answer = browser.get("/home").await;
    if answer.status == StatusCode::OK {
        assert!(answer.says("Hello,"));
        return true;
    }
    assert_eq!(answer.location(), "/sign-in");
    false
}

async fn sessions(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from person_sessions where ended_at is null")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_with_the_code_from_their_mail_and_their_pin() {
    let hub = Hub::start().await;
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    assert!(!is_signed_in(&mut browser).await, "the address alone is not enough");
    let answer = proves(&mut browser, &code, &hub.demo_person("amira").pin).await;
    assert_eq!(answer.location(), "/home");
    assert!(browser.get("/home").await.says("Hello, Amira"));
    assert_eq!(browser.jar.keys().collect::<Vec<_>>(), ["__Host-s"], "the challenge is over");

    let mails = hub.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["amira@example.test"]);
    assert_eq!(mails[0].header("Subject").unwrap(), "Your code");
    assert!(hub.notices().is_empty(), "nobody is told anything else");
    assert_eq!((hub.acts("signed_in").await, hub.acts("sign_in_failed").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mobile_number_names_the_same_person() {
    let hub = Hub::start().await;
    let mut browser = hub.browser();
    browser.post("/sign-in", &[("identifier", "07700 900 101")]).await;
    hub.deliver().await;
    assert_eq!(hub.mails_to("amira").len(), 1, "the code goes where it is safe");
}

#[tokio::test(flavor = "multi_thread")]
async fn known_and_unknown_identifiers_get_the_same_answers() {
    let hub = Hub::start().await;
    let without_tokens = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove(header::SET_COOKIE);
        (answer.status, format!("{headers:?}"), answer.body.clone())
    };
    let mut first: Option<Vec<_>> = None;
    // A person whose email is safe, one whose is not, a number, and three that nobody has.
    for identifier in
        ["amira@example.test", "tom@example.test", "+447700900103", "nobody@example.test", "07700 900 199", "AMIRA@example.test.uk"]
    {
        let rows = hub.count(sql("select count(*) from outbox")).await;
        let mut browser = hub.browser();
        let mut answers = Vec::new();
        let asked = browser.post("/sign-in", &[("identifier", identifier)]).await;
        assert_eq!(asked.header("set-cookie").len(), "__Host-c=; Path=/; Secure; HttpOnly; SameSite=Strict".len() + 43);
        answers.push(without_tokens(&asked));
        answers.push(without_tokens(&browser.get("/sign-in/code").await));
        for _ in 0..6 {
            answers.push(without_tokens(&proves(&mut browser, "123456", "000000").await));
        }
        match &first {
            None => first = Some(answers),
            Some(first) => assert_eq!(*first, answers, "{identifier}"),
        }
        assert_eq!(hub.count(sql("select count(*) from outbox")).await, rows + 1, "the same writes for {identifier}");
    }
    hub.deliver().await;
    let told: Vec<String> = hub.mails().into_iter().map(|mail| mail.to.join(" ")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&"amira@example.test".into()) && told.contains(&"bethan@example.test".into()), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_never_mailed_to_an_address_that_is_not_safe() {
    let hub = Hub::start().await;
    hub.asked_for_a_code("tom").await;
    assert!(hub.mails().is_empty());
    let task = sql("select count(*) from tasks where notice = 'sign_in_code' and channel is null");
    assert_eq!(hub.count(task).await, 1, "staff help him instead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_mailed_outside_the_hours_for_notices_because_it_was_asked_for_now() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let hours = [("safe", "yes"), ("days", "sun"), ("from", "2"), ("to", "3"), ("say_who", "no")];
    amira.post("/contact/email", &hours).await;
    hub.person("amira").await;
    assert_eq!(hub.mails_to("amira").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_has_not_joined_gets_no_code() {
    let hub = Hub::start().await;
    hub.change(sql("update people set pin_hash = null where person_id = $1").bind(hub.person_id("amira").await)).await;
    let mut browser = hub.browser();
    assert_eq!(browser.post("/sign-in", &[("identifier", "amira@example.test")]).await.location(), "/sign-in/code");
    hub.deliver().await;
    assert!(hub.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_taken_away_finds_nobody() {
    let hub = Hub::start().await;
    hub.revoke("amira@example.test").await;
    hub.browser().post("/sign-in", &[("identifier", "amira@example.test")]).await;
    hub.deliver().await;
    assert!(hub.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_and_a_wrong_pin_are_refused_in_the_same_words() {
    let hub = Hub::start().await;
    let pin = hub.demo_person("amira").pin.clone();
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    let wrong_code = proves(&mut browser, &other(&code), &pin).await;
    let wrong_pin = proves(&mut browser, &code, &other(&pin)).await;
    assert_eq!(wrong_code.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong_code.errors(), ["The code or the PIN is not right. Check both, then try again"]);
    assert_eq!(wrong_code.body, wrong_pin.body);
    for secret in [&other(&code), &other(&pin), &code, &pin] {
        assert!(!wrong_code.body.contains(secret.as_str()), "neither is ever shown again");
    }
    assert!(!is_signed_in(&mut browser).await);
    assert_eq!((sessions(&hub).await, hub.acts("sign_in_failed").await), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_kept_when_it_is_no_address_and_forgotten_when_it_is_a_secret() {
    let hub = Hub::start().await;
    let mut browser = hub.browser();
    let answer = browser.post("/sign-in", &[("identifier", "amira at example")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.errors().len(), 1);
    assert_eq!(answer.field("identifier"), "amira at example");
    assert_eq!(browser.post("/sign-in", &[]).await.errors(), ["Enter your email address or mobile number"]);
    let (mut browser, _) = hub.asked_for_a_code("amira").await;
    let answer = proves(&mut browser, "98761", "98765x").await;
    assert_eq!(answer.errors().len(), 2);
    assert!(!answer.body.contains("98761") && !answer.body.contains("98765x"));
    assert_eq!(hub.count(sql("select sum(tries) from sign_in_challenges")).await, 0, "a slip of the finger is not a try");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_tries_the_right_code_is_spent() {
    let hub = Hub::start().await;
    let pin = hub.demo_person("amira").pin.clone();
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    for _ in 0..4 {
        assert!(proves(&mut browser, &other(&code), &pin).await.says("Check your messages"));
    }
    assert!(proves(&mut browser, &other(&code), &pin).await.says("Get a new code"), "the fifth was the last");
    let answer = proves(&mut browser, &code, &pin).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.says("Get a new code"));
    assert_eq!(sessions(&hub).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_try_may_still_be_the_right_one() {
    let hub = Hub::start().await;
    let pin = hub.demo_person("amira").pin.clone();
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    for _ in 0..4 {
        proves(&mut browser, &other(&code), &pin).await;
    }
    assert_eq!(proves(&mut browser, &code, &pin).await.location(), "/home");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_mail_cannot_go_on_guessing_the_pin() {
    let hub = Hub::start().await;
    let pin = hub.demo_person("amira").pin.clone();
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    proves(&mut browser, &other(&code), &pin).await;
    for _ in 0..3 {
        assert!(proves(&mut browser, &code, &other(&pin)).await.errors()[0].starts_with("The code or the PIN"));
    }
    // A wrong code says nothing about the PIN: three wrong PINs so far, and here are the fourth and fifth.
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    for _ in 0..2 {
        assert!(proves(&mut browser, &code, &other(&pin)).await.errors()[0].starts_with("The code or the PIN"));
    }
    let waits = proves(&mut browser, &code, &pin).await;
    assert_eq!(waits.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(waits.errors()[0].contains("Wait 15 minutes"), "{:?}", waits.errors());
    assert!(!is_signed_in(&mut browser).await, "even the right PIN has to wait");

    // Of many at once, one is let through; the owner is slowed down and never locked out.
    hub.wait(MINUTE * 16);
    let (browser, code) = hub.asked_for_a_code("amira").await;
    let wrong = other(&pin);
    let answers = join_all((0..4).map(|_| {
        let (mut browser, code, wrong) = (browser.clone(), code.clone(), wrong.clone());
        async move { proves(&mut browser, &code, &wrong).await.errors()[0].contains("Wait 15 minutes") }
    }))
    .await;
    assert_eq!(answers.into_iter().filter(|waits| !waits).count(), 1);
    hub.wait(MINUTE * 16);
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    assert_eq!(proves(&mut browser, &code, &pin).await.location(), "/home");
    // Signed in, all tries are given back.
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    for _ in 0..4 {
        assert!(proves(&mut browser, &code, &other(&pin)).await.errors()[0].starts_with("The code or the PIN"));
    }
    assert_eq!(proves(&mut browser, &code, &pin).await.location(), "/home");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once() {
    let hub = Hub::start().await;
    let pin = hub.demo_person("amira").pin.clone();
    let (mut browser, code) = hub.asked_for_a_code("amira").await;
    let mut thief = browser.clone();
    assert_eq!(proves(&mut browser, &code, &pin).await.location(), "/home");
    assert!(proves(&mut thief, &code, &pin).await.says("Get a new code"));
    assert_eq!(sessions(&hub).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_only_in_the_browser_that_asked_for_it() {
    let hub = Hub::start().await;
    let pin = hub.demo_person("amira").pin.clone();
    let (_, code) = hub.asked_for_a_code("amira").await;
    assert!(proves(&mut hub.browser(), &code, &pin).await.says("Get a new code"));
    let (mut other_browser, _) = hub.asked_for_a_code("bethan").await;
    assert_eq!(proves(&mut other_browser, &code, &pin).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sessions(&hub).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_runs_out_after_ten_minutes() {
    let hub = Hub::start().await;
    let pin = hub.demo_person("amira").pin.clone();
    for (age, works) in [(Duration::minutes(10) - Duration::seconds(1), true), (Duration::minutes(10), false)] {
        let (mut browser, code) = hub.asked_for_a_code("amira").await;
        hub.wait(age);
        let answer = proves(&mut browser, &code, &pin).await;
        assert_eq!(answer.status == StatusCode::SEE_OTHER, works, "{age}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_could_not_be_mailed_in_its_life_is_not_mailed_late() {
    let hub = Hub::start().await;
    hub.mail.behave(Behaviour::TryLater);
    hub.asked_for_a_code("amira").await;
    hub.mail.behave(Behaviour::Accept);
    hub.wait(Duration::minutes(11));
    hub.deliver().await;
    assert!(hub.mails().is_empty());
    assert_eq!(hub.count(sql("select count(*) from outbox where state = 'not_sent'")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_right_codes_at_once_begin_one_session() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let pin = hub.demo_person("amira").pin.clone();
        let (browser, code) = hub.asked_for_a_code("amira").await;
        let mut browsers = vec![browser; 64];
        let answers = join_all(browsers.iter_mut().map(|browser| proves(browser, &code, &pin))).await;
        let winners = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        assert_eq!(winners, 1, "{backend:?}");
        assert!(answers.iter().all(|answer| answer.status == StatusCode::SEE_OTHER || answer.status == StatusCode::UNPROCESSABLE_ENTITY));
        assert_eq!(sessions(&hub).await, 1, "{backend:?}");
        assert_eq!(hub.acts("signed_in").await, 1, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_code_in_a_quarter_of_an_hour_is_not_sent_and_looks_the_same() {
    let hub = Hub::start().await;
    for _ in 0..7 {
        let answer = hub.browser().post("/sign-in", &[("identifier", "amira@example.test")]).await;
        assert_eq!(answer.location(), "/sign-in/code");
    }
    hub.deliver().await;
    assert_eq!(hub.mails_to("amira").len(), 5);
    hub.wait(MINUTE * 15);
    hub.person("amira").await;
    assert_eq!(hub.mails_to("amira").len(), 6, "later it is sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_ten_minutes_without_a_sign_of_life() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    for _ in 0..3 {
        hub.wait(MINUTE * 10 - Duration::seconds(1));
        assert!(is_signed_in(&mut amira).await, "each page lengthens it");
    }
    hub.wait(MINUTE * 10);
    assert!(!is_signed_in(&mut amira).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_an_hour_whatever_happens() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    for _ in 0..11 {
        hub.wait(MINUTE * 5);
        assert!(is_signed_in(&mut amira).await);
    }
    hub.wait(MINUTE * 5);
    assert!(!is_signed_in(&mut amira).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_looks_by_itself_does_not_lengthen_the_session() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let path = format!("{}/messages", hub.case_of("amira"));
    for _ in 0..9 {
        hub.wait(MINUTE);
        assert_eq!(amira.part(&path, "thread").await.status, StatusCode::OK);
    }
    hub.wait(MINUTE);
    assert_eq!(amira.part(&path, "thread").await.location(), "/sign-in");
    assert!(!is_signed_in(&mut amira).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_on_the_server() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let mut copy = amira.clone();
    assert_eq!(amira.get("/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED, "a link cannot do it");
    assert!(is_signed_in(&mut amira).await);
    let answer = amira.post("/sign-out", &[]).await;
    assert!(answer.says("You are signed out"));
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"cookies\", \"storage\"");
    assert!(amira.jar.is_empty());
    assert!(!is_signed_in(&mut copy).await, "an old copy of the cookie opens nothing");
    assert_eq!(sessions(&hub).await, 0);
    assert!(hub.browser().post("/sign-out", &[]).await.says("You are signed out"), "signed out already: the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_ends_the_session_that_was_in_this_browser() {
    let hub = Hub::start().await;
    let mut browser = hub.person("amira").await;
    let mut before = browser.clone();
    browser.post("/sign-in", &[("identifier", "bethan@example.test")]).await;
    hub.deliver().await;
    let code = hub.mails_to("bethan")[0].body()["Your code is ".len()..][..6].to_owned();
    proves(&mut browser, &code, &hub.demo_person("bethan").pin).await;
    assert!(browser.get("/home").await.says("Hello, Bethan"));
    assert!(!is_signed_in(&mut before).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_token_opens_nothing() {
    let hub = Hub::start().await;
    let amira = hub.person("amira").await;
    let real = &amira.jar["__Host-s"];
    let hash = keys::token_hash(real);
    for token in [hash.as_str(), "", "x", &real[..42], &real.to_lowercase(), &"A".repeat(5_000), "' or 1=1 --"] {
        let request = Request::get("/home").header(header::COOKIE, format!("__Host-s={token}")).body(Body::empty()).unwrap();
        assert_eq!(hub.browser().send(request).await.location(), "/sign-in", "{token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_hashes_are_stored() {
    let hub = Hub::start().await;
    let (mut amira, code) = hub.asked_for_a_code("amira").await;
    let challenge = amira.jar["__Host-c"].clone();
    proves(&mut amira, &code, &hub.demo_person("amira").pin).await;
    let session = amira.jar["__Host-s"].clone();
    let (stored,): (String,) = hub.one(sql("select token_hash from person_sessions")).await.unwrap();
    assert_eq!(stored, keys::token_hash(&session));
    let (code_hash,): (String,) = hub.one(sql("select code_hash from sign_in_challenges")).await.unwrap();
    assert!(!code_hash.contains(&code) && code_hash.len() == 64);
    let staff = hub.staff("sam").await;
    let mut secrets = vec![challenge, session, staff.jar["__Host-w"].clone(), hub.machine_key().to_owned()];
    secrets.extend(hub.demo.staff.iter().map(|staff| staff.password.clone()));
    for name in ["portal.db", "portal.db-wal"] {
        let bytes = std::fs::read(hub.folder().join(name)).unwrap();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} stands in {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_signs_nobody_in_or_out() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let rows = hub.count(sql("select count(*) from sign_in_challenges")).await;
    for path in ["/sign-in", "/sign-in/code", "/sign-out"] {
        for site in ["cross-site", "same-site"] {
            let mut request = form_request(path, &[("identifier", "amira@example.test")]);
            request.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
            let answer = amira.send(request).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(answer.says("We could not read that"));
        }
        let mut request = form_request(path, &[("identifier", "amira@example.test")]);
        request.headers_mut().remove("sec-fetch-site");
        request.headers_mut().insert(header::HOST, "portal.example.test".parse().unwrap());
        request.headers_mut().insert(header::ORIGIN, "https://evil.example".parse().unwrap());
        assert_eq!(amira.send(request).await.status, StatusCode::FORBIDDEN, "an old browser's Origin counts too");
    }
    assert_eq!(hub.count(sql("select count(*) from sign_in_challenges")).await, rows);
    assert!(is_signed_in(&mut amira).await);
}
