//! Recordings on disk: sound from media threads goes through a bounded queue to writer threads, and lies in pieces below
//! one directory. A call never waits for the disk; what cannot be written is counted as lost.
//!
//! How much a crash may cost: a chunk is 400 ms, so the end of the process loses at most that and the jitter buffer's
//! delay; a power cut besides what came since the last `syncfs` 500 ms ago. Both stay below a second.

mod feed;
mod file;
mod peaks;
mod repair;
mod writer;

pub use feed::Feed;
pub use peaks::{Peaks, peaks};
pub use repair::{Repaired, repair, repair_all};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use media::RecordingKey;
use std::{
    fs::{self, File},
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
};

/// Blocks of 20 ms in a chunk: 400 ms, the unit of writing.
const CHUNK_BLOCKS: u64 = 20;
/// Bytes of a chunk of two channels.
const CHUNK_BYTES: usize = 2 * 160 * CHUNK_BLOCKS as usize;

/// How recordings are written.
#[derive(Clone, Debug)]
pub struct RecorderConfig {
    /// Below it lie `YYYY/MM/DD/<recording>-<piece>.wav`, by UTC date. Made when missing.
    pub directory: PathBuf,
    /// Writer threads; one writes thousands of recordings to an ordinary disk.
    pub threads: usize,
    /// Chunks that may wait for a writer: a stall of the disk of `chunks × 0.4 s ÷ recordings` costs nothing.
    pub queue_chunks: usize,
}

/// A part of a recording, one file. The call's sound is the list of its pieces by `offset_ms`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Of which recording.
    pub recording: RecordingKey,
    /// Counts from 0.
    pub number: u32,
    /// Where in the recording it begins.
    pub offset_ms: u64,
    /// Below the recordings directory, with `/` between its parts.
    pub path: String,
    /// 1, or 2 for left and right.
    pub channels: u16,
    /// How samples are written down; always "pcmu" at 8 kHz in this version.
    pub codec: &'static str,
    /// Bytes of the file: 0 when it opens, its length when it is closed.
    pub bytes: u64,
    /// Its sound: 0 when it opens.
    pub ms: u64,
}

/// What is told of pieces, on a writer thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PieceReport {
    /// The file exists, with a header and no sound.
    Opened(Piece),
    /// Nothing will be added to it.
    Closed(Piece),
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderStatistics {
    /// Recordings being written.
    pub open: u64,
    /// Chunks on disk.
    pub written_chunks: u64,
    /// Sound of ended recordings that is on no disk: the queue was full or writing failed.
    pub lost_ms: u64,
    /// Writes and openings that failed.
    pub failures: u64,
    /// Times the volume was synchronised.
    pub syncs: u64,
    /// The longest of them.
    pub sync_ms_max: u64,
}

#[derive(Debug, Default)]
struct Counters {
    open: AtomicU64,
    written_chunks: AtomicU64,
    lost_ms: AtomicU64,
    failures: AtomicU64,
    syncs: AtomicU64,
    sync_ms_max: AtomicU64,
}

/// What a writer is told.
enum Job {
    Begin { recording: RecordingKey, channels: u16 },
    Sound { recording: RecordingKey, offset_ms: u64, chunk: Vec<u8> },
    End { recording: RecordingKey, ms: u64 },
}

/// The writers; dropping it, after all feeds, ends them when everything is written.
pub struct Recorder {
    queues: Vec<Sender<Job>>,
    spare: Receiver<Vec<u8>>,
    counters: Arc<Counters>,
    stopping: Arc<AtomicBool>,
    writers: Vec<JoinHandle<()>>,
    syncer: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Makes the directory if need be and starts the threads. `recorded` is told of each ended recording (its length
    /// and how much of it is lost), after the last of `pieces`.
    pub fn start(
        config: RecorderConfig,
        recorded: impl Fn(RecordingKey, u64, u64) + Send + Clone + 'static,
        pieces: impl Fn(PieceReport) + Send + Clone + 'static,
    ) -> io::Result<Recorder> {
        fs::create_dir_all(&config.directory)?;
        let volume = File::open(&config.directory)?;
        let (counters, stopping) = (Arc::new(Counters::default()), Arc::new(AtomicBool::new(false)));
        let dirty = Arc::new(AtomicBool::new(false));
        // Empty chunks go back to the media threads, which then need not allocate.
        let (returns, spare) = unbounded();
        let mut recorder = Recorder {
            queues: Vec::new(),
            spare,
            counters: counters.clone(),
            stopping: stopping.clone(),
            writers: Vec::new(),
            syncer: None,
        };
        for number in 0..config.threads.max(1) {
            let (queue, jobs) = bounded(config.queue_chunks.max(1));
            let writer = writer::Writer::new(
                config.directory.clone(),
                recorded.clone(),
                pieces.clone(),
                counters.clone(),
                dirty.clone(),
                returns.clone(),
            );
            let name = format!("recording-{number}");
            recorder.writers.push(std::thread::Builder::new().name(name).spawn(move || writer.run(&jobs))?);
            recorder.queues.push(queue);
        }
        let syncer = move || writer::synchronise(&volume, &dirty, &stopping, &counters);
        recorder.syncer = Some(std::thread::Builder::new().name("recording-sync".into()).spawn(syncer)?);
        Ok(recorder)
    }

    /// A media thread's way in.
    pub fn feed(&self) -> Feed {
        Feed::new(self.queues.clone(), self.spare.clone())
    }

    /// Counters of all writers together.
    pub fn statistics(&self) -> RecorderStatistics {
        RecorderStatistics {
            open: self.counters.open.load(Relaxed),
            written_chunks: self.counters.written_chunks.load(Relaxed),
            lost_ms: self.counters.lost_ms.load(Relaxed),
            failures: self.counters.failures.load(Relaxed),
            syncs: self.counters.syncs.load(Relaxed),
            sync_ms_max: self.counters.sync_ms_max.load(Relaxed),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Writers end when the last sender is gone; the feeds' are, by the order in which the plane is taken down.
        self.queues.clear();
        for writer in self.writers.drain(..) {
            let _ = writer.join();
        }
        self.stopping.store(true, Relaxed);
        if let Some(syncer) = self.syncer.take() {
            syncer.thread().unpark();
            let _ = syncer.join();
        }
    }
}
