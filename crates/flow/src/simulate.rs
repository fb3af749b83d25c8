//! What a caller would hear: a run against a scripted caller and an edge that always does as asked.

use crate::{Effect, Flow, Outcome, PlayNumber, Run, Say};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use vocab::{Now, PhoneNumber, Timestamp};

/// What a prompt takes when nobody knows its length.
const PROMPT_MS: u64 = 2_000;
/// What a number or digit takes.
const WORD_MS: u64 = 500;
/// What an extension takes to answer.
const TRANSFER_ANSWER_MS: u64 = 3_000;
/// The tone before a message.
const BEEP_MS: u64 = 300;
/// A script that goes on for longer than this has no end.
const EVENTS_MAX: usize = 10_000;

/// What the caller and the agents do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The caller's number.
    pub caller: PhoneNumber,
    /// The number called.
    pub called: PhoneNumber,
    /// Keys and when they are pressed, from the beginning of the call.
    pub keys: Vec<(Duration, char)>,
    /// When the caller hangs up; none to stay until the flow ends.
    pub hang_up: Option<Duration>,
    /// How long the caller waits in a queue before an agent talks; none when no agent comes.
    pub agent_after: Option<Duration>,
    /// How long a conversation lasts.
    pub talk: Duration,
}

/// Something that happened at a moment of the simulated call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The run asked for this.
    Effect(Effect),
    /// The caller pressed a key.
    Key(char),
    /// A conversation began.
    Talk,
    /// The caller hung up.
    HungUp,
}

/// Plays a call; the transcript ends with [`Effect::Finished`], or where no end was in sight.
pub fn simulate(flow: Arc<Flow>, script: &Script, seed: u64) -> Vec<(Duration, Heard)> {
    let mut stage = Stage {
        run: Run::new(flow, seed),
        now: Duration::ZERO,
        events: BTreeMap::new(),
        count: 0,
        recording: None,
        transcript: Vec::new(),
    };
    let (caller, called) = (script.caller.clone(), script.called.clone());
    stage.at(Duration::ZERO, Outcome::Start { caller, called });
    for (at, digit) in &script.keys {
        stage.at(*at, Outcome::Digit { digit: *digit });
    }
    if let Some(at) = script.hang_up {
        stage.at(at, Outcome::CallerGone);
    }
    for _ in 0..EVENTS_MAX {
        if !stage.step(script) {
            break;
        }
    }
    stage.transcript
}

struct Stage {
    run: Run,
    now: Duration,
    events: BTreeMap<(Duration, usize), Outcome>,
    count: usize,
    /// When the message's recording began, and the number of its planned end.
    recording: Option<(Duration, (Duration, usize))>,
    transcript: Vec<(Duration, Heard)>,
}

impl Stage {
    fn at(&mut self, at: Duration, outcome: Outcome) -> (Duration, usize) {
        self.count += 1;
        self.events.insert((at, self.count), outcome);
        (at, self.count)
    }

    fn after(&mut self, ms: u64, outcome: Outcome) -> (Duration, usize) {
        self.at(self.now + Duration::from_millis(ms), outcome)
    }

    /// The next thing that happens; false when nothing more will.
    fn step(&mut self, script: &Script) -> bool {
        if self.run.is_finished() {
            return false;
        }
        let event = self.events.keys().next().map(|(at, _)| *at);
        let Some(next) = [event, self.run.next_timeout()].into_iter().flatten().min() else { return false };
        self.now = self.now.max(next);
        let outcome = match self.events.first_entry().filter(|entry| entry.key().0 <= self.now) {
            Some(entry) => entry.remove(),
            None => Outcome::Timeout,
        };
        match &outcome {
            Outcome::Digit { digit } => self.transcript.push((self.now, Heard::Key(*digit))),
            Outcome::Connected => self.transcript.push((self.now, Heard::Talk)),
            Outcome::CallerGone => self.transcript.push((self.now, Heard::HungUp)),
            _ => {}
        }
        let millis = i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX);
        self.run.handle(Now { mono: self.now, wall: Timestamp(millis) }, outcome);
        while let Some(effect) = self.run.poll() {
            self.carry_out(&effect, script);
            self.transcript.push((self.now, Heard::Effect(effect)));
        }
        true
    }

    fn carry_out(&mut self, effect: &Effect, script: &Script) {
        match effect {
            Effect::Answer => drop(self.after(0, Outcome::Answered)),
            Effect::Play { play, says, repeat: false, .. } => {
                let length = says.iter().map(length_ms).sum();
                self.after(length, Outcome::Played { play: *play, finished: true });
            }
            Effect::StopPlaying { play } => self.stop(*play),
            Effect::RecordMessage { ms_max } => {
                let ms = u64::from(*ms_max);
                let end = self.after(ms, Outcome::Recorded { ms });
                self.recording = Some((self.now, end));
            }
            Effect::StopRecording => {
                if let Some((began, end)) = self.recording.take() {
                    self.events.remove(&end);
                    let ms = u64::try_from((self.now - began).as_millis()).unwrap_or(u64::MAX);
                    self.after(0, Outcome::Recorded { ms });
                }
            }
            Effect::Enqueue { .. } => {
                self.after(0, Outcome::Placed { place: 1 });
                if let Some(after) = script.agent_after {
                    let at = self.now + after;
                    self.at(at, Outcome::Connected);
                    self.at(at + script.talk, Outcome::Parted);
                }
            }
            Effect::LeaveQueue { .. } => {
                self.events.retain(|_, outcome| !matches!(outcome, Outcome::Connected | Outcome::Parted));
                self.after(0, Outcome::QueueLeft);
            }
            Effect::Transfer { .. } => {
                let at = self.now + Duration::from_millis(TRANSFER_ANSWER_MS);
                self.at(at, Outcome::Connected);
                self.at(at + script.talk, Outcome::Parted);
            }
            Effect::Play { repeat: true, .. }
            | Effect::HangUp
            | Effect::Entered { .. }
            | Effect::Left { .. }
            | Effect::Digits { .. }
            | Effect::Finished => {}
        }
    }

    fn stop(&mut self, stopped: PlayNumber) {
        self.events.retain(|_, outcome| !matches!(outcome, Outcome::Played { play, .. } if *play == stopped));
        self.after(0, Outcome::Played { play: stopped, finished: false });
    }
}

fn length_ms(say: &Say) -> u64 {
    match say {
        Say::Prompt { .. } => PROMPT_MS,
        Say::Number { .. } => WORD_MS,
        Say::Digits { digits } => WORD_MS * digits.len() as u64,
        Say::Music { .. } => 0,
        Say::Beep => BEEP_MS,
        Say::Silence { ms } => u64::from(*ms),
    }
}
