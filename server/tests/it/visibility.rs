//! Who may see what, generated: every route for every kind of viewer, and every page that a viewer can
//! reach, read for what is somebody else's.

use crate::bad_input::{Door, ROUTES, Takes, URLENCODED, Who, request};
use crate::harness::{Browser, Hub, PHOTO, all};
use axum::http::StatusCode;
use chrono::Duration;
use std::collections::{BTreeSet, HashMap};

/// What an answer comes to, for whoever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    ToTheDoor(&'static str),
    NotFound,
    Inside,
}

fn comes(status: StatusCode, location: &str) -> Comes {
    match (status, location) {
        (StatusCode::SEE_OTHER, "/sign-in") => Comes::ToTheDoor("/sign-in"),
        (StatusCode::SEE_OTHER, "/hub/sign-in") => Comes::ToTheDoor("/hub/sign-in"),
        (StatusCode::NOT_FOUND, _) => Comes::NotFound,
        _ => Comes::Inside,
    }
}

/// A row of the table for each viewer: a route that is added is tested by being there.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_open_to_its_own_viewers_and_to_no_others() {
    let hub = Hub::start().await;
    let door = Door::open(&hub).await;
    let mut viewers: Vec<(&str, Who, Browser<'_>)> =
        vec![("nobody", Who::Anyone, hub.browser()), ("amira", Who::Person, door.browser(Who::Person))];
    hub.wait(Duration::minutes(1)); // a code of Tom's is out, and one of Sam's is used
    for name in ["tom", "bethan", "grace", "daniel"] {
        viewers.push((name, Who::Person, hub.person(name).await));
    }
    viewers.push(("sam", Who::Staff, door.browser(Who::Staff)));
    viewers.push(("jo", Who::Staff, hub.staff("jo").await));
    viewers.push(("priya", Who::Staff, door.browser(Who::Overseer)));
    viewers.push(("wyn", Who::Staff, hub.staff("wyn").await)); // of another team
    viewers.push(("lena", Who::Staff, hub.staff("lena").await));
    viewers.push(("arun", Who::Staff, hub.staff("arun").await));
    viewers.push(("ada", Who::Staff, door.browser(Who::Keeper)));
    let mut cells = 0;
    // What ends a session comes last.
    let ends = |path: &str| {
        ["/sign-out", "/hub/sign-out", "/security/sign-out"].contains(&path) || path == "/exit" || path.starts_with("/hub/access/")
    };
    let (mut ending, others): (Vec<_>, Vec<_>) = ROUTES.into_iter().partition(|(path, ..)| ends(path));
    // Ada ends Arun's account while she still can.
    ending.sort_by_key(|(path, ..)| !path.starts_with("/hub/access/"));
    for (template, methods, takes, who) in others.into_iter().chain(ending) {
        let path = door.path(template);
        // Amira's own thing; Daniel is the witness of the same case.
        let hers =
            who == Who::Person && ["{case}", "{reference}", "{representation}", "{passkey}"].iter().any(|own| template.contains(own));
        for (name, kind, browser) in &viewers {
            for method in methods.iter().filter(|method| **method != "HEAD") {
                let kind_of_body = if *method == "POST" && takes == Takes::Form { URLENCODED } else { "" };
                let answer = browser.clone().send(request(method, &path, kind_of_body, "")).await;
                let came = comes(answer.status, answer.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default());
                let cell = format!("{method} {path} as {name}");
                match (who, *kind) {
                    (Who::Nobody, _) => assert_eq!(came, Comes::NotFound, "{cell}"),
                    (Who::Anyone, _) => assert_ne!(came, Comes::NotFound, "{cell}"),
                    (Who::Person, Who::Person) if hers => {
                        let theirs = *name == "amira" || (*name == "daniel" && template.contains("{case}"));
                        assert_eq!(came, if theirs { Comes::Inside } else { Comes::NotFound }, "{cell}");
                    }
                    (Who::Person, Who::Person) => assert_eq!(came, Comes::Inside, "{cell}"),
                    // Whose account has just been ended is at the door; the table of roles is told until then.
                    (Who::Staff | Who::Overseer | Who::Keeper, Who::Staff) if *name == "arun" && ends(template) => {
                        assert_ne!(came, Comes::Inside, "{cell}");
                    }
                    (Who::Staff | Who::Overseer | Who::Keeper, Who::Staff) => {
                        let may = match who {
                            // Every colleague has a password of their own.
                            Who::Staff => ["/hub", "/hub/password"].contains(&template) || ["sam", "jo", "priya", "wyn"].contains(name),
                            Who::Overseer if template.contains("judge") => ["priya", "lena"].contains(name),
                            Who::Overseer => ["priya", "lena", "arun"].contains(name),
                            _ => *name == "ada",
                        };
                        if template.starts_with("/api/") && !may {
                            assert!(answer.status.is_client_error(), "{cell}: {}", answer.status);
                        } else {
                            assert_eq!(came, if may { Comes::Inside } else { Comes::NotFound }, "{cell}");
                        }
                    }
                    // A half-finished request needs no account.
                    (Who::Person, _) if template.starts_with("/support/new") => assert_eq!(came, Comes::Inside, "{cell}"),
                    (Who::Person, _) => assert_eq!(came, Comes::ToTheDoor("/sign-in"), "{cell}"),
                    (_, _) if template.starts_with("/api/") => {
                        assert!(answer.status.is_client_error(), "{cell}: {}", answer.status);
                    }
                    (_, _) => assert_eq!(came, Comes::ToTheDoor("/hub/sign-in"), "{cell}"),
                }
                cells += 1;
            }
        }
    }
    assert!(cells > 700, "{cells}");
}

