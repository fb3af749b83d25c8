//! A thousand random seeds in every run of the tests; one by hand with `SEED=…`; more with `SEEDS=…`.

#![allow(clippy::print_stderr, reason = "a failing seed shows its facts")]

use sim::{AgentPlan, CallerPlan, PhoneManner, Scenario, Silence, World, play};
use std::time::Duration;
use vocab::{EndState, EndedBy};

/// Seeds played when nobody asks for more.
const SEEDS: u64 = 1_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn no_seed_breaks_an_oracle() {
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let part = |thread| move || (thread..seeds).step_by(threads as usize).filter_map(failure).collect::<Vec<_>>();
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(part(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a simulation thread panicked")).collect()
    });
    assert!(
        failures.is_empty(),
        "{} of {seeds} seeds failed, the first:\n{}",
        failures.len(),
        failures[..failures.len().min(5)].join("\n")
    );
}

/// Panics that simulation itself ordered are caught by the exchange and would only fill the screen.
fn silence_ordered_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&"broken by simulation") {
                loud(panic);
            }
        }));
    });
}

/// The scenario's own seed differs from the number that made it, so the number is named here.
fn failure(seed: u64) -> Option<String> {
    silence_ordered_panics();
    let replay = format!("SEED={seed} cargo test --profile ci -p sim --test seeds one_seed -- --nocapture");
    match std::panic::catch_unwind(|| play(seed)) {
        Ok(Ok(_)) => None,
        Ok(Err(violation)) => {
            if number("SEED").is_some() {
                let start = violation.facts.first().map_or(0, |fact| fact.at.0);
                for fact in &violation.facts {
                    eprintln!("{:>9.3} {:?}", (fact.at.0 - start) as f64 / 1_000.0, fact.fact);
                }
            }
            Some(format!("{}\n  replay: {replay}", violation.what))
        }
        Err(_) => Some(format!("panicked\n  replay: {replay}")),
    }
}

#[test]
fn one_seed() {
    let seed = number("SEED").unwrap_or(0);
    if let Some(failure) = failure(seed) {
        panic!("{failure}");
    }
}

