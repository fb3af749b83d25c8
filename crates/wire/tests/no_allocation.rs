//! The way of a packet and the tick of a bridged, recorded, played-to stream take nothing from the heap.

#![allow(unsafe_code, reason = "counting allocations takes an allocator")]
#![allow(clippy::unwrap_used, reason = "helpers of a test are tests")]

use media::{
    Codec, Command, Config, Engine, Event, GroupId, Library, PlaybackId, RecordingKey, Sink, Slot, Sound, StreamId,
    TICK, Tap, rtp,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    net::SocketAddr,
    time::Duration,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Default)]
struct Count {
    sent: u64,
    blocks: u64,
    silences: u64,
}

impl Sink for Count {
    fn open(&mut self, _: Slot, stream: StreamId) -> Option<SocketAddr> {
        Some(SocketAddr::from(([127, 0, 0, 1], 20_000 + 2 * stream.0 as u16)))
    }
    fn close(&mut self, _: Slot) {}
    fn lock(&mut self, _: Slot, _: Option<SocketAddr>) {}
    fn send(&mut self, _: Slot, _: SocketAddr, _: &[u8]) {
        self.sent += 1;
    }
    fn event(&mut self, event: Event) {
        self.silences += u64::from(matches!(event, Event::Silent { .. }));
    }
    fn tap(&mut self, _: RecordingKey, _: Tap<'_>) {
        self.blocks += 1;
    }
}

#[test]
fn packets_and_ticks_allocate_nothing() {
    let mut engine = Engine::new(Config { seed: 1, library: Library::default().into() });
    let (mut sink, mut now) = (Count::default(), Duration::ZERO);
    let group = GroupId(1);
    let streams = [StreamId(1), StreamId(2), StreamId(3)];
    for (number, stream) in streams.into_iter().enumerate() {
        engine.handle(now, Command::Open { group, stream }, &mut sink);
        let offer = format!("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {} RTP/AVP {}\r\n", 4_000 + number, number * 8 % 16);
        let codecs = vec![Codec::Pcmu, Codec::Pcma];
        engine.handle(now, Command::Answer { group, stream, offer: offer.into(), codecs }, &mut sink);
    }
    let [one, other, listener] = streams;
    engine.handle(now, Command::Bridge { group, one, other }, &mut sink);
    let recording = RecordingKey(1);
    engine.handle(now, Command::Record { group, recording, left: one, right: Some(other) }, &mut sink);
    let sounds = vec![Sound::Tone { hz: 400, ms: 1_000, level_dbm0: -10 }];
    let (playback, language) = (PlaybackId(1), "zh".into());
    engine.handle(now, Command::Play { group, stream: listener, playback, language, sounds, repeat: true }, &mut sink);
    let mut packet = [0; 172];
    let mut second = |now: &mut Duration, sink: &mut Count, start: u16| {
        for number in start..start + 50 {
            for talker in 0..2 {
                let payload_type = talker as u8 * 8;
                let timestamp = u32::from(number) * 160;
                rtp::write_header(
                    packet.first_chunk_mut().unwrap(),
                    false,
                    payload_type,
                    number,
                    timestamp,
                    talker as u32,
                );
                let source = SocketAddr::from(([127, 0, 0, 1], 4_000 + talker as u16));
                engine.packet(*now, Slot(talker), source, &mut packet, sink);
            }
            *now += TICK;
            engine.tick(*now, sink);
        }
    };
    second(&mut now, &mut sink, 0);
    let before = ALLOCATIONS.get();
    // Long enough for the listener's silence to be told.
    for start in 1..35 {
        second(&mut now, &mut sink, start * 50);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(
        sink.sent > 5_070 && sink.blocks > 1_740 && sink.silences == 1,
        "{} sent, {} blocks",
        sink.sent,
        sink.blocks
    );
}
