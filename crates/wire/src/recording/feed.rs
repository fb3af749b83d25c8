//! A media thread's end of the recordings' queue: gathers blocks to chunks and never waits.

use super::{CHUNK_BYTES, Job};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use media::{RecordingKey, Tap};
use std::collections::{BTreeMap, VecDeque};

/// Milliseconds of a block.
const BLOCK_MS: u64 = 20;

/// See the module.
pub struct Feed {
    queues: Vec<Sender<Job>>,
    spare: Receiver<Vec<u8>>,
    open: BTreeMap<RecordingKey, Gathering>,
    /// Beginnings and ends that found the queue full; they must not be lost, and go first, in order.
    waiting: VecDeque<(usize, Job)>,
}

struct Gathering {
    channels: u16,
    /// Of the chunk's first block.
    offset_ms: u64,
    chunk: Vec<u8>,
}

impl Feed {
    pub(super) fn new(queues: Vec<Sender<Job>>, spare: Receiver<Vec<u8>>) -> Self {
        Feed { queues, spare, open: BTreeMap::new(), waiting: VecDeque::new() }
    }

    /// Takes what an engine's recording tap gives.
    pub fn tap(&mut self, recording: RecordingKey, tap: Tap<'_>) {
        match tap {
            Tap::Begin { channels } => {
                let chunk = empty(&self.spare);
                self.open.insert(recording, Gathering { channels, offset_ms: 0, chunk });
                self.tell(recording, Job::Begin { recording, channels });
            }
            Tap::Block(block) => {
                let Some(open) = self.open.get_mut(&recording) else { return };
                open.chunk.extend_from_slice(block);
                if open.chunk.len() >= CHUNK_BYTES / 2 * usize::from(open.channels) {
                    let (full, offset_ms) = (std::mem::take(&mut open.chunk), open.offset_ms);
                    open.offset_ms += ms_of(&full, open.channels);
                    open.chunk = empty(&self.spare);
                    self.offer(recording, offset_ms, full);
                }
            }
            Tap::End { ms } => {
                let Some(open) = self.open.remove(&recording) else { return };
                self.offer(recording, open.offset_ms, open.chunk);
                self.tell(recording, Job::End { recording, ms });
            }
        }
    }

    /// Ends all recordings in order, waiting for the queue if need be: no call is left on the thread.
    pub fn end_all(&mut self) {
        for (queue, job) in std::mem::take(&mut self.waiting) {
            let _ = self.queues[queue].send(job);
        }
        for (recording, open) in std::mem::take(&mut self.open) {
            let queue = self.queue_of(recording);
            let ms = open.offset_ms + ms_of(&open.chunk, open.channels);
            let _ = self.queues[queue].send(Job::Sound { recording, offset_ms: open.offset_ms, chunk: open.chunk });
            let _ = self.queues[queue].send(Job::End { recording, ms });
        }
    }

    /// Tries again what found the queue full.
    pub fn tick(&mut self) {
        while let Some((queue, job)) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(job)) = self.queues[queue].try_send(job) {
                self.waiting.push_front((queue, job));
                return;
            }
        }
    }

    /// Hands a chunk to the writer, or loses it when the writer does not keep up: the gap shows by offset, and the writer
    /// counts it at the end, by what it did write.
    fn offer(&self, recording: RecordingKey, offset_ms: u64, chunk: Vec<u8>) {
        if !chunk.is_empty() && self.waiting.is_empty() {
            let _ = self.queues[self.queue_of(recording)].try_send(Job::Sound { recording, offset_ms, chunk });
        }
    }

    fn tell(&mut self, recording: RecordingKey, job: Job) {
        let queue = self.queue_of(recording);
        if !self.waiting.is_empty() {
            self.waiting.push_back((queue, job));
        } else if let Err(TrySendError::Full(job)) = self.queues[queue].try_send(job) {
            self.waiting.push_back((queue, job));
        }
    }

    fn queue_of(&self, recording: RecordingKey) -> usize {
        (recording.0 % self.queues.len() as u128) as usize
    }
}

/// A chunk the writers gave back, or a new one.
fn empty(spare: &Receiver<Vec<u8>>) -> Vec<u8> {
    spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(CHUNK_BYTES))
}

/// Length of a chunk's sound.
fn ms_of(chunk: &[u8], channels: u16) -> u64 {
    let ms = chunk.len() as u64 / (8 * u64::from(channels));
    debug_assert!(ms.is_multiple_of(BLOCK_MS), "blocks are whole");
    ms
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.end_all();
    }
}
