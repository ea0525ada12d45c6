//! Bad input to every route: always a clear refusal, never a fault, never a word about the inside.

use crate::authenticator::Phone;
use crate::harness::{Answer, Backend, Browser, Hub, PHOTO, encode};
use crate::passkeys;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
pub use server::http::fields::URLENCODED;
use std::fmt::Write as _;
use std::path::Path;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anyone,
    Person,
    /// Who work with people.
    Staff,
    /// Who see openings.
    Overseer,
    /// Who keep accounts and keys.
    Keeper,
    /// Nobody here: it is not switched on (see `single_sign_on` for where it is).
    Nobody,
}

/// What a POST reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    Form,
    /// A form with a file.
    File,
    Json,
    Call,
}
use Takes::{Call, File, Form, Json, Nothing};
use Who::{Anyone, Keeper, Nobody, Overseer, Person, Staff};

const GET: &[&str] = &["GET", "HEAD"];
const POST: &[&str] = &["POST"];
const BOTH: &[&str] = &["GET", "HEAD", "POST"];

/// Every route there is. `{case}`, `{reference}`, `{file}`, `{task}`, `{person}` and `{token}` stand for Amira's,
/// `{passkey}` for a passkey of hers, `{opening}` for one of Wyn's, `{staff}` for Arun, `{key}` for the demo's machine key.
pub const ROUTES: [(&str, &[&str], Takes, Who); 80] = [
    ("/", GET, Nothing, Anyone),
    ("/help", GET, Nothing, Anyone),
    ("/help/rights", GET, Nothing, Anyone),
    ("/help/services", GET, Nothing, Anyone),
    ("/accessibility", GET, Nothing, Anyone),
    ("/privacy", GET, Nothing, Anyone),
    ("/sign-in", BOTH, Form, Anyone),
    ("/sign-in/code", BOTH, Form, Anyone),
    ("/sign-in/passkey/start", POST, Nothing, Anyone),
    ("/sign-in/passkey", BOTH, Form, Anyone),
    ("/sign-out", POST, Nothing, Anyone),
    ("/join/{token}", BOTH, Form, Anyone),
    ("/join/you", BOTH, Form, Anyone),
    ("/join/pin", BOTH, Form, Anyone),
    ("/security", GET, Nothing, Person),
    ("/security/sign-out", POST, Nothing, Anyone), // by Amira it would end every other test of hers
    ("/security/pin", BOTH, Form, Person),
    ("/security/passkeys", GET, Nothing, Person),
    ("/security/passkeys/new", BOTH, Form, Person),
    ("/security/passkeys/make", BOTH, Form, Person),
    ("/security/passkeys/{passkey}/remove", POST, Nothing, Person),
    ("/security/representatives/{representation}/end", POST, Nothing, Person),
    ("/security/pause", POST, Nothing, Person),
    ("/security/resume", POST, Form, Person),
    ("/home", GET, Nothing, Person),
    ("/cases/{case}", GET, Nothing, Person),
    ("/cases/{case}/messages", BOTH, Form, Person),
    ("/cases/{case}/files", BOTH, File, Person),
    ("/files", BOTH, Form, Person),
    ("/contact", GET, Nothing, Person),
    ("/contact/preferences", BOTH, Form, Person),
    ("/contact/letter", BOTH, Form, Person),
    ("/contact/email/stop", POST, Nothing, Person),
    ("/support", GET, Nothing, Person),
    ("/support/new", GET, Nothing, Person),
    ("/support/new/danger", GET, Nothing, Person),
    ("/support/new/check", BOTH, Nothing, Person),
    ("/support/new/sent", GET, Nothing, Person),
    ("/support/new/words", BOTH, Form, Person),
    ("/support/{reference}", BOTH, Form, Person),
    ("/support/{reference}/files", BOTH, File, Person),
    ("/hub", GET, Nothing, Staff),
    ("/hub/people", GET, Nothing, Staff),
    ("/hub/people/{person}", GET, Nothing, Staff),
    ("/hub/people/{person}/invite", POST, Form, Staff),
    ("/hub/people/{person}/email", BOTH, Form, Staff),
    ("/hub/people/{person}/open", POST, Form, Staff),
    ("/hub/people/{person}/stop-change", POST, Nothing, Staff),
    ("/hub/people/{person}/representative", BOTH, Form, Staff),
    ("/hub/people/{person}/sign-out", POST, Nothing, Staff),
    ("/hub/people/{person}/confirm", POST, Form, Staff),
    ("/hub/requests/{reference}/open", POST, Form, Staff),
    ("/hub/requests/{reference}", GET, Nothing, Staff),
    ("/hub/requests/{reference}/claim", POST, Nothing, Staff),
    ("/hub/requests/{reference}/release", POST, Nothing, Staff),
    ("/hub/requests/{reference}/reply", POST, Form, Staff),
    ("/hub/requests/{reference}/note", POST, Form, Staff),
    ("/hub/requests/{reference}/close", POST, Form, Staff),
    ("/hub/requests/{reference}/files/{file}", GET, Nothing, Staff),
    ("/hub/tasks/{task}/done", POST, Nothing, Staff),
    ("/hub/openings", GET, Nothing, Overseer),
    ("/hub/openings/{opening}/judge", POST, Form, Overseer),
    ("/hub/access", GET, Nothing, Keeper),
    ("/hub/access/staff/{staff}/end", POST, Nothing, Keeper),
    ("/hub/access/keys/{key}/revoke", POST, Nothing, Keeper),
    ("/hub/password", BOTH, Form, Staff),
    ("/hub/sign-in", BOTH, Form, Anyone),
    ("/hub/sign-out", POST, Nothing, Anyone),
    ("/hub/sign-in/organisation", POST, Nothing, Nobody),
    ("/hub/sign-in/organisation/return", GET, Nothing, Nobody),
    ("/exit", BOTH, Nothing, Anyone),
    ("/api/v1/cases", POST, Json, Anyone),
    ("/api/v1/invitations", POST, Json, Anyone),
    ("/api/v1/openapi.json", GET, Nothing, Anyone),
    ("/api/island/queue", POST, Call, Staff),
    ("/a/public.1.css", GET, Nothing, Anyone),
    ("/favicon.svg", GET, Nothing, Anyone),
    ("/robots.txt", GET, Nothing, Anyone),
    ("/livez", GET, Nothing, Anyone),
    ("/readyz", GET, Nothing, Anyone),
];

