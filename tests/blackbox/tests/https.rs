//! HTTPS from outside: what a browser gets and must show, what another site's page cannot do with it, and what a client
//! that speaks no TLS, or nothing at all, gets.

use blackbox::{
    PATIENCE, await_some,
    http::{Answer, Api, connect, exchange},
    ports::Ports,
    process::Process,
    site::{Site, new_folder, serve, strowger},
};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a client may take for its handshake, with what a busy machine adds.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(13);
/// More than one address may have before it has logged in.
const SILENT_CLIENTS: usize = 120;
/// A good client is served this fast whatever others do.
const SERVED_WITHIN: Duration = Duration::from_secs(1);
/// Exit code for a configuration that is wrong.
const WRONG_CONFIGURATION: i32 = 2;

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// The demo site behind a certificate of its own.
struct Secure {
    _server: Process,
    _ports: Ports,
    folder: PathBuf,
    address: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Secure {
    fn start() -> Self {
        let (ports, folder) = (Ports::claim(), new_folder());
        let (http, sip) = (ports.take(1), ports.take(1));
        let (cert, key, root) = certificate(&folder);
        let mut command = serve(&folder, http, sip, ports.media());
        command.arg("--demo").env("STROWGER_HTTP_TLS_CERT", cert).env("STROWGER_HTTP_TLS_KEY", key);
        let server = Process::start(command, "strowger", &folder);
        let address = (Ipv4Addr::LOCALHOST, http).into();
        let site = Self { _server: server, _ports: ports, folder, address, tls: trusting(root) };
        await_some("the server is ready", PATIENCE, || {
            site.try_ask("GET", "/readyz", &[], &Value::Null).ok().filter(|answer| answer.status == 200)
        });
        site
    }

    fn connect(&self) -> io::Result<Tls> {
        let name = self.address.ip().into();
        let session = ClientConnection::new(Arc::clone(&self.tls), name).expect("the client's settings are sound");
        Ok(StreamOwned::new(session, connect(self.address)?))
    }

    fn try_ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> io::Result<Answer> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        exchange(&mut self.connect()?, &request)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.try_ask(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn log_in(&self) -> Answer {
        self.ask("POST", "/api/v1/sessions", &[("Origin", &self.origin())], &admin()).expect(201)
    }

    fn origin(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Origins under which a cookie does nothing: none, none that may be told, another site, and this host by another
    /// scheme or port.
    fn foreign_origins(&self) -> [Option<String>; 6] {
        [
            None,
            Some("null".into()),
            Some("https://evil.example".into()),
            Some(format!("http://{}", self.address)),
            Some("https://127.0.0.1:1".into()),
            Some(format!("{}.evil.example", self.origin())),
        ]
    }

    /// The status line of a request for the live link.
    fn live(&self, headers: &[(&str, &str)]) -> String {
        let mut stream = self.connect().expect("the server listens");
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = self.address;
        write!(
            stream,
            "GET /api/v1/live HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c3Ryb3dnZXItYmxhY2tib3g=\r\n\r\n"
        )
        .expect("the server takes a request");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("the server answers");
        line
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn admin() -> Value {
    json!({ "username": "admin", "password": "demo" })
}

/// A certificate for 127.0.0.1 and its key in files, and what a client must trust.
fn certificate(folder: &Path) -> (PathBuf, PathBuf, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate can be made");
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&cert, made.cert.pem()).expect("the test's folder can be written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("the test's folder can be written");
    (cert, key, made.cert.der().clone())
}

fn trusting(root: CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("the certificate can be trusted");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Arc::new(config.expect("the provider has TLS 1.2 and 1.3").with_root_certificates(roots).with_no_client_auth())
}

/// `NAME=VALUE` of the cookie, and its attributes.
fn cookie(answer: &Answer) -> (String, BTreeSet<String>) {
    let header = answer.header("set-cookie").expect("a log-in sets a cookie");
    let mut parts = header.split(';').map(|part| part.trim().to_owned());
    (parts.next().expect("a cookie has a value"), parts.collect())
}

#[test]
fn a_log_in_gives_a_cookie_that_scripts_cannot_read_and_plain_http_never_sees() {
    let secure = Secure::start();
    let answer = secure.log_in();
    assert!(answer.header("strict-transport-security").is_some(), "{}", answer.head);
    let attributes = cookie(&answer).1;
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(attributes.contains(attribute), "{attribute}: {attributes:?}");
    }
    let plain = Site::start();
    let nobody = Api { address: plain.http(), token: String::new() };
    let answer = nobody.ask("POST", "/api/v1/sessions", &admin()).expect(201);
    assert!(answer.header("strict-transport-security").is_none(), "{}", answer.head);
    let (_, without) = cookie(&answer);
    assert_eq!(attributes.difference(&without).collect::<Vec<_>>(), ["Secure"]);
    assert_eq!(without.difference(&attributes).count(), 0);
}

#[test]
fn the_cookie_reads_by_itself_and_writes_for_our_own_pages_only() {
    let site = Secure::start();
    let session = site.log_in();
    let cookie = ("Cookie", &*cookie(&session).0);
    let token = session.json()["token"].as_str().expect("a session has a token").to_owned();
    let bearer = ("Authorization", &*format!("Bearer {token}"));
    let number = |n: u32| format!("/api/v1/numbers/400800200{n}");
    let body = json!({ "destination": { "to": "queue", "id": "sales" }, "public": true });
    site.ask("GET", "/api/v1/queues", &[cookie], &Value::Null).expect(200);

    for origin in site.foreign_origins() {
        let headers: Vec<_> = [cookie].into_iter().chain(origin.as_deref().map(|origin| ("Origin", origin))).collect();
        let refused = site.ask("PUT", &number(0), &headers, &body).expect(403);
        assert_eq!(refused.json()["code"], "origin", "{origin:?}");
        site.ask("GET", &number(0), &[cookie], &Value::Null).expect(404);
    }
    let own = site.origin();
    site.ask("PUT", &number(1), &[cookie, ("Origin", &own)], &body).expect(200);
    site.ask("PUT", &number(2), &[bearer], &body).expect(200);
    site.ask("PUT", &number(3), &[bearer, ("Origin", "https://evil.example")], &body).expect(200);
    for n in 1..=3 {
        site.ask("GET", &number(n), &[cookie], &Value::Null).expect(200);
    }
    let foreign = [("Origin", "https://evil.example")];
    let refused = site.ask("POST", "/api/v1/sessions", &foreign, &admin()).expect(403);
    assert!(refused.header("set-cookie").is_none(), "another site cannot log a browser in: {}", refused.head);
}

#[test]
fn the_live_link_opens_for_our_own_pages_and_for_programs_only() {
    let site = Secure::start();
    let session = site.log_in();
    let cookie = ("Cookie", &*cookie(&session).0);
    let bearer = ("Authorization", &*format!("Bearer {}", session.json()["token"].as_str().unwrap_or_default()));
    for origin in site.foreign_origins() {
        let headers: Vec<_> = [cookie].into_iter().chain(origin.as_deref().map(|origin| ("Origin", origin))).collect();
        let status = site.live(&headers);
        assert!(status.starts_with("HTTP/1.1 403"), "{origin:?}: {status}");
    }
    let own = site.origin();
    for (headers, expected) in [
        (vec![cookie, ("Origin", own.as_str())], "HTTP/1.1 101"),
        (vec![bearer], "HTTP/1.1 101"),
        (vec![("Origin", own.as_str())], "HTTP/1.1 401"),
    ] {
        let status = site.live(&headers);
        assert!(status.starts_with(expected), "{headers:?}: {status}");
    }
}

#[test]
fn plain_http_on_the_https_port_is_told_so_and_harms_nothing() {
    let site = Secure::start();
    let plain = |accept: &str| {
        let request = format!("GET /records HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\n\r\n", site.address);
        let mut stream = connect(site.address).expect("the server listens");
        exchange(&mut stream, &request).expect("a whole answer, and the end")
    };
    let page = plain("text/html,application/xhtml+xml").expect(307);
    assert_eq!(page.header("location"), Some(&*format!("{}/records", site.origin())));
    assert_eq!(plain("*/*").expect(400).json()["code"], "plain_http");

    let mut rubbish = connect(site.address).expect("the server listens");
    rubbish.write_all(&[0x16, 0x03, 0x01, 0x00, 0x04, 0xFF, 0xFF, 0xFF, 0xFF]).expect("the server takes bytes");
    let _ = rubbish.read_to_end(&mut Vec::new());
    site.ask("GET", "/healthz", &[], &Value::Null).expect(200);
}

#[test]
fn clients_that_begin_and_say_no_more_keep_nobody_out_and_are_dropped() {
    let site = Secure::start();
    let mut silent: Vec<TcpStream> = (0..SILENT_CLIENTS)
        .map(|n| {
            let mut stream = connect(site.address).expect("the server listens");
            // Every other one begins a handshake that it does not go on with.
            if n % 2 == 1 {
                stream.write_all(&[0x16, 0x03, 0x01]).expect("the server takes bytes");
            }
            stream
        })
        .collect();
    let began = Instant::now();
    site.ask("GET", "/healthz", &[], &Value::Null).expect(200);
    assert!(began.elapsed() < SERVED_WITHIN, "served after {:?}", began.elapsed());
    site.log_in();
    for stream in &mut silent {
        let left = HANDSHAKE_WITHIN.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left)).expect("a time-out can be set");
        match stream.read(&mut [0; 64]) {
            Ok(0) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            other => panic!("not dropped within {HANDSHAKE_WITHIN:?}: {other:?}"),
        }
    }
}

fn said(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    (status.code(), [stdout, stderr].iter().map(|bytes| String::from_utf8_lossy(bytes)).collect())
}

#[test]
fn a_certificate_or_key_that_does_not_serve_is_named_with_its_key_before_anything_starts() {
    let (ports, folder) = (Ports::claim(), new_folder());
    let (cert, key, _) = certificate(&folder);
    let (other, missing) = (folder.join("other.pem"), folder.join("missing.pem"));
    let other_key = rcgen::KeyPair::generate().expect("a key can be made");
    fs::write(&other, other_key.serialize_pem()).expect("the test's folder can be written");
    let (http, sip) = (ports.take(1), ports.take(1));
    for (cert, key, named, setting) in [
        (&missing, &key, &missing, "TLS_CERT"),
        (&cert, &missing, &missing, "TLS_KEY"),
        (&cert, &other, &other, "TLS_KEY"),
        (&cert, &cert, &cert, "TLS_KEY"),
    ] {
        let mut check = strowger();
        check.arg("check");
        for mut command in [check, serve(&folder, http, sip, ports.media())] {
            command.env("STROWGER_HTTP_TLS_CERT", cert).env("STROWGER_HTTP_TLS_KEY", key);
            let (code, text) = said(&mut command);
            assert_eq!(code, Some(WRONG_CONFIGURATION), "{text}");
            let wanted = [format!("STROWGER_HTTP_{setting}: "), named.display().to_string(), "remedy: tls_".to_owned()];
            assert!(wanted.iter().all(|part| text.contains(part)), "{wanted:?} in\n{text}");
        }
    }
    let file = folder.join("strowger.toml");
    let text = format!("[http]\ntls_cert = \"{}\"\n\ntls_key = \"{}\"\n", cert.display(), missing.display());
    fs::write(&file, text).expect("the test's folder can be written");
    let (_, text) = said(strowger().args(["check", "--config"]).arg(&file));
    assert!(text.starts_with(&format!("{}:4: {}", file.display(), missing.display())), "{text}");
    assert!(!folder.join("data").exists(), "nothing was started");
    let _ = fs::remove_dir_all(&folder);
}
