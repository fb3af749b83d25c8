//! The local journal: append-only segments of checksummed lines that come before the database. Written by one thread
//! with one write(2) per batch, made to last by another within 20 ms. Knows what must be honoured after a restart; does
//! not know how.

mod entry;
mod live;
mod recover;
mod sync;
mod tape;
#[cfg(test)]
mod tests;

pub use entry::{Entry, FORMAT_VERSION, LineFault};
pub use recover::{DamagedLine, Recovered, RecoveredAgent, RecoveredBinding, RecoveredDialog, read_unacknowledged};
pub use sync::OnFatal;

use live::{Live, SegmentNumber};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use sync::Syncer;
use tape::{Disk, RealDisk, Tape};
use vocab::{CallId, RecordingId};

/// A segment is closed when it is longer than this: big enough to be rare, small enough to read in a restart.
pub const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// Segments kept for replay though nobody needs them: about a quarter of a gigabyte.
pub const SEGMENTS_KEPT: u32 = 4;
/// Lines held back while the disk takes none. Beyond it they are given up (and a snapshot follows when it takes again).
const HELD_BYTES_MAX: usize = 16 << 20;
/// After a failure the disk is left alone this long: on a nearly full one each try writes what has room and cuts it off
/// again, and the exchange waits for that.
pub const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Why the journal cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system said no.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// A newer release wrote it.
    #[error("journal is of version {found}, this release knows up to {known}")]
    Newer {
        /// Found.
        found: u32,
        /// Known.
        known: u32,
    },
    /// Another process has it open.
    #[error("journal in {} is in use by another process", path.display())]
    InUse {
        /// Its folder.
        path: PathBuf,
    },
    /// The lines could not be written (a full disk, as a rule). They are held and written with the next batch.
    #[error("journal not written, {held_bytes} bytes held, {lost} entries given up")]
    Held {
        /// Bytes waiting.
        held_bytes: usize,
        /// Entries given up since the trouble began.
        lost: u64,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// A sync failed earlier: nothing written since is safe. The process must restart.
    #[error("journal cannot be made to last since a sync failed")]
    Fatal,
}

/// How the journal is kept.
pub struct Options {
    /// See [`SEGMENT_BYTES_MAX`].
    pub segment_bytes_max: u64,
    /// See [`SEGMENTS_KEPT`].
    pub segments_kept: u32,
    /// See [`RETRY_PAUSE`].
    pub retry_pause: Duration,
    /// What to do when a sync fails.
    pub on_fatal: OnFatal,
}

impl Options {
    /// The usual sizes.
    pub fn new(on_fatal: OnFatal) -> Options {
        Options {
            segment_bytes_max: SEGMENT_BYTES_MAX,
            segments_kept: SEGMENTS_KEPT,
            retry_pause: RETRY_PAUSE,
            on_fatal,
        }
    }
}

/// The open journal. Dropping it syncs what was written.
pub struct Journal {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    syncer: Syncer,
    segment_bytes_max: u64,
    segments_kept: u32,
    retry_pause: Duration,
    number: SegmentNumber,
    tape: Arc<dyn Tape>,
    /// Length of the segment; the next line goes here.
    offset: u64,
    /// Bytes written over all segments since opening.
    position: u64,
    /// Lines of the present batch, and before them those that could not be written yet.
    buffer: Vec<u8>,
    lost: u64,
    /// Entries were given up: only a new segment with its snapshot makes the journal whole again.
    gap: bool,
    /// The last write failed.
    write_refused: Option<Refused>,
    /// The last attempt at a new segment failed.
    turn_refused: Option<Refused>,
    live: Live,
    acknowledged: Arc<Acknowledged>,
    /// Held until the journal closes; the system lets go of it when the process dies.
    _lock: fs::File,
}

/// When the disk said no, and how.
#[derive(Clone, Copy)]
struct Refused {
    at: Instant,
    kind: io::ErrorKind,
}

impl Refused {
    fn now(error: &JournalError) -> Option<Refused> {
        match error {
            JournalError::Io { source, .. } | JournalError::Held { source, .. } => {
                Some(Refused { at: Instant::now(), kind: source.kind() })
            }
            JournalError::Newer { .. } | JournalError::InUse { .. } | JournalError::Fatal => None,
        }
    }
}

