//! What can be wrong with bytes before they are a message. Owns the crate's one error type.

use thiserror::Error;

/// Why bytes are not a message. Such bytes cannot be answered: whoever sent them is not speaking SIP to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// Only line ends: a keep-alive (RFC 5626 section 4.4.1).
    #[error("a keep-alive, not a message")]
    KeepAlive,
    /// The first line is neither a request line nor a status line of SIP.
    #[error("the first line is not SIP")]
    StartLine,
    /// More bytes than [`crate::message::MESSAGE_BYTES_MAX`].
    #[error("message longer than 64 KiB")]
    TooLong,
    /// A stream does not begin with a message: another protocol, or lost framing.
    #[error("the stream does not carry SIP")]
    Binary,
    /// The message before it had no usable Content-Length, so the stream cannot be cut any more.
    #[error("framing of the stream is lost")]
    FramingLost,
}