/// Every field any form knows.
const FIELDS: [&str; 61] = [
    "current_password",
    "new_password",
    "alone",
    "open",
    "remove",
    "credential",
    "rep_name",
    "purpose",
    "scope",
    "not_close",
    "new_pin",
    "new_email",
    "new_mobile",
    "old_safe",
    "confirmed",
    "why",
    "reason",
    "verdict",
    "word",
    "device",
    "inbox",
    "pin_again",
    "checked",
    "identifier",
    "code",
    "pin",
    "email",
    "password",
    "message",
    "submission_id",
    "version",
    "note",
    "closing",
    "channel",
    "safe",
    "days",
    "from",
    "to",
    "voicemail",
    "say_who",
    "until-day",
    "until-month",
    "until-year",
    "address",
    "preferred",
    "language",
    "language_other",
    "communication",
    "safe_now",
    "needs",
    "concerns",
    "words",
    "reach",
    "phone",
    "text",
    "name",
    "when_safe",
    "changing",
    "key[Case]",
    "key[Request]",
    "submission",
];

/// A hub with a request and a task, and a browser for each kind of asker.
pub struct Door<'h> {
    hub: &'h Hub,
    amira: Browser<'h>,
    sam: Browser<'h>,
    priya: Browser<'h>,
    ada: Browser<'h>,
    opening: Uuid,
    representation: Uuid,
    passkey: Uuid,
    arun: Uuid,
    reference: String,
    file: Uuid,
    task: Uuid,
    person: Uuid,
    token: String,
}