/// Every page that can be reached by links, for a viewer.
async fn crawl(browser: &mut Browser<'_>, from: &str) -> HashMap<String, String> {
    let mut pages = HashMap::new();
    let mut ahead = vec![from.to_owned()];
    while let Some(path) = ahead.pop() {
        if pages.contains_key(&path) || path == "/exit" || pages.len() > 80 {
            continue;
        }
        let answer = browser.get(&path).await;
        if answer.is_page() {
            for link in all(&answer.page(), "a[href]") {
                let to = link.attr("href").unwrap_or_default().split('#').next().unwrap_or_default();
                if to.starts_with('/') && !to.starts_with("/a/") {
                    ahead.push(to.to_owned());
                }
            }
        }
        pages.insert(path, answer.body);
    }
    pages
}

/// A photo whose picture and whose hidden facts hold a mark.
fn photo_of(mark: &str) -> Vec<u8> {
    let at = PHOTO.windows(7).position(|seven| seven == b"picture").expect("a picture");
    [&PHOTO[..at], mark.as_bytes(), &PHOTO[at..]].concat()
}

/// A mark of their own in everything that is kept of each person; each with their browser and the
/// reference of a request of theirs.
pub async fn marked(hub: &Hub) -> Vec<(&'static str, Browser<'_>, String)> {
    let names = ["amira", "tom", "bethan", "owen", "grace", "daniel"];
    let mut sam = hub.staff("sam").await;
    let mut browsers = Vec::new();
    for name in names {
        let mut browser = hub.person(name).await;
        let mark = |what: &str| format!("{name}{what}MARK");
        browser.answer(&[("words", &[("words", &mark("draft"))])]).await;
        let reference = browser.asks_for_support().await;
        browser.writes(&format!("/support/{reference}"), &mark("message")).await;
        browser.writes(&format!("{}/messages", hub.case_of(name)), &mark("question")).await;
        let address = [("safe", "no"), ("address", &mark("address")), ("old_safe", "no")];
        assert_eq!(browser.post("/contact/letter", &address).await.location(), "/contact?given");
        let language = mark("language");
        let preferences = [("preferred", "none"), ("language", "Other"), ("language_other", language.as_str())];
        assert_eq!(browser.post("/contact/preferences", &preferences).await.location(), "/contact?saved");
        browser.sends_a_file(&format!("/support/{reference}/files"), &mark("filewords"), &photo_of(&mark("file"))).await.location();
        sam.claims(&reference).await;
        sam.replies(&reference, &mark("reply")).await;
        let path = format!("/hub/requests/{reference}");
        let note = sam.get(&path).await.form(&format!("{path}/note")).with("note", &mark("INTERNAL"));
        sam.submit(&note).await.location();
        let person = hub.person_id(name).await;
        hub.rename(person, &format!("{name}nameMARK Example")).await;
        browsers.push((name, browser, reference));
    }
    browsers
}

/// Every page of every person is read for the marks of all the others.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_a_person_holds_a_mark_of_another() {
    let hub = Hub::start().await;
    let browsers = marked(&hub).await;
    let names: Vec<&str> = browsers.iter().map(|(name, ..)| *name).collect();
    let references: Vec<(&str, String)> = browsers.iter().map(|(name, _, reference)| (*name, reference.clone())).collect();
    let mut seen_of_their_own = BTreeSet::new();
    for (name, mut browser, _) in browsers {
        let pages = crawl(&mut browser, "/home").await;
        assert!(pages.len() >= 20, "{name}: {:?}", pages.keys());
        for (path, body) in &pages {
            for mark in body.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.ends_with("MARK")) {
                assert!(mark.starts_with(name), "{path} as {name} holds {mark}");
                assert!(!mark.contains("INTERNAL"), "{path} as {name} holds a note for colleagues");
                assert!(!mark.contains("address"), "{path} as {name} holds an address");
                seen_of_their_own.insert(mark.to_owned());
            }
            for (other, reference) in references.iter().filter(|(other, _)| *other != name) {
                assert!(
                    !body.contains(reference.as_str()) && !path.contains(reference.as_str()),
                    "{path} as {name} names a request of {other}"
                );
            }
        }
    }
    // The marks are there to be found: each person finds their own.
    for name in names {
        for what in ["message", "question", "reply", "name", "language", "filewords"] {
            assert!(seen_of_their_own.contains(&format!("{name}{what}MARK")), "{name} {what}: {seen_of_their_own:?}");
        }
    }
    hub.deliver().await;
    for mail in hub.mails() {
        assert!(!mail.data.contains("MARK"), "no mail holds a mark: {}", mail.data);
    }
    // Nobody's pages hold anything of anybody.
    for (path, body) in crawl(&mut hub.browser(), "/").await {
        assert!(!body.contains("MARK"), "{path}");
    }
}
