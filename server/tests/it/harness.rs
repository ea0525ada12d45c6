//! A hub for one test: the real router over a migrated database of its own, the demo's people in
//! it, a clock that stands still and a mail server that keeps what it gets.
//!
//! Browsers are values: `hub.browser()` is a stranger's, `hub.person("amira")` and `hub.staff("sam")`
//! have signed in as a person or a colleague would. Every answer is held to what every answer must
//! be (see [`Browser::send`]); a test that ends with notices still due fails.

use crate::postgres;
use crate::smtp::{MailServer, ReceivedMail};
use app::domain::ids::Reference;
use app::islands::page::PART_HEADER;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use scraper::{ElementRef, Html, Selector};
use server::clock::{Clock as _, TestClock};
use server::config::Config;
use server::db::{Db, Statement, sql};
use server::demo::{self, Demo, DemoPerson, DemoStaff};
use server::entropy::Entropy;
use server::http::assets::Assets;
use server::http::fields::URLENCODED;
use server::http::form_token;
use server::http::router::router;
use server::keys::Keys;
use server::outbox::{self, Mailer};
use server::portal::Portal;
use server::vault::{DataKey, Field};
use server::{contact, people, support};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tower::ServiceExt as _;
use uuid::Uuid;

/// A Monday in winter: London's clock is UTC's.
pub const START: &str = "2026-11-23T10:00:00Z";
pub const BASE_URL: &str = "https://portal.example.test";
pub const EXIT_URL: &str = "https://weather.example.test/today";
/// Enough that every stage the demo wants is there.
const CRIMES: usize = 60;

/// The files a built site has, in miniature.
const SITE: [(&str, &str); 14] = [
    (
        "manifest.json",
        r#"{"public.css":"public.1.css","hub.css":"hub.2.css","public.js":"public.3.js","public.wasm":"public.4.wasm",
            "hub.js":"hub.5.js","hub.wasm":"hub.6.wasm","boot.js":"boot.7.js","exit.js":"exit.8.js","left-open.js":"left-open.9.js",
            "passkey.js":"passkey.10.js"}"#,
    ),
    ("a/public.1.css", "body{}"),
    ("a/public.1.css.br", "not really brotli"),
    ("a/hub.2.css", "body{}"),
    ("a/public.3.js", "//"),
    ("a/public.4.wasm", "wasm"),
    ("a/hub.5.js", "//"),
    ("a/hub.6.wasm", "wasm"),
    ("a/boot.7.js", "//"),
    ("a/exit.8.js", "//"),
    ("a/left-open.9.js", "//"),
    ("a/passkey.10.js", "//"),
    ("favicon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("robots.txt", "User-agent: *\nDisallow: /\n"),
];

/// Asha, as staff type her in.
pub const REPRESENTATIVE: [(&str, &str); 7] = [
    ("rep_name", "Asha Advocate"),
    ("purpose", "advocate"),
    ("until-day", "28"),
    ("until-month", "2"),
    ("until-year", "2027"),
    ("confirmed", "called_back"),
    ("not_close", "yes"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

pub struct Hub {
    pub portal: Portal,
    pub clock: Arc<TestClock>,
    pub mail: MailServer,
    pub demo: Arc<Demo>,
    router: Router,
    folder: TempDir,
}

/// A seeded SQLite database as bytes: filling one takes longer than most tests.
struct Template {
    files: Vec<(&'static str, Vec<u8>)>,
    demo: Arc<Demo>,
}

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let filled = std::thread::spawn(|| {
            let folder = tempfile::tempdir().expect("a folder");
            let runtime = Runtime::new().expect("a runtime");
            let url = format!("sqlite://{}", folder.path().join("portal.db").display());
            let (portal, _) = runtime.block_on(open(&url, "smtp://127.0.0.1:1", folder.path(), 1, |_| {}));
            let demo = runtime.block_on(fill(&portal));
            // Nothing writes any more: the file and its log belong together.
            let read = |name| (name, std::fs::read(folder.path().join(name)).expect("the database"));
            Template { files: vec![read("portal.db"), read("portal.db-wal")], demo: Arc::new(demo) }
        });
        filled.join().expect("the template")
    })
}

