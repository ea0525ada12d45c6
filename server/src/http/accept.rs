//! Connections, taken in by a loop of our own: `axum::serve` lets a client take all day over its
//! first line, and holds as many as come.
//!
//! Limits: a request's head must be there in time (also the head of the next request on a kept
//! connection, so idle ones end), so many connections for one address and in all, and at the end so
//! long for what is under way. Too many are refused at once, which costs next to nothing. What a
//! request may carry, and for how long, is the router's.
//!
//! Behind a proxy every connection comes from one address: those on the same machine are not counted.

use super::client::Peer;
use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request, and for the first byte of the next one.
    pub head: Duration,
    /// Bytes of a head.
    pub head_bytes: usize,
    pub per_address: usize,
    pub in_all: usize,
    /// What is under way when the program is told to stop may take this much longer.
    pub drain: Duration,
    /// Are connections from the same machine counted by address too?
    pub count_own_machine: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(20),
            head_bytes: 32 * 1024,
            per_address: 100,
            in_all: 10_000,
            drain: Duration::from_secs(20),
            count_own_machine: false,
        }
    }
}

/// Who holds how many connections.
#[derive(Debug, Default)]
struct Held {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place for one connection, given back when dropped.
struct Place {
    held: Arc<Mutex<Held>>,
    address: Option<IpAddr>,
}

impl Place {
    fn take(held: &Arc<Mutex<Held>>, limits: &Limits, address: IpAddr) -> Option<Self> {
        let counted = (limits.count_own_machine || !address.is_loopback()).then_some(address);
        let mut all = held.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = counted.and_then(|address| all.by_address.get(&address)).copied().unwrap_or(0);
        if all.in_all >= limits.in_all || of_address >= limits.per_address {
            return None;
        }
        all.in_all += 1;
        if let Some(address) = counted {
            all.by_address.insert(address, of_address + 1);
        }
        Some(Self { held: Arc::clone(held), address: counted })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        all.in_all = all.in_all.saturating_sub(1);
        let Some(address) = self.address else { return };
        match all.by_address.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(all.by_address.remove(&address)),
        }
    }
}

/// Serves until `stop`, then finishes what is under way.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, stop: impl Future<Output = ()>) -> io::Result<()> {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(limits.head_bytes);
    let held = Arc::new(Mutex::new(Held::default()));
    let under_way = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            taken = listener.accept() => match taken {
                Ok(taken) => taken,
                Err(error) => {
                    patience(&error).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let Some(place) = Place::take(&held, &limits, address.ip().to_canonical()) else { continue };
        let (peer, app) = (Peer(address.ip()), app.clone());
        let known = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            TowerToHyperService::new(app.clone()).call(request)
        });
        let connection = builder.serve_connection(prompt(stream), known);
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            // A client that goes away, or is too slow, is no fault of ours.
            drop(connection.await);
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, under_way.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way and were cut off");
    }
    Ok(())
}

fn prompt(stream: TcpStream) -> TokioIo<TcpStream> {
    // Without it small answers only wait longer; nothing else changes.
    drop(stream.set_nodelay(true));
    TokioIo::new(stream)
}

/// A client that gave up while it was taken in is passed over; when the system has no more to give
/// (file handles, memory), waiting a little is all there is.
async fn patience(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "no connection can be taken in");
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_address_and_in_all_and_given_back() {
        let held = Arc::new(Mutex::new(Held::default()));
        let limits = Limits { per_address: 2, in_all: 3, ..Limits::default() };
        let (one, other, own) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), [127, 0, 0, 1].into());
        let take = |address| Place::take(&held, &limits, address);
        let first = take(one).expect("a place");
        let second = take(one).expect("a place");
        assert!(take(one).is_none(), "two for one address");
        let third = take(other).expect("a place");
        assert!(take(own).is_none(), "three in all");
        drop((first, second));
        let own: Vec<Place> = (0..2).map(|_| take(own).expect("a place")).collect();
        assert!(take(one).is_none());
        drop((own, third));
        let all = held.lock().expect("a lock");
        assert!(all.in_all == 0 && all.by_address.is_empty(), "{all:?}");
    }
}
