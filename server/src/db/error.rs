//! What can go wrong between us and the database.

/// A failure of the store. The text of the cause is for the log, never for a browser.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A statement that must change exactly one row changed another number: somebody was faster.
    #[error("{rows} rows changed where one was expected")]
    Conflict { rows: u64 },
    /// A unique value exists already. The name is the constraint's or the columns'.
    #[error("already there: {0}")]
    Duplicate(String),
    /// A stored value that the code cannot read. A bug or a hand-edited database.
    #[error("the database holds something unreadable: {0}")]
    Inconsistent(String),
    /// Nothing of the change was kept: one of its statements had failed, or the group of changes it
    /// belonged to could not be made durable.
    #[error("the change could not be made durable: {0}")]
    NotDurable(String),
    #[error(transparent)]
    Driver(sqlx::Error),
    #[error(transparent)]
    Migrate(sqlx::migrate::MigrateError),
    #[error("{0}")]
    Unsuitable(String),
}

impl DbError {
    /// An unreadable stored value, named by where it is; never with the value itself.
    #[must_use]
    pub fn inconsistent(place: impl Into<String>) -> Self {
        Self::Inconsistent(place.into())
    }
}

impl From<sqlx::migrate::MigrateError> for DbError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            // Until the first release the schema is one file, and it changes.
            sqlx::migrate::MigrateError::VersionMismatch(_) => Self::Unsuitable(
                "this database is of an earlier trial version and cannot be brought up to date: begin with a new one".into(),
            ),
            other => Self::Migrate(other),
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(cause) if cause.is_unique_violation() => {
                Self::Duplicate(cause.constraint().unwrap_or_else(|| cause.message()).to_owned())
            }
            _ => Self::Driver(error),
        }
    }
}
