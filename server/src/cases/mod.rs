//! A person's cases: the home page, one case, and the conversation about it. Every query takes the
//! viewer; a case of somebody else is not found, exactly as one that does not exist.

pub mod conversation;
mod routes;
mod store;

pub use routes::routes;
pub(crate) use routes::thread_part;

/// How many messages of each request the person has not read.
pub(crate) async fn unread_by_request(
    reader: &mut crate::db::Reader,
    viewer: app::domain::ids::PersonId,
) -> Result<Vec<(app::domain::ids::Reference, usize)>, crate::db::DbError> {
    Ok(store::unread(reader, viewer).await?.into_iter().map(|unread| (unread.reference, unread.count)).collect())
}
