//! A server of its own for a row: the real binary on free ports and an empty data directory, with the agents, queue and
//! flows that the row needs, made through the API like any site's.

use super::{Error, of_path};
use crate::http::{self, Api};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// For the server to be ready: the first start makes its database.
const START_PATIENCE: Duration = Duration::from_secs(60);
const START_CHECK: Duration = Duration::from_millis(50);
/// Below the ports that the kernel hands out, so that our own sockets are not in its way.
const MEDIA_PORTS: &str = "16384-27999";
/// Numbers of the bench's own, beside those of the demo site.
pub(super) const ANSWER_NUMBER: &str = "690";
pub(super) const SPEECH_NUMBER: &str = "691";
pub(super) const QUEUE_NUMBER: &str = "692";
/// A queue has a number of its own for extensions.
const QUEUE_INNER_NUMBER: &str = "693";
const QUEUE: &str = "bench";
/// Extensions and agents of the bench begin here, beside those of the demo site.
const FIRST_EXTENSION: usize = 20_001;
const FIRST_AGENT: usize = 30_001;
/// A prompt of some seconds, said more often than any row is long.
const PROMPT: &str = "menu";
const PROMPT_TIMES: usize = 50;
/// Longer than any call of W1.
const SILENCE_MS: u32 = 60_000;
/// Longest list the API gives at once.
const PAGE: usize = 500;

/// What a bucket of the media threads' ticks begins with in `/metrics`.
const TICK_LATENESS: &str = "strowger_media_tick_lateness_seconds_bucket{le=\"";

/// Where a row's server keeps its data. Named anew each time, as [`set_apart`] goes by names.
pub(super) fn folder(directory: &Path, row: &str) -> PathBuf {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    directory.join(format!("{row}-{}", since_epoch.as_micros()))
}

/// Makes this folder, and lets those in it lie apart from each other on the disk. An ext4 file system without a journal
/// steps over every file deleted nearby in the last minutes when it makes a new one: what the row before, or the run
/// before, left behind would cost this one's recordings up to half a millisecond each.
pub(super) fn set_apart(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let directory = File::open(directory)?;
    // Other file systems know no such flag and need none.
    let flags = rustix::fs::ioctl_getflags(&directory)?;
    Ok(rustix::fs::ioctl_setflags(&directory, flags | rustix::fs::IFlags::TOPDIR)?)
}

/// A running server. Gone when dropped, with its data unless `keep` was asked for.
#[derive(Debug)]
pub(super) struct Site {
    process: Child,
    directory: PathBuf,
    keep: bool,
    pub(super) sip: SocketAddr,
    api: Api,
}

