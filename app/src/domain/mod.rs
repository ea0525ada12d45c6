//! Pure types and rules: no I/O, no async, no clock of its own.
//!
//! One file for each word of the field: who a person is in a case ([`participation`]), what is
//! happening with it ([`outcome`], [`month`]), what someone asks for ([`support`]), how soon a human
//! must answer ([`triage`], [`working_days`]), what they send
//! ([`conversation`], [`file`]), how they get in ([`joining`]), how a person may be told ([`contact`], [`notice`]),
//! and who may do what to what ([`policy`], [`staff`], [`opening`]).
//! To add a rule: write it here with its tests; both the server and the browser then have it.
//! Nothing here may name a database, a web framework or Leptos.

pub mod contact;
pub mod conversation;
pub mod file;
pub mod ids;
pub mod joining;
pub mod london;
pub mod month;
pub mod notice;
pub mod opening;
pub mod outcome;
pub mod participation;
pub mod policy;
pub mod representation;
pub mod staff;
pub mod support;
pub mod triage;
pub mod working_days;
