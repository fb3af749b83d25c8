//! `strowger call`: a phone on the command line. It dials, or registers and answers; presses keys; says a tone or a WAV
//! file; and tells what it hears as levels and tones, for people or as JSON for programs.

mod ear;
mod events;
mod report;
mod script;
mod session;
mod sound;

use clap::Parser;
use script::Script;
use session::Phone;
use sound::{Sound, Voice};
use std::{
    fs, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket},
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, SystemTime},
};
use tokio::signal::unix::{SignalKind, signal};

/// SIP's port where none is named.
const SIP_PORT: u16 = 5_060;

/// A phone on the command line.
///
/// Dial the demo site and press 1 after three seconds:
///   strowger call sip:4008001000@127.0.0.1 --digits wait3,1 --tone 400 --seconds 30
///
/// Be extension 8001 and answer one call:
///   strowger call --register 8001:demo-8001 --answer --calls 1 --tone 600
///
/// Exit codes: 0 talked, 1 could not begin, 2 wrong arguments, 3 refused, 4 nobody answered, 5 not registered,
/// 6 answered but not one packet of sound came.
#[derive(Clone, Debug, Parser)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Whom to call, such as sip:4008001000@127.0.0.1:5060; without it the phone waits for calls
    #[arg(required_unless_present = "register")]
    pub uri: Option<String>,
    /// Register as this extension first
    #[arg(long, value_name = "EXTENSION:PASSWORD", value_parser = parse_account)]
    pub register: Option<Account>,
    /// Where to register, HOST or HOST:PORT [default: the host of URI, else 127.0.0.1:5060]
    #[arg(long, value_name = "HOST:PORT")]
    pub server: Option<String>,
    /// Answer what comes in; without it only calls that ask to be answered at once (Call-Info, Alert-Info)
    #[arg(long)]
    pub answer: bool,
    /// Let it ring this long before answering
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub answer_after: u64,
    /// Stop after this many answered calls [default: go on until interrupted]
    #[arg(long, value_name = "N")]
    pub calls: Option<u32>,
    /// Keys to press once the call is up: 1,wait2,23# presses 1, waits 2 s, presses 2, 3 and #
    #[arg(long, value_name = "SCRIPT", default_value = "")]
    pub digits: Script,
    /// Say this WAV file, once
    #[arg(long, value_name = "FILE", conflicts_with = "tone")]
    pub play: Option<PathBuf>,
    /// Say a tone of this frequency
    #[arg(long, value_name = "HZ")]
    pub tone: Option<f64>,
    /// Write what is heard into this WAV file
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Hang up after this long [default: when the other side does]
    #[arg(long, value_name = "N")]
    pub seconds: Option<f64>,
    /// Give up a call that nobody answers after this long
    #[arg(long, value_name = "N", default_value_t = 60.0)]
    pub ring_seconds: f64,
    /// The number to call from [default: the registered extension, else "strowger"]
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<String>,
    /// Our own address [default: the one that leads to the server]
    #[arg(long, value_name = "ADDRESS")]
    pub local: Option<IpAddr>,
    /// Tell everything as one JSON object per line
    #[arg(long)]
    pub json: bool,
}

/// An extension with its password.
#[derive(Clone)]
pub struct Account {
    /// User part and digest user.
    pub extension: String,
    /// Digest password.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("extension", &self.extension).finish_non_exhaustive()
    }
}

fn parse_account(text: &str) -> Result<Account, String> {
    match text.split_once(':') {
        Some((extension, password)) if !extension.is_empty() => {
            Ok(Account { extension: extension.to_owned(), password: password.to_owned() })
        }
        _ => Err("say EXTENSION:PASSWORD, such as 8001:demo-8001".to_owned()),
    }
}

