//! A photo or a letter: what is kept of it, who gets it back, and what a refusal keeps.

use crate::harness::{Backend, Browser, Hub, PHOTO, file_request};
use axum::http::StatusCode;
use chrono::Duration;
use server::db::sql;

const PDF: &[u8] = b"%PDF-1.4 a letter %%EOF\n";

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// The ids of the files on the page of files, newest first.
async fn listed(person: &mut Browser<'_>) -> Vec<String> {
    let page = person.get("/files").await.page();
    crate::harness::all(&page, "button[name=open]").iter().map(|button| button.attr("value").expect("an id").to_owned()).collect()
}

async fn kept(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from files")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_reaches_the_hub_without_where_it_was_taken() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let reference = amira.asks_for_support().await;
        let path = format!("/support/{reference}/files");
        assert!(amira.get(&format!("/support/{reference}")).await.body.contains(&format!("href=\"{path}\"")));
        let sent = amira.sends_a_file(&path, "The letter I got", PHOTO).await;
        assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, format!("/support/{reference}").as_str()));
        let thread = amira.get(&format!("/support/{reference}")).await;
        assert!(thread.says("The letter I got") && thread.says("With a file: Photo, 1 KB"));

        let mut sam = hub.staff("sam").await;
        let request = sam.get(&format!("/hub/requests/{reference}")).await;
        let id = listed(&mut amira).await.remove(0);
        let at = format!("/hub/requests/{reference}/files/{id}");
        assert!(request.body.contains(&at) && request.says("Save the file (Photo, 1 KB)"));
        let saved = sam.get(&at).await;
        assert_eq!(saved.status, StatusCode::OK);
        assert_eq!(saved.header("content-disposition"), "attachment; filename=\"photo.jpg\"");
        assert_eq!(saved.header("content-type"), "image/jpeg");
        assert!(saved.header("content-security-policy").ends_with("sandbox"), "{}", saved.header("content-security-policy"));
        assert_eq!((saved.header("x-content-type-options"), saved.header("cache-control")), ("nosniff", "no-store"));
        assert!(holds(&saved.bytes, b"picture") && !holds(&saved.bytes, b"MARK"), "{:?}", saved.body);
        assert_eq!((hub.acts("file_sent").await, hub.acts("file_opened").await), (1, 1));
        assert!(amira.get("/security").await.says("opened a file that you sent"));
        hub.deliver().await;
        assert!(hub.mails().iter().all(|mail| !mail.data.contains("photo") && !mail.data.contains("letter")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sender_opens_and_removes_it_with_their_pin_and_nobody_else_does() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let mut amira = hub.person("amira").await;
        let path = hub.case_of("amira") + "/files";
        assert!(amira.get(&format!("{}/messages", hub.case_of("amira"))).await.body.contains(&path));
        assert_eq!(amira.sends_a_file(&path, "", PDF).await.location(), hub.case_of("amira") + "/messages");
        assert!(amira.get(&format!("{}/messages", hub.case_of("amira"))).await.says("I sent you a PDF."));
        let id = listed(&mut amira).await.remove(0);
        hub.wait(Duration::minutes(6));
        let pin = hub.demo_person("amira").pin.clone();
        for act in ["open", "remove"] {
            let asked = amira.post("/files", &[(act, &id)]).await;
            assert_eq!(asked.errors(), ["Enter your PIN to save this"], "{act}");
            let guessed = amira.post("/files", &[(act, &id), ("pin", "999111")]).await;
            assert_eq!(guessed.errors(), ["The PIN is not right. Try again"], "{act}");
        }
        // Nobody, and the wrong person.
        let mut tom = hub.person("tom").await;
        assert_eq!(hub.browser().post("/files", &[("open", &id)]).await.location(), "/sign-in");
        assert_eq!(tom.post("/files", &[("open", &id)]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(tom.post("/files", &[("remove", &id)]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(listed(&mut tom).await, [""; 0]);
        assert_eq!(kept(&hub).await, 1);

        let opened = amira.post("/files", &[("open", &id), ("pin", &pin)]).await;
        assert_eq!((opened.bytes.as_slice(), opened.header("content-disposition")), (PDF, "attachment; filename=\"document.pdf\""));
        // The PIN changed the session's token, and the answer with the file told the new one.
        assert_eq!(amira.post("/files", &[("remove", &id)]).await.location(), "/files?removed");
        assert_eq!(amira.post("/files", &[("remove", &id)]).await.location(), "/files?removed", "the second of two taps");
        assert_eq!((kept(&hub).await, hub.acts("file_removed").await, hub.acts("file_opened").await), (0, 1, 1));
        assert!(amira.get(&format!("{}/messages", hub.case_of("amira"))).await.says("I sent you a PDF."), "the message stays");
        assert!(amira.get("/files?removed").await.says("You have not sent us a file"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_told_and_no_word_is_lost() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let path = format!("/support/{}/files", amira.asks_for_support().await);
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    let mut bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x02\x00\x00\x00".to_vec();
    bomb.extend_from_slice(&[0; 4]);
    for (file, problem) in [
        (None, "Choose a photo or a PDF"),
        (
            Some(&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..]),
            "We can take a photo (JPEG or PNG) or a PDF. This file is something else",
        ),
        (Some(b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR"), "We can take a photo (JPEG or PNG) or a PDF. This file is something else"),
        (Some(b"PK\x03\x04"), "We can take a photo (JPEG or PNG) or a PDF. This file is something else"),
        (Some(&PHOTO[..40]), "We could not read this file: a part of it is missing. Save it again, or take the photo again"),
        (Some(&bomb), "We could not read this file: a part of it is missing. Save it again, or take the photo again"),
        (Some(&large), "The file must be 10 MB or smaller. Choose a smaller one, or take the photo again with less detail"),
    ] {
        let answer = amira.send(file_request(&path, &[("message", "Words I would not like to type again")], file)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.errors(), [problem]);
        assert!(answer.body.contains("Words I would not like to type again"));
        assert!(!answer.body.contains("bruise") && !answer.body.contains("alert(1)"));
    }
    // Both at once: both are told.
    let both = amira.sends_a_file(&path, &"x".repeat(6000), b"PK").await;
    assert_eq!(both.errors().len(), 2);
    // Not a form with a file at all; a form without an end; far too many parts.
    assert_eq!(amira.post(&path, &[("message", "x")]).await.status, StatusCode::BAD_REQUEST);
    let many: Vec<(&str, &str)> = (0..30).map(|_| ("message", "x")).collect();
    assert_eq!(amira.send(file_request(&path, &many, Some(PHOTO))).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(kept(&hub).await, 0);
    assert_eq!(hub.acts("file_sent").await, 0);
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sends_to_anothers_conversation_and_two_taps_are_one_file() {
    let hub = Hub::start().await;
    let (mut amira, mut tom) = (hub.person("amira").await, hub.person("tom").await);
    let path = format!("/support/{}/files", amira.asks_for_support().await);
    for theirs in [path.as_str(), &(hub.case_of("amira") + "/files")] {
        assert_eq!(tom.sends_a_file(theirs, "", PHOTO).await.status, StatusCode::NOT_FOUND);
        assert_eq!(tom.get(theirs).await.status, StatusCode::NOT_FOUND);
        assert_eq!(hub.browser().sends_a_file(theirs, "", PHOTO).await.location(), "/sign-in");
    }
    let submission = amira.get(&path).await.field("submission_id");
    for _ in 0..2 {
        let tap = file_request(&path, &[("submission_id", &submission), ("message", "")], Some(PHOTO));
        assert_eq!(amira.send(tap).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(kept(&hub).await, 1);
    for _ in 1..20 {
        assert_eq!(amira.sends_a_file(&path, "", PHOTO).await.status, StatusCode::SEE_OTHER);
    }
    let full = amira.sends_a_file(&path, "kept words", PHOTO).await;
    assert_eq!(full.errors(), ["You have sent 20 files. Remove one you do not need, then send this one"]);
    assert!(full.body.contains("kept words"));
    hub.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_whose_work_it_is_not_give_a_reason_first() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    amira.sends_a_file(&format!("/support/{reference}/files"), "", PHOTO).await.location();
    let mut sam = hub.staff("sam").await;
    sam.claims(&reference).await;
    let at = format!("/hub/requests/{reference}/files/{}", listed(&mut amira).await.remove(0));
    let mut wyn = hub.staff("wyn").await;
    let asked = wyn.get(&at).await;
    assert!(asked.is_page() && !asked.body.contains("picture"), "the page that asks for a reason");
    for (other, status) in [("lena", StatusCode::NOT_FOUND), ("arun", StatusCode::NOT_FOUND), ("ada", StatusCode::NOT_FOUND)] {
        assert_eq!(hub.staff(other).await.get(&at).await.status, status, "{other}");
    }
    assert_eq!(hub.acts("file_opened").await, 0);
    // Of another request it is not there, whoever asks.
    let mut tom = hub.person("tom").await;
    let other = tom.asks_for_support().await;
    assert_eq!(sam.get(&at.replace(&reference, &other)).await.status, StatusCode::NOT_FOUND);
    wyn.opens(&format!("/hub/requests/{reference}")).await;
    assert_eq!(wyn.get(&at).await.status, StatusCode::OK);
    hub.deliver().await;
}
