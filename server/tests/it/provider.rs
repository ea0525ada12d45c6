//! A real OpenID provider for tests: panva's `oidc-provider`, run by node (`provider.mjs`) on a free loopback port. It
//! reads a pipe that only this process holds open, so however this process ends, it ends too. And a visitor who signs
//! in there as a browser would.

use crate::harness::{BASE_URL, START};
use server::config::Config;
use server::http::outgoing;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;
use std::{env, fs, thread};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
/// As `provider.mjs` knows it.
pub const SECRET: &str = "a secret for tests";

pub struct Provider {
    pub issuer: String,
    /// Its log, and the secret as a file.
    folder: TempDir,
    child: Child,
}

/// One for all tests, at the time at which they begin; or `None` after saying loudly what was not tested. Where `CI` is
/// set, its absence is a failure.
pub fn require() -> Option<&'static Provider> {
    static PROVIDER: OnceLock<Result<Provider, String>> = OnceLock::new();
    tested(PROVIDER.get_or_init(|| Provider::start(START)).as_ref().map_err(Clone::clone))
}

/// One for this test alone, at another time, or to be stopped.
pub fn require_own(time: &str) -> Option<Provider> {
    tested(Provider::start(time))
}

fn tested<T>(provider: Result<T, String>) -> Option<T> {
    match provider {
        Ok(provider) => Some(provider),
        Err(reason) => {
            let test = thread::current().name().unwrap_or("?").to_owned();
            let line = format!("SINGLE SIGN-ON NOT TESTED: {test}: {reason}");
            assert!(env::var_os("CI").is_none(), "{line}");
            // `eprintln!` would be captured with the output of a test that passes.
            io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
            None
        }
    }
}

impl Provider {
    fn start(time: &str) -> Result<Self, String> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = here.join("../end2end");
        if !packages.join("node_modules/oidc-provider/package.json").is_file() {
            return Err("the npm package oidc-provider is missing in end2end/node_modules: run .ci/tools node".into());
        }
        let failed = |error: io::Error| format!("node provider.mjs: {error}");
        let folder = tempfile::tempdir().map_err(failed)?;
        fs::write(folder.path().join("secret"), format!("{SECRET}\n")).map_err(failed)?;
        let log = folder.path().join("log");
        let mut child = Command::new("node")
            .arg(here.join("tests/it/provider.mjs"))
            .arg(packages)
            .arg(time)
            .arg(format!("{BASE_URL}/hub/sign-in/organisation/return"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let (line, lines) = mpsc::channel();
        if let Some(out) = child.stdout.take() {
            thread::spawn(move || {
                for said in BufReader::new(out).lines().map_while(Result::ok) {
                    line.send(said).ok();
                }
            });
        }
        // It says its issuer last; what else it says is about this being no provider for real use.
        while let Ok(said) = lines.recv_timeout(PATIENCE) {
            if said.starts_with("http://127.0.0.1:") {
                return Ok(Self { issuer: said, folder, child });
            }
        }
        child.kill().ok();
        child.wait().ok();
        Err(format!("node provider.mjs did not start in {PATIENCE:?}:\n{}", fs::read_to_string(&log).unwrap_or_default()))
    }

    /// The settings of a portal whose staff may sign in here.
    pub fn set(&self, config: &mut Config) {
        config.oidc_issuer = Some(self.issuer.clone());
        config.oidc_client_id = Some("portal".into());
        config.oidc_client_secret_file = Some(self.folder.path().join("secret"));
    }

    /// Goes to the address that the portal gave, and signs in there as `who` (`SUBJECT`, `SUBJECT&acr=LEVEL`,
    /// `SUBJECT&lie=KIND`, or `nobody`, who would rather not); answers with what the browser is sent back, as a path of the portal.
    pub async fn visit(&self, address: &str, who: &str) -> String {
        assert!(address.starts_with(&format!("{}/", self.issuer)), "{address}");
        let mut jar = BTreeMap::new();
        let interaction = follow(&mut jar, address).await;
        let signed_in = follow(&mut jar, &format!("{}{interaction}?as={who}", self.issuer)).await;
        let back = follow(&mut jar, &signed_in).await;
        back.strip_prefix(BASE_URL).expect("back to the portal").to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Where a page of the provider leads.
async fn follow(jar: &mut BTreeMap<String, String>, address: &str) -> String {
    let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = axum::http::Request::get(address).header("cookie", cookies.join("; ")).body(Vec::new()).expect("a request");
    let answer = outgoing::send(request).await.expect("an answer of the provider");
    for cookie in answer.headers().get_all("set-cookie") {
        let pair = cookie.to_str().expect("a cookie").split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').expect("a cookie");
        if value.is_empty() {
            jar.remove(name)
        } else {
            jar.insert(name.to_owned(), value.to_owned())
        };
    }
    let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
    to.unwrap_or_else(|| panic!("{address} leads nowhere: {} {}", answer.status(), String::from_utf8_lossy(answer.body())))
}
