//! Hostile text through every stored field that is shown anywhere: it comes out as the same text and
//! as nothing but text. The dozen strings below, and the Big List of Naughty Strings where it lies.

use crate::harness::{Answer, Browser, Hub, STRANGERS_ANSWERS, all};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use scraper::Html;
use serde_json::{Value, json};
use server::db::sql;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

const HOSTILE: [&str; 16] = [
    "<script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</title></style></script><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "' onfocus=alert(1) autofocus x='",
    "\" onmouseover=\"alert(1)",
    "<!--><b>--!>",
    "<![CDATA[<b>x</b>]]>",
    "&lt;b&gt; &amp;amp; &#x3c;b&#62; &nbsp",
    "javascript:alert(1)//%0aalert(1)",
    "{{7*7}} ${7*7} <%= 7*7 %> `id`",
    "'; drop table messages; --",
    "ee\u{301} \u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} ﷽",
    "abc\u{202e}txt.exe\u{202c} \u{2066}x\u{2069}",
    "\u{feff}zero\u{200b}width",
    "\u{fffe}\u{ffff}\u{10ffff}\u{2028}x",
];

/// The list, where it lies beside the repository; absent, that is said, and in CI it is a failure.
fn naughty() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/blns/blns.json");
    let mut strings: Vec<String> = HOSTILE.map(str::to_owned).into();
    match std::fs::read_to_string(&path) {
        Ok(text) => strings.extend(serde_json::from_str::<Vec<String>>(&text).expect("a list of strings")),
        Err(error) => {
            let line = format!("NOT TESTED with the Big List of Naughty Strings: {}: {error}\n", path.display());
            assert!(std::env::var_os("CI").is_none(), "{line}");
            std::io::stderr().write_all(line.as_bytes()).ok();
        }
    }
    strings
}

/// What a text of several lines is kept as; `None` when it must be refused or is empty.
fn kept(text: &str) -> Option<String> {
    let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
    let fits = !text.is_empty() && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    fits.then_some(text)
}

/// What a single line is kept as.
fn kept_line(text: &str, longest: usize) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// What an HTML reader makes of text it cannot hold.
fn as_html_keeps(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}")
}

/// How often each kind of element, with the names of its attributes, stands in a page. A text of
/// many lines has a span for each: those are left out.
fn skeleton(answer: &Answer) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for element in all(&Html::parse_document(&answer.body), "*") {
        if element.attr("class") == Some("portal-line") {
            continue;
        }
        let mut names: Vec<&str> = element.value().attrs().map(|(name, _)| name).collect();
        names.sort_unstable();
        *counts.entry(format!("{} {names:?}", element.value().name())).or_default() += 1;
    }
    counts
}

async fn question_of(hub: &Hub, name: &str) -> String {
    let (reference,): (String,) = hub
        .one(sql("select reference from support_requests where kind = 'question' and person_id = $1").bind(hub.person_id(name).await))
        .await
        .expect("a question");
    reference
}

