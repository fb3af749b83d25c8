//! Two ends of a link over a network that loses, repeats, delays and overtakes.

use cluster::{Frame, Link, LinkOutput};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use vocab::Envelope;

type End = Link<u32, u32>;

fn now(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Faults in percent and milliseconds.
#[derive(Clone, Copy, Debug)]
struct Weather {
    loss: u32,
    repeat: u32,
    delay_ms_max: u32,
}

const CALM: Weather = Weather { loss: 0, repeat: 0, delay_ms_max: 0 };

/// Two ends and the frames between them, by arrival.
struct Pair {
    ends: [End; 2],
    epochs: [u64; 2],
    ms: u64,
    on_the_way: BTreeMap<(u64, u64), (usize, Frame<u32>)>,
    frames: u64,
    chance: Pcg64Mcg,
    weather: Weather,
    got: [Vec<u32>; 2],
    /// What an end got in all its lives.
    ever: [BTreeSet<u32>; 2],
    restarts_seen: [u32; 2],
}

fn end(me: usize, epoch: u64) -> End {
    let names = ["edge", "dispatcher"];
    Link::new(names[me].into(), epoch, names[1 - me].into(), epoch)
}

impl Pair {
    fn new(seed: u64, weather: Weather) -> Pair {
        let mut pair = Pair {
            ends: [end(0, 1), end(1, 1)],
            epochs: [1, 1],
            ms: 0,
            on_the_way: BTreeMap::new(),
            frames: 0,
            chance: Pcg64Mcg::seed_from_u64(seed),
            weather,
            got: [Vec::new(), Vec::new()],
            ever: [BTreeSet::new(), BTreeSet::new()],
            restarts_seen: [0, 0],
        };
        pair.drain();
        pair
    }

    fn percent(&mut self, percent: u32) -> bool {
        self.chance.next_u32() % 100 < percent
    }

    fn drain(&mut self) {
        for me in 0..2 {
            while let Some(output) = self.ends[me].poll() {
                match output {
                    LinkOutput::Send(frame) => self.carry(1 - me, frame),
                    LinkOutput::Deliver(body) => {
                        self.got[me].push(body);
                        self.ever[me].insert(body);
                    }
                    LinkOutput::PeerRestarted { .. } => self.restarts_seen[me] += 1,
                    LinkOutput::Overflow(body) => panic!("{body} did not fit"),
                }
            }
        }
    }

    fn carry(&mut self, to: usize, frame: Frame<u32>) {
        let copies = 1 + usize::from(self.percent(self.weather.repeat));
        for _ in 0..copies {
            if !self.percent(self.weather.loss) {
                let delay = u64::from(self.chance.next_u32() % (self.weather.delay_ms_max + 1));
                self.frames += 1;
                self.on_the_way.insert((self.ms + delay, self.frames), (to, frame.clone()));
            }
        }
    }

    fn send(&mut self, from: usize, body: u32) {
        self.ends[from].send(now(self.ms), body);
        self.drain();
    }

    fn restart(&mut self, me: usize) {
        self.epochs[me] += 1;
        self.ends[me] = end(me, self.epochs[me]);
        self.got[me].clear();
        self.drain();
    }

    /// Lets time pass until `end` or until nothing more happens.
    fn run(&mut self, end: u64) {
        loop {
            let frame = self.on_the_way.keys().next().map(|(at, _)| *at);
            let timers = self.ends.iter().filter_map(|end| end.next_timeout().map(|at| at.as_millis() as u64));
            let Some(next) = timers.chain(frame).min().filter(|next| *next <= end) else { break };
            self.ms = self.ms.max(next);
            while let Some(entry) = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= self.ms) {
                let (to, frame) = entry.remove();
                self.ends[to].receive(now(self.ms), frame);
                self.drain();
            }
            for me in 0..2 {
                self.ends[me].handle_timeout(now(self.ms));
            }
            self.drain();
        }
        self.ms = self.ms.max(end.min(self.ms + 3_600_000));
    }
}

const LONG_MS: u64 = 3_600_000;

#[test]
fn on_one_node_a_message_arrives_without_waiting_and_rest_is_silent() {
    let mut pair = Pair::new(1, CALM);
    pair.run(0);
    pair.send(0, 7);
    pair.run(0);
    assert_eq!(pair.got[1], [7]);
    assert_eq!(pair.ends[0].unacknowledged(), 0);
    pair.run(LONG_MS);
    let frames = pair.frames;
    pair.run(2 * LONG_MS);
    assert_eq!(pair.frames, frames, "nobody speaks when there is nothing to say");
    assert!(pair.ends.iter().all(|end| end.next_timeout().is_none()));
}

#[test]
fn a_flood_arrives_whole_and_in_order() {
    let mut pair = Pair::new(1, CALM);
    for n in 0..8_000 {
        pair.ends[0].send(now(0), n);
    }
    pair.drain();
    pair.run(0);
    assert_eq!(pair.got[1], (0..8_000).collect::<Vec<_>>());
}