async fn open(url: &str, smtp_url: &str, folder: &Path, seed: u64, change: impl FnOnce(&mut Config)) -> (Portal, Arc<TestClock>) {
    let mut config = Config {
        database_url: url.to_owned(),
        smtp_url: Some(smtp_url.to_owned()),
        base_url: BASE_URL.into(),
        exit_url: EXIT_URL.into(),
        ..Config::default()
    };
    change(&mut config);
    let site = folder.join("site");
    std::fs::create_dir_all(site.join("a")).expect("a folder");
    for (name, text) in SITE {
        std::fs::write(site.join(name), text).expect("a file of the site");
    }
    let clock = Arc::new(TestClock::at(START.parse().expect("a time")));
    let db = Db::open(url).await.expect("a database");
    let mailer = Mailer::new(&config).expect("mail settings");
    let assets = Assets::load(Some(&site)).expect("the site");
    let keys = Keys::fixed(b"a root key for tests, of 32 bytes");
    let portal = Portal::new(config, db, Arc::clone(&clock) as _, Entropy::seeded(seed), keys, assets, mailer).await;
    (portal.expect("a portal"), clock)
}

async fn fill(portal: &Portal) -> Demo {
    demo::invent_crimes(portal, CRIMES).await.expect("crimes");
    demo::seed(portal, true).await.expect("people")
}

impl Hub {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With another address of the portal.
    pub async fn start_at(base_url: &str) -> Self {
        Self::start_with(|config| base_url.clone_into(&mut config.base_url)).await
    }