/// Posts each text, waits a moment between, and answers those that were taken. What is refused is
/// refused with 422 and stands in its box again.
async fn post_all(hub: &Hub, browser: &mut Browser<'_>, path: &str, field: &str, texts: &[String]) -> Vec<String> {
    let mut taken = Vec::new();
    for text in texts {
        hub.wait(Duration::milliseconds(1));
        let answer = browser.post(path, &[(field, text)]).await;
        if let Some(text) = kept(text) {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{text:?}: {}", answer.body);
            taken.push(text);
        } else {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text:?}");
            assert_eq!(answer.texts(&format!("textarea[name={field}]"))[0], as_html_keeps(text));
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_and_replies_stay_text() {
    let hub = Hub::start().await;
    let texts = naughty();
    let path = format!("{}/messages", hub.case_of("amira"));
    let (mut amira, mut daniel) = (hub.person("amira").await, hub.person("daniel").await);
    // Two people of one case: one writes hostile texts, the other as many harmless ones.
    let mut taken = post_all(&hub, &mut amira, &path, "message", &texts).await;
    let harmless = vec!["harmless".to_owned(); taken.len()];
    post_all(&hub, &mut daniel, &path, "message", &harmless).await;
    let mut sam = hub.staff("sam").await;
    for (name, texts) in [("amira", &texts), ("daniel", &harmless)] {
        let reference = question_of(&hub, name).await;
        sam.claims(&reference).await;
        let replied = post_all(&hub, &mut sam, &format!("/hub/requests/{reference}/reply"), "message", texts).await;
        if name == "amira" {
            taken.extend(replied);
        }
    }
    let (page, plain) = (amira.get(&path).await, daniel.get(&path).await);
    assert_eq!(page.texts(".portal-message__text"), taken);
    assert_eq!(skeleton(&page), skeleton(&plain));
    let of_request = amira.get(&format!("/support/{}", question_of(&hub, "amira").await)).await;
    assert_eq!(of_request.texts(".portal-message__text"), taken);
    let (part, plain) = (amira.part(&path, "thread").await, daniel.part(&path, "thread").await);
    assert_eq!(part.texts(".portal-message__text"), taken, "what the island puts into the page as well");
    assert_eq!(skeleton(&part), skeleton(&plain));

    let (hostile, plain) = (question_of(&hub, "amira").await, question_of(&hub, "daniel").await);
    let (page, plain) = (sam.get(&format!("/hub/requests/{hostile}")).await, sam.get(&format!("/hub/requests/{plain}")).await);
    assert_eq!(page.texts(".portal-message__text"), taken);
    assert_eq!(skeleton(&page), skeleton(&plain));
    hub.deliver().await;
    assert!(hub.notices().is_empty(), "both have read everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_stay_text() {
    let hub = Hub::start().await;
    let texts = naughty();
    let mut sam = hub.staff("sam").await;
    let rows: Vec<String> = sam.get("/hub").await.texts(".hub-queue a");
    let taken = post_all(&hub, &mut sam, &format!("/hub/requests/{}/note", rows[0]), "note", &texts).await;
    post_all(&hub, &mut sam, &format!("/hub/requests/{}/note", rows[1]), "note", &vec!["harmless".to_owned(); taken.len()]).await;
    let (page, plain) = (sam.get(&format!("/hub/requests/{}", rows[0])).await, sam.get(&format!("/hub/requests/{}", rows[1])).await);
    assert_eq!(page.texts(".hub-notes .portal-message__text"), taken);
    assert_eq!(skeleton(&page), skeleton(&plain));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_answers_stay_text() {
    let hub = Hub::start().await;
    let mut kim = hub.browser();
    kim.answer(&STRANGERS_ANSWERS).await;
    let plain = skeleton(&kim.get("/support/new/check").await);
    for text in naughty() {
        let Some(words) = kept(&text) else { continue };
        let (name, when) = (kept_line(&text, 80), kept_line(&text, 200));
        kim.answer(&[("words", &[("words", &text)])]).await;
        let reach = [
            ("reach", "phone"),
            ("phone", "01632 960 999"),
            ("name", name.as_deref().unwrap_or("Kim")),
            ("when_safe", when.as_deref().unwrap_or("mornings")),
        ];
        kim.answer(&[("reach", &reach)]).await;
        let check = kim.get("/support/new/check").await;
        assert_eq!(check.row("In your words"), words);
        let (name, when) = (name.unwrap_or_else(|| "Kim".into()), when.unwrap_or_else(|| "mornings".into()));
        assert_eq!(check.row("How we reach you"), format!("Call me: +441632960999\nNo voicemail\nWhen: {when}\nName: {name}"));
        assert_eq!(skeleton(&check), plain, "{text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_stay_text_for_staff_and_in_their_own_forms() {
    let hub = Hub::start().await;
    let mut sam = hub.staff("sam").await;
    let mut first: Option<[BTreeMap<String, usize>; 3]> = None;
    for text in ["harmless"].iter().chain(&HOSTILE) {
        let mut kim = hub.browser();
        kim.answer(&STRANGERS_ANSWERS[..3]).await;
        kim.answer(&[("words", &[("words", text)])]).await;
        kim.answer(&[("reach", &[("reach", "i_will_call"), ("name", text), ("when_safe", text)])]).await;
        let (words, reach) = (kim.get("/support/new/words").await, kim.get("/support/new/reach").await);
        let line = kept_line(text, 200).unwrap();
        assert_eq!(words.field("words"), *text);
        assert_eq!((reach.field("name"), reach.field("when_safe")), ((*text).to_owned(), (*text).to_owned()));
        kim.post("/support/new/check", &[]).await.location();
        hub.wait(Duration::seconds(1));
        let newest: Option<(String,)> = hub.one(sql("select reference from support_requests order by asked_at desc limit 1")).await;
        let page = sam.get(&format!("/hub/requests/{}", newest.unwrap().0)).await;
        assert_eq!(page.row("Their words"), kept(text).unwrap());
        assert_eq!(page.row("How to answer"), format!("Do not contact me. I will call you\n{line}\n{line}"));
        let skeletons = [skeleton(&words), skeleton(&reach), skeleton(&page)];
        match &first {
            None => first = Some(skeletons),
            Some(first) => assert_eq!(*first, skeletons, "{text:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_again_with_an_error_stays_text() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let mut nobody = hub.browser();
    let mut first: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    let mut same = |form: &'static str, answer: &Answer, text: &str| {
        let there = skeleton(answer);
        assert_eq!(*first.entry(form).or_insert_with(|| there.clone()), there, "{form}: {text:?}");
    };
    for (place, text) in ["harmless"].into_iter().map(str::to_owned).chain(naughty()).enumerate() {
        let typed = as_html_keeps(text.trim());
        // One field in an attribute and one that is text, for every string.
        if !typed.is_empty() {
            let sign_in = nobody.post("/sign-in", &[("identifier", &text)]).await;
            // In an attribute an HTML reader keeps line ends as they are written.
            assert_eq!(as_html_keeps(&sign_in.field("identifier")), typed);
            same("sign-in", &sign_in, &text);
        }
        if kept(&text).is_some() {
            let letter = amira.post("/contact/letter", &[("address", &text)]).await;
            assert_eq!(letter.field("address"), as_html_keeps(&text));
            same("letter", &letter, &text);
        }
        if place <= HOSTILE.len() {
            let hub_door = nobody.post("/hub/sign-in", &[("email", &text), ("password", "")]).await;
            let reach = nobody.post("/support/new/reach", &[("phone", &text), ("email", &text), ("name", &text)]).await;
            assert_eq!((hub_door.field("email"), reach.field("phone")), (typed.clone(), typed));
            same("hub door", &hub_door, &text);
            same("reach", &reach, &text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_stays_text() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    let mut first: Option<[BTreeMap<String, usize>; 3]> = None;
    for text in ["harmless"].iter().chain(&HOSTILE) {
        let Some(line) = kept_line(text, 60) else { continue };
        let fields = [("preferred", "email"), ("language", "Other"), ("language_other", *text)];
        assert_eq!(amira.post("/contact/preferences", &fields).await.location(), "/contact?saved");
        let pages =
            [amira.get("/contact").await, amira.get("/contact/preferences").await, sam.get(&format!("/hub/requests/{reference}")).await];
        assert_eq!((pages[0].row("Language"), pages[2].row("Language")), (line.clone(), line.clone()));
        assert_eq!(pages[1].field("language_other"), line);
        let skeletons = pages.map(|page| skeleton(&page));
        match &first {
            None => first = Some(skeletons),
            Some(first) => assert_eq!(*first, skeletons, "{text:?}"),
        }
    }
}

/// What a case's text is kept as: no control characters and none that turn the direction of reading.
fn kept_by_the_feed(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    (!text.is_empty() && text.chars().count() <= longest && !text.chars().any(hidden)).then(|| text.to_owned())
}

async fn feed(hub: &Hub, cases: Vec<Value>) -> Vec<Value> {
    let mut results = Vec::new();
    for some in cases.chunks(100) {
        let request = Request::post("/api/v1/cases")
            .header(header::AUTHORIZATION, format!("Bearer {}", hub.machine_key()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json!({ "cases": some }).to_string()))
            .expect("a request");
        let answer = hub.browser().send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        results.extend(answer.json()["results"].as_array().expect("results").clone());
    }
    results
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_of_a_case_stay_text() {
    let hub = Hub::start().await;
    let texts: Vec<String> = ["harmless".to_owned()].into_iter().chain(naughty()).collect();
    let case = |(place, text): (usize, &String)| {
        json!({ "reference": format!("R{place}"), "month": "2026-10", "crime_type": text, "location": text, "district": text,
            "events": [{ "outcome": text, "date": "2026-10" }] })
    };
    let results = feed(&hub, texts.iter().enumerate().map(case).collect()).await;
    // Tom is a victim in all of them.
    let tom = hub.person_id("tom").await;
    hub.change(
        sql("insert into participations (person_id, case_id, role, since) select $1, case_id, 'victim', $2 from cases where source = 'records'")
            .bind(tom)
            .bind(hub.now()),
    )
    .await;
    let mut browser = hub.person("tom").await;
    let mut plain: Option<BTreeMap<String, usize>> = None;
    for (place, text) in texts.iter().enumerate() {
        let taken = kept_by_the_feed(text, 100);
        assert_eq!(results[place]["result"] == "accepted", taken.is_some(), "{text:?}: {}", results[place]);
        let Some(text) = taken else { continue };
        let key = format!("R{place}");
        let (id,): (uuid::Uuid,) = hub.one(sql("select case_id from cases where source_key = $1").bind(key)).await.unwrap();
        let page = browser.get(&format!("/cases/{id}")).await;
        assert_eq!((page.row("What"), page.row("Where")), (text.clone(), text.clone()));
        assert!(page.texts(".portal-timeline__body")[0].contains(&text), "{text:?}: {:?}", page.texts(".portal-timeline__body"));
        let skeleton = skeleton(&page);
        match &plain {
            None => plain = Some(skeleton),
            Some(plain) => assert_eq!(*plain, skeleton, "{text:?}"),
        }
    }
    assert_eq!(browser.get("/home").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_stay_text() {
    let hub = Hub::start().await;
    let names: Vec<String> = ["harmless".to_owned()].into_iter().chain(naughty()).collect();
    let case = |(place, name): (usize, &String)| {
        json!({ "reference": format!("R{place}"), "month": "2026-10", "crime_type": "Other crime",
            "people": [{ "key": format!("P{place}"), "name": name, "role": "victim" }] })
    };
    let results = feed(&hub, names.iter().enumerate().map(case).collect()).await;
    for (place, name) in names.iter().enumerate() {
        let kept = kept_by_the_feed(name, 200);
        assert_eq!(results[place]["result"] == "accepted", kept.is_some(), "{name:?}");
        let stored = match hub.known("records", &format!("P{place}")).await {
            Some(person) => Some(hub.name_of(person).await),
            None => None,
        };
        assert_eq!(stored, kept);
    }
    // Tom, and Sam, bear each of the first names in turn.
    let mut tom = hub.person("tom").await;
    let reference = tom.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "Hello").await;
    hub.deliver().await;
    let mut first: Option<[BTreeMap<String, usize>; 4]> = None;
    for name in names[..=HOSTILE.len()].iter().filter_map(|name| kept_by_the_feed(name, 200)) {
        hub.rename(hub.person_id("tom").await, &name).await;
        hub.change(sql("update staff set name = $1 where email = 'sam@hub.example.test'").bind(name.as_str())).await;
        let pages = [
            sam.get("/hub").await,
            sam.get(&format!("/hub/requests/{reference}")).await,
            tom.get("/home").await,
            tom.get(&format!("/support/{reference}")).await,
        ];
        let first_name = name.split_whitespace().next().unwrap();
        assert!(pages[0].texts(".hub-task strong + *, .hub-task").join(" ").contains(&format!(": {name}")), "{name}");
        assert_eq!(pages[0].texts(".portal-nav__who"), [format!("{name}: your password")]);
        assert!(pages[1].texts("h2").contains(&name));
        assert_eq!(pages[2].texts("h1"), [format!("Hello, {first_name}")]);
        assert!(pages[3].texts(".portal-message__from strong")[0].starts_with(first_name));
        let skeletons = pages.map(|page| skeleton(&page));
        match &first {
            // The first visit marks the case and the answer as seen.
            None if name == "harmless" => {
                first = Some(
                    [
                        sam.get("/hub").await,
                        sam.get(&format!("/hub/requests/{reference}")).await,
                        tom.get("/home").await,
                        tom.get(&format!("/support/{reference}")).await,
                    ]
                    .map(|page| skeleton(&page)),
                );
            }
            None => first = Some(skeletons),
            Some(first) => assert_eq!(*first, skeletons, "{name:?}"),
        }
    }
}
