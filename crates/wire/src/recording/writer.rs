//! A writer thread: keeps the open pieces and adds chunks to them as they come.

use super::{Counters, Job, Piece, PieceReport, file::PieceFile};
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use media::RecordingKey;
use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

/// While recordings are open the queue is looked at so often instead of being waited on: media threads then need no
/// call of the kernel to hand over a chunk.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The volume is synchronised so often while anything is written.
const SYNC_EVERY: Duration = Duration::from_millis(500);
/// A longer gap is not filled with silence: the rest becomes a new piece with its own offset.
const GAP_MS_MAX: u64 = 10_000;
/// A piece ends after four hours (230 MB), far below what a WAV header can say.
const PIECE_MS_MAX: u64 = 4 * 3_600_000;

pub(super) struct Writer<R, P> {
    directory: PathBuf,
    recorded: R,
    pieces: P,
    counters: Arc<Counters>,
    dirty: Arc<AtomicBool>,
    returns: Sender<Vec<u8>>,
    open: BTreeMap<RecordingKey, Writing>,
}

struct Writing {
    channels: u16,
    next_number: u32,
    piece: Option<(Piece, PieceFile)>,
    /// Sound on disk, over all pieces.
    written_ms: u64,
    /// Told in the log already, so that a full disk is one line per recording.
    failing: bool,
}

impl<R: Fn(RecordingKey, u64, u64), P: Fn(PieceReport)> Writer<R, P> {
    pub fn new(
        directory: PathBuf,
        recorded: R,
        pieces: P,
        counters: Arc<Counters>,
        dirty: Arc<AtomicBool>,
        returns: Sender<Vec<u8>>,
    ) -> Self {
        Writer { directory, recorded, pieces, counters, dirty, returns, open: BTreeMap::new() }
    }

    /// Writes until all feeds are gone.
    pub fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match jobs.try_recv() {
                Ok(job) => job,
                Err(TryRecvError::Empty) if self.open.is_empty() => match jobs.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                },
                Err(TryRecvError::Empty) => {
                    std::thread::sleep(LOOK_EVERY);
                    continue;
                }
                Err(TryRecvError::Disconnected) => return,
            };
            match job {
                Job::Begin { recording, channels } => self.begin(recording, channels),
                Job::Sound { recording, offset_ms, chunk } => self.sound(recording, offset_ms, chunk),
                Job::End { recording, ms } => self.end(recording, ms),
            }
        }
    }

    fn begin(&mut self, recording: RecordingKey, channels: u16) {
        let mut writing = Writing { channels, next_number: 0, piece: None, written_ms: 0, failing: false };
        let opened = self.open_piece(recording, &mut writing, 0);
        self.book(recording, &mut writing, opened);
        self.open.insert(recording, writing);
        self.counters.open.fetch_add(1, Relaxed);
    }

    fn sound(&mut self, recording: RecordingKey, offset_ms: u64, mut chunk: Vec<u8>) {
        if let Some(mut writing) = self.open.remove(&recording) {
            let written = self.write(recording, &mut writing, offset_ms, &chunk);
            self.book(recording, &mut writing, written);
            self.open.insert(recording, writing);
        }
        chunk.clear();
        let _ = self.returns.send(chunk);
    }

    fn end(&mut self, recording: RecordingKey, ms: u64) {
        let Some(mut writing) = self.open.remove(&recording) else { return };
        self.close_piece(&mut writing);
        let lost_ms = ms.saturating_sub(writing.written_ms);
        if lost_ms > 0 {
            tracing::warn!(recording = %Uuid::from_u128(recording.0), ms, lost_ms, "recording is not whole");
        }
        self.counters.open.fetch_sub(1, Relaxed);
        self.counters.lost_ms.fetch_add(lost_ms, Relaxed);
        (self.recorded)(recording, ms, lost_ms);
    }

    fn write(&self, recording: RecordingKey, writing: &mut Writing, offset_ms: u64, chunk: &[u8]) -> io::Result<()> {
        let ms = chunk.len() as u64 / (8 * u64::from(writing.channels));
        let at = |(piece, file): &(Piece, PieceFile)| piece.offset_ms + file.ms();
        let goes_on = writing
            .piece
            .as_ref()
            .is_some_and(|open| offset_ms - at(open).min(offset_ms) <= GAP_MS_MAX && open.1.ms() + ms <= PIECE_MS_MAX);
        if !goes_on {
            self.close_piece(writing);
            self.open_piece(recording, writing, offset_ms)?;
        }
        let Some(open) = writing.piece.as_mut() else { return Ok(()) };
        let gap_ms = offset_ms.saturating_sub(at(open));
        if gap_ms > 0 {
            open.1.append_silence(gap_ms)?;
        }
        open.1.append(chunk)?;
        writing.written_ms += ms;
        self.counters.written_chunks.fetch_add(1, Relaxed);
        self.dirty.store(true, Relaxed);
        Ok(())
    }

    fn open_piece(&self, recording: RecordingKey, writing: &mut Writing, offset_ms: u64) -> io::Result<()> {
        let number = writing.next_number;
        let path = piece_path(recording, number);
        let file = PieceFile::create(&self.directory.join(&path), writing.channels)?;
        writing.next_number += 1;
        let channels = writing.channels;
        let piece = Piece { recording, number, offset_ms, path, channels, codec: "pcmu", bytes: 0, ms: 0 };
        (self.pieces)(PieceReport::Opened(piece.clone()));
        writing.piece = Some((piece, file));
        Ok(())
    }

    fn close_piece(&self, writing: &mut Writing) {
        if let Some((mut piece, mut file)) = writing.piece.take() {
            if let Err(error) = file.claim() {
                self.book(piece.recording, writing, Err(error));
            }
            piece.bytes = file.bytes();
            piece.ms = file.ms();
            (self.pieces)(PieceReport::Closed(piece));
        }
    }

    /// Counts and tells a failure once; the next chunk tries again.
    fn book(&self, recording: RecordingKey, writing: &mut Writing, result: io::Result<()>) {
        let (recording, directory) = (Uuid::from_u128(recording.0), self.directory.display());
        match result {
            Ok(()) if std::mem::take(&mut writing.failing) => {
                tracing::info!(%recording, %directory, "recording is written again");
            }
            Ok(()) => {}
            Err(error) => {
                self.counters.failures.fetch_add(1, Relaxed);
                if !std::mem::replace(&mut writing.failing, true) {
                    tracing::error!(%error, %recording, %directory, "recording cannot be written; the call goes on without");
                }
            }
        }
    }
}

