//! Agents' phones: baresip and linphonec, each registered with digest, each with a tone for a voice.

use crate::{PATIENCE, await_some, process::Process, site::Site, sound};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::{ChildStdin, Command},
    sync::{Arc, Mutex},
};

/// What every agent says.
pub const TONE_HZ: f64 = 600.0;
/// Longer than any test's conversation.
const TONE_S: usize = 120;

/// Whether a phone waits for its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// Rings until told.
    Manual,
    /// Answers in the same breath, without ringing.
    AtOnce,
}

/// baresip, driven over its control socket.
#[derive(Debug)]
pub struct Baresip {
    process: Process,
    control: TcpStream,
    events: Arc<Mutex<Vec<Value>>>,
    folder: PathBuf,
}

impl Baresip {
    /// Registers as `extension` over UDP and waits until it is.
    ///
    /// # Panics
    /// It does not come up.
    #[track_caller]
    pub fn start(site: &Site, extension: &str, answering: Answering) -> Self {
        Self::start_over(site, extension, answering, "udp")
    }

    /// Registers as `extension` over `udp` or `tcp` and waits until it is.
    ///
    /// # Panics
    /// It does not come up.
    #[track_caller]
    pub fn start_over(site: &Site, extension: &str, answering: Answering, transport: &str) -> Self {
        // baresip takes the port after its own for TLS.
        let (sip, control, rtp) = (site.ports.take(2), site.ports.take(1), site.ports.take(4));
        let folder = site.folder.join(format!("baresip-{extension}"));
        fs::create_dir_all(&folder).expect("the test's folder can be written");
        let voice = voice(site);
        let settings = format!(
            "poll_method epoll\nsip_listen 127.0.0.1:{sip}\nnet_interface 127.0.0.1\ncall_max_calls 4\n\
             audio_player aubridge,ear\naudio_source aufile,{}\naudio_alert aubridge,bell\nrtp_ports {rtp}-{}\n\
             rtcp_mux no\njitter_buffer_delay 1-3\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\n\
             module sndfile.so\nmodule aufile.so\nmodule aubridge.so\nmodule_tmp uuid.so\nmodule_tmp account.so\n\
             module_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\nstatmode_default off\nsnd_path {}\n",
            voice.display(),
            rtp + 3,
            folder.display()
        );
        let mode = match answering {
            Answering::Manual => "manual",
            Answering::AtOnce => "auto",
        };
        let account = format!(
            "<sip:{extension}@{};transport={transport}>;auth_user={extension};auth_pass=demo-{extension};regint=600;\
             answermode={mode};audio_codecs=pcma,pcmu\n",
            site.sip()
        );
        fs::write(folder.join("config"), settings).expect("the test's folder can be written");
        fs::write(folder.join("accounts"), account).expect("the test's folder can be written");
        let mut command = Command::new("baresip");
        command.arg("-f").arg(&folder).arg("-v");
        let process = Process::start(command, &format!("baresip-{extension}"), &site.folder);
        let control = await_some("baresip's control socket", PATIENCE, || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, control)).ok()
        });
        let events = Arc::default();
        read_events(control.try_clone().expect("a socket can be cloned"), Arc::clone(&events));
        site.await_phone(extension);
        Self { process, control, events, folder }
    }

    /// Answers what rings.
    ///
    /// # Panics
    /// baresip is gone.
    pub fn answer(&mut self) {
        self.command("accept");
    }

    /// Hangs up, or declines what rings.
    ///
    /// # Panics
    /// baresip is gone.
    pub fn hang_up(&mut self) {
        self.command("hangup");
    }

    /// Dies without a word (SIGKILL).
    pub fn die(&mut self) {
        self.process.kill();
    }

    fn command(&mut self, command: &str) {
        let text = format!(r#"{{"command":"{command}"}}"#);
        write!(self.control, "{}:{text},", text.len()).expect("baresip listens");
    }

    /// How many events there were: where later ones begin.
    ///
    /// # Panics
    /// Never: no reader panics.
    pub fn mark(&self) -> usize {
        self.events.lock().expect("no reader panics").len()
    }

    /// Waits for an event such as `CALL_INCOMING` after `mark`.
    ///
    /// # Panics
    /// It does not come.
    #[track_caller]
    pub fn await_event(&self, mark: usize, kind: &str) -> Value {
        await_some(&format!("{kind} at the phone"), PATIENCE, || {
            let events = self.events.lock().expect("no reader panics");
            events.iter().skip(mark).find(|event| event["type"] == kind).cloned()
        })
    }

    /// What was heard in the calls so far, once they are over.
    pub fn heard(&self) -> Vec<i16> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).collect();
        files.sort();
        files.iter().flat_map(|file| sound::of_file(file)).collect()
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

