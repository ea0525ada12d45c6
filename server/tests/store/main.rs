//! The store and what works on it, on SQLite and PostgreSQL: statements, the writer, the schema,
//! imports, the audit chain, requests, and notices over real SMTP. The real program is run where its
//! exit code, its output or its memory is what counts.

#[path = "../it/postgres.rs"]
mod postgres;
#[path = "../it/smtp.rs"]
mod smtp;

#[macro_use]
mod stores;

mod audit;
mod backup;
mod commands;
mod grants;
mod import;
mod limits;
mod outbox;
mod people;
mod program;
mod requests;
mod retention;
mod schema;
mod statements;
mod vault;
mod writer;
