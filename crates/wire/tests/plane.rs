//! The media plane with real sockets: two phones, sound both ways, a recording, a stranger.

#![allow(clippy::unwrap_used, reason = "helpers of a test are tests")]

use crossbeam_channel::{Receiver, unbounded};
use media::{
    Codec, Command, Event, GroupId, Library, RecordingKey, Sound, StreamId,
    g711::{linear_to_pcmu, pcmu_to_linear},
    rtp, wav,
};
use std::{
    f32::consts::TAU,
    net::{SocketAddr, UdpSocket},
    ops::RangeInclusive,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use wire::{
    media::{Plane, PlaneConfig},
    recording::{self, PieceReport, RecorderConfig},
};

const GROUP: GroupId = GroupId(5);
const RECORDING: RecordingKey = RecordingKey(0x0191_0000_0000_7000_8000_0000_0000_0001);
const PATIENCE: Duration = Duration::from_secs(20);

struct Site {
    plane: Plane,
    events: Receiver<Event>,
    pieces: Receiver<PieceReport>,
    directory: PathBuf,
}

impl Site {
    fn start(name: &str, ports: RangeInclusive<u16>) -> Site {
        let directory = std::env::temp_dir().join(format!("strowger-{name}-{}", std::process::id()));
        let config = PlaneConfig {
            ports,
            address: [127, 0, 0, 1].into(),
            described_address: None,
            threads: 2,
            recordings: Some(RecorderConfig { directory: directory.clone(), threads: 1, queue_chunks: 100 }),
        };
        let (tell, events) = unbounded();
        let (report, pieces) = unbounded();
        let plane = Plane::start(
            config,
            Arc::new(Library::default()),
            move |event| {
                assert!(!matches!(event, Event::Digit { digit: 'D', .. }), "a planted fault");
                tell.send(event).unwrap();
            },
            move |piece| report.send(piece).unwrap(),
        );
        Site { plane: plane.unwrap(), events, pieces, directory }
    }

    fn send(&self, command: Command) {
        self.plane.send(command).unwrap();
    }

    /// The first event that fits; others on the way are let pass.
    fn wait<T>(&self, fits: impl Fn(&Event) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let event = self.events.recv_deadline(until).expect("the event comes");
            if let Some(found) = fits(&event) {
                return found;
            }
        }
    }

    fn phone(&self, number: u64, hz: f32) -> Phone {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let stream = StreamId(number);
        self.send(Command::Open { group: GROUP, stream });
        let there = self.describe(stream, &socket);
        Phone { stream, socket, there, hz, sent: 0, heard: Vec::new() }
    }

    /// Says where the phone hears, and learns where it is heard.
    fn describe(&self, stream: StreamId, socket: &UdpSocket) -> SocketAddr {
        let port = socket.local_addr().unwrap().port();
        let offer = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
        );
        self.send(Command::Answer { group: GROUP, stream, offer: offer.into(), codecs: vec![Codec::Pcmu] });
        let description = self.wait(|event| match event {
            Event::Described { stream: of, description, .. } if *of == stream => Some(description.clone()),
            _ => None,
        });
        let description = media::sdp::parse(&description).unwrap();
        SocketAddr::new(description.connection.unwrap(), description.media[0].port)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

struct Phone {
    stream: StreamId,
    socket: UdpSocket,
    there: SocketAddr,
    hz: f32,
    sent: u16,
    heard: Vec<i16>,
}

impl Phone {
    /// Sends the next 20 ms.
    fn speak(&mut self) {
        let mut packet = [0; 172];
        let (header, body) = packet.split_first_chunk_mut().unwrap();
        rtp::write_header(header, self.sent == 0, 0, self.sent, u32::from(self.sent) * 160, self.stream.0 as u32);
        for (n, byte) in body.iter_mut().enumerate() {
            let at = (usize::from(self.sent) * 160 + n) as f32 / 8_000.0;
            *byte = linear_to_pcmu(((TAU * (self.hz * at).fract()).sin() * 8_000.0) as i16);
        }
        self.socket.send_to(&packet, self.there).unwrap();
        self.sent += 1;
    }

    /// Takes what comes until the deadline, and what has come by then.
    fn listen(&mut self, until: Instant) {
        let mut packet = [0; 2_000];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            self.socket.set_nonblocking(left.is_zero()).unwrap();
            self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
            match self.socket.recv_from(&mut packet) {
                Ok((length, from)) => {
                    assert_eq!(from, self.there);
                    let sound = rtp::parse(&packet[..length]).unwrap().payload;
                    self.heard.extend(packet[sound].iter().map(|byte| pcmu_to_linear(*byte)));
                }
                Err(_) if left.is_zero() => return,
                Err(_) => {}
            }
        }
    }
}

