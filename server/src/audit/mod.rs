//! The audit chain: append-only, one row for each time staff or the person read a record and for
//! each change, hash-linked to the row before. No personal data: ids and codes only.
//!
//! - A change appends in its own transaction: [`append`].
//! - A read goes through [`Log::viewed`], which answers once the row is durable; only then may the
//!   bytes leave. If it cannot be written, the page is not shown.
//!
//! - [`verify`] walks the chain; [`checkpoint`] signs its end, for a file on another machine: without
//!   it somebody with the whole database could write a new chain. [`export`] gives rows out. [`end`] is
//!   where the chain ends, for a backup.
//!
//! To record something new: a variant of [`Act`]. Never update or delete a row: the database refuses
//! both (`db::guards`).

pub mod checkpoint;
mod end;
pub mod export;
mod verify;

pub use end::{End, end, put_back};
pub use verify::{Verdict, verify};

use crate::clock::Clock;
use crate::db::{Connection, Db, DbError, Many, Tx, sql};
use crate::keys;
use app::domain::ids::{PersonId, StaffId};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(PersonId),
    Staff(StaffId),
    /// A machine key's id.
    Machine(String),
    System,
    /// Somebody without an account.
    Anyone,
}

impl Actor {
    fn kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Staff(_) => "staff",
            Self::Machine(_) => "machine",
            Self::System => "system",
            Self::Anyone => "anyone",
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Staff(id) => id.to_string(),
            Self::Machine(id) => id.clone(),
            Self::System | Self::Anyone => String::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    SignedIn,
    SignInFailed,
    SignedOut,
    SignedOutEverywhere,
    Invited,
    InvitationTried,
    InvitationOpened,
    WayInChosen,
    SteppedUp,
    RepresentativeAdded,
    RepresentativeEnded,
    PinChanged,
    PasskeyAdded,
    PasskeyRemoved,
    SignedOutByHub,
    StepUpFailed,
    ContactPaused,
    ContactResumed,
    SecurityViewed,
    PersonViewed,
    PersonListed,
    CaseViewed,
    ConversationViewed,
    HomeViewed,
    ContactViewed,
    ContactChanged,
    PointGiven,
    PointStopped,
    PointConfirmed,
    PreferencesChanged,
    SupportAsked,
    MessageSent,
    FileSent,
    FilesViewed,
    FileOpened,
    FileRemoved,
    RequestViewed,
    RequestClaimed,
    RequestReleased,
    RequestAnswered,
    RequestClosed,
    NoteWritten,
    TasksViewed,
    TaskDone,
    NoticeSent,
    NoticeNotSent,
    NoticeToTask,
    CasesImported,
    RecordOpened,
    OpeningsViewed,
    OpeningJudged,
    StaffAdded,
    StaffChanged,
    StaffDisabled,
    StaffPasswordChanged,
    StaffReset,
    StaffLinked,
    KeyAdded,
    PersonErased,
    HoldSet,
    HoldLifted,
    KeyRevoked,
    MasterKeyRotated,
    AuditExported,
    BackupMade,
    Restored,
    DemoSeeded,
}

impl Act {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::Invited => "invited",
            Self::InvitationTried => "invitation_tried",
            Self::InvitationOpened => "invitation_opened",
            Self::WayInChosen => "way_in_chosen",
            Self::SteppedUp => "stepped_up",
            Self::RepresentativeAdded => "representative_added",
            Self::RepresentativeEnded => "representative_ended",
            Self::PinChanged => "pin_changed",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::SignedOutByHub => "signed_out_by_hub",
            Self::StepUpFailed => "step_up_failed",
            Self::ContactPaused => "contact_paused",
            Self::ContactResumed => "contact_resumed",
            Self::SecurityViewed => "security_viewed",
            Self::PersonViewed => "person_viewed",
            Self::PersonListed => "person_listed",
            Self::CaseViewed => "case_viewed",
            Self::ConversationViewed => "conversation_viewed",
            Self::HomeViewed => "home_viewed",
            Self::ContactViewed => "contact_viewed",
            Self::ContactChanged => "contact_changed",
            Self::PointGiven => "point_given",
            Self::PointStopped => "point_stopped",
            Self::PointConfirmed => "point_confirmed",
            Self::PreferencesChanged => "preferences_changed",
            Self::SupportAsked => "support_asked",
            Self::MessageSent => "message_sent",
            Self::FileSent => "file_sent",
            Self::FilesViewed => "files_viewed",
            Self::FileOpened => "file_opened",
            Self::FileRemoved => "file_removed",
            Self::RequestViewed => "request_viewed",
            Self::RequestClaimed => "request_claimed",
            Self::RequestReleased => "request_released",
            Self::RequestAnswered => "request_answered",
            Self::RequestClosed => "request_closed",
            Self::NoteWritten => "note_written",
            Self::TasksViewed => "tasks_viewed",
            Self::TaskDone => "task_done",
            Self::NoticeSent => "notice_sent",
            Self::NoticeNotSent => "notice_not_sent",
            Self::NoticeToTask => "notice_to_task",
            Self::CasesImported => "cases_imported",
            Self::RecordOpened => "record_opened",
            Self::OpeningsViewed => "openings_viewed",
            Self::OpeningJudged => "opening_judged",
            Self::StaffChanged => "staff_changed",
            Self::StaffAdded => "staff_added",
            Self::StaffDisabled => "staff_disabled",
            Self::StaffPasswordChanged => "staff_password_changed",
            Self::StaffReset => "staff_reset",
            Self::StaffLinked => "staff_linked",
            Self::KeyAdded => "key_added",
            Self::PersonErased => "person_erased",
            Self::HoldSet => "hold_set",
            Self::HoldLifted => "hold_lifted",
            Self::KeyRevoked => "key_revoked",
            Self::AuditExported => "audit_exported",
            Self::BackupMade => "backup_made",
            Self::Restored => "restored",
            Self::MasterKeyRotated => "master_key_rotated",
            Self::DemoSeeded => "demo_seeded",
        }
    }
}

