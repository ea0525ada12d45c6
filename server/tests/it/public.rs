//! The pages anybody may read, and the headers of every kind of answer.

use crate::harness::{Answer, Hub};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use std::collections::BTreeMap;

const PUBLIC: [&str; 6] = ["/", "/help", "/help/rights", "/help/services", "/accessibility", "/privacy"];

#[tokio::test(flavor = "multi_thread")]
async fn public_pages_are_the_same_for_everybody_and_load_no_wasm() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    for path in PUBLIC {
        let page = hub.browser().get(path).await;
        assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "public, max-age=300"), "{path}");
        assert_eq!(page.header("set-cookie"), "", "{path}");
        assert!(!page.body.contains("wasm"), "{path}");
        assert_eq!(page.body.matches("<script").count(), page.body.matches("exit.8.js").count(), "{path}: no script but the exit's");
        assert_eq!(amira.get(path).await.body, page.body, "{path}: what may be kept says nothing about who is signed in");
        for word in ["Error", "case", "victim of", "rape", "abuse"] {
            assert!(!page.title().to_lowercase().contains(&word.to_lowercase()), "{path}: {}", page.title());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_allow_list_may_be_kept() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let reference = amira.asks_for_support().await;
    hub.deliver().await;
    let mut sam = hub.staff("sam").await;
    let mut nobody = hub.browser();
    let case = hub.case_of("amira");
    for path in ["/sign-in", "/sign-in/code", "/home", "/support/new", "/support/new/safety", "/support/new/danger", "/support/new/check"]
        .map(str::to_owned)
        .into_iter()
        .chain(
            ["/exit", "/hub", "/hub/sign-in", "/nowhere", "/a/nothing.js", "/livez", "/readyz", "/api/v1/openapi.json"].map(str::to_owned),
        )
    {
        assert_eq!(nobody.get(&path).await.header("cache-control"), "no-store", "{path}");
    }
    for path in ["/home", "/contact", "/contact/email", "/contact/preferences", "/support", "/support/new", "/support/new/reach"]
        .map(str::to_owned)
        .into_iter()
        .chain([case.clone(), format!("{case}/messages"), format!("/support/{reference}")])
    {
        assert_eq!(amira.get(&path).await.header("cache-control"), "no-store", "{path}");
    }
    for path in ["/hub", &format!("/hub/requests/{reference}")] {
        assert_eq!(sam.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    let refused = nobody.post("/help", &[]).await;
    assert_eq!((refused.status, refused.header("cache-control")), (StatusCode::METHOD_NOT_ALLOWED, "no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_page_with_an_island_loads_wasm_and_each_side_its_own() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let case = hub.case_of("amira");
    let mut sam = hub.staff("sam").await;
    for (answer, islands, css) in [
        (hub.browser().get("/sign-in").await, Some("public.4.wasm"), "public.1.css"),
        (amira.get("/home").await, None, "public.1.css"),
        (amira.get(&case).await, None, "public.1.css"),
        (amira.get(&format!("{case}/messages")).await, Some("public.4.wasm"), "public.1.css"),
        (amira.get("/contact/email").await, Some("public.4.wasm"), "public.1.css"),
        (amira.get("/support/new").await, None, "public.1.css"),
        (amira.get("/support/new/words").await, Some("public.4.wasm"), "public.1.css"),
        (hub.browser().get("/hub/sign-in").await, None, "hub.2.css"),
        (sam.get("/hub").await, Some("hub.6.wasm"), "hub.2.css"),
    ] {
        let islands_there = answer.body.contains("<leptos-island");
        assert_eq!(islands_there, islands.is_some(), "{}", answer.body);
        assert_eq!(answer.header("content-security-policy").contains("'wasm-unsafe-eval'"), islands.is_some());
        assert_eq!(answer.body.contains(".wasm"), islands.is_some());
        if let Some(wasm) = islands {
            assert!(answer.body.contains(wasm));
        }
        assert!(answer.body.contains(css));
    }
}

/// What every answer carries, whatever it is.
const ALWAYS: [(&str, &str); 12] = [
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    (
        "permissions-policy",
        "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), fullscreen=(), geolocation=(), \
         gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), \
         screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
    ),
    ("referrer-policy", "same-origin"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-dns-prefetch-control", "off"),
    ("x-frame-options", "DENY"),
    ("x-permitted-cross-domain-policies", "none"),
    ("x-robots-tag", "noindex, nofollow, noarchive"),
];
const NOTHING: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; sandbox";
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self' \
    https://weather.example.test; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";
const ISLANDS: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self' https://weather.example.test; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";
/// What it is called, the answer, and the headers of its own.
type Kind<'a> = (&'a str, Answer, Vec<(&'a str, &'a str)>);

const HTML: &str = "text/html; charset=utf-8";

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_answer_has_exactly_its_headers() {
    let hub = Hub::start().await;
    let mut amira = hub.person("amira").await;
    let mut sam = hub.staff("sam").await;
    let messages = format!("{}/messages", hub.case_of("amira"));
    let mut nobody = hub.browser();
    let forever = "public, max-age=31536000, immutable";
    let (all_gone, exit) = ("__Host-k=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0", "https://weather.example.test/today");
    let clear = "\"cache\", \"cookies\", \"storage\"";
    let table: Vec<Kind> = vec![
        (
            "a public page",
            nobody.get("/help").await,
            vec![("cache-control", "public, max-age=300"), ("content-security-policy", PAGE), ("content-type", HTML)],
        ),
        (
            "a person's page",
            amira.get("/home").await,
            vec![("cache-control", "no-store"), ("content-security-policy", PAGE), ("content-type", HTML)],
        ),
        (
            "a page with an island",
            amira.get("/support/new/words").await,
            vec![("cache-control", "no-store"), ("content-security-policy", ISLANDS), ("content-type", HTML)],
        ),
        (
            "a refusal",
            amira.get("/nowhere").await,
            vec![("cache-control", "no-store"), ("content-security-policy", PAGE), ("content-type", HTML)],
        ),
        (
            "a part of a page",
            amira.part(&messages, "thread").await,
            vec![("cache-control", "no-store"), ("content-security-policy", NOTHING), ("content-type", HTML)],
        ),
        (
            "an island's answer",
            sam.call("queue", &[("mine_only", "false")]).await,
            vec![("cache-control", "no-store"), ("content-security-policy", NOTHING), ("content-type", "application/json")],
        ),
        (
            "a machine's answer",
            nobody.get("/api/v1/openapi.json").await,
            vec![("cache-control", "no-store"), ("content-security-policy", NOTHING), ("content-type", "application/json")],
        ),
        (
            "a machine's refusal",
            nobody.post("/api/v1/cases", &[]).await,
            vec![("cache-control", "no-store"), ("content-security-policy", NOTHING), ("content-type", "application/json")],
        ),
        (
            "a stylesheet",
            nobody.get("/a/public.1.css").await,
            vec![("cache-control", forever), ("content-security-policy", NOTHING), ("content-type", "text/css; charset=utf-8")],
        ),
        (
            "a script",
            nobody.get("/a/boot.7.js").await,
            vec![("cache-control", forever), ("content-security-policy", NOTHING), ("content-type", "text/javascript; charset=utf-8")],
        ),
        (
            "wasm",
            nobody.get("/a/public.4.wasm").await,
            vec![("cache-control", forever), ("content-security-policy", NOTHING), ("content-type", "application/wasm")],
        ),
        (
            "a redirect",
            nobody.get("/home").await,
            vec![("cache-control", "no-store"), ("content-security-policy", NOTHING), ("location", "/sign-in")],
        ),
        (
            "the exit",
            nobody.get("/exit").await,
            vec![
                ("cache-control", "no-store"),
                ("clear-site-data", clear),
                ("content-security-policy", NOTHING),
                ("location", exit),
                ("set-cookie", all_gone),
            ],
        ),
    ];
    for (kind, answer, own) in table {
        let mut headers: BTreeMap<String, String> =
            answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        // Compressing proxies and our own layer must know that the coding depends on the asker.
        assert_eq!(headers.remove("vary").as_deref().unwrap_or("accept-encoding"), "accept-encoding", "{kind}");
        headers.remove("content-length");
        if kind == "the exit" {
            headers.insert("set-cookie".into(), all_gone.into());
        }
        let wanted: BTreeMap<String, String> =
            ALWAYS.iter().chain(&own).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(headers, wanted, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_found_by_their_hashed_names_alone() {
    let hub = Hub::start().await;
    let mut nobody = hub.browser();
    for path in [
        "/a/public.css",
        "/a/public.1.css.br",
        "/a/../manifest.json",
        "/a/..%2fmanifest.json",
        "/a/%2e%2e/manifest.json",
        "/manifest.json",
        "/a/",
        "/a",
        "/a/.",
        "/a/..%2f..%2f..%2fetc%2fpasswd",
        "/portal.db",
    ] {
        assert_eq!(nobody.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (accepted, coding) in [("", ""), ("gzip, br", "br"), ("br;q=0", ""), ("br;q=0.5", "br"), ("identity", "")] {
        let request = Request::get("/a/public.1.css").header(header::ACCEPT_ENCODING, accepted).body(Body::empty()).unwrap();
        let answer = nobody.send(request).await;
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
    }
    assert!(nobody.get("/robots.txt").await.body.contains("Disallow: /"));
    assert_eq!(nobody.get("/favicon.svg").await.header("content-type"), "image/svg+xml");
    assert_eq!((nobody.get("/livez").await.body, nobody.get("/readyz").await.body), ("ok".into(), "ready".into()));
}
