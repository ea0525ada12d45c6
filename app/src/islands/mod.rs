//! The few parts that hydrate, each because a person gains by it:
//!
//! | island | gain | without script |
//! |---|---|---|
//! | [`LiveCheck`] | mistakes show while typing, by the very code the server runs | they show after sending |
//! | [`SavedWords`] | a lost signal loses no words | saved when the page is sent |
//! | [`Conversation`] | answers appear by themselves | reload the page |
//! | [`LiveQueue`] (hub) | the queue moves by itself | reload the page |
//!
//! To add one: a file here, the component under `#[island]`. An island without props costs a phone
//! least (props bring a JSON reader into the bundle): it finds what it needs in the page, and asks the
//! page's own address for a *part* of it ([`page::PART_HEADER`]). The hub's queue, on a desktop, has
//! props and a server function ([`api`]). Islands never replace a form: the plain HTML form stays the
//! way things are sent, an island only spares the reload. In the server's build their effects never run.

#[cfg(feature = "hub")]
pub mod api;
mod conversation;
mod live_check;
#[cfg(feature = "hub")]
mod live_queue;
pub mod page;
mod saved_words;
#[cfg(feature = "hub")]
pub mod views;

pub use conversation::Conversation;
pub use live_check::LiveCheck;
#[cfg(feature = "hub")]
pub use live_queue::LiveQueue;
pub use saved_words::SavedWords;
