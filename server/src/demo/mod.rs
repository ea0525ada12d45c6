//! The demonstration: invented people joined to crimes, and staff to help them. Nothing here is
//! anybody's: names are made up, addresses end in example.test, numbers are Ofcom's drama numbers.
//!
//! [`generate`] writes invented crimes, [`invent_crimes`] takes them in; [`seed`] joins people to them,
//! or to real published months.

pub mod generate;
mod people;

pub use people::{Demo, DemoKey, DemoPerson, DemoStaff, SeedError, invent_crimes, must_hold_nobody, seed};