/// How it went; the exit code of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The call was answered, sound was heard, and it ended.
    Done = 0,
    /// Nothing was tried: a file, an address or a socket of ours was wrong.
    Local = 1,
    /// The call was refused.
    Refused = 3,
    /// Nobody answered in time.
    NoAnswer = 4,
    /// The registration was refused or not answered.
    NotRegistered = 5,
    /// The call was answered, but not one packet of sound arrived.
    Deaf = 6,
}

/// Why the phone could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address that leads nowhere.
    #[error("`{address}` is no address of a SIP server: {source}")]
    Address {
        /// As given.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// A file that cannot be read or written.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A file that is no sound.
    #[error("{file}: {source}")]
    Sound {
        /// Which.
        file: String,
        /// Why.
        source: media::wav::WavError,
    },
    /// A socket.
    #[error("cannot open a socket: {0}")]
    Socket(#[from] io::Error),
}

/// Runs the command until it is done or interrupted.
pub fn run(args: Args) -> ExitCode {
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_interrupt(Arc::clone(&stop));
    match call(&args, io::stdout().lock(), &stop) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("strowger call: {error}\n"));
            ExitCode::from(Exit::Local as u8)
        }
    }
}

/// Runs a phone until it is done or `stop` becomes true; everything is told to `out`.
///
/// # Errors
/// [`Error`]: nothing was tried.
pub fn call(args: &Args, out: impl io::Write, stop: &AtomicBool) -> Result<Exit, Error> {
    let server = server_address(args)?;
    let local = match args.local {
        Some(local) => local,
        None => local_towards(server)?,
    };
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
        ^ u64::from(std::process::id()).rotate_left(32);
    let sound = Sound::open(local, voice(args)?, args.record.is_some(), seed)?;
    let mut phone = Phone::open(args, server, local, sound, out, seed)?;
    let exit = phone.run(stop)?;
    Ok(exit)
}

fn voice(args: &Args) -> Result<Voice, Error> {
    if let Some(hz) = args.tone {
        return Ok(Voice::Tone { hz, at: 0 });
    }
    let Some(path) = &args.play else { return Ok(Voice::Silence) };
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| Error::File { file: file.clone(), source })?;
    let samples = media::wav::read(&bytes).map_err(|source| Error::Sound { file, source })?;
    Ok(Voice::Samples { samples, at: 0 })
}

/// The server named, or the host of the URI, or this machine.
fn server_address(args: &Args) -> Result<SocketAddr, Error> {
    let host = match (&args.server, &args.uri) {
        (Some(server), _) => server.as_str(),
        (None, Some(uri)) => host_of(uri),
        (None, None) => "127.0.0.1",
    };
    let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:{SIP_PORT}") };
    let wrong = |source| Error::Address { address: host.to_owned(), source };
    let mut found = with_port.to_socket_addrs().map_err(wrong)?;
    // Names often have an IPv6 address first that no phone in the house listens on.
    found.find(SocketAddr::is_ipv4).ok_or_else(|| wrong(io::ErrorKind::AddrNotAvailable.into()))
}

/// `sip:600@127.0.0.1:5060;transport=udp` → `127.0.0.1:5060`.
fn host_of(uri: &str) -> &str {
    let rest = uri.rsplit_once('@').map_or_else(|| uri.trim_start_matches("sip:"), |(_, host)| host);
    rest.split([';', '?', '>']).next().unwrap_or(rest)
}

/// The address of ours that the kernel would send from; connecting sends nothing.
fn local_towards(server: SocketAddr) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind((IpAddr::from([0, 0, 0, 0]), 0))?;
    socket.connect(server)?;
    Ok(socket.local_addr()?.ip())
}

/// SIGINT and SIGTERM hang up; a second one ends the process at once.
fn stop_on_interrupt(stop: Arc<AtomicBool>) {
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
            let Ok(mut interrupt) = signal(SignalKind::interrupt()) else { return };
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if stop.swap(true, Relaxed) {
                    std::process::exit(i32::from(Exit::Local as u8));
                }
            }
        });
    });
}

/// Seconds that cannot be a duration mean "never".
fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
