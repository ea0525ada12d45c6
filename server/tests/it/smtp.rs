//! A mail server for one test, on a free loopback port: speaks SMTP, keeps what it accepts, and
//! fails on request. It owns its listener, its connections and their threads, and ends them when
//! dropped. Written out because `mailin-embedded` can neither be stopped nor drop a connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const MOST_LINE: u64 = 4_096;
const MOST_DATA: usize = 8 * 1024 * 1024;
const MOST_RECIPIENTS: usize = 100;
const MOST_CONNECTIONS: usize = 64;

/// What the server does from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes every message.
    Accept,
    /// Closes every connection, those now open included, without a word.
    RefuseConnection,
    /// Answers every recipient with 550.
    RejectRecipient,
    /// Answers every recipient with 451.
    TryLater,
    /// Never answers DATA, nor anything after it on that connection.
    HangAtData,
    /// Keeps the message, then closes the connection instead of saying so.
    DropAfterData,
}

/// A message, with its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMail {
    /// The address of MAIL FROM.
    pub from: String,
    /// The addresses of RCPT TO.
    pub to: Vec<String>,
    /// The message as sent, its dots unstuffed.
    pub data: String,
}

impl ReceivedMail {
    /// The first header of this name, unfolded; encoded words stay as they are.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.split().0.replace("\r\n ", " ").replace("\r\n\t", "\t");
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// The body without its transfer encoding, its line ends as `\n`.
    pub fn body(&self) -> String {
        let raw = self.split().1;
        let encoding = self.header("Content-Transfer-Encoding").unwrap_or_default();
        let bytes = match encoding.to_ascii_lowercase().as_str() {
            "quoted-printable" => unquote(raw.as_bytes()),
            "base64" => {
                let text: String = raw.split_ascii_whitespace().collect();
                STANDARD.decode(text).expect("a base64 body")
            }
            _ => raw.as_bytes().to_vec(),
        };
        String::from_utf8(bytes).expect("a UTF-8 body").replace("\r\n", "\n")
    }

    fn split(&self) -> (&str, &str) {
        self.data.split_once("\r\n\r\n").unwrap_or((&self.data, ""))
    }
}

fn unquote(quoted: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'=' {
            plain.push(byte);
        } else if let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        } else {
            let (pair, after) = rest.split_at_checked(2).expect("two digits after =");
            let pair = str::from_utf8(pair).expect("two digits after =");
            plain.push(u8::from_str_radix(pair, 16).expect("two digits after ="));
            rest = after;
        }
    }
    plain
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    received: Vec<ReceivedMail>,
    open: Vec<(SocketAddr, TcpStream)>,
    stopped: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn close_all(&self) {
        for (_, stream) in &self.open {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

/// The server.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl MailServer {
    /// Starts one that accepts.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            state: Mutex::new(State { behaviour: Behaviour::Accept, received: Vec::new(), open: Vec::new(), stopped: false }),
            arrived: Condvar::new(),
        });
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// `smtp://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Every message so far, in order of arrival.
    pub fn received(&self) -> Vec<ReceivedMail> {
        self.shared.state().received.clone()
    }

    /// Waits for at least `n` messages; panics, saying what came, when they do not come in time.
    pub fn wait_for(&self, n: usize, most: Duration) -> Vec<ReceivedMail> {
        let state = self.shared.state();
        let (state, _) =
            self.shared.arrived.wait_timeout_while(state, most, |state| state.received.len() < n).unwrap_or_else(PoisonError::into_inner);
        let received = state.received.clone();
        drop(state);
        let came = received.len();
        assert!(came >= n, "{came} of {n} messages in {most:?}: {received:#?}");
        received
    }

    /// Changes what the server does, also on open connections, from their next command on.
    pub fn behave(&self, behaviour: Behaviour) {
        let mut state = self.shared.state();
        state.behaviour = behaviour;
        if behaviour == Behaviour::RefuseConnection {
            state.close_all();
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.stopped = true;
        state.close_all();
        drop(state);
        TcpStream::connect(self.address).ok(); // wakes the listener
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Shared) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let mut state = shared.state();
            if state.stopped {
                break;
            }
            let Ok(stream) = stream else { continue };
            let refuses = state.behaviour == Behaviour::RefuseConnection;
            if refuses || state.open.len() >= MOST_CONNECTIONS {
                continue;
            }
            let (Ok(peer), Ok(closer)) = (stream.peer_addr(), stream.try_clone()) else {
                continue;
            };
            state.open.push((peer, closer));
            drop(state);
            scope.spawn(move || {
                converse(&stream, shared).ok(); // an error is the client gone, or the end
                shared.state().open.retain(|(other, _)| *other != peer);
                stream.shutdown(Shutdown::Both).ok();
            });
        }
    });
}

