//! Asking for support, with and without an account: one question a page, one request for any number
//! of taps, nothing lost and nothing shown to the next person at the same phone.

use crate::harness::{Backend, Browser, EXIT_URL, Hub, SIGNED_IN_ANSWERS, STRANGERS_ANSWERS};
use app::domain::triage::{Reason, Tier};
use axum::http::StatusCode;
use chrono::Duration;
use futures_util::future::join_all;
use server::db::sql;
use server::vault::Field;

/// Requests beyond those of the demo.
async fn asked(hub: &Hub) -> i64 {
    let demo = hub.asked_for("invented request").await.len();
    hub.count(sql("select count(*) from support_requests")).await - i64::try_from(demo).expect("few")
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_an_account_asks_and_is_told_what_happens_next() {
    let hub = Hub::start().await;
    let mut kim = hub.browser();
    assert!(kim.get("/support/new").await.says("You do not need an account."));
    kim.answer(&STRANGERS_ANSWERS).await;
    let check = kim.get("/support/new/check").await;
    assert_eq!(check.row("Safe right now"), "I am not sure");
    assert_eq!(check.row("What would help"), "How I feel, or my health");
    assert_eq!(check.row("In your words"), "I would like to talk to somebody.");
    assert_eq!(check.row("How we reach you"), "Call me: +441632960999\nNo voicemail\nWhen: weekdays before 3pm\nName: Kim");
    assert_eq!(kim.submit(&check.form("/support/new/check")).await.location(), "/support/new/sent");
    let sent = kim.get("/support/new/sent").await;
    assert!(sent.says("We have your request") && sent.says("by 8pm today") && sent.says("We will call you."), "{}", sent.main_text());
    assert!(sent.says("55"), "999 and the Silent Solution stand here too");
    assert!(!sent.body.contains("960999"), "her number is not shown again");
    assert_eq!(kim.get("/support/new/sent").await.body, sent.body, "a reload shows it again");
    hub.deliver().await;
    assert!(hub.mails().is_empty(), "the system itself contacts nobody who has no account");
    let (submission, answers): (uuid::Uuid, String) = hub.one(sql("select submission_id, answers from drafts")).await.unwrap();
    let left = hub.key_of(submission).await.open(Field::DraftAnswers, submission, &answers).unwrap();
    assert_eq!(left, "[]", "the answers are the hub's now");
    let request = &hub.asked_for("talk to somebody").await[0];
    assert_eq!((request.tier, request.reasons.as_slice()), (Tier::T1, &[Reason::SafetyUnsure, Reason::SupportNeeded][..]));
    assert_eq!(hub.acts("support_asked").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_asks_and_their_safe_email_is_told_that_we_have_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let reference = amira.asks_for_support().await;
        let confirmation = amira.get(&format!("/support/{reference}?sent")).await;
        assert!(confirmation.says("We have your request") && confirmation.says(&reference) && confirmation.says("by 5pm tomorrow"));
        assert!(confirmation.says("We will email you that there is a message, and nothing more."));
        assert_eq!(hub.notices(), Vec::<String>::new());
        hub.deliver().await;
        assert_eq!(hub.notices(), ["amira@example.test"]);
        assert_eq!(hub.count(sql("select count(*) from drafts")).await, 0);
        assert!(amira.get("/support").await.says("Money, benefits, or things I lost; News or information about a case"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_wants_its_answer() {
    let hub = Hub::start().await;
    let (stranger, amira) = (hub.browser(), hub.person("amira").await);
    for mut browser in [stranger, amira] {
        let signed_in = !browser.jar.is_empty();
        for (step, fields, error) in [
            ("safety", vec![("safe_now", "perhaps")], "Tell us if you are safe now"),
            ("needs", vec![("needs", "a unicorn")], "Choose at least one thing that would help"),
            ("concerns", vec![("concerns", "none"), ("concerns", "self_harm")], "Choose what applies, or only “None of these”"),
            ("concerns", vec![], "Choose what applies, or “None of these”"),
            ("words", vec![("words", &*"x".repeat(2_001))], "Your text must be 2000 characters or fewer. It has 2001"),
            ("reach", vec![], if signed_in { "Choose how you want our answer" } else { "Choose how we can reach you safely" }),
        ] {
            let answer = browser.post(&format!("/support/new/{step}"), &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{step}");
            assert_eq!(answer.errors(), [error]);
            for (name, value) in fields {
                assert!(answer.field(name).contains(value) || value.contains("unicorn") || value == "perhaps", "{step} keeps {value}");
            }
        }
        assert_eq!(hub.count(sql("select count(*) from drafts")).await, 0, "nothing is kept of a wrong answer but on the page");
    }
    let mut stranger = hub.browser();
    for (way, typed, error) in [
        ("phone", "12345", "Enter a UK phone number that is safe to call, like 01632 960 001"),
        ("text", "01632 960 001", "Enter a UK mobile number that is safe to text, like 07700 900 123"),
        ("email", "kim at home", "Enter an email address that is safe to use, like name@example.com"),
    ] {
        let answer = stranger.post("/support/new/reach", &[("reach", way), (way, typed), ("name", "Kim")]).await;
        assert_eq!((answer.errors(), answer.field(way), answer.field("name")), (vec![error.to_owned()], typed.into(), "Kim".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_out_of_order_lead_back_to_the_first_that_is_missing() {
    let hub = Hub::start().await;
    let (stranger, amira) = (hub.browser(), hub.person("amira").await);
    for mut browser in [stranger, amira] {
        let nothing = if browser.jar.is_empty() { "/support/new" } else { "/support" };
        assert_eq!(browser.get("/support/new/check").await.location(), "/support/new");
        assert_eq!(browser.post("/support/new/check", &[]).await.location(), nothing);
        assert_eq!(browser.get("/support/new/sent").await.location(), "/support/new");
        browser.answer(&[("words", &[("words", "first of all")])]).await;
        for (answer, missing) in [(0, "needs"), (1, "concerns"), (2, "reach")] {
            browser.answer(&SIGNED_IN_ANSWERS[answer..=answer]).await;
            for checked in [browser.get("/support/new/check").await, browser.post("/support/new/check", &[]).await] {
                assert_eq!(checked.location(), format!("/support/new/{missing}"));
            }
        }
        assert_eq!(browser.get("/support/new/words").await.field("words"), "first of all");
    }
    assert_eq!(hub.browser().get("/support/new/feelings").await.status, StatusCode::NOT_FOUND);
    assert_eq!(hub.browser().post("/support/new/feelings", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!((asked(&hub).await, hub.acts("support_asked").await), (0, 0));
    hub.deliver().await;
    assert!(hub.notices().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn danger_leads_to_999_at_once_and_to_the_top_of_the_queue_later() {
    let hub = Hub::start().await;
    let (stranger, amira) = (hub.browser(), hub.person("amira").await);
    for mut browser in [stranger, amira] {
        let signed_in = !browser.jar.is_empty();
        assert!(browser.get("/support/new").await.says("In danger now?"));
        assert!(browser.get("/support/new/safety").await.says("Call 999"));
        assert_eq!(browser.post("/support/new/safety", &[("safe_now", "danger")]).await.location(), "/support/new/danger");
        let page = browser.get("/support/new/danger").await;
        assert!(page.says("Call 999") && page.says("55") && page.says("Silent Solution") && page.says("18000"));
        assert!(page.body.contains("tel:999") && page.body.contains(EXIT_URL));
        browser.answer(if signed_in { &SIGNED_IN_ANSWERS[1..] } else { &STRANGERS_ANSWERS[1..] }).await;
        browser.post("/support/new/check", &[]).await;
    }
    let row = sql("select count(*) from support_requests where tier = 0 and due_at = $1");
    assert_eq!(hub.count(row.bind(hub.now() + Duration::minutes(30))).await, 2);
    assert!(hub.asked_for("").await[..2].iter().all(|request| request.reasons[0] == Reason::DangerNow));
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_is_one_request() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let (stranger, amira) = (hub.browser(), hub.person("amira").await);
        let outbox = hub.count(sql("select count(*) from outbox")).await;
        let mut made = 0;
        for mut browser in [stranger, amira] {
            let signed_in = !browser.jar.is_empty();
            let answers = if signed_in { &SIGNED_IN_ANSWERS } else { &STRANGERS_ANSWERS };
            for taps in [2, 16] {
                browser.answer(answers).await;
                let mut taps = vec![browser.clone(); taps];
                let answers = if taps.len() == 2 {
                    let first = taps[0].post("/support/new/check", &[]).await;
                    vec![first, taps[1].post("/support/new/check", &[]).await]
                } else {
                    join_all(taps.iter_mut().map(|tap| tap.post("/support/new/check", &[]))).await
                };
                made += 1;
                for answer in answers {
                    let to = answer.location();
                    assert!(to == "/support/new/sent" || (signed_in && to.starts_with("/support")), "{backend:?} {to}");
                }
                assert_eq!((asked(&hub).await, hub.acts("support_asked").await), (made, made), "{backend:?}");
                // The next request of a stranger begins in a browser of its own.
                if !signed_in {
                    browser = hub.browser();
                }
            }
        }
        assert_eq!(hub.count(sql("select count(*) from outbox")).await, outbox + 1, "one notice waits for her at a time");
        hub.deliver().await;
        assert_eq!(hub.notices(), ["amira@example.test"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_triage_notice_and_record_are_there_together_or_not_at_all() {
    let breaks = [
        (
            sql("create trigger broken before insert on support_requests begin select raise(abort, 'disk on fire'); end"),
            sql("drop trigger broken"),
        ),
        (sql("create trigger broken before insert on outbox begin select raise(abort, 'disk on fire'); end"), sql("drop trigger broken")),
        (sql("create trigger broken before insert on audit begin select raise(abort, 'disk on fire'); end"), sql("drop trigger broken")),
        (sql("create trigger broken before delete on drafts begin select raise(abort, 'disk on fire'); end"), sql("drop trigger broken")),
        // A clash of something else than the submission must not be taken for a second tap.
        (sql("update audit_head set seq = seq - 1"), sql("update audit_head set seq = seq + 1")),
    ];
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    amira.answer(&SIGNED_IN_ANSWERS).await;
    let outbox = hub.count(sql("select count(*) from outbox")).await;
    for (place, (break_it, mend_it)) in breaks.into_iter().enumerate() {
        hub.change(break_it).await;
        let answer = amira.send_and_see(crate::harness::form_request("/support/new/check", &[])).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{place}");
        assert!(answer.says("Sorry, this is not working right now") && !answer.body.contains("fire"), "{place}");
        assert_eq!((asked(&hub).await, hub.acts("support_asked").await), (0, 0), "{place}");
        assert_eq!(hub.count(sql("select count(*) from outbox")).await, outbox, "{place}");
        hub.change(mend_it).await;
        assert!(amira.get("/support/new/check").await.says("Please help me with my lock."), "nothing she wrote is lost");
    }
    assert!(amira.post("/support/new/check", &[]).await.location().ends_with("?sent"));
    assert_eq!((asked(&hub).await, hub.acts("support_asked").await), (1, 1));
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_survives_a_lost_signal_and_another_phone() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    amira.answer(&SIGNED_IN_ANSWERS[..4]).await;
    assert!(amira.get("/support/new").await.says("Carry on"));
    assert_eq!(amira.get("/support/new/needs").await.field("needs"), "finance_benefits information");
    hub.wait(Duration::days(3));
    let mut elsewhere = hub.person("amira").await;
    assert!(elsewhere.get("/support/new").await.says("Carry on"));
    assert_eq!(elsewhere.get("/support/new/words").await.field("words"), "Please help me with my lock.");
    elsewhere.answer(&SIGNED_IN_ANSWERS[4..]).await;
    assert!(elsewhere.post("/support/new/check", &[]).await.location().ends_with("?sent"));
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_draft_is_found_by_their_browser_alone_and_for_two_hours() {
    let hub = Hub::start().await;
    let mut kim = hub.browser();
    kim.answer(&STRANGERS_ANSWERS).await;
    assert_eq!(hub.browser().get("/support/new/words").await.field("words"), "");
    assert_eq!(hub.browser().get("/support/new/check").await.location(), "/support/new");
    hub.wait(Duration::minutes(119));
    assert_eq!(kim.get("/support/new/words").await.field("words"), "I would like to talk to somebody.");
    hub.wait(Duration::minutes(1));
    assert_eq!(kim.get("/support/new/words").await.field("words"), "");
    assert_eq!(kim.post("/support/new/check", &[]).await.location(), "/support/new");
    hub.browser().answer(&STRANGERS_ANSWERS[..1]).await;
    assert_eq!(hub.count(sql("select count(*) from drafts")).await, 1, "an old draft is deleted, not only hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_person_at_the_same_phone_does_not_find_a_persons_draft() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    amira.answer(&SIGNED_IN_ANSWERS).await;
    let draft = amira.jar["__Host-d"].clone();
    // Her session runs out, and the cookie of the draft is still in the browser.
    let mut nobody = hub.browser();
    nobody.jar.insert("__Host-d".into(), draft.clone());
    let mut bethan = hub.person("bethan").await;
    bethan.jar.insert("__Host-d".into(), draft);
    for browser in [&mut nobody, &mut bethan] {
        assert!(browser.get("/support/new").await.says("Start now"));
        assert_eq!(browser.get("/support/new/words").await.field("words"), "");
        assert_eq!(browser.get("/support/new/check").await.location(), "/support/new");
        assert_eq!(browser.get("/support/new/sent").await.location(), "/support/new");
    }
    assert!(bethan.post_part("/support/new/words", "saved", &[("words", "Bethan's own")]).await.body.starts_with("Saved at"));
    nobody.answer(&[("words", &[("words", "Nobody's own")])]).await;
    assert_eq!(amira.get("/support/new/words").await.field("words"), "Please help me with my lock.");
    assert_eq!(asked(&hub).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_before_signing_in_is_carried_on_after() {
    let hub = Hub::start().await;
    let mut browser = hub.browser();
    browser.answer(&SIGNED_IN_ANSWERS[..4]).await;
    browser.post("/sign-in", &[("identifier", "amira@example.test")]).await;
    hub.deliver().await;
    let code = hub.mails_to("amira")[0].body()["Your code is ".len()..][..6].to_owned();
    browser.post("/sign-in/code", &[("code", &code), ("pin", &hub.demo_person("amira").pin)]).await;
    assert_eq!(browser.get("/support/new/words").await.field("words"), "Please help me with my lock.");
    browser.answer(&SIGNED_IN_ANSWERS[4..]).await;
    assert!(browser.post("/support/new/check", &[]).await.location().ends_with("?sent"));
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_words_are_kept_while_they_are_written() {
    let hub = Hub::start().await;
    let (stranger, amira) = (hub.browser(), hub.person("amira").await);
    for mut browser in [stranger, amira] {
        let kept = browser.post_part("/support/new/words", "saved", &[("words", "the first thing")]).await;
        assert_eq!((kept.status, kept.body.as_str(), kept.header("cache-control")), (StatusCode::OK, "Saved at 10am", "no-store"));
        assert!(!kept.is_page(), "words only, so that nothing in them can be markup");
        assert_eq!(browser.get("/support/new/words").await.field("words"), "the first thing", "the first words begin the draft");
        browser.answer(&SIGNED_IN_ANSWERS[..3]).await;
        browser.post_part("/support/new/words", "saved", &[("words", " half a sen\n")]).await;
        assert_eq!(browser.get("/support/new/words").await.field("words"), " half a sen\n", "exactly as typed");
        let too_long = browser.post_part("/support/new/words", "saved", &[("words", &"x".repeat(2_001))]).await;
        assert_eq!(too_long.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(browser.get("/support/new/words").await.field("words"), " half a sen\n");
        assert_eq!(browser.get("/support/new/needs").await.field("needs"), "finance_benefits information", "and nothing else moved");
    }
    assert_eq!(asked(&hub).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_changed_from_the_check_page() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    amira.answer(&SIGNED_IN_ANSWERS).await;
    let sheet = amira.get("/support/new/concerns?change").await.form("/support/new/concerns");
    assert_eq!(sheet.fields[..2], [("concerns".to_owned(), "happened_before".to_owned()), ("changing".into(), "yes".into())]);
    assert_eq!(amira.submit(&sheet.with("concerns", "none")).await.location(), "/support/new/check");
    assert_eq!(amira.get("/support/new/check").await.row("What applies to you"), "None of these");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_shown_to_who_made_it_and_to_nobody_else() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let path = format!("/support/{reference}");
    let form = [("message", "let me in"), ("submission_id", "018f0000-0000-7000-8000-000000000001")];
    let strangers_reference: (String,) =
        hub.one(sql("select reference from support_requests where person_id is null limit 1")).await.unwrap();
    for (mut browser, name) in [(hub.browser(), "nobody"), (hub.staff("sam").await, "staff")] {
        for path in ["/support", &path] {
            assert_eq!(browser.get(path).await.location(), "/sign-in", "{name}");
        }
        assert_eq!(browser.post(&path, &form).await.location(), "/sign-in", "{name}");
    }
    let mut tom = hub.person("tom").await;
    assert!(tom.get("/support").await.says("You have not asked us anything yet."));
    let mut answers = Vec::new();
    for other in [path.as_str(), &format!("/support/{}", strangers_reference.0), "/support/2222-2222"] {
        answers.push(tom.get(other).await);
        answers.push(tom.post(other, &form).await);
        answers.push(tom.post(other, &[]).await);
    }
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (StatusCode::NOT_FOUND, &answers[0].body));
    }
    assert_eq!(hub.count(sql("select count(*) from messages")).await, 0);

    let page = amira.get(&path).await;
    assert!(page.says("Waiting for us") && page.row("In your words") == "Please help me with my lock.");
    amira.writes(&path, "One more thing").await;
    assert_eq!(amira.get(&path).await.texts(".portal-message__text"), ["One more thing"]);
    let typed = reference.to_lowercase().replace('-', "");
    assert_eq!(amira.get(&format!("/support/{typed}")).await.status, StatusCode::OK, "however it is typed");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_risk_more_never_makes_a_request_less_urgent() {
    let hub = Hub::start().await;
    let mut tiers = Vec::new();
    for concerns in [&[("concerns", "none")][..], &[("concerns", "who_i_am")], &[("concerns", "who_i_am"), ("concerns", "self_harm")]] {
        let mut browser: Browser<'_> = hub.browser();
        browser.answer(&[("safety", &[("safe_now", "yes")])]).await;
        browser.answer(&STRANGERS_ANSWERS[1..2]).await;
        browser.answer(&[("concerns", concerns)]).await;
        browser.answer(&STRANGERS_ANSWERS[3..]).await;
        browser.post("/support/new/check", &[]).await;
        tiers.push(hub.asked_for("talk to somebody").await[0].tier.number());
    }
    assert_eq!(tiers, [3, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_asks_for_nothing() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    amira.answer(&SIGNED_IN_ANSWERS).await;
    for path in ["/support/new/check", "/support/new/safety", "/contact/email"] {
        let mut request = crate::harness::form_request(path, &[("safe_now", "danger"), ("safe", "no")]);
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert_eq!(amira.send(request).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(asked(&hub).await, 0);
    assert_eq!(amira.get("/support/new/safety").await.field("safe_now"), "yes");
}
