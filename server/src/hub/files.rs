//! `/hub/requests/{reference}/files/{file}`: what came with a message, for those whose work it is.

use super::access;
use super::openings::Record;
use crate::audit::{Act, Actor, Entry};
use crate::error::Error;
use crate::files;
use crate::http::session::Caseworker;
use crate::portal::Portal;
use crate::support::requests;
use app::domain::ids::{FileId, Reference};
use app::forms::Fields;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

pub fn routes() -> Router<Portal> {
    Router::new().route("/hub/requests/{reference}/files/{file}", get(save))
}

async fn save(
    State(portal): State<Portal>,
    Caseworker(staff): Caseworker,
    Path((reference, file)): Path<(String, String)>,
) -> Result<Response, Error> {
    let reference = Reference::parse(&reference).ok_or(Error::NotFound)?;
    let id: FileId = file.parse().map_err(|_| Error::NotFound)?;
    let mut reader = portal.db.read().await?;
    let request = requests::by_reference(&portal, &mut reader, &reference).await?.ok_or(Error::NotFound)?;
    let record = Record::Request(reference, request.key.owner());
    let _proof: access::Opened = access::open(&portal, &mut reader, &staff, &record, &Fields::default()).await?;
    let file = files::of_request(&mut reader, &request.key, request.id, id).await?.ok_or(Error::NotFound)?;
    drop(reader);
    // On record before a byte leaves.
    portal.audit.viewed(Entry::new(Actor::Staff(staff.staff), Act::FileOpened, request.person, id)).await?;
    Ok(files::attached(file))
}