    /// With other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let template = template();
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in &template.files {
            std::fs::write(folder.path().join(name), bytes).expect("a copy of the template");
        }
        let mail = MailServer::start();
        let url = format!("sqlite://{}", folder.path().join("portal.db").display());
        let (portal, clock) = open(&url, &mail.url(), folder.path(), 2, change).await;
        Self::new(portal, clock, mail, Arc::clone(&template.demo), folder)
    }

    /// `None` where there is no PostgreSQL to be had; that has been said loudly.
    pub async fn start_on(backend: Backend) -> Option<Self> {
        Self::start_on_with(backend, |_| {}).await
    }

    pub async fn start_on_with(backend: Backend, change: impl FnOnce(&mut Config)) -> Option<Self> {
        if backend == Backend::Sqlite {
            return Some(Self::start_with(change).await);
        }
        let url = postgres::require()?.fresh_database();
        let folder = tempfile::tempdir().expect("a folder");
        let mail = MailServer::start();
        let (portal, clock) = open(&url, &mail.url(), folder.path(), 2, change).await;
        let demo = fill(&portal).await;
        // Every connection is open before the test begins: what happens at the same moment then does.
        drop(join_all((0..16).map(|_| portal.db.read())).await);
        Some(Self::new(portal, clock, mail, Arc::new(demo), folder))
    }

    fn new(portal: Portal, clock: Arc<TestClock>, mail: MailServer, demo: Arc<Demo>, folder: TempDir) -> Self {
        // A portal knows at its start whether its people are invented; PostgreSQL's were not there yet.
        let router = router(portal.clone());
        Self { portal, clock, mail, demo, router, folder }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// The folder of the SQLite file.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A browser nobody has used.
    pub fn browser(&self) -> Browser<'_> {
        Browser { hub: self, jar: BTreeMap::new(), sees_contact_details: false, forges: false }
    }

    pub fn demo_person(&self, name: &str) -> &DemoPerson {
        let email = format!("{name}@example.test");
        self.demo.people.iter().find(|person| person.email == email).expect("a person of the demo")
    }

    pub fn demo_staff(&self, name: &str) -> &DemoStaff {
        let email = format!("{name}@hub.example.test");
        self.demo.staff.iter().find(|staff| staff.email == email).expect("staff of the demo")
    }

    pub fn machine_key(&self) -> &str {
        &self.demo.machine_keys[0].key
    }

    /// Where the person's case is shown.
    pub fn case_of(&self, name: &str) -> String {
        app::paths::case(self.demo_person(name).cases[0])
    }

    pub async fn person_id(&self, name: &str) -> Uuid {
        self.known("demo", self.demo_person(name).email).await.expect("a person of the demo")
    }

    /// Whom a source knows by this key.
    pub async fn known(&self, source: &str, key: &str) -> Option<Uuid> {
        let mut reader = self.portal.db.read().await.expect("a reader");
        people::of_source(&self.portal, &mut reader, source, key).await.expect("an answer").map(|person| person.0)
    }

    pub async fn key_of(&self, owner: Uuid) -> DataKey {
        self.portal.keys.vault.key(&mut self.portal.db.read().await.expect("a reader"), owner).await.expect("a data key")
    }

    pub async fn name_of(&self, person: Uuid) -> String {
        people::name(&mut self.portal.db.read().await.expect("a reader"), &self.key_of(person).await).await.expect("a name")
    }

    /// Gives somebody another name behind the portal's back.
    pub async fn rename(&self, person: Uuid, name: &str) {
        let sealed = self.key_of(person).await.seal(&self.portal.entropy, Field::PersonName, person, name);
        self.change(sql("update people set name = $2 where person_id = $1").bind(person).bind(sealed)).await;
    }

    /// How many people have this address or number now.
    pub async fn holders(&self, value: &str) -> i64 {
        let held = sql("select count(*) from contact_points where value_index = $1 and revoked_at is null");
        self.count(held.bind(self.portal.keys.contact_index(value))).await
    }

    /// Takes an address or number away from whoever has it.
    pub async fn revoke(&self, value: &str) {
        let taken = sql("update contact_points set revoked_at = $2 where value_index = $1 and revoked_at is null");
        assert_eq!(self.change(taken.bind(self.portal.keys.contact_index(value)).bind(self.now())).await, 1);
    }

    /// Gives somebody an address behind the portal's back.
    pub async fn add_email(&self, person: Uuid, email: &str) {
        let key = self.key_of(person).await;
        let mut tx = self.portal.db.write().await.expect("a transaction");
        let point = (contact::points::Kind::Email, email);
        contact::points::add(&self.portal, &mut tx, &key, point, self.now(), self.now()).await.expect("an address");
        tx.commit().await.expect("a commit");
    }

    /// Every request for support in which the person's own words hold this text, the most urgent first.
    pub async fn asked_for(&self, text: &str) -> Vec<support::requests::Request> {
        let mut reader = self.portal.db.read().await.expect("a reader");
        let all: Vec<(String,)> =
            sql("select reference from support_requests order by tier, due_at").fetch_all(&mut reader).await.expect("references");
        let mut found = Vec::new();
        for (reference,) in all {
            let reference = Reference::parse(&reference).expect("a reference");
            let request = support::requests::by_reference(&self.portal, &mut reader, &reference).await.expect("a request");
            found.extend(request.filter(|one| one.answers.as_ref().is_some_and(|it| it.words.as_deref().unwrap_or("").contains(text))));
        }
        found
    }

    /// A browser on which this person has asked for a code; the code.
    pub async fn asked_for_a_code(&self, name: &str) -> (Browser<'_>, String) {
        let mut browser = self.browser();
        let answer = browser.post("/sign-in", &[("identifier", self.demo_person(name).email)]).await;
        assert_eq!(answer.location(), "/sign-in/code");
        self.deliver().await;
        (browser, self.newest_code(name).await)
    }

    /// The code in the person's newest mail. Where email is not safe there is none; then what staff
    /// would read to them.
    async fn newest_code(&self, name: &str) -> String {
        let mails = self.mails_to(name);
        let mailed = mails.iter().rev().find_map(|mail| mail.body().strip_prefix("Your code is ")?.get(..6).map(str::to_owned));
        if let Some(code) = mailed {
            return code;
        }
        let newest =
            sql("select challenge_id from sign_in_challenges where person_id = $1 and used_at is null order by challenge_id desc limit 1");
        let row: Option<(Uuid,)> = self.one(newest.bind(self.person_id(name).await)).await;
        self.portal.keys.code(row.expect("a challenge").0)
    }

    /// A browser on which this person has signed in, with the code from their mail and their PIN.
    pub async fn person(&self, name: &str) -> Browser<'_> {
        let (mut browser, code) = self.asked_for_a_code(name).await;
        let pin = self.demo_person(name).pin.as_str();
        let answer = browser.post("/sign-in/code", &[("code", &code), ("pin", pin)]).await;
        assert_eq!(answer.location(), "/home", "{}", answer.body);
        browser
    }

    /// A browser on which this member of staff has signed in, with password and authenticator app.
    pub async fn staff(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.sees_contact_details = true;
        let staff = self.demo_staff(name);
        let answer = browser.post("/hub/sign-in", &[("email", staff.email), ("password", &staff.password)]).await;
        assert_eq!(answer.location(), "/hub/sign-in", "{}", answer.body);
        let answer = browser.post("/hub/sign-in", &[("code", &self.totp(name))]).await;
        assert_eq!(answer.location(), "/hub", "{}", answer.body);
        browser
    }

    /// The same when they have signed in before: with the next code of their app.
    pub async fn staff_later(&self, name: &str) -> Browser<'_> {
        self.wait(Duration::seconds(31));
        self.staff(name).await
    }

    /// What the member of staff's authenticator app shows now.
    pub fn totp(&self, name: &str) -> String {
        server::hub::totp_code(&self.demo_staff(name).totp_secret, self.now()).expect("a code")
    }

    /// Sends all that is due.
    pub async fn deliver(&self) {
        outbox::deliver_due(&self.portal).await.expect("delivery");
    }

    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.mail.received()
    }

    pub fn mails_to(&self, name: &str) -> Vec<ReceivedMail> {
        let email = format!("{name}@example.test");
        self.mails().into_iter().filter(|mail| mail.to == [email.as_str()]).collect()
    }

    /// The notices mailed so far, codes left out: to whom. Each is checked to be what a notice may be.
    pub fn notices(&self) -> Vec<String> {
        let mails = self.mails();
        mails.iter().for_each(says_nothing);
        mails.into_iter().filter(|mail| mail.header("Subject").as_deref() != Some("Your code")).map(|mail| mail.to.join(" ")).collect()
    }

    pub async fn one<R: server::db::Row>(&self, statement: Statement) -> Option<R> {
        statement.fetch_optional(&mut self.portal.db.read().await.expect("a reader")).await.expect("a row")
    }

    /// The number a statement answers.
    pub async fn count(&self, statement: Statement) -> i64 {
        self.one::<(i64,)>(statement).await.expect("a count").0
    }

    /// Changes the database behind the portal's back.
    pub async fn change(&self, statement: Statement) -> u64 {
        let mut tx = self.portal.db.write().await.expect("a transaction");
        let rows = statement.execute(&mut tx).await.expect("a change");
        tx.commit().await.expect("a commit");
        rows
    }

    /// How often an act stands in the audit chain.
    pub async fn acts(&self, act: &str) -> i64 {
        self.count(sql("select count(*) from audit where act = $1").bind(act)).await
    }

    async fn due_notices(&self) -> i64 {
        self.count(sql("select count(*) from outbox where state = 'due' and due_at <= $1").bind(self.now())).await
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let blocking = Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
        if !blocking || std::thread::panicking() {
            return;
        }
        let due = tokio::task::block_in_place(|| Handle::current().block_on(self.due_notices()));
        assert_eq!(due, 0, "the test ends with notices still due: deliver(), and say what was mailed");
    }
}

