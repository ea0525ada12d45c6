//! Joining, and getting back in: a link on paper and a word by voice, and neither alone.

use crate::harness::{Answer, Backend, Browser, Hub, encode};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use futures_util::future::join_all;
use server::db::sql;
use server::keys;
use uuid::Uuid;

const PIN: &str = "246813";

/// Somebody from the records system: no PIN, no address that is known to be safe.
pub async fn newcomer(hub: &Hub) -> Uuid {
    let batch = r#"{"cases":[{"reference":"N-1","month":"2026-10","crime_type":"Other crime","people":[
        {"key":"N","name":"Nell Newcomer","role":"victim","email":"shared@example.test"}]}]}"#;
    let request = Request::post("/api/v1/cases")
        .header(header::AUTHORIZATION, format!("Bearer {}", hub.machine_key()))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(batch))
        .expect("a request");
    assert_eq!(hub.browser().send(request).await.status, StatusCode::OK);
    hub.known("records", "N").await.expect("the newcomer")
}

async fn invited(hub: &Hub) -> (Uuid, String, String) {
    let person = newcomer(hub).await;
    let (token, word) = hub.staff("sam").await.invites(person).await;
    // A staff code works once.
    hub.wait(Duration::minutes(1));
    (person, token, word)
}

pub async fn says(browser: &mut Browser<'_>, token: &str, word: &str) -> Answer {
    browser.post(&format!("/join/{token}"), &[("word", word)]).await
}

pub async fn chooses(browser: &mut Browser<'_>, email: &str) -> Answer {
    let said = browser.post("/join/you", &[("device", "just_mine"), ("inbox", "just_mine")]).await;
    assert_eq!(said.location(), "/join/pin");
    browser.post("/join/pin", &[("email", email), ("pin", PIN), ("pin_again", PIN)]).await
}

/// The code that was mailed last to an address.
async fn code_to(hub: &Hub, address: &str) -> Option<String> {
    hub.deliver().await;
    let mails: Vec<_> = hub.mails().into_iter().filter(|mail| mail.to == [address.to_owned()]).collect();
    mails.last().map(|mail| mail.body().split("Your code is ").nth(1).expect("a code")[..6].to_owned())
}

pub async fn signs_in(hub: &Hub, browser: &mut Browser<'_>, address: &str) -> Answer {
    let code = code_to(hub, address).await.expect("a code");
    browser.post("/sign-in/code", &[("code", &code), ("pin", PIN)]).await
}

