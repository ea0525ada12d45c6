//! No secret and nobody's address in the log, whatever happens.

use crate::authenticator::Phone;
use crate::harness::{Hub, form_request};
use crate::passkeys;
use crate::smtp::Behaviour;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use server::db::sql;
use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// A log that is kept to be read.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// Hears all that this thread's code says from now on.
    pub fn hears(&self) -> tracing::subscriber::DefaultGuard {
        // With one listener alone, tracing asks whichever thread says something first whether anybody listens there,
        // and keeps its no for all: another one is known for as long as the tests run.
        static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
        LazyLock::force(&ANOTHER);
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(server::log::filter(EnvFilter::new("trace")))
            .with_ansi(false)
            .without_time()
            .with_writer(self.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("a text")
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// On one thread, so that this test's log is all that is heard.
#[tokio::test]
async fn no_code_pin_token_address_or_word_reaches_the_log() {
    let kept = Kept::default();
    let _heard = kept.hears();

    let hub = Hub::start().await;
    let (mut amira, code) = hub.asked_for_a_code("amira").await;
    let challenge = amira.jar["__Host-c"].clone();
    let pin = hub.demo_person("amira").pin.clone();
    amira.post("/sign-in/code", &[("code", &code), ("pin", "000000")]).await;
    amira.post("/sign-in/code", &[("code", &code), ("pin", &pin)]).await.location();
    let mut phone = Phone::new();
    passkeys::adds(&mut amira, &mut phone, &pin).await.location();
    passkeys::signs_in(&mut hub.browser(), &mut phone).await.location();
    let mut sam = hub.staff("sam").await;
    let staff = hub.demo_staff("sam");
    hub.browser().post("/hub/sign-in", &[("email", staff.email), ("password", "a wrong password")]).await;
    amira.writes(&format!("{}/messages", hub.case_of("amira")), "Nobody else may read this sentence").await;
    amira.post("/contact/letter", &[("safe", "yes"), ("say_who", "no"), ("address", "9 Quiet Close"), ("old_safe", "no")]).await.location();
    // Joining: the link, the word, the pass it gives, the address and the PIN that are chosen.
    let (token, word) = sam.invites(hub.person_id("tom").await).await;
    let mut tom = hub.browser();
    tom.post(&format!("/join/{token}"), &[("word", &word)]).await.location();
    let pass = tom.jar["__Host-j"].clone();
    tom.post("/join/you", &[("device", "shared"), ("inbox", "shared")]).await.location();
    let way_in = [("email", "hidden@example.test"), ("pin", "975310"), ("pin_again", "975310")];
    tom.post("/join/pin", &way_in).await.location();
    let key = hub.machine_key().to_owned();
    let batch = Request::post("/api/v1/cases")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"cases":[{"reference":"1","month":"2026-10","crime_type":"x","people":[{"key":"P","name":"N","role":"victim","email":"nobody else"}]}]}"#))
        .unwrap();
    assert_eq!(hub.browser().send(batch).await.status, StatusCode::OK);
    // A link by email, which fails too.
    let nia = hub.known("demo", "nia@example.test").await.unwrap();
    let emailed = sam.emails_the_link(nia, "nia.hidden@example.test").await.texts(".hub-word").remove(0);
    let id: Option<(uuid::Uuid,)> = hub.one(sql("select invitation_id from invitations where person_id = $1").bind(nia)).await;
    let mailed_token = hub.portal.keys.invitation_token(id.unwrap().0);
    // Mail that fails, with the server's words, and a database that fails, with the driver's.
    amira.asks_for_support().await;
    for behaviour in [Behaviour::TryLater, Behaviour::RejectRecipient] {
        hub.mail.behave(behaviour);
        hub.deliver().await;
        hub.wait(chrono::Duration::seconds(30));
    }
    hub.change(sql("create trigger broken before insert on messages begin select raise(abort, 'disk on fire'); end")).await;
    let path = format!("{}/messages", hub.case_of("amira"));
    let broken = form_request(&path, &[("message", "Nor this sentence here")]);
    assert_eq!(amira.send_and_see(broken).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let session = amira.jar["__Host-s"].clone();
    amira.get("/exit").await.location();
    sam.get("/hub").await;

    let log = kept.text();
    assert!(log.contains("mail was put off") && log.contains("a request failed"), "the log was heard: {log}");
    let person = hub.demo_person("amira");
    for secret in [
        code.as_str(),
        &pin,
        &challenge,
        &session,
        &sam.jar["__Host-w"],
        &staff.password,
        &token,
        &word,
        &word.replace(' ', ""),
        &pass,
        &phone.id(),
        &phone.handle,
        "hidden@example",
        &emailed,
        &emailed.replace(' ', ""),
        &mailed_token,
        "975310",
        "Tom Sample",
        &staff.totp_secret,
        "a wrong password",
        &key,
        person.email,
        &person.mobile[3..],
        "sentence",
        "Quiet Close",
        "Amira",
        "nobody else",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret stands in the log");
    }
}
