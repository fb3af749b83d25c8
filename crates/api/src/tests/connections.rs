//! What a connection may cost, and what the console's pages carry.

use super::harness::{Site, get, json};
use crate::{Config, Tls, serve, serve::HEAD_DEADLINE, visitors::STRANGERS_PER_ADDRESS_MAX};
use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use rustls::pki_types::CertificateDer;
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(20);

async fn serving(site: &Site, config: Config) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let state = site.state.clone();
    tokio::spawn(async move { serve(config, vec![listener], state, std::future::pending()).await });
    address
}

async fn say(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), text: &str) -> io::Result<String> {
    stream.write_all(text.as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let length = timeout(PATIENCE, stream.read(&mut answer)).await??;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

const PROBE: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// What is left to read of a connection that the server ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("closed in time");
    String::from_utf8_lossy(&rest).into_owned()
}

#[tokio::test]
async fn the_oldest_stranger_of_an_address_makes_room_and_a_login_stays() {
    let site = Site::new().await;
    let token = site.log_in("agent").await;
    let address = serving(&site, Config::default()).await;
    let mut held = Vec::new();
    for _ in 0..STRANGERS_PER_ADDRESS_MAX {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(say(&mut stream, PROBE).await.unwrap().starts_with("HTTP/1.1 200"));
        held.push(stream);
    }
    let known =
        format!("GET /api/v1/sessions/current HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    assert!(say(&mut held[0], &known).await.unwrap().starts_with("HTTP/1.1 200"));
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(say(&mut stream, PROBE).await.unwrap().starts_with("HTTP/1.1 200"));
        held.push(stream);
    }
    assert_eq!(rest(&mut held[1]).await, "");
    for stays in [0, 2, STRANGERS_PER_ADDRESS_MAX] {
        assert!(say(&mut held[stays], PROBE).await.unwrap().starts_with("HTTP/1.1 200"), "{stays}");
    }
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_of_their_address_out() {
    let site = Site::new().await;
    let (tls, _) = certificate(&site);
    for config in [Config::default(), Config { tls: Some(tls), ..Config::default() }] {
        let address = serving(&site, config).await;
        let mut silent = Vec::new();
        for _ in 0..=STRANGERS_PER_ADDRESS_MAX {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let began = tokio::time::Instant::now();
        assert_eq!(rest(&mut silent[0]).await, "");
        assert!(began.elapsed() < HEAD_DEADLINE / 2, "made room, not timed out: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_head_that_drips_in_and_a_silent_connection_are_closed_at_the_deadline() {
    let site = Site::new().await;
    let address = serving(&site, Config::default()).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut dripping = TcpStream::connect(address).await.unwrap();
    dripping.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    // A request on a third connection shows that both others were taken in before time stands still.
    let mut third = TcpStream::connect(address).await.unwrap();
    say(&mut third, PROBE).await.unwrap();
    tokio::time::pause();
    let mut rest = Vec::new();
    for stream in [&mut silent, &mut dripping] {
        rest.clear();
        let _ = stream.read_to_end(&mut rest).await;
        let text = String::from_utf8_lossy(&rest).into_owned();
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_flows_may_be_longer() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    let two_mib = "x".repeat(2 * 1024 * 1024);
    for (path, bytes, code) in [
        ("/api/v1/queues/sales", two_mib.clone(), "too_large"),
        ("/api/v1/flows/welcome", two_mib.clone(), "invalid"),
        ("/api/v1/flows/welcome", format!("{two_mib}{two_mib}x"), "too_large"),
    ] {
        let mut request = json(Method::PUT, path, &serde_json::Value::Null);
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        *request.body_mut() = Body::from(bytes);
        assert_eq!(site.ask(request).await.json()["code"], code, "{path}");
    }
}

#[tokio::test]
async fn a_body_that_drips_in_is_given_up() {
    let site = Site::new().await;
    let mut request = json(Method::POST, "/api/v1/sessions", &serde_json::Value::Null);
    *request.body_mut() = Body::from_stream(futures_util::stream::pending::<io::Result<bytes::Bytes>>());
    tokio::time::pause();
    assert_eq!(site.ask(request).await.json()["code"], "too_slow");
}

#[tokio::test]
async fn binary_rubbish_is_answered_or_closed_and_the_next_client_is_served() {
    let site = Site::new().await;
    let address = serving(&site, Config::default()).await;
    for rubbish in [&b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"[..], &[0; 64 * 1024], b"GET /\0 HTTP/9.9\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(rubbish).await;
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("closed in time");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert!(say(&mut stream, PROBE).await.unwrap().starts_with("HTTP/1.1 200"));
}

/// A certificate for localhost, and what a client trusts.
fn certificate(site: &Site) -> (Tls, CertificateDer<'static>) {
    let (cert, key, root) = certificate_files(site);
    (Tls::load(&cert, &key).unwrap(), root)
}

fn certificate_files(site: &Site) -> (PathBuf, PathBuf, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (site.folder.path().join("cert.pem"), site.folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert, key, made.cert.der().clone())
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_cookies_are_secure() {
    let site = Site::new().await;
    let (tls, root) = certificate(&site);
    let address = serving(&site, Config { tls: Some(tls), ..Config::default() }).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    let body = serde_json::json!({ "username": "agent", "password": super::harness::PASSWORD }).to_string();
    let request = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nhost: localhost\r\norigin: https://localhost\r\ncontent-type: \
         application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = say(&mut stream, &request).await.unwrap().to_lowercase();
    assert!(answer.starts_with("http/1.1 201"), "{answer}");
    assert!(answer.contains("; secure\r\n") && answer.contains("strict-transport-security: "), "{answer}");
}

#[tokio::test]
async fn plain_http_on_the_https_port_is_told_so_and_the_connection_ends() {
    let site = Site::new().await;
    let (tls, _) = certificate(&site);
    let address = serving(&site, Config { tls: Some(tls), ..Config::default() }).await;
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(PROBE.as_bytes()).await.unwrap();
    let answer = rest(&mut plain).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("plain_http"), "{answer}");
}

#[tokio::test]
async fn a_handshake_that_never_begins_is_given_up_at_the_deadline() {
    let site = Site::new().await;
    let (tls, _) = certificate(&site);
    let address = serving(&site, Config { tls: Some(tls), ..Config::default() }).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(began.elapsed() <= HEAD_DEADLINE + Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn certificates_and_keys_that_do_not_serve_are_named() {
    let site = Site::new().await;
    let (cert, key, _) = certificate_files(&site);
    let other_key = site.folder.path().join("other.pem");
    std::fs::write(&other_key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let missing = site.folder.path().join("missing.pem");
    for (cert, key, named) in [
        (&missing, &key, "missing.pem holds no readable certificate"),
        (&cert, &missing, "missing.pem holds no readable private key"),
        (&key, &key, "key.pem holds no readable certificate"),
        (&cert, &cert, "cert.pem holds no readable private key"),
        (&cert, &other_key, "other.pem do not serve together"),
    ] {
        let error = Tls::load(cert, key).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_private_ones_are_not_kept() {
    let site = Site::new().await;
    for path in ["/", "/calls/live", "/healthz", "/api/v1/queues", "/api/v1/nothing"] {
        let reply = site.ask(get(path)).await;
        assert!(reply.header("content-security-policy").contains("script-src 'self';"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("cache-control") == "no-store", path.starts_with("/api"), "{path}");
    }
}

#[tokio::test]
async fn unknown_pages_are_the_consoles_and_unknown_scripts_and_writes_are_not() {
    let site = Site::new().await;
    for (method, path, status) in [
        (Method::GET, "/", 200),
        (Method::GET, "/records/some-call", 200),
        (Method::GET, "/assets/gone-4f3a.js", 404),
        (Method::POST, "/", 405),
    ] {
        let reply = site.ask(json(method.clone(), path, &serde_json::Value::Null)).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}");
        if status == 200 {
            assert!(reply.header("content-type").starts_with("text/html"), "{path}");
            assert_eq!(reply.header("cache-control"), "no-cache", "{path}");
        }
    }
    assert_eq!(site.ask(get("/api/v2")).await.status, StatusCode::OK, "not ours to refuse");
}
