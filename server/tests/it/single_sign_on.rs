//! Staff sign in with the organisation's own account, at a real provider.

use crate::harness::{Answer, Backend, Browser, EXIT_URL, Hub, START, all, form_request};
use crate::provider::{self, Provider, SECRET};
use crate::secrets::Kept;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use server::db::sql;

const BEGIN: &str = "/hub/sign-in/organisation";
const RETURN: &str = "/hub/sign-in/organisation/return";
const LATE: &str = "/hub/sign-in?late";
/// Ways in which `provider.mjs` tells a true sign-in falsely.
const LIES: [&str; 11] = [
    "another audience",
    "an audience more",
    "another issuer",
    "another access token",
    "a long-past sign-in",
    "a strange key",
    "a key that is not there",
    "a key it brings along",
    "the shared secret",
    "no signature",
    "no token",
];

/// A hub whose staff may sign in at this provider.
async fn hub_with(provider: &Provider) -> Hub {
    Hub::start_with(|config| provider.set(config)).await
}

async fn link(hub: &Hub, provider: &Provider, name: &str, subject: &str) {
    let linked = sql("update staff set sign_on_index = $2 where email = $1")
        .bind(hub.demo_staff(name).email)
        .bind(hub.portal.keys.identity_index(&provider.issuer, subject));
    assert_eq!(hub.change(linked).await, 1);
}

/// Where the page leads on by itself, which is where its link leads too.
fn onward(answer: &Answer) -> String {
    let to = answer.header("refresh").strip_prefix("0;url=").expect("it leads on").to_owned();
    let page = answer.page();
    assert!(all(&page, "main a").iter().any(|link| link.attr("href") == Some(to.as_str())), "{}", answer.body);
    to
}

