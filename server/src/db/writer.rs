//! The one SQLite writer, with group commit.
//!
//! Transactions take the writer's connection one after another, each in its own savepoint of one
//! larger transaction. Whoever leaves with nobody waiting behind (or as the 256th) commits for all,
//! and every caller is acknowledged only after the commit that holds its change. So a lone change
//! costs one sync to disk, and a crowd shares one.
//!
//! It must never acknowledge early, and never let one caller's failure take another's change along:
//! a failed caller rolls back to its own savepoint.

use super::error::DbError;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
}

struct Line {
    conn: SqliteConnection,
    /// A transaction is open on the connection.
    open: bool,
    /// Callers whose change is in the open transaction.
    pending: Vec<oneshot::Sender<Result<(), String>>>,
}

impl Line {
    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&mut self.conn).await.map(drop)
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
            Err(error) => self.lose(&error).await,
        }
    }

    /// Gives the open transaction up and tells everybody in it.
    async fn lose(&mut self, cause: &sqlx::Error) {
        tracing::error!(%cause, changes = self.pending.len(), "a group of changes was not kept");
        // Fails only if SQLite has already rolled back by itself.
        drop(self.run("rollback").await);
        self.open = false;
        for caller in self.pending.drain(..) {
            drop(caller.send(Err(cause.to_string())));
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
            tokio::spawn(async move { shared.line.lock().await.settle().await });
        }
    }
}

impl Writer {
    pub fn new(conn: SqliteConnection) -> Self {
        let line = Line { conn, open: false, pending: Vec::new() };
        Self { shared: Arc::new(Shared { line: Arc::new(Mutex::new(line)), waiting: AtomicUsize::new(0) }) }
    }

    pub async fn begin(&self) -> Result<GroupTx, DbError> {
        self.shared.waiting.fetch_add(1, Ordering::SeqCst);
        let mut place = Place { writer: self, served: false };
        let line = Arc::clone(&self.shared.line).lock_owned().await;
        place.served = true;
        // The guard goes in first: whatever fails or is given up below, dropping it settles the rest.
        let mut tx = GroupTx { shared: Arc::clone(&self.shared), line: Some(line), broken: None };
        drop(place);
        let Some(line) = &mut tx.line else { return Ok(tx) };
        if !line.open {
            line.run("begin immediate").await?;
            line.open = true;
        }
        line.run("savepoint change").await?;
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
    pub fn conn(&mut self) -> &mut SqliteConnection {
        // The guard is there until commit or drop, and both take `self`.
        match &mut self.line {
            Some(line) => &mut line.conn,
            None => unreachable!("a transaction is used only while it holds the writer"),
        }
    }

    pub fn failed(&mut self, error: &DbError) {
        if !error.leaves_transaction_usable() {
            self.broken = Some(error.to_string());
        }
    }

    pub async fn commit(mut self) -> Result<(), DbError> {
        if let Some(cause) = self.broken.take() {
            return Err(DbError::NotDurable(cause)); // dropping rolls back
        }
        let Some(mut line) = self.line.take() else { return Ok(()) };
        if let Err(error) = line.run("release change").await {
            line.lose(&error).await;
            return Err(DbError::NotDurable(error.to_string()));
        }
        let (done, durable) = oneshot::channel();
        line.pending.push(done);
        if self.shared.waiting.load(Ordering::SeqCst) == 0 || line.pending.len() >= LARGEST_GROUP {
            line.settle().await;
        }
        drop(line);
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
        let shared = Arc::clone(&self.shared);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !line.open {
            return;
        }
        runtime.spawn(async move {
            let undone = async {
                line.run("rollback to change").await?;
                line.run("release change").await
            };
            if let Err(error) = undone.await {
                line.lose(&error).await;
            }
            if shared.waiting.load(Ordering::SeqCst) == 0 {
                line.settle().await;
            }
        });
    }
}
