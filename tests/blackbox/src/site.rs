//! One demo site: the real binary on ports and a folder of its own.

use crate::{PATIENCE, await_some, http::Api, live::Live, ports::Ports, process::Process};
use serde_json::{Value, json};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// The inbound number of the demo site.
pub const NUMBER: &str = "4008001000";

/// Sites of this process, and callers of all of them.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A number that this process gave to nobody before.
pub(crate) fn next_number() -> u32 {
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

/// A running site.
#[derive(Debug)]
pub struct Site {
    // Ended before its ports and folder go.
    server: Process,
    /// Every fact.
    pub live: Live,
    /// The administrator.
    pub admin: Api,
    /// Its ports.
    pub ports: Ports,
    /// Its folder, and that of its phones.
    pub folder: PathBuf,
    http: u16,
    sip: u16,
    prelude: &'static str,
}

impl Site {
    /// Starts the demo site and waits until it is ready.
    ///
    /// # Panics
    /// It does not become ready.
    pub fn start() -> Self {
        Self::start_after(":")
    }

    /// The same in a shell that does something before it becomes the server.
    ///
    /// # Panics
    /// It does not become ready.
    pub fn start_after(prelude: &'static str) -> Self {
        let (ports, folder) = (Ports::claim(), new_folder());
        let (http, sip) = (ports.take(1), ports.take(1));
        let server = launch(prelude, &folder, http, sip, ports.media());
        await_ready(http, PATIENCE);
        let admin = Api::log_in(local(http), "admin", "demo");
        let live = Live::default();
        live.follow(&admin);
        Self { server, live, admin, ports, folder, http, sip, prelude }
    }

    /// The server's process.
    pub fn process(&self) -> u32 {
        self.server.id()
    }

    /// Kills the server as a power cut would.
    pub fn kill_9(&mut self) {
        self.server.kill();
    }

    /// Where HTTP is.
    pub fn http(&self) -> SocketAddr {
        local(self.http)
    }

    /// Where SIP is, UDP and TCP.
    pub fn sip(&self) -> SocketAddr {
        local(self.sip)
    }

    /// Kills the server as a power cut would, starts it again, and says how long it took to be ready.
    ///
    /// # Panics
    /// It does not become ready, or the administrator's old token is no longer good.
    pub fn kill_9_and_restart(&mut self) -> Duration {
        self.kill_9();
        self.start_again()
    }

    /// Starts the server that has ended, and says how long it took to be ready.
    ///
    /// # Panics
    /// It does not become ready, or the administrator's old token is no longer good.
    pub fn start_again(&mut self) -> Duration {
        let started = Instant::now();
        self.server = launch(self.prelude, &self.folder, self.http, self.sip, self.ports.media());
        await_ready(self.http, PATIENCE);
        let took = started.elapsed();
        self.live.follow(&self.admin);
        took
    }

    /// Asks the server to stop (SIGTERM).
    ///
    /// # Panics
    /// There is no `kill`.
    pub fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.server.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the server can be signalled");
    }

    /// Waits until `/readyz` says no.
    ///
    /// # Panics
    /// It does not.
    #[track_caller]
    pub fn await_not_ready(&self) {
        await_some("the server is no longer ready", PATIENCE, || {
            let answer = self.admin.ask("GET", "/readyz", &Value::Null);
            (answer.status == 503).then_some(())
        });
    }

    /// Waits for the server to end by itself, with success.
    ///
    /// # Panics
    /// It does not.
    #[track_caller]
    pub fn await_end(&mut self) {
        assert!(self.server.wait(PATIENCE).success(), "{}", self.log());
    }

    /// The value of a metric, without `strowger_` in its name.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.admin.ask("GET", "/metrics", &Value::Null).expect(200).body;
        let text = String::from_utf8_lossy(&text).into_owned();
        let value = text.lines().find_map(|line| line.strip_prefix(&format!("strowger_{name} ")));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no metric {name} in\n{text}"))
    }

    /// Whether the server still runs.
    pub fn is_running(&mut self) -> bool {
        self.server.is_running()
    }

    /// What the server wrote into its log.
    pub fn log(&self) -> String {
        self.server.printed()
    }

    /// Asks for an agent's state.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn ask_agent(&self, agent: &str, request: &Value) {
        self.admin.ask("POST", &format!("/api/v1/agents/{agent}/state"), request).expect(202);
    }

    /// Logs an agent in at an extension, ready or "break", and waits for it.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn log_in(&self, agent: &str, extension: &str, ready: bool) {
        let mark = self.live.mark();
        self.ask_agent(agent, &json!({ "ask": "log_in", "extension": extension, "queues": [], "ready": ready }));
        self.await_agent(mark, agent, if ready { &["ready", "offered"] } else { &["not_ready"] });
    }

    /// Waits for an agent to come to one of these states after `mark`.
    ///
    /// # Panics
    /// It does not.
    #[track_caller]
    pub fn await_agent(&self, mark: usize, agent: &str, states: &[&str]) -> Value {
        self.live.await_fact(mark, &format!("agent {agent} is {states:?}"), |fact| {
            fact["type"] == "agent_changed"
                && fact["agent"] == agent
                && states.iter().any(|state| fact["state"] == *state)
        })
    }

    /// Waits for a phone to be registered.
    ///
    /// # Panics
    /// It does not register.
    #[track_caller]
    pub fn await_phone(&self, extension: &str) {
        await_some(&format!("phone {extension} registered"), PATIENCE, || {
            self.extension(extension)["registered"].as_bool().filter(|registered| *registered)
        });
    }

    /// An extension as the API shows it.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn extension(&self, extension: &str) -> Value {
        let list = self.admin.get("/api/v1/extensions?limit=500");
        let items = list["items"].as_array().expect("a list has items");
        items.iter().find(|item| item["extension"] == extension).expect("the extension exists").clone()
    }

    /// Changes some fields of a queue.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn change_queue(&self, queue: &str, fields: &Value) {
        let path = format!("/api/v1/queues/{queue}");
        let mut body = self.admin.get(&path);
        let object = body.as_object_mut().expect("a queue is an object");
        object.remove("queue");
        object.extend(fields.as_object().expect("fields are an object").clone());
        self.admin.put(&path, &body);
    }

    /// Saves a flow and binds an inbound number to it.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn bind_flow(&self, number: &str, document: &Value) {
        let flow = document["flow"].as_str().expect("a flow has a name");
        self.admin.put(&format!("/api/v1/flows/{flow}"), document);
        let destination = json!({ "to": "flow", "id": flow });
        self.admin.put(&format!("/api/v1/numbers/{number}"), &json!({ "destination": destination, "public": true }));
    }

    /// The record of a call that is over, once it is stored.
    ///
    /// # Panics
    /// None comes.
    #[track_caller]
    pub fn record(&self, call: &str) -> Value {
        await_some(&format!("record of {call}"), PATIENCE, || {
            let answer = self.admin.ask("GET", &format!("/api/v1/records/{call}"), &Value::Null);
            (answer.status == 200).then(|| answer.json())
        })
    }

    /// All records of calls from this number.
    ///
    /// # Panics
    /// The list is refused.
    #[track_caller]
    pub fn records_of(&self, caller: &str) -> Vec<Value> {
        let list = self.admin.get(&format!("/api/v1/records?caller={caller}&limit=500"));
        list["items"].as_array().expect("a list has items").clone()
    }

    /// Fetches the sound of the only recording of a record into a file, once it is whole.
    ///
    /// # Panics
    /// There is none, or it cannot be fetched.
    #[track_caller]
    pub fn fetch_recording(&self, record: &Value, purpose: &str) -> PathBuf {
        let recordings = record["recordings"].as_array().expect("a record lists recordings");
        let found = recordings.iter().find(|recording| recording["purpose"] == purpose);
        let recording = found.unwrap_or_else(|| panic!("no recording of purpose {purpose} in {record}"));
        let id = recording["recording"].as_str().expect("a recording has an id");
        let path = format!("/api/v1/recordings/{id}");
        await_some(&format!("recording {id} closed"), PATIENCE, || {
            let view = self.admin.get(&path);
            let pieces = view["pieces"].as_array()?;
            (!pieces.is_empty() && pieces.iter().all(|piece| piece["bytes"].is_u64())).then_some(())
        });
        let answer = self.admin.ask("GET", &format!("{path}/audio"), &Value::Null).expect(200);
        let file = self.folder.join(format!("{id}.wav"));
        fs::write(&file, &answer.body).expect("the test's folder can be written");
        file
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.kill();
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The binary under test.
fn binary() -> PathBuf {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/ci/strowger");
    let file = std::env::var_os("STROWGER_BIN").map_or_else(built, PathBuf::from);
    assert!(file.is_file(), "{} is not built; run `tests/run`", file.display());
    file
}

/// A command of the binary that sees none of our own environment's settings.
pub fn strowger() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STROWGER_")) {
        command.env_remove(name);
    }
    command
}