/// What every mail must be: one recipient, a neutral sender, one of three subjects, no address but
/// the front page's or an invitation's, and no word about what it is about.
fn says_nothing(mail: &ReceivedMail) {
    assert_eq!(mail.to.len(), 1, "{mail:?}");
    assert_eq!(mail.from, "updates@example.test");
    assert_eq!(mail.header("From").as_deref(), Some("Updates <updates@example.test>"));
    let subject = mail.header("Subject").expect("a subject");
    assert!(["You have a message", "Your code", "Your link"].contains(&subject.as_str()), "{subject}");
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    let body = mail.body();
    let (front, token) = (format!("{BASE_URL}/\n"), token_in(mail));
    assert_eq!(token.is_some(), subject == "Your link", "{body}");
    assert_eq!(body.matches("http").count(), usize::from(subject != "Your code"), "{body}");
    assert_eq!(body.matches(&front).count(), usize::from(subject == "You have a message"), "{body}");
    // 43 random characters may spell anything.
    let all = token.map_or(mail.data.clone(), |token| body.replace(&token, "")).to_lowercase();
    for word in ["police", "victim", "crime", "case", "court", "hub", "witness", "support", "offence", "amira", "bethan"] {
        let to = mail.to[0].as_str();
        assert!(!all.replace(to, "").contains(word), "{word} in {all}");
    }
}