#[derive(Default)]
struct Acknowledged {
    any: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    calls: Vec<CallId>,
    pieces: Vec<(RecordingId, u32)>,
}

/// Tells the journal what the database has. Cheap to clone, used from any thread.
#[derive(Clone)]
pub struct Acknowledger(Arc<Acknowledged>);

impl Acknowledger {
    /// The database has these.
    pub fn acknowledge(&self, calls: &[CallId], pieces: &[(RecordingId, u32)]) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.calls.extend_from_slice(calls);
        waiting.pieces.extend_from_slice(pieces);
        self.0.any.store(true, Ordering::Release);
    }
}

impl Journal {
    /// Reads what is in `folder` (made if missing) and begins a new segment.
    pub fn open(folder: &Path, options: Options) -> Result<(Journal, Recovered), JournalError> {
        Journal::open_on(folder, options, Arc::new(RealDisk))
    }

    fn open_on(folder: &Path, options: Options, disk: Arc<dyn Disk>) -> Result<(Journal, Recovered), JournalError> {
        let failed = |doing| move |source| JournalError::Io { doing, path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed("create"))?;
        let lock = lock(folder)?;
        let reading = recover::read(folder)?;
        let number = reading.last_segment + 1;
        let mut buffer = Vec::new();
        let (tape, offset) = begin_segment(folder, &*disk, number, &reading.live, &mut buffer)?;
        let syncer =
            Syncer::start(folder.to_owned(), disk.clone(), options.on_fatal).map_err(failed("start a thread for"))?;
        syncer.turn_to(tape.clone());
        let journal = Journal {
            folder: folder.to_owned(),
            disk,
            syncer,
            segment_bytes_max: options.segment_bytes_max,
            segments_kept: options.segments_kept,
            retry_pause: options.retry_pause,
            number,
            tape,
            offset,
            position: offset,
            buffer,
            lost: 0,
            gap: false,
            write_refused: None,
            turn_refused: None,
            live: reading.live,
            acknowledged: Arc::default(),
            _lock: lock,
        };
        journal.syncer.written(offset);
        journal.retire();
        Ok((journal, reading.recovered))
    }

    /// Writes the entries with one write(2). When it returns `Ok`, they survive the process; within 20 ms, a power cut.
    ///
    /// # Errors
    /// [`JournalError::Held`] when the disk takes none: raise the alarm and go on, calls after [`RETRY_PAUSE`] try again
    /// (without entries too). [`JournalError::Io`] when they were written but the next segment could not be begun; that is
    /// tried again likewise.
    /// [`JournalError::Fatal`] after a failed sync.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        if self.syncer.has_failed() {
            return Err(JournalError::Fatal);
        }
        self.take_acknowledged();
        for entry in entries {
            self.put(entry);
        }
        if let Some(kind) = self.resting(self.write_refused) {
            return Err(self.hold(kind.into()));
        }
        let written = self.write_out();
        self.write_refused = written.as_ref().err().and_then(Refused::now);
        written?;
        if self.offset < self.segment_bytes_max && !self.gap {
            return Ok(());
        }
        if let Some(kind) = self.resting(self.turn_refused) {
            return Err(JournalError::Io {
                doing: "begin a segment in",
                path: self.folder.clone(),
                source: kind.into(),
            });
        }
        let turned = self.turn();
        self.turn_refused = turned.as_ref().err().and_then(Refused::now);
        turned
    }

    /// How the disk refused, while it is left alone for that.
    fn resting(&self, refused: Option<Refused>) -> Option<io::ErrorKind> {
        refused.filter(|refused| refused.at.elapsed() < self.retry_pause).map(|refused| refused.kind)
    }

    /// Waits until all that was appended survives a power cut; for a clean stop and for tests, not for calls.
    pub fn sync(&self) -> Result<(), JournalError> {
        if self.syncer.wait(self.position) { Ok(()) } else { Err(JournalError::Fatal) }
    }

    /// Writes that the process stops of its own will, and makes all last.
    pub fn stop(mut self) -> Result<(), JournalError> {
        self.write_refused = None;
        self.append(&[Entry::CleanStop])?;
        self.sync()
    }

    /// The door for the one who writes to the database.
    pub fn acknowledger(&self) -> Acknowledger {
        Acknowledger(self.acknowledged.clone())
    }

    /// Bytes appended since opening, and how many of them last.
    pub fn position(&self) -> (u64, u64) {
        (self.position, self.syncer.synced())
    }

    /// Records that the database has not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.live.records.len()
    }

    fn put(&mut self, entry: &Entry) {
        let start = self.buffer.len();
        entry::write_line(&mut self.buffer, entry);
        self.live.apply(entry, &self.buffer[start..], self.number);
    }

    fn take_acknowledged(&mut self) {
        if !self.acknowledged.any.swap(false, Ordering::Acquire) {
            return;
        }
        let Waiting { calls, pieces } =
            std::mem::take(&mut *self.acknowledged.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.put(&Entry::Acknowledged { calls, pieces });
        self.retire();
    }

    fn write_out(&mut self) -> Result<(), JournalError> {
        match write_all(&*self.tape, &self.buffer, self.offset) {
            Ok(()) => {
                self.offset += self.buffer.len() as u64;
                self.position += self.buffer.len() as u64;
                self.buffer.clear();
                self.syncer.written(self.position);
                Ok(())
            }
            Err(source) => Err(self.hold(source)),
        }
    }

    fn hold(&mut self, source: io::Error) -> JournalError {
        if self.buffer.len() > HELD_BYTES_MAX {
            self.lost += self.buffer.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.buffer = Vec::new();
            self.gap = true;
        }
        JournalError::Held { held_bytes: self.buffer.len(), lost: self.lost, source }
    }

    /// Begins the next segment.
    fn turn(&mut self) -> Result<(), JournalError> {
        let (tape, offset) = begin_segment(&self.folder, &*self.disk, self.number + 1, &self.live, &mut self.buffer)?;
        self.number += 1;
        self.tape = tape;
        self.offset = offset;
        self.position += offset;
        self.gap = false;
        self.lost = 0;
        self.syncer.turn_to(self.tape.clone());
        self.syncer.written(self.position);
        self.retire();
        Ok(())
    }

    fn retire(&self) {
        let unneeded = self.live.oldest_needed().unwrap_or(self.number);
        self.syncer.retire_below(unneeded.min(self.number.saturating_sub(self.segments_kept)));
    }
}

