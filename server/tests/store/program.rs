//! The real program, run as people run it, on a database file of its own.

use crate::stores::Failed;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub struct Program {
    pub folder: TempDir,
}

pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Program {
    pub fn new() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("site"))?;
        Ok(Self { folder })
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("portal.db")
    }

    /// A file beside the database.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<String, Failed> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes)?;
        Ok(path.display().to_string())
    }

    pub fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PORTAL_DATABASE_URL", format!("sqlite://{}", self.database().display()))
            .env("PORTAL_SITE_DIR", self.folder.path().join("site"))
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Result<Said, Failed> {
        let output = self.command(Path::new(env!("CARGO_BIN_EXE_portal")), args).output()?;
        let said = Said { ok: output.status.success(), out: String::from_utf8(output.stdout)?, err: String::from_utf8(output.stderr)? };
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "escape codes in a pipe: {}{}", said.out, said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
        Ok(said)
    }

    /// Runs to the end, which must be good; answers the most memory it had, in KiB.
    pub async fn most_memory(&self, program: &Path, args: &[&str]) -> Result<u64, Failed> {
        let mut child = self.command(program, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0;
        loop {
            if let Some(ended) = child.try_wait()? {
                assert!(ended.success(), "{args:?}: {ended}");
                return Ok(most);
            }
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            most = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(most);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn dump(&self) -> Result<String, Failed> {
        dump(&self.database(), &[]).await
    }
}

/// Every row of every table as text, but for the tables named.
pub async fn dump(file: &Path, without: &[&str]) -> Result<String, Failed> {
    let mut conn = SqliteConnectOptions::new().filename(file).read_only(true).connect().await?;
    let tables: Vec<(String,)> =
        sqlx::query_as("select name from sqlite_master where type = 'table' order by name").fetch_all(&mut conn).await?;
    let mut text = String::new();
    for (table,) in tables.into_iter().filter(|(table,)| !without.contains(&table.as_str())) {
        let columns: Vec<(String,)> =
            sqlx::query_as("select name from pragma_table_info($1)").bind(table.as_str()).fetch_all(&mut conn).await?;
        let columns: Vec<String> = columns.into_iter().map(|(column,)| format!("quote({column})")).collect();
        let query = format!("select {} as line from {table} order by line", columns.join(" || ',' || "));
        let rows: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(query)).fetch_all(&mut conn).await?;
        for (row,) in rows {
            writeln!(text, "{table}: {row}")?;
        }
    }
    conn.close().await?;
    Ok(text)
}
