//! Passkeys: added with the PIN, used instead of a code and a PIN, removed with one tap, and gone after a new
//! way in. Whatever is wrong is refused in the same words.

use crate::authenticator::Phone;
use crate::harness::{Answer, Backend, Browser, Hub, all};
use crate::joining;
use axum::http::StatusCode;
use chrono::Duration;
use futures_util::future::join_all;
use serde_json::Value;
use server::db::sql;
use server::retention::{self, Erased};
use std::collections::BTreeSet;
use uuid::Uuid;

const LIST: &str = "/security/passkeys";
const NEW: &str = "/security/passkeys/new";
const MAKE: &str = "/security/passkeys/make";
const SIGN_IN: &str = "/sign-in/passkey";
const REFUSED: &str = "That did not work. Use a code and your PIN instead.";

/// What a page asks its browser for.
fn asked(page: &Answer) -> Value {
    let html = page.page();
    let forms = all(&html, "form[data-passkey]");
    assert_eq!(forms.len(), 1, "{}", page.body);
    serde_json::from_str(forms[0].attr("data-options").expect("options")).expect("JSON")
}

async fn is_asked_to_make(browser: &mut Browser<'_>, pin: &str) -> Value {
    let answer = browser.post(NEW, &[("pin", pin)]).await;
    assert_eq!(answer.location(), MAKE);
    asked(&browser.get(MAKE).await)
}

/// Adds a passkey of this phone.
pub async fn adds(browser: &mut Browser<'_>, phone: &mut Phone, pin: &str) -> Answer {
    let made = phone.makes(&is_asked_to_make(browser, pin).await);
    browser.post(MAKE, &[("credential", made.as_str())]).await
}

async fn is_asked_to_sign_in(browser: &mut Browser<'_>) -> Value {
    assert_eq!(browser.post("/sign-in/passkey/start", &[]).await.location(), SIGN_IN);
    asked(&browser.get(SIGN_IN).await)
}

async fn says(browser: &mut Browser<'_>, credential: &str) -> Answer {
    browser.post(SIGN_IN, &[("credential", credential)]).await
}

/// Signs in with the passkey of this phone.
pub async fn signs_in(browser: &mut Browser<'_>, phone: &mut Phone) -> Answer {
    let asked = is_asked_to_sign_in(browser).await;
    says(browser, &phone.answers(&asked)).await
}

fn pin(hub: &Hub, name: &str) -> String {
    hub.demo_person(name).pin.clone()
}

/// Somebody with a passkey, and the phone it is on.
async fn with_passkey<'h>(hub: &'h Hub, name: &str) -> (Browser<'h>, Phone) {
    let (mut browser, mut phone) = (hub.person(name).await, Phone::new());
    let added = adds(&mut browser, &mut phone, &pin(hub, name)).await;
    assert_eq!(added.location(), "/security/passkeys?made");
    (browser, phone)
}

async fn passkeys(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from passkeys")).await
}

