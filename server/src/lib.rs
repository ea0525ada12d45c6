//! All that touches the world. See `README.md` for the map and `docs/decisions.md` for the whys.
//!
//! `http` takes requests to the journeys (`joining`, `account`, `cases`, `contact`, `support`, `files`, `hub`, `feed`);
//! each journey owns its routes and its SQL. `db` is the only folder that names a database driver,
//! `outbox` the only one that reaches a person, `audit` the only one that writes the chain, `vault` the only
//! one that seals what is kept of people; `backup` carries all of it into a file and back.

#![recursion_limit = "512"]

pub mod account;
pub mod audit;
pub mod backup;
pub mod cases;
pub mod clock;
pub mod commands;
pub mod config;
pub mod contact;
pub mod db;
pub mod demo;
pub mod entropy;
pub mod error;
pub mod exit;
pub mod feed;
pub mod files;
pub mod http;
pub mod hub;
pub mod import;
pub mod joining;
pub mod keys;
pub mod limits;
pub mod log;
pub mod outbox;
pub mod people;
pub mod portal;
pub mod public;
pub mod representation;
pub mod retention;
pub mod support;
pub mod vault;
