//! `make bench`: the journeys measured in one run on one machine, each next to a yardstick in the
//! same run, because a figure alone says more about the machine than about the portal. Prints a table
//! and, with `PORTAL_BENCH_OUT`, saves it.
//!
//! The load comes from a second process (this program again, as a client), so that the server's
//! runtime is its own. Real West Mercia months are used where they lie; without them the crimes are
//! invented, and the table says so.

#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]

use app::domain::ids::{CaseId, PersonId};
use chrono::{DateTime, Utc};
use server::audit;
use server::clock::{Clock as _, SystemClock};
use server::config::Config;
use server::db::{Db, sql};
use server::entropy::Entropy;
use server::http::assets::Assets;
use server::http::router::router;
use server::keys::{Keys, token_hash};
use server::outbox::Mailer;
use server::people;
use server::portal::Portal;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

const CONNECTIONS: usize = 32;
const LOAD_FOR: Duration = Duration::from_secs(6);
const EVENTS: usize = 20;

fn main() -> Outcome<()> {
    if let Ok(request) = std::env::var("PORTAL_BENCH_REQUEST") {
        return client(&request);
    }
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(()); // `cargo test` runs benches to see that they build
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let table = runtime.block_on(bench())?;
    println!("{table}");
    if let Some(out) = std::env::var_os("PORTAL_BENCH_OUT") {
        std::fs::write(out, table)?;
    }
    Ok(())
}

/// A figure, what it is held against, and the mark it has to reach.
struct Row {
    what: &'static str,
    figure: String,
    beside: String,
    mark: &'static str,
    reached: Option<bool>,
}

async fn bench() -> Outcome<String> {
    let folder = tempfile::tempdir()?;
    let (months, cases_are) = months(folder.path())?;
    let mut rows = Vec::new();
    let database = folder.path().join("portal.db");
    rows.push(import(&months, &database, folder.path())?);
    rows.extend(start_up(&database)?);
    rows.extend(pages(&database, folder.path()).await?);
    Ok(table(&rows, cases_are))
}