impl<'h> Door<'h> {
    pub async fn open(hub: &'h Hub) -> Self {
        let mut tom = hub.person("tom").await;
        tom.asks_for_support().await;
        let mut amira = hub.person("amira").await;
        let reference = amira.asks_for_support().await;
        amira.sends_a_file(&format!("/support/{reference}/files"), "", PHOTO).await.location();
        let file: Option<(Uuid,)> = hub.one(server::db::sql("select file_id from files")).await;
        hub.deliver().await;
        let row: Option<(Uuid,)> = hub.one(server::db::sql("select task_id from tasks limit 1")).await;
        let mut sam = hub.staff("sam").await;
        sam.claims(&reference).await;
        let person = hub.person_id("amira").await;
        let (token, _) = sam.invites(person).await;
        let bethan = hub.person_id("bethan").await;
        hub.staff("wyn").await.opens(&format!("/hub/people/{bethan}")).await;
        let opening: Option<(Uuid,)> = hub.one(server::db::sql("select opening_id from openings")).await;
        let arun: Option<(Uuid,)> = hub.one(server::db::sql("select staff_id from staff where role = 'auditor'")).await;
        sam.adds_a_representative(person, &[]).await;
        let acts: Option<(Uuid,)> = hub.one(server::db::sql("select representation_id from representations")).await;
        let representation = acts.expect("somebody who acts for Amira").0;
        let pin = hub.demo_person("amira").pin.clone();
        passkeys::adds(&mut amira, &mut Phone::new(), &pin).await.location();
        let passkey: Option<(Uuid,)> = hub.one(server::db::sql("select passkey_id from passkeys")).await;
        let passkey = passkey.expect("a passkey of Amira's").0;
        let (priya, ada) = (hub.staff("priya").await, hub.staff("ada").await);
        let file = file.expect("a file").0;
        let (task, opening, arun) = (row.expect("a task").0, opening.expect("an opening").0, arun.expect("Arun").0);
        Self { hub, amira, sam, priya, ada, opening, representation, passkey, arun, reference, file, task, person, token }
    }

    pub fn path(&self, template: &str) -> String {
        let case = self.hub.demo_person("amira").cases[0].to_string();
        template
            .replace("{case}", &case)
            .replace("{reference}", &self.reference)
            .replace("{file}", &self.file.to_string())
            .replace("{task}", &self.task.to_string())
            .replace("{person}", &self.person.to_string())
            .replace("{token}", &self.token)
            .replace("{representation}", &self.representation.to_string())
            .replace("{passkey}", &self.passkey.to_string())
            .replace("{opening}", &self.opening.to_string())
            .replace("{staff}", &self.arun.to_string())
            .replace("{key}", &self.hub.machine_key()[4..12])
    }

    /// The right browser, as it was: what one try does to its cookies is forgotten.
    pub fn browser(&self, who: Who) -> Browser<'h> {
        match who {
            Anyone | Nobody => self.hub.browser(),
            Person => self.amira.clone(),
            Staff => self.sam.clone(),
            Overseer => self.priya.clone(),
            Keeper => self.ada.clone(),
        }
    }

    async fn send(&self, who: Who, request: Request<Body>) -> Answer {
        let line = format!("{} {:.80}", request.method(), request.uri().to_string());
        let answer = self.browser(who).send(request).await;
        if answer.status.is_client_error() {
            is_clear(&line, &answer);
        }
        answer
    }
}

