//! The machine of a media thread. Calls of its methods are, in order: `handle` for what the exchange asks, `packet` for
//! what arrives, `tick` every 20 ms. What it wants done goes to the [`Sink`]. After a stream's start, `packet` and
//! `tick` allocate nothing.

mod commands;
mod packets;
mod stream;
mod ticks;

use crate::{
    boundary::{Event, RecordingKey, StreamId},
    sound::Library,
};
use rand_core::SeedableRng as _;
use rand_pcg::Pcg64Mcg;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use stream::Stream;

/// What an engine starts with.
#[derive(Clone, Debug)]
pub struct Config {
    /// For the random numbers RTP and SDP begin with. Must be secret in production: they keep strangers out.
    pub seed: u64,
    /// What can be played.
    pub library: Arc<Library>,
}

/// A stream's place in its engine, by which sockets and packets name it: a small number, so that nobody searches a table
/// for each packet. When the stream is closed it may be another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub usize);

/// Where the engine's outputs go.
pub trait Sink {
    /// Gives a stream its sockets and says under which address the far end reaches them; `None` when none are left.
    fn open(&mut self, slot: Slot, stream: StreamId) -> Option<SocketAddr>;
    /// Takes them away again.
    fn close(&mut self, slot: Slot);
    /// From now on the stream's sound comes from this address only and goes to it, or from anywhere again. What others
    /// send meanwhile may be dropped unseen.
    fn lock(&mut self, slot: Slot, far_end: Option<SocketAddr>);
    /// Sends an RTP packet.
    fn send(&mut self, slot: Slot, to: SocketAddr, packet: &[u8]);
    /// Tells the exchange.
    fn event(&mut self, event: Event);
    /// Gives a recording its sound. Whoever writes it tells [`Event::Recorded`] after [`Tap::End`].
    fn tap(&mut self, recording: RecordingKey, tap: Tap<'_>);
}

/// The life of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap<'a> {
    /// It starts, with one or two channels.
    Begin {
        /// 1 or 2.
        channels: u16,
    },
    /// 20 ms of µ-law: 160 bytes, or 320 of left and right in turn.
    Block(&'a [u8]),
    /// It is over, after so much sound.
    End {
        /// Length of all blocks.
        ms: u64,
    },
}

/// See the module.
#[derive(Debug)]
pub struct Engine {
    /// Slots; a bridge and a recording name streams by slot, and let go of it before it is used again.
    streams: Vec<Option<Stream>>,
    free: Vec<usize>,
    slots: BTreeMap<StreamId, usize>,
    recordings: Vec<Recording>,
    library: Arc<Library>,
    random: Pcg64Mcg,
}

#[derive(Debug)]
struct Recording {
    key: RecordingKey,
    left: usize,
    right: Option<usize>,
    blocks: u64,
}

impl Engine {
    /// An engine without streams.
    pub fn new(config: Config) -> Self {
        Engine {
            streams: Vec::new(),
            free: Vec::new(),
            slots: BTreeMap::new(),
            recordings: Vec::new(),
            library: config.library,
            random: Pcg64Mcg::seed_from_u64(config.seed),
        }
    }

    /// Plays from another library from now on; what plays already goes on as it was.
    pub fn set_library(&mut self, library: Arc<Library>) {
        self.library = library;
    }

    /// Streams that are open.
    pub fn stream_count(&self) -> usize {
        self.slots.len()
    }

    fn find(&mut self, id: StreamId) -> Option<(usize, &mut Stream)> {
        let slot = *self.slots.get(&id)?;
        Some((slot, self.streams.get_mut(slot)?.as_mut()?))
    }

    fn at(&mut self, slot: usize) -> &mut Stream {
        self.streams[slot].as_mut().expect("a slot that is named is in use")
    }

    fn free_slot(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.streams.push(None);
            self.streams.len() - 1
        })
    }
}
