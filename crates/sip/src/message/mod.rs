//! A SIP message as it was on the wire, with typed views made on demand (RFC 3261 section 7).
//!
//! Owns syntax: bytes in, names and values out, and bytes again. It must never know what a message means to a
//! transaction or dialog. Values stay bytes (Latin-1 display names arrive in practice); text made of them is lossy.

mod headers;
mod parse;
mod uri;
mod write;

pub(crate) use headers::pair;
pub use headers::{CSeq, NameAddress, Via, list, parameter, parameters, unquote};
pub(crate) use parse::content_length;
pub use parse::{Framing, parse};
pub use uri::Uri;
pub(crate) use uri::escaped_user;
pub use write::{Writer, reason_phrase};
pub(crate) use write::{quoted, sanitized};

use bytes::Bytes;

/// The largest message accepted, which is also the largest datagram.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Header lines in one message; the longest seen from real equipment have about 60.
pub const HEADERS_MAX: usize = 256;

/// A method. Comparison is by case, as RFC 3261 section 7.1 demands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the method of that name")]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Info,
    Update,
    Prack,
    Subscribe,
    Notify,
    Refer,
    Message,
    Publish,
    /// Anything else that is a token.
    Other(Bytes),
}

impl Method {
    const KNOWN: [(Self, &'static str); 14] = [
        (Self::Invite, "INVITE"),
        (Self::Ack, "ACK"),
        (Self::Bye, "BYE"),
        (Self::Cancel, "CANCEL"),
        (Self::Options, "OPTIONS"),
        (Self::Register, "REGISTER"),
        (Self::Info, "INFO"),
        (Self::Update, "UPDATE"),
        (Self::Prack, "PRACK"),
        (Self::Subscribe, "SUBSCRIBE"),
        (Self::Notify, "NOTIFY"),
        (Self::Refer, "REFER"),
        (Self::Message, "MESSAGE"),
        (Self::Publish, "PUBLISH"),
    ];

    /// The method of this name.
    pub fn of(name: &Bytes) -> Self {
        let known = Self::KNOWN.iter().find(|(_, known)| known.as_bytes() == &name[..]);
        known.map_or_else(|| Self::Other(name.clone()), |(method, _)| method.clone())
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        match self {
            Self::Invite => b"INVITE",
            Self::Ack => b"ACK",
            Self::Bye => b"BYE",
            Self::Cancel => b"CANCEL",
            Self::Options => b"OPTIONS",
            Self::Register => b"REGISTER",
            Self::Info => b"INFO",
            Self::Update => b"UPDATE",
            Self::Prack => b"PRACK",
            Self::Subscribe => b"SUBSCRIBE",
            Self::Notify => b"NOTIFY",
            Self::Refer => b"REFER",
            Self::Message => b"MESSAGE",
            Self::Publish => b"PUBLISH",
            Self::Other(name) => name,
        }
    }
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartLine {
    /// Of a request.
    Request {
        /// What is asked.
        method: Method,
        /// Of whom.
        uri: Bytes,
    },
    /// Of a response.
    Response {
        /// 100 to 699.
        status: u16,
        /// Any bytes, possibly none.
        reason: Bytes,
    },
}

macro_rules! header_names {
    ($($name:ident = $canonical:literal $(/ $compact:literal)?;)*) => {
        /// The name of a header line.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is the header of that name")]
        pub enum HeaderName {
            $($name,)*
            /// Any other, as it was written.
            Other(Bytes),
        }

        impl HeaderName {
            /// The header of this name, long or compact, in any case (RFC 3261 sections 7.3.1 and 7.3.3).
            pub fn of(name: &Bytes) -> Self {
                $(if name.eq_ignore_ascii_case($canonical.as_bytes()) $(|| name.eq_ignore_ascii_case($compact.as_bytes()))? {
                    return Self::$name;
                })*
                Self::Other(name.clone())
            }

            /// Its canonical name.
            pub fn name(&self) -> &[u8] {
                match self {
                    $(Self::$name => $canonical.as_bytes(),)*
                    Self::Other(name) => name,
                }
            }
        }
    };
}

header_names! {
    Via = "Via" / "v";
    From = "From" / "f";
    To = "To" / "t";
    CallId = "Call-ID" / "i";
    CSeq = "CSeq";
    Contact = "Contact" / "m";
    MaxForwards = "Max-Forwards";
    ContentLength = "Content-Length" / "l";
    ContentType = "Content-Type" / "c";
    ContentEncoding = "Content-Encoding" / "e";
    ContentDisposition = "Content-Disposition";
    RecordRoute = "Record-Route";
    Route = "Route";
    Allow = "Allow";
    Supported = "Supported" / "k";
    UserAgent = "User-Agent";
    Require = "Require";
    ProxyRequire = "Proxy-Require";
    Accept = "Accept";
    AllowEvents = "Allow-Events" / "u";
    Event = "Event" / "o";
    Expires = "Expires";
    MinExpires = "Min-Expires";
    Authorization = "Authorization";
    ProxyAuthorization = "Proxy-Authorization";
    WwwAuthenticate = "WWW-Authenticate";
    ProxyAuthenticate = "Proxy-Authenticate";
    Server = "Server";
    Reason = "Reason";
    RetryAfter = "Retry-After";
    Unsupported = "Unsupported";
    CallInfo = "Call-Info";
    AlertInfo = "Alert-Info";
    PAssertedIdentity = "P-Asserted-Identity";
    Diversion = "Diversion";
    Subject = "Subject" / "s";
    Date = "Date";
}

/// One header line, unfolded and trimmed.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: HeaderName,
    /// Its value: a slice of the message, unless it had to be unfolded.
    pub value: Bytes,
}

/// What makes a request unusable although it can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The status to answer with.
    pub status: u16,
    /// What is wrong; also the reason phrase of the answer, as RFC 3261 section 21.4.1 advises.
    pub reason: &'static str,
}