/// Seeds that once failed: a phone's BYE was lost while it was asked whether it is still there, and its 481 was taken for
/// death.
#[test]
fn seeds_of_faults_that_were_mended_pass() {
    let failures: Vec<String> = [32_944, 35_194, 40_579, 45_681, 47_737].into_iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_same_seed_is_the_same_run() {
    silence_ordered_panics();
    for seed in 0..20 {
        assert_eq!(play(seed).map(|s| s.digest), play(seed).map(|s| s.digest), "seed {seed}");
    }
}

/// The second machine on paper: the dispatcher sits behind a link that loses, delays and repeats, and dies in the middle.
#[test]
fn waiting_callers_keep_their_place_when_the_dispatcher_is_replaced() {
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let mut late = 0;
    // 6979: the word of an answer was held back longer than the offer's time, and the next call rang who talked.
    for seed in (0..seeds).chain([6979]) {
        let caller = |n: u64| CallerPlan {
            at: Duration::from_secs(10 + 2 * n),
            called: "4008001000",
            keys: vec![(Duration::from_secs(1), '1')],
            patience: Duration::from_secs(290),
            silence: None,
        };
        let agent = AgentPlan {
            log_in: Duration::from_secs(1),
            ready: true,
            breaks: vec![Duration::from_secs(5)],
            manner: PhoneManner::Answers { after_ms: 500 },
            talk: Duration::from_secs(10),
            silence: None,
        };
        let scenario = Scenario {
            seed,
            callers: (0..4).map(caller).collect(),
            agents: vec![agent],
            sip_loss_per_mille: 0,
            sip_repeat_per_mille: 0,
            codec_mismatch_per_mille: 0,
            link_loss_per_mille: 300,
            link_repeat_per_mille: 200,
            link_delay_ms_max: 500,
            node_restarts: Vec::new(),
            dispatcher_restarts: vec![Duration::from_secs(22), Duration::from_millis(26_500)],
            panics: Vec::new(),
            closing: Duration::from_secs(120),
        };
        let world = World::new(scenario);
        let summary = world.play().unwrap_or_else(|violation| panic!("{violation}"));
        assert_eq!(summary.queued.len(), 4, "seed {seed}");
        // An offer is a reservation with a deadline. One that the link held back beyond it is void, the agent takes the
        // next call, and the call, still at its place, is offered again: only such a call may be answered after others.
        let in_time = |calls: &[_]| calls.iter().filter(|call| !summary.withdrawn.contains(call)).copied().collect();
        let (queued, joined): (Vec<_>, Vec<_>) = (in_time(&summary.queued), in_time(&summary.joined));
        assert_eq!(joined, queued, "seed {seed}: the order of answers is not the order of arrival");
        assert_eq!(summary.joined.len(), 4, "seed {seed}: somebody was never answered");
        late += summary.withdrawn.len() as u64;
    } // At 300 frames of 1,000 lost an offer is that late once in thousands; more would be a fault of the machines.
    assert!(late * 500 <= seeds, "{late} offers of {seeds} seeds were withdrawn");
}

/// One caller, one agent whose phone rings when the edge is killed.
fn killed_while_ringing(seed: u64, manner: PhoneManner) -> Scenario {
    let caller = CallerPlan {
        at: Duration::from_secs(10),
        called: "4008001000",
        keys: vec![(Duration::from_secs(1), '1')],
        patience: Duration::from_secs(290),
        silence: None,
    };
    let (log_in, talk) = (Duration::from_secs(1), Duration::from_secs(10));
    let agent = AgentPlan { log_in, ready: true, breaks: Vec::new(), manner, talk, silence: None };
    Scenario {
        seed,
        callers: vec![caller],
        agents: vec![agent],
        sip_loss_per_mille: 100,
        sip_repeat_per_mille: 100,
        codec_mismatch_per_mille: 0,
        link_loss_per_mille: 0,
        link_repeat_per_mille: 0,
        link_delay_ms_max: 1,
        // From before the INVITE is sent until the phone has rung for a while, or was answered.
        node_restarts: vec![Duration::from_millis(11_000 + 4 * (seed % 500))],
        dispatcher_restarts: Vec::new(),
        panics: Vec::new(),
        closing: Duration::from_secs(60),
    }
}

#[test]
fn no_phone_rings_on_when_the_edge_is_killed() {
    for manner in [PhoneManner::LetsRing, PhoneManner::Answers { after_ms: 700 }] {
        for seed in 0..1_000 {
            let played = World::new(killed_while_ringing(seed, manner)).play();
            played.unwrap_or_else(|violation| panic!("{manner:?} {violation}"));
        }
    }
}

/// One caller and one agent who talk until the caller hangs up, if both live so long.
fn conversation(seed: u64, caller: Option<Silence>, agent: Option<Silence>) -> Scenario {
    let caller = CallerPlan {
        at: Duration::from_secs(10),
        called: "4008001000",
        // Long enough for a lost ACK to be sent again: before it there is no menu.
        keys: vec![(Duration::from_secs(4), '1')],
        patience: Duration::from_secs(270),
        silence: caller,
    };
    let agent = AgentPlan {
        log_in: Duration::from_secs(1),
        ready: true,
        breaks: Vec::new(),
        manner: PhoneManner::Answers { after_ms: 500 },
        talk: Duration::from_secs(400),
        silence: agent,
    };
    Scenario {
        seed,
        callers: vec![caller],
        agents: vec![agent],
        sip_loss_per_mille: 100,
        sip_repeat_per_mille: 100,
        codec_mismatch_per_mille: 0,
        link_loss_per_mille: 0,
        link_repeat_per_mille: 0,
        link_delay_ms_max: 1,
        node_restarts: Vec::new(),
        dispatcher_restarts: Vec::new(),
        panics: Vec::new(),
        closing: Duration::from_secs(60),
    }
}

#[track_caller]
fn assert_ends(scenario: &Scenario, lost: usize, state: EndState, by: EndedBy) {
    let seed = scenario.seed;
    let summary = World::new(scenario.clone()).play().unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!((summary.joined.len(), summary.lost.len()), (1, lost), "seed {seed}");
    assert_eq!(summary.ends, [(state, by)], "seed {seed}");
}

const DIES: Option<Silence> = Some(Silence::Dead { after: Duration::from_secs(20) });

#[test]
fn an_agents_phone_that_dies_in_talk_frees_caller_and_agent() {
    for seed in 0..100 {
        assert_ends(&conversation(seed, None, DIES), 1, EndState::AgentAnswered, EndedBy::Lost);
    }
}

#[test]
fn a_caller_who_dies_in_talk_frees_the_agent() {
    for seed in 0..100 {
        assert_ends(&conversation(seed, DIES, None), 1, EndState::AgentAnswered, EndedBy::Lost);
    }
}

#[test]
fn who_is_only_muted_talks_on() {
    let muted = Some(Silence::Muted { after: Duration::from_secs(1) });
    for seed in 0..100 {
        assert_ends(&conversation(seed, muted, muted), 0, EndState::AgentAnswered, EndedBy::Caller);
    }
}

#[test]
fn who_is_muted_and_answers_no_question_but_speaks_again_talks_on() {
    let deaf = Some(Silence::Deaf { after: Duration::from_secs(20) });
    for seed in 0..100 {
        assert_ends(&conversation(seed, deaf, deaf), 0, EndState::AgentAnswered, EndedBy::Caller);
    }
}

#[test]
fn a_muted_phone_is_told_that_the_edge_was_killed() {
    let muted = Some(Silence::Muted { after: Duration::from_secs(1) });
    for seed in 0..100 {
        let mut scenario = conversation(seed, muted, muted);
        scenario.node_restarts = vec![Duration::from_secs(120)];
        assert_ends(&scenario, 0, EndState::Failed, EndedBy::Crash);
    }
}