/// Lets the phones talk for so many packets, each in its own time.
fn talk(phones: &mut [&mut Phone], packets: u32) {
    let start = Instant::now();
    for number in 1..=packets {
        phones.iter_mut().for_each(|phone| phone.speak());
        let due = start + media::TICK * number;
        phones.iter_mut().for_each(|phone| phone.listen(due));
    }
}

/// Amplitude of a frequency in sound.
fn level(sound: &[i16], hz: f32) -> f32 {
    let (mut real, mut imaginary) = (0.0f32, 0.0f32);
    for (n, sample) in sound.iter().enumerate() {
        let (sine, cosine) = (TAU * (hz * n as f32 / 8_000.0).fract()).sin_cos();
        real += f32::from(*sample) * cosine;
        imaginary += f32::from(*sample) * sine;
    }
    2.0 * real.hypot(imaginary) / sound.len().max(1) as f32
}

/// Ports around one that is free now; those in use by others are stepped over.
fn ports(count: u16) -> RangeInclusive<u16> {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().min(u16::MAX - count) & !1;
    free..=free + count - 1
}

#[test]
fn bridged_phones_hear_each_other_and_the_recording_has_them_on_their_sides() {
    let site = Site::start("bridge", ports(200));
    let (mut caller, mut agent) = (site.phone(1, 400.0), site.phone(2, 600.0));
    site.send(Command::Bridge { group: GROUP, one: caller.stream, other: agent.stream });
    let right = Some(agent.stream);
    site.send(Command::Record { group: GROUP, recording: RECORDING, left: caller.stream, right });
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.set_nonblocking(true).unwrap();
    talk(&mut [&mut caller, &mut agent], 10);
    for _ in 0..100 {
        stranger.send_to(&[0x80; 172], caller.there).unwrap();
    }
    talk(&mut [&mut caller, &mut agent], 60);
    site.send(Command::StopRecording { group: GROUP, recording: RECORDING });
    let (ms, lost_ms) = site.wait(|event| match event {
        Event::Recorded { recording: RECORDING, ms, lost_ms } => Some((*ms, *lost_ms)),
        _ => None,
    });
    assert!((1_000..10_000).contains(&ms) && lost_ms == 0, "{ms} ms, {lost_ms} lost");
    // Most packets arrive even when the machine is busy; none of a stranger's may.
    assert!(caller.heard.len() > 40 * 160 && agent.heard.len() > 40 * 160);
    assert!(level(&caller.heard, 600.0) > 5_000.0 && level(&caller.heard, 400.0) < 200.0);
    assert!(level(&agent.heard, 400.0) > 5_000.0 && level(&agent.heard, 600.0) < 200.0);
    assert!(stranger.recv(&mut [0; 10]).is_err(), "a stranger was answered");

    let opened = site.pieces.recv_timeout(PATIENCE).unwrap();
    let PieceReport::Closed(piece) = site.pieces.recv_timeout(PATIENCE).unwrap() else { panic!("closed after opened") };
    assert!(matches!(&opened, PieceReport::Opened(opened) if opened.path == piece.path && opened.bytes == 0));
    assert_eq!((piece.number, piece.offset_ms, piece.channels, piece.codec, piece.ms), (0, 0, 2, "pcmu", ms));
    let path = site.directory.join(&piece.path);
    let file = std::fs::read(&path).unwrap();
    let layout = wav::layout(&file).unwrap();
    assert_eq!((file.len() as u64, layout.data_start + layout.data_bytes), (piece.bytes, file.len()));
    let side = |side: usize| -> Vec<i16> {
        file[layout.data_start + side..].iter().step_by(2).map(|byte| pcmu_to_linear(*byte)).collect()
    };
    assert!(level(&side(0), 400.0) > 1_000.0 && level(&side(0), 600.0) < 200.0);
    assert!(level(&side(1), 600.0) > 1_000.0 && level(&side(1), 400.0) < 200.0);
    let peaks = recording::peaks(&path, 10).unwrap();
    assert!(peaks.ms == ms && peaks.left[5] > 50 && peaks.right.unwrap()[5] > 50);
    assert!(!recording::repair(&path).unwrap().changed);
}

