//! Plain HTTP on the HTTPS port: people are led to the right address, programs are told. A token that came this way was
//! readable on the network, so nothing else is answered here.

use crate::{problem, problem::Problem, wording::Code};
use axum::{
    Router,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Response},
};

/// Answers whatever is asked.
pub fn router() -> Router {
    Router::new().fallback(to_https).layer(middleware::from_fn(problem::speak))
}

async fn to_https(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
    match https_address(&uri, &headers).filter(|_| method == Method::GET && asks_for_a_page(&headers)) {
        // Not a permanent redirect: browsers would keep it after the site went back to plain HTTP.
        Some(address) => (StatusCode::TEMPORARY_REDIRECT, close, [(header::LOCATION, address)]).into_response(),
        None => (close, Problem::from(Code::PlainHttp)).into_response(),
    }
}

/// A browser that opens an address says so; its scripts and programs do not.
fn asks_for_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// The same host and port, which is where this came in.
fn https_address(uri: &Uri, headers: &HeaderMap) -> Option<HeaderValue> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let path = uri.path_and_query()?.as_str();
    let address = Uri::builder().scheme("https").authority(host).path_and_query(path).build().ok()?;
    HeaderValue::try_from(address.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    async fn ask(request: axum::http::request::Builder) -> Response {
        router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn page(host: &str, path: &str) -> axum::http::request::Builder {
        Request::get(path).header(header::HOST, host).header(header::ACCEPT, "text/html,application/xhtml+xml")
    }

    #[tokio::test]
    async fn a_browser_is_led_to_the_same_page_over_https() {
        let response = ask(page("192.0.2.7:8080", "/records?queue=sales")).await;
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(response.headers()[header::LOCATION], "https://192.0.2.7:8080/records?queue=sales");
        assert_eq!(response.headers()[header::CONNECTION], "close");
    }

    #[tokio::test]
    async fn everything_else_is_told_and_nothing_is_done() {
        for request in [
            Request::get("/api/v1/queues").header(header::HOST, "192.0.2.7:8080"),
            Request::post("/api/v1/sessions")
                .header(header::HOST, "192.0.2.7:8080")
                .header(header::ACCEPT, "text/html"),
            Request::get("/").header(header::ACCEPT, "text/html"),
            page("user@evil example", "/"),
        ] {
            let response = ask(request).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(response.headers()[header::CONNECTION], "close");
        }
    }
}
