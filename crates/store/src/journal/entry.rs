//! What a journal line says. Lines are `crc32 in hexadecimal, space, JSON, newline`, so that a person can read them.

use crate::Piece;
use report::Record;
use serde::{Deserialize, Serialize};
use vocab::{CallId, Envelope, FactRecord, LegId, RecordingId};

/// Version of the lines below. A journal of a higher one is refused; unknown kinds of lines are never skipped silently.
pub const FORMAT_VERSION: u32 = 1;

/// A promise (what a restart must honour) or an input (what a replay must repeat).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Something happened.
    Fact(FactRecord),
    /// A message to the dispatcher, as it was handed over.
    Report {
        /// Monotonic time of this process, milliseconds, to which the ages in it refer.
        mono_ms: u64,
        /// The message.
        envelope: Envelope<acd::Report>,
    },
    /// A phone is about to be called; the newest of a leg counts, until the leg is confirmed or over.
    Inviting {
        /// The call it belongs to.
        call: CallId,
        /// The leg.
        leg: LegId,
        /// The INVITE as its owner exports it, JSON.
        snapshot: String,
    },
    /// A leg was confirmed, or its dialog changed; the newest of a leg counts.
    Dialog {
        /// The call it belongs to.
        call: CallId,
        /// The leg.
        leg: LegId,
        /// The dialog as its owner exports it, JSON.
        snapshot: String,
    },
    /// A leg's dialog is over, or the INVITE that should have made one.
    DialogOver {
        /// The leg.
        leg: LegId,
    },
    /// A phone registered, or registered anew; the newest of an account and contact counts.
    Binding {
        /// The account.
        account: String,
        /// The contact's address, its key within the account.
        contact: String,
        /// The binding as the registrar exports it, JSON.
        snapshot: String,
    },
    /// A registration ended.
    BindingOver {
        /// The account.
        account: String,
        /// The contact's address.
        contact: String,
    },
    /// A file of a recording was begun.
    Piece(Piece),
    /// It was closed.
    PieceClosed {
        /// The recording.
        recording: RecordingId,
        /// Number within it.
        number: u32,
        /// Bytes of sound in it.
        bytes: u64,
    },
    /// A call is over and this is its record.
    Record(Box<Record>),
    /// The configuration the machines run with from here on.
    Configuration {
        /// Its revision.
        revision: u64,
        /// Seed of the machines.
        seed: u64,
    },
    /// The database has these; they need not be kept here.
    Acknowledged {
        /// Records.
        calls: Vec<CallId>,
        /// Pieces.
        pieces: Vec<(RecordingId, u32)>,
    },
    /// The process stopped of its own will with nothing open.
    CleanStop,
    /// First line of a segment; the journal writes it.
    Segment {
        /// [`FORMAT_VERSION`] of the writer.
        version: u32,
        /// Number of the segment, that of its file name.
        number: u32,
    },
    /// What lived when the segment was begun follows, in its own lines; the journal writes it.
    SnapshotBegin {
        /// Number of the next fact.
        next_fact_seq: u64,
        /// The oldest segment with a record the database did not have; a reader need not begin before it.
        records_from: u32,
    },
    /// It was all; the journal writes it.
    SnapshotEnd,
}

/// Bytes before the JSON: eight hexadecimal digits and a space.
const HEAD_BYTES: usize = 9;

/// Appends the entry's line.
pub(super) fn write_line(buffer: &mut Vec<u8>, entry: &Entry) {
    let start = buffer.len();
    buffer.extend_from_slice(b"00000000 ");
    serde_json::to_writer(&mut *buffer, entry).expect("entries have text keys only and a buffer takes every byte");
    let crc = crc32fast::hash(&buffer[start + HEAD_BYTES..]);
    for (place, digit) in buffer[start..start + 8].iter_mut().enumerate() {
        let nibble = (crc >> (28 - 4 * place)) & 0xf;
        *digit = b"0123456789abcdef"[nibble as usize];
    }
    buffer.push(b'\n');
}

/// Whether the line is of this kind (its name in JSON), told without reading it.
pub(super) fn is_kind(line: &[u8], kind: &str) -> bool {
    let json = line.get(HEAD_BYTES + 2..).unwrap_or_default();
    json.strip_prefix(kind.as_bytes()).is_some_and(|rest| rest.starts_with(b"\""))
}

/// Reads a line without its newline.
pub(super) fn read_line(line: &[u8]) -> Result<Entry, LineFault> {
    serde_json::from_slice(content(line)?).map_err(|error| LineFault::Content(error.to_string()))
}

/// The JSON of a line whose bytes are those that were written.
pub(super) fn content(line: &[u8]) -> Result<&[u8], LineFault> {
    let (head, json) = line.split_at_checked(HEAD_BYTES).ok_or(LineFault::Short)?;
    let digits = std::str::from_utf8(&head[..8]).map_err(|_| LineFault::Checksum)?;
    let crc = u32::from_str_radix(digits, 16).map_err(|_| LineFault::Checksum)?;
    if head[8] != b' ' || crc != crc32fast::hash(json) {
        return Err(LineFault::Checksum);
    }
    Ok(json)
}

/// Why a line cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Shorter than any line.
    #[error("line too short")]
    Short,
    /// The bytes are not those that were written.
    #[error("checksum does not match")]
    Checksum,
    /// The bytes are right but say something this release does not know.
    #[error("content unknown: {0}")]
    Content(String),
}