pub fn other(word: &str) -> String {
    word.chars()
        .map(|c| {
            if c == 'Z' {
                'Y'
            } else if c == ' ' {
                c
            } else {
                'Z'
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_joins_with_link_and_word_and_sees_their_case() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (_, token, word) = invited(&hub).await;
        let mut nell = hub.browser();
        assert!(nell.get(&format!("/join/{token}")).await.says("The word that we told you"));
        assert_eq!(says(&mut nell, &token, &word).await.location(), "/join/you", "and the link has left the address bar");
        assert_eq!(nell.get("/join/pin").await.location(), "/join/you", "first who sees what");
        assert_eq!(chooses(&mut nell, "nell@example.test").await.location(), "/sign-in/code");
        assert_eq!(nell.get("/home").await.location(), "/sign-in", "nobody is in before the code");
        assert_eq!(signs_in(&hub, &mut nell, "nell@example.test").await.location(), "/home");
        let home = nell.get("/home").await;
        assert!(home.says("Hello, Nell") && home.says("Your case"));
        // Not to the address that the records system gave: nobody has said that it is safe.
        assert!(hub.mails().iter().all(|mail| mail.to == ["nell@example.test"]), "{backend:?}");
        assert_eq!((hub.acts("invited").await, hub.acts("invitation_opened").await, hub.acts("way_in_chosen").await), (1, 1, 1));
        // Used up: the same link and word open nothing more.
        let again = says(&mut hub.browser(), &token, &word).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Next time she signs in as everybody does.
        let mut later = hub.browser();
        later.post("/sign-in", &[("identifier", "nell@example.test")]).await;
        assert_eq!(signs_in(&hub, &mut later, "nell@example.test").await.location(), "/home");
        // The old address is nobody's way in.
        hub.browser().post("/sign-in", &[("identifier", "shared@example.test")]).await;
        assert_eq!(code_to(&hub, "shared@example.test").await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_link_and_posting_nothing_change_nothing() {
    let hub = Hub::start().await;
    let (_, token, word) = invited(&hub).await;
    let path = format!("/join/{token}");
    let row = || sql("select count(*) from invitations where tries = 0 and pass_hash is null and used_at is null");
    for method in ["HEAD", "GET", "GET", "GET", "GET", "GET"] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        assert_eq!(hub.browser().send(request).await.status, StatusCode::OK, "{method}");
    }
    for fields in [&[][..], &[("word", "")], &[("word", "   ")], &[("word", "Continue")]] {
        let answer = hub.browser().post(&path, fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(hub.count(row()).await, 1, "as it was");
    assert_eq!(says(&mut hub.browser(), &token, &word).await.location(), "/join/you");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_link_looks_like_a_known_one() {
    let hub = Hub::start().await;
    let (_, token, word) = invited(&hub).await;
    let unknown = "A".repeat(43);
    let alike = |answer: &Answer, token: &str| {
        let mut headers = answer.headers.clone();
        headers.remove(header::SET_COOKIE);
        (answer.status, format!("{headers:?}"), answer.body.replace(token, ""))
    };
    let mut browser = hub.browser();
    for fields in [&[][..], &[("word", "nothing")], &[("word", other(&word).as_str())]] {
        let known = browser.post(&format!("/join/{token}"), fields).await;
        let not = browser.post(&format!("/join/{unknown}"), fields).await;
        assert_eq!(alike(&known, &token), alike(&not, &unknown));
    }
    let known = browser.get(&format!("/join/{token}")).await;
    assert_eq!(alike(&known, &token), alike(&browser.get(&format!("/join/{unknown}")).await, &unknown));
    assert!(!known.body.contains("Nell"), "the page knows nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_words_end_an_invitation_also_when_they_come_at_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (person, token, word) = invited(&hub).await;
        let wrong = other(&word);
        for _ in 0..4 {
            says(&mut hub.browser(), &token, &wrong).await;
        }
        let mut nell = hub.browser();
        assert_eq!(says(&mut nell, &token, &word).await.location(), "/join/you", "four slips are forgiven");
        let tries = join_all((0..64).map(|_| {
            let (hub, token, wrong) = (&hub, token.clone(), wrong.clone());
            async move { says(&mut hub.browser(), &token, &wrong).await.status }
        }))
        .await;
        assert!(tries.into_iter().all(|status| status == StatusCode::UNPROCESSABLE_ENTITY));
        assert_eq!(hub.count(sql("select tries from invitations")).await, 5, "{backend:?}");
        assert_eq!(says(&mut hub.browser(), &token, &word).await.status, StatusCode::UNPROCESSABLE_ENTITY, "spent");
        let page = hub.staff("sam").await.get(&format!("/hub/people/{person}")).await;
        assert!(page.says("Ended by 5 wrong words"), "and staff see it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_runs_out_and_a_newer_one_ends_it() {
    let hub = Hub::start().await;
    let (person, old, old_word) = invited(&hub).await;
    let mut early = hub.browser();
    assert_eq!(says(&mut early, &old, &old_word).await.location(), "/join/you");
    let (token, word) = hub.staff("sam").await.invites(person).await;
    assert_eq!(early.get("/join/you").await.location(), "/", "what the old one opened is closed");
    assert_eq!(says(&mut hub.browser(), &old, &old_word).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(says(&mut hub.browser(), &token, &old_word).await.status, StatusCode::UNPROCESSABLE_ENTITY, "each has its own word");
    let mut nell = hub.browser();
    assert_eq!(says(&mut nell, &token, &word).await.location(), "/join/you");
    hub.wait(Duration::minutes(31));
    assert_eq!(nell.get("/join/you").await.location(), "/", "half an hour");
    hub.wait(Duration::days(14));
    assert_eq!(says(&mut nell, &token, &word).await.status, StatusCode::UNPROCESSABLE_ENTITY, "14 days");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_word_nothing_can_be_chosen() {
    let hub = Hub::start().await;
    let (_, token, _) = invited(&hub).await;
    for cookie in ["", &format!("__Host-j={token}"), "__Host-j=A"] {
        for path in ["/join/you", "/join/pin"] {
            let fields = [("device", "just_mine"), ("inbox", "just_mine"), ("email", "x@example.test"), ("pin", PIN), ("pin_again", PIN)];
            let get = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
            let post = Request::post(path)
                .header(header::COOKIE, cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(encode(&fields)))
                .unwrap();
            for request in [get, post] {
                assert_eq!(hub.browser().send(request).await.location(), "/", "{path}");
            }
        }
    }
    assert_eq!(hub.holders("x@example.test").await, 0);
    hub.deliver().await;
    assert!(hub.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_address_costs_nobody_the_way_in() {
    let hub = Hub::start().await;
    let (person, token, word) = invited(&hub).await;
    let mut nell = hub.browser();
    says(&mut nell, &token, &word).await;
    chooses(&mut nell, "nel@example.test").await.location();
    // The code went astray. The link and the word still work, and the wrong address is dead.
    assert_eq!(says(&mut nell, &token, &word).await.location(), "/join/you");
    chooses(&mut nell, "nell@example.test").await.location();
    assert_eq!(hub.holders("nel@example.test").await, 0);
    assert_eq!(signs_in(&hub, &mut nell, "nell@example.test").await.location(), "/home");
    assert_eq!(hub.mails().len(), 1, "the code of the first choice is spent, and is not sent to the second address");
    let live = sql("select count(*) from contact_points where person_id = $1 and revoked_at is null").bind(person);
    assert_eq!(hub.count(live).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_address_cannot_be_taken_and_nothing_is_half_done() {
    let hub = Hub::start().await;
    let (person, token, word) = invited(&hub).await;
    let mut nell = hub.browser();
    says(&mut nell, &token, &word).await;
    let answer = chooses(&mut nell, "amira@example.test").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.errors()[0].contains("cannot use this email"));
    assert_eq!(answer.field("email"), "", "an address that cannot be used is not shown again either");
    assert!(!answer.body.contains(PIN));
    let joined = sql("select count(*) from people where person_id = $1 and pin_hash is not null").bind(person);
    assert_eq!(hub.count(joined).await, 0);
    hub.asked_for_a_code("amira").await;
    assert_eq!(hub.mails_to("amira").len(), 1, "Amira's is still hers");
    assert_eq!(hub.holders("shared@example.test").await, 1, "nor is anything of her own taken from her");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_invitation_lets_somebody_back_in_and_everybody_else_out() {
    let hub = Hub::start().await;
    // Tom's mail is not safe, so no code of his is ever sent: the hub gives him a way in of his own.
    let mut thief = hub.person("tom").await;
    let (mut waiting, _) = hub.asked_for_a_code("tom").await;
    let tom = hub.person_id("tom").await;
    let mut sam = hub.staff("sam").await;
    assert!(sam.get("/hub").await.body.contains(&format!("/hub/people/{tom}")), "the task leads to the person");
    let (token, word) = sam.invites(tom).await;
    assert_eq!(thief.get("/home").await.status, StatusCode::OK, "an invitation alone changes nothing");
    let mut own = hub.browser();
    says(&mut own, &token, &word).await;
    chooses(&mut own, "tom.safe@example.test").await.location();
    assert_eq!(thief.get("/home").await.location(), "/sign-in", "signed out everywhere");
    let old_pin = hub.demo_person("tom").pin.clone();
    assert_eq!(waiting.post("/sign-in/code", &[("code", "123456"), ("pin", &old_pin)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(signs_in(&hub, &mut own, "tom.safe@example.test").await.location(), "/home");
    assert!(hub.mails_to("tom").is_empty(), "nothing went to the address that is not safe");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_invite_and_only_after_saying_how_they_checked() {
    let hub = Hub::start().await;
    let person = newcomer(&hub).await;
    let path = format!("/hub/people/{person}");
    for (path, post) in [("/hub/people".to_owned(), false), (path.clone(), false), (format!("{path}/invite"), true)] {
        for mut browser in [hub.browser(), hub.person("amira").await] {
            let answer = if post { browser.post(&path, &[("checked", "in_person")]).await } else { browser.get(&path).await };
            assert_eq!(answer.location(), "/hub/sign-in", "{path}");
        }
    }
    let mut sam = hub.staff("sam").await;
    assert!(sam.get("/hub/people").await.says("Nell Newcomer"));
    let unsaid = sam.post(&format!("{path}/invite"), &[]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.errors()[0].contains("how you made sure"));
    assert_eq!(hub.count(sql("select count(*) from invitations")).await, 0);
    assert!(!sam.get(&path).await.body.contains("shared@example.test"), "an address shows nowhere");
    let (token, word) = sam.invites(person).await;
    for page in ["/hub/people", &path] {
        let answer = sam.get(page).await;
        assert!(!answer.body.contains(&token) && !answer.body.contains(&word), "shown once");
    }
    let kept: Option<(String, String)> = hub.one(sql("select token_hash, word_hash from invitations")).await;
    let (token_hash, word_hash) = kept.unwrap();
    assert_eq!(token_hash, keys::token_hash(&token));
    assert!(!word_hash.contains(&word.replace(' ', "")));
    assert_eq!((hub.acts("invited").await, hub.acts("person_viewed").await > 0, hub.acts("person_listed").await > 0), (1, true, true));
    hub.deliver().await;
    assert!(hub.mails().iter().all(|mail| mail.to == ["amira@example.test"]), "nobody is told by machine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_names_nobody_and_nothing() {
    let hub = Hub::start().await;
    let person = newcomer(&hub).await;
    let answer = hub.staff("sam").await.post(&format!("/hub/people/{person}/invite"), &[("checked", "officer")]).await;
    let letter = answer.texts(".hub-letter").remove(0).to_lowercase();
    let word = answer.texts(".hub-word").remove(0).to_lowercase();
    for telling in ["nell", "victim", "witness", "crime", "police", "court", "case", "offen", &word] {
        assert!(!letter.contains(telling), "the letter says {telling}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_give_the_same_address_at_once_one_has_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (_, token, word) = invited(&hub).await;
        let mut nell = hub.browser();
        says(&mut nell, &token, &word).await.location();
        let nia = hub.known("demo", "nia@example.test").await;
        let (token, word) = hub.staff("sam").await.invites(nia.expect("Nia")).await;
        let mut nia = hub.browser();
        says(&mut nia, &token, &word).await.location();
        let (one, other) = tokio::join!(chooses(&mut nell, "both@example.test"), chooses(&mut nia, "both@example.test"));
        let mut statuses = [one.status, other.status];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY], "{backend:?}");
        assert_eq!(hub.holders("both@example.test").await, 1);
        hub.deliver().await;
        assert_eq!(hub.mails().len(), 1, "one code, to whoever has it");
    }
}