#[test]
fn a_phone_that_was_away_or_moves_is_heard_and_hears_again() {
    let site = Site::start("moves", ports(200));
    let (mut caller, mut agent) = (site.phone(1, 400.0), site.phone(2, 600.0));
    site.send(Command::Bridge { group: GROUP, one: caller.stream, other: agent.stream });
    talk(&mut [&mut caller, &mut agent], 10);

    // What the caller says meanwhile is refused by the machine, which tells our socket of it.
    let address = agent.socket.local_addr().unwrap();
    agent.socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    talk(&mut [&mut caller], 10);
    agent.socket = UdpSocket::bind(address).unwrap();
    caller.heard.clear();
    agent.heard.clear();
    talk(&mut [&mut caller, &mut agent], 40);
    assert!(level(&caller.heard, 600.0) > 5_000.0 && level(&agent.heard, 400.0) > 5_000.0, "after it was away");

    agent.socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(site.describe(agent.stream, &agent.socket), agent.there);
    caller.heard.clear();
    agent.heard.clear();
    talk(&mut [&mut caller, &mut agent], 40);
    assert!(level(&caller.heard, 600.0) > 5_000.0 && level(&agent.heard, 400.0) > 5_000.0, "at its new address");
}

#[test]
fn a_tone_is_played_and_its_end_is_told() {
    let site = Site::start("tone", ports(200));
    let mut phone = site.phone(1, 400.0);
    site.send(Command::Play {
        group: GROUP,
        stream: phone.stream,
        playback: media::PlaybackId(3),
        language: "zh".into(),
        sounds: vec![Sound::Tone { hz: 1_000, ms: 400, level_dbm0: -10 }],
        repeat: false,
    });
    talk(&mut [&mut phone], 5);
    site.wait(|event| matches!(event, Event::Played { finished: true, .. }).then_some(()));
    phone.listen(Instant::now() + media::TICK);
    assert_eq!(phone.heard.len(), 20 * 160);
    assert!(level(&phone.heard, 1_000.0) > 5_000.0);
    let statistics = site.plane.statistics();
    assert!(statistics.ticks >= 20 && statistics.sent_packets == 20 && statistics.streams == 1, "{statistics:?}");
}

#[test]
fn streams_beyond_the_ports_are_refused_and_ports_come_back() {
    let site = Site::start("ports", ports(4));
    let open = |number: u64| {
        site.send(Command::Open { group: GROUP, stream: StreamId(number) });
        site.send(Command::Offer { group: GROUP, stream: StreamId(number), codecs: vec![Codec::Pcmu] });
        site.wait(|event| match event {
            Event::Described { .. } => Some(true),
            Event::Failed { reason: "no_ports", .. } => Some(false),
            _ => None,
        })
    };
    // Two pairs are shared by two threads; a group has one of them, or none if others hold it.
    let first = open(1);
    assert!(!open(2), "a second stream found a port");
    site.send(Command::Close { group: GROUP, stream: StreamId(1) });
    site.wait(|event| matches!(event, Event::Closed { .. }).then_some(()));
    assert_eq!(open(3), first);
    assert!(site.plane.statistics().port_failures >= 1);
}