/// What stands in the link of an invitation that was mailed.
pub fn token_in(mail: &ReceivedMail) -> Option<String> {
    let body = mail.body();
    let (_, rest) = body.split_once(&format!("{BASE_URL}/join/"))?;
    rest.lines().next().map(str::to_owned)
}

/// Set-cookie headers live here as in a browser: the newest value, until `Max-Age=0`.
#[derive(Clone)]
pub struct Browser<'h> {
    hub: &'h Hub,
    pub jar: BTreeMap<String, String>,
    /// Staff see numbers for tasks; nobody else ever sees anybody's.
    pub sees_contact_details: bool,
    /// Sends no token of the session with a form, as a page of another site.
    pub forges: bool,
}

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Posts fields as a form of the same site does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form_request(path, fields)).await
    }

    /// Posts a form as it stands in a page, some of its fields filled in.
    pub async fn submit(&mut self, sheet: &Sheet) -> Answer {
        let fields: Vec<(&str, &str)> = sheet.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&sheet.action, &fields).await
    }

    /// Asks for a part of a page, as an island does that looks again.
    pub async fn part(&mut self, path: &str, name: &str) -> Answer {
        self.send(Request::get(path).header(PART_HEADER, name).body(Body::empty()).expect("a request")).await
    }

    /// Sends a form as an island does, for a part of the page.
    pub async fn post_part(&mut self, path: &str, name: &'static str, fields: &[(&str, &str)]) -> Answer {
        let mut request = form_request(path, fields);
        request.headers_mut().insert(PART_HEADER, header::HeaderValue::from_static(name));
        self.send(request).await
    }

    /// Calls the server as the hub's island does.
    pub async fn call(&mut self, call: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request = form_request(&format!("/api/island/{call}"), fields);
        request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
        self.send(request).await
    }

    /// Sends a file with a few words, as a form with a file does.
    pub async fn sends_a_file(&mut self, path: &str, words: &str, file: &[u8]) -> Answer {
        self.send(file_request(path, &[("message", words)], Some(file))).await
    }

    /// Opens what is not this member of staff's work, with a reason.
    pub async fn opens(&mut self, page: &str) -> Answer {
        let answer = self.post(&format!("{page}/open"), &[("why", "cover"), ("reason", "Sam is on leave this week")]).await;
        assert_eq!(answer.location(), page, "{}", answer.body);
        answer
    }

    /// Sends a request, and holds the answer to what every answer must be: never a 5xx.
    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let line = format!("{} {}", request.method(), request.uri());
        let answer = self.send_and_see(request).await;
        assert!(!answer.status.is_server_error(), "{line}: {} {}", answer.status, answer.body);
        answer
    }

    /// The same where a 5xx is what the test is about.
    pub async fn send_and_see(&mut self, mut request: Request<Body>) -> Answer {
        if !self.jar.is_empty() && !request.headers().contains_key(header::COOKIE) {
            let pairs: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, pairs.join("; ").parse().expect("cookies"));
        }
        if request.method() == Method::POST && !self.forges {
            request = self.with_token(request).await;
        }
        let line = format!("{} {}", request.method(), request.uri());
        let (head_only, part) = (request.method() == Method::HEAD, request.headers().contains_key(PART_HEADER));
        let response = self.hub.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.take(cookie.to_str().expect("a readable cookie"));
        }
        let bytes = bytes.to_vec();
        let body = match parts.headers.get(header::CONTENT_DISPOSITION) {
            Some(_) => String::from_utf8_lossy(&bytes).into_owned(),
            None => String::from_utf8(bytes.clone()).expect("a text"),
        };
        let answer = Answer { status: parts.status, headers: parts.headers, body, bytes };
        if !head_only {
            self.check(&line, &answer, part && answer.status == StatusCode::OK);
        }
        answer
    }

    /// The form as a page of this session holds it; what is no form stays as it is.
    async fn with_token(&self, request: Request<Body>) -> Request<Body> {
        let path = request.uri().path().to_owned();
        let Ok(Some(token)) = form_token::of(&self.hub.portal, &path, request.headers()).await else { return request };
        let (mut parts, body) = request.into_parts();
        let mut bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body").to_vec();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let has_one = bytes.windows(form_token::FIELD.len()).any(|window| window == form_token::FIELD.as_bytes());
        if kind.starts_with("multipart/form-data; boundary=edge") && !has_one {
            bytes.splice(0..0, part_of("form_token", &token));
        } else if !path.starts_with("/api/") && !has_one && (kind == URLENCODED || (kind.is_empty() && bytes.is_empty())) {
            if !bytes.is_empty() {
                bytes.push(b'&');
            }
            bytes.extend_from_slice(encode(&[(form_token::FIELD, &token)]).as_bytes());
            parts.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(URLENCODED));
        }
        parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
        Request::from_parts(parts, Body::from(bytes))
    }

    /// Refuses what a browser would refuse: a `__Host-` cookie is secure, for the whole site and
    /// this host alone.
    fn take(&mut self, cookie: &str) {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let mut attributes: Vec<&str> = parts.collect();
        let gone = attributes.last() == Some(&"Max-Age=0");
        if gone {
            attributes.pop();
        }
        assert!(name.starts_with("__Host-"), "{cookie}");
        if name == "__Host-o" && !gone {
            // The one that another site's link must bring along.
            assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=600"], "{cookie}");
        } else {
            assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"], "{cookie}");
        }
        if gone {
            assert!(value.is_empty(), "{cookie}");
            self.jar.remove(name);
        } else {
            assert_eq!(value.len(), 43, "{cookie}");
            self.jar.insert(name.to_owned(), value.to_owned());
        }
    }

    fn check(&self, line: &str, answer: &Answer, part: bool) {
        assert!(answer.headers.contains_key(header::CACHE_CONTROL), "{line}");
        if !self.sees_contact_details {
            for person in &self.hub.demo.people {
                for held in ["Invented Street", "ZZ99", person.mobile, &person.mobile[3..], person.email] {
                    assert!(!answer.body.contains(held), "{line} shows {held}: {}", answer.body);
                    assert!(!format!("{:?}", answer.headers).contains(held), "{line} tells {held}");
                }
            }
        }
        if !answer.is_page() || part {
            return;
        }
        let page = answer.page();
        assert_eq!(all(&page, "h1").len(), 1, "{line} has one h1: {}", answer.body);
        assert_eq!(all(&page, "title").len(), 1, "{line} has one title");
        for script in all(&page, "script") {
            assert!(script.attr("src").is_some_and(|src| src.starts_with("/a/")), "{line}: {}", answer.body);
            assert_eq!(text_of(script), "", "{line}: no inline script");
        }
        assert!(all(&page, "style, [style], iframe, object, embed, base, meta[http-equiv]").is_empty(), "{line}: {}", answer.body);
        // A page with an error summary says so in its status and title, and the summary's links lead somewhere.
        // A page that can sign out is a page of a session: each of its forms carries that session's token.
        if all(&page, "form[action$=sign-out]").len() + usize::from(answer.body.contains("form_token")) > 0 {
            let (forms, tokens) = (all(&page, "form[method=post]"), all(&page, "form[method=post] input[name=form_token]"));
            assert!(!forms.is_empty() && forms.len() == tokens.len(), "{line}: {} forms, {} tokens", forms.len(), tokens.len());
        }
        let links = all(&page, ".govuk-error-summary a");
        let title = page.select(&select("title")).next().map(text_of).unwrap_or_default();
        assert_eq!(!links.is_empty(), title.starts_with("Error: "), "{line}: {title}");
        if !links.is_empty() {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{line}");
            for link in links {
                let id = link.attr("href").and_then(|href| href.strip_prefix('#')).expect("a link into the page");
                assert_eq!(all(&page, &format!("[id=\"{id}\"]")).len(), 1, "{line}: the error at {id} leads to its field: {}", answer.body);
            }
        }
    }
}