async fn sessions(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from person_sessions where ended_at is null")).await
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert_eq!(answer.errors(), [REFUSED]);
    assert_eq!(answer.header("set-cookie"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_added_with_the_pin_and_replaces_code_and_pin() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (mut amira, mut phone) = with_passkey(&hub, "amira").await;
        let made = amira.get("/security/passkeys?made").await;
        assert!(made.says("Your passkey is made") && made.row("Last used") == "Not yet", "{backend:?}");
        assert!(amira.get("/security").await.says("A passkey was added on 23 November 2026 at 10am."));
        hub.wait(Duration::minutes(30));
        let mut other = hub.person("tom").await;
        let before = other.clone();
        let answer = signs_in(&mut other, &mut phone).await;
        assert_eq!(answer.location(), "/home");
        assert!(other.get("/home").await.says("Hello, Amira"));
        assert_eq!(other.jar.keys().collect::<Vec<_>>(), ["__Host-s"], "the question is over");
        assert_ne!(other.jar["__Host-s"], before.jar["__Host-s"]);
        assert_eq!(before.clone().get("/home").await.location(), "/sign-in", "whoever was signed in here is not any more");
        assert!(!other.get("/contact/text").await.body.contains("name=\"pin\""), "it counts as the PIN, for five minutes");
        let list = other.get(LIST).await;
        assert_eq!(list.row("Last used"), "23 November 2026 at 10:30am");
        assert_eq!((hub.acts("passkey_added").await, hub.acts("sign_in_failed").await), (1, 0));
        // Its counter goes up, and the next time counts too.
        assert_eq!(signs_in(&mut hub.browser(), &mut phone).await.location(), "/home");
        hub.deliver().await;
        assert!(hub.notices().is_empty(), "nobody is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_and_the_pages_show_names_nobody() {
    let hub = Hub::start().await;
    let (mut amira, mut phone) = (hub.person("amira").await, Phone::new());
    let options = is_asked_to_make(&mut amira, &pin(&hub, "amira")).await;
    assert_eq!((options["user"]["name"].as_str(), options["user"]["displayName"].as_str()), (Some("My account"), Some("My account")));
    assert_eq!((options["rp"]["id"].as_str(), options["rp"]["name"].as_str()), (Some("portal.example.test"), Some("Updates")));
    // Random bytes can spell any word.
    let mut told = options.clone();
    (told["challenge"], told["user"]["id"]) = (Value::Null, Value::Null);
    let said = told.to_string().to_lowercase();
    for telling in ["amira", "victim", "witness", "police", "crime", "case", "hub", "support"] {
        assert!(!said.contains(telling), "{telling} in {said}");
    }
    let made = phone.makes(&options);
    amira.post(MAKE, &[("credential", made.as_str())]).await.location();
    let handle: Option<(Uuid, String)> = hub.one(sql("select user_handle, credential from passkeys")).await;
    let (handle, sealed) = handle.expect("a passkey");
    assert_ne!(handle, hub.person_id("amira").await);
    assert!(!sealed.contains(&phone.id()) && !sealed.contains('{'), "sealed");
    // A second one of hers is the same account on the phone, and no page says the id of the first.
    let again = is_asked_to_make(&mut amira, &pin(&hub, "amira")).await;
    assert_eq!(again["user"]["id"].as_str(), Some(phone.handle.as_str()));
    for path in [LIST, NEW, MAKE, "/security", "/home", SIGN_IN] {
        assert!(!amira.get(path).await.body.contains(&phone.id()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_adds_one_without_the_pin() {
    let hub = Hub::start().await;
    for (path, post) in [(LIST, false), (NEW, false), (NEW, true), (MAKE, false), (MAKE, true)] {
        let mut nobody = hub.browser();
        let answer = if post { nobody.post(path, &[("pin", "246813")]).await } else { nobody.get(path).await };
        assert_eq!(answer.location(), "/sign-in", "{path}");
    }
    let mut amira = hub.person("amira").await;
    let page = amira.get(NEW).await;
    assert!(page.says("Whoever can unlock this phone or computer can get in") && page.says("stay with a code and your PIN"));
    assert!(page.says("This browser cannot make a passkey"), "until the script says otherwise");
    assert_eq!(amira.get(MAKE).await.location(), NEW, "nothing is asked yet");
    // Asked for even a moment after signing in.
    assert_eq!(amira.post(NEW, &[]).await.errors(), ["Enter your PIN to save this"]);
    let wrong = amira.post(NEW, &[("pin", "111222")]).await;
    assert_eq!((wrong.status, wrong.errors()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["The PIN is not right. Try again".to_owned()]));
    assert_eq!(hub.count(sql("select count(*) from passkey_challenges")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_makes_no_passkey() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let secret = pin(&hub, "amira");
        let mut amira = hub.person("amira").await;
        let not_made = |answer: &Answer| {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.errors()[0].starts_with("That did not work. No passkey was made."), "{:?}", answer.errors());
        };
        for wrong in ["origin", "unverified", "nonsense", "late"] {
            let mut phone = Phone::new();
            match wrong {
                "origin" => phone.origin = "https://portal.example.test.evil.test".into(),
                "unverified" => phone.verifies = false,
                _ => {}
            }
            let options = is_asked_to_make(&mut amira, &secret).await;
            let made = if wrong == "nonsense" { "{\"id\":1}".to_owned() } else { phone.makes(&options) };
            if wrong == "late" {
                hub.wait(Duration::minutes(5));
            }
            not_made(&amira.post(MAKE, &[("credential", made.as_str())]).await);
            assert_eq!(passkeys(&hub).await, 0, "{backend:?}: {wrong}");
        }
        // Made for one session, it is nothing in another of hers, nor in somebody else's.
        let mut phone = Phone::new();
        let options = is_asked_to_make(&mut amira, &secret).await;
        let made = phone.makes(&options);
        for mut other in [hub.person("amira").await, hub.person("tom").await] {
            not_made(&other.post(MAKE, &[("credential", made.as_str())]).await);
        }
        assert_eq!(passkeys(&hub).await, 0);
        // Closed by the person, the same question waits; answered, it is over.
        let closed = amira.post(MAKE, &[("credential", "")]).await;
        not_made(&closed);
        assert_eq!(asked(&closed), options);
        assert_eq!(amira.post(MAKE, &[("credential", made.as_str())]).await.location(), "/security/passkeys?made");
        not_made(&amira.post(MAKE, &[("credential", made.as_str())]).await);
        // The same passkey cannot become somebody else's.
        let mut tom = hub.person("tom").await;
        not_made(&adds(&mut tom, &mut phone, &pin(&hub, "tom")).await);
        assert_eq!(passkeys(&hub).await, 1, "{backend:?}");
        hub.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_answer_is_refused_in_the_same_words() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (_, mut phone) = with_passkey(&hub, "amira").await;
        let (_, toms) = with_passkey(&hub, "tom").await;
        let before = sessions(&hub).await;
        let mut pages = BTreeSet::new();
        for wrong in ["origin", "unverified", "nonsense", "late", "unknown", "handle", "signature", "closed", "no question"] {
            let mut browser = hub.browser();
            let options = is_asked_to_sign_in(&mut browser).await;
            let said = match wrong {
                "origin" => {
                    phone.origin = "http://portal.example.test".into();
                    phone.answers(&options)
                }
                "unverified" => {
                    phone.verifies = false;
                    phone.answers(&options)
                }
                "nonsense" => "{\"id\":1}".to_owned(),
                "closed" => String::new(),
                "unknown" => {
                    let mut other = Phone::new();
                    other.handle.clone_from(&phone.handle);
                    other.answers(&options)
                }
                // Amira's key, said to be Tom's, and the other way round.
                "handle" => phone.answers(&options).replace(&phone.handle, &toms.handle),
                "signature" => phone.answers(&options).replace(&phone.id(), &toms.id()).replace(&phone.handle, &toms.handle),
                _ => phone.answers(&options),
            };
            match wrong {
                "late" => hub.wait(Duration::minutes(5)),
                "no question" => browser.jar.clear(),
                _ => {}
            }
            let answer = says(&mut browser, &said).await;
            is_refused(&answer);
            pages.insert(answer.body);
            (phone.origin, phone.verifies) = (crate::harness::BASE_URL.to_owned(), true);
        }
        // The question of another browser.
        let (mut one, mut other) = (hub.browser(), hub.browser());
        let options = is_asked_to_sign_in(&mut one).await;
        is_asked_to_sign_in(&mut other).await;
        let answer = says(&mut other, &phone.answers(&options)).await;
        is_refused(&answer);
        pages.insert(answer.body);
        assert_eq!(pages.len(), 1, "one page for all");
        assert_eq!(sessions(&hub).await, before, "{backend:?}");
        // All but the one that was closed.
        assert_eq!(hub.acts("sign_in_failed").await, 9, "{backend:?}");
        assert_eq!(signs_in(&mut hub.browser(), &mut phone).await.location(), "/home", "and the right one still opens");
        // A copy of the phone, made before: its count has not grown.
        phone.count = 0;
        is_refused(&signs_in(&mut hub.browser(), &mut phone).await);
        hub.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_works_once_also_when_it_comes_many_times_at_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (_, mut phone) = with_passkey(&hub, "amira").await;
        let before = sessions(&hub).await;
        let mut browser = hub.browser();
        let said = phone.answers(&is_asked_to_sign_in(&mut browser).await);
        let copies = (0..16).map(|_| browser.clone());
        let answers = join_all(copies.map(|mut copy| {
            let said = said.clone();
            async move { says(&mut copy, &said).await }
        }))
        .await;
        let (right, wrong): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::SEE_OTHER);
        assert_eq!(right.len(), 1, "{backend:?}");
        wrong.into_iter().for_each(is_refused);
        assert_eq!(sessions(&hub).await, before + 1, "{backend:?}");
        hub.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_asks_nothing_and_only_their_own_is_theirs_to_remove() {
    let hub = Hub::start().await;
    let (mut amira, mut phone) = with_passkey(&hub, "amira").await;
    let row: Option<(Uuid,)> = hub.one(sql("select passkey_id from passkeys")).await;
    let path = format!("/security/passkeys/{}/remove", row.expect("a passkey").0);
    assert_eq!(hub.browser().post(&path, &[]).await.location(), "/sign-in");
    let mut tom = hub.person("tom").await;
    assert_eq!(tom.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    assert!(tom.get(LIST).await.says("You have no passkeys."));
    assert_eq!(passkeys(&hub).await, 1);
    hub.wait(Duration::minutes(6)); // her PIN counts no longer
    let form = amira.get(LIST).await.form(&path);
    for _ in 0..2 {
        assert_eq!(amira.submit(&form).await.location(), "/security/passkeys?removed", "a second tap changes nothing");
    }
    assert!(amira.get(LIST).await.says("You have no passkeys."));
    let page = amira.get("/security").await;
    assert!(page.says("A passkey was removed on") && page.says("A passkey was added on"), "whoever hid one is seen");
    is_refused(&signs_in(&mut hub.browser(), &mut phone).await);
    assert_eq!(hub.acts("passkey_removed").await, 1);
    hub.deliver().await;
    assert!(hub.notices().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pin_keeps_passkeys_and_a_new_way_in_ends_them() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (mut amira, mut phone) = with_passkey(&hub, "amira").await;
        let (_, mut toms) = with_passkey(&hub, "tom").await;
        assert!(amira.get("/security/pin").await.says("A new PIN does not stop a passkey."));
        let old = pin(&hub, "amira");
        let change = [("pin", old.as_str()), ("new_pin", "905172"), ("pin_again", "905172")];
        assert_eq!(amira.post("/security/pin", &change).await.location(), "/security?pin");
        assert!(amira.get("/security?pin").await.says("Your passkeys stay."));
        assert_eq!(signs_in(&mut hub.browser(), &mut phone).await.location(), "/home");
        // She has lost her phone and calls the hub.
        let person = hub.person_id("amira").await;
        let (token, word) = hub.staff("sam").await.invites(person).await;
        assert_eq!(signs_in(&mut hub.browser(), &mut phone).await.location(), "/home", "an invitation alone changes nothing");
        let mut own = hub.browser();
        joining::says(&mut own, &token, &word).await.location();
        assert!(own.get("/join/you").await.says("Before you start"));
        joining::chooses(&mut own, "amira.safe@example.test").await.location();
        is_refused(&signs_in(&mut hub.browser(), &mut phone).await);
        assert_eq!(joining::signs_in(&hub, &mut own, "amira.safe@example.test").await.location(), "/home");
        assert!(own.get(LIST).await.says("You have no passkeys."));
        assert!(own.get("/security").await.says("A passkey was removed on"));
        assert_eq!(signs_in(&mut hub.browser(), &mut toms).await.location(), "/home", "nobody else's");
        hub.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_are_enough() {
    let hub = Hub::start().await;
    let (mut amira, _) = with_passkey(&hub, "amira").await;
    let person = hub.person_id("amira").await;
    for n in 2..=10 {
        let row = sql("insert into passkeys (passkey_id, person_id, user_handle, credential_index, credential, added_at) \
             select $1, person_id, user_handle, $2, 'x', added_at from passkeys where person_id = $3 limit 1");
        hub.change(row.bind(Uuid::from_u128(n)).bind(n.to_string()).bind(person)).await;
    }
    let answer = amira.post(NEW, &[("pin", pin(&hub, "amira").as_str())]).await;
    assert_eq!(answer.errors(), ["You have 10 passkeys. Remove one before you add another"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_person_takes_their_passkeys() {
    let hub = Hub::start().await;
    let (mut amira, mut phone) = with_passkey(&hub, "amira").await;
    is_asked_to_make(&mut amira, &pin(&hub, "amira")).await;
    let (_, mut toms) = with_passkey(&hub, "tom").await;
    hub.deliver().await;
    let person = app::domain::ids::PersonId(hub.person_id("amira").await);
    let mut tx = hub.portal.db.write().await.unwrap();
    assert!(matches!(retention::erase(&mut tx, person, hub.now()).await.unwrap(), Erased::Done { .. }));
    tx.commit().await.unwrap();
    for left in ["select count(*) from passkeys where person_id = $1", "select count(*) from passkey_challenges where person_id = $1"] {
        assert_eq!(hub.count(sql(left).bind(person)).await, 0);
    }
    is_refused(&signs_in(&mut hub.browser(), &mut phone).await);
    assert_eq!(signs_in(&mut hub.browser(), &mut toms).await.location(), "/home");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_ends_a_question_that_waits() {
    let hub = Hub::start().await;
    let (_, mut phone) = with_passkey(&hub, "amira").await;
    let mut browser = hub.browser();
    let said = phone.answers(&is_asked_to_sign_in(&mut browser).await);
    let mut copy = browser.clone();
    browser.get("/exit").await.location();
    is_refused(&says(&mut copy, &said).await);
    assert_eq!(browser.get(SIGN_IN).await.location(), "/sign-in");
}

/// No browser gives a passkey to a number, or over a line that anybody can read.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_address_cannot_have_them_they_are_off() {
    let hub = Hub::start_at("http://127.0.0.1:3000").await;
    let door = hub.browser().get("/sign-in").await;
    assert!(!door.body.contains("passkey"), "{}", door.body);
    let mut amira = hub.person("amira").await;
    assert!(amira.get(LIST).await.says("This site cannot offer passkeys. Use a code and your PIN."));
    for (path, post) in [(NEW, false), (NEW, true), (MAKE, true)] {
        let answer = if post { amira.post(path, &[("pin", "1"), ("credential", "{}")]).await } else { amira.get(path).await };
        assert_eq!(answer.location(), LIST, "{path}");
    }
    let mut nobody = hub.browser();
    for path in ["/sign-in/passkey/start", SIGN_IN] {
        assert_eq!(nobody.post(path, &[("credential", "{}")]).await.location(), "/sign-in", "{path}");
    }
    // Where they are on, the button waits for the script.
    let on = Hub::start().await;
    let door = on.browser().get("/sign-in").await;
    assert_eq!(door.texts("[hidden][data-passkey-host='portal.example.test'] button"), ["Sign in with a passkey"]);
    assert!(door.body.contains("passkey.10.js") && !on.browser().get("/").await.body.contains("passkey.10.js"));
    on.deliver().await;
    hub.deliver().await;
}