impl Fault {
    /// A malformed request.
    pub const fn bad_request(reason: &'static str) -> Self {
        Self { status: 400, reason }
    }
}

/// A message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: StartLine,
    /// The header lines in their order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Bytes,
    /// The first thing found wrong with its syntax. Such a message was still read as far as it goes, because a bad
    /// request deserves its answer; nothing else may be done with it.
    pub fault: Option<Fault>,
}

impl Message {
    /// The first value of a header.
    pub fn first(&self, name: &HeaderName) -> Option<&Bytes> {
        self.all(name).next()
    }

    /// All values of a header, line by line.
    pub fn all<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a Bytes> {
        self.headers.iter().filter(move |header| header.name == *name).map(|header| &header.value)
    }

    /// All elements of a header whose value is a comma-separated list, over all its lines.
    pub fn elements<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.all(name).flat_map(|value| list(value))
    }

    /// The topmost Via; none if it is missing or cannot be read.
    pub fn top_via(&self) -> Option<Via<'_>> {
        Via::parse(self.elements(&HeaderName::Via).next()?)
    }

    /// The From header; none if missing or malformed.
    pub fn from(&self) -> Option<NameAddress<'_>> {
        NameAddress::parse(self.first(&HeaderName::From)?)
    }

    /// The To header; none if missing or malformed.
    pub fn to(&self) -> Option<NameAddress<'_>> {
        NameAddress::parse(self.first(&HeaderName::To)?)
    }

    /// The CSeq header; none if missing or malformed.
    pub fn cseq(&self) -> Option<CSeq<'_>> {
        CSeq::parse(self.first(&HeaderName::CSeq)?)
    }

    /// A header that is one decimal number; none if missing or not a number below 2^32.
    pub fn number(&self, name: &HeaderName) -> Option<u32> {
        std::str::from_utf8(self.first(name)?).ok()?.parse().ok()
    }
}

/// Lossy text of bytes.
pub fn text(bytes: &[u8]) -> std::sync::Arc<str> {
    String::from_utf8_lossy(bytes).into()
}

/// Credentials are not for logs: whoever sees a digest may try passwords against it at leisure.
impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = matches!(self.name, HeaderName::Authorization | HeaderName::ProxyAuthorization);
        let value = if secret { "(hidden)".into() } else { String::from_utf8_lossy(&self.value) };
        write!(f, "{}: {value}", String::from_utf8_lossy(self.name.name()))
    }
}

/// Nor are bodies, which may hold media keys.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("start", &self.start)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .field("fault", &self.fault)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let text = b"REGISTER sip:h SIP/2.0\r\nAuthorization: Digest response=\"c0ffee\"\r\nCSeq: 1 REGISTER\r\n\r\na=crypto:key";
        let shown = format!("{:?}", parse(&Bytes::from_static(text), Framing::Datagram));
        assert!(
            shown.contains("CSeq: 1 REGISTER") && !shown.contains("c0ffee") && !shown.contains("crypto"),
            "{shown}"
        );
    }
}
