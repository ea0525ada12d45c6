//! The few parts that hydrate, each because a person gains by it:
//!
//! | island | gain | without script |
//! |---|---|---|
//! | [`LiveCheck`] | mistakes show while typing, by the very code the server runs | they show after sending |
//! | [`SavedWords`] | a lost signal loses no words | saved when the page is sent |
//! | [`Conversation`] | answers appear by themselves | reload the page |
//! | [`LiveQueue`] (hub) | the queue moves by itself | reload the page |
//!
//! To add one: a file here, the component under `#[island]`, its calls in [`api`]. Props stand in
//! the page's HTML: pass only what the page shows anyway. Islands never replace a form: the plain
//! HTML form stays the way things are sent, an island only spares the reload. In the server's build
//! their effects never run.

pub mod api;
mod conversation;
mod live_check;
#[cfg(feature = "hub")]
mod live_queue;
mod page;
mod saved_words;
pub mod views;

pub use conversation::Conversation;
pub use live_check::LiveCheck;
#[cfg(feature = "hub")]
pub use live_queue::LiveQueue;
pub use saved_words::SavedWords;
