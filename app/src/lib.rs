//! All that people see, and every rule that both sides need.
//!
//! ```text
//! pages, islands -> govuk, forms -> domain
//! ```
//! - [`domain`]: pure types and rules. - [`forms`]: raw fields to a valid value; the same in the
//!   browser. - [`govuk`]: design-system components, the only place with raw form markup.
//! - [`pages`]: one module for each journey; a page is a function of a plain view struct.
//! - [`islands`]: the few parts that hydrate. With `domain` and `forms`, all that reaches the browser.
//! - [`shell`]: the document around a page. [`paths`]: every address.
//!
//! What runs where: feature `ssr` compiles pages for the server; feature `hydrate` compiles the
//! islands for the browser (with `hub`, the hub's as well). This crate never names sqlx, axum, lettre
//! or tokio: `make test` checks the dependency tree.

// Leptos views of whole pages nest deeper than the default.
#![recursion_limit = "512"]

pub mod domain;
pub mod forms;
pub mod govuk;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod pages;
pub mod paths;
#[cfg(feature = "ssr")]
pub mod ports;
#[cfg(feature = "ssr")]
pub mod shell;

/// Called once by `boot.js` before it wakes the islands.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
