//! Carries records and pieces from the exchange to the database: in batches, again and again while the database is away,
//! and tells the journal what has arrived. The exchange never waits for it.

use crate::{Piece, Store, StoreError};
use report::Record;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle, time};
use vocab::{CallId, RecordingId};

/// Items of one transaction.
const BATCH_MAX: usize = 200;
/// A batch is held this long to grow: a transaction costs as much as several records. The journal has them meanwhile; who
/// asks for the record of a call that has just ended must ask again.
const GATHER: Duration = Duration::from_millis(150);
/// Items waiting in memory: two minutes of a machine at 150 calls a second, about 50 MB. More stay in the journal and are
/// read from there once the database is back.
const WAITING_MAX: usize = 20_000;
/// First pause after a failure; doubles up to the last.
const RETRY_FIRST: Duration = Duration::from_millis(100);
/// Longest pause: a database that is back is used again within this.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Something to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A call's record.
    Record(Box<Record>),
    /// A piece of a recording.
    Piece(Piece),
}

/// Called with what the database has taken.
pub type Acknowledge = Box<dyn Fn(&[CallId], &[(RecordingId, u32)]) + Send + Sync>;
/// Reads everything not acknowledged, when the queue was too short to hold it ([`crate::journal::read_unacknowledged`]).
pub type Backlog = Box<dyn Fn() -> Vec<Write> + Send + Sync>;

/// The writer's task.
pub struct Writer {
    handle: WriterHandle,
    task: JoinHandle<()>,
}

/// Where to put what is to be written. Cheap to clone.
#[derive(Clone)]
pub struct WriterHandle {
    sender: mpsc::Sender<Write>,
    state: Arc<State>,
}

/// How the writing goes, for metrics. Cheap to clone; unlike a handle it does not keep the task from ending.
#[derive(Clone)]
pub struct Progress(Arc<State>);

#[derive(Default)]
struct State {
    overflowed: AtomicBool,
    failing: AtomicBool,
    waiting: AtomicU64,
    written: AtomicU64,
    given_up: AtomicU64,
}

impl WriterHandle {
    /// Hands something over; never waits. What finds no room stays in the journal and is read from there later.
    pub fn put(&self, write: Write) {
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        if self.sender.try_send(write).is_err() {
            self.state.waiting.fetch_sub(1, Ordering::Relaxed);
            self.state.overflowed.store(true, Ordering::Release);
        }
    }
}

impl Progress {
    /// Items in memory that the database has not taken, those being written included.
    pub fn waiting(&self) -> u64 {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// Whether the database did not answer when last asked.
    pub fn is_failing(&self) -> bool {
        self.0.failing.load(Ordering::Acquire)
    }

    /// Items written since the start.
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Items the database refuses for good; they stay in the journal.
    pub fn given_up(&self) -> u64 {
        self.0.given_up.load(Ordering::Relaxed)
    }
}

impl Writer {
    /// Starts the task on the present runtime.
    pub fn start(store: Store, acknowledge: Acknowledge, backlog: Backlog) -> Writer {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let state = Arc::new(State::default());
        let handle = WriterHandle { sender, state: state.clone() };
        let run = Run { store, acknowledge, backlog: Arc::new(backlog), state };
        Writer { handle, task: tokio::spawn(run.run(receiver)) }
    }

    /// Where to put what is to be written.
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// How the writing goes.
    pub fn progress(&self) -> Progress {
        Progress(self.handle.state.clone())
    }

    /// Writes what waits and ends, or gives up after `patience`; what is left stays in the journal. Whether all was
    /// written. All other handles must be dropped before.
    pub async fn finish(self, patience: Duration) -> bool {
        let Writer { handle, mut task } = self;
        drop(handle);
        let done = time::timeout(patience, &mut task).await.is_ok();
        task.abort();
        done
    }
}

struct Run {
    store: Store,
    acknowledge: Acknowledge,
    backlog: Arc<Backlog>,
    state: Arc<State>,
}

impl Run {
    async fn run(self, mut receiver: mpsc::Receiver<Write>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while receiver.recv_many(&mut batch, BATCH_MAX).await > 0 {
            // Asleep, not waiting: whoever puts an item would wake this task for each, and the exchange puts them.
            time::sleep(GATHER).await;
            while batch.len() < BATCH_MAX
                && let Ok(write) = receiver.try_recv()
            {
                batch.push(write);
            }
            self.write(&batch).await;
            self.state.waiting.fetch_sub(batch.len() as u64, Ordering::Relaxed);
            batch.clear();
            if receiver.is_empty() && self.state.overflowed.swap(false, Ordering::AcqRel) {
                self.write_backlog().await;
            }
        }
    }

    async fn write_backlog(&self) {
        let backlog = self.backlog.clone();
        // Reading segments takes a while and blocks.
        match tokio::task::spawn_blocking(move || backlog()).await {
            Ok(writes) => {
                for batch in writes.chunks(BATCH_MAX) {
                    self.write(batch).await;
                }
            }
            Err(error) => tracing::error!(%error, "reading the journal for the database broke off"),
        }
    }

    /// Returns when every item is in the database or given up.
    async fn write(&self, batch: &[Write]) {
        if let Err(error) = self.write_patiently(batch).await {
            // One of them is to blame: each goes alone, so that only that one stays behind.
            tracing::error!(%error, items = batch.len(), "database refuses a batch");
            for item in batch {
                if let Err(error) = self.write_patiently(std::slice::from_ref(item)).await {
                    self.state.given_up.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(%error, item = item.name(), "database refuses an item; it stays in the journal");
                }
            }
        }
    }

    /// As often as it takes while the database is away; an error is one that stays.
    async fn write_patiently(&self, batch: &[Write]) -> Result<(), StoreError> {
        let (mut records, mut pieces) = (Vec::new(), Vec::new());
        for item in batch {
            match item {
                Write::Record(record) => records.push((**record).clone()),
                Write::Piece(piece) => pieces.push(piece.clone()),
            }
        }
        let mut pause = RETRY_FIRST;
        loop {
            match self.store.put_records_and_pieces(&records, &pieces).await {
                Ok(()) => break,
                Err(error) if error.is_passing() => {
                    if !self.state.failing.swap(true, Ordering::AcqRel) {
                        tracing::warn!(%error, source = ?std::error::Error::source(&error), "database away; records wait in the journal");
                    }
                    time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_MAX);
                }
                Err(error) => return Err(error),
            }
        }
        if self.state.failing.swap(false, Ordering::AcqRel) {
            tracing::info!("database is back");
        }
        self.state.written.fetch_add(batch.len() as u64, Ordering::Relaxed);
        let calls: Vec<CallId> = records.iter().map(|record| record.call).collect();
        let pieces: Vec<(RecordingId, u32)> = pieces.iter().map(|piece| (piece.recording, piece.number)).collect();
        (self.acknowledge)(&calls, &pieces);
        Ok(())
    }
}

impl Write {
    /// For logs: an identity, no number of a person.
    fn name(&self) -> String {
        match self {
            Write::Record(record) => format!("record {}", record.call),
            Write::Piece(piece) => format!("piece {} of recording {}", piece.number, piece.recording),
        }
    }
}