pub fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub fn form_request(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = encode(fields);
    Request::post(path)
        .header(header::CONTENT_TYPE, URLENCODED)
        .header(header::CONTENT_LENGTH, body.len())
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .expect("a request")
}

/// The smallest photo: a frame of 16 x 16, one scan, the end.
pub const PHOTO: &[u8] = b"\xff\xd8\xff\xe1\x00\x12Exif\0\0GPSMARKgps\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00picture\xff\xd9behindMARK";

fn part_of(name: &str, value: &str) -> Vec<u8> {
    format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
}

/// A form with the field `file`, as browsers write it.
pub fn file_request(path: &str, fields: &[(&str, &str)], file: Option<&[u8]>) -> Request<Body> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(&part_of(name, value));
    }
    // Where nothing is chosen, browsers send an empty one.
    let name = if file.is_some() { "IMG_2033 bruise.jpg" } else { "" };
    let head = format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/jpeg\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file.unwrap_or_default());
    body.extend_from_slice(b"\r\n--edge--\r\n");
    Request::post(path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .header(header::CONTENT_LENGTH, body.len())
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .expect("a request")
}

#[derive(Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As text; of a file, what of it is text.
    pub body: String,
    pub bytes: Vec<u8>,
}

pub fn select(selector: &str) -> Selector {
    Selector::parse(selector).expect("a selector")
}

