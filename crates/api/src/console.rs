//! The console's files, built into the binary.

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use std::borrow::Cow;

/// What `make console` builds. The folder may be missing at build time: then a page says so.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/console/dist"]
#[allow_missing = true]
struct Files;

/// A file with the hash of its content.
struct Asset {
    bytes: Cow<'static, [u8]>,
    hash: [u8; 32],
}

/// Where files are found: the binary, or a test's own.
type Find = fn(&str) -> Option<Asset>;

fn embedded(path: &str) -> Option<Asset> {
    let file = Files::get(path)?;
    Some(Asset { hash: file.metadata.sha256_hash(), bytes: file.data })
}

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
    page(embedded, uri.path().trim_start_matches('/'), &headers)
}

fn page(find: Find, path: &str, asked: &HeaderMap) -> Response {
    if let Some(response) = file(find, path, asked) {
        return response;
    }
    // A missing script must not be answered with a page.
    if path.starts_with(HASHED) {
        return StatusCode::NOT_FOUND.into_response();
    }
    file(find, INDEX, asked).unwrap_or_else(not_built)
}

fn not_built() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, NOT_BUILT).into_response()
}

fn file(find: Find, path: &str, asked: &HeaderMap) -> Option<Response> {
    let plain = find(path)?;
    let tag = etag(&plain);
    let (encoding, file) = encoded(find, path, asked).unwrap_or(("", plain));
    let mut response = if is_known(asked, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.bytes.into_owned().into_response()
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

/// Whether the browser holds this very file (RFC 9110 section 13.1.2).
fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    known.split(',').any(|known| known.trim().as_bytes() == tag.as_bytes())
}

/// Weak, since compressed forms share it.
fn etag(file: &Asset) -> HeaderValue {
    let hash: String = file.hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("W/\"{hash}\"")).expect("hexadecimal digits")
}

fn encoded(find: Find, path: &str, asked: &HeaderMap) -> Option<(&'static str, Asset)> {
    let accepted = asked.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let accepts = |coding: &str| {
        accepted.split(',').any(|entry| {
            let (name, quality) = entry.trim().split_once(";q=").unwrap_or((entry.trim(), "1"));
            name.eq_ignore_ascii_case(coding) && quality.parse::<f32>().is_ok_and(|quality| quality > 0.0)
        })
    };
    let mut wanted = ENCODINGS.iter().filter(|(coding, _)| accepts(coding));
    wanted.find_map(|(coding, extension)| Some((*coding, find(&format!("{path}{extension}"))?)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn built(path: &str) -> Option<Asset> {
        let bytes: &[u8] = match path {
            "index.html" => b"<html>",
            "assets/index-4f3a.js" => b"plain",
            "assets/index-4f3a.js.br" => b"brotli",
            "assets/index-4f3a.js.gz" => b"gzip",
            _ => return None,
        };
        Some(Asset { bytes: bytes.into(), hash: [bytes[0]; 32] })
    }

    async fn ask(path: &str, headers: &[(header::HeaderName, &str)]) -> (u16, HeaderMap, String) {
        let asked = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        let (parts, body) = page(built, path, &asked).into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status.as_u16(), parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_best_coding_the_browser_takes_is_sent() {
        for (accepted, sent, coding) in [
            ("gzip, deflate, br", "brotli", Some("br")),
            ("gzip", "gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", "gzip", Some("gzip")),
            ("identity", "plain", None),
            ("", "plain", None),
        ] {
            let (status, headers, body) = ask("assets/index-4f3a.js", &[(header::ACCEPT_ENCODING, accepted)]).await;
            assert_eq!((status, body.as_str()), (200, sent), "{accepted}");
            let named = headers.get(header::CONTENT_ENCODING).map(|coding| coding.to_str().unwrap());
            assert_eq!(named, coding, "{accepted}");
            assert_eq!(headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
            assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        }
    }

    #[tokio::test]
    async fn a_page_of_the_console_is_asked_for_again_and_answered_unchanged() {
        let (status, headers, body) = ask("records/some-call", &[]).await;
        assert_eq!((status, body.as_str()), (200, "<html>"));
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        let tag = headers[header::ETAG].to_str().unwrap();
        for (known, status) in [(tag, 304), (&format!("\"other\", {tag}"), 304), ("\"other\"", 200)] {
            assert_eq!(ask("", &[(header::IF_NONE_MATCH, known)]).await.0, status, "{known}");
        }
        assert_eq!(ask("assets/gone.js", &[]).await.0, 404);
    }
}
