//! The console's files, built into the binary.

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `make console` builds. The folder may be missing at build time: then a page says so.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/console/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
/// The bundler puts a hash of the content into names under this folder, so they may be kept for ever.
const HASHED: &str = "assets/";
/// Extensions beside the bundler's own, and by which `Accept-Encoding` they are wanted, best first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Strowger</title>\
    <h1>Console not built</h1><p>Run <code>make console</code> and build again. \
    <p lang=\"zh-CN\">控制台尚未构建：请运行 <code>make console</code> 后重新编译。\
    <p>The API is at <code>/api/v1</code>.</html>";

/// Any address that is no route: a file of the console, or the console itself, whose own router knows the page.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(response) = file(path, &headers) {
        return response;
    }
    // A missing script must not be answered with a page.
    if path.starts_with(HASHED) {
        return StatusCode::NOT_FOUND.into_response();
    }
    file(INDEX, &headers).unwrap_or_else(not_built)
}

fn not_built() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, NOT_BUILT).into_response()
}

fn file(path: &str, asked: &HeaderMap) -> Option<Response> {
    let plain = Files::get(path)?;
    let tag = etag(&plain);
    let (encoding, file) = encoded(path, asked).unwrap_or(("", plain));
    let mut response = if asked.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(header::ETAG, tag);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let kept = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if !encoding.is_empty() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// Weak, since compressed forms share it.
fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("W/\"{hash}\"")).expect("hexadecimal digits")
}

fn encoded(path: &str, asked: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let accepted = asked.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let accepts = |coding: &str| {
        accepted.split(',').any(|entry| {
            let (name, quality) = entry.trim().split_once(";q=").unwrap_or((entry.trim(), "1"));
            name.eq_ignore_ascii_case(coding) && quality.parse::<f32>().is_ok_and(|quality| quality > 0.0)
        })
    };
    let mut wanted = ENCODINGS.iter().filter(|(coding, _)| accepts(coding));
    wanted.find_map(|(coding, extension)| Some((*coding, Files::get(&format!("{path}{extension}"))?)))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