/// Presses the button; the provider's address.
async fn begins(browser: &mut Browser<'_>) -> String {
    let form = browser.get("/hub/sign-in?again").await.form(BEGIN);
    let answer = browser.submit(&form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    onward(&answer)
}

/// As the provider sends a browser back: from another site, so only a `SameSite=Lax` cookie comes along.
fn from_the_provider(browser: &Browser<'_>, path: &str) -> Request<Body> {
    let cookie = browser.jar.get("__Host-o").map(|token| format!("__Host-o={token}")).unwrap_or_default();
    Request::get(path).header(header::COOKIE, cookie).header("sec-fetch-site", "cross-site").body(Body::empty()).expect("a request")
}

async fn comes_back(browser: &mut Browser<'_>, path: &str) -> Answer {
    let request = from_the_provider(browser, path);
    browser.send_and_see(request).await
}

/// The whole way.
async fn signs_in(browser: &mut Browser<'_>, provider: &Provider, who: &str) -> Answer {
    let address = begins(browser).await;
    let back = provider.visit(&address, who).await;
    comes_back(browser, &back).await
}

async fn sessions(hub: &Hub) -> i64 {
    hub.count(sql("select count(*) from staff_sessions where ended_at is null")).await
}

/// The same for everybody.
fn is_turned_away(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    assert_eq!(answer.texts("h1"), ["This account cannot sign in here"]);
    assert!(answer.says("Ask your Strategic Lead."));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_linked_signs_in_and_no_email_address_decides() {
    let Some(provider) = provider::require() else { return };
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(hub) = Hub::start_on_with(backend, |config| provider.set(config)).await else { continue };
        // The provider says that everybody has Lena's address.
        link(&hub, provider, "sam", "subject-of-sam").await;
        let mut browser = hub.browser();
        let address = begins(&mut browser).await;
        for part in ["response_type=code", "code_challenge_method=S256", "state=", "nonce=", "scope=openid", "max_age=36000"] {
            assert!(address.contains(part), "{address}");
        }
        let token = browser.jar["__Host-o"].clone();
        assert!(!address.contains(&token), "what the provider learns is not what the browser holds");
        let back = provider.visit(&address, "subject-of-sam").await;
        let answer = comes_back(&mut browser, &back).await;
        assert_eq!((answer.status, onward(&answer).as_str()), (StatusCode::OK, "/hub"), "{backend:?}");
        assert_eq!(browser.jar.keys().collect::<Vec<_>>(), ["__Host-w"]);
        let queue = browser.get("/hub").await;
        assert!(queue.status == StatusCode::OK && queue.body.contains("Sam Coordinator"), "{backend:?}");
        assert_eq!((hub.acts("signed_in").await, hub.acts("sign_in_failed").await), (1, 0));
        // It lives as long as any other session of staff.
        hub.wait(Duration::minutes(15));
        assert_eq!(browser.get("/hub").await.location(), "/hub/sign-in");
        hub.deliver().await;
        assert!(hub.mails().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_leads_to_the_provider_opens_no_form_to_it() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    let mut browser = hub.browser();
    let door = browser.get("/hub/sign-in").await;
    let exit = EXIT_URL.trim_end_matches("/today");
    let answer = browser.submit(&door.form(BEGIN)).await;
    for page in [&door, &answer] {
        assert!(page.header("content-security-policy").contains(&format!("form-action 'self' {exit};")));
        assert_eq!(page.header("cache-control"), "no-store");
    }
    // Another site's form begins nothing.
    let mut request = form_request(BEGIN, &[]);
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(hub.browser().send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(hub.count(sql("select count(*) from staff_sign_ons")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_linked_disabled_or_resting_is_turned_away_alike() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    for name in ["sam", "jo"] {
        link(&hub, provider, name, &format!("subject-of-{name}")).await;
    }
    hub.change(sql("update staff set disabled_at = $1 where email = 'sam@hub.example.test'").bind(hub.now())).await;
    hub.change(sql("update staff set failures = 10, failed_at = $1 where email = 'jo@hub.example.test'").bind(hub.now())).await;
    let mut pages = Vec::new();
    for subject in ["somebody-else", "subject-of-sam", "subject-of-jo", "lena@hub.example.test"] {
        let mut browser = hub.browser();
        let answer = signs_in(&mut browser, provider, subject).await;
        is_turned_away(&answer);
        assert!(browser.jar.is_empty());
        pages.push(answer.body);
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    assert_eq!((hub.acts("sign_in_failed").await, hub.acts("signed_in").await, sessions(&hub).await), (4, 0, 0));
    hub.wait(Duration::minutes(15) + Duration::seconds(1));
    let answer = signs_in(&mut hub.browser(), provider, "subject-of-jo").await;
    assert_eq!(onward(&answer), "/hub", "rested");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_works_once_and_only_in_the_browser_that_asked() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    link(&hub, provider, "sam", "subject-of-sam").await;
    let (mut mine, mut theirs) = (hub.browser(), hub.browser());
    let address = begins(&mut mine).await;
    begins(&mut theirs).await;
    let back = provider.visit(&address, "subject-of-sam").await;
    assert_eq!(comes_back(&mut theirs, &back).await.location(), LATE, "of another browser");
    assert_eq!(comes_back(&mut hub.browser(), &back).await.location(), LATE, "of a browser that asked for nothing");
    for made_up in ["", "?", "?state=", "?code=x&state=x", "?error=access_denied", "?error=access_denied&state=x"] {
        let mut copy = mine.clone();
        assert_eq!(comes_back(&mut copy, &format!("{RETURN}{made_up}")).await.location(), LATE, "{made_up}");
    }
    let mut copy = mine.clone();
    assert_eq!(onward(&comes_back(&mut mine, &back).await), "/hub", "none of these used it up");
    assert_eq!(comes_back(&mut copy, &back).await.location(), LATE, "a second time");
    assert!(copy.jar.is_empty());
    assert!(copy.get(LATE).await.says("That took too long, or was begun in another window."));
    assert_eq!(sessions(&hub).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_must_come_within_ten_minutes() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    link(&hub, provider, "sam", "subject-of-sam").await;
    let mut browser = hub.browser();
    let address = begins(&mut browser).await;
    let back = provider.visit(&address, "subject-of-sam").await;
    hub.wait(Duration::minutes(10));
    assert_eq!(comes_back(&mut browser, &back).await.location(), LATE);
    // Leaving ends it too.
    let address = begins(&mut browser).await;
    let back = provider.visit(&address, "subject-of-sam").await;
    let mut copy = browser.clone();
    browser.get("/exit").await.location();
    assert!(browser.jar.is_empty());
    assert_eq!(comes_back(&mut copy, &back).await.location(), LATE);
    assert_eq!(sessions(&hub).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_signed_in_on_this_browser_is_not_any_more() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    link(&hub, provider, "sam", "subject-of-sam").await;
    let mut browser = hub.staff("jo").await;
    let mut jos = browser.clone();
    let address = begins(&mut browser).await;
    assert_eq!(jos.get("/hub").await.status, StatusCode::OK, "until somebody has signed in");
    let back = provider.visit(&address, "subject-of-sam").await;
    assert_eq!(onward(&comes_back(&mut browser, &back).await), "/hub");
    assert_eq!(jos.get("/hub").await.location(), "/hub/sign-in");
    assert!(browser.get("/hub").await.body.contains("Sam Coordinator"));
    assert_eq!((hub.acts("signed_out").await, sessions(&hub).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_rather_not_is_back_at_the_door() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    let mut browser = hub.browser();
    let answer = signs_in(&mut browser, provider, "nobody").await;
    assert_eq!(answer.location(), "/hub/sign-in?declined");
    let door = browser.get("/hub/sign-in?declined").await;
    assert!(door.says("You were not signed in with your organisation account. Try again, or sign in with your password."));
    assert_eq!((door.status, sessions(&hub).await), (StatusCode::OK, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_another_question_is_not_believed() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    link(&hub, provider, "sam", "subject-of-sam").await;
    // Somebody on the way puts a nonce, or a code challenge, of their own in: the token, or the code, is theirs.
    for part in ["nonce=", "code_challenge="] {
        let mut browser = hub.browser();
        let address = begins(&mut browser).await;
        let at = address.find(&format!("&{part}")).expect("it is there") + 1 + part.len();
        let end = address[at..].find('&').map_or(address.len(), |end| at + end);
        let theirs = format!("{}{}{}", &address[..at], "A".repeat(43), &address[end..]);
        let back = provider.visit(&theirs, "subject-of-sam").await;
        is_turned_away(&comes_back(&mut browser, &back).await);
    }
    // Nor an answer that names another provider, nor a code that this one never gave.
    let mut browser = hub.browser();
    let address = begins(&mut browser).await;
    let back = provider.visit(&address, "subject-of-sam").await;
    let (before, _) = back.split_once("&iss=").expect("it names itself");
    is_turned_away(&comes_back(&mut browser, &format!("{before}&iss=https%3A%2F%2Flogin.example.test")).await);
    let mut browser = hub.browser();
    let address = begins(&mut browser).await;
    let state = address.split('&').find_map(|pair| pair.strip_prefix("state=")).expect("a state");
    is_turned_away(&comes_back(&mut browser, &format!("{RETURN}?code=made-up&state={state}")).await);
    assert_eq!((hub.acts("sign_in_failed").await, sessions(&hub).await), (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lie_of_an_id_token_is_believed() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    link(&hub, provider, "sam", "liar").await;
    for (turned_away, lie) in (1..).zip(LIES) {
        let answer = signs_in(&mut hub.browser(), provider, &format!("liar&lie={}", lie.replace(' ', "+"))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{lie}");
        is_turned_away(&answer);
        assert_eq!((hub.acts("sign_in_failed").await, sessions(&hub).await), (turned_away, 0), "{lie}");
    }
    // Told in the same way, the truth is.
    assert_eq!(onward(&signs_in(&mut hub.browser(), provider, "liar&lie=no+lie").await), "/hub");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_names_itself_otherwise_is_not_asked() {
    let Some(provider) = provider::require() else { return };
    let hub = Hub::start_with(|config| {
        provider.set(config);
        config.oidc_issuer = Some(format!("{}/other", provider.issuer));
    })
    .await;
    let answer = hub.browser().send_and_see(form_request(BEGIN, &[])).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(hub.count(sql("select count(*) from staff_sign_ons")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_run_out_is_not_believed() {
    let Some(provider) = provider::require_own("2026-11-23T08:00:00Z") else { return };
    let hub = hub_with(&provider).await;
    assert_eq!(START, "2026-11-23T10:00:00Z", "two hours later than the provider, whose tokens live for one");
    link(&hub, &provider, "sam", "subject-of-sam").await;
    is_turned_away(&signs_in(&mut hub.browser(), &provider, "subject-of-sam").await);
    drop(provider);
    let Some(provider) = provider::require_own("2026-11-23T11:00:00Z") else { return };
    let hub = hub_with(&provider).await;
    link(&hub, &provider, "sam", "subject-of-sam").await;
    is_turned_away(&signs_in(&mut hub.browser(), &provider, "subject-of-sam").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strength_that_is_demanded_must_be_there() {
    let Some(provider) = provider::require() else { return };
    let hub = Hub::start_with(|config| {
        provider.set(config);
        config.oidc_acr = Some("hardware".into());
    })
    .await;
    link(&hub, provider, "sam", "subject-of-sam").await;
    for weak in ["subject-of-sam", "subject-of-sam&acr=password"] {
        is_turned_away(&signs_in(&mut hub.browser(), provider, weak).await);
    }
    assert_eq!(onward(&signs_in(&mut hub.browser(), provider, "subject-of-sam&acr=hardware").await), "/hub");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_stops_nobody_with_a_password() {
    let Some(provider) = provider::require_own(START) else { return };
    let hub = hub_with(&provider).await;
    link(&hub, &provider, "sam", "subject-of-sam").await;
    let mut browser = hub.browser();
    let address = begins(&mut browser).await;
    let back = provider.visit(&address, "subject-of-sam").await;
    drop(provider);
    let is_down = |answer: &Answer| {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        assert_eq!(answer.texts("h1"), ["Single sign-on does not answer"]);
        assert!(answer.says("Sign in with your password, or try again."));
    };
    is_down(&comes_back(&mut browser, &back).await);
    assert!(browser.jar.is_empty());
    // What is known of it is kept for an hour; then it is looked for again. Nobody's tries are used up by that.
    hub.wait(Duration::hours(1));
    for place in 0..30 {
        let mut request = form_request(BEGIN, &[]);
        request.headers_mut().insert("x-forwarded-for", format!("198.51.100.{place}").parse().unwrap());
        is_down(&hub.browser().send_and_see(request).await);
    }
    assert_eq!(hub.staff("sam").await.get("/hub").await.status, StatusCode::OK);
    assert_eq!(hub.acts("sign_in_failed").await, 0, "it was nobody's failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ons_are_counted_by_block_and_a_right_one_is_given_back() {
    let Some(provider) = provider::require() else { return };
    let hub = hub_with(provider).await;
    link(&hub, provider, "sam", "subject-of-sam").await;
    let from_a_block = |mut request: Request<Body>| {
        request.headers_mut().insert("x-forwarded-for", "198.51.100.7".parse().unwrap());
        request
    };
    for _ in 0..12 {
        let mut browser = hub.browser();
        let answer = browser.send(from_a_block(form_request(BEGIN, &[]))).await;
        let back = provider.visit(&onward(&answer), "subject-of-sam").await;
        let request = from_a_block(from_the_provider(&browser, &back));
        assert_eq!(onward(&browser.send(request).await), "/hub");
    }
    let mut last = StatusCode::OK;
    let mut begun = 0;
    while last == StatusCode::OK && begun < 30 {
        last = hub.browser().send(from_a_block(form_request(BEGIN, &[]))).await.status;
        begun += 1;
    }
    assert_eq!((last, begun), (StatusCode::TOO_MANY_REQUESTS, 21));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_settings_there_is_no_single_sign_on() {
    let hub = Hub::start().await;
    let mut browser = hub.browser();
    assert!(!browser.get("/hub/sign-in").await.body.contains("organisation"));
    assert_eq!(browser.post(BEGIN, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("{RETURN}?code=x&state=x")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(hub.count(sql("select count(*) from staff_sign_ons")).await, 0);
}

/// On one thread, so that this test's log is all that is heard.
#[tokio::test]
async fn nothing_of_a_single_sign_on_reaches_the_log() {
    let Some(provider) = provider::require() else { return };
    let kept = Kept::default();
    let _heard = kept.hears();
    let hub = hub_with(provider).await;
    link(&hub, provider, "sam", "subject-of-sam").await;
    let mut browser = hub.browser();
    let address = begins(&mut browser).await;
    let token = browser.jar["__Host-o"].clone();
    // By a visitor whose own calls are not heard.
    let back = {
        let _silence = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
        provider.visit(&address, "subject-of-sam").await
    };
    assert_eq!(onward(&comes_back(&mut browser, &back).await), "/hub");
    is_turned_away(&signs_in(&mut hub.browser(), provider, "subject-of-nobody").await);
    // An answer that names another provider is refused, and the log says so: it is heard.
    let mut misled = hub.browser();
    let onwards = begins(&mut misled).await;
    let elsewhere = {
        let _silence = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
        provider.visit(&onwards, "subject-of-sam").await
    };
    assert!(elsewhere.contains("iss="), "{elsewhere}");
    is_turned_away(&comes_back(&mut misled, &elsewhere.replace("iss=", "iss=x")).await);
    let log = kept.text();
    assert!(log.contains("the answer is of another provider"), "{log}");
    let value = |name: &str, text: &str| text.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)).expect("it is there").to_owned();
    for secret in
        [token, value("state=", &back), value("code=", &back), value("nonce=", &address), browser.jar["__Host-w"].clone(), SECRET.into()]
    {
        assert_eq!(log.lines().find(|line| line.contains(&secret)), None, "a secret stands in the log");
    }
    assert_eq!(log.lines().find(|line| line.contains("subject-of-sam")), None);
}