/// Netstrings of JSON; events are those with a type, answers to commands are not kept.
fn read_events(mut control: TcpStream, events: Arc<Mutex<Vec<Value>>>) {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4_096];
        while let Ok(length @ 1..) = control.read(&mut chunk) {
            bytes.extend_from_slice(&chunk[..length]);
            while let Some((event, used)) = netstring(&bytes) {
                bytes.drain(..used);
                if event["event"] == true {
                    events.lock().expect("no reader panics").push(event);
                }
            }
        }
    });
}

fn netstring(bytes: &[u8]) -> Option<(Value, usize)> {
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).ok()?.parse().ok()?;
    let payload = bytes.get(colon + 1..colon + 1 + length)?;
    bytes.get(colon + 1 + length)?;
    Some((serde_json::from_slice(payload).unwrap_or(Value::Null), colon + length + 2))
}

/// linphonec, driven over its standard input.
#[derive(Debug)]
pub struct Linphone {
    _process: Process,
    input: ChildStdin,
    recording: PathBuf,
}

impl Linphone {
    /// Registers as `extension` over UDP and waits until it is.
    ///
    /// # Panics
    /// It does not come up.
    #[track_caller]
    pub fn start(site: &Site, extension: &str, answering: Answering) -> Self {
        let (sip, rtp) = (site.ports.take(1), site.ports.take(2));
        let folder = site.folder.join(format!("linphone-{extension}"));
        fs::create_dir_all(folder.join(".local/share/linphone")).expect("the test's folder can be written");
        fs::create_dir_all(folder.join(".config/linphone")).expect("the test's folder can be written");
        let (settings, server) = (folder.join("linphonerc"), site.sip());
        let text = format!(
            "[sip]\nsip_port={sip}\nsip_tcp_port=-1\nsip_tls_port=-1\ndefault_proxy=0\nguess_hostname=0\nuse_ipv6=0\n\
             contact=sip:{extension}@127.0.0.1\n[rtp]\naudio_rtp_port={rtp}\n[video]\nenabled=0\n\
             [auth_info_0]\nusername={extension}\npasswd=demo-{extension}\nrealm=strowger\n\
             [proxy_0]\nreg_proxy=<sip:{server};transport=udp>\nreg_identity=sip:{extension}@127.0.0.1\n\
             reg_expires=600\nreg_sendregister=1\npublish=0\n"
        );
        fs::write(&settings, text).expect("the test's folder can be written");
        let mut command = Command::new("linphonec");
        command.env("HOME", &folder).arg("-c").arg(&settings);
        if answering == Answering::AtOnce {
            command.arg("-a");
        }
        let mut process = Process::start(command, &format!("linphone-{extension}"), &site.folder);
        let mut input = process.input();
        let recording = folder.join("heard.wav");
        let sound = format!("soundcard use files\nplay {}\nrecord {}\n", voice(site).display(), recording.display());
        input.write_all(sound.as_bytes()).expect("linphonec listens");
        site.await_phone(extension);
        Self { _process: process, input, recording }
    }

    /// Answers what rings.
    ///
    /// # Panics
    /// linphonec is gone.
    pub fn answer(&mut self) {
        self.input.write_all(b"answer\n").expect("linphonec listens");
    }

    /// Hangs up.
    ///
    /// # Panics
    /// linphonec is gone.
    pub fn hang_up(&mut self) {
        self.input.write_all(b"terminate\n").expect("linphonec listens");
    }

    /// What was heard in the last call, once it is over.
    pub fn heard(&self) -> Vec<i16> {
        sound::of_file(&self.recording)
    }
}

fn voice(site: &Site) -> PathBuf {
    let file = site.folder.join("agent.wav");
    if !file.exists() {
        let tone = sound::tone(TONE_HZ, TONE_S * sound::RATE_HZ);
        fs::write(&file, sound::wav(&tone)).expect("the test's folder can be written");
    }
    file
}