/// One line to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    pub actor: Actor,
    pub act: Act,
    /// Whose record it is about, where there is one.
    pub person: Option<PersonId>,
    /// The id of the thing: a case, a request, a task.
    pub subject: String,
}

impl Entry {
    pub fn new(actor: Actor, act: Act, person: Option<PersonId>, subject: impl ToString) -> Self {
        Self { actor, act, person, subject: subject.to_string() }
    }
}

#[derive(sqlx::FromRow)]
struct Line {
    seq: i64,
    at: DateTime<Utc>,
    actor: String,
    actor_id: String,
    act: String,
    person_id: Option<Uuid>,
    subject: String,
    prev_hash: String,
    hash: String,
}

impl Line {
    /// SHA-256 over every field, each with its length before it, in this order.
    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let person = self.person_id.map(|id| id.to_string()).unwrap_or_default();
        let (seq, at) = (self.seq.to_string(), self.at.timestamp_micros().to_string());
        for part in [&self.prev_hash, &seq, &at, &self.actor, &self.actor_id, &self.act, &person, &self.subject] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        keys::hex(&hasher.finalize())
    }
}

/// Writes one line in the transaction of the change it records.
pub async fn append(tx: &mut Tx, at: DateTime<Utc>, entry: Entry) -> Result<(), DbError> {
    append_all(tx, vec![(at, entry)]).await
}

static LINES: Many = Many::new("insert into audit (seq, at, actor, actor_id, act, person_id, subject, prev_hash, hash) values {rows}", 9);

async fn append_all(tx: &mut Tx, entries: Vec<(DateTime<Utc>, Entry)>) -> Result<(), DbError> {
    // Taking the head by an update makes PostgreSQL line writers up; SQLite has one writer anyway.
    let mut head: End = sql("update audit_head set seq = seq where chain = 1 returning seq, hash").fetch_one(tx).await?;
    let mut lines = Vec::with_capacity(entries.len());
    for (at, entry) in entries {
        let mut line = Line {
            seq: head.seq + 1,
            at,
            actor: entry.actor.kind().into(),
            actor_id: entry.actor.id(),
            act: entry.act.code().into(),
            person_id: entry.person.map(|person| person.0),
            subject: entry.subject,
            prev_hash: head.hash,
            hash: String::new(),
        };
        line.hash = line.digest();
        head = End { seq: line.seq, hash: line.hash.clone() };
        lines.push(line);
    }
    for some in LINES.groups(&lines) {
        let mut statement = LINES.of(some.len());
        for line in some {
            statement = statement
                .bind(line.seq)
                .bind(line.at)
                .bind(line.actor.as_str())
                .bind(line.actor_id.as_str())
                .bind(line.act.as_str())
                .bind(line.person_id)
                .bind(line.subject.as_str())
                .bind(line.prev_hash.as_str())
                .bind(line.hash.as_str());
        }
        statement.execute(tx).await?;
    }
    sql("update audit_head set seq = $1, hash = $2 where chain = 1").bind(head.seq).bind(head.hash).execute_one(tx).await
}

/// Records reads. Many at once share one transaction and one sync to disk.
#[derive(Clone)]
pub struct Log {
    queue: mpsc::Sender<(Entry, oneshot::Sender<bool>)>,
}

/// Reads recorded in one go, at most.
const LARGEST_BATCH: usize = 128;

impl Log {
    #[must_use]
    pub fn start(db: Db, clock: Arc<dyn Clock>) -> Self {
        let (queue, mut waiting) = mpsc::channel::<(Entry, oneshot::Sender<bool>)>(1024);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(LARGEST_BATCH);
            while waiting.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
                let at = clock.now();
                let (entries, callers): (Vec<_>, Vec<_>) = batch.drain(..).map(|(entry, caller)| ((at, entry), caller)).unzip();
                let kept = async {
                    let mut tx = db.write().await?;
                    append_all(&mut tx, entries).await?;
                    tx.commit().await
                }
                .await;
                if let Err(error) = &kept {
                    tracing::error!(%error, "reads could not be recorded: their pages are not shown");
                }
                for caller in callers {
                    // A browser that has gone needs no answer.
                    let _ = caller.send(kept.is_ok());
                }
            }
        });
        Self { queue }
    }

    /// Answers once the read is on record. Until then nothing may be shown.
    pub async fn viewed(&self, entry: Entry) -> Result<(), DbError> {
        let (caller, kept) = oneshot::channel();
        let closed = || DbError::NotDurable("the audit log is closed".into());
        self.queue.send((entry, caller)).await.map_err(|_| closed())?;
        if kept.await.map_err(|_| closed())? { Ok(()) } else { Err(DbError::NotDurable("the read could not be recorded".into())) }
    }
}

/// How many rows say this act happened; for tests and figures.
pub async fn count(on: &mut impl Connection, act: Act) -> Result<i64, DbError> {
    let (count,): (i64,) = sql("select count(*) from audit where act = $1").bind(act.code()).fetch_one(on).await?;
    Ok(count)
}