/// Whether a process has the journal in this folder open.
pub fn is_in_use(folder: &Path) -> bool {
    // A folder without a lock file has no owner, and looking must not make one.
    let Ok(file) = fs::File::open(folder.join("lock")) else { return false };
    matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock))
}

fn lock(folder: &Path) -> Result<fs::File, JournalError> {
    let path = folder.join("lock");
    let failed = |source| JournalError::Io { doing: "lock", path: path.clone(), source };
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(JournalError::InUse { path: folder.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// A new segment with its snapshot; on failure nothing of it remains. `buffer` must be empty and is empty after.
fn begin_segment(
    folder: &Path,
    disk: &dyn Disk,
    number: SegmentNumber,
    live: &Live,
    buffer: &mut Vec<u8>,
) -> Result<(Arc<dyn Tape>, u64), JournalError> {
    assert!(buffer.is_empty(), "lines of a batch would be written twice");
    let path = folder.join(format!("{number:08}.log"));
    let failed = |doing| {
        let path = path.clone();
        move |source| JournalError::Io { doing, path, source }
    };
    let tape = disk.create(&path).map_err(failed("create"))?;
    live.write_snapshot(buffer, number);
    let written = write_all(&*tape, buffer, 0);
    let bytes = buffer.len() as u64;
    buffer.clear();
    if let Err(source) = written {
        // If even this fails the file holds a snapshot without an end, which a reader passes over.
        drop(fs::remove_file(&path));
        return Err(failed("write")(source));
    }
    Ok((tape, bytes))
}

/// As a rule one write(2). What a failure left of it is cut off again, so that no half line stays in the middle.
fn write_all(tape: &dyn Tape, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match tape.write_at(&bytes[done..], offset + done as u64) {
            Ok(0) => return undo(tape, offset, io::ErrorKind::WriteZero.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return undo(tape, offset, error),
        }
    }
    Ok(())
}

fn undo(tape: &dyn Tape, offset: u64, error: io::Error) -> io::Result<()> {
    // Failing too, it leaves a torn line that the next write at this offset covers.
    drop(tape.set_len(offset));
    Err(error)
}
