//! The built site: hashed names, compressed beforehand, inside the program. Names are known at start
//! and never change while it runs, so browsers may keep a file for ever.

use app::shell::AssetNames;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path as FilePath;

use crate::portal::Portal;

#[derive(Embed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

type Bytes = Cow<'static, [u8]>;

/// Every built file by its path below the site, such as `a/public.1a2b3c.css`.
pub struct Assets {
    files: BTreeMap<String, Bytes>,
    pub names: AssetNames,
}

/// Where hashed files live.
pub const FOLDER: &str = "/a/";

impl Assets {
    /// The files inside the program, or those in a folder.
    pub fn load(folder: Option<&FilePath>) -> std::io::Result<Self> {
        let mut files = BTreeMap::new();
        if let Some(folder) = folder {
            read_folder(folder, "", &mut files)?;
        } else {
            for name in Site::iter() {
                if let Some(file) = Site::get(&name) {
                    files.insert(name.into_owned(), file.data);
                }
            }
        }
        let manifest: BTreeMap<String, String> =
            files.get("manifest.json").and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
        let built = |logical: &str| {
            let name = manifest.get(logical)?;
            files.contains_key(&format!("a/{name}")).then(|| format!("{FOLDER}{name}"))
        };
        let names = AssetNames {
            public_css: built("public.css"),
            hub_css: built("hub.css"),
            public_js: built("public.js"),
            public_wasm: built("public.wasm"),
            hub_js: built("hub.js"),
            hub_wasm: built("hub.wasm"),
            boot_js: built("boot.js"),
            exit_js: built("exit.js"),
            left_open_js: built("left-open.js"),
            passkey_js: built("passkey.js"),
        };
        if names == AssetNames::default() {
            tracing::warn!("the site was not built: pages have no style and no script. Run make site");
        }
        Ok(Self { files, names })
    }

    fn file(&self, path: &str) -> Option<Bytes> {
        self.files.get(path).cloned()
    }
}

fn read_folder(folder: &FilePath, prefix: &str, files: &mut BTreeMap<String, Bytes>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_folder(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, Cow::Owned(std::fs::read(entry.path())?));
        }
    }
    Ok(())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Does the browser take this coding? A weight of zero means no.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else { return false };
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next() == Some(coding);
        let refused = parts.any(|weight| weight.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0));
        named && !refused
    })
}

fn send(portal: &Portal, path: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some(plain) = portal.assets.file(path) else { return StatusCode::NOT_FOUND.into_response() };
    let compressed = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(coding, ending)| {
        let file = accepts(headers, coding).then(|| portal.assets.file(&format!("{path}.{ending}"))).flatten()?;
        Some((coding, file))
    });
    let (coding, body) = compressed.map_or((None, plain), |(coding, file)| (Some(coding), file));
    let body = match body {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut response = Response::new(body);
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

pub async fn hashed(State(portal): State<Portal>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    // The compressed copies are chosen by the browser's header, never by name.
    if name.contains('/') || !matches!(name.rsplit('.').next(), Some("css" | "js" | "wasm")) {
        return StatusCode::NOT_FOUND.into_response();
    }
    send(&portal, &format!("a/{name}"), &headers, "public, max-age=31536000, immutable")
}

pub async fn favicon(State(portal): State<Portal>, headers: HeaderMap) -> Response {
    send(&portal, "favicon.svg", &headers, "public, max-age=86400")
}

pub async fn robots(State(portal): State<Portal>, headers: HeaderMap) -> Response {
    send(&portal, "robots.txt", &headers, "public, max-age=86400")
}