pub fn all<'p>(page: &'p Html, selector: &str) -> Vec<ElementRef<'p>> {
    page.select(&select(selector)).collect()
}

/// An element's text exactly as it stands.
pub fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect()
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// Where a 303 leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }

    pub fn is_page(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    pub fn page(&self) -> Html {
        Html::parse_document(&self.body)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn title(&self) -> String {
        text_of(all(&self.page(), "title")[0])
    }

    /// What `<main>` says, white space made one space.
    pub fn main_text(&self) -> String {
        collapsed(&self.texts("main").join(" "))
    }

    /// The text of each element, as it stands.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        all(&self.page(), selector).into_iter().map(text_of).collect()
    }

    /// What the error summary says.
    pub fn errors(&self) -> Vec<String> {
        self.texts(".govuk-error-summary a")
    }

    pub fn says(&self, text: &str) -> bool {
        self.main_text().contains(text)
    }

    /// The lines of a summary list's row.
    pub fn row(&self, key: &str) -> String {
        let page = self.page();
        let rows = all(&page, ".govuk-summary-list__row");
        let row = rows.into_iter().find(|row| row.select(&select("dt")).next().map(text_of).as_deref() == Some(key));
        let row = row.unwrap_or_else(|| panic!("no row {key} in {}", self.body));
        row.select(&select(".portal-line")).map(text_of).collect::<Vec<_>>().join("\n")
    }

    /// What a field shows: the values of the ticked boxes, the chosen option, or the text.
    /// What the forms of this page carry.
    pub fn form_token(&self) -> String {
        let page = self.page();
        let tokens = all(&page, "input[name=form_token]");
        tokens.first().and_then(|token| token.attr("value")).expect("a token").to_owned()
    }

    pub fn field(&self, name: &str) -> String {
        let page = self.page();
        let sheets = sheets(&page);
        let values: Vec<String> =
            sheets.into_iter().flat_map(|(_, sheet)| sheet.fields).filter(|(known, _)| known == name).map(|(_, value)| value).collect();
        values.join(" ")
    }

    /// The form that posts to this address, as a browser would fill it in.
    pub fn form(&self, action: &str) -> Sheet {
        let page = self.page();
        let found = sheets(&page).into_iter().find(|(known, _)| known == action);
        found.unwrap_or_else(|| panic!("no form for {action} in {}", self.body)).1
    }
}

/// A form with the values that stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Sheet {
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn sheets(page: &Html) -> Vec<(String, Sheet)> {
    all(page, "form")
        .into_iter()
        .map(|form| {
            assert_eq!(form.attr("method"), Some("post"));
            let action = form.attr("action").expect("an address").to_owned();
            let mut fields = Vec::new();
            for field in form.select(&select("input, textarea, select")) {
                let name = field.attr("name").expect("a name").to_owned();
                let kind = field.attr("type").unwrap_or_default();
                let value = match field.value().name() {
                    "textarea" => Some(text_of(field)),
                    "select" => field.select(&select("option[selected]")).next().and_then(|one| one.attr("value")).map(str::to_owned),
                    _ if matches!(kind, "radio" | "checkbox") && field.attr("checked").is_none() => None,
                    _ => Some(field.attr("value").unwrap_or_default().to_owned()),
                };
                fields.extend(value.map(|value| (name, value)));
            }
            (action.clone(), Sheet { action, fields })
        })
        .collect()
}

