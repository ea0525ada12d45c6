//! What a person says is safe, and that it binds whoever sends.

use crate::harness::{Browser, Hub};
use crate::smtp::Behaviour;
use app::domain::contact::Channel;
use axum::http::StatusCode;
use chrono::{DateTime, Duration, Utc};
use server::contact::points;
use server::db::sql;

pub const SAFE: [(&str, &str); 11] = [
    ("safe", "yes"),
    ("days", "mon"),
    ("days", "tue"),
    ("days", "wed"),
    ("days", "thu"),
    ("days", "fri"),
    ("from", "0"),
    ("to", "24"),
    ("voicemail", "no"),
    ("say_who", "no"),
    ("until-day", ""),
];
const NOT_SAFE: [(&str, &str); 1] = [("safe", "no")];

async fn chooses(person: &mut Browser<'_>, channel: &str, fields: &[(&str, &str)]) {
    assert_eq!(person.post(&format!("/contact/{channel}"), fields).await.location(), "/contact?saved");
}

/// Says that a channel is safe, and gives a new address or number for it.
pub async fn gives(person: &mut Browser<'_>, channel: &str, fields: &[(&str, &str)]) {
    let fields: Vec<(&str, &str)> = SAFE.iter().chain(fields).copied().collect();
    assert_eq!(person.post(&format!("/contact/{channel}"), &fields).await.location(), "/contact?given");
}

/// The address or number that would be used at this moment.
pub async fn in_use(hub: &Hub, name: &str, channel: Channel) -> Option<String> {
    let key = hub.key_of(hub.person_id(name).await).await;
    points::current(&mut hub.portal.db.read().await.expect("a reader"), &key, channel, hub.now()).await.expect("an answer")
}

async fn prefers(person: &mut Browser<'_>, channel: &str) {
    let answer = person.post("/contact/preferences", &[("preferred", channel), ("language", "English")]).await;
    assert_eq!(answer.location(), "/contact?saved");
}

/// Amira has asked, Sam has answered, and nothing has been sent yet. Both notices are queued.
async fn answered(hub: &Hub) -> (Browser<'_>, Browser<'_>, String) {
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 1);
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "An answer").await;
    (amira, sam, reference)
}

