//! The portal as browsers, machines and mail servers meet it: the real router, a real database, a
//! real SMTP server. One module for each journey; `harness` is what they share.

mod account;
mod asvs;
mod authenticator;
mod bad_input;
mod cases;
mod contact;
mod exit;
mod feed;
mod files;
mod form_token;
mod guessing;
mod harness;
mod held_points;
mod hostile;
mod hub;
mod invitations;
mod joining;
mod need_to_know;
mod passkeys;
mod password;
mod postgres;
mod provider;
mod public;
mod representation;
mod sealing;
mod secrets;
mod security;
mod single_sign_on;
mod slow;
mod smtp;
mod step_up;
mod support;
mod visibility;
