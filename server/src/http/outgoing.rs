//! Calls to another server, such as the organisation's OpenID provider: HTTP/1.1, a connection for each call, TLS
//! with the public roots unless it is this machine. No redirect is followed, no proxy is asked, and an answer has a
//! bounded size and time.

use axum::http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// From the first look for the name to the last byte.
const LONGEST: Duration = Duration::from_secs(10);
/// Bytes of a body.
const LARGEST: usize = 256 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("this address is not called: it must be https://, or this machine")]
    Address,
    #[error("no whole answer in 10 seconds")]
    TooSlow,
    #[error("the answer ended early, or is larger than 256 KiB")]
    Body,
    #[error("not reached: {0}")]
    Reach(#[from] io::Error),
    #[error("no TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("no HTTP: {0}")]
    Http(#[from] hyper::Error),
}

/// Is this the name of the machine that the program runs on?
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    host == "localhost" || bare(host).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An address of IPv6 stands in brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Sends a request and reads the whole answer.
pub async fn send(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallError> {
    tokio::time::timeout(LONGEST, exchange(request)).await.map_err(|_| CallError::TooSlow)?
}

async fn exchange(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallError> {
    let uri = request.uri().clone();
    let host = bare(uri.host().ok_or(CallError::Address)?);
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") if is_this_machine(host) => false,
        _ => return Err(CallError::Address),
    };
    let request = for_the_wire(request, &uri)?;
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(if secure { 443 } else { 80 }))).await?;
    if !secure {
        return over(stream, request).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| CallError::Address)?;
    over(TlsConnector::from(Arc::new(tls()?)).connect(name, stream).await?, request).await
}

/// The request as its first line and `Host` say it.
fn for_the_wire(request: Request<Vec<u8>>, uri: &Uri) -> Result<Request<Full<Bytes>>, CallError> {
    let authority =
        uri.authority().map(hyper::http::uri::Authority::as_str).filter(|text| !text.contains('@')).ok_or(CallError::Address)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = request.map(|body| Full::new(Bytes::from(body)));
    request.headers_mut().insert(header::HOST, HeaderValue::from_str(authority).map_err(|_| CallError::Address)?);
    *request.uri_mut() = path.parse().map_err(|_| CallError::Address)?;
    Ok(request)
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

async fn over<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Vec<u8>>, CallError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answer = async move {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|_| CallError::Body)?;
        Ok::<_, CallError>(Response::from_parts(head, body.to_bytes().to_vec()))
    };
    tokio::pin!(answer);
    // The connection moves the bytes; when it ends first, what it has read is still to be taken.
    tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// What comes back from a server of this machine that answers like this.
    async fn answered(text: Vec<u8>) -> Result<Response<Vec<u8>>, CallError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let read = stream.read(&mut asked).await.unwrap();
            drop(stream.write_all(&text).await);
            String::from_utf8_lossy(&asked[..read]).into_owned()
        });
        let answer = send(Request::get(format!("http://{address}/a?b=c")).body(Vec::new()).unwrap()).await;
        let asked = server.await.unwrap();
        assert!(asked.starts_with("GET /a?b=c HTTP/1.1\r\n") && asked.contains(&format!("host: {address}\r\n")), "{asked}");
        answer
    }

    #[tokio::test]
    async fn an_answer_is_read_whole_and_never_too_much_of_it() {
        let with = |body: &[u8]| [format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
        assert_eq!(answered(with(b"{}")).await.unwrap().body(), b"{}");
        assert!(matches!(answered(with(&vec![b'x'; LARGEST + 1])).await, Err(CallError::Body)));
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this".to_vec();
        assert!(matches!(answered(cut).await, Err(CallError::Body)));
        let elsewhere = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec();
        assert_eq!(answered(elsewhere).await.unwrap().status(), 302, "it is not followed");
        assert!(matches!(answered(b"nonsense\r\n\r\n".to_vec()).await, Err(CallError::Http(_))));
    }

    #[tokio::test]
    async fn only_this_machine_is_called_without_tls() {
        for address in ["http://login.example.test/", "http://192.0.2.1/", "ftp://127.0.0.1/", "/only/a/path", "http://a@127.0.0.1/"] {
            let request = Request::get(address).body(Vec::new()).unwrap();
            assert!(matches!(send(request).await, Err(CallError::Address)), "{address}");
        }
        assert!(is_this_machine("localhost") && is_this_machine("127.0.0.1") && is_this_machine("[::1]"));
        assert!(!is_this_machine("localhost.example.test") && !is_this_machine("192.0.2.1"));
    }
}
