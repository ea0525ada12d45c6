//! One private database server for this test process: started when first asked for, in a folder
//! of its own, on a free loopback port. A small shell keeper owns the server and the folder. It
//! reads a pipe that only this process holds open, so however this process ends, the pipe
//! closes, the server stops and the folder goes.
//!
//! `PORTAL_TEST_POSTGRES_BIN` names the folder of `initdb`, `postgres` and `psql`;
//! `PORTAL_TEST_POSTGRES_FSYNC=on` makes commits durable, and slower.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// A port may be taken between its choice and the server's start: then another is tried.
const ATTEMPTS: u32 = 3;
const STEP: Duration = Duration::from_millis(20);
/// 30 seconds of steps, over all attempts.
const STEPS: u32 = 1_500;

/// The keeper: `$1` folder, `$2` programs, `$3` port, `$4` fsync. It leads a process group of
/// its own, and SIGQUIT to the group stops `initdb` as well as the server, at once.
const KEEPER: &str = r#"
trap : HUP INT QUIT TERM
cd "$1" || exit 1
(
    "$2/initdb" -D data --username=postgres --auth=trust --encoding=UTF8 \
        --locale=C.UTF-8 --no-sync &&
    "$2/postgres" -D "$1/data" -p "$3" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c max_connections=200 -c shared_buffers=16MB \
        -c fsync="$4" -c synchronous_commit="$4" -c full_page_writes="$4"
    : >ended
) >&2 </dev/null &
server=$!
while read -r _; do :; done
cd /
steps=0
while kill -0 "$server" 2>/dev/null; do
    [ "$steps" -lt 80 ] || { rm -rf "$1"; kill -KILL 0; }
    steps=$((steps + 1))
    kill -QUIT 0
    sleep 0.1
done
rm -rf "$1"
"#;

/// The running server.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Holds the pipe: its closing is what stops the server.
    _keeper: Child,
}

/// The cluster of this process, or why there is none.
pub fn cluster() -> Result<&'static Cluster, String> {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start).as_ref().map_err(Clone::clone)
}

/// The cluster; or `None` after saying loudly what was not tested. Where `CI` is set, its
/// absence is a failure.
pub fn require() -> Option<&'static Cluster> {
    match cluster() {
        Ok(cluster) => Some(cluster),
        Err(reason) => {
            let test = thread::current().name().unwrap_or("?").to_owned();
            let line = format!("PostgreSQL NOT TESTED: {test}: {reason}");
            assert!(env::var_os("CI").is_none(), "{line}");
            // `eprintln!` would be captured with the output of a test that passes.
            io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
            None
        }
    }
}

impl Cluster {
    /// The URL of a new, empty database.
    pub fn fresh_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port;
        // Nothing can be connected to template0, so nothing can be in the way of copying it.
        let made = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-h", "127.0.0.1", "-U", "postgres", "-p"])
            .arg(port.to_string())
            .arg("-c")
            .arg(format!("create database {name} template template0"))
            .arg("postgres")
            .env_clear()
            .env("PGCONNECT_TIMEOUT", "10")
            .stdin(Stdio::null())
            .output()
            .expect("psql runs");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "psql made no database: {said}");
        format!("postgres://postgres@127.0.0.1:{port}/{name}")
    }

    fn start() -> Result<Self, String> {
        let bin = programs()?;
        let owner = owner()?;
        let mut steps = STEPS;
        let mut attempt = 1;
        loop {
            match Self::attempt(&bin, owner, &mut steps) {
                Err(reason) if attempt < ATTEMPTS && reason.contains("Address already in use") => {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn attempt(bin: &Path, owner: Option<(u32, u32)>, steps: &mut u32) -> Result<Self, String> {
        let failed = |error: io::Error| format!("its folder or keeper: {error}");
        let folder = tempfile::Builder::new().prefix("portal-postgres-").tempdir().map_err(failed)?;
        let log = folder.path().join("log");
        let errors = File::create(&log).map_err(failed)?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).map_err(failed)?.port();
        let fsync = match env::var("PORTAL_TEST_POSTGRES_FSYNC").as_deref() {
            Ok("on") => "on",
            _ => "off",
        };

        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "portal-postgres"])
            .arg(folder.path())
            .arg(bin)
            .arg(port.to_string())
            .arg(fsync)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(errors);
        if let Some((user, group)) = owner {
            chown(&log, Some(user), Some(group)).map_err(failed)?;
            chown(folder.path(), Some(user), Some(group)).map_err(failed)?;
            command.uid(user).gid(group);
        }
        let mut keeper = command.spawn().map_err(failed)?;
        let folder = folder.keep(); // now the keeper's to remove

        let problem = loop {
            let state = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
            if state.lines().any(|line| line.trim() == "ready") {
                return Ok(Self { bin: bin.to_owned(), port, databases: AtomicU32::new(1), _keeper: keeper });
            }
            if folder.join("ended").exists() || !matches!(keeper.try_wait(), Ok(None)) {
                break "it ended at once";
            }
            if *steps == 0 {
                break "it did not start in 30 seconds";
            }
            *steps -= 1;
            thread::sleep(STEP);
        };
        let lines = fs::read(&log).unwrap_or_default();
        let lines = String::from_utf8_lossy(&lines);
        let tail = lines.lines().rev().take(20).collect::<Vec<_>>();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
        keeper.wait().ok(); // closes the pipe first
        fs::remove_dir_all(&folder).ok(); // where the keeper could not even enter it
        Err(format!("{problem}; its log ends:\n{tail}"))
    }
}

/// The folder of the programs: the named one, the newest of Debian's, or one on the PATH.
fn programs() -> Result<PathBuf, String> {
    let complete = |bin: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|program| bin.join(program).is_file());
    if let Some(bin) = env::var_os("PORTAL_TEST_POSTGRES_BIN").map(PathBuf::from) {
        return Some(bin.clone()).filter(complete).ok_or_else(|| {
            let bin = bin.display();
            format!("PORTAL_TEST_POSTGRES_BIN: no initdb, postgres and psql in {bin}")
        });
    }
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| complete(bin))
        .max()
        .map(|(_, bin)| bin);
    let path = env::var_os("PATH").unwrap_or_default();
    debian.or_else(|| env::split_paths(&path).find(complete)).ok_or_else(|| "no initdb, postgres and psql found".to_owned())
}

/// Whom the server runs as: it refuses to run as root, so root's runs as `postgres`.
fn owner() -> Result<Option<(u32, u32)>, String> {
    let id = |args: &[&str]| {
        let said = Command::new("id").args(args).output().map_err(|error| format!("id: {error}"))?;
        let number = String::from_utf8_lossy(&said.stdout).trim().parse::<u32>();
        number.map_err(|_| String::from_utf8_lossy(&said.stderr).trim().to_owned())
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)))
}
