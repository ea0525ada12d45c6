//! The one SQLite writer, with group commit.
//!
//! Transactions take the writer's connection one after another, each in its own savepoint of one
//! larger transaction. Whoever leaves with nobody waiting behind (or as the 256th) commits for all,
//! and every caller is acknowledged only after the commit that holds its change. So a lone change
//! costs one sync to disk, and a crowd shares one.
//!
//! It must never acknowledge early, and never let one caller's failure take another's change along:
//! a failed caller rolls back to its own savepoint. A caller may vanish at any await (a browser that
//! goes away cancels its request), so what others depend on, the end of a change and the commit,
//! runs in a task of its own.

use super::error::DbError;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// No more changes than this share one commit.
const LARGEST_GROUP: usize = 256;

#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    line: Arc<Mutex<Line>>,
    /// How many callers stand in line for the connection.
    waiting: AtomicUsize,
    /// Where unfinished business goes on when its caller has gone.
    runtime: Handle,
}

struct Line {
    conn: SqliteConnection,
    /// A transaction is open on the connection, or may be.
    open: bool,
    /// Callers whose change is in the open transaction.
    pending: Vec<oneshot::Sender<Result<(), String>>>,
}

impl Line {
    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&mut self.conn).await.map(drop)
    }

    /// Begins one caller's change, and the transaction around it if there is none.
    async fn enter(&mut self) -> Result<(), sqlx::Error> {
        if !self.open {
            // Said before it is so: a caller cancelled while it waits for the answer leaves a
            // transaction behind, and dropping its change must end it.
            self.open = true;
            self.run("begin immediate").await?;
        }
        self.run("savepoint change").await
    }

    /// Undoes one caller's change. If it cannot be undone alone, everything open is given up:
    /// SQLite rolls all of it back by itself when, for example, the disk is full.
    async fn undo(&mut self, cause: Option<String>) {
        let undone = async {
            self.run("rollback to change").await?;
            self.run("release change").await
        };
        if let Err(error) = undone.await {
            self.lose(&cause.unwrap_or_else(|| error.to_string())).await;
        }
    }

    /// Makes the open transaction durable and tells everybody in it.
    async fn settle(&mut self) {
        if !self.open {
            return;
        }
        match self.run("commit").await {
            Ok(()) => {
                self.open = false;
                for caller in self.pending.drain(..) {
                    // A caller that went away has its change kept all the same.
                    drop(caller.send(Ok(())));
                }
            }
            Err(error) => self.lose(&error.to_string()).await,
        }
    }

    /// Gives the open transaction up and tells everybody in it.
    async fn lose(&mut self, cause: &str) {
        if !self.pending.is_empty() {
            tracing::error!(%cause, changes = self.pending.len(), "a group of changes was not kept");
        }
        // Fails only if SQLite has already rolled back by itself.
        drop(self.run("rollback").await);
        self.open = false;
        for caller in self.pending.drain(..) {
            drop(caller.send(Err(cause.to_owned())));
        }
    }
}

/// A place in the line. If its owner gives up, the changes before it must not wait for ever.
struct Place<'w> {
    writer: &'w Writer,
    served: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let left = self.writer.shared.waiting.fetch_sub(1, Ordering::SeqCst) - 1;
        if !self.served && left == 0 {
            let shared = Arc::clone(&self.writer.shared);
            self.writer.shared.runtime.spawn(async move { shared.line.lock().await.settle().await });
        }
    }
}

impl Writer {
    /// Called inside the runtime that will outlive it.
    pub fn new(conn: SqliteConnection) -> Self {
        let line = Arc::new(Mutex::new(Line { conn, open: false, pending: Vec::new() }));
        Self { shared: Arc::new(Shared { line, waiting: AtomicUsize::new(0), runtime: Handle::current() }) }
    }

    pub async fn begin(&self) -> Result<GroupTx, DbError> {
        self.shared.waiting.fetch_add(1, Ordering::SeqCst);
        let mut place = Place { writer: self, served: false };
        let line = Arc::clone(&self.shared.line).lock_owned().await;
        place.served = true;
        // The guard goes in first: whatever fails or is given up below, dropping it settles the rest.
        let mut tx = GroupTx { shared: Arc::clone(&self.shared), line: Some(line), broken: None };
        drop(place);
        if let Some(line) = &mut tx.line {
            line.enter().await?;
        }
        Ok(tx)
    }
}

/// One caller's change. Dropped without [`commit`](Self::commit), it never was.
pub struct GroupTx {
    shared: Arc<Shared>,
    line: Option<OwnedMutexGuard<Line>>,
    broken: Option<String>,
}

impl GroupTx {
    /// Where statements run; nowhere after one has failed. SQLite may have rolled everything back by
    /// then, and the next statement would stand alone, committed at once.
    pub fn conn(&mut self) -> Result<&mut SqliteConnection, DbError> {
        match (&self.broken, &mut self.line) {
            (Some(cause), _) => Err(DbError::NotDurable(cause.clone())),
            (None, Some(line)) => Ok(&mut line.conn),
            // The guard is there until commit or drop, and both take `self`.
            (None, None) => unreachable!("a transaction is used only while it holds the writer"),
        }
    }

    pub fn failed(&mut self, error: &DbError) {
        self.broken = Some(error.to_string());
    }

    pub async fn commit(mut self) -> Result<(), DbError> {
        if let Some(cause) = &self.broken {
            return Err(DbError::NotDurable(cause.clone())); // dropping rolls back
        }
        let Some(mut line) = self.line.take() else { return Ok(()) };
        let (done, durable) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        self.shared.runtime.spawn(async move {
            let released = line.run("release change").await;
            line.pending.push(done);
            if let Err(error) = released {
                line.lose(&error.to_string()).await;
            } else if shared.waiting.load(Ordering::SeqCst) == 0 || line.pending.len() >= LARGEST_GROUP {
                line.settle().await;
            }
        });
        match durable.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => Err(DbError::NotDurable(cause)),
            Err(_) => Err(DbError::NotDurable("the writer went away".into())),
        }
    }
}

impl Drop for GroupTx {
    fn drop(&mut self) {
        let Some(mut line) = self.line.take() else { return };
        let (shared, cause) = (Arc::clone(&self.shared), self.broken.take());
        self.shared.runtime.spawn(async move {
            line.undo(cause).await;
            if shared.waiting.load(Ordering::SeqCst) == 0 {
                line.settle().await;
            }
        });
    }
}