pub fn request(method: &str, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Request<Body> {
    let body = body.into();
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_LENGTH, body.len());
    if !kind.is_empty() {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    request.body(Body::from(body)).expect("a request")
}

/// A refusal that helps: a page with one h1 (the browser checks that) or JSON, and nothing of the inside.
fn is_clear(line: &str, answer: &Answer) {
    let machine = line.contains("/api/");
    if line.starts_with("HEAD") {
        assert_eq!(answer.body, "", "{line}");
    } else if machine {
        assert_eq!(answer.header("content-type"), "application/json", "{line}: {}", answer.body);
        assert!(answer.json()["error"].is_string() || answer.status == StatusCode::UNPROCESSABLE_ENTITY, "{line}: {}", answer.body);
    } else {
        assert!(answer.is_page(), "{line}: {} {}", answer.status, answer.body);
        assert!(answer.main_text().len() > 20, "{line}");
    }
    let body = answer.body.to_lowercase();
    for inside in
        ["panicked", "sqlx", "sqlite", "postgres", "insert into", "select *", "backtrace", ".rs:", "server fn", "leptos_axum", "axum"]
    {
        assert!(!body.contains(inside), "{line} says {inside}: {body}");
    }
}

#[test]
fn no_route_is_missing_from_the_table() {
    fn routes(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| if path.is_dir() { routes(&path) } else { std::fs::read_to_string(&path).unwrap().matches(".route(").count() })
            .sum()
    }
    let there = routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert_eq!(there, ROUTES.len(), "the sources have another number of routes: bring ROUTES up to date");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_its_own_methods_and_refuses_the_others() {
    let hub = Hub::start().await;
    let door = Door::open(&hub).await;
    for (template, methods, takes, who) in ROUTES {
        let path = door.path(template);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"] {
            let kind = if takes == Form { URLENCODED } else { "" };
            let answer = door.send(who, request(method, &path, kind, "")).await;
            if methods.contains(&method) {
                assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert_eq!(answer.status == StatusCode::NOT_FOUND, who == Nobody, "{method} {path}");
            } else {
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                let mut allowed: Vec<&str> = answer.header("allow").split(',').collect();
                allowed.sort_unstable();
                assert_eq!(allowed, methods, "{method} {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_form_is_refused_everywhere() {
    let hub = Hub::start().await;
    let door = Door::open(&hub).await;
    let many = "a=1&".repeat(10_000);
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nhello\r\n--x--\r\n";
    for (template, methods, takes, who) in ROUTES {
        if !methods.contains(&"POST") {
            continue;
        }
        let path = door.path(template);
        let huge = door.send(who, request("POST", &path, URLENCODED, "message=".to_owned() + &"x".repeat(2 * 1024 * 1024))).await;
        if takes == Form {
            for (what, kind, body, status) in [
                ("not UTF-8, encoded", URLENCODED, b"message=%FF&identifier=%FF".to_vec(), 400),
                ("not UTF-8, raw", URLENCODED, b"message=\xff\xfe".to_vec(), 400),
                ("a lone surrogate", URLENCODED, b"message=%ED%A0%80".to_vec(), 400),
                ("an overlong slash", URLENCODED, b"message=%C0%AF".to_vec(), 400),
                ("10,000 fields", URLENCODED, many.clone().into_bytes(), 400),
                ("no type", "", b"message=hello".to_vec(), 415),
                ("multipart", "multipart/form-data; boundary=x", multipart.into(), 415),
                ("JSON", "application/json", b"{\"message\":\"hello\"}".to_vec(), 415),
                ("plain text", "text/plain", b"message=hello".to_vec(), 415),
            ] {
                let answer = door.send(who, request("POST", &path, kind, body)).await;
                assert_eq!(answer.status.as_u16(), status, "{path}: {what}");
            }
        }
        match takes {
            Form | File | Call => assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}"),
            Json => assert_eq!(huge.status, StatusCode::UNAUTHORIZED, "{path}: nothing is read before the key"),
            Nothing => assert!(!huge.status.is_server_error(), "{path}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_values_in_every_field_of_every_form_are_no_fault() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let door = Door::open(&hub).await;
        let long = "x".repeat(1_500);
        let digits = "9".repeat(400);
        for value in [
            "\0",
            "a\0b",
            "",
            "-1",
            digits.as_str(),
            long.as_str(),
            "9223372036854775808",
            "' or 1=1 --",
            "../../etc/passwd",
            "\u{202e}\u{fffe}",
        ] {
            let fields: Vec<(&str, &str)> = FIELDS.iter().map(|name| (*name, value)).collect();
            let body = encode(&fields);
            for (template, methods, takes, who) in ROUTES {
                if methods.contains(&"POST") && takes != Json {
                    let path = door.path(template);
                    let answer = door.send(who, request("POST", &path, URLENCODED, body.clone())).await;
                    assert!(
                        answer.status.is_client_error() || answer.status == StatusCode::SEE_OTHER || answer.status == StatusCode::OK,
                        "{path}"
                    );
                }
                if methods.contains(&"GET") {
                    let path = format!("{}?{}", door.path(template), encode(&[("x", value)]));
                    let answer = door.send(who, request("GET", &path, "", "")).await;
                    assert!(answer.status.as_u16() < 400 || who == Nobody, "{path}: {}", answer.status);
                }
            }
            // A claim put back by the strange posts is taken again, so that later values reach the forms.
            door.browser(Staff).post(&door.path("/hub/requests/{reference}/claim"), &[]).await;
        }
        hub.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_there_are_not_found() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on(backend).await else { continue };
        let door = Door::open(&hub).await;
        let long = "x".repeat(8_000);
        let unknown = Uuid::from_u128(7).to_string();
        for id in [
            unknown.as_str(),
            &unknown.to_uppercase(),
            &unknown.replace('-', ""),
            "{00000000-0000-0000-0000-000000000007}",
            "1",
            "-1",
            "%00",
            "a%00b",
            "%F0%9F%92%94",
            "..%2f..%2fetc%2fpasswd",
            "%2e%2e",
            "'%20or%201=1--",
            "2222-2222",
            &long,
        ] {
            let id = id.replace(['{', '}'], "");
            for (template, methods, takes, who) in ROUTES {
                let Some(at) = template.find('{') else { continue };
                let end = template.find('}').unwrap() + 1;
                let path = format!("{}{id}{}", &template[..at], &template[end..]);
                let method = if methods.contains(&"GET") { "GET" } else { "POST" };
                let body = encode(&[("message", "x"), ("note", "x"), ("closing", "answered")]);
                let (kind, body) = if takes == Form { (URLENCODED, body) } else { ("", String::new()) };
                let answer = door.send(who, request(method, &path, kind, body)).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path:.100}");
            }
            for (folder, who) in [("/contact", Person), ("/support/new", Person), ("/a", Anyone)] {
                assert_eq!(door.send(who, request("GET", &format!("{folder}/{id}"), "", "")).await.status, StatusCode::NOT_FOUND);
            }
            let call = door.send(Person, request("POST", &format!("/api/island/{id}"), URLENCODED, "")).await;
            assert!(call.status.is_client_error());
        }
        for id in ["%FF", "%C0%AF", "%ED%A0%80"] {
            for (folder, who) in [("/cases", Person), ("/support", Person), ("/contact", Person), ("/hub/requests", Staff), ("/a", Anyone)]
            {
                let answer = door.send(who, request("GET", &format!("{folder}/{id}"), "", "")).await;
                assert!([StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&answer.status), "{folder}/{id}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_addresses_are_not_found() {
    let hub = Hub::start().await;
    let door = Door::open(&hub).await;
    let mut long = String::from("/");
    for _ in 0..6_000 {
        write!(long, "deep/").unwrap();
    }
    for path in [
        "/../../etc/passwd",
        "/..",
        "/./",
        "//",
        "//home",
        "/home/",
        "/HOME",
        "/home/..",
        "/hub/../home",
        "/hub%2f",
        "/%2fhome",
        "/home%00",
        "/.git/config",
        "/.env",
        "/wp-login.php",
        "/portal.toml",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/cases",
        long.as_str(),
    ] {
        for who in [Anyone, Person, Staff] {
            assert_eq!(door.send(who, request("GET", path, "", "")).await.status, StatusCode::NOT_FOUND, "{path:.60}");
        }
    }
    let query = format!("/home?{}", "q=".repeat(20_000));
    assert_eq!(door.send(Person, request("GET", &query, "", "")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_cookies_and_headers_are_no_fault() {
    let hub = Hub::start().await;
    let door = Door::open(&hub).await;
    let huge = format!("__Host-s={}", "A".repeat(60_000));
    for cookie in [
        &b"__Host-s=\xff\xfe; __Host-w=\xff"[..],
        b";;;=;=;",
        b"__Host-s",
        b"__Host-s=;__Host-s=;__Host-d=\";\"",
        huge.as_bytes(),
        b"__Host-d=x; __Host-c=x",
    ] {
        for (template, methods, takes, _) in ROUTES {
            let method = if methods.contains(&"GET") { "GET" } else { "POST" };
            let mut request = request(method, &door.path(template), if takes == Form { URLENCODED } else { "" }, "");
            request.headers_mut().insert(header::COOKIE, header::HeaderValue::from_bytes(cookie).unwrap());
            for (name, value) in
                [("accept", "\u{fffd}"), ("range", "bytes=5-1"), ("content-encoding", "br"), ("authorization", "Bearer vh1_")]
            {
                request.headers_mut().insert(name, header::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let answer = door.send(Anyone, request).await;
            assert!(answer.status.as_u16() < 500, "{template}");
        }
    }
    let mut with_no_length = Request::new(Body::from("identifier=amira%40example.test"));
    *with_no_length.method_mut() = Method::POST;
    *with_no_length.uri_mut() = "/sign-in".parse().unwrap();
    assert_eq!(door.send(Anyone, with_no_length).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
