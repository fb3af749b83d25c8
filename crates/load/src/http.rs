//! The few requests a load makes to the API: log in, set the site up, log agents in. HTTP/1.1 on a plain socket, one
//! request per connection, answers in full; nothing more is needed towards our own server on this machine.

use serde_json::{Value, json};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer of the API that we ask for is longer.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// Why a request did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection failed.
    #[error("the API at {address} cannot be reached: {source}")]
    Connection {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// What came back is not HTTP.
    #[error("the API's answer to {request} cannot be read")]
    Unreadable {
        /// Method and path.
        request: String,
    },
    /// The API refused.
    #[error("the API answered {status} to {request}: {body}")]
    Refused {
        /// Method and path.
        request: String,
        /// HTTP status.
        status: u16,
        /// The problem document.
        body: String,
    },
}

/// A logged-in user of the API.
#[derive(Clone, Debug)]
pub struct Api {
    address: SocketAddr,
    token: Option<String>,
}

impl Api {
    /// Nobody yet.
    pub fn anonymous(address: SocketAddr) -> Self {
        Self { address, token: None }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Logs in.
    ///
    /// # Errors
    /// [`Error`].
    pub fn log_in(address: SocketAddr, username: &str, password: &str) -> Result<Self, Error> {
        let mut api = Self::anonymous(address);
        let session = api.ask("POST", "/api/v1/sessions", &json!({ "username": username, "password": password }))?;
        api.token = session["token"].as_str().map(str::to_owned);
        Ok(api)
    }

    /// One request with a JSON body; the JSON that came back, null if none.
    ///
    /// # Errors
    /// [`Error`]; every status but 2xx is a refusal.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Error> {
        let request = format!("{method} {path}");
        let (head, body) = self.answer(&request, &if body.is_null() { String::new() } else { body.to_string() })?;
        // `/readyz` answers in plain words.
        let is_json = head.contains("json");
        if is_json { serde_json::from_slice(&body).map_err(|_| Error::Unreadable { request }) } else { Ok(Value::Null) }
    }

    /// Gets a text such as `/metrics`.
    ///
    /// # Errors
    /// [`Error`]; every status but 2xx is a refusal.
    pub fn text(&self, path: &str) -> Result<String, Error> {
        let request = format!("GET {path}");
        let (_, body) = self.answer(&request, "")?;
        String::from_utf8(body).map_err(|_| Error::Unreadable { request })
    }

    /// Head and body of a 2xx answer.
    fn answer(&self, request: &str, body: &str) -> Result<(String, Vec<u8>), Error> {
        let unreadable = || Error::Unreadable { request: request.to_owned() };
        let answer =
            self.exchange(request, body).map_err(|source| Error::Connection { address: self.address, source })?;
        let (head, body) = split(&answer).ok_or_else(unreadable)?;
        let status: u16 = head.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(unreadable)?;
        let body = if is_chunked(head) { join_chunks(body).ok_or_else(unreadable)? } else { body.to_vec() };
        if !(200..300).contains(&status) {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(Error::Refused { request: request.to_owned(), status, body });
        }
        Ok((head.to_owned(), body))
    }

    fn exchange(&self, request: &str, body: &str) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let token = self.token.as_ref().map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
        let text = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{token}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(text.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
        Ok(answer)
    }
}

fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let at = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&answer[..at]).ok()?, &answer[at + 4..]))
}

fn is_chunked(head: &str) -> bool {
    head.lines().any(|line| line.to_ascii_lowercase().replace(' ', "") == "transfer-encoding:chunked")
}

fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line_end]).ok()?.trim(), 16).ok()?;
        rest = &rest[line_end + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpListener, thread};

    /// Answers each connection with the next of these texts and hands the requests back.
    fn server(answers: &'static [&'static str]) -> (SocketAddr, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = thread::spawn(move || {
            let serve = |answer: &&str| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = vec![0; 4_096];
                let length = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
                String::from_utf8_lossy(&request[..length]).into_owned()
            };
            answers.iter().map(serve).collect()
        });
        (address, requests)
    }

    #[test]
    fn a_login_is_used_in_the_next_request() {
        let (address, requests) = server(&[
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n{\"token\":\"abc\"}",
            "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n7}\r\n0\r\n\r\n",
        ]);
        let api = Api::log_in(address, "admin", "demo").unwrap();
        let answer = api.ask("POST", "/api/v1/agents/1001/state", &json!({ "ask": "ready" })).unwrap();
        assert_eq!(answer, json!({ "a": 7 }));
        let requests = requests.join().unwrap();
        assert!(requests[1].starts_with("POST /api/v1/agents/1001/state HTTP/1.1\r\n"), "{}", requests[1]);
        assert!(requests[1].contains("Authorization: Bearer abc\r\n"), "{}", requests[1]);
    }

    #[test]
    fn a_refusal_keeps_what_the_api_said() {
        let (address, _) = server(&["HTTP/1.1 409 Conflict\r\n\r\n{\"code\":\"extension_taken\"}"]);
        let error = Api::log_in(address, "admin", "demo").unwrap_err();
        assert!(error.to_string().contains("409") && error.to_string().contains("extension_taken"), "{error}");
    }
}
