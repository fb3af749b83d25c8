//! The dispatcher's end of the link: keeps one `acd` going, and builds it anew from reports at boot, at takeover and
//! after a panic.

use acd::{Acd, Config, Decision, Report};
use cluster::{Frame, Link, LinkOutput};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use vocab::{NodeId, Now};

/// Rebuilds within one epoch that offer numbers can tell apart.
const REBUILDS_BITS: u32 = 16;

/// Conversations taken before an edge's answer: four times the agents of the largest site. Of one more the agent counts
/// as free until its phone says busy.
const CONVERSATIONS_MAX: usize = 8_192;

/// One dispatcher. It decides only once it has heard what is already there.
pub struct Dispatcher {
    config: Config,
    link: Link<Decision, Report>,
    stage: Stage,
    epoch: u64,
    rebuilds: u64,
    seed: u64,
    broken: bool,
    outputs: VecDeque<Frame<Decision>>,
}

enum Stage {
    /// Asked for everything; the conversations that go on are told before the rest.
    Asking {
        conversations: Vec<Report>,
    },
    Deciding(Box<Acd>),
}

impl Dispatcher {
    /// A dispatcher that has asked its edge for everything. `epoch` grows with each start.
    pub fn new(config: Config, me: NodeId, edge: NodeId, epoch: u64, seed: u64, now: Now) -> Dispatcher {
        let link = Link::new(me, epoch, edge, seed);
        let stage = Stage::Asking { conversations: Vec::new() };
        let mut dispatcher =
            Dispatcher { config, link, stage, epoch, rebuilds: 0, seed, broken: false, outputs: VecDeque::new() };
        dispatcher.ask(now);
        dispatcher.settle(now);
        dispatcher
    }

    /// Takes what came over the link.
    pub fn handle(&mut self, now: Now, frame: Frame<Report>) {
        self.link.receive(now.mono, frame);
        self.settle(now);
    }

    /// Takes a moment named by `next_timeout`.
    pub fn handle_timeout(&mut self, now: Now) {
        self.link.handle_timeout(now.mono);
        if let Stage::Deciding(acd) = &mut self.stage {
            acd.handle_timeout(now);
        }
        self.settle(now);
    }

    /// The next frame to put on the link.
    pub fn poll(&mut self) -> Option<Frame<Decision>> {
        self.outputs.pop_front()
    }

    /// When `handle_timeout` wants to be called next.
    pub fn next_timeout(&self) -> Option<Duration> {
        let acd = match &self.stage {
            Stage::Deciding(acd) => acd.next_timeout(),
            Stage::Asking { .. } => None,
        };
        [self.link.next_timeout(), acd].into_iter().flatten().min()
    }

    /// What a new `acd` would start from, for the journal's snapshots; empty while it asks.
    pub fn reports(&self, now: Now) -> Vec<Report> {
        match &self.stage {
            Stage::Deciding(acd) => acd.reports(now),
            Stage::Asking { .. } => Vec::new(),
        }
    }

    /// The next report makes the machine panic. Only simulation says so.
    pub fn break_next(&mut self) {
        self.broken = true;
    }

    fn settle(&mut self, now: Now) {
        loop {
            if let Some(output) = self.link.poll() {
                match output {
                    LinkOutput::Send(frame) => self.outputs.push_back(frame),
                    LinkOutput::Deliver(report) => self.report(now, report),
                    // The edge began anew: what it had is gone, what it has it will say when asked.
                    LinkOutput::PeerRestarted { .. } => self.ask(now),
                    // Decisions that cannot be delivered are void: the edge will be asked for everything when it is back.
                    LinkOutput::Overflow(_) => {}
                }
            } else if let Some(decision) = self.decision() {
                self.link.send(now.mono, decision);
            } else {
                break;
            }
        }
    }

    fn decision(&mut self) -> Option<Decision> {
        match &mut self.stage {
            Stage::Deciding(acd) => acd.poll(),
            Stage::Asking { .. } => None,
        }
    }

    fn report(&mut self, now: Now, report: Report) {
        if let Report::Configuration(config) = &report
            && config.revision > self.config.revision
        {
            self.config = config.clone();
        }
        match &mut self.stage {
            // What calls and phones did before the answer is in the answer, and requests about agents are repeated
            // behind it.
            Stage::Asking { conversations } => match report {
                Report::Conversation { .. } if conversations.len() < CONVERSATIONS_MAX => conversations.push(report),
                Report::All { .. } => {
                    let mut reports = std::mem::take(conversations);
                    reports.push(report);
                    self.begin(now, reports);
                }
                _ => {}
            },
            Stage::Deciding(acd) => {
                let broken = std::mem::take(&mut self.broken);
                let step = AssertUnwindSafe(|| {
                    assert!(!broken, "broken by simulation");
                    acd.handle(now, report);
                });
                if catch_unwind(step).is_err() {
                    self.ask(now);
                }
            }
        }
    }

    /// Starts deciding from what the edge reported.
    fn begin(&mut self, now: Now, reports: Vec<Report>) {
        self.rebuilds += 1;
        let epoch = (self.epoch << REBUILDS_BITS) | self.rebuilds;
        let acd = Acd::new(self.config.clone(), reports, epoch, now, self.seed ^ epoch);
        self.stage = Stage::Deciding(Box::new(acd));
    }

    fn ask(&mut self, now: Now) {
        self.stage = Stage::Asking { conversations: Vec::new() };
        self.link.send(now.mono, Decision::ReportAll);
    }
}
