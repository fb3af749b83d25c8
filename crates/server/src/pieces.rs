//! Between the recorder's files and the journal's and store's pieces.

use store::{Piece, journal::Entry};
use vocab::{CallId, RecordingId};
use wire::recording::PieceReport;

/// The recording a report is about.
pub fn recording_of(report: &PieceReport) -> RecordingId {
    let (PieceReport::Opened(piece) | PieceReport::Closed(piece)) = report;
    RecordingId(uuid::Uuid::from_u128(piece.recording.0))
}

/// The journal's line, and what the database shall know.
pub fn journaled(report: PieceReport, call: CallId) -> (Entry, Piece) {
    let recording = recording_of(&report);
    match report {
        PieceReport::Opened(piece) => {
            let piece = stored(recording, call, piece, None);
            (Entry::Piece(piece.clone()), piece)
        }
        PieceReport::Closed(piece) => {
            let (number, bytes) = (piece.number, piece.bytes);
            (Entry::PieceClosed { recording, number, bytes }, stored(recording, call, piece, Some(bytes)))
        }
    }
}

fn stored(recording: RecordingId, call: CallId, piece: wire::recording::Piece, bytes: Option<u64>) -> Piece {
    Piece {
        recording,
        call,
        number: piece.number,
        offset_ms: piece.offset_ms,
        path: piece.path,
        channels: u8::try_from(piece.channels).unwrap_or(u8::MAX),
        codec: piece.codec.to_owned(),
        bytes,
    }
}