fn table(rows: &[Row], cases_are: &str) -> String {
    let mut text = String::from(
        "# Bench\n\nWritten by `make bench`. One run, one machine: compare the columns of a row, not rows of different runs.\n\n",
    );
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let _ = writeln!(
        text,
        "- {cores} cores, {CONNECTIONS} connections, load from a second process on the same machine\n- cases: {cases_are}\n"
    );
    let _ = writeln!(text, "| what | figure | beside it | mark | reached |\n|---|---:|---:|---|---|");
    for row in rows {
        let reached = match row.reached {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let _ = writeln!(text, "| {} | {} | {} | {} | {reached} |", row.what, row.figure, row.beside, row.mark);
    }
    text
}

/// One plain CSV of the real months, or of as many invented rows.
fn months(folder: &Path) -> Outcome<(PathBuf, &'static str)> {
    let path = folder.join("months.csv");
    let mut out = BufWriter::new(std::fs::File::create(&path)?);
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/police-uk-west-mercia");
    if !real.is_dir() {
        eprintln!("The published months are not here ({}): invented rows are used", real.display());
        server::demo::generate::generate(1, 69_826, &mut out)?;
        return Ok((path, "69,826 invented rows (the published months were not there)"));
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(real)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(".csv.gz"));
    files.sort();
    for (place, file) in files.iter().enumerate() {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(file)?).read_to_string(&mut text)?;
        let body = if place == 0 { text.as_str() } else { text.split_once('\n').map_or("", |(_, rest)| rest) };
        out.write_all(body.as_bytes())?;
        if !body.ends_with('\n') {
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok((path, "West Mercia, January to August 2025, 69,826 published rows"))
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/portal")
}

fn portal_command(database: &Path) -> Command {
    let mut command = Command::new(program());
    command.env("PORTAL_DATABASE_URL", format!("sqlite://{}", database.display())).env("RUST_LOG", "warn");
    command.env("PORTAL_MAIL_DIR", database.with_extension("mail"));
    command
}

fn import(months: &Path, database: &Path, folder: &Path) -> Outcome<Row> {
    let lines = std::fs::read_to_string(months)?.lines().count() - 1;
    let begun = Instant::now();
    let mut child = portal_command(database).args(["import", "cases"]).arg(months).stdout(Stdio::null()).spawn()?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(memory(child.id(), "VmHWM:").unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    if !status.success() {
        return Err("the import failed".into());
    }
    let ours = per_second(lines, begun.elapsed());
    let begun = Instant::now();
    let bare = Command::new("sqlite3")
        .arg(folder.join("bare.db"))
        .args([".mode csv", &format!(".import {} crimes", months.display())])
        .status()?;
    let theirs = per_second(lines, begun.elapsed());
    if !bare.success() {
        return Err("sqlite3 .import failed".into());
    }
    Ok(Row {
        what: "import of published months into SQLite",
        figure: format!("{ours:.0} rows/s, peak {} MB", peak / 1024),
        beside: format!("sqlite3 .import {theirs:.0} rows/s ({:.0}%)", 100.0 * ours / theirs),
        mark: "20,000 rows/s, under 100 MB",
        reached: Some(ours >= 20_000.0 && peak < 100 * 1024),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^52")]
fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// A figure of `/proc/PID/status`, in KiB.
fn memory(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

fn start_up(database: &Path) -> Outcome<Vec<Row>> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut times = Vec::new();
    let mut resident = 0;
    for _ in 0..5 {
        let begun = Instant::now();
        let mut child =
            portal_command(database).arg("serve").env("PORTAL_ADDR", format!("127.0.0.1:{port}")).stdout(Stdio::null()).spawn()?;
        let time = until_ready(port, begun);
        std::thread::sleep(Duration::from_secs(2));
        resident = memory(child.id(), "VmRSS:").unwrap_or(0).max(resident);
        end(&mut child)?;
        times.push(time?);
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    Ok(vec![
        Row {
            what: "start to the first answer, median of 5",
            figure: format!("{} ms", median.as_millis()),
            beside: String::new(),
            mark: "under 200 ms",
            reached: Some(median < Duration::from_millis(200)),
        },
        Row {
            what: "resident memory, idle, with these cases",
            figure: format!("{:.1} MB", f64::from(u32::try_from(resident)?) / 1024.0),
            beside: String::new(),
            mark: "under 60 MB",
            reached: Some(resident < 60 * 1024),
        },
    ])
}

fn until_ready(port: u16, begun: Instant) -> Outcome<Duration> {
    while begun.elapsed() < Duration::from_secs(20) {
        if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) {
            stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            if answer.starts_with("HTTP/1.1 200") {
                return Ok(begun.elapsed());
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err("the portal did not start".into())
}

/// Ends a process we started, and waits for it.
fn end(child: &mut Child) -> Outcome<()> {
    child.kill()?;
    child.wait()?;
    Ok(())
}

async fn listen(app: axum::Router) -> Outcome<u16> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(port)
}

async fn pages(database: &Path, folder: &Path) -> Outcome<Vec<Row>> {
    let config =
        Config { database_url: format!("sqlite://{}", database.display()), mail_dir: Some(folder.join("mail")), ..Config::default() };
    let db = Db::open(&config.database_url).await?;
    let mailer = Mailer::new(&config)?;
    let portal =
        Portal::new(config, db, Arc::new(SystemClock), Entropy::System, Keys::fixed(&[7; 32]), Assets::load(None)?, mailer).await?;
    let (case, person, started, token) = reader_of_a_case(&portal).await?;
    let ours = listen(router(portal.clone())).await?;
    let bare = listen(axum::Router::new().route("/", axum::routing::get(|| async { "hello" }))).await?;
    let cookie = format!("cookie: __Host-s={token}\r\n");

    let hello = load(bare, "GET / HTTP/1.1\r\nhost: bench\r\n\r\n").await?;
    let page = load(ours, &format!("GET /cases/{case} HTTP/1.1\r\nhost: bench\r\n{cookie}\r\n")).await?;
    let share = 100.0 * page.per_second / hello.per_second;
    let mut rows = vec![Row {
        what: "signed-in case page, 20 events, with its audit row",
        figure: page.in_words(),
        beside: format!("bare axum handler {} ({share:.1}%)", hello.in_words()),
        mark: "5% of the bare handler",
        reached: Some(share >= 5.0),
    }];

    let commits = bare_commits(&portal).await?;
    let token = portal.keys.form_token(person.0, started);
    let body = format!("message=Thank+you.+I+have+a+question+about+this.&form_token={token}");
    let post = format!(
        "POST /cases/{case}/messages HTTP/1.1\r\nhost: bench\r\norigin: http://bench\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n{cookie}\r\n{body}",
        body.len()
    );
    let posts = load(ours, &post).await?;
    rows.push(Row {
        what: "durable posts: a message with its audit row",
        figure: posts.in_words(),
        beside: format!("bare group commit of one row {commits:.0}/s ({:.0}%)", 100.0 * posts.per_second / commits),
        mark: "",
        reached: None,
    });
    let mut reader = portal.db.read().await?;
    let sound = matches!(audit::verify(&mut reader).await?, audit::Verdict::Sound { .. });
    if !sound {
        return Err("the audit chain broke under load".into());
    }
    rows.extend(first_load(ours, case, &cookie).await?);
    Ok(rows)
}

/// A person signed in, whose case has twenty events.
async fn reader_of_a_case(portal: &Portal) -> Outcome<(CaseId, PersonId, DateTime<Utc>, String)> {
    let now = SystemClock.now();
    let mut tx = portal.db.write().await?;
    let (id,): (uuid::Uuid,) = sql("select case_id from cases order by source_key limit 1").fetch_one(&mut tx).await?;
    let (case, token) = (CaseId(id), portal.entropy.token());
    let new = people::New { source: "bench", key: "bench", name: "Bench Example" };
    let (person, _) = people::add(portal, &mut tx, new, now).await?;
    sql("insert into participations (person_id, case_id, role, since) values ($1, $2, 'victim', $3)")
        .bind(person)
        .bind(case)
        .bind(now)
        .execute_one(&mut tx)
        .await?;
    sql("delete from case_events where case_id = $1").bind(case).execute(&mut tx).await?;
    for place in 0..EVENTS {
        sql("insert into case_events (case_id, wording, stage, happened, source, received_at) values ($1, $2, $3, $4, 'police.uk', $5)")
            .bind(case)
            .bind("Awaiting court outcome")
            .bind("awaiting_court")
            .bind(format!("2025-03-{:02}", place + 1))
            .bind(now)
            .execute_one(&mut tx)
            .await?;
    }
    sql("insert into person_sessions (token_hash, person_id, started_at, last_seen_at) values ($1, $2, $3, $3)")
        .bind(token_hash(&token))
        .bind(person)
        .bind(now)
        .execute_one(&mut tx)
        .await?;
    tx.commit().await?;
    Ok((case, person, now, token))
}

/// The yardstick for posts: as many writers, one row each, the same group commit.
async fn bare_commits(portal: &Portal) -> Outcome<f64> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let portal = portal.clone();
            tokio::spawn(async move {
                let mut count = 0usize;
                while begun.elapsed() < LOAD_FOR {
                    let mut tx = portal.db.write().await?;
                    sql("insert into imports (import_id, source, label, received_at) values ($1, 'bench', 'bench', $2)")
                        .bind(portal.new_id())
                        .bind(portal.now())
                        .execute_one(&mut tx)
                        .await?;
                    tx.commit().await?;
                    count += 1;
                }
                Ok::<usize, server::db::DbError>(count)
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(per_second(count, begun.elapsed()))
}

/// What a browser loads for the first time, compressed, in bytes.
async fn first_load(port: u16, case: CaseId, cookie: &str) -> Outcome<Vec<Row>> {
    let html = size(port, &format!("/cases/{case}"), cookie).await?;
    let names = Assets::load(None)?.names;
    let css = size_of(port, names.public_css.as_deref()).await?;
    let exit = size_of(port, names.exit_js.as_deref()).await?;
    let (boot, glue, wasm) = (
        size_of(port, names.boot_js.as_deref()).await?,
        size_of(port, names.public_js.as_deref()).await?,
        size_of(port, names.public_wasm.as_deref()).await?,
    );
    let kb = |bytes: usize| format!("{:.1} KB", f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1024.0);
    let built = css > 0 && wasm > 0;
    Ok(vec![
        Row {
            what: "case page, first load, brotli: HTML + CSS (this page loads no wasm)",
            figure: kb(html + css),
            beside: format!("HTML {}, CSS {}, exit script {}", kb(html), kb(css), kb(exit)),
            mark: "at most 16 KB",
            reached: Some(built && html + css <= 16 * 1024),
        },
        Row {
            what: "public wasm, brotli (pages with an island only)",
            figure: kb(wasm),
            beside: format!("its scripts {}", kb(boot + glue)),
            mark: "at most 60 KB",
            reached: Some(built && wasm <= 60 * 1024),
        },
    ])
}

async fn size_of(port: u16, path: Option<&str>) -> Outcome<usize> {
    match path {
        Some(path) => size(port, path, "").await,
        None => Ok(0),
    }
}

async fn size(port: u16, path: &str, cookie: &str) -> Outcome<usize> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\naccept-encoding: br\r\n{cookie}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no answer")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200") || !head.contains("content-encoding: br") {
        return Err(format!("{path} was not answered compressed: {head}").into());
    }
    Ok(answer.len() - end - 4)
}

struct Load {
    per_second: f64,
    p99: Duration,
}

impl Load {
    fn in_words(&self) -> String {
        format!("{:.0}/s, p99 {:.1} ms", self.per_second, self.p99.as_secs_f64() * 1000.0)
    }
}

/// Loads one address from a second process.
async fn load(port: u16, request: &str) -> Outcome<Load> {
    let mut child = tokio::task::spawn_blocking({
        let request = request.to_owned();
        move || {
            Command::new(std::env::current_exe()?)
                .env("PORTAL_BENCH_REQUEST", request)
                .env("PORTAL_BENCH_PORT", port.to_string())
                .stdout(Stdio::piped())
                .spawn()
        }
    })
    .await??;
    let out = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        child.stdout.take().ok_or("no output")?.read_to_string(&mut text).map_err(|error| error.to_string())?;
        child.wait().map_err(|error| error.to_string())?;
        Ok::<String, String>(text)
    })
    .await??;
    let mut parts = out.split_whitespace();
    let mut next = || parts.next().and_then(|text| text.parse::<f64>().ok()).ok_or(format!("the client failed: {out}"));
    Ok(Load { per_second: next()?, p99: Duration::from_secs_f64(next()?) })
}

/// The client process: prints requests a second and the 99th percentile in seconds.
fn client(request: &str) -> Outcome<()> {
    let port: u16 = std::env::var("PORTAL_BENCH_PORT")?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let request: Arc<[u8]> = request.as_bytes().into();
    runtime.block_on(async move {
        // A little warm-up, not counted.
        drive(port, &request, Duration::from_millis(500)).await?;
        let begun = Instant::now();
        let mut times = drive(port, &request, LOAD_FOR).await?;
        let took = begun.elapsed();
        times.sort_unstable();
        let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
        println!("{} {}", per_second(times.len(), took), p99.as_secs_f64());
        Ok(())
    })
}

async fn drive(port: u16, request: &Arc<[u8]>, time: Duration) -> Outcome<Vec<Duration>> {
    let until = Instant::now() + time;
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = Arc::clone(request);
            tokio::spawn(async move { one_connection(port, &request, until).await.map_err(|error| error.to_string()) })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    Ok(times)
}

async fn one_connection(port: u16, request: &[u8], until: Instant) -> Outcome<Vec<Duration>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(64 * 1024));
    while Instant::now() < until {
        let begun = Instant::now();
        stream.write_all(request).await?;
        buffer.clear();
        let whole = loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the connection was closed".into());
            }
            if let Some(length) = answer_length(&buffer)? {
                break length;
            }
        };
        while buffer.len() < whole {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the connection was closed".into());
            }
        }
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// The length of the whole answer, once its head is there. Anything but success is an error.
fn answer_length(buffer: &[u8]) -> Outcome<Option<usize>> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&buffer[..end])?;
    if !(head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.1 303")) {
        return Err(format!("answered {}", head.lines().next().unwrap_or("")).into());
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(Ok(0), str::parse::<usize>)?;
    Ok(Some(end + 4 + length))
}
