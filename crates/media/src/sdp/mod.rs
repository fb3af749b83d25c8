//! Session descriptions (RFC 8866): text to values. What to make of them is in `negotiate`.
//!
//! Tolerant of what phones really send (bare line feeds, unknown lines, bytes that are not UTF-8), strict about limits.

mod negotiate;

pub use negotiate::{Agreement, Local, Refusal, accept, answer, offer};

use crate::boundary::Direction;
use std::net::IpAddr;

/// Longest description read; RFC 4475's largest is a tenth of it.
pub const DESCRIPTION_BYTES_MAX: usize = 64 * 1024;
/// Most lines read.
const LINES_MAX: usize = 2_000;
/// Most media lines; an offer with more is not from a phone.
const MEDIA_MAX: usize = 32;
/// Most payload formats of a media line.
const FORMATS_MAX: usize = 128;

/// Why bytes are no session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Longer than [`DESCRIPTION_BYTES_MAX`], or more lines, media or formats than the limits.
    #[error("description over its limits")]
    TooLarge,
    /// A line that is not `letter=value`, or no `v=0` in front.
    #[error("not a session description")]
    NotADescription,
    /// A media line whose parts cannot be read.
    #[error("malformed media line")]
    BadMedia,
    /// A connection line whose address cannot be read.
    #[error("malformed connection line")]
    BadConnection,
}

/// A description, as far as sound needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Connection of media that have none of their own.
    pub connection: Option<IpAddr>,
    /// Direction of media that have none of their own.
    pub direction: Option<Direction>,
    /// Media lines in their order.
    pub media: Vec<Media>,
}

/// One media line with its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// "audio", "video", …
    pub kind: String,
    /// 0 means refused or ended.
    pub port: u16,
    /// "RTP/AVP", …
    pub protocol: String,
    /// Payload types, for RTP.
    pub formats: Vec<String>,
    /// Its own connection.
    pub connection: Option<IpAddr>,
    /// Its own direction, as the far end sees it.
    pub direction: Option<Direction>,
    /// What payload types mean: type, encoding in lower case, clock.
    pub encodings: Vec<(u8, String, u32)>,
    /// Length of a packet in ms that the far end would like.
    pub packet_ms: Option<u16>,
}

/// Reads a description.
pub fn parse(bytes: &[u8]) -> Result<Description, DescriptionError> {
    if bytes.len() > DESCRIPTION_BYTES_MAX {
        return Err(DescriptionError::TooLarge);
    }
    let mut description = Description::default();
    let mut versioned = false;
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if number >= LINES_MAX {
            return Err(DescriptionError::TooLarge);
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let &[letter, b'=', ref value @ ..] = line else { return Err(DescriptionError::NotADescription) };
        // Names in Latin-1 or GBK are common in `s=`; only what is ASCII by its grammar is looked at.
        let value = String::from_utf8_lossy(value);
        let value = value.trim();
        if !versioned {
            if letter != b'v' || value != "0" {
                return Err(DescriptionError::NotADescription);
            }
            versioned = true;
        }
        description.take_line(letter, value)?;
    }
    if versioned { Ok(description) } else { Err(DescriptionError::NotADescription) }
}

impl Description {
    fn take_line(&mut self, letter: u8, value: &str) -> Result<(), DescriptionError> {
        match letter {
            b'm' => {
                if self.media.len() >= MEDIA_MAX {
                    return Err(DescriptionError::TooLarge);
                }
                self.media.push(media_line(value)?);
            }
            b'c' => {
                let address = Some(connection_line(value)?);
                match self.media.last_mut() {
                    Some(media) => media.connection = address,
                    None => self.connection = address,
                }
            }
            b'a' => self.take_attribute(value),
            _ => {}
        }
        Ok(())
    }

    fn take_attribute(&mut self, value: &str) {
        let direction = match value {
            "sendrecv" => Some(Direction::SendReceive),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::ReceiveOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        };
        let Some(media) = self.media.last_mut() else {
            self.direction = direction.or(self.direction);
            return;
        };
        media.direction = direction.or(media.direction);
        if let Some(map) = value.strip_prefix("rtpmap:") {
            if media.encodings.len() < FORMATS_MAX {
                media.encodings.extend(encoding(map));
            }
        } else if let Some(ms) = value.strip_prefix("ptime:") {
            media.packet_ms = ms.trim().parse().ok();
        }
    }
}

/// `audio 49170 RTP/AVP 0 8 101`
fn media_line(value: &str) -> Result<Media, DescriptionError> {
    if !value.bytes().all(|byte| byte == b' ' || byte == b'\t' || byte.is_ascii_graphic()) {
        return Err(DescriptionError::BadMedia);
    }
    let mut words = value.split_ascii_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
        return Err(DescriptionError::BadMedia);
    };
    // `port/count` is for layered coding; the first port is the one that counts.
    let port = port.split('/').next().unwrap_or(port).parse().map_err(|_| DescriptionError::BadMedia)?;
    let formats: Vec<String> = words.take(FORMATS_MAX + 1).map(str::to_owned).collect();
    match formats.len() {
        0 => Err(DescriptionError::BadMedia),
        count if count > FORMATS_MAX => Err(DescriptionError::TooLarge),
        _ => Ok(Media {
            kind: kind.to_ascii_lowercase(),
            port,
            protocol: protocol.to_owned(),
            formats,
            ..Media::default()
        }),
    }
}

/// `IN IP4 192.0.2.1` or `IN IP6 2001:db8::1`; a host name cannot be used without waiting for DNS and is refused.
fn connection_line(value: &str) -> Result<IpAddr, DescriptionError> {
    let mut words = value.split_ascii_whitespace();
    let (Some("IN"), Some(family), Some(address)) = (words.next(), words.next(), words.next()) else {
        return Err(DescriptionError::BadConnection);
    };
    let address: IpAddr =
        address.split('/').next().unwrap_or(address).parse().map_err(|_| DescriptionError::BadConnection)?;
    let right_family = match family {
        "IP4" => address.is_ipv4(),
        "IP6" => address.is_ipv6(),
        _ => false,
    };
    // Sound to a group address would be sent to whoever listens.
    if right_family && !address.is_multicast() { Ok(address) } else { Err(DescriptionError::BadConnection) }
}

/// `101 telephone-event/8000[/1]`
fn encoding(map: &str) -> Option<(u8, String, u32)> {
    let (number, rest) = map.trim().split_once([' ', '\t'])?;
    let mut parts = rest.trim().split('/');
    let (name, clock, channels) = (parts.next()?, parts.next()?, parts.next().unwrap_or("1"));
    let number = number.parse().ok().filter(|number| *number < 128)?;
    (channels.trim() == "1").then_some((number, name.to_ascii_lowercase(), clock.trim().parse().ok()?))
}
