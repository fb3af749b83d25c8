//! What happens in a run: who calls when and how, how agents behave, what breaks.

#![allow(missing_docs, reason = "a plan's fields are named in full; what is not obvious has its line")]

use crate::chance::Chance;
use std::time::Duration;

/// A run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Seeds the network, the machines and every draw.
    pub seed: u64,
    pub callers: Vec<CallerPlan>,
    pub agents: Vec<AgentPlan>,
    /// SIP datagrams lost, of 1,000.
    pub sip_loss_per_mille: u64,
    /// SIP datagrams repeated, of 1,000.
    pub sip_repeat_per_mille: u64,
    /// Offers that hold no codec of ours, of 1,000.
    pub codec_mismatch_per_mille: u64,
    /// Link frames lost, of 1,000.
    pub link_loss_per_mille: u64,
    /// Link frames repeated, of 1,000.
    pub link_repeat_per_mille: u64,
    /// Longest delay of a link frame.
    pub link_delay_ms_max: u64,
    /// The edge's process dies and starts again at these moments.
    pub node_restarts: Vec<Duration>,
    /// The dispatcher dies and another starts at these moments.
    pub dispatcher_restarts: Vec<Duration>,
    /// The machine of some live call (or the dispatcher's) panics at these moments.
    pub panics: Vec<Duration>,
    /// After this nobody calls any more and everybody hangs up.
    pub closing: Duration,
}

/// One caller.
#[derive(Clone, Debug)]
pub struct CallerPlan {
    pub at: Duration,
    /// The number dialled.
    pub called: &'static str,
    /// Keys, each with the pause before it, counted from the answer.
    pub keys: Vec<(Duration, char)>,
    /// Hangs up this long after dialling.
    pub patience: Duration,
    pub silence: Option<Silence>,
}

/// One agent with a phone.
#[derive(Clone, Debug)]
pub struct AgentPlan {
    pub log_in: Duration,
    pub ready: bool,
    /// Goes not ready, then ready again, at these moments.
    pub breaks: Vec<Duration>,
    pub manner: PhoneManner,
    /// Hangs up this long after answering.
    pub talk: Duration,
    pub silence: Option<Silence>,
}

/// How a phone falls silent so long after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It sends no more sound: muted, or on hold.
    Muted { after: Duration },
    /// Its plug is pulled.
    Dead { after: Duration },
    /// It is muted for three quarters of a minute, and its equipment drops questions inside a call.
    Deaf { after: Duration },
}

/// How an agent's phone treats a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneManner {
    /// Rings, and answers after this many milliseconds; 0 answers without ringing.
    Answers { after_ms: u64 },
    /// Rings for ever.
    LetsRing,
    /// 486.
    Declines,
    /// The phone's plug is pulled after this many calls were answered.
    Dies,
}

impl Scenario {
    /// The scenario of a seed: a few minutes of a small site, with whatever breaks.
    pub fn random(seed: u64) -> Scenario {
        let mut chance = Chance::new(seed);
        let calm = chance.per_mille(250);
        let closing = Duration::from_secs(chance.range(60, 240));
        let closing_ms = u64::try_from(closing.as_millis()).unwrap_or(u64::MAX);
        let some = |chance: &mut Chance, parts: u64| {
            if !calm && chance.per_mille(parts) { vec![chance.ms(5_000, closing_ms)] } else { Vec::new() }
        };
        Scenario {
            callers: (0..chance.range(1, 9)).map(|_| caller(&mut chance, closing_ms)).collect(),
            agents: (0..chance.range(1, 5)).map(|_| agent(&mut chance, closing_ms)).collect(),
            sip_loss_per_mille: if calm { 0 } else { chance.range(0, 80) },
            sip_repeat_per_mille: if calm { 0 } else { chance.range(0, 50) },
            codec_mismatch_per_mille: if calm { 0 } else { chance.range(0, 20) },
            link_loss_per_mille: if calm { 0 } else { chance.range(0, 200) },
            link_repeat_per_mille: if calm { 0 } else { chance.range(0, 100) },
            link_delay_ms_max: if calm { 1 } else { chance.range(1, 400) },
            node_restarts: some(&mut chance, 250),
            dispatcher_restarts: some(&mut chance, 300),
            panics: some(&mut chance, 300),
            closing,
            seed: chance.seed(),
        }
    }
}

fn caller(chance: &mut Chance, closing_ms: u64) -> CallerPlan {
    let called = if chance.per_mille(850) { "4008001000" } else { "4008009999" };
    let choice = chance.pick(&['1', '1', '1', '2', '2', '3', '0', '7']);
    let mut keys = vec![(chance.ms(0, 15_000), choice)];
    if chance.per_mille(300) {
        keys.push((chance.ms(1_000, 60_000), '#'));
    }
    if chance.per_mille(150) {
        keys.clear();
    }
    let (at, patience) = (chance.ms(100, closing_ms), chance.ms(10, 150_000));
    CallerPlan { at, called, keys, patience, silence: silence(chance) }
}

fn silence(chance: &mut Chance) -> Option<Silence> {
    let after = chance.ms(0, 60_000);
    match chance.range(0, 8) {
        0 => Some(Silence::Muted { after }),
        1 => Some(Silence::Dead { after }),
        2 => Some(Silence::Deaf { after }),
        _ => None,
    }
}

fn agent(chance: &mut Chance, closing_ms: u64) -> AgentPlan {
    let manner = match chance.range(0, 10) {
        0 => PhoneManner::LetsRing,
        1 => PhoneManner::Declines,
        2 => PhoneManner::Dies,
        3 | 4 => PhoneManner::Answers { after_ms: 0 },
        _ => PhoneManner::Answers { after_ms: chance.range(1, 12_000) },
    };
    let breaks = if chance.per_mille(300) { vec![chance.ms(1_000, closing_ms)] } else { Vec::new() };
    AgentPlan {
        log_in: chance.ms(0, 60_000),
        ready: chance.per_mille(900),
        breaks,
        manner,
        talk: chance.ms(100, 90_000),
        silence: silence(chance),
    }
}
