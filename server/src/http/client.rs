//! Where a request comes from: the block of addresses, as a keyed hash. The address itself is neither
//! kept nor logged.

use crate::portal::Portal;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

/// The other end of the connection; the accept loop puts it there.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// A block of addresses: 256 of IPv4 or a site of IPv6, which is what one household or one attacker has.
#[derive(Clone, Debug)]
pub struct Block(Option<String>);

impl Block {
    #[must_use]
    pub fn hash(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The block of an address.
    #[must_use]
    pub fn of(portal: &Portal, address: IpAddr) -> Self {
        let network: Vec<u8> = match address.to_canonical() {
            IpAddr::V4(address) => address.octets()[..3].to_vec(),
            IpAddr::V6(address) => address.octets()[..6].to_vec(),
        };
        Self(Some(portal.keys.block_index(&network)))
    }
}

/// The proxy that ends TLS stands on this machine and says last whom it speaks for; what others say of
/// themselves counts for nothing.
fn address(peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    match peer {
        Some(peer) if !peer.to_canonical().is_loopback() => Some(peer),
        _ => {
            let said = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
            // Some proxies add the port.
            said.parse().ok().or_else(|| said.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
        }
    }
}

impl FromRequestParts<Portal> for Block {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Infallible> {
        static UNLIMITED: Once = Once::new();
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        let address = address(peer, &parts.headers);
        if peer.is_some() && address.is_none() {
            UNLIMITED.call_once(|| {
                tracing::warn!("requests come from this machine without X-Forwarded-For: tries are not limited by address");
            });
        }
        Ok(address.map_or(Self(None), |address| Self::of(portal, address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let said = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-for", text.parse().unwrap());
            headers
        };
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(address(Some(ip("192.0.2.7")), &said("198.51.100.1")), Some(ip("192.0.2.7")), "from outside: not believed");
        assert_eq!(
            address(Some(ip("127.0.0.1")), &said("203.0.113.9, 198.51.100.1")),
            Some(ip("198.51.100.1")),
            "the last one is the proxy's"
        );
        assert_eq!(address(Some(ip("::1")), &said("2001:db8::1")), Some(ip("2001:db8::1")));
        assert_eq!(address(None, &said("198.51.100.1:4711")), Some(ip("198.51.100.1")));
        assert_eq!(address(None, &said("[2001:db8::1]:4711")), Some(ip("2001:db8::1")));
        for bad in ["", "unknown", "198.51.100.1, nonsense"] {
            assert_eq!(address(Some(ip("127.0.0.1")), &said(bad)), None, "{bad}");
        }
        let mut two = said("198.51.100.1");
        two.append("x-forwarded-for", "198.51.100.2".parse().unwrap());
        assert_eq!(address(None, &two), Some(ip("198.51.100.2")));
    }
}