#[test]
fn stopping_the_plane_ends_recordings_whole() {
    let site = Site::start("stop", ports(200));
    let mut phone = site.phone(1, 400.0);
    site.send(Command::Record { group: GROUP, recording: RECORDING, left: phone.stream, right: None });
    talk(&mut [&mut phone], 30);
    let Site { plane, events, pieces, directory } = &mut { site };
    let other = Plane::start(
        PlaneConfig {
            ports: ports(2),
            address: [127, 0, 0, 1].into(),
            described_address: None,
            threads: 1,
            recordings: None,
        },
        Arc::new(Library::default()),
        |_| {},
        |_| {},
    );
    drop(std::mem::replace(plane, other.unwrap()));
    let recorded = events.try_iter().find_map(|event| match event {
        Event::Recorded { ms, lost_ms, .. } => Some((ms, lost_ms)),
        _ => None,
    });
    let (ms, lost_ms) = recorded.expect("told before the plane is gone");
    let closed = pieces.try_iter().last();
    let Some(PieceReport::Closed(piece)) = closed else { panic!("{closed:?}") };
    assert_eq!((lost_ms, piece.ms, piece.channels), (0, ms, 1));
    assert_eq!(std::fs::metadata(directory.join(&piece.path)).unwrap().len(), piece.bytes);
}

#[test]
fn a_panic_closes_the_streams_of_the_thread_and_the_next_call_is_served() {
    let site = Site::start("panic", ports(200));
    let mut phone = site.phone(1, 400.0);
    site.send(Command::Record { group: GROUP, recording: RECORDING, left: phone.stream, right: None });
    talk(&mut [&mut phone], 10);
    // The end of a press of D, at which the listener of events panics.
    let mut packet = [0; 16];
    let (header, body) = packet.split_first_chunk_mut().unwrap();
    rtp::write_header(header, true, 101, phone.sent, 9_000, phone.stream.0 as u32);
    body.copy_from_slice(&[15, 0x8A, 3, 32]);
    phone.socket.send_to(&packet, phone.there).unwrap();
    site.wait(|event| matches!(event, Event::Closed { stream, .. } if *stream == phone.stream).then_some(()));
    site.wait(|event| matches!(event, Event::Recorded { lost_ms: 0, .. }).then_some(()));
    let mut next = site.phone(2, 600.0);
    let (stream, playback) = (next.stream, media::PlaybackId(1));
    let sounds = vec![Sound::Tone { hz: 1_000, ms: 200, level_dbm0: -10 }];
    site.send(Command::Play { group: GROUP, stream, playback, language: "zh".into(), sounds, repeat: false });
    site.wait(|event| matches!(event, Event::Played { finished: true, .. }).then_some(()));
    next.listen(Instant::now() + media::TICK);
    assert_eq!(next.heard.len(), 10 * 160);
}

#[test]
fn a_flood_on_one_port_does_not_stop_the_others() {
    let site = Site::start("flood", ports(200));
    let (mut phone, victim) = (site.phone(1, 400.0), site.phone(2, 600.0));
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (flag, there) = (stop.clone(), victim.there);
    let flood = std::thread::spawn(move || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        while !flag.load(std::sync::atomic::Ordering::Relaxed) {
            let _ = socket.send_to(&[0x80; 172], there);
        }
    });
    let (stream, playback) = (phone.stream, media::PlaybackId(1));
    let sounds = vec![Sound::Tone { hz: 1_000, ms: 500, level_dbm0: -10 }];
    site.send(Command::Play { group: GROUP, stream, playback, language: "zh".into(), sounds, repeat: false });
    site.wait(|event| matches!(event, Event::Played { finished: true, .. }).then_some(()));
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    flood.join().unwrap();
    phone.listen(Instant::now() + media::TICK);
    assert_eq!(phone.heard.len(), 25 * 160);
}