/// What became of the notice of the answer: its state, and why.
async fn fate(hub: &Hub) -> (String, Option<String>) {
    hub.one(sql("select state, reason from outbox where notice = 'reply_waiting'")).await.expect("the notice")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn contact_choices_are_for_the_person_alone() {
    let hub = Hub::start().await;
    let grants = hub.count(sql("select count(*) from contact_grants")).await;
    for path in ["/contact", "/contact/email", "/contact/preferences"] {
        assert_eq!(hub.browser().get(path).await.location(), "/sign-in");
        assert_eq!(hub.staff("jo").await.get(path).await.location(), "/sign-in");
        hub.wait(Duration::seconds(30)); // an authenticator's code works once
        if path != "/contact" {
            assert_eq!(hub.browser().post(path, &NOT_SAFE).await.location(), "/sign-in");
            assert_eq!(hub.staff("jo").await.post(path, &NOT_SAFE).await.location(), "/sign-in");
            hub.wait(Duration::seconds(30));
        }
    }
    assert_eq!(hub.count(sql("select count(*) from contact_grants")).await, grants);
    let mut amira = hub.person("amira").await;
    assert_eq!(amira.get("/contact").await.status, StatusCode::OK);
    assert_eq!(amira.get("/contact/pigeon").await.status, StatusCode::NOT_FOUND);
    assert_eq!(amira.post("/contact/pigeon", &NOT_SAFE).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_nobody_told_us_about_stays_unknown() {
    let hub = Hub::start().await;
    let mut bethan = hub.person("bethan").await;
    chooses(&mut bethan, "email", &SAFE).await;
    let page = bethan.get("/contact").await;
    for channel in ["Text message", "Phone call", "Letter"] {
        assert!(page.row(channel).starts_with("You have not told us. We will not use it."), "{channel}");
    }
    let form = bethan.get("/contact/text").await;
    assert_eq!(form.field("safe"), "", "nothing is chosen beforehand");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_channel_keeps_what_was_chosen_and_shows_it_again() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let times = [("safe", "yes"), ("days", "mon"), ("days", "sat"), ("from", "14"), ("to", "16"), ("say_who", "yes")];
    let until = [("until-day", "31"), ("until-month", "March"), ("until-year", "2027")];
    let phone = [&times[..], &[("voicemail", "yes")], &until].concat();
    chooses(&mut amira, "email", &times).await;
    chooses(&mut amira, "text", &NOT_SAFE).await;
    chooses(&mut amira, "phone", &phone).await;
    chooses(&mut amira, "letter", &[("safe", "yes"), ("say_who", "no")]).await;
    let page = amira.get("/contact?saved").await;
    assert!(page.says("Your choices are saved."));
    assert!(page.row("Email").starts_with("Safe: Monday and Saturday, 2pm to 4pm. We may say who we are."), "{}", page.row("Email"));
    assert!(page.row("Text message").starts_with("Not safe. We will not use it."));
    assert!(
        page.row("Phone call")
            .starts_with("Safe: Monday and Saturday, 2pm to 4pm. We may leave a voicemail. We may say who we are. Until 31 March 2027."),
        "{}",
        page.row("Phone call")
    );
    assert!(page.row("Letter").starts_with("Safe: any day, at any time. We will not say who we are."));
    let form = amira.get("/contact/phone").await;
    assert_eq!(
        ["safe", "days", "from", "to", "voicemail", "say_who", "until-day", "until-month", "until-year"].map(|name| form.field(name)),
        ["yes", "mon sat", "14", "16", "yes", "yes", "31", "3", "2027"]
    );
    assert_eq!(hub.acts("contact_changed").await, 4);
    hub.deliver().await;
    assert!(hub.notices().is_empty(), "a change of choices is told to nobody");
    let untouched = sql("select count(*) from contact_grants where person_id <> $1 and revoked_at is not null");
    assert_eq!(hub.count(untouched.bind(hub.person_id("amira").await)).await, 0, "nobody else's choices moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_with_something_missing_is_kept_and_changes_nothing() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let before = amira.get("/contact").await.row("Phone call");
    let answer = amira.post("/contact/phone", &[("safe", "yes"), ("days", "tue"), ("from", "17"), ("to", "9"), ("say_who", "no")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.errors(), ["Choose a start time that is before the end time", "Tell us if we may leave a voicemail"]);
    assert_eq!(["safe", "days", "from", "to", "say_who"].map(|name| answer.field(name)), ["yes", "tue", "17", "9", "no"]);
    for (channel, fields, error) in [
        ("email", vec![], "Tell us if this is safe"),
        ("text", vec![("safe", "yes"), ("say_who", "no"), ("from", "9"), ("to", "17")], "Choose at least one day"),
        (
            "letter",
            vec![("safe", "yes"), ("say_who", "no"), ("until-day", "31"), ("until-month", "2"), ("until-year", "2027")],
            "Enter a real date, like 31 3 2027, or leave it empty",
        ),
    ] {
        assert_eq!(amira.post(&format!("/contact/{channel}"), &fields).await.errors(), [error]);
    }
    let answer = amira.post("/contact/preferences", &[("language", "Other"), ("language_other", "")]).await;
    assert_eq!(answer.errors(), ["Choose how you want to hear from us", "Enter the language"]);
    assert_eq!(amira.get("/contact").await.row("Phone call"), before);
    assert_eq!(hub.acts("contact_changed").await + hub.acts("preferences_changed").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_kept_and_shown_again() {
    let hub = Hub::start().await;
    let mut grace = hub.person("grace").await;
    let fields = [
        ("preferred", "none"),
        ("language", "Other"),
        ("language_other", "Cymraeg y De"),
        ("communication", "interpreter"),
        ("communication", "easy_read"),
    ];
    assert_eq!(grace.post("/contact/preferences", &fields).await.location(), "/contact?saved");
    let page = grace.get("/contact").await;
    assert_eq!(page.row("How you want to hear from us"), "I will sign in here and look");
    assert_eq!(page.row("Language"), "Cymraeg y De");
    assert_eq!(page.row("Help you need"), "An interpreter\nEasy Read");
    let form = grace.get("/contact/preferences").await;
    assert_eq!(
        ["preferred", "language", "language_other", "communication"].map(|name| form.field(name)),
        ["none", "Other", "Cymraeg y De", "interpreter easy_read"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_is_the_one_in_the_address_whatever_a_field_says() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    chooses(&mut amira, "text", &[("channel", "email"), ("safe", "no")]).await;
    let page = amira.get("/contact").await;
    assert!(page.row("Email").starts_with("Safe:") && page.row("Text message").starts_with("Not safe."));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_goes_in_and_never_comes_out_again() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let address = "9 Quiet Close\nElsewhere\nXX1 1XX";
    gives(&mut amira, "letter", &[("address", address), ("old_safe", "no")]).await;
    assert_eq!(in_use(&hub, "amira", Channel::Letter).await, None, "the old one is not safe, and the new one is held");
    hub.wait(Duration::hours(24));
    assert_eq!(in_use(&hub, "amira", Channel::Letter).await.as_deref(), Some(address));
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let case = hub.case_of("amira");
    for path in [
        "/home".to_owned(),
        "/contact".into(),
        "/contact?saved".into(),
        "/contact/letter".into(),
        "/contact/email".into(),
        "/contact/preferences".into(),
        "/support".into(),
        format!("/support/{reference}"),
        case.clone(),
        format!("{case}/messages"),
        "/support/new".into(),
        "/support/new/reach".into(),
    ] {
        let answer = amira.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.body.contains("Quiet Close") && !answer.body.contains("XX1"), "{path}");
    }
    assert!(amira.get("/contact").await.row("Letter").contains("We hold an address, changed 23 November 2026."));
    // Nor for staff who hold her request: they may not write until she chose letters.
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    for path in ["/hub".to_owned(), format!("/hub/requests/{reference}")] {
        assert!(!sam.get(&path).await.body.contains("Quiet Close"), "{path}");
    }
    // An empty field keeps what we hold.
    chooses(&mut amira, "letter", &[("safe", "no"), ("address", "")]).await;
    assert_eq!(in_use(&hub, "amira", Channel::Letter).await.as_deref(), Some(address));
    assert_eq!(hub.acts("point_given").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_safe_email_is_told_that_there_is_a_message_and_nothing_else() {
    let hub = Hub::start().await;
    let _ = answered(&hub).await;
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test"; 2]);
    assert_eq!(fate(&hub).await, ("sent".into(), None));
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 2, "nothing is sent twice");
    assert_eq!(hub.acts("notice_sent").await, 3, "the code, the receipt and the answer");
    assert_eq!(hub.count(sql("select count(*) from tasks")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_sends_what_is_queued_while_it_runs() {
    let hub = Hub::start().await;
    let worker = tokio::spawn(server::outbox::run(hub.portal.clone()));
    hub.browser().post("/sign-in", &[("identifier", "amira@example.test")]).await.location();
    let mails = tokio::task::block_in_place(|| hub.mail.wait_for(1, std::time::Duration::from_secs(30)));
    assert_eq!(mails[0].to, ["amira@example.test"]);
    // The mail is there a moment before the row says so.
    while hub.acts("notice_sent").await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // The mail server has it before the worker has written down that it was sent.
    while hub.count(sql("select count(*) from outbox where state = 'due'")).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    worker.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsafe_email_is_never_written_to_and_staff_are_told() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    chooses(&mut amira, "email", &NOT_SAFE).await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "An answer").await;
    hub.deliver().await;
    assert!(hub.notices().is_empty());
    assert_eq!(fate(&hub).await.0, "task");
    let queue = sam.get("/hub").await;
    assert!(queue.says("Tell them there is a message to read: Amira Example"));
    assert!(queue.says("No safe way is known: do not contact them. Wait for their call"));
    for secret in ["amira@example.test", "7700900101", "Invented Street"] {
        assert!(!queue.body.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hours_chosen_are_kept_to_the_minute() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let afternoon = [("safe", "yes"), ("days", "mon"), ("days", "tue"), ("from", "14"), ("to", "16"), ("say_who", "no")];
    chooses(&mut amira, "email", &afternoon).await;
    let reference = amira.asks_for_support().await;
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    sam.replies(&reference, "An answer").await;
    assert_eq!(hub.now(), at("2026-11-23T10:00:00Z"));
    hub.deliver().await;
    assert!(hub.notices().is_empty());
    assert_eq!(fate(&hub).await, ("due".into(), Some("outside the hours chosen".into())));
    hub.wait(Duration::hours(4) - Duration::seconds(1));
    hub.deliver().await;
    assert!(hub.notices().is_empty(), "one second before");
    hub.wait(Duration::seconds(1));
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test"; 2], "at 2pm: the receipt and the answer");
    // At the end of the window it is closed again: what comes at 4pm waits for Tuesday.
    hub.wait(Duration::hours(2));
    let mut jo = hub.staff("jo").await;
    let mut amira = hub.person("amira").await;
    amira.get(&format!("/support/{reference}")).await;
    let second = amira.asks_for_support().await;
    jo.claims(&second).await;
    jo.replies(&second, "Another").await;
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 2, "4pm is past the window");
    hub.wait(Duration::hours(22));
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 4, "2pm on Tuesday");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_phone_and_letter_become_tasks_that_say_how() {
    for (channel, title, value, manner) in [
        ("text", "Text message", "+447700900101", "We will not"),
        ("phone", "Phone call", "+447700900101", "No voicemail."),
        ("letter", "Letter", "1 Invented Street", "at any time"),
    ] {
        let hub = Hub::start().await;
        let mut amira = hub.person("amira").await;
        chooses(&mut amira, channel, &SAFE).await;
        prefers(&mut amira, channel).await;
        let reference = amira.asks_for_support().await;
        let mut sam = hub.staff("sam").await;
        sam.claims(&reference).await;
        sam.replies(&reference, "An answer").await;
        hub.deliver().await;
        assert!(hub.notices().is_empty(), "{channel}: nothing by mail");
        let queue = sam.get("/hub").await;
        let tasks = queue.texts(".hub-task").join("\n");
        assert_eq!(queue.texts(".hub-task").len(), 2, "{channel}: the receipt and the answer");
        assert!(tasks.contains("Tell them there is a message to read: Amira Example"), "{tasks}");
        assert!(tasks.contains(title) && tasks.contains(value), "{tasks}");
        assert!(tasks.replace("Do not say", "We will not say").contains(manner), "{tasks}");
        assert!(!queue.body.contains("An answer"), "a task never says what it is about");
        // Once she takes her word back, the number is gone from the screen.
        chooses(&mut amira, channel, &NOT_SAFE).await;
        let queue = sam.get("/hub").await;
        assert!(!queue.body.contains(value), "{channel}");
        assert!(queue.says("Not now. Not safe. Do not use it."), "{}", queue.main_text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_after_queueing_is_not_sent() {
    let hub = Hub::start().await;
    let (mut amira, ..) = answered(&hub).await;
    chooses(&mut amira, "email", &NOT_SAFE).await;
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 1, "only the receipt, from before");
    assert_eq!(fate(&hub).await.0, "task");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_after_queueing_is_sent() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    chooses(&mut amira, "email", &NOT_SAFE).await;
    let reference = amira.asks_for_support().await;
    chooses(&mut amira, "email", &SAFE).await;
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test"]);
    assert!(amira.get(&format!("/support/{reference}")).await.says("Waiting for us"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_address_dies_at_once() {
    let hub = Hub::start().await;
    let _ = answered(&hub).await;
    let person = hub.person_id("amira").await;
    hub.revoke("amira@example.test").await;
    hub.add_email(person, "new@example.test").await;
    hub.deliver().await;
    assert_eq!(hub.notices(), ["amira@example.test", "new@example.test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_address_the_notice_becomes_a_task() {
    let hub = Hub::start().await;
    let _ = answered(&hub).await;
    hub.revoke("amira@example.test").await;
    hub.deliver().await;
    assert_eq!((hub.notices().len(), fate(&hub).await.0), (1, "task".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_holds_to_the_end_of_its_last_day_and_no_longer() {
    for (waits, told) in [(Duration::hours(13), true), (Duration::hours(14), false)] {
        let hub = Hub::start().await;
        let (mut amira, ..) = answered(&hub).await;
        let until = [("until-day", "23"), ("until-month", "11"), ("until-year", "2026")];
        chooses(&mut amira, "email", &[&SAFE[..10], &until].concat()).await;
        hub.wait(waits);
        hub.deliver().await;
        assert_eq!(hub.notices().len(), if told { 2 } else { 1 }, "{waits}");
        assert_eq!(fate(&hub).await.0, if told { "sent" } else { "task" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_will_look_for_themselves_is_sent_nothing() {
    let hub = Hub::start().await;
    let (mut amira, mut sam, _) = answered(&hub).await;
    prefers(&mut amira, "none").await;
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 1);
    assert_eq!(fate(&hub).await, ("not_sent".into(), Some("the person will look".into())));
    assert!(sam.get("/hub").await.says("Nothing to do by hand."));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_answers_not_yet_told_are_one_notice() {
    let hub = Hub::start().await;
    let (_amira, mut sam, reference) = answered(&hub).await;
    hub.wait(Duration::seconds(1));
    sam.replies(&reference, "And one more thing").await;
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 2, "the receipt, and one for both answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_been_read_already_is_not_told() {
    let hub = Hub::start().await;
    let (mut amira, _, reference) = answered(&hub).await;
    assert!(amira.get(&format!("/support/{reference}")).await.says("An answer"));
    hub.deliver().await;
    assert_eq!((hub.notices().len(), fate(&hub).await), (1, ("not_sent".into(), Some("read already".into()))));
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_does_not_work_is_tried_again_and_given_to_staff_after_three_days() {
    let hub = Hub::start().await;
    let (_, mut sam, _) = answered(&hub).await;
    hub.mail.behave(Behaviour::TryLater);
    hub.deliver().await;
    assert_eq!(fate(&hub).await, ("due".into(), Some("mail is not working".into())));
    hub.wait(Duration::seconds(29));
    hub.deliver().await;
    assert_eq!(hub.count(sql("select attempts from outbox where notice = 'reply_waiting'")).await, 1, "not before its time");
    hub.wait(Duration::seconds(1));
    hub.deliver().await;
    assert_eq!(hub.count(sql("select attempts from outbox where notice = 'reply_waiting'")).await, 2);
    hub.wait(Duration::hours(72));
    hub.deliver().await;
    assert_eq!(fate(&hub).await.0, "gave_up");
    hub.wait(Duration::hours(8)); // out of the session's time
    assert_eq!(sam.get("/hub").await.location(), "/hub/sign-in");
    assert!(hub.staff("sam").await.get("/hub").await.says("Tell them there is a message to read: Amira Example"));
    hub.mail.behave(Behaviour::Accept);
    hub.deliver().await;
    assert_eq!(hub.notices().len(), 1, "what staff do by hand is not mailed as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_the_mail_server_refuses_for_good_becomes_a_task() {
    let hub = Hub::start().await;
    let _ = answered(&hub).await;
    hub.mail.behave(Behaviour::RejectRecipient);
    hub.deliver().await;
    assert_eq!(fate(&hub).await.0, "task");
}