#[test]
fn an_end_that_never_answers_makes_an_overflow_not_a_silent_loss() {
    let mut lonely = end(0, 1);
    for n in 0..8_193 {
        lonely.send(now(0), n);
    }
    let overflow: Vec<_> = std::iter::from_fn(|| lonely.poll())
        .filter(|output| !matches!(output, LinkOutput::Send(Frame::Hello { .. })))
        .collect();
    assert_eq!(overflow, [LinkOutput::Overflow(8_192)]);
}

#[test]
fn greetings_slow_down_while_nobody_answers() {
    let mut lonely = end(0, 1);
    assert_eq!(lonely.next_timeout(), None, "nothing to say yet");
    lonely.send(now(0), 1);
    let mut before = 0;
    for wait in [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000] {
        let at = lonely.next_timeout().expect("a greeting is repeated").as_millis() as u64;
        assert!((wait..wait + wait / 4).contains(&(at - before)), "{} ms, not {wait} and a bit", at - before);
        lonely.handle_timeout(now(at));
        before = at;
    }
}

#[test]
fn frames_of_strangers_and_of_older_epochs_are_ignored() {
    let mut pair = Pair::new(1, CALM);
    pair.run(0);
    pair.restart(0);
    pair.run(0);
    assert_eq!(pair.restarts_seen, [0, 1]);
    let message = |from: &str, epoch, seq| Frame::Message(Envelope { from: from.into(), epoch, seq, body: 99 });
    let acknowledge = Frame::Acknowledge { by: "edge".into(), by_epoch: 1, epoch: 1, seq: 1 };
    let hello = Frame::Hello { from: "edge".into(), epoch: 1, to: Some(1), first: 5, open: true, answer: true };
    pair.ends[1].send(now(0), 5);
    while pair.ends[1].poll().is_some() {}
    for frame in [message("stranger", 2, 1), message("edge", 1, 1), message("edge", 3, 1), acknowledge, hello] {
        pair.ends[1].receive(now(0), frame.clone());
        assert_eq!(pair.ends[1].poll(), None, "{frame:?}");
    }
    assert_eq!(pair.ends[1].unacknowledged(), 1);
}

#[test]
fn what_a_restarted_end_had_not_acknowledged_is_sent_to_it_again() {
    let mut pair = Pair::new(1, CALM);
    pair.run(0);
    pair.send(0, 1);
    pair.run(0);
    pair.weather.loss = 100;
    pair.send(0, 2);
    pair.restart(1);
    pair.weather.loss = 0;
    pair.send(0, 3);
    pair.run(LONG_MS);
    assert_eq!(pair.restarts_seen, [1, 0]);
    assert_eq!(pair.got[1], [2, 3]);
}

#[test]
fn a_restarted_end_gets_what_was_on_its_way_without_waiting_for_a_repetition() {
    let mut pair = Pair::new(1, CALM);
    pair.run(0);
    pair.weather.loss = 100;
    pair.send(0, 1);
    pair.weather.loss = 0;
    pair.restart(1);
    pair.run(0);
    assert_eq!(pair.got[1], [1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everything_arrives_once_and_in_order(
        seed: u64, loss in 0u32..60, repeat in 0u32..60, delay_ms_max in 0u32..1_500,
        gaps in proptest::collection::vec((0u64..300, 0usize..2), 1..200),
    ) {
        let mut pair = Pair::new(seed, Weather { loss, repeat, delay_ms_max });
        let mut sent = [Vec::new(), Vec::new()];
        for (body, (gap, from)) in (0..).zip(&gaps) {
            pair.run(pair.ms + gap);
            pair.send(*from, body);
            sent[*from].push(body);
        }
        pair.weather.loss = loss.min(50);
        pair.run(pair.ms + LONG_MS);
        prop_assert_eq!(&pair.got[1], &sent[0]);
        prop_assert_eq!(&pair.got[0], &sent[1]);
        prop_assert!(pair.ends.iter().all(|end| end.next_timeout().is_none() && end.unacknowledged() == 0));
    }

    #[test]
    fn after_any_restarts_what_is_sent_arrives_in_order_and_nothing_old_returns(
        seed: u64, loss in 0u32..40, repeat in 0u32..40, delay_ms_max in 0u32..1_500,
        steps in proptest::collection::vec((0u64..400, 0usize..2, 0u32..10), 1..100),
    ) {
        let mut pair = Pair::new(seed, Weather { loss, repeat, delay_ms_max });
        // Since the sender's last restart; some of it may have been handled before the receiver's.
        let mut sent = [Vec::new(), Vec::new()];
        for (body, (gap, who, what)) in (0..).zip(&steps) {
            pair.run(pair.ms + gap);
            if *what == 0 {
                pair.restart(*who);
                sent[*who].clear();
                pair.got[1 - *who].clear();
            } else {
                pair.send(*who, body);
                sent[*who].push(body);
            }
        }
        pair.run(pair.ms + LONG_MS);
        for who in 0..2 {
            let got = &pair.got[1 - who];
            let own: Vec<u32> = got.iter().copied().filter(|body| sent[who].contains(body)).collect();
            prop_assert!(sent[who].iter().all(|body| pair.ever[1 - who].contains(body)), "nothing is lost");
            let tail = &sent[who][sent[who].len() - own.len()..];
            prop_assert_eq!(&own, tail, "all that was not handled before a restart, in order, once");
            prop_assert_eq!(pair.ends[who].unacknowledged(), 0);
        }
    }
}
