//! One call through one document, told and read in short lines.

use flow::{Effect, Flow, Outcome, PlayNumber, Run, Say, Site, TransferTarget};
use std::{sync::Arc, time::Duration};
use vocab::{Now, PhoneNumber, Timestamp};

pub fn now(ms: u64) -> Now {
    Now { mono: Duration::from_millis(ms), wall: Timestamp(ms as i64) }
}

pub fn names<T: Ord + for<'a> From<&'a str>>(names: &[&str]) -> std::collections::BTreeSet<T> {
    names.iter().map(|name| T::from(name)).collect()
}

/// The names of the demo site.
pub fn site() -> Site {
    Site {
        queues: names(&["sales", "support"]),
        prompts: names(&[
            "welcome",
            "menu",
            "invalid_key",
            "no_key",
            "queue_wait",
            "queue_position_before",
            "queue_position_after",
            "queue_exit_offer",
            "queue_timeout",
            "queue_no_agents",
            "leave_message",
            "message_saved",
            "message_too_short",
            "transfer",
            "goodbye",
            "technical_difficulty",
            "recording_notice",
            "operator",
        ]),
        music: names(&["calm"]),
        extensions: names(&["8001", "8010"]),
    }
}

/// A document of these nodes, beginning at the first.
pub fn document(nodes: &str) -> Flow {
    let start = nodes.split('"').nth(1).expect("a node has a name");
    let text =
        format!(r#"{{"version":1,"flow":"test","revision":1,"start":"{start}","language":"zh","nodes":{{{nodes}}}}}"#);
    match Flow::parse(&text) {
        Ok(flow) => flow,
        Err(problems) => panic!("{problems:?}\n{text}"),
    }
}

pub struct Caller {
    pub run: Run,
    pub ms: u64,
}

impl Caller {
    /// A caller at the beginning of the document.
    pub fn at(flow: Flow) -> Caller {
        Caller { run: Run::new(Arc::new(flow), 7), ms: 0 }
    }

    pub fn log(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.run.poll()).map(|effect| short(&effect)).collect()
    }

    pub fn tell(&mut self, outcome: Outcome) -> Vec<String> {
        self.run.handle(now(self.ms), outcome);
        self.log()
    }

    pub fn start(&mut self) -> Vec<String> {
        self.tell(Outcome::Start { caller: PhoneNumber::from("13800138000"), called: PhoneNumber::from("4008001000") })
    }

    pub fn key(&mut self, digit: char) -> Vec<String> {
        self.tell(Outcome::Digit { digit })
    }

    pub fn played(&mut self, play: u64) -> Vec<String> {
        self.tell(Outcome::Played { play: PlayNumber(play), finished: true })
    }

    /// Lets time pass with the run's own moments.
    pub fn wait(&mut self, ms: u64) -> Vec<String> {
        let end = self.ms + ms;
        let mut log = Vec::new();
        while let Some(at) = self.run.next_timeout().map(|at| at.as_millis() as u64).filter(|at| *at <= end) {
            self.ms = at.max(self.ms);
            log.extend(self.tell(Outcome::Timeout));
        }
        self.ms = end;
        log
    }
}

/// An effect in one short line.
pub fn short(effect: &Effect) -> String {
    match effect {
        Effect::Answer => "answer".into(),
        Effect::Play { play, says, repeat, .. } => {
            let says: Vec<String> = says.iter().map(word).collect();
            format!("{} {}: {}", if *repeat { "repeat" } else { "play" }, play.0, says.join(" "))
        }
        Effect::StopPlaying { play } => format!("stop {}", play.0),
        Effect::RecordMessage { ms_max } => format!("record {ms_max}"),
        Effect::StopRecording => "stop recording".into(),
        Effect::Enqueue { queue, priority } => format!("enqueue {queue} {priority}"),
        Effect::LeaveQueue { exit } => format!("leave queue {exit:?}"),
        Effect::Transfer { target: TransferTarget::Extension { number }, ring_ms } => {
            format!("ring {number} {ring_ms}")
        }
        Effect::Transfer { target: TransferTarget::Queue { queue }, .. } => format!("transfer to {queue}"),
        Effect::HangUp => "hang up".into(),
        Effect::Entered { node } => format!("> {node}"),
        Effect::Left { node, outcome } => format!("< {node} {outcome}"),
        Effect::Digits { node, digits } => format!("{node} keys {digits}"),
        Effect::Finished => "finished".into(),
    }
}

fn word(say: &Say) -> String {
    match say {
        Say::Prompt { name } => name.to_string(),
        Say::Number { value } => value.to_string(),
        Say::Digits { digits } => format!("'{digits}'"),
        Say::Music { name } => format!("~{name}"),
        Say::Beep => "beep".into(),
        Say::Silence { ms } => format!("({ms})"),
    }
}
