//! The values between the exchange and the media plane. Nothing here decides anything.

#![allow(missing_docs, reason = "fields of commands are named in full; what is not obvious has its line")]

use bytes::Bytes;
use std::{net::SocketAddr, sync::Arc};

/// A leg's media stream; the exchange's leg number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// What must live on one thread: the call's id as a number. All streams of a group share a media thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u128);

/// One playing of a list of sounds; chosen by the exchange, unique per stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaybackId(pub u64);

/// A recording; the exchange's recording id as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingKey(pub u128);

/// A codec of the session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 µ-law, payload type 0 (ITU-T G.711, RFC 3551).
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

/// Which way sound goes, seen from us (RFC 3264).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    SendReceive,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

/// One thing to play. Prompts are spoken in the playback's language; a missing take falls back to the other language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A prompt of the library by name ("welcome").
    Prompt(Arc<str>),
    /// A whole number as words ("twelve"), composed of library prompts.
    Number(u32),
    /// Digits one by one.
    Digits(Arc<str>),
    /// A sine of this frequency, length and level (dBm0, ≤ 0).
    Tone { hz: u16, ms: u32, level_dbm0: i8 },
    /// Nothing for this long.
    Silence { ms: u32 },
    /// Music by name, from where this stream left it ("calm").
    Music(Arc<str>),
}

/// What the exchange asks of the media plane. A command for an unknown stream is answered by `Failed` or dropped.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make a stream: sockets on the group's thread.
    Open { group: GroupId, stream: StreamId },
    /// Produce an offer with these codecs in this order. Answered by `Described`.
    Offer { group: GroupId, stream: StreamId, codecs: Vec<Codec> },
    /// Take their offer and produce the answer. Answered by `Described`, or `Failed` when no codec is shared.
    Answer { group: GroupId, stream: StreamId, offer: Bytes, codecs: Vec<Codec> },
    /// Take their answer to our offer. Answered by `Negotiated` or `Failed`.
    Accept { group: GroupId, stream: StreamId, answer: Bytes },
    /// Play; replaces what the stream plays. `repeat` loops the list until stopped. Ends in `Played`.
    Play {
        group: GroupId,
        stream: StreamId,
        playback: PlaybackId,
        language: Arc<str>,
        sounds: Vec<Sound>,
        repeat: bool,
    },
    /// Stop that playback, if it still plays. Ends in `Played { finished: false }`.
    Stop { group: GroupId, stream: StreamId, playback: PlaybackId },
    /// Let two streams of a group hear each other; a playback on either stops.
    Bridge { group: GroupId, one: StreamId, other: StreamId },
    /// Part them.
    Unbridge { group: GroupId, one: StreamId, other: StreamId },
    /// Record what `left` and `right` receive (their own talker's sound), from now. Mono without `right`.
    Record { group: GroupId, recording: RecordingKey, left: StreamId, right: Option<StreamId> },
    /// End a recording. Answered by `Recorded`.
    StopRecording { group: GroupId, recording: RecordingKey },
    /// Send digits to the far end (RFC 4733), 100 ms on, 60 ms off.
    SendDigits { group: GroupId, stream: StreamId, digits: Arc<str> },
    /// End a stream; its recordings, playback and bridge end first. Answered by `Closed`.
    Close { group: GroupId, stream: StreamId },
}

/// What the media plane says.
#[derive(Clone, Debug)]
pub enum Event {
    /// Our description: the offer asked for, or the answer to theirs (then `codec` is chosen).
    Described { stream: StreamId, description: Bytes, codec: Option<Codec>, direction: Direction },
    /// Their answer was taken.
    Negotiated { stream: StreamId, codec: Codec, direction: Direction },
    /// What was asked cannot be done; `reason` is one of `no_ports`, `bad_description`, `no_common_codec`, `no_audio`, `unknown_stream`.
    Failed { stream: StreamId, reason: &'static str },
    /// First packet of the far end arrived; sound flows from here.
    Latched { stream: StreamId, source: SocketAddr },
    /// A key was pressed (RFC 4733 end, or 100 ms in-band), once per press.
    Digit { stream: StreamId, digit: char, ms: u32 },
    /// A playback is over: by itself, or stopped or replaced.
    Played { stream: StreamId, playback: PlaybackId, finished: bool },
    /// A recording ended; every piece is on disk but for what `lost_ms` says.
    Recorded { recording: RecordingKey, ms: u64, lost_ms: u64 },
    /// Nothing came for 30 s, whether or not the direction lets it; said again every 30 s until something comes. The far end
    /// may be muted, hold the call, or be dead.
    Silent { stream: StreamId },
    /// Something came after [`Event::Silent`].
    Heard { stream: StreamId },
    /// The stream is gone; its last event.
    Closed { stream: StreamId, statistics: Statistics },
}

/// What a stream went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub received_packets: u64,
    pub sent_packets: u64,
    /// Missing by sequence number.
    pub lost_packets: u64,
    /// Came too late or twice.
    pub discarded_packets: u64,
    /// From a source that was not locked on.
    pub foreign_packets: u64,
    /// RFC 3550 interarrival jitter, microseconds, largest seen.
    pub jitter_us_max: u32,
}