/// A folder of this test alone.
///
/// # Panics
/// The temporary folder cannot be written.
pub fn new_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("strowger-blackbox-{}-{}", std::process::id(), next_number()));
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

/// `strowger serve` on these ports of loopback, with its data in `FOLDER/data`.
pub fn serve(folder: &Path, http: u16, sip: u16, media: (u16, u16)) -> Command {
    let mut command = strowger();
    command.args(["serve", "--data"]).arg(folder.join("data"));
    command.env("STROWGER_HTTP_BIND", local(http).to_string());
    command.env("STROWGER_SIP_UDP", local(sip).to_string());
    command.env("STROWGER_SIP_TCP", local(sip).to_string());
    command.env("STROWGER_MEDIA_PORTS", format!("{}-{}", media.0, media.1));
    command
}

/// The same command, begun by a shell that runs `prelude` first.
pub fn after(prelude: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{prelude}; exec \"$0\" \"$@\"")).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

fn launch(prelude: &str, folder: &Path, http: u16, sip: u16, media: (u16, u16)) -> Process {
    let mut command = serve(folder, http, sip, media);
    command.arg("--demo");
    Process::start(after(prelude, &command), "strowger", folder)
}

fn await_ready(http: u16, patience: Duration) {
    let nobody = Api { address: local(http), token: String::new() };
    await_some("the server is ready", patience, || {
        nobody.try_ask("GET", "/readyz", &Value::Null).ok().filter(|answer| answer.status == 200)
    });
}