impl Site {
    pub(super) fn start(binary: &Path, directory: PathBuf, keep: bool, record: bool) -> Result<Self, Error> {
        let failed = |source| Error::Server { binary: binary.display().to_string(), source };
        fs::create_dir_all(&directory).map_err(|error| failed(of_path(&directory, &error)))?;
        let (http, sip) = (free_tcp_port().map_err(failed)?, free_udp_port().map_err(failed)?);
        let log = File::create(directory.join("server.log")).map_err(failed)?;
        let mut command = Command::new(binary);
        command
            .args(["serve", "--demo", "--data"])
            .arg(directory.join("data"))
            .env("STROWGER_HTTP_BIND", http.to_string())
            .env("STROWGER_SIP_UDP", sip.to_string())
            .env("STROWGER_SIP_TCP", sip.to_string())
            .env("STROWGER_MEDIA_PORTS", MEDIA_PORTS)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log);
        if !record {
            command.env("STROWGER_RECORDINGS_CONVERSATIONS", "false");
        }
        let process = command.spawn().map_err(failed)?;
        let log = directory.join("server.log");
        let site = Self { process, directory, keep, sip, api: Api::anonymous(http) };
        site.become_ready(log)
    }

    fn become_ready(mut self, log: PathBuf) -> Result<Self, Error> {
        let deadline = Instant::now() + START_PATIENCE;
        while self.api.ask("GET", "/readyz", &Value::Null).is_err() {
            let gone = !matches!(self.process.try_wait(), Ok(None));
            if gone || Instant::now() >= deadline {
                self.keep = true;
                return Err(Error::NotReady { log: log.display().to_string() });
            }
            thread::sleep(START_CHECK);
        }
        self.api = Api::log_in(self.api.address(), "admin", "demo")?;
        Ok(self)
    }

    pub(super) fn process(&self) -> u32 {
        self.process.id()
    }

    /// A number that is answered and then silent, and one that is answered with prompts.
    pub(super) fn add_flows(&self) -> Result<(), http::Error> {
        let silence = json!([{ "say": "silence", "ms": SILENCE_MS }]);
        let speech = vec![json!({ "say": "prompt", "name": PROMPT }); PROMPT_TIMES];
        for (flow, number, says) in
            [("bench-answer", ANSWER_NUMBER, silence), ("bench-speech", SPEECH_NUMBER, Value::from(speech))]
        {
            let document = json!({
                "version": 1, "flow": flow, "revision": 1, "start": "answer", "language": "en",
                "nodes": {
                    "answer": { "type": "answer", "links": { "done": "sound" } },
                    "sound": { "type": "play", "says": says, "links": { "done": "end" } },
                    "end": { "type": "hangup" },
                },
            });
            self.api.ask("PUT", &format!("/api/v1/flows/{flow}"), &document)?;
            self.add_number(number, "flow", flow)?;
        }
        Ok(())
    }

    fn add_number(&self, number: &str, to: &str, id: &str) -> Result<(), http::Error> {
        let body = json!({ "destination": { "to": to, "id": id }, "public": true });
        self.api.ask("PUT", &format!("/api/v1/numbers/{number}"), &body).map(drop)
    }

    /// A queue without wrap-up, and this many agents with an extension each; gives the extensions with their passwords.
    pub(super) fn add_agents(&self, count: usize) -> Result<Vec<(String, String)>, http::Error> {
        let queue = json!({
            "number": QUEUE_INNER_NUMBER, "name_zh": "压测", "name_en": "Bench", "strategy": "longest_idle",
            "ring_ms": 45_000, "wrap_up_ms": 0, "waiting_max": 4_000, "no_answer_leaves": false, "music": "calm",
        });
        self.api.ask("PUT", &format!("/api/v1/queues/{QUEUE}"), &queue)?;
        self.add_number(QUEUE_NUMBER, "queue", QUEUE)?;
        (0..count).map(|index| self.add_agent(index)).collect()
    }

    fn add_agent(&self, index: usize) -> Result<(String, String), http::Error> {
        let (extension, agent) = extension_and_agent(index);
        let password = format!("bench-{extension}");
        let phone = json!({ "display_name": extension, "password": password });
        self.api.ask("PUT", &format!("/api/v1/extensions/{extension}"), &phone)?;
        let person = json!({ "agent": agent, "name": agent, "queues": [QUEUE], "extension_default": extension });
        self.api.ask("PUT", &format!("/api/v1/agents/{agent}"), &person)?;
        Ok((extension, password))
    }

    /// Once their phones are registered.
    pub(super) fn log_agents_in(&self, count: usize) -> Result<(), http::Error> {
        for index in 0..count {
            let (extension, agent) = extension_and_agent(index);
            let ask = json!({ "ask": "log_in", "extension": extension, "queues": [QUEUE], "ready": true });
            self.api.ask("POST", &format!("/api/v1/agents/{agent}/state"), &ask)?;
        }
        Ok(())
    }

    /// Records in the database, once there are so many or no more come within the time.
    pub(super) fn count_records(&self, expected: usize, patience: Duration) -> Result<usize, http::Error> {
        let deadline = Instant::now() + patience;
        loop {
            let count = self.count_records_now()?;
            if count >= expected || Instant::now() >= deadline {
                return Ok(count);
            }
            thread::sleep(START_CHECK);
        }
    }

    fn count_records_now(&self) -> Result<usize, http::Error> {
        let mut count = 0;
        let mut cursor = String::new();
        loop {
            let page = self.api.ask("GET", &format!("/api/v1/records?limit={PAGE}{cursor}"), &Value::Null)?;
            count += page["items"].as_array().map_or(0, Vec::len);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(count),
            }
        }
    }

    /// How late the media threads' ticks were, since the start.
    pub(super) fn tick_lateness(&self) -> Result<TickLateness, http::Error> {
        Ok(TickLateness::parse(&self.api.text("/metrics")?))
    }

    /// The data stays for whoever wants to know what went wrong.
    pub(super) fn keep(&mut self) -> &Path {
        self.keep = true;
        &self.directory
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The data is thrown away, so nothing is lost by not asking politely.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !self.keep {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Ticks by how late they were: upper edge in seconds (the last is infinite), and how many were at most so late.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TickLateness(Vec<(f64, f64)>);

impl TickLateness {
    /// Reads the histogram of `/metrics`.
    fn parse(metrics: &str) -> Self {
        let bucket = |line: &str| {
            let (edge, count) = line.strip_prefix(TICK_LATENESS)?.split_once("\"} ")?;
            // Rust reads "+Inf" as infinity.
            Some((edge.parse().ok()?, count.trim().parse().ok()?))
        };
        Self(metrics.lines().filter_map(bucket).collect())
    }

    /// Milliseconds that this share of the ticks since an earlier reading were not later than.
    pub(super) fn percentile_ms_since(&self, earlier: &Self, percent: f64) -> Option<f64> {
        let since = |&(edge, count): &(f64, f64)| {
            (edge, count - earlier.0.iter().find(|before| before.0 == edge).map_or(0.0, |before| before.1))
        };
        let all = self.0.last().map(since).filter(|(_, ticks)| *ticks > 0.0)?.1;
        self.0.iter().map(since).find(|(_, ticks)| *ticks >= all * percent / 100.0).map(|(edge, _)| edge * 1_000.0)
    }
}

fn extension_and_agent(index: usize) -> (String, String) {
    ((FIRST_EXTENSION + index).to_string(), (FIRST_AGENT + index).to_string())
}

/// Free at this moment; the server takes it in the next.
fn free_tcp_port() -> io::Result<SocketAddr> {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?.local_addr()
}

/// Free for datagrams and streams, since SIP listens for both on one number.
fn free_udp_port() -> io::Result<SocketAddr> {
    loop {
        let address = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?.local_addr()?;
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TickLateness;

    #[test]
    fn lateness_is_that_of_the_ticks_since() {
        let metrics = |counts: [u64; 3]| {
            let edges = ["0.001", "0.005", "+Inf"].into_iter().zip(counts);
            let lines = edges
                .map(|(edge, count)| format!("strowger_media_tick_lateness_seconds_bucket{{le=\"{edge}\"}} {count}\n"));
            TickLateness::parse(&format!("strowger_calls 3\n{}", lines.collect::<String>()))
        };
        let (before, after) = (metrics([0, 50, 50]), metrics([99, 150, 150]));
        assert_eq!(after.percentile_ms_since(&before, 99.0), Some(1.0));
        assert_eq!(after.percentile_ms_since(&before, 99.5), Some(5.0));
        assert_eq!(before.percentile_ms_since(&before, 50.0), None, "no ticks");
    }
}
