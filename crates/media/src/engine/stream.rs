//! What the engine keeps of one leg's stream.

use super::{Sink, Slot};
use crate::{
    FRAME_SAMPLES,
    boundary::{Codec, Direction, Event, Statistics, StreamId},
    digits::{Detector, Receiver, Sender},
    g711::PCMU_SILENCE,
    jitter::JitterBuffer,
    latch::Latch,
    outgoing::Outgoing,
    player::{MusicPlaces, Playback},
    rtp::Reception,
    sdp::{Agreement, Local},
};
use std::{net::SocketAddr, time::Duration};

/// Payload type under which our offers take digits; see `sdp::offer`.
const OWN_EVENT_PAYLOAD_TYPE: u8 = 101;

/// Nothing for so long is told, and again after as long, so that a dead far end does not hold a line for ever. Half a minute:
/// few who live are silent for so long, and who is told asks them, which costs two messages.
pub(super) const SILENT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Stream {
    pub id: StreamId,
    pub slot: Slot,
    pub address: SocketAddr,
    pub session: u64,
    pub version: u64,
    /// Codecs of our offer that waits for its answer, or was answered.
    pub offered: Vec<Codec>,
    pub agreement: Option<Agreement>,
    pub latch: Latch,
    /// The far end the sink was told to lock to.
    pub locked: Option<SocketAddr>,
    pub reception: Reception,
    pub outgoing: Outgoing,
    pub keys_in: Receiver,
    pub keys_out: Sender,
    /// Listens for keys as tones, when none can come as events.
    pub detector: Option<Box<Detector>>,
    pub playback: Option<Playback>,
    pub music: MusicPlaces,
    /// The slot of the stream it is bridged with.
    pub peer: Option<usize>,
    /// There while somebody listens: a recording or the detector.
    pub jitter: Option<JitterBuffer>,
    /// What it received for this tick, when there is a jitter buffer.
    pub heard: [u8; FRAME_SAMPLES],
    pub recordings: u32,
    /// When silence is told next, if nothing comes until then.
    pub silent_at: Duration,
    /// Silence was told, and nothing has come since.
    pub missed: bool,
    pub received_packets: u64,
    pub discarded_packets: u64,
    pub foreign_packets: u64,
}

/// What a payload type means on receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    Sound(Codec),
    Key,
}

impl Stream {
    pub fn new(id: StreamId, slot: Slot, address: SocketAddr, session: u64, outgoing: Outgoing) -> Self {
        Stream {
            id,
            slot,
            address,
            session,
            version: 0,
            offered: Vec::new(),
            agreement: None,
            latch: Latch::new(None),
            locked: None,
            reception: Reception::default(),
            outgoing,
            keys_in: Receiver::default(),
            keys_out: Sender::default(),
            detector: None,
            playback: None,
            music: MusicPlaces::default(),
            peer: None,
            jitter: None,
            heard: [PCMU_SILENCE; FRAME_SAMPLES],
            recordings: 0,
            silent_at: Duration::ZERO,
            missed: false,
            received_packets: 0,
            discarded_packets: 0,
            foreign_packets: 0,
        }
    }

    /// Our part of the next description.
    pub fn next_local(&mut self) -> Local {
        self.version += 1;
        Local { address: self.address, session: self.session, version: self.version }
    }

    /// Takes what was negotiated.
    pub fn agree(&mut self, now: Duration, agreement: Agreement, sink: &mut impl Sink) {
        self.latch.describe(agreement.remote);
        self.lock(now, sink);
        let hears_tones = agreement.event_payload_type.is_none();
        if hears_tones != self.detector.is_some() {
            self.detector = hears_tones.then(Box::default);
        }
        self.agreement = Some(agreement);
        self.silent_at = now + SILENT;
        self.listen_if_needed();
    }

    /// Makes or drops the jitter buffer.
    pub fn listen_if_needed(&mut self) {
        let needed = self.recordings > 0 || self.detector.is_some();
        if needed != self.jitter.is_some() {
            self.jitter = needed.then(JitterBuffer::default);
            self.heard = [PCMU_SILENCE; FRAME_SAMPLES];
        }
    }

    /// The meaning of a payload type. Both what the far end described and what our offer said may come; the static
    /// numbers too, since phones change between the codecs of an offer without asking.
    pub fn payload(&self, agreement: &Agreement, payload_type: u8) -> Option<Payload> {
        match payload_type {
            own if own == agreement.payload_type => Some(Payload::Sound(agreement.codec)),
            event if Some(event) == agreement.event_payload_type => Some(Payload::Key),
            0 => Some(Payload::Sound(Codec::Pcmu)),
            8 => Some(Payload::Sound(Codec::Pcma)),
            OWN_EVENT_PAYLOAD_TYPE if !self.offered.is_empty() => Some(Payload::Key),
            _ => None,
        }
    }

    /// Where sound goes, when it may.
    pub fn destination(&self) -> Option<SocketAddr> {
        let agreement = self.agreement.as_ref()?;
        // A far end that holds without an address described none that sound may go to.
        agreement.remote?;
        match agreement.direction {
            Direction::SendReceive | Direction::SendOnly => self.latch.destination(),
            Direction::ReceiveOnly | Direction::Inactive => None,
        }
    }

    /// Tells the sink when the far end's address became final, or may change again.
    pub fn lock(&mut self, now: Duration, sink: &mut impl Sink) {
        let settled = self.latch.settled(now);
        if settled != self.locked {
            self.locked = settled;
            sink.lock(self.slot, settled);
        }
    }

    /// Ends the playback before its end.
    pub fn stop_playback(&mut self) -> Option<Event> {
        let playback = self.playback.take()?;
        self.outgoing.pause();
        Some(Event::Played { stream: self.id, playback: playback.id, finished: false })
    }

    pub fn statistics(&self) -> Statistics {
        Statistics {
            received_packets: self.received_packets,
            sent_packets: self.outgoing.sent_packets(),
            lost_packets: self.reception.lost(),
            discarded_packets: self.discarded_packets,
            foreign_packets: self.foreign_packets,
            jitter_us_max: self.reception.jitter_us_max(),
        }
    }
}

/// Whether the far end is let to send.
pub(super) fn may_receive(direction: Direction) -> bool {
    match direction {
        Direction::SendReceive | Direction::ReceiveOnly => true,
        Direction::SendOnly | Direction::Inactive => false,
    }
}
