//! The media plane: threads that own sockets and an engine each. Commands go in by group, events come out by closure.
//!
//! All streams of a group live on one thread, so that a bridge never crosses threads and nothing on the way of a packet
//! takes a lock, allocates, logs or touches a file.

mod counters;
mod library;
mod poll;
mod ports;
mod socket;
mod sockets;
mod thread;

pub use counters::{LATENESS_US, PlaneStatistics};
pub use library::{LibraryError, read_library};

use crate::recording::{self, PieceReport, Recorder};
use counters::Counters;
use crossbeam_channel::{Sender, bounded};
use media::{Command, Event, GroupId, Library};
use poll::{Poll, Waker};
use ports::Ports;
use std::{
    io,
    net::IpAddr,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};
use thread::Worker;

/// Commands that may wait for a thread: 10 for each of the most legs a thread is planned for. A full queue means the
/// thread stands still.
const COMMANDS_MAX: usize = 16_384;

/// How the plane is set up.
#[derive(Clone, Debug)]
pub struct PlaneConfig {
    /// Ports of legs: an even one for RTP and the next for RTCP, each.
    pub ports: RangeInclusive<u16>,
    /// Where the sockets are bound.
    pub address: IpAddr,
    /// What descriptions say, when it is another address (NAT, or `address` is unspecified).
    pub described_address: Option<IpAddr>,
    /// Media threads; one per core.
    pub threads: usize,
    /// Recordings; without it taps lead nowhere and every recording is lost in full.
    pub recordings: Option<recording::RecorderConfig>,
}

/// Why the plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum PlaneError {
    /// The machine refused epoll, a timer, or a thread.
    #[error("media threads cannot start")]
    Threads(#[source] io::Error),
    /// The recordings directory cannot be used.
    #[error("recordings cannot be written")]
    Recordings(#[source] io::Error),
    /// No secret to begin RTP's random numbers with.
    #[error("no entropy for RTP")]
    Entropy(#[source] io::Error),
}

/// The command was not taken, as the group's thread does not keep up.
#[derive(Debug, thiserror::Error)]
#[error("media thread is behind by {COMMANDS_MAX} commands")]
pub struct Busy(pub Box<Command>);

/// What a media thread is told.
enum Order {
    Do(Command),
    Play(Arc<Library>),
    Stop,
}

/// The running plane; dropping it ends its threads, and with them all streams and recordings.
pub struct Plane {
    threads: Vec<Thread>,
    recorder: Option<Recorder>,
}

struct Thread {
    orders: Sender<Order>,
    waker: Waker,
    /// Woken, and not yet looked: one wake is enough for many orders.
    woken: Arc<AtomicBool>,
    counters: Arc<Counters>,
    handle: Option<JoinHandle<()>>,
}

impl Plane {
    /// Starts the threads. `events` is called on media and writer threads and must not wait; `pieces` on writer threads.
    pub fn start(
        config: PlaneConfig,
        library: Arc<Library>,
        events: impl Fn(Event) + Send + Clone + 'static,
        pieces: impl Fn(PieceReport) + Send + Clone + 'static,
    ) -> Result<Plane, PlaneError> {
        let recorder = match &config.recordings {
            None => None,
            Some(recordings) => {
                let events = events.clone();
                let recorded = move |recording, ms, lost_ms| events(Event::Recorded { recording, ms, lost_ms });
                Some(Recorder::start(recordings.clone(), recorded, pieces).map_err(PlaneError::Recordings)?)
            }
        };
        let mut plane = Plane { threads: Vec::new(), recorder };
        for number in 0..config.threads.max(1) {
            let thread = plane.start_thread(&config, number, library.clone(), events.clone())?;
            plane.threads.push(thread);
        }
        Ok(plane)
    }

    /// Hands a command to its group's thread.
    pub fn send(&self, command: Command) -> Result<(), Busy> {
        let thread = &self.threads[self.thread_of(group(&command))];
        thread.orders.try_send(Order::Do(command)).map_err(|refused| match refused.into_inner() {
            Order::Do(command) => Busy(Box::new(command)),
            Order::Play(_) | Order::Stop => unreachable!("what was handed in comes back"),
        })?;
        thread.wake();
        Ok(())
    }

    /// Lets all threads play from another library from now on.
    pub fn set_library(&self, library: &Arc<Library>) {
        for thread in &self.threads {
            // Waits when the queue is full: prompts change by an administrator's click, not on a call's way.
            if thread.orders.send(Order::Play(library.clone())).is_ok() {
                thread.wake();
            }
        }
    }

    /// Counters of all threads together.
    pub fn statistics(&self) -> PlaneStatistics {
        let mut sum = PlaneStatistics::default();
        self.threads.iter().for_each(|thread| thread.counters.add_to(&mut sum));
        sum
    }

    /// Counters of the recordings, if there are any.
    pub fn recorder_statistics(&self) -> Option<recording::RecorderStatistics> {
        self.recorder.as_ref().map(Recorder::statistics)
    }

    fn start_thread(
        &self,
        config: &PlaneConfig,
        number: usize,
        library: Arc<Library>,
        events: impl Fn(Event) + Send + 'static,
    ) -> Result<Thread, PlaneError> {
        let poll = Poll::new().map_err(PlaneError::Threads)?;
        let waker = poll.waker().map_err(PlaneError::Threads)?;
        let (orders, queue) = bounded(COMMANDS_MAX);
        let (woken, counters) = (Arc::new(AtomicBool::new(false)), Arc::new(Counters::default()));
        let ports = Ports::new(config.ports.clone(), config.threads.max(1), number);
        let engine = media::Config { seed: entropy().map_err(PlaneError::Entropy)?, library };
        let feed = self.recorder.as_ref().map(Recorder::feed);
        let worker = Worker::new(config, engine, poll, ports, feed, events, counters.clone());
        let (flag, name) = (woken.clone(), format!("media-{number}"));
        let handle = std::thread::Builder::new()
            .name(name)
            .spawn(move || worker.run(&queue, &flag))
            .map_err(PlaneError::Threads)?;
        Ok(Thread { orders, waker, woken, counters, handle: Some(handle) })
    }

    /// Groups are spread by their number; its low bits are the random ones of a UUID of version 7.
    fn thread_of(&self, group: GroupId) -> usize {
        ((group.0 ^ (group.0 >> 64)) % self.threads.len() as u128) as usize
    }
}

impl Thread {
    fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        for thread in &self.threads {
            let _ = thread.orders.send(Order::Stop);
            thread.wake();
        }
        for thread in &mut self.threads {
            if let Some(handle) = thread.handle.take() {
                // A thread that panicked has told so on standard error; there is nothing to add.
                let _ = handle.join();
            }
        }
    }
}

fn entropy() -> io::Result<u64> {
    let mut seed = [0; 8];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut seed)?;
    Ok(u64::from_le_bytes(seed))
}

fn group(command: &Command) -> GroupId {
    match command {
        Command::Open { group, .. }
        | Command::Offer { group, .. }
        | Command::Answer { group, .. }
        | Command::Accept { group, .. }
        | Command::Play { group, .. }
        | Command::Stop { group, .. }
        | Command::Bridge { group, .. }
        | Command::Unbridge { group, .. }
        | Command::Record { group, .. }
        | Command::StopRecording { group, .. }
        | Command::SendDigits { group, .. }
        | Command::Close { group, .. } => *group,
    }
}
