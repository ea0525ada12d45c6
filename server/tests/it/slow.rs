//! Slow, many and oversized clients, on real connections.

use crate::harness::Hub;
use server::http::accept::{Limits, serve};
use server::http::router::router;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const SHORT: Duration = Duration::from_millis(300);
/// Nothing here may take longer.
const PATIENCE: Duration = Duration::from_secs(10);

fn limits() -> Limits {
    Limits { head: SHORT, per_address: 8, count_own_machine: true, ..Limits::default() }
}

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

async fn served(app: axum::Router, limits: Limits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, told) = oneshot::channel();
    let done = tokio::spawn(serve(listener, app, limits, async move { drop(told.await) }));
    Served { address, stop, done }
}

/// Everything until the other side closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is a close too.
    drop(tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("closed in time"));
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn sends(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    drop(stream.write_all(text.as_bytes()).await);
    stream
}

async fn answers(address: SocketAddr) -> bool {
    rest(sends(address, "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await.starts_with("HTTP/1.1 200")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_and_a_kept_connection_that_says_nothing_are_closed() {
    let hub = Hub::start().await;
    let served = served(router(hub.portal.clone()), limits()).await;
    for begun in ["", "GET", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nhost: x\r\nx-slow: 1\r\n"] {
        let from = Instant::now();
        let said = rest(sends(served.address, begun).await).await;
        assert!(!said.contains(" 200 "), "{begun:?}: {said}");
        assert!(from.elapsed() < PATIENCE / 2, "{begun:?}");
    }
    let from = Instant::now();
    let kept = rest(sends(served.address, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
    assert!(kept.starts_with("HTTP/1.1 200") && kept.ends_with("ok"), "{kept}");
    assert!(from.elapsed() >= SHORT && from.elapsed() < PATIENCE / 2);
    assert!(answers(served.address).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_every_connection_and_gets_its_places_back() {
    let hub = Hub::start().await;
    let long = Limits { head: PATIENCE, ..limits() };
    let served = served(router(hub.portal.clone()), long).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(sends(served.address, "GET /livez HTTP/1.1\r\n").await);
    }
    let from = Instant::now();
    assert!(!answers(served.address).await, "the ninth");
    assert!(from.elapsed() < PATIENCE / 2, "refused at once");
    drop(slow.pop());
    let until = Instant::now() + PATIENCE;
    while !answers(served.address).await {
        assert!(Instant::now() < until, "its place is free again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_head_is_refused() {
    let hub = Hub::start().await;
    let served = served(router(hub.portal.clone()), limits()).await;
    for head in
        [format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000)), format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(70_000))]
    {
        let said = rest(sends(served.address, &head).await).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431") || said.starts_with("HTTP/1.1 414"), "{said:.60}");
    }
    assert!(answers(served.address).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_under_way_and_takes_nothing_new() {
    let (begun, mut has_begun) = tokio::sync::mpsc::channel::<()>(1);
    let (finish, may_finish) = tokio::sync::watch::channel(false);
    let app = axum::Router::new().route(
        "/",
        axum::routing::get(move || {
            let (begun, mut may_finish) = (begun.clone(), may_finish.clone());
            async move {
                begun.send(()).await.ok();
                drop(may_finish.wait_for(|finish| *finish).await);
                "whole"
            }
        }),
    );
    let served = served(app, limits()).await;
    let under_way = tokio::spawn(rest(sends(served.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await));
    has_begun.recv().await.expect("under way");
    served.stop.send(()).expect("told");
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(served.address).await.is_ok() {
        assert!(Instant::now() < until, "nothing new is taken");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!served.done.is_finished());
    finish.send(true).expect("finished");
    assert!(under_way.await.expect("an answer").ends_with("whole"));
    assert!(served.done.await.expect("ended").is_ok());
}
