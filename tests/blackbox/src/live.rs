//! A reader of `/api/v1/live`: keeps every fact in order, and waits for those that a test needs.

use crate::{PATIENCE, http::Api};
use serde_json::Value;
use std::{
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::{Duration, Instant},
};

/// Text frame and close frame of RFC 6455.
const TEXT: u8 = 1;
const CLOSE: u8 = 8;

/// All facts seen, across restarts of the server.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    facts: Mutex<Vec<Value>>,
    news: Condvar,
}

impl Live {
    /// Connects and reads until the server goes away. Returns when the first picture has arrived, so that no later fact
    /// is missed.
    ///
    /// # Panics
    /// The server refuses.
    pub fn follow(&self, api: &Api) {
        let mut reader = open(api).expect("the live link opens");
        let first = message(&mut reader).expect("the live link begins");
        assert_eq!(first["type"], "reset", "a new reader is shown everything first");
        let shared = Arc::clone(&self.0);
        std::thread::spawn(move || {
            while let Ok(said) = message(&mut reader) {
                if let Some(facts) = said["facts"].as_array() {
                    shared.facts.lock().expect("no reader panics").extend(facts.iter().cloned());
                    shared.news.notify_all();
                }
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Value>> {
        self.0.facts.lock().expect("no reader panics")
    }

    /// How many facts there are: where later ones begin.
    pub fn mark(&self) -> usize {
        self.lock().len()
    }

    /// All facts so far.
    pub fn facts(&self) -> Vec<Value> {
        self.lock().clone()
    }

    /// The first fact from `mark` on that is this one.
    ///
    /// # Panics
    /// None came in time; the message lists what came.
    #[track_caller]
    pub fn await_fact(&self, mark: usize, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        self.await_fact_within(PATIENCE, mark, what, is_it)
    }

    /// The same with another patience.
    ///
    /// # Panics
    /// None came in time; the message lists what came.
    #[track_caller]
    pub fn await_fact_within(
        &self,
        patience: Duration,
        mark: usize,
        what: &str,
        is_it: impl Fn(&Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + patience;
        let mut facts = self.lock();
        loop {
            if let Some(found) = facts.iter().skip(mark).find(|fact| is_it(fact)) {
                return found.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seen: Vec<String> = facts.iter().skip(mark).map(Value::to_string).collect();
                drop(facts);
                panic!("fact `{what}` did not come; these did:\n{}", seen.join("\n"));
            }
            facts = self.0.news.wait_timeout(facts, left).expect("no reader panics").0;
        }
    }

    /// Waits until there are more facts than `known`.
    ///
    /// # Panics
    /// Nothing happens.
    #[track_caller]
    pub fn await_news(&self, known: usize) {
        self.await_fact(known, "anything new", |_| true);
    }

    /// The first fact from `mark` on of this type about this call.
    ///
    /// # Panics
    /// None came in time.
    #[track_caller]
    pub fn await_call(&self, mark: usize, call: &str, kind: &str) -> Value {
        self.await_fact(mark, &format!("{kind} of {call}"), |fact| fact["type"] == kind && fact["call"] == call)
    }
}

fn open(api: &Api) -> io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(api.address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /api/v1/live HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nAuthorization: Bearer {1}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: c3Ryb3dnZXItYmxhY2tib3g=\r\n\r\n",
        api.address, api.token
    )?;
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    if head.starts_with("HTTP/1.1 101") { Ok(reader) } else { Err(io::Error::other(head)) }
}

/// The next text message; the server sends each in one frame, unmasked.
fn message(reader: &mut impl Read) -> io::Result<Value> {
    loop {
        let mut head = [0; 2];
        reader.read_exact(&mut head)?;
        let length = match head[1] {
            126 => {
                let mut more = [0; 2];
                reader.read_exact(&mut more)?;
                u64::from(u16::from_be_bytes(more))
            }
            127 => {
                let mut more = [0; 8];
                reader.read_exact(&mut more)?;
                u64::from_be_bytes(more)
            }
            length => u64::from(length),
        };
        let mut payload = Vec::new();
        reader.take(length).read_to_end(&mut payload)?;
        match head[0] & 0x0F {
            TEXT => return serde_json::from_slice(&payload).map_err(io::Error::other),
            CLOSE => return Err(io::ErrorKind::ConnectionReset.into()),
            _ => {}
        }
    }
}
