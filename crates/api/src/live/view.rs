//! What one reader may see: leaders everything; an agent themselves, their own calls and their queues' counters.

use super::batch::{Batch, Owners, Told, body};
use report::{CallLive, Changes, Snapshot};
use std::collections::BTreeSet;
use vocab::{AgentId, CallId, QueueId};

/// A reader's view. That of an agent remembers which calls and queues are theirs at their place in the stream.
#[derive(Debug)]
pub enum View {
    /// Everything.
    Whole,
    /// What concerns one agent.
    Own(Own),
    /// Nothing: the role takes part, but the person is no agent.
    Nothing,
}

/// What concerns one agent.
#[derive(Debug)]
pub struct Own {
    agent: AgentId,
    calls: BTreeSet<CallId>,
    queues: BTreeSet<QueueId>,
}

impl View {
    /// The view of an agent; it must see a snapshot, or be told where it resumes, before it reads batches.
    pub fn own(agent: AgentId) -> View {
        View::Own(Own { agent, calls: BTreeSet::new(), queues: BTreeSet::new() })
    }

    /// Cuts everything down to the view, and begins from there.
    pub fn begin(&mut self, mut snapshot: Snapshot) -> Snapshot {
        match self {
            View::Whole => {}
            View::Own(own) => {
                snapshot.agents.retain(|agent| agent.agent == own.agent);
                own.queues = snapshot.agents.iter().flat_map(|agent| agent.queues.iter().cloned()).collect();
                snapshot.queues.retain(|queue| own.queues.contains(&queue.queue));
                snapshot.calls.retain(|call| Owners::of(Some(call)).contains(&own.agent));
                own.calls = snapshot.calls.iter().map(|call| call.call).collect();
                snapshot.refused.clear();
            }
            View::Nothing => {
                snapshot = Snapshot { agents: Vec::new(), queues: Vec::new(), calls: Vec::new(), refused: Vec::new() };
            }
        }
        snapshot
    }

    /// Begins in the past: from the present picture, back over the batches that came since, newest first.
    pub fn resume<'a>(&mut self, now: Snapshot, since: impl Iterator<Item = &'a Batch>) {
        self.begin(now);
        let View::Own(own) = self else { return };
        for hands in since.flat_map(|batch| &batch.hands) {
            if hands.before.contains(&own.agent) {
                own.calls.insert(hands.call);
            } else {
                own.calls.remove(&hands.call);
            }
        }
    }

    /// The body of the next message; none when the batch does not concern the reader.
    pub fn read(&mut self, batch: &Batch) -> Option<String> {
        match self {
            View::Whole => Some(batch.whole.to_string()),
            View::Own(own) => own.read(batch),
            View::Nothing => None,
        }
    }
}

impl Own {
    fn read(&mut self, batch: &Batch) -> Option<String> {
        let mut touched = self.calls.clone();
        let mut left = Vec::new();
        for hands in &batch.hands {
            let (was, is) = (self.calls.contains(&hands.call), hands.after.contains(&self.agent));
            if is {
                self.calls.insert(hands.call);
                touched.insert(hands.call);
            } else if was {
                self.calls.remove(&hands.call);
                left.push(hands.call);
            }
        }
        // An offer that came and went within the batch.
        let asked = batch.facts.iter().filter(|fact| fact.agent.as_ref() == Some(&self.agent));
        touched.extend(asked.filter_map(|fact| fact.call));
        let concerns = |fact: &&Told| {
            fact.agent.as_ref() == Some(&self.agent) || fact.call.is_some_and(|call| touched.contains(&call))
        };
        let facts: Vec<&Told> = batch.facts.iter().filter(concerns).collect();
        let changes = self.changes(&batch.changes, left);
        let nothing = facts.is_empty() && changes == Changes::default();
        (!nothing).then(|| body(facts.into_iter(), &changes))
    }

    fn changes(&mut self, all: &Changes, calls_over: Vec<CallId>) -> Changes {
        let agents: Vec<_> = all.agents.iter().filter(|agent| agent.agent == self.agent).cloned().collect();
        if let Some(agent) = agents.last() {
            self.queues = agent.queues.iter().cloned().collect();
        }
        let own = |call: &&CallLive| self.calls.contains(&call.call);
        Changes {
            agents,
            queues: all.queues.iter().filter(|queue| self.queues.contains(&queue.queue)).cloned().collect(),
            calls: all.calls.iter().filter(own).cloned().collect(),
            calls_over,
            refused: Vec::new(),
        }
    }
}