fn converse(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    let mut say = |reply: &str| writer.write_all(format!("{reply}\r\n").as_bytes());
    let mut greeted = false;
    let mut from: Option<String> = None;
    let mut to: Vec<String> = Vec::new();
    say("220 localhost ESMTP")?;
    loop {
        let line = read_line(&mut reader)?;
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return say("500 5.5.2 a line ends in CR LF"); // or the client has gone
        };
        let line = String::from_utf8_lossy(line);
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let behaviour = shared.state().behaviour;
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" if rest.is_empty() => say("501 5.5.4 who?")?,
            "EHLO" => {
                (greeted, from) = (true, None);
                to.clear();
                say(&format!("250-localhost\r\n250 SIZE {MOST_DATA}"))?;
            }
            "HELO" => {
                (greeted, from) = (true, None);
                to.clear();
                say("250 localhost")?;
            }
            "MAIL" if !greeted || from.is_some() => say("503 5.5.1 not now")?,
            "MAIL" => match path(rest, "FROM:") {
                Some(address) => {
                    from = Some(address);
                    say("250 2.1.0 ok")?;
                }
                None => say("501 5.5.4 MAIL FROM:<address>")?,
            },
            "RCPT" if from.is_none() => say("503 5.5.1 MAIL first")?,
            "RCPT" => match (path(rest, "TO:"), behaviour) {
                (None, _) => say("501 5.5.4 RCPT TO:<address>")?,
                (_, Behaviour::RejectRecipient) => say("550 5.1.1 no such mailbox")?,
                (_, Behaviour::TryLater) => say("451 4.7.1 try later")?,
                _ if to.len() >= MOST_RECIPIENTS => say("452 4.5.3 too many recipients")?,
                (Some(address), _) => {
                    to.push(address);
                    say("250 2.1.5 ok")?;
                }
            },
            "DATA" if to.is_empty() => say("503 5.5.1 RCPT first")?,
            "DATA" if behaviour == Behaviour::HangAtData => {
                return io::copy(&mut reader, &mut io::sink()).map(drop);
            }
            "DATA" => {
                say("354 end with a line of one dot")?;
                let data = read_data(&mut reader)?;
                let mail = data.map(|data| ReceivedMail { from: from.take().unwrap_or_default(), to: std::mem::take(&mut to), data });
                (from, to) = (None, Vec::new());
                match mail {
                    Err(refusal) => say(refusal)?,
                    Ok(mail) => {
                        let mut state = shared.state();
                        state.received.push(mail);
                        let drops = state.behaviour == Behaviour::DropAfterData;
                        drop(state);
                        shared.arrived.notify_all();
                        if drops {
                            return Ok(());
                        }
                        say("250 2.0.0 taken")?;
                    }
                }
            }
            "RSET" => {
                from = None;
                to.clear();
                say("250 2.0.0 ok")?;
            }
            "NOOP" => say("250 2.0.0 ok")?,
            "QUIT" => return say("221 2.0.0 bye"),
            _ => say("502 5.5.1 unknown")?,
        }
    }
}

/// The address in `FROM:<address> PARAMETERS`.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let (key, rest) = rest.split_at_checked(keyword.len())?;
    let (address, _) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    key.eq_ignore_ascii_case(keyword).then(|| address.to_owned())
}

/// One line with its end; without it when the line is too long or the client has gone.
fn read_line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.take(MOST_LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// The message up to its dot, or the reply that refuses it.
fn read_data(reader: &mut impl BufRead) -> io::Result<Result<String, &'static str>> {
    let mut data = Vec::new();
    let mut refusal = None;
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            break;
        }
        if !line.ends_with(b"\r\n") || line.len() > 1_000 {
            refusal = Some("554 5.6.0 a line is too long, or does not end in CR LF");
        } else if data.len() + line.len() > MOST_DATA {
            refusal = Some("552 5.3.4 too large");
        } else {
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
    let text = String::from_utf8(data).map_err(|_| "554 5.6.0 not UTF-8");
    Ok(refusal.map_or(text, Err))
}
