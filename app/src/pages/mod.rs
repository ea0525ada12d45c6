//! One module for each journey. A page is a function of a plain view struct: the server loads the
//! struct, the page decides how it reads. Pages hold no rules and reach nothing.

pub mod account;
pub mod cases;
pub mod contact;
pub mod error;
pub mod files;
pub mod home;
pub mod hub;
pub mod hub_access;
pub mod hub_invitations;
pub mod hub_openings;
pub mod hub_password;
pub mod hub_people;
pub mod joining;
pub mod passkeys;
pub mod public;
pub mod representation;
pub mod security;
pub mod support;

pub use public::HubContact;
