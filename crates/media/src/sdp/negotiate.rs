//! Offer and answer for one line of sound (RFC 3264): which codec, where to send, which way.
//!
//! Answers keep the offer's media lines in number and order; every line but the chosen one is refused with port 0.

use super::{Description, Media};
use crate::boundary::{Codec, Direction};
use bytes::Bytes;
use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

/// Our payload type for digits; the number nearly every phone uses.
const EVENT_PAYLOAD_TYPE: u8 = 101;
/// Length of the packets we send and ask for.
const PACKET_MS: u16 = 20;
/// The only transport of this stage; SRTP and feedback profiles come with WebRTC.
const PROTOCOL: &str = "RTP/AVP";

/// What of ours goes into a description.
#[derive(Clone, Copy, Debug)]
pub struct Local {
    /// Where we listen, as the far end reaches it.
    pub address: SocketAddr,
    /// Names the session in `o=`; constant over its offers and answers.
    pub session: u64,
    /// Grows with every description (RFC 3264 section 8).
    pub version: u64,
}

/// What both ends settled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// What we send, and what they should.
    pub codec: Codec,
    /// The payload type they want it under.
    pub payload_type: u8,
    /// The payload type they want digits under, if they take any.
    pub event_payload_type: Option<u8>,
    /// Where they listen; `None` while they hold the old way (0.0.0.0).
    pub remote: Option<SocketAddr>,
    /// Which way sound goes, seen from us.
    pub direction: Direction,
}

/// Why nothing was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No media line that is sound over RTP with a port.
    #[error("no usable line of sound")]
    NoAudio,
    /// Sound, but in no codec of ours.
    #[error("no codec in common")]
    NoCommonCodec,
    /// The line is there, its address is not.
    #[error("no address for the sound")]
    NoAddress,
}

/// Writes an offer of these codecs in this order.
pub fn offer(local: Local, codecs: &[Codec]) -> Bytes {
    let mut text = session_lines(local);
    let types: Vec<(Codec, u8)> = codecs.iter().map(|codec| (*codec, static_payload_type(*codec))).collect();
    audio_lines(&mut text, local, &types, Some(EVENT_PAYLOAD_TYPE), Direction::SendReceive);
    text.into()
}

/// Chooses the first of `codecs` that a line of the offer has, and writes the answer.
pub fn answer(local: Local, offer: &Description, codecs: &[Codec]) -> Result<(Bytes, Agreement), Refusal> {
    let (chosen, agreement) = choose(offer, codecs)?;
    let mut text = session_lines(local);
    for (number, media) in offer.media.iter().enumerate() {
        if number == chosen {
            let types = [(agreement.codec, agreement.payload_type)];
            audio_lines(&mut text, local, &types, agreement.event_payload_type, agreement.direction);
        } else {
            let _ = write!(text, "m={} 0 {} {}\r\n", media.kind, media.protocol, media.formats.join(" "));
        }
    }
    Ok((text.into(), agreement))
}

/// Takes their answer to our offer of `codecs`; their order decides now (RFC 3264 section 6.1).
pub fn accept(answer: &Description, codecs: &[Codec]) -> Result<Agreement, Refusal> {
    let media = answer.media.first().filter(|media| usable(media)).ok_or(Refusal::NoAudio)?;
    let (codec, payload_type) = media
        .formats
        .iter()
        .find_map(|format| codec_of(media, format).filter(|(codec, _)| codecs.contains(codec)))
        .ok_or(Refusal::NoCommonCodec)?;
    agreement(answer, media, codec, payload_type)
}

fn choose(offer: &Description, codecs: &[Codec]) -> Result<(usize, Agreement), Refusal> {
    let mut refusal = Refusal::NoAudio;
    for (number, media) in offer.media.iter().enumerate().filter(|(_, media)| usable(media)) {
        let found = codecs.iter().find_map(|wanted| {
            media.formats.iter().filter_map(|format| codec_of(media, format)).find(|(codec, _)| codec == wanted)
        });
        match found {
            Some((codec, payload_type)) => return Ok((number, agreement(offer, media, codec, payload_type)?)),
            None => refusal = Refusal::NoCommonCodec,
        }
    }
    Err(refusal)
}

