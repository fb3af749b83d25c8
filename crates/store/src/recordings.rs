//! Recordings and their pieces: which sound belongs to which call, and where it lies. The sound itself is not here.

use crate::{
    Store, StoreError,
    db::{Row, Tx},
    table::{self, damaged, signed, upsert},
};
use report::Record;
use sea_query::{Asterisk, Expr, ExprTrait, Order, Query, SelectStatement, Value};
use serde::{Deserialize, Serialize};
use vocab::{CallId, RecordingId, RecordingPurpose, Timestamp};

const TABLE: &str = "recordings";
const COLUMNS: &[&str] = &["recording", "call", "purpose", "started", "stopped"];
const PIECES: &str = "pieces";
const PIECE_COLUMNS: &[&str] = &["recording", "number", "call", "offset_ms", "path", "channels", "codec", "bytes"];

/// A recording of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// The recording.
    pub recording: RecordingId,
    /// The call it belongs to.
    pub call: CallId,
    /// What for.
    pub purpose: RecordingPurpose,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none while it runs, or when the process died in it.
    pub stopped: Option<Timestamp>,
}

/// One file of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The recording.
    pub recording: RecordingId,
    /// The call.
    pub call: CallId,
    /// Counts from 0 within the recording.
    pub number: u32,
    /// Where it begins, milliseconds from the recording's start.
    pub offset_ms: u64,
    /// Under the recordings folder, never absolute.
    pub path: String,
    /// 1 or 2.
    pub channels: u8,
    /// `pcmu`, `pcma`, `pcm16`.
    pub codec: String,
    /// Bytes of sound once closed; none while written, or when the process died in it.
    pub bytes: Option<u64>,
}

impl Store {
    /// Writes a recording (or what changed of it).
    pub async fn put_recording(&self, recording: &Recording) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        tx.run(&upsert(TABLE, &COLUMNS[..1], COLUMNS, [values(recording)])).await?;
        tx.commit().await
    }

    /// Writes pieces (or what changed of them). All or none.
    pub async fn put_pieces(&self, pieces: &[Piece]) -> Result<(), StoreError> {
        self.put_records_and_pieces(&[], pieces).await
    }

    /// One recording.
    pub async fn recording(&self, recording: RecordingId) -> Result<Option<Recording>, StoreError> {
        let mut select = all(TABLE);
        select.and_where(Expr::col("recording").eq(recording.to_string()));
        self.db.fetch(&select).await?.first().map(read).transpose()
    }

    /// Recordings of a call, in the order they began.
    pub async fn recordings_of(&self, call: CallId) -> Result<Vec<Recording>, StoreError> {
        let mut select = all(TABLE);
        select.and_where(Expr::col("call").eq(call.to_string()));
        select.order_by("started", Order::Asc).order_by("recording", Order::Asc);
        self.db.fetch(&select).await?.iter().map(read).collect()
    }

    /// Pieces of a recording, in order.
    pub async fn pieces(&self, recording: RecordingId) -> Result<Vec<Piece>, StoreError> {
        let mut select = all(PIECES);
        select.and_where(Expr::col("recording").eq(recording.to_string())).order_by("number", Order::Asc);
        self.db.fetch(&select).await?.iter().map(read_piece).collect()
    }
}

/// The rows that the recordings of call records make.
pub(crate) async fn put_of_records(tx: &mut Tx, records: &[&Record]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = records
        .iter()
        .flat_map(|record| record.recordings.iter().map(|entry| (record.call, entry)))
        .map(|(call, entry)| Recording {
            recording: entry.recording,
            call,
            purpose: entry.purpose,
            started: entry.started,
            stopped: entry.stopped,
        })
        .map(|recording| values(&recording))
        .collect();
    for part in rows.chunks(table::INSERT_ROWS_MAX) {
        tx.run(&upsert(TABLE, &COLUMNS[..1], COLUMNS, part.iter().cloned())).await?;
    }
    Ok(())
}

pub(crate) async fn put_pieces_in(tx: &mut Tx, pieces: &[Piece]) -> Result<(), StoreError> {
    let mut latest = std::collections::BTreeMap::new();
    for piece in pieces {
        latest.insert((piece.recording, piece.number), piece);
    }
    let rows: Vec<Vec<Value>> = latest.into_values().map(piece_values).collect();
    for part in rows.chunks(table::INSERT_ROWS_MAX) {
        tx.run(&upsert(PIECES, &PIECE_COLUMNS[..2], PIECE_COLUMNS, part.iter().cloned())).await?;
    }
    Ok(())
}

fn all(table: &'static str) -> SelectStatement {
    let mut select = Query::select();
    select.column(Asterisk).from(table);
    select
}

fn values(recording: &Recording) -> Vec<Value> {
    vec![
        recording.recording.to_string().into(),
        recording.call.to_string().into(),
        table::word(&recording.purpose).into(),
        recording.started.0.into(),
        recording.stopped.map(|at| at.0).into(),
    ]
}

fn piece_values(piece: &Piece) -> Vec<Value> {
    vec![
        piece.recording.to_string().into(),
        i64::from(piece.number).into(),
        piece.call.to_string().into(),
        signed(piece.offset_ms).into(),
        piece.path.as_str().into(),
        i64::from(piece.channels).into(),
        piece.codec.as_str().into(),
        piece.bytes.map(signed).into(),
    ]
}

fn read(row: &Row) -> Result<Recording, StoreError> {
    let key = row.text("recording")?;
    Ok(Recording {
        recording: key.parse().map_err(|error| damaged(TABLE, &key, &error))?,
        call: row.text("call")?.parse().map_err(|error| damaged(TABLE, &key, &error))?,
        purpose: serde_json::from_value(row.text("purpose")?.into()).map_err(|error| damaged(TABLE, &key, &error))?,
        started: Timestamp(row.integer("started")?),
        stopped: row.integer_maybe("stopped")?.map(Timestamp),
    })
}

fn read_piece(row: &Row) -> Result<Piece, StoreError> {
    let key = row.text("recording")?;
    Ok(Piece {
        recording: key.parse().map_err(|error| damaged(PIECES, &key, &error))?,
        call: row.text("call")?.parse().map_err(|error| damaged(PIECES, &key, &error))?,
        number: u32::try_from(row.integer("number")?).map_err(|error| damaged(PIECES, &key, &error))?,
        offset_ms: row.integer("offset_ms")?.unsigned_abs(),
        path: row.text("path")?,
        channels: u8::try_from(row.integer("channels")?).map_err(|error| damaged(PIECES, &key, &error))?,
        codec: row.text("codec")?,
        bytes: row.integer_maybe("bytes")?.map(i64::unsigned_abs),
    })
}
