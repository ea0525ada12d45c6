//! A form with a file, read with bounds: the text fields, the field `file` up to the largest file, and of
//! whatever is larger nothing is kept but that it was.

use crate::http::fields::LARGEST_FORM;
use crate::portal::Portal;
use app::domain::file::LARGEST_FILE;
use app::forms::Fields;
use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The largest body that is read to its end, so that a browser hears why its file was too large.
pub const LARGEST_BODY: usize = 100 * 1024 * 1024;
const MOST_PARTS: usize = 20;

/// Files in memory at the same time, over the whole program: others wait.
static AT_ONCE: Semaphore = Semaphore::const_new(8);

/// What came in the field `file`.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Nothing,
    Whole(Bytes),
    TooLarge,
}

pub struct Upload {
    pub fields: Fields,
    pub file: Received,
    /// Held as long as the file is in memory.
    _place: SemaphorePermit<'static>,
}

impl FromRequest<Portal> for Upload {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Response> {
        let place = AT_ONCE.acquire().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())?;
        let mut parts = Multipart::from_request(request, portal).await.map_err(|refused| refused.status().into_response())?;
        let (mut pairs, mut file, mut count, mut room) = (Vec::new(), Received::Nothing, 0, LARGEST_FORM);
        while let Some(part) = parts.next_field().await.map_err(|refused| refused.status().into_response())? {
            count += 1;
            if count > MOST_PARTS {
                return Err(StatusCode::BAD_REQUEST.into_response());
            }
            let name = part.name().unwrap_or_default().to_owned();
            if name == "file" {
                file = match read(part, LARGEST_FILE).await? {
                    None => Received::TooLarge,
                    // What a browser sends where nothing was chosen.
                    Some(bytes) if bytes.is_empty() => Received::Nothing,
                    Some(bytes) => Received::Whole(bytes.into()),
                };
                continue;
            }
            let bytes = read(part, room).await?.ok_or_else(|| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
            room -= bytes.len();
            let text = String::from_utf8(bytes).map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
            pairs.push((name, text));
        }
        Ok(Self { fields: Fields::new(pairs), file, _place: place })
    }
}

/// `None` when there is more than fits; it is read to its end all the same.
async fn read(mut part: Field<'_>, most: usize) -> Result<Option<Vec<u8>>, Response> {
    let mut bytes = Vec::new();
    let mut fits = true;
    while let Some(chunk) = part.chunk().await.map_err(|refused| refused.status().into_response())? {
        fits = fits && bytes.len() + chunk.len() <= most;
        if fits {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
    }
    Ok(fits.then_some(bytes))
}

impl Received {
    /// The file, or what to say at its field.
    pub fn chosen(&self) -> Result<Bytes, &'static str> {
        match self {
            Self::Nothing => Err("Choose a photo or a PDF"),
            Self::TooLarge => Err("The file must be 10 MB or smaller. Choose a smaller one, or take the photo again with less detail"),
            Self::Whole(bytes) => Ok(bytes.clone()),
        }
    }
}
