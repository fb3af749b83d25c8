//! What lives by the journal: everything a restart must honour, kept as the very lines that said so. The same fold runs
//! while writing (for the snapshot at the head of each segment) and while reading after a restart.

use super::entry::{Entry, write_line};
use std::collections::BTreeMap;
use vocab::{AgentId, CallId, Fact, FactRecord, LegId, RecordingId};

/// Number of a segment file.
pub(super) type SegmentNumber = u32;

/// Lines, each with its newline.
type Lines = Vec<u8>;

#[derive(Default)]
pub(super) struct Live {
    pub(super) next_fact_seq: u64,
    pub(super) configuration: Option<Lines>,
    /// Facts of calls without a record yet.
    pub(super) calls: BTreeMap<CallId, Lines>,
    pub(super) ringing: BTreeMap<LegId, Lines>,
    pub(super) dialogs: BTreeMap<LegId, Lines>,
    pub(super) bindings: BTreeMap<(String, String), Lines>,
    /// The last change of each agent who is not logged out.
    pub(super) agents: BTreeMap<AgentId, Lines>,
    /// Pieces the database has not acknowledged.
    pub(super) pieces: BTreeMap<(RecordingId, u32), Lines>,
    /// Records the database has not acknowledged, and the segment that holds them.
    pub(super) records: BTreeMap<CallId, SegmentNumber>,
    /// Whether the last line was a clean stop.
    pub(super) clean: bool,
}

impl Live {
    /// Takes an entry in, with its line (newline included) and where it lies.
    pub(super) fn apply(&mut self, entry: &Entry, line: &[u8], segment: SegmentNumber) {
        self.clean = matches!(entry, Entry::CleanStop);
        match entry {
            Entry::Fact(fact) => self.apply_fact(fact, line),
            // A leg is either called or confirmed: the newer line counts.
            Entry::Inviting { leg, .. } => {
                self.dialogs.remove(leg);
                replace(&mut self.ringing, *leg, line);
            }
            Entry::Dialog { leg, .. } => {
                self.ringing.remove(leg);
                replace(&mut self.dialogs, *leg, line);
            }
            Entry::DialogOver { leg } => {
                self.ringing.remove(leg);
                self.dialogs.remove(leg);
            }
            Entry::Binding { account, contact, .. } => {
                replace(&mut self.bindings, (account.clone(), contact.clone()), line);
            }
            Entry::BindingOver { account, contact } => {
                self.bindings.remove(&(account.clone(), contact.clone()));
            }
            Entry::Piece(piece) => replace(&mut self.pieces, (piece.recording, piece.number), line),
            Entry::PieceClosed { recording, number, .. } => {
                if let Some(lines) = self.pieces.get_mut(&(*recording, *number)) {
                    lines.extend_from_slice(line);
                }
            }
            Entry::Record(record) => {
                self.calls.remove(&record.call);
                self.records.insert(record.call, segment);
            }
            Entry::Configuration { .. } => self.configuration = Some(line.to_vec()),
            Entry::Acknowledged { calls, pieces } => {
                for call in calls {
                    self.records.remove(call);
                }
                for piece in pieces {
                    self.pieces.remove(piece);
                }
            }
            Entry::Report { .. }
            | Entry::CleanStop
            | Entry::Segment { .. }
            | Entry::SnapshotBegin { .. }
            | Entry::SnapshotEnd => {}
        }
    }

    fn apply_fact(&mut self, record: &FactRecord, line: &[u8]) {
        self.next_fact_seq = self.next_fact_seq.max(record.seq.saturating_add(1));
        match &record.fact {
            // Lines of a call are added one by one; most calls have between ten and thirty.
            Fact::CallOpened { call, .. } | Fact::CallRefused { call, .. } => {
                if !self.records.contains_key(call) {
                    self.calls.entry(*call).or_default().extend_from_slice(line);
                }
            }
            Fact::AgentChanged { agent, state: vocab::AgentState::LoggedOut, .. } => {
                self.agents.remove(agent);
            }
            Fact::AgentChanged { agent, .. } => replace(&mut self.agents, agent.clone(), line),
            fact => {
                if let Some(lines) = fact.call().and_then(|call| self.calls.get_mut(&call)) {
                    lines.extend_from_slice(line);
                }
            }
        }
    }

    /// The head of a segment: its name, and all that lives. Records stay where they are until acknowledged.
    pub(super) fn write_snapshot(&self, buffer: &mut Vec<u8>, number: SegmentNumber) {
        write_line(buffer, &Entry::Segment { version: super::FORMAT_VERSION, number });
        let records_from = self.oldest_needed().unwrap_or(number);
        write_line(buffer, &Entry::SnapshotBegin { next_fact_seq: self.next_fact_seq, records_from });
        let lines = self.configuration.iter().chain(self.agents.values()).chain(self.bindings.values());
        let lines = lines.chain(self.calls.values()).chain(self.ringing.values()).chain(self.dialogs.values());
        let lines = lines.chain(self.pieces.values());
        lines.for_each(|lines| buffer.extend_from_slice(lines));
        write_line(buffer, &Entry::SnapshotEnd);
    }

    /// The oldest segment that holds a record the database does not have.
    pub(super) fn oldest_needed(&self) -> Option<SegmentNumber> {
        self.records.values().min().copied()
    }
}

fn replace<Key: Ord>(lines: &mut BTreeMap<Key, Lines>, key: Key, line: &[u8]) {
    let kept = lines.entry(key).or_default();
    kept.clear();
    kept.extend_from_slice(line);
}
