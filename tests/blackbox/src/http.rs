//! A small HTTP client: one request per connection, whole answers, plain TCP to this machine.

use crate::PATIENCE;
use serde_json::Value;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, chunks joined.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head.lines().find(|text| line(text)).and_then(|text| text.split_once(':')).map(|(_, value)| value.trim())
    }

    /// The same answer, if the status is the one expected.
    ///
    /// # Panics
    /// It is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, String::from_utf8_lossy(&self.body));
        self
    }
}

/// The API as one user, or as nobody.
#[derive(Clone, Debug)]
pub struct Api {
    /// Where it is.
    pub address: SocketAddr,
    /// The bearer token; empty for nobody.
    pub token: String,
}

impl Api {
    /// Logs in.
    ///
    /// # Panics
    /// The log-in is refused.
    #[track_caller]
    pub fn log_in(address: SocketAddr, username: &str, password: &str) -> Self {
        let mut api = Self { address, token: String::new() };
        let body = serde_json::json!({ "username": username, "password": password });
        let answer = api.ask("POST", "/api/v1/sessions", &body).expect(201);
        api.token = answer.json()["token"].as_str().expect("a session has a token").to_owned();
        api
    }

    /// GET with a 2xx answer.
    ///
    /// # Panics
    /// Another answer.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.ask("GET", path, &Value::Null).expect(200).json()
    }

    /// PUT with a 2xx answer.
    ///
    /// # Panics
    /// Another answer.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Value {
        self.ask("PUT", path, body).expect(200).json()
    }

    /// One request; whatever came back.
    ///
    /// # Panics
    /// No answer came.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// One request; whatever came back.
    ///
    /// # Errors
    /// No connection, or an answer that breaks off.
    pub fn try_ask(&self, method: &str, path: &str, body: &Value) -> io::Result<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let bearer =
            if self.token.is_empty() { String::new() } else { format!("Authorization: Bearer {}\r\n", self.token) };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{bearer}Accept-Language: en\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        exchange(&mut connect(self.address)?, &request)
    }
}

/// A connection that does not wait for ever.
///
/// # Errors
/// Nobody listens.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Says a whole request that asks for the connection to be closed, and reads until it is.
///
/// # Errors
/// The connection breaks, or what comes is no HTTP.
pub fn exchange(stream: &mut (impl Read + Write), request: &str) -> io::Result<Answer> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
    let status = head.get(9..12)?.parse().ok()?;
    let mut answer = Answer { status, head, body: bytes[at + 4..].to_vec() };
    if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        answer.body = join_chunks(&answer.body)?;
    }
    Some(answer)
}

fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