fn agreement(description: &Description, media: &Media, codec: Codec, payload_type: u8) -> Result<Agreement, Refusal> {
    let address = media.connection.or(description.connection).ok_or(Refusal::NoAddress)?;
    let remote = (!address.is_unspecified()).then(|| SocketAddr::new(address, media.port));
    let theirs = media.direction.or(description.direction).unwrap_or(Direction::SendReceive);
    Ok(Agreement {
        codec,
        payload_type,
        event_payload_type: event_payload_type(media),
        remote,
        direction: mirrored(theirs, remote.is_some()),
    })
}

/// Their direction seen from us. Without an address they do not want to hear anything (RFC 2543's hold).
fn mirrored(theirs: Direction, reachable: bool) -> Direction {
    match (theirs, reachable) {
        (Direction::SendReceive, true) => Direction::SendReceive,
        (Direction::ReceiveOnly, true) => Direction::SendOnly,
        (Direction::SendReceive, false) | (Direction::SendOnly, _) => Direction::ReceiveOnly,
        (Direction::ReceiveOnly, false) | (Direction::Inactive, _) => Direction::Inactive,
    }
}

fn usable(media: &Media) -> bool {
    media.kind == "audio" && media.port != 0 && media.protocol.eq_ignore_ascii_case(PROTOCOL)
}

fn static_payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
    }
}

fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcmu => "PCMU",
        Codec::Pcma => "PCMA",
    }
}

/// The codec of a format: by its rtpmap, or by the static number when there is none (RFC 3551 section 6).
fn codec_of(media: &Media, format: &str) -> Option<(Codec, u8)> {
    let payload_type: u8 = format.parse().ok().filter(|number| *number < 128)?;
    let encoding = media.encodings.iter().find(|(number, ..)| *number == payload_type);
    let codec = match (payload_type, encoding) {
        (_, Some((_, name, 8_000))) if name == "pcmu" => Codec::Pcmu,
        (_, Some((_, name, 8_000))) if name == "pcma" => Codec::Pcma,
        (0, None) => Codec::Pcmu,
        (8, None) => Codec::Pcma,
        _ => return None,
    };
    Some((codec, payload_type))
}

fn event_payload_type(media: &Media) -> Option<u8> {
    let named = |format: &String| {
        let number: u8 = format.parse().ok()?;
        let is_event = |encoding: &&(u8, String, u32)| {
            encoding.0 == number && encoding.1 == "telephone-event" && encoding.2 == 8_000
        };
        media.encodings.iter().find(is_event).map(|_| number)
    };
    media.formats.iter().find_map(named)
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IP4" } else { "IP6" }
}

fn session_lines(local: Local) -> String {
    let (family, address) = (family(local.address.ip()), local.address.ip());
    format!(
        "v=0\r\no=- {} {} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n",
        local.session, local.version
    )
}

fn audio_lines(text: &mut String, local: Local, types: &[(Codec, u8)], event: Option<u8>, direction: Direction) {
    let _ = write!(text, "m=audio {} {PROTOCOL}", local.address.port());
    for number in types.iter().map(|(_, number)| *number).chain(event) {
        let _ = write!(text, " {number}");
    }
    text.push_str("\r\n");
    for (codec, number) in types {
        let _ = write!(text, "a=rtpmap:{number} {}/8000\r\n", name(*codec));
    }
    if let Some(number) = event {
        let _ = write!(text, "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n");
    }
    let direction = match direction {
        Direction::SendReceive => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::ReceiveOnly => "recvonly",
        Direction::Inactive => "inactive",
    };
    let _ = write!(text, "a=ptime:{PACKET_MS}\r\na={direction}\r\n");
}
