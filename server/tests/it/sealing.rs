//! What is kept of people is of no use to whoever has the database, its log, a backup or the disk.

use crate::harness::{Backend, Hub, STRANGERS_ANSWERS};
use crate::invitations;
use crate::smtp::Behaviour;
use crate::visibility::marked;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use server::db::sql;
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

/// Every byte of every file in the folder.
fn bytes_on_disk(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        if path.is_file() {
            bytes.extend(std::fs::read(path).expect("it is there"));
        }
    }
    bytes
}

/// Every row of every table as PostgreSQL writes it.
async fn every_row(hub: &Hub) -> Vec<u8> {
    let mut reader = hub.portal.db.read().await.expect("it is there");
    let tables: Vec<(String,)> =
        sql("select tablename::text from pg_tables where schemaname = 'public'").fetch_all(&mut reader).await.expect("it is there");
    assert!(tables.len() > 15);
    let mut text = String::new();
    for (table,) in tables {
        // Statement text lives as long as the program; this is a handful.
        let all = Box::leak(format!("select coalesce(string_agg(t::text, ' '), '') from {table} t").into_boxed_str());
        let (rows,): (String,) = sql(all).fetch_one(&mut reader).await.expect("it is there");
        text.push_str(&rows);
    }
    text.into_bytes()
}

/// The ways a text could stand in a file: as it is, in UTF-16, in hex, in base64 at each of three places.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![text.as_bytes().to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()];
    forms.push(server::keys::hex(text.as_bytes()).into_bytes());
    for before in 0..3 {
        let encoded = STANDARD_NO_PAD.encode([&b"xxx"[..before], text.as_bytes()].concat());
        // The first and last characters depend on what stands beside it.
        forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
    }
    forms
}

/// One character a byte: the standard library looks for text far faster than for bytes.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn holds(dump: &str, form: &[u8]) -> bool {
    dump.contains(&latin(form))
}

#[test]
fn each_form_would_be_found() {
    for before in 0..4 {
        let text = format!("{}amiramessageMARK and more", "y".repeat(before));
        for file in [text.clone().into_bytes(), STANDARD_NO_PAD.encode(&text).into_bytes(), server::keys::hex(text.as_bytes()).into_bytes()]
        {
            assert!(forms("amiramessageMARK").iter().any(|form| holds(&latin(&file), form)), "{before}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_database_holds_no_name_address_or_word() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let people = marked(&hub).await;
        let mut kim = hub.browser();
        kim.answer(&STRANGERS_ANSWERS).await;
        kim.answer(&[("words", &[("words", "kimwordsMARK")])]).await;
        kim.post("/support/new/check", &[]).await.location();
        let mut half = hub.browser();
        half.answer(&[("words", &[("words", "halfdraftMARK")])]).await;
        hub.deliver().await;
        // One link that is to be mailed and cannot be yet, and one on a letter that a machine was answered.
        hub.mail.behave(Behaviour::TryLater);
        let nia = hub.known("demo", "nia@example.test").await.expect("Nia");
        let emailed = hub.staff_later("sam").await.emails_the_link(nia, "nia.canary@example.test").await;
        let amira = hub.person_id("amira").await;
        hub.change(sql("update people set pin_hash = null where person_id = $1").bind(amira)).await; // as if not joined
        let asked = invitations::letter("demo", "amira@example.test");
        let answered = invitations::call(&hub, "dump", &asked).await.json();
        hub.deliver().await;
        let ids: Vec<Uuid> = sql("select invitation_id from invitations")
            .fetch_all::<(Uuid,)>(&mut hub.portal.db.read().await.expect("a reader"))
            .await
            .expect("ids")
            .into_iter()
            .map(|(id,)| id)
            .collect();
        assert_eq!(ids.len(), 2);

        let mut canaries = BTreeSet::from(["kimwordsMARK".to_owned(), "halfdraftMARK".into(), "+441632960999".into()]);
        for (name, browser, _) in &people {
            for what in ["draft", "message", "question", "address", "language", "reply", "INTERNAL", "name", "file", "filewords"] {
                canaries.insert(format!("{name}{what}MARK"));
            }
            let person = hub.demo_person(name);
            canaries.extend([person.email.to_owned(), person.mobile.to_owned(), person.name.to_owned()]);
            canaries.extend(browser.jar.values().cloned());
        }
        for staff in &hub.demo.staff {
            canaries.extend([staff.password.clone(), staff.totp_secret.clone()]);
        }
        canaries.extend(hub.demo.machine_keys.iter().map(|key| key.key.clone()));
        canaries.insert("nia.canary@example.test".into());
        canaries.extend(ids.iter().map(|id| hub.portal.keys.invitation_token(*id)));
        assert!(canaries.len() > 70, "{}", canaries.len());

        let dump = latin(&match backend {
            Backend::Sqlite => bytes_on_disk(hub.folder()),
            Backend::Postgres => every_row(&hub).await,
        });
        assert!(holds(&dump, b"sam@hub.example.test"), "{backend:?}: the dump is one");
        for canary in &canaries {
            for form in forms(canary) {
                assert!(!holds(&dump, &form), "{backend:?}: {canary} as {:?}", String::from_utf8_lossy(&form));
            }
        }
        // Six characters are too few for every form: as they are said and as they are typed.
        for word in [emailed.texts(".hub-word").remove(0), answered["word"].as_str().expect("a word").to_owned()] {
            for form in [word.clone(), word.replace(' ', "")] {
                assert!(!holds(&dump, form.as_bytes()), "{backend:?}: the word of an invitation");
            }
        }
    }
}

/// A sealed text belongs to its row: an insider who moves it makes it unreadable, and the page says so
/// without a word of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_moved_to_somebody_else_does_not_open() {
    let hub = Hub::start().await;
    let people = marked(&hub).await;
    let (_, mut tom, _) = people.into_iter().find(|(name, ..)| *name == "tom").unwrap();
    let path = format!("{}/messages", hub.case_of("tom"));
    assert!(tom.get(&path).await.says("tomquestionMARK"));
    let moved = sql("update messages set body = (select body from messages m join support_requests r on r.request_id = m.request_id \
         where r.person_id = $1 and m.author = 'person' limit 1) \
         where author = 'person' and request_id in (select request_id from support_requests where person_id = $2)")
    .bind(hub.person_id("amira").await)
    .bind(hub.person_id("tom").await);
    assert!(hub.change(moved).await > 0);
    let page = tom.send_and_see(Request::get(&path).body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!page.body.contains("MARK"));
    hub.deliver().await;
}