/// When the process stops with recordings open, their pieces are whole up to the last chunk.
impl<R, P> Drop for Writer<R, P> {
    fn drop(&mut self) {
        for (_, file) in self.open.values_mut().filter_map(|writing| writing.piece.as_mut()) {
            // What cannot be written now is claimed by the repair of the next start.
            let _ = file.claim();
        }
        self.dirty.store(true, Relaxed);
    }
}

/// `YYYY/MM/DD/<uuid>-<n>.wav`, by the moment in the recording's own id when it has one (UUID version 7).
fn piece_path(recording: RecordingKey, number: u32) -> String {
    let id = Uuid::from_u128(recording.0);
    let seconds = match id.get_timestamp() {
        Some(moment) => moment.to_unix().0,
        None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs()),
    };
    let (year, month, day) = date(seconds / 86_400);
    format!("{year:04}/{month:02}/{day:02}/{id}-{number}.wav")
}

/// The civil date of a day since 1970-01-01. Years are counted from March, so that a leap day ends one.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Synchronises the volume while anything is written to it: one call for all files, on a thread of its own, so that a
/// slow disk holds up no writer.
pub(super) fn synchronise(volume: &File, dirty: &AtomicBool, stopping: &AtomicBool, counters: &Counters) {
    loop {
        let last = stopping.load(Relaxed);
        if dirty.swap(false, Relaxed) {
            let start = Instant::now();
            if let Err(error) = syncfs(volume) {
                tracing::warn!(%error, "recordings' volume cannot be synchronised");
            }
            counters.syncs.fetch_add(1, Relaxed);
            counters.sync_ms_max.fetch_max(start.elapsed().as_millis() as u64, Relaxed);
        }
        if last {
            return;
        }
        std::thread::park_timeout(SYNC_EVERY);
    }
}

#[allow(unsafe_code, reason = "syncfs has no safe form in the standard library")]
fn syncfs(volume: &File) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;
    // SAFETY: takes a descriptor, which is open, and touches no memory.
    if unsafe { libc::syncfs(volume.as_raw_fd()) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_778, (2026, 11, 21)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "day {days}");
        }
    }

    #[test]
    fn a_piece_lies_below_the_day_of_its_recording() {
        let recording = RecordingKey(0x0191_0000_0000_7000_8000_0000_0000_0001);
        assert_eq!(piece_path(recording, 2), "2024/07/29/01910000-0000-7000-8000-000000000001-2.wav");
    }
}
