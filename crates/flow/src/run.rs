//! One call's walk through a document.
//!
//! Every input ends in a state that waits for something: for the edge, for the caller, or for a moment. An edge that
//! owes an answer and a document that leads nowhere end the run with the outcome `fault` and a hang-up.

use crate::{
    Effect, Flow, MenuNode, MessageNode, Node, Outcome, PlayNumber, Say, TransferNode, TransferTarget,
    keys::{Typed, is_key},
    waiting::{Exit, Terms, Waiting},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use vocab::{NodeName, Now};

/// Nodes entered for one input. A checked document needs a handful; a bad one must not hold up all other calls.
const STEPS_PER_INPUT_MAX: u32 = 100;

/// Plays skipped by keys pressed ahead before those keys are dropped: a ring of plays would be skipped for ever.
const SKIPPED_PLAYS_MAX: u32 = 8;

/// The edge owes an answer within this, beyond what it was allowed: longer than SIP's own 32 s to give up (RFC 3261
/// section 17), so that the edge's own answer comes first.
const EDGE_ANSWER_MS_MAX: u64 = 40_000;

/// A run of one call through one document.
pub struct Run {
    flow: Arc<Flow>,
    node: NodeName,
    state: State,
    typed: Typed,
    plays: u64,
    clock: Duration,
    steps: u32,
    skipped: u32,
    effects: VecDeque<Effect>,
}

/// What the run waits for.
enum State {
    /// The call.
    Fresh,
    /// The answer to be acknowledged.
    Answering { until: Duration },
    /// A prompt to end.
    Playing { play: PlayNumber, interruptible: bool },
    /// The menu's question to end, or a key.
    Asking { play: PlayNumber, failures: u32 },
    /// A key.
    Choosing { until: Duration, failures: u32 },
    /// An agent, a key, or the longest wait.
    Waiting(Waiting),
    /// To be out of the line, for this reason.
    Leaving { exit: Exit, until: Duration },
    /// The prompt and the tone before a message.
    BeforeMessage { play: PlayNumber },
    /// The message to end.
    Recording { until: Duration },
    /// The prompt before a transfer.
    BeforeTransfer { play: PlayNumber },
    /// The target to answer.
    Ringing { until: Duration },
    /// The conversation to be over.
    Talking,
    /// Nothing more.
    Finished,
}

impl Run {
    /// A run of a document that [`crate::check`] found free of errors. No node of today draws from the seed.
    pub fn new(flow: Arc<Flow>, _seed: u64) -> Run {
        Run {
            node: flow.start.clone(),
            flow,
            state: State::Fresh,
            typed: Typed::default(),
            plays: 0,
            clock: Duration::ZERO,
            steps: 0,
            skipped: 0,
            effects: VecDeque::new(),
        }
    }

    /// Takes an outcome; one that nobody waits for is ignored.
    pub fn handle(&mut self, now: Now, outcome: Outcome) {
        self.clock = self.clock.max(now.mono);
        self.steps = 0;
        // A caller who hung up waits for nothing any more.
        if outcome != Outcome::CallerGone && self.next_timeout().is_some_and(|at| at <= self.clock) {
            self.time_is_up();
        }
        match outcome {
            Outcome::Start { .. } => {
                if let State::Fresh = self.state {
                    self.enter(self.flow.start.clone());
                }
            }
            Outcome::Answered => {
                if let State::Answering { .. } = self.state {
                    self.leave("done");
                }
            }
            Outcome::Played { play, finished: _ } => self.played(play),
            Outcome::Digit { digit } => {
                if is_key(digit) {
                    self.key(digit);
                }
            }
            Outcome::Recorded { ms } => self.recorded(ms),
            Outcome::QueueRefused { .. } => self.queue_refused(),
            Outcome::Placed { place } => {
                if let State::Waiting(waiting) = &mut self.state {
                    waiting.place = Some(place);
                }
            }
            Outcome::QueueLeft => {
                if let State::Leaving { exit, .. } = &self.state {
                    let exit = *exit;
                    self.left_queue(exit);
                }
            }
            Outcome::Connected => {
                if let State::Waiting(_) | State::Leaving { .. } | State::Ringing { .. } = self.state {
                    self.state = State::Talking;
                }
            }
            Outcome::Parted => {
                if let State::Talking = self.state {
                    self.leave("answered");
                }
            }
            Outcome::TransferFailed { why } => {
                if let State::Ringing { .. } = self.state {
                    self.leave(transfer_outcome(&why));
                }
            }
            Outcome::CallerGone => self.caller_gone(),
            Outcome::Timeout => {}
        }
    }

    /// The next effect, in order.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Outcome::Timeout`] is wanted: monotonic time, as in `Now::mono`. None once finished.
    pub fn next_timeout(&self) -> Option<Duration> {
        match &self.state {
            State::Answering { until }
            | State::Choosing { until, .. }
            | State::Leaving { until, .. }
            | State::Recording { until }
            | State::Ringing { until } => Some(*until),
            State::Waiting(waiting) => Some(waiting.next_timeout()),
            // The edge always ends a playing, even one it cannot play; a conversation lasts as long as it lasts.
            State::Fresh
            | State::Playing { .. }
            | State::Asking { .. }
            | State::BeforeMessage { .. }
            | State::BeforeTransfer { .. }
            | State::Talking
            | State::Finished => None,
        }
    }

    /// True after [`Effect::Finished`].
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    fn time_is_up(&mut self) {
        match &mut self.state {
            State::Choosing { failures, .. } => {
                let failures = *failures;
                self.no_choice(failures, "no_key");
            }
            State::Waiting(waiting) => match waiting.time_is_up(self.clock) {
                Some(exit) => self.leave_queue(exit),
                None => self.announce(),
            },
            // Whatever the edge thinks of the line, the caller waited long enough.
            State::Leaving { exit, .. } => {
                let exit = *exit;
                self.left_queue(exit);
            }
            State::Answering { .. } | State::Recording { .. } | State::Ringing { .. } => self.fault(),
            State::Fresh
            | State::Playing { .. }
            | State::Asking { .. }
            | State::BeforeMessage { .. }
            | State::BeforeTransfer { .. }
            | State::Talking
            | State::Finished => {}
        }
    }

    fn played(&mut self, ended: PlayNumber) {
        match &mut self.state {
            State::Playing { play, .. } if *play == ended => self.leave("done"),
            State::Asking { play, failures } if *play == ended => {
                let failures = *failures;
                self.choose(failures);
            }
            State::BeforeMessage { play } if *play == ended => self.record(),
            State::BeforeTransfer { play } if *play == ended => self.ring(),
            State::Waiting(waiting) if waiting.speaking == Some(ended) => {
                waiting.speaking = None;
                let music = waiting.terms.music.clone();
                self.music(music);
            }
            _ => {}
        }
    }

    fn key(&mut self, key: char) {
        match &self.state {
            State::Playing { play, interruptible: true } => {
                let play = *play;
                self.typed.push(key);
                self.effects.push_back(Effect::StopPlaying { play });
                self.leave("done");
            }
            State::Asking { play, failures } => {
                let (play, failures) = (*play, *failures);
                self.effects.push_back(Effect::StopPlaying { play });
                self.chosen(key, failures);
            }
            State::Choosing { failures, .. } => {
                let failures = *failures;
                self.chosen(key, failures);
            }
            State::Waiting(waiting) if waiting.terms.exit_keys.contains(key) => {
                self.digits(key, false);
                self.leave_queue(Exit::Key);
            }
            // The prompt is skipped, the tone is not: it says when to speak.
            State::BeforeMessage { .. } => {
                let play = self.play(vec![Say::Beep], false);
                self.state = State::BeforeMessage { play };
            }
            State::Recording { .. } => {
                if let Some(Node::Message(node)) = self.flow.nodes.get(&self.node)
                    && node.stop_keys.contains(key)
                {
                    self.state = State::Recording { until: self.after(EDGE_ANSWER_MS_MAX) };
                    self.effects.push_back(Effect::StopRecording);
                }
            }
            State::Fresh
            | State::Answering { .. }
            | State::Playing { interruptible: false, .. }
            | State::Waiting(_)
            | State::Leaving { .. }
            | State::BeforeTransfer { .. }
            | State::Ringing { .. }
            | State::Talking
            | State::Finished => {}
        }
    }

    fn caller_gone(&mut self) {
        match self.state {
            State::Finished => return,
            State::Fresh => {}
            _ => self.effects.push_back(Effect::Left { node: self.node.clone(), outcome: "caller_gone".to_owned() }),
        }
        self.finish();
    }

    fn finish(&mut self) {
        self.state = State::Finished;
        self.effects.push_back(Effect::Finished);
    }

    fn fault(&mut self) {
        self.effects.push_back(Effect::Left { node: self.node.clone(), outcome: "fault".to_owned() });
        self.effects.push_back(Effect::HangUp);
        self.finish();
    }

    /// Leaves the node by an outcome and enters the one linked to it; without a link the call ends.
    fn leave(&mut self, outcome: &str) {
        self.effects.push_back(Effect::Left { node: self.node.clone(), outcome: outcome.to_owned() });
        match self.flow.nodes.get(&self.node).and_then(|node| node.links().get(outcome)).cloned() {
            Some(next) => self.enter(next),
            None => {
                self.effects.push_back(Effect::HangUp);
                self.finish();
            }
        }
    }

    fn enter(&mut self, name: NodeName) {
        self.node = name.clone();
        self.steps += 1;
        let flow = Arc::clone(&self.flow);
        let node = flow.nodes.get(&name).filter(|_| self.steps <= STEPS_PER_INPUT_MAX);
        let Some(node) = node else { return self.fault() };
        self.effects.push_back(Effect::Entered { node: name });
        match node {
            Node::Answer(_) => {
                self.state = State::Answering { until: self.after(EDGE_ANSWER_MS_MAX) };
                self.effects.push_back(Effect::Answer);
            }
            Node::Play(node) => self.enter_play(&node.says, node.interruptible),
            Node::Menu(node) => self.enter_menu(node),
            Node::Queue(node) => {
                self.enter_queue(Terms::of(node));
            }
            Node::Message(node) => self.enter_message(node),
            Node::Transfer(node) => self.enter_transfer(node),
            Node::Hangup(_) => self.leave("done"),
        }
    }

    fn enter_play(&mut self, says: &[Say], interruptible: bool) {
        if interruptible && !self.typed.is_empty() {
            self.skipped += 1;
            if self.skipped <= SKIPPED_PLAYS_MAX {
                return self.leave("done");
            }
            self.typed.clear();
        }
        let play = self.play(says.to_vec(), false);
        self.state = State::Playing { play, interruptible };
    }

    fn enter_menu(&mut self, node: &MenuNode) {
        self.skipped = 0;
        if !node.type_ahead {
            self.typed.clear();
        }
        match self.typed.take() {
            Some(key) => self.chosen(key, 0),
            None => self.question(&[], node, 0),
        }
    }

    /// Asks the menu's question, after these words.
    fn question(&mut self, first: &[Say], node: &MenuNode, failures: u32) {
        let says = [first, &node.says].concat();
        if says.is_empty() {
            return self.choose(failures);
        }
        let play = self.play(says, false);
        self.state = State::Asking { play, failures };
    }

    /// Waits for a key in silence.
    fn choose(&mut self, failures: u32) {
        let Some(Node::Menu(node)) = self.flow.nodes.get(&self.node) else { return self.fault() };
        self.state = State::Choosing { until: self.after(u64::from(node.timeout_ms)), failures };
    }

    fn chosen(&mut self, key: char, failures: u32) {
        let Some(Node::Menu(node)) = self.flow.nodes.get(&self.node) else { return self.fault() };
        let (secret, outcome) = (node.secret, key.to_string());
        let known = node.links.contains_key(&outcome);
        self.digits(key, secret);
        if known {
            self.leave(&outcome);
        } else {
            self.typed.clear();
            self.no_choice(failures, "invalid");
        }
    }

    /// No key, or a wrong one: asks again, or leaves by that outcome.
    fn no_choice(&mut self, failures: u32, outcome: &str) {
        let flow = Arc::clone(&self.flow);
        let Some(Node::Menu(node)) = flow.nodes.get(&self.node) else { return self.fault() };
        if failures >= node.retries {
            return self.leave(outcome);
        }
        let words = if outcome == "invalid" { &node.invalid_key } else { &node.no_key };
        self.question(words, node, failures + 1);
    }

    fn digits(&mut self, key: char, secret: bool) {
        let digits = if secret { '*' } else { key }.to_string();
        self.effects.push_back(Effect::Digits { node: self.node.clone(), digits });
    }

    fn enter_queue(&mut self, terms: Terms) {
        self.typed.clear();
        self.skipped = 0;
        self.effects.push_back(Effect::Enqueue { queue: terms.queue.clone(), priority: terms.priority });
        let (says, music) = (terms.says.clone(), terms.music.clone());
        self.state = State::Waiting(Waiting::new(terms, self.clock));
        if says.is_empty() { self.music(music) } else { self.speak(says) }
    }

    /// Says something to a waiting caller; music follows when it is over.
    fn speak(&mut self, says: Vec<Say>) {
        let play = self.play(says, false);
        if let State::Waiting(waiting) = &mut self.state {
            waiting.speaking = Some(play);
            waiting.sounding = Some(play);
        }
    }

    fn music(&mut self, music: Option<Arc<str>>) {
        let play = music.map(|name| self.play(vec![Say::Music { name }], true));
        if let State::Waiting(waiting) = &mut self.state {
            waiting.sounding = play;
        }
    }

    fn announce(&mut self) {
        if let State::Waiting(waiting) = &mut self.state
            && let Some(says) = waiting.announcement()
        {
            self.speak(says);
        }
    }

    fn leave_queue(&mut self, exit: Exit) {
        self.silence();
        self.effects.push_back(Effect::LeaveQueue { exit: exit.reason() });
        self.state = State::Leaving { exit, until: self.after(EDGE_ANSWER_MS_MAX) };
    }

    fn silence(&mut self) {
        if let State::Waiting(Waiting { sounding: Some(play), .. }) = &self.state {
            let play = *play;
            self.effects.push_back(Effect::StopPlaying { play });
        }
    }

    fn left_queue(&mut self, exit: Exit) {
        let outcome = match (self.flow.nodes.get(&self.node), exit) {
            (Some(Node::Transfer(_)), _) => "no_answer",
            (_, Exit::Key) => "key",
            (_, Exit::TimedOut) => "timeout",
        };
        self.leave(outcome);
    }

    fn queue_refused(&mut self) {
        match &self.state {
            State::Waiting(_) => {
                self.silence();
                let transfer = matches!(self.flow.nodes.get(&self.node), Some(Node::Transfer(_)));
                self.leave(if transfer { "failed" } else { "refused" });
            }
            State::Leaving { exit, .. } => {
                let exit = *exit;
                self.left_queue(exit);
            }
            _ => {}
        }
    }

    fn enter_message(&mut self, node: &MessageNode) {
        self.typed.clear();
        self.skipped = 0;
        let play = self.play([node.says.as_slice(), &[Say::Beep]].concat(), false);
        self.state = State::BeforeMessage { play };
    }

    fn record(&mut self) {
        let Some(Node::Message(node)) = self.flow.nodes.get(&self.node) else { return self.fault() };
        let ms_max = node.ms_max;
        self.state = State::Recording { until: self.after(u64::from(ms_max) + EDGE_ANSWER_MS_MAX) };
        self.effects.push_back(Effect::RecordMessage { ms_max });
    }

    fn recorded(&mut self, ms: u64) {
        let State::Recording { .. } = self.state else { return };
        let Some(Node::Message(node)) = self.flow.nodes.get(&self.node) else { return self.fault() };
        let too_short = ms < u64::from(node.ms_min);
        self.leave(if too_short { "too_short" } else { "saved" });
    }

    fn enter_transfer(&mut self, node: &TransferNode) {
        self.typed.clear();
        self.skipped = 0;
        if node.says.is_empty() {
            return self.ring();
        }
        let play = self.play(node.says.clone(), false);
        self.state = State::BeforeTransfer { play };
    }

    fn ring(&mut self) {
        let flow = Arc::clone(&self.flow);
        let Some(Node::Transfer(node)) = flow.nodes.get(&self.node) else { return self.fault() };
        match &node.target {
            TransferTarget::Queue { queue } => self.enter_queue(Terms::plain(queue.clone())),
            TransferTarget::Extension { .. } => {
                let (target, ring_ms) = (node.target.clone(), u64::from(node.ring_ms));
                self.state = State::Ringing { until: self.after(ring_ms + EDGE_ANSWER_MS_MAX) };
                self.effects.push_back(Effect::Transfer { target, ring_ms });
            }
        }
    }

    fn play(&mut self, says: Vec<Say>, repeat: bool) -> PlayNumber {
        self.plays += 1;
        let (play, language) = (PlayNumber(self.plays), Arc::clone(&self.flow.language));
        self.effects.push_back(Effect::Play { play, language, says, repeat });
        play
    }

    fn after(&self, ms: u64) -> Duration {
        self.clock + Duration::from_millis(ms)
    }
}

/// The outcome of a transfer node for the edge's reason.
fn transfer_outcome(why: &str) -> &'static str {
    match why {
        "busy" => "busy",
        "no_answer" => "no_answer",
        _ => "failed",
    }
}
