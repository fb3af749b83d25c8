//! The caller's sound: an RTP end of our own behind SIPp's signalling, so that every sample heard is there to be measured.
//! Says a tone, presses keys (RFC 4733), keeps what it hears. A-law on port and payload type as SIPp's offer says.

use crate::{PATIENCE, await_some, sound};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Payload type of A-law (RFC 3551).
const PCMA: u8 = 8;
/// Payload type of key events, as the offer names it.
pub const EVENTS: u8 = 101;
const RTP_HEADER_BYTES: usize = 12;
const FRAME: Duration = Duration::from_millis(20);
const FRAMES_PER_S: u32 = 50;
/// A key pressed for 100 ms, its end told three times (RFC 4733, 2.5.1.4).
const KEY_FRAMES: u32 = 5;
const END_PACKETS: u32 = 3;
/// Silence between two keys.
const GAP_FRAMES: u32 = 5;

/// One end of a sound stream.
#[derive(Debug)]
pub struct Ear {
    shared: Arc<Shared>,
    keys: Sender<char>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Vec<i16>>,
    spoken_frames: AtomicU32,
    hushed: AtomicBool,
    stop: AtomicBool,
}

impl Ear {
    /// Listens on `port` and says `hz` to whoever speaks first.
    ///
    /// # Panics
    /// The port is taken.
    pub fn open(port: u16, hz: f64) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
        let shared = Arc::new(Shared::default());
        let (keys, pressed) = channel();
        let mouth = Mouth::new(socket, hz, pressed, Arc::clone(&shared));
        let thread = std::thread::spawn(move || mouth.run());
        Self { shared, keys, thread: Some(thread) }
    }

    /// Presses these keys one after the other.
    ///
    /// # Panics
    /// The stream is over.
    pub fn press(&self, keys: &str) {
        keys.chars().for_each(|key| self.keys.send(key).expect("the stream runs"));
    }

    /// Sends nothing from now on, and listens on.
    pub fn hush(&self) {
        self.shared.hushed.store(true, Ordering::Relaxed);
    }

    /// Everything heard from a sample on.
    ///
    /// # Panics
    /// The stream broke.
    pub fn heard_from(&self, at: usize) -> Vec<i16> {
        self.shared.heard.lock().expect("the stream runs").get(at..).unwrap_or_default().to_vec()
    }

    /// How many samples were heard so far.
    pub fn mark(&self) -> usize {
        self.heard_from(0).len()
    }

    /// Speaks for so long, measured by what was sent; returns when it is said.
    ///
    /// # Panics
    /// Nobody is there to listen.
    #[track_caller]
    pub fn speak(&self, seconds: u32) {
        let spoken = || self.shared.spoken_frames.load(Ordering::Relaxed);
        let enough = spoken() + seconds * FRAMES_PER_S;
        await_some("time to speak", PATIENCE, || (spoken() >= enough).then_some(()));
    }

    /// Waits until what is heard after `mark` satisfies.
    ///
    /// # Panics
    /// It does not in time.
    #[track_caller]
    pub fn await_sound(&self, mark: usize, what: &str, is_it: impl Fn(&[i16]) -> bool) {
        await_some(what, PATIENCE, || is_it(&self.heard_from(mark)).then_some(()));
    }

    /// Waits for a second of this tone.
    ///
    /// # Panics
    /// It does not come in time.
    #[track_caller]
    pub fn await_tone(&self, mark: usize, hz: f64) {
        self.await_sound(mark, &format!("{hz} Hz heard"), |heard| sound::holds_tone(heard, hz));
    }

    /// Waits until a prompt of the repository was heard whole.
    ///
    /// # Panics
    /// It was not in time.
    #[track_caller]
    pub fn await_prompt(&self, mark: usize, prompt: &str) {
        let sample = sound::of_repository(prompt);
        self.await_sound(mark, &format!("{prompt} heard"), |heard| sound::holds(heard, &sample));
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The A-law byte nearest to a sample.
fn a_law(sample: i16) -> u8 {
    let distance = |byte: &u8| media::g711::pcma_to_linear(*byte).abs_diff(sample);
    (0..=u8::MAX).min_by_key(distance).expect("there are 256 bytes")
}

/// What is being sent.
enum Saying {
    Tone,
    Key { key: char, frame: u32 },
    Gap { frame: u32 },
}

struct Mouth {
    socket: UdpSocket,
    remote: Option<SocketAddr>,
    tone: Vec<u8>,
    pressed: Receiver<char>,
    shared: Arc<Shared>,
    sequence: u16,
    timestamp: u32,
    saying: Saying,
}

impl Mouth {
    fn new(socket: UdpSocket, hz: f64, pressed: Receiver<char>, shared: Arc<Shared>) -> Self {
        let samples = sound::tone(hz, sound::RATE_HZ);
        let tone = samples.into_iter().map(a_law).collect();
        Self { socket, remote: None, tone, pressed, shared, sequence: 1, timestamp: 0, saying: Saying::Tone }
    }

    fn run(mut self) {
        let mut next = Instant::now();
        while !self.shared.stop.load(Ordering::Relaxed) {
            next += FRAME;
            self.listen_until(next);
            if self.remote.is_some() && !self.shared.hushed.load(Ordering::Relaxed) {
                self.speak();
            }
            self.timestamp = self.timestamp.wrapping_add(sound::FRAME_SAMPLES as u32);
        }
    }

    fn listen_until(&mut self, deadline: Instant) {
        let mut packet = [0; 2_048];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left < Duration::from_millis(1) {
                return;
            }
            let _ = self.socket.set_read_timeout(Some(left));
            let Ok((length, from)) = self.socket.recv_from(&mut packet) else { continue };
            if length > RTP_HEADER_BYTES && packet[1] & 0x7F == PCMA {
                self.remote = Some(from);
                let samples = packet[RTP_HEADER_BYTES..length].iter().map(|byte| media::g711::pcma_to_linear(*byte));
                self.shared.heard.lock().expect("no reader panics").extend(samples);
            }
        }
    }

    fn speak(&mut self) {
        if matches!(self.saying, Saying::Tone)
            && let Ok(key) = self.pressed.try_recv()
        {
            self.saying = Saying::Key { key, frame: 0 };
        }
        match self.saying {
            Saying::Tone => {
                let at = self.timestamp as usize % sound::RATE_HZ;
                let payload = self.tone[at..at + sound::FRAME_SAMPLES].to_vec();
                self.send(PCMA, false, self.timestamp, &payload);
                self.shared.spoken_frames.fetch_add(1, Ordering::Relaxed);
            }
            Saying::Key { key, frame } => {
                self.send_key(key, frame);
                let next = frame + 1;
                self.saying = if next < KEY_FRAMES + END_PACKETS {
                    Saying::Key { key, frame: next }
                } else {
                    Saying::Gap { frame: 0 }
                };
            }
            Saying::Gap { frame } => {
                self.saying = if frame < GAP_FRAMES { Saying::Gap { frame: frame + 1 } } else { Saying::Tone };
            }
        }
    }

    /// Event, end bit with volume, duration; the timestamp is that of the key's beginning.
    fn send_key(&mut self, key: char, frame: u32) {
        let event = "0123456789*#".find(key).expect("the test presses keys that phones have") as u8;
        let ended = frame >= KEY_FRAMES;
        let duration = ((frame + 1).min(KEY_FRAMES) * sound::FRAME_SAMPLES as u32) as u16;
        let [high, low] = duration.to_be_bytes();
        let began = self.timestamp.wrapping_sub(frame * sound::FRAME_SAMPLES as u32);
        self.send(EVENTS, frame == 0, began, &[event, if ended { 0x8A } else { 0x0A }, high, low]);
    }

    fn send(&mut self, payload_type: u8, marker: bool, timestamp: u32, payload: &[u8]) {
        let Some(remote) = self.remote else { return };
        let mut packet = vec![0x80, payload_type | if marker { 0x80 } else { 0 }];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(0x5157_4F47u32.to_be_bytes());
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        // The other side may be dead on purpose.
        let _ = self.socket.send_to(&packet, remote);
    }
}
