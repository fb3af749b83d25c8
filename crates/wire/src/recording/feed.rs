//! A media thread's end of the recordings' queue: gathers blocks to chunks and never waits.

use super::{CHUNK_BYTES, Job};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use media::{RecordingKey, Tap};
use std::collections::VecDeque;

/// Milliseconds of a block.
const BLOCK_MS: u64 = 20;

/// See the module.
pub struct Feed {
    queues: Vec<Sender<Job>>,
    spare: Receiver<Vec<u8>>,
    open: Vec<Gathering>,
    /// Beginnings and ends that found the queue full; they must not be lost, and go first, in order.
    waiting: VecDeque<(usize, Job)>,
}

struct Gathering {
    recording: RecordingKey,
    channels: u16,
    /// Of the chunk's first block.
    offset_ms: u64,
    chunk: Vec<u8>,
}

impl Feed {
    pub(super) fn new(queues: Vec<Sender<Job>>, spare: Receiver<Vec<u8>>) -> Self {
        Feed { queues, spare, open: Vec::new(), waiting: VecDeque::new() }
    }

    /// Takes what an engine's recording tap gives.
    pub fn tap(&mut self, recording: RecordingKey, tap: Tap<'_>) {
        match tap {
            Tap::Begin { channels } => {
                let chunk = self.empty_chunk();
                self.open.push(Gathering { recording, channels, offset_ms: 0, chunk });
                self.tell(recording, Job::Begin { recording, channels });
            }
            Tap::Block(block) => {
                let Some(place) = self.open.iter().position(|open| open.recording == recording) else { return };
                let open = &mut self.open[place];
                open.chunk.extend_from_slice(block);
                if open.chunk.len() >= CHUNK_BYTES / 2 * usize::from(open.channels) {
                    self.hand_over(place);
                }
            }
            Tap::End { ms } => {
                let Some(place) = self.open.iter().position(|open| open.recording == recording) else { return };
                self.hand_over(place);
                self.open.swap_remove(place);
                self.tell(recording, Job::End { recording, ms });
            }
        }
    }

    /// Ends all recordings in order, waiting for the queue if need be: no call is left on the thread.
    pub fn end_all(&mut self) {
        for (queue, job) in std::mem::take(&mut self.waiting) {
            let _ = self.queues[queue].send(job);
        }
        for open in std::mem::take(&mut self.open) {
            let (recording, queue) = (open.recording, self.queue_of(open.recording));
            let ms = open.offset_ms + open.chunk.len() as u64 / (8 * u64::from(open.channels));
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

    /// Hands the gathered chunk to the writer, or loses it when the writer does not keep up: the gap shows by offset.
    fn hand_over(&mut self, place: usize) {
        let empty = self.empty_chunk();
        let queue = self.queue_of(self.open[place].recording);
        let open = &mut self.open[place];
        let chunk = std::mem::replace(&mut open.chunk, empty);
        let ms = chunk.len() as u64 / (8 * u64::from(open.channels));
        let offset_ms = open.offset_ms;
        open.offset_ms += ms;
        debug_assert!(ms.is_multiple_of(BLOCK_MS), "blocks are whole");
        if chunk.is_empty() {
            return;
        }
        let job = Job::Sound { recording: open.recording, offset_ms, chunk };
        // What is not taken is lost; the writer counts it at the end, by what it did write.
        if self.waiting.is_empty() {
            let _ = self.queues[queue].try_send(job);
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

    fn empty_chunk(&self) -> Vec<u8> {
        self.spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(CHUNK_BYTES))
    }

    fn queue_of(&self, recording: RecordingKey) -> usize {
        (recording.0 % self.queues.len() as u128) as usize
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.end_all();
    }
}