// What several journeys do on their way.

/// Answers to every question of a request for support, with an account.
pub const SIGNED_IN_ANSWERS: [(&str, &[(&str, &str)]); 5] = [
    ("safety", &[("safe_now", "yes")]),
    ("needs", &[("needs", "finance_benefits"), ("needs", "information")]),
    ("concerns", &[("concerns", "happened_before")]),
    ("words", &[("words", "Please help me with my lock.")]),
    ("reach", &[("reach", "portal")]),
];

/// The same without one.
pub const STRANGERS_ANSWERS: [(&str, &[(&str, &str)]); 5] = [
    ("safety", &[("safe_now", "not_sure")]),
    ("needs", &[("needs", "mental_physical_health")]),
    ("concerns", &[("concerns", "none")]),
    ("words", &[("words", "I would like to talk to somebody.")]),
    ("reach", &[("reach", "phone"), ("phone", "01632 960 999"), ("when_safe", "weekdays before 3pm"), ("name", "Kim")]),
];

impl Browser<'_> {
    pub async fn answer(&mut self, answers: &[(&str, &[(&str, &str)])]) {
        for (step, fields) in answers {
            let answer = self.post(&format!("/support/new/{step}"), fields).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{step}: {}", answer.body);
        }
    }

    /// Asks for support as somebody signed in; the reference.
    pub async fn asks_for_support(&mut self) -> String {
        self.answer(&SIGNED_IN_ANSWERS).await;
        let answer = self.post("/support/new/check", &[]).await;
        let reference = answer.location().strip_prefix("/support/").and_then(|rest| rest.strip_suffix("?sent"));
        reference.expect("a reference").to_owned()
    }

    /// As staff: the person's page, opened with a reason where nothing of theirs is anybody's work.
    pub async fn reaches(&mut self, person: Uuid) -> String {
        let page = format!("/hub/people/{person}");
        if self.get(&page).await.status == StatusCode::FORBIDDEN {
            self.opens(&page).await;
        }
        page
    }

    /// As staff: has the link emailed to this address; the answer with the word.
    pub async fn emails_the_link(&mut self, person: Uuid, address: &str) -> Answer {
        let page = self.reaches(person).await;
        self.post(&format!("{page}/email"), &[("email", address), ("alone", "yes"), ("checked", "in_person")]).await
    }

    /// As staff: makes an invitation; answers its token and the word.
    pub async fn invites(&mut self, person: Uuid) -> (String, String) {
        let page = self.reaches(person).await;
        let answer = self.post(&format!("{page}/invite"), &[("checked", "in_person")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let link = answer.texts(".hub-letter__link").remove(0);
        (link.rsplit('/').next().unwrap_or_default().to_owned(), answer.texts(".hub-word").remove(0))
    }

    /// Adds Asha, who acts for this person until the end of February, with this scope; answers who she is.
    pub async fn adds_a_representative(&mut self, person: Uuid, scope: &[&str]) -> Uuid {
        let mut fields = REPRESENTATIVE.to_vec();
        fields.extend(scope.iter().map(|one| ("scope", *one)));
        let answer = self.post(&format!("/hub/people/{person}/representative"), &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location().rsplit('/').next().and_then(|id| id.parse().ok()).expect("a person")
    }

    pub async fn claims(&mut self, reference: &str) {
        let answer = self.post(&format!("/hub/requests/{reference}/claim"), &[]).await;
        assert_eq!(answer.location(), format!("/hub/requests/{reference}?claimed"));
    }

    /// Writes to the person with the form of the request's page.
    pub async fn replies(&mut self, reference: &str, message: &str) {
        let page = self.get(&format!("/hub/requests/{reference}")).await;
        let sheet = page.form(&format!("/hub/requests/{reference}/reply")).with("message", message);
        let answer = self.submit(&sheet).await;
        assert_eq!(answer.location(), format!("/hub/requests/{reference}?replied"));
    }

    /// Writes to the hub with the form of a conversation's page.
    pub async fn writes(&mut self, path: &str, message: &str) {
        let sheet = self.get(path).await.form(path).with("message", message);
        let answer = self.submit(&sheet).await;
        assert_eq!(answer.location(), path, "{}", answer.body);
    }
}
